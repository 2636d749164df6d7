"""Paints what lies under nodes and edges: the canvas with its dots, and the boxes of open groups; and, over the edges, their titles.

Coordinates are scaled px; ``unit`` and ``ratio`` are device pixels a world px and a logical px.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from ..theme.tokens import Theme
from . import group_sprites
from .index import BoxIndex
from .primitives import draw_rects
from .routes import Floats, Ints
from .scene import Scene
from .strokes import Picture, blank, put

View = tuple[float, float, float, float]  # left, top, right, bottom
Group = tuple[int, float, float, float, float]  # its number, left, top, width, height in scaled px
Title = tuple[QRectF, Picture]  # where it stands in scaled px

PLAIN = 0.35  # scale below which groups have no rounded corners
TITLE = 30.0  # world px, the strip at the upper edge of an open group
_DOTS = 24.0  # world px between the dots of the background
_FAR = 100  # px beyond what is painted at which a box ends: no rasteriser likes 1e6 px


class Ground:
    """The groups of one scene in one theme. ``pictures`` are the painter's, of corners and titles here."""

    def __init__(self, scene: Scene, theme: Theme) -> None:
        self._groups, self._flipped, self._theme = scene.groups, scene.flipped, theme
        rows = scene.groups.rows
        self._index = BoxIndex(rows[:, 0], rows[:, 1], rows[:, 0] + rows[:, 2], rows[:, 1] + rows[:, 3])

    def fill(self, depth: int) -> QColor:
        fills = self._theme.group_fills
        return fills[min(depth, len(fills) - 1)]

    def paint(
        self, painter: QPainter, region: QRect, view: View, unit: float, ratio: float, pictures: dict[object, Picture]
    ) -> list[Group]:
        """Canvas, dots and groups, but nothing that a group covers. ``view`` is the region in world px. Returns the groups in it."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        found = self._index.query(*view)  # ascending, and so from the outer to the inner ones
        radius = int(min(12 * unit, 14 * ratio))
        if unit < PLAIN * ratio:
            self._paint_plain(painter, region, found, unit, ratio, radius + 2 * ratio)
            return self._seen(found, unit, ratio) if self._title_size(unit, ratio) else []
        seen = self._seen(found, unit, ratio)
        left, top, right, bottom, rim = region.left(), region.top(), region.right() + 1, region.bottom() + 1, radius + 2 * ratio
        boxes, around = [], -1
        for _, x, y, wide, tall in seen:
            box = round(x), round(y), round(x + wide), round(y + tall)
            boxes.append(box)
            if box[0] <= left - rim and box[1] <= top - rim and box[2] >= right + rim and box[3] >= bottom + rim:
                around = len(boxes) - 1
        self._paint_open(painter, region, int(self._groups.depth[seen[around][0]]) if around >= 0 else -1, unit, ratio)
        for (number, *_), (x1, y1, x2, y2) in zip(seen[around + 1 :], boxes[around + 1 :], strict=True):
            x1, y1, x2, y2 = max(x1, left - _FAR), max(y1, top - _FAR), min(x2, right + _FAR), min(y2, bottom + _FAR)
            fill = self.fill(int(self._groups.depth[number]))
            self._paint_group(painter, region, QRect(x1, y1, x2 - x1, y2 - y1), radius, fill, ratio, pictures)
        return seen

    def _seen(self, found: Ints, unit: float, ratio: float) -> list[Group]:
        rows = self._groups.rows[found] * unit
        return [(number, *row) for number, row in zip(found.tolist(), rows.tolist(), strict=True) if row[2] > 3 * ratio]

    def _paint_open(self, painter: QPainter, region: QRect, depth: int, unit: float, ratio: float) -> None:
        """What is beneath all else: the innermost group that is all around, else the canvas."""
        if depth >= 0:
            painter.fillRect(region, self.fill(depth))
            return
        painter.fillRect(region, self._theme.canvas)
        if unit >= 0.25 * ratio:
            self._paint_dots(painter, region, unit, ratio)

    def _paint_dots(self, painter: QPainter, region: QRect, unit: float, ratio: float) -> None:
        step = _DOTS * unit
        while step < 18 * ratio:
            step *= 2
        x = np.floor(np.arange(region.left() // step, (region.right() + 1) // step + 2) * step)
        y = np.floor(np.arange(region.top() // step, (region.bottom() + 1) // step + 2) * step)
        rows = np.empty((len(x) * len(y), 4))
        rows[:, 0], rows[:, 1] = np.repeat(x, len(y)), np.tile(y, len(x))
        rows[:, 2:] = max(1.0, round(1.4 * ratio))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.dot)
        draw_rects(painter, rows)

    def _paint_plain(self, painter: QPainter, region: QRect, found: Ints, unit: float, ratio: float, rim: float) -> None:
        """Groups as rectangles, outer ones first."""
        rows = self._groups.rows[found] * unit
        found, rows = found[rows[:, 2] > 3 * ratio], rows[rows[:, 2] > 3 * ratio]
        edges = np.round(np.concatenate([rows[:, :2], rows[:, :2] + rows[:, 2:]], axis=1))
        low, high = np.array([region.left(), region.top()]), np.array([region.right() + 1, region.bottom() + 1])
        around = np.flatnonzero((edges[:, :2] <= low - rim).all(axis=1) & (edges[:, 2:] >= high + rim).all(axis=1))
        first = int(around[-1]) + 1 if len(around) else 0
        self._paint_open(painter, region, int(self._groups.depth[found[first - 1]]) if first else -1, unit, ratio)
        edges, depths = edges[first:], self._groups.depth[found[first:]]
        edges[:, :2], edges[:, 2:] = np.maximum(edges[:, :2], low - _FAR), np.minimum(edges[:, 2:], high + _FAR)
        rows = np.concatenate([edges[:, :2], edges[:, 2:] - edges[:, :2] - 1], axis=1)
        painter.setPen(QPen(self._theme.group_border, 1))
        for depth in np.unique(depths).tolist():
            painter.setBrush(self.fill(depth))
            draw_rects(painter, rows[depths == depth])

    def _paint_group(
        self, painter: QPainter, region: QRect, rect: QRect, radius: int, fill: QColor, ratio: float, pictures: dict[object, Picture]
    ) -> None:
        """A large rounded box: only its corners are antialiased, from a picture. What lies outside of the region is left out."""
        border = self._theme.group_border
        if rect.width() < 24 * ratio or radius < 3:
            painter.setPen(QPen(border, 1))
            painter.setBrush(fill)
            painter.drawRect(rect.adjusted(0, 0, -1, -1))
            return
        thin = max(1, round(ratio))
        x, y, w, h, r = rect.x(), rect.y(), rect.width(), rect.height(), radius
        for part, colour in (
            (QRect(x, y + r, w, h - 2 * r), border),
            (QRect(x + r, y, w - 2 * r, h), border),
            (QRect(x + thin, y + r, w - 2 * thin, h - 2 * r), fill),
            (QRect(x + r, y + thin, w - 2 * r, h - 2 * thin), fill),
        ):
            painter.fillRect(part, colour)
        left, top, beyond, below = region.left() - r, region.top() - r, region.right() + 1, region.bottom() + 1
        for right, low in ((0, 0), (0, 1), (1, 0), (1, 1)):
            if left < (across := x + right * (w - r)) < beyond and top < (down := y + low * (h - r)) < below:
                corner = self._corner(radius, thin, fill, pictures)
                put(painter, QRectF(across, down, r, r), corner, QRectF(right * r, low * r, r, r))

    def _corner(self, radius: int, thin: int, fill: QColor, pictures: dict[object, Picture]) -> Picture:
        key = ("corner", radius, thin, fill.rgba())
        if key not in pictures:
            picture = blank(2 * radius, 2 * radius)
            painter = QPainter(picture)
            try:
                painter.setRenderHint(QPainter.RenderHint.Antialiasing)
                painter.setPen(QPen(self._theme.group_border, thin))
                painter.setBrush(fill)
                half = thin / 2
                painter.drawRoundedRect(QRectF(half, half, 2 * radius - thin, 2 * radius - thin), radius - half, radius - half)
            finally:
                painter.end()
            pictures[key] = picture
        return pictures[key]

    # ------------------------------------------------------------------------------------------------------------ titles

    @staticmethod
    def _title_size(unit: float, ratio: float) -> float:
        """Of the letters, in device px; 0 where the strip of a title is too low for any."""
        size = min(max(12.5 * unit / ratio, 9.0), 13.0) * ratio
        return size if TITLE * unit >= size * 1.05 else 0.0

    def paint_titles(
        self, painter: QPainter, region: QRect, seen: list[Group], unit: float, ratio: float, pictures: dict[object, Picture]
    ) -> None:
        near, strip = QRectF(region), TITLE * unit
        top, bottom = region.top() - strip, region.bottom() + 1
        at = [group[2] + group[4] - strip if self._flipped else group[2] for group in seen]
        groups = [group for group, y in zip(seen, at, strict=True) if top - 2 * strip <= y <= bottom + strip]
        put_titles(painter, [title for title in self._titles(groups, unit, ratio, pictures) if title[0].intersects(near)])

    def _titles(self, groups: list[Group], unit: float, ratio: float, pictures: dict[object, Picture]) -> list[Title]:
        """The titles for which there is room, and where they stand."""
        size, strip, found = self._title_size(unit, ratio), TITLE * unit, []
        for number, left, top, width, height in groups if size else ():
            if width < 48 * ratio or height < 80 * ratio:
                continue
            picture = self._title(number, size, pictures)
            across = min(picture.width(), int(width - 16 * unit))
            y = top + height - strip + 2 * unit if self._flipped else top
            corner = round(left + max(3 * ratio, 7 * unit)), round(y + max(2 * ratio, (strip - picture.height()) / 2))
            found.append((QRectF(*corner, across, picture.height()), picture))
        return found

    def _title(self, number: int, size: float, pictures: dict[object, Picture]) -> Picture:
        title, count, depth = self._groups.titles[number], int(self._groups.counts[number]), int(self._groups.depth[number])
        key = ("title", title, count, size, depth)
        if key not in pictures:
            pictures[key] = group_sprites.title_sprite(self._theme, title, count, size, self.fill(depth))
        return pictures[key]

    def titles_on(self, rows: Floats, unit: float, ratio: float, pictures: dict[object, Picture]) -> list[Title]:
        """The titles that lines cross. A row a line, from where to where, in scaled px."""
        if not len(rows):
            return []
        low, high = np.minimum(rows[:, :2], rows[:, 2:]), np.maximum(rows[:, :2], rows[:, 2:])
        (left, top), (right, bottom) = (low.min(axis=0) / unit).tolist(), (high.max(axis=0) / unit).tolist()
        titles = self._titles(self._seen(self._index.query(left, top, right, bottom), unit, ratio), unit, ratio, pictures)
        return [
            (place, picture)
            for place, picture in titles
            if ((low < [place.right(), place.bottom()]) & (high > [place.left(), place.top()])).all(axis=1).any()
        ]

    def pick_title(self, x: float, y: float, unit: float, ratio: float) -> int:
        """The open group whose title is at a place, or -1."""
        groups, size, strip = self._groups, self._title_size(unit, ratio), TITLE * unit
        if not size:
            return -1
        for number in self._index.query(x / unit, y / unit, x / unit, y / unit)[::-1].tolist():
            left, top, width, height = (groups.rows[number] * unit).tolist()
            upper = top + height - strip if self._flipped else top
            letters = len(groups.titles[number]) + len(str(int(groups.counts[number]))) + 8
            wide = min(width, 0.62 * size * letters + 2 * size)
            if width >= 48 * ratio and height >= 80 * ratio and upper <= y <= upper + strip and x <= left + wide:
                return int(number)
        return -1


def put_titles(painter: QPainter, titles: Iterable[Title]) -> None:
    for place, picture in titles:
        put(painter, place, picture, QRectF(0, 0, place.width(), place.height()))
