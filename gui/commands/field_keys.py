"""Keys with which one moves in a field stay the field's, where Qt gives them to a command: Ctrl+Home and Ctrl+End in a line."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget

_ENDS = (Qt.Key.Key_Home, Qt.Key.Key_End)


class FieldKeys(QObject):
    """Watches the field that has the focus, and nothing else: a filter on the application would be asked for every event."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        application.focusChanged.connect(self._moved)

    @Slot(QWidget, QWidget)
    def _moved(self, before: QWidget | None, now: QWidget | None) -> None:
        if isinstance(before, QLineEdit):
            before.removeEventFilter(self)
        if isinstance(now, QLineEdit):
            now.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take the key before a command does, and move in the field."""
        if event.type() not in (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress) or not isinstance(event, QKeyEvent):
            return False
        if event.key() not in _ENDS or not event.modifiers() & Qt.KeyboardModifier.ControlModifier or not isinstance(watched, QLineEdit):
            return False
        if event.type() is QEvent.Type.KeyPress:
            mark = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            watched.home(mark) if event.key() == Qt.Key.Key_Home else watched.end(mark)
        event.accept()
        return True
