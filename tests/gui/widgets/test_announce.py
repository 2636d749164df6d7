"""What changes while a screen reader's user is elsewhere is read out to him."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QComboBox, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from gradstep.engine.debug.states import State
from gradstep.gui.frame.bars import StateBar
from gradstep.gui.panels.readout import Readout
from gradstep.gui.widgets.announce import announce, name_choices


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What a screen reader that listens is told."""
    told: list[str] = []

    def update(event: Any) -> None:
        if event.type() is QAccessible.Event.Announcement:
            told.append(event.message())

    monkeypatch.setattr(QAccessible, "updateAccessibility", update)
    QAccessible.setActive(True)
    yield told
    QAccessible.setActive(False)


def test_a_sentence_is_read_out_and_nothing_is_not(heard: list[str], qtbot: QtBot) -> None:
    widget = QWidget()
    qtbot.addWidget(widget)
    announce(widget, "Paused")
    announce(widget, "")
    assert heard == ["Paused"]


def test_the_state_is_read_out_once(heard: list[str], qtbot: QtBot) -> None:
    bar = StateBar()
    qtbot.addWidget(bar)
    for _ in range(2):
        bar.show_state(State.PAUSED, "Paused: before MulBackward0 (node #7).")
    bar.say("Saved run.gst")
    assert heard == ["Paused: before MulBackward0 (node #7).", "Saved run.gst"]


def test_what_is_looked_at_in_a_picture_is_read_out_while_one_goes_through_it(heard: list[str], qtbot: QtBot) -> None:
    viewer = QWidget()
    picture = QLineEdit(viewer)
    readout = Readout(viewer)
    qtbot.addWidget(viewer)
    viewer.show()
    viewer.activateWindow()
    readout.setText("[0, 0]  1.0")
    picture.setFocus()
    qtbot.waitUntil(picture.hasFocus)
    readout.setText("[0, 1]  nan")
    readout.setText("[0, 1]  nan")
    assert heard == ["[0, 1]  nan"]
    assert picture.accessibleDescription() == "[0, 1]  nan"


def test_a_choice_has_its_name_also_where_a_reader_is_told_only_what_is_chosen(qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    named, described = QComboBox(window), QComboBox(window)
    for choice, about in ((named, ""), (described, "All of it")):
        choice.addItem("Zero")
        choice.setAccessibleName("Usual edits")
        choice.setAccessibleDescription(about)
    name_choices(window)
    assert [choice.accessibleDescription() for choice in (named, described)] == ["Usual edits", "All of it"]
