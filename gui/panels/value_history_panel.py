"""Value history: every event that wrote the selected value, and who used it; from one write to the next."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from ..models.value_history import Effect, HistoryLine, ValueHistory
from ..panel import Panel
from ..theme import icon
from ..translation import translate
from ..widgets.columns import Columns
from .buttons import button
from .detail_tree import TARGET, DetailTree, Line
from .notice import Stage

_CHANGES = {Effect.WROTE, Effect.CHANGED, Effect.BROKE}


class ValueHistoryPanel(Panel):
    """Two sections of lines in the order in which they happened. The line of the moment that is shown is marked."""

    title = "History"
    about = "Every event that wrote the selected value: what changed it, what broke it, who read it; and who uses it"

    event_picked = Signal(int)  # the user wants to look at this moment
    node_picked = Signal(object)  # and at the graph node of a line
    value_picked = Signal(object)  # ValueRef: as it was then
    pin_wished = Signal(object)  # ValueRef: compare what is selected with it

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMinimumSize(260, 90)
        self._history = ValueHistory()
        self._position = -1
        self._previous, self._next = QToolButton(self), QToolButton(self)
        for tool, picture, tip, does in (
            (self._previous, "earlier", self.tr("Previous write: look at the value before this moment's"), self.previous_write),
            (self._next, "later", self.tr("Next write"), self.next_write),
        ):
            tool.setIcon(icon(picture))
            tool.setToolTip(tip)
            tool.setAccessibleName(tip)
            tool.clicked.connect(does)
        self._name = QLabel(self)
        self._name.setTextFormat(Qt.TextFormat.PlainText)
        self._name.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        about = self.tr("Pin the value of this line as A: what is selected is compared with it")
        self._pin = button(self.tr("Compare"), self._wish_pin, self, about)
        self._tree = DetailTree([self.tr("What"), self.tr("Effect"), self.tr("Value"), self.tr("Shape"), self.tr("Event")], parent=self)
        self._tree.setAccessibleName(self.tr("Writes and uses"))
        Columns(self._tree, {0: 290, 1: 170, 2: 120, 3: 120}, rest=100)
        self._tree.line_picked.connect(self._picked)
        self._tree.line_activated.connect(self._activated)
        self._stage = Stage(self._tree, self)
        bar = QHBoxLayout()
        bar.setContentsMargins(8, 3, 8, 3)
        bar.setSpacing(4)
        for widget, stretch in ((self._previous, 0), (self._next, 0), (self._name, 1), (self._pin, 0)):
            bar.addWidget(widget, stretch)
        column_ = QVBoxLayout(self)
        column_.setContentsMargins(0, 0, 0, 0)
        column_.setSpacing(0)
        column_.addLayout(bar)
        column_.addWidget(self._stage, 1)
        self.show_history(ValueHistory())

    @Slot(object)
    def show_history(self, history: ValueHistory) -> None:
        """Show the events of a value; an empty one where none is selected."""
        self._history = history
        self._name.setText(history.name)
        self._fill()

    @Slot(int)
    def show_position(self, position: int) -> None:
        """The moment that is shown is the one after this event."""
        if position != self._position:
            self._position = position
            self._fill()

    def restyle(self) -> None:
        self._tree.viewport().update()

    # ---------------------------------------------------------------------------------------------------------- writes

    @Slot()
    def previous_write(self) -> None:
        """Look at the value as it was before the last write that lies before this moment."""
        earlier = [line for line in self._writes() if line.event < self._at()]
        if earlier:
            self._go(earlier[-1])

    @Slot()
    def next_write(self) -> None:
        """Look at the next write."""
        later = [line for line in self._writes() if line.event > self._at()]
        if later:
            self._go(later[0])

    def _writes(self) -> list[HistoryLine]:
        return [line for line in self._history.writes if line.effect in _CHANGES]

    def _at(self) -> int:
        """The write that holds at the moment that is shown."""
        return max((line.event for line in self._writes() if line.event <= self._position), default=-2)

    def _go(self, line: HistoryLine) -> None:
        self.event_picked.emit(line.event)
        if line.value is not None:
            self.value_picked.emit(line.value)

    # --------------------------------------------------------------------------------------------------------- inside

    def _fill(self) -> None:
        history = self._history
        writes = self._writes()
        at = self._at()
        self._previous.setEnabled(any(line.event < at for line in writes))
        self._next.setEnabled(any(line.event > at for line in writes))
        self._pin.setEnabled(bool(history.writes or history.uses))
        if not history.writes and not history.uses:
            self._stage.show_notice(
                self.tr("Nothing on the tape wrote or used {0}.").format(history.name)
                if history.name
                else self.tr("Select a value: every event that wrote it, and who uses it, is shown here.")
            )
            return
        self._stage.show_content()
        changes = translate("ValueHistoryPanel", "Writes: %n change(s)", len(writes) + history.left_out)
        if history.left_out:
            changes += self.tr(", the last {0} of them").format(len(history.writes))
        users = translate("ValueHistoryPanel", "Used %n time(s)", len(history.uses))
        if not history.sure:
            users += self.tr(" so far")
        written = tuple(self._line(place, line, at) for place, line in enumerate(history.writes))
        used = tuple(self._line(place, line, -3) for place, line in enumerate(history.uses))
        self._tree.fill([Line((changes,), None, written, heading=True, id="writes"), Line((users,), None, used, heading=True, id="uses")])

    def _line(self, place: int, line: HistoryLine, at: int) -> Line:
        effects = {
            Effect.WROTE: self.tr("\u25cf wrote"), Effect.CHANGED: self.tr("\u25cf changed"), Effect.BROKE: self.tr("\u26a0 broke: {0}"),
            Effect.KEPT: self.tr("\u25cb left as it was"), Effect.READ: self.tr("\u25cb read"),
        }  # fmt: skip
        text = effects[line.effect].format(line.number.bad or self.tr("not finite"))
        event = f"#{line.event}" if line.event >= 0 else ""
        cells = (line.text, text, line.number.norm_text(), line.number.shape, event)
        return Line(
            cells, line, id=(place, line.event), event=line.event, bad=line.effect is Effect.BROKE,
            good=line.effect in (Effect.WROTE, Effect.CHANGED), dim=line.effect in (Effect.KEPT, Effect.READ),
            strong=line.event == at and line.effect in _CHANGES, op=line.op,
        )  # fmt: skip

    def _picked(self, line: object) -> None:
        if isinstance(line, HistoryLine) and line.value is not None:
            self.value_picked.emit(line.value)

    def _activated(self, line: object) -> None:
        if isinstance(line, HistoryLine):
            if line.event >= 0:
                self.event_picked.emit(line.event)
            if line.key is not None:
                self.node_picked.emit(line.key)
            if line.value is not None:
                self.value_picked.emit(line.value)

    def _wish_pin(self) -> None:
        item = self._tree.currentItem()
        line = item.data(0, TARGET) if item is not None else None
        if not isinstance(line, HistoryLine):
            line = next(iter(self._writes()[:-1][-1:]), None) or next(iter(self._history.writes), None)
        if isinstance(line, HistoryLine) and line.value is not None:
            self.pin_wished.emit(line.value)
