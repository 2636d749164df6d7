"""A value that is a picture, as a picture: three dimensions of which one has one, three or four channels."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QImage, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from gradstep.engine.tape.overview import Plane, real_part

from .. import theme
from ..tensors.sources import Answer, Array, LiveSource, Missing, Part, Source
from .hit_marks import Mask, marked

CHANNELS = (1, 3, 4)
SMALLEST, LARGEST = 2, 8192  # pixels of a side
MOST = 1 << 22  # elements of a picture that is drawn


def channel_dimension(shape: tuple[int, ...]) -> int | None:
    """Which of the last three dimensions are the channels: the first of them (CHW) or the last (HWC); None where the value does not
    look like pictures."""
    if len(shape) < 3:
        return None
    for dim in (len(shape) - 3, len(shape) - 1):
        sides = [shape[other] for other in range(len(shape) - 3, len(shape)) if other != dim]
        if shape[dim] in CHANNELS and all(SMALLEST <= side <= LARGEST for side in sides):
            return dim
    return None


def rgb_picture(value: Array, channels: int, low: float, high: float) -> QImage:
    """Three dimensions, of which ``channels`` (0 or 2) are the colours, as a picture in which ``low`` is black and ``high`` white. What
    is not finite is magenta, which grey-level pictures do not have."""
    numbers = np.moveaxis(real_part(value).astype(np.float64), channels, 2)
    bad = ~np.isfinite(numbers).all(axis=2)
    span = high - low if high > low else 1.0
    with np.errstate(invalid="ignore"):
        levels = np.clip((numbers - low) / span, 0, 1)
    levels = (np.nan_to_num(levels) * 255).round().astype(np.uint8)
    if levels.shape[2] == 1:
        levels = np.repeat(levels, 3, axis=2)
    opaque = np.full(levels.shape[:2], 255, np.uint8) if levels.shape[2] == 3 else levels[:, :, 3]
    pixels = np.ascontiguousarray(np.dstack([levels[:, :, :3], opaque]))
    pixels[bad] = (255, 0, 255, 255)
    height, width = bad.shape
    return QImage(pixels.tobytes(), width, height, 4 * width, QImage.Format.Format_RGBA8888).copy()


class ImageView(QWidget):
    """Shows a picture as large as there is room, with square pixels that stay sharp."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMinimumSize(120, 80)
        self.setAccessibleName(self.tr("Picture"))
        self._image = QImage()
        self._words = ""
        self._hits: Mask | None = None
        self._current: tuple[int, int] | None = None

    def sizeHint(self) -> QSize:
        return QSize(260, 220)

    def show_source(self, source: Source, plane: Plane, low: float, high: float) -> None:
        """Put the picture together that a plane is a channel of; ``low`` is black and ``high`` white."""
        dim, outer = channel_dimension(source.shape), len(source.shape) - 3
        if dim is None:
            return
        if math.prod(source.shape[outer:]) > (source.page if isinstance(source, LiveSource) else MOST):
            self.show_words(self.tr("This picture is too large to be put together; the heat map shows it channel by channel."))
            return

        def arrived(found: Answer) -> None:
            if isinstance(found, Missing):
                self.show_words(found.why)
            else:
                self.show_image(rgb_picture(found, dim - outer, low, high))

        source.forget("picture")
        source.ask(Part(plane.at[:outer]), arrived, "picture", 2)

    def show_image(self, image: QImage) -> None:
        """Show another picture."""
        self._image = image
        self.setAccessibleDescription(self.tr("{0} by {1} pixels").format(image.width(), image.height()))
        self.update()

    def show_hits(self, hits: Mask | None) -> None:
        """Mark the pixels, of the picture's height and width, in one of whose channels something was found."""
        self._hits = hits
        self.update()

    def go_to(self, row: int, column: int) -> None:
        """Frame the pixel of the element that is picked, while hits are marked."""
        self._current = (row, column)
        self.update()

    def show_words(self, words: str) -> None:
        """Say why there is no picture."""
        self._image, self._words = QImage(), words
        self.setAccessibleDescription(words)
        self.update()

    def image(self) -> QImage:
        """The picture, a pixel an element."""
        return self._image

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        try:
            look = theme.current()
            painter.fillRect(self.rect(), look.field)
            if self._image.isNull():
                painter.setPen(look.dim)
                room = self.rect().adjusted(12, 12, -12, -12)
                painter.drawText(room, int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap), self._words)
                return
            size = self._image.size().scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio)
            whole = min(size.width() // self._image.width(), size.height() // self._image.height())
            if whole >= 1:  # whole multiples, so that all pixels are alike
                size = self._image.size() * whole
            place = QRect(0, 0, size.width(), size.height())
            place.moveCenter(self.rect().center())
            painter.fillRect(place, Qt.BrushStyle.Dense6Pattern)  # seen through where a fourth channel lets it
            hits = self._hits
            if hits is None or hits.shape != (self._image.height(), self._image.width()):
                painter.drawImage(place, self._image)
                return
            ratio = self.devicePixelRatioF()
            drawn = QImage(place.size() * ratio, QImage.Format.Format_RGB32)
            drawn.fill(look.field)
            inner = QPainter(drawn)
            try:
                inner.drawImage(drawn.rect(), self._image)
            finally:
                inner.end()
            down, across = (
                np.arange(new) * old // max(new, 1) for new, old in zip((drawn.height(), drawn.width()), hits.shape, strict=True)
            )
            painter.drawImage(place, marked(drawn, hits[down][:, across], drawn.width() / hits.shape[1], ratio))
            self._frame(painter, place)
        finally:
            painter.end()

    def _frame(self, painter: QPainter, place: QRect) -> None:
        if self._current is None:
            return
        row, column = self._current
        across, down = place.width() / self._image.width(), place.height() / self._image.height()
        rect = QRectF(place.left() + column * across, place.top() + row * down, across, down)
        size = QRectF(0, 0, max(across, 8), max(down, 8))
        size.moveCenter(rect.center())
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for pen in (QPen(theme.current().field, 3), QPen(theme.current().text, 1.4)):
            painter.setPen(pen)
            painter.drawRect(size)
