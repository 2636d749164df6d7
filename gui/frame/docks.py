"""Where the panels stand: the arrangement that a new user sees, and the one that was left last time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QByteArray, QLibraryInfo, QObject, QSettings, Qt, QTimer, QVersionNumber, Signal
from PySide6.QtWidgets import QDockWidget, QMainWindow, QMenu, QTabBar

from .. import theme
from ..panel import Panel
from ..widgets.room import Room
from ..widgets.whole_tabs import WholeTabs
from .title_buttons import TitleButtons

VERSION = 3  # of a saved arrangement; another one is not restored
LEFT_SPLIT, RIGHT_SPLIT = 900, 1150  # heights of a window from which on the panels of a side stand above each other, not behind tabs


@dataclass(frozen=True, slots=True)
class Places:
    """The panels of each side, in order."""

    left: Sequence[Panel]  # what happened in order
    right: Sequence[Panel]  # values
    strip: Panel  # when
    lists: Sequence[Panel]  # behind tabs beside the strip


def plain(title: str) -> str:
    """A title whose ampersand is one, and no mark of a key."""
    return title.replace("&", "&&")


def _share_of(wide: int, least: int) -> int:
    """The width of a dock at the side of a window: a quarter of it, unless letters are large and need more."""
    return max(min(wide // 4, theme.scaled(640)), min(theme.scaled(least), max(least, wide * 3 // 10)))


def _at(split: int) -> int:
    """The height of a window from which on panels stand above each other, with the letters that it has now."""
    return round(split * (1 + theme.scale()) / 2)


def _height_of_lists(high: int) -> int:
    """The height of the docks at the bottom: a quarter of the window's, more where letters are large, never so much that the graph has
    less than they."""
    return max(min(max(200, high // 4), 320), min(theme.scaled(200), high * 7 // 20))


class Docks(QObject):
    """The docks of a window, one a panel."""

    came_in_sight = Signal(object)  # the panel: its dock was shown, or came to the front of its tabs
    wanted = Signal(object)  # the panel: the user brought it to the front by its name, to use it

    def __init__(self, window: QMainWindow, places: Places) -> None:
        super().__init__(window)
        self._window = window
        self._in_sight: set[Panel] = set()
        self._places = places
        self._docks: dict[Panel, QDockWidget] = {}
        self.kept: QByteArray | None = None  # the arrangement to remember, where the one that is seen is for a while only
        area = Qt.DockWidgetArea
        window.setDockNestingEnabled(True)
        window.setCorner(Qt.Corner.BottomLeftCorner, area.BottomDockWidgetArea)
        window.setCorner(Qt.Corner.BottomRightCorner, area.BottomDockWidgetArea)
        for panel in (*places.left, *places.right, places.strip, *places.lists):
            dock = self._made(panel)
            side = (
                area.LeftDockWidgetArea
                if panel in places.left
                else area.RightDockWidgetArea
                if panel in places.right
                else area.BottomDockWidgetArea
            )
            window.addDockWidget(side, dock)
            dock.hide()  # until they are arranged: side by side they would be wider than a screen

    def _made(self, panel: Panel) -> QDockWidget:
        dock = QDockWidget(plain(panel.heading()), self._window)
        dock.setObjectName(f"{panel.objectName()}Dock")
        dock.setWidget(Room(panel))
        dock.visibilityChanged.connect(partial(self._sight_changed, panel))
        TitleButtons(dock)
        self._docks[panel] = dock
        return dock

    def add(self, panel: Panel) -> None:
        """Give a panel that came later a dock behind the lists' tabs; it is shown if they are, or where it was left last time."""
        dock, first = self._made(panel), self._docks[self._places.lists[0]]
        if not self._window.restoreDockWidget(dock):
            self._window.tabifyDockWidget(first, dock)
        dock.setVisible(not first.isHidden())

    def remove(self, panel: Panel) -> None:
        """Take a panel away for good, with its dock."""
        dock = self._docks.pop(panel)
        self._in_sight.discard(panel)
        self._window.removeDockWidget(dock)
        dock.deleteLater()

    def __getitem__(self, panel: Panel) -> QDockWidget:
        return self._docks[panel]

    def all(self) -> list[QDockWidget]:
        """All docks."""
        return list(self._docks.values())

    def panels(self) -> list[Panel]:
        """All panels."""
        return list(self._docks)

    def fill(self, menu: QMenu) -> None:
        """A menu with a tick for each dock that there is now. What is behind other tabs comes to the front; what is seen is closed."""
        menu.clear()
        for panel, dock in self._docks.items():
            action = menu.addAction(dock.windowTitle())
            action.setCheckable(True)
            action.setChecked(not dock.isHidden())
            action.triggered.connect(partial(self._turn, panel))

    def _turn(self, panel: Panel) -> None:
        if self.in_sight(panel):
            self._docks[panel].close()
        else:
            self.bring(panel)
            self.wanted.emit(panel)

    def in_sight(self, panel: Panel) -> bool:
        """Whether a panel can be seen: a dock behind another's tab is visible to Qt, and not to the user."""
        return panel in self._in_sight

    def _sight_changed(self, panel: Panel, visible: bool) -> None:
        if not visible:
            self._in_sight.discard(panel)
        elif panel not in self._in_sight:
            self._in_sight.add(panel)
            self.came_in_sight.emit(panel)

    def bring(self, panel: Panel) -> None:
        """Show a panel, in front of those behind whose tabs it stands."""
        dock = self._docks[panel]
        dock.show()
        dock.raise_()

    def title(self, panel: Panel, count: int) -> None:
        """Write how many things a panel shows beside its title, nothing for none."""
        title = plain(panel.heading())
        words = f"{title} ({count})" if count else title
        if self._docks[panel].windowTitle() != words:
            self._docks[panel].setWindowTitle(words)

    def arrange(self) -> None:
        """What happened on the left, values on the right, when and the lists at the bottom."""
        window, places = self._window, self._places
        area = Qt.DockWidgetArea
        for dock in self._docks.values():  # taken out first: docks that are moved about leave tab bars of nothing behind
            dock.setFloating(False)
            window.removeDockWidget(dock)
        for side, column, split in (
            (area.LeftDockWidgetArea, places.left, LEFT_SPLIT), (area.RightDockWidgetArea, places.right, RIGHT_SPLIT),
        ):  # fmt: skip
            first, second = (self._docks[panel] for panel in column)
            window.addDockWidget(side, first)
            first.show()
            if window.height() < _at(split):
                window.tabifyDockWidget(first, second)
            else:
                window.splitDockWidget(first, second, Qt.Orientation.Vertical)
            second.show()
        later = [panel for panel in self._docks if panel not in (*places.left, *places.right, places.strip, *places.lists)]
        strip, lists = self._docks[places.strip], [self._docks[panel] for panel in (*places.lists, *later)]
        window.addDockWidget(area.BottomDockWidgetArea, strip)
        strip.show()
        window.splitDockWidget(strip, lists[0], Qt.Orientation.Horizontal)
        lists[0].show()
        for dock in lists[1:]:
            window.tabifyDockWidget(lists[0], dock)
            dock.show()
        if QLibraryInfo.version() < QVersionNumber(6, 12):
            # only this shows the tab bars of docks that were moved while hidden; from 6.12 on it leaves a second set of them
            window.restoreState(window.saveState(VERSION), VERSION)
        for panel in (places.left[0], places.right[0], places.lists[0]):
            self._docks[panel].raise_()
        self._widen_tabs()
        self._share()
        QTimer.singleShot(0, window, self._share)  # again when the docks have taken their places; the window's death cancels it

    def _widen_tabs(self) -> None:
        """Tabs with their whole names, which are scrolled where there are many: they must not make the window wider than the screen."""
        for bar in self._window.findChildren(QTabBar):
            if bar.parentWidget() is self._window:
                bar.setElideMode(Qt.TextElideMode.ElideNone)
                bar.setUsesScrollButtons(True)
                WholeTabs.of(bar)

    def _share(self) -> None:
        """Give each dock its share of the window."""
        window, places = self._window, self._places
        wide, high = window.width(), window.height()
        strip, lists = self._docks[places.strip], [self._docks[panel] for panel in places.lists]
        left, right = self._docks[places.left[0]], self._docks[places.right[0]]
        window.resizeDocks([left, right], [_share_of(wide, 300), _share_of(wide, 320)], Qt.Orientation.Horizontal)
        window.resizeDocks([strip, lists[0]], [wide * 3 // 10, wide * 7 // 10], Qt.Orientation.Horizontal)
        window.resizeDocks([strip], [_height_of_lists(high)], Qt.Orientation.Vertical)
        for column, shares, split in ((places.left, (3, 2), LEFT_SPLIT), (places.right, (3, 5), RIGHT_SPLIT)):
            if high >= _at(split):
                window.resizeDocks([self._docks[p] for p in column], [high * share // 8 for share in shares], Qt.Orientation.Vertical)

    def save(self, settings: QSettings) -> None:
        """Remember where the panels are, unless none is shown."""
        if any(dock.isVisible() for dock in self._docks.values()):
            settings.setValue("layout", self.kept if self.kept is not None else self._window.saveState(VERSION))

    def restore(self, settings: QSettings) -> None:
        """Put the panels where they were last time, else where a new user sees them."""
        layout = settings.value("layout")
        if layout is None or not self.take(layout):
            self.arrange()

    def take(self, layout: QByteArray) -> bool:
        """Put the panels where they are in an arrangement; False where it is none, or of another version."""
        taken = self._window.restoreState(layout, VERSION)
        self._widen_tabs()
        return taken

    def hide(self) -> None:
        """Hide all panels."""
        for dock in self._docks.values():
            dock.hide()

    @property
    def hidden(self) -> bool:
        """Whether no panel is shown."""
        return all(dock.isHidden() for dock in self._docks.values())
