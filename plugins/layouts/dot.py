"""Graphviz' dot, by pygraphviz, whose wheel brings Graphviz along (``pip install gradstep[dot]``).

It is imported when it is used first: everything else works without it.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

import networkx as nx

Key = Hashable
Point = tuple[float, float]
Rect = tuple[float, float, float, float]
NODE_GAP, LAYER_GAP, PAD = 26.0, 34.0, 18.0  # px, as in the layered layout
INCH = 72.0  # px, for Graphviz


@dataclass(frozen=True, slots=True)
class Layout:
    """Centres of boxes and rectangles of groups, in px, y downwards."""

    positions: dict[Key, Point] = field(default_factory=dict)
    groups: dict[Key, Rect] = field(default_factory=dict)
    edges: dict[tuple[Key, Key], list[Point]] = field(default_factory=dict)


def dot(graph: nx.DiGraph, sizes: Mapping[Key, tuple[float, float]], *, groups: Mapping[Key, tuple[Key, ...]] | None = None) -> Layout:
    """Layers with few crossings; groups are clusters. Best up to about 1,000 boxes.

    Raises ImportError where pygraphviz is not installed or cannot be loaded, and ValueError where Graphviz cannot draw the graph."""
    if not graph:
        return Layout()
    try:
        pygraphviz: Any = import_module("pygraphviz")
    except ModuleNotFoundError as error:
        raise ImportError("Graphviz dot is not installed here; pip install 'gradstep[dot]' brings it (pygraphviz)") from error
    except ImportError as error:  # the wheel brings Graphviz, and leaves X11's and glib's libraries to the system
        raise ImportError(f"Graphviz dot (pygraphviz) is installed, and a library of the system that it needs is not: {error}") from error
    number = {key: str(place) for place, key in enumerate(graph)}
    drawing = pygraphviz.AGraph(directed=True, strict=False, nodesep=NODE_GAP / INCH, ranksep=LAYER_GAP / INCH)
    drawing.node_attr.update(shape="box", fixedsize="true", label="")
    for key, name in number.items():
        drawing.add_node(name, width=sizes[key][0] / INCH, height=sizes[key][1] / INCH)
    drawing.add_edges_from((number[a], number[b]) for a, b in graph.edges)
    clusters = _clusters(drawing, number, groups or {})
    try:
        drawing.layout(prog="dot")
    except OSError as error:
        raise ValueError(f"Graphviz dot could not draw {len(graph)} boxes: {error}") from error
    positions = {}
    for key, name in number.items():
        x, y = drawing.get_node(name).attr["pos"].split(",")
        positions[key] = (float(x), -float(y))
    top, left = min(y for _, y in positions.values()), min(x for x, _ in positions.values())
    rects = {}
    for group, cluster in clusters.items():
        x0, y0, x1, y1 = (float(value) for value in cluster.graph_attr["bb"].split(","))
        rects[group] = (x0 - left, -y1 - top, x1 - x0, y1 - y0)
    return Layout({key: (x - left, y - top) for key, (x, y) in positions.items()}, rects)


def _clusters(drawing: Any, number: Mapping[Key, str], groups: Mapping[Key, tuple[Key, ...]]) -> dict[Key, Any]:
    """A cluster for each group, inside that of the group around it."""
    clusters: dict[Key, Any] = {}
    for path in groups.values():
        outer = drawing
        for group in path:
            if group not in clusters:
                clusters[group] = outer.add_subgraph([], name=f"cluster_{len(clusters)}", margin=str(PAD), label=" ")
            outer = clusters[group]
    for key, path in groups.items():
        if path and key in number:
            clusters[path[-1]].add_node(number[key])
    return clusters
