"""A recording on another machine, followed into a copy here by ``gradstep attach`` in a process of its own. One at a time."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, QProcess, QSettings, Signal, Slot
from PySide6.QtWidgets import QWidget

from gradstep.engine.tape.visible import shown

from ..frame.message_bar import MessageBar
from .attach_dialog import AttachDialog, Place

_KEPT = "attach"  # the group of what was named last, in the settings
_PREFIX = "gradstep: "
_CLOSING = 2000  # milliseconds that a copy may take to be put down


class Attaching(QObject):
    """Asks which, starts the process, opens what it copies, and says in the bar how it goes."""

    file_picked = Signal(str)  # something of the copy is here
    changed = Signal()  # another recording is followed, or none; the connection was lost, or is there again
    said = Signal(str)  # all of it is here, or the user stopped it

    def __init__(self, bar: MessageBar, settings: QSettings, window: QWidget) -> None:
        super().__init__(window)
        self._bar, self._settings, self._window = bar, settings, window
        self._dialog: AttachDialog | None = None
        self._process: QProcess | None = None
        self._place = Place()
        self._to = Path()  # the copy: a tape, or the folder of a job's
        self._is_open = False  # the window was asked to open the copy
        self._is_lost = False  # the connection, which is tried again
        self._why = ""  # what the process said last
        self._heard = b""  # of a line that is not whole yet

    @property
    def is_following(self) -> bool:
        """Whether a recording is being followed."""
        return self._process is not None

    @property
    def is_connected(self) -> bool:
        """Whether what is recorded there comes here now."""
        return self._process is not None and not self._is_lost

    def place_of(self, tape: str) -> Place | None:
        """Where a tape is recorded that is followed; None of any other."""
        path = Path(tape).resolve()
        return self._place if self.is_following and self._to.resolve() in (path, path.parent) else None

    @Slot()
    def ask(self) -> None:
        """Let the user name the machine and the recording; where one is followed, say so first."""
        if self.is_following:
            self._show_following(self._ask)
        else:
            self._ask()

    def _ask(self) -> None:
        self._dialog = AttachDialog(self._remembered(), self._window)
        self._dialog.place_named.connect(self.follow)
        self._dialog.open()

    @Slot(object)
    def follow(self, place: Place) -> None:
        """Follow a recording from now on, in place of any other."""
        self.stop()
        self._remember(place)
        self._place, self._is_open, self._is_lost, self._why, self._heard = place, False, False, "", b""
        self._to = Path(place.copy, place.host.replace(os.sep, "_"), os.path.basename(place.path.rstrip("/")) or "root")
        process = self._process = QProcess(self)
        process.readyReadStandardOutput.connect(self._copied)
        process.readyReadStandardError.connect(self._told)
        process.finished.connect(self._finished)
        process.errorOccurred.connect(self._not_started)
        words = ["attach", "--to", str(self._to), "--ssh", place.ssh, "--gradstep", place.gradstep]
        self._bar.show_message(self.tr("Connecting to {0}...").format(shown(place.host)), [(self.tr("Stop"), self._stopped)])
        process.start(sys.executable, ["-P", "-m", "gradstep", *words, "--", f"{place.host}:{place.path}"])

    def stop(self) -> None:
        """Follow no more. What came is kept."""
        process, self._process = self._process, None
        if process is not None:
            process.blockSignals(True)
            process.terminate()
            if not process.waitForFinished(_CLOSING):
                process.kill()
                process.waitForFinished(_CLOSING)
            process.deleteLater()
            self.changed.emit()

    # ------------------------------------------------------------------------------------------------------------------

    def _remembered(self) -> Place:
        place = Place(copy=str(Path.home() / "gradstep-recordings") if os.environ.get("HOME") else "")
        kept = {name: str(self._settings.value(f"{_KEPT}/{name}", value)) for name, value in place._asdict().items()}
        return Place(**kept)

    def _remember(self, place: Place) -> None:
        for name, value in place._asdict().items():
            self._settings.setValue(f"{_KEPT}/{name}", value)

    @Slot()
    def _copied(self) -> None:
        if self._process is None:
            return
        if self._process.readAllStandardOutput().size() and not self._is_open:  # the path of the first copy
            self._is_open = True
            self.changed.emit()
            self.file_picked.emit(str(self._to))
            self._show_following()

    @Slot()
    def _told(self) -> None:
        if self._process is None:
            return
        self._heard += bytes(self._process.readAllStandardError().data())
        *lines, self._heard = self._heard.split(b"\n")  # the last one is not whole yet
        for line in [line.decode(errors="replace") for line in lines if line.strip()]:
            said = shown(line.removeprefix(_PREFIX))
            if not line.startswith(_PREFIX):
                self._why = said  # of ssh's
            elif "was lost" in said:
                self._say_lost(lost=True)
                said = f"{said[:1].upper()}{said[1:].rstrip('.')}."
                self._bar.show_error(said, [(self.tr("Stop Following"), self._stopped)])
            elif "again; nothing is missing" in said:
                self._say_lost(lost=False)
                self._show_following()
            elif not self._is_open:
                self._why = f"{self._why}\n{said}" if self._why else said

    def _say_lost(self, *, lost: bool) -> None:
        self._is_lost = lost
        self.changed.emit()

    def _show_following(self, another: Callable[[], None] | None = None) -> None:
        said = self.tr("Following {0} into {1}. The program there does not notice.").format(
            shown(f"{self._place.host}:{self._place.path}"), shown(str(self._to))
        )
        others = [(self.tr("Another..."), another)] if another is not None else []
        self._bar.show_message(said, [(self.tr("Stop Following"), self._stopped), *others])

    @Slot()
    def _stopped(self) -> None:
        self.stop()
        self._bar.hide()
        self.said.emit(self.tr("Stopped following {0}. What came is in {1}.").format(shown(self._place.host), shown(str(self._to))))

    @Slot(int)
    def _finished(self, code: int) -> None:
        self._copied()
        self._told()
        process, self._process = self._process, None
        if process is not None:
            process.deleteLater()
        self.changed.emit()
        if code == 0:
            self._bar.hide()
            self.said.emit(self.tr("All of {0} is here.").format(shown(f"{self._place.host}:{self._place.path}")))
        else:
            self._bar.show_error(
                self._why or self.tr("gradstep attach ended with code {0}.").format(code), [(self.tr("Try Again..."), self.ask)]
            )

    @Slot(QProcess.ProcessError)
    def _not_started(self, error: QProcess.ProcessError) -> None:
        if error is QProcess.ProcessError.FailedToStart and self._process is not None:
            why, process, self._process = self._process.errorString(), self._process, None
            process.deleteLater()
            self._bar.show_error(self.tr("gradstep attach could not be started: {0}").format(why))
