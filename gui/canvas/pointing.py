"""What is under the pointer, and what a click there means for groups: titles and chevrons open and fold."""

from __future__ import annotations

from collections.abc import Hashable

import networkx as nx
import numpy as np
from PySide6.QtCore import QPointF, QRect, QRectF

from .overlay import Pointed
from .painter import ScenePainter
from .scene import folded_name

Key = Hashable


def title_at(painter: ScenePainter, spot: QPointF) -> Key | None:
    """The name of the open group whose title is at a place in scaled px."""
    found = painter.pick_title(spot.x(), spot.y())
    return None if found < 0 else painter.scene.groups.calls[found]


def rect_of(painter: ScenePainter, key: Key) -> QRect:
    """Where a node's first box is in scaled px, or the frame of an open group, ``("group", name)``; empty where neither is drawn."""
    scene, name = painter.scene, folded_name(key)
    node = scene.node_of(key)
    if node >= 0:
        return painter.node_rect(int(painter.boxes_of(node)[0]))
    if name is None or name not in scene.groups.calls:
        return QRect()
    return QRectF(*(side * painter.unit for side in scene.groups.rows[scene.groups.calls.index(name)].tolist())).toAlignedRect()


def frame_at(painter: ScenePainter, place: QPointF) -> Key | None:
    """The innermost open group around a place in world px, as ``("group", name)``."""
    groups = painter.scene.groups
    left, top, width, height = groups.rows.reshape(-1, 4).T
    x, y = place.x() - left, place.y() - top
    found = np.flatnonzero((x >= 0) & (y >= 0) & (x <= width) & (y <= height))
    return ("group", groups.calls[int(found[-1])]) if len(found) else None  # outer ones come first


def chevron_at(painter: ScenePainter, node: int, spot: QPointF) -> bool:
    """Whether a place in scaled px, on a node, is the chevron of a folded group."""
    return node >= 0 and painter.on_chevron(int(painter.boxes_of(node)[0]), spot.x())


def group_around(graph: nx.DiGraph, keys: tuple[Key, ...], pointed: Pointed) -> Key | None:
    """The name of the innermost open group around the selected node, else around the current one."""
    node = pointed.selected if pointed.selected >= 0 else pointed.current
    around = graph.nodes[keys[node]].get("calls") if node >= 0 else ()
    return around[-1] if around else None
