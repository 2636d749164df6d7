"""Which part of the world is seen, at which scale. The view moves in whole device pixels."""

from __future__ import annotations

import math

from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, QSize

from .scene import Rect

SMALLEST, LARGEST = 1e-3, 4.0
MARGIN = 56.0  # logical px left free around what is fitted: the corners hold path, legend and mini map
_LEGIBLE, _READABLE = 0.7, 0.8  # scales: below the first, a graph is begun at the second at least instead of shown as a whole
_LAYERS = 760.0  # world px, about ten layers: where there is room for more, the beginning is drawn larger instead
_CLEAR = 12.0  # logical px between what is fitted and a legend below it
_FIT = 1.25  # a small graph is not blown up beyond this


class Camera:
    """``scale`` is logical px a world px, ``ratio`` device px a logical px; ``corner`` is the view's left upper corner in
    scaled px (device px of the scaled world)."""

    def __init__(self) -> None:
        self.scale = 1.0
        self.ratio = 1.0
        self.corner = QPoint(0, 0)
        self.size = QSize(1, 1)  # logical px
        self.foot = 0.0  # logical px at the lower end that legends cover

    def take(self, size: QSize, ratio: float, foot: float) -> None:
        """The widget has this size, and stands on a screen of this ratio: what was seen is seen there too."""
        if ratio != self.ratio:
            self.corner = (QPointF(self.corner) * (ratio / self.ratio)).toPoint()
        self.size, self.ratio, self.foot = size, ratio, foot

    @property
    def unit(self) -> float:
        return self.scale * self.ratio

    @property
    def view(self) -> QRect:
        """What is seen, in scaled px."""
        return QRect(self.corner, QSize(-int(-self.size.width() * self.ratio // 1), -int(-self.size.height() * self.ratio // 1)))

    @property
    def seen(self) -> QRectF:
        """What is seen, in world px."""
        unit, view = self.unit, self.view
        return QRectF(view.x() / unit, view.y() / unit, view.width() / unit, view.height() / unit)

    def to_scaled(self, place: QPointF) -> QPointF:
        """A place in the widget in scaled px."""
        return QPointF(place.x() * self.ratio + self.corner.x(), place.y() * self.ratio + self.corner.y())

    def to_widget(self, rect: QRect) -> QRect:
        """A rectangle in scaled px as the smallest one of the widget that holds it."""
        moved, ratio = rect.translated(-self.corner), self.ratio
        if ratio == 1.0:
            return moved
        return QRectF(moved.x() / ratio, moved.y() / ratio, moved.width() / ratio, moved.height() / ratio).toAlignedRect()

    def to_device(self, area: QRect) -> QRect:
        """A rectangle of the widget in device px from the view's corner, whole ones."""
        ratio = self.ratio
        return QRectF(area.x() * ratio, area.y() * ratio, area.width() * ratio, area.height() * ratio).toAlignedRect()

    def around(self, area: QRect, margin: float) -> QRect:
        """A rectangle of the widget in scaled px, with a margin of so many world px, or logical px where that is more."""
        reach = math.ceil(margin * max(self.unit, self.ratio))
        return self.to_device(area).translated(self.corner).adjusted(-reach, -reach, reach, reach)

    def pan(self, dx: float, dy: float) -> None:
        """Moves the view by logical px."""
        self.corner += QPoint(round(dx * self.ratio), round(dy * self.ratio))

    def shift(self, step: QPoint) -> None:
        """Moves the view by whole device pixels."""
        self.corner += step

    def zoom(self, factor: float, about: QPointF) -> None:
        """Scales so that what is under ``about`` stays under it."""
        world = self.to_scaled(about) / self.unit
        self.scale = min(max(self.scale * factor, SMALLEST), LARGEST)
        self._hold(world, about)

    def look_at(self, x: float, y: float, scale: float | None = None) -> None:
        """Brings a world point to the centre."""
        if scale is not None:
            self.scale = min(max(scale, SMALLEST), LARGEST)
        self._hold(QPointF(x, y), QPointF(self.size.width() / 2, self.size.height() / 2))

    def fit_scale(self, bounds: Rect, margin: float = MARGIN) -> float:
        """The scale at which the bounds just fit."""
        _, _, width, height = bounds
        room = max(40.0, self.size.width() - 2 * margin), max(40.0, self.size.height() - margin - self._below(margin))
        return min(max(min(room[0] / max(width, 1.0), room[1] / max(height, 1.0)), SMALLEST), _FIT)

    def begin(self, bounds: Rect, *, from_below: bool) -> None:
        """The first view: everything if that can be read, else the upper end (or the lower one) at a scale at which names
        are read with ease and, in a large window, shapes too."""
        left, top, width, height = bounds
        if self.fit_scale(bounds) >= _LEGIBLE:
            self.fit(bounds)
            return
        wide = (self.size.width() - 2 * MARGIN) / max(width, 1.0)
        scale = min(max(min(wide, self.size.height() / _LAYERS), _READABLE), _FIT)
        seen = self.size.height() / scale
        middle = top + height - seen / 2 + MARGIN if from_below else top + seen / 2 - MARGIN
        self.look_at(left + width / 2, middle, scale)

    def fit(self, bounds: Rect, margin: float = MARGIN) -> None:
        """Shows all of the bounds, and none of them behind the legends."""
        left, top, width, height = bounds
        scale = self.fit_scale(bounds, margin)
        down = (self._below(margin) - margin) / 2 / scale
        self.look_at(left + width / 2, top + height / 2 + down, scale)

    def _below(self, margin: float) -> float:
        """Logical px left free at the lower end."""
        return max(margin, self.foot + _CLEAR) if self.foot else margin

    def _hold(self, world: QPointF, place: QPointF) -> None:
        self.corner = QPoint(round(world.x() * self.unit - place.x() * self.ratio), round(world.y() * self.unit - place.y() * self.ratio))
