"""What flowed along the edges, also where the statistics come after the event."""

from __future__ import annotations

import math

import pytest

import gradstep.engine as gs
from gradstep.engine.tape.reader import Tape
from gradstep.engine.tape.recorder import ListSink, Recorder, recording
from gradstep.engine.tape.schema import Record, Stats
from gradstep.gui.graph.flowed import Flowed


def records(factor: float = 2.0) -> list[Record]:
    sink = ListSink()
    recorder = Recorder(sink)
    with recording(recorder):
        x = gs.tensor([3.0, 4.0], requires_grad=True)
        (x * factor).sum().backward()
    recorder.close()
    return list(sink.records)


def test_every_edge_has_a_norm_when_its_statistics_come_last() -> None:
    kept, flowed = records(), Flowed()
    flowed.read(Tape.of(record for record in kept if not isinstance(record, Stats)))
    assert not len(flowed.news().norm)
    whole = Tape.of(kept)
    flowed.read(whole)  # SumBackward0 and MulBackward0; AccumulateGrad passes nothing on
    news = flowed.news()
    assert sorted(news.norm.tolist()) == pytest.approx([math.sqrt(2), math.sqrt(8)])
    edges = {(id, slot.node) for id, node in whole.nodes.items() for slot in node.next if slot is not None}
    assert set(zip(news.source.tolist(), news.target.tolist(), strict=True)) == edges


def test_what_was_told_is_told_again_only_when_asked_for() -> None:
    flowed = Flowed()
    flowed.read(Tape.of(records()))
    assert len(flowed.news().norm) == 2
    assert len(flowed.news().norm) == 0
    flowed.told = 0
    assert len(flowed.news().norm) == 2


def test_a_node_that_passes_on_what_is_not_finite_is_bad() -> None:
    tape, flowed = Tape.of(records(math.inf)), Flowed()
    flowed.read(tape)
    assert [tape.nodes[node].name for node in flowed.bad] == ["MulBackward0"]
    assert sum(math.isnan(norm) for norm in flowed.news().norm.tolist()) == 1
