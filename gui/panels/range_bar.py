"""The range of values that colours cover: two fields, a bar with a handle at each end, and buttons that fit it."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QDoubleValidator,
    QFontMetrics,
    QLinearGradient,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QShowEvent,
)
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QSizePolicy, QToolButton, QWidget

from .. import theme
from ..widgets.formats import number
from .buttons import worded
from .heat_picture import shades

_GREYS = [QColor("black"), QColor("white")]
_BETWEEN = 2  # pixels
LONGEST = "-1.23e-05"  # as numbers are written; a field must not cut a sign or a digit off


class RangeBar(QWidget):
    """Shows and changes a range within the limits that the numbers have."""

    range_changed = Signal(float, float)  # the user moved an end
    fit_wished = Signal()  # the user wants the range that fits most of the numbers, once
    keep_wished = Signal(bool)  # the user wants it to be fitted to whatever is shown, or not any more
    reset_wished = Signal()  # the user wants the range from the smallest to the largest number

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._kept = False
        self._low_field, self._high_field = self._field(self.tr("Lower end")), self._field(self.tr("Upper end"))
        self._bar = _Bar(self)
        self._bar.moved.connect(self._moved)
        self.setLayoutDirection(Qt.LayoutDirection.LeftToRight)  # numbers grow to the right in every language
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(_BETWEEN)
        row.addWidget(self._low_field)
        row.addWidget(self._bar, 1)
        row.addWidget(self._high_field)
        fit = self.tr(
            "Autofit: from the 0.5th to the 99.5th percentile of the finite numbers. Right click: keep it on for all that is shown"
        )
        self._fit = self._button(self.tr("A"), fit)
        self._fit.setCheckable(True)  # checked: kept on
        self._fit.clicked.connect(self._fit_clicked)
        self._fit.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self._fit.customContextMenuRequested.connect(lambda _: self.keep_wished.emit(not self._kept))
        reset = self._button(self.tr("R"), self.tr("Reset: from the smallest to the largest finite number"))
        reset.clicked.connect(self.reset_wished)
        for button in (self._fit, reset):
            row.addWidget(button)
        self._buttons = (self._fit, reset)
        self._keep_widths()
        self.show_range(0.0, 1.0, 0.0, 1.0)

    def changeEvent(self, event: QEvent) -> None:
        """Fields and buttons are as wide as their letters ask for."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange) and hasattr(self, "_buttons"):
            self._keep_widths()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._keep_widths()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._keep_widths()

    def _keep_widths(self) -> None:
        for field in (self._low_field, self._high_field):
            field.setFixedWidth(max(field.fontMetrics(), QFontMetrics(theme.mono_font(11)), key=_longest).horizontalAdvance(LONGEST) + 18)
        for button in self._buttons:
            button.setFixedWidth(theme.scaled(24))
        need = sum(part.width() + _BETWEEN for part in (self._low_field, self._high_field, *self._buttons))
        self._bar.setVisible(self.width() >= need + self._bar.minimumWidth())  # in a narrow dock it goes before a digit or a button

    def _button(self, text: str, name: str) -> QToolButton:
        button = QToolButton(self)
        button.setText(text)
        worded(button)
        button.setToolTip(name)
        button.setAccessibleName(name)
        return button

    def _fit_clicked(self) -> None:
        self._fit.setChecked(self._kept)
        self.fit_wished.emit()

    def show_for(self, shown: bool, grey: bool) -> None:
        """Whether there is something whose range it is, and whether that is a picture, in which numbers are brightness."""
        self.setVisible(shown)
        self._bar.grey = grey
        self._bar.update()

    def show_kept(self, kept: bool) -> None:
        """Whether the range is fitted to whatever is shown."""
        self._kept = kept
        self._fit.setChecked(kept)

    def show_spread(self, counts: Sequence[int]) -> None:
        """How many numbers lie where between the smallest and the largest, painted behind the bar."""
        self._bar.counts = [math.log1p(count) for count in counts]
        self._bar.update()

    def _field(self, name: str) -> QLineEdit:
        field = QLineEdit(self)
        field.setAccessibleName(name)
        field.setToolTip(name)
        field.setFont(theme.mono_font(11))
        field.setValidator(QDoubleValidator(field))
        field.editingFinished.connect(self._typed)
        return field

    def show_range(self, low: float, high: float, least: float, most: float) -> None:
        """The range in effect, and the smallest and the largest finite number."""
        self._bar.low, self._bar.high, self._bar.least, self._bar.most = low, high, least, most
        self._low_field.setText(number(low))
        self._high_field.setText(number(high))
        self._bar.update()

    def _moved(self, low: float, high: float) -> None:
        self.show_range(low, high, self._bar.least, self._bar.most)
        self.range_changed.emit(low, high)

    def _typed(self) -> None:
        if not (self._low_field.isModified() or self._high_field.isModified()):
            return
        try:
            low, high = float(self._low_field.text()), float(self._high_field.text())
        except ValueError:
            return
        if math.isfinite(low) and math.isfinite(high) and low < high:
            self._moved(low, high)


def _longest(metrics: QFontMetrics) -> int:
    return metrics.horizontalAdvance(LONGEST)


class _Bar(QWidget):
    moved = Signal(float, float)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.low, self.high, self.least, self.most = 0.0, 1.0, 0.0, 1.0
        self._held = 0
        self.grey = False
        self.counts: list[float] = []
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMinimumWidth(50)

    def sizeHint(self) -> QSize:
        return QSize(120, 26)

    def _x(self, value: float) -> float:
        width = self.width() - 14
        return (
            7 + width * min(max((value - self.least) / (self.most - self.least), 0.0), 1.0) if self.most > self.least else self.width() / 2
        )

    def _value(self, x: float) -> float:
        return self.least + min(max((x - 7) / max(self.width() - 14, 1), 0.0), 1.0) * (self.most - self.least)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        x = event.position().x()
        self._held = 1 if abs(x - self._x(self.low)) <= abs(x - self._x(self.high)) else 2
        self.mouseMoveEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        value = self._value(event.position().x())
        low, high = (value, self.high) if self._held == 1 else (self.low, value)
        if low < high:
            self.moved.emit(low, high)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._held = 0

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        try:
            look = theme.current()
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            track = QRectF(7, self.height() / 2 - 4, self.width() - 14, 8)
            self._paint_counts(painter, track)
            painter.setPen(QPen(look.outline, 1))
            painter.setBrush(look.field)
            painter.drawRoundedRect(track, 3, 3)
            left, right = self._x(self.low), self._x(self.high)
            if right > left:
                start, end, stops = (self.low, self.high, _GREYS) if self.grey else shades(self.low, self.high)
                a, b = self._x(start) if start >= self.least else left, self._x(end) if end <= self.most else right
                gradient = QLinearGradient(min(a, left), 0, max(b, right, min(a, left) + 1), 0)
                for place, colour in enumerate(stops):
                    gradient.setColorAt(place / (len(stops) - 1), colour)
                painter.setBrush(gradient)
                painter.drawRect(QRectF(left, track.top(), right - left, track.height()))
            for x, fill in ((left, look.text if not look.dark else look.canvas), (right, look.canvas if not look.dark else look.text)):
                painter.setPen(QPen(look.outline if fill is look.canvas else look.field, 1))
                painter.setBrush(fill)
                painter.drawRoundedRect(QRectF(x - 3.5, 4, 7, self.height() - 8), 2, 2)
        finally:
            painter.end()

    def _paint_counts(self, painter: QPainter, track: QRectF) -> None:
        """Above the track and mirrored below it: how many numbers lie where."""
        most = max(self.counts, default=0.0)
        if not most:
            return
        wide = track.width() / len(self.counts)
        fill = theme.mix(theme.current().panel, theme.current().dim, 0.45)
        for at, count in enumerate(self.counts):
            if count:
                high = max(count / most * (self.height() / 2 - 1), 4.5)
                painter.fillRect(QRectF(track.left() + at * wide, self.height() / 2 - high, max(wide, 1.0), 2 * high), fill)
