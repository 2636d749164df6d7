"""A debug session without a window: starts a program under its supervisor, tells it what to do, waits for what it becomes.

``with Session() as session:`` always ends the program, however the block is left. The command line and the tests use it.
"""

from __future__ import annotations

import os
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any

from .core import Idle, News, Outcome, Output, SessionCore, Stopped
from .launch import Launch, RunFolder, orders, supervisor_command
from .protocol import Response
from .states import ALIVE, ENDED, Action, State

TIMEOUT = 60.0  # seconds; only what hangs waits so long
_END = 10.0  # seconds for the supervisor to end its tree
_PIECE = 1 << 18
_KEPT = 1000  # states and stops that are remembered: a kilobyte each, and a program may be stepped through for days


def _forget(news: list[Any]) -> None:
    """Keeps the newer half of too many."""
    if len(news) > 2 * _KEPT:
        del news[:-_KEPT]


class Session:
    """One program after another. ``heard`` is called with every piece of news, in the thread that reads the link."""

    def __init__(self, heard: Callable[[News], None] | None = None) -> None:
        self._heard = heard
        self._changed = threading.Condition(threading.RLock())
        self._core = SessionCore(self._write, self._told)
        self._link: socket.socket | None = None
        self._supervisor: subprocess.Popen[bytes] | None = None
        self._life = -1  # our end of the pipe that tells the supervisor that we are here
        self._reader: threading.Thread | None = None
        self.folder: RunFolder | None = None
        self.states: list[State] = []  # since the last launch; of very many the newest
        self.stops: list[Stopped] = []
        self._stopped = 0  # how often
        self.printed: dict[str, str] = {}  # the output so far, by stream

    # ------------------------------------------------------------------------------------------------------ beginning

    def launch(self, launch: Launch, folder: RunFolder | None = None) -> None:
        """Starts the program. Raises NotAllowed while one is alive."""
        with self._changed:
            self._core.check(Action.LAUNCH)
        self.close()  # the last words of the one before
        with self._changed:
            self.folder = folder or RunFolder.make()
            self.states, self.stops, self.printed, self._stopped = [], [], {}, 0
            self._core.starting(launch)
        spec, self._life = os.pipe()
        ready, ready_end = os.pipe()
        try:
            self._supervisor = subprocess.Popen(
                supervisor_command(spec, ready_end, elsewhere=bool(launch.reach)),
                stdin=None if launch.stdin == "inherit" else subprocess.DEVNULL,
                stdout=None if launch.output == "inherit" else subprocess.DEVNULL,
                pass_fds=(spec, ready_end),
                start_new_session=True,
            )
            os.write(self._life, orders(launch, self.folder))
        except OSError as error:
            os.close(ready)
            with self._changed:
                self._core.lost(f"the supervisor could not be started: {error.strerror}")
            return
        finally:
            os.close(spec)
            os.close(ready_end)
        self._reader = threading.Thread(target=self._read, args=(ready, self.folder), name="gradstep-session", daemon=True)
        self._reader.start()

    def _read(self, ready: int, folder: RunFolder) -> None:
        """The reading thread: from the first connection to the goodbye."""
        why = "the supervisor ended unexpectedly"
        try:
            with open(ready, "rb", buffering=0) as line:
                if not line.read(1):
                    return
            link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            link.connect(folder.socket)
            with self._changed:
                self._link = link
                self._core.connected(folder.key)
            while data := link.recv(_PIECE):
                with self._changed:
                    self._core.feed(data)
                    self._changed.notify_all()
        except OSError as error:
            why += f": {error.strerror}"
        finally:
            with self._changed:
                self._core.lost(why)
                if self._link is not None:
                    self._link.close()
                    self._link = None
                self._changed.notify_all()

    # --------------------------------------------------------------------------------------------------------- orders

    @property
    def state(self) -> State:
        """Where the session is."""
        return self._core.state

    @property
    def sentence(self) -> str:
        """The state in a sentence."""
        return self._core.sentence

    @property
    def stop(self) -> Stopped | None:
        """Where the program stands, or stood last."""
        return self._core.stop

    @property
    def outcome(self) -> Outcome | None:
        """How it ended; None while it has not."""
        return self._core.outcome

    @property
    def limit(self) -> str:
        """Which limit the program is frozen at, or was last: memory, processes, disk, time; "" where it never was."""
        return self._core.limit

    @property
    def idle(self) -> Idle | None:
        """How long nothing was recorded though the program runs; None where that is not worth a word."""
        return self._core.idle if self._core.idle.seconds else None

    @property
    def tape(self) -> str:
        """The tape's path, once there is one."""
        return self._core.tape

    @property
    def pid(self) -> int:
        """The program's process; 0 while there is none."""
        return self._core.pid

    def can(self, command: str) -> bool:
        """Whether ``send`` would send this command now."""
        return self._core.can_request(command)

    def send(self, command: str, answered: Callable[[Response], None] | None = None, **arguments: Any) -> None:
        """Sends a request without waiting. Raises NotAllowed where the state has no room for it."""
        with self._changed:
            self._core.request(command, answered, **arguments)

    def ask(self, command: str, timeout: float = TIMEOUT, **arguments: Any) -> Response:
        """Sends a request and waits for its answer. Raises TimeoutError, NotAllowed."""
        answers: list[Response] = []
        self.send(command, answers.append, **arguments)
        self.wait_for(lambda _: bool(answers), timeout)
        return answers[0]

    def move(self, command: str, timeout: float = TIMEOUT, **arguments: Any) -> Stopped:
        """Sends a move (next, stepBack, goto, continue ...) and waits for the next stop. Raises RuntimeError where it is
        refused or the program ends instead."""
        before = self._stopped
        answer = self.ask(command, timeout, **arguments)
        if not answer.success:
            raise RuntimeError(answer.message)
        self.wait_for(lambda _: self._stopped > before or self.state in ENDED, timeout)
        with self._changed:
            if self._stopped == before:
                raise RuntimeError(self.sentence)
            return self.stops[before - self._stopped]

    def wait_for(self, wanted: State | Callable[[Session], object], timeout: float = TIMEOUT) -> Session:
        """Waits until the session is in a state, or a predicate of it holds. Raises TimeoutError, and RuntimeError where the
        program has ended and the state cannot come any more."""
        with self._changed:
            holds: object
            if isinstance(wanted, State):
                holds = self._changed.wait_for(lambda: self.state is wanted or self.state in ENDED, timeout)
            else:
                holds = self._changed.wait_for(lambda: wanted(self), timeout)
            if not holds:
                raise TimeoutError(f"waited {timeout:g} s in vain; {self.sentence} {self._past}")
            if isinstance(wanted, State) and self.state is not wanted:
                raise RuntimeError(f"the program never was {wanted.value}; {self.sentence} {self._past}")
        return self

    @property
    def _past(self) -> str:
        return f"So far: {[state.value for state in self.states[-100:]]}. {self.printed.get('stderr', '')[-2000:]}"

    def wait_until_ended(self, timeout: float = TIMEOUT) -> Outcome:
        """Waits for the end of the program and says how it ended."""
        self.wait_for(lambda _: self.outcome is not None and self.state in ENDED, timeout)
        assert self.outcome is not None
        return self.outcome

    # ----------------------------------------------------------------------------------------------------- what arrives

    def _write(self, data: bytes) -> None:
        if self._link is not None:
            try:
                self._link.sendall(data)
            except OSError:
                return  # the reading thread sees the end of the link, and says so

    def _told(self, news: News) -> None:
        if isinstance(news, State):
            self.states.append(news)
            _forget(self.states)
        elif isinstance(news, Stopped):
            self.stops.append(news)
            self._stopped += 1
            _forget(self.stops)
        elif isinstance(news, Output):
            self.printed[news.category] = self.printed.get(news.category, "") + news.text
        if self._heard is not None:
            self._heard(news)
        self._changed.notify_all()

    # --------------------------------------------------------------------------------------------------------- ending

    def close(self) -> None:
        """Ends the program and everything below it, now."""
        deadline = time.monotonic() + _END
        with self._changed:
            if self._core.state in ALIVE and self._core.linked:
                self._core.request("kill")
        self._release()
        if self._supervisor is not None:
            try:
                self._supervisor.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                self._supervisor.kill()  # what is below it dies with it
                self._supervisor.wait()
            self._supervisor = None
        if self._reader is not None and self._reader is not threading.current_thread():
            self._reader.join()
            self._reader = None

    def _release(self) -> None:
        """Lets the supervisor know that nobody is here any more."""
        if self._life >= 0:
            os.close(self._life)
            self._life = -1

    def __enter__(self) -> Session:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()
