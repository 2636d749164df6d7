"""What the user tries out on the paused program: another gradient, a hook that is not called."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QObject, Signal, Slot

from gradstep.engine.debug.core import Stopped
from gradstep.engine.debug.protocol import Response
from gradstep.engine.debug.states import State

from ..models.debug_model import DebugModel
from ..models.what_if import what_if_view
from ..panels.what_if_panel import WhatIfPanel
from .session import DebugSession


class Experiments(QObject):
    """Carries the wishes of the What-If panel to the program, and shows what came of them."""

    said = Signal(str)  # what came of it, or why it could not be done

    def __init__(self, session: DebugSession, model: DebugModel, panel: WhatIfPanel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session, self._model, self._panel = session, model, panel
        panel.try_wished.connect(self.compare)
        panel.keep_wished.connect(self.keep)
        model.tape_changed.connect(lambda: panel.show_view(None))
        session.stopped.connect(self._show_place)

    @Slot(str, int, str)
    def compare(self, saved: str, slot: int, expression: str) -> None:
        """Run the rest of the pass as it is and with the edit, and come back."""
        stop = self._session.stop_info
        if stop is None or not stop.node:
            return

        def arrived(response: Response) -> None:
            tape = self._model.tape
            if not response.success:
                self.said.emit(response.message)
            elif tape is not None:
                self._model.catch_up()
                view = what_if_view(tape, response.body)
                self._panel.show_view(view)
                self.said.emit(self.tr("{0} gradients differ, {1} are equal bit by bit.").format(len(view.rows), view.same))

        if not self._session.request("whatIf", arrived, edits=[_edit(stop.node, saved, slot, expression)], stay="here"):
            self.said.emit(self.tr("The program is not paused: nothing can be tried out."))

    @Slot(str, int, str)
    def keep(self, saved: str, slot: int, expression: str) -> None:
        """Replace the gradient that waits at the next node, or what that node keeps."""
        stop = self._session.stop_info
        if stop is None or not stop.node:
            return

        def arrived(response: Response) -> None:
            if response.success:
                self._model.catch_up()
                self.said.emit(self.tr("It was replaced; the next step goes on with it."))
            else:
                self.said.emit(response.message)

        if not self._session.request("edit", arrived, **_edit(stop.node, saved, slot, expression)):
            self.said.emit(self.tr("The program is not paused: nothing can be edited."))

    @Slot(object)
    def _show_place(self, stop: Stopped) -> None:
        tape = self._model.tape
        node = tape.nodes.get(stop.node) if tape is not None else None
        slots = len(node.ins) if node is not None else 1
        saved = tuple(dict.fromkeys(kept.name for kept in node.saved if kept.val is not None)) if node is not None else ()
        self._panel.show_node(f"{stop.name} #{stop.node}", slots, stop.between_nodes and bool(stop.node), saved)

    def show_state(self, state: State) -> None:
        """The state that the window shows: while a program is not paused there is nothing to edit."""
        if state is not State.PAUSED:
            self._panel.show_node("", 1, live=False)


def _edit(node: int, saved: str, slot: int, expression: str) -> dict[str, Any]:
    """An edit as the debugger takes it: of what the node keeps under the name ``saved``, else of the gradient at a slot."""
    what: dict[str, Any] = {"saved": saved} if saved else {"index": slot}
    return {"node": node, "expression": expression, **what}
