"""Changes that can be taken back: what was in a dictionary before, entry by entry, per event.

The changes of all events lie in one flat list: an object for each would keep the garbage collector busy with them for
longer than all else takes.
"""

from __future__ import annotations

from bisect import bisect_right
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
        self._jumps: dict[int, int] = {}  # events that took others back, and behind which

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
        self._jumps.pop(self._events.pop(), None)
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
        entry, here = len(self._events) - 2, self._events[-1]
        while entry >= 0 and self._events[entry] > after:
            jump = self._jumps.get(self._events[entry], -2)
            if self._threads[entry] != thread:
                entry -= 1
                continue
            if jump >= after:  # the state behind it is that of an earlier event: what lies between is undone already
                entry = bisect_right(self._events, jump) - 1
                continue
            for place in range(self._starts[entry + 1] - 3, self._starts[entry] - 1, -3):
                target, key, old = self._changes[place : place + 3]
                if old is _MISSING:
                    self.remove(target, key)
                else:
                    self.set(target, key, old)
            entry -= 1
        self._jumps[here] = after

    def clear(self) -> None:
        self._forget(len(self._events))

    def _forget(self, entries: int) -> None:
        """Drop the oldest entries."""
        cut = self._starts[entries] if entries < len(self._starts) else len(self._changes)
        del self._changes[:cut]
        self._starts = [start - cut for start in self._starts[entries:]]
        del self._events[:entries], self._threads[:entries]
        first = self._events[0] if self._events else 0
        self._jumps = {event: to for event, to in self._jumps.items() if self._events and event >= first}
