"""How the events tree behaves and how its rows are painted: a mark for the kind, texts, the bar of the current row, pale future."""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtCore import QEvent, QModelIndex, QPersistentModelIndex, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPen, QPolygonF, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QTableView, QWidget

from .. import theme
from ..models.event_tree import Column, EventTree
from ..models.row_table import Row, RowKind
from ..models.rows import RowFacts
from ..widgets.formats import short_name

ROW_HEIGHT = 25
INDENT = 14  # px a level
ARROW = 16  # px for the arrow of what can be opened
_SELECTED, _FOCUSED = QStyle.StateFlag.State_Selected.value, QStyle.StateFlag.State_HasFocus.value  # flags as enums cost as much as a text
_LEFT = (Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter).value
_RIGHT = (Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter).value


class EventTreeView(QTableView):
    """A table that looks and behaves like a tree: rows stand in, and what can be opened has an arrow."""

    resized = Signal(int)  # it is lower or higher than it was; how high its rows' part was, in pixels

    def __init__(self, model: EventTree, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.tree = model
        self.hovered = -1  # the row under the pointer
        self.setModel(model)
        self.setItemDelegate(EventDelegate(self))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setCornerButtonEnabled(False)
        self.setMouseTracking(True)
        rows = self.verticalHeader()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self._size_rows()
        rows.hide()
        header = self.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setHighlightSections(False)
        header.setSectionsClickable(False)

    @property
    def row_height(self) -> int:
        """Pixels, as the letters of the view ask for."""
        return self.large(ROW_HEIGHT)

    def large(self, pixels: float) -> int:
        """A length beside the letters of this view; ``pixels`` are those beside letters of the usual size."""
        return max(1, round(pixels * theme.scale() * theme.zoom_of(self)))

    def _size_rows(self) -> None:
        rows = self.verticalHeader()
        rows.setMinimumSectionSize(self.row_height)
        rows.setDefaultSectionSize(self.row_height)

    def changeEvent(self, event: QEvent) -> None:
        """Rows are as high as the text asks for."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.FontChange:
            self._size_rows()

    def toggle(self, index: QModelIndex) -> None:
        """Open what is closed, close what is open."""
        row = self.tree.row(index)
        if row is not None:
            self._set_open(row, not self.tree.is_open(row))

    def _set_open(self, row: Row, opened: bool) -> None:
        """Open a row or close it; closed, it takes the place of what is current below it."""
        above = self.tree.row(self.currentIndex())
        while above is not None and above is not row:
            above = above.parent
        if not opened and above is row:
            self._go(row)
        self.tree.set_open(row, opened)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.resized.emit(event.oldSize().height())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        row = self.tree.row(self.currentIndex())
        if row is None or event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier or not self._move(Qt.Key(event.key()), row):
            super().keyPressEvent(event)

    def _move(self, key: Qt.Key, row: Row) -> bool:
        """The keys of a tree: Right opens and goes in, Left closes and goes out."""
        tree = self.tree
        if key in (Qt.Key.Key_Right, Qt.Key.Key_Plus) and tree.has_children(row) and not tree.is_open(row):
            self._set_open(row, True)
        elif key in (Qt.Key.Key_Left, Qt.Key.Key_Minus) and tree.is_open(row):
            self._set_open(row, False)
        elif key == Qt.Key.Key_Right:
            self._go(tree.below(row)[0] if tree.is_open(row) else None)
        elif key == Qt.Key.Key_Left:
            self._go(row.parent)
        else:
            return False
        return True

    def _go(self, row: Row | None) -> None:
        index = self.tree.known_index(row) if row is not None else QModelIndex()
        if index.isValid():
            self.setCurrentIndex(index.siblingAtColumn(self.currentIndex().column()))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        index = self._arrow_at(event.position())
        if index is not None and event.button() == Qt.MouseButton.LeftButton:
            self.toggle(index)
        else:
            super().mousePressEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        index = self._arrow_at(event.position())
        if index is not None and event.button() == Qt.MouseButton.LeftButton:
            self.toggle(index)
        else:
            super().mouseDoubleClickEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hover(self.rowAt(round(event.position().y())))
        super().mouseMoveEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        self._hover(-1)
        super().leaveEvent(event)

    def _hover(self, row: int) -> None:
        before, self.hovered = self.hovered, row
        for place in {before, row} - {-1} if before != row else ():
            self.viewport().update(0, self.rowViewportPosition(place), self.viewport().width(), self.row_height)

    def _arrow_at(self, place: QPointF) -> QModelIndex | None:
        """The index of the row whose arrow is there."""
        index = self.indexAt(place.toPoint())
        row = self.tree.row(index)
        if row is None or index.column() != Column.NAME or not self.tree.has_children(row):
            return None
        left = self.columnViewportPosition(Column.NAME) + self.large(INDENT) * self.tree.depth(row)
        return index if left <= place.x() < left + self.large(ARROW) else None


class EventDelegate(QStyledItemDelegate):
    """Paints the cells. Kinds are told apart by shape as well as by colour."""

    def __init__(self, view: EventTreeView) -> None:
        super().__init__(view)
        self._view = view

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(60, self._view.row_height)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        tree, place, column = self._view.tree, index.row(), index.column()
        row = tree.row(index)
        if row is None:
            return
        current, state = tree.is_current(row), option.state.value
        selected = bool(state & _SELECTED)
        text = tree.text(row, column) if column != Column.NAME else ""
        if not (text or selected or current or column == Column.NAME or place == self._view.hovered):
            return
        look, letters = theme.current(), _letters(theme.scale(), theme.zoom_of(self._view))
        facts, past = tree.facts(row), row.is_past(tree.position)
        rect: QRectF = QRectF(option.rect)
        strong = look.on_selection if selected else look.text if past else look.pending_text
        soft = look.on_selection if selected else look.dim if past else look.faint
        painter.save()
        painter.setLayoutDirection(Qt.LayoutDirection.LeftToRight)  # the names of ops, and their marks before them
        try:
            if selected:
                painter.fillRect(option.rect, look.selection)
            elif current:
                painter.fillRect(option.rect, theme.faded(look.accent, 0.16 if look.dark else 0.18))
            elif place == self._view.hovered:
                painter.fillRect(option.rect, theme.mix(look.raised, look.text, 0.06))
            if column == Column.NAME:
                painter.setRenderHint(QPainter.RenderHint.Antialiasing)
                inset, arrow = letters.indent * tree.depth(row), letters.arrow
                if tree.has_children(row):
                    _arrow(painter, QPointF(rect.left() + inset + arrow / 2, rect.center().y()), soft, tree.is_open(row), letters.large)
                self._name(painter, rect.adjusted(inset + arrow, 0, 0, 0), facts, strong, soft, past, letters)
                if state & _FOCUSED and not selected:
                    painter.setPen(QPen(look.ready, 1, Qt.PenStyle.DotLine))
                    painter.setBrush(Qt.BrushStyle.NoBrush)
                    painter.drawRect(rect.adjusted(0.5, 0.5, -0.5, -0.5))
                return
            colour = soft
            if column == Column.BAD or (column == Column.NORM and facts.bad):
                colour = look.on_selection if selected else look.bad
            elif column == Column.NUMBER and current:
                painter.setRenderHint(QPainter.RenderHint.Antialiasing)
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(look.accent)
                left = rect.left() + 2 if option.direction is Qt.LayoutDirection.LeftToRight else rect.right() - 5
                painter.drawRoundedRect(QRectF(left, rect.top() + 4, 3, rect.height() - 8), 1.5, 1.5)
                colour = colour if selected else look.accent_text
            if text:
                inner = rect.adjusted(6, 0, -6, 0)
                painter.setFont(letters.mono)
                painter.setPen(colour)
                if len(text) * letters.mono_wide > inner.width():
                    text = letters.mono_metrics.elidedText(text, Qt.TextElideMode.ElideRight, int(inner.width()))
                painter.drawText(inner, _RIGHT if tree.stands_right(column) else _LEFT, text)
        finally:
            painter.restore()

    def _name(self, painter: QPainter, rect: QRectF, facts: RowFacts, strong: QColor, soft: QColor, past: bool, letters: _Letters) -> None:
        left = rect.left() + 2
        if facts.kind not in (RowKind.FORWARD, RowKind.BACKWARD, RowKind.CALL):
            _mark(painter, QPointF(left + 5 * letters.large, rect.center().y()), facts, 1.0 if past else 0.4, letters.large)
            left += letters.arrow
        bold = facts.kind in (RowKind.FORWARD, RowKind.BACKWARD)
        painter.setFont(letters.bold if bold else letters.plain)
        painter.setPen(strong)
        metrics = letters.bold_metrics if bold else letters.plain_metrics
        head, _, tail = facts.name.partition("  ")
        width = int(rect.right() - left - 4)
        used = metrics.horizontalAdvance(head)
        if used > width:
            head = metrics.elidedText(short_name(head), Qt.TextElideMode.ElideRight, width)
            used = metrics.horizontalAdvance(head)
        painter.drawText(QRectF(left, rect.top(), width, rect.height()), _LEFT, head)
        used += 8
        if tail and used + 20 < width:
            painter.setPen(soft)
            painter.setFont(letters.small)
            shown = letters.small_metrics.elidedText(tail, Qt.TextElideMode.ElideRight, width - used)
            painter.drawText(QRectF(left + used, rect.top(), width - used, rect.height()), _LEFT, shown)


class _Letters:
    """The fonts of the rows and their metrics, which take longer to make than a cell to paint."""

    def __init__(self, zoom: float) -> None:
        self.mono, self.small = theme.mono_font(11 * zoom), theme.ui_font(12 * zoom)
        self.plain, self.bold = theme.ui_font(13 * zoom), theme.ui_font(13 * zoom)
        self.large = theme.scale() * zoom
        self.indent, self.arrow = max(1, round(INDENT * self.large)), max(1, round(ARROW * self.large))
        self.bold.setBold(True)
        self.mono_metrics, self.plain_metrics = QFontMetrics(self.mono), QFontMetrics(self.plain)
        self.bold_metrics, self.small_metrics = QFontMetrics(self.bold), QFontMetrics(self.small)
        self.mono_wide = QFontMetricsF(self.mono).maxWidth()


@lru_cache(maxsize=4)
def _letters(scale: float, zoom: float) -> _Letters:
    return _Letters(zoom)


def _arrow(painter: QPainter, centre: QPointF, colour: QColor, opened: bool, large: float) -> None:
    x, y = centre.x(), centre.y()
    corners = [(-3.5, -1.75), (0.0, 1.75), (3.5, -1.75)] if opened else [(-1.75, -3.5), (1.75, 0.0), (-1.75, 3.5)]
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(colour, 1.5 * large, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin))
    painter.drawPolyline(QPolygonF([QPointF(x + dx * large, y + dy * large) for dx, dy in corners]))


def _mark(painter: QPainter, centre: QPointF, facts: RowFacts, strength: float, large: float) -> None:
    """A square for ops and steps, a disc for leaves, a ring for hooks, an arrow down for stores, a pencil stroke for edits."""
    look = theme.current()
    x, y = centre.x(), centre.y()
    colour = theme.faded(look.category(facts.op or "hook"), strength)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    match facts.kind:
        case RowKind.HOOK:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(theme.faded(look.past, strength), 1.8 * large))
            painter.drawEllipse(centre, 3.4 * large, 3.4 * large)
        case RowKind.STORED:
            painter.drawPolygon(QPolygonF([QPointF(x + dx * large, y + dy * large) for dx, dy in ((-4.5, -2.5), (4.5, -2.5), (0, 4))]))
        case RowKind.EDITED:
            painter.setPen(QPen(theme.faded(look.accent, strength), 2 * large))
            painter.drawLine(QPointF(x - 3.5 * large, y + 3.5 * large), QPointF(x + 3.5 * large, y - 3.5 * large))
        case _ if facts.op == "AccumulateGrad":
            painter.drawEllipse(centre, 4.2 * large, 4.2 * large)
        case _:
            painter.drawRoundedRect(QRectF(x - 4 * large, y - 4 * large, 8 * large, 8 * large), 2.2 * large, 2.2 * large)
