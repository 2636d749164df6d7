"""A script, a tape or a folder that is dropped anywhere in the window is opened, also over a field that would take its path for text."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QAbstractScrollArea, QLineEdit, QPlainTextEdit, QTextEdit, QWidget

SUFFIXES = (".py", ".gst")
_DRAGS = (QEvent.Type.DragEnter, QEvent.Type.DragMove, QEvent.Type.Drop)


def dropped(event: QDropEvent) -> str:
    """The script, tape or folder that is dragged, "" for anything else."""
    for url in event.mimeData().urls():
        if url.isLocalFile() and (url.toLocalFile().endswith(SUFFIXES) or Path(url.toLocalFile()).is_dir()):
            return url.toLocalFile()
    return ""


class PastFields(QObject):
    """Has the fields of a window pass on what can be opened; text they still take."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        for kind in (QLineEdit, QPlainTextEdit, QTextEdit):
            for field in window.findChildren(kind):
                for part in (field, field.viewport()) if isinstance(field, QAbstractScrollArea) else (field,):
                    part.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Leave it to what is around the field."""
        if event.type() not in _DRAGS or not isinstance(event, QDropEvent) or not dropped(event):
            return False
        event.ignore()
        return True
