"""What the window shows of a stranger's tape is text: no markup, no picture, no link, nothing hidden or that turns what is beside it."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Iterator
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
from .hostile import HOSTILE
from .mutations import HOW, mutation
from .prison import Prison

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


NOT_OPENED: dict[str, tuple[Callable[[Path], object], str]] = {
    "a folder": (
        lambda path: path.mkdir(),
        "holds no tapes of ranks: rank0.gst, rank1.gst, ... as gradstep record -o FOLDER/ writes them.",
    ),
    "a pipe": (os.mkfifo, "is not an ordinary file: choose a script or a tape."),
    "a device without end": (lambda path: path.symlink_to("/dev/zero"), "is not an ordinary file: choose a script or a tape."),
    "a link to itself": (lambda path: path.symlink_to(path.name), "cannot be opened: Too many levels of symbolic links."),
    "a link to nothing": (lambda path: path.symlink_to("nothing"), "is not there: choose another file."),
}


@pytest.mark.parametrize("suffix", [".gst", ".py"])
def test_what_is_no_file_is_refused_with_a_reason(qtbot: QtBot, tmp_path: Path, suffix: str) -> None:
    window = make(qtbot, checked=False)
    for number, (put, said) in enumerate(NOT_OPENED.values()):
        file = tmp_path / f"{number}{suffix}"
        put(file)
        window.open_file(str(file))
        assert window.message.text == f"{file} {said}"
        window.message.clear()
    window.open_file(str(tmp_path / ("n" * 400 + suffix)))
    assert window.message.text.endswith("cannot be opened: File name too long.")
    window.open_file(str(tmp_path / f"a\0{suffix}"))
    assert "cannot be opened" in window.message.text
    assert window.model.tape is None
    assert not window.opening.script
    window.close()


@pytest.fixture(scope="module")
def viewer(tapes: dict[str, Path], out: Path) -> Iterator[Prison]:
    """A window in a process of its own, which has seen the undamaged tapes."""
    with Prison(out, [tapes["training"]], "tests.attacks.window") as prison:
        yield prison


def test_a_window_opens_one_damaged_tape_after_another_and_says_what_is_missing(viewer: Prison, tapes: dict[str, Path], out: Path) -> None:
    data, other, wrong = tapes["training"].read_bytes(), tapes["small"].read_bytes(), []
    for number in range(1, len(HOW), 2):
        how, changed = mutation(data, other, "training", number)
        file = out / "changed.gst"
        file.write_bytes(changed)
        wrong += [f"training {number} ({how}): {fault}" for fault in viewer.read("window", file, "training").faults]
    assert wrong == []
    assert viewer.read("window", tapes["training"], "training").verdict == "as it was"


@pytest.mark.parametrize(
    "name", ["a long name", "direction overrides", "a million calls", "JSON 100,000 deep", "shapes that overflow", "pickles"]
)
def test_a_hostile_tape_does_no_harm_in_a_window(viewer: Prison, out: Path, name: str) -> None:
    file = out / "hostile.gst"
    HOSTILE[name](file)
    try:
        outcome = viewer.read("window", file)
    finally:
        file.unlink()
    assert (outcome.verdict, outcome.faults) == ("read", [])
    assert not (out / "owned").exists()


def test_markup_of_a_tape_is_shown_as_text(qtbot: QtBot, tmp_path: Path, asked: list[str]) -> None:
    file = tmp_path / f"{MARKUP.replace('/', '_')}.gst"
    save(file, *encoded(network(MARKUP)), last=json.dumps({"how": "crashed", "reason": MARKUP}).encode())
    window = make(qtbot, checked=False)
    opened(qtbot, window, file)
    assert MARKUP in window.message.text
    found = list(shown(window))
    assert any("owned" in text for _, text, _ in found)
    assert sorted({(where, text.replace(MARKUP, "X")[:60]) for where, text, rich in found if rich and "<b>owned" in text}) == []
    assert asked == []
    window.close()


def test_what_is_hidden_in_the_text_of_a_tape_or_its_name_is_written_out(qtbot: QtBot, tmp_path: Path) -> None:
    file = tmp_path / f"{HIDDEN}.gst"
    save(file, *encoded(network(HIDDEN)), last=json.dumps({"how": "crashed", "reason": HIDDEN}).encode())
    window = make(qtbot, checked=False)
    opened(qtbot, window, file)
    assert "own\\u202eed" in window.windowTitle()
    assert "own\\u202eed" in window.message.text
    found = list(shown(window))
    assert any("own\\u202eed" in text for _, text, _ in found)
    assert sorted({(where, text[:120]) for where, text, _ in found if "own" in text and visible(text, keep="\n\t") != text}) == []
    window.close()
