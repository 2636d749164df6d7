"""A layout like words of a text: beside each other as far as there is room, then in another line."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtWidgets import QLayout, QLayoutItem


class Flow(QLayout):
    """Asks for one line, and is content with the widest of its items."""

    def __init__(self, spacing: int = 8) -> None:
        super().__init__()
        self.setContentsMargins(0, 0, 0, 0)
        self.setSpacing(spacing)
        self._items: list[QLayoutItem] = []

    def addItem(self, item: QLayoutItem) -> None:
        self._items.append(item)

    def count(self) -> int:
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:  # Qt asks until it is told None
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        places = self._places(width)
        return max((place.bottom() + 1 for place in places), default=0)

    def sizeHint(self) -> QSize:
        hints = [item.sizeHint() for item in self._items]
        wide = sum(hint.width() for hint in hints) + self.spacing() * max(len(hints) - 1, 0)
        return QSize(wide, max((hint.height() for hint in hints), default=0))

    def minimumSize(self) -> QSize:
        hints = [item.sizeHint() for item in self._items]
        return QSize(max((hint.width() for hint in hints), default=0), max((hint.height() for hint in hints), default=0))

    def setGeometry(self, rect: QRect) -> None:
        super().setGeometry(rect)
        places = self._places(rect.width())
        high = max((place.bottom() + 1 for place in places), default=0)
        down = rect.top() + max(rect.height() - high, 0) // 2
        for item, place in zip(self._items, places, strict=True):
            item.setGeometry(place.translated(rect.left(), down))

    def _places(self, width: int) -> list[QRect]:
        """Where each item stands, from the top left on."""
        places: list[QRect] = []
        x = y = line = 0
        for item in self._items:
            hint = item.sizeHint()
            if x and x + hint.width() > width:
                x, y, line = 0, y + line + self.spacing(), 0
            places.append(QRect(x, y, hint.width(), hint.height()))
            x, line = x + hint.width() + self.spacing(), max(line, hint.height())
        return places
