"""The user's ways through the tape: moments, alerts, lines. Only the view moves; the program stays where it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot

from ..actions import key_of
from ..models.alerts import Alert
from ..models.debug_model import DebugModel


class Navigator(QObject):
    """Moves the model's cursor and selection, and says where there was nowhere to go."""

    said = Signal(str)  # there is nothing in that direction
    line_wanted = Signal(str, int)  # the user wants to see this line of the source

    def __init__(self, model: DebugModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._model = model

    def slots(self) -> dict[str, Callable[[], Any]]:
        """What the commands of the table do."""
        return {
            "first_event": self.look_at_first, "last_event": self.look_at_last, "return_to_live": self.look_at_last,
            "previous_event": self.look_at_previous, "next_event": self.look_at_next,
            "next_alert": self.next_alert, "previous_alert": self.previous_alert, "go_to_source": self.go_to_source,
        }  # fmt: skip

    @Slot(int)
    def look_at(self, position: int) -> None:
        """Look at the moment of an event; its node is selected, so that every panel shows it."""
        self._model.move_to(position)
        self._select_current()

    @Slot()
    def look_at_first(self) -> None:
        """Look at the first recorded step."""
        line = self._model.timeline()
        self.look_at(int(line.enters.min()) if len(line) else 0)

    @Slot()
    def look_at_last(self) -> None:
        """Look at the newest moment, and follow the program again."""
        self.look_at(self._model.last)

    @Slot()
    def look_at_next(self) -> None:
        """Look at the step after."""
        if not self._model.step_forward():
            self.said.emit(self.tr("This is the newest moment. {0} runs the next node.").format(key_of("step")))
        self._select_current()

    @Slot()
    def look_at_previous(self) -> None:
        """Look at the step before."""
        if self._model.step_back():
            self._select_current()
        else:
            self.said.emit(self.tr("This is the first step."))

    def _select_current(self) -> None:
        node = self._model.current_node
        if node is not None:
            self._model.select(("node", node))

    # ------------------------------------------------------------------------------------ alerts

    def first_alert(self) -> Alert | None:
        """The alert to begin with: the first that a gradient made, else the first of all."""
        found = self._model.alerts.alerts()
        return next((alert for alert in found if alert.event >= 0), found[0] if found else None)

    @Slot(object)
    def go_to_alert(self, alert: Alert) -> None:
        """Look at the moment of an alert, with its node and value selected."""
        if alert.event >= 0:
            self._model.move_to(alert.event)
        self._model.select(alert.key)
        if alert.value is not None:
            self._model.select_value(alert.value)

    @Slot()
    def next_alert(self) -> None:
        """Go to the alert after this moment; from the newest moment on to the first one, as there is none after it."""
        found = self._in_order()
        ahead = [alert for alert in found if alert.event > self._model.position]
        if self._model.is_live and not ahead:
            ahead = found
        self._go_or_say(ahead[:1], self.tr("There is no alert after this moment."))

    @Slot()
    def previous_alert(self) -> None:
        """Go to the alert before this moment."""
        before = [alert for alert in self._in_order() if alert.event < self._model.position]
        self._go_or_say(before[-1:], self.tr("There is no alert before this moment."))

    def _in_order(self) -> list[Alert]:
        return sorted((alert for alert in self._model.alerts.alerts() if alert.event >= 0), key=lambda alert: alert.event)

    def _go_or_say(self, found: list[Alert], otherwise: str) -> None:
        if found:
            self.go_to_alert(found[0])
        else:
            self.said.emit(otherwise)

    # ------------------------------------------------------------------------------------ lines

    @Slot()
    def go_to_source(self) -> None:
        """Show the line that made the selected node."""
        file, line = self._model.current_line()
        if file:
            self.line_wanted.emit(file, line)

    def select_line(self, file: str, line: int, forward: bool) -> None:
        """Select the last op of a line where the forward graph is shown, else its backward node."""
        tape = self._model.tape
        for number in reversed(self._model.marks.ops(file, line) if tape is not None else ()):
            if forward:
                self._model.select(("op", number))
                return
            assert tape is not None
            node = next((slot.node for slot in tape.ops[number].grads if slot is not None), None)
            if node is not None:
                self._model.select(("node", node))
                return
