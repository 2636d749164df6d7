"""A graph of a tape as arrays: what is needed to fold a million nodes before one of them is looked at.

``backward_outline`` reads the rows of a tape a column at a time and makes no record; ``outline_of`` takes any graph of
``graph.py``. The two say the same of the same graph.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import networkx as nx
import numpy as np
import numpy.typing as npt

from .blocks import gather
from .graph import Key, label_of
from .schema import Call, NodeKind
from .wire import CALL, HOOK, NODE, OP, TENSOR

if TYPE_CHECKING:
    from .reader import Tape

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

KINDS = ("op", "node", "leaf")  # of keys
EDGES = ("data", "gradient", "link")  # kinds of edges


@dataclass(frozen=True, slots=True)
class Outline:
    """Nodes in the order of the tape, edges between their numbers.

    ``kind`` and ``id``: the keys (``KINDS``). ``call``: the innermost module call, 0 for none. ``order``: the op that the node
    is or belongs to, so that a module call is an interval. ``what``: equal for nodes that look the same. ``leaf``: parameters
    and inputs, which belong where they are used. ``elements``: of a parameter. ``hooks``: how many were seen. ``source``,
    ``target``, ``edge_kind`` (``EDGES``): each pair once. ``calls``: id to (parent or 0, path, type), parents first.
    ``labels``: by ``what``.
    """

    kind: Ints
    id: Ints
    call: Ints
    order: Ints
    what: Ints
    leaf: Flags
    elements: Ints
    hooks: Ints
    source: Ints
    target: Ints
    edge_kind: Ints
    calls: dict[int, tuple[int, str, str]]
    labels: dict[int, str]

    def __len__(self) -> int:
        return len(self.id)

    def key(self, number: int) -> Key:
        return (KINDS[int(self.kind[number])], int(self.id[number]))


def backward_outline(tape: Tape, run: int | None = None) -> Outline:
    """What ``graph.backward_graph`` shows, as arrays."""
    rows, sources, targets, widths = [np.zeros((0, 8), np.int64)], [_none()], [_none()], [_none()]
    for found, pool in tape.rows_of(NODE):
        start = found[:, 7]
        ins, edges = pool[start], pool[start + 1]
        rows.append(found)
        widths.append(pool[np.minimum(start + 3, len(pool) - 1)] * (ins > 0))  # the first slot's shape
        sources.append(np.repeat(found[:, 1], edges))
        targets.append(gather(pool, start + 3 + ins, 2 * edges)[::2])
    table, width = np.concatenate(rows), np.concatenate(widths)
    source, target = np.concatenate(sources), np.concatenate(targets)
    most = int(table[:, 1].max()) + 1 if len(table) else 1
    if run is not None:
        wanted = np.zeros(most, np.bool_)
        begun = tape.runs[run]
        reached = tape.events.reached_ids(run)
        for ids in (np.fromiter(begun.needed, np.int64, len(begun.needed)), np.array([r.node for r in begun.roots], np.int64), reached):
            wanted[ids] = True
        chosen = wanted[table[:, 1]]
        table, width = table[chosen], width[chosen]
    order = np.argsort(table[:, 1], kind="stable")
    table, width = table[order], width[order]
    ids = table[:, 1]
    number = np.full(most, -1, np.int64)
    number[ids] = np.arange(len(ids))
    source, target = number[source], number[target * (target < most)]
    source, target = _distinct(source, target, (source >= 0) & (target >= 0), len(ids))
    op = table[:, 4]
    call_of, _ = by_id(tape, OP, 3)
    call = call_of[np.minimum(op, len(call_of) - 1)] * (op > 0)
    kind = table[:, 0] >> 8 & 0xFF
    leaf = (op == 0) & (kind == NodeKind.ACCUMULATE)
    shape_of, _ = by_id(tape, TENSOR, 2)
    elements = tape.elements()[shape_of[np.minimum(table[:, 5], len(shape_of) - 1)]] * leaf
    shapes = int(width.max(initial=0)) + 1
    looks, what = np.unique(table[:, 2] * shapes + width, return_inverse=True)
    labels = {place: label_of(tape.text(look // shapes)) for place, look in enumerate(looks.tolist())}
    return Outline(
        np.full(len(ids), KINDS.index("node")), ids, call, np.where(op > 0, op, 0), what.astype(np.int64), leaf, elements,
        _hooks(tape, table, most), source, target, np.full(len(source), EDGES.index("gradient")), _calls(tape),
        labels,
    )  # fmt: skip


def outline_of(graph: nx.DiGraph) -> Outline:
    """The outline of a graph of ``graph.py``."""
    keys: list[Key] = list(graph)
    number = {key: place for place, key in enumerate(keys)}
    known: Mapping[int, Call] = graph.graph.get("calls", {})
    looks: dict[tuple[str, str, str], int] = {}
    order = np.zeros(len(keys), np.int64)
    call, what, hooks = [], [], []
    for place, (key, data) in enumerate(graph.nodes(data=True)):
        order[place] = key[1] if key[0] == "op" else data["sequence"] * (data["sequence"] < 1 << 62)
        call.append(data["calls"][-1] if data["calls"] else 0)
        what.append(looks.setdefault((data["kind"], data["label"], data["detail"]), len(looks)))
        hooks.append(data["hooks"])
    links = list(graph.edges(data="kind"))
    source = np.array([number[a] for a, _, _ in links], np.int64)
    target = np.array([number[b] for _, b, _ in links], np.int64)
    edge_kind = np.array([EDGES.index(kind) for _, _, kind in links], np.int64)
    linked = edge_kind == EDGES.index("link")
    order[target[linked]] = order[source[linked]]
    kinds = [data for _, data in graph.nodes(data="kind")]
    elements = [math.prod(shape) if shape is not None and kind in ("leaf", "accumulate") else 0 for kind, (_, shape) in
                zip(kinds, graph.nodes(data="shape"), strict=True)]  # fmt: skip
    return Outline(
        np.array([KINDS.index(key[0]) for key in keys], np.int64), np.array([key[1] for key in keys], np.int64),
        np.array(call, np.int64), order, np.array(what, np.int64),
        np.array([kind in ("leaf", "accumulate", "input") for kind in kinds], np.bool_), np.array(elements, np.int64),
        np.array(hooks, np.int64), source, target, edge_kind,
        {id: (call.parent or 0, call.path, call.type) for id, call in sorted(known.items())},
        {place: label for (_, label, _), place in looks.items()},
    )  # fmt: skip


def _none() -> Ints:
    return np.zeros(0, np.int64)


def _distinct(source: Ints, target: Ints, keep: Flags, count: int) -> tuple[Ints, Ints]:
    """Each pair once, in order."""
    pairs = np.unique(source[keep] * max(count, 1) + target[keep])
    return pairs // max(count, 1), pairs % max(count, 1)


def by_id(tape: Tape, code: int, word: int) -> tuple[Ints, int]:
    """A word of the rows of a kind (``wire.OP`` and so on), by id; and how many there are."""
    places = tape.places_of(code)
    ids = tape.rows[places, 1]
    result = np.zeros(int(ids.max(initial=0)) + 1, np.int64)
    result[ids] = tape.rows[places, word]
    return result, len(ids)


def _hooks(tape: Tape, table: Ints, most: int) -> Ints:
    """How many hooks each node of the table has, those of its leaf among them."""
    of_node = np.zeros(most, np.int64)
    of_tensor = np.zeros(int(table[:, 5].max(initial=0)) + 1, np.int64)
    for rows, _ in tape.rows_of(HOOK):
        tensors = rows[rows[:, 6] > 0, 6]
        np.add.at(of_tensor, tensors[tensors < len(of_tensor)], 1)
        nodes = rows[(rows[:, 6] == 0) & (rows[:, 4] > 0), 4]
        np.add.at(of_node, nodes[nodes < most], 1)
    of_tensor[0] = 0
    result: Ints = of_node[table[:, 1]] + of_tensor[table[:, 5]]
    return result


def _calls(tape: Tape) -> dict[int, tuple[int, str, str]]:
    calls = {}
    for rows, _ in tape.rows_of(CALL):
        for row in rows.tolist():
            calls[row[1]] = (row[4], tape.text(row[2]), tape.text(row[3]))
    return calls
