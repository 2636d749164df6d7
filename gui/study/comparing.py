"""Two runs compared by a process of their own (``gradstep diff``): the window never waits for it, and it can be cancelled."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QObject, QTimer, Slot

from ..panels.compare_panel import WHOLE, ComparePanel
from .asking import Asking

PATIENCE = 300  # milliseconds: what takes longer says so, and can be cancelled
MOST = 300  # differences that are shown


class Comparing(QObject):
    """One comparison at a time; the newest wish wins."""

    def __init__(self, panel: ComparePanel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._panel = panel
        self._tape = ""
        self._asking = Asking(self)
        self._asking.answered.connect(self._answered)
        self._asking.failed.connect(self._failed)
        self._patience = QTimer(self, singleShot=True, interval=PATIENCE)
        self._patience.timeout.connect(lambda: panel.show_busy(True))
        panel.compare_wished.connect(self.compare)
        panel.cancel_wished.connect(self._cancel)

    def show_tape(self, tape: str) -> None:
        """Another tape is open, "" for none."""
        self.stop()
        self._tape = tape
        self._panel.show_other("")
        self._panel.show_nothing()

    @Slot(int, str, int)
    def compare(self, first: int, other: str, second: int) -> None:
        """Compare an iteration of the tape that is open with one of another, "" for the same."""
        self.stop()
        if not self._tape:
            return
        arguments = ["diff", "--json", "--most", str(MOST), self._tape, *([other] if other else [])]
        if first != WHOLE and second != WHOLE:
            arguments += ["--iterations", str(first), str(second)]
        self._patience.start()
        self._asking.ask(arguments)

    def stop(self) -> None:
        """Want no answer any more."""
        self._patience.stop()
        self._panel.show_busy(False)
        self._asking.stop()

    @Slot()
    def _cancel(self) -> None:
        self.stop()
        self._panel.show_nothing()

    @Slot(object)
    def _answered(self, told: dict[str, Any]) -> None:
        self.stop()
        self._panel.show_comparison(told)

    @Slot(str)
    def _failed(self, why: str) -> None:
        self.stop()
        self._panel.show_failure(self.tr("The runs could not be compared: {0}").format(why))
