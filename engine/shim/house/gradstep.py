"""``import gradstep`` in an interpreter where it is not installed: its packages are those that this file stands among.

The engine's folder is ``engine`` below the package ``gradstep``, or below the root of a source checkout; in both cases
its parent is where ``gradstep.engine`` and the other packages are found.
"""

from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

__path__ = [str(Path(__file__).resolve().parents[3])]

try:
    __version__ = version("gradstep")
except PackageNotFoundError:
    __version__ = "unknown"

if __name__ == "__main__":  # ``python -m gradstep`` by a script that runs under gradstep
    from gradstep.engine.cli.main import main

    raise SystemExit(main())
