"""The presenter draws a tape that was just opened before all of it was taken in, and marks how far it is when it is here."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

import gradstep.engine as gs
from gradstep.engine.tape.log import Writer
from gradstep.engine.tape.recorder import Recorder, recording
from gradstep.gui.canvas import GraphCanvas, Look
from gradstep.gui.graph import presenter as presenting
from gradstep.gui.graph.layouts import layout
from gradstep.gui.graph.presenter import GraphPresenter
from gradstep.gui.models import debug_model
from gradstep.gui.models.debug_model import DebugModel

LONG = 60_000  # milliseconds; only a failure pays them


def test_a_tape_is_drawn_when_it_was_read_and_marked_when_it_was_taken_in(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(debug_model, "BUDGET", 0.0)
    recorder = Recorder(writer := Writer(tmp_path / "run.gst"))
    with recording(recorder):
        y = x = gs.ones(2, requires_grad=True)
        for _ in range(100):
            y = y * x
        y.sum().backward()
    recorder.close()
    writer.close()
    model, canvas = DebugModel(), GraphCanvas()
    qtbot.addWidget(canvas)
    presenter = GraphPresenter(canvas, model, layout())
    with qtbot.waitSignal(presenter.drawn):
        model.open(tmp_path / "run.gst")
    assert not model.is_all_here
    assert canvas.drawn is not None
    assert set(canvas.drawn[1].look.tolist()) == {Look.PENDING}
    with qtbot.waitSignal(presenter.marked):
        qtbot.waitUntil(lambda: model.is_all_here)
    assert set(canvas.drawn[1].look.tolist()) == {Look.DONE}
    model.close()
    presenter.close()


def test_while_the_program_runs_the_process_draws_and_what_it_draws_is_not_overtaken(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(presenting, "SMALL", 2)
    recorder = Recorder(Writer(tmp_path / "run.gst"))
    model, canvas = DebugModel(), GraphCanvas()
    qtbot.addWidget(canvas)
    presenter = GraphPresenter(canvas, model, layout())
    presenter.set_paused(False)
    drawn: list[int] = []
    presenter.drawn.connect(lambda: drawn.append(len(canvas.graph)))

    def a_pass(length: int) -> None:
        with recording(recorder):
            y = x = gs.ones(2, requires_grad=True)
            for _ in range(length):
                y = y * x
            y.sum().backward()
        recorder.flush()
        model.catch_up()
        presenter.refresh()

    model.open(tmp_path / "run.gst")
    a_pass(6)
    assert not drawn  # the window does not do it
    a_pass(9)
    qtbot.waitUntil(lambda: len(drawn) == 2, timeout=LONG)
    assert drawn == [8, 11]  # with the sum and the leaf
    model.close()
    presenter.close()
    recorder.close()
