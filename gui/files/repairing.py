"""A repaired copy of a damaged tape, written by ``gradstep repair`` in a process of its own. One at a time."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from PySide6.QtCore import QObject, QProcess, Signal, Slot
from PySide6.QtWidgets import QFileDialog, QWidget

from gradstep.engine.tape.visible import shown

from ..frame.message_bar import Answer, MessageBar

_PREFIX = "gradstep: "


class Repairing(QObject):
    """Asks where to, has it written, and says in the bar what is in it and what is not."""

    file_picked = Signal(str)  # the user wants to see the copy

    def __init__(self, bar: MessageBar, window: QWidget) -> None:
        super().__init__(window)
        self._bar, self._window = bar, window
        self._process: QProcess | None = None
        self._of = ""  # the damaged tape

    @Slot(str)
    def ask(self, tape: str) -> None:
        """Let the user choose where the copy of a tape goes; nothing that is there is written over."""
        first = str(Path(tape).with_suffix(".repaired.gst"))
        kinds = self.tr("gradstep tapes (*.gst)")
        never_over = QFileDialog.Option.DontConfirmOverwrite
        file, _ = QFileDialog.getSaveFileName(self._window, self.tr("Save Repaired Copy"), first, kinds, options=never_over)
        if file:
            self.repair(tape, file)

    def repair(self, tape: str, to: str) -> None:
        """Write the copy."""
        self.stop()
        self._of = tape
        process = self._process = QProcess(self)
        process.finished.connect(self._finished)
        process.errorOccurred.connect(self._not_started)
        words = self.tr("Saving a repaired copy of {0}...").format(shown(Path(tape).name))
        self._bar.show_message(words, [(self.tr("Stop"), self._stopped)])
        process.start(sys.executable, ["-P", "-m", "gradstep", "repair", "--json", "-o", to, "--", tape])

    def stop(self) -> None:
        """Write no further; a copy that is not whole is nowhere."""
        process, self._process = self._process, None
        if process is not None:
            process.blockSignals(True)
            process.terminate()
            if not process.waitForFinished(2000):
                process.kill()
                process.waitForFinished(2000)
            process.deleteLater()

    @Slot()
    def _stopped(self) -> None:
        self.stop()
        self._bar.clear()

    @Slot(int)
    def _finished(self, code: int) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        said = bytes(process.readAllStandardError().data()).decode(errors="replace").strip().removeprefix(_PREFIX)
        text = bytes(process.readAllStandardOutput().data())
        process.deleteLater()
        name = shown(Path(self._of).name)
        if code:
            why = shown(said) or self.tr("gradstep repair ended with code {0}.").format(code)
            again: Answer = (self.tr("Save Repaired Copy..."), lambda: self.ask(self._of))
            self._bar.show_error(why, [again])
            return
        facts = json.loads(text)
        copy = str(facts["copy"])
        if not copy:
            self._bar.show_message(self.tr("{0} is not damaged any more: no copy was made.").format(name))
            return
        words = self.tr("Saved {0}. Left out: {1}. {2} was not changed.")
        self._bar.show_message(
            words.format(shown(copy), shown(facts["left_out"]), name), [(self.tr("Open It"), lambda: self.file_picked.emit(copy))]
        )

    @Slot(QProcess.ProcessError)
    def _not_started(self, error: QProcess.ProcessError) -> None:
        if error is QProcess.ProcessError.FailedToStart and self._process is not None:
            why, process, self._process = self._process.errorString(), self._process, None
            process.deleteLater()
            self._bar.show_error(self.tr("gradstep repair could not be started: {0}").format(why))
