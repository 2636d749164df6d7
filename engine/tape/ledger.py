"""The contribution ledger: what each path and each pass added to a gradient, with norm, share, direction and what cancels.

For a slot at which several gradients arrive (a fan-in) the addends are those that came along its edges; for a ``.grad`` they
are what the passes since it was last None added. The ordered sum of the addends is the gradient, bit by bit.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from .schema import GradAdded, GradStored, NodeEnter, Slot, Val
from .standing import standing
from .wire import GRAD_ADDED, GRAD_STORED, NODE_ENTER

if TYPE_CHECKING:
    from .reader import Tape

Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Addend:
    """One contribution. ``source`` is the sending node and the number of its edge (None: the seed), or for a ``.grad`` the run.

    ``norm`` is its 2-norm; ``share`` its projection on the sum over the sum's norm squared: shares add up to 1, a negative one
    works against the rest; ``cosine`` is with the sum. None where values were not kept.
    """

    source: Slot | int | None
    event: int
    val: Val | None
    norm: float | None
    share: float | None
    cosine: float | None


@dataclass(frozen=True, slots=True)
class Entry:
    """A gradient and what it was added up from. ``cancellation`` is 1 - |sum| / (sum of |addends|): 0 where all point the same way,
    1 where they cancel. ``exact``: the addends in order give the gradient bit by bit; None where values were not kept."""

    slot: Slot | None  # of a fan-in
    leaf: int | None  # of a .grad
    run: int | None
    total: Val | None
    addends: tuple[Addend, ...]
    norm: float | None
    cancellation: float | None
    exact: bool | None


def fan_ins(tape: Tape, run: int) -> Iterator[Entry]:
    """The slots of a run at which more than one gradient arrived, in the order in which their nodes ran."""
    places = _places(tape, run)
    yield from (entry for entry in _arrived(tape, places, run) if len(entry.addends) > 1)


def of_node(tape: Tape, run: int, node: int) -> list[Entry]:
    """What arrived at each slot of a node in a run, also where it came along one path alone."""
    return list(_arrived(tape, _places(tape, run, node), run))


def _places(tape: Tape, run: int, node: int | None = None) -> list[int]:
    """The events of a run, or those of one node, that bring gradients to slots and take them from there."""
    words = tape.events.words
    codes = words[:, 0] & 0xFF
    added, entered = codes == GRAD_ADDED, codes == NODE_ENTER
    if node is not None:
        added &= words[:, 4] == node
        entered &= words[:, 3] == node
    places: list[int] = np.flatnonzero((added | entered) & (words[:, 1] == run) & standing(tape)).tolist()
    return places


def _arrived(tape: Tape, places: list[int], run: int) -> Iterator[Entry]:
    arrived: dict[Slot, list[GradAdded]] = {}
    for place in places:
        event = tape.events[place]
        if isinstance(event, GradAdded):
            arrived.setdefault(event.dst, []).append(event)
        elif isinstance(event, NodeEnter):
            for index, total in enumerate(event.grads):
                added = arrived.pop(Slot(event.node, index), [])
                if added:
                    yield _entry(tape, [(one.src, one.i, one.val) for one in added], total, slot=Slot(event.node, index), run=run)


def stored(tape: Tape, leaf: int) -> list[Entry]:
    """Each ``.grad`` of a leaf as it came to be: an entry for every time that it began anew (was None before)."""
    found: list[Entry] = []
    parts: list[tuple[Slot | int | None, int, Val | None]] = []
    total: Val | None = None
    entered: dict[int | None, NodeEnter] = {}  # by run: the one of the leaf's node
    nodes = [node.id for node in tape.nodes.values() if node.variable == leaf]
    run: int | None = None
    words = tape.events.words
    codes = words[:, 0] & 0xFF
    mine = ((codes == NODE_ENTER) & np.isin(words[:, 3], nodes)) | ((codes == GRAD_STORED) & (words[:, 3] == leaf))
    for place in np.flatnonzero(mine & standing(tape)).tolist():
        event = tape.events[place]
        if isinstance(event, NodeEnter):
            entered[event.run] = event
        elif isinstance(event, GradStored):
            if event.prev is None and parts:
                found.append(_entry(tape, parts, total, leaf=leaf, run=run))
                parts = []
            came = entered.get(event.run)
            if event.prev is not None and not parts:
                parts.append((None, event.i, event.prev))  # what stood there before the tape began
            parts.append((event.run, event.i, came.grads[0] if came is not None else None))
            total, run = event.val, event.run
    if parts:
        found.append(_entry(tape, parts, total, leaf=leaf, run=run))
    return found


def entry_name(tape: Tape, entry: Entry) -> str:
    """The gradient in words."""
    if entry.leaf is not None:
        return f".grad of {tape.tensors[entry.leaf].name or f'#{entry.leaf}'}"
    assert entry.slot is not None
    node = tape.nodes[entry.slot.node]
    if node.variable is not None:
        name = tape.tensors[node.variable].name or f"#{node.variable}"
        used = len(entry.addends)
        return f"{name}, used {used} times (run {entry.run})" if used > 1 else f"{name} (run {entry.run})"
    return f"{node.name} #{node.id}, slot {entry.slot.index} (run {entry.run})"


def source_name(tape: Tape, source: Slot | int | None) -> str:
    """Where an addend came from, in words."""
    if source is None:
        return "was there before"
    if isinstance(source, int):
        stack = tape.runs[source].stack
        return f"run {source}" + (f", line {stack[0].line}" if stack else "")
    node = tape.nodes[source.node]
    op = tape.ops.get(node.op) if node.op is not None else None
    return f"{node.name} #{node.id}" + (f", line {op.stack[0].line}" if op is not None and op.stack else "")


def _entry(
    tape: Tape,
    parts: list[tuple[Slot | int | None, int, Val | None]],
    total: Val | None,
    *,
    slot: Slot | None = None,
    leaf: int | None = None,
    run: int | None = None,
) -> Entry:
    values = [tape.value(val) if val is not None else None for _, _, val in parts]
    kept = [value for value, (_, _, val) in zip(values, parts, strict=True) if val is not None]
    known = bool(kept) and all(value is not None for value in kept) and len({value.shape for value in kept if value is not None}) == 1
    sum_of: Array | None = None
    norm = cancellation = None
    exact: bool | None = None
    if known:
        for value in kept:  # in order, in their own type: as the engine added them
            assert value is not None
            sum_of = value if sum_of is None else sum_of + value
        assert sum_of is not None
        norm = _norm(sum_of)
        whole = sum(_norm(value) for value in kept if value is not None)
        cancellation = 1.0 - norm / whole if whole else 0.0
        there = tape.value(total) if total is not None else None
        exact = None if there is None else np.asarray(sum_of).tobytes() == there.tobytes()
    addends = tuple(_addend(source, i, val, value, sum_of, norm) for (source, i, val), value in zip(parts, values, strict=True))
    return Entry(slot, leaf, run, total, addends, norm, cancellation, exact)


def _addend(source: Slot | int | None, i: int, val: Val | None, value: Array | None, total: Array | None, norm: float | None) -> Addend:
    if value is None or total is None or norm is None:
        return Addend(source, i, val, None if value is None else _norm(value), None, None)
    own = _norm(value)
    wide = np.result_type(value.dtype, np.float64)
    along = float(np.real(np.vdot(total.astype(wide).reshape(-1), value.astype(wide).reshape(-1))))
    return Addend(source, i, val, own, along / (norm * norm) if norm else None, along / (norm * own) if norm and own else None)


def _norm(value: Array) -> float:
    return float(np.linalg.norm(value.astype(np.result_type(value.dtype, np.float64)).reshape(-1)))
