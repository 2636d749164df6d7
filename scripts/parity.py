#!/usr/bin/env python3
"""Counts how much of PyTorch's own op database our engine agrees with: ``python3 scripts/parity.py [--failures] [--only NAME ...]``.

The first time, PyTorch is installed into ``.venv`` beside this folder, unless this Python has it already. ``--help`` says
what can be listed.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import environment

RUN = "import sys; sys.path.insert(0, sys.argv.pop(1)); from tests.parity.op_report import main; main(sys.argv[1:])"


def is_ready() -> bool:
    """Whether this Python has all that is needed."""
    return all(importlib.util.find_spec(name) is not None for name in ("torch", "expecttest", "gradstep"))


def main(arguments: list[str]) -> None:
    if is_ready():
        sys.path.insert(0, str(environment.ROOT))
        from tests.parity.op_report import main as report

        report(arguments)
        return
    environment.prepare({"gui", "test"}, torch=True)
    environment.execute(["-c", RUN, str(Path(environment.ROOT)), *arguments], environment.run_environment())


if __name__ == "__main__":
    main(sys.argv[1:])
