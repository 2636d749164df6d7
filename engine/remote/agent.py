"""The agent: on the machine where a job runs it speaks with whoever started it (``gradstep attach``, ``gradstep debug``, the window).

It speaks the frames of ``debug/protocol.py`` on stdin and stdout. Requests:

    look    path              what is there: ``path``, and whether it is a ``folder``
    follow  have              its tapes from now on; ``have``: of each copy on the other side the tape's identity and its bytes
    hello                     the versions of gradstep and of Python here
    launch  launch            starts a program here under its supervisor: ``run``, its folder; ``door`` and ``key``, by which to come to it
    resume  run, door, key    from now on what is said is the program's (``keeper.py``), until either side ends

Behind ``follow`` come events until stdin is closed:

    tape   name, identity, start    a tape; its bytes from ``start`` on come next
    bytes  name, offset; raw        what stands there
    cut    name, size               its writer took an unfinished record back
    ended  name                     nobody writes it any more, and all of it was sent
    alive                           at least so often that silence means a broken link

It opens no port, and what it does it does as the user whom ssh let in, who could do as much without it.
"""

from __future__ import annotations

import os
import select
import stat
import time
from typing import Any

from ..debug.protocol import Decoder, Event, Message, ProtocolError, Request, Response, encode
from ..tape.log import MAGIC
from .hosting import NotHosted, connected, hosted, own_versions
from .tapes import Tapes

ALIVE = 1.0  # seconds after which something is sent in any case
LOOK = 0.02  # seconds between two looks at the tapes
_MOST = 1 << 16  # bytes of a request that are read at a time


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
        self._path = ""
        self._tapes: Tapes | None = None  # those that are followed
        self._run: Any = None  # the socket of the run that this connection belongs to
        self._spoke = 0.0

    def run(self) -> None:
        while self._heard():
            if self._tapes is not None:
                busy = self._tapes.look()
                if time.monotonic() - self._spoke > ALIVE:
                    self._send(Event("alive"))
                if busy:
                    continue
            sources = [self._source] if self._run is None else [self._source, self._run]
            if self._run in select.select(sources, [], [], LOOK if self._tapes is not None else None)[0] and not self._pass_on():
                return

    def close(self) -> None:
        if self._tapes is not None:
            self._tapes.close()
        if self._run is not None:
            self._run.close()

    # ---------------------------------------------------------------------------------------------------------- requests

    def _heard(self) -> bool:
        """Take in what was asked. False once nobody asks any more."""
        while select.select([self._source], [], [], 0)[0]:
            data = os.read(self._source, _MOST)
            if not data:
                return False
            if self._run is not None:
                self._run.sendall(data)
                continue
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
            self._tapes = Tapes(self._found, self._send, have if isinstance(have, dict) else {})
            self._send(Response(request.seq, request.command))
        elif request.command == "hello":
            self._send(Response(request.seq, request.command, body=own_versions()))
        elif request.command in ("launch", "resume"):
            self._host(request)
        else:
            raise ProtocolError(f"{request.command} is no request that is taken here, or not now")

    # -------------------------------------------------------------------------------------------------------- programs

    def _host(self, request: Request) -> None:
        """A program is started here, or come back to."""
        body: dict[str, Any] = {}
        run = None
        try:
            if request.command == "launch":
                body = hosted(request.arguments)
            else:
                run = connected(request.arguments)
        except NotHosted as error:
            self._send(Response(request.seq, request.command, success=False, message=str(error), body={"kind": error.kind}))
            return
        self._send(Response(request.seq, request.command, body=body))
        self._run = run

    def _pass_on(self) -> bool:
        """What the run's keeper said goes on as it is. False once it has ended."""
        try:
            data = self._run.recv(_MOST << 4)
        except OSError:
            return False
        self._write(data)
        return bool(data)

    # ------------------------------------------------------------------------------------------------------------- tapes

    def _found(self) -> list[str]:
        from ..tape.lanes import tapes_of  # with it comes numpy, which a program that is come back to does not wait for

        try:
            return tapes_of(self._path) if os.path.isdir(self._path) else [self._path]
        except OSError:
            return []  # the folder is gone; what is open is read on

    def _send(self, message: Message) -> None:
        self._write(encode(message))

    def _write(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[os.write(self._sink, view) :]
        self._spoke = time.monotonic()


def _problem(path: str) -> str:
    from ..tape.lanes import tapes_of

    if not os.path.exists(path):
        return f"there is no {path} there"
    if not os.path.isdir(path):
        with open(path, "rb") if stat.S_ISREG(os.stat(path).st_mode) else open(os.devnull, "rb") as file:
            return "" if file.read(len(MAGIC)) == MAGIC else f"{path} is no tape of gradstep's"
    names = sorted(name for name in os.listdir(path) if name.endswith(".gst"))
    if names and not tapes_of(path):
        return f"{path} has several recordings: name one of {', '.join(names[:20])}"
    return ""
