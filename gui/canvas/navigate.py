"""Where the keyboard goes from a node: along its edges, or to the nearest box in a direction."""

from __future__ import annotations

from enum import Enum

import numpy as np

from .painter import ScenePainter
from .scene import LINK, Scene


class Step(Enum):
    """A direction of the arrow keys, as (x, y)."""

    LEFT = (-1, 0)
    RIGHT = (1, 0)
    UP = (0, -1)
    DOWN = (0, 1)


def ways(scene: Scene, node: int, *, forwards: bool) -> tuple[tuple[int, ...], int]:
    """The nodes at the other ends of the edges out of (else into) this one, from left to right, and the place of the nearest;
    parameters count as far, since one mostly goes on along the graph."""
    here, there = (scene.source, scene.target) if forwards else (scene.target, scene.source)
    found = np.unique(there[(here == node) & (scene.kind != LINK)])
    found = found[found != node]
    if not len(found):
        return (), 0
    first = np.array([_first_box(scene, int(other)) for other in found])
    own = _first_box(scene, node)
    far = np.abs(scene.x[first] - scene.x[own]) + np.abs(scene.y[first] - scene.y[own]) + 1000 * (scene.height[first] < 24)
    order = np.lexsort((scene.y[first], scene.x[first]))
    return tuple(found[order].tolist()), int(np.argmin(far[order]))


def beside(scene: Scene, painter: ScenePainter, node: int, step: Step) -> int | None:
    """The nearest node whose box lies in the direction; what is straight ahead counts as nearer than what is aside."""
    own = _first_box(scene, node)
    x, y = float(scene.x[own]), float(scene.y[own])
    dx, dy = step.value
    reach = 2000.0
    while reach < 1e7:
        found = painter.nodes.query(x - reach, y - reach, x + reach, y + reach)
        ahead = (scene.x[found] - x) * dx + (scene.y[found] - y) * dy
        aside = np.abs((scene.x[found] - x) * dy) + np.abs((scene.y[found] - y) * dx)
        found, ahead, aside = found[ahead > 4], ahead[ahead > 4], aside[ahead > 4]
        if len(found):
            return int(scene.node[found[np.argmin(ahead + 2.5 * aside)]])
        _, _, width, height = scene.bounds
        if reach > 2 * (width + height):
            return None
        reach *= 8
    return None


def _first_box(scene: Scene, node: int) -> int:
    return int(np.argmax(scene.node == node))
