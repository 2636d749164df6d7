"""The relay: stands here for the supervisor of a program on another machine, so that a debugger need not know where a program runs.

It is started as a supervisor is, with the same orders, and has the same door. It connects with the agent there (``agent.py``) by the
command of ``Launch.reach``, has it start the program, and passes on what debugger and supervisor say; the tapes come into the run's
folder here, and what the program wrote before it said something is here when that is passed on. Where the connection is lost it says so,
connects again until it is told to end, and goes on from the byte where it broke. It ends when the run is over and all of it is here, or
when whoever started it vanishes. Standard library only, one thread, one loop.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import selectors
import signal
import time
from enum import Enum
from pathlib import Path
from typing import Any

from ..debug.launch import Launch
from ..debug.link import Channel
from ..debug.protocol import VERSION, Decoder, Event, Message, ProtocolError, Request, Response, encode
from ..debug.states import State
from ..debug.turning import turn, want
from .entrance import Entrance
from .keeper import LEFT
from .line import Line, why_not
from .mirror import Mirror, Occupied
from .stream import Outgoing

AGAIN = (0.2, 1.0, 2.0, 4.0, 8.0)  # seconds before a connection is tried again; the last one from then on
CONNECT = 60.0  # seconds that a connection may take: it may go over several machines
STEADY = 10.0  # seconds that a connection has to stand before the next one that is lost is tried again at once
SILENCE = 15.0  # seconds without a word after which it is taken for lost; a keeper speaks every second
ALIVE = 5.0  # seconds after which something is said in any case
TICK = 0.25
HIGH = 1 << 20  # bytes on their way above which no more are sent
SLOW = 4 << 20  # bytes that wait for the debugger above which no more is taken in
PIECE = 1 << 19
GOODBYE = 8.0  # seconds in which the rest is to come once the debugger leaves, which waits no longer for us
LAST = 10.0  # seconds for the debugger to have read the last words
_LATER = frozenset({"setBreakpoints", "setHooks"})  # say how something is to be, and may be heard later
_END = frozenset({"terminate", "kill"})
_OURS = frozenset({"reach", "machine", "tape"})  # of a launch, what is about this side


class Phase(Enum):
    """How far a connection is."""

    NONE = "none"
    CONNECTING = "connecting"
    LINKED = "linked"


class Relay:
    """One program, from the first connection to the last byte of its tape."""

    def __init__(self, launch: Launch, folder: str, address: str, key: bytes, parent: int, version: str) -> None:
        self._launch, self._folder, self._parent, self._version = launch, folder, parent, version
        self._selector = selectors.DefaultSelector()
        self._lock = os.open(os.path.join(folder, "lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self._entrance = Entrance(self._selector, address, key, self._come, once=True)
        self._window: Channel | None = None
        self._early: list[Message] = []  # what happened before it came
        self._line: Line | None = None
        self._phase = Phase.NONE
        self._tries, self._again_at, self._spoke = 0, 0.0, 0.0
        self._linked_at = 0.0
        self._told_lost = ""
        self._run: dict[str, Any] = {}  # of the program there: folder, door, key; {} before it was started
        self._up = Outgoing()  # to the supervisor there
        self._down_heard = self._said_heard = 0  # bytes that are here, and that the other side was told of
        self._decoder = Decoder()
        self._mirror = Mirror(Path(folder))
        self._files: dict[str, Any] = {}
        self._ended = False  # how the program ended was said
        self._leaving = 0.0  # the debugger leaves: until when the rest may come
        self._over_at = 0.0  # until when the debugger may read the last words; 0: it is not over
        self._facts: dict[str, Any] = {
            "version": VERSION, "state": "starting", "script": launch.script, "args": list(launch.args), "engine": launch.engine,
            "python": launch.python, "machine": launch.machine, "tape": "", "started": time.time(), "supervisor": os.getpid(),
        }  # fmt: skip

    def run(self, ready: int) -> None:
        """Everything."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: self._leave())
        self._selector.register(self._parent, selectors.EVENT_READ, self._hear_parent)
        with contextlib.suppress(OSError):
            os.write(ready, b"listening\n")
        self._save()
        self._tell("capabilities", {"protocol": VERSION, "supportsStepBack": self._launch.rewind, "folder": self._folder})
        try:
            while not self._is_done():
                self._turn()
        finally:
            self._close()

    def _is_done(self) -> bool:
        now = time.monotonic()
        if self._leaving and (now > self._leaving or self._phase is not Phase.LINKED):
            return True
        waits = self._window.waiting if self._window is not None else len(self._early)
        return bool(self._over_at) and (not waits or now > self._over_at)

    def _turn(self) -> None:
        turn(self._selector, TICK, self._write)
        now = time.monotonic()
        self._entrance.tend(now)
        self._look(now)
        self._push()
        self._mind()

    def _look(self, now: float) -> None:
        """Connect where that is due, and notice silence."""
        line = self._line
        if line is None:
            if not self._over_at and not self._leaving and now >= self._again_at:
                self._connect()
        elif now - line.heard > (SILENCE if self._phase is Phase.LINKED else CONNECT):
            if not self._is_slow():
                self._broken(f"nothing was heard for {now - line.heard:.0f} s")
        elif self._phase is Phase.LINKED and now - self._spoke > ALIVE:
            self._say(Event("alive"))

    # ------------------------------------------------------------------------------------------------------- connecting

    def _connect(self) -> None:
        try:
            line = self._line = Line(self._launch.reach)
        except OSError as error:
            why = f"{self._launch.reach[0]} cannot be started here: {error.strerror}"
            if self._run:
                self._try_again(why)
            else:
                self._failed(f"{why}.", "connection")
            return
        self._phase = Phase.CONNECTING
        line.channel.closing = lambda: self._unwatch(line)
        self._selector.register(line.channel.socket, selectors.EVENT_READ, self._hear)
        self._selector.register(line.stderr, selectors.EVENT_READ, self._hear_words)
        self._say(Request(1, "hello"))

    def _unwatch(self, line: Line) -> None:
        for source in (line.channel.socket, line.stderr):
            with contextlib.suppress(KeyError, ValueError):  # it is closed already
                self._selector.unregister(source)

    def _hear_words(self) -> None:
        if self._line is not None and not self._line.listen():
            self._selector.unregister(self._line.stderr)

    def _say(self, message: Message) -> None:
        if self._line is not None:
            self._line.channel.send(message)
            self._spoke = time.monotonic()

    def _answered(self, response: Response) -> None:
        """The agent's answers, in the order in which it is asked."""
        if not response.success:
            kind = str(response.body.get("kind", "connection"))
            self._failed(f"{self._launch.machine}: {response.message}.", kind)
        elif response.command == "hello":
            self._greeted(str(response.body.get("gradstep")), str(response.body.get("python")))
        elif response.command == "launch":
            self._run = {name: str(response.body.get(name, "")) for name in ("run", "door", "key")}
            self._say(Request(3, "resume", self._run))
        elif response.command == "resume":
            have = self._mirror.have() if not self._mirror.files else self._mirror.held()
            self._said_heard = self._down_heard
            self._say(Event("resume", {"heard": self._down_heard, "have": have}))

    def _greeted(self, version: str, python: str) -> None:
        if self._run:
            self._say(Request(3, "resume", self._run))
            return
        if version != self._version:
            text = f"{self._launch.machine} has gradstep {version}, here is {self._version}: if something is odd, bring both to the same."
            self._tell("output", {"category": "console"}, f"{text}\n".encode())
        fresh = Launch("", python="").plain()  # what is as ever need not be known there
        asked = {name: value for name, value in self._launch.plain().items() if value != fresh[name] and name not in _OURS}
        self._say(Request(2, "launch", {"launch": {"script": self._launch.script, "python": self._launch.python, **asked}}))

    # ----------------------------------------------------------------------------------------------------- what arrives

    def _hear(self) -> None:
        line = self._line
        if line is None or self._is_slow():
            return
        for message in line.channel.receive():
            line.heard = time.monotonic()
            try:
                self._take(message)
            except ProtocolError as error:
                self._distrust(line, error)
            except (Occupied, OSError) as error:
                there = f"{self._ends_there()} Its recording stays there, in {self._run['run']}."
                self._failed(f"the copy of the recording cannot be written here: {error}.{there}", "tape")
            if self._line is not line or self._over_at:
                return
        if line.channel.closed:
            self._broken(line.channel.closed)
        elif self._phase is Phase.LINKED and self._down_heard != self._said_heard:
            self._said_heard = self._down_heard
            self._say(Event("heard", {"place": self._down_heard}))

    def _take(self, message: Message) -> None:
        if isinstance(message, Response) and self._phase is Phase.CONNECTING:
            self._answered(message)
        elif not isinstance(message, Event) or not self._run:
            raise ProtocolError("this is no answer")
        elif message.event == "resumed":
            self._up.again(message.body.get("said"))
            self._phase, self._linked_at = Phase.LINKED, time.monotonic()
            if self._told_lost:
                self._told_lost = ""
                self._tell("connection", {"lost": False, "message": f"Connected to {self._launch.machine} again; nothing is missing."})
        elif message.event == "link":
            if message.body.get("offset") != self._down_heard:
                raise ProtocolError("a piece of the link is missing")
            self._down_heard += len(message.raw)
            for said in self._decoder.feed(message.raw):
                self._pass_on(said)
        elif message.event == "heard":
            self._up.heard(message.body.get("place"))
        elif message.event == "file":
            self._keep_file(str(message.body.get("name")), message.raw)
        elif message.event == "over":
            self._say(Event("done"))
            self._finish()
        else:
            self._mirror.take(message)

    def _pass_on(self, said: Message) -> None:
        """What the supervisor there said, with places as they are here."""
        if isinstance(said, Event) and said.event == "capabilities":
            return
        if isinstance(said, Event) and said.event == "initialized":
            tape = os.path.join(self._folder, "tape.gst")
            self._facts |= {"state": "running", "tape": tape, "versions": said.body.get("versions", {})}
            self._save()
            said = Event("initialized", {**said.body, "tape": tape})
        elif isinstance(said, Event) and said.event == "exited":
            self._ended = True
            self._facts |= {**said.body, "state": said.body.get("how"), "ended": time.time()}
            self._save()
        self._to_window(said)

    def _keep_file(self, name: str, data: bytes) -> None:
        """A file that the run left there comes beside the copy of its tape; what is said in ``run.json`` is told here already."""
        if name not in LEFT:
            raise ProtocolError(f"{name!r} is no file of a run")
        if name != "run.json":
            with open(os.path.join(self._folder, name), "ab" if name in self._files else "wb") as file:
                file.write(data)
            self._files[name] = True

    # ------------------------------------------------------------------------------------------------------- lost, ended

    def _broken(self, why: str) -> None:
        """The connection is gone: before the program was started that is the end, else it is made again."""
        line, self._line, self._phase = self._line, None, Phase.NONE
        assert line is not None
        self._unwatch(line)
        code = line.end(wait=not why.startswith("nothing"))
        if self._over_at:
            return
        if not self._run:
            self._failed(why_not(self._launch.machine, self._launch.reach, code, line.words, why), "connection")
        else:
            self._try_again(line.words or why)

    def _try_again(self, why: str) -> None:
        """Later, and say that it is lost, once."""
        if self._linked_at and time.monotonic() - self._linked_at > STEADY:
            self._tries = 0
        self._linked_at = 0.0
        self._again_at = time.monotonic() + AGAIN[min(self._tries, len(AGAIN) - 1)]
        self._tries += 1
        self._files.clear()
        if not self._told_lost:
            self._told_lost = why.rstrip(".")
            self._tell("connection", {"lost": True, "message": f"{self._lost()} Trying again."})

    def _lost(self) -> str:
        machine = self._launch.machine
        if self._ended:
            return f"The connection to {machine} was lost before all of the recording was here."
        stays = f"stays there for {span(self._launch.stay)}" if self._launch.stay else "is ended there"
        return f"The connection to {machine} was lost ({self._told_lost}). The program {stays}."

    def _distrust(self, line: Line, error: ProtocolError) -> None:
        """What came makes no sense: before there is a program that is something else than gradstep."""
        if not self._run:
            line.channel.close(f"the other side speaks another language: {error}")
            return
        self._say(Event("end"))
        self._failed(f"what {self._launch.machine} sends cannot be trusted: {error}. The program there is told to end.", "connection")

    def _failed(self, why: str, kind: str) -> None:
        """There is no program, or none that could be come back to."""
        if self._over_at:
            return
        begun = bool(self._run)
        how = State.CRASHED if begun else State.FAILED
        self._say_end(how, why, {} if begun else {"kind": kind, "message": why})
        self._finish()

    def _say_end(self, how: State, why: str, refused: dict[str, Any]) -> None:
        if not self._ended:
            self._ended = True
            body = {"how": how.value, "reason": why, "exit_code": 1, "refused": refused, "link": why if how is not State.FAILED else ""}
            self._facts |= {**body, "state": how.value, "ended": time.time()}
            self._tell("exited", body)
            self._tell("terminated", {})

    def _finish(self) -> None:
        self._save()
        self._over_at = time.monotonic() + LAST

    def _leave(self) -> None:
        """Nobody is here any more: the program there shall end."""
        if not self._leaving:
            self._leaving = time.monotonic() + GOODBYE
            self._hear_window()  # what was asked before
            self._push()
            if self._phase is Phase.LINKED and not self._ended:
                self._say(Event("end"))

    # ------------------------------------------------------------------------------------------------------ the debugger

    def _come(self, channel: Channel) -> None:
        self._window = channel
        channel.closing = self._window_gone
        self._selector.register(channel.socket, selectors.EVENT_READ, self._hear_window)
        for message in self._early:
            channel.send(message)
        self._early.clear()
        self._hear_window()

    def _window_gone(self) -> None:
        channel, self._window = self._window, None
        assert channel is not None
        self._selector.unregister(channel.socket)
        self._leave()

    def _hear_parent(self) -> None:
        if not os.read(self._parent, 4096):
            self._selector.unregister(self._parent)
            self._leave()

    def _hear_window(self) -> None:
        channel = self._window
        if channel is None:
            return
        for message in channel.receive():
            if isinstance(message, Request):
                self._obey(channel, message)

    def _obey(self, window: Channel, request: Request) -> None:
        if self._phase is Phase.LINKED or (self._run and request.command in _LATER):
            self._up.add(encode(request))
        elif request.command in _END:
            window.send(Response(request.seq, request.command))
            self._give_up()
        else:
            why = f"there is no connection to {self._launch.machine} now: the program there stands where it stood, or runs to its next stop"
            window.send(Response(request.seq, request.command, False, why))

    def _give_up(self) -> None:
        """The user ends what cannot be reached now."""
        self._say_end(State.STOPPED, f"there was no connection to {self._launch.machine}.{self._ends_there()}", {})
        self._finish()

    def _ends_there(self) -> str:
        stay = self._launch.stay
        return f" The program there is ended {f'within {span(stay)}' if stay else 'by itself'}." if self._run else ""

    def _tell(self, event: str, body: dict[str, Any], raw: bytes = b"") -> None:
        self._to_window(Event(event, body, raw))

    def _to_window(self, message: Message) -> None:
        if self._window is not None:
            self._window.send(message)
        elif not self._leaving:
            self._early.append(message)

    # ------------------------------------------------------------------------------------------------------------ bytes

    def _push(self) -> None:
        """Send the supervisor what the debugger said."""
        line = self._line
        while self._phase is Phase.LINKED and line is not None and line.channel.waiting < HIGH:
            place, piece = self._up.due(PIECE, self._up.end)
            if not piece:
                break
            self._say(Event("link", {"offset": place}, piece))

    def _is_slow(self) -> bool:
        return self._window is not None and self._window.waiting > SLOW

    def _write(self, source: object) -> None:
        for channel in (self._window, self._line.channel if self._line is not None else None):
            if channel is not None and channel.socket is source:
                channel.flush()

    def _mind(self) -> None:
        """Ask to be woken for exactly what can be done."""
        if self._window is not None:
            want(self._selector, self._window.socket, self._hear_window, True, bool(self._window.waiting))
        if self._line is not None:
            channel = self._line.channel
            if channel.closed:
                self._broken(channel.closed)
            else:
                want(self._selector, channel.socket, self._hear, not self._is_slow(), bool(channel.waiting))

    # ------------------------------------------------------------------------------------------------------------- end

    def _close(self) -> None:
        self._entrance.close()
        if self._line is not None:
            line, self._line = self._line, None
            end = time.monotonic() + GOODBYE
            while line.channel.waiting and not line.channel.closed and time.monotonic() < end:
                line.channel.flush()
            self._unwatch(line)
            line.end()
        self._mirror.close()
        if self._window is not None:
            self._window.closing = lambda: None
            self._window.close("done")
        os.close(self._lock)

    def _save(self) -> None:
        """Write ``run.json`` so that a reader sees the old one or the new one."""
        path = os.path.join(self._folder, "run.json")
        with contextlib.suppress(OSError), open(path + ".new", "w", encoding="utf-8") as file:
            json.dump(self._facts, file, indent=1)
            file.close()
            os.replace(path + ".new", path)


def span(seconds: float) -> str:
    """So many seconds, for people: 90 s, 30 minutes, 24 hours."""
    for size, name in ((3600, "hours"), (60, "minutes")):
        if seconds >= 2 * size and seconds % size == 0:
            return f"{seconds / size:.0f} {name}"
    return f"{seconds:g} s"


def main(spec: int, ready: int) -> int:
    """Read the orders from descriptor ``spec`` and carry them out. ``ready`` is told when the door stands open."""
    line = b""
    while not line.endswith(b"\n"):
        piece = os.read(spec, 1 << 16)
        if not piece:
            return 0
        line += piece
    orders = json.loads(line)
    with contextlib.suppress(PermissionError):  # it leads a group already
        os.setsid()
    launch = Launch.of(orders["launch"])
    Relay(launch, orders["folder"], orders["socket"], bytes.fromhex(orders["key"]), spec, orders["version"]).run(ready)
    return 0
