"""Checkpoints keep nothing, compute again, and can be stepped through."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import pytest

import gradstep.engine as gs
from gradstep.engine.autograd.walk import Walk
from gradstep.engine.tape.check import check
from gradstep.engine.tape.reader import Tape
from gradstep.engine.tape.recorder import Recorder, recording
from gradstep.engine.tape.sinks import ListSink
from gradstep.engine.utils.checkpoint import CheckpointError, checkpoint, checkpoint_sequential, set_checkpoint_early_stop


@pytest.mark.parametrize("reentrant", [False, True])
def test_what_is_inside_is_not_kept(reentrant: bool) -> None:
    inside: list[weakref.ref[Any]] = []

    def body(t: Any) -> Any:
        middle = t.sin()
        inside.append(weakref.ref(middle))
        return middle.cos()

    x = gs.ones(3, requires_grad=True)
    out = checkpoint(body, x, use_reentrant=reentrant)
    gc.collect()
    assert inside[0]() is None
    out.sum().backward()
    assert x.grad is not None
    assert x.grad.tolist() == gs.autograd.grad(x.sin().cos().sum(), x)[0].tolist()
    gc.collect()
    assert [ref() for ref in inside] == [None, None]


@pytest.mark.parametrize("reentrant", [False, True])
def test_gradients_are_those_without_a_checkpoint(reentrant: bool) -> None:
    gs.manual_seed(3)
    model = gs.nn.Sequential(gs.nn.Linear(4, 4), gs.nn.Tanh(), gs.nn.Dropout(0.5), gs.nn.Linear(4, 4), gs.nn.Sigmoid())
    x = gs.randn(5, 4, requires_grad=True)
    found = []
    for run in (lambda: model(x), lambda: checkpoint_sequential(model, 2, x, use_reentrant=reentrant)):
        gs.manual_seed(7)
        model.zero_grad()
        x.grad = None
        run().square().sum().backward()
        found.append([p.grad.tolist() for p in [x, *model.parameters()]])
    assert found[0] == found[1]


def test_a_step_back_into_a_checkpoint_computes_the_same_again() -> None:
    runs: list[int] = []

    def body(t: Any) -> Any:
        runs.append(1)
        return (t * gs.rand(3)).sin() * t

    gs.manual_seed(1)
    x = gs.ones(3, requires_grad=True)
    out = checkpoint(body, x, use_reentrant=False).sum()
    alone = gs.autograd.grad(out, x, retain_graph=True)[0].tolist()
    walk = Walk([out._gradient_edge()], [gs.tensor(1.0)])
    walk.rewindable = True
    while walk.step():
        pass
    for _ in range(3):
        walk.step_back()
    walk.run_to_end()
    assert x.grad is not None
    assert x.grad.tolist() == alone


def test_computing_again_is_on_the_tape() -> None:
    sink = ListSink()
    x = gs.ones(3, requires_grad=True)
    with recording(Recorder(sink)):
        checkpoint(lambda t: t.sin().cos(), x, use_reentrant=False).sum().backward()
    tape = Tape.of(sink.records)
    assert [op.name for op in tape.ops.values()].count("sin") == 2
    assert check(tape) == []


def test_computing_again_stops_when_all_is_there_unless_it_shall_not() -> None:
    told: list[str] = []

    def body(t: Any) -> Any:
        out = t.sin()
        told.append("after")
        return out

    x = gs.ones(3, requires_grad=True)
    checkpoint(body, x, use_reentrant=False).sum().backward()
    assert told == ["after"]
    with set_checkpoint_early_stop(False):
        out = checkpoint(body, x, use_reentrant=False)
    out.sum().backward()
    assert told == ["after"] * 3


def test_another_shape_the_second_time_is_an_error_unless_nobody_compares() -> None:
    sizes = iter([3, 2, 3, 3])
    x = gs.ones(3, requires_grad=True)

    def body(t: Any) -> Any:
        return t[: next(sizes)].sin().sum()

    with pytest.raises(CheckpointError, match="have different metadata than during the forward pass"):
        checkpoint(body, x, use_reentrant=False).backward()
    checkpoint(body, x, use_reentrant=False, determinism_check="none").backward()


def test_nothing_is_done_without_gradients() -> None:
    runs: list[int] = []
    with gs.no_grad():
        out = checkpoint(lambda t: (runs.append(1), t * 2)[1], gs.ones(2, requires_grad=True), use_reentrant=False)
    assert (out.requires_grad, len(runs)) == (False, 1)


def test_contexts_stand_around_each_run() -> None:
    told: list[str] = []

    class Around:
        def __init__(self, word: str) -> None:
            self.word = word

        def __enter__(self) -> None:
            told.append(self.word)

        def __exit__(self, *_: object) -> None:
            pass

    x = gs.ones(2, requires_grad=True)
    out = checkpoint(lambda t: t.sin(), x, use_reentrant=False, context_fn=lambda: (Around("first"), Around("again")))
    out.sum().backward()
    assert told == ["first", "again"]
    with pytest.raises(ValueError, match="only supported when use_reentrant=False"):
        checkpoint(lambda t: t, x, use_reentrant=True, context_fn=lambda: (Around("a"), Around("b")))
