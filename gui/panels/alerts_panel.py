"""The alerts: NaN, Inf and zero gradients, where they were born first."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from ..models.alerts import Alert, AlertKind
from ..panel import Panel
from ..widgets.columns import Columns
from .buttons import worded
from .detail_tree import DetailTree, Line
from .notice import Stage


class AlertsPanel(Panel):
    """A line an alert, with buttons for the one that is chosen."""

    title = "Alerts"
    about = "NaN, infinite and zero gradients, where they were born first"

    node_picked = Signal(object)  # the user wants to see this graph node
    event_picked = Signal(int)  # the user wants to look at the moment of this event
    value_picked = Signal(object)  # ValueRef: the user wants to see this value
    line_picked = Signal(str, int)  # the user wants to see this line of the source
    explain_wished = Signal(object)  # Alert: the user wants to know why
    inputs_wished = Signal(object)  # Alert: the user wants to see what its node was given

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMinimumSize(240, 80)
        self._alerts: Sequence[Alert] = ()
        headers = [self.tr("Event"), self.tr("Where"), self.tr("What"), self.tr("Line")]
        self._tree = DetailTree(headers, stretched=2, prose=(1, 2), parent=self)
        self._tree.setRootIsDecorated(False)
        self._tree.setAccessibleName(self.tr("Alerts"))
        Columns(self._tree, {0: 70, 1: 145, 3: 115}, rest=300)
        self._tree.line_picked.connect(self._picked)
        self._tree.line_activated.connect(self._go)
        self._stage = Stage(self._tree, self)
        self._note = QLabel(self)
        self._note.setProperty("role", "dim")
        self._go_to = QToolButton(self)
        self._go_to.setText(self.tr("Go To"))
        self._go_to.clicked.connect(lambda: self._go(self._chosen()))
        self._inputs = QToolButton(self)
        self._inputs.setText(self.tr("Show Inputs"))
        self._inputs.clicked.connect(lambda: self._ask(self._chosen()))
        self._explain = QToolButton(self)
        self._explain.setText(self.tr("Explain"))
        self._explain.clicked.connect(self._ask_why)
        worded(self._go_to, self._inputs, self._explain)
        bar = QHBoxLayout()
        bar.setContentsMargins(10, 3, 8, 3)
        bar.setSpacing(6)
        bar.addWidget(self._note, 1)
        bar.addWidget(self._go_to)
        bar.addWidget(self._inputs)
        bar.addWidget(self._explain)
        column_ = QVBoxLayout(self)
        column_.setContentsMargins(0, 0, 0, 0)
        column_.setSpacing(0)
        column_.addWidget(self._stage, 1)
        column_.addLayout(bar)
        self.show_alerts((), 0, 0)

    @Slot(object, int, int)
    def show_alerts(self, alerts: Sequence[Alert], carried: int, events: int) -> None:
        """Show the alerts; ``carried`` later values have their NaN or Inf from them. ``events``: how many were looked at."""
        self._alerts = alerts
        self._go_to.setVisible(bool(alerts))
        self._inputs.setVisible(bool(alerts))
        self._explain.setVisible(bool(alerts))
        self._note.setText(self.tr("%1 later values carry it on").replace("%1", str(carried)) if carried else "")
        if not alerts:
            looked = self.tr("No NaN, Inf or zero gradient in %1 events.").replace("%1", f"{events:,}")
            nothing = self.tr("Nothing is recorded. The first NaN, infinity or zero gradient is named here.")
            self._stage.show_notice(looked if events else nothing)
            return
        self._stage.show_content()
        self._tree.fill([self._line(place, alert) for place, alert in enumerate(alerts)])
        first = self._tree.topLevelItem(0)
        if self._tree.currentItem() is None and first is not None:
            self._tree.blockSignals(True)
            self._tree.setCurrentItem(first)
            self._tree.blockSignals(False)

    def go_to(self, place: int) -> None:
        """Go to an alert by its place in the list."""
        item = self._tree.topLevelItem(place)
        if 0 <= place < len(self._alerts) and item is not None:
            self._tree.setCurrentItem(item)
            self._go(self._alerts[place])

    def show_alert(self, key: tuple[str, int]) -> bool:
        """Choose the alert of a graph node, without going anywhere; False where it has none."""
        for place, alert in enumerate(self._alerts):
            item = self._tree.topLevelItem(place)
            if alert.key == key and item is not None:
                self._tree.blockSignals(True)
                self._tree.setCurrentItem(item)
                self._tree.blockSignals(False)
                return True
        return False

    def count(self) -> int:
        """How many there are, for a badge."""
        return len(self._alerts)

    def _line(self, place: int, alert: Alert) -> Line:
        sign = {AlertKind.ZERO: "0", AlertKind.LARGE: "^"}.get(alert.kind, "!")
        where = f"#{alert.event}" if alert.event >= 0 else self.tr("forward")
        line = f"{PurePath(alert.frame.file).name}:{alert.frame.line}" if alert.frame is not None else ""
        cells = (f"{sign}  {where}", alert.name, alert.text, line)
        return Line(cells, alert, bad=alert.kind is not AlertKind.ZERO, tip=alert.text, id=(alert.kind, alert.key, alert.event))

    def _chosen(self) -> object:
        item = self._tree.currentItem()
        place = self._tree.indexOfTopLevelItem(item) if item is not None else -1
        return self._alerts[place] if 0 <= place < len(self._alerts) else None

    def _picked(self, alert: object) -> None:
        if isinstance(alert, Alert):
            self.node_picked.emit(alert.key)
            if alert.value is not None:
                self.value_picked.emit(alert.value)

    def _go(self, alert: object) -> None:
        if not isinstance(alert, Alert):
            return
        if alert.event >= 0:
            self.event_picked.emit(alert.event)
        self._picked(alert)
        if alert.frame is not None:
            self.line_picked.emit(alert.frame.file, alert.frame.line)

    def _ask_why(self) -> None:
        alert = self._chosen()
        if isinstance(alert, Alert):
            self.explain_wished.emit(alert)

    def _ask(self, alert: object) -> None:
        if isinstance(alert, Alert):
            self.inputs_wished.emit(alert)
