"""The table of breakpoints shows how each stands and asks for what the user wants."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QComboBox, QLineEdit, QTableView, QToolButton
from pytestqt.qtbot import QtBot

from gradstep.engine.debug.breakpoints import BreakKind, Breakpoint
from gradstep.gui.models.breakpoints import BreakpointModel
from gradstep.gui.panels.breakpoints_panel import BreakpointsPanel

POINTS = [
    Breakpoint(1, BreakKind.NODE, "mul", condition="norm > 1"),
    Breakpoint(3, BreakKind.LINE, "/somewhere/train.py:12", enabled=False),
    Breakpoint(4, BreakKind.VALUE, "nan", log="here {line}"),
]
STANDING = {1: {"id": 1, "verified": True, "message": "", "hits": 2}, 4: {"id": 4, "verified": False, "message": "not met yet", "hits": 0}}


def cells(model: BreakpointModel, column: int) -> list[Any]:
    return [model.index(row, column).data() for row in range(model.rowCount())]


def test_the_model_keeps_qts_rules_and_shows_how_each_stands() -> None:
    model = BreakpointModel()
    QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    model.show(POINTS, STANDING)
    assert cells(model, 1) == ["mul", "train.py:12", "nan"]
    assert cells(model, 5) == ["met 2 times", "off", "not met yet"]
    model.show(POINTS[:1], {})
    assert cells(model, 5) == ["waits for a run"]


def test_edits_are_wishes(qtbot: QtBot) -> None:
    panel = BreakpointsPanel()
    qtbot.addWidget(panel)
    panel.show_breakpoints(POINTS, STANDING)
    wishes: list[Any] = []
    panel.edit_wished.connect(lambda number, fields: wishes.append((number, fields)))
    model = panel.model
    model.setData(model.index(0, 2), " norm > 2 ")
    model.setData(model.index(0, 2), "norm > 1")  # as it is
    model.setData(model.index(1, 0), Qt.CheckState.Checked.value, Qt.ItemDataRole.CheckStateRole)
    assert wishes == [(1, {"condition": "norm > 2"}), (3, {"enabled": True})]
    assert cells(model, 2) == ["norm > 1", "", ""]


def test_one_is_added_by_kind_and_name_and_removed_by_its_row(qtbot: QtBot) -> None:
    panel = BreakpointsPanel()
    qtbot.addWidget(panel)
    wishes: list[Any] = []
    panel.add_wished.connect(lambda kind, target: wishes.append((kind, target)))
    panel.removal_wished.connect(wishes.append)
    panel.ask(BreakKind.VALUE)
    line = panel.findChild(QLineEdit, "breakpointTarget")
    assert line is not None
    qtbot.keyClicks(line, "norm > 5")
    qtbot.keyClick(line, Qt.Key.Key_Return)
    kind = panel.findChild(QComboBox)
    assert kind is not None
    assert wishes == [(BreakKind.VALUE, "norm > 5")]
    panel.show_breakpoints(POINTS, {})
    table = panel.findChild(QTableView)
    assert table is not None
    table.selectRow(1)
    qtbot.keyClick(table, Qt.Key.Key_Delete)
    assert wishes[1:] == [[3]]
    assert [button.isEnabled() for button in panel.findChildren(QToolButton) if button.text() == "Remove"] == [True]
