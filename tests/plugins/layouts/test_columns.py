"""Columns keep order and distances, and make straight what can be straight."""

from __future__ import annotations

from importlib import import_module

import numpy as np
import pytest
from scipy.optimize import linprog
from scipy.sparse import coo_matrix, vstack

from gradstep.plugins.layouts.arrays import ints
from gradstep.plugins.layouts.columns import Pulls, columns, rows

module = import_module("gradstep.plugins.layouts.columns")


def random_rows(seed, layers=8, width=6):
    rand = np.random.default_rng(seed)
    layer = np.repeat(np.arange(layers), rand.integers(1, width, layers))
    count = len(layer)
    half = rand.choice((10.0, 30.0, 45.0), count)
    row = rows(np.arange(count), layer, half, half, np.full(count, 20.0))
    pairs = [(a, b) for a in range(count) for b in range(count) if layer[b] == layer[a] + 1 and rand.random() < 0.3]
    tail, head = (ints([pair[side] for pair in pairs]) for side in (0, 1))
    pulls = Pulls(tail, head, rand.choice((0.0, 0.0, 5.0, -8.0), len(tail)), rand.choice((1.0, 2.0, 8.0), len(tail)))
    return row, pulls


def least_cost(row, pulls):
    """The optimum, by linear programming."""
    count, segments = len(row.at), len(pulls.tail)
    same = row.layer[1:] == row.layer[:-1]
    left, right, distance = row.at[:-1][same], row.at[1:][same], row.distance[1:][same]
    k, one, j = np.arange(segments), np.ones(segments), np.arange(len(left))
    size = count + segments
    above = coo_matrix((np.r_[one, -one, -one], (np.r_[k, k, k], np.r_[pulls.head, pulls.tail, count + k])), (segments, size))
    below = coo_matrix((np.r_[-one, one, -one], (np.r_[k, k, k], np.r_[pulls.head, pulls.tail, count + k])), (segments, size))
    apart = coo_matrix((np.r_[np.ones(len(j)), -np.ones(len(j))], (np.r_[j, j], np.r_[left, right])), (len(left), size))
    result = linprog(
        np.r_[np.zeros(count), pulls.weight],
        A_ub=vstack([above, below, apart]).tocsr(),
        b_ub=np.r_[pulls.offset, -pulls.offset, -distance],
        bounds=[(None, None)] * count + [(0, None)] * segments,
    )
    return result.fun


@pytest.mark.parametrize("seed", range(10))
def test_columns_keep_distances_and_come_near_the_least_cost(seed):
    row, pulls = random_rows(seed)
    x = columns(row, pulls)
    same = row.layer[1:] == row.layer[:-1]
    assert (np.diff(x[row.at])[same] >= row.distance[1:][same] - 1e-6).all()
    cost = float((pulls.weight * np.abs(pulls.bend(x))).sum())
    assert cost <= 1.05 * least_cost(row, pulls) + 5.0


def test_a_row_of_single_vertices_follows_the_offsets_exactly():
    row = rows(np.arange(3), np.arange(3), np.full(3, 10.0), np.full(3, 10.0), np.full(3, 5.0))
    x = columns(row, Pulls(ints([0, 1]), ints([1, 2]), np.array([7.0, -2.0]), np.ones(2)))
    assert (x - x[0]).tolist() == [0.0, 7.0, 5.0]


def test_two_chains_that_have_room_are_exactly_straight():
    layer = np.repeat(np.arange(20), 2)
    row = rows(np.arange(40), layer, np.full(40, 30.0), np.full(40, 30.0), np.full(40, 20.0))
    x = columns(row, Pulls(np.arange(38), np.arange(2, 40), np.zeros(38), np.ones(38)))
    assert np.abs(np.diff(x.reshape(20, 2), axis=0)).max() < 1e-9


def test_a_parent_stands_straight_above_the_middle_of_three_children():
    row = rows(np.arange(4), ints([0, 1, 1, 1]), np.full(4, 30.0), np.full(4, 30.0), np.full(4, 20.0))
    x = columns(row, Pulls(ints([0, 0, 0]), ints([1, 2, 3]), np.zeros(3), np.ones(3)))
    assert x[0] == pytest.approx(x[2])
    assert x[3] - x[2] == pytest.approx(80.0)


def test_few_vertices_are_solved_as_many_are(monkeypatch):
    rand = np.random.default_rng(5)
    layer = np.repeat(np.arange(6), 4)
    row = rows(np.arange(24), layer, *(np.full(24, size) for size in (20.0, 20.0, 8.0)))
    tail = np.repeat(np.arange(20), 2)
    head = (tail // 4 + 1) * 4 + rand.integers(0, 4, 40)
    pulls = Pulls(tail, head, rand.choice([0.0, 3.0], 40), np.ones(40))
    few = columns(row, pulls)
    monkeypatch.setattr(module, "SMALL", 0)
    assert np.abs(columns(row, pulls) - few).max() < 1e-6
