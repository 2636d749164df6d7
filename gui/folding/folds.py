"""Which groups are open: a depth for all, and what the user opened and folded besides. Plain data; each change is a new one."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, replace

Name = Hashable  # of a group


@dataclass(frozen=True, slots=True)
class Folds:
    """Groups down to ``depth`` are open (None: as deep as the picture stays small enough), but for those that the user
    ``opened`` or ``shut`` by hand, and those around the node ``at``, which the program came to: what was folded by hand stays
    folded there too."""

    depth: int | None = None
    opened: frozenset[Name] = frozenset()
    shut: frozenset[Name] = frozenset()
    at: Name | None = None  # a key of the graph

    def open(self, names: Iterable[Name]) -> Folds:
        names = frozenset(names)
        return replace(self, opened=self.opened | names, shut=self.shut - names)

    def close(self, names: Iterable[Name]) -> Folds:
        names = frozenset(names)
        return replace(self, opened=self.opened - names, shut=self.shut | names)

    def to_depth(self, depth: int | None) -> Folds:
        """All groups alike: what was opened and folded by hand is forgotten."""
        return Folds(depth)

    def around(self, key: Name) -> Folds:
        """Open around another node; what was open around the one before folds again."""
        return replace(self, at=key)


FITTING = Folds()  # as a graph opens
