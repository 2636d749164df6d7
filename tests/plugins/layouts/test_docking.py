"""Which boxes dock, and where they stand."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest

from gradstep.plugins.layouts import dock
from gradstep.plugins.layouts.docking import arrange


def linear(direction):
    """Addmm of an input, a bias and a transposed weight."""
    graph = nx.DiGraph()
    for key, kind in (("relu", "function"), ("addmm", "function"), ("input", "function"), ("t", "function")):
        graph.add_node(key, kind=kind)
    for key in ("weight", "bias"):
        graph.add_node(key, kind="accumulate" if direction == "backward" else "leaf")
    edges = [("relu", "addmm"), ("addmm", "input"), ("addmm", "t"), ("addmm", "bias"), ("t", "weight")]
    graph.add_edges_from(edges if direction == "backward" else [(b, a) for a, b in edges])
    return graph


@pytest.mark.parametrize("direction", ["forward", "backward"])
def test_parameters_dock_at_their_op_and_a_transpose_with_them(direction):
    assert dock(linear(direction)) == {"weight": "t", "bias": "addmm", "t": "addmm"}


def test_an_op_between_two_others_does_not_dock():
    graph = nx.path_graph(5, create_using=nx.DiGraph)
    nx.set_node_attributes(graph, "function", "kind")
    assert dock(graph) == {}


def test_a_shared_parameter_docks_at_its_last_user():
    graph = nx.DiGraph()
    for key, kind in (("a", "function"), ("b", "function"), ("w", "accumulate")):
        graph.add_node(key, kind=kind)
    graph.add_edges_from([("b", "a"), ("a", "w"), ("b", "w")])
    assert dock(graph)["w"] == "b"


def test_a_parameter_that_nobody_uses_stands_alone():
    graph = nx.DiGraph()
    graph.add_node("w", kind="leaf")
    assert dock(graph) == {}


def test_chips_stand_in_a_column_at_the_right_and_chips_of_chips_farther_right():
    docked = arrange(np.array([80.0, 60.0, 40.0, 50.0]), np.array([42.0, 24.0, 24.0, 24.0]), [-1, 0, 0, 2])
    (one, two, further) = docked.offset[1:]
    assert one[0] - 30 == two[0] - 20 > 40
    assert two[1] - one[1] >= 24
    assert one[1] == -two[1]
    assert further[0] - 25 > 20
    assert docked.height[0] >= 48
    assert docked.room[0] >= two[0] + further[0] + 25 - 40


def test_boxes_without_chips_need_no_room():
    docked = arrange(np.array([80.0, 60.0]), np.array([42.0, 24.0]), [-1, -1])
    assert docked.room.tolist() == [0.0, 0.0]
    assert docked.height.tolist() == [42.0, 24.0]
