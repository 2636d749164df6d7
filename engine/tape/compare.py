"""Two runs, or two iterations of one run, side by side: where they first differ, and by how much each value differs.

Forward ops and what backward nodes passed on are taken in the order in which they happened. Two sequences are followed as long as
they do the same (the same op, at the same line, on the same shapes); what comes after a difference in structure is not compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from .graph import user_line
from .schema import GradStored, NodeExit, NodeKind, Val
from .standing import standing

if TYPE_CHECKING:
    from .reader import Tape

Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Moment:
    """A value that was made: the result of an op (``kind`` "op", ``id`` the op's), what a node passed on ("node"), or what was stored
    in a ``.grad`` ("grad", ``id`` the leaf's). ``index`` is the output's or edge's number; ``event`` -1 for ops."""

    kind: str
    id: int
    index: int
    name: str
    line: tuple[str, int] | None
    shape: tuple[int, ...] | None
    val: Val | None
    event: int

    @property
    def sameness(self) -> tuple[object, ...]:
        """What must be equal for two moments to be the same place of a program. Files count by name: a run may lie elsewhere."""
        line = None if self.line is None else (self.line[0].rpartition("/")[2], self.line[1])
        return self.kind, self.name, self.index, self.shape, line, self.val is None


@dataclass(frozen=True, slots=True)
class Compared:
    """Two moments at the same place. ``equal``: bit by bit, or as far as statistics tell (``sure`` False). ``largest`` is the
    greatest absolute difference and ``at`` its index; ``relative`` the norm of the difference over that of the first."""

    a: Moment
    b: Moment
    equal: bool
    sure: bool
    norm: float | None = None
    relative: float | None = None
    largest: float | None = None
    at: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """All places up to the first difference in structure. ``parted``: the moments at which the programs do different things
    (None: one had ended); ``first`` is the first place with different values."""

    places: tuple[Compared, ...]
    parted: tuple[Moment | None, Moment | None] | None

    @property
    def first(self) -> Compared | None:
        return next((place for place in self.places if not place.equal), None)

    @property
    def same(self) -> bool:
        """Nothing differs."""
        return self.parted is None and self.first is None


def iterations(tape: Tape) -> list[int]:
    """The passes that accumulate into ``.grad``, one an iteration: their runs, in order."""
    return [run.id for run in tape.runs.values() if run.accumulate and run.parent is None]


def moments(tape: Tape, iteration: int | None = None) -> Iterator[Moment]:
    """What happened on a tape, or in its ``iteration``-th pass (from 0) and the forward ops that it is the backward of.

    Raises IndexError where there is no such iteration."""
    chosen = iterations(tape)
    if iteration is not None and not 0 <= iteration < len(chosen):
        raise IndexError(f"there are {len(chosen)} iterations, no iteration {iteration}")
    run = chosen[iteration] if iteration is not None else None
    wanted = None
    if run is not None:
        nodes = (*tape.runs[run].needed, *(root.node for root in tape.runs[run].roots))
        wanted = {tape.nodes[node].op for node in nodes}
    backward = list(_backward(tape, run))
    place = 0
    for op in tape.ops.values():
        if op.node is not None or (wanted is not None and op.id not in wanted):
            continue
        while place < len(backward) and iteration is None and backward[place][0] < op.time:
            yield backward[place][1]
            place += 1
        line = user_line(op.stack)
        for index, val in enumerate(op.outs):
            yield Moment("op", op.id, index, op.name, line, tape.tensors[val.tensor].meta.shape, val, -1)
    for _, moment in backward[place:]:
        yield moment


def _backward(tape: Tape, run: int | None) -> Iterator[tuple[float, Moment]]:
    keep = standing(tape)
    for event in tape.events:
        if not keep[event.i] or (run is not None and event.run != run):
            continue
        if isinstance(event, NodeExit):
            node = tape.nodes[event.node]
            op = tape.ops.get(node.op) if node.op is not None else None
            line = user_line(op.stack) if op is not None else None
            if node.kind == NodeKind.ACCUMULATE:
                continue
            for index, val in enumerate(event.grads):
                shape = tape.tensors[val.tensor].meta.shape if val is not None else None
                yield event.time, Moment("node", node.id, index, node.name, line, shape, val, event.i)
        elif isinstance(event, GradStored):
            leaf = tape.tensors[event.tensor]
            yield event.time, Moment("grad", leaf.id, 0, leaf.name or "leaf", None, leaf.meta.shape, event.val, event.i)


def compare(a: Sequence[Moment], b: Sequence[Moment], first: Tape, second: Tape) -> Comparison:
    """Follow two sequences of moments of two tapes (which may be the same)."""
    places: list[Compared] = []
    for mine, other in zip(a, b, strict=False):
        if mine.sameness != other.sameness:
            return Comparison(tuple(places), (mine, other))
        places.append(_compared(mine, other, first, second))
    if len(a) != len(b):
        return Comparison(tuple(places), (a[len(b)] if len(a) > len(b) else None, b[len(a)] if len(b) > len(a) else None))
    return Comparison(tuple(places), None)


def _compared(a: Moment, b: Moment, first: Tape, second: Tape) -> Compared:
    if a.val is None or b.val is None:
        return Compared(a, b, True, True)
    x, y = first.value(a.val), second.value(b.val)
    if x is not None and y is not None:
        if x.dtype == y.dtype and x.tobytes() == y.tobytes():
            return Compared(a, b, True, True, 0.0, 0.0, 0.0)
        wide = np.result_type(x.dtype, y.dtype, np.float64)
        with np.errstate(invalid="ignore"):
            apart = np.abs(y.astype(wide) - x.astype(wide))
        apart = np.where(np.isnan(apart), np.where(np.isnan(x) & np.isnan(y), 0.0, np.inf), apart)
        where = tuple(int(i) for i in np.unravel_index(int(np.argmax(apart)), apart.shape)) if apart.ndim and apart.size else ()
        norm, base = float(np.linalg.norm(apart.reshape(-1))), float(np.linalg.norm(x.astype(wide).reshape(-1)))
        return Compared(a, b, False, True, norm, norm / base if base else float("inf"), float(apart.max(initial=0.0)), where)
    mine, other = first.stats.get(a.val), second.stats.get(b.val)
    if mine is None or other is None:
        return Compared(a, b, True, False)
    equal = (mine.norm == other.norm or (mine.norm != mine.norm and other.norm != other.norm)) and mine.nans == other.nans
    return Compared(a, b, equal, False, abs(mine.norm - other.norm), abs(mine.norm - other.norm) / mine.norm if mine.norm else None)


# ------------------------------------------------------------------------------------------------------------ gradient flow


@dataclass(frozen=True, slots=True)
class Flow:
    """The norm of each parameter's gradient over the iterations: ``norms[i][j]`` of ``leaves[i]`` after ``runs[j]``, NaN where it got
    none there or is not known."""

    leaves: tuple[int, ...]
    names: tuple[str, ...]
    runs: tuple[int, ...]
    norms: tuple[tuple[float, ...], ...]


def gradient_flow(tape: Tape) -> Flow:
    """The table of gradient norms by parameter and iteration, parameters in the order in which forward used them."""
    runs = iterations(tape)
    column = {run: j for j, run in enumerate(runs)}
    rows: dict[int, list[float]] = {}
    keep = standing(tape)
    for event in tape.events.of_kind(GradStored):
        if keep[event.i] and event.run in column and event.val is not None:
            row = rows.setdefault(event.tensor, [float("nan")] * len(runs))
            stats = tape.stats.get(event.val)
            row[column[event.run]] = stats.norm if stats is not None else float("nan")
    leaves = sorted(rows)
    names = tuple(tape.tensors[leaf].name or f"#{leaf}" for leaf in leaves)
    return Flow(tuple(leaves), names, tuple(runs), tuple(tuple(rows[leaf]) for leaf in leaves))
