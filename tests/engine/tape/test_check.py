"""Every invariant has a tape that breaks it, and the check says so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np
import pytest

from gradstep.engine.tape.check import MOST, check
from gradstep.engine.tape.reader import Tape
from gradstep.engine.tape.recorder import Recorder
from gradstep.engine.tape.schema import (
    Bumped,
    CallEnd,
    Edited,
    Event,
    Freed,
    GradAdded,
    GradStored,
    HookCalled,
    Meta,
    Node,
    NodeEnter,
    NodeExit,
    NodeKind,
    NodeReady,
    Op,
    Payload,
    Record,
    Rewound,
    Run,
    RunBegin,
    RunEnd,
    Slot,
    Tensor,
    Val,
)
from gradstep.engine.tape.sinks import ListSink

from .handmade import HandTensor, Square

R = TypeVar("R")


def records(hook: Any = None) -> list[Record]:
    """Two passes, with a call and an in-place change, and two tensors more."""
    sink = ListSink()
    recorder = Recorder(sink)
    Square(recorder).backward(hook)
    call = recorder.enter_call("fc", "Linear")
    x = HandTensor(np.zeros(3, np.float32))
    recorder.val(x)
    for version in range(2):
        x.change(version + 1.0)
        recorder.op("add_", [x], [x], None, {}, 0.0)
        recorder.mutated(x, version, version + 1)
    recorder.leave_call(call)
    Square(recorder).backward()
    recorder.flush()
    return sink.records


def renumbered(changed: list[Record]) -> Tape:
    """A tape of records whose events are numbered anew."""
    count = 0
    result: list[Record] = []
    for record in changed:
        if isinstance(record, Event):
            record = replace(record, i=count)
            count += 1
        result.append(record)
    return Tape.of(result)


def first(changed: list[Record], kind: type[R], number: int = 0) -> tuple[int, R]:
    places = [place for place, record in enumerate(changed) if isinstance(record, kind)]
    place = places[number]
    return place, changed[place]  # type: ignore[return-value]


def swap(kind: type[Any], number: int = 0, **fields: Any) -> Callable[[list[Record]], None]:
    """The corruption that replaces fields of one record."""

    def corrupt(changed: list[Record]) -> None:
        place, record = first(changed, kind, number)
        changed[place] = replace(record, **fields)

    return corrupt


def drop(kind: type[Any], number: int = 0) -> Callable[[list[Record]], None]:
    def corrupt(changed: list[Record]) -> None:
        del changed[first(changed, kind, number)[0]]

    return corrupt


def double(kind: type[Any], number: int = 0) -> Callable[[list[Record]], None]:
    def corrupt(changed: list[Record]) -> None:
        place, record = first(changed, kind, number)
        changed.insert(place + 1, record)

    return corrupt


def move(kind: type[Any], by: int, number: int = 0) -> Callable[[list[Record]], None]:
    def corrupt(changed: list[Record]) -> None:
        place, record = first(changed, kind, number)
        del changed[place]
        changed.insert(place + by, record)

    return corrupt


def other_data(number: int) -> Callable[[list[Record]], None]:
    """Another value for a gradient: the payload with this number is changed."""

    def corrupt(changed: list[Record]) -> None:
        place, payload = first(changed, Payload, number)
        changed[place] = replace(payload, data=np.array([7, 7, 7], np.float32).tobytes())

    return corrupt


def data_twice(changed: list[Record]) -> None:
    _, payload = first(changed, Payload)
    changed.append(replace(payload, data=np.array([7, 7, 7], np.float32).tobytes()))


def freed_before(changed: list[Record]) -> None:
    place, enter = first(changed, NodeEnter)
    changed.insert(place, Freed(0, enter.run, enter.thread, 0.0, enter.node))


def sequence_rises(changed: list[Record]) -> None:
    """A node between the product and its leaf whose number is too high."""
    _, node = first(changed, Node, 1)
    changed.append(replace(node, id=999, next=(Slot(node.id, 0), None), op=None))


def gradient_of_another_shape(changed: list[Record]) -> None:
    _, enter = first(changed, NodeEnter)
    assert enter.grads[0] is not None
    place = next(p for p, r in enumerate(changed) if isinstance(r, Tensor) and r.id == enter.grads[0].tensor)
    tensor = changed[place]
    assert isinstance(tensor, Tensor)
    changed[place] = replace(tensor, meta=Meta("float32", (4,), "cpu"))


CORRUPTIONS: dict[str, tuple[str, Callable[[list[Record]], None]]] = {
    "a tensor is missing": ("I1", drop(Tensor)),
    "a node is missing": ("I1", drop(Node)),
    "a run is missing": ("I1", drop(Run)),
    "an op names an unknown call": ("I1", swap(Op, call=77)),
    "a node leads to an unknown one": ("I1", swap(Node, 1, next=(Slot(77, 0), None))),
    "a tensor twice": ("I2", double(Tensor)),
    "other data under the same name": ("I2", data_twice),
    "a node is left that was not entered": ("I3", drop(NodeEnter)),
    "a node is never left": ("I3", drop(NodeExit)),
    "a run never ends": ("I3", drop(RunEnd, 1)),
    "a call is never left": ("I3", drop(CallEnd)),
    "a step back into the future": ("I3", lambda changed: changed.append(Rewound(0, None, 0, 0.0, 10_000))),
    "ready too early": ("I4", move(NodeReady, -1, 1)),
    "never ready": ("I4", drop(NodeReady)),
    "entered twice": ("I4", double(NodeEnter)),
    "a gradient never arrives": ("I4", drop(GradAdded, 1)),
    "a node runs that the run does not need": ("I4", swap(Run, needed=frozenset())),
    "too many gradients enter": ("I5", lambda c: swap(NodeEnter, grads=(*first(c, NodeEnter)[1].grads, None))(c)),
    "too few gradients leave": ("I5", lambda c: swap(NodeExit, grads=first(c, NodeExit)[1].grads[:1])(c)),
    "a gradient of another shape": ("I5", gradient_of_another_shape),
    "data of another shape": ("I5", swap(Payload, shape=(1, 3))),
    "as many seeds as roots": ("I5", swap(Run, seeds=())),
    "an edge into a slot that is not there": ("I5", lambda c: swap(Node, 1, next=(Slot(first(c, Node)[1].id, 5), None))(c)),
    "a gradient leaves the edges": ("I6", lambda c: swap(GradAdded, 1, src=Slot(first(c, Node, 1)[1].id, 9))(c)),
    "a seed at no root": ("I6", swap(Run, roots=())),
    "what entered is not the sum": ("I7", other_data(3)),
    "what was stored is not the sum": ("I7", other_data(5)),
    "a gradient enters that nobody sent": ("I7", lambda c: swap(GradAdded, val=None)(c)),
    "a gradient is lost": ("I7", lambda c: swap(NodeEnter, grads=(None,))(c)),
    "a node runs after it was freed": ("I8", freed_before),
    "a version falls": ("I9", swap(Bumped, old=3, new=2)),
    "a version comes twice": ("I9", double(Bumped)),
    "sequence numbers rise": ("I10", sequence_rises),
}


def test_a_sound_tape_is_found_sound() -> None:
    assert check(renumbered(records())) == []
    assert check(renumbered(records(lambda grad: grad * 3))) == []
    assert check(Tape.of([])) == []


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_a_corruption_is_caught_by_its_invariant(name: str) -> None:
    invariant, corrupt = CORRUPTIONS[name]
    changed = records()
    corrupt(changed)
    found = check(renumbered(changed))
    assert any(said.startswith(invariant + " ") for said in found), found


def test_every_invariant_has_a_corruption() -> None:
    assert {invariant for invariant, _ in CORRUPTIONS.values()} == {f"I{number}" for number in range(1, 11)}


def test_what_a_hook_changed_is_not_held_against_the_sum() -> None:
    changed = records(lambda grad: grad * 3)
    del changed[first(changed, HookCalled)[0]]
    assert any(said.startswith("I7") for said in check(renumbered(changed)))


def test_what_the_debugger_edited_is_not_held_against_the_sum() -> None:
    changed = records()
    place, enter = first(changed, NodeEnter)
    [old] = enter.grads
    new = Val(first(changed, GradStored)[1].val.tensor, 0)  # type: ignore[union-attr]
    tensor, payload = first(changed, Tensor)[1], first(changed, Payload)[1]  # 10**9: ids are counted in the whole process
    changed[place : place + 1] = [
        replace(tensor, id=10**9),
        replace(payload, val=Val(10**9, 0), data=np.array([5, 5, 5], np.float32).tobytes()),
        Edited(0, enter.run, enter.thread, 0.0, Slot(enter.node, 0), old, Val(10**9, 0)),
        replace(enter, grads=(Val(10**9, 0),)),
    ]
    assert new is not None
    assert check(renumbered(changed)) == []


def test_a_node_may_run_again_after_a_step_back_and_not_without() -> None:
    run = Run(1, (Slot(1, 0),), (None,), frozenset({1}), False, False, True)
    node = Node(1, NodeKind.FUNCTION, "NegBackward0", 5, (None,), ())
    once: list[Record] = [NodeEnter(0, 1, 0, 0.0, 1, (None,)), NodeExit(0, 1, 0, 0.0, 1, ()), Freed(0, 1, 0, 0.0, 1)]
    start: list[Record] = [node, run, RunBegin(0, 1, 0, 0.0), GradAdded(0, 1, 0, 0.0, None, Slot(1, 0), None), NodeReady(0, 1, 0, 0.0, 1)]
    end: list[Record] = [RunEnd(0, 1, 0, 0.0, "")]
    assert check(renumbered([*start, *once, Rewound(0, 1, 0, 0.0, 2), *once, *end])) == []
    found = check(renumbered([*start, *once, *once, *end]))
    assert {said.split()[0] for said in found} == {"I4", "I8"}


def test_the_end_of_a_recording_that_did_not_end_may_be_open() -> None:
    changed = records()
    place, _ = first(changed, NodeEnter, 3)
    tape = renumbered(changed[: place + 1])
    assert check(tape) == ["I3 thread 0 ends inside node 4"] or "ends inside node" in check(tape)[0]
    tape.complete = False
    assert check(tape) == []


def test_it_stops_when_everything_is_wrong() -> None:
    found = check(Tape.of([NodeReady(i, None, 0, 0.0, 7) for i in range(1000)]))
    assert len(found) == MOST + 1
    assert "stopped after" in found[-1]
