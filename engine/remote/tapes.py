"""Tapes read out as they grow: what is new in each, as the events that ``mirror.py`` takes."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ..debug.protocol import Event
from ..locks import is_held
from ..tape.log import HEAD, MAGIC

LISTING = 0.25  # seconds between two looks for further tapes
QUIET = 1.0  # seconds for which nobody may have written a tape that is called ended: a supervisor may still say how
PIECE = 1 << 19  # bytes that are sent at a time


@dataclass(slots=True)
class _Tape:
    path: str
    descriptor: int
    identity: str
    sent: int = 0
    quiet: float = 0.0  # since when nobody writes; 0 while somebody does
    ended: bool = False

    @property
    def name(self) -> str:
        return os.path.basename(self.path)


class Tapes:
    """The tapes that ``found`` lists, sent by ``send``. ``have``: of each copy on the other side the tape's identity and its bytes.
    ``over`` is set once nobody can write any of them any more."""

    def __init__(self, found: Callable[[], list[str]], send: Callable[[Event], None], have: Mapping[str, Any]) -> None:
        self._found, self._send, self._have = found, send, have
        self._tapes: dict[str, _Tape] = {}  # by name
        self._listed = -LISTING
        self.over = False

    def look(self) -> bool:
        """Send what is new; whether there may be more at once."""
        if time.monotonic() - self._listed > LISTING:
            self.list()
        more = [self._read_on(tape) for tape in self._tapes.values()]
        return any(more)

    def list(self) -> None:
        """Look for further tapes."""
        self._listed = time.monotonic()
        for path in self._found():
            known = self._tapes.get(os.path.basename(path))
            if known is None or _is_replaced(known):
                self._open(path)

    def sent(self, name: str) -> int:
        """Bytes of a tape that were sent, or were there before."""
        tape = self._tapes.get(name)
        return tape.sent if tape is not None else 0

    def close(self) -> None:
        """Read no more."""
        for tape in self._tapes.values():
            os.close(tape.descriptor)
        self._tapes.clear()

    # ------------------------------------------------------------------------------------------------------------------

    def _open(self, path: str) -> None:
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        except OSError:
            return  # gone again, or not ours to read
        head = os.pread(descriptor, HEAD.size, 0) if stat.S_ISREG(os.fstat(descriptor).st_mode) else b""
        if len(head) < HEAD.size or not head.startswith(MAGIC):
            os.close(descriptor)
            return
        before = self._tapes.pop(os.path.basename(path), None)
        if before is not None:
            os.close(before.descriptor)
        tape = self._tapes[os.path.basename(path)] = _Tape(path, descriptor, head.hex())
        copy = self._have.get(tape.name)
        if isinstance(copy, dict) and copy.get("identity") == tape.identity and isinstance(copy.get("size"), int):
            tape.sent = max(0, min(copy["size"], os.fstat(descriptor).st_size))
        self._send(Event("tape", {"name": tape.name, "identity": tape.identity, "start": tape.sent}))

    def _read_on(self, tape: _Tape) -> bool:
        if tape.ended:
            return False
        growing = is_held(tape.descriptor)  # before the size: what is written in between is sent the next time
        size = os.fstat(tape.descriptor).st_size
        if size < tape.sent:
            tape.sent = size
            self._send(Event("cut", {"name": tape.name, "size": size}))
        part = os.pread(tape.descriptor, PIECE, tape.sent)
        if part:
            self._send(Event("bytes", {"name": tape.name, "offset": tape.sent}, part))
            tape.sent += len(part)
            tape.quiet = 0.0
            return True
        now = time.monotonic()
        if growing:
            tape.quiet = 0.0
        elif not tape.quiet:
            tape.quiet = now
        if self.over or (tape.quiet and now - tape.quiet > QUIET):
            tape.ended = True
            self._send(Event("ended", {"name": tape.name}))
        return False


def _is_replaced(tape: _Tape) -> bool:
    try:
        return not os.path.samestat(os.stat(tape.path), os.fstat(tape.descriptor))
    except OSError:
        return False  # deleted: what was open is read to its end
