"""What panels ask to be shown, shown: a node, a value, a line, a moment, where all threads are; and the commands that bring a panel."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, SignalInstance, Slot

from gradstep.engine.tape.schema import Frame

from ..frame.docks import Docks
from ..models.debug_model import DebugModel
from ..study.navigator import Navigator
from .panel_presenter import PanelPresenter
from .panel_set import PanelSet


class Wishes(QObject):
    """Connects signals of panels, one line for each kind of wish, to the model and to the panel that shows it."""

    def __init__(
        self, panels: PanelSet, model: DebugModel, navigator: Navigator, presenter: PanelPresenter, docks: Docks, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._panels, self._model, self._navigator, self._presenter, self._docks = panels, model, navigator, presenter, docks
        said = panels
        self.nodes(said.events.node_picked, said.step.node_picked, said.hooks.node_picked, said.alerts.node_picked)
        self.nodes(said.what_if.node_picked, said.explanations.node_picked)
        self.values(said.step.value_picked, said.hooks.value_picked, said.alerts.value_picked, said.what_if.value_picked)
        self.lines(said.events.line_picked, said.step.line_picked, said.hooks.line_picked, said.alerts.line_picked)
        self.lines(said.stack.line_picked, said.breakpoints.line_picked, said.explanations.line_picked)
        self.moments(said.events.event_picked, said.hooks.event_picked, said.timeline.event_picked)
        for event_picked in (said.alerts.event_picked, said.explanations.event_picked):
            event_picked.connect(model.move_to)
        panels.alerts.inputs_wished.connect(self.show_inputs)

    def slots(self) -> dict[str, Callable[[], Any]]:
        """What the commands do that bring a panel."""
        panels, bring = self._panels, self._docks.bring
        return {
            "contributions": partial(bring, panels.contributions), "flow": partial(bring, panels.flow),
            "statistics": partial(bring, panels.statistics), "ranks": partial(bring, panels.ranks),
            "find_everywhere": self.find_everywhere,
        }  # fmt: skip

    # ------------------------------------------------------------------------------------ signals

    def nodes(self, *picked: SignalInstance) -> None:
        """Who sends one of these wants to see a node, (kind, number)."""
        for signal in picked:
            signal.connect(self._model.select)

    def values(self, *picked: SignalInstance) -> None:
        """Who sends one of these wants to see a value."""
        for signal in picked:
            signal.connect(self.show_value)

    def lines(self, *picked: SignalInstance) -> None:
        """Who sends one of these wants to see a line of the source."""
        for signal in picked:
            signal.connect(self.show_line)

    def moments(self, *picked: SignalInstance) -> None:
        """Who sends one of these wants to look at the moment of an event."""
        for signal in picked:
            signal.connect(self._navigator.look_at)

    # ------------------------------------------------------------------------------------ what is shown

    @Slot(object)
    def show_value(self, value: Any) -> None:
        """Show a value in the tensor panel."""
        self._model.select_value(value)
        self._docks[self._panels.tensor].raise_()

    @Slot(str, int)
    def show_line(self, file: str, line: int) -> None:
        """Show a line of the source."""
        self._presenter.show_now()  # else what is due would move the line again
        self._panels.source.show_line(file, line)
        self._docks[self._panels.source].raise_()

    @Slot(object)
    def show_inputs(self, alert: Any) -> None:
        """What the node of an alert was given and what it made of it."""
        self._navigator.go_to_alert(alert)
        self._docks[self._panels.step].raise_()

    @Slot(object)
    def show_stacks(self, stacks: Sequence[tuple[str, Sequence[Frame]]]) -> None:
        """Where all threads of the program are."""
        self._presenter.show_threads(stacks)
        self._docks.bring(self._panels.stack)

    @Slot()
    def find_everywhere(self) -> None:
        """Bring the panel that searches everywhere."""
        self._docks.bring(self._panels.find)
        self._panels.find.start_search()
