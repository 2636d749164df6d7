"""One panel's letters are made larger where its user wants that, and no other's."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPlainTextEdit
from pytestqt.qtbot import QtBot

from gradstep.gui import theme
from gradstep.gui.panels.console_panel import ConsolePanel
from gradstep.gui.panels.output_panel import OutputPanel
from gradstep.gui.panels.source_panel import SourcePanel


@pytest.fixture(params=[SourcePanel, OutputPanel, ConsolePanel])
def panel(request: pytest.FixtureRequest, qtbot: QtBot) -> SourcePanel | OutputPanel | ConsolePanel:
    panel = request.param()
    qtbot.addWidget(panel)
    if isinstance(panel, SourcePanel):
        panel.show_sources({"a.py": "x = 1\n", "b.py": "y = 2\n"})
    panel.show()
    return panel


def sizes(panel: SourcePanel | OutputPanel | ConsolePanel) -> set[int]:
    return {text.font().pixelSize() for text in panel.findChildren(QPlainTextEdit)}


def turn(text: QPlainTextEdit, by: int, keys: Qt.KeyboardModifier = Qt.KeyboardModifier.ControlModifier) -> None:
    place = QPointF(5, 5)
    phase = Qt.ScrollPhase.NoScrollPhase
    event = QWheelEvent(place, place, QPoint(), QPoint(0, by), Qt.MouseButton.NoButton, keys, phase, False)
    QApplication.sendEvent(text.viewport(), event)


def test_the_wheel_and_keys_zoom_every_text_of_the_panel(panel: SourcePanel | OutputPanel | ConsolePanel) -> None:
    text = panel.findChildren(QPlainTextEdit)[0]
    (before,) = sizes(panel)
    turn(text, 120)
    QTest.keyClick(text, Qt.Key.Key_Plus, Qt.KeyboardModifier.ControlModifier)
    (after,) = sizes(panel)
    assert after > before
    QTest.keyClick(text, Qt.Key.Key_0, Qt.KeyboardModifier.ControlModifier)
    assert sizes(panel) == {before}
    turn(text, -120)
    assert max(sizes(panel)) < before


def test_the_wheel_alone_does_not(panel: SourcePanel | OutputPanel | ConsolePanel) -> None:
    before = sizes(panel)
    turn(panel.findChildren(QPlainTextEdit)[0], 120, Qt.KeyboardModifier.NoModifier)
    assert sizes(panel) == before


def test_it_has_an_end_and_outlasts_another_theme(panel: SourcePanel | OutputPanel | ConsolePanel) -> None:
    text = panel.findChildren(QPlainTextEdit)[0]
    for _ in range(100):
        turn(text, 120)
    largest = sizes(panel)
    assert max(largest) < 100
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    theme.apply(app, theme.DARK)
    QApplication.processEvents()
    assert sizes(panel) == largest
    theme.apply(app, theme.LIGHT)
