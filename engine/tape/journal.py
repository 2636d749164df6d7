"""Changes that can be taken back: what was in a dictionary before, entry by entry, per event."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any

_MISSING = object()

Change = tuple[dict[Any, Any], Any, Any]  # dictionary, key, what stood there


class Journal:
    """Writes into dictionaries and remembers what stood there. ``begin`` opens the entry of an event; at most ``keep``
    entries are remembered, the oldest are forgotten first."""

    def __init__(self, keep: int) -> None:
        self._entries: deque[tuple[int, int, list[Change]]] = deque(maxlen=keep)  # event, thread, changes
        self._changes: list[Change] = []

    def begin(self, event: int, thread: int) -> None:
        self._changes = []
        self._entries.append((event, thread, self._changes))

    def set(self, target: dict[Any, Any], key: Any, value: Any) -> None:
        self._changes.append((target, key, target.get(key, _MISSING)))
        target[key] = value

    def remove(self, target: dict[Any, Any], key: Any) -> None:
        if key in target:
            self._changes.append((target, key, target.pop(key)))

    def reaches(self, event: int) -> bool:
        """Whether all events after ``event`` are remembered."""
        return bool(self._entries) and self._entries[0][0] <= event + 1

    def undo(self) -> int:
        """Take back the last event; its number."""
        event, _, changes = self._entries.pop()
        _restore(changes)
        self._changes = []
        return event

    def undo_within(self, after: int, thread: int) -> None:
        """As part of the event that is open: take back all events behind ``after`` of one thread. (The entries stay: the
        open event's own entry undoes the undoing.)"""
        current = self._changes
        for _, owner, changes in self._behind(after):
            if owner == thread and changes is not current:
                for target, key, old in reversed(changes):
                    if old is _MISSING:
                        self.remove(target, key)
                    else:
                        self.set(target, key, old)

    def clear(self) -> None:
        self._entries.clear()
        self._changes = []

    def _behind(self, after: int) -> Iterator[tuple[int, int, list[Change]]]:
        for entry in list(reversed(self._entries)):
            if entry[0] <= after:
                return
            yield entry


def _restore(changes: list[Change]) -> None:
    for target, key, old in reversed(changes):
        if old is _MISSING:
            target.pop(key, None)
        else:
            target[key] = old
