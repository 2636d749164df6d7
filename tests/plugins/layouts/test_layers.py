"""Layers rise along every link, and bends lead each link past the layers between its ends."""

from __future__ import annotations

import random
from itertools import pairwise

import numpy as np
import pytest

from gradstep.plugins.layouts.arrays import ints
from gradstep.plugins.layouts.layers import Links, assign_layers, find_cycle, insert_bends

NONE = ints([])


def random_links(seed, count=30):
    rand = random.Random(seed)
    pairs = sorted({tuple(sorted(rand.sample(range(count), 2))) for _ in range(2 * count)})
    tail, head = (ints([pair[side] for pair in pairs]) for side in (0, 1))
    return count, Links(tail, head, tail, head)


def way(layering, links, link):
    """The vertices that a link passes, checked segment by segment."""
    bends = list(range(layering.first_bend[link], layering.last_bend[link] + 1))
    vertices = [int(links.tail[link]), *bends, int(links.head[link])]
    middle = [int(layering.onward[bend - layering.boxes]) for bend in bends[:-1]]
    segments = [int(layering.first_segment[link])]
    if bends:
        segments += [*middle, int(layering.last_segment[link])]
    assert [(int(layering.tail[s]), int(layering.head[s])) for s in segments] == list(pairwise(vertices))
    return vertices


@pytest.mark.parametrize("seed", range(10))
def test_every_link_has_a_way_with_one_bend_a_layer(seed):
    count, links = random_links(seed)
    layer = assign_layers(count, links.tail, links.head, NONE, NONE)
    assert (layer[links.head] > layer[links.tail]).all()
    assert layer.min() == 0
    layering = insert_bends(count, layer, links, 10_000)
    for link in range(len(links)):
        layers = layering.layer[way(layering, links, link)].tolist()
        assert layers == list(range(layers[0], layers[-1] + 1))


def test_links_from_one_place_share_a_trunk():
    heads = ints([*range(1, 9), *range(2, 9)])
    tails = ints([*range(8), *([0] * 7)])
    links = Links(tails, heads, tails, heads)
    layering = insert_bends(9, assign_layers(9, tails, heads, NONE, NONE), links, 10_000)
    assert len(layering.layer) - 9 == 7  # one bend on each layer between 0 and 8, not 1 + 2 + ... + 7


def test_links_to_one_place_share_a_trunk():
    tails = ints([*range(8), *range(7)])
    heads = ints([*range(1, 9), *([8] * 7)])
    links = Links(tails, heads, tails, heads)
    layering = insert_bends(9, assign_layers(9, tails, heads, NONE, NONE), links, 10_000)
    assert len(layering.layer) - 9 == 7


def test_links_beyond_the_budget_are_the_longest_ones():
    tails, heads = ints([0, 1, 2, 3, 4, 0, 3]), ints([1, 2, 3, 4, 5, 5, 5])
    links = Links(tails, heads, tails, ints(range(7)))
    layering = insert_bends(6, assign_layers(6, tails, heads, NONE, NONE), links, 1)
    assert np.flatnonzero(layering.around).tolist() == [5]
    assert way(layering, links, 6) == [3, 6, 5]


def test_ports_have_the_first_and_the_last_layer_for_themselves():
    tail, head = ints([0, 1, 1]), ints([1, 2, 3])
    assert assign_layers(4, tail, head, ints([0]), ints([3])).tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize("seed", range(5))
def test_a_cycle_is_found_where_there_is_one(seed):
    count, links = random_links(seed)
    assert find_cycle(count, links.tail, links.head) == []
    path = [3, 11, 20, 27]
    tail, head = np.r_[links.tail, path], np.r_[links.head, path[1:], path[0]]
    cycle = find_cycle(count, tail, head)
    edges = set(zip(tail.tolist(), head.tolist(), strict=True))
    assert cycle
    assert all(edge in edges for edge in zip(cycle, [*cycle[1:], cycle[0]], strict=True))
