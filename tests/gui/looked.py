"""A small network recorded by the engine, and the parts of the window that show its graph, for tests of reading the graph."""

from __future__ import annotations

import math
from dataclasses import dataclass

from pytestqt.qtbot import QtBot

import gradstep.engine as gs
from gradstep.engine.tape.reader import Tape
from gradstep.engine.tape.recorder import Level, Recorder, recording
from gradstep.engine.tape.schema import NodeEnter, Record
from gradstep.engine.tape.sinks import ListSink
from gradstep.gui.canvas import GraphCanvas
from gradstep.gui.graph.layouts import layout
from gradstep.gui.graph.picture import Shown
from gradstep.gui.graph.presenter import GraphPresenter
from gradstep.gui.models.debug_model import DebugModel


def network(*, poison: bool = False) -> list[Record]:
    """Linear, tanh, linear, squared and averaged, and its backward pass; poisoned, an input is NaN."""
    sink = ListSink()
    recorder = Recorder(sink, level=Level.VALUES)
    with recording(recorder):
        gs.manual_seed(0)
        model = gs.nn.Sequential(gs.nn.Linear(3, 8), gs.nn.Tanh(), gs.nn.Linear(8, 1))
        x = gs.randn(16, 3)
        if poison:
            x = x * math.nan
        (model(x) ** 2).mean().backward()
    recorder.close()
    return list(sink.records)


@dataclass
class Looked:
    """A model that looks at a tape, and a canvas that shows it."""

    model: DebugModel
    canvas: GraphCanvas
    graphs: GraphPresenter
    tape: Tape

    def node(self, name: str, number: int = 0) -> tuple[str, int]:
        """A backward node by the beginning of its name, in the order of running."""
        entered = [event.node for event in self.tape.events.of_kind(NodeEnter)]
        return [("node", id) for id in entered if self.tape.nodes[id].name.startswith(name)][number]

    def op(self, name: str, number: int = 0) -> tuple[str, int]:
        return [("op", id) for id, op in self.tape.ops.items() if op.name == name][number]

    def leaf(self, name: str) -> tuple[str, int]:
        return next(("leaf", id) for id, tensor in self.tape.tensors.items() if tensor.name == name)

    def entered(self, key: tuple[str, int]) -> int:
        """The event at which a node was entered."""
        return next(event.i for event in self.tape.events.of_kind(NodeEnter) if event.node == key[1])

    def look_at(self, position: int) -> None:
        self.model.move_to(position)
        self.graphs._mark()


def looked_at(qtbot: QtBot, records: list[Record], shown: Shown = Shown.BACKWARD) -> Looked:
    """Everything that is needed to read the graph of a tape, drawn."""
    canvas = GraphCanvas()
    model = DebugModel(canvas)
    qtbot.addWidget(canvas)
    canvas.resize(800, 700)
    graphs = GraphPresenter(canvas, model, layout(), canvas)
    tape = Tape.of(records)
    model.show_tape(tape)
    model.catch_up()
    graphs.show(shown)
    canvas.show()
    canvas.grab()
    return Looked(model, canvas, graphs, tape)
