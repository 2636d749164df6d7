"""What goes wrong in the window's own code, or in a plug-in's: counted, written to a log, told once in a bar; the window stays up."""

from __future__ import annotations

import os
import sys
import tempfile
import threading
import traceback
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any

from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot

from gradstep.engine.extensions.watchdog import TookTooLong
from gradstep.engine.places import Place, place

GATHER = 250  # milliseconds in which the same fault is counted, not told again
LOG_CAP = 1 << 20  # bytes: a fault that comes at every paint must not fill the disk


@dataclass(slots=True)
class Fault:
    """One place that raises. ``count`` is how often it did."""

    error: str  # type and message of the last one
    file: str
    line: int
    files: frozenset[str]  # of all frames, to find whose code it was
    details: str
    classes: frozenset[str] = frozenset()  # of the objects whose methods they are: a package may have several features
    count: int = 0


class Faults(QObject):
    """Takes Python's hooks for exceptions that nobody caught: Qt calls them for what a slot or a paint event raised.

    ``install`` is for a program; a test gives exceptions to ``take`` itself."""

    raised = Signal(object)  # Fault: a new one, or one whose count has grown
    _taken = Signal()  # from any thread

    def __init__(self, log: Path | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.log = log
        self._faults: dict[tuple[str, str, int], Fault] = {}
        self._due: list[Fault] = []
        self._lock = threading.Lock()
        self._written = 0
        self._timer = QTimer(self, singleShot=True, interval=GATHER)
        self._timer.timeout.connect(self.tell)
        self._taken.connect(self._gather, Qt.ConnectionType.QueuedConnection)
        self._before: tuple[Any, Any, Any] | None = None

    def install(self) -> None:
        """From now on uncaught exceptions come here."""
        if self._before is None:
            self._before = (sys.excepthook, sys.unraisablehook, threading.excepthook)
            sys.excepthook = self._hook
            sys.unraisablehook = self._unraisable
            threading.excepthook = self._in_thread

    def uninstall(self) -> None:
        """Give the hooks back."""
        if self._before is not None:
            sys.excepthook, sys.unraisablehook, threading.excepthook = self._before
            self._before = None

    def _hook(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if isinstance(error, TookTooLong) and error.in_call:
            return  # of a call that goes on: its end tells
        if not isinstance(error, (Exception, TookTooLong)):  # Ctrl+C, sys.exit
            sys.__excepthook__(kind, error, trace)
            return
        self.take(error)
        for name in ("last_exc", "last_type", "last_value", "last_traceback"):  # they would hold what its frames hold: a tape, say
            vars(sys).pop(name, None)

    def _unraisable(self, what: sys.UnraisableHookArgs) -> None:
        if isinstance(what.exc_value, Exception) or (isinstance(what.exc_value, TookTooLong) and not what.exc_value.in_call):
            self.take(what.exc_value)

    def _in_thread(self, what: threading.ExceptHookArgs) -> None:
        if isinstance(what.exc_value, Exception):
            self.take(what.exc_value)

    def take(self, error: Exception | TookTooLong) -> None:
        """Count an exception; from any thread. Never raises."""
        entries = list(traceback.extract_tb(error.__traceback__))
        if isinstance(error, TookTooLong):
            del entries[-1:]  # where it was at work, not where that was ended
        place = entries[-1] if entries else None
        file, line = (place.filename, place.lineno or 0) if place is not None else ("", 0)
        try:
            words = f"{type(error).__name__}: {error}"
            details = "".join(traceback.format_exception(error))
        except Exception:  # its own __str__ raised
            words, details = type(error).__name__, f"{type(error).__name__} in {file}:{line}, whose text could not be made\n"
        with self._lock:
            key = (type(error).__name__, file, line)
            files = frozenset(entry.filename for entry in entries)
            fault = self._faults.setdefault(key, Fault(words, file, line, files, details, _classes(error)))
            fault.count += 1
            fault.error, fault.details = words, details
            if fault not in self._due:
                self._due.append(fault)
            if fault.count == 1:
                self._write(details)
        self._taken.emit()

    def note(self, text: str) -> None:
        """Write down what cannot be told in a window that stands still; from any thread. It is said in the terminal, too."""
        print(f"gradstep: {text}", file=sys.stderr)
        with self._lock:
            self._write(text)

    def _write(self, details: str) -> None:
        if self._written > LOG_CAP:
            return
        if self.log is None:
            self.log = log_file()
        try:
            with open(self.log, "a", encoding="utf-8") as stream:
                self._written += stream.write(f"{datetime.now().astimezone().isoformat(timespec='seconds')}\n{details}\n")
        except OSError:
            print(details, file=sys.stderr)

    @Slot()
    def _gather(self) -> None:
        if not self._timer.isActive():
            self._timer.start()

    @Slot()
    def tell(self) -> None:
        """Say now what came in."""
        self._timer.stop()
        with self._lock:
            due, self._due = self._due, []
        for fault in due:
            self.raised.emit(fault)


def _classes(error: BaseException) -> frozenset[str]:
    """The classes of the objects whose methods an exception went through."""
    frames = (frame for frame, _ in traceback.walk_tb(error.__traceback__))
    return frozenset(class_name(type(frame.f_locals["self"])) for frame in frames if "self" in frame.f_locals)


def class_name(kind: type) -> str:
    """Module and name of a class."""
    return f"{kind.__module__}.{kind.__qualname__}"


def log_file() -> Path:
    """Where faults are written: ``$XDG_STATE_HOME/gradstep/faults.log``, or in the temporary folder where there is no home."""
    folder = place(Place.STATE)
    if folder is not None:
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            if os.access(folder, os.W_OK):
                return folder / "faults.log"
        except OSError:
            pass
    return Path(tempfile.gettempdir(), f"gradstep-faults-{os.getpid()}.log")
