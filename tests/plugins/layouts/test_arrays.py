"""Connected parts are the same whether few links are joined one by one or many in a matrix."""

from __future__ import annotations

import random

import networkx as nx
import pytest

from gradstep.plugins.layouts.arrays import FEW, connected, ints


@pytest.mark.parametrize("links", [0, 1, 7, 30, FEW, FEW + 1, 3 * FEW])
def test_parts_are_those_of_networkx_numbered_by_their_first_vertices(links):
    rand = random.Random(links)
    count = max(4, links)
    pairs = [(rand.randrange(count), rand.randrange(count)) for _ in range(links)]
    graph = nx.Graph(pairs)
    graph.add_nodes_from(range(count))
    parts = sorted(nx.connected_components(graph), key=min)
    number = {vertex: k for k, part in enumerate(parts) for vertex in part}
    found, part_of = connected(count, *(ints([pair[side] for pair in pairs]) for side in (0, 1)))
    assert found == len(parts)
    assert part_of.tolist() == [number[vertex] for vertex in range(count)]


def test_nothing_has_no_parts():
    found, part_of = connected(0, ints([]), ints([]))
    assert (found, part_of.tolist()) == (0, [])


def test_a_chain_joined_from_its_far_end_is_one_part():
    found, part_of = connected(50, ints(range(49))[::-1], ints(range(1, 50))[::-1])
    assert (found, set(part_of.tolist())) == (1, {0})
