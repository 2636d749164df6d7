"""What is worked out of the tape for the panels that compare gradients: contributions, gradient flow, two runs side by side."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from gradstep.engine.tape.compare import iterations

from ..frame.docks import Docks
from ..models.contributions import contributions
from ..models.debug_model import DebugModel
from ..models.flow import FlowReader, FlowView
from ..panel import Panel
from ..panels.panel_set import PanelSet
from .comparing import Comparing

MANY = 50_000  # events: when so many were read, what they say is shown in another piece


class Analyses(QObject):
    """Works only for panels that are in sight; one that comes into sight is filled then."""

    line_wanted = Signal(str, int)  # the user wants to see this line of the source

    def __init__(self, model: DebugModel, panels: PanelSet, docks: Docks, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._model, self._panels, self._docks = model, panels, docks
        self._reader = FlowReader()
        self._due: set[Panel] = set()
        self._later = QTimer(self, singleShot=True, interval=0)
        self._later.timeout.connect(self.show_now)
        self.comparing = Comparing(panels.compare, self)
        docks.came_in_sight.connect(self._came_in_sight)
        model.tape_changed.connect(self._tape_changed)
        model.grown.connect(lambda: self._ask(panels.flow, panels.compare))
        model.cursor_moved.connect(lambda _: self._ask(panels.contributions))
        model.selection_changed.connect(lambda _: self._ask(panels.contributions))
        panels.contributions.node_picked.connect(model.select)
        panels.contributions.event_picked.connect(model.move_to)
        panels.flow.cell_picked.connect(self._go)
        panels.compare.moment_picked.connect(self._go_to_moment)

    @Slot(str)
    def compare(self, tape: str) -> None:
        """Bring the comparison: with another tape by its path, else of two iterations of this one, the first with the last."""
        panel = self._panels.compare
        panel.show_other(tape)
        self._docks.bring(panel)
        self._fill(panel)
        panel.compare()

    def stop(self) -> None:
        """The window closes."""
        self.comparing.stop()

    @Slot()
    def _tape_changed(self) -> None:
        tape, panels = self._model.tape, self._panels
        self._reader = FlowReader()
        panels.flow.show_flow(FlowView())
        panels.compare.show_iterations(0)
        self.comparing.show_tape(str(tape.path) if tape is not None and tape.path else "")
        self._ask(panels.contributions, panels.flow, panels.compare)

    def _ask(self, *panels: Panel) -> None:
        self._due.update(panels)
        if not self._later.isActive() and any(self._docks.in_sight(panel) for panel in panels):
            self._later.start()

    @Slot(object)
    def _came_in_sight(self, panel: Panel) -> None:
        if panel in self._due:
            self._later.start()

    @Slot()
    def show_now(self) -> None:
        """Fill what is due and in sight."""
        self._later.stop()
        for panel in [panel for panel in self._due if self._docks.in_sight(panel)]:
            self._due.discard(panel)
            self._fill(panel)

    def _fill(self, panel: Panel) -> None:
        tape, model, panels = self._model.tape, self._model, self._panels
        if panel is panels.contributions:
            key = model.selection.key
            name = model.reader.node_name(key[1]) if model.reader is not None and key is not None and key[0] == "node" else ""
            panels.contributions.show_contributions(contributions(tape, key, model.run) if tape is not None else (), name)
        elif tape is None:
            return
        elif panel is panels.flow:
            if self._reader.read(tape) > MANY:
                self._ask(panel)
            else:
                panels.flow.show_flow(self._reader.view(tape))
        else:
            panels.compare.show_iterations(len(iterations(tape)))

    @Slot(int, int)
    def _go(self, event: int, node: int) -> None:
        self._model.move_to(event)
        if node:
            self._model.select(("node", node))

    @Slot(object)
    def _go_to_moment(self, moment: Any) -> None:
        tape = self._model.tape
        if tape is None:
            return
        kind, number = str(moment["kind"]), int(moment["id"])
        if int(moment["event"]) >= 0:
            self._model.move_to(int(moment["event"]))
        if kind == "grad":
            kind, number = "node", next((node.id for node in tape.nodes.values() if node.variable == number), 0)
        if number:
            self._model.select((kind, number))
        if moment["place"] is not None:
            self.line_wanted.emit(str(moment["place"]["file"]), int(moment["place"]["line"]))
