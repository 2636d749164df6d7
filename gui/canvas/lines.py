"""The way of one edge as what lights it needs: its corners as a line for the painter, and the rectangle that it keeps to."""

from __future__ import annotations

import math
from typing import NamedTuple

from PySide6.QtCore import QPointF, QRect, QRectF
from PySide6.QtGui import QPolygonF

from .ground import Title
from .routes import Floats

_TORN = 1.0  # px between the end of a segment and the beginning of the next: what follows is another line


class Line(NamedTuple):
    """In scaled px. Dots of a link are joined; further lines of a shared leaf are left out, but are in ``rect``, as are the titles that
    it crosses, which stand above it where it is lit."""

    points: tuple[tuple[float, float], ...]
    polygon: QPolygonF
    rect: QRect  # with a margin
    titles: tuple[Title, ...] = ()

    @property
    def length(self) -> float:
        return sum(math.dist(a, b) for a, b in zip(self.points, self.points[1:], strict=False))

    def at(self, share: float) -> QPointF:
        """The point at a share of the length."""
        rest = share * self.length
        for (x1, y1), (x2, y2) in zip(self.points, self.points[1:], strict=False):
            long = math.hypot(x2 - x1, y2 - y1)
            if rest <= long > 0:
                return QPointF(x1 + (x2 - x1) * rest / long, y1 + (y2 - y1) * rest / long)
            rest -= long
        return QPointF(*self.points[-1])


def line_through(rows: Floats, margin: float, dotted: bool) -> Line:
    """The line of segments, rows of x1, y1, x2, y2 one after the other."""
    if not len(rows):
        return Line((), QPolygonF(), QRect())
    across, down = rows[:, 0::2], rows[:, 1::2]
    left, top = float(across.min()) - margin, float(down.min()) - margin
    wide, tall = float(across.max()) + margin - left, float(down.max()) + margin - top
    ways = rows.tolist()
    if dotted:
        points = [(x, y) for x, y, _, _ in ways] + [tuple(ways[-1][2:])]
    else:
        points = [tuple(ways[0][:2])]
        for x1, y1, x2, y2 in ways:
            if abs(x1 - points[-1][0]) + abs(y1 - points[-1][1]) > _TORN:
                break
            points.append((x2, y2))
    polygon = QPolygonF([QPointF(x, y) for x, y in points])
    return Line(tuple(points), polygon, QRectF(left, top, wide, tall).toAlignedRect())
