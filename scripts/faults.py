#!/usr/bin/env python3
"""Lets the forty faults of ``tests/faults`` happen and prints what became of each: ``python3 scripts/faults.py [--only N ...] [--short]``.

As root on Linux with a C compiler all of them can happen; elsewhere the table says which could not, and why.
"""

from __future__ import annotations

import os
import sys

import environment

RUN = "import sys; sys.path.insert(0, sys.argv.pop(1)); from tests.faults.table import main; sys.exit(main(sys.argv[1:]))"


def main(arguments: list[str]) -> None:
    environment.prepare({"gui", "test"})
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    os.chdir(str(environment.ROOT))
    environment.execute(["-c", RUN, str(environment.ROOT), *arguments], environment.run_environment())


if __name__ == "__main__":
    main(sys.argv[1:])
