"""What is kept of values, whatever arrays they are: the level, the budget of bytes, and the rows that name the data.

``capture.Capture`` keeps numpy's arrays; the recorder of another engine has a keeper of its own for that engine's.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Container, Sequence
from enum import IntEnum
from typing import Any

from .sinks import BlockSink
from .wire import PAYLOAD

HELD_CAP = 256 * 1024  # bytes that may wait
HELD_COUNT = 256  # values that may wait
VALUE_CAP = 1 << 30  # bytes of one value
NAMED = 10  # values too large by themselves of which the tape tells each


class Level(IntEnum):
    """How much of every value is kept."""

    STRUCTURE = 0  # shapes only
    STATISTICS = 1
    VALUES = 2


# A value on its way: tensor, version, the dtype's name, the shape, strides in elements (empty: C order), little-endian bytes in C order.
Value = tuple[int, int, str, tuple[int, ...], tuple[int, ...], bytes]


class Keeper(ABC):
    """Keeps values for ``sink`` at a level. ``budget`` is the bytes of data written in all; ``dropped(text)`` is called once when
    it is used up, and for the first values that are too large by themselves."""

    plain: type | None = None  # arrays whose dtype and shape say all that a tape says of them: they lie in the host's memory

    def __init__(self, sink: BlockSink, level: Level, budget: int, dropped: Callable[[str], None]) -> None:
        self.level = level
        self.budget = budget
        self.full = False  # enough waits to be written
        self._sink = sink
        self._dropped = dropped
        self._spent = 0
        self._over = False
        self._too_large = 0  # values that were too large by themselves
        self._told: set[str] = set()  # why values could not be read

    @property
    @abstractmethod
    def waits(self) -> bool:
        """Whether there is anything to push."""

    @abstractmethod
    def take(self, tensor: int, version: int, data: Any, storage: int = 0, like: int = 0) -> None:
        """Keep one value. ``storage``: of the memory that it lies in; ``like``: a storage that had the same elements at its version
        0."""

    @abstractmethod
    def forget(self, known: Container[int]) -> None:
        """Drop what waits of tensors that are not on the tape after all."""

    @abstractmethod
    def push(self) -> None:
        """Hand what waits to the sink: data, then the rows that name them, then the statistics."""

    def _hand_over(self, small: Sequence[Value], large: Sequence[Value], statistics: bytes) -> None:
        """What ``push`` ends in: the small values become one blob, the large ones one each. ``_afford`` was asked for all of them;
        ``statistics`` are rows of ``wire.STATS_ROW``."""
        encoder, meta_id = self._sink.encoder, self._sink.encoder.meta_id
        together = b"".join([value[5] for value in small])
        frame = self._sink.blob(together) if together else 0
        start = 0
        for tensor, version, dtype, shape, strides, data in small:
            layout = encoder.layout_id(strides)
            encoder.draft.rows.extend((PAYLOAD, tensor, version, meta_id(dtype, shape, ""), frame, start, len(data), layout))
            start += len(data)
        for tensor, version, dtype, shape, strides, data in large:
            layout, frame = encoder.layout_id(strides), self._sink.blob(data)
            encoder.draft.rows.extend((PAYLOAD, tensor, version, meta_id(dtype, shape, ""), frame, 0, len(data), layout))
        encoder.commit()
        self._sink.push()
        self._sink.stats(statistics)
        self.full = False

    def _unreadable(self, why: str) -> None:
        """A value cannot be kept, for a reason that is told once."""
        if why not in self._told and len(self._told) < NAMED:
            self._told.add(why)
            self._dropped(f"a value was not kept, nor others like it: {why}")

    def _afford(self, size: int) -> bool:
        if self._over:
            return False
        most = min(VALUE_CAP, self.budget)
        if self.budget and size > most:  # it alone is too much, those after it need not be
            self._too_large += 1
            if self._too_large <= NAMED:
                more = " (no more such values are named)" if self._too_large == NAMED else ""
                self._dropped(f"a value of {size} bytes was not kept: one may have {most}{more}")
            return False
        if self._spent + size > self.budget:
            self._over = True
            self._dropped(f"the budget of {self.budget} bytes for values is used up: values from here on were not kept")
            return False
        self._spent += size
        return True
