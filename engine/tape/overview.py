"""Planes of numbers made smaller without losing a NaN or a peak, exact figures of values of any size, and the pieces in which
a value of any size is gone through. What a window shows of a value, whoever holds it: the tape, or the paused program.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, Union

import numpy as np
import numpy.typing as npt

from ..older import dataclass

NAN, POSITIVE, NEGATIVE, EMPTY, BELOW = 1, 2, 4, 8, 16  # flags of a block; EMPTY: no finite element is in it, BELOW: one is below zero

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float32]
Flags = npt.NDArray[np.uint8]
Index = tuple[Union[int, slice], ...]  # noqa: UP007  # made when this is imported, also by Python 3.9
PARTS = ("abs", "real", "imag", "angle")
AT_ONCE = 1 << 15  # elements of which figures are made together
_TOP = float(np.finfo(np.float32).max)


@dataclass(frozen=True, slots=True, eq=False)
class Level:
    """A smaller copy: a block stands for ``down`` x ``across`` elements, fewer at the lower and right border."""

    down: int
    across: int
    mean: Floats
    peak: Floats  # of the finite elements the one farthest from zero, with its sign
    flags: Flags


def real_part(value: Array, part: str = "abs") -> Array:
    """An array as real floating numbers: of complex ones the ``part`` (one of PARTS); bool and integers as floats. float16
    becomes float32, which holds it exactly and is computed with at full speed."""
    if np.iscomplexobj(value):
        if part == "abs":
            return np.abs(value)
        return np.angle(value) if part == "angle" else np.real(value) if part == "real" else np.imag(value)
    if value.dtype == np.float16 or value.dtype == np.bool_ or value.dtype.itemsize < 4:
        return value.astype(np.float32)
    return value if np.issubdtype(value.dtype, np.floating) else value.astype(np.float64)


@dataclass(frozen=True, slots=True)
class Plane:
    """Which dimension of a value runs downwards and which to the right, and at which index of the others; ``at`` has an entry a
    dimension, of which those of the two mean nothing. Without ``rows`` (``columns``) the plane is one row (column)."""

    rows: int | None = None
    columns: int | None = None
    at: tuple[int, ...] = ()

    def fits(self, shape: tuple[int, ...]) -> bool:
        """Whether a value of this shape has such a plane."""
        free = [dim for dim in (self.rows, self.columns) if dim is not None]
        known = len(self.at) == len(shape) and all(0 <= dim < len(shape) for dim in free) and len(set(free)) == len(free)
        return known and all(0 <= self.at[dim] < size for dim, size in enumerate(shape) if dim not in free)

    def size(self, shape: tuple[int, ...]) -> tuple[int, int]:
        """How many rows and columns the plane of a value of this shape has."""
        return shape[self.rows] if self.rows is not None else 1, shape[self.columns] if self.columns is not None else 1

    def index(self, shape: tuple[int, ...], region: tuple[int, int, int, int], steps: tuple[int, int] = (1, 1)) -> Index:
        """Where the region (top, bottom, left, right; bottom and right are not in it) stands in the value."""
        top, bottom, left, right = region
        found: list[int | slice] = list(self.at)
        if self.rows is not None:
            found[self.rows] = slice(top, bottom, steps[0])
        if self.columns is not None:
            found[self.columns] = slice(left, right, steps[1])
        return tuple(found)

    def oriented(self, part: Array) -> Array:
        """What was read at such an ``index`` as a plane: rows downwards."""
        if self.rows is not None and self.columns is not None:
            return part if self.rows < self.columns else part.T
        return part.reshape((-1, 1) if self.columns is None else (1, -1))

    def element(self, row: int, column: int) -> tuple[int, ...]:
        """The index of an element in the value."""
        index = list(self.at)
        for dim, place in ((self.rows, row), (self.columns, column)):
            if dim is not None:
                index[dim] = place
        return tuple(index)

    def place(self, index: tuple[int, ...]) -> tuple[int, int]:
        """Row and column of the element at an index; the other dimensions are not looked at."""
        return (index[self.rows] if self.rows is not None else 0, index[self.columns] if self.columns is not None else 0)

    def at_element(self, index: tuple[int, ...]) -> Plane:
        """The plane of the same dimensions in which the element at an index lies."""
        free = (self.rows, self.columns)
        return Plane(self.rows, self.columns, tuple(self.at[dim] if dim in free else one for dim, one in enumerate(index)))

    def text(self) -> str:
        """As it is written in Python: ``[3, :, :]``; with ``.T`` behind it where the columns are an earlier dimension than the rows."""
        words = [":" if dim in (self.rows, self.columns) else str(at) for dim, at in enumerate(self.at)]
        turned = self.rows is not None and self.columns is not None and self.rows > self.columns
        return f"[{', '.join(words)}]" + (".T" if turned else "")


def first_plane(shape: tuple[int, ...]) -> Plane:
    """The plane that is shown first: the last two dimensions at index 0 of the others; a vector lies."""
    dims = len(shape)
    return Plane(dims - 2 if dims > 1 else None, dims - 1 if dims else None, (0,) * dims)


def reduced(numbers: Array, down: int, across: int) -> Level:
    """The copy of a plane of real floating numbers in which a block stands for ``down`` x ``across`` of them."""
    assert numbers.ndim == 2
    if down == across == 1:
        return sampled(numbers, 1, 1)
    with np.errstate(all="ignore"):
        total = _blocks(np.add, numbers, down, across)
        if np.isfinite(total).all():  # then every element is
            rows, columns = numbers.shape
            high, low = (_blocks(pick, numbers, down, across) for pick in (np.maximum, np.minimum))
            mean = total / (_sizes(rows, down)[:, None] * _sizes(columns, across))
            flags = (low < 0).astype(np.uint8) * np.uint8(BELOW)
            return Level(down, across, _narrow(mean), _narrow(np.where(high >= -low, high, low)), flags)
        return _reduced_with_gaps(numbers, down, across)


def _reduced_with_gaps(numbers: Array, down: int, across: int) -> Level:
    finite = np.isfinite(numbers)
    weight = _blocks(np.add, finite.astype(np.float32), down, across)
    total = _blocks(np.add, np.where(finite, numbers, 0).astype(np.float64), down, across)
    high = _blocks(np.maximum, np.where(finite, numbers, -np.inf), down, across)
    low = _blocks(np.minimum, np.where(finite, numbers, np.inf), down, across)
    some = weight > 0
    peak = np.where(some, np.where(high >= -low, high, low), 0)
    flags = np.where(some, np.uint8(0), np.uint8(EMPTY))
    flags |= np.where(some & (low < 0), np.uint8(BELOW), np.uint8(0))
    for flag, there in ((NAN, np.isnan(numbers)), (POSITIVE, numbers == np.inf), (NEGATIVE, numbers == -np.inf)):
        if there.any():
            flags |= np.where(_blocks(np.logical_or, there, down, across), np.uint8(flag), np.uint8(0))
    return Level(down, across, _narrow(np.where(some, total / np.maximum(weight, 1), 0)), _narrow(peak), flags)


def coarser(level: Level, down: int, across: int) -> Level:
    """A level whose blocks stand for ``down`` x ``across`` blocks of another one. The mean of blocks at a border that are
    smaller than the others counts as much as theirs."""
    if down == across == 1:
        return level
    full = (level.flags & EMPTY == 0).astype(np.float32)
    weight = _blocks(np.add, full, down, across)
    mean = _blocks(np.add, level.mean.astype(np.float64) * full, down, across) / np.maximum(weight, 1)
    high = _blocks(np.maximum, np.where(full > 0, level.peak, -np.inf), down, across)
    low = _blocks(np.minimum, np.where(full > 0, level.peak, np.inf), down, across)
    flags = _blocks(np.bitwise_or, level.flags & ~np.uint8(EMPTY), down, across)
    flags[weight == 0] |= EMPTY
    peak = np.where(weight > 0, np.where(high >= -low, high, low), 0)
    return Level(level.down * down, level.across * across, _narrow(mean), _narrow(peak), flags)


def sampled(numbers: Array, down: int, across: int) -> Level:
    """A level of elements that stand alone for their blocks: what is shown until the blocks themselves are here."""
    with np.errstate(invalid="ignore"):
        flags = (numbers < 0).astype(np.uint8) * np.uint8(BELOW)
    values = _narrow(numbers)
    finite = np.isfinite(numbers)
    if not finite.all():
        flags[~finite] = EMPTY
        for flag, there in ((NAN, np.isnan(numbers)), (POSITIVE, numbers == np.inf), (NEGATIVE, numbers == -np.inf)):
            flags[there] |= np.uint8(flag)
        values = np.where(finite, values, np.float32(0))
    return Level(down, across, values, values, flags)


def _blocks(combine: np.ufunc, numbers: Array, down: int, across: int) -> Array:
    """Rows first: they lie beside each other in memory, and what is left for the columns is small. Every ``down``-th row at once
    is five times as fast as ``reduceat``."""
    for factor, axis in ((down, 0), (across, 1)):
        length = numbers.shape[axis]
        if factor == 1 or length < 2:
            continue
        if factor > 64:
            numbers = combine.reduceat(numbers, np.arange(0, length, factor), axis=axis)
            continue
        numbers = numbers if axis == 0 else numbers.T
        made = numbers[::factor].copy()
        for start in range(1, min(factor, length)):
            part = numbers[start::factor]
            combine(made[: len(part)], part, out=made[: len(part)])
        numbers = made if axis == 0 else made.T
    return numbers


def _sizes(length: int, factor: int) -> npt.NDArray[np.float64]:
    sizes = np.full(-(-length // factor), float(factor))
    if length % factor:
        sizes[-1] = length % factor
    return sizes


def _narrow(numbers: Array) -> Floats:
    """As float32; float64 may be finite where float32 is not, and such a value is a peak, not an infinity."""
    if numbers.dtype == np.float32:
        return numbers
    return np.clip(numbers, -_TOP, _TOP).astype(np.float32)


# -------------------------------------------------------------------------------------------------------------- figures


@dataclass(frozen=True, slots=True)
class Figures:
    """What is counted and summed of a value or of a part of it, exactly; of a complex value over its moduli, in which an element
    with a NaN in either part is a NaN, else one with an infinite part a positive infinity. The numbers of parts add up (``+``).

    ``spread * scale**2`` is the sum of the squared distances of the finite elements from their mean. Those of two parts add up with
    the distance of their means: Chan, Golub, LeVeque, "Algorithms for computing the sample variance" (1983), equation 2.1b."""

    count: int = 0
    finite: int = 0
    zeros: int = 0
    negatives: int = 0  # finite ones below zero
    nans: int = 0
    posinfs: int = 0
    neginfs: int = 0
    low: float = math.inf  # of the finite ones
    high: float = -math.inf
    total: float = 0.0
    scale: float = 0.0
    spread: float = 0.0

    def __add__(self, other: Figures) -> Figures:
        top = max(self.scale, other.scale)
        spread = sum(one.spread * (one.scale / top) ** 2 for one in (self, other)) if top else 0.0
        if self.finite and other.finite and top:
            apart = self.mean / top - other.mean / top
            spread += apart * apart * self.finite * other.finite / (self.finite + other.finite)
        return Figures(
            self.count + other.count, self.finite + other.finite, self.zeros + other.zeros, self.negatives + other.negatives,
            self.nans + other.nans, self.posinfs + other.posinfs, self.neginfs + other.neginfs,
            min(self.low, other.low), max(self.high, other.high), self.total + other.total, top, spread,
        )  # fmt: skip

    @property
    def mean(self) -> float:
        """Of the finite elements; NaN where there are none."""
        return self.total / self.finite if self.finite else math.nan

    @property
    def deviation(self) -> float:
        """The standard deviation of the finite elements, as NumPy's ``std``."""
        return self.scale * math.sqrt(self.spread / self.finite) if self.finite else math.nan

    @property
    def norm(self) -> float:
        """The 2-norm of all elements."""
        if self.nans:
            return math.nan
        if self.posinfs or self.neginfs:
            return math.inf
        mean = self.mean / self.scale if self.finite and self.scale else 0.0
        return self.scale * math.sqrt(self.spread + mean * mean * self.finite)


def figures(value: Array) -> Figures:
    """The figures of an array that lies in memory."""
    flat = value.reshape(-1)
    if flat.size <= AT_ONCE:
        return _figures(flat)
    found = Figures()
    for start in range(0, flat.size, AT_ONCE):  # what is copied stays in the processor's cache
        found = found + _figures(flat[start : start + AT_ONCE])
    return found


def _figures(flat: Array) -> Figures:
    if flat.dtype.kind == "c":
        broken = np.isnan(flat.real) | np.isnan(flat.imag)
        flat = np.where(broken, np.nan, np.abs(flat))
    if not flat.size:
        return Figures()
    finite = numbers = flat.astype(np.float64)
    nans = posinfs = neginfs = 0
    low, high = float(numbers.min()), float(numbers.max())  # NaN where one is among them
    if not (math.isfinite(low) and math.isfinite(high)):
        nans, posinfs = int(np.count_nonzero(np.isnan(numbers))), int(np.count_nonzero(numbers == np.inf))
        neginfs = int(np.count_nonzero(numbers == -np.inf))
        finite = numbers[np.isfinite(numbers)]
        if not finite.size:
            return Figures(flat.size, 0, 0, 0, nans, posinfs, neginfs)
        low, high = float(finite.min()), float(finite.max())
    zeros = 0 if low > 0 or high < 0 else int(np.count_nonzero(finite == 0))
    negatives = 0 if low >= 0 else int(np.count_nonzero(finite < 0))
    scale = max(-low, high)
    if 1e-100 < scale < 1e100:
        scale = 1.0  # no square overflows or vanishes
        total = float(finite.sum())
    else:
        finite = finite / scale if scale else finite
        total = float(finite.sum()) * scale
    away = finite - finite.mean()
    return Figures(
        flat.size, finite.size, zeros, negatives, nans, posinfs, neginfs, low, high, total, scale, float(away.dot(away)),
    )  # fmt: skip


def outside(value: Array, low: float, high: float) -> tuple[int, int]:
    """How many finite elements are below and how many above a range; of complex ones the moduli."""
    numbers = np.abs(value) if value.dtype.kind == "c" else value
    with np.errstate(invalid="ignore"):
        below = np.count_nonzero(numbers < low) - np.count_nonzero(numbers == -np.inf) if low > -math.inf else 0
        above = np.count_nonzero(numbers > high) - np.count_nonzero(numbers == np.inf) if high < math.inf else 0
    return int(below), int(above)


def histogram(numbers: Array, low: float, high: float, bins: int) -> npt.NDArray[np.int64]:
    """How many finite elements lie in each of ``bins`` bins of equal width from ``low`` to ``high``, both in."""
    flat = numbers.reshape(-1)
    if flat.dtype.kind == "f":
        flat = flat[np.isfinite(flat)]
    counts, _ = np.histogram(flat.astype(np.float64, copy=False), bins, (low, high if high > low else low + 1.0))
    return counts.astype(np.int64, copy=False)


def pieces(shape: tuple[int, ...], most: int) -> Iterator[Index]:
    """Indices that cut an array of this shape into parts of at most ``most`` elements, in C order. ``most`` is at least 1."""
    if not math.prod(shape):
        return
    rest = math.prod(shape)
    whole = 0  # the first dimension of which more than one index fits
    for size in shape:
        if rest <= most or rest // size <= most:
            break
        rest //= size
        whole += 1
    if whole == len(shape):
        yield from np.ndindex(*shape)
        return
    inner = rest // shape[whole]
    step = max(most // inner, 1)
    for outer in np.ndindex(*shape[:whole]):
        for start in range(0, shape[whole], step):
            yield (*outer, slice(start, min(start + step, shape[whole])))


def robust_range(numbers: Array, low: float = 0.5, high: float = 99.5, limit: int = 1_000_000) -> tuple[float, float]:
    """The percentiles ``low`` and ``high`` of the finite elements; of every k-th of them where there are more than ``limit``.
    (0, 0) where there is no finite element; all equal elements give a range of no width."""
    flat = numbers.reshape(-1)
    if flat.size > limit:
        flat = flat[:: -(-flat.size // limit)]
    finite = flat.astype(np.float64)
    finite = finite[np.isfinite(finite)]
    if not finite.size:
        return 0.0, 0.0
    ends = np.percentile(finite, [low, high])
    if ends[0] == ends[1]:  # a few elements stand out of many equal ones: they are what one wants to see
        ends = np.array([finite.min(), finite.max()])
    return float(ends[0]), float(ends[1])
