"""Lines of corners are joined, rid of what is idle, and led to their boxes, all at once and each as it would be alone."""

from __future__ import annotations

import numpy as np
import pytest

from gradstep.plugins.layouts.arrays import ints
from gradstep.plugins.layouts.lines import Lines, to_chips


def floats(*values):
    return np.array(values, dtype=np.float64)


@pytest.mark.parametrize(
    ("corners", "kept"),
    [
        ([(0, 0), (0, 5), (0, 9)], [(0, 0), (0, 9)]),
        ([(0, 0), (0, 0), (3, 4), (3, 4)], [(0, 0), (3, 4)]),
        ([(0, 0), (0, 5), (3, 8), (3, 9), (3, 12)], [(0, 0), (0, 5), (3, 8), (3, 12)]),
        ([(0, 0), (1, 5), (0, 9)], [(0, 0), (1, 5), (0, 9)]),
        ([(2, 3)], [(2, 3)]),
    ],
    ids=["straight down", "met twice", "down, aside, down", "no idle corner", "one corner"],
)
def test_idle_corners_go(corners, kept):
    assert Lines.of([corners]).without_idle().points() == [kept]


def test_lines_do_not_lose_corners_to_their_neighbours():
    lines = Lines.of([[(0, 0), (0, 5)], [(0, 5), (0, 9)], [(0, 9), (4, 12)]])
    assert lines.without_idle().points() == [[(0, 0), (0, 5)], [(0, 5), (0, 9)], [(0, 9), (4, 12)]]


def test_no_lines_have_no_points():
    assert Lines.of([]).without_idle().points() == []


def test_some_are_taken_moved_and_joined():
    lines = Lines.of([[(0, 0), (0, 1)], [(0, 0), (2, 2)]])
    ways = lines.taken(ints([1, 0, 1])).moved(floats(10, 20, 30), floats(1, 2, 3)).joined(ints([0, 1, 3]))
    assert ways.points() == [[(10, 1), (12, 3)], [(20, 2), (20, 3), (30, 3), (32, 5)]]


def test_a_line_that_is_longer_at_its_ends_goes_straight_there():
    lines = Lines.of([[(0, 10), (5, 20)], [(0, 10), (0, 20)], [(3, 4)]])
    assert lines.between(floats(6, 6, 4), floats(25, 25, 4)).points() == [
        [(0, 6), (0, 10), (5, 20), (5, 25)],
        [(0, 6), (0, 25)],
        [(3, 4)],
    ]


def test_a_line_to_a_chip_goes_from_border_to_border_both_ways():
    centre, width = np.array([(0.0, 0.0), (50.0, 0.0), (50.0, 20.0)]), floats(20, 10, 10)
    lines = to_chips(centre, width, ints([0, 2]), ints([1, 0]), np.array([True, False]))
    assert lines.points() == [[(10, 0), (45, 0)], [(45, 20), (27.5, 20), (27.5, 0), (10, 0)]]
