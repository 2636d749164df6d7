"""networkx' own multipartite layout over the topological generations of the graph: quick, even rows, crossings as they fall."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Literal

import networkx as nx
import numpy as np

Key = Hashable


def multipartite(
    graph: nx.DiGraph,
    sizes: Mapping[Key, tuple[float, float]],
    *,
    groups: Mapping[Key, tuple[Key, ...]] | None = None,
    layer_gap: float = 34.0,
    node_gap: float = 26.0,
    direction: Literal["down", "up", "right", "left"] = "down",
) -> dict[Key, tuple[float, float]]:
    """The centre (x, y) of each box, in px, from (0, 0). Groups are not heeded. Boxes do not overlap, because the distances
    are those of the largest box. Raises ValueError if the graph has a cycle."""
    del groups
    if not graph:
        return {}
    try:
        generations = dict(enumerate(nx.topological_generations(graph)))
    except nx.NetworkXUnfeasible as error:
        cycle = [source for source, _ in nx.find_cycle(graph)]
        shown = " -> ".join(map(repr, [*cycle[:8], *(["..."] if len(cycle) > 8 else []), cycle[0]]))
        raise ValueError(f"multipartite: the graph has a cycle: {shown}; only acyclic graphs have layers") from error
    upright = direction in ("down", "up")
    across, along = (0, 1) if upright else (1, 0)
    step = max(sizes[key][across] for key in graph) + node_gap
    rise = max(sizes[key][along] for key in graph) + layer_gap
    subsets = {layer: list(keys) for layer, keys in generations.items()}
    drawn = nx.multipartite_layout(graph, subset_key=subsets, align="horizontal")
    places = np.array([drawn[key] for key in graph])
    places -= places.min(axis=0)
    # networkx spaces rows and columns evenly and then shrinks all to a square around 0
    reach = places.max(axis=0)
    widest = max(len(keys) for keys in subsets.values())
    scale = [step * (widest - 1) / reach[0] if reach[0] else 0.0, rise * (len(subsets) - 1) / reach[1] if reach[1] else 0.0]
    places = places * scale + [step / 2, rise / 2]
    if direction in ("up", "left"):
        places[:, 1] = rise * len(subsets) - places[:, 1]
    return {key: (x, y) if upright else (y, x) for key, (x, y) in zip(graph, places.tolist(), strict=True)}
