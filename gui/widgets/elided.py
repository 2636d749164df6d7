"""Text that is longer than its room ends in an ellipsis, and is told whole by its tip."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QHelpEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QLabel,
    QSizePolicy,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QToolTip,
    QWidget,
)

from .plain import tip


class ElidedLabel(QLabel):
    """A line of plain text that takes the room it is given."""

    def __init__(self, parent: QWidget | None = None, mode: Qt.TextElideMode = Qt.TextElideMode.ElideRight) -> None:
        super().__init__(parent)
        self._mode = mode
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    def shown(self) -> str:
        """What is seen of the text."""
        return self.fontMetrics().elidedText(self.text(), self._mode, self.contentsRect().width())

    def paintEvent(self, event: QPaintEvent) -> None:
        shown = self.shown()
        if shown == self.text():
            super().paintEvent(event)
            return
        painter = QPainter(self)
        self.style().drawItemText(
            painter, self.contentsRect(), self.alignment().value, self.palette(), self.isEnabled(), shown, self.foregroundRole()
        )
        painter.end()

    def event(self, event: QEvent) -> bool:
        """The tip of a text that is not cut is what somebody set."""
        if isinstance(event, QHelpEvent) and event.type() is QEvent.Type.ToolTip and not self.toolTip() and self.shown() != self.text():
            QToolTip.showText(event.globalPos(), tip(self.text()), self)
            return True
        return super().event(event)


class WholeTexts(QStyledItemDelegate):
    """Cells whose text is cut say all of it in their tip, before what the model says there."""

    def helpEvent(
        self, event: QHelpEvent, view: QAbstractItemView, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> bool:
        words = self.words(view, option, index) if event.type() is QEvent.Type.ToolTip else ""
        if not words:
            return super().helpEvent(event, view, option, index)
        QToolTip.showText(event.globalPos(), tip(words), view.viewport(), view.visualRect(index))
        return True

    def words(self, view: QAbstractItemView, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> str:
        """What the tip says of a cell that is cut; "" of one that is seen whole."""
        text = index.data(Qt.ItemDataRole.DisplayRole) if index.isValid() else None
        if not isinstance(text, str) or self.sizeHint(option, index).width() <= view.visualRect(index).width():
            return ""
        about = str(index.data(Qt.ItemDataRole.ToolTipRole) or "")
        return about if text in about else "\n".join(filter(None, (text, about)))
