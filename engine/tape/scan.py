"""Reads the frames of a tape file that may be damaged, hostile, or still growing.

Nothing is allocated for a length that the file does not have, nothing is trusted before its checksum was right, and the
file is read with ``pread``: a file that is cut while it is open gives short reads, where a mapped one would kill the
process (SIGBUS).
"""

from __future__ import annotations

import errno
import os
import stat
import zlib
from collections.abc import Iterator
from typing import IO, NamedTuple

from ..locks import is_held
from .log import BLOB, CAPS, END, FRAME, HEAD, MAGIC, MARKER, VERSION, frame_head

CHUNK = 1 << 22  # bytes read at a time


class TapeError(ValueError):
    """The file is not a tape that can be read. The message says what it is, for people."""


class ScannedFrame(NamedTuple):
    """A frame whose head is right; ``body`` is checked too, and empty for a BLOB, whose data stay in the file."""

    kind: int
    number: int
    offset: int  # of the body
    length: int
    checksum: int  # of the body
    body: bytes | bytearray


class HeadLost(TapeError):
    """What stands at the beginning of the file is no head of a tape; behind it its records may be whole."""


class Gap(NamedTuple):
    """Bytes of a file that are no sound record. ``records``: how many are missing there, -1 where that is not known; ``kind`` of the
    only one that is, 0 where that is not known."""

    first: int
    stop: int
    records: int
    kind: int
    why: str


class Scanner:
    """Gives the frames of a file in order, and goes on where it stopped when the file has grown.

    ``damage`` says what is wrong and where, once something is; no frame comes after that. ``ended``: the writer said that
    the tape is complete.
    """

    def __init__(self, path: str, seed: int | None = None) -> None:
        """``seed``: of a tape whose head was lost: ``resume`` finds its first record.

        Raises TapeError where the file is no tape, OSError where it cannot be opened."""
        self.path = path
        self.damage = ""
        self.ended = False
        self.last_words = b""  # how it ended, as its last record says
        self.seed = 0  # of every checksum: no record of another tape passes
        self.stopped = False  # the last ``frames(most)`` came to its most
        self.offset = 0
        self._number = 0
        flags = os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        if os.path.isdir(path):
            raise TapeError(f"{path} is a folder, not a tape")
        self._descriptor = os.open(path, flags)
        try:
            if seed is None:
                self._read_head()
            else:
                self.seed = seed
                self._broken("the head of the tape is damaged")
        except BaseException:
            self.close()
            raise

    @property
    def number(self) -> int:
        """Of the next frame."""
        return self._number

    def close(self) -> None:
        """Close the file. A second call does nothing."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def frames(self, most: int | None = None) -> Iterator[ScannedFrame]:
        """The frames that are there now and were not given before; ``most``: about so many bytes of them."""
        begun = self.offset
        window: bytes | bytearray = b""  # of the file from ``start`` on
        start = 0
        self.stopped = False
        while not self.damage:
            if most is not None and self.offset - begun >= most:
                self.stopped = True
                return
            head = window[self.offset - start : self.offset - start + FRAME.size]
            if len(head) < FRAME.size:
                window, start = self._read(self.offset, CHUNK), self.offset
                head = window[: FRAME.size]
            if self.ended:
                if head:
                    self._broken("there are bytes behind the end of the tape")
                return
            if len(head) < FRAME.size:
                self._tail(len(head))
                return
            marker, kind, length, number, checksum, own = FRAME.unpack(head)
            if zlib.crc32(head[:-4], self.seed) != own or marker != MARKER:
                self._broken_if_final("the head of a record fails its checksum", FRAME.size)
                return
            if kind not in CAPS:
                self._broken(f"a record is of unknown kind {kind}")
                return
            if not 0 < length <= CAPS[kind]:
                self._broken(f"a record says that it has {length} bytes")
                return
            if number != self._number & 0xFFFFFFFF:
                self._broken(f"record {number} comes where record {self._number} is due")
                return
            place = self.offset + FRAME.size
            body: bytes | bytearray = b""
            if kind == BLOB:
                if place + length > self._size():
                    self._tail(self._size() - self.offset)
                    return
            else:
                body = window[place - start : place - start + length]
                if len(body) < length <= CHUNK - FRAME.size:
                    window, start = self._read(self.offset, CHUNK), self.offset
                    body = window[FRAME.size : FRAME.size + length]
                elif len(body) < length:  # a large one is in memory once
                    window, start = b"", 0
                    body = self._read(place, min(length, max(self._size() - place, 0)))
                if len(body) < length:
                    self._tail(FRAME.size + len(body))
                    return
                if zlib.crc32(body, self.seed) != checksum:
                    self._broken_if_final("a record fails its checksum", FRAME.size + length)
                    return
            self.offset = place + length
            self._number += 1
            if kind == END:
                self.ended, self.last_words = True, bytes(body)
                continue
            yield ScannedFrame(kind, number, place, length, checksum, body)

    def blob(self, offset: int, length: int, checksum: int) -> bytes | bytearray | None:
        """The data of a BLOB; None where they fail their checksum or are not there any more."""
        if length > self._size() - offset:
            return None
        data = self._read(offset, length)
        return data if len(data) == length and zlib.crc32(data, self.seed) == checksum else None

    def is_whole(self, offset: int, length: int, checksum: int) -> bool:
        """Whether the data of a BLOB are there and have their checksum."""
        return self._checksum(offset, length) == checksum

    def resume(self, bad: ScannedFrame | None = None) -> Gap | ScannedFrame:
        """Go on behind what is damaged, at the next record that is sound and later than all that were given. ``bad`` is the last one
        given, where its data turned out to be damaged. A record of which nothing but the head was damaged is given as if it were whole."""
        if bad is not None:
            self.offset, self._number = bad.offset - FRAME.size, self._number - 1
        first, why = self.offset, self.damage
        head = self._read(first, FRAME.size)
        is_head = self._is_head(head)
        is_due = is_head and FRAME.unpack(head)[3] == self._number & 0xFFFFFFFF  # the body is damaged
        kind = FRAME.unpack(head)[1] if is_due else 0
        found = self._next_head(first + is_due)
        stop, passed = found if found is not None else (self._size(), -1)
        self.damage = ""
        restored = self._restored(first, stop) if first and not is_head and passed in (1, -1) else None
        if restored is not None:
            self.offset, self._number = stop, self._number + 1
            if restored.kind == END:
                self.ended, self.last_words = True, bytes(restored.body)
            return restored
        only = passed == 1 or (passed == -1 and kind and first + FRAME.size + FRAME.unpack(head)[2] >= stop)
        self.offset, self._number = stop, self._number + max(passed, 0)
        return Gap(first, stop, passed, kind if only else 0, why)

    def _is_head(self, head: bytes | bytearray) -> bool:
        return len(head) == FRAME.size and head[:4] == MARKER and zlib.crc32(head[:-4], self.seed) == FRAME.unpack(head)[5]

    def _next_head(self, start: int) -> tuple[int, int] | None:
        """Where the next record begins whose own checksum is right and that was not given, and how many are missing before it."""
        for place, head in self.markers(start):
            if self._is_head(head) and (passed := (FRAME.unpack(head)[3] - self._number) & 0xFFFFFFFF) < 1 << 31:
                return place, passed
        return None

    def markers(self, start: int = 0) -> Iterator[tuple[int, bytes | bytearray]]:
        """Where records may begin from a byte on, and what would be their heads."""
        while len(piece := self._read(start, CHUNK)) >= FRAME.size:
            at = piece.find(MARKER)
            while at >= 0:
                head = self._read(start + at, FRAME.size)
                if len(head) == FRAME.size:
                    yield start + at, head
                at = piece.find(MARKER, at + 1)
            start += len(piece) - len(MARKER) + 1

    def has(self, offset: int, length: int, seed: int, checksum: int) -> bool:
        """Whether bytes are there whose checksum is this, begun with another seed."""
        return self._checksum(offset, length, seed) == checksum

    def _restored(self, first: int, stop: int) -> ScannedFrame | None:
        """The record that fills these bytes, where its head alone is damaged: one of the two checksums still tells."""
        place, length = first + FRAME.size, stop - first - FRAME.size
        if length <= 0:
            return None
        _, kind, _, _, stored, own = FRAME.unpack(self._read(first, FRAME.size))
        checksum = self._checksum(place, length)
        if checksum is None:
            return None
        told = [code for code in CAPS if zlib.crc32(frame_head(code, length, self._number, checksum), self.seed) == own]
        if not told and kind in CAPS and stored == checksum:
            told = [kind]
        if not told or length > CAPS[told[0]]:
            return None
        body = b"" if told[0] == BLOB else self._read(place, length)
        return ScannedFrame(told[0], self._number & 0xFFFFFFFF, place, length, checksum, body)

    def _checksum(self, offset: int, length: int, seed: int | None = None) -> int | None:
        """Of bytes that are never in memory as a whole; None where they are not all there."""
        found = self.seed if seed is None else seed
        for start in range(0, length, CHUNK):
            piece = self._read(offset + start, min(CHUNK, length - start))
            if len(piece) < min(CHUNK, length - start):
                return None
            found = zlib.crc32(piece, found)
        return found

    def pieces(self, frame: ScannedFrame) -> Iterator[bytes | bytearray]:
        """The body of a record, in pieces. Raises OSError where it is not there any more."""
        for start in range(0, frame.length, CHUNK):
            piece = self._read(frame.offset + start, min(CHUNK, frame.length - start))
            if len(piece) < min(CHUNK, frame.length - start):
                raise OSError(errno.EIO, f"{self.path} was cut while it was read")
            yield piece

    @property
    def size_on_disk(self) -> int:
        """Bytes that the file takes; of one with holes less than its size."""
        found = os.fstat(self._descriptor)
        return min(found.st_size, getattr(found, "st_blocks", found.st_size) * 512)

    @property
    def replaced(self) -> bool:
        """Whether another file has this one's name now; False also where the name is gone."""
        try:
            return not os.path.samestat(os.stat(self.path), os.fstat(self._descriptor))
        except OSError:
            return False

    def copy(self, to: IO[bytes]) -> None:
        """Write the bytes of the file, as many as there are now, to another one; also where its name is gone."""
        offset = 0
        while part := self._read(offset, CHUNK):
            to.write(part)
            offset += len(part)

    def is_written(self) -> bool:
        """Whether a living writer holds the file."""
        return is_held(self._descriptor)

    # ------------------------------------------------------------------------------------------------------------

    def _read_head(self) -> None:
        found = os.fstat(self._descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise TapeError(f"{self.path} is not an ordinary file")
        head = self._read(0, HEAD.size)
        if not head:
            raise TapeError(f"{self.path} is empty: nothing was recorded into it")
        if not head.startswith(MAGIC[: len(head)]) or len(head) < HEAD.size:
            raise HeadLost(f"{self.path} is not a tape of gradstep, or its first bytes were lost")
        _, version, _, name, checksum = HEAD.unpack(head)
        if zlib.crc32(head[:-4]) != checksum:
            raise HeadLost(f"{self.path}: the head of the tape fails its checksum")
        if version > VERSION:
            raise TapeError(f"{self.path} was written by a newer gradstep (format {version}); this one reads up to format {VERSION}")
        if version < 1:
            raise TapeError(f"{self.path} says that its format is {version}")
        self.offset = HEAD.size
        self.seed = zlib.crc32(name)

    def _read(self, offset: int, length: int) -> bytes | bytearray:
        if not hasattr(os, "preadv"):
            return self._seek_read(offset, length)
        if length <= CHUNK:
            part = os.pread(self._descriptor, length, offset)
            if len(part) in (0, length):
                return part
        data = bytearray(length)
        done = 0
        with memoryview(data) as view:
            while done < length:
                got = os.preadv(self._descriptor, [view[done : done + CHUNK]], offset + done)
                if not got:
                    break
                done += got
        del data[done:]
        return data

    def _seek_read(self, offset: int, length: int) -> bytes:
        parts: list[bytes] = []
        while length > 0:
            os.lseek(self._descriptor, offset, os.SEEK_SET)
            part = os.read(self._descriptor, min(length, CHUNK))
            if not part:
                break
            parts.append(part)
            offset += len(part)
            length -= len(part)
        return b"".join(parts)

    def _size(self) -> int:
        return os.fstat(self._descriptor).st_size

    def _tail(self, present: int) -> None:
        """The file ends inside a record, or exactly behind one: damage only where nobody writes any more."""
        size = self._size()
        if size < self.offset:
            self._broken(f"the file was cut to {size} bytes while it was open")
        elif present and not is_held(self._descriptor) and self._size() == size:
            self._broken(f"the last {size - self.offset} bytes are a record that was not finished")

    def _broken_if_final(self, what: str, length: int) -> None:
        """The last bytes of a growing file may not be all there yet."""
        if self.offset + length >= self._size() and is_held(self._descriptor):
            return
        self._broken(what)

    def _broken(self, what: str) -> None:
        self.damage = f"{what} (byte {self.offset} of {self._size()})"
