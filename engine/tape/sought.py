"""What is looked for in a value: the words in which it is typed, and which elements meet them. One grammar for the window and the
command line; numpy alone.

    wish   = group {"or" group}
    group  = term {"and" term}
    term   = ["not"] [part] (NUMBER | compare NUMBER | NUMBER ".." NUMBER | word)
    part   = "abs" | "real" | "imag" | "angle"
    compare = ">" | ">=" | "<" | "<=" | "==" | "!="
    word   = "nan" | "inf" | "+inf" | "-inf" | "finite" | "true" | "false" | "max" | "min"

A number with a point or an exponent stands for all that is rounded to it (``0.31``: 0.305 to 0.315); a whole number, and a number behind
a comparison, for itself, as the dtype holds it. A complex number is compared by its modulus where no part is named.
"""

from __future__ import annotations

import math
import re
from decimal import Decimal
from typing import Any, Union

import numpy as np
import numpy.typing as npt

from ..older import dataclass
from .overview import PARTS

Array = npt.NDArray[Any]
Mask = npt.NDArray[np.bool_]
Number = Union[int, float]  # noqa: UP007  # made when this is imported, also by Python 3.9

LONGEST = 200  # characters
_NUMBER = r"[+-]?(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+(?:_\d+)*)?(?:\.(?!\.)\d*)?(?:[eE][+-]?\d+)?"
_WORDS = {
    "nan": "nan", "inf": "inf", "infinity": "inf", "+inf": "+inf", "-inf": "-inf", "finite": "finite", "true": "true", "false": "false",
    "max": "max", "min": "min",
}  # fmt: skip
_SIGNS = str.maketrans({"\u2212": "-", "\u221e": "inf"})
_COMPARE = {"\u2265": ">=", "\u2264": "<=", "\u2260": "!=", "=": "=="}
_WAYS = "a number, nan, inf, max, min, > 3, 0..1, abs > 10"


class SoughtError(ValueError):
    """What was typed names nothing that can be looked for; says what is wrong."""


@dataclass(frozen=True, slots=True)
class Term:
    """One thing that is asked of an element: whether the ``part`` of it ("": the number, the modulus of a complex one) is what ``kind``
    says: within (``low`` to ``high``, without an end that is open), nan, inf, +inf, -inf, finite, max, min; ``negated``: is not."""

    kind: str
    part: str = ""
    low: Number = -math.inf
    high: Number = math.inf
    open_low: bool = False
    open_high: bool = False
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Sought:
    """What is looked for: elements that meet all terms of one of the ``groups``. ``text`` is how it was typed."""

    text: str
    groups: tuple[tuple[Term, ...], ...]

    @property
    def extreme(self) -> Term | None:
        """The largest or smallest element is sought: nothing can be said of an element before ``at`` is told what that is."""
        term = self.groups[0][0]
        return term if term.kind in ("max", "min") else None

    def at(self, ends: tuple[Number, Number] | None) -> Sought:
        """The same, where the smallest and the largest finite number of the whole value (``ends``) are known; None: it has none."""
        term = self.extreme
        if term is None:
            return self
        if ends is None:
            return Sought(self.text, ((Term("within", term.part, 1, 0),),))
        end = ends[1] if term.kind == "max" else ends[0]
        return Sought(self.text, ((Term("within", term.part, end, end),),))

    def misfit(self, dtype: str) -> str:
        """Why nothing of this can be in a value of a dtype; "" where it can."""
        if dtype.startswith("complex"):
            return ""
        part = next((term.part for group in self.groups for term in group if term.part not in ("", "abs")), "")
        return f"{part} is a part of complex numbers, and this value is {dtype}" if part else ""

    def hits(self, value: Array) -> Mask:
        """Which elements of an array meet it. ``extreme`` must be told before."""
        value = np.asarray(value)
        found = np.zeros(value.shape, np.bool_)
        for group in self.groups:
            met = np.ones(value.shape, np.bool_)
            for term in group:
                met &= _met(term, value)
            found |= met
        return found


def parse(text: str) -> Sought:
    """What was typed. Raises SoughtError, which says what is wrong with it."""
    words = " ".join(text.translate(_SIGNS).split())
    if not words:
        raise SoughtError(f"nothing is typed: write {_WAYS}")
    if len(words) > LONGEST:
        raise SoughtError(f"what is typed has {len(words)} characters: at most {LONGEST} are looked at")
    groups = tuple(
        tuple(term for one in re.split(r"\band\b", group, flags=re.IGNORECASE) for term in _terms(one.strip(), words))
        for group in re.split(r"\bor\b", words, flags=re.IGNORECASE)
    )
    terms = [term for group in groups for term in group]
    alone = next((term for term in terms if term.kind in ("max", "min")), None)
    if alone is not None and (len(terms) > 1 or alone.negated):
        raise SoughtError(f"{alone.kind} stands alone: it is one number, and everything else is measured against it")
    return Sought(words, groups)


def ends(value: Array, part: str = "") -> tuple[Number, Number] | None:
    """The smallest and the largest finite number of an array (of the ``part`` of complex ones), exactly; None where there is none."""
    numbers = _part(np.asarray(value), part)
    if not numbers.size:
        return None
    low, high = numbers.min(), numbers.max()  # NaN where one is among them
    if not (np.isfinite(low) and np.isfinite(high)):
        numbers = numbers[np.isfinite(numbers)]
        if not numbers.size:
            return None
        low, high = numbers.min(), numbers.max()
    return low.item(), high.item()


# -------------------------------------------------------------------------------------------------------------- reading


def _terms(text: str, whole: str) -> tuple[Term, ...]:
    """One term; two where a complex number is typed as it is shown."""
    if not text:
        raise SoughtError(f"{whole}: something is missing beside \u201cand\u201d or \u201cor\u201d")
    rest, negated, part = text, False, ""
    if found := re.match(r"not\b\s*", rest, re.IGNORECASE):
        rest, negated = rest[found.end() :], True
    if found := re.match(rf"(?:({'|'.join(PARTS)})\b(?:\s*\(x\))?|(\|x\|)|x(?=\s*[<>=!\u2265\u2264\u2260]))\s*", rest, re.IGNORECASE):
        rest, part = rest[found.end() :], (found[1] or ("abs" if found[2] else "")).lower()
    sign, pair = re.match(r"(?:==?)?\s*", rest), re.fullmatch(rf"(?:==?\s*)?({_NUMBER})([+-].*)j", rest)
    if pair is not None and sign is not None and not negated and not part:
        asked = [_asked(sign.group() + side.replace("+", "", 1), text) for side in (pair[1], pair[2])]
        return tuple(Term(one.kind, side, one.low, one.high) for one, side in zip(asked, ("real", "imag")))  # noqa: B905  # Python 3.9
    term = _asked(rest, text)
    return (Term(term.kind, part, term.low, term.high, term.open_low, term.open_high, term.negated != negated),)


def _asked(rest: str, text: str) -> Term:
    if found := re.match(r"(>=|<=|==|!=|<>|[<>=\u2265\u2264\u2260])\s*(.*)$", rest):
        return _compared(_COMPARE.get(found[1], found[1]), found[2], text)
    word = _WORDS.get(rest.lower())
    if word in ("true", "false"):
        return Term("within", "", int(word == "true"), int(word == "true"))
    if word is not None:
        return Term(word)
    if ".." in rest:
        return _range(rest, text)
    if rest and re.fullmatch(_NUMBER, rest) and re.search(r"\d", rest):
        return Term("within", "", *_rounded(rest))
    raise SoughtError(_wrong(rest, text))


def _compared(sign: str, rest: str, text: str) -> Term:
    if not rest:
        raise SoughtError(f"{text}: a number is missing behind {sign}")
    if sign in ("==", "!=", "<>") and rest.lower() in _WORDS and rest.lower() not in ("max", "min"):
        term = _asked(rest, text)
        return Term(term.kind, "", term.low, term.high, negated=sign != "==")
    number = _number(rest, text)
    if sign in (">", ">="):
        return Term("within", "", low=number, open_low=sign == ">")
    if sign in ("<", "<="):
        return Term("within", "", high=number, open_high=sign == "<")
    return Term("within", "", number, number, negated=sign != "==")


def _range(rest: str, text: str) -> Term:
    left, right = (side.strip() for side in rest.split("..", 1))
    if right.startswith("."):  # 0...5 is 0 to .5 as well as 0. to 5
        raise SoughtError(f"{text}: a range has two points, as 0..0.5")
    if not left and not right:
        raise SoughtError(f"{text}: a range has a number at one end at least, as 0..1")
    low = _number(left, text) if left else -math.inf
    high = _number(right, text) if right else math.inf
    if low > high:
        raise SoughtError(f"{text}: a range goes from the smaller number to the larger: {right}..{left}")
    return Term("within", "", low, high)


def _number(word: str, text: str) -> Number:
    """The number that a word is, exactly: a whole one as int."""
    if word.lower() in ("inf", "+inf", "-inf", "infinity"):
        return -math.inf if word.startswith("-") else math.inf
    if not re.fullmatch(_NUMBER, word) or not re.search(r"\d", word):
        raise SoughtError(_wrong(word, text))
    plain = word.replace(",", "").replace("_", "")
    return int(plain) if re.fullmatch(r"[+-]?\d+", plain) else _float(plain)


def _float(number: str | Decimal) -> float:
    made = float(number)
    if math.isinf(made):
        raise SoughtError(f"{number}: no tensor holds so large a number; infinities are found by inf")
    return made


def _rounded(word: str) -> tuple[Number, Number]:
    """From where to where numbers are written as this one, with so many digits."""
    plain = word.replace(",", "").replace("_", "")
    if re.fullmatch(r"[+-]?\d+", plain):
        return int(plain), int(plain)
    number = Decimal(plain)
    exponent = number.as_tuple().exponent
    assert isinstance(exponent, int)
    half = Decimal((0, (5,), exponent - 1))
    return _float(number - half), _float(number + half)


def _wrong(rest: str, text: str) -> str:
    if re.fullmatch(r"[+-]?\d+,\d+", rest):
        return f"{rest}: decimals stand behind a point: {rest.replace(',', '.')}"
    if re.fullmatch(rf"{_NUMBER}\s+{_NUMBER}", rest):
        first, second = rest.split()
        return f"{rest}: two numbers: write {first}..{second} for a range, {first} or {second} for either"
    if not rest:
        return f"{text}: what is sought is missing: write {_WAYS}"
    return f"{rest}: this is nothing that can be looked for: write {_WAYS}"


# -------------------------------------------------------------------------------------------------------------- meeting


def _met(term: Term, value: Array) -> Mask:
    if term.kind == "within":
        found = _within(term, _part(value, term.part))
    elif not np.issubdtype(value.dtype, np.inexact):
        found = np.full(value.shape, term.kind == "finite")
    else:
        found = _special(term, value)
    return ~found if term.negated else found


def _special(term: Term, value: Array) -> Mask:
    if not np.iscomplexobj(value) or term.part in ("real", "imag", "angle"):
        tests: dict[str, Any] = {"nan": np.isnan, "inf": np.isinf, "finite": np.isfinite, "+inf": np.isposinf, "-inf": np.isneginf}
        return np.asarray(tests[term.kind](_part(value, term.part)))
    broken = np.isnan(value.real) | np.isnan(value.imag)  # of a complex number either part makes it one
    infinite = np.isinf(value) & ~broken
    if term.kind == "-inf":
        return np.zeros(value.shape, np.bool_)
    return np.asarray({"nan": broken, "finite": ~(broken | infinite)}.get(term.kind, infinite))


def _part(value: Array, part: str) -> Array:
    """What of an array is compared: whole numbers as integers, exactly."""
    if np.iscomplexobj(value):
        if part == "real":
            return value.real
        if part == "imag":
            return value.imag
        with np.errstate(all="ignore"):
            return np.asarray(np.angle(value) if part == "angle" else np.abs(value))
    if value.dtype == np.bool_:
        return value.astype(np.uint8)
    if part != "abs" or value.dtype.kind == "u":
        return value
    size = np.abs(value)
    return size.view(f"u{value.dtype.itemsize}") if value.dtype.kind == "i" else np.asarray(size)  # -128 has no int8 without its sign


def _within(term: Term, numbers: Array) -> Mask:
    if numbers.dtype.kind in "iu":
        return _within_whole(term, numbers)
    found = np.ones(numbers.shape, np.bool_)
    with np.errstate(invalid="ignore", over="ignore"):
        if not math.isinf(term.low):
            bound, beyond = _cast(term.low, numbers)
            found &= numbers > bound if (term.open_low if not beyond else beyond > 0) else numbers >= bound
        elif term.low > 0:
            found &= numbers == np.inf if not term.open_low else False
        else:
            found &= ~np.isnan(numbers) if not term.open_low else numbers > -np.inf
        if not math.isinf(term.high):
            bound, beyond = _cast(term.high, numbers)
            found &= numbers < bound if (term.open_high if not beyond else beyond < 0) else numbers <= bound
        elif term.high < 0:
            found &= numbers == -np.inf if not term.open_high else False
        elif term.open_high:
            found &= numbers < np.inf
    return found


def _cast(bound: Number, numbers: Array) -> tuple[Any, int]:
    """A bound as the dtype holds it, so that what is shown as 0.1 is 0.1; and 1 (-1) where it is larger (smaller) than all that the
    dtype has: then the largest (smallest) of these, which finite numbers do not pass."""
    kind, top = numbers.dtype.type, np.finfo(numbers.dtype).max
    try:
        made = kind(bound)
    except OverflowError:  # of a whole number
        made = kind(math.copysign(math.inf, bound))
    if np.isinf(made):
        return (top, 1) if bound > 0 else (-top, -1)
    return made, 0


def _within_whole(term: Term, numbers: Array) -> Mask:
    limits = np.iinfo(numbers.dtype)
    low, high = int(limits.min), int(limits.max)
    if term.low == math.inf or term.high == -math.inf:
        return np.zeros(numbers.shape, np.bool_)
    if term.low != -math.inf:
        least = math.ceil(term.low)
        low = max(low, least + 1 if term.open_low and least == term.low else least)
    if term.high != math.inf:
        most = math.floor(term.high)
        high = min(high, most - 1 if term.open_high and most == term.high else most)
    if low > high:
        return np.zeros(numbers.shape, np.bool_)
    return np.asarray((numbers >= numbers.dtype.type(low)) & (numbers <= numbers.dtype.type(high)))
