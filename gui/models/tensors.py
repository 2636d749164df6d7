"""What is known of one value: its statistics, its data where they were kept, and what stood there before. No Qt."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum
from typing import Any

from numpy.typing import NDArray

from gradstep.engine.tape.extent import Extent
from gradstep.engine.tape.overview import figures
from gradstep.engine.tape.reader import Tape
from gradstep.engine.tape.schema import Meta, Role, Stats, Val

Array = NDArray[Any]
NEAR = 1 << 22  # bytes: values up to here are taken into memory whole; of larger ones only what is seen is read


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
    extent: Extent | None = None  # where a value lies that is too large to be taken into memory whole; ``value`` is None then
    before_extent: Extent | None = None
    moment: int = -1  # the event after which it was looked at

    @property
    def shape(self) -> tuple[int, ...]:
        if self.value is not None:
            return self.value.shape
        return self.meta.shape if self.meta is not None else ()

    @property
    def has_before(self) -> bool:
        """Whether what stood there before can be shown."""
        return self.before is not None or self.before_extent is not None


def tensor_view(
    tape: Tape, val: Val | None, label: str, before: Val | None = None, before_label: str = "", level: str = "", moment: int = -1
) -> TensorView:
    """The view of a value on the tape; of an undefined gradient where ``val`` is None."""
    if val is None:
        return TensorView(label, Kept.UNDEFINED, level=level, moment=moment)
    noun = tape.tensors.get(val.tensor)
    value, extent = _held(tape, val)
    before_value, before_extent = _held(tape, before) if before is not None else (None, None)
    stats = tape.stats.get(val)
    if stats is None and value is not None:
        stats = statistics(value, val)
    kept = Kept.KEPT if value is not None or extent is not None else Kept.NOT_KEPT
    return TensorView(
        label, kept, val, noun.meta if noun is not None else None, stats, value, before_value, before_label,
        noun.role if noun is not None else None, level, extent, before_extent, moment,
    )  # fmt: skip


def _held(tape: Tape, val: Val) -> tuple[Array | None, Extent | None]:
    """A value that is small enough whole, else where it lies."""
    extent = tape.extent(val)
    if extent is not None and extent.nbytes > NEAR:
        return None, extent
    return tape.value(val), None


def statistics(value: Array, val: Val | None = None) -> Stats:
    """Exact statistics of an array, as the schema defines them; of a complex one those of its absolute values."""
    found = figures(value)
    low, high = (found.low, found.high) if found.finite else (math.nan, math.nan)
    return Stats(val or Val(0, 0), found.count, found.norm, low, high, found.mean, found.zeros, found.nans, found.posinfs, found.neginfs)
