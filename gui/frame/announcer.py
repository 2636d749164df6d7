"""What the message bar says of a run: how it ended, the first NaN, what could not be done."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal, Slot

from gradstep.engine.debug.core import Outcome
from gradstep.engine.debug.states import ENDED, State

from ..actions import key_of
from ..canvas import GraphCanvas
from ..files.opening import Opening
from ..models.alerts import AlertKind
from ..models.debug_model import AT_ONCE, DebugModel
from ..models.largest import largest
from ..program.session import DebugSession
from ..study.navigator import Navigator
from . import wording
from .message_bar import Answer, MessageBar


class Announcer(QObject):
    """Listens to all and writes the bar, and the canvas's words for the time without a graph."""

    keep_wanted = Signal()  # the user wants the program stopped and its tape saved
    repair_wanted = Signal(str)  # the user wants a repaired copy of this tape
    line_wanted = Signal(str, int)  # the user wants to see this line of the source
    told_end = Signal(int)  # how the program ended is said now; the node in which it failed, 0 for none
    said = Signal(str)  # something worth a line that need not stay

    def __init__(
        self, bar: MessageBar, canvas: GraphCanvas, session: DebugSession, model: DebugModel, opening: Opening, navigator: Navigator
    ) -> None:
        super().__init__(bar)
        self._bar, self._canvas = bar, canvas
        self._session, self._model, self._opening, self._navigator = session, model, opening, navigator
        self._alert_told = False
        self._offered = ""  # what the bar says of a program that could be stopped
        self._unfinished = ""  # what it says of a recorded tape that has no end
        self._waiting: Outcome | None = None  # an end that is told when the rest of the tape was taken in
        self.says_alerts = True  # the user wants to be told of the first NaN here
        session.state_changed.connect(self._state_changed)
        session.ended.connect(self._ended)
        session.noticed.connect(self.said)
        model.grown.connect(self.tell_alert)
        model.caught_up.connect(self._say_end)
        model.damaged.connect(self._damaged)
        model.over.connect(self._say_unfinished)
        opening.starting.connect(self._starting)
        opening.changed.connect(self._changed)
        opening.refused.connect(self._refused)
        opening.head_lost.connect(self._head_lost)

    @Slot()
    def _changed(self) -> None:
        self._bar.clear()
        tape = self._model.tape
        if tape is not None and self._opening.tape:
            self._canvas.set_empty_text(self.tr("No graph"), self.tr("No operation that was recorded has a gradient."))
        if tape is not None and tape.damage:  # a short tape was read before this was heard
            self._damaged(tape.damage)
        elif self._model.is_all_here:
            self._say_unfinished()

    @Slot()
    def _starting(self) -> None:
        self._alert_told, self._waiting = False, None
        self._bar.clear()

    @Slot(str, bool)
    def _refused(self, why: str, stoppable: bool) -> None:
        if stoppable:
            self._bar.show_message(why, [(self.tr("Stop and Open"), self._opening.stop_and_open)])
            self._offered = why
        else:
            self._bar.show_error(why)

    @Slot(str)
    def _damaged(self, why: str) -> None:
        words = self.tr("The tape cannot be read further: {0}. What stands before that place is shown.")
        self._bar.show_error(words.format(why.rstrip(".")), self._repairs(self._opening.tape))

    @Slot(str, str)
    def _head_lost(self, file: str, why: str) -> None:
        self._bar.show_error(why, self._repairs(file))

    def _repairs(self, file: str) -> list[Answer]:
        """What can be done about a damaged tape that was opened."""
        return [(self.tr("Save Repaired Copy..."), lambda: self.repair_wanted.emit(file))] if file else []

    @Slot()
    def _say_unfinished(self) -> None:
        """A tape that was opened, and that nobody records into any more, has no end: it must not be taken for a whole one."""
        tape = self._model.tape
        if tape is None or not self._opening.tape or tape.damage or tape.growing:
            return
        if said := wording.repaired_text(tape):
            self._bar.show_message(said)
            return
        if tape.complete:
            if self._unfinished and self._bar.text == self._unfinished:
                self._bar.clear()  # its last words came late
            return
        self._unfinished = wording.unfinished_text(tape)
        self._bar.show_message(self._unfinished, picture="warning", token="bad")

    @Slot(object)
    def _state_changed(self, state: State) -> None:
        later = self.tr("The graph appears when backward() is called.")
        if state is State.STARTING:
            self._alert_told = False
            self._bar.clear()
            self._canvas.set_empty_text(self.tr("Starting {0}").format(self._opening.name), later)
        elif state in (State.RUNNING_FORWARD, State.RUNNING_BACKWARD):
            self._canvas.set_empty_text(self.tr("Running {0}").format(self._opening.name), later)
        elif state is State.PAUSED:
            self._canvas.set_empty_text(self.tr("Paused before backward()"), self.tr("{0} goes on.").format(key_of("continue")))
        elif state is State.FROZEN:
            self._say_frozen()
        if state in ENDED and self._bar.text and self._bar.text == self._offered:
            self._bar.clear()  # there is nothing to stop any more
        if state is State.PAUSED:
            self.tell_alert()

    def _say_frozen(self, more: str = "") -> None:
        """The program stands at a limit: what can be done about it."""
        words = self.tr("{0} The script still exists and can go on.").format(self._session.sentence)
        limit = self._session.memory_limit
        further = self.tr("Continue to {0}").format(wording.size_text(limit * 3 // 2))
        answers: list[Answer] = [(further, self._session.raise_limit)] if limit else []
        answers.append((self.tr("Go On Without a Limit"), self._session.lift_limit))
        if limit and not more:
            answers.append((self.tr("Largest Tensors"), self._say_largest))
        answers += [(self.tr("Save Tape and Stop"), self.keep_wanted.emit), (self.tr("Stop"), self._session.stop)]
        self._bar.show_message(f"{words} {more}".rstrip(), answers, picture="warning", token="accent_text")

    def _say_largest(self) -> None:
        tape = self._model.tape
        held = ", ".join(f"{words} ({wording.size_text(size)})" for words, size in largest(tape)) if tape is not None else ""
        self._say_frozen(self.tr("Largest tensors: {0}.").format(held) if held else self.tr("No tensor is on the tape."))

    @Slot()
    def tell_alert(self) -> None:
        """Say the first NaN or infinity of a run, once, when the program stands still or is over."""
        resting = self._session.state in ENDED | {State.PAUSED, State.TRACE}
        alert = self._navigator.first_alert() if self.says_alerts and resting and not self._alert_told else None
        if alert is None or alert.kind is not AlertKind.BORN or self._bar.text:
            return
        self._alert_told = True
        text = wording.alert_text(alert, len(self._model.alerts))
        self._bar.show_message(text, [(self.tr("Go To It"), lambda: self._navigator.go_to_alert(alert))], picture="warning", token="bad")

    @Slot(object)
    def _ended(self, outcome: Outcome) -> None:
        self._waiting = outcome
        if self._model.catch_up(AT_ONCE):
            self._say_end()

    @Slot()
    def _say_end(self) -> None:
        """How the program ended, once all of its tape is here: that says more than its exit code."""
        outcome, self._waiting = self._waiting, None
        if outcome is None:
            return
        text = wording.outcome_text(outcome, self._opening.script, self._model.tape)
        bad = outcome.how in (State.RAISED, State.CRASHED, State.FAILED)
        hint = self._why_no_graph(outcome) if bad else text
        self._canvas.set_empty_text(self.tr("No graph"), hint or self.tr("backward() was not called."))
        again: Answer = (self.tr("Restart"), self._opening.restart)
        self.told_end.emit(_failed_in(outcome))
        if bad:
            self._bar.show_error(text, [*self._places(outcome), again])
            place = outcome.exception or outcome.refused
            if place.get("file") and place.get("line"):
                self.line_wanted.emit(str(place["file"]), int(place["line"]))
        elif text:
            self._bar.show_message(text, [again] if outcome.how is not State.FINISHED or outcome.exit_code else [])
        else:
            self.tell_alert()

    def _why_no_graph(self, outcome: Outcome) -> str:
        if outcome.refused:
            return self.tr("Nothing was run.")
        return self.tr("{0} ended before backward().").format(self._opening.name)

    def _places(self, outcome: Outcome) -> list[Answer]:
        found: list[Answer] = []
        place = outcome.exception or outcome.refused
        if place.get("file") and place.get("line"):
            show: Callable[[], None] = lambda: self.line_wanted.emit(str(place["file"]), int(place["line"]))  # noqa: E731
            found.append((self.tr("Go To Line"), show))
        if node := _failed_in(outcome):
            found.append((self.tr("Go To Node"), lambda: self._model.select(("node", node))))
        return found


def _failed_in(outcome: Outcome) -> int:
    """The node that was running when the program ended, or that raised; 0 for none."""
    return outcome.node or int(outcome.exception.get("node") or 0)
