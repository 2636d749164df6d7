"""The panes in the corners of the canvas: a rounded ground that is painted without a rasteriser, and a picture that is kept."""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPixmap

from ..theme.tokens import Theme, faded

EDGE = 14.0  # logical px from the widget's border
HEIGHT = 30.0  # of those with one line of text
_LONGEST = 1024.0  # px of a pane that is copied
_CORNER = 10.0  # of a pane, with some room around its curve


def paint_pane(painter: QPainter, theme: Theme, rect: QRectF) -> None:
    """A rounded pane on an empty picture. One for a line of text is copied from a longer one."""
    border, fill, ratio = theme.border, faded(theme.panel, 0.95), painter.device().devicePixelRatio()
    if rect.height() != HEIGHT or rect.width() > _LONGEST or ratio % 1:
        _paint_pane(painter, border, fill, rect)
        return
    longest, begin = _longest(border.rgba(), fill.rgba(), ratio), rect.width() - _CORNER
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Source)
    for x, source, wide in ((rect.left(), 0.0, begin), (rect.left() + begin, _LONGEST - _CORNER, _CORNER)):
        painter.drawPixmap(QRectF(x, rect.top(), wide, HEIGHT), longest, QRectF(source * ratio, 0, wide * ratio, HEIGHT * ratio))
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceOver)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)


@lru_cache(maxsize=8)
def _longest(border: int, fill: int, ratio: float) -> QPixmap:
    """A pane for a line of text."""
    pixmap = blank_pixmap(_LONGEST, HEIGHT, ratio)
    painter = QPainter(pixmap)
    try:
        _paint_pane(painter, QColor.fromRgba(border), QColor.fromRgba(fill), QRectF(0, 0, _LONGEST, HEIGHT))
    finally:
        painter.end()
    return pixmap


def blank_pixmap(wide: float, tall: float, ratio: float) -> QPixmap:
    """An empty, transparent picture of so many logical px."""
    pixmap = QPixmap(max(1, round(wide * ratio)), max(1, round(tall * ratio)))
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    return pixmap


def _paint_pane(painter: QPainter, border: QColor, fill: QColor, rect: QRectF) -> None:
    """Its corners are from a picture, since a large antialiased outline takes a millisecond."""
    ratio, corner = painter.device().devicePixelRatio(), _CORNER
    corners = _corners(border.rgba(), fill.rgba(), ratio)
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
    pixmap = blank_pixmap(2 * _CORNER, 2 * _CORNER, ratio)
    painter = QPainter(pixmap)
    try:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor.fromRgba(border), 1))
        painter.setBrush(QColor.fromRgba(fill))
        painter.drawRoundedRect(QRectF(0.5, 0.5, 2 * _CORNER - 1, 2 * _CORNER - 1), 8, 8)
    finally:
        painter.end()
    return pixmap


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
        self._pixmap = blank_pixmap(size.width(), size.height(), ratio)
        return QPainter(self._pixmap)

    def show(self, painter: QPainter, place: QPointF) -> None:
        painter.drawPixmap(place, self._pixmap)
