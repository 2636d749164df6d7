"""The order of what happened, as a tree of rows: forward ops by module call, backward runs by step with hooks and stores.

The history reads a tape piece by piece (a tape grows while it is looked at) and never reads anything twice. A step that
was undone by stepping back stays as a row of the future until the walk runs on; then the new steps take its place.
"""

from __future__ import annotations

import math
from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from gradstep.engine.tape import columns
from gradstep.engine.tape.reader import Tape
from gradstep.engine.tape.schema import (
    CallBegin,
    CallEnd,
    Edited,
    Event,
    GradAdded,
    GradStored,
    HookCalled,
    NodeEnter,
    NodeExit,
    Rewound,
    RunBegin,
    RunEnd,
    Val,
)
from gradstep.engine.tape.wire import EVENT_CODES

from ..categories import CATEGORIES, category_of

AHEAD = 2048  # events, and ops, that are looked at together


class RowKind(IntEnum):
    """What a row stands for; ``Row.key`` is the id of that noun."""

    FORWARD = 0  # key: the group's number
    CALL = 1  # key: call id
    OP = 2  # key: op id
    BACKWARD = 3  # key: run id
    STEP = 4  # key: node id
    HOOK = 5  # key: hook id
    STORED = 6  # key: tensor id
    EDITED = 7  # key: node id


_NONE: list[Row] = []  # most rows have no children, and a list each would keep the collector busy


class Row:
    """One row. ``first`` and ``last`` are the events between which it happened (-1: not known, not over)."""

    __slots__ = ("__weakref__", "children", "first", "gone", "key", "kind", "last", "parent", "place", "steps", "uid", "undone")

    def __init__(self, uid: int, kind: RowKind, key: int, first: int, parent: Row | None, place: int) -> None:
        self.uid = uid
        self.kind = kind
        self.key = key
        self.first = first
        self.last = -1
        self.parent = parent
        self.place = place
        self.children = _NONE
        self.undone = 0  # the event that undid it
        self.gone = False  # undone, and the walk has gone another way since
        self.steps: RunSteps | None = None  # of a BACKWARD row

    def is_past(self, position: int) -> bool:
        """Whether it has happened at event ``position`` and was not undone by then."""
        row: Row | None = self
        while row is not None:
            if row.first > position or 0 < row.undone <= position:
                return False
            row = row.parent
        return True

    @property
    def run(self) -> int:
        """The run that the row belongs to, 0 for forward rows."""
        row: Row | None = self
        while row is not None:
            if row.kind is RowKind.BACKWARD:
                return row.key
            row = row.parent
        return 0


class RunSteps:
    """The steps of one run in columns, for the timeline: parallel to the STEP rows of its BACKWARD row."""

    __slots__ = ("bad", "enters", "families", "nodes", "norms", "rows", "run")

    def __init__(self, run: int) -> None:
        self.run = run
        self.rows: list[Row] = []
        self.nodes = array("q")
        self.enters = array("q")  # the NodeEnter event, or what came first
        self.norms = array("d")  # 2-norm of all that arrived, NaN where unknown
        self.families = array("B")  # places in CATEGORIES
        self.bad = array("B")  # 1 where a NaN or an infinity arrived

    def add(self, row: Row, family: int) -> None:
        """Append a step of which nothing is known yet but that it began."""
        self.rows.append(row)
        self.nodes.append(row.key)
        self.enters.append(row.first)
        self.norms.append(math.nan)
        self.families.append(family)
        self.bad.append(0)

    def place_of(self, row: Row) -> int:
        """The place of a STEP row in the columns, -1 where it stands no longer."""
        place = min(row.place, len(self.rows) - 1)  # other rows may stand between the steps, so it is not after ``row.place``
        while place >= 0 and self.rows[place] is not row:
            place -= 1
        return place

    def cut(self, length: int) -> None:
        """Forget the steps from number ``length`` on."""
        del self.rows[length:], self.nodes[length:], self.enters[length:], self.norms[length:], self.families[length:], self.bad[length:]


class BadValues(set[tuple[int, int]]):
    """Tensor and version of the values with a NaN or an infinity: they are few, and nearly every question is about others."""

    def __init__(self) -> None:
        super().__init__()
        self._seen = 0

    def read(self, tape: Tape) -> None:
        """Take in the statistics that the tape got since."""
        table = tape.stats.table
        if len(table) > self._seen:
            fresh = table[self._seen :]
            bad = fresh[(fresh["nans"] + fresh["posinfs"] + fresh["neginfs"]) > 0]
            self.update(zip(bad["tensor"].tolist(), bad["version"].tolist(), strict=True))
            self._seen = len(table)

    def count(self, tape: Tape, vals: Iterable[Val | None]) -> tuple[int, int]:
        """How many NaNs and how many infinities stand in the values."""
        return nonfinite(tape, [val for val in vals if val in self]) if self else (0, 0)


@dataclass(frozen=True, slots=True)
class _Chunk:
    """Events as rows of eight words (``wire``), and of those that enter a node, by place, what arrived: its 2-norm (NaN where there
    is none), whether there is a NaN or an infinity in it, and whether the statistics of it are still to come."""

    rows: Sequence[list[int]] = ()
    norms: Sequence[float] = ()
    bad: Sequence[bool] = ()
    waits: Sequence[bool] = ()

    @classmethod
    def of(cls, tape: Tape, first: int) -> _Chunk:
        """The events from ``first`` on."""
        words = tape.events.words_from(first, first + AHEAD)
        count = len(words)
        entered = np.flatnonzero((words[:, 0] & 0xFF) == EVENT_CODES[NodeEnter])
        grads = columns.gradients(tape, entered + first)
        owner, places = entered[grads.owner], tape.stats.places(grads.tensor, grads.version)
        table = tape.stats.table
        found, known = places >= 0, table[np.maximum(places, 0)] if len(table) else np.zeros(len(places), table.dtype)
        unfinite = found & ((known["nans"] + known["posinfs"] + known["neginfs"]) > 0)
        with np.errstate(all="ignore"):
            square = np.bincount(owner, np.where(found, known["norm"] * known["norm"], 0.0), count)
        some = np.bincount(owner, minlength=count) > 0
        return cls(
            words.tolist(), np.where(some, np.sqrt(square), math.nan).tolist(), (np.bincount(owner, unfinite, count) > 0).tolist(),
            (np.bincount(owner, ~found, count) > 0).tolist(),
        )  # fmt: skip


class History:
    """Rows of a tape, read as far as ``position``. ``changed`` are the rows whose children changed since it was cleared;
    a changed row maps to the number of its children that are still the same ones."""

    def __init__(self) -> None:
        self.top: list[Row] = []
        self.rows: dict[int, Row] = {}
        self.changed: dict[int, int] = {}  # uid of the parent (0: top level) -> children that did not change
        self.runs: list[RunSteps] = []
        self.position = -1  # last event read
        self.ops = 0  # ops read
        self.steps = 0  # steps that stand in the tree
        self.added: dict[tuple[int, int], list[int]] = {}  # (run, node) -> GradAdded events
        self.rewinds: list[tuple[int, int]] = []  # (event, to)
        self.maker: dict[int, int] = {}  # tensor -> the op that made it
        self.forward_hooks: list[Row] = []  # that were called outside of any run
        self._uid = 0
        self._forwards = 0
        self._starts = array("q")  # first event of each row in order of making, for the search
        self._made: list[Row] = []
        self._step_of: dict[tuple[int, int], Row] = {}
        self._run_row: dict[int, Row] = {}
        self._running: dict[int, Row] = {}  # run -> the step entered last
        self._open_runs: list[int] = []
        self._call_row: dict[int, Row] = {}
        self._calls: list[Row] = []  # open calls
        self._op_row: dict[int, Row] = {}
        self.bad_values = BadValues()
        self._strays: list[int] = []  # ops that ran in a hook which is not on the tape yet: a hook is written when it returned
        self._waiting: list[tuple[RunSteps, Row, tuple[Val | None, ...]]] = []  # steps whose statistics are not here yet
        self._families: dict[str, int] = {}  # name of a node -> place in CATEGORIES
        self._base, self._events = 0, _Chunk()  # the first event that was looked at ahead, and those from there on
        self._next_op, self._op_rows = 0, list[tuple[int, int, int, int]]()  # ops ahead: id, call, node, events before
        handlers: dict[type[Event], Callable[[Tape, list[int]], None]] = {
            RunBegin: self._run_begin, GradAdded: self._grad_added, NodeEnter: self._node_enter, NodeExit: self._node_exit,
            HookCalled: self._hook_called, GradStored: self._grad_stored, Edited: self._edited, Rewound: self._rewound,
            CallBegin: self._call_begin, CallEnd: self._call_end, RunEnd: self._run_end,
        }  # fmt: skip
        self._handlers = {EVENT_CODES[kind]: handler for kind, handler in handlers.items()}

    # ------------------------------------------------------------------------------------------------------- reading

    def read(self, tape: Tape, more: Callable[[], bool] = lambda: True) -> bool:
        """Read on, as long as ``more()`` (asked every 64 records). False: there is more to read."""
        self._fill_in(tape)
        self.bad_values.read(tape)
        total, ops, count = len(tape.events), len(tape.ops), 0
        end = self._base + len(self._events.rows)
        while True:
            here = self.position + 1
            if here >= end and here < total:
                self._base, self._events = here, _Chunk.of(tape, here)
                end = here + len(self._events.rows)
            if self._next_op >= len(self._op_rows) and self.ops < ops:
                self._look_ahead(tape)
            op = self._op_rows[self._next_op] if self._next_op < len(self._op_rows) else None
            if op is not None and (here >= end or op[3] <= here):
                self._op(tape, *op[:3])
                self.ops += 1
                self._next_op += 1
            elif here < end:
                self.position = here
                row = self._events.rows[here - self._base]
                handler = self._handlers.get(row[0] & 0xFF)
                if handler is not None:
                    handler(tape, row)
            else:
                return True
            count += 1
            if count % 64 == 0 and not more():
                return False

    def _look_ahead(self, tape: Tape) -> None:
        """The next ops, without making records of them, and what they made."""
        found = columns.ops(tape, self.ops, self.ops + AHEAD)
        self._next_op, ids = 0, found.id.tolist()
        self._op_rows = list(zip(ids, found.call.tolist(), found.node.tolist(), found.before.tolist(), strict=True))
        _, made = columns.values_of_ops(tape, self.ops, self.ops + AHEAD, inputs=False)
        for tensor, place in zip(made.tensor.tolist(), made.owner.tolist(), strict=True):
            self.maker.setdefault(tensor, ids[place])

    def _fill_in(self, tape: Tape) -> None:
        """Statistics may reach the tape after the event that mentions their value."""
        waiting, self._waiting = self._waiting, []
        for steps, row, grads in waiting[-1000:]:
            place = steps.place_of(row)
            if place >= 0:
                self._measure(tape, steps, place, row, grads)

    def _measure(self, tape: Tape, steps: RunSteps, place: int, row: Row, grads: tuple[Val | None, ...]) -> None:
        square, bad, known = 0.0, 0, False
        for val in grads:
            if val is None:
                continue
            stats = tape.stats.get(val)
            if stats is None:
                self._waiting.append((steps, row, grads))
                return
            square += stats.norm * stats.norm
            bad += stats.nans + stats.posinfs + stats.neginfs
            known = True
        steps.norms[place] = math.sqrt(square) if known else math.nan
        steps.bad[place] = bad > 0

    def row_at(self, position: int) -> Row | None:
        """The row that happened last at event ``position``."""
        place = bisect_right(self._starts, position) - 1
        while place >= 0:
            row = self._made[place]
            if not row.gone and row.is_past(position):
                return row
            place -= 1
        return None

    def step_of(self, run: int, node: int) -> Row | None:
        """The step that ran ``node`` in ``run``; of a node that ran twice with a step back between, the later one."""
        return self._step_of.get((run, node))

    def op_row(self, op: int) -> Row | None:
        """The row of a forward op."""
        return self._op_row.get(op)

    def undone(self, event: int, position: int) -> bool:
        """Whether ``event`` happened and was undone before ``position``."""
        return any(to < event < at <= position for at, to in self.rewinds)

    def run_row(self, run: int) -> Row | None:
        """The row of a run."""
        return self._run_row.get(run)

    # ------------------------------------------------------------------------------------------------------ building

    def _add(self, kind: RowKind, key: int, first: int, parent: Row | None) -> Row:
        if parent is not None and parent.children is _NONE:
            parent.children = []
        siblings = self.top if parent is None else parent.children
        self._uid += 1
        row = Row(self._uid, kind, key, first, parent, len(siblings))
        self._note_change(parent, len(siblings))
        siblings.append(row)
        self.rows[row.uid] = row
        self._starts.append(max(first, self._starts[-1] if self._starts else first))
        self._made.append(row)
        return row

    def _note_change(self, parent: Row | None, kept: int) -> None:
        uid = 0 if parent is None else parent.uid
        self.changed[uid] = min(self.changed.get(uid, kept), kept)

    def _forward(self) -> Row:
        if not self.top or self.top[-1].kind is not RowKind.FORWARD:
            self._forwards += 1
            self._calls.clear()
            return self._add(RowKind.FORWARD, self._forwards - 1, self.position, None)
        return self.top[-1]

    def _call(self, tape: Tape, call: int) -> Row:
        group = self._forward()
        row = self._call_row.get(call)
        if row is not None and _root(row) is group:
            return row
        noun = tape.calls.get(call)
        outer = noun.parent if noun is not None else None
        parent = self._call(tape, outer) if outer is not None else group
        row = self._call_row[call] = self._add(RowKind.CALL, call, self.position, parent)
        return row

    def _op(self, tape: Tape, id: int, call: int, node: int) -> None:
        """A forward op; ``call`` and ``node`` are 0 for none."""
        if node:
            step = next((row for row in reversed(self._running.values()) if row.key == node), None)
            if step is not None:
                self._op_row[id] = self._add(RowKind.OP, id, self.position, step)
                return
        elif self._open_runs:
            self._strays.append(id)
            return
        parent = self._call(tape, call) if call else self._forward()
        self._op_row[id] = self._add(RowKind.OP, id, self.position, parent)

    def _run_begin(self, tape: Tape, row: list[int]) -> None:
        number = row[1]
        run = tape.runs.get(number)
        outer = self._running.get(run.parent) if run is not None and run.parent is not None else None
        begun = self._add(RowKind.BACKWARD, number, self.position, outer)
        begun.steps = RunSteps(number)
        self._run_row[number] = begun
        self._open_runs.append(number)
        self.runs.append(begun.steps)

    def _grad_added(self, tape: Tape, row: list[int]) -> None:
        self.added.setdefault((row[1], row[4]), []).append(self.position)

    def _step(self, tape: Tape, run: int, node: int, first: int) -> Row | None:
        row = self._step_of.get((run, node))
        if row is not None and not row.undone:
            return row
        parent = self._run_row.get(run)
        if parent is None or parent.steps is None:
            return None
        kept = len(parent.children)
        while kept and parent.children[kept - 1].undone:
            kept -= 1
        if kept < len(parent.children):
            self._cut(parent, kept)
        row = self._step_of[run, node] = self._add(RowKind.STEP, node, first, parent)
        parent.steps.add(row, self._family(tape.name_of(node)))
        self.steps += 1
        return row

    def _family(self, name: str) -> int:
        family = self._families.get(name)
        if family is None:
            family = self._families[name] = CATEGORIES.index(category_of(name))
        return family

    def _cut(self, parent: Row, kept: int) -> None:
        for child in parent.children[kept:]:
            self._forget(child)
        steps = parent.steps
        assert steps is not None
        length = len(steps.rows)
        while length and steps.rows[length - 1].gone:
            length -= 1
        steps.cut(length)
        del parent.children[kept:]
        self._note_change(parent, kept)

    def _forget(self, row: Row) -> None:
        row.gone = True
        self.steps -= row.kind is RowKind.STEP
        self.rows.pop(row.uid, None)
        self.changed.pop(row.uid, None)
        for child in row.children:
            self._forget(child)

    def _node_enter(self, tape: Tape, entered: list[int]) -> None:
        run, event = entered[1], self.position
        row = self._step(tape, run, entered[3], event)
        if row is None:
            return
        self._place_strays(row)
        self._running[run] = row
        parent = row.parent
        steps = parent.steps if parent is not None else None
        if steps is not None and steps.rows and steps.rows[-1] is row:
            steps.enters[-1] = event
            if row.first < event:  # its first hooks ran before it
                self._starts.append(event)
                self._made.append(row)
            place = event - self._base
            if self._events.waits[place]:
                seen = tape.events[event]
                assert isinstance(seen, NodeEnter)
                self._waiting.append((steps, row, seen.grads))
            else:
                steps.norms[-1], steps.bad[-1] = self._events.norms[place], self._events.bad[place]

    def _node_exit(self, tape: Tape, left: list[int]) -> None:
        row = self._step_of.get((left[1], left[3]))
        if row is not None:
            row.last = self.position

    def _hook_called(self, tape: Tape, _: list[int]) -> None:
        event = tape.events[self.position]
        assert isinstance(event, HookCalled)
        parent: Row | None
        if event.run is None:
            parent = self._calls[-1] if self._calls else self._forward()
        elif event.node is None:
            parent = self._run_row.get(event.run)
        else:
            parent = self._step(tape, event.run, event.node, event.i)
        row = self._add(RowKind.HOOK, event.hook, event.i, parent)
        row.last = event.i
        if event.run is None:
            self.forward_hooks.append(row)
        self._place_strays(row)

    def _grad_stored(self, tape: Tape, _: list[int]) -> None:
        event = tape.events[self.position]
        assert isinstance(event, GradStored)
        run = event.run or 0
        parent = self._running.get(run) or self._run_row.get(run)
        op = tape.ops.get(self.maker.get(event.tensor, 0))
        if op is not None:  # retain_grad: it is stored before the node that made the tensor is entered
            slot = next((slot for out, slot in zip(op.outs, op.grads, strict=True) if out.tensor == event.tensor), None)
            parent = (self._step(tape, run, slot.node, event.i) if slot is not None else None) or parent
        self._add(RowKind.STORED, event.tensor, event.i, parent).last = event.i

    def _edited(self, tape: Tape, _: list[int]) -> None:
        event = tape.events[self.position]
        assert isinstance(event, Edited)
        self._add(RowKind.EDITED, event.dst.node, event.i, self._run_row.get(event.run or 0)).last = event.i

    def _rewound(self, tape: Tape, _: list[int]) -> None:
        event = tape.events[self.position]
        assert isinstance(event, Rewound)
        self.rewinds.append((event.i, event.to))
        parent = self._run_row.get(event.run or 0)
        if parent is None:
            return
        for child in reversed(parent.children):
            if child.first <= event.to:
                break
            if not child.undone:
                child.undone = event.i
        entered = next((row for row in reversed(parent.steps.rows) if not row.undone), None) if parent.steps else None
        if entered is not None:
            self._running[parent.key] = entered
        else:
            self._running.pop(parent.key, None)

    def _call_begin(self, tape: Tape, row: list[int]) -> None:
        self._calls.append(self._call(tape, row[3]))

    def _call_end(self, tape: Tape, ended: list[int]) -> None:
        row = self._call_row.get(ended[3])
        if row is not None:
            row.last = self.position
        if self._calls and self._calls[-1].key == ended[3]:
            self._calls.pop()

    def _run_end(self, tape: Tape, ended: list[int]) -> None:
        run = ended[1]
        row = self._run_row.get(run)
        if row is not None:
            row.last = self.position
        self._place_strays(self._running.get(run) or row)
        self._running.pop(run, None)
        if run in self._open_runs:
            self._open_runs.remove(run)

    def _place_strays(self, parent: Row | None) -> None:
        for op in self._strays:
            self._op_row[op] = self._add(RowKind.OP, op, self.position, parent)
        self._strays.clear()


def _root(row: Row) -> Row:
    while row.parent is not None:
        row = row.parent
    return row


def norm_of(tape: Tape, vals: Iterable[Val | None]) -> float:
    """2-norm of several values together; NaN where nothing is known of one of them, or there is none."""
    total, known = 0.0, False
    for val in vals:
        if val is None:
            continue
        stats = tape.stats.get(val)
        if stats is None:
            return math.nan
        total += stats.norm * stats.norm
        known = True
    return math.sqrt(total) if known else math.nan


def nonfinite(tape: Tape, vals: Iterable[Val | None]) -> tuple[int, int]:
    """How many NaNs and how many infinities stand in the values."""
    nans = infs = 0
    for val in vals:
        stats = tape.stats.get(val) if val is not None else None
        if stats is not None:
            nans += stats.nans
            infs += stats.posinfs + stats.neginfs
    return nans, infs
