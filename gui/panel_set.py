"""The panels of the window, each made once."""

from __future__ import annotations

from .docks import Places
from .panels.alerts_panel import AlertsPanel
from .panels.breakpoints_panel import BreakpointsPanel
from .panels.call_stack_panel import CallStackPanel
from .panels.compare_panel import ComparePanel
from .panels.console_panel import ConsolePanel
from .panels.contributions_panel import ContributionsPanel
from .panels.events_panel import EventsPanel
from .panels.explanations_panel import ExplanationsPanel
from .panels.find_panel import FindPanel
from .panels.flow_panel import FlowPanel
from .panels.hooks_panel import HooksPanel
from .panels.notes_panel import NotesPanel
from .panels.output_panel import OutputPanel
from .panels.plugins_panel import PluginsPanel
from .panels.source_panel import SourcePanel
from .panels.step_panel import StepPanel
from .panels.tensor_panel import TensorPanel
from .panels.timeline_panel import TimelinePanel
from .panels.value_history_panel import ValueHistoryPanel
from .panels.watches_panel import WatchesPanel
from .panels.what_if_panel import WhatIfPanel


class PanelSet:
    """One of each. A part of the window that needs one panel is given that one, not the set."""

    def __init__(self) -> None:
        self.events = EventsPanel()
        self.source = SourcePanel()
        self.step = StepPanel()
        self.tensor = TensorPanel()
        self.history = ValueHistoryPanel()
        self.timeline = TimelinePanel()
        self.alerts = AlertsPanel()
        self.hooks = HooksPanel()
        self.breakpoints = BreakpointsPanel()
        self.explanations = ExplanationsPanel()
        self.watches = WatchesPanel()
        self.what_if = WhatIfPanel()
        self.contributions = ContributionsPanel()
        self.flow = FlowPanel()
        self.compare = ComparePanel()
        self.stack = CallStackPanel()
        self.console = ConsolePanel()
        self.output = OutputPanel()
        self.notes = NotesPanel()
        self.plugins = PluginsPanel()
        self.find = FindPanel()

    def places(self) -> Places:
        """Where a new user sees them."""
        return Places(
            left=(self.events, self.source),
            right=(self.step, self.tensor),
            strip=self.timeline,
            lists=(
                self.hooks, self.alerts, self.explanations, self.history, self.breakpoints, self.watches, self.what_if, self.contributions,
                self.flow, self.compare, self.stack, self.console, self.output, self.notes, self.find, self.plugins,
            ),
        )  # fmt: skip
