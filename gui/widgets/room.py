"""The room of a panel in its dock: a panel that needs more height than there is keeps it, and is scrolled."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QScrollArea, QWidget, QWidgetItem

from .holder import Holder

ENOUGH = 140  # pixels of height; a dock that insisted on more would take them from those below it


class Room(QScrollArea):
    """Holds one widget, as wide as itself and as high, but never less high than what stands in it needs: lines that are squeezed
    lie over each other. It asks of what is around it for no more than the widget was told to have at least, as ``Holder`` does, and
    of one that was told nothing for some lines."""

    def __init__(self, held: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._item = QWidgetItem(held)
        self._upright = _Upright(held)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(held.sizePolicy())
        self.setWidgetResizable(True)
        self.setWidget(self._upright)
        self._upright.setAutoFillBackground(True)  # opaque: else each change in a panel has the dock and the window under it painted

    def sizeHint(self) -> QSize:
        return self._upright.sizeHint()

    def minimumSizeHint(self) -> QSize:
        least = self._item.minimumSize()
        return QSize(least.width(), max(min(least.height(), ENOUGH), self._upright.minimum_given()))

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._upright.fit(event.size().width())
        super().resizeEvent(event)

    def event(self, event: QEvent) -> bool:
        if event.type() is QEvent.Type.FontChange:
            self.updateGeometry()
        return super().event(event)


class _Upright(Holder):
    """Asks for no width, and for the height that its widget needs at the width that it has."""

    def __init__(self, held: QWidget) -> None:
        self._wide = 0
        super().__init__(held)

    def fit(self, wide: int) -> None:
        """Have this width."""
        self._wide = wide
        self._least = self._measured()

    def minimum_given(self) -> int:
        """The height that the widget was told to have at least; 0 where it was not."""
        return self._held.minimumHeight()

    def _measured(self) -> QSize:
        layout = self._held.layout()
        high = self._held.minimumSizeHint().height()
        if layout is not None and layout.hasHeightForWidth() and self._wide:
            high = max(high, layout.minimumHeightForWidth(self._wide))
        return QSize(0, high)
