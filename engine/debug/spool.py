"""What a program prints: kept in a file of bounded size, and forwarded to a window at a pace that a window can take."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

FILE_CAP = 64 << 20  # bytes kept of one stream: the first half from its beginning, the rest from its end
TAIL_CAP = 64 << 10  # bytes forwarded at once: more than a window shows
PACE = 0.03  # seconds between two pieces


class Spool:
    """A file that keeps the beginning and the end of a stream. The middle is dropped, and the file says how much."""

    def __init__(self, path: str, cap: int = FILE_CAP) -> None:
        self._path = path
        self._head_cap = self._ring_cap = cap // 2
        self._file = open(path, "xb", buffering=0)  # noqa: SIM115  (closed by close)
        self._ring = bytearray()
        self._ring_start = 0  # where the oldest byte stands, once the ring is full
        self.total = 0
        self.error = ""  # why nothing more is kept

    @property
    def dropped(self) -> int:
        """Bytes of the middle that are not kept."""
        return max(0, self.total - self._head_cap - self._ring_cap)

    def write(self, data: bytes) -> None:
        """Takes the next piece. A disk that is full ends the keeping, never the program."""
        head = data[: max(0, self._head_cap - self.total)]
        self.total += len(data)
        if head:
            self._put(head)
        if len(head) < len(data):
            self._keep(memoryview(data)[len(head) :])

    def _keep(self, data: memoryview) -> None:
        if len(data) >= self._ring_cap:
            self._ring[:], self._ring_start = data[len(data) - self._ring_cap :], 0
            return
        room = self._ring_cap - len(self._ring)
        self._ring += data[:room]
        rest = data[room:]
        if rest:
            first = min(len(rest), self._ring_cap - self._ring_start)
            self._ring[self._ring_start : self._ring_start + first] = rest[:first]
            self._ring[: len(rest) - first] = rest[first:]
            self._ring_start = (self._ring_start + len(rest)) % self._ring_cap

    def _put(self, data: bytes | bytearray) -> None:
        if self.error:
            return
        try:
            view = memoryview(data)
            while view:
                view = view[os.write(self._file.fileno(), view) :]
        except OSError as error:
            self.error = f"{os.path.basename(self._path)} ends early: {error.strerror}"

    def close(self) -> None:
        """Writes the end of the stream behind its beginning."""
        if self._file.closed:
            return
        if self.dropped:
            self._put(f"\n[gradstep: {self.dropped} bytes are not kept]\n".encode())
        self._put(self._ring[self._ring_start :] + self._ring[: self._ring_start])
        self._file.close()


@dataclass
class Forward:
    """The tail of a stream on its way to a window. What a window could not take in time is counted, not kept."""

    pending: bytearray = field(default_factory=bytearray)
    skipped: int = 0
    due: float = 0.0  # the clock at which the next piece may go

    def add(self, data: bytes) -> None:
        """More was printed."""
        self.pending += data
        over = len(self.pending) - TAIL_CAP
        if over > 0:
            del self.pending[:over]
            self.skipped += over

    def take(self, now: float) -> tuple[bytes, int] | None:
        """The next piece and the bytes skipped before it; None while there is nothing or it is too early."""
        if not self.pending or now < self.due:
            return None
        piece, skipped = bytes(self.pending), self.skipped
        self.pending.clear()
        self.skipped, self.due = 0, now + PACE
        return piece, skipped
