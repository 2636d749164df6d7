"""Pictures of nodes, badges, arrow heads and group titles, painted once for a scale and then copied.

Everything here is in device pixels: ``unit`` is how many of them one world px has. A picture is drawn around its box with
a margin for shadow, glow and badge.
"""

from __future__ import annotations

import functools
import math

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import (
    QBrush,
    QColor,
    QFont,
    QFontMetricsF,
    QLinearGradient,
    QPainter,
    QPainterPath,
    QPen,
    QPixmap,
    QPixmapCache,
    QPolygonF,
)

from ..theme.fonts import drawn_mono_font as mono_font
from ..theme.fonts import drawn_ui_font as ui_font
from ..theme.icons import paint_icon
from ..theme.tokens import Theme, faded, mix
from .group_sprites import group_texts, sheets
from .ink import NodeInk, node_ink
from .plan import PILLS, Shape, Style, TextRole, TextWidths
from .status import ALERT, Look
from .strokes import Picture, blank

SHADOW, GLOW = 4.0, 16.0  # margins in world px
_READABLE = 6  # pixels: letters that are smaller are left out, of all boxes of that size
_RADIUS = {
    Shape.OP: 3.0,
    Shape.FUNCTION: 8.0,
    Shape.CUSTOM: 9.0,
    Shape.BOUNDARY: 14.0,
    Shape.REBASE: 6.0,
    Shape.OPAQUE: 8.0,
    Shape.GROUP: 9.0,
}
_ICONS = {Shape.CUSTOM: "braces", Shape.BOUNDARY: "frame", Shape.REBASE: "layers", Shape.OPAQUE: "lock"}


def font_of(role: TextRole, unit: float = 1.0) -> QFont:
    """The face of a text role, ``unit`` device pixels a world px."""
    return {
        TextRole.LABEL: lambda: ui_font(13 * unit, QFont.Weight.DemiBold),
        TextRole.DETAIL: lambda: mono_font(10.5 * unit),
        TextRole.CHIP: lambda: ui_font(11 * unit, QFont.Weight.Medium),
        TextRole.CHIP_DETAIL: lambda: mono_font(9.5 * unit),
    }[role]()


def measure() -> TextWidths:
    """Text widths at scale 1, by Qt's font metrics; needs a QGuiApplication."""
    return _measured(tuple(font_of(role).toString() for role in TextRole))


@functools.lru_cache(maxsize=4)
def _measured(fonts: tuple[str, ...]) -> TextWidths:
    sizes = 8.0  # a large font, so that the rounding of its size does not count
    letters = [chr(code) for code in (*range(0x20, 0x7F), *range(0xA0, 0x250), *range(0x370, 0x460))] + ["…"]
    table = {}
    for role in TextRole:
        metrics = QFontMetricsF(font_of(role, sizes))
        table[role] = {letter: metrics.horizontalAdvance(letter) / sizes for letter in letters}
    return TextWidths(table)


def margin_of(state: int) -> float:
    """World px around the box that a picture in this state needs."""
    return GLOW if state % ALERT == Look.RUNNING else SHADOW


def node_sprite(theme: Theme, style: Style, state: int, unit: float, detail_level: int, ink: NodeInk | None = None) -> Picture:
    """The picture of a box. ``detail_level``: 2 all, 1 one line of text as large as fits, 0 no text. ``ink``: other colours
    than those of its family."""
    margin = margin_of(state) * unit
    rect = QRectF(margin, margin, style.width * unit, style.height * unit)
    ink = ink or node_ink(theme, style.category, state)
    picture = blank(rect.width() + 2 * margin + 1, rect.height() + 2 * margin + 1)
    colours = " ".join(f"{colour.rgba():x}" for colour in (ink.fill, ink.border, ink.stripe))
    key = f"node {theme.name} {style.shape} {style.times} {style.width} {style.height} {state} {unit} {colours}"
    known = isinstance(picture, QPixmap) and QPixmapCache.find(key, picture)  # boxes that differ in their words alone
    painter = QPainter(picture)
    try:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        node = _Node(painter, theme, style, state, rect, unit, ink)
        if not known:
            node.paint_box()
            if isinstance(picture, QPixmap):
                painter.end()
                QPixmapCache.insert(key, picture)
                painter.begin(picture)
                painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        node.paint_words(detail_level)
    finally:
        painter.end()
    return picture


class _Node:
    """Paints one box: shadow or glow, body, marks, texts."""

    def __init__(self, painter: QPainter, theme: Theme, style: Style, state: int, rect: QRectF, unit: float, ink: NodeInk) -> None:
        self.painter, self.theme, self.style, self.state, self.rect, self.unit = painter, theme, style, state, rect, unit
        self.look = Look(state % ALERT)
        self.ink = ink
        self.pill = style.shape in PILLS
        self.radius = rect.height() / 2 if self.pill else _RADIUS[style.shape] * unit

    def paint_box(self) -> None:
        """All but the words."""
        if self.look is Look.RUNNING:
            self._glow()
        elif self.unit > 0.5 and not self.pill:
            self._shadow()
        outline = self._outline(self.rect)
        self._body(outline)
        if self.pill:
            return
        if self.look is not Look.RUNNING and self.style.shape != Shape.GROUP:
            self._stripe(outline)
        self._border(outline)

    def paint_words(self, level: int) -> None:
        """The words on it, with their icons."""
        if level and self.pill:
            self._pill_texts(level)
        elif level:
            self._texts(level)

    def _outline(self, rect: QRectF, grown: float = 0.0) -> QPainterPath:
        path = QPainterPath()
        if self.style.shape == Shape.CUSTOM:
            cut = self.radius + 0.6 * grown
            path.addPolygon(
                QPolygonF(
                    [
                        QPointF(rect.left() + cut, rect.top()),
                        QPointF(rect.right(), rect.top()),
                        QPointF(rect.right(), rect.bottom() - cut),
                        QPointF(rect.right() - cut, rect.bottom()),
                        QPointF(rect.left(), rect.bottom()),
                        QPointF(rect.left(), rect.top() + cut),
                    ]
                )
            )
            path.closeSubpath()
        else:
            path.addRoundedRect(rect, self.radius + grown, self.radius + grown)
        return path

    def _glow(self) -> None:
        self.painter.setPen(Qt.PenStyle.NoPen)
        colour = self.theme.bad if self.state >= ALERT else self.theme.accent
        rings = 9
        for ring in range(rings, 0, -1):
            self.painter.setBrush(faded(colour, 0.036 if self.theme.dark else 0.046))
            grow = ring * (GLOW - 1) / rings * self.unit
            self.painter.drawPath(self._outline(self.rect.adjusted(-grow, -grow, grow, grow), grow))

    def _shadow(self) -> None:
        self.painter.setPen(Qt.PenStyle.NoPen)
        self.painter.setBrush(faded(self.theme.shadow, self.theme.shadow.alphaF() / 4))
        for ring in (3, 2, 1):
            side, down = ring * 0.5 * self.unit, ring * 1.1 * self.unit
            self.painter.drawPath(self._outline(self.rect.adjusted(-side, 0, side, down)))

    def _body(self, outline: QPainterPath) -> None:
        painter, unit = self.painter, self.unit
        brush = QBrush(self.ink.fill)
        if self.look is Look.RUNNING and self.state < ALERT:
            gradient = QLinearGradient(self.rect.topLeft(), self.rect.bottomLeft())
            gradient.setColorAt(0.0, mix(self.theme.accent_bright, self.theme.accent, 0.3))
            gradient.setColorAt(1.0, self.theme.accent)
            brush = QBrush(gradient)
        if self.style.shape == Shape.REBASE:  # a second sheet behind
            behind = self.rect.adjusted(5 * unit, -4 * unit, 4 * unit, -5 * unit)
            painter.setBrush(mix(self.ink.fill, self.theme.canvas, 0.35))
            painter.setPen(QPen(self.ink.border, self._line()))
            painter.drawRoundedRect(behind, self.radius, self.radius)
        if self.style.times > 1:
            sheets(painter, self.theme, self.ink, self.rect, unit, self.radius, self._line())
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(brush)
        painter.drawPath(outline)
        if self.style.shape == Shape.OPAQUE:
            painter.save()
            painter.setClipPath(outline)
            painter.setPen(QPen(mix(self.ink.fill, self.ink.border, 0.45), max(1.0, unit)))
            step = 7 * unit
            x = self.rect.left() - self.rect.height()
            while x < self.rect.right():
                painter.drawLine(QPointF(x, self.rect.bottom()), QPointF(x + self.rect.height(), self.rect.top()))
                x += step
            painter.restore()
        if self.pill:
            self._border(outline)

    def _line(self) -> float:
        strong = self.look in (Look.READY, Look.RUNNING) or self.state >= ALERT
        return max(1.0, (1.7 if strong else 1.2) * self.unit)

    def _border(self, outline: QPainterPath) -> None:
        """Dashes say ready, dots say boundary: states and kinds stay apart without colours."""
        pen = QPen(self.ink.border, self._line())
        if self.look is Look.READY and self.state < ALERT:
            pen.setDashPattern([3.2, 2.2])
        elif self.style.shape == Shape.BOUNDARY:
            pen.setDashPattern([1.0, 2.0])
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        half = pen.widthF() / 2
        self.painter.setPen(pen)
        self.painter.setBrush(Qt.BrushStyle.NoBrush)
        inner = self.rect.adjusted(half, half, -half, -half)
        if self.style.shape == Shape.CUSTOM:
            self.painter.drawPath(self._outline(inner))
        else:
            self.painter.drawRoundedRect(inner, max(0.0, self.radius - half), max(0.0, self.radius - half))

    def _stripe(self, outline: QPainterPath) -> None:
        thick, rect = 4.2 * self.unit, self.rect
        stripe = QPainterPath()
        if self.style.shape == Shape.OP:
            stripe.addRect(QRectF(rect.left(), rect.top(), rect.width(), thick))
        else:
            stripe.addRect(QRectF(rect.left(), rect.top(), thick, rect.height()))
        self.painter.fillPath(outline.intersected(stripe), self.ink.stripe)  # SVG knows no clipping

    def _texts(self, level: int) -> None:
        painter, rect, unit = self.painter, self.rect, self.unit
        icon = _ICONS.get(self.style.shape)
        left = rect.left() + 14 * unit
        top = rect.top() + (2 * unit if self.style.shape == Shape.OP else 0.0)
        room = rect.right() - 6 * unit - left
        if level == 1:
            left, room = rect.left() + 8 * unit, rect.width() - 13 * unit
            self._fitted(self.style.label, QRectF(left, top, room, rect.bottom() - top))
            return
        if self.style.shape == Shape.GROUP:
            group_texts(painter, self.style, self.ink, rect, unit, {role: font_of(role, unit) for role in TextRole})
            return
        if icon is not None:
            side = 14 * unit
            middle = rect.top() + (0.34 if self.style.detail else 0.5) * rect.height()
            paint_icon(painter, icon, QRectF(left, middle - side / 2, side, side), self.ink.text, 2.4)
            left, room = left + 20 * unit, room - 20 * unit
        painter.setFont(font_of(TextRole.LABEL, unit))
        painter.setPen(self.ink.text)
        flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        height = rect.bottom() - top
        if not self.style.detail:
            painter.drawText(QRectF(left, top, room + 6 * unit, height), flags, self.style.label)
            return
        painter.drawText(QRectF(left, top + 3.5 * unit, room + 6 * unit, height * 0.5), flags, self.style.label)
        left = rect.left() + 14 * unit
        painter.setFont(font_of(TextRole.DETAIL, unit))
        painter.setPen(self.ink.detail)
        painter.drawText(QRectF(left, top + height * 0.51, rect.right() - left, height * 0.4), flags, self.style.detail)

    def _fitted(self, text: str, box: QRectF) -> None:
        """One line, as large as the box allows. A long word is cut rather than left out: beside boxes with words one without says that
        it has none."""
        size = min(box.height() * 0.6, 13 * self.unit * 1.3)  # not more: labels side by side should be about equal
        if size < _READABLE:
            return
        font = ui_font(size, QFont.Weight.DemiBold)
        wide = QFontMetricsF(font).horizontalAdvance(text)
        if wide > box.width():
            font = ui_font(max(math.floor(size * box.width() / wide), _READABLE), QFont.Weight.DemiBold)
            text = QFontMetricsF(font).elidedText(text, Qt.TextElideMode.ElideRight, box.width())
        self.painter.setFont(font)
        self.painter.setPen(self.ink.text)
        self.painter.drawText(box, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)

    def _pill_texts(self, level: int) -> None:
        painter, rect, unit = self.painter, self.rect, self.unit
        flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        if self.style.shape == Shape.STEM:
            painter.setFont(font_of(TextRole.CHIP, unit))
            painter.setPen(self.ink.text)
            painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, self.style.label)
            return
        side = 12 * unit
        mark = self.ink.stripe
        icon = "input" if self.style.shape == Shape.INPUT else "leaf"
        paint_icon(painter, icon, QRectF(rect.left() + 5 * unit, rect.center().y() - side / 2, side, side), mark, 2.6)
        left = rect.left() + 20 * unit
        font = font_of(TextRole.CHIP, unit)
        painter.setFont(font)
        painter.setPen(self.ink.text)
        painter.drawText(QRectF(left, rect.top(), rect.width(), rect.height()), flags, self.style.label)
        if self.style.detail and level > 1:
            left += QFontMetricsF(font).horizontalAdvance(self.style.label) + 6 * unit
            painter.setFont(font_of(TextRole.CHIP_DETAIL, unit))
            painter.setPen(self.ink.detail)
            painter.drawText(QRectF(left, rect.top(), rect.width(), rect.height()), flags, self.style.detail)
        if self.style.shared and level > 1:
            side = 11 * unit
            place = QRectF(rect.right() - 8 * unit - side, rect.center().y() - side / 2, side, side)
            paint_icon(painter, "link", place, self.ink.detail, 2.4)


def arrow_sprite(colour: QColor, unit: float, wide: float, open_head: bool, up: bool) -> Picture:
    """An arrow head whose tip is the middle of the lower edge (upper edge if ``up``); forward data has an open head."""
    size, tall = (4.0 + 0.5 * (wide - 1.4)) * unit, (7.0 + 0.5 * (wide - 1.4)) * unit
    width, height = 2 * math.ceil(size) + 3, math.ceil(tall) + 2
    pixmap = blank(width, height)
    painter = QPainter(pixmap)
    try:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if up:
            painter.translate(0, height)
            painter.scale(1, -1)
        middle = width / 2
        points = [QPointF(middle - size, height - tall), QPointF(middle, height - 0.5), QPointF(middle + size, height - tall)]
        if open_head:
            painter.setPen(QPen(colour, max(1.0, wide * unit), Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.MiterJoin))
            painter.drawPolyline(QPolygonF(points))
            painter.drawLine(QPointF(middle, height - tall - 1), QPointF(middle, height - 1))
        else:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour)
            painter.drawPolygon(QPolygonF(points))
    finally:
        painter.end()
    return pixmap


def hook_badge(theme: Theme, count: int, unit: float) -> Picture:
    """A small pill with a hook and the number of hooks."""
    text = str(count) if count < 100 else "99+"
    font = ui_font(9.5 * unit, QFont.Weight.Bold)
    height = 16 * unit
    width = 19 * unit + QFontMetricsF(font).horizontalAdvance(text)
    pixmap = blank(width + 2, height + 2)
    painter = QPainter(pixmap)
    try:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rect = QRectF(1, 1, width, height)
        painter.setPen(QPen(theme.past, max(1.0, 1.2 * unit)))
        painter.setBrush(mix(theme.panel, theme.past, 0.14))
        painter.drawRoundedRect(rect.adjusted(0.5, 0.5, -0.5, -0.5), height / 2, height / 2)
        paint_icon(painter, "hook", QRectF(rect.left() + 3.5 * unit, rect.top() + 2.5 * unit, 11 * unit, 11 * unit), theme.past, 2.6)
        painter.setFont(font)
        painter.setPen(theme.past)
        painter.drawText(rect.adjusted(14.5 * unit, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)
    finally:
        painter.end()
    return pixmap


def breakpoint_badge(theme: Theme, unit: float) -> Picture:
    """A red disc with a light ring."""
    side = 13 * unit
    pixmap = blank(side + 2, side + 2)
    painter = QPainter(pixmap)
    try:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme.canvas, max(1.0, 2 * unit)))
        painter.setBrush(theme.bad)
        painter.drawEllipse(QRectF(1 + unit, 1 + unit, side - 2 * unit, side - 2 * unit))
    finally:
        painter.end()
    return pixmap


def alert_badge(theme: Theme, unit: float) -> Picture:
    """A warning sign on a disc of the canvas' colour."""
    side = 18 * unit
    pixmap = blank(side + 2, side + 2)
    painter = QPainter(pixmap)
    try:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme.bad, max(1.0, 1.2 * unit)))
        painter.setBrush(theme.bad_fill)
        painter.drawEllipse(QRectF(1.5, 1.5, side - 1, side - 1))
        paint_icon(painter, "warning", QRectF(1 + 3 * unit, 1 + 2.4 * unit, side - 6 * unit, side - 6 * unit), theme.bad, 2.4)
    finally:
        painter.end()
    return pixmap
