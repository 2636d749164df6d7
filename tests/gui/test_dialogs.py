from PySide6.QtWidgets import QMessageBox, QTableWidget, QWidget

from gradstep.gui import dialogs
from gradstep.gui.actions import COMMANDS


def test_the_sheet_of_keys_has_every_command_with_a_key(qtbot):
    parent = QWidget()
    qtbot.addWidget(parent)
    sheet = dialogs.shortcuts(parent)
    table = sheet.findChild(QTableWidget)
    assert table is not None
    assert table.rowCount() == sum(1 for command in COMMANDS if command.keys)
    shown = {table.item(row, 0).text(): table.item(row, 1).text() for row in range(table.rowCount())}
    assert shown["Next Node"] == "F10"
    assert shown["Find Node or Event"] == "Ctrl+F, Ctrl+P"
    sheet.close()


def test_the_words_about_the_program_name_its_libraries_and_licence(qtbot, monkeypatch):
    said = []
    monkeypatch.setattr(QMessageBox, "about", lambda parent, title, text: said.append(text))
    dialogs.about(QWidget())
    assert "Apache-2.0" in said[0]
    assert "PySide6" in said[0]
    assert "numpy" in said[0]
