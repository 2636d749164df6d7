"""The window's debug session: the sans-I/O core of the engine's debugger, fed by a QProcess and a QLocalSocket.

Nothing here ever waits: what happens in the program arrives as signals, in order, in the window's thread.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QObject, QProcess, Qt, Signal, Slot
from PySide6.QtNetwork import QLocalSocket

from gradstep.engine.debug.core import Idle, News, Notice, Outcome, Output, Progress, SessionCore, Stopped, TapeOpened
from gradstep.engine.debug.launch import Launch, RunFolder, orders, supervisor_command
from gradstep.engine.debug.protocol import Response
from gradstep.engine.debug.states import ALIVE, ENDED, Action, State

_CLOSING = 10_000  # milliseconds that the end of the window waits for the end of the program
_STDIN, _STDOUT = 0, 1


class _Supervisor(QObject):
    """One supervisor process and the link to it."""

    linked = Signal()  # bytes can be written from now on
    arrived = Signal(bytes)  # from the supervisor
    cut = Signal(object)  # itself: it closed the link, and its process is there
    gone = Signal(str)  # it ended, or could not be started; what it had to say about that
    left = Signal(object)  # itself: its process is no more, and nothing will be heard of it again

    def __init__(self, launch: Launch, folder: RunFolder, parent: QObject) -> None:
        super().__init__(parent)
        self._folder = folder
        self._said = ""
        self._over = False  # it was said that it is gone
        self._ended = False  # its process has ended
        self._left = False  # and nothing more will come
        self._socket = QLocalSocket(self)
        self._socket.connected.connect(self.linked)
        self._socket.readyRead.connect(self._read)
        self._socket.errorOccurred.connect(self._socket_failed)
        self._socket.stateChanged.connect(self._leave_if_over)
        self._socket.disconnected.connect(self._disconnected)
        self._process = QProcess(self)
        self._process.readyReadStandardOutput.connect(self._listens)
        self._process.readyReadStandardError.connect(self._hear)
        self._process.errorOccurred.connect(self._failed)
        self._process.finished.connect(self._finished)
        program, *arguments = supervisor_command(_STDIN, _STDOUT, elsewhere=bool(launch.reach))
        self._process.start(program, arguments)
        self._process.write(orders(launch, folder))  # the pipe stays open: its end tells the supervisor that we are gone

    def write(self, data: bytes) -> None:
        self._socket.write(data)

    def leave(self) -> None:
        """Nobody listens to it any more. Where it still has a program, it ends that: so it is when the link broke."""
        if self._process.state() is not QProcess.ProcessState.NotRunning:
            self._process.closeWriteChannel()

    def wait(self) -> None:
        """For the end of the window only: waits until nothing of the program is left."""
        self._process.closeWriteChannel()
        if self._process.state() is not QProcess.ProcessState.NotRunning and not self._process.waitForFinished(_CLOSING):
            self._process.kill()
            self._process.waitForFinished(_CLOSING)

    def link(self) -> None:
        """Come to its door, again where it sent us away."""
        self._socket.connectToServer(self._folder.socket)

    def _listens(self) -> None:
        self._process.readAllStandardOutput()
        self.link()

    def _disconnected(self) -> None:
        if not self._ended:
            self.cut.emit(self)

    def _hear(self) -> None:
        self._said = (self._said + bytes(self._process.readAllStandardError().data()).decode(errors="replace"))[-4096:]

    def _read(self) -> None:
        self.arrived.emit(bytes(self._socket.readAll().data()))

    def _socket_failed(self, error: QLocalSocket.LocalSocketError) -> None:
        if error is not QLocalSocket.LocalSocketError.PeerClosedError:
            self._end(f"no link to the supervisor: {self._socket.errorString()}")
            self.leave()

    def _failed(self, error: QProcess.ProcessError) -> None:
        if error is QProcess.ProcessError.FailedToStart:
            self._end(f"the supervisor could not be started: {self._process.errorString()}")
            self._finished()

    def _finished(self) -> None:
        self._ended = True
        self._leave_if_over()

    def _leave_if_over(self) -> None:
        """The end of the process may be heard before its last words, which the socket still holds: it is over when both have
        ended."""
        if self._ended and not self._left and self._socket.state() is QLocalSocket.LocalSocketState.UnconnectedState:
            self._left = True
            if self._socket.bytesAvailable():
                self._read()
            self._end(f"the supervisor ended unexpectedly. {self._said}".strip())
            self.left.emit(self)

    def _end(self, why: str) -> None:
        if not self._over:
            self._over = True
            self.gone.emit(why)


class DebugSession(QObject):
    """One program after another, as the window sees it."""

    state_changed = Signal(State)  # the session is in another state, or paused at another place
    stopped = Signal(object)  # Stopped: the program stands still
    tape_opened = Signal(str)  # the tape of a new run exists
    output = Signal(str, str)  # something was printed: the stream's name and the text
    skipped = Signal(str, int)  # so many bytes of a stream are not shown; the run's folder has them
    progressed = Signal(object)  # Progress: a sign of life, at most ten a second
    ended = Signal(object)  # Outcome: the program is over
    failed = Signal(str)  # nothing was run, and why
    idled = Signal(object)  # Idle: the program runs and nothing is recorded, or something is again
    recording_stopped = Signal(str)  # why: the tape ends, the program goes on
    noticed = Signal(str)  # something worth a line
    connection_lost = Signal(str)  # with a program on another machine, in a sentence; it is made again
    connection_made = Signal(str)  # it is there again
    heard = Signal()  # the program said something; what it was follows

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._core = SessionCore(self._write, self._tell)
        self._supervisor: _Supervisor | None = None  # the one that is listened to
        self._supervisors: list[_Supervisor] = []  # all whose processes are there, the ones that still say goodbye among them
        self._again: Launch | None = None  # what to start when this program is over
        self._wish = ""  # to end the program, said before it could be heard
        self.folder: RunFolder | None = None
        self.is_lost = False  # the connection with a program on another machine, which is made again

    # ---------------------------------------------------------------------------------------------------- what is known

    @property
    def state(self) -> State:
        """Where the session is."""
        return self._core.state

    @property
    def sentence(self) -> str:
        """The state in a sentence, for the status bar."""
        return self._core.sentence

    @property
    def stop_info(self) -> Stopped | None:
        """Where the program stands, or stood last."""
        return self._core.stop

    @property
    def outcome(self) -> Outcome | None:
        """How the program ended; None while it has not."""
        return self._core.outcome

    @property
    def tape(self) -> str:
        """The path of the run's tape; "" while there is none."""
        return self._core.tape

    @property
    def memory_limit(self) -> int:
        """Bytes of memory at which the program is frozen now; 0 where that is for another reason."""
        return self._core.memory_limit

    @property
    def pid(self) -> int:
        """The program's process; 0 while there is none."""
        return self._core.pid

    def allows(self, action: Action) -> bool:
        """Whether an action makes sense now; what buttons are enabled from."""
        return self._core.allows(action)

    # ------------------------------------------------------------------------------------------------------ beginning

    def choose(self, script: str) -> None:
        """A script is chosen and not yet run."""
        if self.allows(Action.OPEN):
            self._core.choose(script)

    def show_trace(self) -> None:
        """A recorded tape is looked at; there is no program."""
        if self.allows(Action.OPEN_TRACE):
            self._core.show_trace()

    def launch(self, script: str, args: Sequence[str] = (), engine: str = "gradstep", python: str = sys.executable, **options: Any) -> None:
        """Starts a script. ``options`` are the further fields of Launch."""
        self.start(Launch(script, tuple(args), engine, python=python, **options))

    def start(self, launch: Launch) -> None:
        """Starts what is asked for, unless a program is alive."""
        if not self.allows(Action.LAUNCH):
            return
        self._let_go()
        self._wish = ""
        self.folder = RunFolder.make()
        self._core.starting(launch)
        supervisor = _Supervisor(launch, self.folder, self)
        supervisor.linked.connect(self._linked)
        supervisor.arrived.connect(self._feed)
        supervisor.cut.connect(self._cut, Qt.ConnectionType.QueuedConnection)  # the socket is still busy with its end
        supervisor.gone.connect(self._gone)
        supervisor.left.connect(self._left)
        self._supervisor = supervisor
        self._supervisors.append(supervisor)

    def restart(self, **options: Any) -> None:
        """Starts the same program again, after the end of the one that runs. ``options`` are fields of Launch that shall be
        other than the last time."""
        launch = self._core.launch
        if launch is None:
            return
        launch = replace(launch, **options)
        if self.state in ALIVE:
            self._again = launch
            self.stop()
        else:
            self.start(launch)

    # ---------------------------------------------------------------------------------------------------------- orders

    def continue_(self) -> None:
        """Runs on to the next stop."""
        self._move("continue")

    def next(self) -> None:
        """Runs one backward node."""
        self._move("next")

    def step_into(self) -> None:
        """Runs to the next op, hook or node, wherever it is."""
        self._move("stepIn")

    def step_out(self) -> None:
        """Runs until the function, or the inner backward pass, is left."""
        self._move("stepOut")

    def step_back(self) -> None:
        """Undoes the last backward node."""
        self._move("stepBack")

    def reverse_continue(self) -> None:
        """Undoes backward nodes as far as they can be undone."""
        self._move("reverseContinue")

    def run_to(self, node: int) -> None:
        """Runs until node ``node`` is the next."""
        self._move("goto", node=node)

    def pause(self) -> None:
        """Stops before the next node, after the next op, or between two lines of Python, whichever comes first."""
        self._move("pause")

    def stop(self) -> None:
        """Ends the program politely, and less politely if it does not listen."""
        self._move("terminate")

    def kill(self) -> None:
        """Ends the program now."""
        self._move("kill")

    def record(self, on: bool) -> None:
        """Records from the next backward pass on, or no more; where that cannot be it is noticed why."""
        self._move("record", on=on)

    def raise_limit(self, memory: int = 0, processes: int = 0, disk: int = 0) -> None:
        """Lets a frozen program go on, to a higher limit (bytes, processes, bytes); 0: half as much again, or twice as much."""
        self._move("raiseLimit", memory_limit=memory, process_limit=processes, disk_limit=disk)

    def lift_limit(self) -> None:
        """Lets a frozen program go on, without the limit that it stands at."""
        self._move("raiseLimit", lift=True)

    def request(self, kind: str, callback: Callable[[Response], None], **arguments: Any) -> bool:
        """Asks the paused program (value, statistics, histogram, evaluate, stack, where, grads, pending, edit); ``callback``
        gets the response. False where the state has no room for the question."""
        if not self._core.can_request(kind):
            return False
        self._core.request(kind, callback, **arguments)
        return True

    def close(self) -> None:
        """Ends the program for good. The only method that waits: the window is closing."""
        self._again = None
        self.kill()
        self._let_go()
        for supervisor in tuple(self._supervisors):
            supervisor.wait()

    # ---------------------------------------------------------------------------------------------------- what happens

    def _move(self, command: str, **arguments: Any) -> None:
        if self._core.can_request(command):  # else the program was quicker than the user's finger
            self._core.request(command, self._moved, **arguments)
        elif command in ("terminate", "kill") and self.state is State.STARTING and not self._core.linked:
            self._wish = command

    def _moved(self, response: Response) -> None:
        if not response.success and self.state not in ENDED:
            self.noticed.emit(response.message)

    def _write(self, data: bytes) -> None:
        if self._supervisor is not None:
            self._supervisor.write(data)

    @Slot(bytes)
    def _feed(self, data: bytes) -> None:
        self.heard.emit()
        self._core.feed(data)
        if self._wish and self._core.linked:
            wish, self._wish = self._wish, ""
            self._move(wish)

    @Slot(object)
    def _cut(self, supervisor: _Supervisor) -> None:
        """A supervisor sends away who does not prove himself in time: a window that was held up for longer comes again. One that has
        said something has let us in, and ends its program where the link is lost: its own end says so."""
        if supervisor is self._supervisor and self.state is State.STARTING and not self._core.capabilities:
            supervisor.link()

    def _linked(self) -> None:
        assert self.folder is not None
        self._core.connected(self.folder.key)

    def _gone(self, why: str) -> None:
        self._core.lost(why)

    @Slot(object)
    def _left(self, supervisor: _Supervisor) -> None:
        """Its process is no more. It is forgotten before it is deleted: whoever touches a deleted QObject raises, and an
        exception that leaves an event handler of Qt can take the whole process down."""
        if supervisor is self._supervisor:
            self._supervisor = None
        self._supervisors.remove(supervisor)
        supervisor.deleteLater()

    def _let_go(self) -> None:
        """The one before has ended; its supervisor may still be saying goodbye, and is not listened to."""
        supervisor, self._supervisor = self._supervisor, None
        if supervisor is not None:
            supervisor.linked.disconnect(self._linked)
            supervisor.arrived.disconnect(self._feed)
            supervisor.cut.disconnect(self._cut)
            supervisor.gone.disconnect(self._gone)
            supervisor.leave()

    def _tell(self, news: News) -> None:
        match news:
            case State():
                self.state_changed.emit(news)
            case Stopped():
                self.stopped.emit(news)
            case TapeOpened(path):
                self.tape_opened.emit(path)
            case Output(category, text, skipped):
                if skipped:
                    self.skipped.emit(category, skipped)
                self.output.emit(category, text)
            case Progress():
                self.progressed.emit(news)
            case Idle():
                self.idled.emit(news)
            case Notice("recordingStopped", text):
                self.recording_stopped.emit(text)
            case Notice("connectionLost", text):
                self.is_lost = True
                self.connection_lost.emit(text)
            case Notice("connectionMade", text):
                self.is_lost = False
                self.connection_made.emit(text)
            case Notice():
                self.noticed.emit(news.text)
            case Outcome():
                self._over(news)

    def _over(self, outcome: Outcome) -> None:
        self.is_lost = False
        if outcome.how is State.FAILED:
            self.failed.emit(outcome.reason)
        self.ended.emit(outcome)
        launch, self._again = self._again, None
        if launch is not None:
            self.start(launch)
