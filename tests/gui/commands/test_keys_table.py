from __future__ import annotations

import pytest
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from gradstep.gui.actions import COMMANDS, Actions
from gradstep.gui.commands.keymap import Keymap
from gradstep.gui.commands.keys_table import KeysTable
from gradstep.gui.commands.sheet import ShortcutSheet
from gradstep.gui.files.settings import throwaway


class Held:
    def __init__(self, qtbot: QtBot) -> None:
        self.parent = QWidget()
        qtbot.addWidget(self.parent)
        self.actions = Actions(self.parent)
        self.keymap = Keymap(self.actions, throwaway())
        self.table = KeysTable(self.keymap, self.actions)
        qtbot.addWidget(self.table)
        self.table.show()

    def press(self, key: str) -> None:
        self.table.edit.setKeySequence(QKeySequence(key))

    def keys(self, name: str) -> str:
        return self.table._cell([command.name for command in COMMANDS].index(name), 1).text()

    def shown(self) -> list[str]:
        table = self.table.table
        return [COMMANDS[row].name for row in range(table.rowCount()) if not table.isRowHidden(row)]


@pytest.fixture
def held(qtbot: QtBot) -> Held:
    return Held(qtbot)


def test_every_command_of_the_table_has_a_row(held: Held) -> None:
    assert held.shown() == [command.name for command in COMMANDS]
    assert held.keys("step") == "F10"


def test_a_free_key_is_given_and_another_added(held: Held) -> None:
    held.table.choose("fit")
    held.press("Ctrl+Alt+Shift+F1")
    assert held.table.give.text() == "Give Key"
    held.table.give.click()
    assert held.keys("fit") == "Ctrl+Alt+Shift+F1"
    held.press("Ctrl+0")
    held.table.also.click()
    assert held.keys("fit") == "Ctrl+Alt+Shift+F1, Ctrl+0"
    assert held.actions["fit"].shortcuts() == [QKeySequence("Ctrl+Alt+Shift+F1"), QKeySequence("Ctrl+0")]


def test_whose_key_it_is_is_said_before_it_is_taken_over(held: Held) -> None:
    held.table.choose("fit")
    held.press("F10")
    assert held.table.note.text() == "F10 is a key of Next Node, which loses it."
    assert held.table.give.text() == "Take Over"
    assert held.keys("step") == "F10"
    held.table.give.click()
    assert held.keys("step") == ""
    held.table.choose("step")
    held.table.reset.click()
    assert held.keys("step") == "F10"
    assert held.keys("fit") == ""


def test_a_letter_may_be_a_key_with_a_word_of_warning(held: Held) -> None:
    held.table.choose("fit")
    held.press("Shift+B")
    assert "is also a letter" in held.table.note.text()
    held.press("Ctrl+Alt+Shift+F8")
    assert held.table.note.text() == ""


def test_a_command_may_have_no_key(held: Held) -> None:
    held.table.choose("quit")
    held.table.none.click()
    assert held.keys("quit") == ""
    assert not held.table.none.isEnabled()
    held.table.reset_all.click()
    assert held.keys("quit") == "Ctrl+Q"


def test_the_search_knows_names_keys_and_menus(held: Held) -> None:
    held.table.search.setText("ctrl+q")
    assert held.shown() == ["quit"]
    held.table.search.setText("breakpoint toggle")
    assert held.shown() == ["toggle_breakpoint"]
    assert held.table.command == "toggle_breakpoint"
    held.table.search.clear()
    assert len(held.shown()) == len(COMMANDS)


def test_a_preset_is_chosen(held: Held) -> None:
    held.table.preset.setCurrentIndex(held.table.preset.findData("pycharm"))
    assert held.keys("step") == "F8"
    assert held.actions["step"].shortcut() == QKeySequence("F8")


def test_the_sheet_shows_the_keys_that_commands_have_now(held: Held) -> None:
    sheet = ShortcutSheet(held.keymap, held.actions, held.parent)
    listed = {name: keys for lines in sheet.rows().values() for name, keys, _ in lines}
    for command in COMMANDS:
        if command.keys:
            assert listed[held.actions.name(command.name)]
    held.keymap.set("step", ["Ctrl+Alt+Shift+F2"])
    lines = sheet.text().splitlines()
    assert any(line.split() == ["Ctrl+Alt+Shift+F2", "Next", "Node"] for line in lines)
    sheet.field.setText("ctrl+alt+shift+f2")
    shown = [
        heading.child(number).text(0)
        for heading in (sheet.tree.topLevelItem(place) for place in range(sheet.tree.topLevelItemCount()))
        for number in range(heading.childCount())
        if not heading.isHidden() and not heading.child(number).isHidden()
    ]
    assert shown == ["Next Node"]
