"""The presenter colours edges by what flowed along them, also where the statistics come after the event."""

from __future__ import annotations

import math

from pytestqt.qtbot import QtBot

import gradstep.engine as gs
from gradstep.engine.tape.reader import Tape
from gradstep.engine.tape.recorder import ListSink, Recorder, recording
from gradstep.engine.tape.schema import Stats
from gradstep.gui.canvas import GraphCanvas
from gradstep.gui.graph.layouts import layout
from gradstep.gui.graph.presenter import GraphPresenter
from gradstep.gui.models.debug_model import DebugModel


def records() -> list[object]:
    sink = ListSink()
    recorder = Recorder(sink)
    with recording(recorder):
        x = gs.tensor([3.0, 4.0], requires_grad=True)
        (x * 2).sum().backward()
    recorder.close()
    return list(sink.records)


def test_every_edge_has_a_norm_when_its_statistics_come_last(qtbot: QtBot) -> None:
    kept = records()
    late = [record for record in kept if not isinstance(record, Stats)]
    model, canvas = DebugModel(), GraphCanvas()
    qtbot.addWidget(canvas)
    presenter = GraphPresenter(canvas, model, layout())
    model.show_tape(Tape.of(late))  # type: ignore[arg-type]
    model.catch_up()
    presenter._take_in()
    assert presenter._norms == {}
    assert len(presenter._undescribed) == 2  # SumBackward0 and MulBackward0; AccumulateGrad passes nothing on

    whole = Tape.of(kept)  # type: ignore[arg-type]
    assert all(presenter._exit(whole, place) for place in presenter._undescribed)
    assert sorted(presenter._norms.values()) == [math.sqrt(2), math.sqrt(8)]
    model.close()
