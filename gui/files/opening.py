"""Which script or tape is open, and how it is started, started again and put away."""

from __future__ import annotations

import stat
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QSettings, QTimer, Signal, Slot

from gradstep.engine.debug.launch import Launch
from gradstep.engine.debug.states import ALIVE, Action
from gradstep.engine.tape.lanes import tapes_of
from gradstep.engine.tape.reader import TapeError
from gradstep.engine.tape.repair import seed_of
from gradstep.engine.tape.scan import HeadLost
from gradstep.engine.tape.visible import visible

from ..frame import wording
from ..models.debug_model import DebugModel
from ..program.session import DebugSession
from ..runners.runner import Runner
from . import recent
from .errand import Errand

MORE = 4  # times as many values are kept when the user asks for more


class Opening(QObject):
    """Opens files; what became of it is said by signals."""

    changed = Signal()  # another script or tape is open, or none
    job_opened = Signal()  # a folder of ranks is open: its first rank's tape
    starting = Signal()  # the script begins anew: what was said of the last run is old
    said = Signal(str)  # something was done that need not be looked at
    head_lost = Signal(str, str)  # the beginning of a tape is lost, and the rest may be read: the file, and what is said of it
    refused = Signal(str, bool)  # it could not be opened, and why; True: because a program runs that could be stopped

    def __init__(self, session: DebugSession, model: DebugModel, settings: QSettings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session, self._model, self._settings = session, model, settings
        self.runner = Runner(self)  # the engine and the interpreter that run scripts
        self.script = ""  # the path of the script that is open
        self.errand: Errand | None = None  # the script that is open runs on another machine: ``script`` is its place
        self.tape = ""  # the path of the tape that is open without a script
        self.stop_on_entry = True  # stop before the first node of backward
        self.budget = Launch("").budget  # bytes of values that a run keeps
        self.level = Launch("").level  # how much of each value it keeps
        self.recording: dict[str, Any] = {}  # further fields of Launch: when recording begins, and what else it sees
        self.limits: dict[str, Any] = {}  # further fields of Launch: the user's limits
        self.arguments: tuple[str, ...] = ()  # of the script that is open
        self.folder = ""  # in which it runs; "": its own
        self.environment: dict[str, str] = {}  # beside the one of gradstep
        self.remembers = True  # what was opened is listed under recent files
        self.breakpoints: tuple[Mapping[str, Any], ...] = ()  # set before a program's first line runs
        self._stopping = False  # the user chose so
        self._wanted: str | Errand = ""  # what is opened when the program that runs was stopped for it
        session.tape_opened.connect(self._follow)
        session.ended.connect(self._open_wanted)

    @property
    def name(self) -> str:
        """What is open, by its file's name, to be shown; "" for nothing."""
        return self.errand.name if self.errand is not None else visible(Path(self.script or self.tape).name)

    @property
    def runs_in(self) -> str:
        """What runs the script, in a few words."""
        if self.errand is None:
            return self.runner.title
        words = self.tr("{0} on {1}: connection lost") if self._session.is_lost else self.tr("{0} on {1}")
        return words.format(self.errand.python or "gradstep", visible(self.errand.host))

    @property
    def source(self) -> tuple[str, str]:
        """The script's file and text, before anything is recorded; "" where there is none here."""
        return (self.script, self.text()) if self.errand is None else ("", "")

    def text(self) -> str:
        """The script as it is on disk now; "" where it cannot be read."""
        try:
            return Path(self.script).read_text(encoding="utf-8", errors="replace") if self.script else ""
        except OSError:
            return ""

    @Slot(str)
    def open_file(self, file: str) -> None:
        """Open a script (and run it to its first node of backward), a tape, or a folder with the tapes of a job's ranks."""
        path = Path(file)
        if why := self._why_not(path):
            self.refused.emit(why.format(visible(file)), False)
        elif self._session.state in ALIVE:
            self._refuse_beside(file)
        elif path.is_dir():
            self._open_folder(path)
        elif path.suffix == ".gst":
            self._open_tape(path, path)
        else:
            self._model.close()
            self._choose(str(path.resolve()), None, path)

    @Slot(object)
    def open_errand(self, errand: Errand) -> None:
        """Open a script on another machine, and run it to its first node of backward."""
        if errand.problem:
            self.refused.emit(self.tr("{0} cannot be run: {1}.").format(errand.name, errand.problem), False)
        elif self._session.state in ALIVE:
            self._refuse_beside(errand)
        else:
            self._model.close()
            self._choose(errand.place, errand, errand)

    def _choose(self, script: str, errand: Errand | None, entry: Path | Errand) -> None:
        self.script, self.errand, self.tape = script, errand, ""
        self._remember(entry)
        self._session.choose(script)
        self.changed.emit()
        self.start()

    def _refuse_beside(self, wanted: str | Errand) -> None:
        self._wanted = wanted
        self.refused.emit(self.tr("{0} is still running: stop it before another file is opened.").format(self.name), True)

    def _refuse(self, path: Path, error: Exception) -> None:
        """Say why a tape cannot be opened; it was named already, and need not be again."""
        why = (getattr(error, "strerror", None) or str(error)).replace(f"{path}: ", "").replace(f"{path} ", self.tr("it") + " ")
        said = self.tr("{0} cannot be opened: {1}.").format(visible(path.name), visible(why.rstrip(".")))
        if isinstance(error, HeadLost) and seed_of(str(path)) is not None:
            self.head_lost.emit(str(path.resolve()), said)
        else:
            self.refused.emit(said, False)

    def _why_not(self, path: Path) -> str:
        """Why a file is not even tried, with its name to be filled in; "" where it is. A pipe or a device might never end."""
        try:
            mode = path.stat().st_mode
        except FileNotFoundError:
            return self.tr("{0} is not there: choose another file.")
        except (OSError, ValueError) as error:  # a link to itself, a name that no system takes, a folder that is closed to the user
            why = getattr(error, "strerror", None) or str(error)
            return self.tr("{0} cannot be opened: {1}.").format("{0}", why)
        ordinary = stat.S_ISREG(mode) or stat.S_ISDIR(mode)
        return "" if ordinary else self.tr("{0} is not an ordinary file: choose a script or a tape.")

    @Slot()
    def stop_and_open(self) -> None:
        """End the program, and open the file that could not be opened beside it."""
        self._stopping = True
        self._session.stop()

    @Slot()
    def _open_wanted(self) -> None:
        wanted, self._wanted = (self._wanted if self._stopping else ""), ""
        self._stopping = False
        if isinstance(wanted, Errand):
            QTimer.singleShot(0, self, lambda: self.open_errand(wanted))  # after all have heard of the end
        elif wanted:
            QTimer.singleShot(0, self, lambda: self.open_file(wanted))

    @Slot()
    def start(self) -> None:
        """Run the script that is open."""
        if self.script and self._session.allows(Action.LAUNCH) and self._can_run():
            self._find(self._launch)

    def _find(self, done: Callable[[str], None]) -> None:
        """The interpreter that runs the script; on another machine it is known there."""
        if self.errand is not None:
            done(self.errand.python)
        else:
            self.runner.find(done)

    def _launch(self, python: str) -> None:
        """Run the script in the interpreter that was found for it, where it was not put away meanwhile."""
        if self.script and self._session.allows(Action.LAUNCH):
            self.starting.emit()
            script = self.errand.script if self.errand is not None else self.script
            self._session.launch(script, **self._options(python))

    def _can_run(self) -> bool:
        """Whether the folder in which the script shall run is there."""
        if self.errand is None and self.folder and not Path(self.folder).is_dir():
            self.refused.emit(self.tr("{0} is no folder: choose another one to run {1} in.").format(self.folder, self.name), False)
            return False
        return True

    def _options(self, python: str) -> dict[str, Any]:
        return {
            "args": self.arguments, "cwd": self.folder or str(Path(self.script).parent), "env": self.environment,
            "engine": self.runner.engine, "python": python,
            "stop_on_entry": self.stop_on_entry, "level": self.level, "budget": self.budget, "breakpoints": self.breakpoints,
            "examine": True,
            **self.recording,
            **self.limits,
            **(self.errand.options() if self.errand is not None else {}),
        }  # fmt: skip

    def _remember(self, entry: Path | Errand) -> None:
        if self.remembers:
            recent.remember(self._settings, entry)

    @Slot()
    def restart(self) -> None:
        """Run the script again, after the end of the program where one runs."""
        if self._session.state in ALIVE:
            if self._can_run():
                self._find(partial(self._restart, self.script))
        else:
            self.start()

    def _restart(self, script: str, python: str) -> None:
        """Run it again in the interpreter that was found; what was put away or replaced meanwhile stays as it is."""
        if script == self.script and self._session.state in ALIVE:
            self._session.restart(**self._options(python))
        elif script == self.script:
            self._launch(python)

    @Slot()
    def keep_more(self) -> None:
        """Keep more values from the next start on."""
        if self.level == Launch("").level:
            self.budget *= MORE
        self.level = Launch("").level  # all elements, where only statistics were kept
        self.said.emit(self.tr("Up to {0} of values are kept from the next start on.").format(wording.size_text(self.budget)))

    @Slot()
    def restart_with_values(self) -> None:
        """Run the script again and keep more values."""
        self.keep_more()
        self.restart()

    @Slot()
    def close(self) -> None:
        """Put the script or tape away."""
        if self._session.state in ALIVE:
            return
        self._model.close()
        self.script = self.tape = ""
        self.errand = None
        self._session.choose("")
        self.changed.emit()

    def _open_folder(self, folder: Path) -> None:
        """Open the first rank of the job that was recorded last, or the only tape."""
        try:
            tapes = tapes_of(str(folder))
        except OSError as error:
            self.refused.emit(self.tr("{0} cannot be read: {1}").format(visible(str(folder)), error.strerror or error), False)
            return
        if not tapes:
            words = self.tr("{0} holds no tapes of ranks: rank0.gst, rank1.gst, ... as gradstep record -o FOLDER/ writes them.")
            self.refused.emit(words.format(visible(str(folder))), False)
        elif self._open_tape(Path(tapes[0]), folder) and len(tapes) > 1:
            self.job_opened.emit()

    def _open_tape(self, path: Path, chosen: Path) -> bool:
        """Open a tape; ``chosen`` is what the user opened, and is remembered. Whether it could be opened."""
        try:
            self._model.open(path)
        except (TapeError, OSError) as error:
            self._refuse(path, error)
            return False
        self._remember(chosen)
        self.script, self.errand, self.tape = "", None, str(path.resolve())
        self.starting.emit()
        self.changed.emit()
        self._session.show_trace()
        return True

    @Slot(str)
    def look_at(self, path: str) -> None:
        """Look at another tape of the job that is open, or at the program's own again; what is open stays."""
        self._follow(path)

    @Slot(str)
    def _follow(self, path: str) -> None:
        try:
            self._model.open(path)
        except (TapeError, OSError) as error:
            self.refused.emit(self.tr("The recording of this run cannot be read: {0}").format(error), False)
