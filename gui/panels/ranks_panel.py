"""Ranks: each parameter's gradient in each rank of a job, which ranks agree, which one first stands out, and how each went."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QPointF, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QBoxLayout,
    QComboBox,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QSizePolicy,
    QSpinBox,
    QSplitter,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from gradstep.engine.tape.ranks import Cell, Life, Measure

from .. import theme
from ..models.ranks import LaneView, RanksView
from ..panel import Panel
from ..translation import translate
from ..widgets.columns import Columns
from ..widgets.elided import WholeTexts
from ..widgets.formats import number
from ..widgets.plain import tip
from .buttons import button
from .notice import Stage
from .together_bar import TogetherBar

Index = QModelIndex | QPersistentModelIndex
_SPREAD, _EQUAL = 0, 1  # the columns behind the ranks
WIDE = 820  # pixels from which on one line holds the choices and what is said
_GROUND = 0.16  # how strong the ground of a cell that stands out is
_MARKS = {
    Life.STOPPED: "\u2716",
    Life.LOST: "\u2716",
    Life.RAISED: "\u2716",
    Life.DAMAGED: "\u2716",
    Life.RUNS: "\u25cf",
    Life.ENDED: "\u2713",
}


def state_text(lane: LaneView) -> str:
    """What became of a rank, in a word."""
    return {
        Life.RUNS: translate("RanksPanel", "running"), Life.ENDED: translate("RanksPanel", "ended"),
        Life.RAISED: translate("RanksPanel", "raised"), Life.LOST: translate("RanksPanel", "lost"),
        Life.DAMAGED: translate("RanksPanel", "damaged"), Life.STOPPED: translate("RanksPanel", "stopped"),
    }[lane.life]  # fmt: skip


class RanksModel(QAbstractTableModel):
    """A row a parameter, a column a rank, then the spread and who is equal."""

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self.view = RanksView()

    def show(self, view: RanksView) -> None:
        """Show another step, or the same one with more in it. What is selected stays where the parameters do."""
        before = self.view
        if [row.name for row in before.rows] == [row.name for row in view.rows] and len(before.lanes) == len(view.lanes):
            self.view = view
            if view.rows:
                self.dataChanged.emit(self.index(0, 0), self.index(len(view.rows) - 1, self.columnCount() - 1))
            if view.lanes:
                self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, self.columnCount() - 1)
            return
        self.beginResetModel()
        self.view = view
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  # as Qt declares it
        return 0 if parent.isValid() else len(self.view.rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() or not self.view.lanes else len(self.view.lanes) + 2

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        view = self.view
        if orientation is Qt.Orientation.Vertical:
            if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole) and section < len(view.rows):
                name = view.rows[section].name
                return tip(name) if role == Qt.ItemDataRole.ToolTipRole else name
            return None
        if section < len(view.lanes):
            lane = view.lanes[section]
            if role == Qt.ItemDataRole.DisplayRole:
                mark = "" if view.alone else f" {_MARKS[lane.life]}"
                return f"{lane.name}{mark}"
            if role == Qt.ItemDataRole.ForegroundRole and lane.is_lost and not view.alone:
                return theme.current().bad
            if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
                return lane.name if view.alone else f"{lane.name}: {lane.sentence}"
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole and section == len(view.lanes) + _EQUAL:
            return Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        if role == Qt.ItemDataRole.DisplayRole:
            return (self.tr("spread"), self.tr("equal"))[section - len(view.lanes)]
        if role == Qt.ItemDataRole.ToolTipRole:
            return (
                self.tr("The largest norm over the smallest"),
                self.tr("Which of them brought the same values, as far as statistics tell"),
            )[section - len(view.lanes)]
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        row, column, lanes = self.view.rows[index.row()], index.column(), len(self.view.lanes)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignLeft if column == lanes + _EQUAL else Qt.AlignmentFlag.AlignRight
            return side | Qt.AlignmentFlag.AlignVCenter
        if role == Qt.ItemDataRole.FontRole:
            return theme.mono_font(11)
        if column >= lanes:
            if role == Qt.ItemDataRole.DisplayRole:
                return self._spread(index.row()) if column == lanes + _SPREAD else self._equal(index.row())
            if role == Qt.ItemDataRole.ForegroundRole:
                return theme.current().dim
            return None
        cell = row.cells[column]
        if role == Qt.ItemDataRole.DisplayRole:
            return self._words(cell)
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            text = self._sentence(index.row(), column, cell)
            return tip(text) if role == Qt.ItemDataRole.ToolTipRole else text
        look, odd = theme.current(), self._stands_out(index.row(), column)
        if role == Qt.ItemDataRole.BackgroundRole:
            if cell is not None and cell.bad:
                return look.bad_fill
            return theme.mix(look.field, look.bad, _GROUND) if odd else None
        if role == Qt.ItemDataRole.ForegroundRole:
            return look.bad if cell is not None and cell.bad else look.faint if cell is None or not cell.known else look.text
        return None

    def _stands_out(self, row: int, column: int) -> bool:
        view, found = self.view, self.view.difference
        if found is not None and found.step == view.step and found.name == view.rows[row].name and column in found.lanes:
            return True
        cell = view.rows[row].cells[column]
        return column in view.rows[row].loud or (cell is None and not view.alone and column < len(view.lanes) and self._was_there(column))

    def _was_there(self, column: int) -> bool:
        return self.view.lanes[column].steps > self.view.step

    def _words(self, cell: Cell | None) -> str:
        if cell is None:
            return self.tr("none")
        if not cell.known:
            return "?"
        return self.tr("NaN/Inf") + " !" if cell.bad else number(cell.norm, 3)

    def _sentence(self, row: int, column: int, cell: Cell | None) -> str:
        if cell is None:
            what = self.tr("no gradient")
        elif not cell.known:
            what = self.tr("not known")
        elif cell.bad:
            what = self.tr("NaN or infinite in {0} of {1} elements").format(cell.bad, cell.count)
        else:
            what = self.tr("norm {0}").format(number(cell.norm, 6))
        return self.tr("{0}, {1}, step {2}: {3}").format(self.view.rows[row].name, self.view.lanes[column].name, self.view.step, what)

    def _spread(self, row: int) -> str:
        spread = self.view.rows[row].spread
        return "" if spread is None else "!" if math.isinf(spread) else f"\u00d7{number(spread, 3)}"

    def _equal(self, row: int) -> str:
        groups = self.view.rows[row].groups
        known = sum(len(group) for group in groups)
        if known > 1 and len(groups) == 1:
            return self.tr("all")
        names = [lane.name.rpartition(" ")[2] for lane in self.view.lanes]
        return " | ".join(" ".join(names[lane] for lane in group) for group in groups if len(group) > 1)


class Histories(QWidget):
    """A line a rank: |grad| over the steps, all on one scale. A click on a rank shows it."""

    lane_picked = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.view = RanksView()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setToolTip(self.tr("The norm of the gradients of each rank over the steps, all on one scale; a click shows that rank"))

    def show_view(self, view: RanksView) -> None:
        self.view = view
        self.setAccessibleName(self.tr("History of |grad| per rank"))
        self.setAccessibleDescription("; ".join(f"{lane.name}: {self._newest(lane)}" for lane in view.lanes))
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(theme.scaled(230), theme.scaled(24) * max(len(self.view.lanes), 2))

    def minimumSizeHint(self) -> QSize:
        return QSize(theme.scaled(90), 40)

    def row_height(self) -> float:
        """How high a rank's line is: as much as there is, at most three lines of text."""
        return min(max(self.height() / max(len(self.view.lanes), 1), theme.scaled(16)), theme.scaled(54))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        place = int(event.position().y() / self.row_height())
        if event.button() is Qt.MouseButton.LeftButton and place < len(self.view.lanes):
            self.lane_picked.emit(place)

    @staticmethod
    def _newest(lane: LaneView) -> str:
        last = lane.norms[-1] if lane.norms else math.nan
        return "" if math.isnan(last) else "NaN/Inf" if math.isinf(last) else number(last, 3)

    def paintEvent(self, event: QPaintEvent) -> None:
        look, view = theme.current(), self.view
        painter = QPainter(self)
        painter.fillRect(self.rect(), look.field)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(theme.mono_font(10))
        metrics = painter.fontMetrics()
        left = max((metrics.horizontalAdvance(lane.name) for lane in view.lanes), default=0) + 14
        right = metrics.horizontalAdvance("NaN/Inf") + 14
        finite = [norm for lane in view.lanes for norm in lane.norms if math.isfinite(norm)]
        low, high = (min(finite), max(finite)) if finite else (0.0, 1.0)
        longest = max((len(lane.norms) for lane in view.lanes), default=1)
        height = self.row_height()
        for place, lane in enumerate(view.lanes):
            top = place * height
            shown = place == view.shown
            painter.setPen(look.bad if lane.is_lost and not view.alone else look.accent_text if shown else look.dim)
            painter.drawText(QRectF(7, top, left - 7, height), Qt.AlignmentFlag.AlignVCenter, lane.name)
            bad = bool(lane.norms) and math.isinf(lane.norms[-1])
            painter.setPen(look.bad if bad else look.text)
            flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
            painter.drawText(QRectF(self.width() - right, top, right - 7, height), flags, self._newest(lane))
            self._paint_line(painter, QRectF(left, top + 3, self.width() - left - right, height - 6), lane.norms, low, high, longest)
            painter.setPen(look.border)
            painter.drawLine(QPointF(0, top + height), QPointF(self.width(), top + height))

    @staticmethod
    def _paint_line(
        painter: QPainter, rect: QRectF, norms: Sequence[float], low: float, high: float, longest: int
    ) -> None:  # fmt: skip
        look = theme.current()
        if rect.width() < 4:
            return
        step = rect.width() / max(longest - 1, 1)
        piece: list[QPointF] = []
        pieces = [piece]
        crosses: list[QPointF] = []
        for index, norm in enumerate(norms):
            x = rect.left() + index * step
            if math.isfinite(norm):
                share = (norm - low) / (high - low) if high > low else 0.5
                piece.append(QPointF(x, rect.bottom() - share * rect.height()))
                continue
            if piece:
                piece = []
                pieces.append(piece)
            if math.isinf(norm):
                crosses.append(QPointF(x, rect.center().y()))
        painter.setPen(QPen(look.ready, 1.4))
        painter.setBrush(look.ready)
        for points in pieces:
            if len(points) == 1:
                painter.drawEllipse(points[0], 1.6, 1.6)
            else:
                painter.drawPolyline(QPolygonF(points))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(look.bad, 1.8))
        for point in crosses:
            painter.drawLine(point - QPointF(3, 3), point + QPointF(3, 3))
            painter.drawLine(point - QPointF(3, -3), point + QPointF(3, -3))


class RanksPanel(Panel):
    """A table of parameters and ranks in one step, and a line a rank over all steps."""

    title = "Ranks"
    about = "The gradient of each parameter in each rank of a job, step by step: which ranks agree, and which one first stands out"

    rank_picked = Signal(int)  # the user wants the window to show this lane's tape
    cell_picked = Signal(int, int, int)  # and in it the moment after this event, and this node
    step_wished = Signal(object)  # the number of a step, None for the newest
    measure_wished = Signal(object)  # a Measure
    name_wished = Signal(str)  # the lines of this parameter, "" of all

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMinimumSize(260, 110)
        self.model = RanksModel(self)
        self.table = QTableView(self)
        self.table.setItemDelegate(WholeTexts(self.table))
        self.table.setModel(self.model)
        self.table.setAccessibleName(self.tr("Gradient norms by parameter and rank"))
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setShowGrid(False)
        self.table.setWordWrap(False)
        self.table.verticalHeader().setMaximumWidth(240)
        Columns(self.table, {}, row=24, each=78)
        self.table.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        self.table.horizontalHeader().sectionClicked.connect(self._head_clicked)
        self.table.verticalHeader().sectionClicked.connect(self._name_clicked)
        self.table.activated.connect(self._go_to_cell)
        self.table.clicked.connect(lambda index: self._name_clicked(index.row()))
        self.histories = Histories(self)
        self.histories.lane_picked.connect(self._pick)
        self._of = QLabel(self)
        self._of.setTextFormat(Qt.TextFormat.PlainText)
        self._of.setProperty("role", "dim")
        self._all = button(self.tr("All"), lambda: self.name_wished.emit(""), self, self.tr("The lines of all parameters together"))
        self._go = button(self.tr("Go"), self.go, self, self.tr("Show this rank at this step, at this parameter"))
        self._headline = QLabel(self)
        self._headline.setWordWrap(True)
        self._headline.setTextFormat(Qt.TextFormat.PlainText)
        self._headline.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._headline.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._rank, self._measure, self._step = QComboBox(self), QComboBox(self), QSpinBox(self)
        self._rank.setAccessibleName(self.tr("The rank that the window shows"))
        self._rank.setToolTip(self.tr("The rank that the window shows"))
        self._rank.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self._rank.activated.connect(self._pick)
        self._measure.setAccessibleName(self.tr("Which gradient"))
        self._measure.addItem(self.tr("brought"), Measure.OWN)
        self._measure.addItem(self.tr("in .grad"), Measure.GIVEN)
        self._measure.setToolTip(
            self.tr("What each rank's own pass brought, or what .grad held in the end: after an all-reduce, as the optimizer was given it")
        )
        self._measure.activated.connect(lambda place: self.measure_wished.emit(self._measure.itemData(place)))
        self._step.setAccessibleName(self.tr("Step"))
        self._step.setPrefix(self.tr("step "))
        self._step.lineEdit().setTextMargins(6, 0, 0, 0)
        self._step.valueChanged.connect(lambda step: self.step_wished.emit(step))
        self._newest = button(
            self.tr("Newest"), lambda: self.step_wished.emit(None), self, self.tr("Follow: the first difference, or the last step")
        )
        self.together = TogetherBar(self)
        self._stage = Stage(self._parts(), self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._stage)
        self.show_ranks(RanksView())

    def _parts(self) -> QWidget:
        content = QWidget(self)
        bar, head, above = QHBoxLayout(), QHBoxLayout(), QHBoxLayout()
        for row in (bar, head, above):
            row.setContentsMargins(8, 3, 8, 3)
            row.setSpacing(6)
        for widget in (self._rank, self._step, self._newest, self._measure):
            bar.addWidget(widget)
            widget.setMinimumWidth(theme.scaled(48))  # in a narrow dock
        head.addWidget(self._headline, 1)
        head.addWidget(self._go)
        above.addWidget(self._of, 1)
        above.addWidget(self._all)
        right = QWidget(self)
        beside = QVBoxLayout(right)
        beside.setContentsMargins(0, 0, 0, 0)
        beside.setSpacing(0)
        beside.addLayout(above)
        beside.addWidget(self.histories, 1)
        parts = QSplitter(Qt.Orientation.Horizontal, self)
        parts.addWidget(self.table)
        parts.addWidget(right)
        parts.setStretchFactor(0, 3)
        parts.setStretchFactor(1, 1)
        parts.setSizes([540, 230])
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self._top = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._top.setSpacing(0)
        self._top.addLayout(bar)
        self._top.addLayout(head, 1)
        column.addLayout(self._top)
        column.addWidget(self.together)
        column.addWidget(parts, 1)
        return content

    @Slot(object)
    def show_ranks(self, view: RanksView) -> None:
        """Show a job, or that there is none."""
        if len(view.lanes) < 2:
            self.model.show(RanksView())
            self._stage.show_notice(
                self.tr(
                    "Ranks stand side by side here. Those that a script starts with torch.multiprocessing.spawn appear by themselves.\n"
                    "Of a job of torchrun, open one of the tapes that this writes:\n"
                    "torchrun --nproc-per-node 4 --no-python gradstep record --engine torch -o runs/ train.py\n"
                    "Of one tape, the passes of each step stand here, where a script accumulates several."
                )
            )
            return
        self._stage.show_content()
        self.together.show_crowd(view.crowd)
        self.model.show(view)
        self.histories.show_view(view)
        self._of.setText(view.name or self.tr("|grad| over all parameters"))
        self._of.setToolTip(self._of.text())
        self._all.setVisible(bool(view.name))
        self._rank.setVisible(not view.alone)
        labels = [self.tr("{0}, {1}, {2} steps").format(lane.name, state_text(lane), lane.steps) for lane in view.lanes]
        labels += [self.tr("the program, {0}").format(view.started_by)] if view.started_by else []
        if [self._rank.itemText(place) for place in range(self._rank.count())] != labels:
            if self._rank.count() == len(labels):
                for place, label in enumerate(labels):
                    self._rank.setItemText(place, label)
            else:
                self._rank.clear()
                self._rank.addItems(labels)
        self._rank.setCurrentIndex(view.shown if view.shown >= 0 or not view.started_by else len(view.lanes))
        self._measure.setCurrentIndex(self._measure.findData(view.measure))
        self._step.blockSignals(True)
        self._step.setMaximum(max(view.steps - 1, 0))
        self._step.setSuffix(self.tr(" of {0}").format(view.steps))
        self._step.setValue(view.step)
        self._step.blockSignals(False)
        self._show_headline(view)

    def _show_headline(self, view: RanksView) -> None:
        found, lines = view.difference, []
        if found is not None:
            lines.append(self.tr("First difference: {0}").format(found.text))
        elif not view.steps:
            lines.append(self.tr("No step is done yet."))
        elif view.averaged:
            lines.append(self.tr("No rank stands out: .grad is the same in all of them after each step."))
        else:
            lines.append(self.tr("No pass stands out.") if view.alone else self.tr("No rank stands out."))
        lines += [self.tr("The same gradients in every step: {0}. Do they read the same data?").format(names) for names in view.twins]
        self._headline.setText("\n".join(lines))
        self._headline.setStyleSheet(f"color: {theme.current().bad.name()}" if found is not None else "")
        self._go.setVisible(found is not None)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        wide = self.width() >= theme.scaled(WIDE)
        self._top.setDirection(QBoxLayout.Direction.LeftToRight if wide else QBoxLayout.Direction.TopToBottom)

    def restyle(self) -> None:
        if hasattr(self, "_headline") and self.model.view.lanes:
            self._show_headline(self.model.view)
            self.histories.update()

    @Slot()
    def go(self) -> None:
        """Show the rank that first stands out, where it does."""
        found = self.model.view.difference
        if found is not None:
            if found.step < self.model.view.steps:
                self.step_wished.emit(found.step)
            self.cell_picked.emit(found.lanes[0], found.event, found.node)

    def headline(self) -> str:
        """What is said above the table."""
        return self._headline.text()

    def _pick(self, lane: int) -> None:
        self.rank_picked.emit(lane)

    def _head_clicked(self, section: int) -> None:
        if section < len(self.model.view.lanes):
            self.rank_picked.emit(section)

    def _name_clicked(self, row: int) -> None:
        if 0 <= row < len(self.model.view.rows):
            self.name_wished.emit(self.model.view.rows[row].name)

    def _go_to_cell(self, index: QModelIndex) -> None:
        view = self.model.view
        if index.column() < len(view.lanes):
            cell = view.rows[index.row()].cells[index.column()]
            if cell is not None:
                self.cell_picked.emit(index.column(), cell.event, cell.node)
