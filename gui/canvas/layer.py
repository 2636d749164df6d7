"""The retained picture of what is visible: a pan moves its pixels and paints only what came into view."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QSize
from PySide6.QtGui import QPainter, QPixmap, QRegion

from .asked import merged
from .painter import ScenePainter

MARGIN = 192  # device px kept around the view, so that most small pans paint nothing
RIM = 1  # Qt cuts lines where the clip's bounds are, and a cut line has other pixels: so the clip always reaches both corners
SPARE = 60_000  # device px that two rectangles painted as one may cost more: to paint one at all takes as long as so many of its pixels
AHEAD = 96  # device px painted beyond the view on the side to which it moves


class Layer:
    """A pixmap that covers the view and a margin, in scaled px. ``valid`` is the part that is painted."""

    def __init__(self) -> None:
        self._pixmap = QPixmap()
        self._covered = QRect()
        self.valid = QRect()
        self.painted = 0  # device px painted since the beginning, for tests and measurements
        self._dirty: list[QRect] = []

    def forget(self) -> None:
        """Everything must be painted anew."""
        self.valid = QRect()
        self._dirty.clear()

    def touch(self, rect: QRect) -> None:
        """What is in this rectangle has changed."""
        if rect.intersects(self.valid):
            self._dirty.append(rect)

    def ensure(self, painter: ScenePainter, view: QRect) -> None:
        """Makes the view, in scaled px, painted and up to date."""
        size = view.adjusted(-MARGIN - RIM, -MARGIN - RIM, MARGIN + RIM, MARGIN + RIM).size()
        if self._pixmap.size() != size:
            self._pixmap = QPixmap(size)
            self.forget()
        if not self.valid.intersects(view):
            self.forget()
        if not self._covered.contains(view) or self.valid.isEmpty():
            self._recentre(view)
        if self._dirty:
            self._repaint(painter)
        if not self.valid.contains(view):
            self._extend(painter, view)

    def show(self, painter: QPainter, view: QRect, part: QRect) -> None:
        """Copies a part of the view, in device px from its corner, to the same place of a painter whose units are device px."""
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
        painter.drawPixmap(part, self._pixmap, part.translated(view.topLeft() - self._covered.topLeft() + QPoint(RIM, RIM)))

    def _recentre(self, view: QRect) -> None:
        covered = view.adjusted(-MARGIN, -MARGIN, MARGIN, MARGIN)
        if not self.valid.isEmpty():
            moved = self._covered.topLeft() - covered.topLeft()
            self._pixmap.scroll(moved.x(), moved.y(), self._pixmap.rect())
            self.valid = self.valid.intersected(covered)
        self._covered = covered

    def _extend(self, painter: ScenePainter, view: QRect) -> None:
        if self.valid.isEmpty():
            self._paint(painter, [view])
            self.valid = QRect(view)
            return
        old = self.valid
        wanted = QRect(old)
        if view.left() < old.left():
            wanted.setLeft(view.left() - AHEAD)
        if view.top() < old.top():
            wanted.setTop(view.top() - AHEAD)
        if view.right() > old.right():
            wanted.setRight(view.right() + AHEAD)
        if view.bottom() > old.bottom():
            wanted.setBottom(view.bottom() + AHEAD)
        wanted = wanted.intersected(self._covered)
        strips = [
            QRect(wanted.topLeft(), QPoint(wanted.right(), old.top() - 1)),
            QRect(QPoint(wanted.left(), old.bottom() + 1), wanted.bottomRight()),
            QRect(QPoint(wanted.left(), old.top()), QPoint(old.left() - 1, old.bottom())),
            QRect(QPoint(old.right() + 1, old.top()), QPoint(wanted.right(), old.bottom())),
        ]
        self._paint(painter, [strip for strip in strips if strip.isValid()])
        self.valid = wanted

    def _repaint(self, painter: ScenePainter) -> None:
        rects = [rect.intersected(self.valid) for rect in self._dirty]
        self._dirty.clear()
        self._paint(painter, merged([rect for rect in rects if not rect.isEmpty()], SPARE))

    def _paint(self, scene: ScenePainter, rects: list[QRect]) -> None:
        if not rects:
            return
        painter = QPainter(self._pixmap)
        try:
            painter.translate(RIM - self._covered.left(), RIM - self._covered.top())
            outer = self._covered.adjusted(-RIM, -RIM, RIM, RIM)
            far = QRegion(QRect(outer.topLeft(), QSize(RIM, RIM))) + QRect(outer.bottomRight(), QSize(RIM, RIM))
            for rect in rects:
                painter.setClipRegion(far + rect)
                scene.paint(painter, rect)
                self.painted += rect.width() * rect.height()
        finally:
            painter.end()
