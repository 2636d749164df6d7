from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit, QMainWindow, QWidget
from pytestqt.qtbot import QtBot

from gradstep.gui.commands.chooser import SHOWN, Choice, Chooser


class Held:
    def __init__(self, qtbot: QtBot) -> None:
        self.window = QWidget()
        qtbot.addWidget(self.window)
        self.window.resize(1000, 700)
        self.field = QLineEdit(self.window)
        self.window.show()
        self.field.setFocus()
        self.ran: list[str] = []
        self.chooser = Chooser(self.window, "Commands", "Name", "There is nothing here.")

    def choices(self, *texts: str) -> Iterator[Choice]:
        return iter([Choice(text, text, "menu", lambda text=text: self.ran.append(text)) for text in texts])

    def texts(self) -> list[str]:
        model = self.chooser.list.model()
        return [model.index(row, 0).data() for row in range(model.rowCount())]


@pytest.fixture
def held(qtbot: QtBot) -> Held:
    return Held(qtbot)


def test_typing_and_enter_do_what_was_meant_and_the_focus_is_back(qtbot: QtBot, held: Held) -> None:
    held.chooser.open(held.choices("Open Script", "Next Node", "Theme"))
    assert held.chooser.field.hasFocus()
    assert held.texts() == ["Open Script", "Next Node", "Theme"]
    qtbot.keyClicks(held.chooser.field, "nn")
    assert held.texts() == ["Next Node"]
    qtbot.keyClick(held.chooser.field, Qt.Key.Key_Return)
    assert held.ran == ["Next Node"]
    assert held.chooser.isHidden()
    assert held.field.hasFocus()


def test_arrows_move_in_the_list_and_go_round(qtbot: QtBot, held: Held) -> None:
    held.chooser.open(held.choices("a", "b", "c"))
    for key, wanted in (
        (Qt.Key.Key_Down, "b"),
        (Qt.Key.Key_Up, "a"),
        (Qt.Key.Key_Up, "c"),
        (Qt.Key.Key_Down, "a"),
        (Qt.Key.Key_PageDown, "c"),
    ):
        qtbot.keyClick(held.chooser.field, key)
        assert held.chooser.list.currentIndex().data() == wanted
        assert held.chooser.field.accessibleDescription() == f"{wanted}, menu"


def test_escape_does_nothing_and_goes_away(qtbot: QtBot, held: Held) -> None:
    held.chooser.open(held.choices("a"))
    qtbot.keyClick(held.chooser.field, Qt.Key.Key_Escape)
    assert held.chooser.isHidden()
    assert held.ran == []
    assert held.field.hasFocus()


def test_it_goes_away_when_the_focus_goes_elsewhere(held: Held) -> None:
    held.chooser.open(held.choices("a"))
    held.field.setFocus()
    assert held.chooser.isHidden()
    assert held.field.hasFocus()


def test_what_cannot_be_done_now_says_why_and_stays(qtbot: QtBot, held: Held) -> None:
    held.chooser.open(iter([Choice("a", "Step", "Run", lambda: held.ran.append("a"), reason="not while the session is idle")]))
    qtbot.keyClick(held.chooser.field, Qt.Key.Key_Return)
    assert held.ran == []
    assert not held.chooser.isHidden()
    assert "not while the session is idle" in held.chooser.field.accessibleDescription()


def test_nothing_that_fits_is_said(qtbot: QtBot, held: Held) -> None:
    held.chooser.open(held.choices())
    assert held.chooser.field.accessibleDescription() == "There is nothing here."
    qtbot.keyClicks(held.chooser.field, "zzz")
    assert held.chooser.field.accessibleDescription() == "Nothing fits."
    qtbot.keyClick(held.chooser.field, Qt.Key.Key_Return)
    assert held.ran == []


def test_a_hundred_thousand_choices_are_looked_through_piece_by_piece(qtbot: QtBot, held: Held) -> None:
    taken: list[int] = []

    def many() -> Iterator[Choice]:
        for number in range(100_000):
            taken.append(number)
            yield Choice(str(number), f"MulBackward0 node {number}", "", lambda: None)

    held.chooser.open(many())
    assert len(taken) < 100_000, "the window has its turn before all is read"
    assert len(held.texts()) <= SHOWN
    qtbot.keyClicks(held.chooser.field, "99998")
    qtbot.waitUntil(lambda: held.texts() == ["MulBackward0 node 99998"], timeout=30_000)


def test_what_the_user_stands_on_stays_while_more_is_found(qtbot: QtBot, held: Held) -> None:
    def slowly() -> Iterator[Choice]:
        for number in range(30_000):
            yield Choice(str(number), f"{'b' * (number < 20_000)}node{number % 7}", "", lambda: None)

    held.chooser.open(slowly())
    qtbot.keyClicks(held.chooser.field, "node")
    qtbot.keyClick(held.chooser.field, Qt.Key.Key_Down)
    qtbot.keyClick(held.chooser.field, Qt.Key.Key_Down)
    model = held.chooser._rows
    stands = model.rows[held.chooser.list.currentIndex().row()][0].id
    qtbot.waitUntil(lambda: not held.chooser._later.isActive(), timeout=30_000)
    ids = [choice.id for choice, _ in model.rows]
    if stands in ids:
        assert ids[held.chooser.list.currentIndex().row()] == stands


def test_it_fits_a_small_window(held: Held) -> None:
    held.window.resize(300, 260)
    held.chooser.open(held.choices(*"abcdefghijklmnop"))
    assert held.window.rect().contains(held.chooser.geometry())


def test_it_stands_below_the_toolbar_and_does_not_cut_it_in_two(qtbot: QtBot) -> None:
    window = QMainWindow()
    qtbot.addWidget(window)
    window.resize(1000, 700)
    bar = window.addToolBar("Run")
    bar.addAction("Start")
    window.setCentralWidget(QWidget())
    window.show()
    chooser = Chooser(window, "Commands", "Name", "There is nothing here.")
    chooser.open(iter([]))
    assert bar.geometry().bottom() < chooser.y() < bar.geometry().bottom() + 20
