"""Gradient flow: the gradient norm of each parameter over the iterations, as a table, a heat map and lines."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal, Slot
from PySide6.QtGui import QColor, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHBoxLayout, QLabel, QStackedWidget, QTableView, QToolButton, QVBoxLayout, QWidget

from .. import theme
from ..models.flow import FlowView
from ..panel import Panel
from ..translation import translate
from ..widgets.columns import Columns
from ..widgets.formats import number
from ..widgets.plain import tip
from .buttons import button
from .notice import Stage

Index = QModelIndex | QPersistentModelIndex
MOST_LINES = 40  # drawn at once; a chosen parameter's is always among them


def shade(share: float) -> QColor:
    """The colour of a norm that lies so far between the least and the greatest."""
    ramp = theme.current().ramp
    at = min(max(share, 0.0), 1.0) * (len(ramp) - 1)
    low = min(int(at), len(ramp) - 2)
    return theme.mix(ramp[low], ramp[low + 1], at - low)


class FlowModel(QAbstractTableModel):
    """A row a parameter, a column an iteration; a cell's ground is as strong as its norm is large."""

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self.view = FlowView()

    def show(self, view: FlowView) -> None:
        """Show another table. Where only numbers changed, what is selected stays."""
        if (view.leaves, view.runs) == (self.view.leaves, self.view.runs):
            self.view = view
            if view.leaves and view.runs:
                self.dataChanged.emit(self.index(0, 0), self.index(len(view.leaves) - 1, len(view.runs) - 1))
            return
        self.beginResetModel()
        self.view = view
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  # as Qt declares it
        return 0 if parent.isValid() else len(self.view.leaves)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.view.runs)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role == Qt.ItemDataRole.DisplayRole:
            return self.view.names[section] if orientation is Qt.Orientation.Vertical else str(section)
        if role == Qt.ItemDataRole.ToolTipRole and orientation is Qt.Orientation.Horizontal:
            return self.tr("Iteration {0}").format(section)
        if role == Qt.ItemDataRole.TextAlignmentRole and orientation is Qt.Orientation.Horizontal:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter  # as the numbers below it
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        place = index.row(), index.column()
        norm, got = float(self.view.norms[place]), int(self.view.events[place]) >= 0
        if role == Qt.ItemDataRole.DisplayRole:
            return ("?" if got else self.tr("none")) if math.isnan(norm) else self.tr("NaN/Inf") if math.isinf(norm) else number(norm, 3)
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            text = self._sentence(index.row(), index.column(), norm, got)
            return tip(text) if role == Qt.ItemDataRole.ToolTipRole else text
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if role == Qt.ItemDataRole.FontRole:
            return theme.mono_font(11)
        look = theme.current()
        if role == Qt.ItemDataRole.BackgroundRole:
            if math.isinf(norm):
                return look.bad_fill
            if norm > 0:
                low, high = self.view.span
                return theme.mix(look.field, shade((math.log10(norm) - low) / (high - low)), 0.34)
            return None
        if role == Qt.ItemDataRole.ForegroundRole:
            return look.bad if math.isinf(norm) or norm == 0 else look.text if norm == norm else look.faint
        return None

    def _sentence(self, row: int, column: int, norm: float, got: bool) -> str:
        if not got:
            what = self.tr("no gradient")
        elif math.isinf(norm):
            what = self.tr("NaN or infinite")
        else:
            what = self.tr("not known") if math.isnan(norm) else self.tr("norm {0}").format(number(norm, 6))
        return self.tr("{0}, iteration {1}: {2}").format(self.view.names[row], column, what)


class FlowPanel(Panel):
    """Three ways to look at one table. A click on a cell or a point goes to the AccumulateGrad of that parameter in that pass."""

    title = "Gradient Flow"
    about = "The gradient norm of each parameter over the iterations, as a table, a heat map and lines, on a logarithmic scale"

    cell_picked = Signal(int, int)  # the event that stored this gradient, and the AccumulateGrad that did

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMinimumSize(260, 120)
        self.model = FlowModel(self)
        self.table = QTableView(self)
        self.table.setModel(self.model)
        self.table.setAccessibleName(self.tr("Gradient norms"))
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setShowGrid(False)
        self.table.verticalHeader().setMaximumWidth(260)
        Columns(self.table, {}, row=26, each=76)
        self.table.clicked.connect(lambda index: self.pick(index.row(), index.column()))
        self.table.activated.connect(lambda index: self.pick(index.row(), index.column()))
        self._charts = pg.GraphicsLayoutWidget(self)
        self._charts.setAccessibleName(self.tr("Gradient norms, drawn"))
        self._plot = self._charts.addPlot()
        self._plot.setMenuEnabled(False)
        self._plot.hideButtons()
        self._image = pg.ImageItem(axisOrder="row-major")
        self._plot.addItem(self._image)
        self._lines: list[Any] = []
        self._charts.scene().sigMouseClicked.connect(self._clicked)
        self._stack = QStackedWidget(self)
        self._stack.addWidget(self.table)
        self._stack.addWidget(self._charts)
        self._stage = Stage(self._stack, self)
        self._kinds: dict[str, QToolButton] = {}
        bar = QHBoxLayout()
        bar.setContentsMargins(8, 3, 8, 3)
        for kind, text in (("table", self.tr("Table")), ("map", self.tr("Heat Map")), ("lines", self.tr("Lines"))):
            made = button(text, partial(self.show_as, kind), self)
            made.setCheckable(True)
            self._kinds[kind] = made
            bar.addWidget(made)
        self._note = QLabel(self)
        self._note.setProperty("role", "dim")
        bar.addSpacing(8)
        bar.addWidget(self._note, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(bar)
        column.addWidget(self._stage, 1)
        self.show_as("table")
        self.show_flow(FlowView())

    @Slot(object)
    def show_flow(self, view: FlowView) -> None:
        """Show the norms."""
        fresh = (view.leaves, len(view.runs)) != (self.model.view.leaves, len(self.model.view.runs))
        self.model.show(view)
        if not view.leaves:
            self._note.setText("")
            self._stage.show_notice(self.tr("No gradient was stored in a parameter."))
            return
        self._stage.show_content()
        low, high = view.span
        parameters = translate("FlowPanel", "%n parameter(s)", len(view.leaves))
        iterations = translate("FlowPanel", "%n iteration(s)", len(view.runs))
        words = self.tr("{0}, {1}, norms from 1e{2:.0f} to 1e{3:.0f}")
        self._note.setText(words.format(parameters, iterations, math.floor(low), math.ceil(high)))
        self._draw(fit=fresh)

    def show_as(self, kind: str) -> None:
        """Show the table ("table"), the heat map ("map") or the lines ("lines")."""
        for name, made in self._kinds.items():
            made.setChecked(name == kind)
        self._stack.setCurrentWidget(self.table if kind == "table" else self._charts)
        self._draw(fit=True)

    @property
    def shown_as(self) -> str:
        """How the norms are shown now."""
        return next(kind for kind, made in self._kinds.items() if made.isChecked())

    def pick(self, row: int, column: int) -> None:
        """Go to where this parameter got its gradient in this iteration."""
        view = self.model.view
        if 0 <= row < len(view.leaves) and 0 <= column < len(view.runs) and view.events[row, column] >= 0:
            self.cell_picked.emit(int(view.events[row, column]), view.nodes[row])

    def restyle(self) -> None:
        look = theme.current()
        self._charts.setBackground(look.field)
        for side in ("left", "bottom"):
            axis = self._plot.getAxis(side)
            axis.setPen(look.border)
            axis.setTextPen(look.dim)
            axis.setTickFont(theme.mono_font(10))
        self._draw(fit=False)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._draw(fit=False)  # as many names as there is room for

    # --------------------------------------------------------------------------------------------------------- inside

    def _draw(self, *, fit: bool) -> None:
        view, kind = self.model.view, self.shown_as
        if kind == "table" or not view.leaves:
            return
        for line in self._lines:
            self._plot.removeItem(line)
        self._lines = []
        self._image.setVisible(kind == "map")
        left, bottom = self._plot.getAxis("left"), self._plot.getAxis("bottom")
        self._plot.invertY(kind == "map")
        if kind == "map":
            self._image.setImage(self._pixels(view), autoLevels=False, levels=(0, 255))
            room = max(1, (self._charts.height() - 40) // 14)  # names that can be read
            step = -(-len(view.names) // room)
            left.setTicks([[(row + 0.5, view.names[row]) for row in range(0, len(view.names), step)]])
        else:
            low, high = (math.floor(end) for end in view.span)
            decades = range(low, high + 2, max(1, (high + 1 - low) // 4))
            left.setTicks([[(decade, f"1e{decade}") for decade in decades]])
            self._draw_lines(view)
        spread = max(1, -(-len(view.runs) // 20))
        bottom.setTicks([[(column + 0.5, str(column)) for column in range(0, len(view.runs), spread)]])
        if fit:
            self._plot.autoRange(padding=0.02)

    def _pixels(self, view: FlowView) -> Any:
        look = theme.current()
        low, high = view.span
        table = np.array([[c.red(), c.green(), c.blue(), 255] for c in (shade(i / 255) for i in range(256))], np.uint8)
        with np.errstate(divide="ignore", invalid="ignore"):
            place = np.nan_to_num((np.log10(view.norms) - low) / (high - low), nan=0.0, posinf=0.0, neginf=0.0)
        pixels = table[(np.clip(place, 0, 1) * 255).astype(np.intp)]
        for mask, colour in (
            (view.events < 0, look.field), ((view.events >= 0) & (np.isnan(view.norms) | (view.norms == 0)), look.pending_border),
            (np.isinf(view.norms), look.bad),
        ):  # fmt: skip
            pixels[mask] = (colour.red(), colour.green(), colour.blue(), 255)
        return pixels

    def _draw_lines(self, view: FlowView) -> None:
        look = theme.current()
        chosen = self.table.currentIndex().row()
        step = max(1, -(-len(view.leaves) // MOST_LINES))
        with np.errstate(divide="ignore", invalid="ignore"):
            logs = np.log10(view.norms)
        logs[~np.isfinite(logs)] = np.nan
        where = np.arange(len(view.runs)) + 0.5
        rows = [row for row in range(0, len(view.leaves), step) if np.isfinite(logs[row]).any()]
        for row in [*rows, *([chosen] if 0 <= chosen < len(logs) and chosen not in rows and np.isfinite(logs[chosen]).any() else [])]:
            share = row / max(len(view.leaves) - 1, 1)
            pen = pg.mkPen(look.accent if row == chosen else shade(share), width=2.4 if row == chosen else 1.3)
            line = self._plot.plot(
                where, logs[row], pen=pen, connect="finite", symbol="o", symbolSize=5, symbolBrush=pen.color(), symbolPen=None
            )
            line.setCurveClickable(True, 6)
            line.sigPointsClicked.connect(lambda _, points, *rest, row=row: self.pick(row, int(points[0].pos().x())))
            self._lines.append(line)

    def _clicked(self, event: Any) -> None:
        if self.shown_as == "map" and self._plot.sceneBoundingRect().contains(event.scenePos()):
            place = self._plot.vb.mapSceneToView(event.scenePos())
            self.pick(math.floor(place.y()), math.floor(place.x()))
