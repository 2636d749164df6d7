"""The timeline shows every step or, where there are too many, the one that stands out; a click asks to go there."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

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
    line = Timeline(numbers * 3, norms, bad, (numbers % 5).astype(np.uint8), no, numbers + 1, (length,), -6.0, 2.0, numbers)
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
    assert panel._stage.notice.text() == "No backward step yet."


def test_no_more_bars_are_painted_than_there_are_pixels_however_many_the_steps(qtbot: QtBot) -> None:
    for length in (10_000, 100_000):
        panel = large(qtbot, length)
        panel.grab()
        assert len(panel.bars.columns().left) <= panel.bars.width()
