"""Explanations of the run that is shown, found by a process of their own, so that a large tape does not hold the window up."""

from __future__ import annotations

import json
import sys
from typing import Any

from PySide6.QtCore import QObject, QProcess, Signal

from gradstep.engine.tape.visible import shown

NOTHING = 0
FOUND = 1
DAMAGED = 65


class Explaining(QObject):
    """Asks ``gradstep explain`` about a tape. The newest wish wins."""

    explained = Signal(object)  # the findings, as JSON has them
    failed = Signal(str)  # it could not be explained, and why

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._process: QProcess | None = None

    def explain(self, tape: str) -> None:
        """Explain what is on this tape by now."""
        self.stop()
        process = self._process = QProcess(self)
        process.finished.connect(lambda code, _: self._finished(process, code))
        process.errorOccurred.connect(lambda error: self._not_started(process, error))
        process.start(sys.executable, ["-P", "-m", "gradstep", "explain", "--json", tape])

    def stop(self) -> None:
        """Want no answer any more."""
        process, self._process = self._process, None
        if process is not None:
            process.blockSignals(True)
            process.kill()
            process.waitForFinished(1000)
            process.deleteLater()

    def _not_started(self, process: QProcess, error: QProcess.ProcessError) -> None:
        if process is self._process and error is QProcess.ProcessError.FailedToStart:
            self._process = None
            self.failed.emit(self.tr("What happened could not be explained: {0}").format(process.errorString()))
            process.deleteLater()

    def _finished(self, process: QProcess, code: int) -> None:
        if process is not self._process:
            return
        self._process = None
        text = bytes(process.readAllStandardOutput().data())
        said = bytes(process.readAllStandardError().data()).decode(errors="replace").strip()
        process.deleteLater()
        try:
            facts: Any = json.loads(text, object_hook=_written_out)  # names of a stranger's are in it
            found = list(facts["findings"])
        except (ValueError, KeyError, TypeError):
            self.failed.emit(self.tr("What happened could not be explained: {0}").format(said[-500:] or code))
            return
        self.explained.emit(found)


def _written_out(facts: dict[str, Any]) -> dict[str, Any]:
    """An object of the answer, its texts as a window may show them."""
    return {key: _shown(value) for key, value in facts.items()}


def _shown(value: Any) -> Any:
    return shown(value) if isinstance(value, str) else [_shown(one) for one in value] if isinstance(value, list) else value
