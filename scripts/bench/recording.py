#!/usr/bin/env python3
"""What a tape costs the script: the same passes with nobody recording and with each level of the tape, in turns.

Chains of small ops (nothing but overhead): microseconds an op forward and a node backward, and how many of them the tape
added. Training steps of four networks (forward, backward, optimizer): milliseconds a step, and the ratio to a step that nobody
records. Figures are 20 % quantiles of processor time, ratios and additions those of the quantiles of all rounds: what a busy
machine adds to some rounds does not count.
"""

from __future__ import annotations

import argparse
import gc
import os
import random
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
    """Processor seconds that one round took, and the size of its tape. A training step is not divided: ``backward`` is 0."""

    forward: float
    backward: float
    size: int = 0


@dataclass(frozen=True)
class Chain:
    """A loss to compute, with nothing in it but small ops."""

    name: str
    loss: Callable[[], Any]


@dataclass(frozen=True)
class Training:
    """A training step; ``times`` of them are a round."""

    name: str
    times: int
    step: Callable[[], object]


def chain(length: int) -> Chain:
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

    return Chain(f"chain of {length} ops on 4 float32", loss)


def training(name: str, times: int, net: Any, x: Any, target: Any) -> Training:
    """Classification by ``net``, a step of gradient descent at a time."""
    optimizer = torch.optim.SGD(net.parameters(), lr=1e-4)
    judge = torch.nn.CrossEntropyLoss()

    def step() -> None:
        optimizer.zero_grad()
        judge(net(x), target).backward()
        optimizer.step()

    return Training(name, times, step)


def small(times: int) -> Training:
    """Three layers, 64 wide: overhead and little else."""
    nn = torch.nn
    net = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
    return training("small MLP 64-64-64-10, batch 32", times, net, torch.randn(32, 64), torch.randint(0, 10, (32,)))


def mlp(times: int) -> Training:
    nn = torch.nn
    net = nn.Sequential(nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 10))
    return training("MLP 784-512-512-10, batch 64", times, net, torch.randn(64, 784), torch.randint(0, 10, (64,)))


def lenet(times: int) -> Training:
    nn = torch.nn
    net = nn.Sequential(
        nn.Conv2d(1, 20, 5), nn.MaxPool2d(2), nn.Conv2d(20, 50, 5), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(800, 500), nn.ReLU(), nn.Linear(500, 10),
    )  # fmt: skip
    return training("LeNet 20/50/500/10, batch 32", times, net, torch.randn(32, 1, 28, 28), torch.randint(0, 10, (32,)))


def gpt(times: int) -> Training:
    """GPT-mini: batch 8, 64 tokens, 128 wide, 4 heads, 2 layers, 256 words."""
    nn, functional = torch.nn, torch.nn.functional
    batch, length, width, heads, words = 8, 64, 128, 4, 256
    mask = torch.triu(torch.ones(length, length), 1).bool()

    class Block(nn.Module):  # type: ignore[misc, name-defined, unused-ignore]
        def __init__(self) -> None:
            super().__init__()
            self.before, self.between = nn.LayerNorm(width), nn.LayerNorm(width)
            self.qkv, self.join = nn.Linear(width, 3 * width), nn.Linear(width, width)
            self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

        def forward(self, x: Any) -> Any:
            q, k, v = (part.view(batch, length, heads, -1).transpose(1, 2) for part in self.qkv(self.before(x)).split(width, 2))
            weights = (q @ k.transpose(-2, -1) / (width // heads) ** 0.5).masked_fill(mask, float("-inf")).softmax(-1)
            x = x + self.join((weights @ v).transpose(1, 2).reshape(batch, length, width))
            return x + self.down(functional.gelu(self.up(self.between(x))))

    class Model(nn.Module):  # type: ignore[misc, name-defined, unused-ignore]
        def __init__(self) -> None:
            super().__init__()
            self.word, self.place = nn.Embedding(words, width), nn.Embedding(length, width)
            self.blocks = nn.ModuleList([Block() for _ in range(2)])
            self.last, self.head = nn.LayerNorm(width), nn.Linear(width, words, bias=False)

        def forward(self, tokens: Any) -> Any:
            x = self.word(tokens) + self.place(torch.arange(length))
            for block in self.blocks:
                x = block(x)
            return self.head(self.last(x)).view(-1, words)

    tokens, target = torch.randint(0, words, (batch, length)), torch.randint(0, words, (batch * length,))
    return training("GPT-mini B8 S64 C128 H4 L2 V256", times, Model(), tokens, target)


def run_once(program: Chain | Training, level: str, folder: str) -> Figures:
    """One round: recorded to a file, as ``gradstep record`` does; opening and closing it is not measured, writing to it is."""
    path = Path(folder, "bench.gst")
    tape = None if level == OFF else recorder.Recorder(Writer(path), level=recorder.Level[level])
    gc.collect()
    if tape is not None:
        recorder.install(tape)
    try:
        if isinstance(program, Training):
            program.step()  # its lines, shapes and source files are met once in a recording, and not in every step
        start = time.process_time()
        if isinstance(program, Chain):
            loss = program.loss()
            between = time.process_time()
            loss.backward()
        else:
            for _ in range(program.times):
                program.step()
            between = time.process_time()
        if tape is not None:
            tape.flush()
        end = time.process_time()
    finally:
        recorder.uninstall()
    size = 0
    if tape is not None:
        tape.close()
        size = os.path.getsize(path)
        path.unlink()
    return Figures(between - start, end - between, size)


def count(program: Chain | Training, folder: str) -> tuple[int, int]:
    """How many ops and how many steps backwards one pass has."""
    path = Path(folder, "count.gst")
    with recorder.recording(recorder.Recorder(Writer(path), recorder.Level.STRUCTURE)) as tape:
        if isinstance(program, Chain):
            program.loss().backward()
        else:
            program.step()
    tape.close()
    read = Tape.open(path)
    found = len(read.ops), sum(len(run.needed) for run in read.runs.values())
    read.close()
    path.unlink()
    return found


def rounds_of(program: Chain | Training, levels: list[str], rounds: int, folder: str) -> dict[str, list[Figures]]:
    """The figures of all levels, taken in turns."""
    taken: dict[str, list[Figures]] = {level: [] for level in levels}
    for number in range(rounds + 1):
        for level in random.sample(levels, len(levels)):
            figures = run_once(program, level, folder)
            if number:  # the first round warms up
                taken[level].append(figures)
    return taken


def low(times: list[float]) -> float:
    """The 20 % quantile."""
    return sorted(times)[len(times) // 5]


def per_op(program: Chain, levels: list[str], rounds: int) -> str:
    """The table of a chain."""
    with tempfile.TemporaryDirectory() as folder:
        ops, nodes = count(program, folder)
        taken = rounds_of(program, levels, rounds, folder)
    lines = [f"{program.name} ({ops} ops, {nodes} steps a round)"]
    lines.append(f"{'':12} {'forward':>18} {'backward':>19} {'file':>9}")
    lines.append(f"{'':12} {'us/op':>9} {'added':>8} {'us/step':>10} {'added':>8} {'B/op':>9}")
    for level, figures in taken.items():
        cells = []
        for way, number in (("forward", ops), ("backward", nodes)):
            mine, base = (low([getattr(one, way) for one in those]) / number * 1e6 for those in (figures, taken[OFF]))
            cells.append(f"{mine:9.2f} {mine - base:8.2f}")
        lines.append(f"{level.lower():12} {cells[0]}  {cells[1]} {figures[-1].size / ops:9.0f}")
    return "\n".join(lines)


def per_step(program: Training, levels: list[str], rounds: int) -> str:
    """The line of a network: milliseconds a step, and the ratios."""
    with tempfile.TemporaryDirectory() as folder:
        ops, nodes = count(program, folder)
        taken = rounds_of(program, levels, rounds, folder)
    times = {level: low([one.forward + one.backward for one in figures]) / program.times for level, figures in taken.items()}
    cells = "".join(f"{times[level] * 1e3:10.3f}{times[level] / times[OFF]:7.2f}" for level in levels)
    return f"{program.name:34} {ops:5} {nodes:6} {cells}"


PROGRAMS: dict[str, Callable[[int], Training]] = {"small": small, "mlp": mlp, "lenet": lenet, "gpt": gpt}
TIMES = {"small": 40, "mlp": 5, "lenet": 2, "gpt": 1}  # steps a round


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--length", type=int, default=2000, help="ops in the chain (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=15, help="rounds to take the quantile of (default: %(default)s)")
    parser.add_argument("--only", nargs="*", default=["chain", *PROGRAMS], choices=["chain", *PROGRAMS], help="what to measure")
    parser.add_argument("--levels", nargs="*", default=[level.name for level in recorder.Level], help="levels of the tape")
    options = parser.parse_args(arguments)
    levels = [OFF, *options.levels]
    print(f"{options.rounds} rounds in turns, processor time, one thread")
    if "chain" in options.only:
        print(f"\n{per_op(chain(options.length), levels, options.rounds)}")
    print(f"\n{'a training step':34} {'ops':>5} {'nodes':>6} " + "".join(f"{level.lower()[:10]:>10}{'ratio':>7}" for level in levels))
    for name, program in PROGRAMS.items():
        if name in options.only:
            print(per_step(program(TIMES[name]), levels, options.rounds), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
