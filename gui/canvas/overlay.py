"""What lies over the retained picture because it changes with the view's state: hovered and selected nodes with their edges,
the running node with its glow and the gradients that leave it, and the sign at the current node."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF, QRegion

from ..theme.tokens import Theme, faded, mix
from .camera import Camera
from .ground import put_titles
from .layer import Layer
from .lights import Lights
from .lines import Line
from .painter import BADGES, BOXES, REACH, ScenePainter
from .plan import PILLS
from .scene import LINK
from .status import ALERT, Look
from .strokes import put

MARGIN = 24.0  # world px around a node that are kept in sight with it


@dataclass(slots=True)
class Pointed:
    """Nodes that the overlay knows; -1 is none."""

    hovered: int = -1
    selected: int = -1
    current: int = -1
    running: set[int] = field(default_factory=set)

    @property
    def marked(self) -> int:
        """The current node, else the selected one."""
        return self.current if self.current >= 0 else self.selected


def around(scene: ScenePainter, node: int, lit: QRect | None = None) -> list[QRect]:
    """Where the overlay may paint for a node, in scaled px; ``lit``: and for those of its edges that may be seen there."""
    reach = math.ceil(max(REACH * scene.unit, 9 * scene.unit + 14 * scene.ratio)) + 1  # the glow and badges, and the current node's sign
    rects = [scene.node_rect(box).adjusted(-reach, -reach, reach, reach) for box in scene.boxes_of(node).tolist()]
    return rects + [scene.edge_rect(edge) for edge in scene.edges_near(node, lit)] if lit is not None else rects


@lru_cache(maxsize=4)
def _packet_pens(theme: Theme, unit: float) -> list[QPen]:
    """What the edges of a running node are drawn with, one after the other."""
    solid, cap, join = Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin
    return [
        QPen(colour, max(1.0, wide * unit), solid, cap, join) for colour, wide in ((faded(theme.accent, 0.28), 7.0), (theme.accent, 2.5))
    ]


class Overlay:
    """Paints in scaled px, the painter moved to the view. One for each painting of the widget."""

    def __init__(self, scene: ScenePainter, pointed: Pointed, view: QRect) -> None:
        self._scene, self._pointed, self._view = scene, pointed, view

    @cached_property
    def _places(self) -> list[QRect]:
        """Where any of it may be painted."""
        scene, pointed, places = self._scene, self._pointed, []
        for node in pointed.running:
            places += around(scene, node) + [scene.edge_rect(edge) for edge in scene.out_edges(node).tolist()]
        for node, lit in ((pointed.selected, self._view), (pointed.hovered, self._view), (pointed.current, None)):
            if node >= 0:
                places += around(scene, node, lit)
        return places

    def paint(self, painter: QPainter, seen: QRectF) -> None:
        """``seen`` in scaled px; what lies outside is left out."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        theme, pointed, area = self._scene.theme, self._pointed, seen.toAlignedRect()
        under = mix(theme.ready, theme.text, 0.35) if pointed.hovered >= 0 else theme.ready
        for node, colour in ((pointed.selected, theme.ready), (pointed.hovered, under)):
            if node >= 0:
                self._light_edges(painter, node, colour, area)
        running = sorted(pointed.running)
        for node in running:
            self._packets(painter, node, area)
        for node in running:
            self._glow(painter, node, area)
        if pointed.current >= 0 and self._is_in(pointed.current, area):
            self._current_sign(painter, pointed.current)
        if pointed.hovered >= 0 and pointed.hovered != pointed.selected and self._is_in(pointed.hovered, area):
            self._ring(painter, pointed.hovered, under, 1.4)
        if pointed.selected >= 0 and self._is_in(pointed.selected, area):
            self._ring(painter, pointed.selected, theme.ready, 2.2)

    def paint_area(self, painter: QPainter, area: QRect, camera: Camera, layer: Layer, lights: Lights) -> None:
        """An area of the widget: the retained picture, and what lies over it."""
        near = camera.around(area, MARGIN)
        painter.setClipRect(area)
        painter.save()
        if camera.ratio != 1.0:
            painter.scale(1 / camera.ratio, 1 / camera.ratio)
        layer.show(painter, camera.view, camera.to_device(area))
        if lights.are_on or any(near.intersects(place) for place in self._places):
            painter.translate(-camera.corner)
            self.paint(painter, QRectF(near))
            lights.paint(painter, self._scene, QRectF(near))
        painter.restore()

    def _is_in(self, node: int, area: QRect) -> bool:
        return any(rect.intersects(area) for rect in around(self._scene, node))

    def _ring(self, painter: QPainter, node: int, colour: QColor, wide: float) -> None:
        scene = self._scene
        gap = (2.6 * scene.unit + 1) if scene.scale >= BOXES else 1.5 * scene.ratio
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(colour, max(1.2 * scene.ratio, wide * min(scene.unit, 1.3 * scene.ratio))))
        for box in scene.boxes_of(node).tolist():
            rect = QRectF(scene.node_rect(box)).adjusted(-gap, -gap, gap, gap)
            radius = min(rect.height() / 2, 11 * scene.unit)
            painter.drawRoundedRect(rect, radius, radius)

    def _light_edges(self, painter: QPainter, node: int, colour: QColor, area: QRect) -> None:
        scene = self._scene
        pen = QPen(colour, max(1.4 * scene.ratio, min(2.4 * scene.unit, 3 * scene.ratio)))
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        painter.setPen(pen)
        for edge in scene.edges_near(node, area):
            line = scene.line_of(edge)
            if not line.rect.intersects(area):
                continue
            if scene.scene.kind[edge] == LINK:
                self._link(painter, line)
                continue
            painter.drawPolyline(line.polygon)
            self._head(painter, edge, colour)
            put_titles(painter, line.titles)

    def _link(self, painter: QPainter, line: Line) -> None:
        """A line that found no way around the boxes between its ends goes beneath them."""
        scene, reach = self._scene, math.ceil(3 * self._scene.ratio)
        bounds = line.polygon.boundingRect()
        left, top, right, bottom = bounds.left(), bounds.top(), bounds.right(), bounds.bottom()
        free = QRegion(bounds.toAlignedRect().adjusted(-reach, -reach, reach, reach))
        unit = scene.unit
        for box in scene.nodes.query(left / unit, top / unit, right / unit, bottom / unit).tolist():
            free -= QRegion(scene.node_rect(box))
        painter.save()
        painter.setClipRegion(free, Qt.ClipOperation.IntersectClip)
        painter.drawPolyline(line.polygon)
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

    def _packets(self, painter: QPainter, node: int, area: QRect) -> None:
        """The gradients that the running node is about to pass on: thick lines with a light on each."""
        scene, theme = self._scene, self._scene.theme
        if scene.far or scene.marks.inner.folded[node]:
            return  # of what is folded it is not said which edge
        unit = scene.unit
        for edge in scene.out_edges(node).tolist():
            if scene.scene.kind[edge] == LINK:
                continue
            line = scene.line_of(edge)
            if not line.rect.intersects(area):
                continue
            for pen in _packet_pens(theme, unit):
                painter.setPen(pen)
                painter.drawPolyline(line.polygon)
            put_titles(painter, line.titles)
            self._head(painter, edge, theme.accent)
            if scene.scale >= BOXES and not scene.scene.docked[edge]:
                place = line.at(min(0.5, 26 * unit / max(line.length, 1.0)))
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(faded(theme.accent_bright, 0.4))
                painter.drawEllipse(place, 7 * unit, 7 * unit)
                painter.setBrush(QColor("#fff6e0"))
                painter.drawEllipse(place, 3.6 * unit, 3.6 * unit)

    def _glow(self, painter: QPainter, node: int, area: QRect) -> None:
        scene = self._scene
        for box in scene.boxes_of(node).tolist():
            if not scene.node_rect(box, REACH).intersects(area):
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
            left, top = scene.picture_corner(box, picture, stretch)
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, stretch != 1.0)
            put(painter, QRectF(left, top, picture.width() * stretch, picture.height() * stretch), picture)
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
