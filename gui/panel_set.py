"""The panels of the window, each made once."""

from __future__ import annotations

from .docks import Places
from .panels.alerts_panel import AlertsPanel
from .panels.breakpoints_panel import BreakpointsPanel
from .panels.call_stack_panel import CallStackPanel
from .panels.console_panel import ConsolePanel
from .panels.events_panel import EventsPanel
from .panels.explanations_panel import ExplanationsPanel
from .panels.hooks_panel import HooksPanel
from .panels.output_panel import OutputPanel
from .panels.source_panel import SourcePanel
from .panels.step_panel import StepPanel
from .panels.tensor_panel import TensorPanel
from .panels.timeline_panel import TimelinePanel
from .panels.what_if_panel import WhatIfPanel


class PanelSet:
    """One of each. A part of the window that needs one panel is given that one, not the set."""

    def __init__(self) -> None:
        self.events = EventsPanel()
        self.source = SourcePanel()
        self.step = StepPanel()
        self.tensor = TensorPanel()
        self.timeline = TimelinePanel()
        self.alerts = AlertsPanel()
        self.hooks = HooksPanel()
        self.breakpoints = BreakpointsPanel()
        self.explanations = ExplanationsPanel()
        self.what_if = WhatIfPanel()
        self.stack = CallStackPanel()
        self.console = ConsolePanel()
        self.output = OutputPanel()

    def places(self) -> Places:
        """Where a new user sees them."""
        return Places(
            left=(self.events, self.source),
            right=(self.step, self.tensor),
            strip=self.timeline,
            lists=(self.hooks, self.alerts, self.explanations, self.breakpoints, self.what_if, self.stack, self.console, self.output),
        )
