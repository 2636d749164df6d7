"""Forward beside backward: what is selected in one is in the other, and they scroll together."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from gradstep.gui.canvas import GraphCanvas
from gradstep.gui.graph.layouts import layout
from gradstep.gui.graph.picture import Shown
from gradstep.gui.graph.side_by_side import SideBySide, mapped
from gradstep.gui.models.counterparts import counterparts

from ..looked import Looked, looked_at, network


@pytest.fixture
def looked(qtbot: QtBot) -> Looked:
    return looked_at(qtbot, network())


@pytest.fixture
def sides(qtbot: QtBot, looked: Looked) -> Iterator[tuple[SideBySide, GraphCanvas]]:
    beside = GraphCanvas()
    qtbot.addWidget(beside)
    beside.resize(600, 700)
    beside.show()
    made = SideBySide(looked.canvas, beside, looked.graphs, looked.model, layout(), looked.graphs)
    made.show(True)
    beside.grab()
    looked.canvas.grab()
    yield made, beside
    made.close()


def test_an_op_and_its_node_belong_together(looked: Looked) -> None:
    assert list(counterparts(looked.tape, looked.node("TanhBackward"))) == [looked.op("tanh")]
    assert list(counterparts(looked.tape, looked.op("tanh"))) == [looked.node("TanhBackward")]
    leaf = next(counterparts(looked.tape, looked.node("AccumulateGrad")))
    assert leaf[0] == "leaf"
    assert looked.node("AccumulateGrad") in counterparts(looked.tape, leaf)


def test_the_forward_graph_of_the_run_is_drawn_beside(looked: Looked, sides: tuple[SideBySide, GraphCanvas]) -> None:
    _, beside = sides
    assert looked.op("tanh") in beside.graph
    assert all(key[0] != "node" for key in beside.graph)


def test_a_selection_is_in_both(looked: Looked, sides: tuple[SideBySide, GraphCanvas]) -> None:
    _, beside = sides
    looked.model.select(looked.node("TanhBackward"))
    assert beside.selected_key == looked.op("tanh")
    assert looked.canvas.selected_key == looked.node("TanhBackward")
    looked.model.select(looked.op("addmm"))
    assert looked.canvas.selected_key == looked.node("AddmmBackward", 1)


def test_both_have_the_loss_at_the_bottom(looked: Looked, sides: tuple[SideBySide, GraphCanvas]) -> None:
    _, beside = sides
    assert looked.canvas.rect_of(looked.node("MeanBackward")).y() > looked.canvas.rect_of(looked.node("TanhBackward")).y()
    assert beside.rect_of(looked.op("mean")).y() > beside.rect_of(looked.op("tanh")).y()


def test_scrolling_one_scrolls_the_other_to_what_belongs_together(looked: Looked, sides: tuple[SideBySide, GraphCanvas]) -> None:
    _, beside = sides
    looked.canvas.centre_on(looked.node("TanhBackward"), 1.0)
    assert abs(beside.rect_of(looked.op("tanh")).center().y() - beside.height() / 2) < 5
    assert beside.zoom == 1.0
    beside.centre_on(looked.op("mean"), 0.8)
    assert abs(looked.canvas.rect_of(looked.node("MeanBackward")).center().y() - looked.canvas.height() / 2) < 5
    assert looked.canvas.zoom == 0.8


def test_putting_it_away_restores_the_drawing(looked: Looked, sides: tuple[SideBySide, GraphCanvas]) -> None:
    made, beside = sides
    assert looked.canvas.is_turned
    made.show(False)
    assert not looked.canvas.is_turned
    assert beside.scene is None
    looked.canvas.pan(0, 50)


def test_the_way_from_height_to_height_never_turns_back() -> None:
    here, there = np.array([0.0, 10.0, 20.0, 30.0]), np.array([0.0, 50.0, 40.0, 90.0])
    found = [mapped(here, there, y) for y in np.linspace(-20, 50, 80).tolist()]
    assert found == sorted(found)
    assert mapped(here, there, -5.0) == -5.0
    assert mapped(here, there, 30.0) == 90.0


def test_a_graph_that_takes_the_place_of_another_is_in_sight_beside_the_other(
    qtbot: QtBot, looked: Looked, sides: tuple[SideBySide, GraphCanvas]
) -> None:
    made, beside = sides
    made.show(False)
    looked.graphs.show(Shown.BOTH)
    looked.canvas.grab()
    made.show(True)
    looked.graphs.show(Shown.BACKWARD)
    beside.resize(400, 500)  # as a splitter does that gives it half of the room
    for canvas in (looked.canvas, beside):
        canvas.grab()
        assert any(canvas.rect().intersects(canvas.rect_of(key)) for key in canvas.graph)
