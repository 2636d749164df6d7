"""Which groups are open: a depth for all, and what the user opened and folded besides. Plain data; each change is a new one."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, replace

Name = Hashable  # of a group


@dataclass(frozen=True, slots=True)
class Folds:
    """Groups down to ``depth`` are open (None: as deep as the picture stays small enough), but for those that the user
    ``opened`` or ``shut`` by hand, and those on the ``way`` to the current node, which open as long as it is there."""

    depth: int | None = None
    opened: frozenset[Name] = frozenset()
    shut: frozenset[Name] = frozenset()
    way: frozenset[Name] = frozenset()

    def open(self, names: Iterable[Name]) -> Folds:
        names = frozenset(names)
        return replace(self, opened=self.opened | names, shut=self.shut - names)

    def close(self, names: Iterable[Name]) -> Folds:
        names = frozenset(names)
        return replace(self, opened=self.opened - names, shut=self.shut | names, way=self.way - names)

    def to_depth(self, depth: int | None) -> Folds:
        """All groups alike: what was opened and folded by hand is forgotten."""
        return Folds(depth)

    def along(self, way: Iterable[Name]) -> Folds:
        """With another way to the current node; what the user folded stays folded."""
        return replace(self, way=frozenset(way) - self.shut)
