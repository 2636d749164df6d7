"""What goes to the clipboard: rows of Qt's lists, tables and trees as text, pictures with words."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QAbstractItemView, QTableView, QTreeView


def copy_picture(picture: QImage, words: str) -> None:
    """Put a picture on the clipboard, and what it shows in words for whoever takes text."""
    clipboard = QGuiApplication.clipboard()
    clipboard.setImage(picture)
    clipboard.mimeData().setText(words)  # made by Qt: data made here would outlive Python, and crash at the exit


def selected_text(view: QAbstractItemView) -> str:
    """The selected rows from top to bottom, or the current one: a line each, its columns apart by tabs, as they are shown. A table has its
    headings first. "" where there is nothing."""
    chosen = [*view.selectedIndexes(), view.currentIndex()][: None if view.selectedIndexes() else 1]
    rows = {(view.visualRect(index).top(), index.row()): index for index in chosen if index.isValid()}
    lines = [_line(view, index) for _, index in sorted(rows.items(), key=lambda item: item[0])]
    if not lines:
        return ""
    if isinstance(view, QTableView) and not view.horizontalHeader().isHidden():
        lines.insert(0, "\t".join(str(view.model().headerData(at, Qt.Orientation.Horizontal) or "") for at in _columns(view)))
    return "\n".join(lines) + "\n"


def _columns(view: QAbstractItemView) -> list[int]:
    """The columns in the order in which they are shown."""
    if not isinstance(view, QTableView | QTreeView):
        return [0]
    header = view.horizontalHeader() if isinstance(view, QTableView) else view.header()
    shown = [header.logicalIndex(place) for place in range(header.count())]
    return [column for column in shown if not header.isSectionHidden(column)]


def _line(view: QAbstractItemView, index: QModelIndex) -> str:
    cells = [index.siblingAtColumn(column).data() for column in _columns(view)]
    return "\t".join("" if cell is None else str(cell).replace("\n", " ") for cell in cells).rstrip("\t")
