"""The tour: five bubbles over the real parts of the window. It comes once by itself, and never holds up the work."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QSettings, Slot
from PySide6.QtWidgets import QWidget

from ..widgets.soon import Soon
from .bubble import Bubble, Ring, place

SEEN = "tour/seen"  # whether it has come by itself already
LEFT = "tour/left"  # the stop at which it was left, 0 where it was walked to its end


@dataclass(frozen=True, slots=True)
class Stop:
    """A part of the window and what is said of it. ``bring`` shows the part where it may be hidden."""

    title: str
    text: str
    target: Callable[[], QWidget | None]
    bring: Callable[[], object] = lambda: None


class Tour(QObject):
    """Walks over stops. Whoever opens it gets the focus in its bubble; where it comes by itself the focus stays at the work."""

    def __init__(self, window: QWidget, stops: Sequence[Stop], settings: QSettings, parent: QObject) -> None:
        super().__init__(parent)
        self._window, self._stops, self._settings = window, stops, settings
        self._at = 0
        self.ring, self.bubble = Ring(window), Bubble(window)
        self.bubble.next_wished.connect(self._next)
        self.bubble.back_wished.connect(self._back)
        self.bubble.left.connect(self.leave)
        self._placing = Soon(self._place, self)
        self._target: QWidget | None = None
        self._before: QWidget | None = None  # where the focus was

    @property
    def is_shown(self) -> bool:
        return not self.bubble.isHidden()

    @property
    def at(self) -> int:
        """Which stop is shown, from 0."""
        return self._at

    def offer(self) -> None:
        """Come by itself, if it never did."""
        if not self.is_shown and not self._settings.value(SEEN, False, bool):
            self._settings.setValue(SEEN, True)
            self._show(0)

    @Slot()
    def open(self) -> None:
        """Begin, or go on where it was left; with the focus."""
        if not self.is_shown:
            self._settings.setValue(SEEN, True)
            left = self._settings.value(LEFT, 0, int)
            self._show(left if isinstance(left, int) and 0 <= left < len(self._stops) else 0)
        self._before = self._window.focusWidget()
        self.bubble.next.setFocus()

    @Slot()
    def leave(self) -> None:
        """Put it away and remember where."""
        self._end(self._at)

    def _end(self, left: int) -> None:
        had_focus = self.bubble.isAncestorOf(self._window.focusWidget() or self._window)
        self._settings.setValue(LEFT, left)
        self._follow(None)
        self.bubble.hide()
        self.ring.hide()
        if had_focus and self._before is not None and self._before.isVisible():
            self._before.setFocus()
        self._before = None

    @Slot()
    def _next(self) -> None:
        if self._at + 1 < len(self._stops):
            self._show(self._at + 1)
        else:
            self._end(0)

    @Slot()
    def _back(self) -> None:
        if self._at > 0:
            self._show(self._at - 1)
            if not self._at:
                self.bubble.next.setFocus()  # its own button is disabled now

    def _show(self, number: int) -> None:
        self._at = number
        stop = self._stops[number]
        stop.bring()
        self._follow(stop.target())
        self.bubble.show_stop(stop.title, stop.text, number + 1, len(self._stops))
        self._place()

    def _follow(self, target: QWidget | None) -> None:
        for watched in (self._target, self._window):
            if watched is not None:
                watched.removeEventFilter(self)
        self._target = target
        if target is not None:
            target.installEventFilter(self)
            self._window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Go with the part that is pointed at, and stay above panels that come to the front."""
        if event.type() in (QEvent.Type.Resize, QEvent.Type.Move, QEvent.Type.Show, QEvent.Type.Hide, QEvent.Type.LayoutRequest):
            self._placing.start()
        return False

    @Slot()
    def stay_above(self) -> None:
        """Another panel came to the front, which may lie over the bubble."""
        self._placing.start()

    def _place(self) -> None:
        if not self.is_shown:
            return
        target = self._target
        seen = target is not None and target.isVisible() and target.window() is self._window
        rect = QRect(target.mapTo(self._window, QPoint()), target.size()) if target is not None and seen else QRect()
        self.ring.setVisible(seen)
        self.ring.setGeometry(rect.adjusted(-3, -3, 3, 3) & self._window.rect())
        self.ring.raise_()
        near = rect if seen else QRect(self._window.rect().center(), self._window.rect().center())
        self.bubble.setGeometry(place(self.bubble.size(), near, self._window.rect()))
        self.bubble.raise_()
