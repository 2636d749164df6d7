"""How the numbers of a tensor are spread: a histogram of the finite ones, drawn by pyqtgraph."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from .. import theme
from ..formats import number

BINS = 64
EXACT_UP_TO = 8_000_000  # above that every k-th element is counted


class HistogramView(QWidget):
    """Bars whose heights are log(1 + count), so that a lonely outlier is seen beside a million zeros."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMinimumSize(120, 80)
        self._view = pg.GraphicsLayoutWidget(self)
        self._plot = self._view.addPlot()
        self._plot.setMenuEnabled(False)
        self._plot.hideButtons()
        self._plot.setMouseEnabled(x=True, y=False)
        self._plot.hideAxis("left")
        self._bars = pg.BarGraphItem(x0=[], x1=[], height=[])
        self._plot.addItem(self._bars)
        self._zero = pg.InfiniteLine(0, 90)
        self._plot.addItem(self._zero, ignoreBounds=True)
        self._note = QLabel(self)
        self._note.setProperty("role", "dim")
        self._note.setWordWrap(True)
        self._note.setContentsMargins(8, 2, 8, 2)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._view, 1)
        column.addWidget(self._note)
        self.setAccessibleName(self.tr("Histogram"))
        self.counts: NDArray[np.intp] = np.zeros(0, np.intp)
        self.edges: NDArray[np.float64] = np.zeros(0)
        self.restyle()

    def show_values(self, values: NDArray[Any]) -> None:
        """Show how real numbers are spread."""
        flat = values.reshape(-1)
        step = max(1, -(-flat.size // EXACT_UP_TO))
        numbers = flat[::step].astype(np.float64)
        finite = numbers[np.isfinite(numbers)]
        missing = numbers.size - finite.size
        if finite.size:
            low, high = float(finite.min()), float(finite.max())
            if not np.isfinite(high - low) or high - low <= abs(high) * 1e-12:
                low, high = low - 0.5, high + 0.5
            self.counts, self.edges = np.histogram(finite, BINS, (low, high))
        else:
            self.counts, self.edges = np.zeros(0, np.intp), np.zeros(0)
        gap = (self.edges[1] - self.edges[0]) * 0.08 if self.edges.size else 0.0
        self._bars.setOpts(x0=self.edges[:-1], x1=self.edges[1:] - gap, height=np.log1p(self.counts))
        self._plot.autoRange(padding=0.02)
        parts = [self.tr("%1 finite numbers").replace("%1", str(finite.size))]
        if self.counts.size:
            most = int(np.argmax(self.counts))
            words = self.tr("most, %1, between %2 and %3").replace("%1", str(self.counts[most]))
            parts.append(words.replace("%2", number(self.edges[most], 3)).replace("%3", number(self.edges[most + 1], 3)))
        if missing:
            parts.append(self.tr("%1 not finite are left out").replace("%1", str(missing)))
        if step > 1:
            parts.append(self.tr("every %1th element was counted").replace("%1", str(step)))
        self._note.setText("; ".join(parts) + ".")
        self.setAccessibleDescription(self._note.text())

    def restyle(self) -> None:
        """Take the colours of the theme in effect."""
        look = theme.current()
        self._view.setBackground(look.field)
        self._bars.setOpts(brush=theme.mix(look.field, look.ready, 0.75), pen=None)
        self._zero.setPen(pg.mkPen(look.outline, width=1))
        axis = self._plot.getAxis("bottom")
        axis.setPen(look.border)
        axis.setTextPen(look.dim)
        axis.setTickFont(theme.mono_font(10))
