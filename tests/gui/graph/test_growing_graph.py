"""A graph that is drawn while its script runs keeps its order; tidying up gives it the best there is."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

import gradstep.engine as gs
from gradstep.engine.tape.log import Writer
from gradstep.engine.tape.reader import Tape
from gradstep.engine.tape.recorder import Recorder, recording
from gradstep.gui.canvas import GraphCanvas, Scene
from gradstep.gui.graph.layouts import layout
from gradstep.gui.graph.presenter import GraphPresenter
from gradstep.gui.models.debug_model import DebugModel


def beside(scene: Scene) -> set[tuple[object, object]]:
    """Pairs of nodes in one row, the left one first."""
    found = set()
    places = {key: scene.place_of(key) for key in scene.keys}
    for one, other in combinations(places, 2):
        if abs(places[one][1] - places[other][1]) < 1:
            found.add((one, other) if places[one][0] < places[other][0] else (other, one))
    return found


class Growing:
    """A program that records, and the graph of what it did so far."""

    def __init__(self, qtbot: QtBot, folder: Path) -> None:
        self.recorder = Recorder(Writer(folder / "run.gst"))
        self.canvas = GraphCanvas()
        qtbot.addWidget(self.canvas)
        self.model = DebugModel(self.canvas)
        self.graphs = GraphPresenter(self.canvas, self.model, layout(), self.canvas)
        self.w = gs.ones(3, 3, requires_grad=True)
        self.values = [self.w * 1.0, self.w * 2.0, self.w * 3.0]

    def open(self, folder: Path) -> None:
        self.tape = Tape.open(folder / "run.gst")
        self.model.show_tape(self.tape)
        self.model.catch_up()
        self.graphs.set_paused(True)

    def step(self, make: int) -> None:
        """A few ops more."""
        with recording(self.recorder):
            mixed = self.values[make % 3] @ self.values[(make + 1) % 3]
            self.values[make % 3] = mixed.exp() + self.values[(make + 2) % 3]
        self.recorder.flush()

    def look(self) -> Scene:
        self.model.catch_up()
        self.graphs.refresh()
        assert self.canvas.scene is not None
        return self.canvas.scene


@pytest.fixture
def growing(qtbot: QtBot, tmp_path: Path) -> Growing:
    made = Growing(qtbot, tmp_path)
    made.step(0)
    made.open(tmp_path)
    return made


def test_what_stands_side_by_side_stays_so_while_the_graph_grows(growing: Growing) -> None:
    before = beside(growing.look())
    nodes = len(growing.look().keys)
    for make in range(1, 6):
        growing.step(make)
        scene = growing.look()
        after = beside(scene)
        assert len(scene.keys) > nodes
        assert not {(b, a) for a, b in after} & before
        nodes, before = len(scene.keys), after
    growing.recorder.close()
    growing.tape.close()


def test_tidying_up_draws_the_graph_anew_and_it_keeps_that_order_then(growing: Growing) -> None:
    for make in range(1, 4):
        growing.step(make)
        growing.look()
    held = growing.canvas.scene
    growing.graphs.tidy()
    tidied = growing.canvas.scene
    assert tidied is not held
    assert tidied is not None
    growing.step(4)
    assert not {(b, a) for a, b in beside(growing.look())} & beside(tidied)
    growing.recorder.close()
    growing.tape.close()
