"""A drawn picture in parts, each of which is unpacked within a few milliseconds: what the process sends and the window puts together.

No Qt, as ``picture.py``. Of an edge only its number goes over: between which nodes it is, the scene's arrays say.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import IntEnum
from itertools import islice
from typing import Any

import networkx as nx
import numpy as np

from ..canvas.index import BoxIndex
from ..canvas.routes import Ints
from ..canvas.scene import Scene
from .picture import Picture

Key = Hashable
Node = tuple[Key, dict[str, Any]]
NODES, EDGES = 1000, 2000  # of one part, and that are joined at once: two to four milliseconds each


class Told(IntEnum):
    """What a message of the process is."""

    STAGE = 0  # a Stage
    NODES = 1  # a part of the picture that is drawn: a list of nodes with their facts
    ANSWER = 2  # the rest of it; or the picture and why there is none, in a sentence


@dataclass(frozen=True, slots=True)
class Rest:
    """What remains of a picture when its nodes were sent. The scene has neither keys nor numbers; None for an empty graph."""

    picture: Picture
    facts: dict[str, Any]  # of the graph
    looks: tuple[Mapping[str, Any], ...]  # the different facts that edges have
    look: Ints  # edge -> which of them
    scene: Scene | None


def parts_of(graph: nx.DiGraph) -> Iterator[list[Node]]:
    """The nodes of a graph, some at a time."""
    nodes = iter(graph.nodes(data=True))
    while part := list(islice(nodes, NODES)):
        yield part


def rest_of(picture: Picture, graph: nx.DiGraph, scene: Scene | None) -> Rest:
    """What the nodes leave out of a graph and its scene."""
    places: dict[Hashable, int] = {}
    looks: list[Mapping[str, Any]] = []
    look = np.empty(graph.number_of_edges(), np.int64)
    for number, (_, _, facts) in enumerate(graph.edges(data=True)):
        same = {name: tuple(value) if isinstance(value, list) else value for name, value in facts.items()}
        place = places.setdefault(tuple(same.items()), len(looks))
        if place == len(looks):
            looks.append(same)
        look[number] = place
    if scene is not None:
        scene = replace(scene, keys=(), number={}, edge_number={})
    return Rest(picture, graph.graph, tuple(looks), look, scene)


class Assembly:
    """A picture that arrives: first its nodes, then the rest, then its edges are joined. Edges of equal facts share their values,
    which are tuples: the collector has less to look through."""

    def __init__(self) -> None:
        self.graph = nx.DiGraph()
        self._keys: list[Key] = []
        self._numbers: dict[Key, int] = {}
        self._rest: Rest | None = None
        self._edges: dict[tuple[Key, Key], int] = {}
        self._index: BoxIndex | None = None  # of the pieces of edges; the scene keeps it

    def add(self, nodes: list[Node]) -> None:
        """Some more nodes."""
        self.graph.add_nodes_from(nodes)
        keys = [key for key, _ in nodes]
        self._numbers.update(zip(keys, range(len(self._keys), len(self._keys) + len(keys)), strict=True))
        self._keys += keys

    def end(self, rest: Rest) -> None:
        """All nodes are here."""
        self._rest = rest
        self.graph.graph.update(rest.facts)

    def join(self) -> bool:
        """Joins some nodes by edges, and at last finds out where the edges lie; False where nothing is left to do."""
        rest, keys, first = self._rest, self._keys, len(self._edges)
        if rest is None or rest.scene is None:
            return False
        if first == len(rest.look):
            known, self._index = self._index, rest.scene.fine.index
            return known is None
        some = slice(first, first + EDGES)
        ends = [(keys[a], keys[b]) for a, b in zip(rest.scene.source[some].tolist(), rest.scene.target[some].tolist(), strict=True)]
        looks = map(rest.looks.__getitem__, rest.look[some].tolist())
        self.graph.add_edges_from((*pair, look) for pair, look in zip(ends, looks, strict=True))
        self._edges.update(zip(ends, range(first, first + len(ends)), strict=True))
        return True

    def whole(self) -> tuple[Picture, nx.DiGraph, Scene | None]:
        """The picture, its graph and its scene, when all edges are joined."""
        rest = self._rest
        assert rest is not None
        scene = rest.scene
        if scene is not None:
            scene = replace(scene, keys=tuple(self._keys), number=self._numbers, edge_number=self._edges)
        return rest.picture, self.graph, scene
