"""A command of gradstep's asked for its JSON in a process of its own: the window never waits for it, and it can be given up."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QObject, QProcess, Signal, Slot

from gradstep.engine.tape.visible import shown

from ..widgets.giving_way import gives_way

_MOST = 500  # characters of what a command said last


class Asking(QObject):
    """One question at a time; the newest wins."""

    answered = Signal(object)  # the JSON object that was printed, its texts as a window may show them: names of a stranger's are in it
    failed = Signal(str)  # why there is no answer

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._process: QProcess | None = None

    def ask(self, words: Sequence[str]) -> None:
        """Run ``gradstep`` with these words; ``--json`` is among them."""
        self.stop()
        process = self._process = QProcess(self)
        process.finished.connect(self._finished)
        process.errorOccurred.connect(self._not_started)
        gives_way(process)
        process.start(sys.executable, ["-P", "-m", "gradstep", *words])

    def stop(self) -> None:
        """Want no answer any more."""
        process, self._process = self._process, None
        if process is not None:
            process.finished.disconnect(self._finished)
            process.errorOccurred.disconnect(self._not_started)
            process.finished.connect(process.deleteLater)  # on a busy machine that may be later
            process.kill()
            if process.state() is QProcess.ProcessState.NotRunning:
                process.deleteLater()
            else:
                process.waitForFinished(1000)

    @Slot(QProcess.ProcessError)
    def _not_started(self, error: QProcess.ProcessError) -> None:
        process = self._process
        if process is not None and error is QProcess.ProcessError.FailedToStart:
            self._process = None
            self.failed.emit(process.errorString())
            process.deleteLater()

    @Slot(int)
    def _finished(self, code: int) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        text = bytes(process.readAllStandardOutput().data())
        said = bytes(process.readAllStandardError().data()).decode(errors="replace").strip()
        process.deleteLater()
        try:
            facts = json.loads(text, object_hook=_written_out)
        except ValueError:
            facts = None
        if isinstance(facts, dict):
            self.answered.emit(facts)
        else:
            self.failed.emit(shown(said.removeprefix("gradstep: ")[-_MOST:]) or str(code))


def _written_out(facts: dict[str, Any]) -> dict[str, Any]:
    """An object of the answer, its texts as a window may show them."""
    return {key: _shown(value) for key, value in facts.items()}


def _shown(value: Any) -> Any:
    return shown(value) if isinstance(value, str) else [_shown(one) for one in value] if isinstance(value, list) else value
