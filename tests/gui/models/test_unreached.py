"""Leaves that backward does not reach are named, once all is known."""

from __future__ import annotations

from typing import Any

import gradstep.engine as gs
from gradstep.engine.tape.reader import Tape
from gradstep.engine.tape.recorder import ListSink, Recorder, recording
from gradstep.gui.models.unreached import unreached


def taped(program: Any) -> Tape:
    sink = ListSink()
    recorder = Recorder(sink)
    with recording(recorder):
        program()
    recorder.close()
    return Tape.of(sink.records)


def test_a_leaf_behind_a_detach_is_named_and_the_others_are_not() -> None:
    def program() -> None:
        lost = gs.ones(2, requires_grad=True)
        found = gs.ones(2, requires_grad=True)
        ((lost * 2).detach() * found).sum().backward()

    assert unreached(taped(program)) == ["lost"]


def test_nothing_is_said_where_gradients_are_asked_for_and_not_stored() -> None:
    def program() -> None:
        one = gs.ones(2, requires_grad=True)
        other = gs.ones(2, requires_grad=True)
        gs.autograd.grad((one * other).sum(), one)

    assert unreached(taped(program)) == []


def test_nothing_is_said_without_a_backward() -> None:
    assert unreached(taped(lambda: gs.ones(2, requires_grad=True) * 2)) == []
