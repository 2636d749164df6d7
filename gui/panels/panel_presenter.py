"""Brings the model to the panels: what grew, the moment that is shown, what is selected."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QCoreApplication, QEvent, QObject, Slot

from gradstep.engine.tape.schema import Frame

from ..frame.docks import Docks
from ..models.debug_model import DebugModel, Selection
from ..panel import Panel
from ..widgets.soon import Soon
from .panel_set import PanelSet


class PanelPresenter(QObject):
    """Listens to the model alone; the panels are told.

    A panel that nobody sees is told when it comes in sight. One step moves the model several times (to the new event, to the node
    that runs next, to another selection): what the panels are told waits until the event loop turns, so that they are filled once.
    """

    def __init__(self, panels: PanelSet, model: DebugModel, docks: Docks, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._panels, self._model, self._docks = panels, model, docks
        self._due: set[Panel] = set()  # panels that were not in sight, or unlinked, when what they show changed
        self._unlinked: set[Panel] = set()  # they keep what they show
        docks.came_in_sight.connect(self._came_in_sight)
        self._script: dict[str, str] = {}
        self._threads: list[tuple[str, Sequence[Frame]]] = []  # where all threads were when somebody asked
        self._moment_due = self._selection_due = False
        self._later = Soon(self.show_now, self)
        model.tape_changed.connect(self._tape_changed)
        model.grown.connect(self._grown)
        model.caught_up.connect(self._caught_up)
        model.cursor_moved.connect(self.show_moment_later)
        model.live_changed.connect(self.show_moment_later)
        model.selection_changed.connect(self._selection_changed)
        model.names_changed.connect(self._names_changed)

    def show_script(self, file: str, text: str) -> None:
        """Show a script before anything of it is recorded; "" for none."""
        self._script = {file: text} if file else {}
        self._panels.source.show_sources(self._script)

    @Slot()
    def _tape_changed(self) -> None:
        self._threads = []
        panels, model = self._panels, self._model
        panels.events.show_history(model.reader)
        if model.tape is None:
            panels.source.show_sources(self._script)
            panels.alerts.show_alerts([], 0, 0)
        self._docks.title(panels.alerts, 0)
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
        self._docks.title(panels.alerts, len(model.alerts))
        for panel in (panels.alerts, panels.hooks):
            if model.takes_time:
                self._due.add(panel)  # a thousand lines of a moment that is passed, again and again
            else:
                self._fill(panel)
        if tape.complete or tape.ended:
            self._fill(panels.step)  # what still ran will not finish

    @Slot()
    def _caught_up(self) -> None:
        """All of a large tape is here: what waited for that is shown."""
        for panel in [panel for panel in self._due if self._docks.in_sight(panel)]:
            self._fill(panel)

    def _fill(self, panel: Panel) -> None:
        """Tell a panel, now if it is in sight."""
        if self._docks.in_sight(panel) and panel not in self._unlinked:
            self._due.discard(panel)
            self._tell(panel)
        else:
            self._due.add(panel)

    @property
    def following(self) -> tuple[Panel, ...]:
        """The panels that show what is selected, and that can be unlinked."""
        panels = self._panels
        return panels.source, panels.step, panels.tensor, panels.hooks, panels.stack

    @Slot(object, bool)
    def set_linked(self, panel: Panel, linked: bool) -> None:
        """Whether a panel shows what is selected, or keeps what it shows."""
        if not linked:
            self._unlinked.add(panel)
            return
        self._unlinked.discard(panel)
        if panel in self._due:
            self._fill(panel)
        if panel is self._panels.source:
            self._show_line()

    def _show_line(self) -> None:
        file, line = self._model.current_line()
        if file and self._panels.source not in self._unlinked:
            self._panels.source.show_line(file, line)

    @Slot(object)
    def _came_in_sight(self, panel: Panel) -> None:
        if panel in self._due:
            self._fill(panel)

    def _tell(self, panel: Panel) -> None:
        panels, model, tape = self._panels, self._model, self._model.tape
        if panel is panels.alerts and tape is not None:
            panels.alerts.show_alerts(model.alerts.alerts(), model.alerts.carried, len(tape.events))
        elif panel is panels.hooks:
            panels.hooks.show_moment(model.hooks_view(), model.position, model.selection.key)
        elif panel is panels.tensor:
            panels.tensor.show_tensor(model.tensor_view(model.selection.value))
        elif panel is panels.step:
            panels.step.show_step(model.step_view(self._node()))
        elif panel is panels.stack:
            panels.stack.show_stacks(self._stacks(self._node()))

    def _node(self) -> int | None:
        """The selected node, or that of the selected op; else the current one."""
        key, tape = self._model.selection.key, self._model.tape
        if key is not None and key[0] == "op" and tape is not None and key[1] in tape.ops:
            found = next((slot.node for slot in tape.ops[key[1]].grads if slot is not None), None)
            return found if found is not None else self._model.current_node
        return key[1] if key is not None and key[0] == "node" else self._model.current_node

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
    def _names_changed(self) -> None:
        """What shows names shows them again."""
        self._panels.events.model.forget_texts()
        self._moment_due = self._selection_due = True
        self._later.start()

    @Slot()
    def show_all(self) -> None:
        """Everything again: numbers are written in another way now."""
        self._model.forget_texts()
        for panel in vars(self._panels).values():
            panel.restyle()
            panel.update()
        if self._model.tape is not None:
            self._moment_due = self._selection_due = True
            self._grown()
            self.show_now()

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
        # texts ask for layouts, which would come after what is painted next, and have much of it painted again
        QCoreApplication.sendPostedEvents(None, QEvent.Type.LayoutRequest.value)

    def _show_moment(self) -> None:
        panels, model = self._panels, self._model
        position, node = model.position, model.current_node
        panels.events.show_position(position)
        panels.timeline.show_position(position)
        self._fill(panels.hooks)
        waits = node is not None and node == model.paused_at and model.is_live
        next_name = model.reader.node_name(node) if model.reader is not None and node is not None and waits else ""
        panels.events.show_next(next_name)

    def _show_selection(self, selection: Selection) -> None:
        panels = self._panels
        self._threads = []
        self._fill(panels.hooks)
        self._fill(panels.tensor)
        panels.events.select(selection.key)

    def _show_node(self) -> None:
        """The selected node, else the current one: what came and went, its line, its stack."""
        self._fill(self._panels.step)
        self._show_line()
        self._fill(self._panels.stack)

    def show_threads(self, stacks: Sequence[tuple[str, Sequence[Frame]]]) -> None:
        """Show where all threads of the program are, until something else is selected."""
        self._threads = list(stacks)
        self._fill(self._panels.stack)

    def _stacks(self, node: int | None) -> list[tuple[str, Sequence[Frame]]]:
        tape, key = self._model.tape, self._model.selection.key
        if tape is None or self._threads:
            return self._threads
        number = key[1] if key is not None and key[0] == "op" else None
        if number is None and node is not None and node in tape.nodes:
            number = tape.nodes[node].op
        stacks: list[tuple[str, Sequence[Frame]]] = []
        op = tape.ops.get(number) if number is not None else None
        if op is not None:
            stacks.append((self.tr("{0} was called").format(op.name), op.stack))
        run = tape.runs.get(self._model.run)
        if run is not None:
            stacks.append((self.tr("backward() was called"), run.stack))
        return stacks
