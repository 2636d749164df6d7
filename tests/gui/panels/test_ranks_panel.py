"""The ranks panel: what it shows of each rank, and what a click asks for."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from gradstep.engine.debug.gate import Crowd, Whereabouts
from gradstep.engine.tape.ranks import Cell, Difference, Kind, Life, Measure, Row
from gradstep.gui.models.ranks import LaneView, RanksView
from gradstep.gui.panels.ranks_panel import RanksModel, RanksPanel


def cell(norm: float, group: int, *, bad: int = 0, event: int = 7) -> Cell:
    return Cell(norm, bad, 8, event, 3, group, True)


def lane(number: int, life: Life = Life.ENDED, norms: tuple[float, ...] = (1.0, 2.0)) -> LaneView:
    return LaneView(f"rank {number}", life, f"{life.value} after 2 steps", f"/x/rank{number}.gst", 2, norms)


TEXT = "rank 2, step 1, fc.weight: NaN or infinite in 3 of 8 elements; finite in ranks 0 and 1"
VIEW = RanksView(
    (lane(0), lane(1, Life.LOST), lane(2, Life.RUNS, (1.0, math.inf))),
    (
        Row("fc.bias", (cell(1.0, 0), cell(1.0, 0), cell(40.0, 1))),
        Row("fc.weight", (cell(0.5, 0), None, cell(math.nan, 1, bad=3, event=9))),
    ),
    1, 2, difference=Difference(Kind.POISONED, 1, "fc.weight", (2,), TEXT, 9, 3), twins=("ranks 0 and 1",), shown=0,
)  # fmt: skip


def panel_of(qtbot: QtBot, view: RanksView) -> RanksPanel:
    panel = RanksPanel()
    qtbot.addWidget(panel)
    QAbstractItemModelTester(panel.model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    panel.resize(900, 260)
    panel.show()
    panel.show_ranks(view)
    return panel


def test_the_table_says_norms_spread_and_who_is_equal_in_words(qtbot: QtBot) -> None:
    model = panel_of(qtbot, VIEW).model
    texts = [[model.index(row, column).data() for column in range(5)] for row in range(2)]
    assert texts == [["1", "1", "40", "\u00d740", "0 1"], ["0.5", "none", "NaN/Inf !", "!", ""]]
    told = Qt.ItemDataRole.ToolTipRole
    assert model.index(1, 2).data(told) == "fc.weight, rank 2, step 1: NaN or infinite in 3 of 8 elements"
    assert model.headerData(1, Qt.Orientation.Horizontal, told) == "rank 1: lost after 2 steps"


def test_a_rank_that_was_lost_is_marked_by_shape_and_colour(qtbot: QtBot) -> None:
    model = panel_of(qtbot, VIEW).model
    across = Qt.Orientation.Horizontal
    assert [model.headerData(place, across) for place in range(3)] == ["rank 0 \u2713", "rank 1 \u2716", "rank 2 \u25cf"]
    colours = [model.headerData(place, across, Qt.ItemDataRole.ForegroundRole) for place in range(3)]
    assert [colour is not None for colour in colours] == [False, True, False]


def test_the_first_difference_is_said_and_go_leads_to_it(qtbot: QtBot) -> None:
    panel = panel_of(qtbot, VIEW)
    assert panel.headline().startswith(f"First difference: {TEXT}")
    assert "ranks 0 and 1. Do they read the same data?" in panel.headline()
    asked: list[Any] = []
    panel.step_wished.connect(lambda step: asked.append(("step", step)))
    panel.cell_picked.connect(lambda *cell: asked.append(cell))
    panel._go.click()
    assert asked == [("step", 1), (2, 9, 3)]


def test_a_rank_a_parameter_and_a_cell_are_asked_for_by_a_click(qtbot: QtBot) -> None:
    panel = panel_of(qtbot, VIEW)
    asked: list[Any] = []
    panel.rank_picked.connect(lambda lane: asked.append(("rank", lane)))
    panel.name_wished.connect(asked.append)
    panel.cell_picked.connect(lambda *cell: asked.append(cell))
    panel.measure_wished.connect(asked.append)
    panel._rank.activated.emit(1)
    qtbot.mouseClick(panel.histories, Qt.MouseButton.LeftButton, pos=QPoint(5, int(panel.histories.row_height() * 2.5)))
    panel.table.clicked.emit(panel.model.index(1, 0))
    panel.table.activated.emit(panel.model.index(0, 2))
    panel.table.activated.emit(panel.model.index(1, 1))  # nothing came there
    panel._measure.activated.emit(1)
    panel._all.click()
    assert asked == [("rank", 1), ("rank", 2), "fc.weight", (2, 7, 3), Measure.GIVEN, ""]


def test_the_choices_follow_what_is_shown_and_do_not_ask_again(qtbot: QtBot) -> None:
    panel = panel_of(qtbot, VIEW)
    asked: list[Any] = []
    panel.step_wished.connect(asked.append)
    panel.show_ranks(replace(VIEW, step=0, shown=-1, started_by="run.gst", name="fc.weight"))
    assert (panel._step.value(), panel._rank.currentText(), panel._of.text()) == (0, "the program, run.gst", "fc.weight")
    panel._step.setValue(1)
    assert asked == [1]


def test_rows_keep_their_selection_while_numbers_change(qtbot: QtBot) -> None:
    model = RanksModel()
    model.show(VIEW)
    resets: list[int] = []
    model.modelReset.connect(lambda: resets.append(1))
    model.show(replace(VIEW, measure=Measure.GIVEN))
    assert not resets
    model.show(replace(VIEW, rows=VIEW.rows[:1]))
    assert resets == [1]


def test_without_ranks_it_says_how_to_get_some(qtbot: QtBot) -> None:
    panel = panel_of(qtbot, RanksView())
    assert panel._stage.is_empty
    assert "torchrun" in panel._stage.notice.text()
    panel.show_ranks(replace(VIEW, difference=None, averaged=True, twins=()))
    assert panel.headline() == "No rank stands out: .grad is the same in all of them after each step."
    assert not panel._go.isVisible()
    panel.resize(400, 300)
    assert not panel.grab().isNull()


def at(rank: int, stands: bool, node: int = 2, name: str = "TanhBackward0") -> Whereabouts:
    return Whereabouts(rank, 100 + rank, stands, 5, node, 31, name, 99)


@pytest.mark.parametrize(
    ("crowd", "enabled", "words"),
    [
        (Crowd(False, (at(0, False), at(1, False))), "pause", "2 ranks run."),
        (Crowd(True, (at(0, True), at(1, False))), "go", "On the way to where the furthest is: rank 1"),
        (Crowd(True, (at(0, True),), missing=(1,)), "go", "They will stand once all have begun: 1 have not."),
        (Crowd(True, (at(0, True), at(1, True))), "step go", "All 2 stand before TanhBackward0: node 2 of pass 5."),
        (Crowd(True, (at(0, True), at(1, True, name="Mul"))), "step go", "All 2 stand before Mul, TanhBackward0: node 2 of pass 5. These"
         " are different nodes."),
    ],
)  # fmt: skip
def test_the_ranks_of_a_job_that_runs_are_told_to_stand_and_to_step_together(
    qtbot: QtBot, crowd: Crowd, enabled: str, words: str
) -> None:  # fmt: skip
    panel = panel_of(qtbot, replace(VIEW, crowd=crowd))
    bar = panel.together
    assert bar.isVisible()
    assert " ".join(name for name in ("pause", "step", "go") if getattr(bar, name).isEnabled()) == enabled
    assert bar.words(crowd) == words
    asked: list[str] = []
    for name in ("pause", "step", "go"):
        getattr(bar, f"{name}_wished").connect(lambda name=name: asked.append(name))
        getattr(bar, name).click()
    assert " ".join(asked) == enabled
    panel.show_ranks(VIEW)
    assert not bar.isVisible()
