"""Copies numpy's arrays and describes them: what the recorder of the engine keeps of the data.

Small values are copied at once (the script may change them the next moment) and described and written together; of large
ones the statistics are computed and the bytes taken at once. Arrays of a GPU are fetched with their ``get``.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Container
from typing import Any

import numpy as np

from . import statistics
from .keeping import HELD_CAP, HELD_COUNT, Keeper, Level, Value
from .sinks import BlockSink

SMALL = 1024  # elements; values up to this size wait for each other
REMEMBERED = 256  # large values whose statistics are remembered, for views of them


def _fetched(data: Any) -> Any:
    """The array in the host's memory, once all that its device was given is done: another stream may still write it."""
    device: Any = getattr(data, "device", None)
    if hasattr(device, "synchronize"):
        device.synchronize()
    return data.get() if hasattr(data, "get") else np.asarray(data)


class Capture(Keeper):
    """Keeps arrays of numpy, and those of a GPU."""

    plain = np.ndarray

    def __init__(self, sink: BlockSink, level: Level, budget: int, dropped: Callable[[str], None]) -> None:
        super().__init__(sink, level, budget, dropped)
        self._small: list[tuple[int, int, Any]] = []  # tensor, version and a copy
        self._rows: list[tuple[Any, ...]] = []  # statistics of large values
        self._large: list[tuple[int, int, Any, tuple[int, ...], bytes]] = []
        # statistics of the last large values: of whole memories with version, size and address, and of the parts that views show
        self._owners: dict[int, tuple[int, int, int, tuple[Any, ...]]] = {}
        self._views: dict[tuple[Any, ...], tuple[Any, ...]] = {}
        self._names: dict[Any, str] = {}  # of dtypes
        self._layouts: dict[tuple[int, int], tuple[int, ...]] = {}  # of what waits and lies in another order than C's: its strides
        self._held = 0

    @property
    def waits(self) -> bool:
        return bool(self._small or self._rows)

    def take(self, tensor: int, version: int, data: Any, storage: int = 0, like: int = 0) -> None:
        """Keep one value. ``storage``: of the memory that it lies in; what was said of large values there is not found out again
        for a view of the same elements, nor what was said of the storage ``like``, which had the same elements at its version 0."""
        if type(data) is not np.ndarray:
            data = _fetched(data)
            if data.size <= SMALL:
                self._small.append((tensor, version, data))
        else:
            if not data.flags.c_contiguous and self.level >= Level.VALUES:
                self._layouts[tensor, version] = _strides(data)
            if data.size <= SMALL:
                self._small.append((tensor, version, data.copy()))
        if data.size > SMALL:
            self._rows.append(self._described(tensor, version, data, storage, like))
            if self.level >= Level.VALUES and self._afford(data.nbytes):
                self._large.append((tensor, version, data.dtype, data.shape, _bytes(data)))
                self._held += data.nbytes
                if self._held > HELD_CAP:
                    self.full = True
        if len(self._small) + len(self._rows) > HELD_COUNT:
            self.full = True

    def _described(self, tensor: int, version: int, data: Any, storage: int, like: int) -> tuple[Any, ...]:
        """Statistics of a large value; those of the memory's owner, or of a view of the same elements, where they are known."""
        owner = self._owners.get(storage)
        if owner is None or owner[0] != version:
            if 0 in data.strides:  # expanded: to go through all of it would copy it, and may be far more than there is memory for
                part = statistics.once(data)
                return statistics.repeated(statistics.of(tensor, version, part), tensor, version, data.size)
            twin = self._owners.get(like) if like else None
            if twin is not None and twin[:2] == (0, data.size):
                row = (tensor, version, *twin[3][2:])
            else:
                row = statistics.of(tensor, version, data)
            self._owners[storage] = version, data.size, statistics.address(data), row
            if len(self._owners) > REMEMBERED:
                del self._owners[next(iter(self._owners))]
            return row
        if data.size == owner[1]:  # one that is expanded is larger than its memory, and would be copied here
            flat = data.ravel(order="K")
            if not flat.flags.owndata and statistics.address(flat) == owner[2]:
                return statistics.repeated(owner[3], tensor, version, data.size)
        part = statistics.once(data)
        key = (storage, version, data.dtype, *statistics.elements_of(part))
        known = self._views.get(key)
        if known is None:
            known = self._views[key] = statistics.of(tensor, version, part)
            if len(self._views) > REMEMBERED:
                del self._views[next(iter(self._views))]
        return statistics.repeated(known, tensor, version, data.size)

    def forget(self, known: Container[int]) -> None:
        """Drop what waits of tensors that are not on the tape after all."""
        self._small = [item for item in self._small if item[0] in known]
        self._rows = [row for row in self._rows if row[0] in known]
        self._large = [item for item in self._large if item[0] in known]

    def push(self) -> None:
        small, rows, layouts = self._small, self._rows, self._layouts
        described = statistics.of_many(small).tobytes()
        if rows:
            described += np.array(rows, statistics.STATS).tobytes()
        kept: list[Value] = []
        large: list[Value] = []
        if self.level >= Level.VALUES:
            name = self._name
            for tensor, version, array in small:
                if self._afford(array.nbytes):
                    kept.append((tensor, version, name(array.dtype), array.shape, layouts.get((tensor, version), ()), _bytes(array)))
            for tensor, version, dtype, shape, data in self._large:
                large.append((tensor, version, name(dtype), shape, layouts.get((tensor, version), ()), data))
        self._hand_over(kept, large, described)
        self._small, self._large, self._rows, self._held = [], [], [], 0
        if layouts:
            self._layouts = {}

    def _name(self, dtype: Any) -> str:
        name = self._names.get(dtype)
        if name is None:
            name = self._names[dtype] = dtype.name  # numpy makes the name anew each time
        return name


def _strides(data: Any) -> tuple[int, ...]:
    """Steps between neighbours in elements; () where that cannot be said."""
    size = data.itemsize
    if min(data.strides, default=0) < 0 or any(step % size for step in data.strides):
        return ()
    return tuple([step // size for step in data.strides])


def _bytes(data: Any) -> bytes:
    """The elements in C order, little endian."""
    if data.dtype.byteorder == ">" or (sys.byteorder == "big" and data.dtype.byteorder == "="):
        data = data.astype(data.dtype.newbyteorder("<"))
    raw: bytes = data.tobytes()
    return raw
