"""The window in a language that is 40 % longer, from left to right and from right to left: all of it is translated, nothing is cut."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QAbstractItemModel, QAbstractListModel, QCoreApplication, QModelIndex, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QApplication,
    QComboBox,
    QGroupBox,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QTabBar,
    QToolButton,
    QWidget,
)
from pytestqt.qtbot import QtBot

from gradstep.gui.pseudo import LONGER, pseudo, speak, spoken

from .conftest import Driver, make

SCRIPT = """
import torch
from torch import nn
def halve(grad):
    return grad / 2
model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
model[0].weight.register_hook(halve)
bad = torch.zeros(2, requires_grad=True)
(model(torch.ones(2, 3)).square().mean() + (bad.log() * 0).sum()).backward()
print("done")
"""
# the field's own words, and ours: the same in every language
NAMES = {
    "gradstep", "torch", "PyCharm", "Spyder", "NumPy", "NaN", "Inf", "nan", "inf", "None", "True", "False", "grad",
    "norm", "std", "cpu", "cuda", "AccumulateGrad", "retain_grad", "main", "script", "stdout", "stderr", "json",
    "dot", "graphml", "png", "svg", "pdf", "csv", "npy", "safetensors", "mermaid", "MiB", "KiB", "GiB", "Python",
    "in", "of",
}  # fmt: skip


@pytest.fixture(params=["pseudo", "pseudo-rtl"])
def foreign(request: pytest.FixtureRequest, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Driver]:
    """A window in another language, with something in every panel."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    before, direction = set(app.allWidgets()), app.layoutDirection()
    translator = speak(app, request.param)
    try:
        driver = Driver(qtbot, make(qtbot), tmp_path)
        driver.before = before  # type: ignore[attr-defined]
        driver.open(driver.script(SCRIPT))
        for _ in range(3):
            driver.step()
        driver.window.around.show_preferences()
        driver.window.around.show_sheet()
        driver.window.around.show_help()
        for dock in driver.window.docks.all():
            dock.show()
            dock.raise_()
            QApplication.processEvents()
        yield driver
        for window in (driver.window.around.preferences_window, driver.window.around.sheet, driver.window.around.help):
            assert window is not None
            window.close()
        driver.window.close()
    finally:
        QCoreApplication.removeTranslator(translator)
        app.setLayoutDirection(direction)


def texts(widget: QWidget) -> Iterator[str]:
    """Everything that a widget says to eyes and readers; what a user typed or a program printed is not the window's."""
    yield from (widget.toolTip(), widget.statusTip(), widget.accessibleName(), widget.accessibleDescription(), widget.windowTitle())
    match widget:
        case QLabel() | QAbstractButton():
            yield widget.text()
        case QGroupBox():
            yield widget.title()
        case QLineEdit() | QPlainTextEdit():
            yield widget.placeholderText()
        case QTabBar():
            yield from (widget.tabText(tab) for tab in range(widget.count()))
        case QComboBox():
            yield from (widget.itemText(item) for item in range(widget.count()))
        case QAbstractItemView():
            model = widget.model()
            if model is not None:
                yield from cells(model)
        case _:
            pass


def cells(model: QAbstractItemModel, parent: QModelIndex | None = None, depth: int = 0) -> Iterator[str]:
    if isinstance(model, QAbstractListModel):
        columns = 1
    else:
        columns = model.columnCount(parent or QModelIndex())
        if not depth:
            yield from (str(model.headerData(column, Qt.Orientation.Horizontal) or "") for column in range(columns))
    for row in range(min(model.rowCount(parent or QModelIndex()), 60)):
        for column in range(columns):
            index = model.index(row, column, parent or QModelIndex())
            yield from (str(index.data(role) or "") for role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole))
        if depth < 3:
            yield from cells(model, model.index(row, 0, parent or QModelIndex()), depth + 1)


def data_words(driver: Driver) -> set[str]:
    """Words that come from the user's script and from its tape, and the names of files, plug-ins and engines."""
    tape = driver.window.model.tape
    assert tape is not None
    words = set(re.findall(r"\w+", SCRIPT)) | NAMES
    for source in (*tape.sources, str(Path(__file__)), driver.window.opening.script, str(driver.folder), str(Path.home())):
        words |= set(re.findall(r"\w+", source))
    words |= {saved.name for node in tape.nodes.values() for saved in node.saved}
    for name in (*(op.name for op in tape.ops.values()), *(node.name for node in tape.nodes.values())):
        words |= set(re.findall(r"\w+", name))
    for package in driver.window.plug_ins.packages() if hasattr(driver.window.plug_ins, "packages") else ():
        words |= set(re.findall(r"\w+", str(package)))
    return words


def english(text: str, known: set[str]) -> bool:
    """Whether words of the window stand in a text that is not in the language."""
    if spoken(text) or not text.strip():
        return False
    words = re.findall(r"[A-Za-z_]\w{2,}", re.sub(r"\S*[/\\.:=(<_#\u00d7]\S*|&\w+;|<[^>]*>", " ", text))
    return any(word not in known and not re.fullmatch(r"[A-Z]?[a-z]*\d+|F\d+", word) for word in words)


def test_every_text_of_a_populated_window_is_translated(foreign: Driver) -> None:
    known = data_words(foreign)
    plug_ins = foreign.window.panels.plugins
    found: dict[str, set[str]] = {}
    for widget in foreign.window.findChildren(QWidget):
        if not plug_ins.isAncestorOf(widget):  # plug-ins say of themselves what they are
            for text in texts(widget):
                if english(text, known):
                    found.setdefault(type(widget).__name__, set()).add(text)
    for action in foreign.window.findChildren(QAction):
        for text in (action.text(), action.toolTip(), action.statusTip()):
            if english(text.replace("&", ""), known):
                found.setdefault("QAction", set()).add(text)
    assert found == {}


def cut(top: QWidget) -> Iterator[str]:
    """Labels and buttons in sight that do not elide and have no room for what they say."""
    for widget in top.findChildren(QWidget):
        if not widget.isVisible() or widget.visibleRegion().isEmpty():
            continue
        wanted = widget.sizeHint().width()
        match widget:
            case QToolButton() if widget.toolButtonStyle() is Qt.ToolButtonStyle.ToolButtonIconOnly:
                continue
            case QPushButton() | QToolButton() if widget.text() and widget.width() < wanted - 2:
                yield f"{type(widget).__name__} {widget.text()}: {widget.width()} of {wanted}"
            case QLabel() if widget.text() and not widget.wordWrap() and not widget.toolTip():
                if widget.width() < widget.minimumSizeHint().width() - 2:
                    yield f"QLabel {widget.text()}: {widget.width()} of {widget.minimumSizeHint().width()}"


def look_for_cuts(driver: Driver) -> None:
    """Every panel in front once, and what is around them."""
    window, around = driver.window, driver.window.around
    found: list[str] = []
    for panel in vars(window.panels).values():
        window.docks.bring(panel)
        driver.until(lambda panel=panel: window.docks.in_sight(panel))  # type: ignore[misc]
        found += cut(panel)
    for top in (window.bar, window.statusBar(), window.message, around.preferences_window, around.sheet, around.help):
        assert top is not None
        found += cut(top)
    assert not found, "\n".join(found)
    assert window.width() <= 1366, "the window must not become wider than a small screen"


def test_nothing_is_cut_where_words_are_longer(foreign: Driver) -> None:
    look_for_cuts(foreign)


@pytest.mark.parametrize("percent", [75, 150, 200])
def test_nothing_is_cut_where_letters_are_larger_or_smaller(driver: Driver, percent: int) -> None:
    around = driver.window.around
    driver.open(driver.script(SCRIPT))
    for _ in range(3):
        driver.step()
    windows = [around.show_preferences(), around.show_sheet(), around.show_help()]
    driver.window.preferences.set("appearance/percent", percent)
    try:
        look_for_cuts(driver)
    finally:
        driver.window.preferences.reset("appearance/percent")
        for window in windows:
            window.close()


def test_the_language_is_longer_and_keeps_places_for_values() -> None:
    for text in ("Open Script...", "{0} of %1 &nodes", "Python scripts (*.py);;All (*)", "<b>Name</b> &nbsp;x"):
        assert spoken(pseudo(text))
        for kept in re.findall(r"\{\d\}|%\d|\*\.\w+|<[^>]+>|&nbsp;", text):
            assert kept in pseudo(text)
    assert len(pseudo("A sentence of some length, as a tip has it.")) >= round(43 * (1 + LONGER)) - 2
    assert pseudo("10 %") == "10 %"
