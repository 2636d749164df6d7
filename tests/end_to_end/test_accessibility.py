"""A window with something in every panel, as somebody without eyes or without a mouse meets it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractScrollArea,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QHeaderView,
    QLineEdit,
    QMenu,
    QScrollBar,
    QTabBar,
    QWidget,
)
from pytestqt.qtbot import QtBot

from gradstep.gui.actions import COMMANDS
from gradstep.gui.panel import Panel
from gradstep.gui.theme import Appearance, Mode

from .conftest import Driver, make

SCRIPT = """
import torch
from torch import nn
model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
model[0].weight.register_hook(lambda grad: grad / 2)
model(torch.ones(2, 3)).square().mean().backward()
"""
CONTROLS = (QAbstractButton, QAbstractItemView, QAbstractSlider, QAbstractSpinBox, QComboBox, QLineEdit, QAbstractScrollArea)


@pytest.fixture
def full(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Driver]:
    """A window with something in every panel, and every window of its own open."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    driver = Driver(qtbot, make(qtbot), tmp_path)
    driver.open(driver.script(SCRIPT))
    for _ in range(3):
        driver.step()
    around = driver.window.around
    windows = [around.show_preferences(), around.show_sheet(), around.show_help()]
    yield driver
    for window in windows:
        window.close()
    driver.window.close()


def of_another(widget: QWidget) -> bool:
    """Whether Qt made the widget for another's sake, which names it: the field of a spin box, the bars of a list, the buttons of a tab."""
    if widget.objectName().startswith("qt_") or isinstance(widget, QScrollBar | QHeaderView):
        return True
    parent = widget.parentWidget()
    while parent is not None and not isinstance(parent, QAbstractSpinBox | QComboBox | QTabBar):
        parent = parent.parentWidget()
    return parent is not None or isinstance(widget.parentWidget(), QLineEdit)


def hidden(widget: QWidget) -> bool:
    """Whether it, or what it stands in below its panel, is put away: what is shown later gets its words then."""
    while not isinstance(widget, Panel) and not widget.isWindow():
        if widget.isHidden():
            return True
        widget = widget.parentWidget()
    return False


def name(widget: QWidget) -> str:
    """What a screen reader is told first."""
    interface = QAccessible.queryAccessibleInterface(widget)
    return interface.text(QAccessible.Text.Name) if interface is not None else ""


def test_every_control_has_a_name(full: Driver) -> None:
    nameless = sorted(
        f"{type(widget).__name__} {widget.objectName()} in {type(widget.parentWidget()).__name__}"
        for widget in full.window.findChildren(QWidget)
        if not hidden(widget)
        and isinstance(widget, CONTROLS)
        and not of_another(widget)
        and not name(widget).strip()
        and widget.focusPolicy() != Qt.FocusPolicy.NoFocus
    )
    assert not nameless, "\n".join(nameless)


def test_every_panel_says_what_it_shows(full: Driver) -> None:
    for panel in vars(full.window.panels).values():
        assert panel.accessibleName()
        assert panel.accessibleDescription()


def test_every_command_can_be_reached_without_a_mouse(full: Driver) -> None:
    """By its key, or by the letter in its menu, or by the palette; the palette has all of them."""
    chooser = full.window.around.palette
    found = {choice.id for choice in chooser.choices()}
    for command in COMMANDS:
        if full.window.actions_[command.name].isVisible():
            assert command.name in found
            assert full.window.around.keymap.keys(command.name) or "&" in command.text, command.name


def test_tab_goes_through_the_window_and_comes_back(full: Driver) -> None:
    window = full.window
    window.activateWindow()
    window.panels.events.field.setFocus()
    full.until(window.panels.events.field.hasFocus)
    seen: list[QWidget] = []
    for _ in range(400):
        QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
        widget = QApplication.focusWidget()
        assert widget is not None, f"the focus is lost after {seen[-1:]}"
        if widget is window.panels.events.field:
            break
        seen.append(widget)
    else:
        raise AssertionError(f"Tab never comes back: {[type(w).__name__ for w in seen[-8:]]}")
    assert any(window.canvas is widget for widget in seen)
    assert all(widget.isVisible() for widget in seen)
    assert len(seen) > 15


def begin_in_graph(full: Driver) -> None:
    """Give the graph the focus."""
    full.window.activateWindow()
    full.window.canvas.setFocus()
    full.until(full.window.canvas.hasFocus)


def stops(full: Driver, key: Qt.Key) -> list[QWidget]:
    """Where the focus goes by a key, until it is where it began: in the graph."""
    window = full.window
    begin_in_graph(full)
    seen: list[QWidget] = []
    while len(seen) < 200:
        QTest.keyClick(QApplication.focusWidget(), key)
        widget = QApplication.focusWidget()
        assert widget is not None
        seen.append(widget)
        if widget is window.canvas:
            break
    return seen


def test_tab_stops_only_where_it_is_seen(full: Driver) -> None:
    """Not in a panel behind the tab of another one."""
    window = full.window
    full.window.guide.tour.leave()  # its bubble lies over other things
    unseen = []
    for widget in stops(full, Qt.Key.Key_Tab):
        there = window.childAt(widget.mapTo(window, widget.rect().center()))
        if there is None or not (there is widget or widget.isAncestorOf(there) or there.isAncestorOf(widget)):
            unseen.append(name(widget))
    assert not unseen


def test_tab_goes_as_one_reads(full: Driver) -> None:
    """Toolbar, graph, left, right, bottom, status bar; and back the same way."""
    window = full.window
    forward = stops(full, Qt.Key.Key_Tab)
    places = [window.bar, window.page, window.panels.events, window.panels.step, window.panels.hooks, window.status]
    firsts = [next(at for at, widget in enumerate(forward) if place.isAncestorOf(widget)) for place in places]
    around = firsts.index(min(firsts))
    assert firsts[around:] + firsts[:around] == sorted(firsts)
    assert stops(full, Qt.Key.Key_Backtab)[:-1] == forward[-2::-1]


def test_keys_lead_from_panel_to_panel(full: Driver) -> None:
    window, panels = full.window, full.window.panels
    begin_in_graph(full)
    seen: list[Panel | None] = []
    for _ in range(5):
        full.press("next_panel")
        focus = QApplication.focusWidget()
        seen.append(next((panel for panel in window.docks.panels() if panel is focus or panel.isAncestorOf(focus)), None))
    assert seen == [panels.events, panels.step, panels.timeline, panels.hooks, None]
    assert window.canvas.hasFocus()
    full.press("previous_panel")
    assert panels.hooks.isAncestorOf(QApplication.focusWidget())


def test_a_panel_that_is_chosen_by_name_comes_to_the_front_with_the_focus_and_is_closed_only_when_it_is_seen(full: Driver) -> None:
    window, console = full.window, full.window.panels.console
    begin_in_graph(full)
    menu = QMenu(window)

    def choose() -> None:
        window.docks.fill(menu)
        next(action for action in menu.actions() if action.text() == "Console").trigger()
        QApplication.processEvents()

    assert not window.docks.in_sight(console)
    choose()
    assert window.docks.in_sight(console)
    assert console.isAncestorOf(QApplication.focusWidget())
    choose()
    assert window.docks[console].isHidden()


def test_the_state_is_told_where_a_reader_listens(full: Driver) -> None:
    assert full.window.status.accessibleName() == full.window.status.sentence.text() != ""
    assert "node" in full.window.canvas.accessibleDescription()


def test_the_graph_of_a_program_is_walked_through_by_its_objects(driver: Driver) -> None:
    QAccessible.setActive(True)
    try:
        driver.open(driver.script(SCRIPT))
        canvas = driver.window.canvas
        graph = QAccessible.queryAccessibleInterface(canvas)
        driver.step()
        number = driver.step().node  # type: ignore[union-attr]
        current = canvas.telling.items.item(("node", number))
        driver.until(lambda: "current" in current.text(QAccessible.Text.Name))
        assert f"node {number}" in current.text(QAccessible.Text.Name)
        assert "gradient norm" in current.text(QAccessible.Text.Name)
        assert graph.selectionInterface().select(current)
        assert driver.window.model.selection.key == ("node", number)
        driver.step()
        driver.until(lambda: "done" in current.text(QAccessible.Text.Name))
        assert "current" not in current.text(QAccessible.Text.Name)
    finally:
        QAccessible.setActive(False)


def test_the_zoom_of_a_view_is_there_again_in_the_next_window_until_the_layout_is_reset(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    settings = QSettings(str(tmp_path / "kept.ini"), QSettings.Format.IniFormat)
    first = Driver(qtbot, make(qtbot, settings), tmp_path)
    first.open(first.script(SCRIPT))
    tree = first.window.panels.events.tree
    tree.setFocus()
    QTest.keyClick(tree, Qt.Key.Key_Plus, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClick(tree, Qt.Key.Key_Plus, Qt.KeyboardModifier.ControlModifier)
    zoomed = tree.font().pixelSize()
    assert zoomed > first.window.panels.watches.font().pixelSize()
    first.window.close()
    second = Driver(qtbot, make(qtbot, settings), tmp_path)
    tree = second.window.panels.events.tree
    assert tree.font().pixelSize() == zoomed
    second.press("reset_layout")
    assert tree.font().pixelSize() < zoomed
    second.window.close()


def test_a_window_that_is_open_follows_the_desktop_into_the_dark_and_back(driver: Driver, qapp: QApplication) -> None:
    driver.open(driver.script(SCRIPT))
    driver.step()
    hints, appearance = qapp.styleHints(), Appearance.of(qapp)
    driver.until(lambda: not driver.window.canvas.is_moving)
    before, mode = driver.window.canvas.grab().toImage(), appearance.mode
    appearance.set_mode(Mode.SYSTEM)
    try:
        hints.colorSchemeChanged.emit(Qt.ColorScheme.Dark)
        assert appearance.theme.dark
        dark = driver.window.grab().toImage().scaled(1, 1, mode=Qt.TransformationMode.SmoothTransformation)
        assert dark.pixelColor(0, 0).lightness() < 80
        hints.colorSchemeChanged.emit(Qt.ColorScheme.Light)
        assert not appearance.theme.dark
        driver.until(lambda: driver.window.canvas.grab().toImage() == before)
    finally:
        appearance.set_mode(mode)
