"""Blocks back into records, one by one, for sinks that take no blocks."""

from __future__ import annotations

import threading

from .blocks import Block, joined
from .schema import Note
from .sinks import Sink
from .unwire import Decoder
from .wire import EVENT, PARAMS, PAYLOAD, STATS_ROW, Encoder, stats_record


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

    def stats(self, rows: bytes) -> None:
        for row in STATS_ROW.iter_unpack(rows):
            self.sink.write(stats_record(row))

    def flush(self) -> None:
        self.sink.flush()

    def close(self) -> None:
        self.sink.close()

    def give_up(self, reason: str) -> int:
        self.push()
        self.sink.write(Note("stopped", reason))
        self.sink.flush()
        return 0
