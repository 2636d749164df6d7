"""Names that the user gave to nodes, ops, tensors and groups, and what of a tape they belong to. Without Qt.

A name belongs to a number, as a bookmark does: the same script run again gives the same numbers. What stood under that number when the
name was given is kept with it, so that a name never stands on something else. That of a module belongs to its path: it is the same module
in each pass.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import networkx as nx

from gradstep.engine.tape.reader import Tape
from gradstep.engine.tape.schema import NodeKind

Key = tuple[str, Any]  # ("node", id), ("op", id), ("leaf", tensor id), ("group", its name), ("module", path and type)
LONGEST = 80  # characters of a name


@dataclass(frozen=True, slots=True)
class Named:
    """One name. ``was``: what the thing is called without it."""

    key: Key
    words: str
    was: str

    def plain(self) -> dict[str, Any]:
        """As JSON has it."""
        kind, number = self.key
        return {"kind": kind, "of": list(number) if isinstance(number, tuple) else number, "words": self.words, "was": self.was}

    @classmethod
    def of(cls, facts: Any) -> Named:
        """The opposite of ``plain``. Raises what a missing key or a wrong type raises."""
        number = facts["of"]
        if isinstance(number, list):
            number = tuple(one if isinstance(one, str) else int(one) for one in number)
        elif not isinstance(number, str):
            number = int(number)
        return cls((str(facts["kind"]), number), str(facts["words"])[:LONGEST], str(facts["was"]))


def owner(tape: Tape, key: Key) -> Key:
    """What is named where a node or a group is pointed at: an AccumulateGrad stands for its tensor, a call for its module."""
    kind, number = key
    if kind == "group" and isinstance(number, int):
        call = tape.calls.get(number)
        return key if call is None else ("module", f"{call.path} {call.type}".strip())
    node = tape.nodes.get(number) if kind == "node" else None
    if node is not None and node.kind == NodeKind.ACCUMULATE and node.variable is not None:
        return "leaf", node.variable
    return key


def own_name(tape: Tape, key: Key, title: str = "") -> str | None:
    """What something is called without a name of the user's; ``title``: of a group that is no module call. None where the tape has no
    such thing."""
    kind, number = key
    if kind == "node":
        node = tape.nodes.get(number)
        return None if node is None else node.name
    if kind == "op":
        op = tape.ops.get(number)
        return None if op is None else op.name
    if kind == "leaf":
        tensor = tape.tensors.get(number)
        return None if tensor is None else tensor.name or "tensor"
    return str(number) if kind == "module" else title or None


class Given:
    """The names that hold on a tape, by key."""

    def __init__(self, tape: Tape, names: Iterable[Named]) -> None:
        self._tape = tape
        self._names = {named.key: named for named in names}

    def __bool__(self) -> bool:
        return bool(self._names)

    @property
    def keys(self) -> Iterable[Key]:
        """What was given a name, on this tape or on another one of the same script."""
        return self._names

    def __call__(self, key: Key, title: str = "") -> str:
        """The user's name for something, "" where there is none."""
        if not self._names:
            return ""
        key = owner(self._tape, key) if key[0] == "group" else key
        named = self._names.get(key)
        return named.words if named is not None and own_name(self._tape, key, title) == named.was else ""

    def of_node(self, key: Key) -> str:
        """That of a node of a graph, which may stand for a tensor."""
        return self(owner(self._tape, key)) if self._names else ""


def both(words: str, own: str) -> str:
    """The user's name with the own one behind it."""
    return f"{words} ({own})" if words and own and words != own else words or own


def named_facts(given: Given, facts: Callable[[Any], Mapping[str, Any]]) -> Callable[[Any], Mapping[str, Any]]:
    """Attributes of nodes, with the names that were ``given``."""
    if not given:
        return facts

    def attributes(key: Any) -> Mapping[str, Any]:
        found = facts(key)
        words = given.of_node(key)
        return {**found, "given": words} if words else found

    return attributes


def name_graph(given: Given, graph: nx.DiGraph) -> nx.DiGraph:
    """Give the nodes of a graph (``gradstep.engine.tape.graph``, folded or not) and its groups the attribute ``given``, those that have a
    name of the user's."""
    if not given:
        return graph
    for key in given.keys:  # of 100,000 nodes few have a name
        if key in graph and (words := given(key)):
            graph.nodes[key]["given"] = words
    for key, data in graph.nodes(data=True):
        kind = data["kind"]
        if words := given.of_node(key) if kind == "accumulate" else given(key, str(data["label"])) if kind == "group" else "":
            data["given"] = words
    for name, facts in graph.graph.get("groups", {}).items():
        if words := given(("group", name), str(facts["label"])):
            facts["given"] = words
    calls: dict[Hashable, str] = {call: words for call in graph.graph.get("calls", {}) if (words := given(("group", call)))}
    if calls:
        graph.graph["given"] = calls
    return graph
