"""A value in the file of a tape of which parts are read: large ones are never whole in memory.

Parts are read without a look at the checksum, which is one over all of the data; ``intact`` looks at it.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy.typing as npt

from .elements import decoded, size_of

CHUNK = 1 << 22  # bytes read at a time
GAP = 1 << 16  # bytes between two rows that are read rather than jumped over

Index = tuple[int | slice, ...]


@dataclass(frozen=True, slots=True)
class Extent:
    """Where the data of a value lie: C order, little endian. The file is opened for each part anew, so that the tape may be
    closed at any time and parts may be read by any thread."""

    path: str
    dtype: str
    shape: tuple[int, ...]
    offset: int  # of the first element in the file
    record: tuple[int, int]  # of the data of the record in which it lies: offset and length
    checksum: int
    seed: int

    @property
    def nbytes(self) -> int:
        return size_of(self.dtype, self.shape)

    def part(self, index: Index = ()) -> npt.NDArray[Any]:
        """The elements at an index of integers (in range) and slices with a positive step; the dimensions behind it are whole. Those that
        numpy does not have come as float32. OSError where the file is not there any more, or is shorter."""
        index = (*index, *(slice(None),) * (len(self.shape) - len(index)))
        first = next((dim for dim, entry in enumerate(index) if isinstance(entry, slice)), len(index))
        row = size_of(self.dtype, self.shape[first + 1 :])  # bytes of an entry of the first dimension that is sliced
        place, inner = self.offset, size_of(self.dtype, self.shape)
        for entry, size in zip(index[:first], self.shape, strict=False):
            assert isinstance(entry, int)
            inner //= max(size, 1)
            place += entry % max(size, 1) * inner
        with _opened(self.path) as file:
            if first == len(index):
                return decoded(_read(file, place, size_of(self.dtype, ())), self.dtype, ())
            wanted = index[first]
            assert isinstance(wanted, slice)
            start, stop, step = wanted.indices(self.shape[first])
            count = len(range(start, stop, step))
            rest = self.shape[first + 1 :]
            if step == 1 or row * step <= GAP:
                span = max(range(start, stop, step)[-1] + 1 - start, 0) if count else 0
                data = decoded(_read(file, place + start * row, span * row), self.dtype, (span, *rest))[::step]
            else:
                rows = bytearray().join(_read(file, place + at * row, row) for at in range(start, stop, step))
                data = decoded(rows, self.dtype, (count, *rest))
        found: npt.NDArray[Any] = data[(slice(None), *index[first + 1 :])]
        return found

    def intact(self) -> Iterator[bool]:
        """Go through the record's data; a True a piece, then whether they have the checksum that the tape says. OSError as ``part``."""
        offset, length = self.record
        found = self.seed
        with _opened(self.path) as file:
            for start in range(0, length, CHUNK):
                found = zlib.crc32(_read(file, offset + start, min(CHUNK, length - start)), found)
                yield True
        yield found == self.checksum


@contextmanager
def _opened(path: str) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0))
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _read(file: int, offset: int, length: int) -> bytearray:
    """Exactly so many bytes."""
    data = bytearray(length)
    view = memoryview(data)
    done = 0
    while done < length:
        if hasattr(os, "preadv"):
            got = os.preadv(file, [view[done : done + CHUNK]], offset + done)
        else:
            os.lseek(file, offset + done, os.SEEK_SET)
            piece = os.read(file, min(length - done, CHUNK))
            view[done : done + len(piece)] = piece
            got = len(piece)
        if not got:
            raise OSError(f"the file ends at byte {offset + done}, {length - done} bytes before the end of the value")
        done += got
    return data
