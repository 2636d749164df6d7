"""The statistics of a tape by value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from .growing import Growing
from .numbers import NOTHING, Numbers, Words
from .schema import Stats, Val
from .statistics import STATS, StatsRows
from .wire import stats_record


class StatsTable(Mapping[Val, Stats]):
    """Statistics by value. ``table`` is all of them as an array (``statistics.STATS``), for those who look at many."""

    def __init__(self) -> None:
        self._rows: Growing[Any] = Growing(STATS)
        self._version = Numbers()  # the first version of each tensor that is described; most have one
        self._place = Numbers()  # and its row
        self._others: dict[tuple[int, int], int] = {}  # tensor and version of all else to the row
        self._described = 0  # values
        self._indexed = 0  # rows

    @property
    def table(self) -> StatsRows:
        rows: StatsRows = self._rows.filled
        return rows

    def extend(self, rows: StatsRows) -> None:
        self._rows.extend(rows)

    def places(self, tensors: Words, versions: Words) -> Words:
        """The rows of ``table`` that describe these values, -1 for what is not described."""
        self._index()
        known = self._version.at(tensors) == versions
        places = np.where(known, self._place.at(tensors), -1)
        if self._others:
            for place in np.flatnonzero(~known).tolist():
                places[place] = self._others.get((int(tensors[place]), int(versions[place])), -1)
        return places

    def _index(self) -> None:
        """Take in the rows that came since."""
        first, self._indexed = self._indexed, self._rows.length
        if first == self._indexed:
            return
        new = self._rows.filled[first:]
        tensors, versions, places = new["tensor"], new["version"], np.arange(first, self._indexed)
        fresh = np.flatnonzero(self._version.at(tensors) == NOTHING)
        begun = fresh[np.unique(tensors[fresh], return_index=True)[1]]
        self._version.put(tensors[begun], versions[begun])
        mine = self._version.at(tensors) == versions
        self._place.put(tensors[mine], places[mine])
        before, more = len(self._others), ~mine
        if more.any():
            pairs = zip(tensors[more].tolist(), versions[more].tolist(), strict=True)
            self._others.update(zip(pairs, places[more].tolist(), strict=True))
        self._described += len(begun) + len(self._others) - before

    def _row(self, val: object) -> int:
        """The row that describes a value, -1 where none does."""
        if not isinstance(val, tuple) or len(val) != 2:
            return -1
        self._index()
        tensor, version = val
        return self._place.get(tensor) if self._version.get(tensor) == version else self._others.get((tensor, version), -1)

    def __getitem__(self, val: Val) -> Stats:
        row = self._row(val)
        if row < 0:
            raise KeyError(val)
        return stats_record(self._rows.filled[row].item())

    def __iter__(self) -> Iterator[Val]:
        """In the order in which they were described first."""
        self._index()
        met: set[tuple[int, int]] = set()
        for tensor, version in zip(self.table["tensor"].tolist(), self.table["version"].tolist(), strict=True):
            if (tensor, version) not in met:
                met.add((tensor, version))
                yield Val(tensor, version)

    def __len__(self) -> int:
        self._index()
        return self._described

    def __contains__(self, val: object) -> bool:
        return self._row(val) >= 0
