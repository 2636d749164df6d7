"""The fold: what holds at a moment, and that any way there leads to the same."""

from __future__ import annotations

import random
from typing import Any

import pytest

from gradstep.engine.tape import state as states
from gradstep.engine.tape.check import check
from gradstep.engine.tape.reader import Tape
from gradstep.engine.tape.recorder import Recorder
from gradstep.engine.tape.schema import Freed, GradAdded, GradStored, NodeEnter, NodeExit, RunBegin, RunEnd, Slot
from gradstep.engine.tape.sinks import ListSink
from gradstep.engine.tape.state import Cursor, Status, Step, Steps, fold, steps

from .handmade import Square, gradient


def busy() -> Tape:
    """Two passes, one inside a node of another, an error, and a pass that is stepped back twice."""
    sink = ListSink()
    recorder = Recorder(sink)
    Square(recorder).backward()
    outer, inner = Square(recorder), Square(recorder)
    run = outer.begin()
    recorder.node_enter(run, outer.node, [outer.seed])
    inner.backward(lambda grad: grad * 2)
    recorder.run_end(run, "RuntimeError: no")
    call = recorder.enter_call("", "Net")
    square = Square(recorder)
    recorder.leave_call(call)
    run = square.begin()
    start = recorder.position
    for _ in range(2):
        square.run_node(run)
        middle = recorder.position
        square.run_leaf(run)
        grad = gradient([1.0, 2.0, 3.0])
        recorder.val(grad)
        grad.change(0.0)
        recorder.mutated(grad, 0, 1)
        recorder.rewound(run, middle)
        recorder.rewound(run, start)
    square.run_node(run)
    square.run_leaf(run)
    recorder.run_end(run)
    recorder.flush()
    tape = Tape.of(sink.records)
    assert check(tape) == []
    return tape


def at(tape: Tape, kind: type[Any], number: int = 0) -> int:
    return int([event.i for event in tape.events if isinstance(event, kind)][number])


def test_a_pass_unfolds() -> None:
    tape = busy()
    run, *_ = tape.runs.values()
    mul = run.roots[0].node
    [leaf] = run.needed - {mul}
    cursor = Cursor(tape)
    assert (cursor.position, cursor.state.runs, cursor.state.current) == (-1, (), None)
    state = cursor.move_to(at(tape, RunBegin))
    assert state.runs == (run.id,)
    assert state.node_status == {mul: Status.PENDING, leaf: Status.PENDING}
    state = cursor.move_to(at(tape, NodeEnter) - 1)
    assert state.node_status[mul] == Status.READY
    assert state.arrived == {Slot(mul, 0): (run.seeds[0],)}
    state = cursor.move_to(at(tape, NodeEnter))
    assert (state.current, state.node_status[mul]) == (mul, Status.RUNNING)
    state = cursor.move_to(at(tape, Freed))
    assert (state.current, state.node_status[mul]) == (None, Status.DONE)
    assert list(state.freed) == [mul]
    state = cursor.move_to(at(tape, GradAdded, 2))
    assert len(state.arrived[Slot(leaf, 0)]) == 2
    state = cursor.move_to(at(tape, GradStored))
    stored = tape.events[state.position]
    assert isinstance(stored, GradStored)
    assert state.grads == {stored.tensor: stored.val}
    state = cursor.move_to(at(tape, RunEnd))
    assert state.runs == ()
    assert set(state.node_status.values()) == {Status.DONE}


def test_runs_inside_runs_are_a_stack_and_an_error_fails_the_open_node() -> None:
    tape = busy()
    _, outer, inner, _ = tape.runs.values()
    cursor = Cursor(tape)
    state = cursor.move_to(at(tape, NodeEnter, 3))
    assert state.runs == (outer.id, inner.id)
    assert state.run == inner.id
    assert state.current == inner.roots[0].node
    assert state.node_status[outer.roots[0].node] == Status.RUNNING
    state = cursor.move_to(at(tape, RunEnd, 2))
    assert (state.runs, state.current) == ((), None)
    assert state.node_status[outer.roots[0].node] == Status.FAILED
    assert state.node_status[inner.roots[0].node] == Status.DONE


def test_any_way_leads_to_the_same_state() -> None:
    tape = busy()
    wanted = [fold(tape, position) for position in range(-1, len(tape.events))]
    rand = random.Random(0)
    cursor = Cursor(tape)
    for _ in range(400):
        position = rand.randrange(-1, len(tape.events))
        assert cursor.move_to(position) == wanted[position + 1]


def test_it_does_so_beyond_what_can_be_taken_back_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    tape = busy()
    wanted = [fold(tape, position) for position in range(-1, len(tape.events))]
    monkeypatch.setattr(states, "JOURNAL", 9)
    monkeypatch.setattr(states, "CHECKPOINTS", 3)
    rand = random.Random(1)
    cursor = Cursor(tape)
    cursor._interval = 4
    for _ in range(400):
        position = rand.randrange(-1, len(tape.events))
        assert cursor.move_to(position) == wanted[position + 1], position
    assert len(cursor._checkpoints) <= 3


def test_far_ahead_it_goes_by_what_was_kept_on_the_way(monkeypatch: pytest.MonkeyPatch) -> None:
    tape = busy()
    end = len(tape.events) - 1
    monkeypatch.setattr(states, "FAR", 2)
    cursor = Cursor(tape)
    assert cursor._interval == 2
    cursor.move_to(end)
    cursor.move_to(0)
    folded: list[int] = []
    fold_one = states._Fold.apply
    monkeypatch.setattr(states._Fold, "apply", lambda self, i, row: folded.append(i) or fold_one(self, i, row))
    for position in (9, end):
        cursor.move_to(0)
        folded.clear()
        assert cursor.move_to(position) == fold(tape, position)
        own = folded[: -position - 1]  # the rest is the fold that it is held against
        assert len(own) < position / 2, own


def test_a_step_back_that_leads_far_back_is_followed_from_before_it(monkeypatch: pytest.MonkeyPatch) -> None:
    tape = busy()
    wanted = [fold(tape, position) for position in range(-1, len(tape.events))]
    for name, value in (("FAR", 3), ("JOURNAL", 1000)):
        monkeypatch.setattr(states, name, value)
    cursor = Cursor(tape)
    cursor.move_to(len(tape.events) - 1)
    from_the_start = []
    monkeypatch.setattr(states, "fold", lambda *args: from_the_start.append(args) or fold(*args))
    for position in [*range(len(tape.events)), *range(len(tape.events) - 1, -1, -5)]:
        assert cursor.move_to(position) == wanted[position + 1], position
    assert not from_the_start


def test_a_copy_stays_when_the_cursor_moves_on() -> None:
    tape = busy()
    cursor = Cursor(tape)
    kept = cursor.move_to(5).copy()
    cursor.move_to(len(tape.events) - 1)
    assert kept == fold(tape, 5)


def test_there_is_nothing_behind_the_end() -> None:
    cursor = Cursor(busy())
    for position in (-2, 10_000):
        with pytest.raises(IndexError, match="event"):
            cursor.move_to(position)


def test_steps_are_the_executions_of_nodes_in_order() -> None:
    tape = busy()
    listed = steps(tape)
    enters = [event for event in tape.events if isinstance(event, NodeEnter)]
    assert [(step.run, step.node, step.enter) for step in listed] == [(event.run, event.node, event.i) for event in enters]
    failed = [step for step in listed if step.exit is None]
    assert [step.run for step in failed] == [list(tape.runs)[1]]
    assert sum(step.undone for step in listed) == 4
    assert [step.undone for step in listed[-2:]] == [False, False]
    for step in listed:
        if step.exit is not None:
            event = tape.events[step.exit]
            assert isinstance(event, NodeExit)
            assert (event.run, event.node) == (step.run, step.node)


def test_steps_follow_a_tape_that_grows() -> None:
    tape = busy()
    rows = tape._event_rows
    whole, count = list(steps(tape)), rows.length
    rows.length = 0
    growing = Steps(tape)
    for length in range(count + 1):
        rows.length = length
        growing.update()
    assert list(growing) == whole
    assert not growing.update()
    assert isinstance(growing[0], Step)
    assert growing[1:3] == whole[1:3]
