"""A script that is run on another machine: asked for, started, and what is said while the connection with it is lost."""

from __future__ import annotations

from PySide6.QtCore import QObject, QSettings, Signal, Slot
from PySide6.QtWidgets import QWidget

from gradstep.engine.debug.core import Outcome
from gradstep.engine.debug.states import ALIVE, State

from ..frame.message_bar import MessageBar
from ..program.session import DebugSession
from .elsewhere_dialog import ElsewhereDialog
from .errand import Errand
from .opening import Opening
from .recent import errands


class Elsewhere(QObject):
    """Brings the dialog, and speaks of the connection in the bar."""

    said = Signal(str)  # the connection is there again

    def __init__(self, bar: MessageBar, session: DebugSession, opening: Opening, settings: QSettings, window: QWidget) -> None:
        super().__init__(window)
        self._bar, self._session, self._opening, self._settings, self._window = bar, session, opening, settings, window
        self._lost = ""  # what the bar says of a connection that is lost
        self.dialog: ElsewhereDialog | None = None  # the one that is open
        session.connection_lost.connect(self._say_lost)
        session.connection_made.connect(self._say_made)

    @Slot()
    def ask(self) -> None:
        """Let the user name the machine and the script: as they are, where such a one is open."""
        if self.dialog is not None:
            self.dialog.close()
        last = errands(self._settings)
        errand = self._opening.errand or (last[0] if last else Errand())
        self.dialog = ElsewhereDialog(errand, self._window)
        self.dialog.run_wished.connect(self._opening.open_errand)
        self.dialog.finished.connect(self._closed)
        self.dialog.open()

    @Slot()
    def _closed(self) -> None:
        self.dialog = None

    @Slot(str)
    def _say_lost(self, sentence: str) -> None:
        self._lost = sentence
        self._bar.show_error(sentence, [(self.tr("End It"), self._session.kill)])

    @Slot(str)
    def _say_made(self, sentence: str) -> None:
        self._take_back()
        self.said.emit(sentence)

    def _take_back(self) -> None:
        if self._lost and self._bar.text == self._lost:
            self._bar.clear()
        self._lost = ""

    @Slot(object)
    def state_changed(self, state: State) -> None:
        """A program that is over has no connection to be lost."""
        if state not in ALIVE:
            self._take_back()

    @Slot(object)
    def ended(self, outcome: Outcome) -> None:
        """Behind all that is said of an end: where it could not be run there, what can be changed."""
        if self._opening.errand is not None and outcome.how is State.FAILED:
            self._bar.show_error(outcome.reason, [(self.tr("Try Again"), self._opening.restart), (self.tr("Change..."), self.ask)])
