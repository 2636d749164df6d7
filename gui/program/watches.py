"""The watches of the script that is open: read at every stop of the program, from it or from the tape, and kept beside the breakpoints."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, QSettings, Signal, Slot

from gradstep.engine.debug.protocol import Response
from gradstep.engine.debug.states import ENDED, State

from ..models.debug_model import DebugModel
from ..models.watches import MOST, Reading, Watch, WatchRow, WatchTable, answered, breakpoint_of, recorded, recorded_name
from ..panels.watches_panel import WatchesPanel
from .breakpoints import Breakpoints
from .session import DebugSession


class Watches(QObject):
    """One question at a time is asked, and only while the program is paused; what the newest stop says wins."""

    said = Signal(str)  # what came of a wish, or why nothing did
    edited = Signal(str, object, object)  # for undo: what the user did, the watches before and after

    def __init__(
        self, session: DebugSession, model: DebugModel, points: Breakpoints, panel: WatchesPanel, settings: QSettings,
        parent: QObject | None = None,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._session, self._model, self._points, self._panel = session, model, points, panel
        self._folder = Path(settings.fileName()).parent / "breakpoints"
        self._table = WatchTable()
        self._readings: dict[int, list[Reading]] = {}
        self._stop = 0  # counts stops: an answer to a question of an earlier one is thrown away
        self._due: list[int] = []  # ids that are still to be asked at this stop
        self._asking = False
        panel.add_wished.connect(self.add)
        panel.edit_wished.connect(self.change)
        panel.removal_wished.connect(self.remove)
        panel.value_wished.connect(self.watch_value)
        panel.break_wished.connect(self.break_on)
        session.stopped.connect(lambda _: self._read())
        session.state_changed.connect(self._state_changed)
        model.tape_changed.connect(self._forget)
        model.selection_changed.connect(self._show_value)
        model.cursor_moved.connect(self._moved)

    @property
    def all(self) -> list[Watch]:
        """The watches, in the order in which they were made."""
        return list(self._table)

    def rows(self) -> list[WatchRow]:
        """The watches with what they read."""
        return [WatchRow(watch, tuple(self._readings.get(watch.id, ()))) for watch in self._table]

    def show_script(self, script: str) -> None:
        """Take the watches of another script, "" for none."""
        name = hashlib.sha256(script.encode()).hexdigest()[:24] if script else ""
        self._table = WatchTable(self._folder / f"{name}.watches.json" if name else None)
        if self._table.problem:
            self.said.emit(self._table.problem)
        self._forget()

    # ------------------------------------------------------------------------------------ changes

    @Slot(str)
    def add(self, expression: str) -> None:
        """Watch an expression of the program."""
        if expression.strip():
            self._add(expression.strip(), recorded=False)

    @Slot()
    def watch_value(self) -> None:
        """Watch the selected value, from the tape."""
        tape, value = self._model.tape, self._model.selection.value
        if tape is None or value is None or value.val is None:
            self.said.emit(self.tr("Select a value first: a gradient, a saved tensor, the output of an op."))
            return
        name = recorded_name(tape, self._model.state, value.val)
        self._add(name, recorded=True, about=value.label if name.startswith("#") else "")

    def _add(self, expression: str, *, recorded: bool, about: str = "") -> None:
        before = self.all
        watch = self._table.add(expression, recorded, about)
        self._changed(self.tr("add a watch"), before, [watch.id])

    @Slot(int, str)
    def change(self, number: int, expression: str) -> None:
        """Watch another expression in the place of one."""
        before = self.all
        self._table.change(number, expression)
        self._readings.pop(number, None)
        self._changed(self.tr("change a watch"), before, [number])

    @Slot(object)
    def remove(self, numbers: Iterable[int]) -> None:
        """Take watches away."""
        before = self.all
        for number in numbers:
            self._table.remove(number)
        self._changed(self.tr("remove watches"), before, [])

    def put_back(self, watches: Sequence[Watch]) -> None:
        """These and no others, as they were: undo and redo."""
        known = {watch.id for watch in self._table}
        self._table.put(watches)
        self._show()
        self._ask([watch.id for watch in watches if watch.id not in known])

    def _changed(self, words: str, before: Sequence[Watch], fresh: list[int]) -> None:
        self.edited.emit(words, before, self.all)
        self._show()
        self._ask(fresh)

    @Slot(int)
    def break_on(self, number: int) -> None:
        """A data breakpoint that stops where this watch is written."""
        tape = self._model.tape
        row = next((row for row in self.rows() if row.watch.id == number), None)
        place = breakpoint_of(tape, self._model.state, row.watch, row.newest) if tape is not None and row is not None else None
        if place is None:
            self.said.emit(self.tr("No breakpoint can tell when this is written: watch a tensor, a gradient or a parameter."))
            return
        kind, target, condition = place
        made = self._points.add(kind, target, condition=condition)
        if made is not None:
            self.said.emit(self.tr("Stops at {0}.").format(made.sentence))

    # ------------------------------------------------------------------------------------ reading

    @Slot(object)
    def _state_changed(self, state: State) -> None:
        if state is State.STARTING or state in ENDED:
            self._asking = False  # nobody answers any more
        if state is State.STARTING:
            self._forget()
        elif state is not State.PAUSED:
            self._due = []
            self._stop += 1  # what is still asked is refused by a program that runs, which says nothing about the watch

    @Slot()
    def _forget(self) -> None:
        self._readings.clear()
        self._stop += 1
        self._due = []
        self._show()
        if self._session.state is not State.PAUSED:
            self._ask([watch.id for watch in self._table if watch.recorded])

    @Slot()
    def _moved(self) -> None:
        """Where there is no program, the moments that are looked at are the stops."""
        if self._session.state in ENDED or self._session.state is State.TRACE:
            self._ask([watch.id for watch in self._table if watch.recorded])

    def _read(self) -> None:
        """The program stands still: read all watches."""
        self._stop += 1
        if self._readings or self.all:
            self._ask([watch.id for watch in self._table])

    def _ask(self, numbers: list[int]) -> None:
        self._due = [*(number for number in self._due if number not in numbers), *numbers]
        self._next()

    def _next(self) -> None:
        watches = {watch.id: watch for watch in self._table}
        while self._due and not self._asking:
            watch = watches.get(self._due.pop(0))
            if watch is None:
                continue
            if watch.recorded:
                tape = self._model.tape
                if tape is not None:
                    self._model.catch_up()
                    self._take(watch.id, recorded(tape, self._model.state, watch.expression))
            else:
                self._ask_program(watch)

    def _ask_program(self, watch: Watch) -> None:
        stop = self._stop

        def arrived(response: Response) -> None:
            self._asking = False
            if stop == self._stop and any(one == watch for one in self._table):
                self._take(watch.id, answered(response.body) if response.success else Reading("", error=response.message))
            self._next()

        self._asking = self._session.request("evaluate", arrived, expression=watch.expression, statistics=True)

    def _take(self, number: int, reading: Reading) -> None:
        readings = self._readings.setdefault(number, [])
        readings.append(reading)
        del readings[:-MOST]
        self._show()

    def _show(self) -> None:
        self._panel.show_watches(self.rows())

    @Slot(object)
    def _show_value(self) -> None:
        value = self._model.selection.value
        self._panel.show_value(value.label if value is not None and value.val is not None else "")
