"""What the tensor panel needs beside values: the history of the one that is selected, exports, comparisons, moments of its tabs."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal, Slot
from PySide6.QtWidgets import QWidget

from ..frame.docks import Docks
from ..models.debug_model import DebugModel
from ..models.tensors import TensorView
from ..models.value_history import Uses, ValueHistory, value_history
from ..models.values import ValueRef
from ..panels.panel_set import PanelSet
from ..widgets.soon import Soon
from .exports import TensorExports
from .sides import Sides

BUDGET = 0.006  # seconds that one look for uses may take


class TensorViews(QObject):
    """Wires the tensor panel and the history panel to the model. The history is read while it is in sight."""

    said = Signal(str)  # what was done, or could not be

    def __init__(self, model: DebugModel, panels: PanelSet, docks: Docks, window: QWidget) -> None:
        super().__init__(window)
        self._model, self._docks = model, docks
        self._panel, self._history = panels.tensor, panels.history
        self._uses = Uses()
        self._due = True
        self._later = Soon(self.show_now, self)
        self._reading = QTimer(self, singleShot=True, interval=0)
        self._reading.timeout.connect(self.show_now)
        self.exports = TensorExports(self._panel, window)
        self.exports.said.connect(self.said)
        self.exports.failed.connect(self.said)
        self._panel.moment_picked.connect(model.move_to)
        history = self._history
        history.event_picked.connect(model.move_to)
        history.node_picked.connect(model.select)
        history.value_picked.connect(model.select_value)
        history.pin_wished.connect(self.pin)
        model.tape_changed.connect(self._tape_changed)
        for changed in (model.selection_changed, model.cursor_moved, model.grown, model.names_changed):
            changed.connect(self._ask)
        docks.came_in_sight.connect(lambda panel: self._ask() if panel is history and self._due else None)

    def slots(self) -> dict[str, Callable[[], Any]]:
        """What the commands of the table do."""
        return {
            "previous_write": self.previous_write, "next_write": self.next_write,
            "lock_value": self._panel.lock, "pin_value": self._panel.pin,
        }  # fmt: skip

    def stop(self) -> None:
        """The window closes."""
        self._reading.stop()
        self._later.stop()
        self.exports.cancel()
        self._panel.close_sources()

    def previous_write(self) -> None:
        """Look at the selected value as it was before."""
        self.show_now(always=True)
        self._history.previous_write()

    def next_write(self) -> None:
        """Look at the next write of the selected value."""
        self.show_now(always=True)
        self._history.next_write()

    @Slot(object)
    def pin(self, ref: ValueRef) -> None:
        """Compare what is selected with another value of the tape."""
        sides = Sides()
        view: TensorView = self._model.tensor_view(ref)
        sides.take(view)
        if sides.this is None:
            self.said.emit(self.tr("The value of that moment was not kept: there is nothing to compare with."))
        else:
            self._panel.viewer.pin(self.tr("A: {0}").format(ref.label), sides.this.again())
            self._docks.bring(self._panel)
        sides.close()

    @Slot()
    def _tape_changed(self) -> None:
        """Another run: what locked tabs asked of the program before is not asked of this one, in which numbers mean other tensors."""
        self._panel.leave_program()
        self._uses = Uses()
        self._ask()

    @Slot()
    def _ask(self) -> None:
        self._due = True
        if self._docks.in_sight(self._history):
            self._later.start()

    @Slot()
    def show_now(self, *, always: bool = False) -> None:
        """Show the history of the selected value, where that panel is in sight or somebody asks for it."""
        self._later.stop()
        self._reading.stop()
        if not always and not self._docks.in_sight(self._history):
            return
        self._due = False
        model = self._model
        if model.tape is None or model.reader is None:
            self._history.show_history(ValueHistory())
            return
        deadline = time.perf_counter() + BUDGET
        sure = self._uses.read(model.tape, lambda: time.perf_counter() < deadline)
        selection = model.selection
        self._history.show_position(model.position)
        self._history.show_history(value_history(model.reader, self._uses, selection.value, selection.key, sure))
        if not sure:
            self._reading.start()
