"""What the session's state decides in the frame: which commands work, and what toolbar, title and status bar say of it."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Signal, Slot
from PySide6.QtWidgets import QMainWindow

from gradstep.engine.debug.core import Stopped
from gradstep.engine.debug.states import ALIVE, RUNNING, State

from ..actions import Actions, Needs
from ..files.opening import Opening
from ..guide.guide import Guide
from ..models.debug_model import DebugModel
from ..program.session import DebugSession
from ..translation import translate
from ..widgets.soon import Soon
from .bars import RunBar, StateBar
from .place_label import longest_place, place_text
from .recorded import Recorded
from .undo import Undo
from .whereabouts import Whereabouts

SETTLE = 120  # milliseconds: a program that stands still again by then was never shown as running, so that a step does not flicker


class Standing(QObject):
    """Follows the session and the model, and says each state that is shown."""

    shown = Signal(object)  # a State: everything that depends on it is brought up to it now

    def __init__(
        self, window: QMainWindow, session: DebugSession, model: DebugModel, opening: Opening, undo: Undo, guide: Guide,
        actions: Actions, bar: RunBar, status: StateBar, recorded: Recorded,
    ) -> None:  # fmt: skip
        super().__init__(window)
        self._window, self._session, self._model, self._opening = window, session, model, opening
        self._undo, self._guide, self._actions, self._bar, self._status = undo, guide, actions, bar, status
        self._recorded = recorded
        self._whereabouts = Whereabouts()
        self._workers = 0  # processes below the program's
        self._ranks = 0  # those of them that are ranks, and recorded
        self._state = session.state  # the one that is shown, and what is said of it
        self._told = translate("States", session.sentence)
        self.settling = QTimer(self, singleShot=True, interval=SETTLE)
        self.settling.timeout.connect(self.show_state)
        self._enabling = Soon(self.enable, self)

        session.state_changed.connect(self._session_changed)
        session.stopped.connect(self._stopped)
        session.progressed.connect(lambda progress: self.show_process(progress.workers))
        for told in (session.connection_lost, session.connection_made, session.ended):
            told.connect(lambda _: self.show_process())
        opening.starting.connect(self._whereabouts.forget)
        opening.runner.changed.connect(self.show_process)
        for changed in (model.tape_changed, model.cursor_moved, model.live_changed, model.selection_changed, undo.changed):
            changed.connect(self.enable_later)
        model.grown.connect(self._grown)
        recorded.changed.connect(self._grown)

    @Slot(object)
    def _session_changed(self, state: State) -> None:
        if state in RUNNING and self._state is State.PAUSED:
            self.settling.start()
        else:
            self.show_state()

    @Slot(object)
    def _stopped(self, stop: Stopped) -> None:
        self._whereabouts.note(stop)
        self.enable_later()

    @Slot()
    def show_state(self) -> None:
        """Everything that the state of the session decides."""
        self.settling.stop()
        self._state, self._told = self._session.state, translate("States", self._session.sentence)
        self.shown.emit(self._state)
        self.enable()
        self.show_process()

    @Slot()
    def _grown(self) -> None:
        self.show_process()
        self.enable_later()

    @Slot()
    def enable_later(self) -> None:
        """Once, when the event loop turns."""
        self._enabling.start()

    @Slot()
    def enable(self) -> None:
        """Switch each command on or off, and say where the view stands."""
        self._enabling.stop()
        tape, key, stop = self._model.tape, self._model.selection.key, self._session.stop_info
        self._actions.show_state(
            self._state,
            {
                Needs.SCRIPT: bool(self._opening.script),
                Needs.OPEN: bool(self._opening.name),
                Needs.TAPE: tape is not None and bool(len(tape.ops) + len(tape.events)),
                Needs.NODE: key is not None and key[0] == "node",
                Needs.PAST: not self._model.is_live,
                Needs.UNDO: stop is not None and stop.can_step_back,
                Needs.CHANGED: self._undo.can_undo,
                Needs.TAKEN_BACK: self._undo.can_redo,
                Needs.VALUE: self._model.selection.value is not None,
                Needs.EXAMPLE: self._guide.in_example,
            },
        )
        self._show_place()

    def _show_place(self) -> None:
        """Where the view stands, whether that is where the program stands, and what it does there."""
        state, live = self._state, self._model.is_live
        self._bar.show_place(place_text(self._model), longest_place(self._model), past=not live)
        recorded = self._recorded.told() if state is State.TRACE else None
        stop = self._session.stop_info if state is State.PAUSED else None
        told = recorded.sentence if recorded is not None else self._naming(stop)
        sentence = self._whereabouts.sentence(told, stop, live=live)
        if sentence != self._status.sentence.text() or state is State.PAUSED:
            self._status.show_state(state, sentence, grows=recorded is not None)
        name = self._opening.name
        words = recorded.words if recorded is not None else translate("States", state.value)
        shown = words if live else self.tr("{0}, looking at the past").format(words)
        self._window.setWindowTitle(f"{name} [{shown}] - gradstep" if name else "gradstep")

    def _naming(self, stop: Stopped | None) -> str:
        """What is said of the state, with the name of the parameter whose gradient is stored next: the tape knows it."""
        reader = self._model.reader
        if stop is None or not stop.node or reader is None:
            return self._told
        return self._told.replace(f"{stop.name} (node #{stop.node})", f"{reader.node_name(stop.node)} (node #{stop.node})")

    @Slot(int)
    def show_ranks(self, ranks: int) -> None:
        """So many processes below the program's are ranks of a job."""
        self._ranks = ranks
        self.show_process()

    def show_process(self, workers: int = -1) -> None:
        """The program's process, those below it, and the file of the tape."""
        running = self._session.pid if self._session.state in ALIVE else 0
        self._workers = workers if workers >= 0 and running else self._workers if running else 0
        self._status.show_process(running, self._opening.runs_in, max(self._workers - self._ranks, 0), self._ranks)
        tape = self._model.tape
        self._status.show_tape(str(tape.path) if tape is not None and tape.path else "")
