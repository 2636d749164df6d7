"""Where each box stands along the flow, and the bends of the links, such that no link runs through a box.

Two ways. *Bands*: each layer is a horizontal band, links run straight down through a band and slant only between bands.
*Skyline*, for boxes of very different heights (groups beside single ops): a box rises until it meets what stands above
it in its own columns; the slanting part of a segment is a rectangle that takes part in this like a box does, so nothing
can stand in its way.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from .arrays import Floats, Ints, adjacency
from .layers import Layering

Point = tuple[float, float]
COLUMN = 4.0  # px, the resolution of the skyline
SLANT = 0.07  # room that a slanting segment gets, in px for each px that it goes sideways
FLAT = 1e-6  # px; a segment that goes less sideways is vertical


@dataclass(frozen=True, slots=True)
class Shape:
    """The extents of the vertices to the left and right of their x, and their heights (0 for bends)."""

    left: Floats
    right: Floats
    height: Floats


@dataclass(frozen=True, slots=True)
class Heights:
    """The upper edge of each vertex, and for each segment where its slanting part begins and ends."""

    top: Floats
    slant_begin: Floats
    slant_end: Floats


def bands(layering: Layering, shape: Shape, from_x: Floats, to_x: Floats, gap: float) -> Heights:
    """Layers as bands, as high as their highest box, boxes in the middle of their band."""
    count = layering.layers
    height = np.zeros(count)
    np.maximum.at(height, layering.layer, shape.height)
    sideways = np.zeros(count)
    np.maximum.at(sideways, layering.layer[layering.tail], np.abs(from_x - to_x))
    between = gap + np.minimum(1.5 * gap, SLANT * sideways)
    solid = np.zeros(count, dtype=np.bool_)
    solid[layering.layer[: layering.boxes][(shape.left + shape.right)[: layering.boxes] > 0]] = True
    near_ports = ~(solid & np.r_[solid[1:], True]) & (sideways < FLAT)
    between[near_ports] = gap / 4  # a port has room enough above or below it
    top = np.r_[0.0, np.cumsum(height + between)[:-1]]
    inside = (height[layering.layer] - shape.height) / 2
    above = layering.layer[layering.tail]
    return Heights(top[layering.layer] + inside, (top + height)[above], top[np.minimum(above + 1, count - 1)])


def skyline(layering: Layering, at: Ints, shape: Shape, x: Floats, from_x: Floats, to_x: Floats, gap: float, bottom: Ints) -> Heights:
    """Each vertex as high as its columns, its predecessors and their slanting segments allow; ``bottom`` boxes lowest of all."""
    count = len(x)
    low, high = float((x - shape.left).min()) - 2 * COLUMN, float((x + shape.right).max()) + 2 * COLUMN
    boxes_sky, slants_sky = (np.full(int((high - low) / COLUMN) + 2, -np.inf) for _ in range(2))
    solid = shape.left + shape.right > 0
    side = np.where(solid, gap / 4, 0.0)
    first = ((x - shape.left - side - low) / COLUMN).astype(np.int64).tolist()
    last = ((x + shape.right + side - low) / COLUMN + 1).astype(np.int64).tolist()
    slant_first = ((np.minimum(from_x, to_x) - low) / COLUMN).astype(np.int64).tolist()
    slant_last = ((np.maximum(from_x, to_x) - low) / COLUMN + 1).astype(np.int64).tolist()
    sideways = np.abs(from_x - to_x)
    run = np.where(sideways < FLAT, 0.0, np.minimum(gap, gap / 4 + SLANT * sideways)).tolist()
    starts, segments = (a.tolist() for a in adjacency(count, layering.tail, np.arange(len(layering.tail))))
    heads, height = layering.head.tolist(), shape.height.tolist()
    lead = np.where(solid, gap / 2, gap / 8).tolist()  # the vertical piece before and behind a vertex
    is_bottom = np.zeros(count, dtype=np.bool_)
    is_bottom[bottom] = True
    lowest_row = is_bottom.tolist()
    top, due = [0.0] * count, [0.0] * count
    slant_begin, slant_end = np.zeros(len(heads)), np.zeros(len(heads))
    slot_layer = layering.layer[at]
    edges = np.r_[np.flatnonzero(np.r_[True, slot_layer[1:] != slot_layer[:-1]]), count].tolist()
    order = at.tolist()
    floor = 0.0
    for begin, end in pairwise(edges):
        layer = order[begin:end]
        for v in layer:
            if lowest_row[v]:
                continue
            columns = slice(first[v], last[v])
            above = max(float(boxes_sky[columns].max()), float(slants_sky[columns].max()))
            top[v] = max(due[v], above + (gap / 2 if height[v] else 0.0))
        for v in layer:  # only now: neighbours may share a column at their edges and must not push each other down
            columns = slice(first[v], last[v])
            boxes_sky[columns] = np.maximum(boxes_sky[columns], top[v] + height[v])
            floor = max(floor, top[v] + height[v])
        for v in layer:
            for s in segments[starts[v] : starts[v + 1]]:
                columns = slice(slant_first[s], slant_last[s])
                start = top[v] + height[v] + lead[v]
                if run[s]:
                    start = max(start, float(boxes_sky[columns].max()) + gap / 8)
                    slants_sky[columns] = np.maximum(slants_sky[columns], start + run[s])
                slant_begin[s], slant_end[s] = start, start + run[s]
                head = heads[s]
                due[head] = max(due[head], start + run[s] + lead[head])
                floor = max(floor, start + run[s])
    lowest = max([floor, *(due[v] for v in bottom.tolist())])
    for v in bottom.tolist():
        top[v] = lowest
    return Heights(np.asarray(top), slant_begin, slant_end)


def routes(
    layering: Layering,
    x: Floats,
    from_x: Floats,
    to_x: Floats,
    shape: Shape,
    place: Heights,
    detours: Mapping[int, list[Point]] | None = None,
) -> list[list[Point]]:
    """The corners of each link, from the lower edge of its tail to the upper edge of its head; [] for links led around.
    ``detours``: the corners of segments that do not just slant."""
    detours = detours or {}
    onward = layering.onward
    slants = np.abs(from_x - to_x) > FLAT
    slants[list(detours)] = True
    turning = np.flatnonzero((onward >= 0) & slants[onward]) + layering.boxes
    before = np.searchsorted(turning, layering.first_bend).tolist()
    behind = np.searchsorted(turning, layering.last_bend).tolist()
    turns = onward[turning - layering.boxes].tolist() if len(turning) else []
    begin, end = place.slant_begin.tolist(), place.slant_end.tolist()
    left, right, slanting = from_x.tolist(), to_x.tolist(), slants.tolist()
    tops, bottoms = place.top.tolist(), (place.top + shape.height).tolist()
    tails, heads = layering.tail.tolist(), layering.head.tolist()
    result: list[list[Point]] = []
    for link, (first, last) in enumerate(zip(layering.first_segment.tolist(), layering.last_segment.tolist(), strict=True)):
        if first < 0:
            result.append([])
            continue
        points = [(left[first], bottoms[tails[first]])]
        path = [first] if first == last else [first, *turns[before[link] : behind[link]], last]
        for s in path:
            if s in detours:
                points.extend(detours[s])
            elif slanting[s]:
                points.append((left[s], begin[s]))
                points.append((right[s], end[s]))
        points.append((right[last], tops[heads[last]]))
        result.append(points)
    return result
