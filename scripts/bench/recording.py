#!/usr/bin/env python3
"""What a tape costs the script: the same passes with nobody recording and with each level of the tape, in turns.

A chain of small ops (nothing but overhead) and a small network. The columns are microseconds an op forward and a node backward,
and how many of them the tape added: medians over the rounds of the differences and ratios within a round.
"""

from __future__ import annotations

import argparse
import gc
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy

import gradstep.engine
from gradstep.engine.tape import recorder
from gradstep.engine.tape.log import Writer
from gradstep.engine.tape.reader import Tape

OFF = "off"
torch: Any = gradstep.engine  # its names are given by a function, which a type checker does not look into


@dataclass(frozen=True)
class Figures:
    """Processor seconds that one round took forwards and backwards, and the size of its tape."""

    forward: float
    backward: float
    size: int = 0


@dataclass(frozen=True)
class Program:
    """A loss to compute, as often as fills a round; ``ops`` and ``nodes`` are counted from a tape of it."""

    name: str
    times: int
    loss: Callable[[], Any]


def chain(length: int) -> Program:
    """Multiplications and hyperbolic tangents of four elements."""
    generator = numpy.random.default_rng(0)
    x = torch.tensor(generator.uniform(0.5, 1.0, 4).astype(numpy.float32), requires_grad=True)
    w = torch.tensor(generator.uniform(0.5, 1.0, 4).astype(numpy.float32))

    def loss() -> Any:
        y = x
        for _ in range(length // 2):
            y = y * w
            y = y.tanh()
        return y.sum()

    return Program(f"chain of {length} ops on 4 float32", 1, loss)


def network(times: int) -> Program:
    """A network of three layers, 64 wide, on 32 samples."""
    net = torch.nn.Sequential(
        torch.nn.Linear(64, 64), torch.nn.ReLU(), torch.nn.Linear(64, 64), torch.nn.ReLU(), torch.nn.Linear(64, 10)
    )  # fmt: skip
    x = torch.randn(32, 64)
    target = torch.randn(32, 10)
    return Program("small network: 3 x Linear on 32 x 64", times, lambda: ((net(x) - target) ** 2).mean())


def run_once(program: Program, level: str, folder: str) -> Figures:
    """One round: recorded to a file, as ``gradstep record`` does; opening and closing it is not measured, writing to it is."""
    path = Path(folder, "bench.gst")
    tape = None if level == OFF else recorder.Recorder(Writer(path), level=recorder.Level[level])
    gc.collect()
    forward = backward = 0.0
    if tape is not None:
        recorder.install(tape)
    try:
        for _ in range(program.times):
            start = time.process_time()
            loss = program.loss()
            between = time.process_time()
            loss.backward()
            forward, backward = forward + between - start, backward + time.process_time() - between
    finally:
        recorder.uninstall()
    if tape is None:
        return Figures(forward, backward)
    tape.close()
    size = os.path.getsize(path)
    path.unlink()
    return Figures(forward, backward, size)


def count(program: Program, folder: str) -> tuple[int, int]:
    """How many ops and how many steps backwards one round has."""
    path = Path(folder, "count.gst")
    with recorder.recording(recorder.Recorder(Writer(path), recorder.Level.STRUCTURE)) as tape:
        program.loss().backward()
    tape.close()
    read = Tape.open(path)
    found = len(read.ops), sum(len(run.needed) for run in read.runs.values())
    read.close()
    path.unlink()
    return found[0] * program.times, found[1] * program.times


def measure(program: Program, rounds: int) -> str:
    """The table of one program."""
    levels = [OFF, *(level.name for level in recorder.Level)]
    taken: dict[str, list[Figures]] = {level: [] for level in levels}
    with tempfile.TemporaryDirectory() as folder:
        ops, nodes = count(program, folder)
        for number in range(rounds + 1):
            for level in random.sample(levels, len(levels)):
                figures = run_once(program, level, folder)
                if number:  # the first round warms up
                    taken[level].append(figures)
    lines = [f"{program.name} ({ops} ops, {nodes} steps a round)"]
    lines.append(f"{'':12} {'forward':>26} {'backward':>27} {'file':>9}")
    lines.append(f"{'':12} {'us/op':>8} {'added':>8} {'ratio':>8} {'us/step':>9} {'added':>8} {'ratio':>8} {'B/op':>9}")
    for level, rounds_taken in taken.items():
        cells = []
        for way, number in (("forward", ops), ("backward", nodes)):
            pairs = [(getattr(mine, way), getattr(base, way)) for mine, base in zip(rounds_taken, taken[OFF], strict=True)]
            us = statistics.median(mine for mine, _ in pairs) / number * 1e6
            added = statistics.median(mine - base for mine, base in pairs) / number * 1e6
            cells.append(f"{us:8.2f} {added:8.2f} {statistics.median(mine / base for mine, base in pairs):8.2f}")
        lines.append(f"{level.lower():12} {cells[0]} {cells[1]:>27} {rounds_taken[-1].size / ops:9.0f}")
    return "\n".join(lines)


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--length", type=int, default=2000, help="ops in the chain (default: %(default)s)")
    parser.add_argument("--passes", type=int, default=50, help="passes of the network a round (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=15, help="rounds to take the median of (default: %(default)s)")
    options = parser.parse_args(arguments)
    print(f"{options.rounds} rounds in turns, processor time, one thread")
    for program in (chain(options.length), network(options.passes)):
        print(f"\n{measure(program, options.rounds)}")


if __name__ == "__main__":
    main(sys.argv[1:])
