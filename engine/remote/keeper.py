"""The keeper: beside a supervisor that works for a debugger on another machine. It holds what both say while the connection breaks and is
made again, and sends the tapes along.

Standard library only, one thread, one loop; it outlives the agents (``agent.py``) that bring it its connections, the newest of which
counts. To the supervisor it is the debugger; when nobody was connected for longer than ``Launch.stay``, or the debugger says that it
leaves, the supervisor hears that it went away, and ends the program and everything below it. Events over a connection:

    resume   heard, have     first: how many bytes of the link the other side has, and of its copies their identities and bytes
    resumed  said            the answer: how many bytes of the other direction are here
    link     offset; raw     the bytes of the link, either way, each from its place on
    heard    place           all of the link before that place is here
    alive                    so that silence means a broken connection
    tape, bytes, cut, ended  as ``agent.py`` has them
    file     name, last; raw what the run leaves beside its tapes, piece by piece, when it is over
    over, done               all of it was sent; all of it is there, and the run's folder here may go
    end                      the debugger leaves: the program shall end

What the program wrote on its tape before it said something is sent before what it said.
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import shutil
import signal
import socket
import subprocess
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..debug.launch import supervisor_command
from ..debug.link import Channel
from ..debug.protocol import Event, Message, ProtocolError, Refused
from ..debug.turning import turn, want
from .entrance import Entrance, knock
from .stream import Outgoing
from .tapes import PIECE, Tapes

BUSY, CALM, ALONE = 0.02, 0.1, 1.0  # seconds between two looks at the tapes: soon after something came, else, with nobody to tell
OVER = 30.0  # seconds between two looks at the time, when nobody is there and nothing happens any more
ALIVE = 1.0  # seconds after which something is sent in any case
SILENCE = 40.0  # seconds without a word after which a connection is taken for lost
HIGH = 1 << 20  # bytes on their way above which no more are sent
HELD = 8 << 20  # bytes of the link that are held for a debugger that is away, before the supervisor has to wait
FIRST = 60.0  # seconds in which the first connection has to come
AFTER = 24 * 3600.0  # seconds for which the rest of a run that is over is held for a debugger that is away
LEFT = ("stdout.log", "stderr.log", "fault.log", "run.json")  # what a run leaves beside its tapes


class Keeper:
    """Holds one run."""

    def __init__(self, orders: str, folder: str, door: str, key: bytes, stay: float) -> None:
        self._orders, self._folder, self._door, self._stay = orders, folder, door, stay
        self._selector = selectors.DefaultSelector()
        self._entrance = Entrance(self._selector, door, key, self._come)
        self._client: Channel | None = None
        self._resumed = False  # it has said what it has
        self._since = time.monotonic()  # when the last one went
        self._had_one = False
        self._heard_at = self._spoke = self._came = 0.0
        self._link: socket.socket | None = None
        self._down, self._down_heard = Outgoing(), 0  # from the supervisor; ``up``: to it
        self._up = bytearray()
        self._up_heard = self._said_heard = 0  # bytes that are here, and that the other side was told of
        self._marks: deque[tuple[int, int]] = deque()  # up to a place of ``down``: bytes of the tape that belong before it
        self._allowed = 0  # up to here ``down`` may be sent
        self._tapes: Tapes | None = None
        self._supervisor: subprocess.Popen[bytes] | None = None
        self._life = -1  # its end tells the supervisor that nobody is here any more
        self._is_over = False  # the supervisor has ended
        self._leaving = False  # the debugger has said goodbye
        self._is_told_to_end = False
        self._said_over = False
        self._last = self._last_words()
        self._done = False

    def run(self, ready: int) -> None:
        """Everything, from the start of the supervisor on."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._told_to_end)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        os.write(ready, b"listening\n")
        os.close(ready)
        self._start()
        try:
            while not self._done:
                self._turn()
        finally:
            self._end()

    def _turn(self) -> None:
        turn(self._selector, self._patience(), self._write)
        now = time.monotonic()
        self._entrance.tend(now)
        self._notice_end()
        self._push()
        self._wait_or_leave(now)
        self._mind()

    def _patience(self) -> float:
        if self._client is None:
            return OVER if self._is_over and not self._done else ALONE
        return BUSY if time.monotonic() - self._came < 1.0 else CALM

    # --------------------------------------------------------------------------------------------------- the supervisor

    def _start(self) -> None:
        fields = json.loads(self._orders)
        spec, self._life = os.pipe()
        ready, ready_end = os.pipe()
        self._supervisor = subprocess.Popen(
            supervisor_command(spec, ready_end), pass_fds=(spec, ready_end), start_new_session=True, stdin=subprocess.DEVNULL
        )
        os.close(spec)
        os.close(ready_end)
        os.write(self._life, self._orders.encode())
        with open(ready, "rb", buffering=0) as line:
            if not line.read(1):
                return
        try:
            link, said = knock(fields["socket"], bytes.fromhex(fields["key"]))
        except (OSError, Refused):
            return
        link.setblocking(False)
        self._link = link
        self._selector.register(link, selectors.EVENT_READ, self._hear_supervisor)
        self._note(said)

    def _hear_supervisor(self) -> None:
        link = self._link
        if link is None or self._down.kept > HELD:
            return
        try:
            data = link.recv(PIECE)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            data = b""
        if data:
            self._note(data)
        else:
            self._unlink()

    def _unlink(self) -> None:
        if self._link is not None:
            self._selector.unregister(self._link)
            self._link.close()
            self._link = None

    def _note(self, data: bytes) -> None:
        """Something for the debugger; it is told when it has the tape as it is now."""
        self._down.add(data)
        self._mark()

    def _mark(self) -> None:
        size = self._tape_size()
        if self._marks and self._marks[-1][1] == size:
            self._marks.pop()
        self._marks.append((self._down.end, size))
        self._came = time.monotonic()

    def _tape_size(self) -> int:
        try:
            return os.stat(os.path.join(self._folder, "tape.gst")).st_size
        except OSError:
            return 0

    def _tell_supervisor(self) -> None:
        if self._link is None:
            self._up.clear()
            return
        try:
            sent = self._link.send(self._up)
            del self._up[:sent]
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            self._up.clear()  # reading sees the end of the link

    def _notice_end(self) -> None:
        if not self._is_over and self._link is None and self._supervisor is not None and self._supervisor.poll() is not None:
            self._is_over = True
            if self._tapes is not None:
                self._tapes.over = True
                self._tapes.list()

    def _told_to_end(self, *_: object) -> None:
        """By a signal: the program ends, and what it recorded stays here."""
        self._let_go()
        self._is_told_to_end = True

    def _let_go(self) -> None:
        """The supervisor hears that nobody is here any more."""
        if self._life >= 0:
            os.close(self._life)
            self._life = -1

    # ------------------------------------------------------------------------------------------------------ the debugger

    def _come(self, channel: Channel) -> None:
        """A new connection takes the place of the one before, which may not have noticed that it is broken."""
        if self._client is not None:
            self._client.close("another one came")
        self._client, self._resumed, self._had_one = channel, False, True
        self._heard_at = time.monotonic()
        channel.closing = self._gone
        self._selector.register(channel.socket, selectors.EVENT_READ, self._hear_client)
        self._hear_client()

    def _gone(self) -> None:
        channel, self._client = self._client, None
        assert channel is not None
        self._selector.unregister(channel.socket)
        self._since = time.monotonic()
        if self._tapes is not None:
            self._tapes.close()
            self._tapes = None

    def _hear_client(self) -> None:
        channel = self._client
        if channel is None:
            return
        for message in channel.receive():
            self._heard_at = time.monotonic()
            try:
                self._take(channel, message)
            except ProtocolError as error:
                channel.close(str(error))
        if self._client is channel and self._up_heard != self._said_heard:
            self._said_heard = self._up_heard
            channel.send(Event("heard", {"place": self._up_heard}))

    def _take(self, channel: Channel, message: Message) -> None:
        if not isinstance(message, Event):
            raise ProtocolError("only events are taken here")
        if message.event == "resume":
            self._down.again(message.body.get("heard"))
            have = message.body.get("have")
            self._tapes = Tapes(self._found, channel.send, have if isinstance(have, dict) else {})
            self._tapes.over = self._is_over
            self._marks.clear()
            self._allowed = self._down.sent
            self._mark()
            self._resumed, self._said_over, self._last = True, False, self._last_words()
            self._said_heard = self._up_heard
            channel.send(Event("resumed", {"said": self._up_heard}))
        elif not self._resumed:
            raise ProtocolError("the first word must be resume")
        elif message.event == "link":
            if message.body.get("offset") != self._up_heard:
                raise ProtocolError("a piece of the link is missing")
            self._up_heard += len(message.raw)
            self._up += message.raw
            self._came = time.monotonic()
            self._tell_supervisor()
        elif message.event == "heard":
            self._down.heard(message.body.get("place"))
        elif message.event == "end":
            self._leaving = True
            self._let_go()
        elif message.event == "done":
            self._done = self._is_over

    def _found(self) -> list[str]:
        try:
            return [str(file) for file in sorted(Path(self._folder).glob("*.gst"))]
        except OSError:
            return []

    # ----------------------------------------------------------------------------------------------------------- sending

    def _push(self) -> None:
        """Send what is due, as far as it is taken."""
        client, tapes = self._client, self._tapes
        while client is not None and tapes is not None and not client.closed and client.waiting < HIGH:
            if self._push_link(client, tapes) or tapes.look():
                self._spoke = self._came = time.monotonic()
                continue
            if not self._is_over or self._said_over or self._down.sent < self._down.end:
                break
            client.send(next(self._last))
        if client is not None and not client.closed and time.monotonic() - self._spoke > ALIVE:
            client.send(Event("alive"))
            self._spoke = time.monotonic()

    def _push_link(self, client: Channel, tapes: Tapes) -> bool:
        now = self._tape_size()
        while self._marks and tapes.sent("tape.gst") >= min(self._marks[0][1], now):  # a writer may have taken something back
            self._allowed = self._marks.popleft()[0]
        if self._marks and now and not tapes.sent("tape.gst"):
            tapes.list()  # it has just begun
        place, piece = self._down.due(PIECE, self._allowed)
        if piece:
            client.send(Event("link", {"offset": place}, piece))
        return bool(piece)

    def _last_words(self) -> Iterator[Event]:
        """When all of the tapes and of the link was sent: the files beside them, and that this is all."""
        for name in LEFT:
            with contextlib.suppress(OSError), open(os.path.join(self._folder, name), "rb") as file:
                while piece := file.read(PIECE):
                    yield Event("file", {"name": name}, piece)
        self._said_over = True
        yield Event("over")

    def _wait_or_leave(self, now: float) -> None:
        if self._client is not None:
            if now - self._heard_at > SILENCE:
                self._client.close("nothing was heard")
            return
        away = now - self._since
        if self._is_over and (self._leaving or self._is_told_to_end):
            self._done = True
        elif self._is_over:
            self._done = away > AFTER or not os.path.isdir(self._folder)  # nothing is left to be held
        elif away > (self._stay if self._had_one else FIRST):
            self._let_go()

    def _write(self, source: object) -> None:
        if self._client is not None and self._client.socket is source:
            self._client.flush()
        elif self._link is source:
            self._tell_supervisor()

    def _mind(self) -> None:
        """Ask to be woken for exactly what can be done."""
        if self._client is not None and not self._client.closed:
            want(self._selector, self._client.socket, self._hear_client, True, bool(self._client.waiting))
        if self._link is not None:
            want(self._selector, self._link, self._hear_supervisor, self._down.kept <= HELD, bool(self._up))

    def _end(self) -> None:
        self._let_go()
        self._entrance.close()
        if self._client is not None:
            self._client.close("done")
        self._unlink()
        if self._supervisor is not None:
            self._supervisor.wait()
        if self._done and (self._leaving or self._said_over):
            shutil.rmtree(self._folder, ignore_errors=True)
        if (place := os.path.dirname(self._door)) != self._folder:  # one that was made for the door alone
            with contextlib.suppress(OSError):
                os.rmdir(place)


def main(spec: int, ready: int) -> int:
    """Read from descriptor ``spec`` what is to be kept, and keep it. ``ready`` is told when the door stands open."""
    with open(spec, "rb") as file:
        told: dict[str, Any] = json.loads(file.readline())
    Keeper(told["orders"], told["folder"], told["door"], bytes.fromhex(told["key"]), float(told["stay"])).run(ready)
    return 0
