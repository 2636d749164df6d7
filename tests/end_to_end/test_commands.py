"""The palette, quick open, keys, help and the sheet in a real window over a real program."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest

from gradstep.engine.debug.states import State
from gradstep.gui.actions import COMMANDS
from gradstep.gui.commands.chooser import Choice
from gradstep.gui.commands.help import GRAPH, HELP
from gradstep.gui.preferences.schema import Page

from .conftest import Driver

NETWORK = """
import torch
from torch import nn
model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
loss = model(torch.ones(2, 3)).square().mean()
loss.backward()
print("done")
"""


def found(driver: Driver, text: str) -> list[Choice]:
    """What quick open offers for a text, once it has looked at all there is."""
    chooser = driver.window.around.quick_open.chooser
    driver.press("quick_open")
    QTest.keyClicks(chooser.field, text)
    driver.until(lambda: not chooser._later.isActive())
    return [choice for choice, _ in chooser._rows.rows]


def take(driver: Driver) -> None:
    QTest.keyClick(driver.window.around.quick_open.chooser.field, Qt.Key.Key_Return)


def test_every_command_is_in_the_palette_with_its_key_and_a_reason_where_it_cannot_work(driver: Driver) -> None:
    window = driver.window
    driver.open(driver.script(NETWORK))
    choices = {choice.id: choice for choice in window.around.palette.choices()}
    for command in COMMANDS:
        action = window.actions_[command.name]
        if not action.isVisible():
            continue
        choice = choices[command.name]
        assert choice.keys == ", ".join(key.toString(QKeySequence.SequenceFormat.NativeText) for key in action.shortcuts())
        assert bool(choice.reason) is not action.isEnabled()
        assert window.actions_.reason(command.name) in choice.reason
    names = {choice.text for choice in choices.values()}
    assert {"Timeline", "Find the NaN", "Save Layout As"} <= names, "panels, examples and layouts are commands as well"


def test_a_command_from_the_palette_is_done_and_comes_first_the_next_time(driver: Driver) -> None:
    driver.open(driver.script(NETWORK))
    chooser = driver.window.around.palette.chooser
    driver.press("palette")
    QTest.keyClicks(chooser.field, "forward graph")
    QTest.keyClick(chooser.field, Qt.Key.Key_Return)
    assert driver.window.actions_["forward_graph"].isChecked()
    assert driver.window.around.palette.choices()[0].id == "forward_graph"


def test_quick_open_finds_nodes_parameters_and_modules(driver: Driver) -> None:
    driver.open(driver.script(NETWORK))
    driver.window.model.catch_up()
    offered = found(driver, "tanh")
    assert offered[0].text == "TanhBackward0" or any(choice.text == "TanhBackward0" for choice in offered)
    node = driver.node("TanhBackward0")
    driver.window.around.quick_open.chooser.close_()
    offered = found(driver, "tanhb")
    assert [choice.id for choice in offered] == [f"node {node}"]
    assert "script.py:5" in offered[0].detail
    take(driver)
    assert driver.window.model.selection.key == ("node", node)
    assert any("parameter 4\u00d73" in choice.detail for choice in found(driver, "weight"))


@pytest.mark.parametrize(("text", "name", "line"), [(":5", "script.py:5", "loss = model"), ("scr:2", "script.py:2", "import torch")])
def test_a_line_is_gone_to_by_its_number(driver: Driver, text: str, name: str, line: str) -> None:
    driver.open(driver.script(NETWORK))
    [choice] = found(driver, text)
    assert choice.text == name
    assert choice.detail.startswith(line)
    shown: list[tuple[str, int]] = []
    driver.window.around.quick_open.line_picked.connect(lambda file, number: shown.append((file, number)))
    take(driver)
    assert shown == [(driver.window.opening.script, int(name[-1]))]


def test_an_event_is_gone_to_by_its_number(driver: Driver) -> None:
    driver.open(driver.script(NETWORK))
    driver.step()
    driver.step()
    [choice] = found(driver, "#3")
    take(driver)
    assert driver.window.model.position == 3
    tape = driver.window.model.tape
    assert tape is not None
    assert choice.detail.startswith(type(tape.events[3]).__name__)
    [choice] = found(driver, "#99999")
    assert choice.reason == f"there are events up to {len(tape.events) - 1}"


def test_a_number_that_is_no_line_is_said(driver: Driver) -> None:
    driver.open(driver.script(NETWORK))
    [choice] = found(driver, ":4000")
    assert choice.reason == "script.py has 7 lines"


def test_a_recent_file_is_opened_without_anything_else_being_open(driver: Driver) -> None:
    driver.open(driver.script(NETWORK))
    driver.finish()
    driver.press("close")
    [choice] = found(driver, "script")
    assert "recent file" in choice.detail
    take(driver)
    driver.until(lambda: driver.state is State.PAUSED)


def test_fields_keep_the_keys_with_which_one_writes(driver: Driver) -> None:
    driver.open(driver.script(NETWORK))
    driver.step()
    driver.step()
    before = driver.window.model.position
    field = driver.window.panels.events.field
    driver.window.activateWindow()
    field.setFocus()
    driver.until(field.hasFocus)
    QTest.keyClicks(field, "one two")
    QTest.keyClick(field, Qt.Key.Key_Left, Qt.KeyboardModifier.ControlModifier)
    assert driver.window.model.position == before
    assert field.cursorPosition() == 4
    QTest.keyClick(field, Qt.Key.Key_Left, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    assert field.selectedText() == "one "
    QTest.keyClick(field, Qt.Key.Key_Home, Qt.KeyboardModifier.ControlModifier)
    assert field.cursorPosition() == 0
    QTest.keyClick(field, Qt.Key.Key_End, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    assert field.selectedText() == "one two"
    assert driver.window.model.position == before
    QTest.keyClick(field, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert driver.window.model.is_live
    driver.window.canvas.setFocus()
    driver.until(driver.window.canvas.hasFocus)
    QTest.keyClick(driver.window.canvas, Qt.Key.Key_Left, Qt.KeyboardModifier.ControlModifier)
    assert driver.window.model.position < before, "and elsewhere the key is the command's"


def test_a_changed_key_works_at_once_and_the_old_one_no_more(driver: Driver) -> None:
    driver.open(driver.script(NETWORK))
    driver.window.around.keymap.set("step", ["Ctrl+Alt+Shift+N"])
    driver.window.activateWindow()
    driver.window.canvas.setFocus()
    driver.until(driver.window.canvas.hasFocus)
    count = len(driver.stops)
    QTest.keyClick(driver.window.canvas, Qt.Key.Key_F10)
    QTest.keyClick(
        driver.window.canvas,
        Qt.Key.Key_N,
        Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.ShiftModifier,
    )
    driver.until(lambda: len(driver.stops) == count + 1)
    assert driver.state is State.PAUSED
    assert len(driver.stops) == count + 1


def test_help_is_about_the_panel_that_has_the_focus(driver: Driver) -> None:
    driver.open(driver.script(NETWORK))
    driver.window.activateWindow()
    field = driver.window.panels.events.field
    field.setFocus()
    driver.until(field.hasFocus)
    driver.press("help")
    window = driver.window.around.help
    assert window is not None
    assert window.title.text() == "Events"
    assert "Ctrl+F" in window.text.toPlainText()
    window.show_for(driver.window.canvas)
    assert window.title.text() == "Graph"
    assert "Walk to an input" in window.text.toPlainText()
    window.close()


def test_help_speaks_of_panels_and_commands_that_exist(driver: Driver) -> None:
    panels = {type(panel).__name__ for panel in vars(driver.window.panels).values()} | {GRAPH}
    commands = {command.name for command in COMMANDS}
    for panel, (_, named) in HELP.items():
        assert panel in panels
        assert set(named) <= commands


def test_the_sheet_leads_to_the_page_on_which_keys_are_changed(driver: Driver) -> None:
    driver.press("shortcuts")
    sheet = driver.window.around.sheet
    assert sheet is not None
    assert not sheet.isModal()
    sheet.change_wished.emit()
    preferences = driver.window.around.preferences_window
    assert preferences is not None
    assert preferences.isVisible()
    assert preferences._sections[Page.KEYS].isVisible()
    assert driver.window.around.keys_table is not None
    assert driver.window.around.keys_table.isVisible()
    sheet.close()
    preferences.close()
