"""Find everywhere: a field, and what was found in nodes, events, tensors, source lines and output."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHBoxLayout, QHeaderView, QLabel, QLineEdit, QTreeWidget, QTreeWidgetItem, QVBoxLayout

from .. import theme
from ..models.everywhere import Hit, Place
from ..panel import Panel
from ..translation import translate
from ..widgets.elided import WholeTexts

SHOWN = 200  # hits of one place that are listed; the rest is counted
_TYPING = 200  # ms after the last letter
_GAP = 24  # between what was found and where
_HIT = Qt.ItemDataRole.UserRole


class FindPanel(Panel):
    """Shows hits as they come, and says which one was picked."""

    title = "Find"
    about = "What was found in nodes, events, tensors, source lines and output"

    query_wished = Signal(str)  # the user wants to find this; "" for nothing
    hit_picked = Signal(object)  # Hit

    def __init__(self) -> None:
        super().__init__()
        self.field = QLineEdit()
        self.field.setPlaceholderText(self.tr("Find in nodes, events, tensors, source lines and output"))
        self.field.setAccessibleName(self.tr("Find everywhere"))
        self.field.setClearButtonEnabled(True)
        self.field.setMaximumWidth(520)
        self._said = QLabel()
        self._said.setTextFormat(Qt.TextFormat.PlainText)
        self._said.setProperty("role", "dim")
        self.tree = QTreeWidget()
        self.tree.setItemDelegate(WholeTexts(self.tree))
        self.tree.setColumnCount(2)
        self.tree.setHeaderHidden(True)
        self.tree.setUniformRowHeights(True)
        self.tree.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.tree.setAccessibleName(self.tr("What was found"))
        self.tree.header().setStretchLastSection(False)
        self.tree.header().setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        self._heads: dict[Place, QTreeWidgetItem] = {}
        self._counts: dict[Place, int] = {}
        row = QHBoxLayout()
        row.setContentsMargins(8, 6, 8, 2)
        row.setSpacing(8)
        row.addWidget(self.field, 1)
        row.addWidget(self._said, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addLayout(row)
        column.addWidget(self.tree, 1)
        self._typing = QTimer(self, singleShot=True, interval=_TYPING)
        self._typing.timeout.connect(self._ask)
        self.field.textChanged.connect(lambda _: self._typing.start())
        self.field.returnPressed.connect(self._ask)
        self.tree.itemActivated.connect(self._pick)
        self.tree.itemClicked.connect(self._pick)
        self.show_none()

    @Slot()
    def start_search(self) -> None:
        """Ask for something to find."""
        self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.field.selectAll()

    @Slot()
    def _ask(self) -> None:
        self._typing.stop()
        self.query_wished.emit(self.field.text().strip())

    def restyle(self) -> None:
        for head in self._heads.values():
            for item in filter(None, map(head.child, range(head.childCount()))):
                item.setForeground(1, theme.current().dim)

    def show_none(self) -> None:
        """Nothing is searched for."""
        self.tree.clear()
        self._heads, self._counts = {}, {}
        self._say(self.tr("Type a word of a name, a module, a shape, a line or the output."))

    def add(self, hits: list[Hit]) -> None:
        """More was found."""
        for hit in hits:
            count = self._counts[hit.place] = self._counts.get(hit.place, 0) + 1
            if count > SHOWN:
                continue
            head = self._heads.get(hit.place) or self._head(hit.place)
            item = QTreeWidgetItem([hit.text, hit.detail])
            item.setData(0, _HIT, hit)
            item.setToolTip(0, hit.text)
            item.setForeground(1, theme.current().dim)
            head.addChild(item)
        for place, head in self._heads.items():
            count = self._counts[place]
            more = self.tr(", the first {0} are listed").format(SHOWN) if count > SHOWN else ""
            head.setText(0, f"{translate('FindPanel', place.value)}  {count:,}{more}")
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Where a hit is stands beside it, and has its share of a narrow panel."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        wide = self.tree.viewport().width()
        self.tree.setColumnWidth(0, max(min(self.tree.sizeHintForColumn(0) + _GAP, wide * 7 // 10), wide // 4))

    def show_progress(self, query: str, *, done: bool) -> None:
        """Say how much was found, and whether the search goes on."""
        total = sum(self._counts.values())
        if not done:
            self._say(self.tr("{0:,} found, searching…").format(total))
        elif total:
            self._say(translate("FindPanel", "%n match(es)", total))
        else:
            self._say(self.tr("Nothing contains \u201c{0}\u201d.").format(query))

    def _say(self, text: str) -> None:
        self._said.setText(text)
        self.field.setAccessibleDescription(text)

    def _head(self, place: Place) -> QTreeWidgetItem:
        head = QTreeWidgetItem(["", ""])
        head.setFlags(Qt.ItemFlag.ItemIsEnabled)
        font = head.font(0)
        font.setBold(True)
        head.setFont(0, font)
        places = list(Place)
        before = sum(1 for other in self._heads if places.index(other) < places.index(place))
        self.tree.insertTopLevelItem(before, head)
        head.setExpanded(True)
        self._heads[place] = head
        return head

    @Slot(object)
    def _pick(self, item: QTreeWidgetItem) -> None:
        hit = item.data(0, _HIT)
        if isinstance(hit, Hit):
            self.hit_picked.emit(hit)
