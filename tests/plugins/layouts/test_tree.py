"""Links are cut at the borders of groups, and every edge finds its way through the pieces."""

from __future__ import annotations

from itertools import pairwise

import pytest

from gradstep.plugins.layouts.arrays import ints
from gradstep.plugins.layouts.tree import ROOT, build_tree, cut_links, dissolve_cycles

PATHS = [(), ("a",), ("a", "b"), ("c",), ("c",)]


def test_groups_are_numbered_from_the_outside_in():
    tree = build_tree(PATHS)
    assert tree.names == [None, "a", "b", "c"]
    assert tree.parent.tolist() == [ROOT, ROOT, 1, ROOT]
    assert tree.depth.tolist() == [0, 1, 2, 1]
    assert tree.owner.tolist() == [0, 1, 2, 3, 3]


def test_the_pieces_of_an_edge_lead_from_its_source_to_its_target():
    tree = build_tree(PATHS)
    cuts = cut_links(tree, ints([2, 2, 0]), ints([3, 4, 1]))
    nodes, first_port = 5, 5 + 4
    for edge, (source, target) in enumerate([(2, 3), (2, 4), (0, 1)]):
        path = cuts.path_link[cuts.path_start[edge] : cuts.path_start[edge + 1]].tolist()
        assert cuts.tail[path[0]] == source
        assert cuts.head[path[-1]] == target
        for one, two in pairwise(path):
            inner, outer = (one, two) if tree.depth[cuts.inside[one]] > tree.depth[cuts.inside[two]] else (two, one)
            assert tree.parent[cuts.inside[inner]] == cuts.inside[outer]
            port = {int(cuts.head[one]), int(cuts.tail[two])} & set(range(first_port, first_port + len(cuts.port_group)))
            seen_from_outside = {int(cuts.head_port[one]), int(cuts.tail_port[two])} - {-1}
            assert {box - first_port for box in port} == seen_from_outside
            assert nodes + cuts.inside[inner] in (cuts.head[one], cuts.tail[two])


def test_edges_of_one_source_share_a_port_and_edges_to_one_target_do():
    fan_out = cut_links(build_tree([(), ("g",), ("g",), ("g",)]), ints([0, 0, 0]), ints([1, 2, 3]))
    assert len(fan_out.port_group) == 1
    fan_in = cut_links(build_tree([("g",), ("g",), ("g",), ()]), ints([0, 1, 2]), ints([3, 3, 3]))
    assert len(fan_in.port_group) == 1


def test_a_group_on_a_cycle_is_dissolved_and_what_is_in_it_moves_up():
    tree = build_tree([("a",), (), ("a", "b"), ("a", "b")])
    tail, head = ints([0, 1, 2]), ints([1, 2, 3])
    clean = dissolve_cycles(tree, tail, head)
    assert clean.names == [None, "b"]
    assert clean.owner.tolist() == [0, 0, 1, 1]
    assert clean.depth.tolist() == [0, 1]


def test_groups_in_the_order_of_the_graph_are_all_kept():
    tree = build_tree(PATHS)
    assert dissolve_cycles(tree, ints([0, 1, 2, 3]), ints([1, 2, 3, 4])) is tree


def test_a_group_cannot_stand_in_two_others():
    with pytest.raises(ValueError, match="'g' is inside 'x' for one node and inside 'y' for another"):
        build_tree([("x", "g"), ("y", "g")])
