"""The legend of colours by a fact: chips for names, a bar with numbers for numbers; it says what a plain node means."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QImage, QPainter, QPen

from ..theme.fonts import mono_font, scale, ui_font
from ..theme.tokens import Theme, faded, mix
from ..translation import translate
from .reading import Legend

HEIGHT = 30.0
_PITCH, _ROWS = 22.0, 2  # of rows of names, and how many there are at most
HIGHEST = HEIGHT + (_ROWS - 1) * _PITCH
GAP = 8.0  # to the legend of states below it
_BAR = 120.0  # logical px of the colour bar
_TEXT = 150.0  # the longest name of a chip
_BELOW = Qt.AlignmentFlag.AlignHCenter.value | Qt.AlignmentFlag.AlignTop.value
_LARGE = Qt.AlignmentFlag.AlignCenter.value | Qt.TextFlag.TextDontClip.value  # digits have room where a line of text has none
_CENTRED = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft


class ColourLegend:
    """Paints itself at a place of its lower left corner; what does not fit into two rows is left out from the right, and counted."""

    def __init__(self) -> None:
        self.rect = QRectF()  # where it was painted last, empty while there is none

    def paint(
        self, painter: QPainter, theme: Theme, corner: QPointF, room: float, legend: Legend | None, palette: Sequence[QColor]
    ) -> None:
        """``room`` is the width that it may take."""
        self.rect = QRectF()
        if legend is None or room < 120:
            return
        label, number_font = ui_font(11, QFont.Weight.Medium), mono_font(10)
        parts = _parts(theme, legend, palette, QFontMetricsF(label), QFontMetricsF(number_font))
        title = legend.title
        first = QFontMetricsF(label).horizontalAdvance(title) + 26
        rows = _fitting(parts, room - first - 8, QFontMetricsF(label))
        wide = max((_wide(row) for row in rows), default=0.0)
        high = HEIGHT + max(len(rows) - 1, 0) * _PITCH
        self.rect = QRectF(corner.x(), corner.y() - high, min(room, first + wide + 8), high)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme.border, 1))
        painter.setBrush(faded(theme.panel, 0.95))
        painter.drawRoundedRect(self.rect.adjusted(0.5, 0.5, -0.5, -0.5), 8, 8)
        painter.setFont(label)
        painter.setPen(theme.text)
        painter.drawText(QRectF(self.rect.left() + 14, self.rect.top(), first, HEIGHT), _CENTRED, title)
        for number, row in enumerate(rows):
            x = self.rect.left() + first
            for part in row:
                part.paint(painter, theme, QRectF(x, self.rect.top() + number * _PITCH, part.wide, HEIGHT), label, number_font)
                x += part.wide
        painter.restore()


class _Swatch:
    """A colour and its name."""

    def __init__(self, colour: QColor | None, text: str, metrics: QFontMetricsF, count: int = 0) -> None:
        self.colour, self.count = colour, count
        self.text = metrics.elidedText(text, Qt.TextElideMode.ElideMiddle, _TEXT)
        self.wide = metrics.horizontalAdvance(self.text) + 36

    def paint(self, painter: QPainter, theme: Theme, rect: QRectF, label: QFont, _: QFont) -> None:
        box = QRectF(rect.left(), rect.center().y() - 5.5, 16, 11)
        painter.setPen(
            QPen(mix(self.colour, theme.text, 0.35) if self.colour is not None else mix(theme.pending_border, theme.dim, 0.45), 1.2)
        )
        painter.setBrush(self.colour if self.colour is not None else mix(theme.pending_fill, theme.dim, 0.10))
        painter.drawRoundedRect(box, 3, 3)
        painter.setFont(label)
        painter.setPen(theme.dim)
        painter.drawText(rect.adjusted(22, 0, 0, 0), _CENTRED, self.text)


class _Bar:
    """The scale from small to large, its numbers at its ends and in the middle below."""

    def __init__(self, colours: Sequence[QColor], ticks: Sequence[str], metrics: QFontMetricsF) -> None:
        self._colours, self._ticks = colours, ticks
        self._overhang = max(8.0, metrics.horizontalAdvance(ticks[0]) / 2) if ticks else 0.0
        last = metrics.horizontalAdvance(ticks[-1]) / 2 if ticks else 0.0
        self.wide = _BAR + self._overhang + max(8.0, last) + 12

    def paint(self, painter: QPainter, theme: Theme, rect: QRectF, _: QFont, number: QFont) -> None:
        image = QImage(len(self._colours), 1, QImage.Format.Format_RGB32)
        for place, colour in enumerate(self._colours):
            image.setPixelColor(place, 0, colour)
        usual = scale() <= 1.0
        bar = QRectF(rect.left() + self._overhang, rect.top() + (6 if usual else 3), _BAR, 7 if usual else 5)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
        painter.drawImage(bar, image)
        painter.setFont(number)
        painter.setPen(theme.dim)
        for place, text in enumerate(self._ticks):
            x = bar.left() + bar.width() * place / max(1, len(self._ticks) - 1)
            painter.drawLine(QPointF(x, bar.bottom()), QPointF(x, bar.bottom() + 2))
            below = QRectF(x - 50, bar.bottom() + 1, 100, 14 if usual else rect.bottom() - bar.bottom() - 2)
            painter.drawText(below, _BELOW if usual else _LARGE, text)


class _Rest:
    """How many swatches there was no room for."""

    def __init__(self, count: int, metrics: QFontMetricsF) -> None:
        self.text = translate("Canvas", "%n more", count)
        self.wide = metrics.horizontalAdvance(self.text) + 16

    def paint(self, painter: QPainter, theme: Theme, rect: QRectF, label: QFont, _: QFont) -> None:
        painter.setFont(label)
        painter.setPen(theme.dim)
        painter.drawText(rect, _CENTRED, self.text)


_Part = _Swatch | _Bar | _Rest


def _parts(theme: Theme, legend: Legend, palette: Sequence[QColor], metrics: QFontMetricsF, numbers: QFontMetricsF) -> list[_Part]:
    parts: list[_Part] = []
    low, high = legend.bar
    if high > low:
        parts.append(_Bar(palette[low:high], legend.ticks, numbers))
    parts += [_Swatch(palette[chip.place], f"{chip.text} ({chip.count})" if chip.count else chip.text, metrics) for chip in legend.chips]
    if legend.zero:
        parts.append(_Swatch(palette[0], legend.zero, metrics))
    if legend.plain:
        parts.append(_Swatch(None, legend.plain, metrics))
    return parts


def _wide(row: Sequence[_Part]) -> float:
    return sum(part.wide for part in row)


def _fitting(parts: list[_Part], room: float, metrics: QFontMetricsF) -> list[list[_Part]]:
    """The parts that fit, in rows, and how many more there are; what a plain node means is kept longest, since no colour of the graph
    says it."""
    rows = _wrapped(parts, room)
    for left_out in range(1, len(parts)):
        if len(rows) <= _ROWS:
            break
        rows = _wrapped([*parts[: -1 - left_out], _Rest(left_out, metrics), parts[-1]], room)
    return rows


def _wrapped(parts: Sequence[_Part], room: float) -> list[list[_Part]]:
    rows: list[list[_Part]] = []
    for part in parts:
        if rows and _wide(rows[-1]) + part.wide <= room:
            rows[-1].append(part)
        else:
            rows.append([part])
    return rows
