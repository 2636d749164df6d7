"""Whole numbers in few words: what a pass needs is nearly always one run of ids, and where a noun stands is counted on from the first."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from typing import Any

import numpy as np
import numpy.typing as npt

from .numbers import Numbers


class Ranges(Set[int]):
    """A set of whole numbers, given as runs ``(first, length), ...`` that ascend and do not touch. It equals the frozenset with the same
    members, and takes no more room than its runs."""

    __slots__ = ("_firsts", "_length", "_stops")

    def __init__(self, runs: Iterable[tuple[int, int]]) -> None:
        known = list(runs)
        self._firsts = [first for first, _ in known]
        self._stops = [first + length for first, length in known]
        self._length = sum(length for _, length in known)

    def __contains__(self, number: object) -> bool:
        if not isinstance(number, int):
            return False
        place = bisect_right(self._firsts, number) - 1
        return place >= 0 and number < self._stops[place]

    def __iter__(self) -> Iterator[int]:
        for first, stop in zip(self._firsts, self._stops, strict=True):
            yield from range(first, stop)

    def __len__(self) -> int:
        return self._length

    def __hash__(self) -> int:
        return self._hash()

    def __repr__(self) -> str:
        return f"Ranges({[(first, stop - first) for first, stop in zip(self._firsts, self._stops, strict=True)]})"

    @classmethod
    def _from_iterable(cls, numbers: Iterable[Any]) -> Any:
        return frozenset(numbers)  # what is made of several sets


class Places(Mapping[int, int]):
    """The row of each noun by its id, in the order of the tape: eight bytes each where ids count on from the first one, else twenty-four;
    a dictionary takes a hundred and fifty."""

    def __init__(self) -> None:
        self._first = 0
        self._rows = array("q")
        self._ids: array[int] | None = None  # in the order of the tape, where they do not count on
        self._numbers = Numbers()  # places in both, by id; then only

    def update(self, ids: npt.NDArray[np.int64], rows: npt.NDArray[np.int64]) -> None:
        """Add ids, none of them known, and their rows."""
        if not len(ids):
            return
        ids, rows = np.ascontiguousarray(ids, np.int64), np.ascontiguousarray(rows, np.int64)
        count = len(self._rows)
        if not count:
            self._first = int(ids[0])
        if self._ids is None and not (int(ids[0]) == self._first + count and bool((ids[1:] == ids[:-1] + 1).all())):
            self._ids = array("q", range(self._first, self._first + count))
            self._numbers.put(np.arange(self._first, self._first + count), np.arange(count))
        if self._ids is not None:
            self._ids.frombytes(ids.tobytes())
            self._numbers.put(ids, np.arange(count, count + len(ids)))
        self._rows.frombytes(rows.tobytes())

    def between(self, first: int, stop: int | None = None) -> npt.NDArray[np.int64]:
        """The rows of the nouns from number ``first`` on."""
        return np.array(self._rows[first:stop], np.int64)

    def _number(self, id: int) -> int:
        """Where in the order of the tape an id stands, -1 where it is not there."""
        if self._ids is None:
            place = id - self._first
            return place if 0 <= place < len(self._rows) else -1
        return self._numbers.get(id, -1)

    def __getitem__(self, id: int) -> int:
        place = self._number(id)
        if place < 0:
            raise KeyError(id)
        return self._rows[place]

    def at(self, ids: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """The rows of many ids. Raises KeyError where one of them is not there."""
        places = ids - self._first if self._ids is None else self._numbers.at(ids)
        missing = (places < 0) | (places >= len(self._rows))
        if missing.any():
            raise KeyError(int(ids[missing][0]))
        return np.frombuffer(self._rows, np.int64)[places] if len(ids) else np.zeros(0, np.int64)

    def __contains__(self, id: object) -> bool:
        return isinstance(id, int) and self._number(id) >= 0

    def __iter__(self) -> Iterator[int]:
        """In the order of the tape; what comes while somebody goes through them comes, too."""
        done = 0
        while done < len(self._rows):
            stop = len(self._rows)
            yield from range(self._first + done, self._first + stop) if self._ids is None else self._ids[done:stop]
            done = stop

    def __reversed__(self) -> Iterator[int]:
        if self._ids is None:
            yield from range(self._first + len(self._rows) - 1, self._first - 1, -1)
        else:
            yield from reversed(self._ids)

    def __len__(self) -> int:
        return len(self._rows)


def pairs(flat: Sequence[int]) -> list[tuple[int, int]]:
    """The numbers two by two."""
    return list(zip(flat[::2], flat[1::2], strict=True))
