"""What is known of one value: its statistics, its data where they were kept, and what stood there before. No Qt."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradstep.engine.tape.reader import Tape
from gradstep.engine.tape.schema import Meta, Role, Stats, Val

Array = NDArray[Any]


class Kept(Enum):
    """Whether a panel can show the value itself."""

    NOTHING = "nothing"  # nothing is selected
    KEPT = "kept"
    NOT_KEPT = "not kept"  # only its statistics, if those
    UNDEFINED = "undefined"  # an undefined gradient (None)


@dataclass(frozen=True, slots=True)
class TensorView:
    """A value as a panel shows it. ``before`` is the same thing before the current event, None where there is no before."""

    label: str = ""
    kept: Kept = Kept.NOTHING
    val: Val | None = None
    meta: Meta | None = None
    stats: Stats | None = None
    value: Array | None = None
    before: Array | None = None
    before_label: str = ""
    role: Role | None = None
    level: str = ""  # the capture level, for the sentence on values that were not kept

    @property
    def shape(self) -> tuple[int, ...]:
        if self.value is not None:
            return self.value.shape
        return self.meta.shape if self.meta is not None else ()


def tensor_view(tape: Tape, val: Val | None, label: str, before: Val | None = None, before_label: str = "", level: str = "") -> TensorView:
    """The view of a value on the tape; of an undefined gradient where ``val`` is None."""
    if val is None:
        return TensorView(label, Kept.UNDEFINED, level=level)
    noun = tape.tensors.get(val.tensor)
    value = tape.value(val)
    stats = tape.stats.get(val)
    if stats is None and value is not None:
        stats = statistics(value, val)
    return TensorView(
        label, Kept.KEPT if value is not None else Kept.NOT_KEPT, val, noun.meta if noun is not None else None, stats, value,
        tape.value(before) if before is not None else None, before_label, noun.role if noun is not None else None, level,
    )  # fmt: skip


def statistics(value: Array, val: Val | None = None) -> Stats:
    """Statistics of an array, as the schema defines them; of a complex one those of its absolute values."""
    flat = value.reshape(-1)
    numbers = np.abs(flat) if np.iscomplexobj(flat) else flat
    numbers = numbers.astype(np.float64, copy=False)
    finite = numbers[np.isfinite(numbers)]
    low, high, mean = (float(finite.min()), float(finite.max()), float(finite.mean())) if finite.size else (math.nan,) * 3
    with np.errstate(over="ignore", invalid="ignore"):
        norm = float(np.sqrt(np.dot(numbers, numbers))) if numbers.size else 0.0
    return Stats(
        val or Val(0, 0), numbers.size, norm, low, high, mean, int(np.count_nonzero(numbers == 0)), int(np.isnan(numbers).sum()),
        int(np.isposinf(numbers).sum()), int(np.isneginf(numbers).sum()),
    )  # fmt: skip


def real_part(value: Array, part: str = "abs") -> Array:
    """An array as real floating numbers: of complex ones the ``part`` ("real", "imag", "abs", "angle"); bool and integers
    as they are. float16 becomes float32, which holds it exactly and is computed with at full speed."""
    if np.iscomplexobj(value):
        match part:
            case "real":
                return np.real(value)
            case "imag":
                return np.imag(value)
            case "angle":
                return np.angle(value)
            case _:
                return np.abs(value)
    if value.dtype == np.float16 or value.dtype == np.bool_ or value.dtype.itemsize < 4:
        return value.astype(np.float32)
    return value if np.issubdtype(value.dtype, np.floating) else value.astype(np.float64)


def plane(value: Array, rows: int, columns: int, at: tuple[int, ...]) -> Array:
    """A two-dimensional view of an n-dimensional array: dimension ``rows`` downwards, ``columns`` to the right, the others
    at the indices ``at`` (an entry a dimension; those of the two are ignored). A scalar gives 1x1, one dimension nx1."""
    if value.ndim == 0:
        return value.reshape(1, 1)
    if value.ndim == 1:
        return value.reshape(-1, 1)
    where = tuple(slice(None) if dim in (rows, columns) else at[dim] for dim in range(value.ndim))
    cut = value[where]
    return cut if rows < columns else cut.T


def change(after: Array, before: Array) -> Array:
    """After minus before where the shapes agree; of truth values, where they differ."""
    if after.dtype == np.bool_:
        return np.not_equal(after, before)
    with np.errstate(invalid="ignore", over="ignore"):
        if np.issubdtype(after.dtype, np.integer):
            return after.astype(np.float64) - before.astype(np.float64)
        return np.asarray(after - before)
