"""Words and buttons whose height follows from their width: seen whole up to a limit, scrolled beyond it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QScrollArea, QWidget


class Pane(QScrollArea):
    """Asks for the height of its widget, but for no more than a limit; what is around it shines through."""

    def __init__(self, held: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._held, self._most = held, 0
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        policy = held.sizePolicy()
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setWidgetResizable(True)
        self.setWidget(held)
        held.setAutoFillBackground(False)
        self.viewport().setAutoFillBackground(False)

    def limit(self, most: int) -> None:
        """Be so many pixels high at most; 0: as high as all of it."""
        if most != self._most:
            self._most = most
            self.updateGeometry()
            self._heed_room()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """A scroll area keeps it to itself that its widget needs another height."""
        if event.type() is QEvent.Type.LayoutRequest and watched is self._held:
            self.updateGeometry()
            self._heed_room()
        return super().eventFilter(watched, event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._heed_room()
        super().resizeEvent(event)

    def _heed_room(self) -> None:
        """Have a bar to scroll where the widget would be higher than there is room without one. Qt decides by what it is with the bar,
        too, and where words break otherwise then it goes to and fro without end."""
        high, policy = self._whole(self.width()), Qt.ScrollBarPolicy
        self.setVerticalScrollBarPolicy(policy.ScrollBarAlwaysOn if high > self.height() else policy.ScrollBarAlwaysOff)

    def _whole(self, width: int) -> int:
        layout = self._held.layout()
        return layout.totalHeightForWidth(width) if layout is not None else self._held.heightForWidth(width)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        high = self._whole(width)
        return min(high, self._most) if self._most else high

    def sizeHint(self) -> QSize:
        return QSize(self._held.sizeHint().width(), self.heightForWidth(max(self.width(), 1)))

    def minimumSizeHint(self) -> QSize:
        return QSize(self._held.minimumSizeHint().width(), 0)
