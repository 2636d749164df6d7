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


def ties(evidence: Evidence, graph: AbstractSet[int], gone: AbstractSet[int], until: int) -> list[Tie]:
    """Values of ops up to the one numbered ``until`` that later ops take, where the graph behind them leads to a node in ``gone``;
    in the order in which they are taken."""
    tape = evidence.tape
    early: set[int] = set()  # nodes of early ops that lead there; a node comes after those behind it
    for number in sorted(graph):
        node = tape.nodes[number]
        op = evidence.op_of(node)
        if (op is None or op.id <= until) and (number in gone or any(slot is not None and slot.node in early for slot in node.next)):
            early.add(number)
    found: dict[tuple[Val, int], Tie] = {}
    for number in sorted(graph):
        new = evidence.op_of(tape.nodes[number])
        if new is None or new.id <= until:
            continue
        for val in new.ins:
            old = evidence.maker(val) if val is not None else None
            if val is not None and old is not None and any(slot is not None and slot.node in early for slot in old.grads):
                found[val, new.id] = Tie(val, old, new)
    return sorted(found.values(), key=lambda tie: (tie.new.id, tie.old.id))


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
