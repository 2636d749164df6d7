"""Smaller copies of a plane of numbers, each half as wide and high as the one before, in which no NaN and no peak is lost.

Shrinking an image drops pixels, and a single NaN with them. A level here keeps for every block of the plane the mean and
the value farthest from zero of its finite elements, and flags that say whether a NaN or an infinity is in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

NAN, POSITIVE, NEGATIVE, EMPTY = 1, 2, 4, 8  # flags of a block; EMPTY: no finite element is in it

Floats = NDArray[np.float32]
Flags = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Level:
    """One copy: a block stands for ``factor`` x ``factor`` elements (fewer at the lower and right border)."""

    factor: int
    mean: Floats
    peak: Floats  # of the finite elements the one farthest from zero, with its sign
    flags: Flags


class Pyramid:
    """The levels of a plane, made when they are first asked for. The elements may be of any real dtype."""

    def __init__(self, plane: NDArray[Any]) -> None:
        assert plane.ndim == 2
        self.shape = plane.shape
        with np.errstate(over="ignore"):
            values = plane.astype(np.float32)
        flags = np.zeros(plane.shape, np.uint8)
        if np.issubdtype(plane.dtype, np.floating):
            finite = np.isfinite(plane)
            if not finite.all():
                flags[np.isnan(plane)] = NAN | EMPTY
                flags[np.isposinf(plane)] = POSITIVE | EMPTY
                flags[np.isneginf(plane)] = NEGATIVE | EMPTY
                values[~finite] = 0
            # float64 may be finite where float32 is not: such a value is a peak, not an infinity
            np.clip(values, -np.finfo(np.float32).max, np.finfo(np.float32).max, out=values)
        self._levels = [Level(1, values, values, flags)]
        self._weights = (flags & EMPTY == 0).astype(np.float32)

    def level(self, factor: float) -> Level:
        """The smallest copy in which a block stands for no more than ``factor`` x ``factor`` elements."""
        place = max(int(np.floor(np.log2(max(factor, 1.0)))), 0)
        while len(self._levels) <= place and max(self._levels[-1].mean.shape, default=0) > 1:
            self._halve()
        return self._levels[min(place, len(self._levels) - 1)]

    def _halve(self) -> None:
        last = self._levels[-1]
        weight = _pairs(self._weights, np.add)
        total = _pairs(last.mean * self._weights, np.add)
        mean = np.divide(total, weight, out=np.zeros_like(total), where=weight > 0)
        high, low = _pairs(last.peak, np.maximum), _pairs(last.peak, np.minimum)
        flags = _pairs(last.flags & ~np.uint8(EMPTY), np.bitwise_or)
        flags[weight == 0] |= EMPTY
        self._weights = weight
        self._levels.append(Level(last.factor * 2, mean, np.where(high >= -low, high, low), flags))


def _pairs(array: NDArray[Any], combine: np.ufunc) -> NDArray[Any]:
    """Combine neighbours two by two along both dimensions; an odd one out stays alone."""
    for axis in (0, 1):
        if array.shape[axis] < 2:
            continue
        even = array[::2] if axis == 0 else array[:, ::2]
        odd = array[1::2] if axis == 0 else array[:, 1::2]
        if even.shape == odd.shape:
            array = combine(even, odd)
        else:
            result = even.copy()
            inner = result[:-1] if axis == 0 else result[:, :-1]
            combine(inner, odd, out=inner)
            array = result
    return array


def robust_range(plane: NDArray[Any], low: float = 0.5, high: float = 99.5, limit: int = 1_000_000) -> tuple[float, float]:
    """The percentiles ``low`` and ``high`` of the finite elements; of every k-th of them where there are more than ``limit``.
    (0, 0) where there is no finite element; all equal elements give a range of no width."""
    flat = plane.reshape(-1)
    if flat.size > limit:
        flat = flat[:: flat.size // limit]
    numbers = flat.astype(np.float64)
    numbers = numbers[np.isfinite(numbers)]
    if not numbers.size:
        return 0.0, 0.0
    ends = np.percentile(numbers, [low, high])
    if ends[0] == ends[1]:  # a few elements stand out of many equal ones: they are what one wants to see
        ends = np.array([numbers.min(), numbers.max()])
    return float(ends[0]), float(ends[1])
