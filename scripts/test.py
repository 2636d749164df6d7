#!/usr/bin/env python3
"""Runs the whole test suite, without a display: ``python3 scripts/test.py [--parity] [PYTEST ARGUMENTS]``.

The first time, everything that is needed is installed into ``.venv`` beside this folder. ``--parity`` also installs PyTorch,
with which the tests in ``tests/parity`` compare; without it they skip themselves. Where no tests are named, two processes share the
work, each with its own folders in the order of their names; what the second one has to say is printed when both are done.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile

import environment

# Folders of tests/ that the second process takes, in this order: parity leaves threads of PyTorch behind.
BESIDE = ("plugins", "scripts", "parity")


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
        raise SystemExit(_share(rest))
    environment.execute(["-m", "pytest", *rest], environment.run_environment())


def _share(options: list[str]) -> int:
    """Run all of it in two processes; gives the exit code of the one that failed, 0 where none did."""
    command = [str(environment.PYTHON), "-P", "-m", "pytest", *options]
    variables = environment.run_environment()
    sys.stdout.flush()
    with tempfile.TemporaryFile() as said:
        # a cache of their own would be written by both at once
        second = subprocess.Popen(
            [*command, "-p", "no:cacheprovider", *(f"tests/{folder}" for folder in BESIDE)], env=variables, stdout=said, stderr=said
        )
        try:
            first = subprocess.call([*command, "tests", *(f"--ignore=tests/{folder}" for folder in BESIDE)], env=variables)
            code = second.wait()
        finally:
            second.terminate()
            said.seek(0)
            sys.stdout.write(said.read().decode(errors="replace"))
            sys.stdout.flush()
    return first or code


if __name__ == "__main__":
    main(sys.argv[1:])
