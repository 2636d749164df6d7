"""Two runs are followed together: the same, different values from a place on, different programs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import gradstep.engine as gs
from gradstep.engine.tape.compare import compare, gradient_flow, moments
from gradstep.engine.tape.reader import Tape
from gradstep.engine.tape.recorder import Level, Recorder, recording
from gradstep.engine.tape.sinks import ListSink


def recorded(program: Callable[..., None], *args: Any, level: Level = Level.VALUES) -> Tape:
    sink = ListSink()
    with recording(Recorder(sink, level)):
        program(*args)
    return Tape.of(sink.records)


def train(steps: int, bump: int = -1, extra: bool = False) -> None:
    gs.manual_seed(0)
    net = gs.nn.Sequential(gs.nn.Linear(3, 4), gs.nn.Tanh(), gs.nn.Linear(4, 1))
    optimizer = gs.optim.SGD(net.parameters(), lr=0.1)
    for step in range(steps):
        x = gs.randn(5, 3)
        optimizer.zero_grad()
        y = net(x)
        if extra and step == bump:
            y = y * 1.0001
        y = y + (1e-3 if step == bump else 0.0)
        y.pow(2).mean().backward()
        optimizer.step()


def compared(a: Tape, b: Tape, i: int | None = None, j: int | None = None) -> Any:
    return compare(list(moments(a, i)), list(moments(b, j)), a, b)


def test_a_run_is_the_same_as_itself_again() -> None:
    assert compared(recorded(train, 3), recorded(train, 3)).same


@pytest.mark.parametrize("level", [Level.VALUES, Level.STATISTICS])
def test_the_first_different_value_is_named(level: Level) -> None:
    a, b = recorded(train, 3, level=level), recorded(train, 3, 1, level=level)
    told = compared(a, b)
    first = told.first
    assert first is not None
    assert (first.a.kind, first.a.name) == ("op", "add")
    assert first.sure == (level is Level.VALUES)
    if first.sure:
        assert first.largest == pytest.approx(1e-3, rel=1e-2)
    assert told.parted is None  # the programs do the same


def test_programs_that_part_are_followed_up_to_there() -> None:
    told = compared(recorded(train, 3), recorded(train, 3, 1, True))
    assert told.parted is not None
    mine, other = told.parted
    assert (mine and mine.name, other and other.name) == ("add", "mul")


def test_two_iterations_of_one_run_are_compared() -> None:
    tape = recorded(train, 4)
    told = compared(tape, tape, 0, 2)
    assert told.parted is None
    assert told.first is not None
    assert compared(tape, tape, 1, 1).same
    with pytest.raises(IndexError, match="4 iterations, no iteration 9"):
        list(moments(tape, 9))


def test_gradient_norms_by_parameter_and_iteration() -> None:
    tape = recorded(train, 4)
    flow = gradient_flow(tape)
    assert flow.names == ("0.weight", "0.bias", "2.weight", "2.bias")
    assert len(flow.runs) == 4
    assert all(len(row) == 4 and min(row) > 0 for row in flow.norms)
