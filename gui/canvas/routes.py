"""The paths of edges as straight segments in world coordinates, flattened once when a scene is built.

A layout that knows the ways between its boxes hands corners over, which are rounded here. Where there are none, an edge
leaves the bottom of its source and enters the top of its target on a curve with upright ends, and a long one goes down a lane
that is free of boxes. Everything flows down; the painter turns the whole scene for the other direction.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from .index import BoxIndex

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Point = tuple[float, float]

ARROW = 6.0  # world px between the end of a line and the box that its arrow head touches
_STRAIGHT = 0.75
_LONG = 64.0  # a drop of more than about one layer may meet boxes on its way
_TURN = 30.0  # the drop in which a long edge moves over to its lane
_CLEAR = 9.0  # from a lane to the boxes beside it
_TRIES = 28
_LEVEL = 2.0  # the drop of a line that still runs along one row
_CORNER = 10.0  # from the side of a box to where such a line leaves it, when it has to go around others
_MOST = 3000  # lines that are led around boxes: where there are more they are seen from afar anyway

_Taken = dict[int, list[tuple[float, float, int]]]  # by strips of 8 px: the stretches that are in use, and by which source


@dataclass(frozen=True)
class Segments:
    """Rows of x1, y1, x2, y2, and which edge each belongs to, edges ascending."""

    rows: Floats
    edge: Ints

    @cached_property
    def index(self) -> BoxIndex:
        """Made when it is looked into: at one scale only that of the finer or of the coarser ones is."""
        r = self.rows
        return BoxIndex(
            np.minimum(r[:, 0], r[:, 2]), np.minimum(r[:, 1], r[:, 3]), np.maximum(r[:, 0], r[:, 2]), np.maximum(r[:, 1], r[:, 3])
        )


def joined(parts: list[Segments]) -> Segments:
    """All segments, sorted by edge."""
    rows = np.concatenate([part.rows for part in parts]) if parts else np.zeros((0, 4))
    edge = np.concatenate([part.edge for part in parts]) if parts else np.zeros(0, np.int64)
    order = np.argsort(edge, kind="stable")
    return Segments(rows[order], edge[order])


def curves(hops: Floats, edge: Ints, pieces: int) -> Segments:
    """Curves with upright ends for rows of x1, y1, x2, y2, cut into ``pieces``; those that only go straight stay whole."""
    bent = np.abs(hops[:, 0] - hops[:, 2]) >= _STRAIGHT
    x1, y1, x2, y2 = (hops[bent, column, None] for column in range(4))
    drop, t = y2 - y1, 0.5 - 0.5 * np.cos(np.linspace(0.0, np.pi, pieces + 1))[None]  # closer together where it bends
    pull = np.where(drop > 0, np.minimum(drop * 0.5, np.abs(x2 - x1) * 1.2 + 14), 42.0)  # upwards: a loop out and in
    a, b, c, d = (1 - t) ** 3, 3 * (1 - t) ** 2 * t, 3 * (1 - t) * t**2, t**3
    x, y = (a + b) * x1 + (c + d) * x2, a * y1 + b * (y1 + pull) + c * (y2 - pull) + d * y2
    cut = np.stack([x[:, :-1], y[:, :-1], x[:, 1:], y[:, 1:]], axis=2).reshape(-1, 4)
    hop = np.concatenate([np.flatnonzero(~bent), np.repeat(np.flatnonzero(bent), pieces)])
    along = np.argsort(hop, kind="stable")  # one hop after the other, as the edge goes
    return joined([Segments(np.concatenate([hops[~bent], cut])[along], edge[hop[along]])])


def corners(points: Floats, edge: Ints, radius: float, pieces: int) -> Segments:
    """Polylines with their inner corners rounded. ``points`` are the corners of all lines one after the other, ``edge`` the
    line of each. ``pieces`` segments an arc; 0 leaves the corners sharp."""
    if len(points) < 2:
        return Segments(np.zeros((0, 4)), np.zeros(0, np.int64))
    inner = np.zeros(len(points), np.bool_)
    inner[1:-1] = (edge[1:-1] == edge[:-2]) & (edge[1:-1] == edge[2:])
    before, after = np.roll(points, 1, axis=0) - points, np.roll(points, -1, axis=0) - points
    turn = np.abs(before[:, 0] * after[:, 1] - before[:, 1] * after[:, 0]) > 1e-6
    keep = ~inner | turn
    if not keep.all():
        return corners(points[keep], edge[keep], radius, pieces)
    if pieces == 0 or not inner.any():
        same = edge[1:] == edge[:-1]
        return Segments(np.concatenate([points[:-1], points[1:]], axis=1)[same], edge[1:][same])
    long_before, long_after = np.hypot(*before.T), np.hypot(*after.T)
    reach = np.minimum(radius, 0.5 * np.minimum(long_before, long_after))[:, None]
    start = points + before / np.maximum(long_before, 1e-9)[:, None] * reach
    end = points + after / np.maximum(long_after, 1e-9)[:, None] * reach
    count = np.where(inner, pieces + 1, 1)
    first = np.cumsum(count) - count
    t = ((np.arange(count.sum()) - np.repeat(first, count)) / pieces)[:, None]
    p, s, e = (np.repeat(array, count, axis=0) for array in (points, start, end))
    arc = (1 - t) ** 2 * s + 2 * t * (1 - t) * p + t**2 * e
    vertices = np.where(np.repeat(inner, count)[:, None], arc, p)
    owner = np.repeat(edge, count)
    same = owner[1:] == owner[:-1]
    return Segments(np.concatenate([vertices[:-1], vertices[1:]], axis=1)[same], owner[1:][same])


def dots(hops: Floats, edge: Ints, dash: float = 3.0, gap: float = 5.0) -> Segments:
    """Straight dotted lines, each dot a segment of its own."""
    length = np.hypot(hops[:, 2] - hops[:, 0], hops[:, 3] - hops[:, 1])
    count = np.maximum(1, ((length + gap) / (dash + gap)).astype(np.int64))
    owner = np.repeat(np.arange(len(hops)), count)
    number = np.arange(len(owner)) - np.repeat(np.cumsum(count) - count, count)
    step = (hops[:, 2:] - hops[:, :2]) / np.maximum(length, 1e-9)[:, None]
    begin = hops[owner, :2] + step[owner] * (number * (dash + gap))[:, None]
    return Segments(np.concatenate([begin, begin + step[owner] * dash], axis=1), edge[owner])


def brackets(hops: Floats, ends: Floats, boxes: BoxIndex) -> tuple[Floats, Ints]:
    """Leads level lines that would go beneath boxes around these, along the row: out of the box, along a lane that is free, into the
    other box. ``ends`` are the tops and bottoms of the two boxes of each hop: top, bottom, top, bottom.

    Returns rows of hops and, for each, the number of the hop that it came from. Where no lane is free a line stays as it is.
    """
    rows: list[tuple[float, float, float, float]] = []
    owner: list[int] = []
    taken: list[tuple[float, float, float]] = []
    for number, (x1, y1, x2, y2) in enumerate(hops.tolist()):
        left, right = min(x1, x2), max(x1, x2)
        legs = [(x1, y1, x2, y2)]
        if abs(y1 - y2) < _LEVEL and len(hops) <= _MOST and len(boxes.query(left + 1, y1 - 1, right - 1, y1 + 1)):
            inward = math.copysign(_CORNER, x2 - x1)
            a, b = x1 - inward, x2 + inward
            top, bottom = min(ends[number, 0], ends[number, 2]), max(ends[number, 1], ends[number, 3])
            for lane, up in ((bottom + 7, False), (top - 7, True), (bottom + 11, False), (top - 11, True)):
                shared = any(abs(lane - other) < 3 and left - 4 < high and low < right + 4 for other, low, high in taken)
                if not shared and not len(boxes.query(min(a, b), lane - 2, max(a, b), lane + 2)):
                    first, last = (ends[number, 0], ends[number, 2]) if up else (ends[number, 1], ends[number, 3])
                    legs = [(a, first, a, lane), (a, lane, b, lane), (b, lane, b, last)]
                    taken.append((lane, left, right))
                    break
        rows += legs
        owner += [number] * len(legs)
    return np.array(rows, np.float64).reshape(-1, 4), np.array(owner, np.int64)


def ports(x: Floats, half: Floats, other: Floats, margin: float = 12.0) -> Floats:
    """Where an edge meets a box: as near to the other end as the box allows, so that edges are upright where they can be."""
    room = np.maximum(half - margin, 0.0)
    return np.clip(other, x - room, x + room)


def lanes(hops: Floats, source: Ints, boxes: BoxIndex) -> tuple[Floats, Ints]:
    """Replaces each long hop that would cross a box by three: over to a free lane, down it, over to the target.

    Returns rows of hops and, for each, the number of the hop that it came from. Two edges of different sources do not
    share a lane over the same stretch.
    """
    rows: list[tuple[float, float, float, float]] = []
    owner: list[int] = []
    taken: _Taken = {}
    long = (hops[:, 3] - hops[:, 1] > _LONG).tolist()
    for number, (x1, y1, x2, y2) in enumerate(hops.tolist()):
        if not long[number]:
            rows.append((x1, y1, x2, y2))
            owner.append(number)
            continue
        lane = _free_lane(x1, y1, x2, y2, int(source[number]), boxes, taken)
        taken.setdefault(int(lane // 8), []).append((y1, y2, int(source[number])))
        if abs(x1 - lane) < _STRAIGHT and abs(x2 - lane) < _STRAIGHT:
            rows.append((x1, y1, x2, y2))
            owner.append(number)
            continue
        turn = min(_TURN, (y2 - y1) / 3)
        rows += [(x1, y1, lane, y1 + turn), (lane, y1 + turn, lane, y2 - turn), (lane, y2 - turn, x2, y2)]
        owner += [number] * 3
    return np.array(rows, np.float64).reshape(-1, 4), np.array(owner, np.int64)


def _free_lane(
    x1: float, y1: float, x2: float, y2: float, source: int, boxes: BoxIndex, taken: dict[int, list[tuple[float, float, int]]]
) -> float:
    candidates, seen = [x1, x2], set()
    best, best_hits = x2, 1 << 30
    for _ in range(_TRIES):
        if not candidates:
            break
        candidates.sort(key=lambda x: abs(x - x1) + abs(x - x2))
        lane = candidates.pop(0)
        if int(lane // 4) in seen:
            continue
        seen.add(int(lane // 4))
        hits = boxes.query(lane - _CLEAR, y1 + 6, lane + _CLEAR, y2 - 6)
        shared = any(y1 < b and a < y2 and other != source for a, b, other in taken.get(int(lane // 8), ()))
        if not len(hits) and not shared:
            return lane
        if len(hits) < best_hits:
            best, best_hits = lane, len(hits)
        if shared:
            candidates += [lane - 9, lane + 9]
        if len(hits):
            left, right = boxes.span(hits)
            candidates += [left - _CLEAR - 4, right + _CLEAR + 4]
    return best
