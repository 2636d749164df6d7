"""Keys that are really pressed, in a window with something in every panel."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QAction, QGuiApplication, QKeySequence, QShortcut
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractItemView, QApplication, QWidget

from gradstep.gui.commands.presets import DEFAULT, PRESETS

from .conftest import Driver

SCRIPT = """
import torch
from torch import nn
model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
model[0].weight.register_hook(lambda grad: grad / 2)
model(torch.ones(2, 3)).square().mean().backward()
"""


@pytest.fixture
def paused(driver: Driver) -> Driver:
    """Three steps into a backward."""
    driver.open(driver.script(SCRIPT))
    for _ in range(3):
        driver.step()
    driver.window.activateWindow()
    driver.qtbot.waitUntil(driver.window.isActiveWindow)
    return driver


def press(widget: QWidget, keys: str) -> None:
    """Give a widget the focus and press keys there."""
    widget.setFocus()
    pressed = QKeySequence(keys)[0]
    QTest.keyClick(widget, pressed.key(), pressed.keyboardModifiers())
    QApplication.processEvents()


def copied(widget: QWidget) -> str:
    """What Ctrl+C in a widget puts on the clipboard."""
    clipboard = QGuiApplication.clipboard()
    clipboard.setText("nothing")
    press(widget, "Ctrl+C")
    return clipboard.text()


def row(view: QAbstractItemView) -> QAbstractItemView:
    """A list with its first row chosen."""
    view.setCurrentIndex(view.model().index(0, 0))
    return view


def test_ctrl_c_copies_rows_of_every_list(paused: Driver) -> None:
    panels, docks = paused.window.panels, paused.window.docks
    docks.bring(panels.events)
    panels.events.tree.selectAll()
    assert copied(panels.events.tree).startswith("#\tName")
    for panel in (panels.step, panels.history, panels.stack, panels.plugins):
        docks.bring(panel)
        QApplication.processEvents()
        view = next(view for view in panel.findChildren(QAbstractItemView) if view.isVisible() and view.model().rowCount())
        assert copied(row(view)).startswith(view.model().index(0, 0).data()), panel.heading()
    docks.bring(panels.statistics)
    paused.until(lambda: panels.statistics.model.rowCount() > 0)
    assert copied(row(panels.statistics.table)).startswith("op,")


def test_ctrl_c_copies_numbers_in_each_form(paused: Driver) -> None:
    viewer = paused.window.panels.tensor.viewer
    paused.window.docks.bring(paused.window.panels.tensor)
    while viewer.source() is None or viewer.source().size < 2:
        assert paused.step() is not None
    viewer.show_page("table")
    paused.until(lambda: viewer.grid.selected() is not None)
    press(viewer.grid, "Ctrl+A")
    assert len(copied(viewer.grid).split()) == viewer.source().size
    press(viewer.grid, "Ctrl+Shift+C")
    assert "array(" in QGuiApplication.clipboard().text()


def test_ctrl_c_copies_the_graph_and_the_node_in_words(paused: Driver) -> None:
    canvas = paused.window.canvas
    canvas.select(("node", paused.node("TanhBackward0")))
    assert "TanhBackward0" in copied(canvas)
    assert not QGuiApplication.clipboard().image().isNull()


def test_no_part_of_the_window_has_a_command_s_key(paused: Driver) -> None:
    """Of two shortcuts that are in reach at once Qt calls neither."""
    window = paused.window
    for panel in window.docks.panels():
        window.docks.bring(panel)
        QApplication.processEvents()
    commands = set(window.actions_.all())
    own = {shortcut.key().toString() for shortcut in window.findChildren(QShortcut)}
    own |= {key.toString() for action in window.findChildren(QAction) if action not in commands for key in action.shortcuts()}
    for preset in PRESETS:
        window.around.keymap.set_preset(preset)
        taken = {key.toString() for command in commands for key in command.shortcuts()}
        window.around.keymap.set_preset(DEFAULT)  # sentences that name a key are those of the last window
        assert not own & taken, preset
