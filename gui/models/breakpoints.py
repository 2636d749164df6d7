"""Breakpoints as a table: what, if, hits, log, how it stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal

from gradstep.engine.debug.breakpoints import BreakKind, Breakpoint

from .. import theme
from ..theme import icon
from ..widgets.plain import tip

Index = QModelIndex | QPersistentModelIndex

KINDS: tuple[tuple[BreakKind, str, str], ...] = (  # kind, its name, an example of its target
    (BreakKind.NODE, "Op or node", "mul, MulBackward0 or #12"),
    (BreakKind.MODULE, "Module", "encoder.0 or Linear"),
    (BreakKind.LINE, "Line", "train.py:41"),
    (BreakKind.HOOK, "Hook", "clip_hook or AccumulateGrad:fc.weight"),
    (BreakKind.VALUE, "Value", "nan, norm > 1e3, zero or shape = [2, 3]"),
    (BreakKind.EXCEPTION, "Exception", "ValueError; empty for all"),
)
_NAMES = {kind: name for kind, name, _ in KINDS}
_FIELDS = ("", "target", "condition", "hits", "log", "")


class BreakpointModel(QAbstractTableModel):
    """A row a breakpoint. Edits are wishes: the table changes when ``show`` is called with what came of them."""

    edited = Signal(int, object)  # the id, and the fields that the user wants to be otherwise

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self._points: list[Breakpoint] = []
        self._standing: Mapping[int, Mapping[str, Any]] = {}
        self._headings = (
            self.tr("Kind"), self.tr("Where"), self.tr("Condition"), self.tr("Hits"), self.tr("Log instead of stopping"), self.tr("State")
        )  # fmt: skip

    def show(self, points: Sequence[Breakpoint], standing: Mapping[int, Mapping[str, Any]]) -> None:
        """Show these breakpoints. Rows that stay keep their selection."""
        if [point.id for point in points] != [point.id for point in self._points]:
            self.beginResetModel()
            self._points, self._standing = list(points), standing
            self.endResetModel()
            return
        self._points, self._standing = list(points), standing
        if points:
            self.dataChanged.emit(self.index(0, 0), self.index(len(points) - 1, len(_FIELDS) - 1))

    def point(self, row: int) -> Breakpoint:
        """The breakpoint of a row."""
        return self._points[row]

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  # as Qt declares it
        return 0 if parent.isValid() else len(self._points)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(_FIELDS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return self._headings[section]
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemNeverHasChildren
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        if index.column() == 0:
            flags |= Qt.ItemFlag.ItemIsUserCheckable
        elif _FIELDS[index.column()]:
            flags |= Qt.ItemFlag.ItemIsEditable
        return flags

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        point, column = self._points[index.row()], index.column()
        if role == Qt.ItemDataRole.CheckStateRole and column == 0:
            return Qt.CheckState.Checked if point.enabled else Qt.CheckState.Unchecked
        if role == Qt.ItemDataRole.DecorationRole and column == 0:
            return icon("breakpoint" if point.enabled and self._verified(point) else "breakpoint_off", "bad" if point.enabled else "dim")
        if role == Qt.ItemDataRole.EditRole:
            return getattr(point, _FIELDS[column]) if _FIELDS[column] else None
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(point, column)
        if role == Qt.ItemDataRole.ToolTipRole:
            return tip(self._state(point) if column == len(_FIELDS) - 1 else self._text(point, column) or self._hint(column))
        if role == Qt.ItemDataRole.ForegroundRole and (not point.enabled or column == len(_FIELDS) - 1):
            return theme.current().dim
        return None

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        if not index.isValid():
            return False
        point, column = self._points[index.row()], index.column()
        if role == Qt.ItemDataRole.CheckStateRole and column == 0:
            self.edited.emit(point.id, {"enabled": Qt.CheckState(value) is Qt.CheckState.Checked})
            return True
        if role == Qt.ItemDataRole.EditRole and _FIELDS[column]:
            if str(value).strip() != getattr(point, _FIELDS[column]):
                self.edited.emit(point.id, {_FIELDS[column]: str(value).strip()})
            return True
        return False

    def _text(self, point: Breakpoint, column: int) -> str:
        if column == 0:
            return _NAMES[point.kind]
        if column == 1:
            if point.kind is BreakKind.LINE:
                return point.target.replace("\\", "/").rpartition("/")[2]
            return point.target or self.tr("all")
        if column == len(_FIELDS) - 1:
            return self._state(point)
        return str(getattr(point, _FIELDS[column]))

    def _hint(self, column: int) -> str:
        return ("", "", self.tr("norm > 1e3 and module == 'encoder.0'"), self.tr("3, >= 3 or % 10"), self.tr("{op} at {line}: {norm}"), "")[
            column
        ]

    def _verified(self, point: Breakpoint) -> bool:
        return bool(self._standing.get(point.id, {}).get("verified", True))

    def _state(self, point: Breakpoint) -> str:
        state = self._standing.get(point.id)
        if not point.enabled:
            return self.tr("off")
        if state is None:
            return self.tr("waits for a run")
        hits = int(state.get("hits", 0))
        words = str(state.get("message", ""))
        met = self.tr("met once") if hits == 1 else self.tr("met {0} times").format(hits) if hits else ""
        return ", ".join(part for part in (met, words if not hits or words != "not met yet" else "") if part) or self.tr("set")
