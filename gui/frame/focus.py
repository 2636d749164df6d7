"""Where Tab goes, and the keys that lead from panel to panel: through what is seen, in the order in which it is seen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtWidgets import QApplication, QDockWidget, QMainWindow, QStatusBar, QTabBar, QToolBar, QWidget

from ..panel import Panel
from .docks import Docks

Rank = tuple[int, ...]
_AREAS = (Qt.DockWidgetArea.LeftDockWidgetArea, Qt.DockWidgetArea.RightDockWidgetArea, Qt.DockWidgetArea.BottomDockWidgetArea)
_OVER, _TOOLS, _MIDDLE, _DOCKS, _STATUS = range(5)  # the parts of a window, in the order in which one reads it
_BAR = 3  # of the tabs of docks: behind the panel in front of them


class Focus(QObject):
    """Qt takes Tab through the controls in the order in which they were made, also into panels behind tabs, where nobody sees it.

    Ours goes through what lies over the window (the tour), the toolbar, the graph, the panels of the left, the right and the bottom, and
    the status bar.
    """

    said = Signal(str)  # which panel has the focus now

    def __init__(self, window: QMainWindow, docks: Docks, graph: QWidget) -> None:
        super().__init__(window)
        self._window, self._docks, self._graph = window, docks, graph

    def slots(self) -> dict[str, Callable[[], Any]]:
        """What the commands of the table do."""
        return {"next_panel": lambda: self.go_to_panel(1), "previous_panel": lambda: self.go_to_panel(-1)}

    def go(self, *, forward: bool) -> bool:
        """Give the focus to the control after, or before, the one that has it; False where there is none."""
        stops = self.stops()
        if not stops:
            return False
        now = self._window.focusWidget()
        at = stops.index(now) if now in stops else len(stops) - 1 if forward else 0
        chosen = stops[(at + (1 if forward else -1)) % len(stops)]
        chosen.setFocus(Qt.FocusReason.TabFocusReason if forward else Qt.FocusReason.BacktabFocusReason)
        return True

    def stops(self) -> list[QWidget]:
        """The controls that Tab stops at, in order; those of a part of the window in the order in which they were made.

        Qt's own chain of them is of no use: who walks it in Python gives each widget the one before it for an owner.
        """
        taking = filter(self._takes, self._window.findChildren(QWidget))
        ranked = [(rank, widget) for widget in taking if (rank := self._rank(widget)) is not None]
        return [widget for _, widget in sorted(ranked, key=lambda stop: stop[0])]

    def _takes(self, widget: QWidget) -> bool:
        tabs = Qt.FocusPolicy.TabFocus
        proxy = widget.focusProxy()
        inner = proxy is not None and (proxy.isAncestorOf(widget) or widget.isAncestorOf(proxy))
        return widget.focusPolicy() & tabs == tabs and widget.isEnabled() and widget.isVisibleTo(self._window) and not inner

    def _rank(self, widget: QWidget) -> Rank | None:
        """Where a control stands among the others; None where it is not seen."""
        part: QWidget = widget
        while (above := part.parentWidget()) is not None and above is not self._window:
            part = above
        if widget.window() is not self._window:
            return None
        if isinstance(part, QDockWidget):
            panel = self._panel(part)
            if panel is None or not self._docks.in_sight(panel):
                return None
            return (*self._place(part), 0 if not part.widget().isAncestorOf(widget) else 1)
        if isinstance(part, QTabBar):
            return self._place_of_tabs(part)
        if part is self._window.centralWidget():
            return (_MIDDLE,)
        return (_TOOLS,) if isinstance(part, QToolBar) else (_STATUS,) if isinstance(part, QStatusBar) else (_OVER,)

    def _panel(self, dock: QDockWidget) -> Panel | None:
        return next((panel for panel in self._docks.panels() if self._docks[panel] is dock), None)

    def _place(self, dock: QDockWidget) -> Rank:
        """Left, right, bottom; in each from top to bottom, beside each other from left to right."""
        area = self._window.dockWidgetArea(dock)
        at = _AREAS.index(area) if area in _AREAS else len(_AREAS)
        return (_DOCKS, at, *((dock.x(), dock.y()) if at == 2 else (dock.y(), dock.x())))

    def _place_of_tabs(self, bar: QTabBar) -> Rank | None:
        """Behind the dock in front of the tabs: the one that shares an edge with them."""
        seen = [self._docks[panel] for panel in self._seen()]
        near = [dock for dock in seen if dock.x() <= bar.geometry().center().x() <= dock.geometry().right()]
        if not near:
            return None
        held = min(near, key=lambda dock: min(abs(dock.geometry().bottom() - bar.y()), abs(bar.geometry().bottom() - dock.y())))
        return (*self._place(held), _BAR)

    # ------------------------------------------------------------------------------------ panels

    def _seen(self) -> list[Panel]:
        """The panels that are seen, in order; those that float come last."""
        seen = [panel for panel in self._docks.panels() if self._docks.in_sight(panel) and not self._docks[panel].isHidden()]
        return sorted(seen, key=lambda panel: (self._docks[panel].isFloating(), self._place(self._docks[panel])))

    def go_to_panel(self, by: int) -> None:
        """Go to the next panel that is seen, or to the one before; the graph is one of them."""
        stations: list[QWidget] = [self._graph, *self._seen()]
        focus = QApplication.focusWidget()
        at = next((at for at, one in enumerate(stations) if focus is not None and (one is focus or one.isAncestorOf(focus))), -1)
        if at < 0 and by < 0:
            at = 0
        self.give(stations[(at + by) % len(stations)])

    @Slot(QWidget)
    def give(self, station: QWidget) -> None:
        """Give a panel, or the graph, the focus: what had it there last, else its focus proxy or largest control."""
        reason = Qt.FocusReason.TabFocusReason
        inside = [widget for widget in station.findChildren(QWidget) if self._can(widget)]
        last = station.focusWidget()
        chosen = station if not isinstance(station, Panel) else last if last in inside else station.focusProxy() or self._first(inside)
        if chosen is None:  # nothing in it can be used: the panel itself says what it is for
            station.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
            chosen = station
        chosen.window().activateWindow()
        chosen.setFocus(reason)
        self.said.emit(station.accessibleName())

    @staticmethod
    def _can(widget: QWidget) -> bool:
        tabs = Qt.FocusPolicy.TabFocus
        return widget.focusPolicy() & tabs == tabs and widget.isVisible() and widget.isEnabled() and widget.focusProxy() is None

    @staticmethod
    def _first(inside: list[QWidget]) -> QWidget | None:
        large = [widget for widget in inside if not isinstance(widget, QTabBar)]
        return max(large or inside, key=lambda widget: widget.width() * widget.height(), default=None)
