"""Ways to the loss and to the parameters, asked for from what is selected."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import networkx as nx
from PySide6.QtCore import QObject, Signal
from pytestqt.qtbot import QtBot

from gradstep.gui.canvas.trails import Goal
from gradstep.gui.graph.ways import Ways


class Model(QObject):
    """A selection."""

    selection_changed = Signal()
    selection = SimpleNamespace(key=("leaf", 9))


def test_what_is_not_in_the_graph_that_is_shown_has_no_way_and_it_is_said(qtbot: QtBot) -> None:
    canvas: Any = SimpleNamespace(graph=nx.DiGraph(), scene=None, selected_key=("leaf", 9))
    model: Any = Model()
    ways = Ways(canvas, model, emphasis=SimpleNamespace(set=lambda *_: None, clear=lambda *_: None))  # type: ignore[arg-type]
    with qtbot.waitSignal(ways.said) as said:
        ways.show(Goal.LOSS)
    assert said.args == ["What is selected is not in the graph that is shown."]
    assert ways.goal is None
