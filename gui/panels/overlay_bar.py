"""What is marked over the colours of a heat map, with how many elements there are of each: buttons that are legend and switch."""

from __future__ import annotations

import functools

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QImage, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from gradstep.engine.tape.overview import EMPTY, Figures, Level

from .. import theme
from ..tensors.levels import Placed
from ..widgets.formats import count_text
from .heat_picture import FIRST, Overlay, Scale, View, picture

SWATCH = 12  # pixels
FIRST_ROW = 4  # marks, where there are two rows
LETTERS = 3  # of a name, that are left of it at least
_FLAGS = {Overlay.NAN: 1 | EMPTY, Overlay.POSITIVE: 2 | EMPTY, Overlay.NEGATIVE: 4 | EMPTY, Overlay.MINUS: 16}


class OverlayBar(QWidget):
    """A button a mark. Marks of which there are none are dim, and can be switched all the same."""

    overlays_changed = Signal(object)  # Overlay

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows = (QHBoxLayout(), QHBoxLayout())
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        for row in self._rows:
            row.setSpacing(2)
            column.addLayout(row)
        self._flow: list[QWidget] = []  # the marks, then what stands behind them
        self.buttons: dict[Overlay, _Mark] = {}
        for overlay, text, tip in (
            (Overlay.NAN, self.tr("NaN"), self.tr("Mark NaN")),
            (Overlay.POSITIVE, self.tr("+Inf"), self.tr("Mark positive infinities")),
            (Overlay.NEGATIVE, self.tr("-Inf"), self.tr("Mark negative infinities")),
            (Overlay.MINUS, self.tr("< 0"), self.tr("Mark numbers below zero")),
            (Overlay.LOW, self.tr("low"), self.tr("Mark numbers below the range of the colours")),
            (Overlay.HIGH, self.tr("high"), self.tr("Mark numbers above the range of the colours")),
        ):
            button = _Mark(overlay, text, tip, self)
            button.setChecked(overlay in FIRST)
            button.toggled.connect(lambda _: self.overlays_changed.emit(self.overlays))
            self.buttons[overlay] = button
            self._flow.append(button)
        self._one_row: bool | None = None
        self._compact = False
        self._arrange()
        self.setAccessibleName(self.tr("Marks"))
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Maximum)

    def add(self, *widgets: QWidget) -> None:
        """Put other buttons behind the marks."""
        self._flow += widgets
        self._one_row = None
        self._arrange()

    def set_compact(self, compact: bool) -> None:
        """Whether all must stand in one row, without some words where there is no room for them."""
        if compact != self._compact:
            self._compact = compact
            self._arrange()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        """In one row where there is room for all with their numbers, else in two. A row that is too narrow cuts names, never numbers."""
        for mark in self.buttons.values():
            mark.set_brief(False)
        one_row = self._compact or self._fits()
        if self._compact:
            self._shorten()
        if one_row == self._one_row:
            return
        self._one_row = one_row
        for row in self._rows:
            while row.takeAt(0) is not None:
                continue
        split = len(self._flow) if one_row else FIRST_ROW
        for at, widget in enumerate(self._flow):
            if at == len(self.buttons):
                self._rows[0 if one_row else 1].addStretch(1)
            self._rows[0 if at < split else 1].addWidget(widget)
        if not one_row:
            self._rows[0].addStretch(1)

    def _fits(self) -> bool:
        return sum(widget.sizeHint().width() + 2 for widget in self._flow if not widget.isHidden()) <= self.width()

    def _shorten(self) -> None:
        """Leave out words until all stand in one row, where it is not enough to cut them: of marks that there are none of, then the names
        beside numbers."""
        marks = list(self.buttons.values())[::-1]
        for mark in sorted(marks, key=lambda mark: mark.count > 0):
            if self._can_be_squeezed():
                return
            mark.set_brief(True)

    def _can_be_squeezed(self) -> bool:
        return sum(widget.minimumSizeHint().width() + 2 for widget in self._flow if not widget.isHidden()) <= self.width()

    @property
    def overlays(self) -> Overlay:
        """What is to be marked."""
        chosen = Overlay(0)
        for overlay, button in self.buttons.items():
            if button.isChecked():
                chosen |= overlay
        return chosen

    def show_figures(self, figures: Figures, sure: bool) -> None:
        """How many elements are not finite or below zero; not ``sure``: so many were found so far."""
        counts = {
            Overlay.NAN: figures.nans, Overlay.POSITIVE: figures.posinfs, Overlay.NEGATIVE: figures.neginfs,
            Overlay.MINUS: figures.negatives,
        }  # fmt: skip
        news = [self.buttons[overlay].show_count(count, sure) for overlay, count in counts.items()]
        if any(news):
            self._arrange()

    def show_outside(self, below: int, above: int, sure: bool) -> None:
        """How many elements are below and above the range of the colours."""
        news = [self.buttons[Overlay.LOW].show_count(below, sure), self.buttons[Overlay.HIGH].show_count(above, sure)]
        if any(news):
            self._arrange()


class _Mark(QToolButton):
    """The pattern, the name and the number of one mark."""

    def __init__(self, overlay: Overlay, text: str, tip: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.overlay, self._name, self._tip = overlay, text, tip
        self.setCheckable(True)
        self.setFont(theme.ui_font(11))
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.count = 0
        self._brief = False
        self._told: tuple[int, bool] | None = None
        self.show_count(0, True)

    def show_count(self, count: int, sure: bool) -> bool:
        """How many elements there are. Whether that is news."""
        if (count, sure) == self._told:
            return False
        self._told = count, sure
        self.count = count
        self.setText(self._words())
        words = self.tr("{0}: {1}").format(self._tip, f"{count:,}") if sure else self.tr("{0}: {1} so far").format(self._tip, f"{count:,}")
        self.setToolTip(words)
        self.setAccessibleName(words)
        self.updateGeometry()
        self.update()
        return True

    def set_brief(self, brief: bool) -> None:
        """Whether only the number is written, nothing where there is none."""
        if brief != self._brief:
            self._brief = brief
            self.setText(self._words())
            self.updateGeometry()

    def _words(self) -> str:
        number = count_text(self.count) if self.count else ""
        return number if self._brief else f"{self._name} {number}".rstrip()

    def sizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        return QSize(SWATCH + metrics.horizontalAdvance(self.text()) + 14, max(metrics.height() + 6, SWATCH + 8))

    def minimumSizeHint(self) -> QSize:
        """A name can be cut to its beginning; a number that is cut reads as another one."""
        hint = self.sizeHint()
        if self.count:
            return hint
        least = self.fontMetrics().horizontalAdvance(f"{self._name[:LETTERS]}…") + SWATCH + 14 if not self._brief else 0
        return QSize(min(least, hint.width()), hint.height()) if least else hint

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setLayoutDirection(Qt.LayoutDirection.LeftToRight)  # signs stand before their numbers
        try:
            look = theme.current()
            if self.isChecked() or self.underMouse() or self.hasFocus():
                painter.setRenderHint(QPainter.RenderHint.Antialiasing)
                painter.setPen(look.ready if self.hasFocus() else look.outline if self.isChecked() else look.border)
                painter.setBrush(look.raised)
                painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
            painter.drawImage(4, (self.height() - SWATCH) // 2, _swatch(self.overlay, self.devicePixelRatioF(), look.name))
            loud = self.count and self.overlay in FIRST
            painter.setPen(look.bad if loud else look.text if self.count else look.faint)
            room = self.rect().adjusted(SWATCH + 8, 0, -3, 0)
            text = painter.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, room.width())
            painter.drawText(room, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), text)
        finally:
            painter.end()


@functools.lru_cache(maxsize=64)
def _swatch(overlay: Overlay, ratio: float, look: str) -> QImage:
    """The pattern of a mark, in the theme of this name."""
    value = {Overlay.LOW: -1.0, Overlay.HIGH: 2.0, Overlay.MINUS: -0.5}.get(overlay, 0.0)
    number = np.full((1, 1), value, np.float32)
    level = Level(1, 1, number, number, np.full((1, 1), _FLAGS.get(overlay, 0), np.uint8))
    size = round(SWATCH * ratio), round(SWATCH * ratio)
    low = -1.0 if overlay is Overlay.MINUS else 0.0
    return picture([Placed(level, 0, 0)], View(0, 0, 1, 1), size, Scale(low, 1.0, True, overlay), ratio)
