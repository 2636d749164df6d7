"""The small language of the events filter: ``+a -b (c d) $nan() $op(Addmm) $module(fc2) $norm(>1e3)``. No Qt.

A word matches where it occurs in a row's name or module, case ignored. ``+term`` must match, ``-term`` must not. Terms
without a sign are alternatives: one of them is enough (and none is needed where a ``+term`` stands). ``(c d)`` is one term
that matches where all in it match. Quotes keep a word with spaces together. Functions:

- ``$nan()``, ``$inf()``, ``$bad()``: a NaN, an infinity, either of the two;
- ``$op(name)``, ``$module(path)``, ``$hook(name)``: the name occurs in it; ``$op(=Mul)`` is exact;
- ``$kind(step)``: forward, call, op, backward, step, hook, stored, edited;
- ``$norm(>1e3)``, ``$time(>1e-3)``, ``$event(100..200)``: comparisons ``> >= < <= =`` or a range.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from operator import eq, ge, gt, le, lt
from typing import Protocol

from ..models.row_table import RowKind


class Facts(Protocol):
    """What a filter asks a row for; ``RowFacts`` has it."""

    @property
    def kind(self) -> RowKind: ...
    @property
    def name(self) -> str: ...
    @property
    def op(self) -> str: ...
    @property
    def module(self) -> str: ...
    @property
    def number(self) -> str: ...
    @property
    def norm(self) -> float: ...
    @property
    def nans(self) -> int: ...
    @property
    def infs(self) -> int: ...
    @property
    def duration(self) -> float: ...
    @property
    def hook(self) -> str: ...


Test = Callable[[Facts], bool]


class FilterError(ValueError):
    """The filter cannot be read; ``at`` is the character where."""

    def __init__(self, message: str, at: int) -> None:
        super().__init__(message)
        self.at = at


@dataclass(frozen=True, slots=True)
class EventFilter:
    """A filter that was read: which rows it lets through."""

    text: str
    must: tuple[Test, ...]
    must_not: tuple[Test, ...]
    any_of: tuple[Test, ...]

    def __bool__(self) -> bool:
        return bool(self.must or self.must_not or self.any_of)

    def matches(self, facts: Facts) -> bool:
        """Whether the row is let through."""
        return (
            all(test(facts) for test in self.must)
            and not any(test(facts) for test in self.must_not)
            and (not self.any_of or bool(self.must) or any(test(facts) for test in self.any_of))
        )


def parse(text: str) -> EventFilter:
    """Read a filter.

    Raises:
        FilterError: a bracket or quote is open, a function is unknown, or a comparison has no number.
    """
    return _Parser(text).whole()


FUNCTIONS = ("nan", "inf", "bad", "op", "module", "hook", "kind", "norm", "time", "event")


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def whole(self) -> EventFilter:
        parts = self._terms(until="")
        return EventFilter(
            self.text.strip(),
            tuple(test for sign, test in parts if sign == "+"),
            tuple(test for sign, test in parts if sign == "-"),
            tuple(test for sign, test in parts if sign == ""),
        )

    def _terms(self, until: str) -> list[tuple[str, Test]]:
        found: list[tuple[str, Test]] = []
        while True:
            self._blank()
            if self.at >= len(self.text):
                if until:
                    raise FilterError(f"a '{until}' is missing", self.at)
                return found
            if until and self.text[self.at] == until:
                self.at += 1
                return found
            sign = ""
            if self.text[self.at] in "+-":
                sign = self.text[self.at]
                self.at += 1
            found.append((sign, self._term()))

    def _term(self) -> Test:
        start = self.at
        if start >= len(self.text) or self.text[start].isspace() or self.text[start] in "+)":
            raise FilterError("a word, a group or a $function is missing", start)
        if self.text[start] == "(":
            self.at += 1
            parts = self._terms(until=")")
            if not parts:
                raise FilterError("the group is empty", start)
            return lambda facts: all(test(facts) != (sign == "-") for sign, test in parts)
        if self.text[start] == "$":
            return self._function()
        word = self._quoted() if self.text[start] == '"' else self._word(" \t()")
        return _contains(word)

    def _function(self) -> Test:
        start = self.at
        self.at += 1
        name = self._word(" \t()").lower()
        if name not in FUNCTIONS:
            raise FilterError(f"there is no ${name}(); there are {', '.join('$' + known for known in FUNCTIONS)}", start)
        if self.at >= len(self.text) or self.text[self.at] != "(":
            raise FilterError(f"${name} needs brackets: ${name}(...)", self.at)
        self.at += 1
        end = self.text.find(")", self.at)
        if end < 0:
            raise FilterError("a ')' is missing", len(self.text))
        argument, where = self.text[self.at : end].strip(), self.at
        self.at = end + 1
        return _function(name, argument, where)

    def _quoted(self) -> str:
        end = self.text.find('"', self.at + 1)
        if end < 0:
            raise FilterError("a '\"' is missing", len(self.text))
        word = self.text[self.at + 1 : end]
        self.at = end + 1
        return word

    def _word(self, stop: str) -> str:
        start = self.at
        while self.at < len(self.text) and self.text[self.at] not in stop:
            self.at += 1
        return self.text[start : self.at]

    def _blank(self) -> None:
        while self.at < len(self.text) and self.text[self.at].isspace():
            self.at += 1


def _contains(word: str) -> Test:
    low = word.lower()
    if low == "nan":  # the word that everybody types first
        return lambda facts: facts.nans > 0 or "nan" in facts.name.lower()
    return lambda facts: low in facts.name.lower() or low in facts.module.lower()


def _text(get: Callable[[Facts], str], argument: str, where: int) -> Test:
    if not argument.lstrip("="):
        raise FilterError("a name is missing between the brackets", where)
    if argument.startswith("="):
        exact = argument[1:].lower()
        return lambda facts: get(facts).lower() == exact
    low = argument.lower()
    return lambda facts: low in get(facts).lower()


_COMPARE: dict[str, Callable[[float, float], bool]] = {">=": ge, "<=": le, ">": gt, "<": lt, "=": eq}


def _number(get: Callable[[Facts], float], argument: str, where: int) -> Test:
    low, dots, high = argument.partition("..")
    sign = next((sign for sign in _COMPARE if argument.startswith(sign)), "")
    try:
        if dots:
            least, most = float(low or "-inf"), float(high or "inf")
            return lambda facts: least <= get(facts) <= most
        limit = float(argument[len(sign) :])
    except ValueError:
        raise FilterError(f"'{argument}' is no comparison: write >1e3, <=0.5, =0 or 1..10", where) from None
    compare = _COMPARE[sign or "="]
    return lambda facts: compare(get(facts), limit)


def _event(facts: Facts) -> float:
    return float(facts.number[1:]) if facts.number.startswith("#") else math.nan


def _function(name: str, argument: str, where: int) -> Test:
    match name:
        case "nan":
            return lambda facts: facts.nans > 0
        case "inf":
            return lambda facts: facts.infs > 0
        case "bad":
            return lambda facts: facts.nans + facts.infs > 0
        case "op":
            return _text(lambda facts: facts.op, argument, where)
        case "module":
            return _text(lambda facts: facts.module, argument, where)
        case "hook":
            return _text(lambda facts: facts.hook, argument, where)
        case "kind":
            if argument.upper() not in RowKind.__members__:
                raise FilterError(f"'{argument}' is no kind: {', '.join(kind.name.lower() for kind in RowKind)}", where)
            kind = RowKind[argument.upper()]
            return lambda facts: facts.kind is kind
        case "norm":
            return _number(lambda facts: facts.norm, argument, where)
        case "time":
            return _number(lambda facts: facts.duration, argument, where)
        case _:
            return _number(_event, argument, where)
