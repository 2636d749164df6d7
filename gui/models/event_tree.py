"""The Qt model of the events tree: rows are made when a parent is opened, texts when they are painted."""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from typing import Any

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from .history import Row, RowKind
from .rows import LazyFacts, RowFacts, RowReader

Index = QModelIndex | QPersistentModelIndex
GROUPS = (RowKind.FORWARD, RowKind.CALL, RowKind.BACKWARD)


class Column(IntEnum):
    """The columns; the tree's branches stand in NAME."""

    NUMBER = 0
    NAME = 1
    NORM = 2
    BAD = 3
    TIME = 4
    MODULE = 5


class EventRole(IntEnum):
    """What a delegate asks for beyond Qt's own roles."""

    FACTS = Qt.ItemDataRole.UserRole + 1
    PAST = Qt.ItemDataRole.UserRole + 2
    CURRENT = Qt.ItemDataRole.UserRole + 3
    ROW = Qt.ItemDataRole.UserRole + 4


class EventTree(QAbstractItemModel):
    """Shows a history. Call ``sync`` after it was read on; the model never looks at it on its own."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._reader: RowReader | None = None
        self._keep: Callable[[LazyFacts], bool] | None = None
        self._shown: dict[int, list[Row]] = {}  # uid of an opened parent (0: top level) -> its children in the view
        self._by_uid: dict[int, Row] = {}  # every row in the view, also one that the history has let go since the last sync
        self._place: dict[int, int] = {}  # while filtered: uid -> place among the shown siblings
        self._cache: dict[int, RowFacts] = {}
        self._current = 0
        self._changing = False  # a view that is told of a change may ask for more at once: one change at a time
        self.position = -1
        self.matching = 0
        self.hidden = 0

    # ------------------------------------------------------------------------------------------------------ filling

    def show(self, reader: RowReader | None) -> None:
        """Show another tape's history, None for nothing."""
        self._reset(reader, self._keep)

    def set_filter(self, keep: Callable[[LazyFacts], bool] | None) -> None:
        """Show only rows that ``keep`` lets through, with what they stand under; None for all."""
        self._reset(self._reader, keep)

    @property
    def filtered(self) -> bool:
        return self._keep is not None

    def sync(self) -> None:
        """Take over what the history has read since the last call."""
        if self._reader is None:
            return
        changed = self._reader.history.changed
        if not changed:
            return
        if self._keep is not None:
            self._reset(self._reader, self._keep)
            return
        self._changing = True
        for uid, kept in sorted(changed.items()):
            shown = self._shown.get(uid)
            if shown is None:
                continue  # nobody has opened it
            parent = self._reader.history.rows.get(uid)
            if uid and parent is None:
                continue
            index = QModelIndex() if parent is None else self.index_of(parent)
            rows = self._reader.history.top if parent is None else parent.children
            if len(shown) > kept:
                self.beginRemoveRows(index, kept, len(shown) - 1)
                for row in shown[kept:]:
                    self._close(row)
                    del self._by_uid[row.uid]
                del shown[kept:]
                self.endRemoveRows()
            if len(rows) > len(shown):
                self.beginInsertRows(index, len(shown), len(rows) - 1)
                fresh = rows[len(shown) :]
                self._by_uid.update((row.uid, row) for row in fresh)
                shown.extend(fresh)
                self.endInsertRows()
        changed.clear()
        self._changing = False

    def set_position(self, position: int, current: Row | None) -> None:
        """The cursor stands at event ``position``; ``current`` is the row to mark."""
        self.position = position
        before, self._current = self._current, current.uid if current is not None else 0
        for uid in {before, self._current} - {0}:
            row = self._by_uid.get(uid)
            if row is not None:
                index = self.index_of(row)
                self.dataChanged.emit(index, index.siblingAtColumn(Column.MODULE))

    def index_of(self, row: Row) -> QModelIndex:
        """The row's index; opens its parents. Invalid when the filter hides it."""
        for above in self._path(row):
            if above.uid not in self._shown and self._keep is None:
                self._open(above)
        place = row.place if self._keep is None else self._place.get(row.uid, -1)
        return self.createIndex(place, 0, row.uid) if place >= 0 else QModelIndex()

    def known_index(self, row: Row) -> QModelIndex:
        """The row's index where it is already in the view; opens nothing."""
        if row.uid not in self._by_uid:
            return QModelIndex()
        return self.createIndex(row.place if self._keep is None else self._place.get(row.uid, 0), 0, row.uid)

    def row(self, index: Index) -> Row | None:
        """The history's row behind an index."""
        return self._by_uid.get(index.internalId()) if index.isValid() else None

    # ------------------------------------------------------------------------------------------------------- Qt asks

    def index(self, row: int, column: int, parent: Index = QModelIndex()) -> QModelIndex:  # noqa: B008
        shown = self._shown.get(parent.internalId() if parent.isValid() else 0)
        if shown is None or not 0 <= row < len(shown) or not 0 <= column < len(Column):
            return QModelIndex()
        return self.createIndex(row, column, shown[row].uid)

    def parent(self, index: Index = QModelIndex()) -> QModelIndex:  # type: ignore[override]  # noqa: B008
        row = self.row(index)
        if row is None or row.parent is None:
            return QModelIndex()
        above = row.parent
        place = above.place if self._keep is None else self._place.get(above.uid, 0)
        return self.createIndex(place, 0, above.uid)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        if parent.isValid() and parent.column() != 0:
            return 0
        return len(self._shown.get(parent.internalId() if parent.isValid() else 0, ()))

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return len(Column)

    def hasChildren(self, parent: Index = QModelIndex()) -> bool:  # noqa: B008
        if not parent.isValid():
            return bool(self._shown.get(0))
        row = self.row(parent)
        if row is None or parent.column() != 0:
            return False
        return bool(row.children) if self._keep is None else bool(self._shown.get(row.uid))

    def canFetchMore(self, parent: Index) -> bool:
        row = self.row(parent)
        if row is None or parent.column() != 0 or self._keep is not None or self._changing:
            return False
        return bool(row.children) and row.uid not in self._shown

    def fetchMore(self, parent: Index) -> None:
        row = self.row(parent)
        if row is not None and self.canFetchMore(parent):
            self._open(row)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return (self.tr("#"), self.tr("Name"), "|g|", self.tr("NaN"), self.tr("Time"), self.tr("Module"))[section]
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.ToolTipRole:
            return (
                self.tr("Number of the event; of a forward op the op's number"),
                self.tr("What happened"),
                self.tr("2-norm of the gradient that arrived"),
                self.tr("NaNs and infinities in it"),
                self.tr("Time that it took"),
                self.tr("Module call in which the forward op ran"),
            )[section]
        if role == Qt.ItemDataRole.TextAlignmentRole and section in (Column.NUMBER, Column.NORM, Column.TIME):
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row = self.row(index)
        if row is None:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self.text(row, index.column())
        if role == Qt.ItemDataRole.TextAlignmentRole:
            right = index.column() in (Column.NUMBER, Column.NORM, Column.TIME)
            return (Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft) | Qt.AlignmentFlag.AlignVCenter
        if role == Qt.ItemDataRole.ToolTipRole or role == Qt.ItemDataRole.AccessibleTextRole:
            return self.sentence(row)
        if role == EventRole.FACTS:
            return self.facts(row)
        if role == EventRole.PAST:
            return row.is_past(self.position)
        if role == EventRole.CURRENT:
            return row.uid == self._current
        if role == EventRole.ROW:
            return row
        return None

    # ---------------------------------------------------------------------------------------------------------- texts

    def facts(self, row: Row) -> RowFacts:
        """The row's facts; kept once the row is over."""
        facts = self._cache.get(row.uid)
        if facts is None:
            assert self._reader is not None
            facts = self._reader.facts(row)
            if row.kind is RowKind.OP or row.last >= 0:
                if len(self._cache) > 5000:
                    self._cache.clear()
                self._cache[row.uid] = facts
        return facts

    def text(self, row: Row, column: int) -> str:
        """What stands in a cell."""
        facts = self.facts(row)
        match column:
            case Column.NUMBER:
                return facts.number
            case Column.NAME:
                return facts.name
            case Column.NORM:
                return facts.norm_text()
            case Column.BAD:
                return facts.bad_text()
            case Column.TIME:
                return facts.duration_text()
            case _:
                return facts.module

    def sentence(self, row: Row) -> str:
        """The whole row in words: what a screen reader says and the tooltip shows."""
        facts = self.facts(row)
        parts = [facts.name]
        if row.uid == self._current:
            parts.append(self.tr("the cursor is here"))
        elif not row.is_past(self.position):
            parts.append(self.tr("not yet run"))
        if facts.norm_text():
            parts.append(self.tr("norm %1").replace("%1", facts.norm_text()))
        parts += [part for part in (facts.bad_text(), facts.shape, facts.duration_text()) if part]
        if facts.module:
            parts.append(self.tr("module %1").replace("%1", facts.module))
        return ", ".join(parts)

    # --------------------------------------------------------------------------------------------------------- inside

    def _reset(self, reader: RowReader | None, keep: Callable[[LazyFacts], bool] | None) -> None:
        self._changing = True
        self.beginResetModel()
        self._reader, self._keep = reader, keep
        self._refill()
        self.endResetModel()
        self._changing = False

    def _path(self, row: Row) -> list[Row]:
        path: list[Row] = []
        above = row.parent
        while above is not None:
            path.append(above)
            above = above.parent
        return path[::-1]

    def _open(self, row: Row) -> None:
        if not row.children:
            return
        before, self._changing = self._changing, True
        self.beginInsertRows(self.createIndex(row.place, 0, row.uid), 0, len(row.children) - 1)
        self._shown[row.uid] = list(row.children)
        self._by_uid.update((child.uid, child) for child in row.children)
        self.endInsertRows()
        self._changing = before

    def _close(self, row: Row) -> None:
        for child in self._shown.pop(row.uid, ()):
            self._close(child)
            del self._by_uid[child.uid]

    def _refill(self) -> None:
        self._shown.clear()
        self._by_uid.clear()
        self._place.clear()
        self._cache.clear()
        self.matching = self.hidden = 0
        if self._reader is None:
            return
        top = self._reader.history.top
        self._reader.history.changed.clear()
        if self._keep is None:
            self._shown[0] = list(top)
            self._by_uid.update((row.uid, row) for row in top)
        else:
            self._shown[0] = self._sieve(top)

    def _sieve(self, rows: list[Row]) -> list[Row]:
        assert self._keep is not None
        assert self._reader is not None
        kept: list[Row] = []
        for row in rows:
            below = self._sieve(row.children) if row.children else []
            matches = row.kind not in GROUPS and self._keep(LazyFacts(self._reader, row))
            if row.kind not in GROUPS:
                self.matching += matches
                self.hidden += not matches
            if below or matches:
                self._place[row.uid] = len(kept)
                self._by_uid[row.uid] = row
                self._shown[row.uid] = below
                kept.append(row)
        return kept
