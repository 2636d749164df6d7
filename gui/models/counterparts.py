"""What of forward belongs to what of backward: an op and its node, a leaf and its AccumulateGrad. No Qt."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gradstep.engine.tape.graph import Key
from gradstep.engine.tape.reader import Tape
from gradstep.engine.tape.schema import NodeKind


def counterparts(tape: Tape, key: Any) -> Iterator[Key]:
    """The keys on the other side; several where a leaf has a node in each of several graphs, the newest first."""
    kind, id = key
    if kind == "node" and id in tape.nodes:
        node = tape.nodes[id]
        if node.op is not None:
            yield ("op", node.op)
        if node.variable is not None:
            yield ("leaf", node.variable)
    elif kind == "op" and id in tape.ops:
        yield from dict.fromkeys(("node", slot.node) for slot in tape.ops[id].grads if slot is not None)
    elif kind == "leaf":
        for number in reversed(list(tape.nodes)):
            node = tape.nodes[number]
            if node.kind is NodeKind.ACCUMULATE and node.variable == id:
                yield ("node", number)
