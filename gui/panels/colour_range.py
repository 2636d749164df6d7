"""The range of numbers that colours cover: fitted to what is shown, or as the user chose it."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QObject, Signal, Slot

from gradstep.engine.tape.overview import robust_range

from ..tensors.sources import Array
from .range_bar import RangeBar

BINS = 48  # of the numbers that are painted behind the bar
COUNTED = 200_000  # numbers that are looked at for that and for percentiles


class ColourRange(QObject):
    """``low`` and ``high``; ``keep``: they are fitted to whatever is shown, until the user moves an end."""

    changed = Signal()

    def __init__(self, bar: RangeBar, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._bar = bar
        self._fitting = (0.0, 0.0)
        self._least = self._most = 0.0
        self.low = self.high = 0.0
        self.keep = True
        bar.range_changed.connect(self.choose)
        bar.fit_wished.connect(self.fit)
        bar.keep_wished.connect(self.set_keep)
        bar.reset_wished.connect(self.reset)
        bar.show_kept(True)

    def show_numbers(self, numbers: Array | None) -> None:
        """Other real numbers are shown (of a large value a sample), None while none are here yet."""
        finite = np.zeros(0)
        if numbers is not None:
            flat = numbers.reshape(-1)
            finite = flat if flat.dtype.kind != "f" or np.isfinite(flat.sum(dtype=np.float64)) else flat[np.isfinite(flat)]
        self._least, self._most = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
        self._fitting = robust_range(finite, limit=COUNTED) if finite.size else (0.0, 0.0)
        if self._fitting[0] == self._fitting[1]:  # of so few the outliers may not be among them
            self._fitting = self._least, self._most
        if self.keep:
            self.low, self.high = self._fitting
        if self._most > self._least:
            counts, _ = np.histogram(finite[:: max(finite.size // COUNTED, 1)], BINS, (self._least, self._most))
            self._bar.show_spread(counts.tolist())
        else:
            self._bar.show_spread(())
        self._say()

    @property
    def ends(self) -> tuple[float, float]:
        """The smallest and the largest finite number that is known."""
        return self._least, self._most

    @Slot()
    def fit(self) -> None:
        """From the 0.5th to the 99.5th percentile of the finite numbers, once."""
        self.choose(*self._fitting)

    @Slot()
    def reset(self) -> None:
        """From the smallest to the largest finite number."""
        self.choose(self._least, self._most)

    @Slot(bool)
    def set_keep(self, keep: bool) -> None:
        """Fit the range to whatever is shown, or leave it as it is."""
        self.keep = keep
        self._bar.show_kept(keep)
        if keep:
            self.low, self.high = self._fitting
            self._say()

    @Slot(float, float)
    def choose(self, low: float, high: float) -> None:
        """The user chose a range: it stays."""
        self.keep = False
        self._bar.show_kept(False)
        self.low, self.high = low, high
        self._say()

    def _say(self) -> None:
        self._bar.show_range(self.low, self.high, self._least, self._most)
        self.changed.emit()
