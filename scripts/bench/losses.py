#!/usr/bin/env python3
"""What a tape lacks when a process is killed at a random moment: the script's own log beside the tape.

A script runs under ``gradstep record`` and writes down, in a mapped file that survives it, when each of its ops was finished. After
SIGKILL of the script, its supervisor or the command itself, the tape is read. What is printed, over all kills: how many finished ops
it lacks, how old the oldest of those was at the kill, and how much work they were: the time from the first of them to the last.
"""

from __future__ import annotations

import argparse
import fcntl
import mmap
import os
import random
import select
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import textwrap
import time
from pathlib import Path

from gradstep.engine.tape.reader import Tape

MOST = 2_000_000  # ops that a script may log
HEAD = struct.Struct("<qqq")  # the script's process, its supervisor, ops that were finished
BEGIN = """
import mmap, os, struct, sys, time
with open(sys.argv[1], "r+b") as file:
    log = mmap.mmap(file.fileno(), 0)
words = memoryview(log).cast("q")
words[0], words[1] = os.getpid(), os.getppid()
def done(count, now=time.monotonic_ns):
    words[3 + count] = now()
    words[2] = count + 1
import torch
"""
SCRIPTS = {
    "ops": """
        x = torch.ones(8)
        for i in range(10**9):
            y = x * 2
            done(i)
    """,
    "python between ops": """
        x = torch.ones(8)
        for i in range(10**9):
            y = x * 2
            done(i)
            if i % 50 == 49:
                sum(k for k in range(400_000))
    """,
    "sleeping": """
        x = torch.ones(8)
        for i in range(10**9):
            y = x * 2
            done(i)
            if i % 50 == 49:
                time.sleep(0.03)
    """,
    "large ops": """
        x, a = torch.ones(8), torch.ones(600, 600)
        for i in range(10**9):
            y = (a @ a) if i % 20 == 19 else x * 2
            done(i)
    """,
    "training": """
        net = torch.nn.Sequential(torch.nn.Linear(64, 64), torch.nn.ReLU(), torch.nn.Linear(64, 1))
        optimizer = torch.optim.SGD(net.parameters(), lr=1e-3)
        x, i = torch.randn(32, 64), 0
        while True:
            optimizer.zero_grad()
            loss = net(x).sum()
            for _ in range(20):
                loss = loss * 1.0
                done(i)
                i += 1
            loss.backward()
            optimizer.step()
    """,
}
COUNTED = {"training": "mul"}  # the op that is logged, where others run too


def kill_once(name: str, whom: str, options: list[str], folder: Path) -> tuple[int, float, float]:
    """Ops that the tape lacks, the age of the oldest in ms, the work that they were in ms."""
    script, log, tape = folder / "script.py", folder / "log", folder / "run.gst"
    script.write_text(BEGIN + textwrap.dedent(SCRIPTS[name]), encoding="utf-8")
    with open(log, "wb") as file:
        file.truncate(8 * (3 + MOST))
    command = [sys.executable, "-P", "-m", "gradstep", "record", "-o", str(tape), *options, str(script), str(log)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with open(log, "r+b") as file:
        mapped = mmap.mmap(file.fileno(), 0)
    words = memoryview(mapped).cast("q")
    while words[2] < 200:
        if process.poll() is not None:
            raise SystemExit(f"the script ended by itself: {process.returncode}")
    waited = os.pidfd_open(process.pid)
    select.select([waited], [], [], random.uniform(0.0, 0.3))  # it does not end before
    os.close(waited)
    pid, supervisor = words[0], words[1]
    watch = os.pidfd_open(pid)
    killed = time.monotonic_ns()
    os.kill({"script": pid, "supervisor": supervisor, "command": process.pid}[whom], signal.SIGKILL)
    if whom != "script":  # the script lives on until whoever watches it is gone, or has ended it
        while not select.select([watch], [], [], 0.0002)[0]:
            killed = time.monotonic_ns()
    process.wait()
    select.select([watch], [], [], 20)
    os.close(watch)
    with open(tape, "rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # who writes behind it how it ended has done so
    read = Tape.open(tape)
    op = COUNTED.get(name)
    on_tape = sum(op is None or one.name == op for one in read.ops.values())
    if read.damage and "not finished" not in read.damage:
        raise SystemExit(f"damaged: {read.damage}")
    read.close()
    finished = words[2]
    missing = max(0, finished - on_tape)
    oldest, last = words[3 + finished - missing] if missing else killed, words[3 + finished - 1]
    words.release()
    mapped.close()
    tape.unlink()
    return missing, max(0.0, (killed - oldest) / 1e6), (last - oldest) / 1e6 if missing else 0.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--kills", type=int, default=20, help="kills of each kind")
    parser.add_argument("--only", nargs="+", choices=sorted(SCRIPTS), default=list(SCRIPTS))
    parser.add_argument("--whom", nargs="+", choices=("script", "supervisor", "command"), default=["script", "supervisor", "command"])
    parser.add_argument("options", nargs="*", help="options of gradstep record, behind --")
    args = parser.parse_args()
    for name in args.only:
        for whom in args.whom:
            with tempfile.TemporaryDirectory() as folder:
                found = [kill_once(name, whom, args.options, Path(folder)) for _ in range(args.kills)]
            ops, ages, works = zip(*found, strict=True)
            print(
                f"{name:20} {whom:10} {args.kills} kills: ops missing: most {max(ops)}; oldest of them: median "
                f"{statistics.median(ages):.2f} ms, most {max(ages):.2f} ms; work that they were: most {max(works):.2f} ms",
                flush=True,
            )


if __name__ == "__main__":
    main()
