import numpy as np
import pytest

from gradstep.gui.canvas.index import BoxIndex


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("cell", [40.0, 1024.0])
def test_a_query_finds_what_comparing_every_box_finds(seed: int, cell: float):
    rng = np.random.default_rng(seed)
    left, top = rng.uniform(-3000, 3000, (2, 2000))
    width, height = rng.exponential(60, (2, 2000))
    index = BoxIndex(left, top, left + width, top + height, cell)
    for _ in range(50):
        x, y = rng.uniform(-3500, 3500, 2)
        w, h = rng.exponential(300, 2)
        inside = (left <= x + w) & (left + width >= x) & (top <= y + h) & (top + height >= y)
        assert index.query(x, y, x + w, y + h).tolist() == np.flatnonzero(inside).tolist()


def test_an_empty_index_finds_nothing():
    nothing = np.zeros(0)
    assert BoxIndex(nothing, nothing, nothing, nothing).query(-1e9, -1e9, 1e9, 1e9).tolist() == []


def test_boxes_far_longer_than_a_cell_are_found_at_both_ends():
    index = BoxIndex(np.array([0.0, 5.0]), np.array([0.0, 5.0]), np.array([1e6, 6.0]), np.array([1.0, 6.0]), 100.0)
    assert index.query(999_999, 0, 1_000_001, 1).tolist() == [0]
    assert index.query(0, 0, 10, 10).tolist() == [0, 1]


def test_many_long_boxes_are_found_as_comparing_every_box_finds_them():
    rng = np.random.default_rng(7)
    left, top = rng.uniform(-50_000, 50_000, (2, 3000))
    width, height = 10 ** rng.uniform(0, 4.5, (2, 3000))  # from a hundredth of a cell to a hundred cells
    index = BoxIndex(left, top, left + width, top + height)
    for x, y in rng.uniform(-60_000, 60_000, (80, 2)):
        inside = (left <= x + 900) & (left + width >= x) & (top <= y + 400) & (top + height >= y)
        assert index.query(x, y, x + 900, y + 400).tolist() == np.flatnonzero(inside).tolist()


def test_a_span_goes_from_the_first_left_side_to_the_last_right_side():
    sides = np.array([4.0, 1.0, 9.0]), np.zeros(3), np.array([5.0, 8.0, 10.0]), np.ones(3)
    assert BoxIndex(*sides).span(np.array([0, 1])) == (1.0, 8.0)
