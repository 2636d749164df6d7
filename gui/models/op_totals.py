"""The Qt model of the statistics: a row for what is summed up together. It sorts and filters itself: a proxy would ask it for each
of 15,000 modules some thirty times."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from typing import Any

import numpy as np
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt

from gradstep.engine.tape.tally import By, Total

from .. import theme
from ..widgets.formats import byte_size, seconds
from ..widgets.plain import tip

Index = QModelIndex | QPersistentModelIndex
SORTED = Qt.ItemDataRole.UserRole + 1  # what a column is sorted by


class Column(IntEnum):
    """The columns."""

    NAME = 0
    OPS = 1
    STEPS = 2
    FORWARD = 3
    BACKWARD = 4
    SHARE = 5
    RESULTS = 6
    KEPT = 7


class TotalsModel(QAbstractTableModel):
    """The lines that a text is in, sorted by a column; of equal ones, in the order of the tally: the costliest first."""

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self._all: Sequence[Total] = ()
        self._totals: list[Total] = []  # those that are shown, as they stand
        self._text_in = ""
        self._sorted = (Column.SHARE, Qt.SortOrder.DescendingOrder)
        self._by = By.OP
        self._headings = (
            "", self.tr("Ops"), self.tr("Steps"), self.tr("Forward"), self.tr("Backward"), self.tr("Share of Time"), self.tr("Results"),
            self.tr("Kept"),
        )  # fmt: skip
        self._tips = (
            "", self.tr("How many ops ran in the forward pass"),
            self.tr("How many steps nodes had in backward, without those that were taken back"),
            self.tr("How long the ops took"), self.tr("How long the steps took, without what ran inside of them"),
            self.tr("Forward and backward together, of all that was recorded"),
            self.tr("Bytes of the ops' results; a view makes none, and what is changed in place counts once"),
            self.tr("Bytes that nodes keep for their backward, until they are freed"),
        )  # fmt: skip
        self._names = {By.OP: self.tr("Op"), By.MODULE: self.tr("Module"), By.DEVICE: self.tr("Device")}
        self._nothing = {By.OP: "", By.MODULE: self.tr("in no module"), By.DEVICE: self.tr("no device is known")}

    def show(self, totals: Sequence[Total], by: By) -> None:
        """Show these lines. Where only figures changed, what is selected stays."""
        same, self._by, self._all = by is self._by, by, totals
        shown = self._arranged()
        if same and [total.name for total in shown] == [total.name for total in self._totals]:
            self._totals = shown
            if shown:
                self.dataChanged.emit(self.index(0, 0), self.index(len(shown) - 1, len(Column) - 1))
            return
        self.beginResetModel()
        self._totals = shown
        self.endResetModel()

    def filter(self, text: str) -> None:
        """Show only the lines in whose name this is, case ignored."""
        self._text_in = text.casefold()
        self.beginResetModel()
        self._totals = self._arranged()
        self.endResetModel()

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort by the numbers of a column. What is selected stays selected."""
        self._sorted = (Column(column), order)
        self.layoutAboutToBeChanged.emit()
        held = self.persistentIndexList()
        lines = [self._totals[index.row()].name for index in held]
        self._totals = self._arranged()
        row_of = {total.name: row for row, total in enumerate(self._totals)}
        now = [self.index(row_of[name], index.column()) for name, index in zip(lines, held, strict=True)]
        self.changePersistentIndexList(held, now)
        self.layoutChanged.emit()

    def totals(self, rows: Sequence[int] | None = None) -> list[Total]:
        """The lines of these rows, in their order; None: of all that are shown."""
        return list(self._totals) if rows is None else [self._totals[row] for row in rows]

    def _arranged(self) -> list[Total]:
        column, order = self._sorted
        shown = [total for total in self._all if self._text_in in total.name.casefold()]
        return sorted(shown, key=lambda total: self._number(total, column), reverse=order is Qt.SortOrder.DescendingOrder)

    def total(self, row: int) -> Total:
        """A line by its row."""
        return self._totals[row]

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  # as Qt declares it
        return 0 if parent.isValid() else len(self._totals)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(Column)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation is not Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self._headings[section] or self._names[self._by]
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._tips[section] or None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            sides = {Column.NAME: Qt.AlignmentFlag.AlignLeft, Column.SHARE: Qt.AlignmentFlag.AlignHCenter}
            return sides.get(Column(section), Qt.AlignmentFlag.AlignRight) | Qt.AlignmentFlag.AlignVCenter
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        total, column = self._totals[index.row()], Column(index.column())
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(total, column)
        if role == SORTED:
            return self._number(total, column)
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            text = self._sentence(total, column)
            return tip(text) if role == Qt.ItemDataRole.ToolTipRole else text
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignLeft if column in (Column.NAME, Column.SHARE) else Qt.AlignmentFlag.AlignRight
            return side | Qt.AlignmentFlag.AlignVCenter
        if role == Qt.ItemDataRole.FontRole and column is not Column.NAME:
            return theme.mono_font(12)
        if role == Qt.ItemDataRole.ForegroundRole:
            return theme.current().dim if not self._number(total, column) else None
        return None

    def _number(self, total: Total, column: Column) -> Any:
        return (
            total.name.casefold(), total.ops, total.steps, total.forward, total.backward, total.share, float(total.results),
            float(total.kept),
        )[column]  # fmt: skip

    def _text(self, total: Total, column: Column) -> str:
        match column:
            case Column.NAME:
                return total.name or self._nothing[self._by]
            case Column.OPS | Column.STEPS:
                count = total.ops if column is Column.OPS else total.steps
                return f"{count:,}" if count else "-"
            case Column.FORWARD:
                return seconds(total.forward) if total.ops else "-"
            case Column.BACKWARD:
                return seconds(total.backward) if total.steps else "-"
            case Column.SHARE:
                return f"{total.share:7.1%}"
            case _:
                count = total.results if column is Column.RESULTS else total.kept
                return byte_size(count) if count else "-"

    def _sentence(self, total: Total, column: Column) -> str:
        if column is Column.NAME:
            return self._text(total, column)
        if column in (Column.RESULTS, Column.KEPT):
            count = total.results if column is Column.RESULTS else total.kept
            return self.tr("{0}: {1} ({2:,} bytes)").format(self._headings[column], byte_size(count), count)
        return f"{self._headings[column]}: {self._text(total, column)}"


def sums(totals: Sequence[Total]) -> tuple[int, int, float, float]:
    """Ops, steps, seconds forward and seconds backward of some lines."""
    table = np.array([(t.ops, t.steps, t.forward, t.backward) for t in totals], np.float64).reshape(-1, 4).sum(axis=0)
    return int(table[0]), int(table[1]), float(table[2]), float(table[3])
