"""The search over the graph: a field, how many were found, and the results by kind. It floats over the canvas."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QLineEdit, QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from ..models.graph_search import NOTHING, Result, Results, Sort
from ..translation import translate
from ..widgets.elided import WholeTexts
from ..widgets.match_buttons import match_buttons

SHOWN = 60  # results of one kind that are listed
_ROWS = 9  # rows that are seen at once
_EDGE = 10  # pixels below it
_RESULT = Qt.ItemDataRole.UserRole


class FindBar(QFrame):
    """Shows results and asks for searches; finding is somebody else's."""

    query_changed = Signal(str)  # the user typed
    result_picked = Signal(object)  # Result: the user chose one of the list
    next_wished = Signal()
    previous_wished = Signal()
    closed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "card")
        self.setObjectName("findBar")
        self.setAutoFillBackground(True)
        self.setAccessibleName(self.tr("Find in the graph"))
        self.setMinimumWidth(280)
        self.field = QLineEdit()
        self.field.setPlaceholderText(self.tr("Find nodes, parameters, modules, ops"))
        self.field.setAccessibleName(self.tr("Find in the graph"))
        self.field.setClearButtonEnabled(True)
        self.count = QLabel()
        self.count.setProperty("role", "dim")
        self.list = QTreeWidget()
        self.list.setItemDelegate(WholeTexts(self.list))
        self.list.setHeaderHidden(True)
        self.list.setColumnCount(2)
        self.list.setRootIsDecorated(False)
        self.list.setUniformRowHeights(True)
        self.list.setIndentation(10)
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.setAccessibleName(self.tr("What was found"))
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        row = QHBoxLayout()
        row.setSpacing(2)
        row.addWidget(self.field, 1)
        row.addSpacing(4)
        row.addWidget(self.count)
        match_buttons(row, self, self.previous_wished.emit, self.next_wished.emit, self.closed.emit)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(6)
        column.addLayout(row)
        column.addWidget(self.list)
        self.field.textChanged.connect(self.query_changed)
        self.field.installEventFilter(self)
        self.list.itemActivated.connect(self._pick)
        self.list.itemClicked.connect(self._pick)
        self.show_results(NOTHING)

    @Slot(object)
    def show_results(self, results: Results) -> None:
        """Show what was found, by kind."""
        self.list.clear()
        for sort, found in results.found.items():
            head = QTreeWidgetItem([f"{translate('FindBar', sort.value)}  {len(found)}", ""])
            head.setFlags(Qt.ItemFlag.ItemIsEnabled)
            font = head.font(0)
            font.setBold(True)
            head.setFont(0, font)
            self.list.addTopLevelItem(head)
            for result in found[:SHOWN]:
                many = translate("FindBar", "%n node(s)", len(result.keys)) if result.sort in (Sort.MODULE, Sort.OP) else result.detail
                item = QTreeWidgetItem([result.text, many])
                item.setData(0, _RESULT, result)
                item.setToolTip(0, f"{result.text}  {many}")
                head.addChild(item)
            if len(found) > SHOWN:
                more = QTreeWidgetItem([self.tr("and {0:,} more").format(len(found) - SHOWN), ""])
                more.setFlags(Qt.ItemFlag.NoItemFlags)
                head.addChild(more)
            head.setExpanded(True)
        self.list.setVisible(bool(results.found))
        self.show_place(0, len(results.keys), searched=bool(results.query))
        self.fit()

    def show_current(self, key: object) -> None:
        """Mark the line of the hit that is looked at."""
        heads = [self.list.topLevelItem(place) for place in range(self.list.topLevelItemCount())]
        for head in heads:
            for item in [head.child(place) for place in range(head.childCount())] if head is not None else ():
                result = item.data(0, _RESULT) if item is not None else None
                if item is not None and isinstance(result, Result) and result.keys == (key,):
                    self.list.setCurrentItem(item)
                    return
        self.list.clearSelection()

    def show_place(self, place: int, of: int, *, searched: bool = True) -> None:
        """Say which of the hits is looked at; 0 for none of them yet."""
        if not searched:
            text = ""
        elif not of:
            text = self.tr("nothing found")
        else:
            text = self.tr("{0} of {1:,}").format(place, of) if place else self.tr("{0:,} found").format(of)
        self.count.setText(text)
        self.field.setAccessibleDescription(text)

    def show_partly(self, done: int, of: int) -> None:
        """Say that the search goes through so many nodes of so many alone."""
        text = self.tr("{0:,} of {1:,} nodes searched").format(done, of)
        self.count.setText(text)
        self.field.setAccessibleDescription(text)

    def fit(self) -> None:
        """As high as its results, up to so many rows, and to the end of the page."""
        heads = [self.list.topLevelItem(place) for place in range(self.list.topLevelItemCount())]
        rows = sum((1 + head.childCount() for head in heads if head is not None), 0)
        high = self.list.sizeHintForRow(0) if rows else 0
        wanted = min(rows, _ROWS) * high + 4
        self.list.setFixedHeight(wanted)
        around = self.parentWidget()
        over = self.y() + self.sizeHint().height() + _EDGE - around.height() if around is not None else 0
        if over > 0:
            self.list.setFixedHeight(max(wanted - over, min(rows, 2) * high))
        self.list.setColumnWidth(0, min(max(140, self.list.sizeHintForColumn(0) + 16), self.width() * 11 // 20))
        self.resize(self.width(), self.sizeHint().height())

    @Slot(object)
    def _pick(self, item: QTreeWidgetItem) -> None:
        result = item.data(0, _RESULT)
        if isinstance(result, Result):
            self.result_picked.emit(result)

    def open(self) -> None:
        """Show it, ready to be typed into."""
        self.show()
        self.raise_()
        self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.field.selectAll()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Enter is the next match, with Shift the one before; Down goes into the list."""
        if watched is self.field and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                (self.previous_wished if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else self.next_wished).emit()
                return True
            if event.key() == Qt.Key.Key_Down and self.list.isVisible():
                self.list.setFocus(Qt.FocusReason.OtherFocusReason)
                return True
        return super().eventFilter(watched, event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.closed.emit()
        else:
            super().keyPressEvent(event)
