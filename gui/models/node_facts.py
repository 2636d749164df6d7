"""What is known of each node of a graph at a moment: who it is, its numbers, what it keeps. No Qt.

A node of backward is described by the gradients that arrived at it, once it ran; an op by what it made; a leaf by its value
and its ``.grad``. Whatever the tape does not say at the moment is NaN or "", never a guess.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from functools import cached_property

from gradstep.engine.tape.elements import DTYPES, size_of
from gradstep.engine.tape.graph import Key
from gradstep.engine.tape.reader import Tape
from gradstep.engine.tape.schema import HookKind, Meta, NodeExit, NodeKind, Stats, Val
from gradstep.engine.tape.state import State

from ..widgets.formats import short_name
from .history import norm_of
from .named import both
from .row_table import Row, RowKind
from .rows import RowReader

_KEPT = frozenset({HookKind.RETAIN})


class Fact(Enum):
    """What nodes can be coloured by; the values are the names of the commands."""

    KIND = "colour_kind"
    MODULE = "colour_module"
    NORM = "colour_norm"
    RANGE = "colour_range"
    TIME = "colour_time"
    MEMORY = "colour_memory"
    DEVICE = "colour_device"
    NANS = "colour_nans"


NAMES = frozenset({Fact.MODULE, Fact.DEVICE})  # the facts that are names; the others, but for KIND, are numbers


@dataclass(frozen=True, slots=True)
class _Values:
    """Statistics of some values together."""

    norm: float
    low: float
    high: float
    nans: int
    infs: int
    known: bool


def _together(tape: Tape, vals: Iterable[Val | None]) -> _Values:
    found: list[Stats] = [stats for val in vals if val is not None and (stats := tape.stats.get(val)) is not None]
    if not found:
        return _Values(math.nan, math.nan, math.nan, 0, 0, False)
    lows = [stats.low for stats in found if stats.low == stats.low]
    highs = [stats.high for stats in found if stats.high == stats.high]
    return _Values(
        math.sqrt(sum(stats.norm * stats.norm for stats in found)),
        min(lows, default=math.nan), max(highs, default=math.nan),
        sum(stats.nans for stats in found), sum(stats.posinfs + stats.neginfs for stats in found), True,
    )  # fmt: skip


def bytes_of(meta: Meta) -> int:
    """The bytes of a tensor; 0 of a dtype whose size is not known here."""
    return size_of(meta.dtype, meta.shape) if meta.dtype in DTYPES else 0


class NodeFacts:
    """Facts of one node, each worked out when it is asked for. It answers what a filter asks rows for (``Facts``)."""

    def __init__(self, board: FactBoard, key: Key) -> None:
        self._board, self._key = board, key

    @property
    def _tape(self) -> Tape:
        return self._board.reader.tape

    @cached_property
    def _row(self) -> Row | None:
        """The step of a backward node, if it had run by the moment."""
        return self._board.step_row(self._key[1]) if self._key[0] == "node" else None

    @cached_property
    def _node(self) -> int:
        """The backward node of an op or leaf, or the node itself; 0 where there is none."""
        kind, number = self._key
        if kind == "node":
            return number
        if kind == "op" and number in self._tape.ops:
            return next((slot.node for slot in self._tape.ops[number].grads if slot is not None), 0)
        return 0

    @cached_property
    def _happened(self) -> bool:
        kind, number = self._key
        if kind == "op":
            return number in self._tape.ops and self._tape.events_before(self._tape.ops[number]) <= self._board.state.position + 1
        return kind == "leaf" or self._row is not None

    @cached_property
    def _values(self) -> _Values:
        """What the range and the NaNs are of: gradients that arrived, results of an op, the value of a leaf."""
        kind, number = self._key
        if not self._happened:
            return _together(self._tape, ())
        if kind == "op":
            return _together(self._tape, self._tape.ops[number].outs)
        if kind == "leaf":
            return _together(self._tape, (self._board.leaf(number),))
        entered = self._board.reader.entered(self._row) if self._row is not None else None
        return _together(self._tape, entered.grads if entered is not None else ())

    # ------------------------------------------------------------------------------------------------ for the filter too

    @property
    def kind(self) -> RowKind:
        return RowKind.STEP if self._key[0] == "node" else RowKind.OP if self._key[0] == "op" else RowKind.STORED

    @property
    def name(self) -> str:
        kind, number = self._key
        if kind == "node":
            return self._board.reader.node_name(number)
        if kind == "op":
            return self._board.reader.op_name(number)
        return both(self._board.reader.given(("leaf", number)), self._board.reader.own_tensor_name(number, leaf=True))

    @property
    def op(self) -> str:
        kind, number = self._key
        if kind == "node":
            return short_name(self._tape.nodes[number].name) if number in self._tape.nodes else ""
        if kind == "op":
            return self._tape.ops[number].name if number in self._tape.ops else ""
        return "AccumulateGrad"

    @property
    def module(self) -> str:
        kind, number = self._key
        if kind == "node":
            return self._board.reader.node_module(number)
        if kind == "op" and number in self._tape.ops:
            return self._board.reader.call_path(self._tape.ops[number].call)
        return self.name.rpartition(".")[0]

    @property
    def number(self) -> str:
        entered = self._board.reader.entered(self._row) if self._row is not None else None
        return f"#{entered.i}" if entered is not None else ""

    @property
    def norm(self) -> float:
        """The 2-norm of the gradient: of all that arrived at the node, of an op at its node, of a leaf as it is stored."""
        kind, number = self._key
        if kind == "leaf":
            return norm_of(self._tape, (self._board.state.grads.get(number),))
        row = self._row if kind == "node" else self._board.step_row(self._node) if self._node else None
        if row is None or row.parent is None or row.parent.steps is None:
            return math.nan
        steps = row.parent.steps
        place = steps.place_of(row.uid)
        return steps.norms[place] if place >= 0 else math.nan

    @property
    def nans(self) -> int:
        return self._values.nans

    @property
    def infs(self) -> int:
        return self._values.infs

    @property
    def duration(self) -> float:
        """Seconds: of the op, or from the node's entry to its exit."""
        kind, number = self._key
        if kind == "op":
            return self._tape.ops[number].duration if self._happened else math.nan
        row = self._row
        if row is None or not 0 <= row.last <= self._board.state.position:
            return math.nan
        leave, entered = self._tape.events[row.last], self._board.reader.entered(row)
        return leave.time - entered.time if isinstance(leave, NodeExit) and entered is not None else math.nan

    @property
    def hook(self) -> str:
        """The functions that are hooked to the node or its leaf."""
        return ", ".join(self._board.hooks().get(self._key, ()))

    # ------------------------------------------------------------------------------------------------------ for colours

    @property
    def largest(self) -> float:
        """The largest absolute value among the finite ones."""
        low, high = self._values.low, self._values.high
        return max(abs(low), abs(high)) if low == low and high == high else math.nan

    @property
    def range(self) -> tuple[float, float]:
        """The smallest and the largest finite value."""
        return self._values.low, self._values.high

    @property
    def bad(self) -> float:
        """How many NaNs and infinities; NaN where nothing is known of the values."""
        return float(self.nans + self.infs) if self._values.known else math.nan

    @property
    def memory(self) -> float:
        """Bytes: an op's results that are no views, what a node keeps for its backward until that is freed, a leaf."""
        tape, state = self._tape, self._board.state
        kind, number = self._key
        if kind == "op":
            outs = [tape.tensors[out.tensor] for out in tape.ops[number].outs] if self._happened else []
            return float(sum(bytes_of(out.meta) for out in outs if out.base is None)) if self._happened else math.nan
        if kind == "leaf":
            return float(bytes_of(tape.tensors[number].meta)) if number in tape.tensors else math.nan
        node = tape.nodes.get(number)
        if node is None:
            return math.nan
        if node.kind is NodeKind.ACCUMULATE:
            stored = state.grads.get(node.variable) if node.variable is not None else None
            return float(bytes_of(tape.tensors[stored.tensor].meta)) if stored is not None else 0.0
        if number in state.freed:
            return 0.0
        return float(sum(bytes_of(tape.tensors[saved.val.tensor].meta) for saved in node.saved if saved.val is not None))

    @property
    def device(self) -> str:
        """Where its values are, in PyTorch's words."""
        tape, (kind, number) = self._tape, self._key
        if kind == "node":
            metas: Iterable[Meta | None] = tape.nodes[number].ins if number in tape.nodes else ()
        elif kind == "op":
            metas = [tape.tensors[out.tensor].meta for out in tape.ops[number].outs] if number in tape.ops else []
        else:
            metas = [tape.tensors[number].meta] if number in tape.tensors else []
        return next((meta.device for meta in metas if meta is not None), "")

    def number_of(self, fact: Fact) -> float:
        """One of the facts that are numbers; NaN where it is not known."""
        match fact:
            case Fact.NORM:
                return self.norm
            case Fact.RANGE:
                return self.largest
            case Fact.TIME:
                return self.duration
            case Fact.MEMORY:
                return self.memory
            case _:
                return self.bad

    def name_of(self, fact: Fact) -> str:
        """One of the facts that are names; "" where there is none."""
        return self.device if fact is Fact.DEVICE else self.module


class FactBoard:
    """Makes the facts of nodes at one moment of a tape that is read as far as its history is."""

    def __init__(self, reader: RowReader) -> None:
        self.reader = reader
        self.state = State()
        self._run = 0
        self._runs: dict[int, int] = {}  # node -> the last run that ran it
        self._taken: list[int] = []  # steps of each run that are in it
        self._hooks: dict[Key, list[str]] = {}
        self._hooks_read = 0

    def move_to(self, state: State, run: int) -> None:
        """The moment to speak of, and the run that is looked at."""
        self.state, self._run = state, run

    def facts(self, key: Key) -> NodeFacts:
        """The facts of a node."""
        return NodeFacts(self, key)

    def step_row(self, node: int) -> Row | None:
        """The step of a node in the run that is looked at, else in the last run that ran it; None before it ran."""
        history = self.reader.history
        row = history.step_of(self._run, node)
        if row is None:
            row = history.step_of(self._run_of(node), node)
        if row is None or row.gone or not row.is_past(self.state.position):
            return None
        entered = self.reader.entered(row)
        return row if entered is not None and entered.i <= self.state.position else None

    def _run_of(self, node: int) -> int:
        runs = self.reader.history.runs
        del self._taken[len(runs) :]
        self._taken += [0] * (len(runs) - len(self._taken))
        for place, steps in enumerate(runs):
            if len(steps.nodes) > self._taken[place]:
                self._runs.update((number, steps.run) for number in steps.nodes[self._taken[place] :])
            self._taken[place] = len(steps.nodes)
        return self._runs.get(node, 0)

    def leaf(self, tensor: int) -> Val | None:
        """The value of a leaf at the moment."""
        noun = self.reader.tape.tensors.get(tensor)
        return Val(tensor, self.state.versions.get(noun.storage, 0)) if noun is not None else None

    def hooks(self) -> dict[Key, list[str]]:
        """The functions that are hooked, by node and by leaf."""
        hooks = self.reader.tape.hooks
        if len(hooks) != self._hooks_read:
            self._hooks_read = len(hooks)
            self._hooks = {}
            for hook in hooks.values():
                key: Key | None = ("node", hook.node) if hook.node is not None else None
                if hook.tensor is not None:
                    key = ("leaf", hook.tensor)
                if key is not None and hook.kind not in _KEPT:
                    self._hooks.setdefault(key, []).append(hook.function)
        return self._hooks
