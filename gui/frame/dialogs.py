"""The words about the program."""

from __future__ import annotations

import platform
from importlib.metadata import version

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QMessageBox, QWidget


def _tr(text: str) -> str:
    return QCoreApplication.translate("Dialogs", text)


def about(parent: QWidget) -> None:
    """Opens the words about the program and its libraries."""
    names = ("PySide6-Essentials", "pyqtgraph", "numpy", "networkx")
    libraries = ", ".join(f"{name} {version(name)}" for name in names)
    text = _tr("gradstep {0}: a desktop debugger for autograd\n\nPython {1}\n{2}\n\nLicence: Apache-2.0").format(
        version("gradstep"), platform.python_version(), libraries
    )
    QMessageBox.about(parent, _tr("About gradstep"), text)
