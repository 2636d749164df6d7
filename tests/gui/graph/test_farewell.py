"""A large picture is given up a few objects at a time, and whoever still has it notices nothing."""

import weakref

import networkx as nx
import pytest

from gradstep.gui.graph import farewell
from gradstep.gui.graph.farewell import Farewell


class Facts(dict):
    """Facts of a node whose end can be seen."""


class Graph(nx.DiGraph):
    """A graph whose nodes have such facts."""

    node_attr_dict_factory = Facts


@pytest.fixture
def graph():
    graph = Graph()
    graph.add_nodes_from((number, {"label": "mul"}) for number in range(12))
    graph.add_edges_from((number, number + 1) for number in range(11))
    return graph


def test_what_is_given_up_goes_over_many_turns(qtbot, qapp, graph, monkeypatch):
    monkeypatch.setattr(farewell, "SMALL", 5)
    monkeypatch.setattr(farewell, "AT_ONCE", 5)
    parting, facts = Farewell(), [weakref.ref(graph.nodes[node]) for node in graph]
    parting.take(graph, None)
    graph.clear()
    assert all(one() is not None for one in facts)
    left = set()
    while not parting.is_over:
        qapp.processEvents()
        left.add(sum(one() is not None for one in facts))
    assert len(left) > 2
    assert not any(one() is not None for one in facts)


def test_a_graph_that_somebody_has_stays_as_it_is(qtbot, graph, monkeypatch):
    monkeypatch.setattr(farewell, "SMALL", 5)
    parting, before = Farewell(), graph.copy()
    parting.take(graph, None)
    qtbot.waitUntil(lambda: parting.is_over)
    assert nx.utils.graphs_equal(graph, before)


def test_a_small_graph_is_not_held(graph):
    parting = Farewell()
    parting.take(graph, None)
    assert parting.is_over
