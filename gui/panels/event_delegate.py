"""How a row of the events tree is painted: a mark for its kind, its texts, the bar of the current row, pale future rows."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QTreeView

from .. import theme
from ..formats import short_name
from ..models.event_tree import Column, EventRole
from ..models.history import RowKind
from ..models.rows import RowFacts

ROW_HEIGHT = 25
_MONO = (Column.NUMBER, Column.NORM, Column.BAD, Column.TIME, Column.MODULE)


class EventTreeView(QTreeView):
    """A tree view whose current and selected rows are marked over their whole width, branches included."""

    def drawRow(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        look = theme.current()
        rows = self.selectionModel()
        if rows is not None and rows.isRowSelected(index.row(), index.parent()):
            painter.fillRect(option.rect, look.selection)
        elif index.data(EventRole.CURRENT):
            painter.fillRect(option.rect, theme.faded(look.accent, 0.16 if look.dark else 0.18))
        super().drawRow(painter, option, index)


class EventDelegate(QStyledItemDelegate):
    """Paints the cells. Kinds are told apart by shape as well as by colour."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(60, ROW_HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        look = theme.current()
        facts = index.data(EventRole.FACTS)
        if not isinstance(facts, RowFacts):
            return
        past, current = bool(index.data(EventRole.PAST)), bool(index.data(EventRole.CURRENT))
        rect: QRectF = QRectF(option.rect)
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        try:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            if current and index.column() == Column.NUMBER:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(look.accent)
                painter.drawRoundedRect(QRectF(rect.left() + 2, rect.top() + 4, 3, rect.height() - 8), 1.5, 1.5)
            strong = look.on_selection if selected else look.text if past else look.pending_text
            soft = look.on_selection if selected else look.dim if past else look.faint
            if index.column() == Column.NAME:
                self._name(painter, rect, facts, strong, soft, past)
            else:
                painter.setFont(theme.mono_font(11))
                colour = soft
                if index.column() == Column.BAD or (index.column() == Column.NORM and facts.bad):
                    colour = look.on_selection if selected else look.bad
                elif index.column() == Column.NUMBER and current and not selected:
                    colour = look.accent_text
                painter.setPen(colour)
                text = str(index.data() or "")
                align = Qt.AlignmentFlag(index.data(Qt.ItemDataRole.TextAlignmentRole))
                inner = rect.adjusted(6, 0, -6, 0)
                painter.drawText(
                    inner, int(align), QFontMetrics(painter.font()).elidedText(text, Qt.TextElideMode.ElideRight, int(inner.width()))
                )
            if option.state & QStyle.StateFlag.State_HasFocus and not selected and index.column() == Column.NAME:
                painter.setPen(QPen(look.ready, 1, Qt.PenStyle.DotLine))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRect(rect.adjusted(0.5, 0.5, -0.5, -0.5))
        finally:
            painter.restore()

    def _name(self, painter: QPainter, rect: QRectF, facts: RowFacts, strong: QColor, soft: QColor, past: bool) -> None:
        look = theme.current()
        left = rect.left() + 2
        if facts.kind not in (RowKind.FORWARD, RowKind.BACKWARD, RowKind.CALL):
            _mark(painter, QPointF(left + 5, rect.center().y()), facts, 1.0 if past else 0.4)
            left += 16
        font = theme.ui_font(13)
        if facts.kind in (RowKind.FORWARD, RowKind.BACKWARD):
            font.setBold(True)
        painter.setFont(font)
        painter.setPen(strong)
        metrics = QFontMetrics(font)
        head, _, tail = facts.name.partition("  ")
        width = int(rect.right() - left - 4)
        if metrics.horizontalAdvance(head) > width:
            head = short_name(head)
        painter.drawText(
            QRectF(left, rect.top(), width, rect.height()),
            int(Qt.AlignmentFlag.AlignVCenter),
            metrics.elidedText(head, Qt.TextElideMode.ElideRight, width),
        )
        used = metrics.horizontalAdvance(head) + 8
        if tail and used + 20 < width:
            painter.setPen(look.on_selection if soft == look.on_selection else soft)
            painter.setFont(theme.ui_font(12))
            small = QFontMetrics(painter.font())
            painter.drawText(
                QRectF(left + used, rect.top(), width - used, rect.height()), int(Qt.AlignmentFlag.AlignVCenter),
                small.elidedText(tail, Qt.TextElideMode.ElideRight, width - used),
            )  # fmt: skip


def _mark(painter: QPainter, centre: QPointF, facts: RowFacts, strength: float) -> None:
    """A square for ops and steps, a disc for leaves, a ring for hooks, an arrow down for stores, a pencil stroke for edits."""
    look = theme.current()
    x, y = centre.x(), centre.y()
    colour = theme.faded(look.category(facts.op or "hook"), strength)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    match facts.kind:
        case RowKind.HOOK:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(theme.faded(look.past, strength), 1.8))
            painter.drawEllipse(centre, 3.4, 3.4)
        case RowKind.STORED:
            painter.drawPolygon(QPolygonF([QPointF(x - 4.5, y - 2.5), QPointF(x + 4.5, y - 2.5), QPointF(x, y + 4)]))
        case RowKind.EDITED:
            painter.setPen(QPen(theme.faded(look.accent, strength), 2))
            painter.drawLine(QPointF(x - 3.5, y + 3.5), QPointF(x + 3.5, y - 3.5))
        case _ if facts.op == "AccumulateGrad":
            painter.drawEllipse(centre, 4.2, 4.2)
        case _:
            painter.drawRoundedRect(QRectF(x - 4, y - 4, 8, 8), 2.2, 2.2)
