"""Edit > Undo and Redo: of breakpoints, watches, bookmarks and names, never of the program; Step Back is another thing on other keys."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from PySide6.QtCore import QObject, Signal, SignalInstance, Slot
from PySide6.QtGui import QUndoCommand, QUndoStack


class Edited(Protocol):
    """Owns what can be undone: says each change with what stood before and after, and can be given either back."""

    @property
    def edited(self) -> SignalInstance:
        """(in words, before, after), after the change."""

    def put_back(self, state: Sequence[Any]) -> None:
        """All as it was."""


class _Change(QUndoCommand):
    def __init__(self, words: str, put_back: Callable[[Sequence[Any]], None], before: Sequence[Any], after: Sequence[Any]) -> None:
        super().__init__(words)
        self._put_back, self._before, self._after = put_back, before, after
        self._done = True  # it has happened when it is pushed, and Qt asks for it at once

    def redo(self) -> None:
        if not self._done:
            self._put_back(self._after)
        self._done = False

    def undo(self) -> None:
        self._put_back(self._before)


class Undo(QObject):
    """One stack for the script that is open."""

    changed = Signal()  # what can be undone or redone
    said = Signal(str)  # what was undone or done again

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._stack = QUndoStack(self)
        self._stack.indexChanged.connect(self._moved)

    @Slot()
    def _moved(self) -> None:
        self.changed.emit()

    def slots(self) -> dict[str, Callable[[], Any]]:
        """What the commands of the table do."""
        return {
            "undo": lambda: self.said.emit(self.tr("Undone: {0}").format(self.undo())),
            "redo": lambda: self.said.emit(self.tr("Done again: {0}").format(self.redo())),
        }

    def follow(self, owner: Edited) -> None:
        """Remember the changes of this owner."""
        put_back = owner.put_back
        owner.edited.connect(lambda words, before, after: self._stack.push(_Change(words, put_back, before, after)))

    def clear(self) -> None:
        """Another script: what was changed for the one before stays as it is."""
        self._stack.clear()
        self.changed.emit()

    def undo(self) -> str:
        """Take the last change back; what that was, in words."""
        words = self._stack.undoText()
        self._stack.undo()
        return words

    def redo(self) -> str:
        """Make the change again that was taken back last."""
        words = self._stack.redoText()
        self._stack.redo()
        return words

    @property
    def can_undo(self) -> bool:
        """Whether there is a change to take back."""
        return self._stack.canUndo()

    @property
    def can_redo(self) -> bool:
        """Whether one was taken back."""
        return self._stack.canRedo()
