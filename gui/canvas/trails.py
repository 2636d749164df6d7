"""Ways through a graph: where one tensor or one gradient goes, and the shortest way to the loss or to the parameters.

Plain networkx and scipy on the graph that is drawn; nothing here knows places or pixels.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable
from dataclasses import dataclass
from enum import Enum

import networkx as nx
import numpy as np

from ..categories import category_of
from .scene import DATA, GRADIENT, Scene

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


def way(graph: nx.DiGraph, key: Key, goal: Goal, scene: Scene | None = None) -> Way | None:
    """The shortest way from a node to the nearest loss (a root of backward, a result of forward), or to each parameter that it
    reaches; None where there is none. ``scene``: the graph's, whose arrays spare reading its edges one by one."""
    forward = _is_forward(graph, key)
    kind = "data" if forward else "gradient"
    if scene is not None:
        keys, number = scene.keys, scene.number
        mine = scene.kind == (DATA if forward else GRADIENT)
        pairs = np.stack([scene.source[mine], scene.target[mine]], axis=1)
    else:
        keys = tuple(graph)
        number = {other: place for place, other in enumerate(keys)}
        found = [(number[a], number[b]) for a, b, what in graph.edges(data="kind") if what == kind]
        pairs = np.array(found, np.int64).reshape(-1, 2)
    with_the_edges = forward is (goal is Goal.LOSS)  # forward data go to the loss, gradients to the parameters
    source, target = (pairs if with_the_edges else pairs[:, ::-1]).T
    from scipy.sparse import csr_matrix  # here: 19 MiB of memory, for those who look for a way
    from scipy.sparse.csgraph import dijkstra

    links = csr_matrix((np.ones(len(pairs), np.int8), (source, target)), shape=(len(keys), len(keys)))
    far, before = dijkstra(links, indices=number[key], unweighted=True, return_predecessors=True)
    is_end = np.zeros(len(keys), np.bool_)
    if goal is Goal.LOSS:
        is_end[np.setdiff1d(np.concatenate([target, [number[key]]]), source)] = True
    else:
        is_end[[number[other] for other, what in graph.nodes(data="kind") if what in _LEAVES]] = True
    is_end[number[key]] = False
    ends = np.flatnonzero(is_end & np.isfinite(far))
    if not len(ends):
        return None
    nearest = int(far[ends].min())
    if goal is Goal.LOSS:
        ends = ends[far[ends] == nearest]
    nodes, edges = {number[key]}, dict[Edge, None]()
    for end in ends.tolist():
        here = end
        while here not in nodes:
            nodes.add(here)
            earlier = int(before[here])
            edges[(keys[earlier], keys[here]) if with_the_edges else (keys[here], keys[earlier])] = None
            here = earlier
    return Way(frozenset(keys[node] for node in nodes), tuple(edges), tuple(keys[end] for end in ends.tolist()), nearest)


def _is_forward(graph: nx.DiGraph, key: Key) -> bool:
    return graph.nodes[key].get("kind") in ("op", "leaf", "input")
