"""The timeline shows every step or, where there are too many, the one that stands out; a click asks to go there."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QFontMetrics
from pytestqt.qtbot import QtBot

import gradstep.engine as gs
from gradstep.engine.tape.log import Writer
from gradstep.engine.tape.reader import Tape
from gradstep.engine.tape.recorder import Recorder, recording
from gradstep.gui import theme
from gradstep.gui.models.history import History
from gradstep.gui.models.timeline import Timeline, timeline
from gradstep.gui.panels.timeline_panel import GAP, TimelinePanel

from ..tapes import SmallNetwork, TapeMaker


def panel_of(qtbot: QtBot, maker: TapeMaker) -> TimelinePanel:
    history = History()
    history.read(maker.tape())
    panel = TimelinePanel()
    qtbot.addWidget(panel)
    panel.resize(800, 96)
    panel.show_timeline(timeline(history))
    panel.show()
    return panel


def large(qtbot: QtBot, length: int) -> TimelinePanel:
    """A timeline of one run, one step in a thousand bad."""
    numbers = np.arange(length)
    bad = numbers % 1000 == 500
    norms = np.where(bad, np.nan, 10 ** np.random.default_rng(0).normal(-2, 1, length))
    no = np.zeros(length, np.int64)
    line = Timeline(numbers * 3, norms, bad, (numbers % 5).astype(np.uint8), no, numbers + 1, (length,), (0,), (0,), -6.0, 2.0)
    panel = TimelinePanel()
    qtbot.addWidget(panel)
    panel.resize(800, 96)
    panel.show_timeline(line)
    panel.show_position(length)
    panel.show()
    return panel


def x_of(panel: TimelinePanel, step: int) -> int:
    return round(float(panel.bars._x(float(panel.bars._line.places(GAP)[step]) + 0.5)))


def test_a_click_asks_for_the_moment_of_the_step_under_it(qtbot: QtBot) -> None:
    maker = SmallNetwork()
    panel = panel_of(qtbot, maker)
    for step in (0, 3, 6):
        with qtbot.waitSignal(panel.event_picked) as picked:
            qtbot.mouseClick(panel.bars, Qt.MouseButton.LeftButton, pos=QPoint(x_of(panel, step), 40))
        assert picked.args == [maker.enters[step]]


def test_a_drag_asks_once_a_step(qtbot: QtBot) -> None:
    maker = SmallNetwork()
    panel = panel_of(qtbot, maker)
    asked: list[int] = []
    panel.event_picked.connect(asked.append)
    qtbot.mousePress(panel.bars, Qt.MouseButton.LeftButton, pos=QPoint(x_of(panel, 1), 40))
    for x in range(x_of(panel, 1), x_of(panel, 3) + 1):
        panel.bars._ask(x)
    assert asked == maker.enters[1:4]


def test_past_steps_are_told_from_future_ones(qtbot: QtBot) -> None:
    maker = SmallNetwork()
    panel = panel_of(qtbot, maker)
    panel.show_position(maker.enters[2])
    assert panel.bars.columns().past.tolist() == [True, True, True, False, False, False, False]


def test_no_nan_is_lost_where_many_steps_share_a_pixel(qtbot: QtBot) -> None:
    panel = large(qtbot, 100_000)
    line = panel.bars._line
    assert line.bad.sum() == 100
    columns = panel.bars.columns()
    assert len(columns.left) <= 800
    bad = {round(x) for x in columns.left[columns.bad].tolist()}
    where = np.floor(np.asarray(panel.bars._x(line.places(GAP))))[line.bad]
    assert {int(x) for x in where.tolist()} == bad
    panel.grab()


def test_the_wheel_keeps_what_is_under_the_pointer(qtbot: QtBot) -> None:
    panel = large(qtbot, 1000)
    before = panel.bars._at(300)
    panel.bars.zoom(0.25, 300)
    assert abs(panel.bars._at(300) - before) < 1e-6
    assert panel.bars._to - panel.bars._from < 260
    for _ in range(20):
        panel.bars.zoom(2.0, 300)
    assert (panel.bars._from, panel.bars._to) == (0.0, 1000.0)


def test_the_cursor_is_followed_when_it_leaves_the_view(qtbot: QtBot) -> None:
    panel = large(qtbot, 1000)
    panel.bars.zoom(0.05, 60)
    line = panel.bars._line
    panel.show_position(int(line.enters[900]))
    assert panel.bars._from <= 900 <= panel.bars._to


def test_arrows_move_by_a_step(qtbot: QtBot) -> None:
    maker = SmallNetwork()
    panel = panel_of(qtbot, maker)
    panel.show_position(maker.enters[2])
    for key, place in ((Qt.Key.Key_Right, 3), (Qt.Key.Key_Left, 1), (Qt.Key.Key_Home, 0), (Qt.Key.Key_End, 6)):
        with qtbot.waitSignal(panel.event_picked) as picked:
            qtbot.keyClick(panel.bars, key)
        assert picked.args == [maker.enters[place]]
    assert panel.bars.accessibleDescription().startswith("7 steps, cursor at step 3")


def test_no_steps_are_said(qtbot: QtBot) -> None:
    panel = TimelinePanel()
    qtbot.addWidget(panel)
    assert panel._stage.notice.text() == "No backward step is recorded."


def test_no_more_bars_are_painted_than_there_are_pixels_however_many_the_steps(qtbot: QtBot) -> None:
    for length in (10_000, 100_000):
        panel = large(qtbot, length)
        panel.grab()
        assert len(panel.bars.columns().left) <= panel.bars.width()


def many(qtbot: QtBot, runs: int, steps: int, position: int) -> TimelinePanel:
    """A timeline of so many runs of so many steps, seen at this event."""
    count = runs * steps
    numbers, no = np.arange(count), np.zeros(count, np.int64)
    bad, families = np.zeros(count, np.bool_), no.astype(np.uint8)
    lengths, firsts = (steps,) * runs, (0,) * runs
    line = Timeline(numbers, np.ones(count), bad, families, no, numbers, lengths, tuple(range(runs)), firsts, -3.0, 1.0)
    panel = TimelinePanel()
    qtbot.addWidget(panel)
    panel.resize(400, 160)
    panel.show_timeline(line)
    panel.show_position(position)
    panel.show()
    return panel


@pytest.mark.parametrize(
    ("runs", "steps", "texts"),
    [(3, 20, ["backward 0", "backward 1", "backward 2"]), (22, 3, ["0", "2", "4", "6", "8"]), (134, 3, ["0", "20", "40"])],
)
def test_runs_are_named_where_there_is_room_and_numbered_every_so_many_where_there_is_little(
    qtbot: QtBot, runs: int, steps: int, texts: list[str]
) -> None:
    panel = many(qtbot, runs, steps, runs * steps)
    heads = panel.bars.heads(QFontMetrics(theme.ui_font(11)))
    assert [head.text for head in heads if head.text][: len(texts)] == texts
    ends = [(head.left, head.left + head.wide) for head in heads if head.text]
    assert all(before[1] < after[0] for before, after in itertools.pairwise(ends))


def test_runs_that_are_a_few_pixels_wide_have_no_line_each(qtbot: QtBot) -> None:
    panel = many(qtbot, 134, 3, 402)
    lines = [head.line for head in panel.bars.heads(QFontMetrics(theme.ui_font(11))) if head.line is not None]
    assert len(lines) < 10


@pytest.mark.parametrize("at", range(20, 40))
def test_the_line_of_the_cursor_crosses_no_name(qtbot: QtBot, at: int) -> None:
    panel = many(qtbot, 3, 20, at)
    here = float(panel.bars._x(panel.bars._cursor() or 0.0))
    heads = [head for head in panel.bars.heads(QFontMetrics(theme.ui_font(11))) if head.text]
    assert not any(head.left - 4 < here < head.left + head.wide for head in heads)


def test_passes_inside_of_another_stand_in_the_middle_of_it_and_the_cursor_ends_at_the_end(qtbot: QtBot, tmp_path: Path) -> None:
    """A node whose backward calls backward, as the adjoint method of an ODE does, step by step."""

    class Inside(gs.autograd.Function):
        @staticmethod
        def forward(context: Any, a: Any) -> Any:
            context.save_for_backward(a)
            return a * 2

        @staticmethod
        def backward(context: Any, gradient: Any) -> Any:
            with gs.enable_grad():
                b = gs.ones(3, requires_grad=True)
                gs.autograd.grad((b * b).sum(), b)
            return gradient * 2

    recorder = Recorder(Writer(tmp_path / "run.gst"))
    with recording(recorder):
        x = gs.ones(3, requires_grad=True)
        y = x
        for _ in range(20):
            y = Inside.apply(y)
        y.sum().backward()
    recorder.close()
    tape, history = Tape.open(tmp_path / "run.gst"), History()
    history.read(tape)
    line = timeline(history)
    assert len(tape.runs) == 21
    assert len(line.lengths) == len(line.runs) == 41
    assert (line.runs[0], line.runs[2], line.runs[-1]) == (0, 0, 0)
    assert (np.diff(line.enters) > 0).all()
    outer = [step for step in range(len(line)) if line.nodes[step] in tape.runs[min(tape.runs)].needed]
    assert [line.number_of(step) for step in outer] == list(range(1, len(outer) + 1))
    panel = TimelinePanel()
    qtbot.addWidget(panel)
    panel.resize(800, 96)
    panel.show_timeline(line)
    places = []
    for enter in line.enters.tolist():
        panel.show_position(enter)
        places.append(panel.bars._cursor())
    assert places == sorted(places)
    assert places[-1] == line.width(GAP) - 0.5
    panel.grab()
