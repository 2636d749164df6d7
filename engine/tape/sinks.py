"""Where records go: the two interfaces, and the sink that keeps them in memory.

A ``Sink`` takes records one by one. A ``BlockSink`` (``log.Writer``) takes them as its own encoder's blocks, which is
many times cheaper than making a dataclass of each; ``BlocksToRecords`` makes a BlockSink of any Sink, so that the
recorder knows only one way.
"""

from __future__ import annotations

import threading
from typing import Any, Protocol, runtime_checkable

from .blocks import Block, joined
from .schema import Record
from .unwire import Decoder, stats_record
from .wire import EVENT, PARAMS, PAYLOAD, Encoder, StatsRows


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

    def stats(self, rows: StatsRows) -> None:
        """Keep statistics of tensors that were introduced in rows pushed before."""

    def flush(self) -> None: ...

    def close(self) -> None: ...


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


class BlocksToRecords:
    """A BlockSink that hands every record to a Sink as soon as it is pushed."""

    def __init__(self, sink: Sink) -> None:
        self.sink = sink
        self.encoder = Encoder()
        self.lock = threading.RLock()
        self.block_words = 0
        self._decoder = Decoder()
        self._blobs: dict[int, bytes] = {}
        self._blob = 0
        self._events = 0
        # where a sink failed in the middle of a draft, the rest of it is handed on by the next push
        self._draft = -1
        self._known = 0  # rows of the draft that the decoder has seen
        self._done = 0  # rows that were handed on

    def push(self) -> None:
        body, words = self.encoder.take()
        if self._draft != self.encoder.draft.number:
            self._draft, self._known, self._done = self.encoder.draft.number, 0, 0
        if words:
            block = joined([body])
            self._decoder.add(block.behind(self._known))
            self._known = len(block.rows)
            for row in block.rows[self._done :].tolist():
                self._hand_on(row, block)
                self._done += 1
            self._blobs.clear()
        self.encoder.drop(words)

    def _hand_on(self, row: list[int], block: Block) -> None:
        code = row[0] & 0xFF
        if code > PARAMS:
            data = self._blobs[row[4]][row[5] : row[5] + row[6]] if code == PAYLOAD and row[6] else b""
            event = self._events
            self._events += code >= EVENT
            self.sink.write(self._decoder.record(row, block, event, data))

    def blob(self, data: bytes) -> int:
        self._blob += 1
        self._blobs[self._blob] = data
        return self._blob

    def stats(self, rows: StatsRows) -> None:
        for row in rows:
            self.sink.write(stats_record(row.item()))

    def flush(self) -> None:
        self.sink.flush()

    def close(self) -> None:
        self.sink.close()
