"""The words about the program."""

from __future__ import annotations

import platform
from importlib.metadata import version

from PySide6.QtCore import QCoreApplication, QSize, Qt
from PySide6.QtWidgets import QMessageBox, QWidget

from ..theme import icon


def _tr(text: str) -> str:
    return QCoreApplication.translate("Dialogs", text)


def about(parent: QWidget) -> QMessageBox:
    """Opens the words about the program and its libraries; a running program goes on being followed behind them."""
    names = ("PySide6-Essentials", "pyqtgraph", "numpy", "networkx")
    made_of = [f"Python {platform.python_version()}", *(f"{name} {version(name)}" for name in names)]
    title = _tr("gradstep {0}: a desktop debugger for autograd").format(version("gradstep"))
    box = QMessageBox(QMessageBox.Icon.NoIcon, _tr("About gradstep"), title, QMessageBox.StandardButton.Ok, parent)
    box.setInformativeText("\n".join([*made_of, "", _tr("Licence: Apache-2.0")]))
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setIconPixmap(icon("logo", "accent").pixmap(QSize(48, 48), parent.devicePixelRatioF()))
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.open()
    return box
