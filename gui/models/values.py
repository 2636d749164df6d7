"""A value that can be looked at, with its name, its numbers and what stood there before. No Qt."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from gradstep.engine.tape.reader import Tape
from gradstep.engine.tape.schema import Val

from ..widgets.formats import dtype_text, exact, number, shape_text

SMALL = 3  # values with so few elements are written out
_DECIMAL = re.compile(r"-?\d+\.\d*(e[+-]\d+)?")  # what ``exact`` writes of a floating-point number that is finite


@dataclass(frozen=True, slots=True)
class ValueRef:
    """A value on the tape and what to call it. ``val`` None is an undefined gradient; ``before`` is what stood there before."""

    label: str
    val: Val | None
    before: Val | None = None
    before_label: str = ""


@dataclass(frozen=True, slots=True)
class ValueText:
    """What a line of a list says of a value."""

    shape: str = ""
    norm: float = math.nan
    bad: str = ""  # how many NaNs and infinities
    small: str = ""  # the numbers themselves where they are few

    def norm_text(self) -> str:
        """The norm, or the number itself where there is but one."""
        if self.small:
            return self.small
        return "" if math.isnan(self.norm) and not self.bad else number(self.norm, 3)

    @property
    def alone(self) -> str:
        """A lone number in all its digits; "" of several, and where it is not finite."""
        return "" if self.bad or "," in self.small else self.small

    def brief(self) -> str:
        """For a narrow column: a lone number in four digits, of several their norm. A number that is cut reads as another one."""
        if not self.small:
            return self.norm_text()
        if "," in self.small:
            return number(self.norm, 3) if not math.isnan(self.norm) or self.bad else self.small
        return number(float(self.small), 4) if _DECIMAL.fullmatch(self.small) else self.small


def value_text(tape: Tape, val: Val | None) -> ValueText:
    """What can be said of a value in one line."""
    if val is None:
        return ValueText(small="None")
    noun, stats = tape.tensors.get(val.tensor), tape.stats.get(val)
    shape = f"{shape_text(noun.meta.shape)} {dtype_text(noun.meta.dtype)}" if noun is not None else ""
    small = ""
    if noun is not None and math.prod(noun.meta.shape) <= SMALL:
        value = tape.value(val)
        if value is not None and value.size:
            small = ", ".join(exact(x) for x in value.reshape(-1))
    if stats is None:
        return ValueText(shape, small=small)
    infs = stats.posinfs + stats.neginfs
    bad = ", ".join(([f"{stats.nans} nan"] if stats.nans else []) + ([f"{infs} inf"] if infs else []))
    return ValueText(shape, stats.norm, bad, small)


def ratio_text(before: float, after: float) -> str:
    """How much larger the second norm is: ``x2`` with the multiplication sign, "" where it cannot be said."""
    if not (math.isfinite(before) and math.isfinite(after)) or before == 0:
        return ""
    return f"\u00d7{number(after / before, 3)}"
