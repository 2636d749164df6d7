"""A picture goes over in parts and is the same when it is put together."""

import pickle
from dataclasses import fields

import networkx as nx
import numpy as np
import pytest

from gradstep.gui.canvas import arrange, measure
from gradstep.gui.folding import FITTING
from gradstep.gui.graph import parts
from gradstep.gui.graph.picture import FoldedGraphs, Picture, Shown
from gradstep.plugins.layouts import layered_layout

from ..tapes import SmallNetwork


@pytest.fixture(params=[(Shown.BACKWARD, 0), (Shown.BACKWARD, 9), (Shown.FORWARD, 9), (Shown.BOTH, 0), (Shown.BOTH, 9)], ids=str)
def drawn(qapp, request):
    """A picture with its graph and scene, of groups folded and open."""
    shown, depth = request.param
    tape = SmallNetwork().tape()
    picture = Picture("", shown, next(iter(tape.runs)), 3, FITTING.to_depth(depth))
    graph = FoldedGraphs().graph(tape, picture)
    return picture, graph, arrange(graph, measure(), layered_layout)


def sent(picture, graph, scene) -> parts.Assembly:
    """What was unpacked of all that was packed, each part by itself."""
    assembly = parts.Assembly()
    for nodes in parts.parts_of(graph):
        assembly.add(pickle.loads(pickle.dumps(nodes)))
    assembly.end(pickle.loads(pickle.dumps(parts.rest_of(picture, graph, scene))))
    return assembly


def plain(facts) -> dict:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in facts.items()}


def test_it_is_the_same_when_it_is_put_together(drawn, monkeypatch):
    monkeypatch.setattr(parts, "NODES", 2)
    monkeypatch.setattr(parts, "EDGES", 3)
    assembly = sent(*drawn)
    while assembly.join():
        pass
    picture, graph, scene = assembly.whole()
    assert picture == drawn[0]
    assert list(graph.nodes(data=True)) == list(drawn[1].nodes(data=True))
    assert [(a, b, plain(facts)) for a, b, facts in drawn[1].edges(data=True)] == list(graph.edges(data=True))
    assert set(graph.graph) == set(drawn[1].graph)
    for field in fields(scene):
        mine, its = getattr(scene, field.name), getattr(drawn[2], field.name)
        if isinstance(its, np.ndarray):
            assert np.array_equal(mine, its, equal_nan=its.dtype.kind == "f"), field.name
        elif field.name in ("keys", "number", "edge_number", "styles", "bounds", "flipped"):
            assert mine == its, field.name


def test_each_call_joins_a_few_edges_until_none_is_left(drawn, monkeypatch):
    monkeypatch.setattr(parts, "EDGES", 1)
    assembly = sent(*drawn)
    counts = []
    while assembly.join():
        counts.append(assembly.graph.number_of_edges())
    whole = drawn[1].number_of_edges()
    assert counts == [*range(1, whole + 1), whole], "and at last it finds out where they lie"


def test_an_empty_graph_has_no_scene():
    picture = Picture("", Shown.BACKWARD, 1, 0)
    assembly = sent(picture, nx.DiGraph(), None)
    assert not assembly.join()
    answered, graph, scene = assembly.whole()
    assert (answered, len(graph), scene) == (picture, 0, None)
