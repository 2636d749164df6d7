"""What each pass added, and how norms went over the iterations, read off a tape that grows and is stepped back."""

from __future__ import annotations

import math

import numpy as np

import gradstep.engine as gs
from gradstep.engine.tape.compare import gradient_flow
from gradstep.engine.tape.reader import Tape
from gradstep.engine.tape.recorder import Level, Recorder, recording
from gradstep.engine.tape.schema import GradStored
from gradstep.engine.tape.sinks import ListSink
from gradstep.gui.models.contributions import contributions
from gradstep.gui.models.flow import FlowReader, FlowView

from ..tapes import SmallNetwork


def two_passes() -> Tape:
    sink = ListSink()
    with recording(Recorder(sink, Level.VALUES)):
        w = gs.tensor([3.0, 4.0], requires_grad=True)
        b = gs.tensor([1.0, 1.0], requires_grad=True)
        (w * 2.0 + w * -1.0).sum().backward()
        (w * b).sum().backward()
    return Tape.of(sink.records)


def test_a_leaf_is_made_of_the_passes_and_of_its_paths() -> None:
    tape = two_passes()
    accumulate = next(node for node in tape.nodes.values() if node.variable is not None)
    first, _ = tape.runs
    paths, stored = contributions(tape, ("node", accumulate.id), first)
    assert sorted(round(row.share or 0.0, 9) for row in paths.rows) == [-1.0, 2.0]
    assert paths.cancellation is not None
    assert 0.6 < paths.cancellation < 0.7  # 1 of 3 is left
    assert all(row.key is not None and tape.nodes[row.key[1]].name == "MulBackward0" for row in paths.rows)
    assert [row.source.split(",")[0] for row in stored.rows] == ["backward 0", "backward 1"]
    assert stored.exact
    assert stored.name.startswith(".grad of")
    assert all(row.key == ("node", accumulate.id) for row in stored.rows)
    assert isinstance(tape.events[stored.rows[0].event], GradStored)


def test_of_an_op_the_gradients_of_its_node_are_shown_and_a_seed_has_no_node() -> None:
    tape = two_passes()
    total = next(op for op in tape.ops.values() if op.name == "sum")
    (entry,) = contributions(tape, ("op", total.id), next(iter(tape.runs)))
    assert [(row.source, row.key) for row in entry.rows] == [("the seed of backward()", None)]
    assert contributions(tape, None, 1) == ()
    assert contributions(tape, ("node", 10**6), 1) == ()


def test_the_flow_is_what_the_engine_says_and_cells_without_gradient_are_empty() -> None:
    tape = two_passes()
    reader = FlowReader()
    reader.read(tape)
    view, told = reader.view(tape), gradient_flow(tape)
    assert (view.leaves, view.names, view.runs) == (told.leaves, told.names, told.runs)
    assert np.array_equal(view.norms, np.array(told.norms), equal_nan=True)
    assert (view.events < 0).tolist() == [[False, False], [True, False]]
    assert [tape.nodes[node].variable for node in view.nodes] == list(view.leaves)
    assert view.span[1] - view.span[0] >= 1
    reader.read(tape)  # nothing is read twice
    assert np.array_equal(reader.view(tape).events, view.events)


def test_what_a_step_back_took_away_is_in_no_cell() -> None:
    maker, reader = SmallNetwork(), FlowReader()
    before = maker.i - 1
    reader.read(maker.tape())
    whole = reader.view(maker.tape())
    stored = sorted(whole.events[whole.events >= 0].tolist())
    maker.rewind(stored[0])  # the first store stands
    tape = maker.tape()
    at_once = FlowReader()
    at_once.read(tape)
    assert reader.read(tape) == len(tape.events) - 1 - before
    for one in (reader, at_once):
        view = one.view(tape)
        assert view.events[view.events >= 0].tolist() == stored[:1]


def test_the_span_of_nothing_is_a_decade() -> None:
    low, high = FlowView().span
    assert high - low >= 1
    assert math.isfinite(low)
