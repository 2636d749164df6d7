"""Lines of the statistics and the nodes of the graph."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtWidgets import QMainWindow
from pytestqt.qtbot import QtBot

from gradstep.engine.tape.reader import Tape
from gradstep.engine.tape.tally import By
from gradstep.gui.frame.docks import Docks
from gradstep.gui.graph.emphasis import Emphasis
from gradstep.gui.panels.panel_set import PanelSet
from gradstep.gui.study.tallying import Tallying

from ..looked import Looked, looked_at, network


class Desk:
    """A graph, and the statistics in sight beside it."""

    def __init__(self, qtbot: QtBot) -> None:
        self.looked: Looked = looked_at(qtbot, network())
        self.panels = PanelSet()
        self.window = QMainWindow()
        qtbot.addWidget(self.window)
        self.docks = Docks(self.window, self.panels.places())
        self.docks.arrange()
        self.window.show()
        self.panel = self.panels.statistics
        model, emphasis = self.looked.model, Emphasis(self.looked.canvas)
        self.tallying = Tallying(model, self.panel, self.panels.events, self.docks, emphasis, self.window)
        self.docks.bring(self.panel)
        qtbot.waitUntil(lambda: self.panel.model.rowCount() > 0)

    def bright(self) -> set[Any]:
        scene, dress = self.looked.canvas.scene, self.looked.canvas.reading.dress
        assert scene is not None
        assert dress is not None
        return {key for key, dim in zip(scene.keys, dress.dim.tolist(), strict=True) if not dim}


@pytest.fixture
def desk(qtbot: QtBot) -> Desk:
    return Desk(qtbot)


def test_nothing_is_read_before_the_panel_is_in_sight(qtbot: QtBot, desk: Desk) -> None:
    desk.docks.bring(desk.panels.hooks)
    desk.looked.model.grown.emit()
    assert not desk.tallying._later.isActive()
    desk.docks.bring(desk.panel)
    assert desk.tallying._later.isActive()


def test_a_tape_is_read_in_pieces_between_which_the_window_can_do_something_else(qtbot: QtBot, desk: Desk) -> None:
    turns: list[str] = []
    desk.panel.model.dataChanged.connect(lambda *_: turns.append("shown"))
    desk.tallying._later.timeout.connect(lambda: turns.append("a piece"))
    desk.tallying._later.start(0)
    qtbot.waitUntil(lambda: "shown" in turns)
    assert turns.index("shown") > 2
    assert not desk.tallying._later.isActive()


def test_another_tape_is_read_from_its_beginning(qtbot: QtBot, desk: Desk) -> None:
    desk.tallying._read_on()
    desk.looked.model.show_tape(None)
    assert desk.panel.model.rowCount() == 0
    desk.looked.model.show_tape(Tape.of(network()))
    desk.looked.model.catch_up()
    qtbot.waitUntil(lambda: desk.panel.model.rowCount() > 0)


def test_the_nodes_of_a_line_stand_out_and_the_first_of_them_is_selected(desk: Desk) -> None:
    desk.panel.choose("addmm")
    wanted = {desk.looked.node("AddmmBackward"), desk.looked.node("AddmmBackward", 1)}
    assert desk.bright() == wanted
    assert desk.looked.model.selection.key in wanted


def test_enter_goes_from_one_node_to_the_next_and_round(desk: Desk) -> None:
    desk.panel.choose("addmm")
    gone = []
    for _ in range(3):
        gone.append(desk.looked.model.selection.key)
        desk.panel.next_wished.emit(desk.panel.chosen())
    assert gone[0] != gone[1]
    assert gone[2] == gone[0]


def test_all_is_shown_again_when_another_node_is_selected_or_no_line_is_chosen(desk: Desk) -> None:
    desk.panel.choose("addmm")
    desk.looked.model.select(desk.looked.node("TanhBackward"))
    assert desk.bright() == set(desk.looked.canvas.graph)
    assert desk.panel.chosen() == []
    desk.panel.choose("addmm")
    desk.panel.table.clearSelection()
    assert desk.bright() == set(desk.looked.canvas.graph)


def test_a_line_stays_chosen_when_the_tape_is_read_again(desk: Desk) -> None:
    desk.panel.choose("addmm")
    shown = desk.bright()
    desk.tallying.show_now()
    assert [line.name for line in desk.panel.chosen()] == ["addmm"]
    assert desk.bright() == shown


def test_events_are_filtered_by_the_names_of_a_line(desk: Desk) -> None:
    desk.panel.choose("addmm")
    desk.panel._events.click()
    assert desk.panels.events.field.text() == "$op(=Addmm) $op(=addmm)"
    desk.panel.by_wished.emit(By.MODULE)
    desk.panel.choose("2")
    desk.panel._events.click()
    assert desk.panels.events.field.text() == "$module(=2)"
    assert desk.docks.in_sight(desk.panels.events)


def test_another_way_to_sum_up_chooses_nothing(desk: Desk) -> None:
    desk.panel.choose("addmm")
    desk.panel.by_wished.emit(By.DEVICE)
    assert [line.name for line in desk.panel.model.totals()] == ["cpu"]
    assert desk.bright() == set(desk.looked.canvas.graph)
