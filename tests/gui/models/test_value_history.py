"""Every event that wrote a value is a line, with what it did to it; and whoever used it."""

from __future__ import annotations

import pytest

import gradstep.engine as gs
from gradstep.engine.tape.reader import Tape
from gradstep.engine.tape.recorder import Level, Recorder, recording
from gradstep.engine.tape.schema import GradStored, Val
from gradstep.engine.tape.sinks import ListSink
from gradstep.gui.models.history import History
from gradstep.gui.models.rows import RowReader
from gradstep.gui.models.value_history import Effect, Uses, ValueHistory, value_history
from gradstep.gui.models.values import ValueRef

from ..tapes import SmallNetwork


def history_of(tape: Tape, val: Val | None, key: tuple[str, int] | None = None) -> ValueHistory:
    read = History()
    read.read(tape)
    uses = Uses()
    assert uses.read(tape, lambda: True)
    ref = ValueRef("value", val) if val is not None else None
    return value_history(RowReader(tape, read), uses, ref, key)


def recorded(run: object) -> Tape:
    sink = ListSink()
    with recording(Recorder(sink, Level.VALUES)):
        run()  # type: ignore[operator]
    return Tape.of(sink.records)


def test_the_gradient_of_a_leaf_is_written_once_a_pass_and_broken_by_the_one_that_brings_nan() -> None:
    def run() -> None:
        w = gs.tensor([1.0, 2.0], requires_grad=True)
        for factor in (1.0, 2.0, float("nan")):
            (w * factor).sum().backward()

    tape = recorded(run)
    stores = [event for event in tape.events if isinstance(event, GradStored)]
    history = history_of(tape, stores[0].val)
    assert history.name.endswith(".grad")
    writes = [line for line in history.writes if line.effect is not Effect.KEPT]
    assert [line.effect for line in writes] == [Effect.WROTE, Effect.CHANGED, Effect.BROKE]
    assert [line.event for line in writes] == [event.i for event in stores]
    assert "2 nan" in writes[-1].number.bad


def test_zeroing_a_gradient_in_place_is_a_write() -> None:
    def run() -> None:
        w = gs.tensor([1.0, 2.0], requires_grad=True)
        (w * 3.0).sum().backward()
        assert w.grad is not None
        w.grad.zero_()

    tape = recorded(run)
    (store,) = [event for event in tape.events if isinstance(event, GradStored)]
    history = history_of(tape, store.val)
    assert [(line.text, line.effect) for line in history.writes[-1:]] == [("zero, in place", Effect.CHANGED)]


def test_what_arrived_at_a_slot_is_told_with_its_hook_and_the_node_that_took_it() -> None:
    maker = SmallNetwork()
    tape = maker.tape()
    before = next(event.val for event in tape.events if getattr(event, "dst", None) is not None and event.dst.node == maker.n2)  # type: ignore[attr-defined]
    history = history_of(tape, before, ("node", maker.n2))
    assert history.name == "gradient into ReluBackward0"
    assert [(line.text, line.effect) for line in history.writes] == [
        ("from MmBackward0", Effect.WROTE),
        ("double (tensor hook)", Effect.CHANGED),
        ("given to ReluBackward0", Effect.READ),
    ]


def test_a_hidden_value_is_made_by_its_op_and_used_by_others_and_kept() -> None:
    maker = SmallNetwork()
    history = history_of(maker.tape(), maker.h)
    assert [line.text for line in history.writes] == ["made by relu"]
    assert [line.text for line in history.uses] == ["input of mm", "kept by MmBackward0 as self"]


def test_a_value_that_an_op_made_infinite_is_broken_by_it() -> None:
    def run() -> None:
        gs.tensor([0.0, 1.0], requires_grad=True).log().sum().backward()

    tape = recorded(run)
    log = next(op for op in tape.ops.values() if op.name == "log")
    assert [line.effect for line in history_of(tape, log.outs[0]).writes] == [Effect.BROKE]


def test_writes_that_were_undone_are_not_told() -> None:
    maker = SmallNetwork()
    stored = next(event for event in maker.tape().events if isinstance(event, GradStored))
    maker.records.pop()  # the pass is not over
    maker.i -= 1
    maker.rewind(maker.enters[0])
    assert all(line.event < maker.enters[0] for line in history_of(maker.tape(), stored.val).writes)


def test_an_undefined_gradient_has_no_history() -> None:
    assert history_of(SmallNetwork().tape(), None) == ValueHistory()


def test_uses_are_read_piece_by_piece() -> None:
    def run() -> None:
        x = gs.tensor([1.0], requires_grad=True)
        for _ in range(600):
            x = x * 1.0

    tape = recorded(run)
    uses, rounds = Uses(), 0
    while not uses.read(tape, lambda: False):
        rounds += 1
    assert rounds >= 2
    assert sum(map(len, uses.consumers.values())) == 600


@pytest.mark.parametrize("poison", [False, True])
def test_every_value_of_a_tape_has_a_history(poison: bool) -> None:
    tape = SmallNetwork(poison=poison).tape()
    for number in tape.tensors:
        history = history_of(tape, Val(number, 0))
        assert history.name
