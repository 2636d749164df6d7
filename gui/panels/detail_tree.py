"""A tree of text lines in sections, for inspectors: every line can be copied, and a line may lead somewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetrics, QGuiApplication, QKeySequence, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyleOptionViewItem,
    QTreeWidget,
    QTreeWidgetItem,
    QWidget,
)

from .. import theme
from ..widgets.elided import WholeTexts, read_from_its_side
from ..widgets.own_keys import OwnKeys

TARGET = Qt.ItemDataRole.UserRole + 1
LINE = Qt.ItemDataRole.UserRole + 2
ROW_HEIGHT = 24
_ASKED = 50  # lines beyond those in sight that are asked how wide they are
_BESIDE = 20  # pixels beside the text of a cell


@dataclass(frozen=True, slots=True)
class Line:
    """One line: its cells, what picking it leads to, and how it looks. ``op`` puts a square of that op's colour first."""

    cells: tuple[str, ...]
    target: object = None
    children: tuple[Line, ...] = ()
    heading: bool = False
    strong: bool = False
    bad: bool = False
    good: bool = False
    dim: bool = False
    op: str = ""
    tip: str = ""
    event: int = -1  # when it happened; -1 where that does not matter
    exact: str = ""  # what the second cell says where it has the room, and when it is copied
    id: object = None  # what it is, so that it stays open and selected when the tree is filled anew
    happened: Callable[[int], bool] | None = field(default=None, compare=False)  # by an event; dim where the tree stands before it


def _flat(lines: Sequence[Line]) -> Iterator[Line]:
    """Lines and those below them, from top to bottom."""
    for line in lines:
        yield line
        yield from _flat(line.children)


def _stands_as(line: Line, other: Line) -> bool:
    """Whether a line takes the place of another one: it is the same thing, with as many below it."""
    if (line.id or line.cells[0]) != (other.id or other.cells[0]):
        return False
    return len(line.children) == len(other.children) and (len(line.cells) == 1) == (len(other.cells) == 1)


class DetailTree(QTreeWidget):
    """Shows lines. ``line_picked`` says what a click or the keyboard landed on, ``line_activated`` a double click or Enter.
    ``stretched`` is the column that takes what width is left; -1 for the last one. ``prose``: the columns behind the first that hold
    words; the others hold numbers and code."""

    line_picked = Signal(object)  # the target of the line
    line_activated = Signal(object)

    def __init__(self, headers: Sequence[str], stretched: int = -1, prose: Sequence[int] = (), parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.prose = frozenset((0, *prose))
        self.setColumnCount(len(headers))
        self.setHeaderLabels(list(headers))
        self.setHeaderHidden(not any(headers))
        self.setUniformRowHeights(True)
        self.setIndentation(14)
        self.setRootIsDecorated(True)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setExpandsOnDoubleClick(False)
        self.setItemDelegate(LineDelegate(self))
        self.header().setMinimumSectionSize(30)
        self.header().setResizeContentsPrecision(_ASKED)
        self.header().setTextElideMode(Qt.TextElideMode.ElideRight)
        self.header().setStretchLastSection(stretched < 0)
        if stretched >= 0:
            self.header().setSectionResizeMode(stretched, QHeaderView.ResizeMode.Stretch)
        self._filling = False
        self._position = -1
        self._lines: list[Line] = []  # what is shown, from top to bottom
        self._items: list[QTreeWidgetItem] = []  # the item of each
        self.currentItemChanged.connect(lambda item, _: self._pick(item))
        self.itemClicked.connect(lambda item, _: self._pick(item))
        self.itemActivated.connect(self._activate)
        self.itemDoubleClicked.connect(self._activate)
        OwnKeys(self, {QKeySequence.StandardKey.Copy: self.copy})

    def fill(self, lines: Sequence[Line]) -> None:
        """Show other lines. What was open, closed and selected stays so where it is there again. Where they stand as those before them
        did, only what differs is written."""
        flat = list(_flat(lines))
        alike = len(flat) == len(self._lines) and all(map(_stands_as, flat, self._lines)) and bool(flat)
        before, self._lines = self._lines, flat
        if alike:
            for item, line, old in zip(self._items, flat, before, strict=True):
                if (line.cells, line.tip) != (old.cells, old.tip):
                    self._write(item, line)
                elif line != old:  # at another moment most lines say the same and are only paler
                    self._stamp(item, line)
            self.viewport().update()
            return
        closed = {self._id(item) for item in self.items() if item.childCount() and not item.isExpanded()}
        current = self.currentItem()
        chosen = self._id(current) if current is not None else None
        scroll = self.verticalScrollBar().value()
        self._filling = True
        self.viewport().setUpdatesEnabled(False)  # its own would have the header painted again too
        try:
            self.clear()
            self.addTopLevelItems([self._item(line) for line in lines])
            self.expandAll()  # one by one takes the tree as long as everything else here
            self._items = list(self.items())
            for item, line in zip(self._items, flat, strict=True):
                if len(line.cells) == 1:
                    item.setFirstColumnSpanned(True)
                if closed and line.children and self._id(item) in closed:
                    item.setExpanded(False)
                if chosen is not None and self._id(item) == chosen:
                    self.setCurrentItem(item)
        finally:
            self.viewport().setUpdatesEnabled(True)
            self._filling = False
        self.verticalScrollBar().setValue(scroll)

    def show_position(self, position: int) -> None:
        """The moment is that after an event: only what is seen is painted again, however many lines there are."""
        if position != self._position:
            self._position = position
            self.viewport().update()

    def is_dim(self, line: Line) -> bool:
        return line.dim or (line.happened is not None and not line.happened(self._position))

    def items(self) -> Iterator[QTreeWidgetItem]:
        """All items from top to bottom, also those in closed ones."""
        pending = [self.topLevelItem(i) for i in range(self.topLevelItemCount() - 1, -1, -1)]
        while pending:
            item = pending.pop()
            if item is not None:
                yield item
                pending.extend(item.child(i) for i in range(item.childCount() - 1, -1, -1))

    def texts(self) -> list[str]:
        """Every line as text, its cells apart by tabs."""
        return ["\t".join(item.text(column) for column in range(self.columnCount())).rstrip("\t") for item in self.items()]

    def copy(self) -> None:
        """Put the selected lines on the clipboard."""
        chosen = [item for item in self.items() if item.isSelected()]
        if chosen:
            lines = ["\t".join(self._copied(item, column) for column in range(self.columnCount())).rstrip("\t") for item in chosen]
            QGuiApplication.clipboard().setText("\n".join(lines) + "\n")

    @staticmethod
    def _copied(item: QTreeWidgetItem, column: int) -> str:
        line = item.data(0, LINE)
        return line.exact if column == 1 and isinstance(line, Line) and line.exact else item.text(column)

    def room_for_exact(self) -> int:
        """How wide the second column must be for its exact numbers; 0 where there are none."""
        metrics = QFontMetrics(theme.mono_font(12))
        return max((metrics.horizontalAdvance(line.exact) + _BESIDE for line in self._lines if line.exact), default=0)

    def _item(self, line: Line) -> QTreeWidgetItem:
        item = QTreeWidgetItem()
        self._write(item, line)
        item.addChildren([self._item(child) for child in line.children])
        return item

    @staticmethod
    def _stamp(item: QTreeWidgetItem, line: Line) -> None:
        item.setData(0, LINE, line)
        item.setData(0, TARGET, line.target)

    def _write(self, item: QTreeWidgetItem, line: Line) -> None:
        self._stamp(item, line)
        spoken = ", ".join(cell for cell in line.cells if cell)
        for column in range(self.columnCount()):
            item.setText(column, line.cells[column] if column < len(line.cells) else "")
            item.setData(column, Qt.ItemDataRole.AccessibleTextRole, spoken)
            if line.tip or item.toolTip(column):
                item.setToolTip(column, line.tip)

    def _id(self, item: QTreeWidgetItem) -> object:
        line = item.data(0, LINE)
        own = (line.id or line.cells[0]) if isinstance(line, Line) else ""
        above = item.parent()
        return (self._id(above), own) if above is not None else own

    def _pick(self, item: QTreeWidgetItem | None) -> None:
        if item is not None and not self._filling and item.data(0, TARGET) is not None:
            self.line_picked.emit(item.data(0, TARGET))

    def _activate(self, item: QTreeWidgetItem) -> None:
        if item.data(0, TARGET) is not None:
            self.line_activated.emit(item.data(0, TARGET))
        elif item.childCount():
            item.setExpanded(not item.isExpanded())


class LineDelegate(WholeTexts):
    """Paints a line as its record says."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(super().sizeHint(option, index).width(), round(theme.scaled(ROW_HEIGHT) * _zoom(option)))

    def initStyleOption(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        super().initStyleOption(option, index)
        line = index.sibling(index.row(), 0).data(LINE)
        if not isinstance(line, Line):
            return
        look = theme.current()
        tree = self.parent()
        prose = tree.prose if isinstance(tree, DetailTree) else (0,)
        dim = tree.is_dim(line) if isinstance(tree, DetailTree) else line.dim
        zoom = _zoom(option)
        font = theme.ui_font(13 * zoom) if index.column() in prose else theme.mono_font(12 * zoom)
        if line.heading or (line.strong and index.column() == 0):
            font.setWeight(QFont.Weight.DemiBold)
        option.font = font
        if line.exact and index.column() == 1 and QFontMetrics(font).horizontalAdvance(line.exact) + _BESIDE <= option.rect.width():
            option.text = line.exact
        colour: QColor = look.text
        if line.bad and index.column() > 0:
            colour = look.bad
        elif line.good and index.column() == 1:
            colour = look.good
        elif dim:
            colour = look.pending_text
        elif index.column() > 0:
            colour = look.dim
        option.palette.setColor(option.palette.ColorRole.Text, colour)
        option.palette.setColor(option.palette.ColorRole.HighlightedText, look.on_selection)
        if line.op and index.column() == 0:
            option.features |= QStyleOptionViewItem.ViewItemFeature.HasDecoration
            side = _mark(option) + 2
            option.decorationSize = QSize(side, side)
        read_from_its_side(option)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        super().paint(painter, option, index)
        line, tree = index.sibling(index.row(), 0).data(LINE), self.parent()
        if isinstance(line, Line) and line.op and index.column() == 0:
            dim = tree.is_dim(line) if isinstance(tree, DetailTree) else line.dim
            painter.save()
            try:
                painter.setRenderHint(QPainter.RenderHint.Antialiasing)
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(theme.faded(theme.current().category(line.op), 0.45 if dim else 1.0))
                rect = option.rect
                side = _mark(option)
                radius = side * (0.5 if line.op == "AccumulateGrad" else 0.275)
                left = rect.right() - 5 - side if option.direction == Qt.LayoutDirection.RightToLeft else rect.left() + 6
                painter.drawRoundedRect(QRectF(left, rect.center().y() - side / 2 + 0.5, side, side), radius, radius)
            finally:
                painter.restore()


def _zoom(option: QStyleOptionViewItem) -> float:
    """How much larger the letters of the tree are than those of the window."""
    return theme.zoom_of(option.widget)


def _mark(option: QStyleOptionViewItem) -> int:
    """Pixels of the mark of an op's family."""
    return round(theme.scaled(8) * _zoom(option))
