"""Pictures of nodes and badges as pixels for the screen, or as their strokes for devices that keep lines and text (SVG, PDF)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QPainter, QPicture, QPixmap

from .primitives import draw_copies

Floats = npt.NDArray[np.float64]


class Strokes(QPicture):
    """What a QPixmap would hold, as it was painted. Of the size that was asked for, not of what was painted."""

    def __init__(self, width: int, height: int) -> None:
        super().__init__()
        self._wide, self._high = width, height
        self.setBoundingRect(QRect(0, 0, width, height))

    def width(self) -> int:
        return self._wide

    def height(self) -> int:
        return self._high

    def rect(self) -> QRect:
        """As QPixmap has it."""
        return QRect(0, 0, self._wide, self._high)


Picture = QPixmap | Strokes
_kept: list[type[Strokes]] = []  # not empty: pictures that are made now are kept as strokes


@contextmanager
def as_strokes() -> Iterator[None]:
    """Inside it ``blank`` gives pictures that keep lines and text."""
    _kept.append(Strokes)
    try:
        yield
    finally:
        _kept.pop()


def blank(width: float, height: float) -> Picture:
    """An empty, transparent picture of at least that many device pixels."""
    wide, high = max(1, math.ceil(width)), max(1, math.ceil(height))
    if _kept:
        return Strokes(wide, high)
    pixmap = QPixmap(wide, high)
    pixmap.fill(Qt.GlobalColor.transparent)
    return pixmap


def put(painter: QPainter, target: QRectF, picture: Picture, part: QRectF | None = None) -> None:
    """A picture, or a part of it, as large as ``target``."""
    part = part if part is not None else QRectF(picture.rect())
    if isinstance(picture, QPixmap):
        painter.drawPixmap(target, picture, part)
        return
    painter.save()
    whole = part == QRectF(picture.rect())
    if not whole:
        painter.setClipRect(target, Qt.ClipOperation.IntersectClip)
    painter.translate(target.topLeft())
    painter.scale(target.width() / part.width(), target.height() / part.height())
    painter.translate(-part.topLeft())
    painter.drawPicture(0, 0, picture)
    painter.restore()


def put_at(painter: QPainter, x: float, y: float, picture: Picture) -> None:
    """A picture with its left upper corner there, on whole pixels."""
    if isinstance(picture, QPixmap):
        painter.drawPixmap(QPointF(x, y), picture)
        return
    put(painter, QRectF(x, y, picture.width(), picture.height()), picture)


def put_copies(painter: QPainter, picture: Picture, centres: Floats, scale: float = 1.0) -> None:
    """The whole picture around each centre (rows of x, y), ``scale`` painter units a pixel of it."""
    if isinstance(picture, QPixmap):
        draw_copies(painter, picture, centres, scale)
        return
    wide, high = picture.width() * scale, picture.height() * scale
    for x, y in centres.tolist():
        put(painter, QRectF(x - wide / 2, y - high / 2, wide, high), picture)
