"""The model follows the program: to where it stopped, and no further where it runs."""

from __future__ import annotations

from PySide6.QtCore import QObject, Slot

from gradstep.engine.debug.core import Stopped
from gradstep.engine.debug.states import RESTING, State

from ..models.debug_model import AT_ONCE, DebugModel
from ..panels.panel_presenter import PanelPresenter
from ..panels.panel_set import PanelSet

_OWN_LINES = ("op", "line", "module", "exception")  # what the program met on a line of the user's, be it in a hook of a node


class Following(QObject):
    """Told of each state and each stop."""

    def __init__(self, model: DebugModel, presenter: PanelPresenter, panels: PanelSet, parent: QObject) -> None:
        super().__init__(parent)
        self._model, self._presenter, self._panels = model, presenter, panels
        self._followed = (0, 0)  # the node that was selected because the program stood before it, and in which run

    @Slot(object)
    def show_state(self, state: State) -> None:
        """What a paused program can be asked, and the rest of what it recorded before it came to rest."""
        live = state is State.PAUSED
        self._panels.tensor.set_live(live)
        self._panels.tensor.set_program(state is not State.TRACE)
        self._panels.events.show_program(state)
        self._panels.console.show_enabled(live, "" if live else self.tr("Expressions run in your program, while it is paused."))
        if state in RESTING and not self._model.takes_time:
            self._model.catch_up(AT_ONCE)
        if not live:
            self._model.set_live_node(None)

    @Slot(object)
    def stopped(self, stop: Stopped) -> None:
        """Select the node that runs next, and show the line of a stop that is at none, or in the user's own code while one runs."""
        self._model.go_live()
        self._model.set_live_node(stop.node or None)
        self._followed = (stop.node, stop.run)
        if stop.node:
            self._model.select(("node", stop.node))
        self._presenter.show_moment_later()
        inside = stop.what in _OWN_LINES
        if (inside or not stop.node) and stop.where.get("file"):
            self._presenter.show_now()
            self._panels.source.show_line(str(stop.where["file"]), int(stop.where.get("line", 0)))

    @Slot(int)
    def ended(self, node: int) -> None:
        """The program is over. Select the node in which it failed; where there is none (0), and the user chose no other since the last
        stop and the program went on from there, the one that ran last: what the panels show belongs to the moment that they name."""
        model = self._model
        (followed, run), self._followed = self._followed, (0, 0)
        went_on = bool(followed) and model.history.step_of(run, followed) is not None
        if not node and model.is_live and went_on and model.selection.key == ("node", followed):
            node = self._last()
        if node:
            model.select(("node", node))
            self._presenter.show_now()

    @Slot()
    def read(self) -> None:
        """All of a tape that nobody writes any more is here. Unless the user chose something by now, select what stands at its end, as
        at that of a program: the node that ran last."""
        model = self._model
        if model.is_live and model.selection.key is None and (node := self._last()):
            model.select(("node", node))

    def _last(self) -> int:
        """The node that ran last in the pass that is looked at; 0 where none did."""
        steps = next((steps for steps in self._model.history.runs if steps.run == self._model.run), None)
        return steps.nodes[-1] if steps is not None and steps.nodes else 0
