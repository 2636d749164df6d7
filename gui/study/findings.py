"""Explanations in the window: asked for when the program stands still or is over, brought to the front when an error is explained,
and linked with the alerts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot

from gradstep.engine.debug.core import Stopped
from gradstep.engine.debug.states import ENDED, State

from ..frame.docks import Docks
from ..models.alerts import Alert
from ..models.debug_model import DebugModel
from ..panels.alerts_panel import AlertsPanel
from ..panels.explanations_panel import ExplanationsPanel
from ..program.session import DebugSession
from .asking import Asking

_ERRORS = frozenset({State.RAISED, State.CRASHED})


class Findings(QObject):
    """Listens to the session and the two panels."""

    said = Signal(str)  # nothing was found for what was asked

    def __init__(
        self, session: DebugSession, model: DebugModel, panel: ExplanationsPanel, alerts: AlertsPanel, docks: Docks,
        parent: QObject | None = None,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._session, self._model, self._panel, self._alerts, self._docks = session, model, panel, alerts, docks
        self._asking = Asking(self)
        self._front = False  # an error is being explained: show it
        self._waits = False  # until a large tape was taken in: to explain it is a third process that reads all of it
        self._asked: tuple[int | None, int | None] | None = None  # the node and the event that the user asked about
        self._asking.answered.connect(self._explained)
        self._asking.failed.connect(self._failed)
        session.stopped.connect(self._stopped)
        model.caught_up.connect(self._caught_up)
        alerts.explain_wished.connect(self._explain_alert)
        panel.alert_wished.connect(self._show_alert)
        panel.explain_wished.connect(self._explain)

    def slots(self) -> dict[str, Callable[[], Any]]:
        """What the commands of the table do."""
        return {"explain": self.explain_selected}

    def show_waiting(self) -> None:
        """Another script or tape is open."""
        self._asking.stop()
        self._front, self._asked, self._waits = False, None, False
        self._panel.show_waiting()
        self._docks.title(self._panel, 0)

    def stop(self) -> None:
        """The window closes."""
        self._asking.stop()

    def show_state(self, state: State) -> None:
        """The session came to rest, or not."""
        if state in ENDED or state is State.TRACE:
            self._front = self._front or state in _ERRORS
            if self._model.takes_time:
                self._waits = True
                self._panel.show_looking()
            else:
                self._explain()

    @Slot()
    def _caught_up(self) -> None:
        if self._waits:
            self._explain()

    @Slot(object)
    def _stopped(self, stop: Stopped) -> None:
        if stop.reason == "exception":
            self._front = True
            self._model.catch_up()
            self._explain()

    @Slot()
    def explain_selected(self) -> None:
        """What is known of the selected node, else of the run."""
        key = self._model.selection.key
        self._ask(key[1] if key is not None and key[0] == "node" else None, None)

    @Slot(object)
    def _explain_alert(self, alert: Alert) -> None:
        self._ask(alert.key[1] if alert.key[0] == "node" else None, alert.event if alert.event >= 0 else None)

    def _ask(self, node: int | None, event: int | None) -> None:
        self._asked = node, event
        self._docks.bring(self._panel)
        self._explain()

    @Slot(object)
    def _show_alert(self, key: tuple[str, int]) -> None:
        self._docks.bring(self._alerts)
        if not self._alerts.show_alert(key):
            self.said.emit(self.tr("No alert stands at this node."))

    @Slot()
    def _explain(self) -> None:
        tape, self._waits = self._model.tape, False
        if tape is not None and tape.path:
            self._panel.show_looking()
            self._asking.ask(["explain", "--json", str(tape.path)])

    @Slot(object)
    def _explained(self, facts: dict[str, Any]) -> None:
        findings = facts["findings"]
        self._panel.show_findings(findings)
        self._docks.title(self._panel, len(findings))
        front, self._front = self._front, False
        asked, self._asked = self._asked, None
        if asked is not None:
            if not self._panel.show_finding(*asked) and findings:
                self.said.emit(self.tr("Nothing is known about this very node; these are the findings of the run."))
        elif front and findings:
            self._docks.bring(self._panel)

    @Slot(str)
    def _failed(self, why: str) -> None:
        self._front, self._asked = False, None
        self._panel.show_failure(why)
        self._docks.title(self._panel, 0)
