"""networkx' own layouts, with boxes of their true size. They know nothing of module calls; the loss is at the top where they
have a direction."""

from __future__ import annotations

from collections.abc import Hashable, Mapping

import networkx as nx

from .apart import apart

Key = Hashable
Sizes = Mapping[Key, tuple[float, float]]
Positions = dict[Key, tuple[float, float]]
GAP = 18.0  # px between boxes


def bfs(graph: nx.DiGraph, sizes: Sizes) -> Positions:
    """Rows by the distance from the node that nothing flows into (several: from the first of them), ``nx.bfs_layout``.
    What cannot be reached from it stands below."""
    if not graph:
        return {}
    places: Positions = {}
    below = 0.0
    for part in nx.weakly_connected_components(graph):
        inner = graph.subgraph(part)
        start = next((key for key in graph if key in part and not inner.in_degree(key)), next(iter(part)))
        drawn = nx.bfs_layout(inner.to_undirected(), start, align="horizontal")
        lowest = max(y for _, y in drawn.values()) - min(y for _, y in drawn.values())
        top = min(y for _, y in drawn.values())
        places |= {key: (float(x), float(y - top + below)) for key, (x, y) in drawn.items()}
        below += float(lowest) + 1.0
    return apart(places, sizes, GAP)


def kamada_kawai(graph: nx.DiGraph, sizes: Sizes) -> Positions:
    """Distances in the picture as distances in the graph, ``nx.kamada_kawai_layout``: some hundred boxes."""
    return apart(_points(nx.kamada_kawai_layout(graph.to_undirected())), sizes, GAP)


def spring(graph: nx.DiGraph, sizes: Sizes) -> Positions:
    """Edges as springs, ``nx.spring_layout``, always the same for the same graph."""
    return apart(_points(nx.spring_layout(graph, seed=1)), sizes, GAP)


def circular(graph: nx.DiGraph, sizes: Sizes) -> Positions:
    """All on a circle, ``nx.circular_layout``."""
    return apart(_points(nx.circular_layout(graph)), sizes, GAP)


def _points(drawn: Mapping[Key, tuple[float, float]]) -> Positions:
    return {key: (float(x), float(y)) for key, (x, y) in drawn.items()}
