"""networkx' multipartite layout, in our units."""

from __future__ import annotations

from itertools import combinations

import networkx as nx
import pytest

from gradstep.plugins.layouts import multipartite

SIZES = {"a": (80, 40), "b": (60, 40), "c": (100, 20), "d": (80, 40)}


def diamond():
    return nx.DiGraph([("a", "b"), ("a", "c"), ("b", "d"), ("c", "d")])


@pytest.mark.parametrize(("direction", "axis", "sign"), [("down", 1, 1), ("up", 1, -1), ("right", 0, 1), ("left", 0, -1)])
def test_edges_point_in_the_direction_and_boxes_do_not_overlap(direction, axis, sign):
    positions = multipartite(diamond(), SIZES, direction=direction)
    assert all(sign * (positions[b][axis] - positions[a][axis]) > 0 for a, b in diamond().edges)
    for one, two in combinations(positions, 2):
        (x0, y0), (x1, y1) = positions[one], positions[two]
        assert abs(x1 - x0) >= (SIZES[one][0] + SIZES[two][0]) / 2 or abs(y1 - y0) >= (SIZES[one][1] + SIZES[two][1]) / 2
    assert min(x for x, _ in positions.values()) > 0
    assert min(y for _, y in positions.values()) > 0


def test_empty_and_single():
    assert multipartite(nx.DiGraph(), {}) == {}
    single = nx.DiGraph()
    single.add_node("a")
    assert set(multipartite(single, SIZES)) == {"a"}


def test_a_cycle_is_named():
    with pytest.raises(ValueError, match="has a cycle: 'a' -> 'b' -> 'a'"):
        multipartite(nx.DiGraph([("a", "b"), ("b", "a")]), SIZES)
