"""The one object that owns the tape being looked at, the moment that is shown, and what is selected.

Change flows one way: the tape grows, the model follows it and says so, the panels are shown what the model answers.
"""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from gradstep.engine.tape.reader import Tape
from gradstep.engine.tape.schema import HookKind, Val
from gradstep.engine.tape.state import Cursor, State, Status
from gradstep.engine.tape.visible import shown

from .alerts import AlertLog, AlertRules
from .history import History
from .hooks import HooksView, hooks_view
from .marks import LineMarks
from .named import Given, Named
from .row_table import Row, RowKind
from .rows import RowReader
from .steps import StepView, next_node, op_values, step_view
from .tensors import TensorView, tensor_view
from .timeline import Timeline, timeline
from .values import ValueRef

TICK = 16  # milliseconds between two looks at the tape while it grows
IDLE_TICK = 100  # and while nothing comes
BUDGET = 0.004  # seconds that one look may take
MOMENT = 0.1  # seconds between two moments that are shown while a program runs: nobody sees more of them
OPENING = 0.5  # seconds between two times that panels are filled while a recorded tape is taken in
PIECE = 256 * 1024  # bytes read at once while a program writes them
RECORDED_PIECE = 1 << 20  # and of a tape that nobody writes any more: 8 ms
AT_ONCE = 2_000  # ops and events that are taken in at once when a program comes to rest: 20 ms
LARGE = 16 << 20  # bytes of a tape that takes longer than a moment to take in
GIVING_WAY = 20.0  # seconds that taking in a large one waits for something more urgent, at most


@dataclass(frozen=True, slots=True)
class Selection:
    """What the user looks at: a graph node (``("op", id)``, ``("node", id)``, ``("leaf", tensor id)``) and a value."""

    key: tuple[str, int] | None = None
    value: ValueRef | None = None


def is_large(path: str) -> bool:
    """Whether it is a file of which a window takes long to take all in."""
    return os.path.isfile(path) and os.path.getsize(path) > LARGE


class DebugModel(QObject):
    """Follows a tape that grows. The cursor is live (it stands at the newest event) or in the past."""

    tape_changed = Signal()  # another tape is looked at, or none
    tape_read = Signal()  # all of a recorded tape was read from its file, and taking it in goes on
    grown = Signal()  # the tape has more than at the last time
    caught_up = Signal()  # all that the tape has now was taken in, after a time in which it was not
    cursor_moved = Signal(int)  # the event after which the state holds, -1 before the first
    live_changed = Signal(bool)  # the cursor came to the newest event, or left it for the past
    selection_changed = Signal(object)  # Selection
    names_changed = Signal()  # the user named something
    damaged = Signal(str)  # the tape cannot be read further, and why
    over = Signal()  # nobody records into the tape any more, and all of it was taken in; again where something came after all

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._timer = QTimer(self)
        self._timer.timeout.connect(self.drain)
        self._tape: Tape | None = None
        self._large = False
        self._idle = 0
        self._behind = False
        self._next_news = 0.0
        self._news = False
        self._live_node: int | None = None
        self._damage = ""
        self.reader: RowReader | None = None
        self._cursor: Cursor | None = None
        self._urgent: Callable[[], bool] | None = None
        self._since = 0.0  # when the tape was opened
        self._rules = AlertRules()
        self.names: tuple[Named, ...] = ()  # that the user gave
        self._forget()

    # ------------------------------------------------------------------------------------------------------- the tape

    def open(self, path: str | os.PathLike[str]) -> None:
        """Look at the tape in a file, and follow it while it grows. What is there already is taken in piece by piece, as
        what comes later: the window stays alive (``caught_up`` says when all of it is here).

        Raises:
            TapeError: the file is no tape.
            OSError: it cannot be opened.
        """
        self.show_tape(Tape.open(path, poll=False, written=shown))  # in no view may text hide or turn

    def show_tape(self, tape: Tape | None) -> None:
        """Look at a tape, None for none. The tape that was looked at is closed."""
        if self._tape is not None:
            self._tape.close()
            gc.unfreeze()
        self._tape = tape
        self._large = tape is not None and is_large(tape.path)
        self._since = time.perf_counter()
        self._forget()
        if tape is None:
            self._timer.stop()
        else:
            self.reader = RowReader(tape, self.history)
            self.reader.given = Given(tape, self.names)
            self._cursor = Cursor(tape)
            self._timer.start(TICK)
        self.tape_changed.emit()
        self.live_changed.emit(True)
        self.cursor_moved.emit(-1)
        if tape is not None:
            self.drain()

    def close(self) -> None:
        """Look at no tape."""
        self.show_tape(None)

    def _forget(self) -> None:
        self.history = History()
        self.marks = LineMarks()
        self.alerts = AlertLog(self._rules)
        self.reader = None
        self._cursor = None
        self._state = State()
        self._live = True
        self._idle = 0
        self._live_node = None
        self._damage = ""
        self._news = False
        self._all_here = self._unsaid = self._read_said = self._over_said = False
        self._next_moment = 0.0
        self._hooks: tuple[object, HooksView] | None = None  # what it was made of, and it
        self._done = (-1, 0)  # of which moment, and how many nodes had run then
        self._step_views: dict[int, StepView | None] = {}  # of the cursor's moment; more of the tape may say more of it
        self._selection = Selection()
        self._chosen = False  # the user chose the value; otherwise the node's main one is shown, whichever that is now

    @property
    def tape(self) -> Tape | None:
        return self._tape

    def give_way_to(self, urgent: Callable[[], bool]) -> None:
        """While this is true, a large recorded tape is read and not taken in: two processors do the first picture sooner than
        three things."""
        self._urgent = urgent

    def _gives_way(self) -> bool:
        return self.takes_time and self._urgent is not None and self._urgent() and time.perf_counter() < self._since + GIVING_WAY

    def set_alert_rules(self, rules: AlertRules) -> None:
        """Look for other things; the tape that is open is looked through again, piece by piece."""
        if rules == self._rules:
            return
        self._rules = rules
        self.alerts = AlertLog(rules)
        if self._tape is not None:
            self._behind = self._news = True
            self._timer.start(0)

    @Slot()
    def drain(self) -> None:
        """Take in what the tape got, for as long as BUDGET allows; the rest comes at the next tick."""
        tape = self._tape
        if tape is None:
            return
        if self._news and time.perf_counter() >= self._next_news:
            self._tell(False, False)  # filling panels and reading on each take a while: one in each turn of the event loop
            return
        deadline = time.perf_counter() + BUDGET

        def more() -> bool:
            return time.perf_counter() < deadline

        before, reached = self._size(tape), (self.history.position, self.history.ops, len(self.alerts))
        recorded = bool(tape.path) and not tape.growing
        added = self._read_on(tape, recorded, more)
        ops, events = (before[0], before[1]) if added else (None, None)
        collecting = gc.isenabled()
        gc.disable()  # nothing made here is garbage, and the collector would look through all of it again and again
        try:
            done = not ((recorded and tape.unread) or self._gives_way()) and self._take_in(tape, more, ops, events)
            self._behind = not done
            waits = self._behind or tape.unread
            if waits:
                gc.freeze()  # nor look through all of a large tape when it comes to its turn again: that takes half a second
        finally:
            if collecting:
                gc.enable()
        changed = added or self._size(tape) != before or reached != (self.history.position, self.history.ops, len(self.alerts))
        began = time.perf_counter()
        if self._live:
            self._move(self.history.position, quietly=(waits and recorded) or ((waits or added) and began < self._next_moment))
        if waits and recorded and not self._news:
            self._next_news = max(self._next_news, began + OPENING)
        if waits and recorded and not (tape.unread or self._read_said):
            self._read_said = True
            self.tape_read.emit()
        self._tell(changed, done and not added)
        self._arrive(not waits)
        if tape.damage and tape.damage != self._damage:
            self._damage = tape.damage
            self.damaged.emit(tape.damage)
        if tape is not self._tape:  # a listener opened another one
            return
        if recorded and not waits and (changed or not self._over_said):
            self._over_said = True
            self.over.emit()
        self._idle = 0 if changed or waits else self._idle + 1
        wait = TICK
        if waits:
            wait = TICK if self._gives_way() and not tape.unread else 0
        elif self._idle > 60 and not tape.growing:
            wait = 10 * IDLE_TICK if tape.complete else IDLE_TICK
        if wait != self._timer.interval():
            self._timer.start(wait)

    def _read_on(self, tape: Tape, recorded: bool, more: Callable[[], bool]) -> bool:
        """Read the file on: while somebody writes a piece, and only after the one before it was taken in; what nobody writes any
        more to its end first, so that it can be drawn. Whether there was anything."""
        if self._behind and not (recorded and tape.unread):
            return False
        piece = RECORDED_PIECE if recorded else PIECE
        added = tape.poll(piece)
        while recorded and tape.unread and more():
            added = tape.poll(piece) or added
        return added

    def _take_in(self, tape: Tape, more: Callable[[], bool], ops: int | None, events: int | None) -> bool:
        """Take in what was read, for as long as there is time. Whether that was all."""
        done = self.history.read(tape, more)
        done = self.marks.read(tape, more) and done
        return self.alerts.read(tape, more, ops, events) and done

    @staticmethod
    def _size(tape: Tape) -> tuple[int, int, int, int]:
        return len(tape.ops), len(tape.events), len(tape.notes), len(tape.sources)

    @property
    def is_all_here(self) -> bool:
        """Whether all that the tape has was taken in."""
        return self._all_here

    @property
    def is_opening(self) -> bool:
        """Whether a tape that nobody writes any more is being taken in: the moments on the way to its end are passed."""
        tape = self._tape
        return tape is not None and not self._all_here and bool(tape.path) and not tape.growing

    @property
    def is_reading(self) -> bool:
        """Whether more of such a tape stands in its file than was read (``tape_read``)."""
        return self.is_opening and self._tape is not None and self._tape.unread

    @property
    def takes_time(self) -> bool:
        """Whether it is a large one, which comes piece by piece."""
        return self._large and self.is_opening

    def catch_up(self, most: int = 0) -> bool:
        """Take in all that the tape has now, however long it takes; with ``most`` only where that is at most about so many ops and
        events, and else piece by piece (``caught_up``). Whether all is here."""
        tape = self._tape
        if tape is None:
            return True
        while not most or self._backlog(tape) <= most:
            if not tape.poll(PIECE if most else None):
                break
        else:
            self._behind, self._all_here = True, False
            self._timer.start(0)
            return False
        self.history.read(tape)
        self.marks.read(tape)
        self.alerts.read(tape)
        self._behind = False
        if self._live:
            self._move(self.history.position)
        self._tell(True, True)
        self._arrive(True)
        return True

    def _backlog(self, tape: Tape) -> int:
        """Ops and events that were read from the file and not taken in yet."""
        return len(tape.ops) - self.history.ops + len(tape.events) - 1 - self.history.position

    def _arrive(self, all_here: bool) -> None:
        """Emit ``caught_up`` where that is news."""
        news = all_here and not self._all_here
        self._all_here = all_here
        if news:
            self.caught_up.emit()

    def _tell(self, changed: bool, now: bool) -> None:
        """Emit ``grown``, but leave the window five times the time that its panels needed for the last one."""
        self._news = self._news or changed
        if changed:
            self._step_views.clear()
        began = time.perf_counter()
        if self._news and (now or began >= self._next_news):
            self._news = False
            self.grown.emit()
            ended = time.perf_counter()
            self._next_news = ended + 5 * (ended - began)

    # ----------------------------------------------------------------------------------------------------- the cursor

    @property
    def state(self) -> State:
        """The state at the cursor."""
        return self._cursor.state if self._cursor is not None else self._state

    @property
    def position(self) -> int:
        """The event after which the state holds; -1 before the first."""
        return self.state.position

    @property
    def last(self) -> int:
        """The newest event."""
        return self.history.position

    @property
    def done(self) -> int:
        """How many nodes of the pass that is looked at have run at the cursor."""
        if self._done[0] != self.position:
            status = self.state.node_status
            run = self._tape.runs.get(self.run) if self._tape is not None else None
            if run is not None and len(status) > len(run.needed):  # also those of passes inside of it
                count = sum(status.get(node) is Status.DONE for node in run.needed)
            else:
                count = list(status.values()).count(Status.DONE)  # quick, also for 100,000 nodes
            self._done = self.position, count
        return self._done[1]

    @property
    def begun(self) -> int:
        """The number of the step that is looked at: how many have run, and the one that runs there, or failed."""
        state = self.state
        if state.run is None:
            return self.done + (Status.FAILED in state.node_status.values())
        return self.done + any(run == state.run for run, _ in state.running)

    @property
    def is_live(self) -> bool:
        """Whether the cursor stands at the newest event and follows it."""
        return self._live

    @property
    def current_node(self) -> int | None:
        """The node that runs at the cursor, or the one that the next step would run."""
        if self._tape is None:
            return None
        if self.state.current is not None:
            return self.state.current
        if self._live and self._live_node is not None:
            return self._live_node
        return next_node(self._tape, self.state)

    @property
    def run(self) -> int:
        """The run to look at: the innermost open one, else the last one that began before the cursor; 0 for none."""
        if self.state.run is not None:
            return self.state.run
        begun = [steps.run for steps in self.history.runs if (row := self.history.run_row(steps.run)) and row.first <= self.position]
        return begun[-1] if begun else 0

    @property
    def paused_at(self) -> int | None:
        """The node before which the program stands; None while it runs, and when it is over."""
        return self._live_node

    @Slot(object)
    def set_live_node(self, node: int | None) -> None:
        """The node before which the program is paused, as the session says; None while it runs."""
        if node != self._live_node:
            self._live_node = node
            if self._live:
                self.cursor_moved.emit(self.position)

    @Slot(int)
    def move_to(self, position: int) -> None:
        """Look at the moment after an event; at the newest one the cursor is live again."""
        self._set_live(position >= self.last)
        self._move(min(max(position, -1), self.last))

    @Slot()
    def go_live(self) -> None:
        """Look at the newest event, and follow."""
        self.move_to(self.last)

    def step_forward(self) -> bool:
        """Move to the moment at which the next recorded step is entered. False where there is none: only the program can
        go on from there."""
        following = self._entered_after(self.position)
        if following is None:
            self.go_live()
            return False
        self.move_to(following)
        return True

    def step_back(self) -> bool:
        """Move to the moment at which the step before was entered. False where there is none."""
        before = self._entered_before(self.position)
        if before is None:
            return False
        self._set_live(False)
        self._move(before)
        return True

    def _entered_after(self, position: int) -> int | None:
        line = self.timeline()
        if not len(line):
            return None
        later = line.enters[line.enters > position]
        return int(later.min()) if later.size else None

    def _entered_before(self, position: int) -> int | None:
        line = self.timeline()
        standing = line.enters[(line.enters < position) & ~line.undone_at(position)]
        return int(standing.max()) if standing.size else None

    def _move(self, position: int, *, quietly: bool = False) -> None:
        """Show another moment. ``quietly``: it is only passed on the way to the end of a large tape; panels that followed
        would take far longer than the tape."""
        if self._cursor is None or (position == self.position and not self._unsaid):
            return
        self._cursor.move_to(position)
        self._step_views.clear()
        self._unsaid = quietly
        if quietly:
            return
        self._next_moment = time.perf_counter() + MOMENT
        self.cursor_moved.emit(position)
        if self._selection.key is not None and not self._chosen:
            value = self._main_value(self._selection.key)
            if value != self._selection.value:
                self._selection = Selection(self._selection.key, value)
                self.selection_changed.emit(self._selection)

    def _set_live(self, live: bool) -> None:
        if live != self._live:
            self._live = live
            self.live_changed.emit(live)

    # -------------------------------------------------------------------------------------------------- the selection

    @property
    def selection(self) -> Selection:
        return self._selection

    @Slot(object)
    def select(self, key: tuple[str, int] | None) -> None:
        """Select a graph node, and with it the value that says most about it."""
        if key != self._selection.key:
            self._chosen = False
            self._selection = Selection(key, self._main_value(key))
            self.selection_changed.emit(self._selection)

    @Slot(object)
    def select_value(self, value: ValueRef | None) -> None:
        """Select a value; the node stays."""
        if value != self._selection.value:
            self._chosen = value is not None
            self._selection = Selection(self._selection.key, value)
            self.selection_changed.emit(self._selection)

    def _main_value(self, key: tuple[str, int] | None) -> ValueRef | None:
        if key is None or self._tape is None:
            return None
        kind, number = key
        if kind == "node":
            view = self.step_view(number)
            return view.main_value() if view is not None else None
        if kind == "op":
            return next(iter(op_values(self._tape, number)), None)
        return self.leaf_value(number)

    def leaf_value(self, tensor: int) -> ValueRef | None:
        """The gradient of a leaf at the cursor, or its data where nothing was stored yet."""
        if self.reader is None or self._tape is None or tensor not in self._tape.tensors:
            return None
        name = self.reader.tensor_name(tensor, leaf=True)
        grad = self.state.grads.get(tensor)
        if grad is not None:
            return ValueRef(f"{name}.grad", grad)
        version = self.state.versions.get(self._tape.tensors[tensor].storage, 0)
        return ValueRef(name, Val(tensor, version))

    # ------------------------------------------------------------------------------------------------ what panels show

    def step_view(self, node: int | None) -> StepView | None:
        """A node at the cursor."""
        if self.reader is None or node is None:
            return None
        if node not in self._step_views:
            self._step_views[node] = step_view(self.reader, self.state, node)
        return self._step_views[node]

    def hooks_view(self) -> HooksView:
        """The hooks and stores of the run at the cursor; the same one while the tape has no more of it."""
        tape = self._tape
        if tape is None or self.reader is None:
            return HooksView(0)
        of = (self.run, self.history.position, self.history.ops, len(tape.stats.table))
        if self._hooks is None or self._hooks[0] != of:
            self._hooks = of, hooks_view(self.reader, self.run)
        return self._hooks[1]

    @Slot(object)
    def show_names(self, names: tuple[Named, ...]) -> None:
        """Call things by these names of the user's."""
        if names == self.names:
            return
        self.names = names
        if self.reader is not None and self._tape is not None:
            self.reader.given = Given(self._tape, names)
            self.forget_texts()
        self.names_changed.emit()
        key, value = self._selection.key, self._selection.value
        if key is not None and not self._chosen and (called := self._main_value(key)) != value:
            self._selection = Selection(key, called)
            self.selection_changed.emit(self._selection)

    def forget_texts(self) -> None:
        """Numbers are written in another way now: what says them is made anew."""
        self._step_views.clear()
        self._hooks = None

    def tensor_view(self, value: ValueRef | None, level: str = "") -> TensorView:
        """A value with its data, where they were kept."""
        if value is None or self._tape is None:
            return TensorView()
        return tensor_view(self._tape, value.val, value.label, value.before, value.before_label, level, self.position)

    def timeline(self) -> Timeline:
        """The steps of all runs."""
        return timeline(self.history)

    def sources(self) -> dict[str, str]:
        """The user's files on the tape: those whose lines made ops, in that order, then those that define hooks."""
        if self._tape is None:
            return {}
        hooks = [hook.at.file for hook in self._tape.hooks.values() if hook.at is not None and hook.kind is not HookKind.RETAIN]
        files = dict.fromkeys([*self.marks.files(), *hooks])
        return {file: self._tape.sources[file] for file in files if file in self._tape.sources}

    def current_line(self) -> tuple[str, int]:
        """The file and line to mark: of the selected node, else of the current one, else of what happened last."""
        frame = None
        if self.reader is not None:
            key = self._selection.key
            if key is not None and key[0] == "node":
                frame = self.reader.node_frame(key[1])
            elif key is not None and key[0] == "op" and self._tape is not None and key[1] in self._tape.ops:
                stack = self._tape.ops[key[1]].stack
                frame = stack[0] if stack else None
            if frame is None and self.current_node is not None:
                frame = self.reader.node_frame(self.current_node)
            row = self._last_row()
            if frame is None and row is not None:
                frame = self.reader.frame(row)
        return (frame.file, frame.line) if frame is not None else ("", 0)

    def _last_row(self) -> Row | None:
        row = self.history.row_at(self.position)
        while row is not None and row.kind in (RowKind.STORED, RowKind.HOOK) and row.parent is not None:
            row = row.parent
        return row
