"""Copies values and describes them: what the recorder keeps of the data.

Small values are copied at once (the script may change them the next moment) and described and written together; of large
ones the statistics are computed and the bytes taken at once. Arrays of a GPU are fetched with their ``get``.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Container
from enum import IntEnum
from typing import Any

import numpy as np

from . import statistics
from .sinks import BlockSink
from .wire import PAYLOAD, STATS

SMALL = 1024  # elements; values up to this size wait for each other
HELD_CAP = 256 * 1024  # bytes that may wait
HELD_COUNT = 256  # values that may wait
REMEMBERED = 256  # large values whose statistics are remembered, for views of them
VALUE_CAP = 1 << 30  # bytes of one value


class Level(IntEnum):
    """How much of every value is kept."""

    STRUCTURE = 0  # shapes only
    STATISTICS = 1
    VALUES = 2


def _fetched(data: Any) -> Any:
    """The array in the host's memory, once all that its device was given is done: another stream may still write it."""
    device: Any = getattr(data, "device", None)
    if hasattr(device, "synchronize"):
        device.synchronize()
    return data.get() if hasattr(data, "get") else np.asarray(data)


class Capture:
    """Keeps values for ``sink`` at a level. ``budget`` is the bytes of data written in all; ``dropped(text)`` is called once when
    it is used up, and for each value that is too large by itself."""

    def __init__(self, sink: BlockSink, level: Level, budget: int, dropped: Callable[[str], None]) -> None:
        self.level = level
        self.budget = budget
        self.full = False  # enough waits to be written
        self._sink = sink
        self._dropped = dropped
        self._small: list[tuple[int, int, Any]] = []  # tensor, version and a copy
        self._rows: list[tuple[Any, ...]] = []  # statistics of large values
        self._large: list[tuple[int, int, Any, tuple[int, ...], bytes]] = []
        # statistics of the last large values: of whole memories with version, size and address, and of the parts that views show
        self._owners: dict[int, tuple[int, int, int, tuple[Any, ...]]] = {}
        self._views: dict[tuple[Any, ...], tuple[Any, ...]] = {}
        self._names: dict[Any, str] = {}  # of dtypes
        self._layouts: dict[tuple[int, int], tuple[int, ...]] = {}  # of what waits and lies in another order than C's: its strides
        self._held = 0
        self._spent = 0
        self._over = False

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
            twin = self._owners.get(like) if like else None
            if twin is not None and twin[:2] == (0, data.size):
                row = (tensor, version, *twin[3][2:])
            else:
                row = statistics.of(tensor, version, data)
            self._owners[storage] = version, data.size, statistics.address(data), row
            if len(self._owners) > REMEMBERED:
                del self._owners[next(iter(self._owners))]
            return row
        flat = data.ravel(order="K")
        if data.size == owner[1] and not flat.flags.owndata and statistics.address(flat) == owner[2]:
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
        """Hand what waits to the sink: data, then the rows that name them, then the statistics."""
        small, rows, layouts = self._small, self._rows, self._layouts
        if rows:
            described = np.empty(len(small) + len(rows), STATS)
            described[: len(small)] = statistics.of_many(small)
            described[len(small) :] = rows
        else:
            described = statistics.of_many(small)
        encoder = self._sink.encoder
        if self.level >= Level.VALUES:
            kept = [(tensor, version, array, _bytes(array)) for tensor, version, array in small if self._afford(array.nbytes)]
            frame, start = self._sink.blob(b"".join([data for *_, data in kept])) if any(data for *_, data in kept) else 0, 0
            for tensor, version, array, data in kept:
                meta = self._meta(array.dtype, array.shape)
                layout = encoder.layout_id(layouts.get((tensor, version), ()))
                encoder.draft.rows.extend((PAYLOAD, tensor, version, meta, frame, start, len(data), layout))
                start += len(data)
            for tensor, version, dtype, shape, data in self._large:
                meta = self._meta(dtype, shape)
                layout = encoder.layout_id(layouts.get((tensor, version), ()))
                encoder.draft.rows.extend((PAYLOAD, tensor, version, meta, self._sink.blob(data), 0, len(data), layout))
            encoder.commit()
        self._sink.push()
        self._sink.stats(described)
        self._small, self._large, self._rows, self._held, self.full = [], [], [], 0, False
        if layouts:
            self._layouts = {}

    def _meta(self, dtype: Any, shape: tuple[int, ...]) -> int:
        name = self._names.get(dtype)
        if name is None:
            name = self._names[dtype] = dtype.name  # numpy makes the name anew each time
        return self._sink.encoder.meta_id(name, shape, "")

    def _afford(self, size: int) -> bool:
        if self._over:
            return False
        if size > VALUE_CAP:
            self._dropped(f"a value of {size} bytes was not kept: one may have {VALUE_CAP}")
            return False
        if self._spent + size > self.budget:
            self._over = True
            self._dropped(f"the budget of {self.budget} bytes for values is used up: values from here on were not kept")
            return False
        self._spent += size
        return True


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
