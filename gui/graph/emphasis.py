"""Which nodes of the graph stand out: what a search found, else a path that was asked for, else the lines that were chosen in the
statistics, else what the filter lets through."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from enum import IntEnum

from ..canvas import GraphCanvas


class Reason(IntEnum):
    """Why nodes stand out; where several have something to say, the lowest one does."""

    FOUND = 0
    WAY = 1
    CHOSEN = 2
    FILTER = 3


class Emphasis:
    """Tells the canvas what to dim."""

    def __init__(self, canvas: GraphCanvas) -> None:
        self._canvas = canvas
        self._wishes: dict[Reason, set[Hashable]] = {}

    def set(self, reason: Reason, keys: Iterable[Hashable] | None) -> None:
        """These nodes stand out for a reason; None: it has nothing to say."""
        if keys is None:
            self._wishes.pop(reason, None)
        else:
            self._wishes[reason] = set(keys)
        self.apply()

    def change(self, reason: Reason, added: Iterable[Hashable], removed: Iterable[Hashable]) -> None:
        """A few nodes more stand out for a reason that others stood out for before, and a few less."""
        wishes = self._wishes[reason]
        wishes.update(added)
        wishes.difference_update(removed)
        if reason is min(self._wishes) and not self._canvas.reading.dim_changed(added, removed):
            self.apply()

    def apply(self) -> None:
        """Tell the canvas; another graph on it knows nothing yet."""
        self._canvas.reading.dim_all_but(self._wishes[min(self._wishes)] if self._wishes else None)
