"""Where something went wrong with the numbers: NaN and Inf where they were born, gradients of nothing but zeros. No Qt."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from gradstep.engine.tape import columns
from gradstep.engine.tape.reader import Tape
from gradstep.engine.tape.schema import Frame, NodeEnter, NodeExit, NodeKind, Op, Val
from gradstep.engine.tape.statistics import StatsRows
from gradstep.engine.tape.wire import EVENT_CODES

from ..translation import translate
from ..widgets.formats import number, short_name
from .history import BadValues
from .values import ValueRef

ALERTS_KEPT = 1000
AHEAD = 4096  # ops, and events, that are looked at together


class AlertKind(IntEnum):
    """In the order in which they are listed."""

    BORN = 0  # a NaN or an infinity came out of finite numbers
    CONSTANT = 1  # it was in the data or in a parameter from the start
    LARGE = 2  # a gradient above the norm that the user set
    ZERO = 3  # a gradient of zeros alone


@dataclass(frozen=True, slots=True)
class AlertRules:
    """What the user wants to be told of beside NaN and Inf where they are born."""

    zero: bool = True
    constant: bool = True
    norm: float = 0.0  # above which a gradient is large; 0: none is


@dataclass(frozen=True, slots=True)
class Alert:
    """One finding. ``event`` is -1 for a forward op; ``key`` is the graph node."""

    kind: AlertKind
    event: int
    name: str
    text: str
    key: tuple[str, int]
    frame: Frame | None
    value: ValueRef | None
    carried: int = 0  # later values that have it from here, as far as they are counted


class _Values:
    """Some values, for a quick question about many: a value that is among them is always found, another one hardly ever."""

    def __init__(self) -> None:
        self._names: npt.NDArray[np.int64] = np.zeros(0, np.int64)

    def __len__(self) -> int:
        return len(self._names)

    def add(self, rows: StatsRows) -> None:
        """Those that these rows describe."""
        if len(rows):
            self._names = np.union1d(self._names, self._name(rows["tensor"], rows["version"]))

    def holds(self, values: columns.ValueColumns) -> npt.NDArray[np.bool_]:
        """Which of these are among them."""
        return np.isin(self._name(values.tensor, values.version), self._names)

    @staticmethod
    def _name(tensor: npt.NDArray[np.int64], version: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        return (tensor << 20) ^ version


class AlertLog:
    """The findings on a tape. ``read`` takes in what the tape got since."""

    def __init__(self, rules: AlertRules = AlertRules()) -> None:
        self._rules = rules
        self._larges: set[int] = set()  # nodes that are listed already
        self._found: list[Alert] = []
        self._bad = BadValues()
        self._ops = 0
        self._events = 0
        self._described = 0  # rows of statistics looked at
        self._unfinite, self._notable = _Values(), _Values()
        self._op_ahead: deque[int] = deque()  # ops to look at
        self._ahead: deque[int] = deque()  # events to look at
        self._given: set[tuple[int, int]] = set()  # (run, node) entered with what is not finite, and not yet left
        self._zeros: set[int] = set()  # nodes that are listed already
        self._constants: set[int] = set()  # tensors that are listed already
        self.carried = 0  # values with a NaN or an infinity that came out of values with one

    def read(self, tape: Tape, more: Callable[[], bool] = lambda: True, ops: int | None = None, events: int | None = None) -> bool:
        """Read on, as long as ``more()`` (asked every 4096 records). False: there is more to read.

        ``ops`` and ``events``: look no further than these numbers of them. Of a tape that is being written the statistics
        may come a moment after what mentions them, and what has none yet would seem sound.
        """
        self._bad.read(tape)
        self._look_at_values(tape)
        last = len(tape.ops) if ops is None else min(ops, len(tape.ops))
        while self._op_ahead or self._ops < last:
            if not self._op_ahead:
                stop = min(self._ops + AHEAD, last)
                self._op_ahead.extend(self._suspect_ops(tape, self._ops, stop))
                self._ops = stop
            while self._op_ahead:
                self._op(tape, tape.ops[self._op_ahead.popleft()])
                if not more():
                    return False
            if not more():
                return False
        last = len(tape.events) if events is None else min(events, len(tape.events))
        while self._ahead or self._events < last:
            if not self._ahead:
                stop = min(self._events + AHEAD, last)
                self._ahead.extend(self._suspect_events(tape, self._events, stop))
                self._events = stop
            while self._ahead:
                event = tape.events[self._ahead.popleft()]
                key = (event.run or 0, event.node) if isinstance(event, NodeEnter | NodeExit) else (0, 0)
                if isinstance(event, NodeEnter):
                    (self._given.add if any(self._bad.count(tape, event.grads)) else self._given.discard)(key)
                    self._zero(tape, event)
                elif isinstance(event, NodeExit):
                    self._exit(tape, event, key in self._given)
                    self._given.discard(key)
                if not more():
                    return False
            if not more():
                return False
        return True

    def _look_at_values(self, tape: Tape) -> None:
        """Which of the values that were described since are of zeros alone, or larger than they should be."""
        fresh = tape.stats.table[self._described :]
        self._described += len(fresh)
        if self._rules.zero:
            self._notable.add(fresh[(fresh["count"] > 0) & (fresh["zeros"] == fresh["count"])])
        if self._rules.norm:
            self._notable.add(fresh[fresh["norm"] > self._rules.norm])
        self._unfinite.add(fresh[(fresh["nans"] + fresh["posinfs"] + fresh["neginfs"]) > 0])

    def _suspect_ops(self, tape: Tape, first: int, stop: int) -> list[int]:
        """The ops that have something that is not finite among what they took or made: nearly all have not, and are not looked at."""
        if not len(self._unfinite):
            return []
        found = columns.values_of_ops(tape, first, stop, inputs=self._rules.constant)
        owners = np.unique(np.concatenate([values.owner[self._unfinite.holds(values)] for values in found]))
        ids: list[int] = columns.ops(tape, first, stop).id[owners].tolist()
        return ids

    def _suspect_events(self, tape: Tape, first: int, stop: int) -> list[int]:
        """The nodes that were left, or whose gradient was stored, with something that an alert may be about, and
        those that were entered with it: what comes out of them is carried."""
        words = tape.events.words_from(first, stop)
        codes = words[:, 0] & 0xFF
        moved = np.flatnonzero((codes == EVENT_CODES[NodeEnter]) | (codes == EVENT_CODES[NodeExit]))
        if not len(moved) or not (len(self._unfinite) or len(self._notable)):
            return []
        values = columns.gradients(tape, moved + first)
        owner = moved[values.owner]
        unfinite, notable = (np.unique(owner[kind.holds(values)]) for kind in (self._unfinite, self._notable))
        again = [place for place in moved.tolist() if codes[place] == EVENT_CODES[NodeEnter]] if self._given or len(unfinite) else []
        if again:  # a node that is entered once more may be given something else
            keys = zip(words[again, 1].tolist(), words[again, 3].tolist(), strict=True)
            known = self._given | set(zip(words[unfinite, 1].tolist(), words[unfinite, 3].tolist(), strict=True))
            again = [place for place, key in zip(again, keys, strict=True) if key in known]
        found: list[int] = (np.unique(np.concatenate([unfinite, notable, np.array(again, np.int64)])) + first).tolist()
        return found

    def alerts(self) -> list[Alert]:
        """The findings: those on NaN and Inf first, each kind in the order of the tape."""
        return sorted(self._found, key=lambda alert: alert.kind)

    def __len__(self) -> int:
        return len(self._found)

    # --------------------------------------------------------------------------------------------------------- inside

    def _add(self, alert: Alert) -> None:
        if len(self._found) < ALERTS_KEPT:
            self._found.append(alert)

    def _op(self, tape: Tape, op: Op) -> None:
        for val in op.ins:
            self._constant(tape, val, op)
        nans, infs = self._bad.count(tape, op.outs)
        if not nans + infs:
            return
        if any(self._bad.count(tape, op.ins)):
            self.carried += 1
            return
        if not nans and any(text in ("inf", "-inf") for _, text in op.params):
            return  # the script wrote the infinity itself, as masks of attention do
        words = translate("Alerts", "{0} in the output of {1}; its inputs are finite{2}")
        text = words.format(_counts(nans, infs), op.name, _reason(tape, op))
        bad = next((val for val in op.outs if any(self._bad.count(tape, (val,)))), None)
        frame = op.stack[0] if op.stack else None
        self._add(
            Alert(
                AlertKind.BORN, -1, op.name, text, ("op", op.id), frame, ValueRef(translate("Alerts", "output of {0}").format(op.name), bad)
            )
        )

    def _constant(self, tape: Tape, val: Val | None, op: Op) -> None:
        if not self._rules.constant or val is None or val.tensor in self._constants or not any(self._bad.count(tape, (val,))):
            return
        self._constants.add(val.tensor)
        noun = tape.tensors.get(val.tensor)
        if noun is None or noun.role in (1, 3):  # an activation or a gradient: the op that made it is listed, or what it had it from
            return
        nans, infs = self._bad.count(tape, (val,))
        name = noun.name or translate("Alerts", "an input of {0}").format(op.name)
        frame = op.stack[0] if op.stack else None
        text = translate("Alerts", "{0} in {1} from the start").format(_counts(nans, infs), name)
        self._add(Alert(AlertKind.CONSTANT, -1, name, text, ("op", op.id), frame, ValueRef(name, val)))

    def _exit(self, tape: Tape, event: NodeExit, given: bool) -> None:
        nans, infs = self._bad.count(tape, event.grads)
        if not nans + infs:
            if self._rules.norm:
                self._large(tape, event)
            return
        if given:
            self.carried += 1
            return
        node = tape.nodes[event.node]
        op = tape.ops.get(node.op) if node.op is not None else None
        if any(self._bad.count(tape, (saved.val for saved in node.saved))):
            self.carried += 1  # the forward op had it, where it is listed already
            return
        why = _reason(tape, op) if op is not None else ""
        bad = next((val for val in event.grads if val is not None and any(self._bad.count(tape, (val,)))), None)
        frame = op.stack[0] if op is not None and op.stack else None
        words = translate("Alerts", "{0} in the gradient that {1} passed on; what arrived is finite{2}")
        text = words.format(_counts(nans, infs), node.name, why)
        value = ValueRef(translate("Alerts", "gradient from {0}").format(short_name(node.name)), bad)
        self._add(Alert(AlertKind.BORN, event.i, node.name, text, ("node", event.node), frame, value))

    def _large(self, tape: Tape, event: NodeExit) -> None:
        if event.node in self._larges:
            return
        for val in event.grads:
            stats = tape.stats.get(val) if val is not None else None
            if stats is not None and stats.norm > self._rules.norm:
                self._larges.add(event.node)
                node = tape.nodes[event.node]
                op = tape.ops.get(node.op) if node.op is not None else None
                frame = op.stack[0] if op is not None and op.stack else None
                words = translate("Alerts", "the gradient that {0} passed on has norm {1}, above {2}")
                text = words.format(node.name, number(stats.norm), number(self._rules.norm))
                value = ValueRef(translate("Alerts", "gradient from {0}").format(short_name(node.name)), val)
                self._add(Alert(AlertKind.LARGE, event.i, node.name, text, ("node", event.node), frame, value))
                return

    def _zero(self, tape: Tape, event: NodeEnter) -> None:
        if not self._rules.zero:
            return
        if tape.kind_of(event.node) is not NodeKind.ACCUMULATE or event.node in self._zeros:
            return
        found = [stats for val in event.grads if val is not None and (stats := tape.stats.get(val)) is not None]
        if found and all(stats.count and stats.zeros == stats.count for stats in found):
            node = tape.nodes[event.node]
            self._zeros.add(event.node)
            variable = tape.tensors.get(node.variable) if node.variable is not None else None
            name = (variable.name if variable is not None else "") or node.name
            text = translate("Alerts", "the gradient of {0} is zero in all %n element(s)", found[0].count).format(name)
            value = ValueRef(translate("Alerts", "gradient of {0}").format(name), event.grads[0])
            self._add(Alert(AlertKind.ZERO, event.i, name, text, ("node", event.node), None, value))


def _counts(nans: int, infs: int) -> str:
    if nans and infs:
        return translate("Alerts", "{0} NaN and {1} Inf").format(nans, infs)
    return f"{nans} NaN" if nans else f"{infs} Inf"


def _reason(tape: Tape, op: Op) -> str:
    """What in the inputs of the op may explain it: zeros, negative numbers, very large ones."""
    said: list[str] = []
    for place, val in enumerate(_known(op.ins)):
        stats = tape.stats.get(val)
        if stats is None:
            continue
        noun = tape.tensors.get(val.tensor)
        name = (noun.name if noun is not None else "") or (
            translate("Alerts", "input {0}").format(place) if len(op.ins) > 1 else translate("Alerts", "its input")
        )
        if op.name.startswith(("log", "div", "reciprocal", "rsqrt", "sqrt", "pow", "norm")) and stats.zeros:
            said.append(translate("Alerts", "{0} has %n zero(s)", stats.zeros).format(name))
        elif op.name.startswith(("log", "sqrt", "rsqrt", "pow")) and stats.low < 0:
            said.append(translate("Alerts", "{0} has negative numbers").format(name))
        elif op.name.startswith(("exp", "pow", "mul", "mm", "cosh", "sinh")) and max(abs(stats.low), abs(stats.high)) > 80:
            said.append(translate("Alerts", "{0} reaches {1}").format(name, f"{max(stats.low, stats.high, key=abs):.3g}"))
    return " (" + ", ".join(said) + ")" if said else ""


def _known(vals: Iterable[Val | None]) -> list[Val]:
    return [val for val in vals if val is not None]
