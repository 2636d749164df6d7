"""Ways through a graph: where one tensor or one gradient goes, and the shortest way to the loss or to the parameters.

Plain networkx on the graph that is drawn; nothing here knows places or pixels.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable
from dataclasses import dataclass
from enum import Enum

import networkx as nx

from ..theme.categories import category_of

Key = Hashable
Edge = tuple[Key, Key]
GROUP = "group"  # the kind of a folded group
_LEAVES = frozenset({"accumulate", "leaf"})


class Goal(Enum):
    """Where a way leads to."""

    LOSS = "loss"
    PARAMETERS = "parameters"


@dataclass(frozen=True, slots=True)
class Way:
    """Shortest ways from a node to its goals, as one set of nodes and edges. ``steps`` is the length of the shortest."""

    nodes: frozenset[Key]
    edges: tuple[Edge, ...]
    ends: tuple[Key, ...]
    steps: int


def trail(graph: nx.DiGraph, edge: Edge) -> tuple[Edge, ...]:
    """All edges along which the same data goes as along this one.

    Of a forward edge: from the op that made the tensor to all that were given it. Of a gradient: from all that sent a part of
    it to the node at which they add up. Both also through ops that only change the shape, since the data stay the same.
    """
    kind = graph.edges[edge].get("kind")
    if kind not in ("data", "gradient"):
        return (edge,)
    onward = graph if kind == "data" else graph.reverse(copy=False)
    maker, first = edge if kind == "data" else (edge[1], edge[0])
    if graph.nodes[maker].get("kind") == GROUP:  # it hides which of its values goes where
        return (edge,)
    slots = _slots(onward, (maker, first), kind)
    while _carries(onward, maker, kind):  # back to where the tensor comes from (the gradient: to where it adds up)
        (before,) = _beside(onward.pred[maker], kind)
        if graph.nodes[before].get("kind") == GROUP:
            break
        slots = _slots(onward, (before, maker), kind)
        maker = before
    found: dict[Edge, None] = {}
    waiting: deque[tuple[Key, frozenset[int]]] = deque([(maker, slots)])
    while waiting:
        source, wanted = waiting.popleft()
        for target in _beside(onward.succ[source], kind):
            step = (source, target)
            along = _slots(onward, step, kind)  # none are known of an edge into a folded group
            if step in found or (wanted and along and not wanted & along):
                continue
            found[step] = None
            if _carries(onward, target, kind):
                waiting.append((target, frozenset()))
    return tuple(found) if kind == "data" else tuple((b, a) for a, b in found)


def _beside(neighbours: dict[Key, dict[str, object]], kind: str) -> list[Key]:
    return [key for key, data in neighbours.items() if data.get("kind") == kind]


def _slots(graph: nx.DiGraph, edge: Edge, kind: str) -> frozenset[int]:
    """The outputs of the maker that go along an edge."""
    pairs = graph.edges[edge].get("slots") or ()
    return frozenset(pair[0] if kind == "data" else pair[1] for pair in pairs)


def _carries(graph: nx.DiGraph, key: Key, kind: str) -> bool:
    """Whether a node only hands on what comes to it: of the shape family, with one input."""
    data = graph.nodes[key]
    name = str(data.get("op") or data.get("label") or "")
    if data.get("kind") not in ("op", "function") or category_of(name) != "shape":
        return False
    return len(_beside(graph.pred[key], kind)) == 1


def goals(graph: nx.DiGraph, key: Key, goal: Goal) -> tuple[Key, ...]:
    """The nodes that a way from ``key`` can end at: roots of backward or results of forward; leaves."""
    forward = _is_forward(graph, key)
    own = [other for other in graph if _is_forward(graph, other) is forward]
    if goal is Goal.PARAMETERS:
        return tuple(other for other in own if graph.nodes[other].get("kind") in _LEAVES)
    kind, ahead = ("data", graph.succ) if forward else ("gradient", graph.pred)
    return tuple(other for other in own if not _beside(ahead[other], kind) and graph.nodes[other].get("kind") not in (*_LEAVES, "input"))


def way(graph: nx.DiGraph, key: Key, goal: Goal) -> Way | None:
    """The shortest way from a node to the nearest loss, or to each parameter that it reaches; None where there is none."""
    forward = _is_forward(graph, key)
    kind = "data" if forward else "gradient"
    own = nx.subgraph_view(graph, filter_edge=lambda a, b: graph.edges[a, b].get("kind") == kind)
    with_the_edges = forward is (goal is Goal.LOSS)  # forward data go to the loss, gradients to the parameters
    before = dict(nx.bfs_predecessors(own if with_the_edges else own.reverse(copy=False), key))
    ends = [end for end in goals(graph, key, goal) if end in before or end == key]
    lengths = {end: _length(before, end) for end in ends}
    if not lengths or (len(lengths) == 1 and key in lengths):
        return None
    lengths.pop(key, None)
    nearest = min(lengths.values())
    if goal is Goal.LOSS:
        lengths = {end: length for end, length in lengths.items() if length == nearest}
    nodes, edges = {key}, dict[Edge, None]()
    for end in lengths:
        here = end
        while here != key and here not in nodes:
            nodes.add(here)
            edges[(before[here], here) if with_the_edges else (here, before[here])] = None
            here = before[here]
    return Way(frozenset(nodes), tuple(edges), tuple(lengths), nearest)


def _length(before: dict[Key, Key], end: Key) -> int:
    steps = 0
    while end in before:
        end, steps = before[end], steps + 1
    return steps


def _is_forward(graph: nx.DiGraph, key: Key) -> bool:
    return graph.nodes[key].get("kind") in ("op", "leaf", "input")
