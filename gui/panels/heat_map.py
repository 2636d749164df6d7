"""A plane of numbers as a picture: colours by size, NaN and infinities hatched, no matter how small the picture is."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QBrush, QColor, QKeyEvent, QPainter, QPen, QTransform
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QVBoxLayout, QWidget

from .. import theme
from ..formats import exact
from .mips import NAN, NEGATIVE, POSITIVE, Level, Pyramid

HATCH_FROM = 5.0  # pixels that a block must be wide for a hatch to be seen in it
SHADES = 256


class HeatMap(QWidget):
    """Shows a plane. The wheel zooms, dragging moves, a click picks an element, arrows move the picked one."""

    cell_picked = Signal(int, int)  # row and column of the element that was clicked or moved to

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMinimumSize(120, 90)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(self.tr("Heat map"))
        self._plane: NDArray[Any] = np.zeros((0, 0))
        self._pyramid = Pyramid(self._plane)
        self._low, self._high = 0.0, 1.0
        self._peaks = False
        self._current = (0, 0)
        self._view = pg.GraphicsView(self)
        self._view.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._box = pg.ViewBox(invertY=True, enableMenu=False, lockAspect=False)
        self._box.setDefaultPadding(0)
        self._view.setCentralItem(self._box)
        self._image = pg.ImageItem(axisOrder="row-major")
        self._hatch = _Hatch()
        self._box.addItem(self._image)
        self._box.addItem(self._hatch)
        self._box.sigRangeChanged.connect(lambda *_: self._draw())
        self._box.sigResized.connect(lambda *_: self._draw())
        self._view.scene().sigMouseClicked.connect(self._clicked)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._view)
        self.restyle()

    def show_plane(self, plane: NDArray[Any]) -> None:
        """Show a two-dimensional array of real numbers; the view goes back to all of it when the shape is another one."""
        fresh = plane.shape != self._plane.shape
        self._plane = plane
        self._pyramid = Pyramid(plane)
        self._current = (min(self._current[0], max(plane.shape[0] - 1, 0)), min(self._current[1], max(plane.shape[1] - 1, 0)))
        if fresh:
            self.fit()
        self._draw()
        self._describe()

    def set_range(self, low: float, high: float) -> None:
        """The values at which the colours end."""
        self._low, self._high = low, high
        self._draw()

    def set_peaks(self, peaks: bool) -> None:
        """Show of each block the value farthest from zero instead of the mean."""
        self._peaks = peaks
        self._draw()

    def fit(self) -> None:
        """Show the whole plane."""
        rows, columns = self._plane.shape
        if rows and columns:
            self._box.setLimits(xMin=0, xMax=columns, yMin=0, yMax=rows, minXRange=min(4, columns), minYRange=min(4, rows))
            self._box.setRange(QRectF(0, 0, columns, rows), padding=0)

    def go_to(self, row: int, column: int) -> None:
        """Mark an element and bring it into view."""
        rows, columns = self._plane.shape
        if not rows or not columns:
            return
        self._current = (min(max(row, 0), rows - 1), min(max(column, 0), columns - 1))
        view = self._box.viewRect()
        if not view.contains(QPointF(self._current[1] + 0.5, self._current[0] + 0.5)):
            view.moveCenter(QPointF(self._current[1] + 0.5, self._current[0] + 0.5))
            self._box.setRange(view, padding=0)
        self._hatch.mark = self._current
        self._hatch.update()
        self._describe()

    def restyle(self) -> None:
        """Take the colours of the theme in effect."""
        self._view.setBackground(theme.current().field)
        self._draw()

    # --------------------------------------------------------------------------------------------------------- inside

    def _describe(self) -> None:
        if self._plane.size:
            row, column = self._current
            text = self.tr("Row %1, column %2: %3").replace("%3", exact(self._plane[row, column]))
            self.setAccessibleDescription(text.replace("%2", str(column)).replace("%1", str(row)))

    def _draw(self) -> None:
        rows, columns = self._plane.shape
        if not rows or not columns:
            self._image.clear()
            self._hatch.show_flags(None, 1, 0, 0)
            return
        view = self._box.viewRect()
        size = self._box.size()
        per_pixel = max(view.width() / max(size.width(), 1), view.height() / max(size.height(), 1))
        level = self._pyramid.level(per_pixel * 2)  # a block is one or two pixels wide at least
        factor = level.factor
        top, left = max(int(view.top() // factor), 0), max(int(view.left() // factor), 0)
        bottom, right = int(view.bottom() // factor) + 1, int(view.right() // factor) + 1
        cut = Level(factor, level.mean[top:bottom, left:right], level.peak[top:bottom, left:right], level.flags[top:bottom, left:right])
        if not cut.flags.size:
            return
        self._image.setImage(
            colours(cut.peak if self._peaks else cut.mean, cut.flags, self._low, self._high), autoLevels=False, levels=None
        )
        height, width = cut.flags.shape
        self._image.setRect(QRectF(left * factor, top * factor, width * factor, height * factor))
        self._hatch.show_flags(cut.flags, factor, top, left)
        self._hatch.mark = self._current

    def _clicked(self, event: Any) -> None:
        point = self._box.mapSceneToView(event.scenePos())
        rows, columns = self._plane.shape
        row, column = int(point.y()), int(point.x())
        if 0 <= row < rows and 0 <= column < columns:
            self.setFocus()
            self.go_to(row, column)
            self.cell_picked.emit(row, column)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        moves = {Qt.Key.Key_Left: (0, -1), Qt.Key.Key_Right: (0, 1), Qt.Key.Key_Up: (-1, 0), Qt.Key.Key_Down: (1, 0)}
        move = moves.get(Qt.Key(event.key()))
        if move is None or not self._plane.size:
            super().keyPressEvent(event)
            return
        self.go_to(self._current[0] + move[0], self._current[1] + move[1])
        self.cell_picked.emit(*self._current)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self.restyle()


class _Hatch(pg.GraphicsObject):  # type: ignore[misc]
    """Over the picture: hatches where something is not finite, and the frame of the picked element."""

    def __init__(self) -> None:
        super().__init__()
        self._flags: NDArray[np.uint8] | None = None
        self._factor, self._top, self._left = 1, 0, 0
        self.mark: tuple[int, int] | None = None

    def show_flags(self, flags: NDArray[np.uint8] | None, factor: int, top: int, left: int) -> None:
        """Other blocks came into view."""
        self.prepareGeometryChange()
        self._flags = flags if flags is not None and flags.any() else None
        self._factor, self._top, self._left = factor, top, left
        self.update()

    def boundingRect(self) -> QRectF:
        return QRectF(self.viewRect()) if self.getViewBox() is not None else QRectF()

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        to_device = painter.worldTransform()
        painter.save()
        try:
            painter.setWorldTransform(QTransform())  # a hatch is as fine as the screen, not as the numbers
            self._paint(painter, to_device)
        finally:
            painter.restore()

    def _paint(self, painter: QPainter, to_device: QTransform) -> None:
        look = theme.current()
        if self._flags is not None:
            rows, columns = np.nonzero(self._flags & (NAN | POSITIVE | NEGATIVE))
            step = to_device.mapRect(QRectF(0, 0, self._factor, self._factor))
            wide = min(step.width(), step.height()) >= HATCH_FROM
            for row, column in zip(rows[:20_000].tolist(), columns[:20_000].tolist(), strict=True):
                place = QRectF((self._left + column) * self._factor, (self._top + row) * self._factor, self._factor, self._factor)
                rect = to_device.mapRect(place)
                nan = bool(self._flags[row, column] & NAN)
                colour = look.bad if nan else look.good
                if wide:
                    painter.fillRect(rect, theme.mix(look.field, colour, 0.3))
                    pattern = Qt.BrushStyle.BDiagPattern if nan else Qt.BrushStyle.FDiagPattern
                    painter.fillRect(rect, QBrush(colour, pattern))
                else:  # one pixel would be overlooked
                    centre = rect.center()
                    painter.fillRect(QRectF(centre.x() - 1.5, centre.y() - 1.5, 3, 3), colour)
        if self.mark is not None:
            rect = to_device.mapRect(QRectF(self.mark[1], self.mark[0], 1, 1))
            if rect.width() < 6 or rect.height() < 6:
                rect = QRectF(rect.center().x() - 4, rect.center().y() - 4, 8, 8)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(look.field, 3))
            painter.drawRect(rect)
            painter.setPen(QPen(look.text, 1.4))
            painter.drawRect(rect)


def shades(low: float, high: float) -> tuple[float, float, list[QColor]]:
    """The colours of a range and the values at which they end: blue to orange around zero where the range has both signs,
    else from pale to strong."""
    look = theme.current()
    if low < 0 < high:
        end = max(-low, high)
        return -end, end, [*look.negative[::-1], *look.positive[1:]]
    if high <= 0 and low < 0:
        return low, high, list(look.negative[::-1])
    return low, high, list(look.positive)


def colours(values: NDArray[np.floating], flags: NDArray[np.uint8], low: float, high: float) -> NDArray[np.uint8]:
    """The picture of the values: red, green, blue in the last dimension."""
    look = theme.current()
    start, end, stops = shades(low, high)
    table = _table(tuple(_rgb(stop) for stop in stops))
    if end > start:
        place = np.clip((values - start) * ((SHADES - 1) / (end - start)), 0, SHADES - 1)
    else:
        place = np.full(values.shape, (SHADES - 1) / 2)
    picture: NDArray[np.uint8] = table[np.rint(place).astype(np.intp)]
    if flags.any():
        picture[flags & (POSITIVE | NEGATIVE) != 0] = _rgb(look.good)
        picture[flags & NAN != 0] = _rgb(look.bad)
    return picture


@functools.lru_cache(maxsize=16)
def _table(stops: tuple[tuple[int, int, int], ...]) -> NDArray[np.uint8]:
    """The colours of all shades between the stops."""
    return np.array([_at([QColor(*stop) for stop in stops], k / (SHADES - 1)) for k in range(SHADES)], np.uint8)


def _at(stops: list[QColor], share: float) -> tuple[int, int, int]:
    place = share * (len(stops) - 1)
    first = min(int(place), len(stops) - 2)
    return _rgb(theme.mix(stops[first], stops[first + 1], place - first))


def _rgb(colour: QColor) -> tuple[int, int, int]:
    return colour.red(), colour.green(), colour.blue()
