"""A key of a widget's own is done by it, also where a command of the window has the same key."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QTextEdit, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from gradstep.gui.widgets.own_keys import OwnKeys


class Window(QWidget):
    """A window with a command on Ctrl+C, and a part in it."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[str] = []
        self.part = QWidget(self)
        self.part.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        QVBoxLayout(self).addWidget(self.part)
        command = QAction("Copy", self)
        command.setShortcut(QKeySequence.StandardKey.Copy)
        command.triggered.connect(lambda: self.calls.append("command"))
        self.addAction(command)


@pytest.fixture
def window(qtbot: QtBot) -> Window:
    window = Window()
    qtbot.addWidget(window)
    window.show()
    window.activateWindow()
    window.part.setFocus()
    qtbot.waitUntil(window.part.hasFocus)
    return window


def press(widget: QWidget) -> None:
    QTest.keyClick(widget, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)


def test_the_widget_is_asked_before_the_command_and_once(window: Window) -> None:
    OwnKeys(window.part, {QKeySequence.StandardKey.Copy: lambda: window.calls.append("part")})
    press(window.part)
    assert window.calls == ["part"]


def test_other_keys_stay_those_of_the_window(window: Window) -> None:
    OwnKeys(window.part, {"Ctrl+G": lambda: window.calls.append("part")})
    press(window.part)
    assert window.calls == ["command"]


def test_what_is_in_the_widget_passes_the_key_on(window: Window, qtbot: QtBot) -> None:
    inner = QWidget(window.part)
    inner.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    inner.show()
    inner.setFocus()
    OwnKeys(window.part, {"Ctrl+C": lambda: window.calls.append("part")})
    press(inner)
    assert window.calls == ["part"]


@pytest.mark.parametrize("make", [QLineEdit, QTextEdit])
def test_a_field_in_it_that_knows_the_key_keeps_it(window: Window, make: type[QLineEdit | QTextEdit]) -> None:
    field = make("words", window.part)
    field.show()
    field.setFocus()
    OwnKeys(window.part, {"Ctrl+C": lambda: window.calls.append("part")})
    field.selectAll()
    press(field)
    assert window.calls == []
