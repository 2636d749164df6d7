"""Breakpoints: all of them in one table, to be switched, edited in place, added and taken away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QEvent, QObject, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QTableView,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from gradstep.engine.debug.breakpoints import BreakKind, Breakpoint, file_and_line

from ..actions import key_of
from ..models.breakpoints import KINDS, BreakpointModel
from ..panel import Panel
from ..widgets.columns import Columns
from ..widgets.elided import WholeTexts
from .buttons import worded
from .notice import Stage


class BreakpointsPanel(Panel):
    """A row a breakpoint; below it a line to add one."""

    title = "Breakpoints"
    about = "Where the program stops: ops, nodes, modules, lines, hooks, values and exceptions, with conditions and hit counts"

    add_wished = Signal(object, str)  # BreakKind, its target
    edit_wished = Signal(int, object)  # the id, fields that the user wants to be otherwise
    removal_wished = Signal(object)  # ids
    clear_wished = Signal()
    line_picked = Signal(str, int)  # the user wants to see this line of the source

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMinimumSize(260, 90)
        self.model = BreakpointModel(self)
        self.model.edited.connect(self.edit_wished)
        self._table = QTableView(self)
        self._table.setItemDelegate(WholeTexts(self._table))
        self._table.setModel(self.model)
        self._table.setAccessibleName(self.tr("Breakpoints"))
        self._table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self._table.setShowGrid(False)
        self._table.setWordWrap(False)
        self._table.setEditTriggers(QAbstractItemView.EditTrigger.DoubleClicked | QAbstractItemView.EditTrigger.EditKeyPressed)
        self._table.verticalHeader().hide()
        header = self._table.horizontalHeader()
        header.setTextElideMode(Qt.TextElideMode.ElideRight)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        Columns(self._table, dict(enumerate((136, 180, 170, 60, 170))), row=24, rest=110)
        header.setSectionResizeMode(len(("kind", "where", "condition", "hits", "log")), QHeaderView.ResizeMode.Stretch)
        self._table.clicked.connect(lambda index: self._picked(index.row()))
        self._table.installEventFilter(self)
        self._stage = Stage(self._table, self)

        self._kind = QComboBox(self)
        self._kind.setAccessibleName(self.tr("Kind of breakpoint"))
        for kind, name, _ in KINDS:
            self._kind.addItem(self.tr(name), kind.value)
        self._target = QLineEdit(self)
        self._target.setObjectName("breakpointTarget")
        self._target.setAccessibleName(self.tr("Where to stop"))
        self._target.setClearButtonEnabled(True)
        self._target.returnPressed.connect(self._add)
        self._kind.currentIndexChanged.connect(self._show_hint)
        self._button = self._tool(self.tr("Add"), self._add)
        self._remove = self._tool(self.tr("Remove"), self._remove_chosen)
        self._clear = self._tool(self.tr("Remove All"), self.clear_wished.emit)
        bar = QHBoxLayout()
        bar.setContentsMargins(8, 3, 8, 3)
        bar.setSpacing(6)
        bar.addWidget(self._kind)
        bar.addWidget(self._target, 1)
        for button in (self._button, self._remove, self._clear):
            bar.addWidget(button)
        column_ = QVBoxLayout(self)
        column_.setContentsMargins(0, 0, 0, 0)
        column_.setSpacing(0)
        column_.addWidget(self._stage, 1)
        column_.addLayout(bar)
        self._show_hint()
        self.show_breakpoints((), {})

    @Slot(object, object)
    def show_breakpoints(self, points: Sequence[Breakpoint], standing: Mapping[int, Mapping[str, Any]]) -> None:
        """Show the breakpoints and how each stands in the program."""
        self.model.show(points, standing)
        self._remove.setEnabled(bool(points))
        self._clear.setEnabled(bool(points))
        if points:
            self._stage.show_content()
        else:
            self._stage.show_notice(
                self.tr(
                    "No breakpoints. Click left of a line number, press {0} on a node, or name an op, a module, a hook or a value below."
                ).format(key_of("toggle_breakpoint"))
            )

    def ask(self, kind: BreakKind) -> None:
        """Bring the line for adding one to a kind."""
        self._kind.setCurrentIndex(self._kind.findData(kind.value))
        self._target.setFocus(Qt.FocusReason.OtherFocusReason)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Delete takes the chosen rows away."""
        if (
            watched is self._table
            and isinstance(event, QKeyEvent)
            and event.type() == QEvent.Type.KeyPress
            and event.key() == Qt.Key.Key_Delete
        ):
            self._remove_chosen()
            return True
        return super().eventFilter(watched, event)

    # --------------------------------------------------------------------------------------------------------- inside

    def _tool(self, text: str, act: Any) -> QToolButton:
        button = QToolButton(self)
        button.setText(text)
        worded(button)
        button.clicked.connect(lambda: act())
        return button

    def _show_hint(self) -> None:
        self._target.setPlaceholderText(self.tr(KINDS[self._kind.currentIndex()][2]))

    def _add(self) -> None:
        self.add_wished.emit(BreakKind(self._kind.currentData()), self._target.text().strip())

    def added(self) -> None:
        """What was asked for was added: the line is free for another."""
        self._target.clear()

    def _remove_chosen(self) -> None:
        rows = {index.row() for index in self._table.selectionModel().selectedIndexes()}
        if rows:
            self.removal_wished.emit([self.model.point(row).id for row in sorted(rows)])

    def _picked(self, row: int) -> None:
        point = self.model.point(row)
        if point.kind is BreakKind.LINE:
            self.line_picked.emit(*file_and_line(point.target))
