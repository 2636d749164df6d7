#!/usr/bin/env python3
"""What a recorded op costs: a chain of ops forward and backward, against numpy by hand and against PyTorch.

All contestants take turns in every round, in random order; the figure is the median over the rounds of the time an op, and of
its ratio to numpy's in the same round.
"""

from __future__ import annotations

import argparse
import functools
import gc
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import numpy

import gradstep.engine
from gradstep.engine.tape import recorder
from gradstep.engine.tape.log import Writer

try:
    import torch
except ImportError:
    torch = None

Array = numpy.ndarray


@dataclass(frozen=True)
class Figures:
    """Seconds that one round took, and the gradient that it found."""

    forward: float
    backward: float
    gradient: Array


@dataclass(frozen=True)
class Contestant:
    """Somebody who can run the chain: ``run(x, w, length)`` does it once."""

    name: str
    run: Callable[[Array, Array, int], Figures]


def by_hand(x: Array, w: Array, length: int) -> Figures:
    """The floor: what numpy itself takes for the same arithmetic."""
    start = time.perf_counter()
    kept, y = [], x
    for _ in range(length // 2):
        y = numpy.multiply(y, w)
        y = numpy.tanh(y)
        kept.append(y)
    between = time.perf_counter()
    gradient = numpy.ones_like(y)
    for out in reversed(kept):
        gradient = gradient * (1 - out * out)
        gradient = gradient * w
    return Figures(between - start, time.perf_counter() - between, gradient)


def in_torch_style(module: ModuleType, session: Callable[[], AbstractContextManager[object]] = nullcontext) -> Callable[..., Figures]:
    """The chain written once for whoever is spelled like PyTorch."""

    def run(x: Array, w: Array, length: int) -> Figures:
        leaf = module.tensor(x, requires_grad=True)
        weight, seed = module.tensor(w), module.tensor(numpy.ones_like(x))
        with session():
            start = time.perf_counter()
            y = leaf
            for _ in range(length // 2):
                y = y * weight
                y = y.tanh()
            between = time.perf_counter()
            y.backward(seed)
            end = time.perf_counter()
        return Figures(between - start, end - between, leaf.grad.numpy())

    return run


@contextmanager
def tape_of(level: recorder.Level) -> Iterator[None]:
    """Records to a file, as `gradstep record` does; opening and closing it is not measured, writing to it is."""
    with tempfile.TemporaryDirectory() as folder:
        writer = Writer(Path(folder, "bench.gst"))
        try:
            with recorder.recording(recorder.Recorder(writer, level=level)):
                yield
        finally:
            writer.close()


def contestants() -> list[Contestant]:
    found = [Contestant("numpy by hand", by_hand), Contestant("gradstep", in_torch_style(gradstep.engine))]
    for level in recorder.Level:
        session = functools.partial(tape_of, level)
        found.append(Contestant(f"gradstep, tape of {level.name.lower()}", in_torch_style(gradstep.engine, session)))
    if torch is not None:
        torch.set_num_threads(1)
        found.append(Contestant(f"torch {torch.__version__}", in_torch_style(torch)))
    return found


def measure(rivals: list[Contestant], size: int, length: int, rounds: int) -> dict[str, list[Figures]]:
    """Every rival's figures, one a round, all taken in turns. Raises if they do not agree on the gradient."""
    generator = numpy.random.default_rng(0)
    x, w = (generator.uniform(0.5, 1.0, size).astype(numpy.float32) for _ in range(2))
    figures: dict[str, list[Figures]] = {rival.name: [] for rival in rivals}
    for round_number in range(rounds + 1):
        reference = by_hand(x, w, length).gradient
        for rival in random.sample(rivals, len(rivals)):
            gc.collect()
            figure = rival.run(x, w, length)
            numpy.testing.assert_allclose(figure.gradient, reference, rtol=1e-3, atol=1e-6, err_msg=rival.name)
            if round_number:  # the first round warms up
                figures[rival.name].append(figure)
    return figures


def table(figures: dict[str, list[Figures]], length: int) -> str:
    """Microseconds an op and the ratio to numpy's, by the median of the rounds."""
    lines = [f"{'':32} {'forward':>18} {'backward':>18}", f"{'':32} {'µs/op   x numpy':>18} {'µs/op   x numpy':>18}"]
    floor = figures["numpy by hand"]
    for name, rounds in figures.items():
        cells = []
        for way in ("forward", "backward"):
            times = [getattr(figure, way) for figure in rounds]
            ratios = [mine / getattr(base, way) for mine, base in zip(times, floor, strict=True)]
            cells.append(f"{statistics.median(times) / length * 1e6:9.2f} {statistics.median(ratios):8.1f}")
        lines.append(f"{name:32} {cells[0]:>18} {cells[1]:>18}")
    return "\n".join(lines)


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--length", type=int, default=1000, help="ops in the chain (default: %(default)s)")
    parser.add_argument("--size", type=int, default=4, help="elements of each tensor (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=15, help="rounds to take the median of (default: %(default)s)")
    options = parser.parse_args(arguments)
    print(f"a chain of {options.length} ops (multiply, tanh) on {options.size} float32, {options.rounds} rounds, one thread")
    print(table(measure(contestants(), options.size, options.length, options.rounds), options.length))


if __name__ == "__main__":
    main(sys.argv[1:])
