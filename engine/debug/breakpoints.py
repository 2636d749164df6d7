"""Breakpoints: six kinds in one table, each with a condition, a hit count and a log message. What a user wrote, checked; where
they are met is decided in the user's process (``points.py``)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, replace
from enum import Enum
from pathlib import Path
from typing import Any

from ..kept import KeptFile
from ..older import dataclass
from .conditions import Condition, ConditionError, Message


class BreakKind(Enum):
    """What a breakpoint waits for. The values are words on the wire and in files."""

    NODE = "node"  # an op or a backward node: its name (mul, MulBackward0), or #id
    MODULE = "module"  # a module's forward is entered: its path or its class
    LINE = "line"  # FILE:LINE of the user's code
    HOOK = "hook"  # a hook is about to be called: its function's name, "" for all; or AccumulateGrad, with :PARAMETER for one
    VALUE = "value"  # nan, inf, zero, norm>X, norm<X, shape=[2, 3]: of results in forward, of gradients in backward
    EXCEPTION = "exception"  # the program raises: the exception's class, "" for all


VALUES = re.compile(r"(?P<what>nan|inf|nonfinite|zero|changed|norm\s*[<>]\s*(?P<bound>[-+0-9.e]+)|shape\s*=\s*\[(?P<shape>[0-9, ]*)\])\Z")
HITS = re.compile(r"(?P<sign>==|>=|>|%|)\s*(?P<number>[0-9]+)\Z")


@dataclass(frozen=True, slots=True)
class Breakpoint:
    """A breakpoint as the user wrote it.

    ``target`` depends on the kind. ``condition``: ``conditions.py``. ``hits``: which meetings count: "3" or "== 3" the third
    alone, ">= 3" from the third on, "% 10" each tenth. ``log``: a message is written and the program goes on.
    """

    id: int
    kind: BreakKind
    target: str = ""
    condition: str = ""
    hits: str = ""
    log: str = ""
    enabled: bool = True

    def check(self) -> None:
        """Raises ConditionError where something in it cannot be understood."""
        if self.condition:
            Condition(self.condition)
        if self.log:
            Message(self.log)
        if self.hits:
            hit_test(self.hits)
        if self.kind is BreakKind.LINE:
            file_and_line(self.target)
        elif self.kind is BreakKind.VALUE:
            value_test(self.target)
        elif self.kind in (BreakKind.NODE, BreakKind.MODULE) and not self.target:
            raise ConditionError(f"a breakpoint on a {self.kind.value} needs its name")
        if self.kind is BreakKind.NODE and self.target.startswith("#") and not self.target[1:].isdigit():
            raise ConditionError(f"`{self.target}` is no node: write # and a number, or the name of an op")

    def plain(self) -> dict[str, Any]:
        """As JSON has it."""
        return {**asdict(self), "kind": self.kind.value}

    @classmethod
    def of(cls, fields: Mapping[str, Any]) -> Breakpoint:
        """The opposite of ``plain``; what this version does not know is left out. Raises ConditionError."""
        known = {name: fields[name] for name in cls.__dataclass_fields__ if name in fields}
        try:
            made = cls(**{**known, "kind": BreakKind(known.get("kind", ""))})
        except (TypeError, ValueError) as error:
            raise ConditionError(f"this is no breakpoint: {error}") from None
        for name, kind in (("id", int), ("target", str), ("condition", str), ("hits", str), ("log", str), ("enabled", bool)):
            if not isinstance(getattr(made, name), kind):
                raise ConditionError(f"the {name} of a breakpoint is {kind.__name__}, not {getattr(made, name)!r}")
        return made

    @property
    def sentence(self) -> str:
        """What it waits for, in words."""
        return {
            BreakKind.NODE: f"node {self.target}" if self.target.startswith("#") else f"{self.target}",
            BreakKind.MODULE: f"module {self.target}",
            BreakKind.LINE: self.target.rpartition("/")[2],
            BreakKind.HOOK: f"hook {self.target}".rstrip() if not self.target.startswith("AccumulateGrad") else self.target,
            BreakKind.VALUE: f"value: {self.target}",
            BreakKind.EXCEPTION: f"exception {self.target}".rstrip(),
        }[self.kind] + (f" if {self.condition}" if self.condition else "")


def file_and_line(target: str) -> tuple[str, int]:
    """The file and the line of a target FILE:LINE. Raises ConditionError."""
    file, _, line = target.rpartition(":")
    if not file or not line.isdigit() or int(line) < 1:
        raise ConditionError(f"`{target}` is no place: write FILE:LINE")
    return file, int(line)


def hit_test(text: str) -> Any:
    """A function of the number of the meeting. Raises ConditionError."""
    found = HITS.match(text.strip())
    if found is None or int(found["number"]) < 1:
        raise ConditionError(f"`{text}` is no hit count: write 3, >= 3, or % 10")
    number = int(found["number"])
    return {
        "": lambda hit: hit == number,
        "==": lambda hit: hit == number,
        ">=": lambda hit: hit >= number,
        ">": lambda hit: hit > number,
        "%": lambda hit: hit % number == 0,
    }[found["sign"]]


def value_test(text: str) -> Any:
    """A function of a value's figures (names as in conditions). Raises ConditionError."""
    found = VALUES.match(text.strip())
    if found is None:
        raise ConditionError(f"`{text}` is no test of a value: nan, inf, nonfinite, zero, norm > 1e3, norm < 1e-6, shape = [2, 3]")
    what = found["what"]
    if what == "nan":
        return lambda figures: figures["nans"] > 0
    if what == "inf":
        return lambda figures: figures["infs"] > 0
    if what == "nonfinite":
        return lambda figures: figures["nans"] > 0 or figures["infs"] > 0
    if what == "zero":
        return lambda figures: figures["count"] > 0 and figures["zeros"] == figures["count"]
    if what == "changed":
        return lambda figures: True
    if what.startswith("norm"):
        try:
            bound = float(found["bound"])
        except ValueError:
            raise ConditionError(f"`{found['bound']}` is no number") from None
        if ">" in what:
            return lambda figures: figures["norm"] > bound or figures["nans"] > 0
        return lambda figures: figures["norm"] < bound
    shape = [int(n) for n in found["shape"].replace(",", " ").split()]
    return lambda figures: figures["shape"] == shape


# ---------------------------------------------------------------------------------------------------------- kept per script


class BreakpointTable:
    """The breakpoints of a script, in order; ids are never reused. Kept in a file beside the user's settings, if given one."""

    def __init__(self, file: Path | None = None) -> None:
        self._kept = KeptFile(file, "breakpoints")
        self._points: dict[int, Breakpoint] = {}
        self._next = 1
        self._kept.read(self._take)

    @property
    def problem(self) -> str:
        """Why the file could not be read or written, "" where all is well."""
        return self._kept.problem

    def __iter__(self) -> Iterator[Breakpoint]:
        return iter(list(self._points.values()))

    def __len__(self) -> int:
        return len(self._points)

    def __getitem__(self, id: int) -> Breakpoint:
        return self._points[id]

    def add(self, kind: BreakKind, target: str = "", **fields: Any) -> Breakpoint:
        """A new breakpoint. Raises ConditionError where it cannot be understood; then there is none."""
        made = Breakpoint(self._next, kind, target, **fields)
        made.check()
        self._points[made.id] = made
        self._next += 1
        self._save()
        return made

    def change(self, id: int, **fields: Any) -> Breakpoint:
        """Another breakpoint in place of one. Raises KeyError, and ConditionError; then it stays as it was."""
        made = replace(self._points[id], **fields)
        made.check()
        self._points[id] = made
        self._save()
        return made

    def put(self, points: Iterable[Breakpoint]) -> None:
        """These instead of all, as they were: for undo."""
        self._points = {point.id: point for point in points}
        self._next = max([self._next, *(id + 1 for id in self._points)])
        self._save()

    def remove(self, id: int) -> Breakpoint:
        """Take one away. Raises KeyError."""
        gone = self._points.pop(id)
        self._save()
        return gone

    def clear(self) -> None:
        """Take all away."""
        self._points.clear()
        self._save()

    def toggle_line(self, file: str, line: int) -> Breakpoint | None:
        """A breakpoint on a line if there is none, else none; the new one or None."""
        for point in list(self._points.values()):
            if point.kind is BreakKind.LINE and file_and_line(point.target) == (file, line):
                self.remove(point.id)
                return None
        return self.add(BreakKind.LINE, f"{file}:{line}")

    def plain(self) -> list[dict[str, Any]]:
        """All of them as JSON has it."""
        return [point.plain() for point in self._points.values()]

    def _take(self, facts: Any) -> None:
        points: dict[int, Breakpoint] = {}
        for fields in facts["breakpoints"]:
            point = Breakpoint.of(fields)
            point.check()
            points[point.id] = point
        self._next = max([int(facts.get("next", 1)), *(id + 1 for id in points)])
        self._points = points

    def _save(self) -> None:
        self._kept.write({"version": 1, "next": self._next, "breakpoints": self.plain()})
