"""Looks after the file of the tape that is open: somebody else may replace it, cut it off or delete it meanwhile."""

from __future__ import annotations

import os
from enum import Enum
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Slot

from gradstep.engine.debug.states import ALIVE

from ..frame.message_bar import Answer, MessageBar
from ..models.debug_model import DebugModel
from ..program.session import DebugSession
from .opening import Opening

OFTEN = 1000  # milliseconds between two looks


class Fate(Enum):
    """What became of a file."""

    THERE = "there"
    REPLACED = "replaced"  # another file has its name
    CUT = "cut"  # less of it is there than was read
    GONE = "gone"  # no file has its name


class TapeWatch(QObject):
    """Says it once in the bar, and offers to open what has the name now. What was read stays on the screen until the user wants that.

    The file is asked for its identity once a second: the system would tell of every write of a tape that grows."""

    def __init__(
        self, model: DebugModel, session: DebugSession, opening: Opening, bar: MessageBar, parent: QObject | None = None
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._model, self._session, self._opening, self._bar = model, session, opening, bar
        self._path = ""
        self._identity: tuple[int, int] | None = None
        self._told = Fate.THERE
        self._timer = QTimer(self, interval=OFTEN)
        self._timer.timeout.connect(self.look)
        model.tape_changed.connect(self._changed)

    @property
    def fate(self) -> Fate:
        """What became of the file of the tape that is open."""
        try:
            found = os.stat(self._path)
        except OSError:
            return Fate.GONE
        tape = self._model.tape
        if (found.st_dev, found.st_ino) != self._identity:
            return Fate.REPLACED
        return Fate.CUT if tape is not None and found.st_size < tape.readable else Fate.THERE

    @Slot()
    def _changed(self) -> None:
        tape = self._model.tape
        self._told = Fate.THERE
        self._path = str(tape.path) if tape is not None and tape.path else ""
        try:
            found = os.stat(self._path) if self._path else None
        except OSError:
            found = None
        self._identity = (found.st_dev, found.st_ino) if found is not None else None
        if self._identity is not None:
            self._timer.start()
        else:
            self._timer.stop()

    @Slot()
    def look(self) -> None:
        """Look at the file now, and say what is new."""
        if not self._path:
            return
        fate = self.fate
        if fate is self._told:
            return
        self._told = fate
        name = Path(self._path).name
        if fate is Fate.REPLACED:
            text = self.tr("{0} was replaced by another file. What is shown is the one that was opened.").format(name)
        elif fate is Fate.CUT:
            text = self.tr("{0} was cut off: less of it is there than was read. Values that are gone cannot be shown.").format(name)
        elif fate is Fate.GONE:
            text = self.tr("{0} was deleted or moved away. What was read of it is shown as long as it stays open.").format(name)
        else:
            return  # it is back
        reloads = fate is not Fate.GONE and self._session.state not in ALIVE
        answers: list[Answer] = [(self.tr("Reload"), self._reload)] if reloads else []
        self._bar.show_message(text, answers, picture="warning", token="accent_text")

    @Slot()
    def _reload(self) -> None:
        self._bar.clear()
        self._opening.open_file(self._path)
