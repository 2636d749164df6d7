"""Where the ranks of a job wait for each other: a few numbers in a file beside their tapes, through which all of them are told to stand
before the same backward node, to take one step together, and to go on.

Each rank writes how far it is: which pass, which node of it. One that comes to a node while all shall stand waits there only if no other
is further; else it goes on to where the furthest is. A rank that waits for others inside of a collective has begun to, so it counts as
being at its next node, and the others come to where it needs them: nobody waits for somebody who stands.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import re
import struct
import sys
import threading
import time
from collections.abc import Sequence
from typing import Protocol

from ..older import dataclass
from .ranks import Rank

MAGIC = 0x67617465_6773_0001
MOST = 1 << 16  # ranks of a job
POLL = 0.004  # seconds between two looks of a rank that stands
_TAPE = re.compile(r"(?:(?P<stem>.*)\.)?rank\d+(?:-\d+)?\.gst")
_HEAD, _SLOT = 4, 16  # words of 8 bytes
_MAGIC, _ALL, _LEAST = range(3)  # all shall stand, at this place or behind it
_PID, _NEXT, _STANDS, _NODE, _POSITION, _NAME_SIZE, _NAME = range(7)
# _PID: 0 has not begun, -1 is through
_NAME_CAP = 8 * (_SLOT - _NAME)
_PASS = 32  # bits of a place that count the nodes of a pass; those above count passes


class Written(Protocol):
    """A tape that is written."""

    @property
    def position(self) -> int:
        """Its last event."""

    def flush(self) -> object:
        """Write what waits to be written."""


def gate_of(tape: str) -> str:
    """The path of the gate that a rank with this tape waits at; "" for a tape that is none of a rank's."""
    folder, name = os.path.split(os.path.abspath(tape))
    match = _TAPE.fullmatch(name)
    return "" if match is None else os.path.join(folder, f"{match['stem']}.ranks.gate" if match["stem"] else "ranks.gate")


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True


def _place(word: int) -> tuple[int, int]:
    return word >> _PASS, word & (1 << _PASS) - 1


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """How far one rank is: it comes to node ``node_of_pass`` of its ``passes``-th pass next, both from 0 on. ``stands``: it waits before
    that node, which has the number ``node`` on its tape; the tape's last event is ``position``."""

    rank: int
    pid: int
    stands: bool
    passes: int
    node_of_pass: int
    node: int
    name: str
    position: int

    @property
    def place(self) -> tuple[int, int]:
        """Pass and node."""
        return self.passes, self.node_of_pass


@dataclass(frozen=True, slots=True)
class Crowd:
    """The ranks that live. ``held``: all of them shall stand, at the place ``least`` or behind it. ``missing``: those that have not
    begun."""

    held: bool
    ranks: tuple[Whereabouts, ...]
    least: tuple[int, int] = (0, 0)
    missing: tuple[int, ...] = ()

    @property
    def together(self) -> bool:
        """Whether all of them stand before the same node of the same pass."""
        places = {one.place for one in self.ranks}
        return self.held and not self.missing and all(one.stands for one in self.ranks) and len(places) == 1 and min(places) >= self.least

    @property
    def sentence(self) -> str:
        """Where they are, in words."""
        if not self.ranks:
            return "no rank is alive"
        if self.held and self.missing:
            return f"{_several(self.missing)} {'has' if len(self.missing) == 1 else 'have'} not begun"
        first = self.ranks[0]
        if self.together:
            names = sorted({one.name for one in self.ranks})
            where = f"node {first.node_of_pass} of pass {first.passes}"
            if len(names) > 1:
                return f"{_several([one.rank for one in self.ranks])} stand at {where}, before different nodes: {', '.join(names)}"
            return f"{_several([one.rank for one in self.ranks])} stand before {names[0]}, {where}"
        late = [one for one in self.ranks if not one.stands]
        if self.held and late:
            return f"{_several([one.rank for one in late])} {'is' if len(late) == 1 else 'are'} still on the way to where the furthest is"
        if self.held:
            return "the ranks are on the way to where the furthest is"
        return f"{_several([one.rank for one in self.ranks])} {'runs' if len(self.ranks) == 1 else 'run'}"


def _several(ranks: Sequence[int]) -> str:
    numbers = [str(rank) for rank in ranks]
    if len(numbers) == 1:
        return f"rank {numbers[0]}"
    return f"all {len(numbers)} ranks" if len(numbers) > 8 else f"ranks {', '.join(numbers[:-1])} and {numbers[-1]}"


class Gate:
    """The gate as whoever opens and closes it sees it. What stands in the file is read and written, never mapped: nobody who cuts it off
    can harm this process."""

    def __init__(self, path: str) -> None:
        """Raises OSError; ValueError where the file is no gate."""
        self.path = path
        self._file = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
        size = os.fstat(self._file).st_size
        self.size = size // 8 // _SLOT
        if not 8 * (_HEAD + _SLOT) <= size <= 8 * (_HEAD + _SLOT * MOST) or self._word(_MAGIC) != MAGIC:
            os.close(self._file)
            raise ValueError(f"{path} is no gate of ranks")

    def close(self) -> None:
        """Close the file. The ranks stay as they are."""
        os.close(self._file)

    def pause(self) -> None:
        """Let all ranks stand before the same node."""
        self._write(_LEAST, 0)
        self._write(_ALL, 1)

    def step(self) -> None:
        """Let all ranks run a node each, and stand before the next."""
        self._write(_LEAST, 1 + max((one.passes << _PASS | one.node_of_pass for one in self.look().ranks), default=-1))
        self._write(_ALL, 1)

    def go(self) -> None:
        """Let all ranks run on."""
        self._write(_ALL, 0)

    def look(self) -> Crowd:
        """How far each is. Not one moment's: each is right, together they may be a node apart."""
        data = os.pread(self._file, 8 * (_HEAD + self.size * _SLOT), 0)
        found, missing = [], []
        for rank in range(self.size):
            slot = data[8 * (_HEAD + rank * _SLOT) : 8 * (_HEAD + (rank + 1) * _SLOT)]
            if len(slot) < 8 * _SLOT:
                break
            words = struct.unpack(f"={_NAME}q", slot[: 8 * _NAME])
            if words[_PID] == 0:
                missing.append(rank)
            if words[_PID] <= 0 or not _is_alive(words[_PID]):
                continue
            name = slot[8 * _NAME :][: min(max(words[_NAME_SIZE], 0), _NAME_CAP)].decode(errors="replace")
            found.append(Whereabouts(rank, words[_PID], bool(words[_STANDS]), *_place(words[_NEXT]), words[_NODE], name, words[_POSITION]))
        head = struct.unpack_from(f"={_HEAD}q", data)
        return Crowd(bool(head[_ALL]), tuple(found), _place(head[_LEAST]), tuple(missing))

    def wait_together(self, seconds: float) -> Crowd:
        """Waits until all stand before the same node, none is alive, or time is up; how far they are then."""
        deadline, pause = time.monotonic() + seconds, threading.Event()
        while True:
            crowd = self.look()
            if crowd.together or not (crowd.ranks or crowd.missing) or time.monotonic() > deadline:
                return crowd
            pause.wait(POLL)

    def _word(self, place: int) -> int:
        found = os.pread(self._file, 8, 8 * place)
        return int.from_bytes(found, sys.byteorder) if len(found) == 8 else 0

    def _write(self, place: int, word: int) -> None:
        os.pwrite(self._file, struct.pack("=q", word), 8 * place)


class Turnstile:
    """The gate as one of the ranks passes through it: costs two stores and a look a node."""

    def __init__(self, path: str, rank: Rank, tape: Written) -> None:
        """Raises OSError."""
        self._path, self._size, self._tape = path, rank.size, tape
        length = 8 * (_HEAD + rank.size * _SLOT)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            if os.fstat(descriptor).st_size < length:
                os.ftruncate(descriptor, length)  # all ranks ask for the same, in any order
            self._map = mmap.mmap(descriptor, length)
        finally:
            os.close(descriptor)
        self._words = memoryview(self._map).cast("q")
        self._start = _HEAD + rank.number * _SLOT
        self._turn = threading.RLock()
        self._pause = threading.Event()  # nobody sets it: what is waited for happens in other processes, and is looked for
        words, start = self._words, self._start
        pids = [words[slot + _PID] for slot in self._slots()]
        if not any(pid > 0 and _is_alive(pid) for pid in pids):  # what was said to an earlier job, whose ranks were killed, is over
            words[:] = memoryview(bytes(length)).cast("q")
        words[_MAGIC] = MAGIC
        words[start + _NEXT] = words[start + _STANDS] = 0
        words[start + _PID] = os.getpid()

    def at_node(self, node: int, name: str) -> None:
        """A node is due: waits here as long as all shall stand and nobody is further."""
        with self._turn:
            words, start = self._words, self._start
            if words[_ALL]:
                self._wait(node, name)
            words[start + _NEXT] += 1

    def _wait(self, node: int, name: str) -> None:
        self._tape.flush()  # whoever looks sees all that led here
        words, start = self._words, self._start
        here = words[start + _NEXT]
        text = name.encode(errors="replace")[:_NAME_CAP]
        first = 8 * (start + _NAME)
        self._map[first : first + len(text)] = text
        words[start + _NAME_SIZE], words[start + _NODE], words[start + _POSITION] = len(text), node, self._tape.position
        try:
            while words[_ALL] and words[_LEAST] <= here >= self._furthest():
                words[start + _STANDS] = 1
                self._pause.wait(POLL)
        finally:
            words[start + _STANDS] = 0

    def _slots(self) -> range:
        return range(_HEAD, _HEAD + self._size * _SLOT, _SLOT)

    def _furthest(self) -> int:
        words, own = self._words, self._start
        return max(
            words[slot + _NEXT] for slot in self._slots() if slot == own or (words[slot + _PID] > 0 and _is_alive(words[slot + _PID]))
        )

    def passed(self) -> None:
        """A pass is over."""
        with self._turn:
            words, start = self._words, self._start
            words[start + _NEXT] = ((words[start + _NEXT] >> _PASS) + 1) << _PASS

    def close(self) -> None:
        """This rank is through. The last one takes the file away."""
        words, start = self._words, self._start
        words[start + _PID], words[start + _STANDS] = -1, 0
        pids = [words[slot + _PID] for slot in self._slots()]
        if not any(pid == 0 or (pid > 0 and _is_alive(pid)) for pid in pids):
            with contextlib.suppress(OSError):
                os.unlink(self._path)
        words.release()
        self._map.close()


def turnstile(path: str, rank: Rank | None, tape: Written) -> Turnstile | None:
    """The gate beside the tape ``path`` of a rank; None for a process that is none of several, or where the file cannot be made."""
    beside = gate_of(path) if rank is not None else ""
    if rank is None or not beside or not 1 < rank.size <= MOST:
        return None
    try:
        return Turnstile(beside, rank, tape)
    except (OSError, ValueError):
        return None
