"""The Qt model of the watches: a row a watch."""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import IntEnum
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal

from .. import theme
from ..widgets.formats import number
from ..widgets.plain import tip
from .watches import WatchRow

Index = QModelIndex | QPersistentModelIndex
HISTORY = Qt.ItemDataRole.UserRole + 1  # the norms over the stops


class Column(IntEnum):
    """The columns."""

    EXPRESSION = 0
    CHANGED = 1
    NORM = 2
    HISTORY = 3
    VALUE = 4


class WatchModel(QAbstractTableModel):
    """Edits are wishes: a row changes when ``show`` is called with what came of them."""

    edited = Signal(int, str)  # the id, and the expression that the user wants to watch in its place

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self._rows: list[WatchRow] = []
        self._headings = (self.tr("Watch"), "", self.tr("Norm or number"), self.tr("Over the stops"), self.tr("Value"))

    def show(self, rows: Sequence[WatchRow]) -> None:
        """Show these watches. Rows that stay keep their selection."""
        if [row.watch.id for row in rows] != [row.watch.id for row in self._rows]:
            self.beginResetModel()
            self._rows = list(rows)
            self.endResetModel()
        elif list(rows) != self._rows:
            self._rows = list(rows)
            self.dataChanged.emit(self.index(0, 0), self.index(len(rows) - 1, len(Column) - 1))

    def row(self, place: int) -> WatchRow:
        """A row by its place."""
        return self._rows[place]

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  # as Qt declares it
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(Column)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return self._headings[section]
        if role == Qt.ItemDataRole.TextAlignmentRole and section in (Column.NORM, Column.HISTORY):  # as what stands below
            side = Qt.AlignmentFlag.AlignRight if section == Column.NORM else Qt.AlignmentFlag.AlignHCenter
            return side | Qt.AlignmentFlag.AlignVCenter
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemNeverHasChildren
        if index.column() == Column.EXPRESSION and not self._rows[index.row()].watch.recorded:
            flags |= Qt.ItemFlag.ItemIsEditable
        return flags

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        row, column = self._rows[index.row()], index.column()
        newest = row.newest
        if role == Qt.ItemDataRole.EditRole:
            return row.watch.expression if column == Column.EXPRESSION else None
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(row, column)
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            text = self._sentence(row, column)
            return tip(text) if role == Qt.ItemDataRole.ToolTipRole else text
        if role == HISTORY:
            return row.history
        if role == Qt.ItemDataRole.FontRole and column != Column.EXPRESSION:
            return theme.mono_font(12)
        if role == Qt.ItemDataRole.TextAlignmentRole and column == Column.NORM:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if role == Qt.ItemDataRole.ForegroundRole:
            look = theme.current()
            if column == Column.CHANGED:
                return look.accent_text
            if newest is not None and column in (Column.NORM, Column.VALUE) and (newest.bad or newest.error):
                return look.bad
            return look.dim if column == Column.VALUE else None
        return None

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        if not index.isValid() or role != Qt.ItemDataRole.EditRole or index.column() != Column.EXPRESSION:
            return False
        watch, text = self._rows[index.row()].watch, str(value).strip()
        if text and text != watch.expression:
            self.edited.emit(watch.id, text)
        return True

    def _text(self, row: WatchRow, column: int) -> str:
        newest = row.newest
        if column == Column.EXPRESSION:
            if not row.watch.recorded:
                return row.watch.expression
            name = f"{row.watch.expression}, {row.watch.about}" if row.watch.about else row.watch.expression
            return self.tr("{0}  (tape)").format(name)
        if newest is None:
            return self.tr("at the next stop") if column == Column.VALUE else ""
        if column == Column.CHANGED:
            return "●" if row.changed else ""
        if column == Column.NORM:
            return "" if newest.error or (math.isnan(newest.norm) and not newest.bad) else number(newest.norm)
        if column == Column.VALUE:
            return newest.error or "   ".join(part for part in (newest.detail, newest.text) if part)
        return ""

    def _sentence(self, row: WatchRow, column: int) -> str:
        if column == Column.CHANGED:
            return self.tr("changed since the stop before") if row.changed else self.tr("as at the stop before")
        if column == Column.HISTORY:
            return self.tr("{0} readings").format(len(row.readings))
        return self._text(row, column)
