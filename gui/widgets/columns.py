"""Columns and rows of a table as large as its letters ask for, as far as there is room."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QTableView, QTreeView

from .. import theme

_OTHER_ROOM = (QEvent.Type.Resize, QEvent.Type.FontChange, QEvent.Type.StyleChange)


class Columns(QObject):
    """Widths of columns and the height of a table's rows, designed in pixels for letters of the usual size. They grow with the letters
    of the view; widths only as far as all of them fit into it, and until the user gives a column a width of his own."""

    def __init__(self, view: QTreeView | QTableView, widths: Mapping[int, int], *, rest: int = 0, row: int = 0, each: int = 0) -> None:
        """``widths``: of each column that has one; ``rest``: what the others need at least. ``row``, ``each``: of a table, the height
        of a row, and the width of columns whose number is not known."""
        super().__init__(view)
        self._view, self._widths, self._rest, self._row, self._each = view, dict(widths), rest, row, each
        self._given: dict[int, int] = {}
        for watched in (view, view.viewport()):
            watched.installEventFilter(self)
        self._fit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Fit again when the view or its letters have another size."""
        if event.type() in _OTHER_ROOM:  # asked first: when a view goes away, nothing of it may be touched
            self._fit()
        return super().eventFilter(watched, event)

    def _fit(self) -> None:
        view, letters = self._view, self._view.font().pixelSize() / theme.UI_SIZE
        header = view.header() if isinstance(view, QTreeView) else view.horizontalHeader()
        if self._row and isinstance(view, QTableView):
            view.verticalHeader().setDefaultSectionSize(round(self._row * letters))
        if self._each:
            header.setDefaultSectionSize(round(self._each * letters))
        if any(header.sectionSize(column) != width for column, width in self._given.items()):
            return  # the user's
        whole = sum(self._widths.values()) + self._rest
        grows = min(letters, max(view.viewport().width() / whole, 1.0)) if whole else letters
        for column, width in self._widths.items():
            view.setColumnWidth(column, round(width * grows))
            self._given[column] = header.sectionSize(column)
