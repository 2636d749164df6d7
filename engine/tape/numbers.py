"""A number for each id, in eight bytes: what a dictionary of a hundred thousand whole numbers takes a hundred and fifty bytes each for."""

from __future__ import annotations

from array import array

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.int64]

NOTHING = -(1 << 63)  # the number of an id that has none
ROOM = 1024  # places that may stay empty, whatever there is
SPARSE = 4  # places for each id, at most; the ids of a tape nearly count on


class Numbers:
    """A whole number (not ``NOTHING``) by id. Ids that lie close together stand in one array; those far from all others, as of the second
    recording of a process, in a dictionary."""

    __slots__ = ("_far", "_first", "_held", "_within")

    def __init__(self) -> None:
        self._first = 0
        self._held = array("q")
        self._within = 0  # ids in the array, where one that was set twice may count twice
        self._far: dict[int, int] = {}

    def get(self, id: int, default: int = NOTHING) -> int:
        """The number of an id."""
        place = id - self._first
        if 0 <= place < len(self._held):
            found = self._held[place]
            if found != NOTHING:
                return found
        return self._far.get(id, default) if self._far else default

    def __contains__(self, id: int) -> bool:
        return self.get(id) != NOTHING

    def __setitem__(self, id: int, number: int) -> None:
        place = id - self._first
        if 0 <= place < len(self._held):
            self._held[place] = number
        elif self._reaches(id, id, 1):
            self._held[id - self._first] = number
        else:
            self._far[id] = number
            return
        self._within += 1
        if self._far:
            self._far.pop(id, None)

    def at(self, ids: Words) -> Words:
        """The numbers of many ids."""
        found = np.full(len(ids), NOTHING)
        if len(self._held):
            places = ids - self._first
            inside = np.flatnonzero((places >= 0) & (places < len(self._held)))
            found[inside] = np.frombuffer(self._held, np.int64)[places[inside]]
        if self._far:
            for place in np.flatnonzero(found == NOTHING).tolist():
                found[place] = self._far.get(int(ids[place]), NOTHING)
        return found

    def put(self, ids: Words, numbers: Words) -> None:
        """Set many; of an id that occurs twice the last number."""
        if not len(ids):
            return
        if self._far or not self._reaches(int(ids.min()), int(ids.max()), len(ids)):
            for id, number in zip(ids.tolist(), numbers.tolist(), strict=True):
                self[id] = number
            return
        np.frombuffer(self._held, np.int64)[ids - self._first] = numbers
        self._within += len(ids)

    def _reaches(self, low: int, high: int, count: int) -> bool:
        """Make room in the array for ids from ``low`` to ``high``, so many of which come. False where most of it would stay empty."""
        if not self._held:
            self._first = low
        first, stop = min(low, self._first), max(high + 1, self._first + len(self._held))
        if stop - first > SPARSE * (self._within + count) + ROOM:
            return False
        ahead = self._first - first
        if ahead:
            ahead += len(self._held) // 2  # more will come there, and each time all is moved
            self._held = array("q", [NOTHING]) * ahead + self._held
            self._first -= ahead
        missing = stop - self._first - len(self._held)
        if missing:
            self._held.extend(array("q", [NOTHING]) * missing)
        return True
