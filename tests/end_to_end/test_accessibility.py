"""A window with something in every panel, as somebody without eyes or without a mouse meets it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
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
    QScrollBar,
    QTabBar,
    QWidget,
)
from pytestqt.qtbot import QtBot

from gradstep.gui.actions import COMMANDS
from gradstep.gui.panel import Panel

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


def test_the_state_is_told_where_a_reader_listens(full: Driver) -> None:
    assert full.window.status.accessibleName() == full.window.status.sentence.text() != ""
    assert "node" in full.window.canvas.accessibleDescription()
