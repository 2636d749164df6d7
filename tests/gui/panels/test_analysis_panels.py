"""Contributions, gradient flow, comparisons and watches: what is shown, and what a click asks for."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from gradstep.gui.models.contributions import Contribution, ContributionRow
from gradstep.gui.models.flow import FlowView
from gradstep.gui.models.watches import Reading, Watch, WatchRow
from gradstep.gui.panels.compare_panel import WHOLE, ComparePanel
from gradstep.gui.panels.contributions_panel import ContributionsPanel
from gradstep.gui.panels.flow_panel import FlowModel, FlowPanel
from gradstep.gui.panels.watches_panel import WatchesPanel

ROWS = (
    ContributionRow("MulBackward0 #4, line 3", 2.0, 2.0, 1.0, ("node", 4), 11),
    ContributionRow("MulBackward0 #5, line 3", 1.0, -1.0, -1.0, ("node", 5), 14),
)
ENTRY = Contribution("w, used 2 times (run 1)", 1.0, 2 / 3, True, ROWS)
FLOW = FlowView(
    (1, 2), ("0.weight", "0.bias"), (1, 2, 3),
    np.array([[1.0, 1e-3, np.inf], [np.nan, 0.0, np.nan]]), np.array([[5, 25, 45], [-1, 27, 47]]), (7, 8),
)  # fmt: skip
MOMENT = {"kind": "node", "id": 3, "index": 0, "name": "ExpBackward0", "place": {"file": "/x/train.py", "line": 4}, "event": 9}
PLACE = {"a": MOMENT, "b": MOMENT, "sure": True, "norm": 1.0, "relative": 0.5, "largest": 0.25, "at": [1, 2]}
TOLD = {"same": False, "compared": 9, "first": PLACE, "count": 2, "differing": [PLACE, PLACE], "sure": False, "parted": [None, MOMENT]}


def test_addends_are_shown_with_what_cancels_and_lead_to_their_nodes(qtbot: QtBot) -> None:
    panel = ContributionsPanel()
    qtbot.addWidget(panel)
    panel.show()
    assert panel._stage.is_empty
    panel.show_contributions((ENTRY,), "w")
    assert panel._tree.texts() == [
        "w, used 2 times (run 1)\t1\t67% cancels, exact", "MulBackward0 #4, line 3\t2\t200.0%\t1.000",
        "MulBackward0 #5, line 3\t1\t-100.0%\t-1.000",
    ]  # fmt: skip
    told: list[Any] = []
    panel.node_picked.connect(told.append)
    panel.event_picked.connect(told.append)
    panel._tree.line_picked.emit(ROWS[1])
    panel._tree.line_activated.emit(ROWS[0])
    assert told == [("node", 5), 11, ("node", 4)]
    assert not panel.grab().isNull()
    panel.show_contributions((), "ExpBackward0")
    assert "ExpBackward0" in panel._stage.notice.text()


def test_the_flow_says_none_zero_and_nan_in_words_and_a_cell_leads_to_its_pass(qtbot: QtBot) -> None:
    panel = FlowPanel()
    qtbot.addWidget(panel)
    QAbstractItemModelTester(panel.model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    panel.resize(700, 300)
    panel.show()
    panel.show_flow(FLOW)
    texts = [[panel.model.index(row, column).data() for column in range(3)] for row in range(2)]
    assert texts == [["1", "0.001", "NaN/Inf"], ["none", "0", "?"]]
    told: list[tuple[int, int]] = []
    panel.cell_picked.connect(lambda event, node: told.append((event, node)))
    for row, column in ((0, 1), (1, 0), (1, 2), (9, 9)):
        panel.pick(row, column)
    assert told == [(25, 7), (47, 8)]
    for kind in ("map", "lines", "table"):
        panel.show_as(kind)
        assert panel.shown_as == kind
        assert not panel.grab().isNull()
    panel.show_flow(FlowView())
    assert panel._stage.is_empty


def test_the_flow_keeps_its_selection_while_numbers_change(qtbot: QtBot) -> None:
    model = FlowModel()
    model.show(FLOW)
    resets: list[int] = []
    model.modelReset.connect(lambda: resets.append(1))
    model.show(FlowView(FLOW.leaves, FLOW.names, FLOW.runs, FLOW.norms * 2, FLOW.events, FLOW.nodes))
    assert model.index(0, 0).data() == "2"
    assert not resets


def test_a_comparison_names_the_first_difference_and_what_differs_most(qtbot: QtBot) -> None:
    panel = ComparePanel()
    qtbot.addWidget(panel)
    panel.show_comparison(TOLD)
    lines = panel._tree.texts()
    assert lines[0] == "First: ExpBackward0 #3\ttrain.py:4\t0.5\t0.25\t[1, 2]"
    assert "After 9 values the programs part: nothing more here, ExpBackward0 #3 there" in lines[1]
    assert lines[2].startswith("2 of 9 values differ")
    told: list[Any] = []
    panel.moment_picked.connect(told.append)
    panel._tree.setCurrentItem(panel._tree.topLevelItem(0))
    assert told == [MOMENT]
    panel.show_comparison({**TOLD, "same": True})
    assert "no difference in any bit" in panel._stage.notice.text()


def test_two_iterations_are_compared_or_a_whole_run_with_another_tape(qtbot: QtBot) -> None:
    panel = ComparePanel()
    qtbot.addWidget(panel)
    wished: list[tuple[int, str, int]] = []
    panel.compare_wished.connect(lambda *wish: wished.append(wish))
    panel.show_iterations(1)
    assert not panel._compare.isEnabled()
    panel.show_iterations(3)
    panel._compare.click()
    panel._first.setCurrentIndex(1)
    panel._compare.click()
    panel.show_other("/x/b.gst")
    panel._compare.click()
    panel._first.setCurrentIndex(1)
    panel._compare.click()  # an iteration is not compared with a whole tape: both are whole
    panel._second.setCurrentIndex(3)
    panel._compare.click()
    assert wished == [(0, "", 2), (1, "", 2), (WHOLE, "/x/b.gst", WHOLE), (WHOLE, "/x/b.gst", WHOLE), (0, "/x/b.gst", 2)]


def test_watches_are_added_broken_on_and_taken_away(qtbot: QtBot) -> None:
    panel = WatchesPanel()
    qtbot.addWidget(panel)
    panel.resize(700, 200)
    panel.show()
    told: list[Any] = []
    panel.add_wished.connect(told.append)
    panel.break_wished.connect(told.append)
    panel.removal_wished.connect(told.append)
    field = panel.findChild(QLineEdit, "watchExpression")
    assert field is not None
    field.setText("  w.grad ")
    field.returnPressed.emit()
    assert field.text() == ""
    assert not panel._break.isEnabled()
    panel.show_watches([WatchRow(Watch(4, "w.grad"), tuple(Reading("", x) for x in (1.0, math.nan, math.inf, 2.0)))])
    panel._table.selectRow(0)
    panel._break.click()
    panel._remove.click()
    assert told == ["w.grad", 4, [4]]
    assert not panel.grab().isNull()
    panel.show_value("w")
    assert "w" in panel._value.toolTip()
    panel.show_watches([])
    assert panel._stage.is_empty
