"""Mutations of a tape by number: the same number changes the same place of the same kind of tape in the same way.

A place is drawn as a share of the file, or as the number of a record, so that two recordings of one script, which differ in
their names and times, are attacked alike.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from random import Random

from gradstep.engine.tape.log import FRAME, HEAD

Parts = list[bytes]


def parts(data: bytes) -> Parts:
    """The head of a tape and its records, as they stand in the file; what is behind the last whole one is a part as well."""
    found, place = [data[: HEAD.size]], HEAD.size
    while place + FRAME.size <= len(data):
        length = FRAME.unpack_from(data, place)[2]
        found.append(data[place : place + FRAME.size + length])
        place += FRAME.size + length
    return found


def _span(rand: Random, data: bytes) -> tuple[int, int]:
    """Where something begins and how long it is."""
    place = int(rand.random() * len(data))
    return place, min(rand.choice((1, 4, 64, 1000, 5000)), len(data) - place)


def _flip(rand: Random, data: bytes, other: bytes) -> bytes:
    changed = bytearray(data)
    changed[int(rand.random() * len(data))] ^= 1 << rand.randrange(8)
    return bytes(changed)


def _flips(rand: Random, data: bytes, other: bytes) -> bytes:
    changed = bytearray(data)
    for _ in range(rand.randrange(2, 40)):
        changed[int(rand.random() * len(data))] ^= 1 << rand.randrange(8)
    return bytes(changed)


def _cut(rand: Random, data: bytes, other: bytes) -> bytes:
    if rand.random() < 0.3:  # exactly behind a record
        all_parts = parts(data)
        return b"".join(all_parts[: rand.randrange(1, max(len(all_parts) - 1, 2))])
    return data[: int(rand.random() * len(data))]


def _noise(rand: Random, data: bytes, other: bytes) -> bytes:
    place, length = _span(rand, data)
    return data[:place] + rand.randbytes(length) + data[place + length :]


def _insert(rand: Random, data: bytes, other: bytes) -> bytes:
    place, length = _span(rand, data)
    return data[:place] + rand.randbytes(max(length, 1)) + data[place:]


def _remove(rand: Random, data: bytes, other: bytes) -> bytes:
    if rand.random() < 0.5:
        all_parts = parts(data)
        del all_parts[rand.randrange(len(all_parts))]
        return b"".join(all_parts)
    place, length = _span(rand, data)
    return data[:place] + data[place + max(length, 1) :]


def _swap(rand: Random, data: bytes, other: bytes) -> bytes:
    if rand.random() < 0.5:
        all_parts = parts(data)
        if len(all_parts) > 2:
            a, b = rand.sample(range(1, len(all_parts)), 2)
            all_parts[a], all_parts[b] = all_parts[b], all_parts[a]
        return b"".join(all_parts)
    length = rand.choice((8, 64, 1000))
    a, b = sorted((int(rand.random() * len(data)), int(rand.random() * len(data))))
    b = max(a + length, b)
    return data[:a] + data[b : b + length] + data[a + length : b] + data[a : a + length] + data[b + length :]


def _copy(rand: Random, data: bytes, other: bytes) -> bytes:
    """A piece takes the place of another."""
    place, length = _span(rand, data)
    source = int(rand.random() * len(data))
    piece = data[source : source + length]
    return data[:place] + piece + data[place + len(piece) :]


def _double(rand: Random, data: bytes, other: bytes) -> bytes:
    if rand.random() < 0.5:
        all_parts = parts(data)
        all_parts.insert(rand.randrange(1, len(all_parts) + 1), rand.choice(all_parts))
        return b"".join(all_parts)
    place, length = _span(rand, data)
    source = int(rand.random() * len(data))
    return data[:place] + data[source : source + max(length, 1)] + data[place:]


def _length(rand: Random, data: bytes, other: bytes) -> bytes:
    """The length of a record is another, with its own checksum wrong or right."""
    all_parts = parts(data)
    if len(all_parts) < 2:
        return data[:-1]
    number = rand.randrange(1, len(all_parts))
    frame = bytearray(all_parts[number])
    if len(frame) < FRAME.size:
        return data[:-1]
    length = rand.choice(((1 << 32) - 1, 1 << 31, (1 << 26) + 1, 1 << 26, 1 << 30, 0, 1, len(frame), len(frame) - FRAME.size - 1))
    struct.pack_into("<I", frame, 8, length)
    if rand.random() < 0.7:
        seed = zlib.crc32(HEAD.unpack(all_parts[0])[3])
        struct.pack_into("<I", frame, FRAME.size - 4, zlib.crc32(frame[: FRAME.size - 4], seed))
    all_parts[number] = bytes(frame)
    return b"".join(all_parts)


def _zeros(rand: Random, data: bytes, other: bytes) -> bytes:
    """A tail of zeros: in the place of what was there, behind it, or as a hole in the middle."""
    place, length = _span(rand, data)
    how = rand.randrange(3)
    if how == 0:
        return data[:place] + bytes(len(data) - place)
    if how == 1:
        return data[: rand.choice((place, len(data)))] + bytes(rand.choice((1, 28, 512, 4096, 65536)))
    return data[:place] + bytes(max(length, 1)) + data[place + max(length, 1) :]


def _glue(rand: Random, data: bytes, other: bytes) -> bytes:
    """Two tapes in one file."""
    mine, theirs = parts(data), parts(other)
    how = rand.randrange(5)
    if how == 0:
        return data + other
    if how == 1:
        return b"".join(mine[: rand.randrange(1, len(mine) + 1)]) + b"".join(theirs[rand.randrange(len(theirs)) :])
    if how == 2:
        return mine[0] + b"".join(theirs[1:])
    if how == 3:
        mine[rand.randrange(1, len(mine))] = rand.choice(theirs[1:])
        return b"".join(mine)
    return data[: int(rand.random() * len(data))] + other[int(rand.random() * len(other)) :]


HOW: dict[str, Callable[[Random, bytes, bytes], bytes]] = {
    "a bit flipped": _flip,
    "bits flipped": _flips,
    "cut": _cut,
    "noise": _noise,
    "inserted": _insert,
    "removed": _remove,
    "swapped": _swap,
    "copied over": _copy,
    "doubled": _double,
    "length": _length,
    "zeros": _zeros,
    "glued": _glue,
}


def mutation(data: bytes, other: bytes, kind: str, number: int) -> tuple[str, bytes]:
    """How mutation ``number`` of a tape of this kind was made, and the file. ``other`` is another tape. It always differs from ``data``."""
    how = list(HOW)[number % len(HOW)]
    rand = Random(f"{kind} {number}")
    changed = HOW[how](rand, data, other)
    while changed == data:
        changed = HOW[how](rand, data, other)
    return how, changed
