"""Which graphs outlive their iteration: a recorder that counts the nodes of earlier passes that are still alive, and when their number
grows from pass to pass looks for the variable that keeps them.

A node that is alive is known by a weak reference, so the census keeps nothing alive itself.
"""

from __future__ import annotations

import inspect
import json
import sys
import weakref
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from types import FrameType, FunctionType
from typing import Any

from ..older import qualname
from .recorder import Recorder
from .stacks import is_kept, is_library, is_own

GROWN = 3  # passes in a row after which growing is no accident
DEEPEST = 4  # containers in containers
WIDEST = 2_000  # elements of a container that are looked at, from its end
NODES = 200  # ids in a note
BORN = 100_000  # nodes after which those that are dead are forgotten
WALKED = 200_000  # nodes of a graph that are walked
_OF_FRAME = 2  # references to a copy of variables: the frame's and ours


class CensusRecorder(Recorder):
    """A recorder that also watches for graphs that pile up, and for which leaves are parameters. Notes of kind ``alive`` and
    ``parameters`` say what was found. With ``examine`` the rules of custom Functions are tried, and notes of kind ``rule`` tell."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._born: list[weakref.ref[Any]] = []  # nodes since the last pass ended
        self._most_born = BORN
        self._older: list[weakref.ref[Any]] = []  # those of earlier passes that were alive when the last one ended
        self._counts: list[int] = []  # how many those were, of the last passes
        self.examine: Callable[[Any, tuple[Any, ...], Mapping[str, Any]], dict[str, Any] | None] | None = None  # tries a Function's rule
        self._examined: set[Any] = set()  # Functions of which that told something
        self._leaves: set[int] = set()  # the ids of those that got a gradient
        self._parameters: list[int] = []  # parameters among them that no note has named yet
        self._untold = False
        self._unfinished: set[int] = set()  # runs whose result is part of a graph that is still being made
        self._told = 0  # the count that was told last
        self.looks = Looks()

    def op(
        self, name: str, inputs: Any, outputs: Any, node: Any, params: Any, started: float, grad_mode: bool = True,
        names: tuple[str, ...] = (),
    ) -> None:  # fmt: skip
        super().op(name, inputs, outputs, node, params, started, grad_mode, names)
        if node is not None:
            born = self._born
            born.append(weakref.ref(node))
            if len(born) > self._most_born:  # no pass has ended for long
                self._born = [one for one in born if one() is not None]
                self._most_born = max(BORN, 2 * len(self._born))

    def applied(self, function: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
        forward = getattr(function.forward, "__code__", function)  # of a class that is made anew each time it is the same
        if self.examine is None or forward in self._examined or self.failed:
            return
        try:
            facts = self.examine(function, args, kwargs)
        except Exception as error:  # the script must not notice
            facts = {"class": function.__name__, "verdict": "unchecked", "why": f"{type(error).__name__}: {error}"}
        if facts is not None:
            self._examined.add(forward)
            self.note("rule", json.dumps(facts))

    def got_gradient(self, leaf: Any) -> None:
        number = leaf._id
        if number not in self._leaves:
            self._leaves.add(number)
            self._untold = True
            if any(kind.__name__ == "Parameter" for kind in type(leaf).__mro__):
                self._parameters.append(number)

    def run_begin(
        self, roots: Any, seeds: Any, needed: Any, keep_graph: bool, create_graph: bool, accumulate: bool
    ) -> int:  # fmt: skip
        run = super().run_begin(roots, seeds, needed, keep_graph, create_graph, accumulate)
        if create_graph and not accumulate:  # torch.autograd.grad() in the middle of a forward pass
            self._unfinished.add(run)
        return run

    def renewed(self) -> None:
        self._examined.clear()
        self._leaves.clear()
        self._parameters, self._untold = [], False
        self._unfinished.clear()

    def after_run(self, run: int) -> None:
        if self._untold:
            self.note("parameters", json.dumps({"tensors": self._parameters}))
            self._parameters, self._untold = [], False
        if not self._runs and not self.failed and run not in self._unfinished:
            self._count(run)

    def _count(self, run: int) -> None:
        """A pass has ended: what is left of the passes before it?"""
        self._older = [one for one in self._older if one() is not None]
        alive = len(self._older)
        before = self._counts[-1] if self._counts else 0
        self._counts = [*self._counts, alive] if alive > before else [alive]
        if len(self._counts) > GROWN and alive >= 2 * self._told:
            nodes = {self.looks.number(node): node for one in self._older if (node := one()) is not None}
            facts = {
                "run": run, "alive": alive, "grew": self._counts[-GROWN - 1 :], "nodes": sorted(nodes)[-NODES:],
                "kept": keeper(nodes, self.looks),
            }  # fmt: skip
            del nodes
            self._told = alive
            self.note("alive", json.dumps(facts))
        self._older += [one for one in self._born if one() is not None]
        self._born = []


class Looks:
    """How the census looks at tensors and at what stands for a node; here those of gradstep's own engine."""

    def is_tensor(self, value: object) -> bool:
        """Whether the census is to look at the graph behind this."""
        return hasattr(type(value), "_gradient_edge")

    def grad(self, tensor: Any) -> Any:
        """The ``.grad`` of a tensor; None where it has none."""
        return tensor.__dict__.get("_grad") if hasattr(tensor, "__dict__") else None

    def id(self, tensor: Any) -> int:
        """A tensor's number on the tape; 0 where it is not there."""
        number: int = tensor._id
        return number

    def number(self, node: Any) -> int:
        """A node's number."""
        number: int = node.id
        return number

    def root(self, tensor: Any) -> Any:
        """The node that made a tensor."""
        return getattr(tensor, "_edge", None)

    def behind(self, node: Any) -> Iterator[Any]:
        """The nodes that gradients of a node go to."""
        return (edge[0] for edge in node.next_edges if edge is not None)


def keeper(nodes: Container[int], looks: Looks) -> dict[str, Any] | None:
    """The variable from which most of these nodes are reached: its name, the way from it, and where its frame stands."""
    best: dict[str, Any] | None = None
    most = 0
    for where, path, tensor in _tensors(looks):
        reached = _reached(tensor, nodes, looks)
        if reached > most:
            most = reached
            best = {"name": path, "nodes": reached, "tensor": looks.id(tensor), **where}
    return best


def _reached(tensor: Any, nodes: Container[int], looks: Looks) -> int:
    """How many of the nodes the graph behind a tensor holds."""
    node = looks.root(tensor)
    if node is None:
        return 0
    seen = {id(node): node}  # held, so that no other one gets its id
    waiting = [node]
    count = 0
    while waiting and len(seen) < WALKED:
        one = waiting.pop()
        count += looks.number(one) in nodes
        for behind in looks.behind(one):
            if id(behind) not in seen:
                seen[id(behind)] = behind
                waiting.append(behind)
    return count


def _tensors(looks: Looks) -> Iterator[tuple[dict[str, Any], str, Any]]:
    """The tensors that the user's variables hold: the frame's place, the way to each, and the tensor."""
    seen: set[int] = set()
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        file = frame.f_code.co_filename
        if is_kept(file) and not is_library(file):
            where = {"file": file, "line": frame.f_lineno, "function": qualname(frame.f_code)}
            yield from _in_frame(frame, where, seen, looks)
        frame = frame.f_back


def _in_frame(frame: FrameType, where: dict[str, Any], seen: set[int], looks: Looks) -> Iterator[tuple[dict[str, Any], str, Any]]:
    is_copy = bool(frame.f_code.co_flags & inspect.CO_OPTIMIZED)
    own = frame.f_locals
    scopes = [dict(own), dict(frame.f_globals)] if is_copy else [dict(own)]
    if is_copy and type(own) is dict and sys.getrefcount(own) <= _OF_FRAME + 1:
        own.clear()  # the frame would keep the copy, and all that it names, alive
    for scope in scopes:
        for name, value in scope.items():
            if isinstance(name, str) and not name.startswith("__"):
                for path, tensor in _in(value, name, DEEPEST, seen, looks):
                    yield where, path, tensor


def _in(value: Any, path: str, deep: int, seen: set[int], looks: Looks) -> Iterator[tuple[str, Any]]:
    """The tensors in a value. Looks into plain containers, attributes of objects and closures; calls nothing of the user's."""
    if id(value) in seen:
        return
    if looks.is_tensor(value):
        seen.add(id(value))
        yield path, value
        grad = looks.grad(value)
        if grad is not None:
            yield f"{path}.grad", grad
        return
    if deep == 0:
        return
    inside: Sequence[tuple[str, Any]] = ()
    if type(value) in (list, tuple):
        start = max(len(value) - WIDEST, 0)
        inside = [(f"{path}[{start + i}]", one) for i, one in enumerate(value[start:])]
    elif type(value) is dict:
        inside = [
            (f"{path}[{key!r}]" if isinstance(key, (str, int)) else f"{path}[...]", one) for key, one in list(value.items())[-WIDEST:]
        ]
    elif type(value) in (set, frozenset) or type(value).__name__ == "deque":
        inside = [(f"{path}[...]", one) for one in list(value)[-WIDEST:]]
    elif isinstance(value, FunctionType):
        if is_own(value.__code__.co_filename):
            return
        names = value.__code__.co_freevars
        for place, cell in enumerate(value.__closure__ or ()):
            try:
                inside = [*inside, (f"{path}'s {names[place]}", cell.cell_contents)]
            except ValueError:  # an empty cell
                continue
    elif isinstance(getattr(value, "__dict__", None), dict) and not isinstance(value, type) and type(value).__name__ != "module":
        inside = [(f"{path}.{key}", one) for key, one in list(vars(value).items())[-WIDEST:]]
    seen.add(id(value))
    for way, one in inside:
        yield from _in(one, way, deep - 1, seen, looks)
