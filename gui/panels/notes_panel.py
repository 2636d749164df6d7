"""Notes: what the user writes on a script or a tape, and the moments that were bookmarked."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QPlainTextEdit, QSplitter, QTreeWidget, QTreeWidgetItem, QVBoxLayout

from ..models.notes import KEYS, Bookmark
from ..panel import Panel
from .notice import Stage

_ID = Qt.ItemDataRole.UserRole
_WORDS = 2  # the column that the user writes in


class _Bookmarks(QTreeWidget):
    """Delete takes the selected rows away, Enter goes there."""

    removal_wished = Signal()
    picked = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Delete and self.state() is not QAbstractItemView.State.EditingState:
            self.removal_wished.emit()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.state() is not QAbstractItemView.State.EditingState:
            self.picked.emit()
        else:
            super().keyPressEvent(event)


class NotesPanel(Panel):
    """A text on the left, bookmarks on the right."""

    title = "Notes"
    about = "Your notes on this script, and the moments that you bookmarked."
    text_changed = Signal()  # the user typed
    bookmark_picked = Signal(int)  # the user wants to go there
    renamed = Signal(int, str)  # the user gave a bookmark other words
    removal_wished = Signal(object)  # ids

    def __init__(self) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        sides = QSplitter(Qt.Orientation.Horizontal)
        sides.setChildrenCollapsible(False)
        column.addWidget(sides)
        self._text = QPlainTextEdit()
        self._text.setAccessibleName(self.tr("Notes"))
        self._text.setPlaceholderText(self.tr("Notes on this script. They are kept, and are there when it is opened again."))
        self._text.setTabChangesFocus(True)
        self._text.setMinimumWidth(120)
        self._text.textChanged.connect(self._typed)
        sides.addWidget(self._text)
        tree = self._tree = _Bookmarks()
        tree.setAccessibleName(self.tr("Bookmarks"))
        tree.setHeaderLabels([self.tr("Key"), self.tr("Moment"), self.tr("Words")])
        tree.setRootIsDecorated(False)
        tree.setUniformRowHeights(True)
        tree.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        tree.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        tree.header().setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
        tree.header().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        tree.itemDoubleClicked.connect(self._double_clicked)
        tree.itemChanged.connect(self._changed)
        tree.picked.connect(self._picked)
        tree.removal_wished.connect(self._remove)
        self._stage = Stage(tree)
        self._stage.setMinimumWidth(160)
        sides.addWidget(self._stage)
        sides.setSizes([300, 300])
        self._filling = False
        self.show_bookmarks([], -1)

    # ------------------------------------------------------------------------------------ shown

    def text(self) -> str:
        """What the user wrote."""
        return self._text.toPlainText()

    @Slot(str)
    def show_text(self, text: str) -> None:
        """Show another text; nothing is said of it."""
        self._filling = True
        self._text.setPlainText(text)
        self._filling = False

    @Slot(object, int)
    def show_bookmarks(self, bookmarks: Sequence[Bookmark], position: int) -> None:
        """Show all bookmarks; the one of the moment that is shown is bold."""
        if not bookmarks:
            self._stage.show_notice(self.tr("No bookmarks. Ctrl+B marks the moment that is shown, Ctrl+1 to Ctrl+9 go back to one."))
            return
        self._filling = True
        selected = {item.data(0, _ID) for item in self._tree.selectedItems()}
        self._tree.clear()
        for place, bookmark in enumerate(bookmarks, 1):
            keys = f"Ctrl+{place}" if place <= KEYS else ""
            item = QTreeWidgetItem(self._tree, [keys, bookmark.where, bookmark.words])
            item.setData(0, _ID, bookmark.id)
            item.setData(1, _ID, bookmark.event)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsEditable)
            item.setToolTip(1, bookmark.where)
            item.setSelected(bookmark.id in selected)
        self._filling = False
        self.show_position(position)
        self._stage.show_content()

    @Slot(int)
    def show_position(self, position: int) -> None:
        """The moment that is shown."""
        self._filling = True
        for item in self._items():
            font = item.font(1)
            here = item.data(1, _ID) == position
            if font.bold() != here:
                font.setBold(here)
                item.setFont(1, font)
        self._filling = False

    def _items(self) -> list[QTreeWidgetItem]:
        found = (self._tree.topLevelItem(row) for row in range(self._tree.topLevelItemCount()))
        return [item for item in found if item is not None]

    # ------------------------------------------------------------------------------------ asked

    def _typed(self) -> None:
        if not self._filling:
            self.text_changed.emit()

    def _double_clicked(self, item: QTreeWidgetItem, column: int) -> None:
        if column == _WORDS:
            self._tree.editItem(item, _WORDS)
        else:
            self.bookmark_picked.emit(item.data(0, _ID))

    def _picked(self) -> None:
        item = self._tree.currentItem()
        if item is not None:
            self.bookmark_picked.emit(item.data(0, _ID))

    def _changed(self, item: QTreeWidgetItem, column: int) -> None:
        if not self._filling and column == _WORDS:
            self.renamed.emit(item.data(0, _ID), item.text(_WORDS))

    def _remove(self) -> None:
        chosen = [item.data(0, _ID) for item in self._tree.selectedItems()]
        if chosen:
            self.removal_wished.emit(chosen)
