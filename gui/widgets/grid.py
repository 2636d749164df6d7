"""A grid of numbers that paints what is in view and nothing else, for tables of any size.

A QTableView asks its model 5,800 times a repaint and needs 126 ms for it; this one slices the array once and needs a tenth.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPoint, QRect, QRectF, Qt, Signal
from PySide6.QtGui import (
    QAction,
    QBrush,
    QColor,
    QContextMenuEvent,
    QFontMetrics,
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QLineEdit, QMenu, QWidget

from .. import theme
from .announce import describe
from .formats import exact, shown
from .number_text import markdown_text, numpy_text, table_text
from .own_keys import Key, OwnKeys

Array = NDArray[Any]
COPY_LIMIT = 1_000_000  # elements that one copy may put on the clipboard


class Cells(Protocol):
    """Where a grid gets its numbers: ``block`` is asked for what is in view, and gives None for what is not here yet."""

    @property
    def shape(self) -> tuple[int, int]: ...
    def block(self, top: int, bottom: int, left: int, right: int) -> Array | None: ...


class ArrayCells:
    """The cells of a two-dimensional array."""

    def __init__(self, array: Array) -> None:
        assert array.ndim == 2
        self.array = array

    @property
    def shape(self) -> tuple[int, int]:
        return self.array.shape[0], self.array.shape[1]

    def block(self, top: int, bottom: int, left: int, right: int) -> Array | None:
        return self.array[top:bottom, left:right]


class NumberGrid(QAbstractScrollArea):
    """Shows numbers exactly, coloured by size. Ctrl+C copies, Ctrl+G goes to an index."""

    cell_picked = Signal(int, int)  # row and column of the current cell, whenever it changes
    copy_wished = Signal(object)  # the selection is to be copied, written by this function, and not all of it is here

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setFrameShape(QAbstractScrollArea.Shape.NoFrame)
        self.setMinimumSize(120, 80)
        self.setAccessibleName(self.tr("Numbers"))
        self._cells: Cells = ArrayCells(np.zeros((0, 0)))
        self._low, self._high = 0.0, 0.0
        self._heat = True
        self._hits: Callable[[Array], Array] | None = None
        self._current = (0, 0)
        self._anchor = (0, 0)
        self._whole = False  # all numbers in view are painted
        self._wide = 0  # the widest number seen so far, in characters
        self._goto = QLineEdit(self)
        self._goto.setPlaceholderText(self.tr("row, column"))
        self._goto.setAccessibleName(self.tr("Go to index"))
        self._goto.hide()
        self._goto.returnPressed.connect(self._go)
        OwnKeys(self._goto, {"Esc": self._leave})
        for bar in (self.horizontalScrollBar(), self.verticalScrollBar()):
            bar.valueChanged.connect(self._scrolled)
        self._actions = [
            self._action(self.tr("Copy"), QKeySequence.StandardKey.Copy, self.copy_text),
            self._action(self.tr("Copy as CSV"), None, self.copy_csv),
            self._action(self.tr("Copy as NumPy"), "Ctrl+Shift+C", self.copy_numpy),
            self._action(self.tr("Copy as Markdown"), None, self.copy_markdown),
            self._action(self.tr("Select all"), QKeySequence.StandardKey.SelectAll, self.select_all),
            self._action(self.tr("Go to index..."), "Ctrl+G", self.ask_index),
        ]
        self._measure()

    def _action(self, text: str, key: Key | None, does: object) -> QAction:
        action = QAction(text, self)
        if key is not None:
            action.setText(f"{text}\t{QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText)}")
            OwnKeys(self, {key: action.trigger})
        action.triggered.connect(does)
        return action

    # -------------------------------------------------------------------------------------------------------- showing

    def show_cells(self, cells: Cells) -> None:
        """Show other numbers. The current cell stays where it is, if there is such a cell."""
        self._cells = cells
        self._wide = 0
        rows, columns = cells.shape
        self._current = (min(self._current[0], max(rows - 1, 0)), min(self._current[1], max(columns - 1, 0)))
        self._anchor = self._current
        self._measure()
        self._announce()

    def show_array(self, array: Array) -> None:
        """Show a two-dimensional array."""
        self.show_cells(ArrayCells(array))

    def show_more(self) -> None:
        """More of the numbers is here."""
        self._announce()

    def set_range(self, low: float, high: float) -> None:
        """The values at which the colours end."""
        self._low, self._high = low, high
        self.viewport().update()

    def show_hits(self, hits: Callable[[Array], Array] | None) -> None:
        """Mark the numbers that ``hits`` says were found; it is given those in view, and says which they are."""
        self._hits = hits
        self.viewport().update()

    def set_heat(self, heat: bool) -> None:
        """Whether cells are coloured by size."""
        self._heat = heat
        self.viewport().update()

    def go_to(self, row: int, column: int) -> None:
        """Make a cell the current one and bring it into view."""
        rows, columns = self._cells.shape
        if rows and columns:
            self._move(min(max(row, 0), rows - 1), min(max(column, 0), columns - 1), extend=False)

    @property
    def is_painted(self) -> bool:
        """Whether all numbers that are in view are on the screen."""
        return self._whole

    @property
    def current(self) -> tuple[int, int]:
        """Row and column of the current cell."""
        return self._current

    # -------------------------------------------------------------------------------------------------------- copying

    def selection(self) -> tuple[int, int, int, int]:
        """The selected block: top, bottom, left, right; bottom and right are not in it."""
        (a, b), (c, d) = self._current, self._anchor
        return min(a, c), max(a, c) + 1, min(b, d), max(b, d) + 1

    def select_all(self) -> None:
        """Select every cell."""
        rows, columns = self._cells.shape
        if rows and columns:
            self._anchor, self._current = (0, 0), (rows - 1, columns - 1)
            self._announce()

    def selected(self) -> Array | None:
        """The selected numbers; None where there are none, or not all of them are here, or more than COPY_LIMIT."""
        top, bottom, left, right = self.selection()
        if 0 in self._cells.shape or (bottom - top) * (right - left) > COPY_LIMIT:
            return None
        return self._cells.block(top, bottom, left, right)

    def copy_text(self) -> None:
        """Copy the selected numbers, exactly, columns apart by tabs."""
        self._copy_lines("\t")

    def copy_csv(self) -> None:
        """Copy the selected numbers as comma-separated values."""
        self._copy_lines(",")

    def copy_numpy(self) -> None:
        """Copy the selection as a NumPy expression that gives the same numbers back."""
        self._copy(lambda block: numpy_text(block.reshape(-1)[0] if block.size == 1 else block.reshape(-1) if 1 in block.shape else block))

    def copy_markdown(self) -> None:
        """Copy the selection as a table in Markdown."""
        self._copy(markdown_text)

    def _copy_lines(self, between: str) -> None:
        self._copy(lambda block: table_text(block, between))

    def _copy(self, write: Callable[[Array], str]) -> None:
        block = self.selected()
        if block is not None:
            QGuiApplication.clipboard().setText(write(block))
        elif 0 not in self._cells.shape:
            self.copy_wished.emit(write)

    # ------------------------------------------------------------------------------------------------------- the index

    def route_index(self, ask: Callable[[], object]) -> None:
        """Let somebody else ask for the index."""
        action = self._actions[-1]
        action.triggered.disconnect()
        action.triggered.connect(lambda: ask())

    def ask_index(self) -> None:
        """Open the field in which the index is typed."""
        self._goto.setText("")
        self._goto.setGeometry(max(self.width() - 170, 4), 4, 150, 28)
        self._goto.show()
        self._goto.raise_()
        self._goto.setFocus()

    def _go(self) -> None:
        parts = [part for part in self._goto.text().replace(",", " ").replace("[", " ").replace("]", " ").split() if part]
        try:
            row, column = (int(part) for part in [*parts, "0"][:2])
        except ValueError:
            self._goto.selectAll()
            return
        rows, columns = self._cells.shape
        self._leave()
        self.go_to(row + rows if row < 0 else row, column + columns if column < 0 else column)

    def _leave(self) -> None:
        self._goto.hide()
        self.setFocus()

    # ------------------------------------------------------------------------------------------------------- geometry

    def _measure(self) -> None:
        metrics = QFontMetrics(theme.mono_font(12 * theme.zoom_of(self)))
        rows, columns = self._cells.shape
        self._font_width = metrics.horizontalAdvance("0")
        self._cell_height = metrics.height() + 6
        self._head_height = self._cell_height
        self._head_width = self._font_width * max(len(str(max(rows - 1, 0))), 2) + 16
        if not self._wide and rows and columns:
            sample = self._cells.block(0, min(rows, 40), 0, min(columns, 12))
            self._wide = max((len(shown(x)) for x in sample.reshape(-1)), default=6) if sample is not None else 8
        self._cell_width = self._font_width * max(self._wide, len(str(max(columns - 1, 0))), 4) + 16
        self._scrolls()

    def _scrolled(self) -> None:
        self._whole = False
        self.viewport().update()

    def _scrolls(self) -> None:
        rows, columns = self._cells.shape
        across, down = self._page()
        self.horizontalScrollBar().setRange(0, max(columns - across, 0))
        self.horizontalScrollBar().setPageStep(across)
        self.verticalScrollBar().setRange(0, max(rows - down, 0))
        self.verticalScrollBar().setPageStep(down)
        self.viewport().update()

    def _page(self) -> tuple[int, int]:
        view = self.viewport()
        return (
            max((view.width() - self._head_width) // self._cell_width, 1),
            max((view.height() - self._head_height) // self._cell_height, 1),
        )

    def _cell_at(self, point: QPoint) -> tuple[int, int]:
        rows, columns = self._cells.shape
        row = self.verticalScrollBar().value() + (point.y() - self._head_height) // self._cell_height
        column = self.horizontalScrollBar().value() + (point.x() - self._head_width) // self._cell_width
        return min(max(row, 0), max(rows - 1, 0)), min(max(column, 0), max(columns - 1, 0))

    def _move(self, row: int, column: int, extend: bool) -> None:
        self._current = (row, column)
        if not extend:
            self._anchor = self._current
        across, down = self._page()
        for bar, place, page in ((self.verticalScrollBar(), row, down), (self.horizontalScrollBar(), column, across)):
            if place < bar.value():
                bar.setValue(place)
            elif place >= bar.value() + page:
                bar.setValue(place - page + 1)
        self._announce()

    def _announce(self) -> None:
        row, column = self._current
        block = self._cells.block(row, row + 1, column, column + 1) if 0 not in self._cells.shape else None
        value = exact(block[0, 0]) if block is not None and block.size else self.tr("not here")
        describe(self, self.tr("Row %1, column %2: %3").replace("%3", value).replace("%2", str(column)).replace("%1", str(row)))
        self.cell_picked.emit(row, column)
        self.viewport().update()

    # ---------------------------------------------------------------------------------------------------------- events

    def keyPressEvent(self, event: QKeyEvent) -> None:
        rows, columns = self._cells.shape
        if not rows or not columns:
            super().keyPressEvent(event)
            return
        row, column = self._current
        _, down = self._page()
        control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        moves = {
            Qt.Key.Key_Left: (row, 0 if control else column - 1),
            Qt.Key.Key_Right: (row, columns - 1 if control else column + 1),
            Qt.Key.Key_Up: (0 if control else row - 1, column),
            Qt.Key.Key_Down: (rows - 1 if control else row + 1, column),
            Qt.Key.Key_PageUp: (row - down, column),
            Qt.Key.Key_PageDown: (row + down, column),
            Qt.Key.Key_Home: (0 if control else row, 0),
            Qt.Key.Key_End: (rows - 1 if control else row, columns - 1),
        }
        target = moves.get(Qt.Key(event.key()))
        if target is None:
            super().keyPressEvent(event)
            return
        shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        self._move(min(max(target[0], 0), rows - 1), min(max(target[1], 0), columns - 1), extend=shift)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and 0 not in self._cells.shape:
            extend = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            self._move(*self._cell_at(event.position().toPoint()), extend=extend)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton and 0 not in self._cells.shape:
            self._move(*self._cell_at(event.position().toPoint()), extend=True)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addActions(self._actions)
        menu.popup(event.globalPos())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._scrolls()

    def changeEvent(self, event: object) -> None:
        super().changeEvent(event)  # type: ignore[arg-type]
        if isinstance(event, QEvent) and event.type() is QEvent.Type.FontChange and hasattr(self, "_actions"):
            self._measure()
        self.viewport().update()

    # -------------------------------------------------------------------------------------------------------- painting

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        try:  # an exception that leaves a painter active ends the process
            self._paint(painter)
        finally:
            painter.end()

    def _paint(self, painter: QPainter) -> None:
        look = theme.current()
        view = self.viewport().rect()
        painter.fillRect(view, look.field)
        rows, columns = self._cells.shape
        if not rows or not columns:
            painter.setPen(look.dim)
            painter.drawText(view, int(Qt.AlignmentFlag.AlignCenter), self.tr("No elements"))
            return
        top, left = self.verticalScrollBar().value(), self.horizontalScrollBar().value()
        bottom = min(rows, top + (view.height() - self._head_height) // self._cell_height + 1)
        right = min(columns, left + (view.width() - self._head_width) // self._cell_width + 1)
        block = self._cells.block(top, bottom, left, right)
        painter.setFont(theme.mono_font(12 * theme.zoom_of(self)))
        self._whole = block is not None
        if block is not None:
            texts = [[shown(x) for x in row] for row in block]
            widest = max((len(text) for row in texts for text in row), default=0)
            if widest > self._wide:  # a longer number came into view: widen for good, so that columns never jump back
                self._wide = widest
                self._measure()
                self._paint(painter)
                return
            self._paint_cells(painter, block, texts, top, left)
        else:
            self._paint_waiting(painter, bottom - top, right - left)
        self._paint_heads(painter, top, bottom, left, right)

    def _paint_cells(self, painter: QPainter, block: Array, texts: list[list[str]], top: int, left: int) -> None:
        look = theme.current()
        fills = heat_colours(block, self._low, self._high) if self._heat else None
        selected = self.selection()
        width, height = self._cell_width, self._cell_height
        many = (selected[1] - selected[0]) * (selected[3] - selected[2]) > 1
        for i, row in enumerate(texts):
            y = self._head_height + i * height
            for j, text in enumerate(row):
                rect = QRect(self._head_width + j * width, y, width, height)
                colour = look.text
                bad = text in ("nan", "inf", "-inf")
                if bad:
                    painter.fillRect(rect, look.bad_fill if text == "nan" else theme.mix(look.field, look.good, 0.22))
                    pattern = Qt.BrushStyle.BDiagPattern if text == "nan" else Qt.BrushStyle.FDiagPattern
                    painter.fillRect(rect, QBrush(theme.faded(look.bad if text == "nan" else look.good, 0.45), pattern))
                    colour = look.bad if text == "nan" else look.good
                elif fills is not None:
                    fill, colour = fills[i][j]
                    painter.fillRect(rect, fill)
                if many and selected[0] <= top + i < selected[1] and selected[2] <= left + j < selected[3]:
                    painter.fillRect(rect, theme.faded(look.ready, 0.35))
                if bad:  # the hatch must not run through the letters
                    tight = QRectF(
                        rect.right() - 8 - self._font_width * len(text), rect.top() + 2, self._font_width * len(text) + 4, height - 4
                    )
                    painter.fillRect(tight, look.field)
                painter.setPen(colour)
                painter.drawText(rect.adjusted(6, 0, -7, 0), int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), text)
        if self._hits is not None:
            self._paint_hits(painter, self._hits(block))
        row_at, column_at = self._current
        if 0 <= row_at - top < len(texts) and 0 <= column_at - left < len(texts[0]):
            rect = QRect(self._head_width + (column_at - left) * width, self._head_height + (row_at - top) * height, width, height)
            painter.setPen(QPen(look.ready if self.hasFocus() else look.outline, 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(rect.adjusted(1, 1, -1, -1))

    def _paint_hits(self, painter: QPainter, hits: Array) -> None:
        """A line of dashes inside each cell that was found, dark and light so that it is seen on every colour."""
        look, width, height = theme.current(), self._cell_width, self._cell_height
        cells = [
            QRect(self._head_width + int(column) * width, self._head_height + int(row) * height, width, height).adjusted(2, 2, -3, -3)
            for row, column in np.argwhere(hits)
        ]
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for pen in (QPen(look.field, 2), QPen(look.text, 1.6, Qt.PenStyle.DashLine)):
            painter.setPen(pen)
            painter.drawRects(cells)

    def _paint_waiting(self, painter: QPainter, rows: int, columns: int) -> None:
        """What is not here yet."""
        painter.setPen(theme.current().faint)
        for row in range(rows):
            for column in range(columns):
                x, y = self._head_width + column * self._cell_width, self._head_height + row * self._cell_height
                room = QRect(x, y, self._cell_width - 7, self._cell_height)
                painter.drawText(room, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), "\u2026")

    def _paint_heads(self, painter: QPainter, top: int, bottom: int, left: int, right: int) -> None:
        look = theme.current()
        view = self.viewport().rect()
        painter.fillRect(QRect(0, 0, view.width(), self._head_height), look.raised)
        painter.fillRect(QRect(0, self._head_height, self._head_width, view.height()), look.raised)
        painter.setFont(theme.mono_font(11 * theme.zoom_of(self)))
        middle = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        for column in range(left, right):
            painter.setPen(look.text if column == self._current[1] else look.faint)
            x = self._head_width + (column - left) * self._cell_width
            painter.drawText(QRect(x, 0, self._cell_width - 7, self._head_height), middle, str(column))
        painter.fillRect(QRect(0, 0, self._head_width, self._head_height), look.raised)
        for row in range(top, bottom):
            painter.setPen(look.text if row == self._current[0] else look.faint)
            y = self._head_height + (row - top) * self._cell_height
            painter.drawText(QRect(0, y, self._head_width - 7, self._cell_height), middle, str(row))
        painter.setPen(look.border)
        painter.drawLine(0, self._head_height, view.width(), self._head_height)
        painter.drawLine(self._head_width, 0, self._head_width, view.height())


def heat_colours(block: Array, low: float, high: float) -> list[list[tuple[QColor, QColor]]] | None:
    """Fill and text colour of each cell: blue below zero and orange above where the range has both signs, else from pale
    to strong. None where there is no range."""
    if not high > low or np.iscomplexobj(block):
        return None
    look = theme.current()
    values = block.astype(np.float64)
    ends = max(abs(low), abs(high)) if low < 0 < high else 0.0
    with np.errstate(invalid="ignore"):
        share = np.clip(values / ends if ends else (values - low) / (high - low), -1.0, 1.0)
    share = np.nan_to_num(share, nan=0.0)
    made: dict[int, tuple[QColor, QColor]] = {}

    def colours(level: int) -> tuple[QColor, QColor]:
        if level not in made:
            ramp = look.negative if level < 0 else look.positive
            fill = theme.mix(look.field, ramp[1], abs(level) / 32 * 0.75)
            text = max((look.text, QColor("black"), QColor("white")), key=lambda colour: theme.contrast(colour, fill))
            made[level] = (fill, text)
        return made[level]

    return [[colours(int(level)) for level in row] for row in np.rint(share * 32)]
