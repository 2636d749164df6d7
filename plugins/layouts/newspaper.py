"""A long sequence in columns, as in a newspaper: cut where few links pass, each column at the right of the one before.

Where it is cut depends on the drawing with all groups folded alone, so that a group that opens moves its own column and those
to the right of it, and nothing else.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from .arrays import Floats, Ints
from .heights import Heights, Point, Shape
from .layers import Layering

LONG = 4_000.0  # px; lower drawings stay in one piece
LONG_ROW, ROW = 900.0, 8  # and of rows of at least so many groups: they are read one by one
ASPECT = 1.6  # width to height that the columns aim at
FEW = 4  # segments that may pass a cut
LANE = 12.0  # px between links that lead from one column to the next
ROOM = 10.0  # px between these and boxes


@dataclass(slots=True)
class Columns:
    """Places after the cuts: x and upper edge of each vertex, both ends of each segment, the corners of the segments that lead
    from one column to the next, and the lowest of these corners."""

    x: Floats
    from_x: Floats
    to_x: Floats
    heights: Heights
    detours: dict[int, list[Point]]
    lowest: float


def cuts(layering: Layering, small: Shape, top: Floats, width: float, long: float) -> Ints:
    """The layers after which a folded drawing that is higher than ``long`` px is cut; ``top`` of its vertices."""
    _, high = _bands(layering, top, small.height)
    count, height = layering.layers, float(high.max(initial=0.0))
    if height < long or layering.around.any():
        return np.zeros(0, dtype=np.int64)
    passing = np.bincount(layering.layer[layering.tail], minlength=count)
    columns = max(2, round(math.sqrt(ASPECT * height / (width + 4 * LANE))))
    found: list[int] = []
    for layer in range(1, count - 2):
        if passing[layer] <= FEW and high[layer] >= (len(found) + 1) * height / columns and len(found) < columns - 1:
            found.append(layer)
    return np.asarray(found, dtype=np.int64)


def fold(layering: Layering, shape: Shape, x: Floats, from_x: Floats, to_x: Floats, place: Heights, after: Ints) -> Columns:
    """The drawing cut after these layers."""
    column = np.searchsorted(after, np.arange(layering.layers), side="left")
    of = column[layering.layer]
    low, high = _bands(layering, place.top, shape.height)
    crossing = np.flatnonzero(of[layering.tail] != of[layering.head])
    dx, dy = np.zeros(len(after) + 1), np.zeros(len(after) + 1)
    right = float((x + shape.right)[of == 0].max())
    detours: dict[int, list[Point]] = {}
    lowest = 0.0
    for number, cut in enumerate(after.tolist(), 1):
        mine = of == number
        between = crossing[of[layering.head[crossing]] == number]
        between = between[np.argsort(-from_x[between], kind="stable")]  # the rightmost is the innermost
        lanes = len(between)
        dx[number] = right + LANE * (lanes + 1) + ROOM - float((x - shape.left)[mine].min())
        dy[number] = float(low[0]) + LANE * lanes + ROOM - float(low[cut + 1])
        bottom, upper = float(high[cut]) + dy[number - 1], float(low[cut + 1]) + dy[number]
        for rank, segment in enumerate(between.tolist()):
            start, end = float(from_x[segment]) + dx[number - 1], float(to_x[segment]) + dx[number]
            lane, out, back = right + LANE * (rank + 1), bottom + ROOM + LANE * rank, upper - ROOM - LANE * (lanes - 1 - rank)
            detours[segment] = [(start, out), (lane, out), (lane, back), (end, back)]
            lowest = max(lowest, out)
        right = float((x + shape.right)[mine].max()) + dx[number]
    tail, head = of[layering.tail], of[layering.head]
    heights = Heights(place.top + dy[of], place.slant_begin + dy[tail], place.slant_end + dy[head])
    return Columns(x + dx[of], from_x + dx[tail], to_x + dx[head], heights, detours, lowest + ROOM if detours else 0.0)


def _bands(layering: Layering, top: Floats, height: Floats) -> tuple[Floats, Floats]:
    """Upper and lower edge of each layer."""
    low, high = np.full(layering.layers, np.inf), np.full(layering.layers, -np.inf)
    np.minimum.at(low, layering.layer, top)
    np.maximum.at(high, layering.layer, top + height)
    return low, high
