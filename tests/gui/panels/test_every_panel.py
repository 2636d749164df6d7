"""What holds for every panel: it fits a small screen, has a name for a screen reader, and takes both themes."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from gradstep.gui import theme
from gradstep.gui.panel import Panel
from gradstep.gui.panels.alerts_panel import AlertsPanel
from gradstep.gui.panels.call_stack_panel import CallStackPanel
from gradstep.gui.panels.compare_panel import ComparePanel
from gradstep.gui.panels.console_panel import ConsolePanel
from gradstep.gui.panels.contributions_panel import ContributionsPanel
from gradstep.gui.panels.events_panel import EventsPanel
from gradstep.gui.panels.flow_panel import FlowPanel
from gradstep.gui.panels.hooks_panel import HooksPanel
from gradstep.gui.panels.output_panel import OutputPanel
from gradstep.gui.panels.ranks_panel import RanksPanel
from gradstep.gui.panels.source_panel import SourcePanel
from gradstep.gui.panels.step_panel import StepPanel
from gradstep.gui.panels.tensor_panel import TensorPanel
from gradstep.gui.panels.timeline_panel import TimelinePanel
from gradstep.gui.panels.watches_panel import WatchesPanel

from .conftest import dress

PANELS = [
    AlertsPanel, CallStackPanel, ComparePanel, ConsolePanel, ContributionsPanel, EventsPanel, FlowPanel, HooksPanel, OutputPanel,
    RanksPanel, SourcePanel, StepPanel, TensorPanel, TimelinePanel, WatchesPanel,
]  # fmt: skip


@pytest.mark.parametrize("kind", PANELS)
def test_a_panel_can_be_small_has_a_name_and_changes_its_theme(qtbot: QtBot, qapp: QApplication, kind: type[Panel]) -> None:
    panel = kind()
    qtbot.addWidget(panel)
    panel.show()
    least = panel.minimumSizeHint().expandedTo(panel.minimumSize())
    assert least.width() <= 340  # three columns and the graph stand side by side on 1366 x 768
    assert least.height() <= 420
    assert panel.accessibleName() == kind.heading() == kind.title != ""
    assert panel.accessibleDescription()
    before = panel.grab().toImage()
    dress(qapp, theme.DARK)
    after = panel.grab().toImage()
    dress(qapp, theme.LIGHT)
    assert before.pixelColor(2, before.height() - 3).lightness() > 200
    assert after.pixelColor(2, after.height() - 3).lightness() < 60
