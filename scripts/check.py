#!/usr/bin/env python3
"""Everything that must be green before a commit, in one go: ``python3 scripts/check.py [NAME ...]``.

Without names it runs all of ``CHECKS`` and then the tests; the tests run ``CHECKS`` too, so that no change passes without them.
"""

from __future__ import annotations

import os
import subprocess
import sys

import environment

PYTHON = str(environment.PYTHON)
CHECKS = {
    "lint": [PYTHON, "-m", "ruff", "check", "."],
    "format": [PYTHON, "-m", "ruff", "format", "--check", "."],
    "types": [PYTHON, "-m", "mypy"],
    "types of the scripts": [PYTHON, "-m", "mypy", "scripts"],
}
TESTS = {"tests": [PYTHON, "-P", "-m", "pytest", "--deselect", "tests/test_style.py"]}


def main(names: list[str]) -> int:
    environment.prepare({"gui", "test"})
    wanted = {name: command for name, command in (CHECKS | TESTS).items() if not names or name in names}
    subprocess.check_call([PYTHON, str(environment.ROOT / "scripts" / "typeroot.py")], stdout=subprocess.DEVNULL)
    failed = []
    for name, command in wanted.items():
        environment.say("{}: {}".format(name, " ".join(command[1:])))
        if subprocess.call(command, cwd=str(environment.ROOT), env=dict(environment.run_environment(), QT_QPA_PLATFORM="offscreen")) != 0:
            failed.append(name)
    environment.say("failed: " + ", ".join(failed) if failed else "all green")
    return len(failed)


if __name__ == "__main__":
    os.chdir(str(environment.ROOT))
    raise SystemExit(main(sys.argv[1:]))
