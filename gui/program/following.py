"""The model follows the program: to where it stopped, and no further where it runs."""

from __future__ import annotations

from PySide6.QtCore import QObject, Slot

from gradstep.engine.debug.core import Stopped
from gradstep.engine.debug.states import RESTING, State

from ..models.debug_model import AT_ONCE, DebugModel
from ..panels.panel_presenter import PanelPresenter
from ..panels.panel_set import PanelSet


class Following(QObject):
    """Told of each state and each stop."""

    def __init__(self, model: DebugModel, presenter: PanelPresenter, panels: PanelSet, parent: QObject) -> None:
        super().__init__(parent)
        self._model, self._presenter, self._panels = model, presenter, panels

    @Slot(object)
    def show_state(self, state: State) -> None:
        """What a paused program can be asked, and the rest of what it recorded before it came to rest."""
        live = state is State.PAUSED
        self._panels.tensor.set_live(live)
        self._panels.console.show_enabled(live, "" if live else self.tr("Expressions run in your program, while it is paused."))
        if state in RESTING and not self._model.takes_time:
            self._model.catch_up(AT_ONCE)
        if not live:
            self._model.set_live_node(None)

    @Slot(object)
    def stopped(self, stop: Stopped) -> None:
        """Select the node that runs next, or show the line of a stop that is at none."""
        self._model.go_live()
        self._model.set_live_node(stop.node or None)
        if stop.node:
            self._model.select(("node", stop.node))
        self._presenter.show_moment_later()
        if not stop.node and stop.where.get("file"):
            self._presenter.show_now()
            self._panels.source.show_line(str(stop.where["file"]), int(stop.where.get("line", 0)))
