"""A repaired copy of a damaged tape: all that reads well, and what is left out, told exactly. The original is only read.

Up to the first rows that are lost everything is copied as it stands. Data of values and statistics that are damaged leave nothing else
behind them in doubt: they alone are left out. Behind lost rows ``salvage`` says what can still be told. The copy is read and held
against the invariants before it gets its name; where what stands behind the damage does not pass, the copy ends before it.
"""

from __future__ import annotations

import os
import secrets
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import IO, Any

import numpy as np

from ..kept import whole
from .blocks import WireError, joined
from .check import check
from .log import BLOB, CAPS, COMPLETE, END, FRAME, ROWS, STATISTICS, frame_bytes, frame_head, head_bytes, words_of_end
from .reader import Tape, TapeError
from .salvage import LooseDecoder, Sieve
from .scan import Gap, HeadLost, ScannedFrame, Scanner
from .schema import Event, Note, Op, Payload, Record, Tensor
from .statistics import STATS
from .wire import BLOCK_HEAD, PARAMS, PAYLOAD, WORDS, Encoder

KIND = "repaired"  # of the note in a copy that says what was left out
SEARCHED = 64 << 20  # bytes at the beginning in which a record is looked for that tells what the head said
CANDIDATES = 10_000  # places there that may be one
ROWS_AT_ONCE = 512 * WORDS  # words of rows in a block
_WHAT = {ROWS: "events", STATISTICS: "statistics", BLOB: "values", END: "the end"}


@dataclass
class Repair:
    """What became of a tape. ``damage``: what was wrong with it first, "" where nothing is, and then there is no copy."""

    path: str
    copy: str = ""
    damage: str = ""
    bytes: int = 0
    kept: dict[str, int] = field(default_factory=dict)  # ops, nodes, events, values of the copy
    places: list[dict[str, Any]] = field(default_factory=list)  # bytes of the file that could not be read: byte, bytes, records, what, why
    values: list[dict[str, int]] = field(default_factory=list)  # values whose data are lost: tensor, version, bytes
    behind: dict[str, int] = field(default_factory=dict)  # records behind them that build on what is lost, by what they are
    cut: list[int] = field(default_factory=list)  # passes that end at a damaged place
    unread: int = 0  # bytes behind the last place that were read, and left out because they contradict what stands before it

    @property
    def left_out(self) -> str:
        """What is not in the copy, in a sentence."""
        words = [f"{_bytes(place['bytes'])} from byte {place['byte']:,} on ({_records(place)})" for place in self.places[:3]]
        if len(self.places) > 3:
            words.append(f"{len(self.places) - 3} more such places")
        if self.values:
            words.append(f"the data of {_count(len(self.values), 'value')} ({_bytes(sum(value['bytes'] for value in self.values))})")
        behind = ", ".join(_count(count, what) for what, count in sorted(self.behind.items()))
        if behind:
            words.append(f"{behind} that build on what is lost")
        if self.cut:
            words.append(f"the rest of backward pass {', '.join(map(str, self.cut[:4]))}{'...' if len(self.cut) > 4 else ''}")
        if self.unread:
            words.append(f"{_bytes(self.unread)} at the end, which cannot be told without what is lost")
        return "; ".join(words) or "nothing"


def repair(path: str, to: str, told: Callable[[int, int], object] | None = None) -> Repair:
    """Write all of a damaged tape that can be told into a new file. ``told`` hears how many bytes of how many are done.

    A sound tape is not copied. Raises TapeError where nothing of it can be read, FileExistsError where something has the new name, OSError
    where the one cannot be read or the other not be written; then there is no copy."""
    found = Repair(path)
    try:
        tape = Tape.open(path)
    except HeadLost as error:
        found.damage, seed = str(error), seed_of(path)
        if seed is None:
            raise
    else:
        seed, found.damage = None, tape.verify()
        growing = tape.growing
        tape.close()
        if growing:
            raise TapeError(f"{path} is still being recorded into: it can be repaired when that is over")
        if not found.damage:
            return found
    found.bytes = os.path.getsize(path)
    with whole(Path(to), "w+b", new=True) as stream:
        _write_sound(found, seed, stream, told)
    found.copy = to
    return found


def _write_sound(found: Repair, seed: int | None, stream: IO[bytes], told: Callable[[int, int], object] | None) -> None:
    """Write the copy: with what stands behind lost rows where that makes sense, else without."""
    until: int | None = None
    for behind in (True, False, False):
        attempt = _Copy(found, stream, until, behind)
        scanner = Scanner(found.path, seed)
        try:
            attempt.write(scanner, told)
        finally:
            scanner.close()
        tape = Tape.open(stream.name)
        try:
            wrong = tape.verify() or (attempt.has_rows_behind and check(tape))
            if not wrong:
                found.kept = {"ops": len(tape.ops), "nodes": len(tape.nodes), "events": len(tape.events), "values": tape.value_count}
                return
            if tape.broken >= 0:
                until = attempt.origins[tape.broken]
        finally:
            tape.close()
    raise TapeError(f"{found.path}: nothing of it can be told")


class _Copy:
    """One attempt to write the copy. ``until``: the record at which it ends; ``behind``: whether to go on behind lost rows."""

    def __init__(self, found: Repair, stream: IO[bytes], until: int | None, behind: bool) -> None:
        found.places, found.values, found.behind, found.cut, found.unread = [], [], {}, [], 0
        self._found, self._stream, self._until, self._behind = found, stream, until, behind
        self.origins: list[int] = []  # the number in the original of each record of the copy
        self.has_rows_behind = False
        self._blobs: dict[int, tuple[int, int]] = {}  # number in the original to that in the copy and the length
        self._lengths: dict[int, int] = {}  # of those that are lost
        name = secrets.token_bytes(16)
        self._seed = zlib.crc32(name)
        stream.seek(0)
        stream.truncate()
        stream.write(head_bytes(name))

    def write(self, scanner: Scanner, told: Callable[[int, int], object] | None) -> None:
        """Copy all that can be."""
        rest = self._pieces(scanner, told)
        is_cut = self._copy_whole(scanner, rest)
        self._stream.flush()
        tape = Tape.open(self._stream.name)
        try:
            if tape.damage:  # who called looks why, and tries again
                return
            encoder = Encoder.behind(tape.tables.lengths(), len(tape.events))
            if is_cut and self._behind:
                self._copy_behind(scanner, tape, encoder, list(rest))
            elif is_cut:
                self._found.unread = self._found.bytes - scanner.offset
            time = tape.events[-1].time if len(tape.events) else 0.0
        finally:
            tape.close()
        encoder.record(Note(KIND, f"{os.path.basename(self._found.path)} was damaged; left out: {self._found.left_out}", time))
        self._rows(encoder)
        ended = scanner.ended and not (is_cut and not self._behind)
        places = self._found.places
        last = places[-1]["byte"] if places else self._found.bytes
        words = scanner.last_words if ended else words_of_end("unknown", f"what stood behind byte {last} is lost")
        self._add(END, words, -1)
        self._stream.flush()

    def _pieces(self, scanner: Scanner, told: Callable[[int, int], object] | None) -> Iterator[ScannedFrame | Gap]:
        """The records of the file that are sound, with their data, and the gaps between them."""
        while True:
            bad: ScannedFrame | None = None
            for frame in scanner.frames():
                if told is not None:
                    told(scanner.offset, self._found.bytes)
                if frame.kind == BLOB and not scanner.is_whole(frame.offset, frame.length, frame.checksum):
                    bad, scanner.damage = frame, f"the data of values fail their checksum (byte {frame.offset})"
                    break
                yield frame
            if not scanner.damage:
                return
            ended = scanner.ended
            piece = scanner.resume(bad)
            if isinstance(piece, ScannedFrame):
                if piece.kind != END:
                    yield piece
            elif ended:
                self._gap(piece)
                return
            elif piece.stop > piece.first or piece.records:
                yield piece

    def _copy_whole(self, scanner: Scanner, pieces: Iterator[ScannedFrame | Gap]) -> bool:
        """Copy records as they are, up to the first that makes what follows doubtful. Whether there was one."""
        for piece in pieces:
            if isinstance(piece, Gap):
                self._gap(piece)
                if _is_doubtful(piece):
                    return True
                continue
            if piece.number == self._until:
                self._gap(Gap(piece.offset - FRAME.size, piece.offset + piece.length, 1, piece.kind, "it says what cannot be"))
                return True
            if piece.kind == ROWS:
                self._whole_rows(piece)
            elif piece.kind == STATISTICS:
                self._add(STATISTICS, bytes(piece.body), piece.number)
            elif piece.kind == BLOB:
                self._blob(scanner, piece)
        return False

    def _copy_behind(self, scanner: Scanner, tape: Tape, encoder: Encoder, rest: list[ScannedFrame | Gap]) -> None:
        """Copy what can be told behind lost rows."""
        if not any(isinstance(piece, ScannedFrame) for piece in rest):
            for gap in rest:
                if isinstance(gap, Gap):
                    self._gap(gap)
            return
        first, ops = Sieve(tape), set(tape.ops)
        first.gap()
        for piece, _, record in self._rest(tape, rest):
            if isinstance(piece, Gap):
                first.gap()
            elif piece.kind == ROWS:
                ops.update(kept.id for kept in first.take(record) if isinstance(kept, Op))
        sieve = Sieve(tape, first.bad, ops)
        self._write(encoder, sieve.gap())
        for piece, row, record in self._rest(tape, rest):
            if isinstance(piece, Gap):
                self._gap(piece)
                self._write(encoder, sieve.gap() if _is_doubtful(piece) else [])
            elif piece.kind == BLOB:
                self._blob(scanner, piece)
            elif piece.kind == STATISTICS:
                self._rows(encoder)
                self._statistics(piece, sieve.known[Tensor])
            elif not isinstance(record, Payload):
                self._write(encoder, sieve.take(record))
            elif sieve.take(record):
                self._value(encoder, record, row)
        if scanner.ended and scanner.last_words == COMPLETE:
            self._write(encoder, sieve.end())
        self._rows(encoder)
        self._found.behind, self._found.cut = dict(sieve.left), sieve.cut
        self.has_rows_behind = True

    def _rest(
        self, tape: Tape, rest: list[ScannedFrame | Gap]
    ) -> Iterator[tuple[ScannedFrame | Gap, list[int], Record | None]]:  # fmt: skip
        """What stands behind lost rows: each record with its frame and its row; frames of other kinds, and gaps, with none."""
        decoder = LooseDecoder(tape.tables, self._found.bytes // 16)
        for piece in rest:
            if isinstance(piece, Gap) or piece.kind != ROWS:
                yield piece, [], None
                continue
            try:
                block = joined([piece.body])
                decoder.add(block)
            except WireError as error:
                yield Gap(piece.offset - FRAME.size, piece.offset + piece.length, 1, ROWS, str(error)), [], None
                continue
            for row in block.rows.tolist():
                if row[0] & 0xFF > PARAMS:
                    yield piece, row, decoder.read(row, block)

    # ------------------------------------------------------------------------------------------------------------------

    def _add(self, kind: int, body: bytes, origin: int) -> None:
        self._stream.write(frame_bytes(self._seed, kind, len(self.origins), body))
        self.origins.append(origin)

    def _blob(self, scanner: Scanner, frame: ScannedFrame) -> None:
        """Copy data that are not in memory as a whole; their checksum begins with the copy's name, and is known behind them."""
        place, checksum = self._stream.tell(), self._seed
        self._stream.write(bytes(FRAME.size))
        for piece in scanner.pieces(frame):
            checksum = zlib.crc32(piece, checksum)
            self._stream.write(piece)
        head = frame_head(BLOB, frame.length, len(self.origins), checksum)
        self._stream.seek(place)
        self._stream.write(head + zlib.crc32(head, self._seed).to_bytes(4, "little"))
        self._stream.seek(0, os.SEEK_END)
        self._blobs[frame.number] = len(self.origins), frame.length
        self.origins.append(frame.number)

    def _whole_rows(self, frame: ScannedFrame) -> None:
        """Copy a block; values whose data are lost are left out, the others point to where theirs are now."""
        count, words, letters = BLOCK_HEAD.unpack_from(frame.body)
        end = BLOCK_HEAD.size + count * WORDS * 8
        rows = np.frombuffer(frame.body, "<i8", count * WORDS, BLOCK_HEAD.size).reshape(-1, WORDS).copy()
        stay = np.ones(count, np.bool_)
        for place in np.flatnonzero(rows[:, 0] & 0xFF == PAYLOAD).tolist():
            row = rows[place].tolist()
            number = self._data_of(row)
            stay[place] = number is not None
            rows[place, 4] = number or 0
        head = BLOCK_HEAD.pack(int(stay.sum()), words, letters)
        self._add(ROWS, b"".join((head, rows[stay].tobytes(), memoryview(frame.body)[end:])), frame.number)

    def _data_of(self, row: list[int]) -> int | None:
        """The number in the copy of the record with the data of a value; None where they are lost, and that is noted."""
        _, tensor, version, _, frame, offset, length, _ = row
        number, size = self._blobs.get(frame, (0, 0))
        if length == 0 or offset + length <= size:
            return number
        if frame not in self._blobs or offset + length > size:
            self._found.values.append({"tensor": tensor, "version": version, "bytes": length})
        return None

    def _value(self, encoder: Encoder, record: Payload, row: list[int]) -> None:
        number = self._data_of(row)
        if number is not None:
            encoder.payload(record, (number, row[5]), row[6])

    def _statistics(self, frame: ScannedFrame, tensors: set[int]) -> None:
        """Copy the statistics of tensors that are known."""
        whole_rows = len(frame.body) // STATS.itemsize * STATS.itemsize
        rows = np.frombuffer(bytes(frame.body[:whole_rows]), STATS)
        stay = np.array([tensor in tensors for tensor in rows["tensor"].tolist()], np.bool_)
        if stay.any():
            self._add(STATISTICS, rows[stay].tobytes(), frame.number)

    def _write(self, encoder: Encoder, records: list[Record]) -> None:
        for record in records:
            encoder.record(replace(record, i=encoder.events) if isinstance(record, Event) else record)
        if len(encoder.draft.rows) >= ROWS_AT_ONCE:
            self._rows(encoder)

    def _rows(self, encoder: Encoder) -> None:
        encoder.commit()
        if encoder.draft.committed:
            body, words = encoder.take()
            self._add(ROWS, body, -1)
            encoder.drop(words)

    def _gap(self, gap: Gap) -> None:
        """Note a place that could not be read."""
        if gap.stop > gap.first or gap.records:
            what = _WHAT.get(gap.kind, "")
            place = {"byte": gap.first, "bytes": gap.stop - gap.first, "records": gap.records, "what": what, "why": gap.why}
            self._found.places.append(place)


def _is_doubtful(gap: Gap) -> bool:
    """Whether rows may be lost there."""
    return gap.kind not in (BLOB, STATISTICS, END) and gap.records != 0


# ---------------------------------------------------------------------------------------------------------------- the seed


def seed_of(path: str) -> int | None:
    """What the checksums of a tape begin with whose head is lost: one of a record gives it, that of its body must agree. None where
    no record does."""
    scanner, left = Scanner(path, 0), 2 * SEARCHED  # bytes of bodies: a file that is made to do harm costs no more
    try:
        for offset, head in islice(scanner.markers(), CANDIDATES):
            if offset > SEARCHED:
                break
            _, kind, length, _, checksum, own = FRAME.unpack(head)
            if kind not in CAPS or not 0 < length <= min(CAPS[kind], left):
                continue
            left -= length
            seed = _before(own, bytes(head[:-4]))
            if scanner.has(offset + FRAME.size, length, seed, checksum):
                return seed
    finally:
        scanner.close()
    return None


_TABLE = [zlib.crc32(bytes([byte]), 0xFFFFFFFF) ^ 0xFFFFFFFF for byte in range(256)]  # a byte alone, from state 0
_OF_TOP = {word >> 24: byte for byte, word in enumerate(_TABLE)}


def _before(checksum: int, data: bytes) -> int:
    """The checksum with which ``zlib.crc32(data, ...)`` gave this one: a CRC can be run backwards, since the highest byte of each entry
    of its table is another."""
    state = checksum ^ 0xFFFFFFFF
    for byte in reversed(data):
        place = _OF_TOP[state >> 24]
        state = ((state ^ _TABLE[place]) << 8 & 0xFFFFFFFF) | (place ^ byte)
    return state ^ 0xFFFFFFFF


# --------------------------------------------------------------------------------------------------------------- in words


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _bytes(number: int) -> str:
    return _count(number, "byte")


def _records(place: dict[str, Any]) -> str:
    if place["byte"] == 0:
        return "the head of the file"
    what = f" with {place['what']}" if place["what"] else ""
    if place["records"] < 0:
        return f"the end of the file{what}"
    return f"{_count(place['records'], 'record')}{what}" if place["records"] else "no record"
