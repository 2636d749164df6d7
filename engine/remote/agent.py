"""The agent: on the machine where a job runs it reads the job's tapes out, as far as they are, to whoever started it (``gradstep attach``).

It speaks the frames of ``debug/protocol.py`` on stdin and stdout. Two requests are made: ``look`` with ``path``, which is answered with
what is there (``path``, and whether it is a ``folder``), and ``follow`` with ``have``: of each copy on the other side the tape's identity
and its bytes. Events follow until stdin is closed:

    tape   name, identity, start    a tape; its bytes from ``start`` on come next
    bytes  name, offset; raw        what stands there
    cut    name, size               its writer took an unfinished record back
    ended  name                     nobody writes it any more, and all of it was sent
    alive                           at least so often that silence means a broken link

It reads tapes and nothing else, writes no file, and opens no port.
"""

from __future__ import annotations

import os
import select
import stat
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..debug.protocol import Decoder, Event, Message, ProtocolError, Request, Response, encode
from ..tape.lanes import tapes_of
from ..tape.log import HEAD, MAGIC, is_written

ALIVE = 1.0  # seconds after which something is sent in any case
LOOK = 0.02  # seconds between two looks at the tapes
LISTING = 0.25  # seconds between two looks for further tapes
QUIET = 1.0  # seconds for which nobody may have written a tape that is called ended: a supervisor may still say how
PIECE = 1 << 19  # bytes that are sent at a time
_MOST = 1 << 16  # bytes of a request that are read at a time


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


def serve(source: int, sink: int) -> None:
    """Answer on descriptor ``sink`` what is asked on ``source``, until that is closed or nobody reads. Raises ProtocolError where it
    is no request of ours."""
    agent = _Agent(source, sink)
    try:
        agent.run()
    except BrokenPipeError:
        return
    finally:
        agent.close()


class _Agent:
    def __init__(self, source: int, sink: int) -> None:
        self._source, self._sink = source, sink
        self._decoder = Decoder()
        self._path, self._follows = "", False
        self._have: Mapping[str, Any] = {}
        self._tapes: dict[str, _Tape] = {}  # by name
        self._spoke = 0.0
        self._listed = -LISTING

    def run(self) -> None:
        while self._heard():
            if self._follows:
                busy = self._look()
                if time.monotonic() - self._spoke > ALIVE:
                    self._send(Event("alive"))
                if busy:
                    continue
            select.select([self._source], [], [], LOOK if self._follows else None)

    def close(self) -> None:
        for tape in self._tapes.values():
            os.close(tape.descriptor)

    # ---------------------------------------------------------------------------------------------------------- requests

    def _heard(self) -> bool:
        """Take in what was asked. False once nobody asks any more."""
        while select.select([self._source], [], [], 0)[0]:
            data = os.read(self._source, _MOST)
            if not data:
                return False
            for message in self._decoder.feed(data):
                if not isinstance(message, Request):
                    raise ProtocolError("only requests are taken here")
                self._answer(message)
        return True

    def _answer(self, request: Request) -> None:
        if request.command == "look":
            path = os.path.abspath(os.path.expanduser(str(request.arguments.get("path", "")) or "."))
            problem = _problem(path)
            if not problem:
                self._path = path
            body = {"path": path, "folder": os.path.isdir(path)}
            self._send(Response(request.seq, request.command, success=not problem, message=problem, body=body))
        elif request.command == "follow" and self._path:
            have = request.arguments.get("have")
            self._have, self._follows = have if isinstance(have, dict) else {}, True
            self._send(Response(request.seq, request.command))
        else:
            raise ProtocolError(f"{request.command} is no request that is taken here, or not now")

    # ------------------------------------------------------------------------------------------------------------- tapes

    def _look(self) -> bool:
        """Send what is new; whether there may be more at once."""
        if time.monotonic() - self._listed > LISTING:
            self._listed = time.monotonic()
            for path in self._found():
                known = self._tapes.get(os.path.basename(path))
                if known is None or _is_replaced(known):
                    self._open(path)
        more = [self._read_on(tape) for tape in self._tapes.values()]
        return any(more)

    def _found(self) -> list[str]:
        try:
            return tapes_of(self._path) if os.path.isdir(self._path) else [self._path]
        except OSError:
            return []  # the folder is gone; what is open is read on

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
        is_held = is_written(tape.descriptor)  # before the size: what is written in between is sent the next time
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
        if is_held:
            tape.quiet = 0.0
        elif not tape.quiet:
            tape.quiet = now
        elif now - tape.quiet > QUIET:
            tape.ended = True
            self._send(Event("ended", {"name": tape.name}))
        return False

    def _send(self, message: Message) -> None:
        data = memoryview(encode(message))
        while data:
            data = data[os.write(self._sink, data) :]
        self._spoke = time.monotonic()


def _problem(path: str) -> str:
    if not os.path.exists(path):
        return f"there is no {path} there"
    if not os.path.isdir(path):
        with open(path, "rb") if stat.S_ISREG(os.stat(path).st_mode) else open(os.devnull, "rb") as file:
            return "" if file.read(len(MAGIC)) == MAGIC else f"{path} is no tape of gradstep's"
    names = sorted(name for name in os.listdir(path) if name.endswith(".gst"))
    if names and not tapes_of(path):
        return f"{path} has several recordings: name one of {', '.join(names[:20])}"
    return ""


def _is_replaced(tape: _Tape) -> bool:
    try:
        return not os.path.samestat(os.stat(tape.path), os.fstat(tape.descriptor))
    except OSError:
        return False  # deleted: what was open is read to its end
