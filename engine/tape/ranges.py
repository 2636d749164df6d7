"""Whole numbers in few words: what a pass needs is nearly always one run of ids, and where a noun stands is counted on from the first."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from itertools import islice
from typing import Any

import numpy as np
import numpy.typing as npt


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
    """The row of each noun by its id, in the order of the tape. Ids count on from the first one, but for the second recording of a
    process: eight bytes each, where a dictionary takes a hundred and fifty."""

    def __init__(self) -> None:
        self._first = 0
        self._rows = array("q")
        self._others: dict[int, int] = {}

    def update(self, ids: npt.NDArray[np.int64], rows: npt.NDArray[np.int64]) -> None:
        """Add ids, none of them known, and their rows."""
        if not len(ids):
            return
        if not self._rows:
            self._first = int(ids[0])
        follow = not self._others and int(ids[0]) == self._first + len(self._rows) and bool((ids[1:] == ids[:-1] + 1).all())
        if follow:
            self._rows.frombytes(np.ascontiguousarray(rows, np.int64).tobytes())
        else:
            self._others.update(zip(ids.tolist(), rows.tolist(), strict=True))

    def between(self, first: int, stop: int | None = None) -> npt.NDArray[np.int64]:
        """The rows of the nouns from number ``first`` on."""
        count = len(self._rows)
        rows = np.array(self._rows[first:stop], np.int64)
        if not self._others:
            return rows
        others = list(islice(self._others.values(), max(first - count, 0), None if stop is None else max(stop - count, 0)))
        return np.concatenate([rows, np.array(others, np.int64)])

    def __getitem__(self, id: int) -> int:
        place = id - self._first
        return self._rows[place] if 0 <= place < len(self._rows) else self._others[id]

    def __contains__(self, id: object) -> bool:
        return isinstance(id, int) and (0 <= id - self._first < len(self._rows) or id in self._others)

    def __iter__(self) -> Iterator[int]:
        """In the order of the tape; what comes while somebody goes through them comes, too."""
        done = others = 0
        while done < len(self._rows) or others < len(self._others):
            stop = len(self._rows)
            yield from range(self._first + done, self._first + stop)
            done, more = stop, list(islice(self._others, others, None))
            yield from more
            others += len(more)

    def __reversed__(self) -> Iterator[int]:
        yield from reversed(self._others)
        yield from range(self._first + len(self._rows) - 1, self._first - 1, -1)

    def __len__(self) -> int:
        return len(self._rows) + len(self._others)


def pairs(flat: Sequence[int]) -> list[tuple[int, int]]:
    """The numbers two by two."""
    return list(zip(flat[::2], flat[1::2], strict=True))
