"""How far a scene moves under the view when it is drawn anew, so that what the user looks at stands still."""

from __future__ import annotations

from collections.abc import Hashable

import networkx as nx
import numpy as np

from .scene import Scene, folded_name

Key = Hashable


def moved(old: Scene, new: Scene, graphs: tuple[nx.DiGraph, nx.DiGraph], anchor: Key, seen_top: float) -> tuple[float, float] | None:
    """How far ``anchor`` moved from the old scene to the new one, in world px; None where one of them has it not.

    Of a group that opened or was folded it is the upper edge, and sideways what leads to it. A group that is folded while its
    upper edge is out of sight comes to ``seen_top``, the upper edge of what is seen.
    """
    before, after = _spot(old, anchor), _spot(new, anchor)
    if before is None or after is None:
        return None
    top = before[1]
    if folded_name(anchor) is not None and anchor not in old.number:
        top = max(top, seen_top)
    sideways = after[0] - before[0]
    if folded_name(anchor) is not None and (anchor in old.number) != (anchor in new.number):
        graph = graphs[0] if anchor in graphs[0] else graphs[1]
        for other in (*graph.predecessors(anchor), *graph.successors(anchor)):
            if other in old.number and other in new.number:
                sideways = new.place_of(other)[0] - old.place_of(other)[0]
                break
    return sideways, after[1] - top


def central(scene: Scene, x: float, y: float) -> Key | None:
    """The key of the box that is nearest to a point."""
    if not len(scene.x):
        return None
    box = int(np.argmin((scene.x - x) ** 2 + (scene.y - y) ** 2))
    return scene.keys[int(scene.node[box])]


def _spot(scene: Scene, key: Key) -> tuple[float, float] | None:
    """The middle of the upper edge of what shows a key."""
    name = folded_name(key)
    if name is not None and key not in scene.number:
        if name not in scene.groups.calls:
            return None
        left, top, width, _ = scene.groups.rows[scene.groups.calls.index(name)].tolist()
        return left + width / 2, top
    node = scene.node_of(key)
    if node < 0:
        return None
    box = int(np.argmax(scene.node == node))
    return float(scene.x[box]), float(scene.y[box] - scene.height[box] / 2)
