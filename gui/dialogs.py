"""The sheet of keys and the words about the program."""

from __future__ import annotations

import platform
from importlib.metadata import version

from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QDialog, QMessageBox, QTableWidget, QTableWidgetItem, QVBoxLayout, QWidget

from .actions import COMMANDS


def _tr(text: str) -> str:
    return QCoreApplication.translate("Dialogs", text)


def shortcuts(parent: QWidget) -> QDialog:
    """Opens the sheet of all keys."""
    sheet = QDialog(parent)
    sheet.setObjectName("shortcuts")
    sheet.setWindowTitle(_tr("Keyboard Shortcuts"))
    rows = [command for command in COMMANDS if command.keys]
    table = QTableWidget(len(rows), 3, sheet)
    table.setAccessibleName(_tr("Keyboard Shortcuts"))
    table.setHorizontalHeaderLabels([_tr("Command"), _tr("Keys"), _tr("What it does")])
    table.verticalHeader().hide()
    table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
    for i, command in enumerate(rows):
        keys = ", ".join(QKeySequence(k).toString(QKeySequence.SequenceFormat.NativeText) for k in command.keys)
        for j, text in enumerate((command.text.replace("&", "").rstrip("."), keys, command.tip)):
            table.setItem(i, j, QTableWidgetItem(text))
    table.resizeColumnsToContents()
    table.horizontalHeader().setStretchLastSection(True)
    QVBoxLayout(sheet).addWidget(table)
    sheet.resize(900, 680)
    sheet.open()
    return sheet


def about(parent: QWidget) -> None:
    """Opens the words about the program and its libraries."""
    names = ("PySide6-Essentials", "pyqtgraph", "numpy", "networkx")
    libraries = ", ".join(f"{name} {version(name)}" for name in names)
    text = _tr("gradstep {0}: a desktop debugger for autograd\n\nPython {1}\n{2}\n\nLicence: Apache-2.0").format(
        version("gradstep"), platform.python_version(), libraries
    )
    QMessageBox.about(parent, _tr("About gradstep"), text)
