import runpy
from pathlib import Path
from types import SimpleNamespace

import pytest
from PySide6.QtCore import QPointF

from gradstep.gui.canvas import GraphCanvas
from gradstep.gui.theme import LIGHT, apply
from gradstep.plugins.layouts import layered_layout

GRAPHS = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("graphs.py"))))


@pytest.fixture
def graphs():
    """Makers of models: ``graphs.mlp().backward()``."""
    return GRAPHS


@pytest.fixture
def make_canvas(qtbot, qapp):
    """A shown canvas with a graph, in the light theme, laid out by the default layout."""

    def make(graph, width=900, height=700, layout=layered_layout, theme=LIGHT):
        apply(qapp, theme)
        canvas = GraphCanvas()
        qtbot.addWidget(canvas)
        canvas.resize(width, height)
        canvas.show_graph(graph, layout)
        canvas.show()
        canvas.grab()  # the first picture chooses the first view
        return canvas

    return make


@pytest.fixture
def place_of():
    """Where a node is in a canvas."""
    return lambda canvas, key: QPointF(canvas.rect_of(key).center())
