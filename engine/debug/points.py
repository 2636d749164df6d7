"""Where breakpoints are met, in the user's process: each place asks only for the kinds that somebody has set."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import field
from typing import Any

from ..older import dataclass
from .breakpoints import BreakKind, Breakpoint, file_and_line, hit_test, value_test
from .conditions import Condition, ConditionError, Message

FIGURES = frozenset({"norm", "nans", "infs", "zeros", "count", "low", "high", "mean", "finite", "shape", "dtype"})


class Situation:
    """What conditions may ask about a place. What costs something is computed when it is first asked for."""

    def __init__(self, facts: Mapping[str, Any], figures: Callable[[], Mapping[str, Any]] | None = None) -> None:
        self.facts = dict(facts)
        self._figures = figures

    def get(self, name: str) -> Any:
        """The value behind a name; None where this place has none."""
        if name in FIGURES and self._figures is not None:
            self.facts.update(self._figures())
            self._figures = None
        return self.facts.get(name)


@dataclass
class Point:
    """A breakpoint at work."""

    breakpoint: Breakpoint
    met: int = 0  # how often
    verified: bool = False  # it exists in the program, as far as that is known
    why: str = ""  # why it is not verified, or what is wrong with its condition
    condition: Condition | None = None
    message: Message | None = None
    counts: Callable[[int], bool] | None = None
    test: Callable[[Mapping[str, Any]], bool] | None = None
    place: tuple[str, int] = ("", 0)

    @classmethod
    def of(cls, breakpoint: Breakpoint) -> Point:
        """Raises ConditionError where something in it cannot be understood."""
        breakpoint.check()
        point = cls(breakpoint)
        point.condition = Condition(breakpoint.condition) if breakpoint.condition else None
        point.message = Message(breakpoint.log) if breakpoint.log else None
        point.counts = hit_test(breakpoint.hits) if breakpoint.hits else None
        if breakpoint.kind is BreakKind.VALUE:
            point.test = value_test(breakpoint.target)
        elif breakpoint.kind is BreakKind.LINE:
            file, line = file_and_line(breakpoint.target)
            point.place = (os.path.abspath(file), line)
        return point

    def plain(self) -> dict[str, Any]:
        """How it stands, for the window."""
        return {"id": self.breakpoint.id, "verified": self.verified, "message": self.why, "hits": self.met}

    def counted(self, situation: Situation) -> bool:
        """It is met: whether the program stops (or logs) here."""
        self.verified = True
        if self.condition is not None:
            try:
                if not self.condition.holds(situation):  # type: ignore[arg-type]
                    return False
            except ConditionError as error:
                self.why = str(error)
                return False
        self.met += 1
        situation.facts["hits"] = self.met
        return self.counts is None or self.counts(self.met)


@dataclass(frozen=True, slots=True)
class Met:
    """Breakpoints that were met at one place: the one to stop for (None: none), and the messages to write."""

    stop: Point | None
    logs: tuple[str, ...] = ()


NOTHING = Met(None)


@dataclass
class Points:
    """The breakpoints of a program. The flags say which places have to ask at all; all are False where nothing is set."""

    points: list[Point] = field(default_factory=list)
    ops: bool = False  # breakpoints on ops and nodes by name or id
    modules: bool = False
    lines: bool = False
    hooks: bool = False
    values: bool = False
    exceptions: bool = False
    any: bool = False

    def set(self, breakpoints: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Other breakpoints from now on; those that were there keep their counts. Gives how each stands."""
        before = {point.breakpoint.id: point for point in self.points}
        made: list[Point] = []
        refused: list[dict[str, Any]] = []
        for fields in breakpoints:
            try:
                point = Point.of(Breakpoint.of(fields))
            except ConditionError as error:
                refused.append({"id": fields.get("id", 0), "verified": False, "message": str(error), "hits": 0})
                continue
            known = before.get(point.breakpoint.id)
            if known is not None and (known.breakpoint.kind, known.breakpoint.target) == (point.breakpoint.kind, point.breakpoint.target):
                point.met, point.verified = known.met, known.verified
            self._look(point)
            made.append(point)
        active = {point.breakpoint.kind for point in made if point.breakpoint.enabled}
        self.points = made
        self.ops = BreakKind.NODE in active
        self.modules = BreakKind.MODULE in active
        self.lines = BreakKind.LINE in active
        self.hooks = BreakKind.HOOK in active
        self.values = BreakKind.VALUE in active
        self.exceptions = BreakKind.EXCEPTION in active
        self.any = bool(active)
        return [point.plain() for point in made] + refused

    def plain(self) -> list[dict[str, Any]]:
        """How each stands."""
        return [point.plain() for point in self.points]

    @staticmethod
    def _look(point: Point) -> None:
        """What can be said before it is met."""
        kind = point.breakpoint.kind
        if kind in (BreakKind.VALUE, BreakKind.EXCEPTION):
            point.verified = True
        elif kind is BreakKind.LINE:
            file, line = point.place
            try:
                with open(file, encoding="utf-8", errors="replace") as stream:
                    text = stream.read().splitlines()
            except OSError as error:
                point.why = f"{file} cannot be read: {error.strerror}"
                return
            if line > len(text):
                point.why = f"{file} has {len(text)} lines"
            elif not text[line - 1].strip() or text[line - 1].lstrip().startswith("#"):
                point.why = f"line {line} holds no code"
            else:
                point.verified = True
        elif not point.verified:
            point.why = "not met yet"

    def line_places(self) -> frozenset[tuple[str, int]]:
        """The places of the breakpoints on lines."""
        return frozenset(p.place for p in self.points if p.breakpoint.enabled and p.breakpoint.kind is BreakKind.LINE)

    # ------------------------------------------------------------------------------------------ meeting

    def at_op(self, names: tuple[str, ...], number: int, situation: Situation) -> Met:
        """An op or a node of one of these names and this id (nodes; 0 for ops)."""
        return self._met(BreakKind.NODE, situation, lambda p: p.target in names or (number > 0 and p.target == f"#{number}"))

    def at_module(self, path: str, type: str, situation: Situation) -> Met:
        """A module's forward is entered."""
        return self._met(BreakKind.MODULE, situation, lambda p: p.target in (path, type))

    def at_line(self, file: str, line: int, situation: Situation) -> Met:
        """A line is about to run, or an op of it ran."""
        place = (os.path.abspath(file), line)
        logs: list[str] = []
        for point in self.points:
            if point.place == place and point.breakpoint.enabled and point.counted(situation):
                if point.message is None:
                    return Met(point, tuple(logs))
                logs.append(point.message.filled(situation))  # type: ignore[arg-type]
        return Met(None, tuple(logs)) if logs else NOTHING

    def at_hook(self, names: tuple[str, ...], situation: Situation) -> Met:
        """A hook of one of these names is about to be called."""
        return self._met(BreakKind.HOOK, situation, lambda p: not p.target or p.target in names)

    def at_value(self, situation: Situation) -> Met:
        """Values were made. ``situation`` has their figures."""
        logs: list[str] = []
        for point in self.points:
            if point.test is None or not point.breakpoint.enabled:
                continue
            situation.get("norm")
            if situation.get("count") is None or not point.test(situation.facts) or not point.counted(situation):
                continue
            if point.message is None:
                return Met(point, tuple(logs))
            logs.append(point.message.filled(situation))  # type: ignore[arg-type]
        return Met(None, tuple(logs)) if logs else NOTHING

    def at_exception(self, types: tuple[str, ...], situation: Situation) -> Met:
        """An exception of these classes (its own first) was raised."""
        return self._met(BreakKind.EXCEPTION, situation, lambda p: not p.target or p.target in types)

    def _met(self, kind: BreakKind, situation: Situation, fits: Callable[[Breakpoint], bool]) -> Met:
        logs: list[str] = []
        for point in self.points:
            if point.breakpoint.kind is kind and point.breakpoint.enabled and fits(point.breakpoint) and point.counted(situation):
                if point.message is None:
                    return Met(point, tuple(logs))
                logs.append(point.message.filled(situation))  # type: ignore[arg-type]
        return Met(None, tuple(logs)) if logs else NOTHING
