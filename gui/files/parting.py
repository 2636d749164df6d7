"""Save Tape and Stop, for a program that stands at a limit: where to is asked first, what is saved is the whole tape."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Slot

from gradstep.engine.debug.states import ENDED

from ..models.debug_model import AT_ONCE, DebugModel
from ..program.session import DebugSession
from .file_commands import FileCommands
from .opening import Opening


class Parting(QObject):
    """Stops the program, and keeps its tape once all of it was taken in."""

    def __init__(self, files: FileCommands, session: DebugSession, model: DebugModel, opening: Opening) -> None:
        super().__init__(session)
        self._files, self._session, self._model, self._opening = files, session, model, opening
        self._file = ""  # where the tape goes at the end
        session.ended.connect(self._ended)
        model.caught_up.connect(self._keep)

    @Slot()
    def begin(self) -> None:
        """Ask where to; nothing is stopped where the user does not say. It may have ended meanwhile."""
        self._file = self._files.ask_place(Path(self._opening.name or self._session.tape).stem)
        if not self._file:
            return
        if self._session.state in ENDED:
            self._ended()
        else:
            self._session.stop()

    @Slot()
    def _ended(self) -> None:
        if self._file and self._model.catch_up(AT_ONCE):
            self._keep()

    @Slot()
    def _keep(self) -> None:
        tape = self._model.tape
        if self._file and tape is not None and self._session.state in ENDED:
            file, self._file = self._file, ""
            self._files.save_tape(tape, Path(file))
