"""The Qt model of the events tree: its rows from top to bottom as a table, so that a row that comes last costs nothing of those
before it. Texts are made when they are painted."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator
from enum import IntEnum
from itertools import islice
from typing import Any

import numpy as np
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from ..widgets.plain import tip
from .row_table import Row, RowKind, RowTable
from .rows import LazyFacts, RowFacts, RowReader

Index = QModelIndex | QPersistentModelIndex
FEW = 16  # rows whose places are noted one by one
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
    """What the model knows of a row beyond Qt's own roles."""

    PAST = Qt.ItemDataRole.UserRole + 1
    CURRENT = Qt.ItemDataRole.UserRole + 2
    DEPTH = Qt.ItemDataRole.UserRole + 3
    OPEN = Qt.ItemDataRole.UserRole + 4  # True, False; None where there is nothing to open


class EventTree(QAbstractTableModel):
    """Shows a history: a row for each row of the tree whose parents are open. Call ``sync`` after the history was read on; the
    model never looks at it on its own.

    It is a table because Qt's tree view lays all rows of an open parent out again for each new one, and asks this model for each.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._reader: RowReader | None = None
        self._keep: Callable[[LazyFacts], bool] | None = None
        # rows stand here by their numbers (``Row.uid``): there may be hundreds of thousands
        self._rows = array("i")  # what is in the view
        self._open: dict[int, array[int]] = {}  # an open parent (0: the top level) -> its children in the view
        self._kept: dict[int, array[int]] = {}  # while filtered: row -> its children that the filter lets through
        self._places = array("i")  # by row: its place in the view, -1 for none; right for the first ``_sure`` places
        self._sure = 0
        self._cache: dict[int, RowFacts] = {}
        self._unsure: set[int] = set()  # rows in it whose norm was not known: statistics may reach the tape after the event
        self._current = 0
        self.position = -1
        self.is_removing = False  # rows are being taken out
        self.matching = 0
        self.hidden = 0

    # ------------------------------------------------------------------------------------------------------ filling

    def show(self, reader: RowReader | None) -> None:
        """Show another tape's history, None for nothing."""
        self._reset(reader, self._keep)

    def set_filter(self, keep: Callable[[LazyFacts], bool] | None) -> None:
        """Show only rows that ``keep`` lets through, with what they stand under, all open; None for all."""
        self._reset(self._reader, keep)

    @property
    def filtered(self) -> bool:
        return self._keep is not None

    def sync(self) -> None:
        """Take over what the history has read since the last call."""
        if self._reader is None:
            return
        history, table = self._reader.history, self._reader.history.table
        self._ask_again()
        if not history.changed:
            return
        if self._keep is not None:
            self._reset(self._reader, self._keep)
            return
        for uid, kept in sorted(history.changed.items()):
            if uid in table.gone:
                continue
            if not uid or uid in self._open:
                self._take_over(uid, table.below(uid), kept)
            if uid:
                self._changed(self._place_of(uid))  # it may have its first child, or none any more
        history.changed.clear()

    def _take_over(self, parent: int, rows: array[int], kept: int) -> None:
        """Of the children that are in the view the first ``kept`` stay, and those that ``rows`` has beyond them come."""
        shown = self._open[parent]
        end = self._end(parent)
        if len(shown) > kept:
            self._remove(self._place_of(shown[kept]), end)
            del shown[kept:]
            end = self._end(parent)
        if len(rows) > len(shown):
            fresh = rows[len(shown) :]
            shown.extend(fresh)
            self._insert(end, fresh)

    def set_position(self, position: int, current: Row | None) -> None:
        """The cursor stands at event ``position``; ``current`` is the row to mark."""
        self.position = position
        before, self._current = self._current, current.uid if current is not None else 0
        for uid in {before, self._current} - {0}:
            self._changed(self._place_of(uid))

    # -------------------------------------------------------------------------------------------------------- the tree

    def row(self, index: Index) -> Row | None:
        """The history's row behind an index."""
        return self._table.made(self._rows[index.row()]) if index.isValid() and index.row() < len(self._rows) else None

    def index_of(self, row: Row) -> QModelIndex:
        """The row's index; opens its parents. Invalid when the filter hides it."""
        if self._place(row) < 0:
            for above in _path(row):
                self.set_open(above, True)
        return self.known_index(row)

    def known_index(self, row: Row) -> QModelIndex:
        """The row's index where it is in the view; opens nothing."""
        place = self._place(row)
        return self.createIndex(place, 0) if place >= 0 else QModelIndex()

    def has_children(self, row: Row) -> bool:
        """Whether it can be opened."""
        return bool(self._children(row.uid))

    def is_open(self, row: Row) -> bool:
        """Whether its children are in the view."""
        return row.uid in self._open

    def set_open(self, row: Row, opened: bool) -> None:
        """Open a row that is in the view, or close it."""
        place = self._place(row)
        if place < 0 or opened is self.is_open(row):
            return
        if opened:
            children = self._children(row.uid)
            if children:
                self._open[row.uid] = children[:]
                self._insert(place + 1, children)
        else:
            self._remove(place + 1, self._end(row.uid))
            self._open.pop(row.uid, None)
        self._changed(place)

    def below(self, row: Row | None) -> list[Row]:
        """The children that are in the view; of None the top level."""
        return [self._table.made(uid) for uid in self._open.get(row.uid if row is not None else 0, ())]

    def count_below(self, row: Row) -> int:
        """How many children of it are in the view."""
        return len(self._open.get(row.uid, ()))

    def is_current(self, row: Row) -> bool:
        """Whether the cursor is there."""
        return row.uid == self._current

    @staticmethod
    def stands_right(column: int) -> bool:
        """Whether a column's texts stand at the right: numbers do."""
        return column in (Column.NUMBER, Column.NORM, Column.TIME)

    @classmethod
    def alignment(cls, column: int) -> Qt.AlignmentFlag:
        """Where a column's texts stand."""
        right = cls.stands_right(column)
        return (Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft) | Qt.AlignmentFlag.AlignVCenter

    @staticmethod
    def depth(row: Row) -> int:
        """How many rows it stands under."""
        depth, above = 0, row.parent
        while above is not None:
            depth, above = depth + 1, above.parent
        return depth

    # ------------------------------------------------------------------------------------------------------- Qt asks

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(Column)

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
            return self.alignment(index.column())
        if role == Qt.ItemDataRole.ToolTipRole:
            return tip(self.sentence(row))
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return self._spoken(row)
        if role == EventRole.PAST:
            return row.is_past(self.position)
        if role == EventRole.CURRENT:
            return self.is_current(row)
        if role == EventRole.DEPTH:
            return self.depth(row)
        if role == EventRole.OPEN:
            return self.is_open(row) if self.has_children(row) else None
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
                    self._unsure.clear()
                self._cache[row.uid] = facts
                if row.kind is not RowKind.OP and not facts.norm_text():
                    self._unsure.add(row.uid)
        return facts

    def forget_texts(self) -> None:
        """Rows are called otherwise now."""
        self._cache.clear()
        self._unsure.clear()
        if self._rows:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._rows) - 1, self.columnCount() - 1))

    def _ask_again(self) -> None:
        """The tape has grown: what was not known of rows that were looked at may be known now."""
        unsure, self._unsure = self._unsure, set()
        for uid in unsure:
            if self._cache.pop(uid, None) is not None and uid not in self._table.gone:
                self._changed(self._place_of(uid))

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
        if self.is_current(row):
            parts.append(self.tr("the cursor is here"))
        elif not row.is_past(self.position):
            parts.append(self.tr("not yet run"))
        if facts.norm_text():
            parts.append(self.tr("norm %1").replace("%1", facts.norm_text()))
        parts += [part for part in (facts.bad_text(), facts.shape, facts.duration_text()) if part]
        if facts.module:
            parts.append(self.tr("module %1").replace("%1", facts.module))
        return ", ".join(parts)

    def _spoken(self, row: Row) -> str:
        """The sentence, and what eyes see of the tree: how deep it stands, whether it is open."""
        state = (self.tr("open") if self.is_open(row) else self.tr("closed")) if self.has_children(row) else ""
        level = self.tr("level %1").replace("%1", str(self.depth(row) + 1))
        return ", ".join(part for part in (self.sentence(row), state, level) if part)

    # --------------------------------------------------------------------------------------------------------- inside

    @property
    def _table(self) -> RowTable:
        assert self._reader is not None
        return self._reader.history.table

    def _reset(self, reader: RowReader | None, keep: Callable[[LazyFacts], bool] | None) -> None:
        self.beginResetModel()
        self._reader, self._keep = reader, keep
        self._open.clear()
        self._kept.clear()
        self._cache.clear()
        self._unsure.clear()
        self._places = array("i")
        self._sure = self.matching = self.hidden = 0
        top = reader.history.table.below(0)[:] if reader is not None else array("i")
        if reader is not None:
            reader.history.changed.clear()
        if keep is None or reader is None:
            self._rows = top[:]
        else:
            top = self._sieve(top)
            self._rows = array("i", self._flat(top))
            self._open.update(self._kept)
        self._open[0] = top
        self.endResetModel()

    def _sieve(self, rows: array[int]) -> array[int]:
        """Those of ``rows`` that match or have something below that does; what is below them is kept as well."""
        assert self._keep is not None
        assert self._reader is not None
        table, kept = self._table, array("i")
        for uid in rows:
            children = table.below(uid)
            below = self._sieve(children) if children else children
            of_its_own = table.kinds[uid] not in GROUPS
            matches = of_its_own and self._keep(LazyFacts(self._reader, table.made(uid)))
            if of_its_own:
                self.matching += matches
                self.hidden += not matches
            if below or matches:
                if below:
                    self._kept[uid] = below
                kept.append(uid)
        return kept

    def _flat(self, rows: array[int]) -> Iterator[int]:
        for uid in rows:
            yield uid
            yield from self._flat(self._kept.get(uid, array("i")))

    def _children(self, uid: int) -> array[int]:
        return self._table.below(uid) if self._keep is None else self._kept.get(uid, array("i"))

    def _place(self, row: Row) -> int:
        return self._place_of(row.uid)

    def _place_of(self, uid: int) -> int:
        """Where a row is in the view, -1 where it is not."""
        if self._sure < len(self._rows):  # what came since
            missing = len(self._table.kinds) - len(self._places)
            if missing > 0:
                self._places.extend(array("i", [-1]) * missing)
            if len(self._rows) - self._sure < FEW:
                for place, shown in enumerate(islice(self._rows, self._sure, None), self._sure):
                    self._places[shown] = place
            else:
                np.frombuffer(self._places, np.intc)[np.frombuffer(self._rows, np.intc)[self._sure :]] = np.arange(
                    self._sure, len(self._rows)
                )
            self._sure = len(self._rows)
        return self._places[uid] if uid < len(self._places) else -1

    def _end(self, uid: int) -> int:
        """The place after the last row below one; of 0 after all."""
        if not uid:
            return len(self._rows)
        while below := self._open.get(uid):  # the last child's last child ends it
            uid = below[-1]
        return self._place_of(uid) + 1

    def _insert(self, place: int, rows: array[int]) -> None:
        self.beginInsertRows(QModelIndex(), place, place + len(rows) - 1)
        self._rows[place:place] = rows
        self._sure = min(self._sure, place)
        self.endInsertRows()

    def _remove(self, place: int, end: int) -> None:
        if end <= place:
            return
        self.is_removing = True
        self.beginRemoveRows(QModelIndex(), place, end - 1)
        for uid in self._rows[place:end]:
            self._open.pop(uid, None)
            if uid < len(self._places):
                self._places[uid] = -1
        del self._rows[place:end]
        self._sure = min(self._sure, place)
        self.endRemoveRows()
        self.is_removing = False

    def tell(self, first: int, last: int) -> None:
        """Rows look otherwise now."""
        self.dataChanged.emit(self.createIndex(first, 0), self.createIndex(last, Column.MODULE))

    def _changed(self, place: int) -> None:
        if place >= 0:
            self.tell(place, place)


def _path(row: Row) -> list[Row]:
    """What it stands under, from the top."""
    path: list[Row] = []
    above = row.parent
    while above is not None:
        path.append(above)
        above = above.parent
    return path[::-1]
