"""Crossings are counted exactly and made fewer."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from gradstep.plugins.layouts.arrays import ints
from gradstep.plugins.layouts.order import Ordering


def random_layers(seed, layers=6, width=7, density=0.3):
    rand = np.random.default_rng(seed)
    layer = np.sort(rand.integers(0, layers, layers * width))
    layer = np.unique(layer, return_inverse=True)[1]
    pairs = [(a, b) for a in range(len(layer)) for b in range(len(layer)) if layer[b] == layer[a] + 1 and rand.random() < density]
    tail, head = (ints([pair[side] for pair in pairs]) for side in (0, 1))
    return ints(layer), tail, head


def counted(ordering, at, layer, tail, head, tail_shift, head_shift):
    place = ordering.places(at)
    leave, arrive = place[tail] + tail_shift, place[head] + head_shift
    return sum(
        layer[tail[a]] == layer[tail[b]] and (leave[a] - leave[b]) * (arrive[a] - arrive[b]) < 0
        for a, b in combinations(range(len(tail)), 2)
    )


@pytest.mark.parametrize("seed", range(12))
def test_crossings_are_those_that_a_comparison_of_all_pairs_finds(seed):
    layer, tail, head = random_layers(seed)
    rand = np.random.default_rng(seed)
    shifts = [rand.choice((-0.25, 0.0, 0.25), len(tail)) for _ in range(2)]
    ordering = Ordering(layer, tail, head, np.zeros(len(layer), dtype=np.int64), *shifts)
    at = ordering.from_places(rand.random(len(layer)))
    assert ordering.crossings(at) == counted(ordering, at, layer, tail, head, *shifts)


@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize("seed", range(6))
def test_improving_never_adds_crossings_and_reports_them_truly(seed, wide, monkeypatch):
    monkeypatch.setattr("gradstep.plugins.layouts.order.WIDE", 0 if wide else 10**9)
    layer, tail, head = random_layers(seed)
    ordering = Ordering(layer, tail, head, np.zeros(len(layer), dtype=np.int64))
    start = ordering.from_places(np.random.default_rng(seed).random(len(layer)))
    best, crossings = ordering.improve(start, 12)
    assert crossings == ordering.crossings(best) < ordering.crossings(start)


def test_two_crossed_segments_come_apart():
    layer, tail, head = ints([0, 0, 1, 1]), ints([0, 1]), ints([3, 2])
    ordering = Ordering(layer, tail, head, np.zeros(4, dtype=np.int64))
    assert ordering.improve(ordering.from_places(np.arange(4.0)), 4)[1] == 0


def test_a_tree_has_no_crossings_from_the_start():
    parent = ints([(k - 1) // 3 for k in range(1, 121)])
    layer = [0]
    for k in parent.tolist():
        layer.append(layer[k] + 1)
    ordering = Ordering(ints(layer), parent, ints(range(1, 121)), np.zeros(121, dtype=np.int64))
    assert ordering.crossings(ordering.depth_first(True)) == 0


def test_ranks_are_kept_even_where_that_costs_crossings():
    layer, tail, head = ints([0, 0, 1, 1]), ints([0, 1]), ints([3, 2])
    ordering = Ordering(layer, tail, head, ints([0, 1, 0, 1]))
    best, crossings = ordering.improve(ordering.depth_first(True), 6)
    assert crossings == 1
    assert ordering.places(best).tolist() == [0, 1, 0, 1]
