"""Which of two values is shown, or their difference or ratio, and by how much they differ."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QButtonGroup, QGridLayout, QHBoxLayout, QToolButton, QWidget

from ..tensors.comparison import Compared
from ..tensors.sides import Side
from ..theme import icon
from ..widgets.elided import ElidedLabel
from ..widgets.formats import number
from ..widgets.plain import tip
from .buttons import worded

WIDE = 560  # pixels from which on the differences stand in one line


class ComparisonBar(QWidget):
    """Buttons for the sides, what the other value is, and in a second line the differences."""

    side_chosen = Signal(int)  # Side
    unpin_wished = Signal()
    place_picked = Signal(object)  # the index of the element that differs most

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._sides = QButtonGroup(self)
        row = QHBoxLayout()
        row.setSpacing(2)
        for side in Side:
            button = QToolButton(self)
            button.setCheckable(True)
            worded(button)
            self._sides.addButton(button, int(side))
            row.addWidget(button)
        self._sides.idClicked.connect(self.side_chosen)
        self._other = ElidedLabel(self)
        self._other.setProperty("role", "dim")
        row.addSpacing(4)
        row.addWidget(self._other, 1)
        self._unpin = QToolButton(self)
        self._unpin.setIcon(icon("close"))
        self._unpin.setAccessibleName(self.tr("Compare with the pinned value no more"))
        self._unpin.setToolTip(self._unpin.accessibleName())
        self._unpin.clicked.connect(self.unpin_wished)
        row.addWidget(self._unpin)
        self._largest, self._relative, self._count = QToolButton(self), QToolButton(self), ElidedLabel(self)
        self._count.setProperty("role", "dim")
        self._places: dict[QToolButton, tuple[int, ...] | None] = {self._largest: None, self._relative: None}
        for button in self._places:
            button.setToolTip(self.tr("Go to this element"))
            worded(button)
            button.setMaximumHeight(22)
            button.clicked.connect(lambda _=False, button=button: self.place_picked.emit(self._places[button]))
        self._facts = QWidget(self)
        facts = QGridLayout(self._facts)
        facts.setContentsMargins(0, 0, 0, 0)
        facts.setHorizontalSpacing(2)
        facts.setVerticalSpacing(1)
        facts.setColumnStretch(2, 1)
        facts.addWidget(self._largest, 0, 0, Qt.AlignmentFlag.AlignLeft)
        self._laid = facts
        self._place()
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setVerticalSpacing(3)
        grid.addLayout(row, 0, 0)
        grid.addWidget(self._facts, 1, 0)
        self._facts.hide()
        self._compact = self._pinned = False
        self.hide()

    def show_other(self, label: str, pinned: bool, alike: bool, side: Side) -> None:
        """There is another value, of that name; ``alike``: of the same shape, so that the two can be subtracted."""
        words = (
            (self.tr("B"), self.tr("What is selected")),
            (self.tr("A"), self.tr("The pinned value; hold B to look at it for a moment")),
            (self.tr("A \u2212 B"), self.tr("The pinned value minus what is selected")),
            (self.tr("A / B"), self.tr("The pinned value divided by what is selected")),
        ) if pinned else (
            (self.tr("After"), self.tr("The value after the current event")),
            (self.tr("Before"), self.tr("The value before the current event; hold B to look at it for a moment")),
            (self.tr("Change"), self.tr("After minus before")),
            (self.tr("Ratio"), self.tr("After divided by before")),
        )  # fmt: skip
        for choice, (text, about) in zip(Side, words, strict=True):
            button = self._sides.button(int(choice))
            button.setText(text)
            possible = alike or choice in (Side.AFTER, Side.BEFORE)
            button.setEnabled(possible)
            button.setToolTip(about if possible else self.tr("The two have different shapes"))
        self._sides.button(int(side)).setChecked(True)
        self._other.setText(label)
        self._other.setToolTip(tip(label))
        self._unpin.setVisible(pinned)
        self._pinned = pinned
        self._count.setText("")
        self._show_facts()
        self.show()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place()

    def _place(self) -> None:
        """The differences beside each other, or below each other where it is narrow."""
        wide = self.width() >= WIDE
        self._laid.addWidget(self._relative, 0 if wide else 1, 1 if wide else 0, Qt.AlignmentFlag.AlignLeft)
        self._laid.addWidget(self._count, 0 if wide else 2, 2 if wide else 0, 1, 1 if wide else 3)

    def show_side(self, side: Side) -> None:
        """Another side is shown."""
        self._sides.button(int(side)).setChecked(True)
        self._show_facts()

    def set_compact(self, compact: bool) -> None:
        """Whether the differences are told only where they are what is looked at."""
        if compact != self._compact:
            self._compact = compact
            self._show_facts()

    def _show_facts(self) -> None:
        self._facts.setVisible(bool(self._count.text()) and (not self._compact or self._sides.checkedId() >= int(Side.CHANGE)))

    def show_nothing(self) -> None:
        """There is nothing to compare with."""
        self.hide()

    def show_compared(self, compared: Compared, share: float) -> None:
        """By how much they differ, as far as is known."""
        largest = self.tr("max |A\u2212B| {0} at {1}") if self._pinned else self.tr("max |change| {0} at {1}")
        for button, size, place, words in (
            (self._largest, compared.largest, compared.largest_at, largest),
            (self._relative, compared.relative, compared.relative_at, self.tr("max relative {0} at {1}")),
        ):
            self._places[button] = place
            button.setVisible(place is not None)
            if place is not None:
                button.setText(words.format(number(size, 3), list(place)))
        if not compared.differing:
            text = self.tr("All {0} elements are equal").format(f"{compared.count:,}")
        else:
            text = self.tr("{0} of {1} differ").format(f"{compared.differing:,}", f"{compared.count:,}")
        if compared.broken:
            text += self.tr("; {0} finite on one side only").format(f"{compared.broken:,}")
        if share < 1:
            text += self.tr(" so far ({0:.0%})").format(share)
        self._count.setText(text)
        self._count.setToolTip(tip(text))
        self._show_facts()
