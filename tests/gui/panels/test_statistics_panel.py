"""The statistics: what is shown, how it is sorted and filtered, and what a choice asks for."""

from __future__ import annotations

import csv
import io
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from gradstep.engine.tape.tally import By, Total
from gradstep.gui.models.op_totals import Column
from gradstep.gui.panels.statistics_panel import StatisticsPanel


def total(name: str, forward: float, backward: float = 0.0, ops: int = 1, steps: int = 0, results: int = 0) -> Total:
    return Total(name, ops, steps, forward, backward, (forward + backward) / 10, results, 0, np.arange(ops), np.arange(steps))


TOTALS = [total("addmm", 2.0, 3.0, 4, 4, 4096), total("relu", 1.0, 2.0, 2, 2, 512), total("", 2.0, ops=1)]


@pytest.fixture
def panel(qtbot: QtBot) -> StatisticsPanel:
    made = StatisticsPanel()
    qtbot.addWidget(made)
    QAbstractItemModelTester(made.model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    made.resize(900, 260)
    made.show()
    made.show_totals(TOTALS, By.OP)
    return made


def names(panel: StatisticsPanel) -> list[str]:
    return [line.name for line in panel.model.totals()]


def cells(panel: StatisticsPanel, row: int) -> list[str]:
    return [str(panel.model.index(row, column).data()).strip() for column in Column]


def test_an_empty_panel_says_what_will_be_here(panel: StatisticsPanel) -> None:
    panel.show_totals((), By.OP)
    assert "No op is recorded" in panel._stage.notice.text()
    assert not panel._copy.isEnabled()


def test_figures_have_units_and_what_is_not_there_is_a_dash(panel: StatisticsPanel) -> None:
    assert cells(panel, 0) == ["addmm", "4", "4", "2 s", "3 s", "50.0%", "4.0 KiB", "-"]
    panel.show_totals(TOTALS, By.MODULE)
    assert cells(panel, 2) == ["in no module", "1", "-", "2 s", "-", "20.0%", "-", "-"]


@pytest.mark.parametrize(
    ("column", "order", "first"),
    [
        (Column.NAME, Qt.SortOrder.AscendingOrder, ["", "addmm", "relu"]),
        (Column.RESULTS, Qt.SortOrder.DescendingOrder, ["addmm", "relu", ""]),
        (Column.BACKWARD, Qt.SortOrder.AscendingOrder, ["", "relu", "addmm"]),
    ],
)
def test_a_column_sorts_by_its_numbers_not_by_its_text(panel: StatisticsPanel, column: Column, order: Any, first: list[str]) -> None:
    panel.table.sortByColumn(column, order)
    assert names(panel) == first


def test_the_field_filters_by_name(panel: StatisticsPanel, qtbot: QtBot) -> None:
    qtbot.keyClicks(panel.field, "REL")
    qtbot.keyClick(panel.field, Qt.Key.Key_Return)
    assert names(panel) == ["relu"]
    assert panel._note.text().startswith("1 lines: 2 ops in 1 s, 2 steps in 2 s")


def test_choosing_lines_asks_for_their_nodes_and_enter_for_the_next(panel: StatisticsPanel, qtbot: QtBot) -> None:
    picked: list[list[str]] = []
    panel.lines_picked.connect(lambda lines: picked.append([line.name for line in lines]))
    panel.next_wished.connect(lambda lines: picked.append(["next", *(line.name for line in lines)]))
    panel.choose("relu")
    qtbot.keyClick(panel.table, Qt.Key.Key_Return)
    qtbot.keyClick(panel.table, Qt.Key.Key_Escape)
    assert picked == [["relu"], ["next", "relu"], []]


def test_lines_that_are_chosen_stay_it_when_figures_and_order_change(panel: StatisticsPanel) -> None:
    panel.choose("relu")
    told: list[Any] = []
    panel.lines_picked.connect(told.append)
    panel.show_totals([total("relu", 9.0), total("conv", 3.0), *TOTALS[:1]], By.OP)
    assert [line.name for line in panel.chosen()] == ["relu"]
    assert panel.chosen()[0].forward == 9.0
    panel.forget_choice()
    assert panel.chosen() == []
    assert told == []


def test_what_is_copied_are_the_chosen_lines_or_all_as_they_stand(panel: StatisticsPanel) -> None:
    panel.copy()
    rows = list(csv.DictReader(io.StringIO(QGuiApplication.clipboard().text())))
    assert [row["op"] for row in rows] == names(panel)
    panel.choose("relu")
    panel.copy()
    rows = list(csv.DictReader(io.StringIO(QGuiApplication.clipboard().text())))
    assert [(row["op"], float(row["forward_s"]), row["results_bytes"]) for row in rows] == [("relu", 1.0, "512")]


def test_what_is_saved_is_what_is_shown(panel: StatisticsPanel, qtbot: QtBot) -> None:
    panel.field.setText("add")
    qtbot.keyClick(panel.field, Qt.Key.Key_Return)
    with qtbot.waitSignal(panel.save_wished) as saved:
        panel._save.click()
    assert [row["op"] for row in csv.DictReader(io.StringIO(saved.args[0]))] == ["addmm"]


def test_the_buttons_ask_for_another_sum_and_devices_have_no_filter_of_events(panel: StatisticsPanel, qtbot: QtBot) -> None:
    with qtbot.waitSignal(panel.by_wished) as wished:
        panel._ways[By.DEVICE].click()
    assert wished.args == [By.DEVICE]
    panel.show_totals([total("cpu", 1.0)], By.DEVICE)
    panel.choose("cpu")
    assert not panel._events.isEnabled()
    panel.show_totals(TOTALS, By.OP)
    panel.choose("addmm")
    assert panel._events.isEnabled()
    assert not panel.grab().isNull()


def test_what_is_chosen_stays_it_when_the_table_is_sorted(panel: StatisticsPanel) -> None:
    panel.choose("addmm")
    panel.table.sortByColumn(Column.FORWARD, Qt.SortOrder.AscendingOrder)
    assert names(panel)[0] == "relu"
    assert [line.name for line in panel.chosen()] == ["addmm"]
