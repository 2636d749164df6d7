"""Branches of a backward pass: what was stepped back and run again in another way, and the difference, node by node.

History is never rewritten: a walk that was stepped back leaves the steps that it undid on the tape. From them and from the
steps that were taken instead a branch and its alternative can be put side by side.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from .schema import Edited, GradStored, NodeEnter, NodeExit, Rewound, Val

if TYPE_CHECKING:
    from .reader import Tape

Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Branch:
    """Steps of a run from a common point on: the events that entered and left each node. ``edits`` were made at its beginning or
    within; ``last`` is its last event."""

    run: int
    steps: tuple[tuple[int, int, int], ...]  # node, enter, exit
    edits: tuple[int, ...]
    last: int


@dataclass(frozen=True, slots=True)
class Fork:
    """Two branches that begin at the same state. ``before``: steps that both share; ``old`` was undone, ``new`` run instead."""

    run: int
    before: int
    old: Branch
    new: Branch


@dataclass(frozen=True, slots=True)
class Difference:
    """What a node passed on in two branches. ``index`` is the edge's number (for ``.grad``: 0). ``norm`` is of the difference,
    None where a value was not kept; ``equal`` is bit by bit, told from the ids where both are the same value."""

    node: int
    index: int
    old: Val | None
    new: Val | None
    equal: bool
    norm: float | None
    relative: float | None  # the norm of the difference over that of the old value


def forks(tape: Tape, run: int) -> list[Fork]:
    """Where a run was stepped back and went on: the longest undone stretch against what was done instead, in order."""
    found: list[Fork] = []
    path: list[tuple[int, int, int]] = []
    entered: dict[int, int] = {}
    edits: list[int] = []
    undone: list[tuple[int, int, int]] = []  # the path before the first of the rewinds that are under way
    undone_edits: list[int] = []
    undone_last = rewound_to = 0
    open_forks: list[tuple[int, Branch]] = []
    rewinding = False
    last = -1

    def settle() -> None:
        """Rewinding is over: what was undone is a branch."""
        nonlocal rewinding
        if rewinding and len(undone) > len(path):
            old = Branch(run, tuple(undone[len(path) :]), tuple(e for e in undone_edits if e > rewound_to), undone_last)
            open_forks.append((len(path), old))
        rewinding = False

    for event in tape.events:
        if event.run != run:
            continue
        if isinstance(event, Rewound):
            if not rewinding:
                undone, undone_edits, undone_last, rewinding = list(path), list(edits), last, True
            rewound_to = event.to
            while path and path[-1][1] > event.to:
                path.pop()
            edits = [e for e in edits if e <= event.to]
            entered.clear()
        elif isinstance(event, Edited):
            settle()
            edits.append(event.i)
        elif isinstance(event, NodeEnter):
            settle()
            entered[event.node] = event.i
        elif isinstance(event, NodeExit) and event.node in entered:
            path.append((event.node, entered.pop(event.node), event.i))
        last = event.i
    for before, old in open_forks:
        if len(path) > before:
            new = Branch(run, tuple(path[before:]), tuple(e for e in edits if e > (path[before - 1][2] if before else -1)), last)
            found.append(Fork(run, before, old, new))
    return found


def branch(tape: Tape, run: int, begin: int, end: int) -> Branch:
    """The steps that a run took behind event ``begin``, up to event ``end``."""
    steps: list[tuple[int, int, int]] = []
    edits: list[int] = []
    entered: dict[int, int] = {}
    for event in tape.events[begin + 1 : end + 1]:
        if event.run != run:
            continue
        if isinstance(event, NodeEnter):
            entered[event.node] = event.i
        elif isinstance(event, NodeExit) and event.node in entered:
            steps.append((event.node, entered.pop(event.node), event.i))
        elif isinstance(event, Edited):
            edits.append(event.i)
    return Branch(run, tuple(steps), tuple(edits), end)


def explored(tape: Tape, run: int, at: int, begin: int, untouched: int, edited: int) -> Fork:
    """The two branches of a what-if, as the debugger says where they lie."""
    return Fork(run, at, branch(tape, run, begin, untouched), branch(tape, run, untouched, edited))


def differences(tape: Tape, fork: Fork) -> list[Difference]:
    """What each node passed on in the two branches, in the order of the new one; nodes that ran in one branch only come with None
    for the other."""
    old, new = _passed(tape, fork.old), _passed(tape, fork.new)
    found = []
    for key in [*new, *(key for key in old if key not in new)]:
        found.append(_difference(tape, key[0], key[1], old.get(key), new.get(key)))
    return found


def stored_differences(tape: Tape, fork: Fork) -> list[tuple[int, Difference]]:
    """For each leaf the ``.grad`` that either branch left: leaf and difference."""
    old, new = _stored(tape, fork.old), _stored(tape, fork.new)
    return [(leaf, _difference(tape, 0, 0, old.get(leaf), new.get(leaf))) for leaf in dict.fromkeys([*old, *new])]


def reach(tape: Tape, nodes: Iterable[int]) -> set[int]:
    """The nodes that a change at these nodes can reach: they, and all below."""
    found: set[int] = set()
    waiting = list(nodes)
    while waiting:
        node = waiting.pop()
        if node not in found:
            found.add(node)
            waiting.extend(slot.node for slot in tape.nodes[node].next if slot is not None)
    return found


def edited_nodes(tape: Tape, fork: Fork) -> set[int]:
    """The nodes at which the new branch was edited."""
    nodes = set()
    for i in fork.new.edits:
        event = tape.events[i]
        if isinstance(event, Edited):
            nodes.add(event.dst.node)
    return nodes


def _passed(tape: Tape, branch: Branch) -> dict[tuple[int, int], Val | None]:
    values: dict[tuple[int, int], Val | None] = {}
    for node, _, left in branch.steps:
        event = tape.events[left]
        assert isinstance(event, NodeExit)
        for index, val in enumerate(event.grads):
            values[node, index] = val
    return values


def _stored(tape: Tape, branch: Branch) -> dict[int, Val | None]:
    if not branch.steps:
        return {}
    found: dict[int, Val | None] = {}
    for event in tape.events[branch.steps[0][1] : branch.last + 1]:
        if isinstance(event, GradStored) and event.run == branch.run:
            found[event.tensor] = event.val
    return found


def _difference(tape: Tape, node: int, index: int, old: Val | None, new: Val | None) -> Difference:
    if old == new:
        return Difference(node, index, old, new, True, 0.0, 0.0)
    if old is None or new is None:
        return Difference(node, index, old, new, False, None, None)
    a, b = tape.value(old), tape.value(new)
    if a is None or b is None or a.shape != b.shape:
        return Difference(node, index, old, new, False, None, None)
    equal = a.tobytes() == b.tobytes()
    wide = np.result_type(a.dtype, np.float64)
    norm = 0.0 if equal else _norm(b.astype(wide) - a.astype(wide))
    base = _norm(a.astype(wide))
    return Difference(node, index, old, new, equal, norm, norm / base if base else (0.0 if not norm else float("inf")))


def _norm(values: Array) -> float:
    return float(np.linalg.norm(values.reshape(-1)))


def changed(found: Sequence[Difference]) -> set[int]:
    """The nodes that passed on something else."""
    return {one.node for one in found if not one.equal}
