"""The states of a debug session: what may follow each, what may be done in each, and the sentence that says it.

One enum and two tables. Every button and menu entry is enabled from ``ALLOWED[state]`` and from nothing else; a session
that tries a move which ``NEXT`` does not hold has a bug and says so. Looking at the past is a matter of the view (where
its cursor stands on the tape), not a state of the session. No Qt here.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class State(Enum):
    """Where a session is. The value is the state's name on the wire and in ``run.json``."""

    IDLE = "idle"  # no script
    READY = "ready"  # a script is chosen
    STARTING = "starting"  # the child process is coming up
    RUNNING_FORWARD = "running forward"
    RUNNING_BACKWARD = "running backward"
    PAUSED = "paused"  # the script stands still and answers questions
    UNRESPONSIVE = "unresponsive"  # no sign of life: native code holds the interpreter
    FROZEN = "frozen"  # stopped by the system at a limit; nothing is lost
    STOPPING = "stopping"  # on its way down, politely at first
    FINISHED = "finished"  # ended by itself, with an exit code
    RAISED = "raised"  # ended by an exception
    CRASHED = "crashed"  # ended by a signal that nobody here sent
    STOPPED = "stopped"  # ended because the user asked for it
    FAILED = "failed"  # could not be started: nothing of the script was run
    TRACE = "trace"  # a recorded tape without a program


class Action(Enum):
    """What a user may ask of a session. The words are those of the Debug Adapter Protocol where it has one."""

    OPEN = "open"
    OPEN_TRACE = "openTrace"
    CLOSE = "close"
    LAUNCH = "launch"
    CONTINUE = "continue"
    NEXT = "next"
    STEP_BACK = "stepBack"
    REVERSE_CONTINUE = "reverseContinue"
    GOTO = "goto"
    PAUSE = "pause"
    WHERE = "where"  # the stacks of all threads, also while running
    INSPECT = "inspect"  # values, statistics, histograms, gradients, the paused stack
    EVALUATE = "evaluate"  # Python in the user's program
    EDIT = "edit"  # replace a gradient that waits
    SET_BREAKPOINTS = "setBreakpoints"  # and which hooks are called
    RECORD = "record"  # from the next backward pass on, or no more
    RAISE_LIMIT = "raiseLimit"
    STOP = "stop"
    KILL = "kill"
    RESTART = "restart"


RUNNING = frozenset({State.RUNNING_FORWARD, State.RUNNING_BACKWARD})
ENDED = frozenset({State.FINISHED, State.RAISED, State.CRASHED, State.STOPPED, State.FAILED})
RESTING = ENDED | {State.IDLE, State.READY, State.PAUSED, State.FROZEN, State.TRACE}  # nothing is recorded until the user wants it
ALIVE = frozenset({State.STARTING, State.PAUSED, State.UNRESPONSIVE, State.FROZEN, State.STOPPING}) | RUNNING

_REST = frozenset({State.IDLE, State.READY, State.STARTING, State.TRACE})  # what a session without a process can become
_LIVE = (RUNNING | {State.PAUSED, State.UNRESPONSIVE, State.FROZEN, State.STOPPING}) | ENDED

NEXT: dict[State, frozenset[State]] = {
    State.IDLE: frozenset({State.READY, State.STARTING, State.TRACE}),
    State.READY: _REST,
    State.STARTING: _LIVE,
    State.RUNNING_FORWARD: _LIVE - {State.RUNNING_FORWARD, State.FAILED},
    State.RUNNING_BACKWARD: _LIVE - {State.RUNNING_BACKWARD, State.FAILED},
    State.PAUSED: _LIVE - {State.FAILED},  # paused again: a step from one node to the next may be one message
    State.UNRESPONSIVE: _LIVE - {State.UNRESPONSIVE, State.FAILED},
    State.FROZEN: _LIVE - {State.FROZEN, State.FAILED},
    State.STOPPING: ENDED,
    State.FINISHED: _REST,
    State.RAISED: _REST,
    State.CRASHED: _REST,
    State.STOPPED: _REST,
    State.FAILED: _REST,
    State.TRACE: _REST,
}

_CHOOSE = frozenset({Action.OPEN, Action.OPEN_TRACE})
_END = frozenset({Action.STOP, Action.KILL, Action.RESTART})
_RUNNING = _END | {Action.PAUSE, Action.WHERE, Action.SET_BREAKPOINTS, Action.RECORD}
_MOVES = frozenset({Action.CONTINUE, Action.NEXT, Action.STEP_BACK, Action.REVERSE_CONTINUE, Action.GOTO})
_REVIEW = _CHOOSE | {Action.CLOSE, Action.LAUNCH, Action.RESTART}

ALLOWED: dict[State, frozenset[Action]] = {
    State.IDLE: _CHOOSE | {Action.LAUNCH},
    State.READY: _CHOOSE | {Action.CLOSE, Action.LAUNCH},
    State.STARTING: _END,
    State.RUNNING_FORWARD: _RUNNING,
    State.RUNNING_BACKWARD: _RUNNING,
    State.PAUSED: _END | _MOVES | {Action.WHERE, Action.INSPECT, Action.EVALUATE, Action.EDIT, Action.SET_BREAKPOINTS, Action.RECORD},
    State.UNRESPONSIVE: _RUNNING,
    State.FROZEN: _END | {Action.RAISE_LIMIT},
    State.STOPPING: frozenset({Action.KILL}),
    State.FINISHED: _REVIEW,
    State.RAISED: _REVIEW,
    State.CRASHED: _REVIEW,
    State.STOPPED: _REVIEW,
    State.FAILED: _REVIEW,
    State.TRACE: _CHOOSE | {Action.CLOSE},
}


@dataclass(frozen=True, slots=True)
class Facts:
    """What a sentence about the state may mention; whatever is not known stays empty."""

    script: str = ""  # the file's name
    reason: str = ""  # why it is paused, how it ended, why it could not start
    seconds: float = 0.0  # since the last sign of life; until the next rung when stopping


SENTENCES: dict[State, str] = {
    State.IDLE: "No script. Open one, or a recorded tape.",
    State.READY: "{script} is ready to run.",
    State.STARTING: "Starting {script}.",
    State.RUNNING_FORWARD: "Running forward.",
    State.RUNNING_BACKWARD: "Running backward.",
    State.PAUSED: "Paused: {reason}",
    State.UNRESPONSIVE: "Not responding for {seconds:.0f} s. A long operation in native code or on the GPU can be the cause.",
    State.FROZEN: "Frozen at a limit: {reason}.",
    State.STOPPING: "Stopping: {reason}",
    State.FINISHED: "Finished: {reason}",
    State.RAISED: "Raised: {reason}",
    State.CRASHED: "Crashed: {reason}",
    State.STOPPED: "Stopped: {reason}",
    State.FAILED: "Not started: {reason}",
    State.TRACE: "A recorded tape; there is no program to run.",
}


def sentence(state: State, facts: Facts | None = None) -> str:
    """The one sentence that the status bar shows for ``state``."""
    facts = facts or Facts()
    text = SENTENCES[state].format(script=facts.script or "the script", reason=facts.reason, seconds=facts.seconds)
    return text if facts.reason or "{reason}" not in SENTENCES[state] else text.rstrip(": .") + "."
