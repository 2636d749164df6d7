"""A smaller plane loses no NaN and no peak, and figures of parts add up to what NumPy says of the whole."""

from __future__ import annotations

import math

import numpy as np
import pytest

from gradstep.engine.tape.overview import (
    BELOW,
    EMPTY,
    NAN,
    NEGATIVE,
    POSITIVE,
    Figures,
    Plane,
    coarser,
    figures,
    first_plane,
    outside,
    pieces,
    real_part,
    reduced,
    robust_range,
    sampled,
)


def random(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).normal(size=shape)


@pytest.mark.parametrize("shape", [(1, 1), (7, 5), (64, 48), (1, 300), (301, 1)])
@pytest.mark.parametrize(("down", "across"), [(1, 1), (2, 2), (3, 1), (4, 16), (100, 7)])
def test_a_block_has_the_mean_and_the_peak_of_its_elements(shape: tuple[int, int], down: int, across: int) -> None:
    values = random(*shape)
    level = reduced(values, down, across)
    for row in range(-(-shape[0] // down)):
        for column in range(-(-shape[1] // across)):
            block = values[row * down : (row + 1) * down, column * across : (column + 1) * across]
            assert level.mean[row, column] == pytest.approx(block.mean(), rel=1e-4, abs=1e-6)
            assert level.peak[row, column] == pytest.approx(block.flat[np.abs(block).argmax()], rel=1e-6)
            assert bool(level.flags[row, column] & BELOW) == bool((block < 0).any())


@pytest.mark.parametrize(("bad", "flag"), [(np.nan, NAN), (np.inf, POSITIVE), (-np.inf, NEGATIVE)])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_one_bad_element_is_found_in_every_level_and_spoils_no_mean(bad: float, flag: int, dtype: type) -> None:
    values = random(50, 70).astype(dtype)
    values[33, 44] = bad
    level = reduced(real_part(values), 8, 4)
    assert level.flags[4, 11] & flag
    assert np.count_nonzero(level.flags & (NAN | POSITIVE | NEGATIVE)) == 1
    block = values[32:40, 44:48].astype(float)
    assert level.mean[4, 11] == pytest.approx(block[np.isfinite(block)].mean(), rel=1e-3)
    smaller = coarser(level, 3, 5)
    assert smaller.flags[1, 2] & flag
    assert not smaller.flags[1, 2] & EMPTY
    assert sampled(real_part(values)[33:34, 44:45], 8, 8).flags[0, 0] & flag


def test_a_block_of_nothing_finite_is_empty() -> None:
    level = reduced(np.full((4, 4), np.nan), 2, 2)
    assert (level.flags == NAN | EMPTY).all()
    assert (level.mean == 0).all()
    assert (coarser(level, 2, 2).flags == NAN | EMPTY).all()


def test_numbers_that_float32_cannot_hold_are_peaks_and_not_infinities() -> None:
    level = reduced(np.full((2, 2), 1e300), 2, 2)
    assert level.flags[0, 0] == 0
    assert np.isfinite(level.peak).all()


EDGES = [
    np.zeros((0,)), np.zeros((3, 4)), np.array(3.5), random(40, 30), random(300, 400) + 50, -np.abs(random(9)),
    np.array([np.nan, np.inf, -np.inf, 0, -2.0]),
    np.full(4, np.nan), np.array([1e200, -1e200, 3]), np.array([1e-200, 2e-200]), np.arange(-5, 20), np.array([True, False, True]),
    random(6).astype(np.float16), random(8).astype(np.complex64), np.array([1 + 1j, complex(math.nan, 1), complex(0, math.inf), 0]),
    np.array([60000, 60000], np.float16), np.array([2**63 - 1, -(2**63)]), np.array([0, 255], np.uint8),
]  # fmt: skip


@pytest.mark.parametrize("value", EDGES, ids=lambda value: f"{value.dtype}{value.shape}")
def test_figures_are_what_numpy_says(value: np.ndarray) -> None:
    found = figures(value)
    numbers = np.where(np.isnan(value), np.nan, np.abs(value)) if value.dtype.kind == "c" else value.astype(float)
    finite = numbers[np.isfinite(numbers)]
    assert (found.count, found.finite) == (value.size, finite.size)
    assert found.zeros == np.count_nonzero(finite == 0)
    assert found.negatives == np.count_nonzero(finite < 0)
    assert found.nans == np.count_nonzero(np.isnan(numbers))
    assert (found.posinfs, found.neginfs) == (np.count_nonzero(numbers == np.inf), np.count_nonzero(numbers == -np.inf))
    if finite.size:
        assert (found.low, found.high) == (finite.min(), finite.max())
        assert found.mean == pytest.approx(finite.mean())
        top = max(float(np.abs(finite).max()), 1e-300)
        assert found.deviation == pytest.approx((finite / top).std() * top, rel=1e-6, abs=top * 1e-9)
        if finite.size == numbers.size:
            assert found.norm == pytest.approx(np.linalg.norm((numbers / top).ravel()) * top)
    else:
        assert math.isnan(found.mean)
        assert math.isnan(found.deviation)


@pytest.mark.parametrize("most", [1, 7, 100, 10**6])
@pytest.mark.parametrize("shape", [(), (0,), (5,), (100,), (3, 4), (2, 3, 50), (4, 0, 2), (1, 1, 7, 3)])
def test_pieces_cover_every_element_once_and_are_small(shape: tuple[int, ...], most: int) -> None:
    seen = np.zeros(shape, int)
    for index in pieces(shape, most):
        assert seen[index].size <= most
        seen[index] += 1
    assert (seen == 1).all()


def test_figures_of_parts_add_up() -> None:
    value = np.concatenate([random(500) * 1e150, random(500) * 1e-150, [np.inf, -3.0, 0.0]])
    value = np.concatenate([value, random(100) + 1e8])
    parts = sum((figures(value[index]) for index in pieces(value.shape, 64)), Figures())
    whole = figures(value)
    assert (parts.count, parts.zeros, parts.negatives, parts.low, parts.high) == (
        whole.count, whole.zeros, whole.negatives, whole.low, whole.high,
    )  # fmt: skip
    assert parts.mean == pytest.approx(whole.mean)
    assert parts.deviation == pytest.approx(whole.deviation)


def test_infinities_are_not_outside_of_a_range() -> None:
    assert outside(np.array([np.nan, -np.inf, np.inf, -1.0, 0, 1, 2]), -0.5, 0.5) == (1, 2)


@pytest.mark.parametrize(
    ("plane", "index"),
    [
        (Plane(1, 2, (1, 0, 0)), np.s_[1, 1:3, 2:4]),
        (Plane(2, 0, (0, 2, 0)), np.s_[2:4, 2, 1:3]),
        (Plane(None, 2, (1, 2, 0)), np.s_[1, 2, 2:4]),
    ],
)
def test_a_plane_says_where_its_regions_stand(plane: Plane, index: object) -> None:
    value = np.arange(2 * 3 * 4 * 2).reshape(4, 3, 4)
    assert plane.fits(value.shape)
    part = plane.oriented(value[plane.index(value.shape, (1, 3, 2, 4))])
    wanted = value[index]
    assert part.ravel().tolist() == (wanted.T if plane.rows == 2 else wanted).ravel().tolist()
    row = 1 if plane.rows is not None else 0
    assert value[plane.element(row, 2)] == part[0, 0]
    assert plane.place(plane.element(row, 2)) == (row, 2)
    assert plane.at_element(plane.element(row, 2)) == plane


def test_the_first_plane_is_the_last_two_dimensions() -> None:
    assert first_plane((2, 3, 4)).text() == "[0, :, :]"
    assert first_plane((5,)).size((5,)) == (1, 5)
    assert first_plane(()).size(()) == (1, 1)
    assert Plane(2, 1, (0, 0, 0)).text() == "[0, :, :].T"
    assert not Plane(0, 0, (0, 0)).fits((2, 2))
    assert not Plane(None, 1, (2, 0)).fits((2, 2))


def test_the_range_leaves_outliers_out_and_takes_them_where_all_else_is_equal() -> None:
    assert robust_range(np.array([np.nan, np.inf])) == (0.0, 0.0)
    numbers = np.linspace(0, 1, 10_001)
    numbers[5000] = 1e9
    assert robust_range(numbers)[1] < 2
    assert robust_range(np.array([0.0] * 1000 + [5.0])) == (0.0, 5.0)
