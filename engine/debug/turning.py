"""Loops over a selector, whose data is what is to be called when a source can be read. Standard library only."""

from __future__ import annotations

import selectors
import socket
from collections.abc import Callable


def turn(selector: selectors.BaseSelector, seconds: float, write: Callable[[object], None]) -> None:
    """Wait for so long at most; ``write`` gets each source that takes more, then those that can be read are served."""
    for key, events in selector.select(seconds):
        if events & selectors.EVENT_WRITE:
            write(key.fileobj)
        if events & selectors.EVENT_READ:
            key.data()


def want(selector: selectors.BaseSelector, source: socket.socket, act: Callable[[], None], reads: bool, writes: bool) -> None:
    """Wake for exactly this of a source; for nothing at all: forget it until it is wanted again."""
    wanted = (selectors.EVENT_READ if reads else 0) | (selectors.EVENT_WRITE if writes else 0)
    there = selector.get_map().get(source)
    if not wanted:
        if there is not None:
            selector.unregister(source)
    elif there is None:
        selector.register(source, wanted, act)
    elif there.events != wanted:
        selector.modify(source, wanted, act)
