"""Searches a graph by text: nodes, parameters, modules and ops, each kind with its count. No Qt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeVar

from gradstep.engine.tape.graph import Key

from .named import both

T = TypeVar("T")
_LEAVES = ("accumulate", "leaf", "input")


class Sort(Enum):
    """What a result is; the values are the headings."""

    NODE = "Nodes"
    PARAMETER = "Parameters"
    MODULE = "Modules"
    OP = "Ops"


@dataclass(frozen=True, slots=True)
class Result:
    """One line of the results. ``keys`` are the nodes that it stands for, in the order of the graph."""

    sort: Sort
    text: str
    detail: str
    keys: tuple[Key, ...]


@dataclass(frozen=True, slots=True)
class Results:
    """What was found. ``keys``: all nodes that it leads to, in the order of the graph."""

    query: str
    found: dict[Sort, tuple[Result, ...]]
    keys: tuple[Key, ...]

    def __bool__(self) -> bool:
        return bool(self.keys)


NOTHING = Results("", {}, ())


def _lower(named: dict[str, list[Key]]) -> list[tuple[str, tuple[str, list[Key]]]]:
    """Names in small letters, and what they were with what they name."""
    return [(name.lower(), (name, keys)) for name, keys in named.items()]


def _with(words: list[str], lines: list[tuple[str, T]]) -> list[tuple[str, T]]:
    """The lines in whose text every word occurs."""
    for word in words:
        lines = [line for line in lines if word in line[0]]
    return lines


class GraphSearch:
    """The texts of one graph, ready to be searched: made once, so that each letter typed is answered at once. What was added
    so far can be searched while the rest is still to come."""

    def __init__(self) -> None:
        self._lines: list[tuple[str, Result]] = []
        self._order: dict[Key, int] = {}
        self._modules: dict[str, list[Key]] = {}
        self._ops: dict[str, list[Key]] = {}

    def add(self, key: Key, data: Mapping[str, Any]) -> None:
        """Take in a node with the attributes of ``gradstep.engine.tape.graph``."""
        self._order[key] = len(self._order)
        label, name, path = (str(data.get(part) or "") for part in ("label", "name", "path"))
        path = path or name.rpartition(".")[0]
        leaf = data.get("kind") in _LEAVES
        detail = " ".join(part for part in (str(data.get("detail") or "").replace("x", "\N{MULTIPLICATION SIGN}"), path) if part)
        result = Result(Sort.PARAMETER if leaf else Sort.NODE, both(str(data.get("given") or ""), name or label), detail, (key,))
        self._lines.append((result.text.lower(), result))
        parts = path.split(".") if path else []
        for depth in range(len(parts)):
            self._modules.setdefault(".".join(parts[: depth + 1]), []).append(key)
        if not leaf and (data.get("op") or label):
            self._ops.setdefault(str(data.get("op") or label), []).append(key)

    def _hits(self, words: list[str]) -> list[tuple[str, Result]]:
        """Texts with all the words, and their results; those of many nodes are made when they are found."""
        hits = _with(words, self._lines)
        hits += [(text, Result(Sort.MODULE, path, "", tuple(keys))) for text, (path, keys) in _with(words, _lower(self._modules))]
        many = ((op, keys) for op, keys in self._ops.items() if len(keys) > 1)
        hits += [(text, Result(Sort.OP, op, "", tuple(keys))) for text, (op, keys) in _with(words, _lower(dict(many)))]
        return hits

    def find(self, query: str) -> Results:
        """All results in whose text every word of the query occurs, case ignored; what begins with the query first."""
        words = query.lower().split()
        if not words:
            return NOTHING
        found: dict[Sort, list[tuple[bool, Result]]] = {}
        keys: set[Key] = set()
        for text, result in self._hits(words):
            found.setdefault(result.sort, []).append((not text.startswith(words[0]), result))
            keys.update(result.keys)
        return Results(
            query,
            {sort: tuple(result for _, result in sorted(found[sort], key=lambda one: one[0])) for sort in Sort if sort in found},
            tuple(sorted(keys, key=self._order.__getitem__)),
        )
