"""Finding in whatever list, tree or text has the focus."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPlainTextEdit, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from gradstep.gui.panel import Panel
from gradstep.gui.panels.detail_tree import DetailTree, Line
from gradstep.gui.widgets.find_strip import FindStrip, View, in_focus


@pytest.fixture
def tree(qtbot: QtBot) -> DetailTree:
    tree = DetailTree(("name", "value"))
    tree.fill([Line(("first", "Grad")), Line(("group", ""), children=(Line(("inner", "grad of it")),)), Line(("last", "nothing"))])
    return shown(qtbot, tree)


@pytest.fixture
def text(qtbot: QtBot) -> QPlainTextEdit:
    text = QPlainTextEdit("loss = 1\nloss.backward()\nx.grad\n")
    text.setReadOnly(True)
    return shown(qtbot, text)


def shown(qtbot: QtBot, view: Any) -> Any:
    """A view in a panel, with the focus."""
    panel = Panel()
    QVBoxLayout(panel).addWidget(view)
    qtbot.addWidget(panel)
    view.panel = panel
    panel.resize(500, 300)
    panel.show()
    panel.activateWindow()
    view.setFocus()
    qtbot.waitUntil(view.hasFocus)
    return view


def search(view: View, words: str) -> FindStrip:
    """Press what asks for a search, and type."""
    wish = in_focus(view, "start_search")
    assert wish is not None
    wish()
    strip = FindStrip.of(view)
    QTest.keyClicks(strip.field, words)
    return strip


def test_typing_goes_to_the_first_match_and_counts_all(tree: DetailTree) -> None:
    strip = search(tree, "grad")
    assert tree.currentItem().text(0) == "first"
    assert strip.count.text() == "1 of 2"
    assert strip.field.hasFocus()


def test_enter_goes_on_into_what_is_closed_and_around_and_shift_goes_back(tree: DetailTree) -> None:
    tree.collapseAll()
    strip = search(tree, "grad")
    QTest.keyClick(strip.field, Qt.Key.Key_Return)
    assert tree.currentItem().text(0) == "inner"
    assert tree.currentItem().parent().isExpanded()
    QTest.keyClick(strip.field, Qt.Key.Key_Return)
    assert tree.currentItem().text(0) == "first"
    QTest.keyClick(strip.field, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    assert tree.currentItem().text(0) == "inner"


def test_a_text_is_searched_from_its_cursor_and_around(text: QPlainTextEdit) -> None:
    strip = search(text, "loss")
    assert (text.textCursor().blockNumber(), strip.count.text()) == (0, "1 of 2")
    assert strip.find_next()
    assert (text.textCursor().blockNumber(), strip.count.text()) == (1, "2 of 2")
    assert strip.find_next()
    assert text.textCursor().blockNumber() == 0
    assert strip.find_previous()
    assert text.textCursor().blockNumber() == 1


@pytest.mark.parametrize("kind", ["tree", "text"])
def test_what_is_not_there_is_said_and_moves_nothing(kind: str, request: pytest.FixtureRequest) -> None:
    view = request.getfixturevalue(kind)
    strip = search(view, "zebra")
    assert strip.count.text() == strip.field.accessibleDescription() == "Nothing found"
    assert not strip.find_next()


def test_escape_puts_it_away_and_gives_the_focus_back_and_f3_goes_on(tree: DetailTree) -> None:
    strip = search(tree, "grad")
    QTest.keyClick(strip.field, Qt.Key.Key_Escape)
    assert strip.isHidden()
    assert tree.hasFocus()
    wish = in_focus(tree, "find_next")
    assert wish is not None
    wish()
    assert tree.currentItem().text(0) == "inner"


def test_a_part_that_has_a_search_of_its_own_is_asked(qtbot: QtBot) -> None:
    class Own(QWidget):
        def start_search(self) -> None:
            """Its own."""

    own = Own()
    inner = QWidget(own)
    qtbot.addWidget(own)
    assert in_focus(inner, "start_search") == own.start_search
    assert in_focus(QWidget(own), "find_next") is None
    assert in_focus(None, "find_next") is None


def test_the_focus_beside_the_view_will_do(text: QPlainTextEdit) -> None:
    wish = in_focus(text.parentWidget(), "start_search")
    assert wish is not None
    wish()
    assert FindStrip.of(text).isVisible()


def test_the_strip_stays_in_the_corner(text: QPlainTextEdit) -> None:
    strip = search(text, "x")
    for wide in (700, 320, 160):
        text.window().resize(wide, 300)
        QApplication.processEvents()
        assert text.rect().contains(strip.geometry())
