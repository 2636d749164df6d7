"""What ties a graph to an older one: the values that were made before and are used again, and whether their lines run again."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from ..tape.schema import Op, Val
from .evidence import Evidence
from .finding import Place


@dataclass(frozen=True, slots=True)
class Tie:
    """A value of the old graph that the new one uses: the op that made it, the op that uses it."""

    val: Val
    old: Op
    new: Op


def ties(evidence: Evidence, graph: AbstractSet[int], older: AbstractSet[int]) -> list[Tie]:
    """Values that nodes of ``graph`` outside of ``older`` take from inside of it; those of the latest users first."""
    tape = evidence.tape
    found: list[Tie] = []
    for number in sorted(graph - older, reverse=True):
        new = evidence.op_of(tape.nodes[number])
        if new is None or not any(slot is not None and slot.node in older for slot in tape.nodes[number].next):
            continue
        for val in new.ins:
            if val is None:
                continue
            old = evidence.maker(val)
            if old is not None and any(slot is not None and slot.node in older for slot in old.grads):
                found.append(Tie(val, old, new))
    return sorted(found, key=lambda tie: (-tie.new.id, tie.old.id))


def called(evidence: Evidence, val: Val) -> str:
    """A value's name in quotes, or its number."""
    name = evidence.name(val)
    return f"`{name}`" if name else f"tensor #{val.tensor}"


def places(evidence: Evidence, tie: Tie) -> list[Place]:
    """Where the old value was made, and where it is used again."""
    made, used = evidence.born(tie.val), evidence.frame(tie.new.stack)
    name = called(evidence, tie.val)
    found = []
    if made is not None:
        found.append(Place("ties", made, evidence.sources.line(made), f"made {name}, which the second graph still uses"))
    if used is not None:
        found.append(Place("reused", used, evidence.sources.line(used), f"{tie.new.name} uses {name} again"))
    return found


def runs_again(evidence: Evidence, op: Op, after: int) -> bool:
    """Whether the line that an op ran at runs again, called from the same lines, after the op numbered ``after``."""
    return bool(op.stack) and any(
        other.id > after and other.name == op.name and other.stack == op.stack for other in evidence.tape.ops.values()
    )
