"""What stands in the corners of the canvas whatever is seen: the current node's path, the legend, the mini map, and the
words where there is no graph."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache

import numpy as np
from PySide6.QtCore import QPointF, QRect, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QLinearGradient, QPainter, QPen, QPixmap, QPolygonF, QRegion

from ..theme.fonts import mono_font, scale, ui_font
from ..theme.icons import paint_icon
from ..theme.tokens import Theme, faded, mix
from ..translation import translate
from .colour_legend import GAP, HEIGHT, ColourLegend
from .ink import NormScale, node_ink
from .overview import Colours, Raster, raster
from .painter import ScenePainter
from .reading import Legend as Colouring
from .routes import Ints
from .scene import Scene
from .status import ALERT, Look

EDGE = 14.0  # logical px from the widget's border
_HEIGHT = 30.0
_MAP = 4_000_000  # px of the mini map's picture: of a very long scene it is a little smaller than it is shown
_CORNER = 10.0  # of a pane, with some room around its curve
_LEFT = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft


def _pane(painter: QPainter, theme: Theme, rect: QRectF) -> None:
    """A rounded pane: its corners from a picture, since a large antialiased outline takes a millisecond."""
    corners, corner = _corners(theme.border.rgba(), faded(theme.panel, 0.95).rgba(), painter.device().devicePixelRatio()), _CORNER
    fill, border, ratio = faded(theme.panel, 0.95), theme.border, corners.devicePixelRatio()
    left, top, right, bottom = rect.left(), rect.top(), rect.right(), rect.bottom()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    painter.fillRect(QRectF(left + corner, top + 1, rect.width() - 2 * corner, rect.height() - 2), fill)
    for x, y in ((left, top), (right - corner, top), (left, bottom - corner), (right - corner, bottom - corner)):
        source = QRectF((x > left) * corner * ratio, (y > top) * corner * ratio, corner * ratio, corner * ratio)
        painter.drawPixmap(QRectF(x, y, corner, corner), corners, source)
    for x in (left, right - corner):
        painter.fillRect(QRectF(x + (x == left), top + corner, corner - 1, rect.height() - 2 * corner), fill)
    for line in (
        QRectF(left + corner, top, rect.width() - 2 * corner, 1),
        QRectF(left + corner, bottom - 1, rect.width() - 2 * corner, 1),
        QRectF(left, top + corner, 1, rect.height() - 2 * corner),
        QRectF(right - 1, top + corner, 1, rect.height() - 2 * corner),
    ):
        painter.fillRect(line, border)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)


@lru_cache(maxsize=8)
def _corners(border: int, fill: int, ratio: float) -> QPixmap:
    """The four corners of a pane."""
    pixmap = QPixmap(round(2 * _CORNER * ratio), round(2 * _CORNER * ratio))
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    try:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor.fromRgba(border), 1))
        painter.setBrush(QColor.fromRgba(fill))
        painter.drawRoundedRect(QRectF(0.5, 0.5, 2 * _CORNER - 1, 2 * _CORNER - 1), 8, 8)
    finally:
        painter.end()
    return pixmap


@lru_cache(maxsize=8)
def _face(weight: QFont.Weight, scale: float) -> tuple[QFont, QFontMetricsF]:
    font = ui_font(12, weight)
    return font, QFontMetricsF(font)


class Pane:
    """A picture kept until its content or the pixel ratio changes."""

    def __init__(self) -> None:
        self._key: object = None
        self._pixmap = QPixmap()
        self.size = QSizeF()

    def begin(self, key: object, size: QSizeF, ratio: float) -> QPainter | None:
        """A painter on an empty picture (end it), or None where the old picture still holds."""
        if key == self._key:
            return None
        self._key, self.size = key, size
        self._pixmap = QPixmap(max(1, round(size.width() * ratio)), max(1, round(size.height() * ratio)))
        self._pixmap.setDevicePixelRatio(ratio)
        self._pixmap.fill(Qt.GlobalColor.transparent)
        return QPainter(self._pixmap)

    def show(self, painter: QPainter, place: QPointF) -> None:
        painter.drawPixmap(place, self._pixmap)


class Breadcrumb:
    """The module path of the current node."""

    def __init__(self) -> None:
        self._pane = Pane()
        self._key: object = None
        self.parts: tuple[str, ...] = ()
        self.hovered = -1  # the part under the pointer
        self._spans: list[tuple[float, float, int]] = []  # left and right in the widget, and which part

    def part_at(self, place: QPointF) -> int:
        """The part of the path under a place of the widget, -1 for none."""
        if not self.parts or not EDGE <= place.y() <= EDGE + _HEIGHT:
            return -1
        return next((part for left, right, part in self._spans if left <= place.x() <= right), -1)

    def strip(self) -> QRect:
        """Where it is or will be in the widget, at most."""
        letters = sum(len(part) * 9 + 22 for part in self.parts)
        return QRectF(EDGE, EDGE, max(self._pane.size.width(), letters + 28), _HEIGHT).toAlignedRect()

    def paint(self, painter: QPainter, theme: Theme, ratio: float, width: float) -> None:
        if not self.parts or width < 260:
            self._spans = []
            return
        key = (theme.name, self.parts, ratio, width, self.hovered)
        if key != self._key:
            self._key = key
            self._render(theme, ratio, width - 2 * EDGE - 28)
        self._pane.show(painter, QPointF(EDGE, EDGE))

    def _render(self, theme: Theme, ratio: float, room: float) -> None:
        parts, numbers = list(self.parts), list(range(len(self.parts)))
        medium, bold = _face(QFont.Weight.Medium, scale()), _face(QFont.Weight.DemiBold, scale())
        for dropped in range(len(self.parts) - 1):
            parts = [self.parts[0], *(["…"] if dropped else []), *self.parts[1 + dropped :]]
            numbers = [0, *([-1] if dropped else []), *range(1 + dropped, len(self.parts))]
            if sum(bold[1].horizontalAdvance(part) + 22 for part in parts) <= room:
                break
        faces = [medium] * (len(parts) - 1) + [bold]
        advances = [metrics.horizontalAdvance(part) for part, (_, metrics) in zip(parts, faces, strict=True)]
        size = QSizeF(math.ceil(min(room, sum(advances) + 22 * (len(parts) - 1)) + 28), _HEIGHT)
        own = self._pane.begin(self._key, size, ratio)
        assert own is not None
        try:
            _pane(own, theme, QRectF(QPointF(0, 0), size))
            x = 14.0
            self._spans = []
            for number, (part, (font, metrics), advance) in enumerate(zip(parts, faces, advances, strict=True)):
                last = number == len(parts) - 1
                self._spans.append((EDGE + x - 8, EDGE + x + advance + 8, numbers[number]))
                if numbers[number] == self.hovered >= 0:
                    own.setPen(Qt.PenStyle.NoPen)
                    own.setBrush(mix(theme.panel, theme.text, 0.10))
                    own.drawRoundedRect(QRectF(x - 7, 4, advance + 14, _HEIGHT - 8), 5, 5)
                own.setFont(font)
                own.setPen(theme.text if last else theme.dim)
                own.drawText(QPointF(x, (_HEIGHT + metrics.ascent() - metrics.descent()) / 2), part)
                x += advance
                if not last:
                    own.setPen(QPen(theme.faint, 1.4))
                    own.drawPolyline([QPointF(x + 9, _HEIGHT / 2 - 3.5), QPointF(x + 12.5, _HEIGHT / 2), QPointF(x + 9, _HEIGHT / 2 + 3.5)])
                    x += 22
        finally:
            own.end()


class Legend:
    """What the states and the colours of edges mean; it gets shorter where the canvas is narrow."""

    def __init__(self) -> None:
        self._pane = Pane()
        self._key: object = None
        self._shown = False

    def paint(self, painter: QPainter, theme: Theme, ratio: float, width: float, height: float, scale: NormScale, right: float) -> None:
        """``right`` is the room that the mini map takes."""
        if height < 240:
            return
        key = (theme.name, width - right, scale, ratio)
        if key != self._key:
            self._key = key
            self._shown = self._render(theme, ratio, width - 2 * EDGE - right, scale)
        if self._shown:
            self._pane.show(painter, QPointF(EDGE, height - EDGE - _HEIGHT))

    def _render(self, theme: Theme, ratio: float, room: float, scale: NormScale) -> bool:
        """Whether there is room for the least of it."""
        font, numbers = ui_font(11, QFont.Weight.Medium), mono_font(10)
        metrics = QFontMetricsF(font)
        words = ("Pending", "Ready", "Running", "Done", "NaN or error")
        items = list(zip((translate("Canvas", text) for text in words), (0, 1, 2, 3, ALERT + 3), strict=True))
        low, high = f"1e{scale.low}", f"1e{scale.high}"
        ramp = metrics.horizontalAdvance(translate("Canvas", "grad norm")) + QFontMetricsF(numbers).horizontalAdvance(low + high) + 92
        wide = [metrics.horizontalAdvance(text) + 36 for text, _ in items]
        show_ramp = sum(wide) + ramp + 14 <= room
        while items and sum(wide) + (ramp if show_ramp else 0) + 14 > room:
            items.pop()
            wide.pop()
        if len(items) < 4:
            return False
        size = QSizeF(math.ceil(sum(wide) + (ramp if show_ramp else 0) + 14), _HEIGHT)
        if own := self._pane.begin((self._key, len(items)), size, ratio):
            try:
                _pane(own, theme, QRectF(QPointF(0, 0), size))
                own.setFont(font)
                x = 14.0
                for (text, state), step in zip(items, wide, strict=True):
                    self._swatch(own, theme, state, QRectF(x, _HEIGHT / 2 - 5.5, 16, 11))
                    own.setPen(theme.dim)
                    own.drawText(QRectF(x + 22, 0, step, _HEIGHT), _LEFT, text)
                    x += step
                if show_ramp:
                    self._ramp(own, theme, x + 4, font, numbers, low, high)
            finally:
                own.end()
        return True

    @staticmethod
    def _swatch(painter: QPainter, theme: Theme, state: int, rect: QRectF) -> None:
        ink = node_ink(theme, "linalg", state)
        pen = QPen(ink.border, 1.3)
        if state == Look.READY:
            pen.setDashPattern([2.4, 1.6])
        painter.setPen(pen if state != Look.RUNNING else QPen(theme.accent, 1.3))
        painter.setBrush(ink.fill)
        painter.drawRoundedRect(rect, 3, 3)
        if state >= ALERT:
            paint_icon(painter, "warning", QRectF(rect.center().x() - 4.5, rect.center().y() - 5, 9, 9), theme.bad, 2.8)

    @staticmethod
    def _ramp(painter: QPainter, theme: Theme, x: float, font: QFont, numbers: QFont, low: str, high: str) -> None:
        painter.setPen(theme.dim)
        painter.drawText(QRectF(x, 0, 400, _HEIGHT), _LEFT, translate("Canvas", "grad norm"))
        x += QFontMetricsF(font).horizontalAdvance(translate("Canvas", "grad norm")) + 10
        metrics = QFontMetricsF(numbers)
        painter.setFont(numbers)
        painter.setPen(theme.faint)
        painter.drawText(QRectF(x, 0, 60, _HEIGHT), _LEFT, low)
        x += metrics.horizontalAdvance(low) + 6
        gradient = QLinearGradient(x, 0, x + 52, 0)
        for number, colour in enumerate(theme.ramp):
            gradient.setColorAt(number / (len(theme.ramp) - 1), colour)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(gradient)
        middle = _HEIGHT / 2  # a wedge: a larger norm is also a wider line
        painter.drawPolygon(
            QPolygonF([QPointF(x, middle - 1.5), QPointF(x + 52, middle - 4), QPointF(x + 52, middle + 4), QPointF(x, middle + 1.5)])
        )
        painter.setPen(theme.faint)
        painter.drawText(QRectF(x + 58, 0, 60, _HEIGHT), _LEFT, high)


class MiniMap:
    """The whole scene small, with a frame around what is seen. A very long scene is shown in part, around the view."""

    def __init__(self) -> None:
        self._raster: Raster | None = None
        self._key: object = None
        self.rect = QRectF()  # in the widget, empty while hidden
        self._pane = Pane()
        self._inner = QRectF()
        self._shown_top = 0.0
        self._scale = 1.0

    def forget(self) -> None:
        self._key = None
        self._raster = None  # its boxes are those of the scene before

    def repaint(self, boxes: Ints, colours: Colours) -> None:
        if self._raster is not None:
            self._raster.repaint(boxes, colours)

    def spots(self, scene: Scene, boxes: Ints) -> list[QRect]:
        """Where boxes are in the widget's mini map."""
        raster = self._raster
        if raster is None or self.rect.isEmpty():
            return []
        k = raster.scale / self._scale
        x, y = self._origin_x(scene), self._origin_y(scene) - self._shown_top
        found = [
            QRectF(x + raster.left[box] / k, y + raster.top[box] / k, raster.width[box] / k, raster.height[box] / k).toAlignedRect()
            for box in boxes.tolist()
        ]
        limit = self.rect.toAlignedRect()
        return [spot.adjusted(-1, -1, 1, 1) for spot in found if spot.intersects(limit)]

    def place(self, scene: Scene, width: float, height: float, seen: QRectF) -> None:
        """Decides where it stands; nowhere in a small widget, and where the whole scene is seen anyway."""
        left, top, wide, tall = scene.bounds
        if width < 600 or height < 360 or not len(scene.x) or seen.contains(QRectF(left, top, wide, tall)):
            self.rect = QRectF()
            return
        room = (170.0, 130.0) if wide >= tall else (88.0, min(230.0, height * 0.36))
        scale = min(room[0] / max(wide, 1.0), room[1] / max(tall, 1.0))
        if wide * scale < 48:
            scale = min(48 / wide, 0.1)
        self._scale = scale
        inside = QSizeF(min(room[0], max(40.0, wide * scale)), min(room[1], max(28.0, tall * scale)))
        outer = QSizeF(math.ceil(inside.width() + 18), math.ceil(inside.height() + 18))
        self.rect = QRectF(QPointF(width - EDGE - outer.width(), height - EDGE - outer.height()), outer)
        self._inner = QRectF(self.rect.x() + 9, self.rect.y() + 9, inside.width(), inside.height())

    def paint(self, painter: QPainter, theme: Theme, scene: Scene, colours: Callable[[], Colours], ratio: float, seen: QRectF) -> None:
        """``seen`` is the view in world px; ``colours`` gives one a box."""
        if self.rect.isEmpty():
            return
        key = (theme.name, ratio, self._scale, id(scene))
        if key != self._key or self._raster is None:
            self._key = key
            dressed = _on_panel(theme)
            self._raster = raster(scene, dressed, colours(), self._scale * ratio, max(1, round(1.5 * ratio)), _MAP)
        if own := self._pane.begin((theme.name, ratio, self.rect.size()), self.rect.size(), ratio):
            try:
                _pane(own, theme, QRectF(QPointF(0, 0), self.rect.size()))
            finally:
                own.end()
        self._pane.show(painter, self.rect.topLeft())
        left, top, _, tall = scene.bounds
        picture_height = tall * self._scale
        spare = max(0.0, picture_height - self._inner.height())
        share = min(max((seen.center().y() - top) / max(tall, 1.0), 0.0), 1.0)
        self._shown_top = spare * share
        image, k = self._raster.image, self._raster.scale / self._scale
        source = QRectF(0, self._shown_top * k, min(image.width(), self._inner.width() * k), min(image.height(), self._inner.height() * k))
        target = QRectF(self._origin_x(scene), self._origin_y(scene), source.width() / k, source.height() / k)
        painter.save()
        painter.setClipRect(self._inner)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, abs(k - ratio) > 1e-6)  # a raster that had to be smaller
        painter.drawImage(target, image, source)
        painter.restore()
        frame = QRectF(
            self._origin_x(scene) + (seen.x() - left) * self._scale,
            self._origin_y(scene) + (seen.y() - top) * self._scale - self._shown_top,
            seen.width() * self._scale,
            seen.height() * self._scale,
        )
        limit = self.rect.adjusted(3, 3, -3, -3)
        if not frame.contains(self._inner):
            painter.setBrush(faded(theme.ready, 0.10))
            painter.setPen(QPen(theme.ready, 1.3))
            painter.drawRoundedRect(frame.intersected(limit), 3, 3)

    def world_at(self, scene: Scene, place: QPointF) -> QPointF:
        """The world point under a place of the widget."""
        left, top, _, _ = scene.bounds
        x = left + (place.x() - self._origin_x(scene)) / self._scale
        y = top + (place.y() - self._origin_y(scene) + self._shown_top) / self._scale
        return QPointF(x, y)

    def _origin_x(self, scene: Scene) -> float:
        return self._inner.center().x() - min(self._inner.width(), scene.bounds[2] * self._scale) / 2

    def _origin_y(self, scene: Scene) -> float:
        return self._inner.center().y() - min(self._inner.height(), scene.bounds[3] * self._scale) / 2


class Hud:
    """The three together; paints only what the region asks for."""

    def __init__(self) -> None:
        self.breadcrumb, self.legend, self.map = Breadcrumb(), Legend(), MiniMap()
        self.colours = ColourLegend()

    def paint(self, painter: QPainter, scene: ScenePainter, region: QRegion, size: QSizeF, seen: QRectF, colours: Colouring | None) -> None:
        """``size`` of the widget, ``seen`` in world px, ``colours`` what the colours of nodes mean where it is not the family."""
        theme, ratio = scene.theme, scene.ratio
        width, height = size.width(), size.height()
        self.map.place(scene.scene, width, height, seen)
        corner = QRectF(0, 0, width, 2 * EDGE + _HEIGHT)
        if region.intersects(corner.toAlignedRect()):
            self.breadcrumb.paint(painter, theme, ratio, width)
        if region.intersects(corner.translated(0, height - corner.height()).toAlignedRect()):
            taken = 0.0 if self.map.rect.isEmpty() else self.map.rect.width() + EDGE
            self.legend.paint(painter, theme, ratio, width, height, scene.marks.scale, taken)
        taken = 0.0 if self.map.rect.isEmpty() else self.map.rect.width() + EDGE
        foot = QPointF(EDGE, height - EDGE - _HEIGHT - GAP)
        if height >= 240 and region.intersects(QRectF(0, foot.y() - HEIGHT, width, HEIGHT).toAlignedRect()):
            self.colours.paint(painter, theme, foot, width - 2 * EDGE - taken, colours, scene.dress.palette)
        if region.intersects(self.map.rect.toAlignedRect()):
            self.map.paint(painter, theme, scene.scene, lambda: scene.flat_colours(np.arange(len(scene.scene.x))), ratio, seen)


def _on_panel(theme: Theme) -> Theme:
    """The theme with the panel as the canvas' colour: the mini map stands on a pane."""
    values = {name: getattr(theme, name) for name in Theme.__dataclass_fields__}
    return Theme(**{**values, "canvas": mix(theme.canvas, theme.panel, 0.95)})


def paint_empty(painter: QPainter, theme: Theme, area: QRect, title: str, hint: str) -> None:
    """Words, and a small graph of dashes, where there is nothing to show."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    middle = QPointF(area.center())
    if area.height() > 190:
        pen = QPen(mix(theme.canvas, theme.outline, 0.7), 1.4)
        pen.setDashPattern([3.0, 3.0])
        painter.setPen(pen)
        painter.setBrush(theme.pending_fill)
        x, y = middle.x(), middle.y() - 74
        for dx, dy in ((0, 0), (-46, 52), (46, 52)):
            if dx:
                painter.drawLine(QPointF(x, y + 14), QPointF(x + dx, y + dy - 12))
        for dx, dy in ((0, 0), (-46, 52), (46, 52)):
            painter.drawRoundedRect(QRectF(x + dx - 30, y + dy - 12, 60, 24), 7, 7)
    flags = int(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap)
    painter.setFont(ui_font(15, QFont.Weight.DemiBold))
    painter.setPen(theme.text)
    box = QRectF(area.x() + 12, middle.y() + 8, area.width() - 24, 24)
    painter.drawText(box, flags, title)
    painter.setFont(ui_font(13))
    painter.setPen(theme.dim)
    painter.drawText(box.translated(0, 27).adjusted(0, 0, 0, 40), flags, hint)
