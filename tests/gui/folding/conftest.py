import runpy
from pathlib import Path
from types import SimpleNamespace

import networkx as nx
import pytest

GRAPHS = SimpleNamespace(**runpy.run_path(str(Path(__file__).parents[1] / "canvas" / "graphs.py")))


def numbered(graph):
    """With numbers for the names of leaves, as in a tape."""
    leaves = [key for key in graph if key[0] == "leaf"]
    return nx.relabel_nodes(graph, {key: ("leaf", place + 1) for place, key in enumerate(leaves)})


class Model:
    """The graphs of a model."""

    def __init__(self, made):
        self._made = made

    def backward(self):
        return self._made.backward()

    def forward(self):
        return numbered(self._made.forward())

    def combined(self):
        return numbered(self._made.combined())


@pytest.fixture
def graphs():
    """Makers of models: ``graphs.mlp().backward()``."""
    return SimpleNamespace(
        mlp=lambda *sizes: Model(GRAPHS.mlp(*sizes)),
        transformer=lambda *sizes: Model(GRAPHS.transformer(*sizes)),
        rnn=lambda *sizes: Model(GRAPHS.recurrent(*sizes)),
    )
