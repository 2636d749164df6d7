"""Statistics of values: one number where one is enough.

One dot product gives the norm and, where it is finite, proves that nothing in the array is NaN or infinite; only
otherwise is every element looked at. Small arrays are collected and looked at together (``of_many``): then a value costs
a copy. Norms are computed in float64 where that is cheap and in float32 by the dot product of large arrays.

A complex value is described by its moduli; an element with a NaN in either part counts as NaN, one with an infinite part
as a positive infinity. Booleans count as 0 and 1. ``low``, ``high`` and ``mean`` are over the finite elements.
"""

from __future__ import annotations

import contextvars
import math
import threading
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

STATS = np.dtype(  # what wire.STATS_ROW is
    [
        ("tensor", "<i8"), ("version", "<i8"), ("count", "<i8"), ("norm", "<f8"), ("low", "<f8"), ("high", "<f8"), ("mean", "<f8"),
        ("zeros", "<i8"), ("nans", "<i8"), ("posinfs", "<i8"), ("neginfs", "<i8"), ("sampled", "<i8"),
    ]
)  # fmt: skip
StatsRows = npt.NDArray[np.void]
LARGE = 1 << 16  # elements; above it low, high, mean and zeros come from a sample
SAMPLE = 4096
ROW = 4096  # elements that are summed by one product
PIECE = 1 << 20  # elements of a large array that are looked at together where each has to be: what that takes of memory stays small
NAN = math.nan

Floats = npt.NDArray[np.floating[Any]]


class _Quiet(threading.local):
    """``run`` calls a function without numpy's warnings of overflow, at a tenth of what ``numpy.errstate`` takes."""

    def __init__(self) -> None:
        context = contextvars.Context()
        context.run(np.seterr, all="ignore")
        self.run = context.run


_quiet = _Quiet()
_ONES = {np.dtype(kind): np.ones(ROW, kind) for kind in (np.float32, np.float64)}


def of_many(values: Sequence[tuple[int, int, npt.NDArray[Any]]]) -> StatsRows:
    """Exact statistics of many small arrays, given with tensor and version; a row each, in the same order."""
    rows = np.zeros(len(values), STATS)
    rows["tensor"] = [tensor for tensor, _, _ in values]
    rows["version"] = [version for _, version, _ in values]
    rows["count"] = sizes = np.array([array.size for _, _, array in values], np.int64)
    for name in ("low", "high", "mean"):
        rows[name] = NAN
    real = np.array([array.dtype.kind != "c" for _, _, array in values], np.bool_)
    with np.errstate(all="ignore"):
        for chosen, dtype in ((np.flatnonzero(real & (sizes > 0)), np.float64), (np.flatnonzero(~real & (sizes > 0)), np.complex128)):
            if len(chosen):
                arrays = [values[place][2] for place in chosen.tolist()]
                flat = np.concatenate(arrays, axis=None, dtype=dtype, casting="unsafe")
                rows[chosen] = _segments(flat, sizes[chosen], rows[chosen])
    return rows


def _segments(values: npt.NDArray[Any], sizes: npt.NDArray[np.int64], rows: StatsRows) -> StatsRows:
    """Fill the rows of the arrays that lie one behind the other in ``values``."""
    starts = np.cumsum(sizes) - sizes
    if values.dtype.kind == "c":
        broken = np.isnan(values.real) | np.isnan(values.imag)
        flat = np.where(broken, NAN, np.abs(values))
    else:
        flat = values
    if not flat.all():
        rows["zeros"] = np.diff(np.searchsorted(np.flatnonzero(flat == 0), np.append(starts, len(flat))))
    squares = np.add.reduceat(flat * flat, starts)
    rows["norm"] = np.sqrt(squares)
    finite = None if np.isfinite(squares).all() else np.isfinite(flat)
    if finite is None or finite.all():
        rows["low"], rows["high"] = np.minimum.reduceat(flat, starts), np.maximum.reduceat(flat, starts)
        rows["mean"] = np.add.reduceat(flat, starts) / sizes
    else:
        rows["nans"] = np.add.reduceat(np.isnan(flat), starts, dtype=np.int64)
        rows["posinfs"] = np.add.reduceat(flat == np.inf, starts, dtype=np.int64)
        rows["neginfs"] = np.add.reduceat(flat == -np.inf, starts, dtype=np.int64)
        count = np.add.reduceat(finite, starts, dtype=np.int64)
        some = count > 0
        rows["low"] = np.where(some, np.minimum.reduceat(np.where(finite, flat, np.inf), starts), NAN)
        rows["high"] = np.where(some, np.maximum.reduceat(np.where(finite, flat, -np.inf), starts), NAN)
        rows["mean"] = np.where(some, np.add.reduceat(np.where(finite, flat, 0.0), starts) / np.maximum(count, 1), NAN)
    top = np.maximum(np.abs(rows["low"]), np.abs(rows["high"]))
    whole = (rows["nans"] == 0) & (rows["posinfs"] == 0) & (rows["neginfs"] == 0) & (top > 0)
    for place in np.flatnonzero(whole & (~np.isfinite(rows["norm"]) | (rows["norm"] < 1e-150))).tolist():
        part = flat[starts[place] : starts[place] + sizes[place]] / top[place]  # the square overflowed or vanished
        rows["norm"][place] = top[place] * math.sqrt(float(part.dot(part)))
    return rows


def of(tensor: int, version: int, array: npt.NDArray[Any]) -> tuple[Any, ...]:
    """Statistics of one array as a row of STATS. Above LARGE elements low, high, mean and zeros are those of a sample."""
    kind, size = array.dtype.kind, array.size
    if size > 4 * PIECE and not _is_dense(array):
        return _of_pieces(tensor, version, array)
    flat = array.ravel(order="K")  # in the order of memory, without a copy where nothing lies between the elements
    if kind == "f" and flat.dtype.itemsize >= 4 and size:
        try:
            square = float(_quiet.run(flat.dot, flat))
        except RuntimeError:  # this thread is inside it: a signal's handler records
            with np.errstate(all="ignore"):
                square = float(flat.dot(flat))
        if 1e-30 < square < math.inf:
            return _described(tensor, version, flat, math.sqrt(square))
    if size == 0:
        return tensor, version, 0, 0.0, NAN, NAN, NAN, 0, 0, 0, 0, False
    if kind == "b" and size <= LARGE:
        ones = int(np.count_nonzero(flat))
        return tensor, version, size, math.sqrt(ones), float(ones == size), float(ones > 0), ones / size, size - ones, 0, 0, 0, False
    with np.errstate(all="ignore"):
        return _of_others(tensor, version, flat)


def _of_others(tensor: int, version: int, flat: npt.NDArray[Any]) -> tuple[Any, ...]:
    """The row of an array that is not made of ordinary real numbers: integers, half precision, complex, not finite, vanishing."""
    size = flat.size
    if flat.dtype.kind not in "fc" or flat.dtype.itemsize < 4:
        if size > LARGE:
            return _of_sample(tensor, version, flat)
        flat = flat.astype(np.float64)
    square = float(np.vdot(flat, flat).real)
    if 1e-30 < square < math.inf:
        return _described(tensor, version, flat, math.sqrt(square))
    if square == 0.0 and not flat.any():
        return tensor, version, size, 0.0, 0.0, 0.0, 0.0, size, 0, 0, 0, False
    if size > 4 * PIECE:
        return _of_pieces(tensor, version, flat)
    if not math.isfinite(square) and flat.dtype.kind == "f":
        finite = np.isfinite(flat)
        if not finite.all():
            return _of_broken(tensor, version, flat, flat[finite])
    row: tuple[Any, ...] = of_many([(tensor, version, flat)])[0].item()  # look at all of it
    return row


def _is_dense(array: npt.NDArray[Any]) -> bool:
    """Whether the elements fill a stretch of memory, so that they can be looked at without a copy."""
    step = array.itemsize
    for stride, size in sorted(zip(array.strides, array.shape, strict=True)):
        if size != 1:
            if stride != step:
                return False
            step *= size
    return True


def _of_pieces(tensor: int, version: int, array: npt.NDArray[Any]) -> tuple[Any, ...]:
    """Exact statistics of a large array, in memory for a piece of it."""
    walk: Any = np.nditer(array, flags=["external_loop", "buffered"], order="K", buffersize=PIECE)
    rows = np.concatenate([
        of_many([(tensor, version, piece[start : start + PIECE])]) for piece in walk for start in range(0, piece.size, PIECE)
    ])  # fmt: skip
    count, nans, posinfs, neginfs = (int(rows[name].sum()) for name in ("count", "nans", "posinfs", "neginfs"))
    norm = NAN if nans else math.inf if posinfs or neginfs else math.hypot(*rows["norm"].tolist())
    finite = rows["count"] - rows["nans"] - rows["posinfs"] - rows["neginfs"]
    low = high = mean = NAN
    if (some := rows[finite > 0]).size:
        low, high = float(some["low"].min()), float(some["high"].max())
        mean = float((some["mean"] * finite[finite > 0]).sum() / finite.sum())
    return tensor, version, count, norm, low, high, mean, int(rows["zeros"].sum()), nans, posinfs, neginfs, False


def _of_broken(tensor: int, version: int, flat: npt.NDArray[Any], finite: npt.NDArray[Any]) -> tuple[Any, ...]:
    """The row of an array of which only ``finite`` is finite; a mask of infinities is the usual case."""
    nans = int(np.count_nonzero(np.isnan(flat)))
    high = int(np.count_nonzero(flat == math.inf))
    low = flat.size - finite.size - nans - high
    norm = NAN if nans else math.inf
    if not finite.size:
        return tensor, version, flat.size, norm, NAN, NAN, NAN, 0, nans, high, low, False
    smallest, largest = float(np.minimum.reduce(finite)), float(np.maximum.reduce(finite))
    zeros = 0 if smallest > 0 or largest < 0 else finite.size - int(np.count_nonzero(finite != 0))
    return tensor, version, flat.size, norm, smallest, largest, _sum(finite) / finite.size, zeros, nans, high, low, False


def address(array: npt.NDArray[Any]) -> int:
    """Where the first element lies."""
    found: int = array.__array_interface__["data"][0]
    return found


def elements_of(array: npt.NDArray[Any]) -> tuple[int, ...]:
    """Which elements of memory an array shows, how often does not count: the address, then size and stride of each run. Views
    that only turn, split or join dimensions are alike in this."""
    strides, sizes = array.strides, array.shape
    key = [address(array)]
    expected = 0
    for stride, size in sorted(zip(strides, sizes, strict=True)):
        if size == 1 or stride == 0:
            continue
        if stride == expected:
            key[-2] *= size
        else:
            key += (size, stride)
        expected = key[-2] * key[-1]
    return tuple(key)


def once(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """An array with each element that is repeated along a dimension without stride once."""
    if 0 not in array.strides or array.size == 0:
        return array
    return array[tuple([0 if stride == 0 else slice(None) for stride in array.strides])]


def repeated(row: tuple[Any, ...], tensor: int, version: int, count: int) -> tuple[Any, ...]:
    """The row of another tensor that shows the same elements, ``count`` in all."""
    times = count // row[2] if row[2] else 1
    return (tensor, version, count, row[3] * math.sqrt(times), *row[4:7], *(number * times for number in row[7:11]), row[11])


def _described(tensor: int, version: int, flat: npt.NDArray[Any], norm: float) -> tuple[Any, ...]:
    """The row of an array with nothing but finite elements."""
    count, sampled = flat.size, flat.size > LARGE
    part = flat[:: count // SAMPLE][:SAMPLE] if sampled else flat
    moduli: Floats = np.abs(part) if part.dtype.kind == "c" else part
    low, high = float(np.minimum.reduce(moduli)), float(np.maximum.reduce(moduli))
    zeros = 0 if low > 0 or high < 0 else part.size - int(np.count_nonzero(part != 0))  # numpy counts truths quicker than numbers
    if sampled:
        zeros = round(zeros * count / part.size)
    return tensor, version, count, norm, low, high, _sum(moduli) / moduli.size, zeros, 0, 0, 0, sampled


def _sum(values: Floats) -> float:
    """The sum, for many in rows by a product with ones, which reads them once."""
    ones = _ONES.get(values.dtype)
    if ones is None or values.size < ROW or not values.flags.c_contiguous:
        return float(np.add.reduce(values, dtype=np.float64))
    whole = values.size - values.size % ROW
    rows = values[:whole].reshape(-1, ROW).dot(ones)
    return float(np.add.reduce(rows, dtype=np.float64)) + float(np.add.reduce(values[whole:], dtype=np.float64))


def _of_sample(tensor: int, version: int, flat: npt.NDArray[Any]) -> tuple[Any, ...]:
    """A large array of integers, booleans or half-precision numbers: norm and infinities piece by piece in float64, the
    rest from a sample."""
    square = 0.0
    with np.errstate(all="ignore"):
        for start in range(0, flat.size, LARGE):
            piece = flat[start : start + LARGE].astype(np.float64)
            square += float(piece.dot(piece))
        if not math.isfinite(square):
            return _of_pieces(tensor, version, flat)
        part = flat[:: flat.size // SAMPLE][:SAMPLE].astype(np.float64)
    described = _described(tensor, version, part, math.sqrt(square))
    zeros = round(described[7] * flat.size / part.size)
    return (*described[:2], flat.size, *described[3:7], zeros, 0, 0, 0, True)
