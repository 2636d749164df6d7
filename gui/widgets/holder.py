"""Keeps what changes its size hint all the time from laying out what is around it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget, QWidgetItem

# nobody asks for a layout while it is hidden
_CHANGES = (QEvent.Type.LayoutRequest, QEvent.Type.FontChange, QEvent.Type.StyleChange, QEvent.Type.Show)


class Holder(QWidget):
    """Holds one widget, as large as itself. Qt lays a whole window out, and paints much of it, whenever a text in it changes; from
    here such a request goes on only when the widget needs more room than it ever did, or a different least size."""

    def __init__(self, held: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._held = held
        self._item = QWidgetItem(held)  # knows the widget's own limits as well as its hints
        held.setParent(self)
        self.setSizePolicy(QSizePolicy(held.sizePolicy()))
        self._least, self._hint = self._item.minimumSize(), held.sizeHint()

    def sizeHint(self) -> QSize:
        return self._hint

    def minimumSizeHint(self) -> QSize:
        return self._least

    def shrink(self) -> None:
        """Ask for no more room than the widget needs now."""
        self._least, self._hint = self._measured(), self._held.sizeHint()
        self.updateGeometry()

    def _measured(self) -> QSize:
        return self._item.minimumSize()

    def event(self, event: QEvent) -> bool:
        if event.type() in _CHANGES:
            least, hint = self._measured(), self._hint.expandedTo(self._held.sizeHint())
            if least != self._least or hint != self._hint:
                self._least, self._hint = least, hint
                self.updateGeometry()
        return super().event(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._held.resize(event.size())
        super().resizeEvent(event)
