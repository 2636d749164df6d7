"""Steps forward and back: what one costs in the walk, what one costs through the session's socket, and what memory many take.

.venv/bin/python scripts/bench/stepping.py walk [--nodes 20000]       a live walk: forward against back, alone and recorded
.venv/bin/python scripts/bench/stepping.py session [--steps 1000]     Session.move: wall time from asking to stopped, p50 and p95
.venv/bin/python scripts/bench/stepping.py memory [--nodes 100000]    a long walk forward, then forward and back: peak memory
.venv/bin/python scripts/bench/stepping.py live [--steps 100000]      that many steps through the session: memory of program and client
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import gradstep.engine as gs
from gradstep.engine.autograd.walk import Walk
from gradstep.engine.debug.launch import Launch
from gradstep.engine.debug.session import Session
from gradstep.engine.debug.states import State
from gradstep.engine.tape.log import Writer
from gradstep.engine.tape.recorder import Level, Recorder, recording

SCRIPT = """
import torch
x = torch.randn(8, 8, requires_grad=True)
w = torch.randn(8, 8, requires_grad=True)
y = x
for i in range({steps}):
    y = y * w if i % 2 else y.tanh()
y.sum().backward()
"""


def chain(nodes: int, size: int = 16) -> Any:
    """A chain of small ops that reads one weight over and over."""
    x, w = gs.randn(size, requires_grad=True), gs.randn(size, requires_grad=True)
    y: Any = x
    for i in range(nodes):
        y = y * w if i % 2 else y.tanh()
    return y.sum()


def begun(root: Any) -> Walk:
    """A walk that can be stepped back."""
    walk = Walk([root._gradient_edge()], [gs.ones(())])
    walk.rewindable = True
    return walk


def processor(pid: int) -> float:
    """Seconds of processor time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak() -> float:
    """The most memory that this process had, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def quantiles(times: Iterable[float], unit: float = 1e6) -> str:
    """What a fifth, a half and 19 of 20 are below: on a busy machine the first says what it costs."""
    found = sorted(times)
    return ", ".join(f"p{int(part * 100)} {found[int(len(found) * part)] * unit:.1f}" for part in (0.2, 0.5, 0.95))


def timed(call: Callable[[], object], count: int) -> list[float]:
    """Processor time of each of ``count`` calls."""
    times = []
    for _ in range(count):
        before = time.thread_time()
        call()
        times.append(time.thread_time() - before)
    return times


def walk(nodes: int) -> None:
    """Forward against back, alone and under a recorder."""
    print("| | forward, us a step | back, us a step | back / forward |\n|---|---|---|---|")
    for name, level in (("alone", None), ("recorded, statistics", Level.STATISTICS), ("recorded, values", Level.VALUES)):
        with tempfile.TemporaryDirectory() as folder:
            recorder = None if level is None else Recorder(Writer(f"{folder}/t.gst"), level)
            with nullcontext() if recorder is None else recording(recorder):
                root = begun(chain(nodes))
                forward: list[float] = []
                back: list[float] = []
                while not root.done:
                    forward += timed(root.step, 50)
                    back += timed(root.step_back, 40)
                    for _ in range(40):
                        root.step()
                root.end(None)
            if recorder is not None:
                recorder.close()
        ratio = sorted(back)[len(back) // 2] / sorted(forward)[len(forward) // 2]
        print(f"| {name} | {quantiles(forward)} | {quantiles(back)} | {ratio:.2f} |")


def session(steps: int, level: str) -> None:
    """The round trip of a step, as a client sees it."""
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "script.py"
        script.write_text(SCRIPT.format(steps=2 * steps + 100), encoding="utf-8")
        with Session() as one:
            one.launch(Launch(script=str(script), level=level, tape=f"{folder}/t.gst"))
            one.wait_for(State.PAUSED)
            print("| | wall, us | processor, us: program, supervisor, client |\n|---|---|---|")
            assert one._supervisor is not None
            supervisor = one._supervisor.pid
            for command in ("next", "stepBack"):
                times = []
                used = [processor(one.pid), processor(supervisor), time.process_time()]
                for _ in range(steps):
                    before = time.perf_counter()
                    one.move(command)
                    times.append(time.perf_counter() - before)
                now = [processor(one.pid), processor(supervisor), time.process_time()]
                spent = ", ".join(f"{(b - a) / steps * 1e6:.0f}" for a, b in zip(used, now, strict=True))
                print(f"| {command} | {quantiles(times)} | {spent} |")
            asked = []
            for _ in range(steps):
                before = time.perf_counter()
                one.ask("stack")
                asked.append(time.perf_counter() - before)
            print(f"| a question (stack) | {quantiles(asked)} | |")


def memory(nodes: int, size: int) -> None:
    """Peak memory of long walks, each in a process of its own."""
    print("| | steps | seconds | peak MiB | grown MiB |\n|---|---|---|---|---|")
    for way in ("not rewindable", "forward", "forward and back"):
        command = [sys.executable, __file__, "one", "--nodes", str(nodes), "--size", str(size), "--way", way]
        told = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
        print(f"| {way} | {told['steps']} | {told['seconds']:.1f} | {told['peak']:.0f} | {told['grown']:.0f} |")


def resident(pid: int) -> float:
    """Memory that a process has now, in MiB."""
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="utf-8").split()[1])
    return pages * resource.getpagesize() / 1024 / 1024


def live(steps: int, size: int, level: str) -> None:
    """Memory of the program, its supervisor and the client while steps are taken one by one: straight on through one long pass, and
    to and fro (three on, two back) through a shorter one."""
    print("| | steps | program MiB | supervisor MiB | client MiB | tape MiB |\n|---|---|---|---|---|---|")
    for way, nodes, moves in (("on", steps + 50, ("next",)), ("to and fro", steps // 5 + 50, ("next",) * 3 + ("stepBack",) * 2)):
        with tempfile.TemporaryDirectory() as folder:
            script, tape = Path(folder) / "script.py", Path(folder) / "t.gst"
            script.write_text(SCRIPT.format(steps=nodes).replace("8, 8", f"{size}, {size}"), encoding="utf-8")
            with Session() as session:
                session.launch(Launch(script=str(script), level=level, tape=str(tape)))
                session.wait_for(State.PAUSED, timeout=600.0)
                assert session._supervisor is not None
                for done in range(steps + 1):
                    if done % (steps // 5) == 0:
                        memory = [resident(pid) for pid in (session.pid, session._supervisor.pid, os.getpid())]
                        cells = " | ".join(f"{one:.1f}" for one in memory)
                        print(f"| {way} | {done:,} | {cells} | {tape.stat().st_size / 2**20:.1f} |", flush=True)
                    if done < steps:
                        session.move(moves[done % len(moves)])


def one(nodes: int, size: int, way: str) -> None:
    """One long walk."""
    root = begun(chain(nodes, size))
    root.rewindable = way != "not rewindable"
    before, started, steps = peak(), time.perf_counter(), 0
    if way == "forward and back":
        for _ in range(nodes):
            root.step()
            root.step()
            root.step_back()
            steps += 3
    else:
        while root.step():
            steps += 1
    print(json.dumps({"steps": steps, "seconds": time.perf_counter() - started, "peak": peak(), "grown": peak() - before}))


def main() -> None:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("walk", "session", "memory", "live", "one"))
    parser.add_argument("--nodes", type=int, default=0)
    parser.add_argument("--steps", type=int, default=0)
    parser.add_argument("--size", type=int, default=16)
    parser.add_argument("--level", default="statistics")
    parser.add_argument("--way", default="forward")
    args = parser.parse_args()
    if args.what == "walk":
        walk(args.nodes or 20_000)
    elif args.what == "session":
        session(args.steps or 1000, args.level)
    elif args.what == "live":
        live(args.steps or 100_000, args.size, args.level)
    elif args.what == "memory":
        memory(args.nodes or 100_000, args.size)
    else:
        one(args.nodes, args.size, args.way)


if __name__ == "__main__":
    main()
