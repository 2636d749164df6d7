"""Where records go: the two interfaces, and the sink that keeps them in memory.

A ``Sink`` takes records one by one. A ``BlockSink`` (``log.Writer``) takes them as its own encoder's blocks, which is
many times cheaper than making a dataclass of each; ``one_by_one`` makes a BlockSink of any Sink, so that the recorder knows
only one way.
"""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

from .schema import Record
from .wire import Encoder


class Sink(Protocol):
    """Takes records. Raises OSError where it cannot keep them."""

    def write(self, record: Record) -> None: ...

    def flush(self) -> None: ...

    def close(self) -> None: ...


@runtime_checkable
class BlockSink(Protocol):
    """Takes the blocks of its own ``encoder``; all calls under ``lock``."""

    encoder: Encoder
    lock: Any
    block_words: int  # of rows, at which the recorder pushes

    def push(self) -> None:
        """Take the encoder's committed rows."""

    def blob(self, data: bytes) -> int:
        """Keep data that Payload rows point into. Returns the number by which they name it."""

    def stats(self, rows: bytes) -> None:
        """Keep statistics, one ``wire.STATS_ROW`` behind the other, of tensors that were introduced in rows pushed before."""

    def flush(self) -> None: ...

    def close(self) -> None: ...

    def give_up(self, reason: str) -> int:
        """Keep what can be kept: no more will come, because of an error. How many events are lost."""


class ListSink:
    """Keeps records in memory, in ``records``."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.closed = False

    def write(self, record: Record) -> None:
        self.records.append(record)

    def flush(self) -> None:
        """Nothing waits."""

    def close(self) -> None:
        self.closed = True
