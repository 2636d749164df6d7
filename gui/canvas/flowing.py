"""The moment in which a node's gradients go along its edges: a short clock, and whether it may run at all."""

from __future__ import annotations

from PySide6.QtCore import QElapsedTimer, QObject, QVariantAnimation, Signal, Slot
from PySide6.QtWidgets import QWidget

from .motion import duration

LONGEST = 190  # ms
RESTLESS = 260  # ms between two steps: who steps faster sees no packets


class Flowing(QObject):
    """Runs from 0 to 1 after a step. It never holds a step up: a new one ends it, and quick ones start none."""

    moved = Signal()  # the packets are elsewhere, or gone

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        self._widget = widget
        self.wanted = True  # the user's setting
        self._since = QElapsedTimer()
        self._animation = QVariantAnimation(self, startValue=0.0, endValue=1.0)
        self._animation.valueChanged.connect(lambda _: self.moved.emit())
        self._animation.finished.connect(self.moved)

    @property
    def share(self) -> float:
        """How far the packets are; 1 when none is under way."""
        return float(self._animation.currentValue()) if self.under_way else 1.0

    @property
    def under_way(self) -> bool:
        return self._animation.state() == QVariantAnimation.State.Running

    def start(self) -> bool:
        """Starts, unless motion is not wanted, the widget is hidden, or the step before is not long ago."""
        restless = self._since.isValid() and self._since.elapsed() < RESTLESS
        self._since.start()
        self.stop()
        wanted = min(duration(self._widget), LONGEST) if self.wanted else 0
        if restless or wanted <= 0 or not self._widget.isVisible():
            return False
        self._animation.setDuration(wanted)
        self._animation.start()
        return True

    @Slot()
    def stop(self) -> None:
        """Ends it at once."""
        if self.under_way:
            self._animation.stop()
            self.moved.emit()
