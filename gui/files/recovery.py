"""After a window that ended without saying goodbye: what was open is offered again; runs that were kept long enough are put away."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import QDateTime, QLocale, QLockFile, QObject, QSettings, QTimer, Signal, Slot

from gradstep.engine.debug.runs import tidy
from gradstep.engine.kept import KeptFile

from ..frame import wording
from ..frame.message_bar import Answer
from ..preferences.store import Preferences
from ..program.session import DebugSession
from .opening import Opening

OFTEN = 20_000  # milliseconds between two times that the arrangement is kept
_MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Lost:
    """What a window had open when it ended without a word. ``when`` in seconds since 1970."""

    script: str
    tape: str
    folder: str
    when: float


class Recovery(QObject):
    """Every window writes down what it has open, and takes that away when it is closed in order."""

    due = Signal()  # the window's arrangement may be kept now
    reopened = Signal(str, str)  # a script's recording is about to be opened: the script, and the tape

    def __init__(
        self, session: DebugSession, opening: Opening, preferences: Preferences, settings: QSettings, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._session, self._opening, self._preferences = session, opening, preferences
        self._folder = Path(settings.fileName()).parent / "windows"
        self._name = f"{os.getpid()}-{time.time_ns()}"
        self._lock: QLockFile | None = None
        self._file = KeptFile(self._folder / f"{self._name}.json", "what a window has open")
        self._timer = QTimer(self, interval=OFTEN)
        self._timer.timeout.connect(self.due)
        opening.changed.connect(self.note)
        session.tape_opened.connect(self.note)

    def begin(self) -> list[Lost]:
        """From now on write down what is open. What windows had open that are gone without a word, the newest first."""
        lost = self._lost()
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError:
            return lost  # a home that cannot be written: there is nothing to recover from
        lock = QLockFile(str(self._folder / f"{self._name}.lock"))
        lock.setStaleLockTime(0)  # a window may be open for weeks
        if lock.tryLock(0):
            self._lock = lock
            self._timer.start()
            self.note()
        threading.Thread(target=self._tidy, args=self._limits(), name="gradstep-tidy", daemon=True).start()
        return lost

    def end(self) -> None:
        """The window is closed in order."""
        self._timer.stop()
        if self._lock is not None:
            Path(str(self._file.file)).unlink(missing_ok=True)
            self._lock.unlock()
            self._lock = None

    @Slot()
    def note(self) -> None:
        """Write down what is open."""
        if self._lock is None:
            return
        folder = self._session.folder
        facts = {"script": self._opening.script, "tape": self._opening.tape or self._session.tape}
        self._file.write(facts | {"folder": str(folder.path) if folder is not None else "", "when": time.time()})

    def _lost(self) -> list[Lost]:
        found = []
        for file in sorted(self._folder.glob("*.json")) if self._folder.is_dir() else ():
            lock = QLockFile(str(file.with_suffix(".lock")))
            lock.setStaleLockTime(0)
            if not lock.tryLock(0):
                continue  # that window is there
            taken: list[Lost] = []

            def take(facts: Any, taken: list[Lost] = taken) -> None:
                taken.append(Lost(str(facts["script"]), str(facts["tape"]), str(facts["folder"]), float(facts["when"])))

            KeptFile(file, "what a window had open").read(take)
            found += [one for one in taken if one.script or one.tape]
            file.unlink(missing_ok=True)
            lock.unlock()
        return sorted(found, key=lambda one: one.when, reverse=True)

    # ----------------------------------------------------------------------------------------------------- in words

    def sentence(self, lost: Lost) -> str:
        """What is said of a window that was lost."""
        when = QLocale().toString(QDateTime.fromSecsSinceEpoch(int(lost.when)).time(), QLocale.FormatType.ShortFormat)
        name = Path(lost.script or lost.tape).name
        tape = Path(lost.tape) if lost.tape else None
        size = tape.stat().st_size if tape is not None and tape.is_file() else 0
        if not size:
            return self.tr("gradstep ended unexpectedly; {0} was open since {1}. Your layout, notes and breakpoints are back.").format(
                name, when
            )
        return self.tr(
            "gradstep ended unexpectedly; {0} was open since {1}. All that it had recorded is there ({2}); your layout, notes and "
            "breakpoints are back."
        ).format(name, when, wording.size_text(size))

    def answers(self, lost: Lost, open_file: Callable[[str], None]) -> list[Answer]:
        """The buttons beside that sentence."""
        found: list[Answer] = []
        if lost.tape and Path(lost.tape).is_file():
            found.append((self.tr("Open the Recording"), lambda: self._reopen(lost, open_file)))
        if lost.script and Path(lost.script).is_file():
            found.append((self.tr("Open the Script"), lambda: open_file(lost.script)))
        return found

    def _reopen(self, lost: Lost, open_file: Callable[[str], None]) -> None:
        self.reopened.emit(lost.script, lost.tape)
        open_file(lost.tape)

    # -------------------------------------------------------------------------------------------------------- tidying

    def _limits(self) -> tuple[int, int]:
        return self._preferences.whole("recovery/days"), self._preferences.whole("recovery/space") * _MIB

    @staticmethod
    def _tidy(days: int, space: int) -> None:
        tidy(days, space)
