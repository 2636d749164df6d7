#!/usr/bin/env python3
"""Runs the whole test suite, without a display: ``python3 scripts/test.py [--parity] [PYTEST ARGUMENTS]``.

The first time, everything that is needed is installed into ``.venv`` beside this folder. ``--parity`` also installs PyTorch,
with which the tests in ``tests/parity`` compare; without it they skip themselves. Two processes share the work (``-n 2``), unless
tests are named: to have one look at ``print`` and the debugger, name a folder, or give ``-n 0``.
"""

from __future__ import annotations

import os
import sys

import environment

PROCESSES = 2  # more would have the programs that tests start wait for each other


def main(arguments: list[str]) -> None:
    if {"-h", "--help"} & set(arguments):
        print(__doc__.strip())
        return
    parity = "--parity" in arguments
    environment.prepare({"gui", "test"}, torch=parity)
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    os.chdir(str(environment.ROOT))
    rest = [argument for argument in arguments if argument != "--parity"]
    if all(argument.startswith("-") for argument in rest):
        rest = ["-n", str(PROCESSES), "--dist", "worksteal", *rest]
    environment.execute(["-m", "pytest", *rest], environment.run_environment())


if __name__ == "__main__":
    main(sys.argv[1:])
