"""Forgets what can never be mentioned again, so that a recording of ten million ops takes no more memory than one of a million.

What the tape knows is kept by id, and an id lives in the tensor or node that has it: once that is gone, nobody can ask. To watch every
tensor die would cost every op; instead the interpreter is asked from time to time which are alive.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from typing import Any

AT_LEAST = 200_000  # tensors and nodes that are known before anybody asks which are alive
PART = 50  # of the time between two questions, what one may take
TABLE_CAP = 100_000  # entries of a table of what repeats; it begins anew then

Alive = Callable[[], "tuple[set[int] | None, set[int]]"]


class Sweeper:
    """When to ask. ``alive`` gives the ids of the tensors (None: they are watched otherwise) and of the nodes."""

    def __init__(self, alive: Alive) -> None:
        self._alive = alive
        self._most = AT_LEAST
        self._not_before = 0.0

    def is_due(self, count: int) -> bool:
        """Whether so many things that are known are too many."""
        return count > self._most and time.monotonic() >= self._not_before

    def sweep(self, versions: dict[int, int], nodes: set[int], tied: dict[int, int]) -> None:
        """Take out of these what is dead."""
        if gc.get_freeze_count():  # what was frozen is not told of, and may be alive
            self._most = max(self._most, 2 * (len(versions) + len(nodes)))
            return
        begun = time.monotonic()
        tensors, living = self._alive()
        if tensors is not None:
            kept = {number: versions[number] for number in tensors if number in versions}
            versions.clear()
            versions.update(kept)
        nodes &= living
        for number in [number for number in tied if number not in living]:
            del tied[number]
        self._most = max(AT_LEAST, 2 * (len(versions) + len(nodes)))
        now = time.monotonic()
        self._not_before = now + PART * (now - begun)


_TENSOR, _NODE = 1, 2


def _kind(cls: type) -> int:
    """What the engine's objects of a class are, told by what their classes define."""
    for base in cls.__mro__:
        if "_gradient_edge" in vars(base):
            return _TENSOR
        if "saved_entries" in vars(base):
            return _NODE
    return 0


def living() -> tuple[set[int], set[int]]:
    """The ids of the tensors and nodes of gradstep's own engine that are alive."""
    kinds: dict[type, int] = {}
    tensors: set[int] = set()
    nodes: set[int] = set()
    one: Any
    for one in gc.get_objects():
        cls = type(one)
        kind = kinds.get(cls)
        if kind is None:
            kind = kinds[cls] = _kind(cls)
        if kind:
            try:
                if kind == _TENSOR:
                    tensors.add(one._id)
                else:
                    nodes.add(one.id)
            except AttributeError:  # it is just being made
                continue
    return tensors, nodes
