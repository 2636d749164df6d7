"""What a drawing looks like, in figures: crossings, overlaps, direction. Numpy only, for thousands of edges."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

Point = tuple[float, float]
Floats = npt.NDArray[np.float64]
CHUNK = 2_000_000  # pairs compared at once


def crossings(graph_edges: Sequence[tuple[object, object]], positions: Mapping[object, Point]) -> int:
    """Pairs of edges, drawn as straight lines from centre to centre, that cross; edges that share an end do not count."""
    number = {key: k for k, key in enumerate(positions)}
    ends = np.array([(number[a], number[b]) for a, b in graph_edges], dtype=np.int64).reshape(-1, 2)
    place = np.array(list(positions.values()), dtype=np.float64).reshape(-1, 2)
    lines = np.concatenate([place[ends[:, 0]], place[ends[:, 1]]], axis=1)
    return _proper_crossings(lines, ends)


def route_crossings(routes: Iterable[Sequence[Point]]) -> int:
    """Pairs of pieces of edges as drawn that cross properly; pieces that several edges share count once."""
    pieces = {(a, b) for points in routes for a, b in pairwise(points) if a != b}
    lines = np.array([(*a, *b) for a, b in sorted(pieces)], dtype=np.float64).reshape(-1, 4)
    return _proper_crossings(lines, None)


def _proper_crossings(lines: Floats, ends: npt.NDArray[np.int64] | None) -> int:
    low, high = np.minimum(lines[:, 1], lines[:, 3]), np.maximum(lines[:, 1], lines[:, 3])
    order = np.argsort(low, kind="stable")
    lines, low, high = lines[order], low[order], high[order]
    ends = None if ends is None else ends[order]
    left, right = np.minimum(lines[:, 0], lines[:, 2]), np.maximum(lines[:, 0], lines[:, 2])
    partners = np.searchsorted(low, high, side="left") - np.arange(len(lines)) - 1  # those that begin before this one ends
    partners = np.maximum(partners, 0)
    total, begin = 0, 0
    sums = np.cumsum(partners)
    while begin < len(lines):
        done = sums[begin - 1] if begin else 0
        end = max(begin + 1, int(np.searchsorted(sums, done + CHUNK)))
        count = partners[begin:end]
        one = np.repeat(np.arange(begin, end), count)
        two = one + 1 + np.arange(len(one)) - np.repeat(np.cumsum(count) - count, count)
        near = (left[one] < right[two]) & (left[two] < right[one])
        if ends is not None:
            near &= (ends[one][:, :, None] != ends[two][:, None, :]).all(axis=(1, 2))
        one, two = one[near], two[near]
        apart = _side(lines[one], lines[two, :2]) * _side(lines[one], lines[two, 2:]) < -1e-9
        apart &= _side(lines[two], lines[one, :2]) * _side(lines[two], lines[one, 2:]) < -1e-9
        total += int(apart.sum())
        begin = end
    return total


def flattened(controls: Sequence[Point], steps: int = 8) -> list[Point]:
    """A chain of cubic Bezier curves (3 n + 1 control points) as a line with ``steps`` pieces a curve."""
    control = np.array(controls, dtype=np.float64)
    t = np.linspace(0, 1, steps + 1)[1:, None]
    points = [control[:1]]
    for k in range(0, len(control) - 1, 3):
        a, b, c, d = control[k : k + 4]
        points.append((1 - t) ** 3 * a + 3 * (1 - t) ** 2 * t * b + 3 * (1 - t) * t**2 * c + t**3 * d)
    return [(float(x), float(y)) for x, y in np.concatenate(points)]


def _side(line: Floats, point: Floats) -> Floats:
    """On which side of each line each point lies, as a product that is 0 on the line; scaled by the length."""
    dx, dy = line[:, 2] - line[:, 0], line[:, 3] - line[:, 1]
    product: Floats = dx * (point[:, 1] - line[:, 1]) - dy * (point[:, 0] - line[:, 0])
    return product / np.maximum(np.hypot(dx, dy), 1e-9)


def overlaps(positions: Mapping[object, Point], sizes: Mapping[object, tuple[float, float]]) -> int:
    """Pairs of boxes that overlap."""
    place = np.array([positions[key] for key in positions], dtype=np.float64).reshape(-1, 2)
    half = np.array([sizes[key] for key in positions], dtype=np.float64).reshape(-1, 2) / 2
    order = np.argsort(place[:, 1] - half[:, 1], kind="stable")
    place, half = place[order], half[order]
    top, bottom = place[:, 1] - half[:, 1], place[:, 1] + half[:, 1]
    total = 0
    for k, end in enumerate(np.searchsorted(top, bottom - 1e-3).tolist()):
        total += int((np.abs(place[k + 1 : end, 0] - place[k, 0]) < half[k + 1 : end, 0] + half[k, 0] - 1e-3).sum())
    return total


def downwards(graph_edges: Sequence[tuple[object, object]], positions: Mapping[object, Point]) -> float:
    """The share of edges that point down."""
    return float(np.mean([positions[b][1] > positions[a][1] for a, b in graph_edges])) if graph_edges else 1.0


def area(positions: Mapping[object, Point], sizes: Mapping[object, tuple[float, float]]) -> float:
    """The area of the drawing in areas of its boxes."""
    place = np.array([positions[key] for key in positions], dtype=np.float64).reshape(-1, 2)
    size = np.array([sizes[key] for key in positions], dtype=np.float64).reshape(-1, 2)
    width, height = (place + size / 2).max(axis=0) - (place - size / 2).min(axis=0)
    return float(width * height / size.prod(axis=1).sum())


def through(
    lines: Mapping[tuple[object, object], Sequence[Point]], positions: Mapping[object, Point], sizes: Mapping[object, Point]
) -> int:
    """Pieces of edges, taken as the rectangles from corner to corner, that touch a box which is not at their ends."""
    keys = list(positions)
    place = np.array([positions[key] for key in keys], dtype=np.float64).reshape(-1, 2)
    half = np.array([sizes[key] for key in keys], dtype=np.float64).reshape(-1, 2) / 2 - 1e-3
    number = {key: k for k, key in enumerate(keys)}
    order = np.argsort(place[:, 1], kind="stable")
    height, tallest = place[order, 1], float(half[:, 1].max())
    total = 0
    for (source, target), points in lines.items():
        ends = (number[source], number[target])
        for (x0, y0), (x1, y1) in pairwise(points):
            low, high = min(y0, y1), max(y0, y1)
            near = order[np.searchsorted(height, low - tallest) : np.searchsorted(height, high + tallest)]
            hit = (np.abs(place[near, 0] - (x0 + x1) / 2) < half[near, 0] + abs(x1 - x0) / 2) & (
                np.abs(place[near, 1] - (low + high) / 2) < half[near, 1] + (high - low) / 2
            )
            total += int(hit.sum()) - sum(int(hit[near == end].sum()) for end in ends)
    return total
