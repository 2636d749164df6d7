"""A call that waits until the event loop turns, and comes before anything is painted."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, Signal


class Soon(QObject):
    """Calls something once, however often it is asked for until then.

    A timer of no length would fire after what is painted next, so that one step is painted twice: a queued call comes before.
    """

    _due = Signal(int)  # which asking it answers: a stopped one may still be on its way

    def __init__(self, call: Callable[[], object], parent: QObject) -> None:
        super().__init__(parent)
        self._call = call
        self._asked = 0
        self._waits = False
        self._due.connect(self._arrive, Qt.ConnectionType.QueuedConnection)

    def start(self) -> None:
        """Ask for the call."""
        if not self._waits:
            self._waits = True
            self._asked += 1
            self._due.emit(self._asked)

    def stop(self) -> None:
        """Take it back."""
        self._waits = False

    def _arrive(self, asked: int) -> None:
        if self._waits and asked == self._asked:
            self._waits = False
            self._call()
