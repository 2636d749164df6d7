"""The panels of the window, each made once."""

from __future__ import annotations

from ..frame.docks import Places
from .alerts_panel import AlertsPanel
from .breakpoints_panel import BreakpointsPanel
from .call_stack_panel import CallStackPanel
from .compare_panel import ComparePanel
from .console_panel import ConsolePanel
from .contributions_panel import ContributionsPanel
from .events_panel import EventsPanel
from .explanations_panel import ExplanationsPanel
from .find_panel import FindPanel
from .flow_panel import FlowPanel
from .hooks_panel import HooksPanel
from .notes_panel import NotesPanel
from .output_panel import OutputPanel
from .plugins_panel import PluginsPanel
from .ranks_panel import RanksPanel
from .source_panel import SourcePanel
from .statistics_panel import StatisticsPanel
from .step_panel import StepPanel
from .tensor_panel import TensorPanel
from .timeline_panel import TimelinePanel
from .value_history_panel import ValueHistoryPanel
from .watches_panel import WatchesPanel
from .what_if_panel import WhatIfPanel


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
        self.statistics = StatisticsPanel()
        self.compare = ComparePanel()
        self.ranks = RanksPanel()
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
                self.flow, self.statistics, self.compare, self.ranks, self.stack, self.console, self.output, self.notes, self.find,
                self.plugins,
            ),
        )  # fmt: skip
