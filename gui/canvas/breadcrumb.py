"""The module path of the current node, in the upper left corner of the canvas.

A step of a run changes some of its words: the others are copied from where they were drawn before.
"""

from __future__ import annotations

import math
from functools import lru_cache

from PySide6.QtCore import QPointF, QRect, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen, QPixmap

from ..theme.fonts import scale, ui_font
from ..theme.tokens import Theme, mix
from .pane import EDGE, HEIGHT, Pane, blank_pixmap, paint_pane

_STEP = 22.0  # from the end of a word to the beginning of the next, with the chevron between them
_BEGIN = 14.0  # of the first word
_REST = 2  # device px around a word's picture


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
        if not self.parts or not EDGE <= place.y() <= EDGE + HEIGHT:
            return -1
        return next((part for left, right, part in self._spans if left <= place.x() <= right), -1)

    def strip(self) -> QRect:
        """Where it is or will be in the widget, at most."""
        letters = sum(len(part) * 9 + 22 for part in self.parts)
        return QRectF(EDGE, EDGE, max(self._pane.size.width(), letters + 28), HEIGHT).toAlignedRect()

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
        size, colours = scale(), (theme.dim.rgba(), theme.faint.rgba())
        head, numbers, last = self.parts[:-1], list(range(len(self.parts))), self.parts[-1]
        for dropped in range(len(self.parts) - 1):
            head = (self.parts[0], *(["…"] if dropped else []), *self.parts[1 + dropped : -1])
            numbers = [0, *([-1] if dropped else []), *range(1 + dropped, len(self.parts))]
            if sum(_advance(part, True, size) + _STEP for part in (*head, last)) <= room:
                break
        words, places, x = _head(head, size, colours, ratio)
        advance = _advance(last, True, size)
        wide = math.ceil(min(room, x - _BEGIN + advance) + 2 * _BEGIN)
        own = self._pane.begin(self._key, QSizeF(wide, HEIGHT), ratio)
        assert own is not None
        try:
            paint_pane(own, theme, QRectF(0, 0, wide, HEIGHT))
            self._spans = []
            for number, (left, right) in zip(numbers, (*places, (x, x + advance)), strict=True):
                self._spans.append((EDGE + left - 8, EDGE + right + 8, number))
                if number == self.hovered >= 0:
                    own.setPen(Qt.PenStyle.NoPen)
                    own.setBrush(mix(theme.panel, theme.text, 0.10))
                    own.drawRoundedRect(QRectF(left - 7, 4, right - left + 14, HEIGHT - 8), 5, 5)
            if words is not None:
                own.drawPixmap(QPointF(0, 0), words)
            whole, shift = divmod(x * ratio, 1.0)
            own.drawPixmap(QPointF((whole - _REST) / ratio, 0), _word(last, True, size, theme.text.rgba(), ratio, shift))
        finally:
            own.end()


@lru_cache(maxsize=16)
def _head(
    parts: tuple[str, ...], size: float, colours: tuple[int, int], ratio: float
) -> tuple[QPixmap | None, list[tuple[float, float]], float]:
    """All words but the last, which the nodes of one module share: their picture, from where to where each is, and where the last
    begins. ``colours`` of words and of what stands between them."""
    places, x = [], _BEGIN
    for part in parts:
        places.append((x, x + _advance(part, False, size)))
        x = places[-1][1] + _STEP
    if not parts:
        return None, places, x
    pixmap = blank_pixmap(x, HEIGHT, ratio)
    painter = QPainter(pixmap)
    try:
        for part, (left, right) in zip(parts, places, strict=True):
            whole, shift = divmod(left * ratio, 1.0)
            painter.drawPixmap(QPointF((whole - _REST) / ratio, 0), _word(part, False, size, colours[0], ratio, shift))
            whole, shift = divmod(right * ratio, 1.0)
            painter.drawPixmap(QPointF(whole / ratio, 0), _chevron(colours[1], ratio, shift))
    finally:
        painter.end()
    return pixmap, places, x


@lru_cache(maxsize=8)
def _face(bold: bool, _: float) -> tuple[QFont, QFontMetricsF]:
    font = ui_font(12, QFont.Weight.DemiBold if bold else QFont.Weight.Medium)
    return font, QFontMetricsF(font)


@lru_cache(maxsize=1024)
def _advance(text: str, bold: bool, size: float) -> float:
    return _face(bold, size)[1].horizontalAdvance(text)


@lru_cache(maxsize=256)
def _word(text: str, bold: bool, size: float, colour: int, ratio: float, shift: float) -> QPixmap:
    """A word as high as the pane, that begins ``shift`` device px after the rest at its left."""
    font, metrics = _face(bold, size)
    pixmap = blank_pixmap(_advance(text, bold, size) + (2 * _REST + 2) / ratio, HEIGHT, ratio)
    painter = QPainter(pixmap)
    try:
        painter.setFont(font)
        painter.setPen(QColor.fromRgba(colour))
        painter.drawText(QPointF((_REST + shift) / ratio, (HEIGHT + metrics.ascent() - metrics.descent()) / 2), text)
    finally:
        painter.end()
    return pixmap


@lru_cache(maxsize=64)
def _chevron(colour: int, ratio: float, shift: float) -> QPixmap:
    """What stands between two words, as wide as from one to the next."""
    pixmap = blank_pixmap(_STEP, HEIGHT, ratio)
    painter = QPainter(pixmap)
    try:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor.fromRgba(colour), 1.4))
        x, y = 9 + shift / ratio, HEIGHT / 2
        painter.drawPolyline([QPointF(x, y - 3.5), QPointF(x + 3.5, y), QPointF(x, y + 3.5)])
    finally:
        painter.end()
    return pixmap
