"""Keys that a widget keeps for itself while it, or what is in it, has the focus."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QWidget

Key = str | QKeySequence.StandardKey


class OwnKeys(QObject):
    """Calls what a key does in a widget, also where a command of the window has the same key.

    A QShortcut of the widget's would not do: of two shortcuts that are in reach at once Qt calls neither. A field in the widget that
    knows the key itself is asked first.
    """

    def __init__(self, widget: QWidget, keys: Mapping[Key, Callable[[], object]]) -> None:
        super().__init__(widget)
        self._keys = {QKeySequence(key).toString(): does for key, does in keys.items()}
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take the key before a command does, then do what it does."""
        if event.type() not in (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress) or not isinstance(event, QKeyEvent):
            return False
        does = self._keys.get(QKeySequence(event.keyCombination()).toString())
        if does is None:
            return False
        if event.type() is QEvent.Type.KeyPress:
            does()
        event.accept()
        return True
