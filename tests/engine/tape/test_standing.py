"""What a step back undid does not stand, and the readers of a stepped tape add nothing up twice."""

from __future__ import annotations

from typing import Any

import numpy as np

import gradstep.engine as gs
from gradstep.engine.autograd import walk as walks
from gradstep.engine.tape import ledger
from gradstep.engine.tape.reader import Tape
from gradstep.engine.tape.recorder import Level, Recorder, recording
from gradstep.engine.tape.schema import GradAdded, GradStored, Rewound
from gradstep.engine.tape.sinks import ListSink
from gradstep.engine.tape.standing import standing


def to_and_fro(walk: Any) -> None:
    """Every step is taken, undone and taken again."""
    walk.rewindable = True
    while walk.next_node is not None:
        walk.step()
        walk.step_back()
        walk.step()
    walk.finish()


def stepped() -> Tape:
    """A pass that was stepped to and fro."""
    sink = ListSink()
    walks.driver = to_and_fro
    try:
        with recording(Recorder(sink, Level.VALUES)):
            w = gs.tensor([1.0, 2.0], requires_grad=True)
            (w.exp() + w * 3.0).sum().backward()
    finally:
        walks.driver = None
    return Tape.of(sink.records)


def test_events_that_were_undone_do_not_stand() -> None:
    tape = stepped()
    keep = standing(tape)
    assert any(isinstance(event, Rewound) for event in tape.events)
    added = [event for event in tape.events if isinstance(event, GradAdded)]
    assert len({(event.src, event.dst) for event in added}) < len(added)
    stand = [(event.src, event.dst) for event in added if keep[event.i]]
    assert len(set(stand)) == len(stand)
    assert sum(isinstance(event, GradStored) and bool(keep[event.i]) for event in tape.events) == 1


def test_the_ledger_of_a_pass_that_was_stepped_back_adds_each_path_once() -> None:
    tape = stepped()
    (entry,) = ledger.fan_ins(tape, next(iter(tape.runs)))
    assert len(entry.addends) == 2
    assert entry.exact
    (one,) = ledger.stored(tape, next(node.variable for node in tape.nodes.values() if node.variable is not None))
    assert len(one.addends) == 1
    assert one.exact
    assert np.isclose(one.norm or 0.0, float(np.linalg.norm(np.exp([1.0, 2.0]) + 3.0)))
    assert entry.slot is not None
    assert [e.slot for e in ledger.of_node(tape, entry.run or 0, entry.slot.node)] == [entry.slot]
