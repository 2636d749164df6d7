"""Every tree, table and grid of a panel is zoomed as texts are, and stays so until it is given back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, QSettings, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractScrollArea, QApplication, QPlainTextEdit, QTableView
from pytestqt.qtbot import QtBot

from gradstep.gui.frame.zooms import Zooms
from gradstep.gui.panels.events_panel import EventsPanel
from gradstep.gui.panels.output_panel import OutputPanel
from gradstep.gui.panels.statistics_panel import StatisticsPanel
from gradstep.gui.panels.step_panel import StepPanel
from gradstep.gui.panels.tensor_panel import TensorPanel
from gradstep.gui.theme import LIGHT, apply


@pytest.fixture
def settings(tmp_path: Path) -> QSettings:
    return QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)


def turn(view: QAbstractScrollArea, by: int = 120, keys: Qt.KeyboardModifier = Qt.KeyboardModifier.ControlModifier) -> None:
    place = QPointF(5, 5)
    none = Qt.MouseButton.NoButton
    event = QWheelEvent(place, place, QPoint(), QPoint(0, by), none, keys, Qt.ScrollPhase.NoScrollPhase, False)
    QApplication.sendEvent(view.viewport(), event)


def letters(view: QAbstractScrollArea) -> int:
    return view.font().pixelSize()


def test_the_wheel_and_keys_zoom_a_tree_with_its_rows_and_no_other(qtbot: QtBot, settings: QSettings) -> None:
    events, step = EventsPanel(), StepPanel()
    for panel in (events, step):
        qtbot.addWidget(panel)
        panel.show()
    Zooms((events, step), settings, events)
    tree, other = events.tree, step.findChild(QAbstractScrollArea)
    high, wide, before = tree.verticalHeader().defaultSectionSize(), tree.columnWidth(0), letters(other)
    for _ in range(4):
        turn(tree)
    QTest.keyClick(tree, Qt.Key.Key_Plus, Qt.KeyboardModifier.ControlModifier)
    assert letters(tree) == 21
    assert tree.verticalHeader().defaultSectionSize() > 1.5 * high
    assert tree.columnWidth(0) > 1.3 * wide
    assert letters(other) == before
    turn(tree, keys=Qt.KeyboardModifier.NoModifier)
    assert letters(tree) == 21
    QTest.keyClick(tree, Qt.Key.Key_0, Qt.KeyboardModifier.ControlModifier)
    assert (letters(tree), tree.verticalHeader().defaultSectionSize(), tree.columnWidth(0)) == (13, high, wide)


def test_a_table_of_numbers_has_larger_cells(qtbot: QtBot, settings: QSettings) -> None:
    panel = TensorPanel()
    qtbot.addWidget(panel)
    Zooms((panel,), settings, panel)
    grid = panel.viewer.grid
    grid.show_array(np.arange(12.0).reshape(3, 4))
    high, wide = grid._cell_height, grid._cell_width
    turn(grid)
    turn(grid)
    assert grid._cell_height > high
    assert grid._cell_width > wide
    turn(grid, -120)
    turn(grid, -120)
    assert (grid._cell_height, grid._cell_width) == (high, wide)


def test_columns_and_rows_of_a_table_follow(qtbot: QtBot, settings: QSettings) -> None:
    panel = StatisticsPanel()
    qtbot.addWidget(panel)
    panel.resize(900, 300)
    panel.show()
    Zooms((panel,), settings, panel)
    table = panel.findChild(QTableView)
    before = table.verticalHeader().defaultSectionSize(), table.columnWidth(1)
    for _ in range(5):
        turn(table)
    assert table.verticalHeader().defaultSectionSize() > 1.4 * before[0]
    assert table.columnWidth(1) > 1.4 * before[1]


def test_what_was_zoomed_is_so_in_the_next_session_and_not_after_a_reset(qtbot: QtBot, settings: QSettings) -> None:
    def panels() -> tuple[EventsPanel, OutputPanel]:
        made = EventsPanel(), OutputPanel()
        for panel in made:
            qtbot.addWidget(panel)
            panel.show()
        return made

    events, output = panels()
    Zooms((events, output), settings, events)
    text = output.findChild(QPlainTextEdit)
    plain = letters(text)
    turn(events.tree)
    turn(text, -120)
    settings.sync()
    events, output = panels()
    zooms = Zooms((events, output), settings, events)
    assert letters(events.tree) == 14
    assert letters(output.findChild(QPlainTextEdit)) < plain
    zooms.reset()
    assert letters(events.tree) == 13
    assert letters(output.findChild(QPlainTextEdit)) == plain
    assert [key for key in settings.allKeys() if key.startswith("zoom")] == []


def test_a_zoom_outlasts_other_letters_and_another_theme(qtbot: QtBot, qapp: QApplication, settings: QSettings) -> None:
    panel = EventsPanel()
    qtbot.addWidget(panel)
    panel.show()
    Zooms((panel,), settings, panel)
    for _ in range(5):
        turn(panel.tree)
    try:
        apply(qapp, LIGHT, 2.0)
        qtbot.waitUntil(lambda: letters(panel.tree) == 42)
        assert panel.tree.verticalHeader().defaultSectionSize() >= 2 * 1.5 * 25
    finally:
        apply(qapp, LIGHT)
    qtbot.waitUntil(lambda: letters(panel.tree) == 21)


@pytest.mark.parametrize("kept", ["many", "", "99999", "-99999", "1.5"])
def test_what_somebody_wrote_into_the_settings_harms_nothing(qtbot: QtBot, settings: QSettings, kept: str) -> None:
    settings.setValue("zoom/EventsPanel0", kept)
    panel = EventsPanel()
    qtbot.addWidget(panel)
    Zooms((panel,), settings, panel)
    assert 6 <= letters(panel.tree) <= 60
