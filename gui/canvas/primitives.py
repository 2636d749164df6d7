"""Hands numpy arrays to QPainter as lines, rectangles and pixmap fragments without making an object for each.

PySide accepts the first C++ object of an array and a count. The buffers live as long as the process and are never freed
while a wrapper may point at them: shiboken finds wrappers by address, and a recycled address would give it a stale one of
another type.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import shiboken6
from PySide6.QtCore import QLineF, QRectF
from PySide6.QtGui import QPainter, QPixmap

Floats = npt.NDArray[np.float64]

_FRAGMENT = 10  # doubles of a QPainter::PixmapFragment: x, y, source left, top, width, height, scale x, y, rotation, opacity


class _Buffer:
    """One growing array of C++ structs of ``doubles`` doubles each."""

    def __init__(self, kind: type, doubles: int) -> None:
        self._kind = kind
        self._doubles = doubles
        self._kept: list[tuple[Floats, Any]] = []
        self._grow(1024)

    def _grow(self, count: int) -> None:
        array = np.zeros((count, self._doubles))
        self._kept.append((array, shiboken6.wrapInstance(array.ctypes.data, self._kind)))

    def filled(self, rows: Floats) -> tuple[Any, int]:
        """Pointer and count of the rows, valid until the next call."""
        count = len(rows)
        if count > len(self._kept[-1][0]):
            self._grow(1 << (count - 1).bit_length())
        array, first = self._kept[-1]
        array[:count] = rows
        return first, count


_buffers: dict[type, _Buffer] = {}


def _buffer(kind: type, doubles: int) -> _Buffer:
    if kind not in _buffers:
        _buffers[kind] = _Buffer(kind, doubles)
    return _buffers[kind]


def draw_lines(painter: QPainter, rows: Floats) -> None:
    """Lines with the painter's pen; rows of x1, y1, x2, y2."""
    if len(rows):
        painter.drawLines(*_buffer(QLineF, 4).filled(rows))


def draw_rects(painter: QPainter, rows: Floats) -> None:
    """Rectangles with the painter's pen and brush; rows of left, top, width, height."""
    if len(rows):
        painter.drawRects(*_buffer(QRectF, 4).filled(rows))


def draw_copies(painter: QPainter, pixmap: QPixmap, centres: Floats, scale: float = 1.0) -> None:
    """The whole pixmap around each centre (rows of x, y), ``scale`` painter units a pixel of the pixmap."""
    if len(centres):
        rows = np.zeros((len(centres), _FRAGMENT))
        rows[:, :2] = centres
        rows[:, 4] = pixmap.width()
        rows[:, 5] = pixmap.height()
        rows[:, 6] = rows[:, 7] = scale
        rows[:, 9] = 1.0
        fragments, count = _buffer(QPainter.PixmapFragment, _FRAGMENT).filled(rows)
        painter.drawPixmapFragments(fragments, count, pixmap)
