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
    libraries = ", ".join(f"{name} {version(name)}" for name in names)
    text = _tr("gradstep {0}: a desktop debugger for autograd\n\nPython {1}\n{2}\n\nLicence: Apache-2.0").format(
        version("gradstep"), platform.python_version(), libraries
    )
    box = QMessageBox(QMessageBox.Icon.NoIcon, _tr("About gradstep"), text, QMessageBox.StandardButton.Ok, parent)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setIconPixmap(icon("logo", "accent").pixmap(QSize(48, 48), parent.devicePixelRatioF()))
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.open()
    return box
