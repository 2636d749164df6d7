"""What ties a graph to an older one: the values that were made before and are used again, and whether their lines run again."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

from ..tape.schema import Op, Run, Val
from .evidence import Evidence
from .finding import Place


@dataclass(frozen=True, slots=True)
class Tie:
    """A value of the old graph that the new one uses: the op that made it, the op that uses it."""

    val: Val
    old: Op
    new: Op


ONE_STATE = frozenset({"RNN", "GRU", "RNNCell", "GRUCell"})  # modules whose state is one tensor, and no pair


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


def variable(evidence: Evidence, tie: Tie) -> str:
    """The variable that carries a value from one line to the other; "" where that cannot be told."""
    name = evidence.name(tie.val)
    if name:
        return name
    shared = _carriers(evidence, tie)
    return shared[0] if len(shared) == 1 else ""


def _carriers(evidence: Evidence, tie: Tie) -> list[str]:
    """The variables that the line which made a value assigns and the one that uses it reads: ``state`` of ``out, state = f(x, state)``."""
    read = evidence.sources.reads(evidence.frame(tie.new.stack))
    return [name for name in evidence.sources.assigned(evidence.frame(tie.old.stack)) if name in read]


def called(evidence: Evidence, tie: Tie) -> str:
    """What the user calls a value: its variable in quotes, the one that it is part of, or its number."""
    name = variable(evidence, tie)
    if not name:
        return f"tensor #{tie.val.tensor}"
    return f"`{name}`" if evidence.name(tie.val) else f"a part of `{name}`"


def detached(evidence: Evidence, tie: Tie) -> str:
    """The statement that cuts the graph at a value."""
    name = variable(evidence, tie) or "state"
    call = evidence.tape.calls.get(tie.old.call or 0)
    whole = call is not None and call.type in ONE_STATE  # what is tied is a view of it that the module made
    if whole or evidence.name(tie.val) or not variable(evidence, tie):
        return f"{name} = {name}.detach()"
    return f"{name} = tuple(part.detach() for part in {name})"


def cut(evidence: Evidence, tie: Tie, run: Run) -> tuple[str, dict[str, Any] | None]:
    """Where to cut the graph of a value that is carried from one iteration into the next, in words and for machines: after the
    backward where that stands in the same function (in the first iteration the value may be a number yet), else before its use."""
    statement = detached(evidence, tie)
    after, made, used = evidence.frame(run.stack), evidence.born(tie.val), evidence.frame(tie.new.stack)
    known = bool(variable(evidence, tie))
    if after is not None and made is not None and (after.file, after.function) == (made.file, made.function):
        text = evidence.sources.text(after)
        rewrite = evidence.sources.rewrite(after, f"{text}\n{statement}" if known and text else "")
        return f"{statement} after the backward at {evidence.line(run.stack)}", rewrite
    text = evidence.sources.text(used)
    rewrite = evidence.sources.rewrite(used, f"{statement}\n{text}" if known and text else "")
    return f"{statement} before it is used at {evidence.line(tie.new.stack)}", rewrite


def places(evidence: Evidence, tie: Tie) -> list[Place]:
    """Where the old value was made, and where it is used again."""
    made, used = evidence.born(tie.val), evidence.frame(tie.new.stack)
    name = called(evidence, tie)
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
