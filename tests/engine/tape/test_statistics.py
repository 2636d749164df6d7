"""Statistics against numpy's own, for every dtype and every odd array."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from gradstep.engine.tape import statistics
from gradstep.engine.tape.schema import Stats
from gradstep.engine.tape.wire import stats_record

RAND = np.random.default_rng(0)
TINY = np.float32(1e-30)
ARRAYS: dict[str, npt.NDArray[Any]] = {
    "float32": RAND.standard_normal((7, 5)).astype(np.float32),
    "float64 large": RAND.standard_normal(50_000),
    "float16": RAND.standard_normal(100).astype(np.float16),
    "float16 that overflows": np.full(5000, 60000, np.float16),
    "int64": RAND.integers(-9, 9, 300),
    "uint8": RAND.integers(0, 255, 5000).astype(np.uint8),
    "bool": RAND.random(5000) > 0.5,
    "complex64": (RAND.standard_normal(9) + 1j * RAND.standard_normal(9)).astype(np.complex64),
    "complex128 large": RAND.standard_normal(9000) + 1j * RAND.standard_normal(9000),
    "scalar": np.array(3.0),
    "empty": np.zeros((0, 3)),
    "all zero": np.zeros(5000, np.float32),
    "transposed": RAND.standard_normal((70, 90)).T,
    "strided": RAND.standard_normal((90, 90))[::2, ::-3],
    "broadcast": np.broadcast_to(np.float32(2), (80, 80)),
    "NaN": np.array([1, np.nan, 3, 0.0]),
    "NaN in many": np.where(np.arange(9000) % 100 == 0, np.nan, 1.0),
    "infinities": np.array([np.inf, -np.inf, -np.inf, 2.0, np.nan], np.float32),
    "infinities in many": np.where(np.arange(9000) % 100 == 0, -np.inf, 1.0),
    "only NaN": np.full(3, np.nan),
    "complex NaN": np.array([complex(np.nan, 1), complex(np.inf, 0), complex(0, 0), complex(3, 4)]),
    "square overflows": np.array([1e200, -1e200]),
    "square overflows in float32": np.full(5000, 1e30, np.float32),
    "square vanishes": np.array([1e-200, 0.0]),
    "square vanishes in float32": np.full(5000, TINY, np.float32),
    "big endian": np.arange(5.0).astype(">f8"),
}


def plain(array: npt.NDArray[Any]) -> Stats:
    """The same the slow way."""
    wide = array.astype(np.complex128 if array.dtype.kind == "c" else np.float64).ravel()
    nans = np.isnan(wide)
    moduli = np.abs(wide) if wide.dtype.kind == "c" else wide
    finite = moduli[np.isfinite(moduli) & ~nans]
    top = float(np.abs(finite).max(initial=0.0))
    norm = top * float(np.sqrt((np.abs(finite / (top or 1.0)) ** 2).sum()))
    if nans.any():
        norm = math.nan
    elif not np.isfinite(moduli).all():
        norm = math.inf
    none = finite.size == 0
    return Stats(
        (0, 0),  # type: ignore[arg-type]
        array.size,
        norm,
        math.nan if none else float(finite.min()),
        math.nan if none else float(finite.max()),
        math.nan if none else float(finite.mean()),
        int((wide == 0).sum()),
        int(nans.sum()),
        int((np.where(nans, 0, moduli) == np.inf).sum()),
        int((np.where(nans, 0, moduli) == -np.inf).sum()),
    )


def assert_same(found: Stats, wanted: Stats, tolerance: float) -> None:
    for name in ("count", "zeros", "nans", "posinfs", "neginfs", "sampled"):
        assert getattr(found, name) == getattr(wanted, name), name
    for name in ("norm", "low", "high", "mean"):
        assert getattr(found, name) == pytest.approx(getattr(wanted, name), rel=tolerance, abs=1e-12, nan_ok=True), name


@pytest.mark.parametrize("name", ARRAYS)
def test_statistics_are_numpys(name: str) -> None:
    array = ARRAYS[name]
    assert_same(stats_record(statistics.of(1, 0, array)), plain(array), 1e-5)


def test_statistics_of_many_are_those_of_each() -> None:
    values = [(place, 0, array) for place, array in enumerate(ARRAYS.values())]
    rows = statistics.of_many(values)
    for row, (place, _, array) in zip(rows, values, strict=True):
        found = stats_record(row.item())
        assert found.val == (place, 0)
        assert_same(found, plain(array), 1e-9)


def test_of_no_values_there_are_no_statistics() -> None:
    assert len(statistics.of_many([])) == 0


@pytest.mark.parametrize("dtype", ["float32", "int32", "bool", "complex64", "float16"])
def test_large_values_are_sampled_but_for_norm_and_what_is_not_finite(dtype: str) -> None:
    array = (np.arange(statistics.LARGE * 2) % 5).astype(dtype)
    found = stats_record(statistics.of(1, 0, array))
    assert found.sampled
    assert found.count == array.size
    assert found.norm == pytest.approx(
        float(np.linalg.norm(array.astype(np.float64))) if dtype != "complex64" else float(np.linalg.norm(array)), rel=1e-5
    )
    assert found.zeros == pytest.approx(array.size / 5, rel=0.1)
    assert (found.low, found.high) == (0.0, 1.0 if dtype == "bool" else 4.0)


def test_one_nan_among_a_million_is_counted() -> None:
    array = np.ones(1_000_000, np.float32)
    array[777_777] = np.nan
    array[5] = np.inf
    found = stats_record(statistics.of(1, 0, array))
    assert (found.nans, found.posinfs, found.sampled) == (1, 1, False)


def test_nothing_warns_even_where_the_script_made_numpy_strict() -> None:
    with warnings.catch_warnings(), np.errstate(all="raise"):
        warnings.simplefilter("error")
        for array in ARRAYS.values():
            statistics.of(1, 0, array)
        statistics.of_many([(1, 0, array) for array in ARRAYS.values()])


def test_views_that_show_the_same_elements_are_known_by_them() -> None:
    array = RAND.standard_normal((6, 4, 8)).astype(np.float32)
    same = [array.reshape(24, 8), array.transpose(2, 0, 1), array.reshape(-1), array[:, None]]
    assert {statistics.elements_of(view) for view in same} == {statistics.elements_of(array)}
    part = array[:, 1:3]
    parts = [part.transpose(1, 0, 2), part.reshape(6, 16)[:, None], statistics.once(np.broadcast_to(part, (5, 6, 2, 8)))]
    assert {statistics.elements_of(view) for view in parts} == {statistics.elements_of(part)}
    others = [array, part, array[1:3], array[:3], array[3:], array[:, :2], array[::2], array[..., ::2]]
    assert len({statistics.elements_of(view) for view in others}) == len(others)


@pytest.mark.parametrize("kind", ["nan", "infinite", "vanishing", "strided", "half", "huge"])
def test_a_large_array_is_described_piece_by_piece_as_if_at_once(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statistics, "PIECE", 1000)
    array = np.random.default_rng(0).standard_normal((300, 401)).astype(np.float16 if kind == "half" else np.float32)
    if kind in ("nan", "half"):
        array[7, 9] = np.nan
    if kind in ("infinite", "half"):
        array[8, 9], array[9, 9] = np.inf, -np.inf
    if kind == "vanishing":
        array *= 1e-30
    if kind == "huge":
        array *= 1e30
    array[0, :5] = 0
    if kind == "strided":
        array = array[:, ::3]
    with np.errstate(all="ignore"):
        wanted = statistics.of_many([(1, 0, np.ascontiguousarray(array))])[0].item()
    found = statistics.of(1, 0, array)
    assert found[:3] == wanted[:3]
    if not found[11]:
        np.testing.assert_allclose(found[3:7], wanted[3:7], rtol=1e-6)
        assert found[7:] == wanted[7:]
