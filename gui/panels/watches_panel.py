"""Watches: expressions, gradients and values of the tape, read at every stop, with what changed and how it went."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, QRectF, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QLineEdit,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QVBoxLayout,
    QWidget,
)  # fmt: skip

from ..models.watch_model import HISTORY, Column, WatchModel
from ..models.watches import WatchRow
from ..panel import Panel
from ..theme import icon
from ..widgets.columns import Columns
from ..widgets.elided import WholeTexts
from ..widgets.plain import tip
from .buttons import button
from .notice import Stage
from .sparkline import paint_sparkline


class WatchesPanel(Panel):
    """A row a watch; below it a line to add one."""

    title = "Watches"
    about = "Expressions, gradients and values that are read at every stop: what they are, whether they changed, how they went"

    add_wished = Signal(str)  # an expression of the program
    value_wished = Signal()  # the user wants to watch the value that is selected
    edit_wished = Signal(int, str)  # the id, another expression in its place
    removal_wished = Signal(object)  # ids
    break_wished = Signal(int)  # the id of a watch: the user wants the program to stop where it is written

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMinimumSize(260, 90)
        self.model = WatchModel(self)
        self.model.edited.connect(self.edit_wished)
        self._table = QTableView(self)
        self._table.setItemDelegate(WholeTexts(self._table))
        self._table.setModel(self.model)
        self._table.setAccessibleName(self.tr("Watches"))
        self._table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self._table.setShowGrid(False)
        self._table.setWordWrap(False)
        self._table.setEditTriggers(QAbstractItemView.EditTrigger.DoubleClicked | QAbstractItemView.EditTrigger.EditKeyPressed)
        self._table.setItemDelegateForColumn(Column.HISTORY, _History(self._table))
        self._table.verticalHeader().hide()
        header = self._table.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setMinimumSectionSize(20)
        header.setStretchLastSection(True)
        header.setTextElideMode(Qt.TextElideMode.ElideRight)
        widths: dict[int, int] = {Column.EXPRESSION: 210, Column.CHANGED: 24, Column.NORM: 128, Column.HISTORY: 130}
        Columns(self._table, widths, row=24, rest=160)
        self._table.selectionModel().selectionChanged.connect(lambda *_: self._enable())
        self._table.installEventFilter(self)
        self._stage = Stage(self._table, self)
        self._field = QLineEdit(self)
        self._field.setObjectName("watchExpression")
        self._field.setAccessibleName(self.tr("Expression to watch"))
        self._field.setPlaceholderText(self.tr("loss, w.grad, model.fc.weight.grad.abs().max()"))
        self._field.setClearButtonEnabled(True)
        self._field.setMinimumWidth(60)
        self._field.returnPressed.connect(self._add)
        tip = self.tr("Runs in your program at every stop: an expression that changes something changes your program")
        self._watch = button(self.tr("Watch"), self._add, self, tip)
        self._value = button(self.tr("Selected"), self.value_wished.emit, self)
        self._break = button(
            self.tr("Break"), self._break_chosen, self, self.tr("A data breakpoint: stop where what this watch shows is made")
        )
        self._remove = button(self.tr("Remove"), self._remove_chosen, self, self.tr("Take the chosen watches away"))
        for made, picture, token in ((self._break, "breakpoint", "bad"), (self._remove, "close", "text")):
            made.setAccessibleName(made.text())
            made.setIcon(icon(picture, token))
            made.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
        bar = QHBoxLayout()
        bar.setContentsMargins(8, 3, 8, 3)
        bar.setSpacing(6)
        bar.addWidget(self._field, 1)
        for widget in (self._watch, self._value, self._break, self._remove):
            bar.addWidget(widget)
        column_ = QVBoxLayout(self)
        column_.setContentsMargins(0, 0, 0, 0)
        column_.setSpacing(0)
        column_.addWidget(self._stage, 1)
        column_.addLayout(bar)
        self.show_watches(())
        self.show_value("")

    @Slot(object)
    def show_watches(self, rows: Sequence[WatchRow]) -> None:
        """Show the watches with what they read."""
        self.model.show(rows)
        if rows:
            self._stage.show_content()
        else:
            self._stage.show_notice(
                self.tr("No watches. Name a tensor, a gradient or any expression below, or watch the value that is selected.")
            )
        self._enable()

    @Slot(str)
    def show_value(self, name: str) -> None:
        """The value that is selected in other panels, "" for none."""
        if self._value.isEnabled() != bool(name):
            self._value.setEnabled(bool(name))
        self._value.setToolTip(
            tip(self.tr("Watch the selected value, {0}, on the tape").format(name)) if name else self.tr("Select a value first")
        )

    @Slot()
    def ask(self) -> None:
        """Bring the line for another watch."""
        self._field.setFocus(Qt.FocusReason.OtherFocusReason)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Delete takes the chosen rows away."""
        pressed = watched is self._table and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress
        if pressed and isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Delete:
            self._remove_chosen()
            return True
        return super().eventFilter(watched, event)

    # --------------------------------------------------------------------------------------------------------- inside

    def _enable(self) -> None:
        chosen = bool(self._chosen())
        self._break.setEnabled(chosen)
        self._remove.setEnabled(chosen)

    def _chosen(self) -> list[int]:
        rows = {index.row() for index in self._table.selectionModel().selectedIndexes()}
        return [self.model.row(row).watch.id for row in sorted(rows) if row < self.model.rowCount()]

    def _add(self) -> None:
        if self._field.text().strip():
            self.add_wished.emit(self._field.text().strip())
            self._field.clear()

    def _break_chosen(self) -> None:
        for number in self._chosen()[:1]:
            self.break_wished.emit(number)

    def _remove_chosen(self) -> None:
        if self._chosen():
            self.removal_wished.emit(self._chosen())


class _History(QStyledItemDelegate):
    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        super().paint(painter, option, index)
        values: Any = index.data(HISTORY)
        rect: Any = option.rect
        paint_sparkline(painter, QRectF(rect).adjusted(14, 5, -8, -5), values or ())
