"""A row, a column or a vector as a line over its index; what is not finite is marked, never left out without a word."""

from __future__ import annotations

from functools import partial

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from gradstep.engine.tape.overview import Plane, real_part

from .. import theme
from ..tensors.sources import Answer, Array, Missing, Part, Source
from ..widgets.formats import number
from .buttons import worded

SMOOTH = 4000  # points that are drawn without steps: of more it takes long, and is not seen
MOST = 100_000  # points: of a longer line every k-th element is drawn


class LineView(QWidget):
    """Draws the row or the column of the picked element, and that of another value behind it where two are compared."""

    element_picked = Signal(int, int)  # row and column of the element nearest to a click

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMinimumSize(120, 80)
        self._source: Source | None = None
        self._other: Source | None = None
        self._plane, self._part = Plane(), "abs"
        self._current = (0, 0)
        self._step = 1
        self._lines: dict[str, Array] = {}
        self._view = pg.GraphicsLayoutWidget(self)
        self._view.setAccessibleName(self.tr("Line"))
        self._plot = self._view.addPlot()
        self._plot.setMenuEnabled(False)
        self._plot.hideButtons()
        self._behind = self._plot.plot([], [])
        self._line = self._plot.plot([], [])
        self._nans, self._infs = (pg.ScatterPlotItem([], [], symbol=symbol, size=9, pxMode=True) for symbol in ("x", "t1"))
        self._cursor = pg.InfiniteLine(0, 90)
        for item in (self._nans, self._infs, self._cursor):
            self._plot.addItem(item, ignoreBounds=True)
        self._view.scene().sigMouseClicked.connect(self._clicked)
        self._down = QToolButton(self)
        self._down.setText(self.tr("Column"))
        self._down.setCheckable(True)
        worded(self._down)
        self._down.setToolTip(self.tr("Draw the column of the picked element, else its row"))
        self._down.toggled.connect(lambda _: self._ask())
        self._note = QLabel(self)
        self._note.setTextFormat(Qt.TextFormat.PlainText)
        self._note.setProperty("role", "dim")
        foot = QHBoxLayout()
        foot.setContentsMargins(8, 2, 0, 2)
        foot.addWidget(self._note, 1)
        foot.addWidget(self._down, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._view, 1)
        column.addLayout(foot)
        self.setAccessibleName(self.tr("Line"))
        self.restyle()

    def show_source(self, source: Source | None, other: Source | None, plane: Plane, part: str, current: tuple[int, int]) -> None:
        """Draw lines of a plane of a value, and of ``other`` behind it."""
        self._source, self._other, self._plane, self._part, self._current = source, other, plane, part, current
        both = plane.rows is not None and plane.columns is not None
        self._down.setVisible(both)
        self._ask()

    def go_to(self, row: int, column: int) -> None:
        """Another element is picked."""
        line = column if self.is_column else row
        before = self._current[1] if self.is_column else self._current[0]
        self._current = (row, column)
        if line != before:
            self._ask()
        self._mark()

    @property
    def is_column(self) -> bool:
        """Whether the line goes down."""
        return self._plane.columns is None or (self._plane.rows is not None and self._down.isChecked())

    def restyle(self) -> None:
        """Take the colours of the theme in effect."""
        look = theme.current()
        self._view.setBackground(look.field)
        self._line.setPen(pg.mkPen(look.ready, width=1.4))
        self._behind.setPen(pg.mkPen(look.outline, width=1.2, style=Qt.PenStyle.DashLine))
        self._nans.setPen(pg.mkPen(look.bad, width=1.6))
        self._infs.setPen(pg.mkPen(look.good, width=1.2))
        self._infs.setBrush(look.good)
        self._cursor.setPen(pg.mkPen(look.accent, width=1))
        for side in ("bottom", "left"):
            axis = self._plot.getAxis(side)
            axis.setPen(look.border)
            axis.setTextPen(look.dim)
            axis.setTickFont(theme.mono_font(10))

    # --------------------------------------------------------------------------------------------------------- inside

    def _ask(self) -> None:
        self._lines.clear()
        for name, source in (("line", self._source), ("behind", self._other)):
            if source is None or 0 in self._plane.size(source.shape):
                continue
            rows, columns = self._plane.size(source.shape)
            row, column = min(self._current[0], rows - 1), min(self._current[1], columns - 1)
            down = self.is_column
            self._step = max(-(-(rows if down else columns) // MOST), 1)
            region, steps = ((0, rows, column, column + 1), (self._step, 1)) if down else ((row, row + 1, 0, columns), (1, self._step))
            source.forget(name)
            index = self._plane.index(source.shape, region, steps)
            source.ask(Part(index), partial(self._take, name), name, 2)
        self._draw()

    def _take(self, name: str, found: Answer) -> None:
        if isinstance(found, Missing):
            self._note.setText(found.why)
            return
        self._lines[name] = real_part(found.reshape(-1), self._part).astype(np.float64)
        self._draw()

    def _draw(self) -> None:
        for name, item in (("line", self._line), ("behind", self._behind)):
            values = self._lines.get(name, np.zeros(0))
            drawn = np.where(np.isfinite(values), values, np.nan)
            smooth = len(drawn) <= SMOOTH
            item.setData(np.arange(len(drawn)) * float(self._step), drawn, connect="finite", antialias=smooth)
        values = self._lines.get("line", np.zeros(0))
        finite = values[np.isfinite(values)]
        low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
        nans, infs = np.flatnonzero(np.isnan(values)), np.flatnonzero(np.isinf(values))
        self._nans.setData(nans * float(self._step), np.full(len(nans), low))
        self._infs.setData(infs * float(self._step), np.where(values[infs] > 0, high, low))
        self._plot.autoRange(padding=0.03)
        self._mark()
        if "line" not in self._lines:
            return
        which = self.tr("column {0}").format(self._current[1]) if self.is_column else self.tr("row {0}").format(self._current[0])
        if self._plane.rows is None or self._plane.columns is None:
            which = self.tr("all elements")
        parts = [self.tr("{0}: {1} to {2}").format(which, number(low), number(high)) if finite.size else which]
        for count, words in ((len(nans), self.tr("{0} NaN")), (len(infs), self.tr("{0} Inf"))):
            if count:
                parts.append(words.format(count))
        if self._step > 1:
            parts.append(self.tr("every {0}th element").format(self._step))
        self._note.setText("; ".join(parts))
        self.setAccessibleDescription(self._note.text())

    def _mark(self) -> None:
        self._cursor.setValue(self._current[0] if self.is_column else self._current[1])

    def _clicked(self, event: object) -> None:
        if self._source is None:
            return
        rows, columns = self._plane.size(self._source.shape)
        at = round(self._plot.vb.mapSceneToView(event.scenePos()).x())  # type: ignore[attr-defined]
        if self.is_column:
            self.element_picked.emit(min(max(at, 0), rows - 1), self._current[1])
        else:
            self.element_picked.emit(self._current[0], min(max(at, 0), columns - 1))
