"""Two runs compared by a process of their own (``gradstep diff``): the window never waits for it, and it can be cancelled."""

from __future__ import annotations

import json
import sys

from PySide6.QtCore import QObject, QProcess, QTimer, Slot

from ..panels.compare_panel import WHOLE, ComparePanel

PATIENCE = 300  # milliseconds: what takes longer says so, and can be cancelled
MOST = 300  # differences that are shown
SAME, DIFFERENT = 0, 1  # exit codes of ``gradstep diff``


class Comparing(QObject):
    """One comparison at a time; the newest wish wins."""

    def __init__(self, panel: ComparePanel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._panel = panel
        self._tape = ""
        self._process: QProcess | None = None
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
        arguments = ["-P", "-m", "gradstep", "diff", "--json", "--most", str(MOST), self._tape, *([other] if other else [])]
        if first != WHOLE and second != WHOLE:
            arguments += ["--iterations", str(first), str(second)]
        process = self._process = QProcess(self)
        process.finished.connect(lambda code, _: self._finished(process, code))
        process.errorOccurred.connect(lambda error: self._not_started(process, error))
        self._patience.start()
        process.start(sys.executable, arguments)

    def stop(self) -> None:
        """Want no answer any more."""
        self._patience.stop()
        self._panel.show_busy(False)
        process, self._process = self._process, None
        if process is not None:
            process.blockSignals(True)
            process.kill()
            process.waitForFinished(1000)
            process.deleteLater()

    @Slot()
    def _cancel(self) -> None:
        self.stop()
        self._panel.show_nothing()

    def _not_started(self, process: QProcess, error: QProcess.ProcessError) -> None:
        if process is self._process and error is QProcess.ProcessError.FailedToStart:
            self._panel.show_failure(self.tr("The runs could not be compared: {0}").format(process.errorString()))
            self.stop()

    def _finished(self, process: QProcess, code: int) -> None:
        if process is not self._process:
            return
        text = bytes(process.readAllStandardOutput().data())
        said = bytes(process.readAllStandardError().data()).decode(errors="replace").strip()
        self.stop()
        if code not in (SAME, DIFFERENT):
            self._panel.show_failure(self.tr("The runs could not be compared: {0}").format(said[-500:] or code))
            return
        try:
            told = json.loads(text)
            self._panel.show_comparison(told)
        except (ValueError, KeyError, TypeError):
            self._panel.show_failure(self.tr("The runs could not be compared: {0}").format(said[-500:] or code))
