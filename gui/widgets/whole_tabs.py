"""A bar with more tabs than it has room for shows whole names, or none of them: what would be cut is covered."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QRect, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QTabBar, QTabWidget, QToolButton, QWidget

from .. import theme


class WholeTabs(QWidget):
    """Lies on a tab bar, up to its scroll buttons, and lets every click through."""

    def __init__(self, bar: QTabBar) -> None:
        super().__init__(bar)
        self._bar = bar
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.resize(bar.size())
        bar.installEventFilter(self)
        self.show()

    @classmethod
    def of(cls, bar: QTabBar) -> WholeTabs:
        """The one of a bar, which has one from now on."""
        known = bar.findChild(cls)
        return known if isinstance(known, cls) else cls(bar)

    def room(self) -> QRect:
        """What of the bar shows tabs: before its buttons for scrolling."""
        buttons = [button for button in self._bar.findChildren(QToolButton) if button.objectName().startswith("Scroll")]
        seen = [button.geometry() for button in buttons if button.isVisible()]
        left, right = 0, self._bar.width()
        if self._bar.isRightToLeft():
            left = max((place.right() + 1 for place in seen), default=left)
        else:
            right = min((place.left() for place in seen), default=right)
        return QRect(left, 0, right - left, self._bar.height())

    def cut(self) -> list[QRect]:
        """The parts of tabs that are seen of those that are not seen whole."""
        room, current = self.room(), self._bar.currentIndex()
        tabs = (self._bar.tabRect(place) for place in range(self._bar.count()) if place != current)
        return [room.intersected(tab) for tab in tabs if tab.intersects(room) and not room.contains(tab)]

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """It is as large as the bar, and above all that comes into it."""
        if event.type() is QEvent.Type.Resize:
            self.resize(self._bar.size())
        elif event.type() in (QEvent.Type.ChildAdded, QEvent.Type.LayoutRequest):
            self.raise_()
        return False

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        for part in self.cut():
            painter.fillRect(part, theme.current().panel)
        painter.end()


class TabPages(QTabWidget):
    """Pages behind tabs, of which only whole names are seen."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setDocumentMode(True)
        self.setUsesScrollButtons(True)
        WholeTabs(self.tabBar())
