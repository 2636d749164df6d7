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

import numpy as np

from gradstep.engine.tape import columns
from gradstep.engine.tape.numbers import NOTHING, Numbers
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
from .row_table import Row, RowKind, Rows, RowTable, RunSteps

_TELLING = (RowKind.HOOK, RowKind.STORED)
AHEAD = 2048  # events, and ops, that are looked at together


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


class Added:
    """The GradAdded events of each node in each run: of each event the one before it, so that none is in a list of its own."""

    def __init__(self) -> None:
        self._events, self._before = array("q"), array("q")
        self._latest: dict[int, Numbers] = {}  # run -> node -> place in the two

    def add(self, run: int, node: int, event: int) -> None:
        latest = self._latest.get(run)
        if latest is None:
            latest = self._latest[run] = Numbers()
        self._before.append(latest.get(node, -1))
        latest[node] = len(self._events)
        self._events.append(event)

    def events(self, run: int, node: int) -> list[int]:
        """In order."""
        place = self._latest[run].get(node, -1) if run in self._latest else -1
        found = []
        while place >= 0:
            found.append(self._events[place])
            place = self._before[place]
        return found[::-1]


class History:
    """Rows of a tape, read as far as ``position``. ``changed`` are the rows whose children changed since it was cleared;
    a changed row maps to the number of its children that are still the same ones."""

    def __init__(self) -> None:
        self.table = RowTable()
        self.changed: dict[int, int] = {}  # uid of the parent (0: top level) -> children that did not change
        self.runs: list[RunSteps] = []
        self.position = -1  # last event read
        self.ops = 0  # ops read
        self.steps = 0  # steps that stand in the tree
        self.added = Added()
        self.rewinds: list[tuple[int, int]] = []  # (event, to)
        self.maker = Numbers()  # tensor -> the op that made it
        self.forward_hooks = Rows(self.table, array("i"))  # that were called outside of any run
        self.with_graph: set[int] = set()  # forward rows in which an op built a graph, be it after others that did not
        self._forwards = 0
        self._starts = array("q")  # first event of each row in order of making, for the search
        self._made = array("i")
        self._step_of: dict[int, Numbers] = {}  # run -> node -> row
        self._run_row: dict[int, int] = {}
        self._running: dict[int, int] = {}  # run -> the step entered last
        self._open_runs: list[int] = []
        self._call_row = Numbers()
        self._calls: list[int] = []  # rows of open calls
        self._op_row = Numbers()
        self.bad_values = BadValues()
        self._strays: list[int] = []  # ops that ran in a hook which is not on the tape yet: a hook is written when it returned
        self._waiting: list[tuple[RunSteps, int, tuple[Val | None, ...]]] = []  # steps whose statistics are not here yet
        self._families: dict[str, int] = {}  # name of a node -> place in CATEGORIES
        self._base, self._events = 0, _Chunk()  # the first event that was looked at ahead, and those from there on
        self._next_op, self._op_rows = 0, list[tuple[int, int, int, bool, int]]()  # ops ahead: id, call, node, grad mode, events before
        handlers: dict[type[Event], Callable[[Tape, list[int]], None]] = {
            RunBegin: self._run_begin, GradAdded: self._grad_added, NodeEnter: self._node_enter, NodeExit: self._node_exit,
            HookCalled: self._hook_called, GradStored: self._grad_stored, Edited: self._edited, Rewound: self._rewound,
            CallBegin: self._call_begin, CallEnd: self._call_end, RunEnd: self._run_end,
        }  # fmt: skip
        self._handlers = {EVENT_CODES[kind]: handler for kind, handler in handlers.items()}

    @property
    def top(self) -> Rows:
        """The rows that stand under no other."""
        return Rows(self.table, self.table.below(0))

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
            if op is not None and (here >= end or op[4] <= here):
                self._op(tape, *op[:4])
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
        calls, nodes, graphs, before = found.call.tolist(), found.node.tolist(), found.grad_mode.tolist(), found.before.tolist()
        self._op_rows = list(zip(ids, calls, nodes, graphs, before, strict=True))
        _, made = columns.values_of_ops(tape, self.ops, self.ops + AHEAD, inputs=False)
        tensors, first = np.unique(made.tensor, return_index=True)
        fresh = self.maker.at(tensors) == NOTHING
        self.maker.put(tensors[fresh], found.id[made.owner[first[fresh]]])

    def _fill_in(self, tape: Tape) -> None:
        """Statistics may reach the tape after the event that mentions their value."""
        waiting, self._waiting = self._waiting, []
        for steps, row, grads in waiting[-1000:]:
            place = steps.place_of(row)
            if place >= 0:
                self._measure(tape, steps, place, row, grads)

    def _measure(self, tape: Tape, steps: RunSteps, place: int, row: int, grads: tuple[Val | None, ...]) -> None:
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
            if row not in self.table.gone and self.table.is_past(row, position):
                return self.table.made(row)
            place -= 1
        return None

    def step_of(self, run: int, node: int) -> Row | None:
        """The step that ran ``node`` in ``run``; of a node that ran twice with a step back between, the later one."""
        return self.table.row(self._step_row(run, node))

    def _step_row(self, run: int, node: int) -> int:
        return self._step_of[run].get(node, 0) if run in self._step_of else 0

    def op_row(self, op: int) -> Row | None:
        """The row of a forward op."""
        return self.table.row(self._op_row.get(op, 0))

    def undone(self, event: int, position: int) -> bool:
        """Whether ``event`` happened and was undone before ``position``."""
        return any(to < event < at <= position for at, to in self.rewinds)

    def run_row(self, run: int) -> Row | None:
        """The row of a run."""
        return self.table.row(self._run_row.get(run, 0))

    # ------------------------------------------------------------------------------------------------------ building

    def _add(self, kind: RowKind, key: int, first: int, parent: int) -> int:
        table = self.table
        uid = table.add(kind, key, first, parent)
        kept = table.places[uid]
        self.changed[parent] = min(self.changed.get(parent, kept), kept)
        self._starts.append(max(first, self._starts[-1] if self._starts else first))
        self._made.append(uid)
        if kind in _TELLING and table.kinds[parent] == RowKind.STEP:
            table.steps[table.parents[parent]].tell(parent)
        return uid

    def _forward(self) -> int:
        top = self.table.below(0)
        if not top or self.table.kinds[top[-1]] != RowKind.FORWARD:
            self._forwards += 1
            self._calls.clear()
            return self._add(RowKind.FORWARD, self._forwards - 1, self.position, 0)
        return top[-1]

    def _call(self, tape: Tape, call: int) -> int:
        group = self._forward()
        row = self._call_row.get(call, 0)
        if row and self.table.root(row) == group:
            return row
        outer = tape.parent_of(call) if call in tape.calls else None
        parent = self._call(tape, outer) if outer is not None else group
        row = self._call_row[call] = self._add(RowKind.CALL, call, self.position, parent)
        return row

    def _op(self, tape: Tape, id: int, call: int, node: int, graph: bool) -> None:
        """A forward op; ``call`` and ``node`` are 0 for none. ``graph``: it ran where a graph is built."""
        if node:
            step = next((row for row in reversed(self._running.values()) if self.table.keys[row] == node), 0)
            if step:
                self._op_row[id] = self._add(RowKind.OP, id, self.position, step)
                return
        elif self._open_runs:
            self._strays.append(id)
            return
        parent = self._call(tape, call) if call else self._forward()
        self._op_row[id] = self._add(RowKind.OP, id, self.position, parent)
        if graph:
            self.with_graph.add(self.table.below(0)[-1])

    def _run_begin(self, tape: Tape, row: list[int]) -> None:
        number = row[1]
        run = tape.runs.get(number)
        outer = self._running.get(run.parent, 0) if run is not None and run.parent is not None else 0
        begun = self._add(RowKind.BACKWARD, number, self.position, outer)
        self.table.steps[begun] = RunSteps(number, self.table)
        self._run_row[number] = begun
        self._open_runs.append(number)
        self.runs.append(self.table.steps[begun])

    def _grad_added(self, tape: Tape, row: list[int]) -> None:
        self.added.add(row[1], row[4], self.position)

    def _step(self, tape: Tape, run: int, node: int, first: int) -> int:
        """The row of a step, which begins where it is not there; 0 where the run has none."""
        table = self.table
        row = self._step_row(run, node)
        if row and row not in table.undone:
            return row
        parent = self._run_row.get(run, 0)
        if not parent:
            return 0
        children = table.below(parent)
        kept = len(children)
        while kept and children[kept - 1] in table.undone:
            kept -= 1
        if kept < len(children):
            self._cut(parent, kept)
        row = self._add(RowKind.STEP, node, first, parent)
        if run not in self._step_of:
            self._step_of[run] = Numbers()
        self._step_of[run][node] = row
        table.steps[parent].add(row, self._family(tape.name_of(node)))
        self.steps += 1
        return row

    def _family(self, name: str) -> int:
        family = self._families.get(name)
        if family is None:
            family = self._families[name] = CATEGORIES.index(category_of(name))
        return family

    def _cut(self, parent: int, kept: int) -> None:
        table = self.table
        for row in table.cut(parent, kept):
            self.steps -= table.kinds[row] == RowKind.STEP
            self.changed.pop(row, None)
        table.steps[parent].cut()
        self.changed[parent] = min(self.changed.get(parent, kept), kept)

    def _node_enter(self, tape: Tape, entered: list[int]) -> None:
        run, event = entered[1], self.position
        row = self._step(tape, run, entered[3], event)
        if not row:
            return
        self._place_strays(row)
        self._running[run] = row
        steps = self.table.steps.get(self.table.parents[row])
        if steps is not None and steps.uids and steps.uids[-1] == row:
            steps.enters[-1] = event
            if self.table.first[row] < event:  # its first hooks ran before it
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
        row = self._step_row(left[1], left[3])
        if row:
            self.table.last[row] = self.position

    def _hook_called(self, tape: Tape, _: list[int]) -> None:
        event = tape.events[self.position]
        assert isinstance(event, HookCalled)
        if event.run is None:
            parent = self._calls[-1] if self._calls else self._forward()
        elif event.node is None:
            parent = self._run_row.get(event.run, 0)
        else:
            parent = self._step(tape, event.run, event.node, event.i)
        row = self._add(RowKind.HOOK, event.hook, event.i, parent)
        self.table.last[row] = event.i
        if event.run is None:
            self.forward_hooks.uids.append(row)
        self._place_strays(row)

    def _grad_stored(self, tape: Tape, row: list[int]) -> None:
        tensor, run = row[3], row[1]
        parent = self._running.get(run, 0) or self._run_row.get(run, 0)
        maker = self.maker.get(tensor, 0)
        op = tape.ops.get(maker) if maker else None
        if op is not None:  # retain_grad: it is stored before the node that made the tensor is entered
            slot = next((slot for out, slot in zip(op.outs, op.grads, strict=True) if out.tensor == tensor), None)
            parent = (self._step(tape, run, slot.node, self.position) if slot is not None else 0) or parent
        self.table.last[self._add(RowKind.STORED, tensor, self.position, parent)] = self.position

    def _edited(self, tape: Tape, _: list[int]) -> None:
        event = tape.events[self.position]
        assert isinstance(event, Edited)
        self.table.last[self._add(RowKind.EDITED, event.dst.node, event.i, self._run_row.get(event.run or 0, 0))] = event.i

    def _rewound(self, tape: Tape, _: list[int]) -> None:
        event = tape.events[self.position]
        assert isinstance(event, Rewound)
        self.rewinds.append((event.i, event.to))
        parent = self._run_row.get(event.run or 0, 0)
        if not parent:
            return
        table = self.table
        for child in reversed(table.below(parent)):
            if table.first[child] <= event.to:
                break
            table.undone.setdefault(child, event.i)
        entered = next((row for row in reversed(table.steps[parent].uids) if row not in table.undone), 0)
        if entered:
            self._running[table.keys[parent]] = entered
        else:
            self._running.pop(table.keys[parent], None)

    def _call_begin(self, tape: Tape, row: list[int]) -> None:
        self._calls.append(self._call(tape, row[3]))

    def _call_end(self, tape: Tape, ended: list[int]) -> None:
        row = self._call_row.get(ended[3], 0)
        if row:
            self.table.last[row] = self.position
        if self._calls and self.table.keys[self._calls[-1]] == ended[3]:
            self._calls.pop()

    def _run_end(self, tape: Tape, ended: list[int]) -> None:
        run = ended[1]
        row = self._run_row.get(run, 0)
        if row:
            self.table.last[row] = self.position
        self._place_strays(self._running.get(run, 0) or row)
        self._running.pop(run, None)
        if run in self._open_runs:
            self._open_runs.remove(run)

    def _place_strays(self, parent: int) -> None:
        for op in self._strays:
            self._op_row[op] = self._add(RowKind.OP, op, self.position, parent)
        self._strays.clear()


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
