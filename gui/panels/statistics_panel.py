"""Statistics: what the ops cost, summed up by op, by module or by device: how many, how long, how many bytes."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QItemSelection, QItemSelectionModel, QModelIndex, QPersistentModelIndex, QRectF, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QGuiApplication, QKeySequence, QPainter, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QStyleOptionViewItem,
    QTableView,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from gradstep.engine.tape.tally import By, Total, as_csv

from .. import theme
from ..models.op_totals import SORTED, Column, TotalsModel, sums
from ..panel import Panel
from ..widgets.elided import ElidedLabel, WholeTexts
from ..widgets.formats import seconds
from ..widgets.own_keys import OwnKeys
from .buttons import button
from .notice import Stage

_WIDTHS = {Column.NAME: 190, Column.OPS: 70, Column.STEPS: 70, Column.FORWARD: 92, Column.BACKWARD: 92, Column.SHARE: 150,
           Column.RESULTS: 92, Column.KEPT: 92}  # fmt: skip

WIDEST = 420  # of the names


class StatisticsPanel(Panel):
    """A line for what is summed up together. Choosing lines makes their nodes stand out in the graph; Enter goes from one to the
    next."""

    title = "Statistics"
    about = "What the ops cost: how many there are, how long they took forward and backward, and how many bytes they made and kept"

    by_wished = Signal(object)  # By: the user wants to see the figures of these
    lines_picked = Signal(object)  # list of Total: the user wants to see the nodes of these lines; [] for no longer
    next_wished = Signal(object)  # list of Total: the user wants to go to the next node of these lines
    filter_wished = Signal(object)  # list of Total: the user wants to see only the events of these
    save_wished = Signal(str)  # the user wants to keep these comma-separated values in a file

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMinimumSize(260, 110)
        self._by = By.OP
        self.model = TotalsModel(self)
        self.table = QTableView(self)
        self.table.setItemDelegate(WholeTexts(self.table))
        self.table.setModel(self.model)
        self.table.setAccessibleName(self.tr("Statistics"))
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.table.setShowGrid(False)
        self.table.setWordWrap(False)
        self.table.setTabKeyNavigation(False)
        self.table.setItemDelegateForColumn(Column.SHARE, _Share(self.table))
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(24)
        header = self.table.horizontalHeader()
        header.setHighlightSections(False)
        header.setMinimumSectionSize(60)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        header.setSectionsMovable(True)
        for column, width in _WIDTHS.items():
            self.table.setColumnWidth(column, theme.scaled(width))
        header.setStretchLastSection(False)
        self.table.setSortingEnabled(True)
        self.table.sortByColumn(Column.SHARE, Qt.SortOrder.DescendingOrder)
        self.table.selectionModel().selectionChanged.connect(lambda *_: self._picked())
        self.table.activated.connect(lambda _: self._go_on())
        OwnKeys(self.table, {QKeySequence.StandardKey.Copy: self.copy, "Esc": self.table.clearSelection})
        self._stage = Stage(self.table, self)

        self._ways: dict[By, QToolButton] = {}
        bar = QHBoxLayout()
        bar.setContentsMargins(8, 4, 8, 3)
        bar.setSpacing(4)
        for by, text in ((By.OP, self.tr("Op")), (By.MODULE, self.tr("Module")), (By.DEVICE, self.tr("Device"))):
            made = button(text, partial(self.by_wished.emit, by), self, self.tr("Sum up by this"))
            made.setCheckable(True)
            made.setAccessibleName(self.tr("By {0}").format(text))
            self._ways[by] = made
            bar.addWidget(made)
        self.field = QLineEdit(self)
        self.field.setPlaceholderText(self.tr("Filter"))
        self.field.setClearButtonEnabled(True)
        self.field.setAccessibleName(self.tr("Filter of the statistics"))
        self.field.setMinimumWidth(60)
        self._typing = QTimer(self, singleShot=True, interval=150)
        self._typing.timeout.connect(self._filter)
        self.field.textChanged.connect(lambda _: self._typing.start())
        self.field.returnPressed.connect(self._filter)
        self._note = ElidedLabel(self)
        self._note.setProperty("role", "dim")
        self._events = button(self.tr("Filter Events"), lambda: self.filter_wished.emit(self.chosen()), self)
        self._events.setToolTip(self.tr("Show only the events of the chosen lines"))
        self._copy = button(self.tr("Copy"), self.copy, self, self.tr("Copy the chosen lines, or all, as comma-separated values"))
        self._save = button(self.tr("Save…"), self._ask_save, self, self.tr("Keep the lines that are shown as a CSV file"))
        bar.addSpacing(6)
        bar.addWidget(self.field, 2)
        bar.addSpacing(6)
        bar.addWidget(self._note, 3)
        bar.addSpacing(4)
        for widget in (self._events, self._copy, self._save):
            bar.addWidget(widget)
        column_ = QVBoxLayout(self)
        column_.setContentsMargins(0, 0, 0, 0)
        column_.setSpacing(0)
        column_.addLayout(bar)
        column_.addWidget(self._stage, 1)
        self.show_totals((), By.OP)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The names have what the figures leave, but stay near them in a wide panel."""
        super().resizeEvent(event)
        figures = sum(self.table.columnWidth(column) for column in Column if column is not Column.NAME)
        rest = self.table.viewport().width() - figures
        self.table.setColumnWidth(Column.NAME, min(max(rest, theme.scaled(_WIDTHS[Column.NAME])), theme.scaled(WIDEST)))

    @Slot(object, object)
    def show_totals(self, totals: Sequence[Total], by: By) -> None:
        """Show the figures. Lines that were chosen stay it."""
        for way, made in self._ways.items():
            made.setChecked(way is by)
            made.setEnabled(bool(totals))
        chosen = {total.name for total in self.chosen()} if by is self._by else set()
        self._by = by
        self.model.show(totals, by)
        self._choose_again(chosen)
        if totals:
            self._stage.show_content()
        else:
            self._stage.show_notice(self.tr("No op is recorded. What ops cost, forward and backward, is summed up here."))
        for widget in (self.field, self._copy, self._save):
            widget.setEnabled(bool(totals))
        self._tell()

    def start_search(self) -> None:
        """Ask for something to filter by."""
        self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.field.selectAll()

    def chosen(self) -> list[Total]:
        """The lines that are chosen, as they stand."""
        return self.model.totals(sorted({index.row() for index in self.table.selectionModel().selectedRows()}))

    def forget_choice(self) -> None:
        """Choose no line, and tell nobody."""
        self._choose_again(set())
        self._tell()

    def choose(self, name: str) -> None:
        """Choose the line of that name, where it is shown."""
        for row, total in enumerate(self.model.totals()):
            if total.name == name:
                flags = QItemSelectionModel.SelectionFlag
                self.table.selectionModel().setCurrentIndex(self.model.index(row, 0), flags.ClearAndSelect | flags.Rows)

    @Slot()
    def copy(self) -> None:
        """The chosen lines, or all that are shown, go to the clipboard as comma-separated values."""
        QGuiApplication.clipboard().setText(as_csv(self.chosen() or self.model.totals(), self._by))

    def restyle(self) -> None:
        zoom = theme.zoom_of(self.table)
        for column, width in _WIDTHS.items():
            self.table.setColumnWidth(column, round(theme.scaled(width) * zoom))
        self.table.verticalHeader().setDefaultSectionSize(round(theme.scaled(24) * zoom))
        self.table.viewport().update()

    # --------------------------------------------------------------------------------------------------------- inside

    @Slot()
    def _filter(self) -> None:
        self._typing.stop()
        chosen = {total.name for total in self.chosen()}
        self.model.filter(self.field.text().strip())
        self._choose_again(chosen)
        self._tell()

    def _choose_again(self, names: set[str]) -> None:
        """Choose the lines of these names, and tell nobody."""
        if names == {total.name for total in self.chosen()}:
            return
        flags = QItemSelectionModel.SelectionFlag
        choice = QItemSelection()
        for row, total in enumerate(self.model.totals()):
            if total.name in names:
                choice.select(self.model.index(row, 0), self.model.index(row, 0))
        self.table.selectionModel().blockSignals(True)
        self.table.selectionModel().select(choice, flags.ClearAndSelect | flags.Rows)
        self.table.selectionModel().blockSignals(False)
        self.table.viewport().update()

    def _picked(self) -> None:
        self._tell()
        self.lines_picked.emit(self.chosen())

    def _go_on(self) -> None:
        if chosen := self.chosen():
            self.next_wished.emit(chosen)

    def _ask_save(self) -> None:
        self.save_wished.emit(as_csv(self.model.totals(), self._by))

    def _tell(self) -> None:
        """Sums of what is chosen, or of all that is shown."""
        chosen = self.chosen()
        self._events.setEnabled(bool(chosen) and self._by is not By.DEVICE)
        lines = chosen or self.model.totals()
        ops, steps, forward, backward = sums(lines)
        words = (
            self.tr("{0:,} chosen: {1:,} ops in {2}, {3:,} steps in {4}")
            if chosen
            else self.tr("{0:,} lines: {1:,} ops in {2}, {3:,} steps in {4}")
        )
        said = words.format(len(lines), ops, seconds(forward), steps, seconds(backward)) if lines else ""
        self._note.setText(said)
        self._note.setToolTip(said)
        self.table.setAccessibleDescription(said)


class _Share(WholeTexts):
    """The share in per cent, and as a bar behind it."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        super().paint(painter, option, index)
        share = float(index.data(SORTED) or 0.0)
        room = QRectF(option.rect)
        words = round(theme.scaled(60) * theme.zoom_of(option.widget))
        left, width = room.left() + words, room.width() - 10 - words
        if option.direction == Qt.LayoutDirection.RightToLeft:
            left = room.left() + 10
        if width < 16:
            return
        look = theme.current()
        track = QRectF(left, room.center().y() - 3.5, width, 7.0)
        painter.fillRect(track, theme.mix(look.panel, look.border, 0.55))
        painter.fillRect(QRectF(left, track.top(), max(width * share, 1.0 if share else 0.0), 7.0), look.ready)
