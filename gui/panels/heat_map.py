"""A plane of numbers of any size as a picture: zoomed by the wheel, moved by dragging, an element picked by a click or by arrows."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QApplication, QWidget

from .. import theme
from ..tensors.levels import Levels
from ..tensors.sources import Array, Region
from ..widgets.formats import number, shown
from .heat_picture import Overlay, Scale, View, picture
from .hit_marks import hits_in, marked

CLOSEST = 4  # elements that are seen at least
ZOOM = 1.25  # a notch of the wheel
TEXTS = 900  # elements of which the numbers are written into the picture, at most

Block = Callable[[int, int, int, int], "Array | None"]


class HeatMap(QWidget):
    """Shows Levels. What is in view is asked of them while it is painted; ``show_more`` says that more of it is here."""

    cell_picked = Signal(int, int)  # row and column of the element that was clicked or moved to
    hovered = Signal(int, int)  # of the element under the pointer; -1, -1 where it left

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMinimumSize(120, 90)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAccessibleName(self.tr("Heat map"))
        self._levels: Levels | None = None
        self._block: Block | None = None  # gives the exact elements of a region, to write them; None: they are not written
        self._hits: Levels | None = None  # true where something was found
        self._scale = Scale()
        self._current = (0, 0)
        self._square = False
        self._view = QRectF()
        self._pressed: QPointF | None = None
        self._dragged = False
        self._image: QImage | None = None

    def sizeHint(self) -> QSize:
        return QSize(260, 220)

    def show_levels(self, levels: Levels | None, block: Block | None = None) -> None:
        """Show a plane; the view goes back to all of it when the shape is another one."""
        before = self._levels.shape if self._levels is not None else None
        self._levels, self._block = levels, block
        if levels is not None:
            rows, columns = levels.shape
            self._current = (min(self._current[0], max(rows - 1, 0)), min(self._current[1], max(columns - 1, 0)))
            if levels.shape != before:
                self.fit()
        self.show_more()

    def show_hits(self, hits: Levels | None) -> None:
        """Mark what was found: levels of truth values of the same plane."""
        if hits is not self._hits:
            self._hits = hits
            self.show_more()

    def show_more(self) -> None:
        """Paint anew: more is here, or something else."""
        self._image = None
        self.update()

    def set_range(self, low: float, high: float) -> None:
        """The values at which the colours end."""
        self._set(Scale(low, high, self._scale.peaks, self._scale.overlays))

    def set_peaks(self, peaks: bool) -> None:
        """Show of each block the value farthest from zero instead of the mean."""
        self._set(Scale(self._scale.low, self._scale.high, peaks, self._scale.overlays))

    def set_overlays(self, overlays: Overlay) -> None:
        """What is marked over the colours."""
        self._set(Scale(self._scale.low, self._scale.high, self._scale.peaks, overlays))

    def set_square(self, square: bool) -> None:
        """Whether elements are as wide as high; else the plane fills the room."""
        self._square = square
        self.fit()

    def _set(self, scale: Scale) -> None:
        if scale != self._scale:
            self._scale = scale
            self.show_more()

    # ----------------------------------------------------------------------------------------------------------- view

    @property
    def shape(self) -> tuple[int, int]:
        return self._levels.shape if self._levels is not None else (0, 0)

    @property
    def view(self) -> QRectF:
        """The part of the plane that is in view: x in columns, y in rows."""
        return QRectF(self._view)

    def fit(self) -> None:
        """Show the whole plane."""
        rows, columns = self.shape
        self._view = QRectF(0, 0, columns, rows)
        self._keep_inside()

    def go_to(self, row: int, column: int) -> None:
        """Mark an element and bring it into view."""
        rows, columns = self.shape
        if not rows or not columns:
            return
        self._current = (min(max(row, 0), rows - 1), min(max(column, 0), columns - 1))
        place = QPointF(self._current[1] + 0.5, self._current[0] + 0.5)
        if not self._view.contains(place):
            self._view.moveCenter(place)
            self._keep_inside()
        self.update()

    def zoom(self, factor: float, at: QPointF | None = None) -> None:
        """Enlarge by a factor around a point of the widget, its middle unless one is given."""
        rows, columns = self.shape
        if not rows or not columns:
            return
        point = at if at is not None else QPointF(self.width() / 2, self.height() / 2)
        x, y = point.x() / max(self.width(), 1), point.y() / max(self.height(), 1)
        width = max(self._view.width() / factor, min(CLOSEST, columns))
        height = max(self._view.height() / factor, min(CLOSEST, rows))
        if self._square:
            width = max(width, height * self.width() / max(self.height(), 1))
        middle = self._view.left() + x * self._view.width(), self._view.top() + y * self._view.height()
        self._view = QRectF(middle[0] - x * width, middle[1] - y * height, width, height)
        self._keep_inside()

    def element_at(self, point: QPointF) -> tuple[int, int] | None:
        """Row and column of the element at a point of the widget; None beside the plane."""
        rows, columns = self.shape
        row = math.floor(self._view.top() + point.y() / max(self.height(), 1) * self._view.height())
        column = math.floor(self._view.left() + point.x() / max(self.width(), 1) * self._view.width())
        return (row, column) if 0 <= row < rows and 0 <= column < columns else None

    @property
    def is_painted(self) -> bool:
        """Whether numbers are on the screen, those that are here so far."""
        return self._image is not None and self._levels is not None and self._levels.sample is not None

    def image(self) -> QImage:
        """What is in view as a picture, without the frame of the picked element."""
        ratio = self.devicePixelRatioF()
        size = max(round(self.height() * ratio), 1), max(round(self.width() * ratio), 1)
        if self._image is None or (self._image.height(), self._image.width()) != size:
            self._image = self._made(size, ratio)
        return self._image

    # --------------------------------------------------------------------------------------------------------- inside

    def _keep_inside(self) -> None:
        rows, columns = self.shape
        if rows and columns:
            width, height = min(self._view.width(), columns), min(self._view.height(), rows)
            if self._square:
                scale = max(width / max(self.width(), 1), height / max(self.height(), 1))
                width, height = scale * self.width(), scale * self.height()
            left = (columns - width) / 2 if width >= columns else min(max(self._view.left(), 0.0), columns - width)
            top = (rows - height) / 2 if height >= rows else min(max(self._view.top(), 0.0), rows - height)
            self._view = QRectF(left, top, width, height)
        self.show_more()

    def _made(self, size: tuple[int, int], ratio: float) -> QImage:
        view = self._view
        seen = View(view.top(), view.left(), view.height() or 1.0, view.width() or 1.0)
        if self._levels is None or view.width() <= 0 or view.height() <= 0:
            return picture([], seen, size, self._scale, ratio)
        region, down, across = self._region(), view.height() / size[0], view.width() / size[1]
        made = picture(self._levels.placed(region, down, across), seen, size, self._scale, ratio)
        if self._hits is None or self._hits.shape != self._levels.shape:
            return made
        return marked(made, *hits_in(self._hits.placed(region, down, across), seen, size, ratio), ratio)

    def _region(self) -> Region:
        rows, columns = self.shape
        view = self._view
        return (
            max(math.floor(view.top()), 0), min(math.ceil(view.bottom()), rows),
            max(math.floor(view.left()), 0), min(math.ceil(view.right()), columns),
        )  # fmt: skip

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        try:
            painter.drawImage(0, 0, self.image())
            if 0 not in self.shape:
                self._edge(painter)
                self._write(painter)
                self._frame(painter)
        finally:
            painter.end()

    def _edge(self, painter: QPainter) -> None:
        """A hair line around the plane: zeros have the colour of the ground."""
        painter.setPen(QPen(theme.current().border, 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        whole = self._cell(0, 0).united(self._cell(self.shape[0] - 1, self.shape[1] - 1))
        painter.drawRect(whole.intersected(QRectF(self.rect())).adjusted(0.5, 0.5, -0.5, -0.5))

    def _cell(self, row: int, column: int) -> QRectF:
        view = self._view
        across, down = self.width() / view.width(), self.height() / view.height()
        return QRectF((column - view.left()) * across, (row - view.top()) * down, across, down)

    def _write(self, painter: QPainter) -> None:
        """The numbers themselves, where there is room for them."""
        if self._block is None:
            return
        painter.setFont(theme.mono_font(11))
        metrics = painter.fontMetrics()
        top, bottom, left, right = self._region()
        cell = self._cell(top, left)
        if cell.height() < metrics.height() + 2 or cell.width() < 6 * metrics.horizontalAdvance("0"):
            return
        if (bottom - top) * (right - left) > TEXTS:
            return
        block = self._block(top, bottom, left, right)
        if block is None:
            return
        image, flags = self.image(), int(Qt.AlignmentFlag.AlignCenter)
        letter = metrics.horizontalAdvance("0")
        ratio, far_right, far_down = image.devicePixelRatio(), image.width() - 1, image.height() - 1
        across, down, room = cell.width(), cell.height(), cell.width() - 6
        for row, line in enumerate(self._texts(block)):
            y = cell.y() + row * down
            for column, text in enumerate(line):
                x = cell.x() + column * across
                if len(text) * letter > room:  # all letters are of one width
                    text = metrics.elidedText(text, Qt.TextElideMode.ElideRight, int(room))
                rect = QRectF(x + 3, y, room, down)
                behind = image.pixel(min(max(int((x + 2) * ratio), 0), far_right), min(max(int((y + 2) * ratio), 0), far_down))
                if text in ("nan", "inf", "-inf"):  # the hatch must not run through the letters
                    field = theme.current().field
                    width = metrics.horizontalAdvance(text) + 6
                    painter.fillRect(
                        QRectF(rect.center().x() - width / 2, rect.center().y() - metrics.height() / 2, width, metrics.height()), field
                    )
                    behind = field.rgb()
                painter.setPen(_ink(behind))
                painter.drawText(rect, flags, text)

    @staticmethod
    def _texts(block: Array) -> list[list[str]]:
        """Floating numbers in short: the exact value stands below."""
        if block.dtype.kind == "f":
            return [[number(one, 3) for one in line] for line in block.tolist()]
        return [[shown(one) for one in line] for line in block]

    def _frame(self, painter: QPainter) -> None:
        look = theme.current()
        rect = self._cell(*self._current)
        if rect.width() < 6 or rect.height() < 6:
            size = QRectF(0, 0, max(rect.width(), 8), max(rect.height(), 8))
            size.moveCenter(rect.center())
            rect = size
            if self._view.contains(QPointF(self._current[1] + 0.5, self._current[0] + 0.5)):  # also at an edge it is seen whole
                rect.moveLeft(min(max(rect.left(), 1.5), self.width() - rect.width() - 1.5))
                rect.moveTop(min(max(rect.top(), 1.5), self.height() - rect.height() - 1.5))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for pen in (QPen(look.field, 3), QPen(look.text, 1.4)):
            painter.setPen(pen)
            painter.drawRect(rect)

    # ---------------------------------------------------------------------------------------------------------- events

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._keep_inside()

    def wheelEvent(self, event: QWheelEvent) -> None:
        notches = event.angleDelta().y() / 120
        if notches:
            self.zoom(ZOOM**notches, event.position())
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._pressed, self._dragged = event.position(), False

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._pressed is not None:
            moved = event.position() - self._pressed
            if self._dragged or moved.manhattanLength() >= QApplication.startDragDistance():
                self._dragged = True
                self._pressed = event.position()
                view = self._view
                view.translate(-moved.x() * view.width() / max(self.width(), 1), -moved.y() * view.height() / max(self.height(), 1))
                self._keep_inside()
            return
        self.hovered.emit(*(self.element_at(event.position()) or (-1, -1)))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        element = self.element_at(event.position())
        if self._pressed is not None and not self._dragged and element is not None:
            self.setFocus()
            self.go_to(*element)
            self.cell_picked.emit(*element)
        self._pressed = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.fit()

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self.hovered.emit(-1, -1)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        moves = {Qt.Key.Key_Left: (0, -1), Qt.Key.Key_Right: (0, 1), Qt.Key.Key_Up: (-1, 0), Qt.Key.Key_Down: (1, 0)}
        move = moves.get(Qt.Key(event.key()))
        if move is not None and 0 not in self.shape:
            self.go_to(self._current[0] + move[0], self._current[1] + move[1])
            self.cell_picked.emit(*self._current)
        elif event.key() in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.zoom(ZOOM)
        elif event.key() == Qt.Key.Key_Minus:
            self.zoom(1 / ZOOM)
        elif event.key() == Qt.Key.Key_0:
            self.fit()
        else:
            super().keyPressEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self.show_more()


@functools.lru_cache(maxsize=1024)
def _ink(behind: int) -> QColor:
    """Black or white, whichever can be read on a colour."""
    black, white, colour = QColor("black"), QColor("white"), QColor.fromRgb(behind)
    return black if theme.contrast(black, colour) >= theme.contrast(white, colour) else white
