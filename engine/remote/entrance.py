"""A door that lets in whoever proves the key, any number of times, and the loop that stands at it."""

from __future__ import annotations

import selectors
import socket
import time
from collections.abc import Callable
from contextlib import suppress

from ..debug.link import Channel, Door
from ..debug.protocol import Handshake, Role

HANDSHAKE = 10.0  # seconds that both sides may take to know each other


def knock(path: str, key: bytes) -> tuple[socket.socket, bytes]:
    """Come in at a door as its client; gives the connection and what was said already. Raises OSError where nobody opens, Refused where
    it is not the one that holds the key."""
    link, handshake = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM), Handshake(Role.CLIENT, key)
    try:
        link.settimeout(HANDSHAKE)
        link.connect(path)
        link.sendall(handshake.greeting())
        while not handshake.done:
            data = link.recv(4096)
            if not data:
                raise ConnectionResetError
            link.sendall(handshake.feed(data))
        link.settimeout(None)
    except BaseException:
        link.close()
        raise
    return link, handshake.rest


class Entrance:
    """Belongs to a loop over ``selector``, which calls what it registers there, and ``tend`` at every turn. ``came`` gets the channel of
    each peer that has proved itself; ``once``: the first one is the last."""

    def __init__(
        self, selector: selectors.BaseSelector, path: str, key: bytes, came: Callable[[Channel], None], *, once: bool = False
    ) -> None:
        self._selector, self._path, self._key, self._came, self._once = selector, path, key, came, once
        self._door: Door | None = None
        self._open()

    def _open(self) -> None:
        self._door = Door(self._path, self._key, lambda why: None)
        self._selector.register(self._door.listener, selectors.EVENT_READ, self._knock)

    def tend(self, now: float) -> None:
        """Send away who takes too long."""
        if self._door is not None:
            for candidate in self._door.late(now):
                self._send_away(self._door, candidate)

    def close(self) -> None:
        """Let nobody in any more."""
        door, self._door = self._door, None
        if door is not None:
            self._forget(door)
            door.close()

    # ------------------------------------------------------------------------------------------------------------------

    def _forget(self, door: Door) -> None:
        for source in (door.listener, *door.candidates):
            with suppress(KeyError):
                self._selector.unregister(source)

    def _send_away(self, door: Door, candidate: socket.socket) -> None:
        with suppress(KeyError):
            self._selector.unregister(candidate)
        door.refuse(candidate, "not in time")

    def _knock(self) -> None:
        door = self._door
        if door is None:
            return
        for candidate in door.crowded:
            self._send_away(door, candidate)
        knocking = door.accept(time.monotonic())
        if knocking is not None:
            self._selector.register(knocking, selectors.EVENT_READ, lambda: self._hear(door, knocking))

    def _hear(self, door: Door, candidate: socket.socket) -> None:
        if candidate not in door.candidates:
            return  # sent away in this very turn
        others = [door.listener, *door.candidates]
        channel = door.hear(candidate)
        if candidate in door.candidates:
            return
        for gone in others if channel is not None else [candidate]:
            with suppress(KeyError, ValueError):
                self._selector.unregister(gone)
        if channel is None:
            return
        self._door = None
        if not self._once:
            self._open()
        self._came(channel)
