"""The process between a window and a user's program: it starts the program, watches it, and leaves nothing of it behind.

Standard library only, one thread, one loop. It holds the program's process tree (as a subreaper it inherits every
orphan), keeps what the program prints, relays requests and answers, notices silence and memory, walks the ladder
SIGINT, SIGTERM, SIGKILL when asked to stop, and writes how it all ended into ``run.json``. It ends when the program has
ended, or when whoever started it vanishes; the tape stays.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..shim import folders
from . import tree
from .ending import Ending, describe
from .launch import BOOTSTRAP, Launch
from .limits import Limits, size_of_file
from .link import Channel, Door
from .protocol import VERSION, Event, Message, Request, Response
from .pulse import Phase, Pulse, Reading
from .shortage import Kills
from .spool import Forward, Spool
from .turning import turn

TICK = 0.1  # seconds between two looks at the program
CLIENT_BACKLOG = 1 << 18  # bytes on the way to the window above which no more output is sent
LADDER: tuple[tuple[signal.Signals, float], ...] = ((signal.SIGINT, 1.0), (signal.SIGTERM, 1.0), (signal.SIGKILL, 1.0))
REFUSALS = 100  # peers sent away that run.json names; the others are counted
LAST_WORDS = 600  # bytes of stderr that the end of a crashed program repeats
KILLING = 5.0  # seconds to wait for killed processes to be gone
_PIPE = 1 << 20
_OWN = frozenset({"terminate", "kill", "raiseLimit", "disconnect"})


@dataclass
class _Stream:
    """One of the program's two streams."""

    category: str
    spool: Spool
    forward: Forward


class Supervisor:
    """Runs one program from its start to the death of its last process."""

    def __init__(self, launch: Launch, folder: str, address: str, key: bytes, parent: int) -> None:
        self._launch, self._folder, self._parent = launch, folder, parent
        self._selector = selectors.DefaultSelector()
        self._lock = self._take_lock()
        self._door = Door(address, key, self._log_refusal)
        self._address = address
        self._client: Channel | None = None
        self._debuggee: Channel | None = None
        self._early: list[Event] = []  # what happened before the window came
        self._streams: dict[int, _Stream] = {}
        self._said = b""  # the last of what the program printed on stderr
        self._process: subprocess.Popen[bytes] | None = None
        self._pulse = Pulse(os.path.join(folder, "pulse"), create=True)
        self._ending = Ending()
        self._kills = Kills()
        self._status: int | None = None  # what waitpid said of the program
        self._rungs = list(LADDER)
        self._rung_due = 0.0
        self._beat, self._beat_seen, self._told_silent = -1, 0.0, 0.0
        self._progress: tuple[object, ...] = ()
        self._progress_due = 0.0
        self._running = False  # the script's own code runs: silence means something
        self._recorded: tuple[object, ...] = ()  # what changes with everything that is recorded
        self._recorded_at = 0.0
        self._told_idle = False
        self._frozen = False
        self._frozen_at = ""  # which limit
        self._ended_from_outside = False
        self._limits = Limits(launch)
        self._facts: dict[str, Any] = {
            "version": VERSION, "state": "starting", "script": launch.script, "args": list(launch.args), "engine": launch.engine,
            "python": launch.python, "tape": launch.tape, "started": time.time(), "supervisor": os.getpid(),
        }  # fmt: skip

    # ------------------------------------------------------------------------------------------------------------ life

    def run(self, ready: int) -> None:
        """Everything, from the start of the program to the last line of ``run.json``."""
        wake, wake_end = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(wake_end, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._told_to_end)
        self._watch(wake, lambda: os.read(wake, 4096))
        self._watch(self._parent, self._hear_parent)
        self._watch(self._door.listener, self._knock)
        with contextlib.suppress(OSError):  # nobody needs to wait for the word
            os.write(ready, b"listening\n")
        self._save()
        try:
            if self._start():
                while self._status is None:
                    self._turn()
                self._finish()
        finally:
            self._end()

    def _turn(self) -> None:
        turn(self._selector, self._patience(), self._write)
        self._reap()
        if self._ended_from_outside:
            self._ended_from_outside = False
            self._abandon("the supervisor was told to end")
        now = time.monotonic()
        for candidate in self._door.late(now):
            self._selector.unregister(candidate)
            self._door.refuse(candidate, "no answer in time")
        self._forward(now)
        self._look(now)
        if self._rung_due and now >= self._rung_due:
            self._climb()

    def _patience(self) -> float:
        ticks = None if self._frozen else self._limits.tick
        now = time.monotonic()
        soonest = [now + (TICK if ticks is None else ticks)]
        if self._rung_due:
            soonest.append(self._rung_due)
        soonest += [stream.forward.due for stream in self._streams.values() if stream.forward.pending and self._can_forward()]
        return max(0.0, min(soonest) - now)

    def _told_to_end(self, number: int, frame: object) -> None:
        self._ended_from_outside = True  # no more than that: the loop may be in the middle of a frame

    def _watch(self, source: int | socket.socket, act: Callable[[], object]) -> None:
        self._selector.register(source, selectors.EVENT_READ, act)

    # ----------------------------------------------------------------------------------------------------- the program

    def _start(self) -> bool:
        tree.adopt_orphans()
        ours, theirs = socket.socketpair()
        launch = self._launch
        command = [launch.python, BOOTSTRAP, "debuggee", str(theirs.fileno()), launch.least, *launch.packages]
        spool = launch.output == "spool"
        me = os.getpid()
        try:
            process = subprocess.Popen(  # the loop waits for it
                command,
                stdin=subprocess.DEVNULL if launch.stdin == "null" else None,
                stdout=subprocess.PIPE if spool else None,
                stderr=subprocess.PIPE if spool else None,
                cwd=launch.cwd or None,
                env=self._environment(),
                pass_fds=(theirs.fileno(),),
                start_new_session=True,
                preexec_fn=lambda: tree.die_with(me),  # this process has one thread
            )
        except OSError as error:
            ours.close()
            self._refuse("interpreter", f"{launch.python} cannot be started: {error.strerror}. Choose another interpreter.")
            return False
        finally:
            theirs.close()
        self._process = process
        for category, pipe in (("stdout", process.stdout), ("stderr", process.stderr)):
            if pipe is not None:
                self._keep(category, pipe.fileno())
        self._debuggee = Channel(ours)
        self._debuggee.closing = self._debuggee_gone
        self._watch(ours, self._hear_debuggee)
        self._facts |= {"pid": process.pid, "state": "running"}
        self._save()
        self._tell("process", {"pid": process.pid, "name": launch.script, "startMethod": "launch", "python": launch.python})
        self._debuggee.send(Request(0, "launch", {**launch.plain(), "folder": self._folder}))
        return True

    def _environment(self) -> dict[str, str]:
        paths = folders(self._launch.engine)
        environment = {**os.environ, **self._launch.env}
        if before := environment.get("PYTHONPATH"):
            paths.append(before)
        return {**environment, "PYTHONPATH": os.pathsep.join(paths)}

    def _keep(self, category: str, pipe: int) -> None:
        os.set_blocking(pipe, False)
        with contextlib.suppress(OSError):  # a small pipe only costs speed
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE)
        self._streams[pipe] = _Stream(category, Spool(os.path.join(self._folder, f"{category}.log")), Forward())
        self._watch(pipe, lambda: self._read(pipe))

    def _read(self, pipe: int) -> bool:
        """Takes one piece of output; False where there is none now."""
        if pipe not in self._streams:
            return False  # closed in this very turn
        try:
            data = os.read(pipe, _PIPE)
        except BlockingIOError:
            return False
        if not data:
            self._selector.unregister(pipe)
            stream = self._streams[pipe]
            self._streams[-pipe - 1] = self._streams.pop(pipe)  # what is still to be forwarded stays
            stream.spool.close()
            return False
        stream = self._streams[pipe]
        stream.spool.write(data)
        stream.forward.add(data)
        if stream.category == "stderr":
            self._said = (self._said + data[-LAST_WORDS:])[-LAST_WORDS:]
        return True

    def _reap(self) -> None:
        """Takes the exit status of whoever ended; orphans come here as well."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if self._process is not None and pid == self._process.pid:
                self._status = self._process.returncode = os.waitstatus_to_exitcode(status)

    # ------------------------------------------------------------------------------------------------------- messages

    def _tell(self, event: str, body: dict[str, Any], raw: bytes = b"") -> None:
        message = Event(event, body, raw)
        if self._client is not None:
            self._send(self._client, message)
        else:
            self._early.append(message)

    def _send(self, channel: Channel, message: Message) -> None:
        channel.send(message)
        self._mind(channel)

    def _mind(self, channel: Channel) -> None:
        """Asks to be woken when a channel takes more, exactly while something waits."""
        if channel.closed:
            return
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if channel.waiting else 0)
        key = self._selector.get_key(channel.socket)
        if key.events != events:
            self._selector.modify(channel.socket, events, key.data)

    def _write(self, source: object) -> None:
        for channel in (self._client, self._debuggee):
            if channel is not None and channel.socket is source:
                channel.flush()
                self._mind(channel)

    def _knock(self) -> None:
        for candidate in self._door.crowded:
            self._selector.unregister(candidate)
            self._door.refuse(candidate, "too many peers at once")
        knocking = self._door.accept(time.monotonic())
        if knocking is not None:
            self._watch(knocking, lambda: self._hear_candidate(knocking))

    def _hear_candidate(self, candidate: socket.socket) -> None:
        if candidate not in self._door.candidates:
            return  # sent away in this very turn
        others = list(self._door.candidates)
        channel = self._door.hear(candidate)
        if candidate in self._door.candidates:
            return
        for gone in others if channel is not None else [candidate]:
            self._selector.unregister(gone)
        if channel is None:
            return
        self._selector.unregister(self._door.listener)
        self._client = channel
        channel.closing = self._client_gone
        self._watch(channel.socket, self._hear_client)
        self._tell("capabilities", {"protocol": VERSION, "supportsStepBack": self._launch.rewind, "folder": self._folder})
        for message in self._early:
            channel.send(message)
        self._early.clear()
        self._mind(channel)
        self._hear_client()

    def _hear_parent(self) -> None:
        if not os.read(self._parent, 4096):
            self._selector.unregister(self._parent)
            self._abandon("the debugger went away")

    def _hear_client(self) -> None:
        channel = self._client
        if channel is None:
            return  # it was lost in this very turn
        for message in channel.receive():
            if isinstance(message, Request):
                self._obey(channel, message)
        self._mind(channel)

    def _client_gone(self) -> None:
        channel, self._client = self._client, None
        assert channel is not None
        self._selector.unregister(channel.socket)
        self._abandon(f"the debugger is gone: {channel.closed}")

    def _obey(self, client: Channel, request: Request) -> None:
        if request.command in _OWN:
            limits = [request.arguments.get(f"{name}_limit", 0) for name in ("memory", "process", "disk")]
            lift = request.arguments.get("lift", False) is True
            if request.command == "raiseLimit" and not all(type(limit) is int and 0 <= limit < 1 << 62 for limit in limits):
                client.send(Response(request.seq, request.command, False, "a limit is a whole number, and not negative"))
                return
            client.send(Response(request.seq, request.command))
            if request.command == "raiseLimit":
                self._thaw(limits, lift)
            elif request.command == "kill":
                self._stop(rung=len(LADDER) - 1)
            else:
                self._stop()
        elif self._debuggee is None or self._debuggee.closed:
            client.send(Response(request.seq, request.command, False, "the program does not listen any more"))
        else:
            self._send(self._debuggee, request)

    def _hear_debuggee(self) -> None:
        channel = self._debuggee
        assert channel is not None
        for message in channel.receive():
            if isinstance(message, Event):
                self._note(message)
                if self._client is None:
                    self._early.append(message)
                    continue
            if self._client is not None:
                self._client.send(message, flush=False)
        if self._client is not None:  # all at once: whoever reads is woken once
            self._client.flush()
            if self._client is not None:
                self._mind(self._client)
        self._mind(channel)

    def _debuggee_gone(self) -> None:
        assert self._debuggee is not None
        self._selector.unregister(self._debuggee.socket)
        self._lost(self._debuggee.closed)

    def _note(self, event: Event) -> None:
        """Keeps of the debuggee's words what the end will have to say."""
        if event.event == "refused":
            self._ending.refused = dict(event.body)
        elif event.event == "ended":
            self._ending.told = dict(event.body)
            self._running = False
        elif event.event == "recordingStopped":
            self._ending.recording = str(event.body.get("message", ""))
        elif event.event == "initialized":
            self._running = self._ending.begun = True
            self._limits.begin()
            self._beat_seen = time.monotonic()
            self._facts |= {"tape": event.body.get("tape", self._launch.tape), "versions": event.body.get("versions", {})}
            self._save()

    def _lost(self, why: str) -> None:
        """The debuggee's end of the link is closed: it ended, or closed every descriptor, or replaced itself."""
        self._reap()
        if self._status is not None or self._process is None or not self._ending.begun or self._ending.told:
            return
        words = tree.command_line(self._process.pid)
        if not words:
            return  # it is ending just now
        replaced = os.fsencode(BOOTSTRAP) not in words
        self._ending.link = "the program replaced itself" if replaced else "the program closed the link to the debugger"
        self._tell("linkLost", {"reason": why, "message": f"{self._ending.link}: it runs on, but cannot be paused or asked any more."})

    # -------------------------------------------------------------------------------------------------------- watching

    def _can_forward(self) -> bool:
        return self._client is not None and self._client.waiting < CLIENT_BACKLOG

    def _forward(self, now: float) -> None:
        for key, stream in list(self._streams.items()):
            if not self._can_forward():
                return
            if (piece := stream.forward.take(now)) is not None:
                self._tell("output", {"category": stream.category, "skipped": piece[1], "total": stream.spool.total}, piece[0])
            if key < 0 and not stream.forward.pending:
                del self._streams[key]
                self._ending.output[stream.category] = _counts(stream.spool)

    def _look(self, now: float) -> None:
        """How the program lives: progress for the window, silence, limits."""
        if self._process is None or self._status is not None:
            return
        if not self._frozen and (found := self._limits.exceeded(self._process.pid, self._facts["tape"], self._running)):
            self._freeze(*found)
        if now < self._progress_due:
            return
        self._progress_due = now + TICK
        self._kills.look(now)
        reading = self._pulse.read()
        self._listen(reading, now)
        self._notice_idleness(reading, now)
        count = len(tree.descendants(os.getpid()))
        state = (reading.phase, reading.position, reading.steps, count)
        if state != self._progress and self._can_forward():
            self._progress = state
            size = tree.resident(self._process.pid)
            self._limits.peak = max(self._limits.peak, size)
            body = {"phase": reading.phase.name.lower(), "position": reading.position, "steps": reading.steps, "memory": size}
            self._tell("progress", body | {"workers": count - 1})

    def _listen(self, reading: Reading, now: float) -> None:
        alive = reading.beat != self._beat
        if alive or self._frozen or not self._running or self._rung_due:
            if alive and self._told_silent:
                self._tell("responsive", {"phase": reading.phase.name.lower()})
            self._beat, self._beat_seen, self._told_silent = reading.beat, now, 0.0
        elif now - self._beat_seen >= self._launch.silence and now - self._told_silent >= 1.0:
            self._told_silent = now
            body = {"seconds": round(now - self._beat_seen, 1), "node": reading.node, "name": reading.name}
            self._tell("unresponsive", body)

    def _notice_idleness(self, reading: Reading, now: float) -> None:
        """Says once that nothing was recorded for a while though the script runs, and that something is again."""
        recorded = (reading.phase, reading.position, reading.steps, size_of_file(self._facts["tape"]), self._running, self._frozen)
        if recorded != self._recorded:
            self._recorded, self._recorded_at = recorded, now
            if self._told_idle:
                self._told_idle = False
                self._tell("idle", {"seconds": 0.0})
        runs = self._running and not self._frozen and not self._rung_due and reading.phase in (Phase.FORWARD, Phase.BACKWARD)
        seconds = now - self._recorded_at
        if runs and self._launch.idle and seconds >= self._launch.idle and not self._told_idle:
            self._told_idle = True
            self._tell("idle", {"seconds": round(seconds, 1), "position": reading.position})

    def _freeze(self, what: str, why: str) -> None:
        assert self._process is not None
        tree.freeze(self._process.pid)
        self._frozen, self._frozen_at, self._ending.limit = True, what, why
        body = {"what": what, "message": why, "memory": tree.resident(self._process.pid), "limit": self._limits.memory}
        self._tell("frozen", body)

    def _thaw(self, limits: list[int], lift: bool) -> None:
        if self._process is None or not self._frozen:
            return
        self._limits.raise_to(*limits)
        if lift:
            self._limits.lift(self._frozen_at)
        self._frozen, self._ending.limit = False, ""
        self._beat_seen = time.monotonic()
        tree.thaw(self._process.pid)
        self._tell("continued", {"phase": self._pulse.read().phase.name.lower(), "limit": self._limits.memory})

    # ---------------------------------------------------------------------------------------------------------- ending

    def _abandon(self, why: str) -> None:
        self._ending.abandoned = why
        self._stop()

    def _stop(self, rung: int = 0) -> None:
        """Begins to end the program, or goes straight to a higher rung."""
        if self._process is None or self._status is not None:
            return
        first = not self._rung_due
        del self._rungs[: max(0, rung - (len(LADDER) - len(self._rungs)))]
        if first or rung:
            self._climb()

    def _climb(self) -> None:
        """The next rung of the ladder."""
        assert self._process is not None
        number, seconds = self._rungs.pop(0) if self._rungs else LADDER[-1]
        self._ending.asked = number.name
        pid = self._process.pid
        self._tell("stopping", {"signal": number.name, "seconds": seconds})
        if number is signal.SIGKILL:
            tree.send(pid, number)
        elif number is signal.SIGINT:
            tree.send(pid, number)  # the program alone: its workers end with it, and are quiet about it
        else:
            tree.send_group(pid, number)
        if self._frozen:
            tree.thaw(pid)
        self._rung_due = time.monotonic() + seconds

    def _finish(self) -> None:
        """The program has ended: takes its last words, ends what it left behind."""
        self._hear_last()
        self._ending.node = self._pulse.read()
        self._ending.fault = self._fault()
        self._ending.out_of_memory = self._status == -signal.SIGKILL and not self._ending.asked and self._kills.happened()
        me = os.getpid()
        self._ending.left_behind = len(tree.descendants(me))
        deadline = time.monotonic() + KILLING
        while self._has_children() and time.monotonic() < deadline:
            tree.kill_all_below(me)
            self._drain()
            self._wait(min(deadline, time.monotonic() + TICK))  # SIGCHLD wakes it
        self._drain()
        self._ending.last_words = "\n".join(self._said.decode(errors="replace").strip().splitlines()[-3:])

    def _has_children(self) -> bool:
        """Takes the status of who has ended; whether anybody is left."""
        while True:
            try:
                if os.waitpid(-1, os.WNOHANG)[0] == 0:
                    return True
            except ChildProcessError:
                return False

    def _fault(self) -> str:
        """What Python itself said of its crash."""
        try:
            with open(os.path.join(self._folder, "fault.log"), encoding="utf-8", errors="replace") as file:
                return file.read(1 << 16)
        except OSError:
            return ""

    def _hear_last(self) -> None:
        if self._debuggee is not None and not self._debuggee.closed:
            self._hear_debuggee()

    def _drain(self) -> None:
        for pipe in [key for key in self._streams if key >= 0]:
            while self._read(pipe):
                pass

    def _refuse(self, kind: str, text: str) -> None:
        self._ending.refused = {"kind": kind, "message": text}
        self._tell("refused", self._ending.refused)

    def _end(self) -> None:
        """Says how it ended, in ``run.json`` and to the window, and waits for the window to have read it."""
        for stream in self._streams.values():
            stream.spool.close()
            self._ending.output[stream.category] = _counts(stream.spool)
        outcome = describe(self._ending, self._status)
        self._facts |= {"state": outcome["how"], "ended": time.time(), "peak_memory": self._limits.peak, **outcome}
        self._save()
        self._say_goodbye(outcome)
        self._conclude(outcome)
        self._pulse.close()
        os.close(self._lock)
        if self._launch.fleeting and self._ending.abandoned:
            shutil.rmtree(self._launch.fleeting, ignore_errors=True)

    def _conclude(self, outcome: dict[str, Any]) -> None:
        """How the program ended goes on the tape, where its own process could not say it any more."""
        if not self._ending.begun:
            return
        from ..tape.postscript import conclude  # the start has no time for it

        facts = {name: outcome[name] for name in ("exit_code", "signal", "node", "node_name")}
        with contextlib.suppress(OSError):  # the disk is full or gone: the tape is readable as it is
            conclude(self._facts["tape"], outcome["how"], outcome["reason"], **facts)

    def _say_goodbye(self, outcome: dict[str, Any]) -> None:
        deadline = time.monotonic() + 10.0
        while self._client is None and not self._ending.abandoned and time.monotonic() < deadline:
            self._wait(deadline)  # a program can be quicker than its window
        while self._client is not None and self._streams and time.monotonic() < deadline:
            self._forward(time.monotonic())
            self._streams = {key: stream for key, stream in self._streams.items() if stream.forward.pending}
            if self._streams:
                self._wait(min([deadline, *(stream.forward.due for stream in self._streams.values())]))
        self._tell("exited", outcome)
        self._tell("terminated", {})
        while self._client is not None and self._client.waiting and time.monotonic() < deadline:
            self._wait(deadline)
        if self._client is not None:
            self._client.closing = lambda: None
            self._client.close("done")
        else:
            self._door.close()

    def _wait(self, until: float) -> None:
        turn(self._selector, max(0.0, until - time.monotonic()), self._write)

    # --------------------------------------------------------------------------------------------------------- records

    def _take_lock(self) -> int:
        """Held while this process lives: whoever finds it free knows that a run is not running any more."""
        descriptor = os.open(os.path.join(self._folder, "lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return descriptor

    def _log_refusal(self, why: str) -> None:
        told = self._facts.setdefault("refused_peers", [])
        if len(told) < REFUSALS:
            told.append(why)
        self._facts["refused_count"] = self._facts.get("refused_count", 0) + 1

    def _save(self) -> None:
        """Writes ``run.json`` so that a reader sees the old one or the new one, never half of one."""
        path = os.path.join(self._folder, "run.json")
        try:
            with open(path + ".new", "w", encoding="utf-8") as file:
                json.dump(self._facts, file, indent=1)
                file.flush()
                os.fsync(file.fileno())
            os.replace(path + ".new", path)
        except OSError as error:  # the folder is gone or the disk is full: the program runs on
            self._tell("output", {"category": "console"}, f"run.json could not be written: {error.strerror}\n".encode())


def _counts(spool: Spool) -> dict[str, Any]:
    counts: dict[str, Any] = {"bytes": spool.total, "not_kept": spool.dropped}
    return {**counts, "error": spool.error} if spool.error else counts


def main(spec: int, ready: int) -> int:
    """Reads the orders from descriptor ``spec`` and carries them out. ``ready`` is told when the door stands open."""
    if sys.platform == "win32":
        sys.stderr.write("gradstep: the supervisor needs a POSIX system\n")
        return 70
    line = b""
    while not line.endswith(b"\n"):
        piece = os.read(spec, 1 << 16)
        if not piece:
            return 0  # whoever wanted a run went away before saying which
        line += piece
    orders = json.loads(line)
    with contextlib.suppress(PermissionError):  # it leads a group already
        os.setsid()
    supervisor = Supervisor(Launch.of(orders["launch"]), orders["folder"], orders["socket"], bytes.fromhex(orders["key"]), spec)
    supervisor.run(ready)
    return 0
