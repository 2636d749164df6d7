"""What the window shows of a stranger's tape is text: no markup, no picture, no link, nothing hidden or that turns what is beside it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QAbstractItemModel, QModelIndex
from PySide6.QtGui import Qt, QTextDocument
from PySide6.QtWidgets import QApplication, QComboBox, QDockWidget, QLabel, QTextBrowser, QTextEdit, QWidget
from pytestqt.qtbot import QtBot

from gradstep.engine.tape.visible import visible
from gradstep.gui.main_window import MainWindow

from ..end_to_end.conftest import LONG, make
from ..leftovers import nothing_left
from .forge import encoded, network, save

MARKUP = '<img src="file:///gradstep-owned.png"><b>owned</b>'
HIDDEN = "own\u202eed\u2066\x1b[2J\x07\u200bx"


@pytest.fixture(autouse=True)
def tidy(qapp: Any) -> Iterator[None]:
    """No test leaves anything that runs."""
    yield from nothing_left()


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What any document has asked for beside its text."""
    names: list[str] = []

    def load(self: QTextDocument, kind: int, name: Any) -> object:
        names.append(name.toString())
        return None

    monkeypatch.setattr(QTextDocument, "loadResource", load)
    return names


def opened(qtbot: QtBot, window: MainWindow, file: Path) -> None:
    """Open a tape, look at its nodes and moments."""
    window.open_file(str(file))
    qtbot.waitUntil(lambda: window.model.tape is not None and window.model.is_all_here, timeout=LONG)
    for dock in window.findChildren(QDockWidget):
        dock.show()
        dock.raise_()
        QApplication.processEvents()
    for key in (("node", 2), ("op", 1), ("leaf", 1), ("node", 1)):
        with contextlib.suppress(KeyError):
            window.model.select(key)
        QApplication.processEvents()
    for position in (0, 6, 14):
        if window.model.tape is not None and position < len(window.model.tape.events):
            window.model.move_to(position)
        QApplication.processEvents()


def shown(window: QWidget) -> Iterator[tuple[str, str, bool]]:
    """Where a text stands, the text, and whether its markup would be obeyed."""
    rich = Qt.TextFormat
    for widget in [window, *window.findChildren(QWidget)]:
        name = f"{type(widget).__module__}.{type(widget).__name__} {widget.objectName()}"
        for text in (widget.toolTip(), widget.statusTip(), widget.whatsThis()):
            yield f"tip of {name}", text, Qt.mightBeRichText(text)
        if isinstance(widget, QLabel):
            automatic = widget.textFormat() == rich.AutoText and Qt.mightBeRichText(widget.text())
            yield name, widget.text(), automatic or widget.textFormat() in (rich.RichText, rich.MarkdownText)
        if isinstance(widget, (QTextBrowser, QTextEdit)):
            yield name, widget.toPlainText(), False
        if isinstance(widget, QComboBox):
            yield from ((name, widget.itemText(place), False) for place in range(widget.count()))
    for model in window.findChildren(QAbstractItemModel):
        if type(model).__module__.startswith("gradstep."):
            yield from _rows(model, QModelIndex(), 400)


def _rows(model: QAbstractItemModel, parent: QModelIndex, most: int) -> Iterator[tuple[str, str, bool]]:
    for row in range(min(model.rowCount(parent), most)):
        for column in range(model.columnCount(parent)):
            index = model.index(row, column, parent)
            for role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
                value = model.data(index, role)
                if isinstance(value, str):
                    yield f"{type(model).__name__} {role.name}", value, role == Qt.ItemDataRole.ToolTipRole and Qt.mightBeRichText(value)
        yield from _rows(model, model.index(row, 0, parent), most)


def test_markup_of_a_tape_is_shown_as_text(qtbot: QtBot, tmp_path: Path, asked: list[str]) -> None:
    save(tmp_path / "x.gst", *encoded(network(MARKUP)))
    window = make(qtbot, checked=False)
    opened(qtbot, window, tmp_path / "x.gst")
    found = list(shown(window))
    assert any("owned" in text for _, text, _ in found)
    assert sorted({(where, text.replace(MARKUP, "X")[:60]) for where, text, rich in found if rich and "<b>owned" in text}) == []
    assert asked == []
    window.close()


def test_what_is_hidden_in_the_text_of_a_tape_is_written_out(qtbot: QtBot, tmp_path: Path) -> None:
    save(tmp_path / "x.gst", *encoded(network(HIDDEN)))
    window = make(qtbot, checked=False)
    opened(qtbot, window, tmp_path / "x.gst")
    found = list(shown(window))
    assert any("own\\u202eed" in text for _, text, _ in found)
    assert sorted({(where, text[:120]) for where, text, _ in found if "own" in text and visible(text, keep="\n\t") != text}) == []
    window.close()
