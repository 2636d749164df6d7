"""A node at a moment: what arrived and what it passed on are true at that moment, not later."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import gradstep.engine as gs
from gradstep.engine.tape.reader import Tape
from gradstep.engine.tape.recorder import Level, Recorder, recording
from gradstep.engine.tape.schema import NodeEnter
from gradstep.engine.tape.sinks import ListSink
from gradstep.engine.tape.state import Cursor
from gradstep.gui.models.history import History
from gradstep.gui.models.hooks import HookLine, StoreLine, hooks_view
from gradstep.gui.models.row_table import RowKind
from gradstep.gui.models.rows import RowReader
from gradstep.gui.models.steps import StepView, next_node, op_values, step_view
from gradstep.gui.models.values import ValueText

from ..tapes import SmallNetwork


class Looked:
    """A tape with a cursor on it."""

    def __init__(self, maker: SmallNetwork) -> None:
        self.maker, self.tape = maker, maker.tape()
        history = History()
        history.read(self.tape)
        self.reader = RowReader(self.tape, history)
        self.cursor = Cursor(self.tape)

    def at(self, position: int, node: int) -> StepView:
        view = step_view(self.reader, self.cursor.move_to(position), node)
        assert view is not None
        return view


@pytest.fixture
def looked() -> Looked:
    return Looked(SmallNetwork())


def test_a_node_in_which_the_program_ended_does_not_run_any_more() -> None:
    maker = SmallNetwork()
    entered = next(place for place, record in enumerate(maker.records) if isinstance(record, NodeEnter) and record.i == maker.enters[2])
    del maker.records[entered + 1 :]
    ended = Looked(maker)
    assert ended.at(maker.enters[2], maker.n3).status == "not finished"
    assert ended.at(maker.enters[1], maker.n4).status == "running"  # at that moment it did


def test_contributions_add_up_to_what_the_node_was_given(looked: Looked) -> None:
    maker = looked.maker
    view = looked.at(maker.enters[2], maker.n3)
    (slot,) = view.arrived
    assert [part.name for part in slot.parts] == ["MulBackward0 edge 0", "MulBackward0 edge 1"]
    values = [looked.tape.value(part.value.val) for part in slot.parts if part.value is not None and part.value.val is not None]
    assert slot.total is not None
    assert slot.total.value is not None
    assert slot.total.value.val is not None
    total = looked.tape.value(slot.total.value.val)
    assert total is not None
    np.testing.assert_allclose(values[0] + values[1], total)
    assert view.status == "running"
    assert view.place == "step 3 of 7"
    assert all(line.value is None for line in view.sent)


def test_what_was_passed_on_is_known_only_after_the_node_has_run(looked: Looked) -> None:
    maker = looked.maker
    view = looked.at(maker.enters[3], maker.n3)
    assert [line.name for line in view.sent] == ["ReluBackward0", "AccumulateGrad fc2.weight"]
    assert all(line.value is not None for line in view.sent)
    assert view.status == "done"
    assert view.norm_out > 0


def test_a_node_that_waits_shows_what_has_arrived_so_far(looked: Looked) -> None:
    maker = looked.maker
    view = looked.at(maker.enters[1], maker.n1)
    assert view.status == "waits"
    assert view.arrived[0].parts == ()
    assert view.event == -1
    assert view.frame is not None
    assert view.frame.line == 12
    assert [saved.name for saved in view.saved] == ["self"]


def test_a_hook_shows_before_and_after_and_the_value_to_compare_with(looked: Looked) -> None:
    maker = looked.maker
    view = looked.at(maker.enters[4], maker.n2)
    (line,) = view.lines
    assert isinstance(line, HookLine)
    assert (line.name, line.changed, line.raised, line.ratio) == ("double", True, False, "\u00d72")
    total = view.arrived[0].total
    assert total is not None
    assert total.value is not None
    assert total.value.before is not None
    assert total.value.before != total.value.val


def test_the_first_thing_to_look_at_is_the_gradient_and_of_a_leaf_what_was_stored(looked: Looked) -> None:
    maker = looked.maker
    value = looked.at(maker.enters[4], maker.n2).main_value()
    assert value is not None
    assert value.label == "gradient into ReluBackward0"
    stored = looked.at(maker.enters[4], maker.a2).main_value()
    assert stored is not None
    assert stored.label == "fc2.weight.grad"
    assert looked.at(0, maker.n1).main_value() is None


def test_the_view_of_hooks_lists_them_in_firing_order(looked: Looked) -> None:
    view = hooks_view(looked.reader, looked.maker.run)
    assert [(group.name, [line.name for line in group.lines]) for group in view.groups] == [
        ("AccumulateGrad fc2.weight", ["fc2.weight.grad"]),
        ("ReluBackward0", ["double"]),
        ("AccumulateGrad fc1.weight", ["fc1.weight.grad"]),
    ]
    line = view.groups[0].lines[0]
    assert isinstance(line, StoreLine)
    assert line.previous is None
    assert line.sum_text() == f"|{line.now.norm_text()}|"
    nothing = ValueText(norm=2.0)
    assert replace(line, previous=nothing, added=nothing, now=nothing).sum_text() == "|2| + |2| \u2192 |2|"
    one = ValueText(norm=1.5, small="1.5")
    assert replace(line, previous=one, added=one, now=ValueText(norm=3, small="3.0")).sum_text() == "1.5 + 1.5 = 3.0"
    assert replace(line, previous=nothing, added=ValueText(), now=nothing).sum_text() == ""


def test_an_op_that_a_hook_runs_is_not_a_second_store() -> None:
    sink, looked_at = ListSink(), []
    with recording(Recorder(sink, Level.VALUES)):
        weight = gs.tensor([3.0, 4.0], requires_grad=True)
        weight.register_post_accumulate_grad_hook(lambda leaf: looked_at.append((leaf.grad * 2).norm()))
        (weight * 2.0).sum().backward()
    assert len(looked_at) == 1
    tape, history = Tape.of(sink.records), History()
    history.read(tape)
    reader = RowReader(tape, history)
    (run,) = tape.runs
    (group,) = hooks_view(reader, run).groups
    assert [type(line) for line in group.lines] == [StoreLine, HookLine]
    view = step_view(reader, Cursor(tape).move_to(len(tape.events) - 1), group.row.key)
    assert view is not None
    assert [type(line) for line in view.lines] == [StoreLine, HookLine]


def test_the_next_node_is_the_ready_one_with_the_highest_sequence(looked: Looked) -> None:
    maker = looked.maker
    states = [looked.cursor.move_to(enter - 1).copy() for enter in maker.enters]
    assert [next_node(looked.tape, state) for state in states] == [
        maker.n5, maker.n4, maker.n3, maker.a2, maker.n2, maker.n1, maker.a1,
    ]  # fmt: skip
    assert next_node(looked.tape, looked.cursor.move_to(maker.enters[2])) is None
    assert next_node(looked.tape, looked.cursor.move_to(len(looked.tape.events) - 1)) is None


def test_an_op_offers_its_outputs_and_then_its_inputs(looked: Looked) -> None:
    op = next(op for op in looked.tape.ops.values() if op.name == "relu")
    assert [value.label for value in op_values(looked.tape, op.id)] == ["output of relu", "input 0 of relu"]
    assert op_values(looked.tape, 10**9) == ()


def test_an_unknown_node_has_no_view(looked: Looked) -> None:
    assert step_view(looked.reader, looked.cursor.state, 10**9) is None


def test_the_hooks_of_a_step_that_another_took_the_place_of_are_not_shown() -> None:
    maker = SmallNetwork()
    tape, history = maker.tape(), History()
    history.read(tape)
    reader = RowReader(tape, history)
    (before,) = [group for group in hooks_view(reader, maker.run).groups if group.name == "ReluBackward0"]
    run = history.run_row(maker.run)
    assert run is not None
    history._cut(run.uid, before.row.place)
    history._add(RowKind.STEP, before.row.key, before.row.first, run.uid)
    assert "ReluBackward0" not in [group.name for group in hooks_view(reader, maker.run).groups]
