"""What the commands of the Run menu do: orders to the program, and standing where the user points."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, Slot

from ..files.opening import Opening
from ..frame.docks import Docks
from ..models.debug_model import DebugModel
from ..panels.panel_set import PanelSet
from .session import DebugSession
from .watches import Watches


class Orders(QObject):
    """Gives the session its orders. The view returns from the past first, to see what comes of one."""

    def __init__(
        self, session: DebugSession, model: DebugModel, opening: Opening, watches: Watches, panels: PanelSet, docks: Docks, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._session, self._model, self._opening, self._watches = session, model, opening, watches
        self._panels, self._docks = panels, docks

    def slots(self) -> dict[str, Callable[[], Any]]:
        """What the commands of the table do."""
        session, live = self._session, self._live
        return {
            "start": self._opening.start, "restart": self._opening.restart, "pause": session.pause, "stop": session.stop,
            "kill": session.kill, "record_on": partial(session.record, True), "record_off": partial(session.record, False),
            "continue": live(session.continue_), "step": live(session.next), "step_into": live(session.step_into),
            "step_out": live(session.step_out), "step_back": live(session.step_back), "reverse": live(session.reverse_continue),
            "run_to": self.run_to_selected, "what_if": self.what_if,
            "add_watch": self.add_watch, "watch_value": self.watch_value,
        }  # fmt: skip

    def _live(self, order: Callable[[], Any]) -> Callable[[], None]:
        def ordered() -> None:
            self._model.go_live()
            order()

        return ordered

    @Slot()
    def run_to_selected(self) -> None:
        """Run until the selected node is next."""
        key = self._model.selection.key
        if key is not None and key[0] == "node":
            self._model.go_live()
            self._session.run_to(key[1])

    @Slot()
    def what_if(self) -> None:
        """Stand before the selected node, and bring the panel that edits its gradient."""
        key, stop = self._model.selection.key, self._session.stop_info
        if key is not None and (stop is None or stop.node != key[1]):
            self.run_to_selected()
        self._docks.bring(self._panels.what_if)

    @Slot()
    def add_watch(self) -> None:
        """Bring the line for a new watch."""
        self._docks.bring(self._panels.watches)
        self._panels.watches.ask()

    @Slot()
    def watch_value(self) -> None:
        """Watch the selected value."""
        self._docks.bring(self._panels.watches)
        self._watches.watch_value()
