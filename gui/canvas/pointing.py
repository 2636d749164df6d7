"""What is under the pointer, and what a click there means for groups: titles and chevrons open and fold."""

from __future__ import annotations

from collections.abc import Hashable

import networkx as nx
from PySide6.QtCore import QPointF

from .overlay import Pointed
from .painter import ScenePainter

Key = Hashable


def title_at(painter: ScenePainter, spot: QPointF) -> Key | None:
    """The name of the open group whose title is at a place in scaled px."""
    found = painter.pick_title(spot.x(), spot.y())
    return None if found < 0 else painter.scene.groups.calls[found]


def chevron_at(painter: ScenePainter, node: int, spot: QPointF) -> bool:
    """Whether a place in scaled px, on a node, is the chevron of a folded group."""
    return node >= 0 and painter.on_chevron(int(painter.boxes_of(node)[0]), spot.x())


def group_around(graph: nx.DiGraph, keys: tuple[Key, ...], pointed: Pointed) -> Key | None:
    """The name of the innermost open group around the selected node, else around the current one."""
    node = pointed.selected if pointed.selected >= 0 else pointed.current
    around = graph.nodes[keys[node]].get("calls") if node >= 0 else ()
    return around[-1] if around else None
