"""The debugger's side of a session without any input or output: bytes go in, bytes come out, and one state moves.

A window feeds it from a QLocalSocket, the command line from a thread, a test from a list. It never waits and never
reads a clock.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .launch import Launch
from .protocol import Decoder, Event, Handshake, Message, ProtocolError, Refused, Request, Response, Role, encode
from .states import ALIVE, ALLOWED, ENDED, NEXT, RUNNING, Action, Facts, State, sentence

Answered = Callable[[Response], None]

_INSPECT = frozenset({"value", "reduce", "figures", "spread", "statistics", "histogram", "stack", "grads", "pending"})
_ACTION: dict[str, Action] = {
    **dict.fromkeys(_INSPECT, Action.INSPECT),
    "stepIn": Action.NEXT,
    "stepOut": Action.NEXT,
    "setHooks": Action.SET_BREAKPOINTS,
    "whatIf": Action.EDIT,
    "terminate": Action.STOP,
    **{action.value: action for action in Action if action not in (Action.STOP, Action.INSPECT)},
}
_PHASES = {"forward": State.RUNNING_FORWARD, "backward": State.RUNNING_BACKWARD}


class NotAllowed(Exception):
    """The action makes no sense in the state that the session is in."""


@dataclass(frozen=True, slots=True)
class Stopped:
    """Where the program stands still. ``position`` is the index of the last event on the tape."""

    reason: str  # entry, step, goto, pause
    phase: str = "backward"
    run: int = 0
    node: int = 0  # the node that runs next; 0 in forward
    name: str = ""
    position: int = -1
    thread: int = 0
    taken: int = 0  # steps taken in this backward pass
    depth: int = 0  # backward passes around this place; more than 1: a hook or a function called backward
    between_nodes: bool = False
    can_step_back: bool = False
    undoable: int = 0  # steps that can be taken back from here, one by one
    where: Mapping[str, Any] = field(default_factory=dict)  # the user's line: file, line, function
    breakpoint: int = 0  # the id of the one that was met
    text: str = ""  # that breakpoint in words
    what: str = ""  # what it was met at: node, op, hook, module, line, exception
    met: str = ""  # that thing's name
    op: int = 0  # the forward op that has just run
    breakpoints: tuple[Mapping[str, Any], ...] = ()  # how each stands: id, verified, message, hits

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> Stopped:
        """From the body of ``stopped``; what this version does not know is left out."""
        return cls(**{name: body[name] for name in cls.__dataclass_fields__ if name in body})

    @property
    def sentence(self) -> str:
        """Why it stands there, and where."""
        line = f"line {self.where.get('line', '?')}"
        node = f"{self.name} (node #{self.node})" if self.node else ""
        place = node or line
        if self.what == "op":
            function = str(self.where.get("function", ""))
            within = f" in {function}" if function and not function.startswith("<") else ""
            place = f"after {self.met} (op #{self.op}){within}, {line}" + (f", for {node}" if node else "")
        elif self.what == "hook":
            place = f"before the hook {self.met}" + (f" of {node}" if node else "")
        elif self.what == "module":
            place = f"entering {self.met}"
        elif self.what == "exception":
            place = f"{self.met}, {line}"
        own = self.what in ("op", "hook", "module")
        return {
            "entry": f"before the first node of backward, {place}.",
            "step": f"{place}." if own else f"before {place}." if self.node else f"{place}.",
            "goto": f"reached {place}.",
            "pause": f"at your wish, {place if own else ('before ' if self.between_nodes else 'in ') + place}.",
            "breakpoint": f"breakpoint {self.text}: {place}." if own else f"breakpoint {self.text}: before {place}.",
            "data breakpoint": f"{self.met} met {self.text}, {place}." if not own else f"{self.text}: {place}.",
            "exception": f"exception {place}.",
        }.get(self.reason, f"{self.reason}, {place}.")


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a program ended. ``exit_code`` is what a shell would say; ``exception`` has type, text, file, line, traceback."""

    how: State
    reason: str
    exit_code: int = 1
    signal: str = ""
    exception: Mapping[str, Any] = field(default_factory=dict)
    refused: Mapping[str, Any] = field(default_factory=dict)  # why nothing was run: kind, message, file, line
    node: int = 0  # the node that was running
    node_name: str = ""
    run: int = 0
    hook: str = ""  # the hook that was running
    last_words: str = ""  # the last lines on stderr of a program that crashed
    recording: str = ""  # why the recording ended before the program did
    out_of_memory: bool = False  # the system killed it for want of memory
    link: str = ""  # why the program was not heard to its end
    left_behind: int = 0  # processes that the script left behind; they were ended
    output: Mapping[str, Any] = field(default_factory=dict)
    fault: str = ""  # Python's stack at a crash
    abandoned: str = ""

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> Outcome:
        """From the body of ``exited``."""
        fields = {name: body[name] for name in cls.__dataclass_fields__ if name in body}
        return cls(**{**fields, "how": State(body["how"])})


@dataclass(frozen=True, slots=True)
class Output:
    """Something was printed. ``skipped`` bytes before it were too fast for a window; the run's folder has them."""

    category: str  # stdout, stderr, or console: the debugger itself
    text: str
    skipped: int = 0


@dataclass(frozen=True, slots=True)
class Progress:
    """A sign of life, at most ten times a second."""

    phase: str = ""
    position: int = -1
    steps: int = 0
    memory: int = 0  # bytes
    workers: int = 0  # processes below the program


@dataclass(frozen=True, slots=True)
class Idle:
    """The script runs, and nothing was recorded for so many seconds; 0: something is again."""

    seconds: float = 0.0
    position: int = -1  # the last event


@dataclass(frozen=True, slots=True)
class TapeOpened:
    """The tape exists from now on."""

    path: str


@dataclass(frozen=True, slots=True)
class Notice:
    """Something worth a line: the link broke, the program was frozen."""

    kind: str
    text: str


News = State | Stopped | Outcome | Output | Progress | Idle | TapeOpened | Notice


class SessionCore:
    """One debug session. ``write`` takes bytes for the supervisor; ``tell`` takes the news, in order."""

    def __init__(self, write: Callable[[bytes], None], tell: Callable[[News], None]) -> None:
        self._write, self._tell = write, tell
        self._handshake: Handshake | None = None
        self._decoder = Decoder()
        self._seq = 0
        self._asked: dict[int, tuple[str, Answered | None]] = {}
        self._text: dict[str, codecs.IncrementalDecoder] = {}
        self._facts = Facts()
        self.state = State.IDLE
        self.launch: Launch | None = None
        self.stop: Stopped | None = None  # where it stands, or stood last
        self.outcome: Outcome | None = None
        self.tape = ""
        self.pid = 0
        self.limit = ""  # which one the program is frozen at, or was last: memory, processes, disk, time
        self.idle = Idle()
        self.memory_limit = 0  # bytes at which the program is frozen, where memory is why
        self.capabilities: Mapping[str, Any] = {}

    # ------------------------------------------------------------------------------------------------------ the state

    @property
    def sentence(self) -> str:
        """The state in a sentence."""
        return sentence(self.state, self._facts)

    @property
    def linked(self) -> bool:
        """Whether the supervisor has been talked to and is still there."""
        return self._handshake is not None and self._handshake.done

    def allows(self, action: Action) -> bool:
        """Whether the action makes sense now."""
        return action in ALLOWED[self.state]

    def check(self, action: Action) -> None:
        """Raises NotAllowed where it does not."""
        if not self.allows(action):
            raise NotAllowed(f"{action.value} is not possible while the session is {self.state.value}")

    def _enter(self, state: State, *, reason: str = "", seconds: float = 0.0) -> None:
        self._facts = Facts(self._facts.script, reason, seconds)
        if state is self.state and state is not State.PAUSED:
            if state in (State.UNRESPONSIVE, State.STOPPING):  # so long now; the next rung
                self._tell(state)
            return
        assert state in NEXT[self.state], f"no way from {self.state.value} to {state.value}"
        self.state, self.idle = state, Idle()
        self._tell(state)

    def choose(self, script: str) -> None:
        """A script is chosen and not yet run; "" chooses none."""
        self.check(Action.OPEN)
        self._facts = Facts(script)
        self._enter(State.READY if script else State.IDLE)

    def show_trace(self) -> None:
        """A recorded tape is looked at; there is no program."""
        self.check(Action.OPEN_TRACE)
        self._enter(State.TRACE)

    def starting(self, launch: Launch) -> None:
        """A supervisor is being started for this launch."""
        self.check(Action.LAUNCH)
        self.launch, self.stop, self.outcome, self.tape, self.pid, self.limit = launch, None, None, "", 0, ""
        self._handshake, self._decoder, self._text, self.capabilities = None, Decoder(), {}, {}
        self._facts = Facts(launch.script.rsplit("/", 1)[-1])
        self._enter(State.STARTING)

    # ------------------------------------------------------------------------------------------------------- the link

    def connected(self, key: bytes) -> None:
        """The link stands: begins to prove who is there."""
        self._handshake = Handshake(Role.CLIENT, key)
        self._write(self._handshake.greeting())

    def feed(self, data: bytes) -> None:
        """Bytes from the supervisor. A link that cannot be trusted ends the session."""
        handshake = self._handshake
        if handshake is None:
            return  # it has ended: the supervisor's last words are nothing new
        try:
            if not handshake.done:
                answer = handshake.feed(data)
                if answer:
                    self._write(answer)
                if not handshake.done:
                    return
                data, handshake.rest = handshake.rest, b""
            for message in self._decoder.feed(data):
                self._hear(message)
        except (ProtocolError, Refused) as error:
            self.lost(f"the link to the program cannot be trusted: {error}")

    def lost(self, why: str) -> None:
        """The supervisor is gone without a goodbye, or could not be started."""
        if self.state in ALIVE:
            how = State.FAILED if self.state is State.STARTING else State.CRASHED
            self._end(Outcome(how, why, refused={"kind": "supervisor", "message": why} if how is State.FAILED else {}))

    # ------------------------------------------------------------------------------------------------------- requests

    def request(self, command: str, answered: Answered | None = None, **arguments: Any) -> None:
        """Sends a request; ``answered`` gets its response, at the latest when the program ends.

        Raises NotAllowed where the state has no room for it.
        """
        action = _ACTION.get(command)
        if action is None:
            raise ValueError(f"no request is called {command!r}")
        self.check(action)
        if not self.linked:
            raise NotAllowed("the program does not listen yet")
        self._seq += 1
        self._asked[self._seq] = (command, answered)
        self._write(encode(Request(self._seq, command, arguments)))

    def can_request(self, command: str) -> bool:
        """Whether ``request`` would send this command now."""
        return self.linked and command in _ACTION and self.allows(_ACTION[command])

    def _hear(self, message: Message) -> None:
        if isinstance(message, Response):
            self._answered(message)
        elif isinstance(message, Event):
            self._happened(message)

    def _answered(self, response: Response) -> None:
        command, answered = self._asked.pop(response.seq, ("", None))
        if response.success and command in ("continue", "next", "stepIn", "stepOut", "goto") and self.state is State.PAUSED:
            self._enter(_PHASES.get(str(response.body.get("phase")), State.RUNNING_BACKWARD))
        if answered is not None:
            answered(response)

    # --------------------------------------------------------------------------------------------------------- events

    def _happened(self, event: Event) -> None:
        body = event.body
        match event.event:
            case "capabilities":
                self.capabilities = body
            case "process":
                self.pid = int(body.get("pid", 0))
            case "initialized":
                self.tape = str(body.get("tape", ""))
                self._tell(TapeOpened(self.tape))
                if self.state is State.STARTING:
                    self._enter(State.RUNNING_FORWARD)
            case "stopped":
                self.stop = Stopped.of(body)
                if self.state is not State.STOPPING:
                    self._enter(State.PAUSED, reason=self.stop.sentence)
                self._tell(self.stop)
            case "continued" | "responsive":
                if self.state in (State.FROZEN, State.UNRESPONSIVE):
                    self._resume(str(body.get("phase")))
            case "progress":
                progress = Progress(**{name: body[name] for name in Progress.__dataclass_fields__ if name in body})
                if self.state in RUNNING and progress.phase in _PHASES:
                    self._enter(_PHASES[progress.phase])
                self._tell(progress)
            case "idle":
                if self.state in RUNNING:
                    self.idle = Idle(float(body.get("seconds", 0.0)), int(body.get("position", -1)))
                    self._tell(self.idle)
            case "recordingStopped":
                self._tell(Notice("recordingStopped", str(body.get("message", ""))))
            case "output":
                self._printed(str(body.get("category")), event.raw, int(body.get("skipped", 0)))
            case "unresponsive":
                if self.state in RUNNING or self.state is State.UNRESPONSIVE:
                    self._enter(State.UNRESPONSIVE, seconds=float(body.get("seconds", 0.0)))
            case "frozen":
                self.limit = str(body.get("what", "memory"))
                self.memory_limit = int(body.get("limit", 0)) if body.get("what", "memory") == "memory" else 0
                if self.state is not State.STOPPING:
                    self._enter(State.FROZEN, reason=str(body.get("message", "")))
            case "stopping":
                text = f"{body.get('signal')} sent, {float(body.get('seconds', 0.0)):.0f} s until the next step."
                self._enter(State.STOPPING, reason=text, seconds=float(body.get("seconds", 0.0)))
            case "connection":
                self._tell(Notice("connectionLost" if body.get("lost") else "connectionMade", str(body.get("message", ""))))
            case "linkLost":
                self._tell(Notice("linkLost", str(body.get("message", ""))))
            case "recordingStopped":
                self._tell(Notice("recordingStopped", str(body.get("message", ""))))
            case "exited":
                self._end(Outcome.of(body))
            case _:
                pass  # an older window hears what it does not know

    def _resume(self, phase: str) -> None:
        if phase == "paused" and self.stop is not None:
            self._enter(State.PAUSED, reason=self.stop.sentence)
        else:
            self._enter(_PHASES.get(phase, State.RUNNING_FORWARD))

    def _printed(self, category: str, raw: bytes, skipped: int) -> None:
        decoder = self._text.get(category)
        if decoder is None or skipped:
            decoder = self._text[category] = codecs.getincrementaldecoder("utf-8")("backslashreplace")
        text = decoder.decode(raw)
        if text or skipped:
            self._tell(Output(category, text, skipped))

    def _end(self, outcome: Outcome) -> None:
        self.outcome = outcome
        asked, self._asked = self._asked, {}
        self._handshake = None
        assert outcome.how in ENDED, outcome
        self._enter(outcome.how, reason=outcome.reason)
        self._tell(outcome)
        for seq, (command, answered) in asked.items():
            if answered is not None:
                answered(Response(seq, command, False, "the program has ended"))
