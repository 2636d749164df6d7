"""Sockets that never block: a channel of frames, and the door through which one window with the right key comes in."""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import sys
from collections.abc import Callable, Iterator

from .protocol import Decoder, Handshake, Message, ProtocolError, Refused, Role, encode

OUT_CAP = 64 << 20  # bytes that may wait for a reader before the link is given up
HANDSHAKE_SECONDS = 10.0
KNOCKS = 128  # peers that may wait at the door, so that a crowd does not make the right one knock in vain
CANDIDATES = 8  # peers that may be in their handshake at once
_PIECE = 1 << 18


class Channel:
    """Frames over a connected stream socket, without ever waiting. ``closed`` says why it ended, once it has; ``closing`` is
    called then, while the socket still has its number."""

    def __init__(self, connection: socket.socket, rest: bytes = b"") -> None:
        connection.setblocking(False)
        self.socket = connection
        self._decoder = Decoder()
        self._rest = rest
        self._out = bytearray()
        self._deaf = ""  # why nothing more can be written
        self.closed = ""
        self.closing: Callable[[], None] = lambda: None

    @property
    def waiting(self) -> int:
        """Bytes that the other side has not taken yet."""
        return len(self._out)

    def send(self, message: Message, *, flush: bool = True) -> None:
        """Queues a message and writes what fits, unless more is about to come and be flushed."""
        if self.closed or self._deaf:
            return
        self._out += encode(message)
        if flush:
            self.flush()
        if len(self._out) > OUT_CAP:
            self.close("the other side does not read")

    def flush(self) -> None:
        """Writes what fits."""
        while self._out and not self.closed:
            try:
                sent = self.socket.send(memoryview(self._out)[:_PIECE])
            except (BlockingIOError, InterruptedError):
                return
            except OSError as error:  # what the other side said before it went is still to be read: reading ends the link
                self._deaf = f"the link broke: {error.strerror}"
                self._out.clear()
                return
            del self._out[:sent]

    def receive(self) -> Iterator[Message]:
        """The messages that have arrived. A broken or garbled link is closed."""
        data, self._rest = self._rest, b""
        while not self.closed:
            try:
                yield from self._decoder.feed(data)
                data = self.socket.recv(_PIECE)
            except (BlockingIOError, InterruptedError):
                if self._deaf:
                    self.close(self._deaf)
                return
            except ProtocolError as error:
                self.close(f"the other side speaks another language: {error}")
            except OSError as error:
                self.close(f"the link broke: {error.strerror}")
            else:
                if not data:
                    self.close("the other side closed the link")

    def close(self, why: str) -> None:
        """Ends the link."""
        if not self.closed:
            self.closed = why
            self.closing()
            self.socket.close()


def _same_user(connection: socket.socket) -> bool:
    if sys.platform != "linux":
        return True  # the folder's mode has to do
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    return bool(struct.unpack("3i", credentials)[1] == os.getuid())


class Door:
    """A listening socket in a private folder. The first peer that proves the key comes in, and the door is gone.

    Everyone else is refused without holding anybody up; ``refusals`` says whom and why.
    """

    def __init__(self, path: str, key: bytes, refused: Callable[[str], None]) -> None:
        self._path, self._key, self._refused = path, key, refused
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.bind(path)
        os.chmod(path, 0o600)
        self.listener.listen(KNOCKS)
        self.listener.setblocking(False)
        self.candidates: dict[socket.socket, tuple[Handshake, float]] = {}

    def accept(self, now: float) -> socket.socket | None:
        """Takes a knock at the door; the peer to listen to, if it may try. In a crowd (``crowded``) the one that has waited longest must
        go first: whoever knows the key proves it within milliseconds."""
        try:
            connection, _ = self.listener.accept()
        except OSError:
            return None
        if not _same_user(connection):
            self._refused("another user")
            connection.close()
            return None
        connection.setblocking(False)
        handshake = Handshake(Role.SERVER, self._key)
        self.candidates[connection] = (handshake, now + HANDSHAKE_SECONDS)
        with contextlib.suppress(OSError):  # a fresh socket takes these few bytes; if its peer is gone, reading says so
            connection.send(handshake.greeting())
        return connection

    def hear(self, connection: socket.socket) -> Channel | None:
        """Reads what a candidate says; its channel, once it has proved itself."""
        handshake, _ = self.candidates[connection]
        try:
            data = connection.recv(4096)
            if not data:
                raise ConnectionResetError
            answer = handshake.feed(data)
            if answer:
                connection.send(answer)
        except (BlockingIOError, InterruptedError):
            return None
        except OSError:
            self.refuse(connection, "the peer went away")
            return None
        except Refused as error:
            self.refuse(connection, str(error))
            return None
        if not handshake.done:
            return None
        del self.candidates[connection]
        self.close()
        return Channel(connection, handshake.rest)

    @property
    def crowded(self) -> list[socket.socket]:
        """Who must go before another is let in."""
        return list(self.candidates)[: max(0, len(self.candidates) - CANDIDATES + 1)]

    def late(self, now: float) -> list[socket.socket]:
        """The candidates whose time is up."""
        return [connection for connection, (_, deadline) in self.candidates.items() if now >= deadline]

    def refuse(self, connection: socket.socket, why: str) -> None:
        """Sends a candidate away."""
        del self.candidates[connection]
        connection.close()
        self._refused(why)

    def close(self) -> None:
        """Takes the socket's name away and sends everyone else home."""
        self.listener.close()
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._path)
        for connection in list(self.candidates):
            self.refuse(connection, "somebody else came first")
