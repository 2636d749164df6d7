"""How the numbers of a tensor are spread: a histogram of the finite ones, drawn by pyqtgraph."""

from __future__ import annotations

import math

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from gradstep.engine.tape.overview import real_part, robust_range

from .. import theme
from ..tensors.passes import Spreading
from ..tensors.sources import Source
from ..translation import translate
from ..widgets.formats import number
from .buttons import worded

BINS = 96


class HistogramView(QWidget):
    """Bars of as many bins as they are given; as high as log(1 + count), so that a lonely outlier is seen beside a million zeros, or
    as the counts themselves."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMinimumSize(120, 80)
        self._view = pg.GraphicsLayoutWidget(self)
        self._view.setAccessibleName(self.tr("Histogram"))
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
        self._linear = QToolButton(self)
        self._linear.setText(self.tr("Linear"))
        self._linear.setCheckable(True)
        worded(self._linear)
        self._linear.setToolTip(self.tr("Bars as high as the counts, else as their logarithms"))
        self._linear.toggled.connect(lambda _: self._draw())
        foot = QHBoxLayout()
        foot.setContentsMargins(8, 2, 0, 2)
        foot.addWidget(self._note, 1)
        foot.addWidget(self._linear, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._view, 1)
        column.addLayout(foot)
        self.setAccessibleName(self.tr("Histogram"))
        self._spreading: Spreading | None = None
        self.counts: NDArray[np.int64] = np.zeros(0, np.int64)
        self.edges: NDArray[np.float64] = np.zeros(0)
        self.restyle()

    def show_source(self, source: Source, part: str, ends: tuple[float, float], share: float) -> None:
        """Count the numbers of a value between ``ends``, of which this share is known so far; of what is in memory they are looked
        for here."""
        self.stop()
        low, high = ends
        if source.near is not None:
            low, high = robust_range(numbers := real_part(source.near, part), 0.0, 100.0, numbers.size or 1)
        elif share < 1:
            self.show_waiting(share)
            return
        if not math.isfinite(low) or not math.isfinite(high):
            low, high = 0.0, 1.0
        elif high - low <= abs(high) * 1e-12:
            low, high = low - 0.5, high + 0.5
        size = source.size
        self._spreading = Spreading(source, part, low, high, BINS, self)
        self._spreading.changed.connect(
            lambda counts, share: self.show_counts(counts, low, high, max(round(size * share) - int(counts.sum()), 0), share)
        )
        self._spreading.start()

    def stop(self) -> None:
        """Count no more."""
        if self._spreading is not None:
            self._spreading.cancel()
            self._spreading.deleteLater()
            self._spreading = None

    def show_counts(self, counts: NDArray[np.int64], low: float, high: float, missing: int, share: float) -> None:
        """Show how many finite numbers lie in bins of equal width from ``low`` to ``high``; ``missing`` are not finite; counted is
        this share of all."""
        self.counts = counts
        self.edges = np.linspace(low, high, len(counts) + 1)
        self._draw()
        self._plot.autoRange(padding=0.02)
        found = int(counts.sum())
        parts = [translate("HistogramView", "{0} finite number(s)", found).format(f"{found:,}")]
        if counts.any():
            most = int(np.argmax(counts))
            words = self.tr("most, {0}, between {1} and {2}")
            parts.append(words.format(f"{counts[most]:,}", number(self.edges[most], 3), number(self.edges[most + 1], 3)))
        if missing:
            parts.append(translate("HistogramView", "%n not finite (is|are) left out", missing))
        if share < 1:
            parts.append(self.tr("{0:.0%} counted so far").format(share))
        self._note.setText("; ".join(parts) + ".")
        self.setAccessibleDescription(self._note.text())

    def show_waiting(self, share: float) -> None:
        """The ends of the bins are still being looked for."""
        self.counts, self.edges = np.zeros(0, np.int64), np.zeros(0)
        self._draw()
        self._note.setText(self.tr("Looking for the smallest and the largest number: {0:.0%}.").format(share))

    def _draw(self) -> None:
        heights = self.counts.astype(float) if self._linear.isChecked() else np.log1p(self.counts)
        self._bars.setOpts(x0=self.edges[:-1], x1=self.edges[1:], height=heights)  # gaps of part of a pixel would come and go
        self._plot.setYRange(0, float(heights.max()) if heights.any() else 1.0, padding=0.03)

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
