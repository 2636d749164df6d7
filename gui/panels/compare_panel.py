"""Compare: two iterations of this run, or this run and another tape: where they first differ, and what differs most."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QProgressBar, QVBoxLayout, QWidget

from ..panel import Panel
from ..widgets.columns import Columns
from .buttons import button
from .detail_tree import DetailTree, Line
from .notice import Stage

WHOLE = -1  # instead of the number of an iteration


class ComparePanel(Panel):
    """A line that says what to compare, and a table of what differs."""

    title = "Compare"
    about = "Two iterations, or two runs, side by side: where they first differ, and what differs most"

    compare_wished = Signal(int, str, int)  # an iteration of this tape, another tape ("": this one), its iteration; WHOLE for all
    tape_wished = Signal()  # the user wants to choose another tape
    cancel_wished = Signal()
    moment_picked = Signal(object)  # a moment of this tape, as JSON has it: kind, id, event

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMinimumSize(260, 90)
        self._other = ""
        self._count = 0
        self._compared = False  # a comparison, or why there is none, is shown
        self._chosen = False  # the user chose what to compare; else it is the first with the last
        self._first, self._second = QComboBox(self), QComboBox(self)
        self._first.setAccessibleName(self.tr("What of this run"))
        self._second.setAccessibleName(self.tr("What to compare it with"))
        for box in (self._first, self._second):
            box.activated.connect(self._choose_iterations)
        self._against = QLabel(self)
        self._against.setTextFormat(Qt.TextFormat.PlainText)
        self._compare = button(self.tr("Compare"), self._wish, self)
        self._choose = button(self.tr("Other Tape..."), self.tape_wished.emit, self, self.tr("Compare with another recording"))
        self._cancel = button(self.tr("Cancel"), self.cancel_wished.emit, self)
        self._busy = QProgressBar(self)
        self._busy.setRange(0, 0)
        self._busy.setTextVisible(False)
        self._busy.setMaximumHeight(6)
        self._busy.setAccessibleName(self.tr("Comparing"))
        self._tree = DetailTree([self.tr("Where"), self.tr("Line"), self.tr("Relative"), self.tr("At most"), self.tr("At")], parent=self)
        self._tree.setAccessibleName(self.tr("Differences"))
        Columns(self._tree, {0: 300, 1: 130, 2: 90, 3: 90}, rest=100)
        self._tree.line_picked.connect(self.moment_picked)
        self._stage = Stage(self._tree, self)
        bar = QHBoxLayout()
        bar.setContentsMargins(8, 3, 8, 3)
        bar.setSpacing(6)
        for widget in (self._first, self._against, self._second, self._compare, self._choose):
            bar.addWidget(widget)
        bar.addStretch(1)
        bar.addWidget(self._busy)
        bar.addWidget(self._cancel)
        column_ = QVBoxLayout(self)
        column_.setContentsMargins(0, 0, 0, 0)
        column_.setSpacing(0)
        column_.addLayout(bar)
        column_.addWidget(self._stage, 1)
        self.show_busy(False)
        self.show_iterations(0)
        self.show_nothing()

    @Slot(int)
    def show_iterations(self, count: int) -> None:
        """How many iterations this run has so far."""
        if count != self._count or not self._first.count():
            self._count = count
            self._fill()

    @Slot(str)
    def show_other(self, tape: str) -> None:
        """Compare with another tape, "" for another iteration of this one."""
        self._other, self._chosen = tape, False
        self._fill()

    @Slot(bool)
    def show_busy(self, busy: bool) -> None:
        """Whether a comparison takes its time."""
        self._busy.setVisible(busy)
        self._cancel.setVisible(busy)

    @Slot()
    def compare(self) -> None:
        """Ask for the comparison of what is chosen, where there are two things to compare."""
        if self._compare.isEnabled():
            self._wish()

    @Slot()
    def show_nothing(self) -> None:
        """Nothing was compared yet."""
        self._compared = False
        text = self.tr("Compare two iterations of this run, or this run with another tape: where they first differ, and what differs most.")
        if not self._compare.isEnabled():
            text = self.tr("This run has no two iterations to compare. Other Tape... compares it with another run.")
        self._stage.show_notice(text)

    @Slot(str)
    def show_failure(self, why: str) -> None:
        """It could not be compared."""
        self._compared = True
        self._stage.show_notice(why)

    @Slot(object)
    def show_comparison(self, told: Mapping[str, Any]) -> None:
        """Show what ``gradstep diff --json`` found."""
        self._compared = True
        if told["same"]:
            self._stage.show_notice(self.tr("{0} values, and no difference in any bit.").format(told["compared"]))
            return
        lines = []
        if told["first"] is not None:
            lines.append(self._line(self.tr("First: {0}"), told["first"], "first", strong=True))
        if told["parted"] is not None:
            mine, other = (self._name(one) if one is not None else self.tr("nothing more") for one in told["parted"])
            text = self.tr("After {0} values the programs part: {1} here, {2} there").format(told["compared"], mine, other)
            lines.append(Line((text,), told["parted"][0], bad=True, id="parted"))
        heading = self.tr("{0} of {1} values differ, the most first").format(told["count"], told["compared"])
        if not told["sure"]:
            heading += self.tr("; where values were not kept, statistics were compared")
        rows = tuple(self._line("{0}", place, at) for at, place in enumerate(told["differing"]))
        lines.append(Line((heading,), None, rows, heading=True, id="all"))
        self._stage.show_content()
        self._tree.fill(lines)

    # --------------------------------------------------------------------------------------------------------- inside

    def _fill(self) -> None:
        for box, mine in ((self._first, True), (self._second, False)):
            chosen = box.currentData()
            box.clear()
            if self._other:
                box.addItem(self.tr("whole run") if mine else self.tr("whole tape"), WHOLE)
            for number in range(self._count):  # the other tape may have fewer: that is said when it is compared
                box.addItem(self.tr("iteration {0}").format(number), number)
            place = box.findData(chosen) if self._chosen else -1
            last = 0 if mine or self._other else box.count() - 1
            box.setCurrentIndex(place if place >= 0 else last)
        self._against.setText(self.tr("with {0}:").format(PurePath(self._other).name) if self._other else self.tr("with"))
        self._against.setToolTip(self._other)
        possible = bool(self._other) or self._count > 1
        self._compare.setEnabled(possible)
        self._compare.setToolTip("" if possible else self.tr("This run has no two iterations to compare"))
        for box in (self._first, self._second):
            box.setVisible(bool(box.count()))
        self._against.setVisible(bool(self._first.count() or self._other))
        if not self._compared:
            self.show_nothing()

    @Slot()
    def _choose_iterations(self) -> None:
        self._chosen = True

    def _wish(self) -> None:
        first, second = self._first.currentData(), self._second.currentData()
        if self._other and WHOLE in (first, second):
            first = second = WHOLE
        self.compare_wished.emit(int(first), self._other, int(second))

    def _name(self, moment: Mapping[str, Any]) -> str:
        if moment["kind"] == "grad":
            return f"{moment['name']}.grad"
        index = f" [{moment['index']}]" if moment["index"] else ""
        return f"{moment['name']} #{moment['id']}{index}"

    def _line(self, words: str, place: Mapping[str, Any], id: object, *, strong: bool = False) -> Line:
        moment = place["a"]
        at = moment["place"]
        line = f"{PurePath(at['file']).name}:{at['line']}" if at is not None else ""
        relative, largest = (self._number(place[name]) for name in ("relative", "largest"))
        where = str(place["at"]) if place["at"] else ""
        return Line((words.format(self._name(moment)), line, relative, largest, where), moment, id=id, strong=strong)

    @staticmethod
    def _number(value: Any) -> str:
        return "" if value is None else f"{float(value):.3g}"
