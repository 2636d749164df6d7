"""The breakpoints of the script that is open: kept beside the settings, told to the program, and how each stands there."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QSettings, Signal, Slot

from gradstep.engine.debug.breakpoints import BreakKind, Breakpoint, BreakpointTable, file_and_line
from gradstep.engine.debug.conditions import ConditionError
from gradstep.engine.debug.core import Stopped
from gradstep.engine.debug.protocol import Response
from gradstep.engine.debug.states import State
from gradstep.engine.tape.reader import Tape

from .session import DebugSession


class Breakpoints(QObject):
    """One table, that of the script that is open. Every change is kept at once and told to the program, if one runs."""

    changed = Signal()  # the table, or how a breakpoint stands
    refused = Signal(str)  # a breakpoint could not be understood, and why
    edited = Signal(str, object, object)  # for undo: what the user did, the breakpoints before and after

    def __init__(self, session: DebugSession, settings: QSettings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._folder = Path(settings.fileName()).parent / "breakpoints"
        self._table = BreakpointTable()
        self.standing: dict[int, Mapping[str, Any]] = {}  # by id: verified, message, hits
        self.hooks_off: frozenset[str] = frozenset()  # names of the hooks that are not called
        session.stopped.connect(self._stopped)
        session.state_changed.connect(self._state_changed)

    def show_script(self, script: str) -> None:
        """Take the breakpoints of another script, "" for none."""
        name = hashlib.sha256(script.encode()).hexdigest()[:24] if script else ""
        self._table = BreakpointTable(self._folder / f"{name}.json" if name else None)
        self.standing, self.hooks_off = {}, frozenset()
        if self._table.problem:
            self.refused.emit(self._table.problem)
        self.changed.emit()

    @property
    def all(self) -> list[Breakpoint]:
        """The breakpoints, in the order in which they were made."""
        return list(self._table)

    def lines(self) -> dict[str, frozenset[int]]:
        """The lines that have a breakpoint, by file."""
        found: dict[str, set[int]] = {}
        for point in self._table:
            if point.kind is BreakKind.LINE:
                file, line = file_and_line(point.target)
                found.setdefault(file, set()).add(line)
        return {file: frozenset(lines) for file, lines in found.items()}

    def plain(self) -> tuple[Mapping[str, Any], ...]:
        """For the launch of a program."""
        return tuple(self._table.plain())

    # ------------------------------------------------------------------------------------ changes

    def add(self, kind: BreakKind, target: str = "", **fields: Any) -> Breakpoint | None:
        """A new breakpoint; None where it cannot be understood, which is said."""
        before = self.all
        try:
            made = self._table.add(kind, target, **fields)
        except ConditionError as error:
            self.refused.emit(str(error))
            self.changed.emit()
            return None
        self._tell(self.tr("add a breakpoint"), before)
        return made

    def change(self, number: int, fields: Mapping[str, Any]) -> bool:
        """Other words for a breakpoint; False where they cannot be understood, which is said."""
        before = self.all
        try:
            self._table.change(number, **fields)
        except ConditionError as error:
            self.refused.emit(str(error))
            self.changed.emit()  # the cell shows again what holds
            return False
        self._tell(self.tr("change a breakpoint"), before)
        return True

    def remove(self, numbers: Iterable[int]) -> None:
        """Take breakpoints away."""
        before = self.all
        for number in numbers:
            self._table.remove(number)
        self._tell(self.tr("remove breakpoints"), before)

    @Slot()
    def clear(self) -> None:
        """Take all away."""
        before = self.all
        self._table.clear()
        self._tell(self.tr("remove all breakpoints"), before)

    def toggle_line(self, file: str, line: int) -> None:
        """A breakpoint on a line, or none."""
        before = self.all
        self._table.toggle_line(file, line)
        self._tell(self.tr("breakpoint on a line"), before)

    def put_back(self, points: Sequence[Breakpoint]) -> None:
        """These and no others, as they were: undo and redo."""
        self._table.put(points)
        self._tell()

    def places(self, tape: Tape) -> set[tuple[str, int]]:
        """The nodes and ops of a tape at which a breakpoint of an op or node, or of a hook or AccumulateGrad, stands."""
        numbers, names, leaves = set[int](), set[str](), set[str]()
        for point in self._table:
            if not point.enabled:
                continue
            if point.kind is BreakKind.NODE:
                if point.target.startswith("#"):
                    numbers.add(int(point.target[1:]))
                else:
                    names.add(point.target)
            elif point.kind is BreakKind.HOOK and point.target.startswith("AccumulateGrad"):
                leaves.add(point.target.partition(":")[2])
        if not (numbers or names or leaves):
            return set()
        found: set[tuple[str, int]] = {("node", number) for number in numbers if number in tape.nodes}
        if names or leaves:
            for node in tape.nodes.values():
                leaf = tape.tensors[node.variable].name if node.variable is not None else None
                if node.name in names or (leaf is not None and (leaf in leaves or "" in leaves)):
                    found.add(("node", node.id))
            found |= {("op", op.id) for op in tape.ops.values() if op.name in names}
        return found

    def toggle(self, kind: BreakKind, target: str) -> None:
        """A breakpoint of this kind and target if there is none, else none."""
        there = [point.id for point in self._table if (point.kind, point.target) == (kind, target)]
        if there:
            self.remove(there)
        else:
            self.add(kind, target)

    def has(self, kind: BreakKind, target: str) -> bool:
        """Whether there is one of this kind and target."""
        return any((point.kind, point.target) == (kind, target) for point in self._table)

    def switch_hook(self, name: str, on: bool) -> None:
        """Whether the hooks of this name are called from now on."""
        self.hooks_off = self.hooks_off - {name} if on else self.hooks_off | {name}
        self._session.request("setHooks", lambda _: None, off=sorted(self.hooks_off))
        self.changed.emit()

    # ------------------------------------------------------------------------------------ the program

    def _tell(self, words: str = "", before: Sequence[Breakpoint] = ()) -> None:
        if words and self.all != before:
            self.edited.emit(words, before, self.all)
        if not self._session.request("setBreakpoints", self._answered, breakpoints=self._table.plain()):
            self.standing = {number: state for number, state in self.standing.items() if any(p.id == number for p in self._table)}
        self.changed.emit()

    def _answered(self, response: Response) -> None:
        if response.success:
            self._take(response.body.get("breakpoints", ()))

    @Slot(object)
    def _stopped(self, stop: Stopped) -> None:
        self._take(stop.breakpoints)

    @Slot(object)
    def _state_changed(self, state: State) -> None:
        if state is State.STARTING:
            self.standing = {}
            self.changed.emit()
        elif state is State.RUNNING_FORWARD and self.hooks_off:
            self._session.request("setHooks", lambda _: None, off=sorted(self.hooks_off))

    def _take(self, states: Iterable[Mapping[str, Any]]) -> None:
        standing = {int(state["id"]): state for state in states}
        if standing != self.standing:
            self.standing = standing
            self.changed.emit()
