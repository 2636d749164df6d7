"""The file format ``*.gst`` and its writer.

A tape is one file: a head, then frames, appended and never changed. A frame has a marker, a kind, its length (never 0),
its number (so that a lost, doubled or swapped frame is noticed) and two checksums, one of itself and one of its body, both
begun with the tape's own random name, so that a frame of another tape is noticed too. Rows and statistics are read when a
tape is opened; the data of values only when they are asked for.

The writer collects frames for at most 10 ms or 64 KiB and hands them to the system by ``write``: what was handed over
survives the death of the process (``at_once``: every push is). It holds a lock on the file, so that a reader can tell a recording
from its remains. The last record says how the recording ended; where the writer has died its supervisor writes it (``postscript``).
"""

from __future__ import annotations

import contextlib
import errno
import json
import math
import os
import secrets
import stat
import struct
import threading
import time
import weakref
import zlib
from collections.abc import Callable
from typing import NamedTuple

from ..locks import hold
from .schema import Payload, Record, Stats
from .wire import BLOCK_HEAD, EVENT, STATS_ROW, WORDS, Encoder, stats_row

MAGIC = b"\x89GST\r\n\x1a\n"  # a byte that is no text, the name, and line ends that a text transfer would break
VERSION = 1
HEAD = struct.Struct("<8sII16sI")  # magic, version, zero, the tape's name, checksum
FRAME = struct.Struct("<4sBxxxIIII")  # marker, kind, length, number, checksum of the body, checksum of what stands before
_UNSIGNED = struct.Struct(FRAME.format[:-1])  # without the last checksum, which is of this
MARKER = b"GSTF"
ROWS, STATISTICS, BLOB, END = 1, 2, 3, 4
CAPS = {ROWS: 1 << 26, STATISTICS: 1 << 26, BLOB: 1 << 30, END: 4096}  # bytes of a body

BUFFER = 1 << 16  # bytes that may wait
LATENCY = 0.010  # seconds that they may wait
COMPLETE = b"end"  # the last record of a recording that was ended as it should; else JSON says how it ended
RESERVE = 1 << 10  # bytes below a limit that are kept for that record
SPARE = 1 << 14  # bytes of the disk that are kept for it
AMPLE = 1 << 28  # free bytes of the disk from which on they are not counted at each write
BLOCK_WORDS = 8 * 512
PATH_CHECK = 0.25  # seconds between looks whether the file still has its name


class TapeExists(FileExistsError):
    """The file to record into is there already and is not empty."""


class TapeGone(OSError):
    """The file that is recorded into was deleted or replaced."""


class TapeFull(OSError):
    """The tape has as many bytes as it may have."""


def head_bytes(name: bytes) -> bytes:
    """The head of a tape with this 16-byte name."""
    return HEAD.pack(MAGIC, VERSION, 0, name, zlib.crc32(HEAD.pack(MAGIC, VERSION, 0, name, 0)[:-4]))


def frame_head(kind: int, length: int, number: int, checksum: int) -> bytes:
    """The head of a frame without its own checksum, which is of this. ``checksum`` is that of the body."""
    return _UNSIGNED.pack(MARKER, kind, length, number & 0xFFFFFFFF, checksum)


def frame_bytes(seed: int, kind: int, number: int, body: bytes) -> bytes:
    """A whole frame; ``seed`` is the checksum of the tape's name. Raises ValueError where the body is empty or over the cap
    of its kind."""
    if not 0 < len(body) <= CAPS[kind]:
        raise ValueError(f"a record of {len(body)} bytes cannot be written: 1 to {CAPS[kind]} are allowed")
    head = frame_head(kind, len(body), number, zlib.crc32(body, seed))
    return b"".join((head, zlib.crc32(head, seed).to_bytes(4, "little"), body))


def words_of_end(how: str, reason: str, **facts: object) -> bytes:
    """The body of the last record of a tape that is not complete."""
    return json.dumps({"how": how, **facts, "reason": reason[:1024]}).encode()[: CAPS[END]]


def events_in(frames: bytes) -> int:
    """How many events the rows in whole frames hold."""
    count = place = 0
    while place + FRAME.size <= len(frames):
        _, kind, length, _, _, _ = FRAME.unpack_from(frames, place)
        place += FRAME.size
        if kind == ROWS:
            rows = BLOCK_HEAD.unpack_from(frames, place)[0]
            first = place + BLOCK_HEAD.size
            count += sum(code >= EVENT for code in frames[first : first + 8 * WORDS * rows : 8 * WORDS])
        place += length
    return count


def count_frames(frames: bytes) -> int:
    """How many frames these are."""
    count = place = 0
    while place + FRAME.size <= len(frames):
        place += FRAME.size + FRAME.unpack_from(frames, place)[2]
        count += 1
    return count


def whole_frames(frames: bytes, size: int) -> int:
    """The bytes of the frames that end within the first ``size`` bytes."""
    place = 0
    while place + FRAME.size <= size and (end := place + FRAME.size + FRAME.unpack_from(frames, place)[2]) <= size:
        place = end
    return place


class _Queue(NamedTuple):
    """What the writer knows, replaced as a whole: a signal between two bytecodes finds the old or the new one."""

    number: int  # of the next frame
    frames: tuple[bytes, ...]  # not yet being written
    size: int  # their bytes
    draft: int  # number of the last draft among them or before


class _Flight(NamedTuple):
    """Bytes on their way to the file, the file's size before them, and the number of the frame behind them."""

    offset: int
    data: bytes
    number: int


class Writer:
    """A sink that appends to a new file.

    ``at_once``: every push is handed to the system, so that nothing is lost that was committed. ``limit``: bytes that the file may
    have, 0 for as many as come; ``more`` is asked for another limit where that is reached.

    Raises TapeExists where something is there already, OSError where the file cannot be made. Later errors of the system
    are raised by ``push``, ``flush`` and ``write``; after one the writer takes no more, and the file ends behind a whole record.
    """

    def __init__(
        self, path: str | os.PathLike[str], *, at_once: bool = False, limit: int = 0, more: Callable[[], int] | None = None
    ) -> None:  # fmt: skip
        self.path = os.path.abspath(os.fspath(path))
        self.block_words = 0 if at_once else BLOCK_WORDS
        self._at_once, self._limit, self._more = at_once, limit, more
        self.lock = threading.RLock()
        self.encoder = Encoder()
        self.closed = False
        name = secrets.token_bytes(16)
        self._seed = zlib.crc32(name)
        self._descriptor, is_new = _create(self.path)
        made = os.fstat(self._descriptor)
        self._identity = made.st_dev, made.st_ino
        self._queue = _Queue(0, (head_bytes(name),), HEAD.size, -1)
        self._flight = _Flight(0, b"", -1)
        self._is_full = self._is_cut = False  # at the limit; behind the last record that could be written whole
        self._lost = 0  # events in records that could not
        self._waits_since = time.monotonic()
        self._looked = 0.0
        self._spare = SPARE
        self._free, self._counted = 0, 0.0  # bytes of the disk, at the last look, and when that was
        try:
            self.flush()
        except OSError:
            os.close(self._descriptor)
            if is_new:
                os.unlink(self.path)
            raise
        _writers.add(self)

    # ---------------------------------------------------------------------------------------------------- the sink

    def write(self, record: Record) -> None:
        """Append one record of any kind."""
        with self.lock:
            if isinstance(record, Stats):
                self.push()
                self.stats(STATS_ROW.pack(*stats_row(record)))
                return
            place = (0, 0)
            if isinstance(record, Payload) and len(record.data):
                place = (self.blob(bytes(record.data)), 0)
            try:
                self.encoder.record(record, place)
                self.encoder.commit()
            except BaseException:
                self.encoder.rollback()
                raise
            if len(self.encoder.draft.rows) >= self.block_words or self._is_due():
                self.push()

    def push(self) -> None:
        with self.lock:
            self._take()
            if self._at_once or self._queue.size >= BUFFER or self._is_due():
                self._hand_over()

    def blob(self, data: bytes) -> int:
        with self.lock:
            number = self._queue.number
            self._add(BLOB, data)
            return number

    def stats(self, rows: bytes) -> None:
        with self.lock:
            if rows:
                self._add(STATISTICS, rows)

    @property
    def size(self) -> int:
        """Bytes of the file, with those that wait."""
        return self._flight.offset + len(self._flight.data) + self._queue.size

    def flush(self) -> None:
        """Hand everything pushed to the system."""
        with self.lock:
            if not self.closed and (self.encoder.draft.committed or self._queue.frames or self._flight.data):
                self._take()
                self._hand_over()

    def close(self) -> None:
        """Mark the tape as complete and close the file. A second call does nothing."""
        with self.lock:
            if self.closed:
                return
            try:
                self._looked = -math.inf  # a short recording's file may be gone since the only look at it
                self.push()
                self._limit = self._spare = 0
                self._add(END, COMPLETE)
                self._hand_over()
            finally:
                self.closed = True
                _close(self._descriptor, self._identity)

    def give_up(self, reason: str) -> int:
        """The recording ends here, because of an error: what still can be handed over is, and the last record says why. Gives the
        number of events that are lost; raises nothing."""
        with self.lock:
            if self.closed:
                return 0
            lost = 0
            try:
                if not self._is_cut:
                    self._limit = 0
                    if self._is_full:  # the draft is what had no room
                        lost = self._drop_draft()
                    self.push()
                self._limit = self._spare = 0
                self._add(END, words_of_end("stopped", reason))
                self._hand_over()
            except (OSError, ValueError):
                lost += self._drop_draft() + events_in(b"".join(self._queue.frames))
            finally:
                self.closed = True
                _close(self._descriptor, self._identity)
            return lost + self._lost

    # ---------------------------------------------------------------------------------------------------- the file

    def _take(self) -> None:
        """Queue the rows that are committed."""
        draft = self.encoder.draft
        if draft.committed:
            body, words = self.encoder.take()
            if self._queue.draft != draft.number:
                self._add(ROWS, body, draft.number)
            self.encoder.drop(words)

    def _is_due(self) -> bool:
        return time.monotonic() - self._waits_since > LATENCY

    def _add(self, kind: int, body: bytes, draft: int | None = None) -> None:
        if self.closed:
            raise ValueError(f"{self.path} is closed")
        queue = self._queue
        frame = frame_bytes(self._seed, kind, queue.number, body)
        if self._limit and self.size + len(frame) + RESERVE > self._limit:
            self._limit = self._more() if self._more is not None else self._limit
            if self.size + len(frame) + RESERVE > self._limit:
                self._is_full = True
                raise TapeFull(errno.EDQUOT, f"the tape has reached its limit of {self._limit} bytes")
        if draft is None:
            draft = queue.draft
        self._queue = _Queue(queue.number + 1, (*queue.frames, frame), queue.size + len(frame), draft)

    def _hand_over(self) -> None:
        """Write what waits. After an interruption in the middle, go on where the file ends."""
        size = self._checked_size()
        queue = self._queue
        if self._flight.data:  # an interruption left it in the air: perhaps before, perhaps after it was written
            size = self._fly(size)
        # Frames leave the queue after they have landed; those that had landed when a signal came are still in it.
        landed = self._flight.number - (queue.number - len(queue.frames))
        frames = queue.frames[max(landed, 0) :]
        if frames:
            if size and not self._has_room(sum(map(len, frames))):  # the head of a tape has nothing to spare for
                self._cut(size)
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            self._flight = _Flight(self._flight.offset, frames[0] if len(frames) == 1 else b"".join(frames), queue.number)
            self._fly(size)
        self._queue = _Queue(queue.number, (), 0, queue.draft)
        self._waits_since = time.monotonic()

    def _fly(self, size: int) -> int:
        """Write the bytes in the air to the file, which has ``size`` bytes. Gives the size that it has then."""
        flight = self._flight
        end = flight.offset + len(flight.data)
        if not flight.offset <= size <= end:
            raise TapeGone(f"{self.path} was changed by somebody else while it was recorded into")
        try:
            while size < end:
                size += os.write(self._descriptor, memoryview(flight.data)[size - flight.offset :])
        except OSError:
            self._cut(size)
            raise
        self._flight = _Flight(end, b"", flight.number)
        return size

    def _has_room(self, count: int) -> bool:
        """The disk has room for so many bytes and, behind them, for a last record that says why no more came. It is asked
        from time to time, and at each write where it has little."""
        if not self._spare or not hasattr(os, "fstatvfs"):
            return True
        if self._free < AMPLE or time.monotonic() - self._counted > PATH_CHECK:
            try:
                disk = os.fstatvfs(self._descriptor)
            except OSError:  # nobody says
                return True
            if not disk.f_blocks:  # a file system that does not count
                return True
            self._free, self._counted = disk.f_frsize * (disk.f_bavail if os.geteuid() else disk.f_bfree), time.monotonic()
        self._free -= count
        return self._free >= self._spare

    def _cut(self, size: int) -> None:
        """The file takes no more: half a record at its end is taken away, and with it all that waits."""
        flight, queue = self._flight, self._queue
        start = HEAD.size if flight.offset == 0 else 0  # the first flight begins with the head of the tape
        whole = start + whole_frames(flight.data[start:], max(size - flight.offset - start, 0))
        behind = b"".join(queue.frames[max(flight.number - (queue.number - len(queue.frames)), 0) :])
        left = flight.data[whole:]
        self._lost += events_in(left) + events_in(behind)
        number = flight.number - count_frames(left)
        self._is_cut = True
        self._queue, self._flight = _Queue(number, (), 0, queue.draft), _Flight(flight.offset + whole, b"", number)
        with contextlib.suppress(OSError):
            os.ftruncate(self._descriptor, flight.offset + whole)

    def _drop_draft(self) -> int:
        """Forget the rows that were not queued; how many events they had."""
        draft = self.encoder.draft
        count = self.encoder.events - draft.events
        draft.committed = 0
        draft.rows.clear()
        return count

    def _checked_size(self) -> int:
        """The size of the file, after a look whether it still has its name (writing to a deleted file succeeds), and the
        descriptor still is our file (a script may close any descriptor, and the next file it opens gets its number)."""
        size, has_name = -1, False
        try:
            found = os.fstat(self._descriptor)
            if (found.st_dev, found.st_ino) == self._identity:
                size, has_name = found.st_size, found.st_nlink > 0
        except OSError:  # the script closed it
            size = -1
        now = time.monotonic()
        if size >= 0 and now - self._looked < PATH_CHECK:
            return size
        self._looked = now
        try:
            named = os.stat(self.path)
        except OSError as error:
            if has_name and isinstance(error, PermissionError):  # the script became another user: what it has open is still its own
                return size
            raise TapeGone(f"{self.path} is gone: {error.strerror}") from error
        if (named.st_dev, named.st_ino) != self._identity:
            raise TapeGone(f"{self.path} was replaced by another file while it was recorded into")
        if size < 0:
            descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0))
            again = os.fstat(descriptor)
            if (again.st_dev, again.st_ino) != self._identity:
                os.close(descriptor)
                raise TapeGone(f"{self.path} was replaced by another file while it was recorded into")
            self._descriptor, size = descriptor, again.st_size
            hold(descriptor)
        return size

    def _abandon(self) -> None:
        """In a forked child: the file is the parent's."""
        self.lock = threading.RLock()  # the parent's other threads may have held the old one
        if not self.closed:
            self.closed = True
            _close(self._descriptor, self._identity)


def _create(path: str) -> tuple[int, bool]:
    """The file, and whether it was not there before."""
    is_new = True
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
    try:
        descriptor = os.open(path, flags | os.O_EXCL, 0o666)
    except FileExistsError:
        found = os.stat(path)
        if not stat.S_ISREG(found.st_mode):
            raise TapeExists(f"{path} is not a file that can be recorded into; name another") from None
        if found.st_size:
            raise TapeExists(f"{path} holds something already; delete it or name another file") from None
        is_new = False
        descriptor = os.open(path, flags)
        if os.fstat(descriptor).st_size:
            os.close(descriptor)
            raise TapeExists(f"{path} holds something already; delete it or name another file") from None
    if not hold(descriptor):
        os.close(descriptor)
        raise TapeExists(f"{path} is being recorded into; name another file")
    return descriptor, is_new


def _close(descriptor: int, identity: tuple[int, int]) -> None:
    """Close the descriptor, if it still is the file."""
    try:
        found = os.fstat(descriptor)
        if (found.st_dev, found.st_ino) == identity:
            os.close(descriptor)
    except OSError:  # the script closed it
        return


_writers: weakref.WeakSet[Writer] = weakref.WeakSet()


def _after_fork_in_child() -> None:
    for writer in list(_writers):
        writer._abandon()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
