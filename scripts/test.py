#!/usr/bin/env python3
"""Runs the whole test suite, without a display: ``python3 scripts/test.py [--parity] [PYTEST ARGUMENTS]``.

The first time, everything that is needed is installed into ``.venv`` beside this folder. ``--parity`` also installs PyTorch,
with which the tests in ``tests/parity`` compare; without it they skip themselves. Where no tests are named, each folder of tests is
run in a process of its own, as many at a time as there are processors; what one has to say is printed when it is done, and at the end
how each went.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import environment

# Folders of tests/ that take long, the longest first; so that none of them is begun when all others are done.
LONG = ("end_to_end", "gui", "parity", "faults", "plugins", "engine", "explain", "attacks")
NOTHING = 5  # pytest's exit code where no test was to be run: of the tests that the options leave, this folder has none


def main(arguments: list[str]) -> None:
    if {"-h", "--help"} & set(arguments):
        print(__doc__.strip())
        return
    parity = "--parity" in arguments
    environment.prepare({"gui", "test"}, torch=parity)
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    # else each of the thousands of processes that the tests start compiles what it imports: half of its start
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.chdir(str(environment.ROOT))
    rest = [argument for argument in arguments if argument != "--parity"]
    if all(argument.startswith("-") for argument in rest):
        raise SystemExit(share(rest))
    environment.execute(["-m", "pytest", *rest], environment.run_environment())


def parts() -> dict[str, list[str]]:
    """By name, what each process is given: a folder of tests, and the tests of no folder."""
    top = environment.ROOT / "tests"
    folders = {path.parent.relative_to(top).parts[0] for path in top.rglob("test_*.py") if path.parent != top}
    ordered = sorted(folders, key=lambda name: (LONG.index(name) if name in LONG else len(LONG), name))
    return {f"tests/{name}": [f"tests/{name}"] for name in ordered} | {
        "tests": sorted(f"tests/{path.name}" for path in top.glob("test_*.py"))
    }


def processors() -> int:
    """Those that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def share(options: list[str]) -> int:
    """Run all of it; gives the exit code of the first that failed, 0 where none did."""
    running: set[subprocess.Popen[bytes]] = set()
    code, told = 0, []
    with ThreadPoolExecutor(processors()) as pool, _ended(running, pool):
        begun = {name: pool.submit(_run, name, tests, options, running) for name, tests in parts().items()}
        for name, future in begun.items():
            ended, seconds = future.result()
            failed = ended not in (0, NOTHING)
            told.append(f"{'FAILED' if failed else 'passed':8}{seconds:7.0f} s  {name}")
            code = code or (ended if failed else 0)
    print("\n".join(told))
    return code


def _run(name: str, tests: list[str], options: list[str], running: set[subprocess.Popen[bytes]]) -> tuple[int, float]:
    """The exit code of one part, and the seconds that it took."""
    # what failed last is kept apart too: two processes would write it at once
    cache = ["-o", f"cache_dir=.pytest_cache/{name.rpartition('/')[2]}"]
    start = time.monotonic()
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            [str(environment.PYTHON), "-P", "-m", "pytest", *cache, *options, *tests],
            env=environment.run_environment(), stdout=said, stderr=said,
        )  # fmt: skip
        running.add(process)
        code = process.wait()
        running.discard(process)
        said.seek(0)
        sys.stdout.write(f"\n{name}\n{said.read().decode(errors='replace')}")
        sys.stdout.flush()
    return code, time.monotonic() - start


@contextmanager
def _ended(running: set[subprocess.Popen[bytes]], pool: ThreadPoolExecutor) -> Iterator[None]:
    """However it ends, by Ctrl+C too, no process goes on by itself."""
    try:
        yield
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        for process in list(running):
            process.terminate()


if __name__ == "__main__":
    main(sys.argv[1:])
