"""A tape, as everybody but the recorder sees it: nouns by id, events by number, values on demand.

Rows stay rows until somebody asks for one: a tape with millions of events is open in a second, and an event becomes a
dataclass when it is looked at. Reading a tape runs nothing of it.
"""

from __future__ import annotations

import math
import os
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import IO, Any, TypeVar, overload

import numpy as np
import numpy.typing as npt

from .blocks import Block, WireError, Words, joined, rows_in
from .elements import DTYPES, decoded, size_of
from .extent import Extent
from .growing import Growing
from .log import BLOB, COMPLETE, ROWS, STATISTICS
from .ranges import Places
from .references import References
from .scan import ScannedFrame, Scanner, TapeError
from .schema import Call, Event, Frame, Hook, Meta, Node, NodeKind, Note, Op, Payload, Record, Run, Source, Stats, Tensor, Val
from .statistics import STATS, StatsRows
from .stats_table import StatsTable
from .unwire import Decoder
from .wire import (
    CALL,
    EVENT,
    EVENT_CODES,
    GRAD_ADDED,
    HOOK,
    NODE,
    NOTE,
    NOUN_CODES,
    OP,
    PARAMS,
    PAYLOAD,
    RUN,
    SOURCE,
    TENSOR,
    WORDS,
    Encoder,
    stats_row,
)

__all__ = ["Tape", "TapeError"]

T = TypeVar("T")
E = TypeVar("E", bound=Event)
LARGEST = (1 << 63) - 1
CACHE = 32 << 20  # bytes of value data kept
BATCH = 4 << 20  # bytes of rows and statistics taken in together
ROOM = 1 << 24  # rows for which there is room at once; of more it is doubled
ASIDE_CAP = 100_000  # notes and sources: a recorder writes a few
_NO_ROWS, _NO_ENDS = np.zeros((0, WORDS), np.int64), np.zeros(0, np.int64)


class Table(Mapping[int, T]):
    """Nouns of one kind by id, in the order of the tape; made when asked for."""

    def __init__(self, decode: Callable[[int], Any]) -> None:
        self._decode = decode
        self._made: dict[int, T] = {}
        self.rows = Places()

    def __getitem__(self, id: int) -> T:
        made = self._made.get(id)
        if made is None:
            made = self._made[id] = self._decode(self.rows[id])
        return made

    def __iter__(self) -> Iterator[int]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __contains__(self, id: object) -> bool:
        return id in self.rows

    def order(self, first: int, stop: int | None = None) -> Words:
        """The rows of those from number ``first`` on, in the order of the tape."""
        return self.rows.between(first, stop)


class Events(Sequence[Event]):
    """The events of a tape; ``events[i].i == i``."""

    def __init__(self, tape: Tape) -> None:
        self._tape = tape

    def __len__(self) -> int:
        return self._tape._event_rows.length

    @overload
    def __getitem__(self, index: int) -> Event: ...
    @overload
    def __getitem__(self, index: slice) -> list[Event]: ...
    def __getitem__(self, index: int | slice) -> Event | list[Event]:
        count = len(self)
        if isinstance(index, slice):
            return [self._tape._event(i) for i in range(*index.indices(count))]
        if index < 0:
            index += count
        if not 0 <= index < count:
            raise IndexError(f"event {index} of {count}")
        return self._tape._event(index)

    def __iter__(self) -> Iterator[Event]:
        i = 0
        while i < len(self):
            yield self._tape._event(i)
            i += 1

    @property
    def words(self) -> Words:
        """The events as rows of eight words (``wire``), for those who look at many."""
        words: Words = self._tape._rows.filled[self._tape._event_rows.filled]
        return words

    def rows(self, first: int, stop: int) -> Iterator[tuple[int, list[int]]]:
        """Numbers and rows of the events from ``first`` to before ``stop``, as lists of eight words."""
        for start in range(first, stop, 1024):
            chunk = self._tape._event_rows.filled[start : min(start + 1024, stop)]
            flat = self._tape._rows.filled[chunk].ravel().tolist()
            for place in range(0, len(flat), WORDS):
                yield start + place // WORDS, flat[place : place + WORDS]

    def words_from(self, first: int, stop: int | None = None) -> Words:
        """``words`` of the events from ``first`` on, to before ``stop``."""
        words: Words = self._tape._rows.filled[self._tape._event_rows.filled[first:stop]]
        return words

    def codes_from(self, first: int, stop: int | None = None) -> Words:
        """``codes`` of the events from ``first`` on, to before ``stop``."""
        codes: Words = self._tape._rows.filled[self._tape._event_rows.filled[first:stop], 0] & 0xFF
        return codes

    def of_kind(self, kind: type[E]) -> Iterator[E]:
        """The events of one kind, in order."""
        for i in np.flatnonzero(self.codes == EVENT_CODES[kind]).tolist():
            yield self._tape._event(i)  # type: ignore[misc]

    def reached(self, run: int) -> frozenset[int]:
        """The nodes that gradients of a run arrived at."""
        return frozenset(self.reached_ids(run).tolist())

    def reached_ids(self, run: int) -> Words:
        """The same as an array, ascending; no copy of the events is made for it."""
        rows, places = self._tape._rows.filled, self._tape._event_rows.filled
        places = places[(rows[places, 0] & 0xFF) == GRAD_ADDED]
        nodes: Words = np.unique(rows[places[rows[places, 1] == run], 4])
        return nodes

    @property
    def codes(self) -> Words:
        """What each event is: ``wire.GRAD_ADDED`` and so on."""
        codes: Words = self._tape._rows.filled[self._tape._event_rows.filled, 0] & 0xFF
        return codes


class Tape:
    """A tape from a file (``Tape.open``) or from records (``Tape.of``).

    ``complete``: the recording was ended properly; ``ended``: what its last record says of how else it ended; ``growing``: it may go
    on. ``damage`` is "" or what is wrong and where: everything before that place can be read.
    """

    def __init__(self, written: Callable[[str], str] | None = None) -> None:
        self.path = ""
        self.complete = False
        self.ended = ""
        self.damage = ""
        self.broken = -1  # the number of the record that is whole, and says what cannot be
        self.sources: dict[str, str] = {}
        self.notes: list[Note] = []
        self.stats = StatsTable()
        self.events = Events(self)
        self.tensors: Table[Tensor] = Table(self._record_at)
        self.calls: Table[Call] = Table(self._record_at)
        self.ops: Table[Op] = Table(self._record_at)
        self.nodes: Table[Node] = Table(self._record_at)
        self.hooks: Table[Hook] = Table(self._record_at)
        self.runs: Table[Run] = Table(self._record_at)
        self._tables: dict[int, Table[Any]] = {
            TENSOR: self.tensors, CALL: self.calls, OP: self.ops, NODE: self.nodes, HOOK: self.hooks, RUN: self.runs,
        }  # fmt: skip
        self._references = References()
        self._decoder = Decoder(written)
        self._blocks: list[Block] = []
        self._starts: list[int] = []  # the first row of each block
        self._rows: Growing[Any] = Growing(np.int64, WORDS)
        self._event_rows: Growing[Any] = Growing(np.int64)
        self._payloads: dict[tuple[int, int], int] = {}  # value to row
        self._blobs: dict[int, tuple[int, int, int]] = {}  # frame to offset, length, checksum
        self._cache: dict[int, bytes | bytearray] = {}
        self._scanner: Scanner | None = None

    # --------------------------------------------------------------------------------------------------- beginning

    @classmethod
    def open(cls, path: str | os.PathLike[str], *, poll: bool = True, written: Callable[[str], str] | None = None) -> Tape:
        """The tape in a file, with all that is there now; without ``poll`` with nothing yet, so that a window can take it in
        piece by piece (``poll(most)``). ``written`` is given every string of the tape, and gives how it is to be read (``visible.shown``).

        Raises TapeError where the file is no tape, OSError where it cannot be opened. Damage inside is no error: what
        stands before it is read, and ``damage`` says where."""
        tape = cls(written)
        tape.path = os.fspath(path)
        tape._scanner = Scanner(tape.path)
        most = min(tape._scanner.size_on_disk // (8 * WORDS), ROOM)  # rows that can be in it
        tape._rows.reserve(most)
        tape._event_rows.reserve(most)
        if poll:
            tape.poll()
        return tape

    @classmethod
    def of(cls, records: Iterable[Record]) -> Tape:
        """A tape in memory. Raises ValueError where an event's number is not its place."""
        tape, encoder = cls(), Encoder()
        stats: list[tuple[Any, ...]] = []
        for record in records:
            if isinstance(record, Stats):
                stats.append(stats_row(record))
                continue
            place = 0
            if isinstance(record, Payload):
                place = len(tape._cache) + 1
                tape._cache[place] = bytes(record.data)
            encoder.record(record, (place, 0))
        encoder.commit()
        tape._add_body(encoder.take()[0])
        tape.stats.extend(np.array(stats, STATS))
        tape.complete = True
        return tape

    def poll(self, most: int | None = None) -> bool:
        """Read what the file has got since. True if anything was added. ``most``: stop after about so many bytes."""
        if self._scanner is None or self.damage:
            return False
        added = False
        batch: list[ScannedFrame] = []
        size = 0
        for frame in self._scanner.frames(most):
            added = True
            if frame.kind == BLOB:
                self._blobs[frame.number] = (frame.offset, frame.length, frame.checksum)
                continue
            batch.append(frame)
            size += frame.length
            if size >= BATCH:
                self._take(batch)
                batch, size = [], 0
                if self.damage:
                    break
        self._take(batch)
        self.damage = self.damage or self._scanner.damage
        if self._scanner.ended and not self.complete and not self.ended:
            added, self.complete = True, self._scanner.last_words == COMPLETE
            self.ended = "" if self.complete else self._scanner.last_words.decode("utf-8", "replace")
        return added

    @property
    def unread(self) -> bool:
        """Whether the last ``poll(most)`` left something in the file for the next one."""
        return self._scanner is not None and self._scanner.stopped and not self.damage

    @property
    def growing(self) -> bool:
        """Whether somebody records into the file now."""
        over = self.complete or self.ended or self.damage
        return self._scanner is not None and not over and self._scanner.is_written()

    @property
    def readable(self) -> int:
        """Bytes from the beginning of the file that were read and are sound."""
        return self._scanner.offset if self._scanner is not None else 0

    @property
    def replaced(self) -> bool:
        """Whether another file has the name under which this one was opened."""
        return self._scanner is not None and self._scanner.replaced

    def copy(self, to: IO[bytes]) -> None:
        """Write the file's bytes to another one, also where its name is gone. Raises ValueError for a tape in memory."""
        if self._scanner is None:
            raise ValueError("this tape is in memory: there is no file to copy")
        self._scanner.copy(to)

    def close(self) -> None:
        """Close the file; what was read stays. A second call does nothing."""
        if self._scanner is not None:
            self._scanner.close()
            self._scanner = None

    # ------------------------------------------------------------------------------------------------------ values

    def has_value(self, val: Val) -> bool:
        """Whether the data of a value were kept."""
        return val in self._payloads

    def value(self, val: Val) -> npt.NDArray[Any] | None:
        """The data of a value, read-only, bfloat16 as float32; None where they were not kept or are damaged (``damage`` says so
        then)."""
        row = self._payloads.get(val)
        return None if row is None else self._value_at(row)

    def layout(self, val: Val) -> tuple[int, ...]:
        """How a value that was kept lay in memory: its strides in elements; () for C order."""
        row = self._payloads.get(val)
        return () if row is None else self._decoder.metas[int(self._rows.filled[row, 7])].shape

    def extent(self, val: Val) -> Extent | None:
        """Where the data of a value lie in the file, to read parts of them; None where they were not kept, are no value, or are in
        memory."""
        row = self._payloads.get(val)
        if row is None or self._scanner is None:
            return None
        _, _, _, meta, frame, offset, length, _ = self._rows.filled[row].tolist()
        dtype, shape, _ = self._decoder.metas[meta]
        record = self._blobs.get(frame)
        if record is None or dtype not in DTYPES or size_of(dtype, shape) != length or offset + length > record[1]:
            return None
        return Extent(self._scanner.path, dtype, shape, record[0] + offset, (record[0], record[1]), record[2], self._scanner.seed)

    @property
    def value_count(self) -> int:
        """Of how many values the data were kept."""
        return len(self._payloads)

    def kept(self) -> Iterator[Val]:
        """The values of which the data were kept, in the order in which they were written."""
        return (Val(*val) for val in self._payloads)

    def same_payloads(self, val: Val) -> bool:
        """Whether all data that were written for a value are equal."""
        rows = self._rows.filled
        places = np.flatnonzero((rows[:, 0] & 0xFF == PAYLOAD) & (rows[:, 1] == val.tensor) & (rows[:, 2] == val.version)).tolist()
        values = [self._value_at(place) for place in places]
        first = values[0]
        return all(
            value is not None
            and first is not None
            and (value.dtype, value.shape, value.tobytes()) == (first.dtype, first.shape, first.tobytes())
            for value in values
        )

    def _value_at(self, row: int) -> npt.NDArray[Any] | None:
        _, tensor, version, meta, frame, offset, length, _ = self._rows.filled[row].tolist()
        dtype, shape, _ = self._decoder.metas[meta]
        if dtype not in DTYPES or size_of(dtype, shape) != length:
            self._lost(tensor, version, f"{length} bytes are no {dtype} of shape {list(shape)}")
            return None
        data = self._blob(frame) if length else b""
        if data is None or (length and offset + length > len(data)):
            self._lost(tensor, version, "its data fail their checksum")
            return None
        try:
            return _read_only(decoded(data, dtype, shape, offset if length else 0))
        except ValueError:  # empty, and larger than any array
            self._lost(tensor, version, f"no array has the shape {list(shape)}")
            return None

    def _lost(self, tensor: int, version: int, why: str) -> None:
        self.damage = self.damage or f"the value of tensor {tensor} at version {version} cannot be read: {why}"

    def _blob(self, frame: int) -> bytes | bytearray | None:
        data = self._cache.get(frame)
        if data is None and frame in self._blobs and self._scanner is not None:
            data = self._scanner.blob(*self._blobs[frame])
            if data is not None and len(data) <= CACHE:
                while self._cache and sum(map(len, self._cache.values())) + len(data) > CACHE:
                    del self._cache[next(iter(self._cache))]
                self._cache[frame] = data
        return data

    def verify(self) -> str:
        """Read everything, also the data of all values. Returns ``damage``."""
        if self._scanner is not None:
            for frame in self._blobs:
                if not self._scanner.is_whole(*self._blobs[frame]):
                    self.damage = self.damage or f"record {frame}, the data of values, fails its checksum"
        for (tensor, version), row in self._payloads.items():
            self._look_at(tensor, version, row)
        return self.damage

    def _look_at(self, tensor: int, version: int, row: int) -> None:
        """Whether a value can be read, as far as the tape says without its data."""
        _, _, _, meta, frame, offset, length, _ = self._rows.filled[row].tolist()
        dtype, shape, _ = self._decoder.metas[meta]
        if dtype not in DTYPES or size_of(dtype, shape) != length:
            self._lost(tensor, version, f"{length} bytes are no {dtype} of shape {list(shape)}")
        elif length and frame not in self._cache and offset + length > self._blobs.get(frame, (0, 0, 0))[1]:
            self._lost(tensor, version, "its data are not there")

    # --------------------------------------------------------------------------------------------- order of records

    def records(self, payloads: bool = True) -> Iterator[Record]:
        """Everything on the tape in its order; statistics last. Without ``payloads`` the data of values are left empty."""
        event = 0
        for number in range(self._rows.length):
            row = self._rows.filled[number].tolist()
            code = row[0] & 0xFF
            data = b""
            if code == PAYLOAD and payloads:
                value = self._value_at(number)
                if value is None:
                    continue
                data = value.tobytes()
            yield self._decoder.record(row, self._block(number), event, data)
            event += code >= EVENT
        yield from (self.stats[val] for val in self.stats)

    def places_of(self, code: int) -> Words:
        """The places of all nouns of a kind (``wire.NODE`` and so on) among the rows, in the order of the tape."""
        places: Words = np.sort(self._tables[code].order(0))
        return places

    def rows_of(self, code: int) -> Iterator[tuple[Words, Words]]:
        """The rows of all nouns of a kind (``wire.NODE`` and so on), block by block, each with the pool that they point
        into: for those who look at a million of them."""
        filled, places = self._rows.filled, self.places_of(code)
        edges = np.searchsorted(places, [*self._starts, len(filled)]).tolist()
        for block, first, stop in zip(self._blocks, edges, edges[1:], strict=False):
            if stop > first:
                yield filled[places[first:stop]], block.pool

    def files(self) -> set[str]:
        """The files that stacks and hooks name."""
        found = {frame.file for stack in self._decoder.stacks for frame in stack}
        return found | {hook.at.file for hook in self.hooks.values() if hook.at is not None}

    @property
    def rows(self) -> Words:
        """All rows (``wire``), of eight words each."""
        rows: Words = self._rows.filled
        return rows

    @property
    def event_rows(self) -> Words:
        """The places of the events among the rows."""
        rows: Words = self._event_rows.filled
        return rows

    @property
    def block_starts(self) -> Words:
        """The first row of each block."""
        return np.array(self._starts, np.int64)

    def pool(self, block: int) -> Words:
        """The words that the rows of a block point into."""
        return self._blocks[block].pool

    @property
    def tables(self) -> Decoder:
        """What rows mention by number."""
        return self._decoder

    def text(self, number: int) -> str:
        """A string that rows mention by its number."""
        return self._decoder.names[number]

    def stack(self, number: int) -> tuple[Frame, ...]:
        """A stack that rows mention by its number: the user's frames, innermost first."""
        return self._decoder.stacks[number]

    def name_of(self, node: int) -> str:
        """The name of a node; KeyError where there is none."""
        return self._decoder.names[int(self._rows.filled[self.nodes.rows[node], 2])]

    def parent_of(self, call: int) -> int | None:
        """The module call around one, without a record of it; KeyError where there is none."""
        return int(self._rows.filled[self.calls.rows[call], 4]) or None

    def kind_of(self, node: int) -> NodeKind:
        """What kind of node it is, without a record of it; KeyError where there is none."""
        return NodeKind(int(self._rows.filled[self.nodes.rows[node], 0]) >> 8 & 0xFF)

    def elements(self) -> Words:
        """How many elements a tensor has whose row mentions this number of a shape; LARGEST where it is more."""
        return np.array([min(math.prod(meta.shape), LARGEST) for meta in self._decoder.metas], np.int64)

    def metas(self) -> Sequence[Meta]:
        """Shapes with dtypes and devices; rows mention them by their place."""
        return self._decoder.metas

    def slot_count(self, node: int) -> int:
        """How many gradients a node takes."""
        row = self.nodes.rows[node]
        return int(self._block(row).pool[self._rows.filled[row, 7]])

    def events_before(self, noun: Tensor | Call | Op | Node | Hook | Run) -> int:
        """How many events had been written when a noun was: a moment in terms of events."""
        table: Table[Any] = {Tensor: self.tensors, Call: self.calls, Op: self.ops, Node: self.nodes, Hook: self.hooks, Run: self.runs}[
            type(noun)
        ]  # type: ignore[assignment]
        return int(np.searchsorted(self._event_rows.filled, table.rows[noun.id]))

    # ------------------------------------------------------------------------------------------------------ reading

    def _take(self, frames: Sequence[ScannedFrame]) -> None:
        """Take in rows and statistics, all at once. Where something is wrong, one by one: all before it is good."""
        if self.damage or not frames:
            return
        try:
            self._take_together(frames)
        except WireError as error:
            if len(frames) == 1:
                self.broken = frames[0].number
                self.damage = f"{error} (record {frames[0].number}, byte {frames[0].offset})"
            for frame in frames if len(frames) > 1 else ():
                self._take([frame])

    def _take_together(self, frames: Sequence[ScannedFrame]) -> None:
        """Raises WireError, and has then taken in nothing."""
        first, block = self._rows.length, joined([frame.body for frame in frames if frame.kind == ROWS])
        before = self._decoder.lengths()
        self._decoder.add(block)
        lasting = (block.rows[:, 0] & 0xFF) > PARAMS  # the others are in the decoder's tables now
        block = block.of(lasting)
        try:
            self._few_aside(block)
            self._references.check(block, first, self._event_rows.length)
            stats = self._stats(frames, first, np.cumsum(lasting))
        except WireError:
            self._decoder.cut(before)
            raise
        self._references.keep(block, first)
        self._add_rows(block)
        self.stats.extend(stats)

    def _few_aside(self, block: Block) -> None:
        codes = block.rows[:, 0] & 0xFF
        if len(self.notes) + len(self.sources) + np.count_nonzero((codes == NOTE) | (codes == SOURCE)) > ASIDE_CAP:
            raise WireError(f"there are more than {ASIDE_CAP} notes and sources")

    def _stats(self, frames: Sequence[ScannedFrame], first: int, lasting: Words) -> StatsRows:
        """The statistics in the frames, which may be of tensors in the rows before them. ``lasting``: how many of the rows of the frames
        last, up to each."""
        bodies: list[bytes | bytearray] = []
        counts: list[int] = []
        ends: list[int] = []
        seen = 0
        for frame in frames:
            if frame.kind == ROWS:
                seen += rows_in(frame.body)
            elif frame.kind == STATISTICS:
                if frame.length % STATS.itemsize:
                    raise WireError("a table of statistics ends in the middle of a row")
                bodies.append(frame.body)
                counts.append(frame.length // STATS.itemsize)
                ends.append(first + (int(lasting[seen - 1]) if seen else 0))
        rows = np.frombuffer(b"".join(bodies), STATS)
        self._references.check_tensors(rows["tensor"], np.repeat(ends, counts))
        return rows

    def _add_body(self, body: bytes) -> None:
        """Append one block of an encoder here, which may mention what is not on the tape."""
        block = joined([body])
        self._decoder.add(block)
        self._add_rows(block.of((block.rows[:, 0] & 0xFF) > PARAMS))

    def _add_rows(self, block: Block) -> None:
        """Append a block that was looked at."""
        if not len(block):
            return
        first = self._rows.length
        self._starts.append(first)
        self._blocks.append(replace(block, rows=_NO_ROWS, text=b"", ends=_NO_ENDS))  # no views, which would hold all of it
        self._rows.extend(block.rows)
        codes = block.rows[:, 0] & 0xFF
        self._event_rows.extend(np.flatnonzero(codes >= EVENT) + first)
        for code in NOUN_CODES:
            places = np.flatnonzero(codes == code)
            if len(places):
                self._tables[code].rows.update(block.rows[places, 1], places + first)
        kept = np.flatnonzero(codes == PAYLOAD)
        vals = zip(block.rows[kept, 1].tolist(), block.rows[kept, 2].tolist(), strict=True)
        self._payloads.update(zip(vals, (kept + first).tolist(), strict=True))
        for place in np.flatnonzero((codes == SOURCE) | (codes == NOTE)).tolist():
            record = self._record_at(place + first)
            if isinstance(record, Source):
                self.sources[record.file] = record.text
            elif isinstance(record, Note):
                self.notes.append(record)

    def _block(self, row: int) -> Block:
        return self._blocks[bisect_right(self._starts, row) - 1]

    def _record_at(self, row: int) -> Record:
        return self._decoder.record(self._rows.filled[row].tolist(), self._block(row), -1)

    def _event(self, i: int) -> Event:
        row = int(self._event_rows.filled[i])
        return self._decoder.event_record(self._rows.filled[row].tolist(), self._block(row), i)


def _read_only(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    array.flags.writeable = False
    return array
