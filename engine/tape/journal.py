"""Changes that can be taken back: what was in a dictionary before, entry by entry, per event.

The changes of all events lie in one flat list: an object for each would keep the garbage collector busy with them for
longer than all else takes.
"""

from __future__ import annotations

from typing import Any

_MISSING = object()


class Journal:
    """Writes into dictionaries and remembers what stood there. ``begin`` opens the entry of an event; the last ``keep``
    entries are remembered, and up to as many more."""

    def __init__(self, keep: int) -> None:
        self._keep = keep
        self._changes: list[Any] = []  # dictionary, key, what stood there; and again
        self._starts: list[int] = []  # of each entry
        self._events: list[int] = []
        self._threads: list[int] = []

    def begin(self, event: int, thread: int) -> None:
        if len(self._events) > 2 * self._keep:
            self._forget(len(self._events) - self._keep)
        self._starts.append(len(self._changes))
        self._events.append(event)
        self._threads.append(thread)

    def set(self, target: dict[Any, Any], key: Any, value: Any) -> None:
        self._changes += (target, key, target.get(key, _MISSING))
        target[key] = value

    def remove(self, target: dict[Any, Any], key: Any) -> None:
        if key in target:
            self._changes += (target, key, target.pop(key))

    def reaches(self, event: int) -> bool:
        """Whether all events after ``event`` are remembered."""
        return bool(self._events) and self._events[0] <= event + 1

    def undo(self) -> None:
        """Take back the last event."""
        self._events.pop()
        self._threads.pop()
        start = self._starts.pop()
        changes = self._changes
        for place in range(len(changes) - 3, start - 1, -3):
            target, key, old = changes[place : place + 3]
            if old is _MISSING:
                target.pop(key, None)
            else:
                target[key] = old
        del changes[start:]

    def undo_within(self, after: int, thread: int) -> None:
        """As part of the event that is open: take back all events behind ``after`` of one thread. (Their entries stay: the
        open event's own undoes the undoing.)"""
        for entry in range(len(self._events) - 2, -1, -1):
            if self._events[entry] <= after:
                return
            if self._threads[entry] != thread:
                continue
            for place in range(self._starts[entry + 1] - 3, self._starts[entry] - 1, -3):
                target, key, old = self._changes[place : place + 3]
                if old is _MISSING:
                    self.remove(target, key)
                else:
                    self.set(target, key, old)

    def clear(self) -> None:
        self._forget(len(self._events))

    def _forget(self, entries: int) -> None:
        """Drop the oldest entries."""
        cut = self._starts[entries] if entries < len(self._starts) else len(self._changes)
        del self._changes[:cut]
        self._starts = [start - cut for start in self._starts[entries:]]
        del self._events[:entries], self._threads[:entries]
