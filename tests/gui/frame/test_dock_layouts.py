from __future__ import annotations

import pytest
from PySide6.QtWidgets import QApplication, QMainWindow, QMenu, QTabBar, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from gradstep.gui.actions import Actions
from gradstep.gui.files.settings import throwaway
from gradstep.gui.frame.dock_layouts import DockLayouts
from gradstep.gui.frame.docks import Docks
from gradstep.gui.frame.message_bar import MessageBar
from gradstep.gui.panels.panel_set import PanelSet


class Held:
    """A window with all panels, arranged."""

    def __init__(self, qtbot: QtBot) -> None:
        self.qtbot = qtbot
        self.window = QMainWindow()
        qtbot.addWidget(self.window)
        self.window.resize(1366, 768)
        centre = QWidget()
        column = QVBoxLayout(centre)
        self.message = MessageBar()
        column.addWidget(self.message)
        self.window.setCentralWidget(centre)
        self.panels = PanelSet()
        self.docks = Docks(self.window, self.panels.places())
        self.actions = Actions(self.window)
        self.settings = throwaway()
        self.layouts = DockLayouts(self.window, self.docks, self.message, self.actions, self.settings)
        self.said: list[str] = []
        self.layouts.said.connect(self.said.append)
        self.window.show()
        self.docks.arrange()
        QApplication.processEvents()

    def focus_events(self) -> None:
        self.window.activateWindow()
        field = self.panels.events.field
        field.setFocus()
        self.qtbot.waitUntil(field.hasFocus)

    def shown(self) -> set[str]:
        return {dock.windowTitle() for dock in self.docks.all() if not dock.isHidden()}


@pytest.fixture
def held(qtbot: QtBot) -> Held:
    return Held(qtbot)


def test_an_arrangement_with_a_name_comes_back_also_in_another_window(qtbot: QtBot, held: Held) -> None:
    held.docks[held.panels.console].hide()
    held.layouts.save("  Large   graphs ")
    held.docks.arrange()
    assert "Console" in held.shown()
    held.layouts.load("Large graphs")
    assert "Console" not in held.shown()
    other = Held(qtbot)
    other.settings.setValue("layouts", held.settings.value("layouts"))
    other.layouts.load("Large graphs")
    assert "Console" not in other.shown()
    assert held.said == ["Layout Large graphs saved.", "Layout Large graphs"]


def test_names_are_sorted_replaced_and_forgotten(held: Held) -> None:
    for name in ("b/c = d", "A", "b/c = d", "  "):
        held.layouts.save(name)
    assert held.layouts.names() == ["A", "b/c = d"]
    held.layouts.forget("A")
    assert held.layouts.names() == ["b/c = d"]


@pytest.mark.parametrize("nonsense", ["text", {"Mine": "text"}, ["a"]])
def test_nonsense_in_the_settings_is_no_layout(held: Held, nonsense: object) -> None:
    held.settings.setValue("layouts", nonsense)
    assert held.layouts.names() == []
    held.layouts.load("Mine")
    assert "cannot be used" in held.said[-1]


def test_the_menu_lists_them(held: Held) -> None:
    held.layouts.save("Mine & yours")
    menu = QMenu()
    held.layouts.fill(menu)
    names = [action.text() for action in menu.actions()]
    assert "Mine && yours" in names
    held.docks[held.panels.hooks].hide()
    next(action for action in menu.actions() if action.text() == "Mine && yours").trigger()
    assert not held.docks[held.panels.hooks].isHidden()


def test_the_panel_with_the_focus_is_alone_and_then_all_are_back_where_they_were(held: Held) -> None:
    before = {dock.windowTitle(): dock.geometry() for dock in held.docks.all() if dock.isVisible()}
    held.focus_events()
    held.layouts.toggle()
    assert held.layouts.maximised
    assert held.actions["maximise"].isChecked()
    assert held.shown() == {"Events"}
    assert not held.window.centralWidget().isVisible()
    held.layouts.toggle()
    QApplication.processEvents()
    assert {dock.windowTitle(): dock.geometry() for dock in held.docks.all() if dock.isVisible()} == before
    assert held.window.centralWidget().isVisible()
    assert not held.actions["maximise"].isChecked()


def test_the_graph_is_alone_when_no_panel_has_the_focus(held: Held) -> None:
    held.window.setFocus()
    held.layouts.toggle()
    assert held.shown() == set()
    assert held.window.centralWidget().isVisible()


def test_what_is_alone_for_a_while_is_not_remembered(held: Held) -> None:
    held.layouts.toggle()
    held.docks[held.panels.events].show()  # something brought it
    held.docks.save(held.settings)
    held.layouts.forget_maximised()
    held.docks.hide()
    held.docks.restore(held.settings)
    assert {"Events", "Tensor", "Timeline", "Console"} <= held.shown()


def test_a_message_is_seen_also_where_the_graph_was_hidden(held: Held) -> None:
    held.focus_events()
    held.layouts.toggle()
    held.message.show_error("The tape cannot be read further")
    assert held.message.isVisible()
    assert not held.layouts.maximised


def test_tabs_keep_their_names_when_an_arrangement_is_taken(held: Held) -> None:
    held.layouts.save("Mine")
    held.layouts.load("Mine")
    QApplication.processEvents()
    bars = [bar for bar in held.window.findChildren(QTabBar) if bar.parentWidget() is held.window and bar.isVisible()]
    assert bars
    assert all(bar.elideMode().name == "ElideNone" for bar in bars)


def test_asking_for_a_name_blocks_nothing(held: Held) -> None:
    asking = held.layouts.ask()
    assert asking.isVisible()
    asking.setTextValue("Asked")
    asking.accept()
    assert held.layouts.names() == ["Asked"]


def test_the_first_arrangement_is_back_also_from_a_panel_alone(held: Held) -> None:
    held.focus_events()
    held.layouts.toggle()
    held.layouts.reset()
    assert held.window.centralWidget().isVisible()
    assert {"Events", "Tensor", "Timeline", "Console"} <= held.shown()
    assert not held.actions["maximise"].isChecked()
