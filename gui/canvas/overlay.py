"""What lies over the retained picture because it changes with the view's state: hovered and selected nodes with their edges,
the running node with its glow and the gradients that leave it, and the sign at the current node."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF, QRegion

from ..theme.tokens import faded, mix
from .painter import BADGES, BOXES, ScenePainter
from .plan import PILLS
from .routes import Floats
from .scene import LINK
from .status import ALERT, Look
from .strokes import put

MARGIN = 24.0  # world px around a node that the overlay may paint


@dataclass(slots=True)
class Pointed:
    """Nodes that the overlay knows; -1 is none."""

    hovered: int = -1
    selected: int = -1
    current: int = -1
    running: set[int] = field(default_factory=set)


def around(scene: ScenePainter, node: int, *, lit: bool) -> list[QRect]:
    """Where the overlay may paint for a node, in scaled px; ``lit``: and its edges."""
    least = round(MARGIN * scene.ratio)
    rects = [scene.node_rect(box, MARGIN).adjusted(-least, -least, least, least) for box in scene.boxes_of(node).tolist()]
    return rects + [scene.edge_rect(edge) for edge in scene.edges_of(node).tolist()] if lit else rects


class Overlay:
    """Paints in scaled px, the painter moved to the view."""

    def __init__(self, scene: ScenePainter, pointed: Pointed) -> None:
        self._scene, self._pointed = scene, pointed

    def paint(self, painter: QPainter, seen: QRectF) -> None:
        """``seen`` in scaled px; what lies outside is left out."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        theme, pointed = self._scene.theme, self._pointed
        for node, colour in ((pointed.selected, theme.ready), (pointed.hovered, mix(theme.ready, theme.text, 0.35))):
            if node >= 0:
                self._light_edges(painter, node, colour)
        for node in sorted(pointed.running):
            self._packets(painter, node)
        for node in sorted(pointed.running):
            self._glow(painter, node, seen)
        if pointed.current >= 0:
            self._current_sign(painter, pointed.current)
        if pointed.hovered >= 0 and pointed.hovered != pointed.selected:
            self._ring(painter, pointed.hovered, mix(theme.ready, theme.text, 0.35), 1.4)
        if pointed.selected >= 0:
            self._ring(painter, pointed.selected, theme.ready, 2.2)

    def _ring(self, painter: QPainter, node: int, colour: QColor, wide: float) -> None:
        scene = self._scene
        gap = (2.6 * scene.unit + 1) if scene.scale >= BOXES else 1.5 * scene.ratio
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(colour, max(1.2 * scene.ratio, wide * min(scene.unit, 1.3 * scene.ratio))))
        for box in scene.boxes_of(node).tolist():
            rect = QRectF(scene.node_rect(box)).adjusted(-gap, -gap, gap, gap)
            radius = min(rect.height() / 2, 11 * scene.unit)
            painter.drawRoundedRect(rect, radius, radius)

    def _light_edges(self, painter: QPainter, node: int, colour: QColor) -> None:
        scene = self._scene
        pen = QPen(colour, max(1.4 * scene.ratio, min(2.4 * scene.unit, 3 * scene.ratio)))
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        painter.setPen(pen)
        for edge in scene.edges_of(node).tolist():
            points = self._points(edge)
            if scene.scene.kind[edge] == LINK:
                self._link(painter, points)
                continue
            painter.drawPolyline(_polygon(points))
            self._head(painter, edge, colour)

    def _link(self, painter: QPainter, points: Floats) -> None:
        """A line that no layout has led around the boxes between its ends: it goes beneath them."""
        scene, reach = self._scene, math.ceil(3 * self._scene.ratio)
        (left, top), (right, bottom) = points.min(axis=0).tolist(), points.max(axis=0).tolist()
        free = QRegion(QRectF(left, top, right - left, bottom - top).toAlignedRect().adjusted(-reach, -reach, reach, reach))
        unit = scene.unit
        for box in scene.nodes.query(left / unit, top / unit, right / unit, bottom / unit).tolist():
            free -= QRegion(scene.node_rect(box))
        painter.save()
        painter.setClipRegion(free, Qt.ClipOperation.IntersectClip)
        painter.drawPolyline(_polygon(points))
        painter.restore()

    def _head(self, painter: QPainter, edge: int, colour: QColor) -> None:
        scene = self._scene
        x, y, down = scene.scene.arrows[edge].tolist()
        if x != x or scene.scale < BOXES:
            return
        x, y, size = x * scene.unit, y * scene.unit, 5.2 * scene.unit
        painter.save()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        painter.drawPolygon(QPolygonF([QPointF(x - size, y - 1.7 * size * down), QPointF(x + size, y - 1.7 * size * down), QPointF(x, y)]))
        painter.restore()

    def _points(self, edge: int) -> Floats:
        """The corners of an edge; dots of a link are joined, further lines of a shared leaf are left out."""
        rows = self._scene.edge_rows(edge)
        if self._scene.scene.kind[edge] == LINK:
            return np.array([rows[0, :2], rows[-1, 2:]])
        breaks = np.flatnonzero(np.abs(rows[1:, :2] - rows[:-1, 2:]).sum(axis=1) > 1.0)
        if len(breaks):
            rows = rows[: breaks[0] + 1]
        return np.concatenate([rows[:, :2], rows[-1:, 2:]])

    def _packets(self, painter: QPainter, node: int) -> None:
        """The gradients that the running node is about to pass on: thick lines with a light on each."""
        scene, theme = self._scene, self._scene.theme
        if scene.far or scene.marks.inner.folded[node]:
            return  # of what is folded it is not said which edge
        unit = scene.unit
        for edge in scene.out_edges(node).tolist():
            if scene.scene.kind[edge] == LINK:
                continue
            points = self._points(edge)
            line = _polygon(points)
            for colour, wide in ((faded(theme.accent, 0.28), 7.0), (theme.accent, 2.5)):
                painter.setPen(
                    QPen(colour, max(1.0, wide * unit), Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)
                )
                painter.drawPolyline(line)
            self._head(painter, edge, theme.accent)
            if scene.scale >= BOXES and not scene.scene.docked[edge]:
                place = _along(points, min(0.5, 26 * unit / max(_length(points), 1.0)))
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(faded(theme.accent_bright, 0.4))
                painter.drawEllipse(place, 7 * unit, 7 * unit)
                painter.setBrush(QColor("#fff6e0"))
                painter.drawEllipse(place, 3.6 * unit, 3.6 * unit)

    def _glow(self, painter: QPainter, node: int, seen: QRectF) -> None:
        scene = self._scene
        for box in scene.boxes_of(node).tolist():
            rect = scene.node_rect(box, MARGIN)
            if not QRectF(rect).intersects(seen):
                continue
            if scene.scale < BOXES:
                least = 5 * scene.ratio
                inner = QRectF(scene.node_rect(box))
                grow = max(0.0, (least - min(inner.width(), inner.height())) / 2)
                painter.setPen(QPen(scene.theme.accent_bright, scene.ratio))
                painter.setBrush(scene.theme.bad if scene.marks.alert[node] else scene.theme.accent)
                painter.drawRect(inner.adjusted(-grow, -grow, grow, grow))
                continue
            state = Look.RUNNING + ALERT * int(scene.marks.alert[node])
            picture = scene.picture(int(scene.scene.style[box]), state)
            stretch = scene.unit / scene.picture_unit
            centre = scene.picture_centres(np.array([box]), picture, stretch)[0]
            width, height = picture.width() * stretch, picture.height() * stretch
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, stretch != 1.0)
            target = QRectF(centre[0] - width / 2, centre[1] - height / 2, width, height)
            put(painter, QRectF(target), picture)
            if scene.scale >= BADGES:
                scene.paint_badges(painter, box)

    def _current_sign(self, painter: QPainter, node: int) -> None:
        """A pointer at the left of the current node (at the right of a chip): it is found without seeing colours, and also
        when the node is not running."""
        scene, theme = self._scene, self._scene.theme
        box = int(scene.boxes_of(node)[0])
        rect = QRectF(scene.node_rect(box))
        size = min(max(7 * scene.unit, 5 * scene.ratio), 9 * scene.ratio)
        gap = max(9 * scene.unit, 4 * scene.ratio)
        y = rect.center().y()
        right = scene.scene.styles[int(scene.scene.style[box])].shape in PILLS
        x, back = (rect.right() + gap, 1.5 * size) if right else (rect.left() - gap, -1.5 * size)
        painter.setPen(QPen(theme.canvas, scene.ratio))
        painter.setBrush(theme.accent)
        painter.drawPolygon(QPolygonF([QPointF(x + back, y - size), QPointF(x, y), QPointF(x + back, y + size)]))


def _polygon(points: Floats) -> QPolygonF:
    return QPolygonF([QPointF(x, y) for x, y in points.tolist()])


def _length(points: Floats) -> float:
    return float(np.hypot(*np.diff(points, axis=0).T).sum())


def _along(points: Floats, share: float) -> QPointF:
    """The point at a share of a line's length."""
    steps = np.hypot(*np.diff(points, axis=0).T)
    ends = np.concatenate([[0.0], np.cumsum(steps)])
    wanted = share * ends[-1]
    return QPointF(float(np.interp(wanted, ends, points[:, 0])), float(np.interp(wanted, ends, points[:, 1])))
