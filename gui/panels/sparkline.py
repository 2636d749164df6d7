"""A line as high as a row: how a number went over the stops. What is not finite is a mark, never a gap that says nothing."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen, QPolygonF

from .. import theme


def paint_sparkline(painter: QPainter, rect: QRectF, values: Sequence[float]) -> None:
    """Paint the values from left to right over the whole height, the newest with a dot."""
    finite = [value for value in values if math.isfinite(value)]
    if not values:
        return
    look = theme.current()
    low, high = (min(finite), max(finite)) if finite else (0.0, 0.0)
    spread = high - low
    step = rect.width() / max(len(values) - 1, 1)

    def place(index: int, value: float) -> QPointF:
        share = (value - low) / spread if spread > 0 else 0.5
        return QPointF(rect.left() + index * step, rect.bottom() - share * rect.height())

    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(look.ready, 1.4))
    run: list[QPointF] = []
    for index, value in enumerate(values):
        if math.isfinite(value):
            run.append(place(index, value))
            continue
        painter.drawPolyline(QPolygonF(run))
        run = []
        if not math.isnan(value):  # an infinity; NaN stands for "no number here"
            painter.setPen(QPen(look.bad, 1.6))
            x = rect.left() + index * step
            painter.drawLine(QPointF(x - 2, rect.top()), QPointF(x + 2, rect.top() + 4))
            painter.drawLine(QPointF(x + 2, rect.top()), QPointF(x - 2, rect.top() + 4))
            painter.setPen(QPen(look.ready, 1.4))
    painter.drawPolyline(QPolygonF(run))
    if math.isfinite(values[-1]):
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(look.accent)
        painter.drawEllipse(place(len(values) - 1, values[-1]), 2.4, 2.4)
    painter.restore()
