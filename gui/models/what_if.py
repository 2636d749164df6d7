"""The difference between a backward pass as it is and with an edited gradient, in rows. No Qt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gradstep.engine.tape import branches
from gradstep.engine.tape.reader import Tape
from gradstep.engine.tape.schema import Val

from ..translation import translate
from ..widgets.formats import number
from .values import ValueRef


@dataclass(frozen=True, slots=True)
class WhatIfRow:
    """What a node passed on, or what a ``.grad`` became, in both branches."""

    key: tuple[str, int]  # the graph node
    name: str
    before: str  # norms
    after: str
    difference: str
    relative: float | None
    value: ValueRef | None


@dataclass(frozen=True, slots=True)
class WhatIfView:
    """The rows that differ; ``same`` values do not. ``unreached``: nodes that differ although the edit cannot reach them."""

    rows: tuple[WhatIfRow, ...] = ()
    same: int = 0
    nodes: frozenset[int] = frozenset()
    unreached: tuple[int, ...] = ()


def what_if_view(tape: Tape, lies: Mapping[str, Any]) -> WhatIfView:
    """The view of a what-if; ``lies`` says where its branches lie on the tape, as the debugger answers."""
    where = {name: int(lies[name]) for name in ("run", "at", "begin", "untouched", "edited")}
    fork = branches.explored(tape, **where)
    told = branches.differences(tape, fork)
    stored = branches.stored_differences(tape, fork)
    changed = branches.changed(told)
    edited = {node for node in lies.get("nodes", ()) if isinstance(node, int) and node in tape.nodes}
    reach = branches.reach(tape, branches.edited_nodes(tape, fork) | edited)
    leaves = {node.variable: node.id for node in tape.nodes.values() if node.variable is not None}
    rows = [_row(tape, ("node", one.node), f"{tape.nodes[one.node].name} edge {one.index}", one) for one in told if not one.equal]
    rows += [
        _row(tape, ("node", leaves[leaf]), f"{tape.tensors[leaf].name or f'leaf {leaf}'}.grad", one)
        for leaf, one in stored
        if not one.equal and leaf in leaves
    ]
    same = sum(one.equal for one in told) + sum(one.equal for _, one in stored)
    return WhatIfView(tuple(rows), same, frozenset(changed), tuple(sorted(changed - reach)))


def _row(tape: Tape, key: tuple[str, int], name: str, one: branches.Difference) -> WhatIfRow:
    value = (
        ValueRef(translate("WhatIf", "{0} with the edit").format(name), one.new, one.old, translate("WhatIf", "without the edit"))
        if one.new is not None
        else None
    )
    difference = "" if one.norm is None else number(one.norm)
    return WhatIfRow(key, name, _norm(tape, one.old), _norm(tape, one.new), difference, one.relative, value)


def _norm(tape: Tape, val: Val | None) -> str:
    if val is None:
        return translate("WhatIf", "none")
    stats = tape.stats.get(val)
    return number(stats.norm) if stats is not None else "?"
