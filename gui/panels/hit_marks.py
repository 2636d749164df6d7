"""Marks around what was found, in pictures made of pixels: light beside dark, seen on every colour."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage

from gradstep.engine.tape.overview import EMPTY

from .. import theme
from ..tensors.levels import Placed
from .heat_picture import HATCH_FROM, View, grown, parts_of

DASH = 4  # pixels
DASHED = 14  # pixels of an element from which on its line has gaps

Mask = NDArray[np.bool_]


def hits_in(placed: Sequence[Placed], view: View, size: tuple[int, int], ratio: float = 1.0) -> tuple[Mask, float]:
    """Which pixels of a picture of ``size`` (height and width) show an element that was found, and how many pixels an element or a block
    of them takes. A small one becomes a dot of three pixels: one would be overlooked."""
    found, cell = np.zeros(size, np.bool_), math.inf
    for part in parts_of(placed, view, size):
        there = part.of((part.level.peak > 0) & (part.level.flags & EMPTY == 0))
        cell = part.cell
        found[part.where] = there if cell >= HATCH_FROM * ratio else grown(there, max(round(ratio), 1))
    return found, cell


def marked(image: QImage, found: Mask, cell: float, ratio: float = 1.0) -> QImage:
    """The picture with a dark line just inside the border of what was found and a light one outside of it (in the dark the other way
    round), of dashes where an element takes many pixels: the one that is picked has a frame without gaps."""
    if not found.any():
        return image
    look, by = theme.current(), max(round(ratio), 1)
    made = image.convertToFormat(QImage.Format.Format_RGB32)
    height, width = made.height(), made.width()
    pixels = np.frombuffer(made.constBits(), np.uint32).reshape(height, made.bytesPerLine() // 4)[:, :width].copy()
    framed = np.pad(found, by)  # what is found at the picture's edge ends there
    edge = (framed & grown(~framed, by))[by:-by, by:-by]
    pixels[grown(found, by) & ~found] = look.field.rgb()
    pixels[edge] = look.text.rgb()
    if cell >= DASHED * ratio:
        y, x = np.arange(height)[:, None] // by, np.arange(width)[None, :] // by
        pixels[edge & ((x + y) % (2 * DASH) >= DASH)] = look.field.rgb()
    result = QImage(pixels.tobytes(), width, height, width * 4, QImage.Format.Format_RGB32).copy()
    result.setDevicePixelRatio(image.devicePixelRatio())
    return result
