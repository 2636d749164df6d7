#!/usr/bin/env python3
"""Counts how much of PyTorch's own op database our engine agrees with: ``python3 scripts/parity.py [--failures] [--only NAME ...]``.

``--help`` says what can be listed. Where neither this Python nor the one in ``.venv`` has PyTorch, it is installed into
``.venv`` beside this folder first.
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys

import environment

NEEDS = ("torch", "expecttest", "gradstep")
ASK = "import sys, importlib.util as u; sys.exit(not all(u.find_spec(name) for name in sys.argv[1:]))"
RUN = "import sys; sys.path.insert(0, sys.argv.pop(1)); from tests.parity.op_report import main; main(sys.argv[1:])"


def is_ready() -> bool:
    """Whether this Python has all that is needed."""
    return all(importlib.util.find_spec(name) is not None for name in NEEDS)


def is_prepared() -> bool:
    """Whether the Python in ``.venv`` has all that is needed."""
    return environment.PYTHON.exists() and subprocess.call([str(environment.PYTHON), "-P", "-c", ASK, *NEEDS]) == 0


def main(arguments: list[str]) -> None:
    if is_ready():
        sys.path.insert(0, str(environment.ROOT))
        from tests.parity.op_report import main as report

        report(arguments)
        return
    if not is_prepared():
        environment.prepare({"gui", "test"}, torch=True)
    environment.execute(["-c", RUN, str(environment.ROOT), *arguments], environment.run_environment())


if __name__ == "__main__":
    main(sys.argv[1:])
