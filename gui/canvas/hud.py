"""What stands in the corners of the canvas whatever is seen: the current node's path, the legend, the mini map, and the
words where there is no graph."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QPointF, QRect, QRectF, QSize, QSizeF, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QLinearGradient, QPainter, QPen, QPolygonF

from ..theme.fonts import mono_font, ui_font
from ..theme.icons import paint_icon
from ..theme.tokens import Theme, faded, mix
from ..translation import translate
from .breadcrumb import Breadcrumb
from .colour_legend import GAP, HIGHEST, ColourLegend
from .ink import NormScale, node_ink
from .overview import Colours, Raster, raster
from .painter import ScenePainter
from .pane import EDGE, HEIGHT, Pane, paint_pane
from .reading import Legend as Colouring
from .routes import Ints
from .scene import Rect, Scene
from .status import ALERT, Look

_MAP = 4_000_000  # px of the mini map's picture: of a very long scene it is a little smaller than it is shown
_LEFT = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft


class Legend:
    """What the states and the colours of edges mean; it gets shorter where the canvas is narrow."""

    def __init__(self) -> None:
        self._pane = Pane()
        self._key: object = None
        self._shown = False
        self.rect = QRectF()  # in the widget, empty while hidden

    def paint(
        self, painter: QPainter, theme: Theme, ratio: float, width: float, height: float, scale: NormScale | None, right: float
    ) -> None:
        """``right`` is the room that the mini map takes; ``scale`` None: the colours of edges are told elsewhere."""
        self.rect = QRectF()
        if height < 240:
            return
        key = (theme.name, width - right, scale, ratio)
        if key != self._key:
            self._key = key
            self._shown = self._render(theme, ratio, width - 2 * EDGE - right, scale)
        if self._shown:
            self.rect = QRectF(QPointF(EDGE, height - EDGE - HEIGHT), self._pane.size)
            self._pane.show(painter, self.rect.topLeft())

    def _render(self, theme: Theme, ratio: float, room: float, scale: NormScale | None) -> bool:
        """Whether there is room for the least of it."""
        font, numbers = ui_font(11, QFont.Weight.Medium), mono_font(10)
        metrics = QFontMetricsF(font)
        words = ("Pending", "Ready", "Running", "Done", "NaN or error")
        items = list(zip((translate("Canvas", text) for text in words), (0, 1, 2, 3, ALERT + 3), strict=True))
        low, high = (f"1e{scale.low}", f"1e{scale.high}") if scale is not None else ("", "")
        ramp = metrics.horizontalAdvance(translate("Canvas", "grad norm")) + QFontMetricsF(numbers).horizontalAdvance(low + high) + 92
        wide = [metrics.horizontalAdvance(text) + 36 for text, _ in items]
        show_ramp = scale is not None and sum(wide) + ramp + 14 <= room
        while items and sum(wide) + (ramp if show_ramp else 0) + 14 > room:
            items.pop()
            wide.pop()
        if len(items) < 4:
            return False
        size = QSizeF(math.ceil(sum(wide) + (ramp if show_ramp else 0) + 14), HEIGHT)
        if own := self._pane.begin((self._key, len(items)), size, ratio):
            try:
                paint_pane(own, theme, QRectF(QPointF(0, 0), size))
                own.setFont(font)
                x = 14.0
                for (text, state), step in zip(items, wide, strict=True):
                    self._swatch(own, theme, state, QRectF(x, HEIGHT / 2 - 5.5, 16, 11))
                    own.setPen(theme.dim)
                    own.drawText(QRectF(x + 22, 0, step, HEIGHT), _LEFT, text)
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
        painter.drawText(QRectF(x, 0, 400, HEIGHT), _LEFT, translate("Canvas", "grad norm"))
        x += QFontMetricsF(font).horizontalAdvance(translate("Canvas", "grad norm")) + 10
        metrics = QFontMetricsF(numbers)
        painter.setFont(numbers)
        painter.setPen(theme.faint)
        painter.drawText(QRectF(x, 0, 60, HEIGHT), _LEFT, low)
        x += metrics.horizontalAdvance(low) + 6
        gradient = QLinearGradient(x, 0, x + 52, 0)
        for number, colour in enumerate(theme.ramp):
            gradient.setColorAt(number / (len(theme.ramp) - 1), colour)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(gradient)
        middle = HEIGHT / 2  # a wedge: a larger norm is also a wider line
        painter.drawPolygon(
            QPolygonF([QPointF(x, middle - 1.5), QPointF(x + 52, middle - 4), QPointF(x + 52, middle + 4), QPointF(x, middle + 1.5)])
        )
        painter.setPen(theme.faint)
        painter.drawText(QRectF(x + 58, 0, 60, HEIGHT), _LEFT, high)


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
        self._placed: tuple[Rect, float, float, QRectF] | None = None  # for what it was decided last where it stands

    def forget(self) -> None:
        self._key = None
        self._raster = None  # its boxes are those of the scene before

    def repaint(self, scene: Scene, boxes: Ints, colours: Colours) -> list[QRect]:
        """Some boxes have other colours now. Returns where they are in the widget, as far as they are seen."""
        raster = self._raster
        if raster is None:
            return []
        raster.repaint(boxes, colours)
        if self.rect.isEmpty():
            return []
        k, limit = raster.scale / self._scale, self.rect.toAlignedRect()
        x, y = self._origin_x(scene), self._origin_y(scene) - self._shown_top
        spots = []
        for box in boxes.tolist():
            left, top = x + int(raster.left[box]) / k, y + int(raster.top[box]) / k
            spot = QRectF(left, top, int(raster.width[box]) / k, int(raster.height[box]) / k).toAlignedRect()
            if spot.intersects(limit):
                spots.append(spot.adjusted(-1, -1, 1, 1))
        return spots

    def place(self, scene: Scene, width: float, height: float, seen: QRectF) -> None:
        """Decides where it stands; nowhere in a small widget, and where the whole scene is seen anyway."""
        asked = (scene.bounds, width, height, seen)
        if asked == self._placed:
            return
        self._placed = asked
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
        key = (theme.name, ratio, self._scale)
        if key != self._key or self._raster is None:
            self._key = key
            dressed = _on_panel(theme)
            self._raster = raster(scene, dressed, colours(), self._scale * ratio, max(1, round(1.5 * ratio)), _MAP)
        if own := self._pane.begin((theme.name, ratio, self.rect.size()), self.rect.size(), ratio):
            try:
                paint_pane(own, theme, QRectF(QPointF(0, 0), self.rect.size()))
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
    """The four together; paints only what an area asks for."""

    def __init__(self) -> None:
        self.breadcrumb, self.legend, self.map = Breadcrumb(), Legend(), MiniMap()
        self.colours = ColourLegend()
        self._painted = QSize()  # of the widget, when it was painted last

    def panes(self, size: QSize) -> list[QRect]:
        """What stands over the graph at the lower end of a widget of a size, as it was painted last."""
        grown = size - self._painted
        legends = [rect.translated(0, grown.height()) for rect in (self.legend.rect, self.colours.rect)]
        return [rect.toAlignedRect() for rect in (*legends, self.map.rect.translated(grown.width(), grown.height())) if not rect.isEmpty()]

    @property
    def foot(self) -> float:
        """How many logical px the legends cover at the lower end."""
        tops = [rect.top() for rect in (self.legend.rect, self.colours.rect) if not rect.isEmpty()]
        return self._painted.height() - min(tops) if tops else 0.0

    def paint(self, painter: QPainter, scene: ScenePainter, area: QRect, size: QSize, seen: QRectF, colours: Colouring | None) -> None:
        """``size`` of the widget, ``seen`` in world px, ``colours`` what the colours of nodes mean where it is not the family. The
        mini map has been placed."""
        theme, ratio, self._painted = scene.theme, scene.ratio, size
        width, height, strip = size.width(), size.height(), math.ceil(2 * EDGE + HEIGHT)
        if area.top() < strip:
            self.breadcrumb.paint(painter, theme, ratio, width)
        taken = 0.0 if self.map.rect.isEmpty() else self.map.rect.width() + EDGE
        if not scene.has_steps:
            self.legend.rect = QRectF()
        elif area.bottom() >= height - strip:
            told = scene.dress.norms is not None  # by the colours of nodes
            self.legend.paint(painter, theme, ratio, width, height, None if told else scene.norms, taken)
        foot = QPointF(EDGE, height - EDGE - (HEIGHT + GAP if scene.has_steps else 0.0))
        if height < 240:
            self.colours.rect = QRectF()
        elif area.intersects(QRectF(0, foot.y() - HIGHEST, width, HIGHEST).toAlignedRect()):
            self.colours.paint(painter, theme, foot, width - 2 * EDGE - taken, colours, scene.dress.palette)
        if area.intersects(self.map.rect.toAlignedRect()):
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
