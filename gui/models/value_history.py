"""What wrote a value and what used it: every event of a gradient, every change in place, producers and consumers. No Qt."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradstep.engine.tape.reader import Tape
from gradstep.engine.tape.schema import Bumped, Edited, Event, GradAdded, GradStored, HookCalled, NodeEnter, Role, Slot, Val
from gradstep.engine.tape.standing import standing
from gradstep.engine.tape.wire import BUMPED, EDITED, GRAD_ADDED, GRAD_STORED, HOOK_CALLED, NODE_ENTER

from ..translation import translate
from .rows import HOOK_NAMES, RowReader
from .values import ValueRef, ValueText, value_text

Words = NDArray[Any]
SHOWN = 2000  # lines of a kind; of more the last ones
_HERE = "ValueHistory"


class Effect(Enum):
    """What an event did to the value."""

    WROTE = "wrote"
    CHANGED = "changed"
    BROKE = "broke"  # a NaN or an infinity is in it that was not in what stood there before
    KEPT = "kept"  # it might have changed it, and did not
    READ = "read"


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """An event. ``key`` is the graph node that did it, None where none did; ``event`` -1 for what is no event of the tape."""

    event: int
    text: str
    effect: Effect
    value: ValueRef | None
    number: ValueText
    key: tuple[str, int] | None = None
    op: str = ""  # for its colour


@dataclass(frozen=True, slots=True)
class ValueHistory:
    """The lines in the order in which they happened. ``left_out`` earlier writes are not among them; ``sure``: all consumers were
    looked through."""

    name: str = ""
    writes: tuple[HistoryLine, ...] = ()
    uses: tuple[HistoryLine, ...] = ()
    left_out: int = 0
    sure: bool = True


class Uses:
    """Which ops took a tensor and which nodes keep it, read piece by piece while the tape grows."""

    def __init__(self) -> None:
        self._ops = self._nodes = 0  # how many are read
        self.consumers: dict[int, list[int]] = {}  # tensor to ops
        self.keepers: dict[int, list[int]] = {}  # tensor to nodes

    def read(self, tape: Tape, more: Callable[[], bool]) -> bool:
        """Read what the tape got since, for as long as ``more`` (asked every 256 records) says. Whether all is read."""
        for number in islice(tape.ops, self._ops, None):
            for val in tape.ops[number].ins:
                if val is not None:
                    takers = self.consumers.setdefault(val.tensor, [])
                    if not takers or takers[-1] != number:
                        takers.append(number)
            self._ops += 1
            if self._ops % 256 == 0 and not more():
                return False
        for number in islice(tape.nodes, self._nodes, None):
            for saved in tape.nodes[number].saved:
                if saved.val is not None:
                    keepers = self.keepers.setdefault(saved.val.tensor, [])
                    if not keepers or keepers[-1] != number:
                        keepers.append(number)
            self._nodes += 1
            if self._nodes % 256 == 0 and not more():
                return False
        return True


def value_history(reader: RowReader, uses: Uses, ref: ValueRef | None, key: tuple[str, int] | None, sure: bool = True) -> ValueHistory:
    """What is known of a value; nothing of an undefined one. ``key`` is the graph node that is selected with it."""
    if ref is None or ref.val is None:
        return ValueHistory()
    tape, val = reader.tape, ref.val
    words = tape.events.words
    codes, stands = words[:, 0] & 0xFF, standing(tape)
    stored = np.flatnonzero((codes == GRAD_STORED) & (words[:, 6] == val.tensor))
    if stored.size:
        leaf = int(words[stored[-1], 3])
        name, places = f"{reader.tensor_name(leaf, leaf=True)}.grad", _leaf_places(tape, words, codes, leaf)
    elif (slot := _slot_of(tape, words, codes, val, key)) is not None:
        name = translate(_HERE, "gradient into {0}").format(reader.node_name(slot.node))
        places = _slot_places(words, codes, slot)
    else:
        name, places = reader.tensor_name(val.tensor), (codes == BUMPED) & (words[:, 3] == val.tensor)
        slot = None
    found = np.flatnonzero(places & stands).tolist()
    left_out = max(len(found) - SHOWN, 0)
    writes = [] if stored.size or slot is not None or left_out else _made(reader, val)
    events = [tape.events[place] for place in found[left_out:]]
    sums = {event.val for event in events if isinstance(event, GradStored)}
    for event in events:
        if not (isinstance(event, Bumped) and Val(event.tensor, event.new) in sums):  # a sum in place is told as what it is
            writes += _line(reader, event, None if stored.size else slot, name)
    return ValueHistory(name, tuple(writes), tuple(_uses(reader, uses, val, codes, words, stands)), left_out, sure)


# ------------------------------------------------------------------------------------------------------- finding events


def _leaf_places(tape: Tape, words: Words, codes: Words, leaf: int) -> NDArray[np.bool_]:
    """What wrote the ``.grad`` of a leaf: stores, changes in place of what was stored, hooks around its node."""
    stored = (codes == GRAD_STORED) & (words[:, 3] == leaf)
    grads = np.unique(words[stored, 6])
    nodes = [node.id for node in tape.nodes.values() if node.variable == leaf]
    hooks = (codes == HOOK_CALLED) & np.isin(words[:, 4], nodes)
    found: NDArray[np.bool_] = stored | hooks | ((codes == BUMPED) & np.isin(words[:, 3], grads[grads > 0]))
    return found


def _slot_of(tape: Tape, words: Words, codes: Words, val: Val, key: tuple[str, int] | None) -> Slot | None:
    """Where a gradient arrived, or was given to a node after its hooks."""
    added = np.flatnonzero((codes == GRAD_ADDED) & (words[:, 6] == val.tensor))
    for place in added[::-1].tolist():
        event = tape.events[place]
        if isinstance(event, GradAdded) and event.val == val and (key is None or key[0] != "node" or event.dst.node == key[1]):
            return event.dst
    if key is not None and key[0] == "node":
        for place in np.flatnonzero((codes == NODE_ENTER) & (words[:, 3] == key[1])).tolist():
            event = tape.events[place]
            if isinstance(event, NodeEnter) and val in event.grads:
                return Slot(event.node, event.grads.index(val))
    event = tape.events[int(added[-1])] if added.size else None
    return event.dst if isinstance(event, GradAdded) else None


def _slot_places(words: Words, codes: Words, slot: Slot) -> NDArray[np.bool_]:
    node = slot.node
    arrived = (codes == GRAD_ADDED) & (words[:, 4] == node)
    hooked = (codes == HOOK_CALLED) & (words[:, 4] == node)
    found: NDArray[np.bool_] = arrived | hooked | (np.isin(codes, (NODE_ENTER, EDITED)) & (words[:, 3] == node))
    return found


# --------------------------------------------------------------------------------------------------------------- lines


def _line(reader: RowReader, event: Event, slot: Slot | None, name: str) -> list[HistoryLine]:
    """The line of an event; none where it is about another slot of the same node."""
    tape = reader.tape

    def made(text: str, before: Val | None, after: Val | None, effect: Effect, key: tuple[str, int] | None, op: str = "") -> HistoryLine:
        value = ValueRef(name, after, before, translate(_HERE, "before #{0}").format(event.i)) if after is not None else None
        return HistoryLine(event.i, text, effect, value, value_text(tape, after), key, op)

    match event:
        case GradStored(prev=before, val=after):
            node = next((node.id for node in tape.nodes.values() if node.variable == event.tensor), None)
            text = translate(_HERE, "stored") if before is None else translate(_HERE, "added to what was stored")
            if after is None:
                text = translate(_HERE, "set to None")
            key = ("node", node) if node is not None else None
            return [made(text, before, after, _effect(tape, before, after), key, "AccumulateGrad")]
        case GradAdded(src=src, dst=dst, val=after):
            if dst != slot:
                return []
            text = (
                translate(_HERE, "the seed of backward()")
                if src is None
                else translate(_HERE, "from {0}").format(reader.node_name(src.node))
            )
            key, op = (("node", src.node), tape.nodes[src.node].name) if src is not None else (None, "")
            return [made(text, None, after, _effect(tape, None, after), key, op)]
        case HookCalled():
            hook = tape.hooks[event.hook]
            index = slot.index if slot is not None else 0
            before = event.before[index] if index < len(event.before) else None
            after = event.after[index] if index < len(event.after) else before
            text = f"{hook.function} ({HOOK_NAMES[hook.kind]})"
            return [made(text, before, after, _effect(tape, before, after), ("node", event.node) if event.node is not None else None)]
        case Edited(dst=dst, old=before, new=after):
            return (
                [made(translate(_HERE, "edited in the debugger"), before, after, _effect(tape, before, after), None)] if dst == slot else []
            )
        case NodeEnter(node=node, grads=grads):
            if slot is None or slot.index >= len(grads):
                return []
            text = translate(_HERE, "given to {0}").format(reader.node_name(node))
            return [made(text, None, grads[slot.index], Effect.READ, ("node", node), tape.nodes[node].name)]
        case Bumped(tensor=tensor, old=old, new=new, by=by):
            changer = tape.ops[by].name if by is not None and by in tape.ops else ""
            text = translate(_HERE, "{0}, in place").format(changer or translate(_HERE, "changed"))
            before, after = Val(tensor, old), Val(tensor, new)
            return [made(text, before, after, _effect(tape, before, after), ("op", by) if by is not None else None, changer)]
    return []


def _effect(tape: Tape, before: Val | None, after: Val | None) -> Effect:
    if before == after:
        return Effect.KEPT
    if _broken(tape, after) and not _broken(tape, before):
        return Effect.BROKE
    return Effect.WROTE if before is None else Effect.CHANGED


def _broken(tape: Tape, val: Val | None) -> bool:
    stats = tape.stats.get(val) if val is not None else None
    return stats is not None and bool(stats.nans or stats.posinfs or stats.neginfs)


def _made(reader: RowReader, val: Val) -> list[HistoryLine]:
    """The op that made a tensor of the forward pass."""
    tape, number = reader.tape, reader.history.maker.get(val.tensor, 0)
    op = tape.ops.get(number)
    if op is None:
        return []
    first = next((out for out in op.outs if out.tensor == val.tensor), val)
    effect = Effect.BROKE if _broken(tape, first) and not any(_broken(tape, one) for one in op.ins) else Effect.WROTE
    text, value = translate(_HERE, "made by {0}").format(op.name), ValueRef(f"output of {op.name}", first)
    return [HistoryLine(tape.events_before(op) - 1, text, effect, value, value_text(tape, first), ("op", number), op.name)]


def _uses(reader: RowReader, uses: Uses, val: Val, codes: Words, words: Words, stands: NDArray[np.bool_]) -> Iterator[HistoryLine]:
    """Who took the value: ops, nodes that keep it, nodes that it was given to."""
    tape = reader.tape
    for number in uses.consumers.get(val.tensor, ())[:SHOWN]:
        op = tape.ops[number]
        taken = next((one for one in op.ins if one is not None and one.tensor == val.tensor), None)
        if taken is not None:
            text = translate(_HERE, "input of {0}").format(op.name)
            yield HistoryLine(
                tape.events_before(op) - 1, text, Effect.READ, ValueRef(text, taken), value_text(tape, taken), ("op", number), op.name
            )
    for number in uses.keepers.get(val.tensor, ())[:SHOWN]:
        node = tape.nodes[number]
        for saved in node.saved:
            if saved.val is not None and saved.val.tensor == val.tensor:
                text = translate(_HERE, "kept by {0} as {1}").format(reader.node_name(number), saved.name)
                yield HistoryLine(
                    -1, text, Effect.READ, ValueRef(text, saved.val), value_text(tape, saved.val), ("node", number), node.name
                )
    noun = tape.tensors.get(val.tensor)
    if noun is None or noun.role is not Role.GRADIENT:
        return
    sent = np.flatnonzero((codes == GRAD_ADDED) & (words[:, 6] == val.tensor) & stands)[:SHOWN]
    for place in sent.tolist():
        event = tape.events[place]
        if isinstance(event, GradAdded):
            text = translate(_HERE, "went to {0}").format(reader.node_name(event.dst.node))
            yield HistoryLine(
                event.i, text, Effect.READ, ValueRef(text, event.val), value_text(tape, event.val), ("node", event.dst.node),
                tape.nodes[event.dst.node].name,
            )  # fmt: skip
