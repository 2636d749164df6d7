"""Why a program that is being debugged stops here: a step was asked for, a node was to be reached, a breakpoint is met.

Each place in the program (before a node, after an op, before a hook, at a module) asks one question. Where nobody waits for
anything the answer costs a look at a flag.
"""

from __future__ import annotations

import math
import types
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field
from typing import Any

from ..older import dataclass
from ..tape import stacks
from ..tape.describe import described
from ..tape.schema import NodeKind
from .points import Met, Points, Situation
from .target import Node, Pass, Target

EVERYWHERE = 1 << 30


@dataclass(frozen=True, slots=True)
class Why:
    """The reason for a stop: a word of the Debug Adapter Protocol's, and what a sentence needs to say more."""

    reason: str  # entry, step, goto, pause, breakpoint, data breakpoint, exception
    breakpoint: int = 0  # its id
    text: str = ""  # what was met, in words
    what: str = ""  # op, node, hook, module, line
    name: str = ""  # of the op, the hook, the module
    op: int = 0  # the id of the forward op


@dataclass
class Reasons:
    """What the program waits for. ``say`` takes the messages of breakpoints that only log."""

    target: Target
    say: Callable[[str], None]
    points: Points = field(default_factory=Points)
    pause: bool = False
    entry: bool = False
    goal: int = 0  # the node to run to
    depth: int = 0  # stop before the next node of a walk nested at most so deep
    frames: int = 0  # stop after the next op at most so many of the user's frames deep
    due: Why | None = None  # met inside a node; told before the next
    off: set[tuple[int, str]] = field(default_factory=set)  # hooks that are switched off: node kind of hook and name

    @property
    def watchful(self) -> bool:
        """Whether a running walk has to look here before each node."""
        points = self.points
        return bool(
            self.pause or self.entry or self.goal or self.depth or self.due or points.ops or points.hooks or points.values or points.lines
        )

    def settle(self) -> None:
        """The program stands still: no move is under way any more."""
        self.pause = self.entry = False
        self.goal = self.depth = self.frames = 0
        self.due = None

    # ------------------------------------------------------------------------------------------ backward

    def before_node(self, walk: Pass, node: Node, depth: int, line: tuple[str, int]) -> Why | None:
        """Why to stop before ``node``; ``depth`` walks are around it, the user's line is ``line``."""
        if self.due is not None:
            return self.due
        if self.pause:
            return Why("pause")
        if self.entry:
            return Why("entry")
        if depth <= self.depth:
            return Why("step")
        if self.goal and node.id == self.goal:
            return Why("goto")
        points = self.points
        if points.ops or points.hooks:
            situation = Situation(self._facts_of_node(walk, node, line), lambda: self._figures(walk.pending(node)))
            if points.ops:
                why = self._met(points.at_op((node.name(), self.target.op_name(node)), node.id, situation), "node", node.name())
                if why is not None:
                    return why
            if points.hooks and node.kind == NodeKind.ACCUMULATE:
                name = self.target.leaf_name(node.variable)
                names = ("AccumulateGrad", f"AccumulateGrad:{name}")
                return self._met(points.at_hook(names, situation), "node", f"AccumulateGrad of {name}" if name else "AccumulateGrad")
        return None

    def after_node(self, walk: Pass, node: Node, grads: Sequence[Any], line: tuple[str, int]) -> None:
        """A node passed gradients on: what they meet is told before the next node."""
        if self.points.values and self.due is None:
            situation = Situation(self._facts_of_node(walk, node, line), lambda: self._figures(grads))
            self.due = self._met(self.points.at_value(situation), "node", node.name(), reason="data breakpoint")

    # ------------------------------------------------------------------------------------------ forward

    def after_op(self, name: str, outs: Sequence[Any], number: int, module: str, frame: types.FrameType) -> Why | None:
        """Why to stop after a forward op that was recorded."""
        if self.pause:
            return Why("pause", what="op", name=name, op=number)
        if self.frames and user_depth(frame) <= self.frames:
            return Why("step", what="op", name=name, op=number)
        points = self.points
        if not (points.ops or points.values or points.lines):
            return None
        file, line = user_place(frame)
        facts = {"op": name, "name": name, "module": module, "phase": "forward", "file": file.rpartition("/")[2], "line": line}
        situation = Situation(facts, lambda: self._figures(outs))
        if points.ops:
            why = self._met(points.at_op((name, self.target.public_name(name)), 0, situation), "op", name, op=number)
            if why is not None:
                return why
        if points.values:
            why = self._met(points.at_value(situation), "op", name, op=number, reason="data breakpoint")
            if why is not None:
                return why
        return None

    def at_line(self, frame: types.FrameType) -> Why | None:
        """Why to stop before a line of the user's."""
        file, line = frame.f_code.co_filename, frame.f_lineno or 0
        situation = Situation({"file": file.rpartition("/")[2], "line": line, "phase": "forward"})
        return self._met(self.points.at_line(file, line, situation), "line", f"{file.rpartition('/')[2]}:{line}")

    def at_module(self, path: str, type: str, frame: types.FrameType) -> Why | None:
        """Why to stop where a module's forward is entered."""
        if not self.points.modules:
            return None
        file, line = user_place(frame)
        situation = Situation({"module": path, "name": type, "phase": "forward", "file": file.rpartition("/")[2], "line": line})
        return self._met(self.points.at_module(path, type, situation), "module", f"{path} ({type})" if path else type)

    # ------------------------------------------------------------------------------------------ hooks, exceptions

    def before_hook(self, function: Any, node: Node | None, values: Sequence[Any], within: bool) -> Why | None:
        """Why to stop before a hook is called. ``within``: in the middle of a walk, else in forward."""
        name = hook_name(function)
        if (self.depth if within else self.frames) >= EVERYWHERE:
            return Why("step", what="hook", name=name)
        if not self.points.hooks:
            return None
        facts: dict[str, Any] = {"hook": name, "phase": "backward" if within else "forward"}
        if node is not None:
            facts |= {"node": node.id, "name": node.name(), "op": self.target.op_name(node)}
        situation = Situation(facts, lambda: self._figures(values))
        return self._met(self.points.at_hook((name, name.rpartition(".")[2]), situation), "hook", name)

    def at_exception(self, error: BaseException) -> Why | None:
        """Why to stop where the program raised."""
        if not self.points.exceptions:
            return None
        types_ = tuple(name for kind in type(error).__mro__ for name in (kind.__name__, kind.__qualname__))
        situation = Situation({"exception": type(error).__name__})
        return self._met(
            self.points.at_exception(types_, situation), "exception", f"{type(error).__name__}: {error}"[:500], reason="exception"
        )

    def _met(self, met: Met, what: str, name: str, *, op: int = 0, reason: str = "breakpoint") -> Why | None:
        for line in met.logs:
            self.say(line)
        if met.stop is None:
            return None
        point = met.stop.breakpoint
        return Why(reason, point.id, point.sentence, what, name, op)

    def _facts_of_node(self, walk: Pass, node: Node, line: tuple[str, int]) -> dict[str, Any]:
        target = self.target
        variable = node.variable if node.kind == NodeKind.ACCUMULATE else None
        return {
            "run": walk.run, "node": node.id, "name": node.name(), "op": target.op_name(node), "step": walk.taken, "phase": "backward",
            "parameter": target.leaf_name(variable) if variable is not None else None,
            "file": line[0].rpartition("/")[2], "line": line[1],
        }  # fmt: skip

    def _figures(self, tensors: Iterable[Any]) -> Mapping[str, Any]:
        return figures(self.target, tensors)


def hook_name(function: Any) -> str:
    """What a hook is called, as on the tape."""
    return described(function)[0]


def figures(target: Target, tensors: Iterable[Any]) -> Mapping[str, Any]:
    """The figures of some values together, by the names that conditions use; none where there are no values."""
    given = [tensor for tensor in tensors if target.is_tensor(tensor)]
    if not given:
        return {}
    rows, first = target.statistics(given), target.about(given[0])
    count, nans = sum(row.count for row in rows), sum(row.nans for row in rows)
    infs = sum(row.posinfs + row.neginfs for row in rows)
    finite = [row for row in rows if not math.isnan(row.low)]
    weights = sum(row.count for row in finite)
    return {
        "norm": math.hypot(*(row.norm for row in rows)),
        "nans": nans,
        "infs": infs,
        "zeros": sum(row.zeros for row in rows),
        "count": count,
        "low": min((row.low for row in finite), default=None),
        "high": max((row.high for row in finite), default=None),
        "mean": sum(row.mean * row.count for row in finite) / weights if weights else None,
        "finite": nans == 0 and infs == 0,
        "shape": first["shape"],
        "dtype": first["dtype"],
    }


def user_depth(frame: types.FrameType | None) -> int:
    """How many frames of the user's are on the stack."""
    depth = 0
    while frame is not None:
        depth += stacks.is_kept(frame.f_code.co_filename)
        frame = frame.f_back
    return depth


def user_place(frame: types.FrameType | None) -> tuple[str, int]:
    """File and line of the innermost frame of the user's own; ("", 0) where there is none."""
    first: tuple[str, int] = ("", 0)
    while frame is not None:
        file = frame.f_code.co_filename
        if stacks.is_kept(file):
            if not stacks.is_library(file):
                return file, frame.f_lineno or 0
            first = first if first[0] else (file, frame.f_lineno or 0)
        frame = frame.f_back
    return first
