"""Watches: what is watched, how it read at each stop, and where a data breakpoint would have to wait for it. No Qt."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from gradstep.engine.debug.breakpoints import BreakKind
from gradstep.engine.kept import KeptFile
from gradstep.engine.tape.reader import Tape
from gradstep.engine.tape.schema import NodeExit, Role, Val
from gradstep.engine.tape.state import State

from ..translation import translate
from ..widgets.formats import number, shape_text
from .values import value_text

MOST = 200  # readings of a watch that are kept


@dataclass(frozen=True, slots=True)
class Watch:
    """What is watched: an ``expression`` of the user's program, or with ``recorded`` a value on the tape: ``w.grad``, ``w`` (a leaf by
    its name) or ``#12`` (a tensor by its number), at its newest version. ``about`` is what such a number was when it was chosen."""

    id: int
    expression: str
    recorded: bool = False
    about: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """A watch at a stop: ``text`` what it is, ``norm`` its norm or the number itself (NaN where it has none), ``error`` why it could not
    be read, ``tensor`` the tape's number of the tensor (0: none)."""

    text: str
    norm: float = math.nan
    detail: str = ""
    bad: bool = False
    error: str = ""
    tensor: int = 0

    def same(self, other: Reading) -> bool:
        """Whether nothing can be seen to have changed."""
        equal = self.norm == other.norm or (math.isnan(self.norm) and math.isnan(other.norm))
        return equal and (self.text, self.detail, self.bad, self.error) == (other.text, other.detail, other.bad, other.error)


@dataclass(frozen=True, slots=True)
class WatchRow:
    """A watch with its readings, the newest last."""

    watch: Watch
    readings: tuple[Reading, ...] = ()

    @property
    def newest(self) -> Reading | None:
        return self.readings[-1] if self.readings else None

    @property
    def changed(self) -> bool:
        """Whether it is otherwise than at the stop before."""
        return len(self.readings) > 1 and not self.readings[-1].same(self.readings[-2])

    @property
    def history(self) -> tuple[float, ...]:
        """Its norms over the stops."""
        return tuple(reading.norm for reading in self.readings)


class WatchTable:
    """The watches of a script, in order, kept in a file beside its breakpoints."""

    def __init__(self, file: Path | None = None) -> None:
        self._kept = KeptFile(file, "watches")
        self._watches: dict[int, Watch] = {}
        self._next = 1
        self._kept.read(self._take)

    @property
    def problem(self) -> str:
        """Why the file could not be read or written, "" where all is well."""
        return self._kept.problem

    def __iter__(self) -> Iterator[Watch]:
        return iter(list(self._watches.values()))

    def add(self, expression: str, recorded: bool = False, about: str = "") -> Watch:
        """A new watch."""
        made = Watch(self._next, expression, recorded, about)
        self._watches[made.id] = made
        self._next += 1
        self._save()
        return made

    def change(self, number: int, expression: str) -> None:
        """Watch another expression in its place. Raises KeyError."""
        self._watches[number] = replace(self._watches[number], expression=expression)
        self._save()

    def remove(self, number: int) -> None:
        """Take one away. Raises KeyError."""
        del self._watches[number]
        self._save()

    def put(self, watches: Sequence[Watch]) -> None:
        """These instead of all, as they were: for undo."""
        self._watches = {watch.id: watch for watch in watches}
        self._next = max([self._next, *(id + 1 for id in self._watches)])
        self._save()

    def _take(self, facts: Any) -> None:
        found = [
            Watch(int(one["id"]), str(one["expression"]), bool(one.get("recorded", False)), str(one.get("about", "")))
            for one in facts["watches"]
        ]
        self._watches = {watch.id: watch for watch in found}
        self._next = max([1, *(id + 1 for id in self._watches)])

    def _save(self) -> None:
        plain = [{"id": one.id, "expression": one.expression, "recorded": one.recorded, "about": one.about} for one in self]
        self._kept.write({"version": 1, "watches": plain})


# ------------------------------------------------------------------------------------------------------------- readings


def answered(body: Mapping[str, Any]) -> Reading:
    """What the program answered to an ``evaluate`` with statistics."""
    text = " ".join(str(body.get("result", "")).split())
    figures = body.get("statistics")
    if figures is None:
        value = body.get("number")
        norm = math.nan if value is None else float(value)
        return Reading(text, norm, str(body.get("type", "")), "number" in body and not math.isfinite(norm))
    about = body["value"]
    norm = math.nan if figures["norm"] is None else float(figures["norm"])
    bad = bool(figures["nans"] or figures["posinfs"] or figures["neginfs"])
    detail = f"{shape_text(about['shape'])} {about['dtype']}"
    return Reading(text, norm, detail, bad, tensor=int(about["tensor"]))


def recorded(tape: Tape, state: State, expression: str) -> Reading:
    """A value of the tape at the moment of the state."""
    val = _value(tape, state, expression)
    if isinstance(val, str):
        return Reading("", error=val)
    if val is None:
        return Reading("None")
    told, stats = value_text(tape, val), tape.stats.get(val)
    norm = stats.norm if stats is not None else math.nan
    bad = bool(told.bad)
    text = told.small or (
        told.bad
        if bad
        else translate("Watches", "norm {0}").format(number(norm))
        if stats is not None
        else translate("Watches", "not kept")
    )
    return Reading(text, norm, told.shape, bad, tensor=val.tensor)


def _value(tape: Tape, state: State, expression: str) -> Val | str | None:
    """The value behind a name; None for a gradient that there is none of, a text that says what is wrong."""
    gradient = expression.endswith(".grad")
    name = expression.removesuffix(".grad") if gradient else expression
    if name.startswith("#") and name[1:].isdigit():
        found = tape.tensors.get(int(name[1:]))
    else:
        leaves = (tensor for tensor in tape.tensors.values() if tensor.role is Role.LEAF and tensor.name == name)
        found = next(leaves, None)
    if found is None:
        return translate("Watches", "nothing on the tape is called {0}").format(name)
    if gradient:
        return state.grads.get(found.id)
    return Val(found.id, state.versions.get(found.storage, 0))


def recorded_name(tape: Tape, state: State, val: Val) -> str:
    """What to watch to see this value again: ``w.grad`` for a gradient that is stored in a leaf, a leaf's name, else its number."""
    for leaf, grad in state.grads.items():
        if grad is not None and grad.tensor == val.tensor:
            return f"{tape.tensors[leaf].name or f'#{leaf}'}.grad"
    noun = tape.tensors.get(val.tensor)
    return noun.name if noun is not None and noun.role is Role.LEAF and noun.name else f"#{val.tensor}"


def breakpoint_of(tape: Tape, state: State, watch: Watch, reading: Reading | None) -> tuple[BreakKind, str, str] | None:
    """The kind, target and condition of a breakpoint that stops where what this watch shows is written; None where none can tell.

    For a leaf and its gradient that is its AccumulateGrad, for other values the op or node that makes them."""
    tensor = reading.tensor if reading is not None else 0
    leaf = next((leaf for leaf, grad in state.grads.items() if grad is not None and grad.tensor == tensor), tensor)
    noun = tape.tensors.get(leaf)
    if noun is not None and noun.role is Role.LEAF and noun.name:
        return BreakKind.HOOK, f"AccumulateGrad:{noun.name}", ""
    for op in tape.ops.values():
        if any(out.tensor == tensor for out in op.outs) and op.stack:
            return BreakKind.VALUE, "changed", f"op == {op.name!r} and line == {op.stack[0].line} and phase == 'forward'"
    for event in tape.events.of_kind(NodeExit):
        if any(grad is not None and grad.tensor == tensor for grad in event.grads):
            return BreakKind.VALUE, "changed", f"node == {event.node}"
    name = watch.expression.removesuffix(".grad")
    if any(one.role is Role.LEAF and one.name == name for one in tape.tensors.values()):
        return BreakKind.HOOK, f"AccumulateGrad:{name}", ""
    return None
