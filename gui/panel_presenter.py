"""Brings the model to the panels: what grew, the moment that is shown, what is selected."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Slot

from gradstep.engine.tape.schema import Frame

from .models.debug_model import DebugModel, Selection
from .panel_set import PanelSet


class PanelPresenter(QObject):
    """Listens to the model alone; the panels are told. ``titled`` is told how many alerts there are.

    One step moves the model several times (to the new event, to the node that runs next, to another selection): what the
    panels are told waits until the event loop turns, so that they are filled once a step.
    """

    def __init__(self, panels: PanelSet, model: DebugModel, titled: Callable[[int], None], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._panels, self._model, self._titled = panels, model, titled
        self._script: dict[str, str] = {}
        self._moment_due = self._selection_due = False
        self._later = QTimer(self, singleShot=True, interval=0)
        self._later.timeout.connect(self.show_now)
        model.tape_changed.connect(self._tape_changed)
        model.grown.connect(self._grown)
        model.cursor_moved.connect(self.show_moment_later)
        model.live_changed.connect(self.show_moment_later)
        model.selection_changed.connect(self._selection_changed)

    def show_script(self, file: str, text: str) -> None:
        """Show a script before anything of it is recorded; "" for none."""
        self._script = {file: text} if file else {}
        self._panels.source.show_sources(self._script)

    @Slot()
    def _tape_changed(self) -> None:
        panels, model = self._panels, self._model
        panels.events.show_history(model.reader)
        if model.tape is None:
            panels.source.show_sources(self._script)
            panels.alerts.show_alerts([], 0, 0)
        self._titled(0)
        self._moment_due = self._selection_due = True
        self.show_now()
        self._grown()

    @Slot()
    def _grown(self) -> None:
        panels, model, tape = self._panels, self._model, self._model.tape
        panels.events.show_growth()
        panels.timeline.show_timeline(model.timeline() if tape is not None else None)
        if tape is None:
            return
        panels.source.show_sources({**self._script, **(model.sources() or ({} if self._script else tape.sources))})
        for file in model.marks.files():
            panels.source.show_marks(file, model.marks.counts(file))
        panels.alerts.show_alerts(model.alerts.alerts(), model.alerts.carried, len(tape.events))
        self._titled(len(model.alerts))
        panels.hooks.show_hooks(model.hooks_view())

    @Slot()
    def show_moment_later(self) -> None:
        """The cursor moved."""
        self._moment_due = True
        self._later.start()

    @Slot()
    def _selection_changed(self) -> None:
        self._selection_due = True
        self._later.start()

    @Slot()
    def show_now(self) -> None:
        """Show what is due: the model's moment, its selection."""
        moment, selection = self._moment_due, self._selection_due
        self._moment_due = self._selection_due = False
        self._later.stop()
        if moment:
            self._show_moment()
        if selection:
            self._show_selection(self._model.selection)
        if moment or selection:
            self._show_node()

    def _show_moment(self) -> None:
        panels, model = self._panels, self._model
        position, node = model.position, model.current_node
        panels.events.show_position(position)
        panels.timeline.show_position(position)
        panels.hooks.show_hooks(model.hooks_view())
        panels.hooks.show_position(position)
        next_name = model.reader.node_name(node) if model.reader is not None and node is not None and model.is_live else ""
        panels.events.show_next(next_name)

    def _show_selection(self, selection: Selection) -> None:
        panels = self._panels
        panels.hooks.show_node(selection.key)
        panels.tensor.show_tensor(self._model.tensor_view(selection.value))
        if selection.key is not None:
            panels.events.select(selection.key)

    def _show_node(self) -> None:
        """The selected node, else the current one: what came and went, its line, its stack."""
        model, key = self._model, self._model.selection.key
        node = key[1] if key is not None and key[0] == "node" else model.current_node
        self._panels.step.show_step(model.step_view(node))
        file, line = model.current_line()
        if file:
            self._panels.source.show_line(file, line)
        self._panels.stack.show_stacks(self._stacks(node))

    def _stacks(self, node: int | None) -> list[tuple[str, tuple[Frame, ...]]]:
        tape, key = self._model.tape, self._model.selection.key
        if tape is None:
            return []
        number = key[1] if key is not None and key[0] == "op" else None
        if number is None and node is not None and node in tape.nodes:
            number = tape.nodes[node].op
        stacks: list[tuple[str, tuple[Frame, ...]]] = []
        op = tape.ops.get(number) if number is not None else None
        if op is not None:
            stacks.append((self.tr("{0} was called").format(op.name), op.stack))
        run = tape.runs.get(self._model.run)
        if run is not None:
            stacks.append((self.tr("backward() was called"), run.stack))
        return stacks
