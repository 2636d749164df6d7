"""Bytes that go over connections which break: each has its place in the stream, and is kept until the other side has it."""

from __future__ import annotations

from ..debug.protocol import ProtocolError


class Outgoing:
    """One direction of a stream. Nothing is sent twice over one connection, and nothing is missing after the next one was made."""

    def __init__(self) -> None:
        self._kept = bytearray()
        self._first = 0  # the place of the first byte that is kept
        self._sent = 0  # up to here it went over the connection that there is

    @property
    def end(self) -> int:
        """The place behind the last byte."""
        return self._first + len(self._kept)

    @property
    def kept(self) -> int:
        """Bytes that the other side has not said it has."""
        return len(self._kept)

    @property
    def sent(self) -> int:
        """Up to where it was sent."""
        return self._sent

    def add(self, data: bytes) -> None:
        """More of the stream."""
        self._kept += data

    def due(self, most: int, until: int) -> tuple[int, bytes]:
        """What comes next, at most ``most`` bytes and none from the place ``until`` on: its place and the bytes, which count as sent."""
        place = self._sent
        start = place - self._first
        piece = bytes(self._kept[start : max(start, min(start + most, until - self._first))])
        self._sent += len(piece)
        return place, piece

    def heard(self, place: object) -> None:
        """The other side has all before this place. Raises ProtocolError where that cannot be."""
        if not isinstance(place, int) or not self._first <= place <= self._sent:
            raise ProtocolError(f"the other side has {place} bytes, where {self._first} to {self._sent} were sent")
        del self._kept[: place - self._first]
        self._first = place

    def again(self, place: object) -> None:
        """A new connection: the other side has all before this place, and needs the rest. Raises ProtocolError where that cannot be."""
        if not isinstance(place, int) or not self._first <= place <= self.end:
            raise ProtocolError(f"the other side has {place} bytes, where {self._first} to {self.end} are kept")
        self._sent = max(self._sent, place)
        self.heard(place)
        self._sent = place
