"""Smaller copies of a plane lose no NaN, no infinity and no peak."""

from __future__ import annotations

import numpy as np
import pytest

from gradstep.gui.panels.mips import EMPTY, NAN, NEGATIVE, POSITIVE, Pyramid, robust_range

SHAPES = [(1, 1), (1, 7), (7, 1), (2, 2), (5, 3), (64, 64), (100, 33)]


@pytest.mark.parametrize("shape", SHAPES)
def test_a_level_is_the_mean_and_the_peak_of_its_blocks(shape: tuple[int, int]) -> None:
    plane = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    level = Pyramid(plane).level(4)
    for i, j in np.ndindex(level.mean.shape):
        block = plane[i * level.factor : (i + 1) * level.factor, j * level.factor : (j + 1) * level.factor]
        assert level.mean[i, j] == pytest.approx(block.mean(), abs=1e-5)
        assert abs(level.peak[i, j]) == abs(block).max()
        assert level.peak[i, j] in block


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("value", "flag"), [(np.nan, NAN), (np.inf, POSITIVE), (-np.inf, NEGATIVE)])
def test_one_number_that_is_not_finite_is_seen_at_every_level(shape: tuple[int, int], value: float, flag: int) -> None:
    plane = np.ones(shape, np.float32)
    row, column = shape[0] - 1, shape[1] // 2
    plane[row, column] = value
    pyramid = Pyramid(plane)
    factor = 1
    while factor <= 2 * max(shape):
        level = pyramid.level(factor)
        assert level.flags[row // level.factor, column // level.factor] & flag
        assert np.isfinite(level.mean).all()
        factor *= 2


def test_the_mean_leaves_out_what_is_not_finite() -> None:
    level = Pyramid(np.array([[1.0, np.nan], [3.0, np.inf]])).level(2)
    assert level.mean.tolist() == [[2.0]]
    assert level.flags.tolist() == [[NAN | POSITIVE]]


def test_a_block_without_a_finite_number_is_empty() -> None:
    assert Pyramid(np.full((2, 2), np.nan)).level(2).flags.tolist() == [[NAN | EMPTY]]


def test_a_double_too_large_for_single_precision_is_a_peak_and_no_infinity() -> None:
    level = Pyramid(np.array([[1e300, 1.0]])).level(2)
    assert level.flags.tolist() == [[0]]
    assert level.peak[0, 0] == np.finfo(np.float32).max


@pytest.mark.parametrize("dtype", [np.bool_, np.uint8, np.int64, np.float16, np.float64])
def test_every_real_dtype_has_levels(dtype: type) -> None:
    assert Pyramid(np.ones((3, 3), dtype)).level(2).mean.tolist() == [[1, 1], [1, 1]]


def test_the_range_leaves_out_the_outermost_half_percent_and_what_is_not_finite() -> None:
    plane = np.concatenate([np.linspace(0, 1, 1001), [1e9, np.nan, np.inf]])
    low, high = robust_range(plane)
    assert 0 < low < 0.01
    assert 0.99 < high < 1.01


def test_a_few_numbers_among_equal_ones_set_the_range() -> None:
    plane = np.zeros(1000)
    plane[3] = 5.0
    assert robust_range(plane) == (0.0, 5.0)


def test_nothing_finite_gives_no_range() -> None:
    assert robust_range(np.full(3, np.nan)) == (0.0, 0.0)
    assert robust_range(np.zeros(0)) == (0.0, 0.0)
