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
    import runpy

    engine = Path(__file__).resolve().parents[2]
    installed = engine.parent / "__main__.py"
    runpy.run_path(str(installed if installed.is_file() else engine / "_root" / "__main__.py"), run_name="__main__")
