"""How a program ended, told from what the system, the debuggee and the user had to do with it: one verdict, one sentence."""

from __future__ import annotations

import signal
from dataclasses import dataclass, field
from typing import Any

from .pulse import Phase, Reading
from .states import State


@dataclass
class Ending:
    """What is known of an end. Everything is empty until it happens."""

    begun: bool = False  # the script's first line was reached
    asked: str = ""  # the last signal that was sent because somebody asked to stop
    abandoned: str = ""  # why nobody is there any more to ask
    refused: dict[str, Any] = field(default_factory=dict)  # why the script was not run: kind, message and where
    told: dict[str, Any] = field(default_factory=dict)  # the debuggee's last word: the exception that ended the script
    link: str = ""  # why the debuggee could not be heard any more
    node: Reading | None = None  # where the backward pass stood
    left_behind: int = 0  # processes of the script that were still alive when it ended
    output: dict[str, Any] = field(default_factory=dict)
    fault: str = ""  # Python's own stack at a crash
    limit: str = ""  # which limit it was frozen at when it was asked to end
    recording: str = ""  # why the recording ended before the program did
    out_of_memory: bool = False  # the system killed something for want of memory just then
    last_words: str = ""  # the last lines that were printed on stderr


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def describe(ending: Ending, status: int | None) -> dict[str, Any]:
    """The end as ``exited`` tells it. ``status`` is the exit code, minus the signal's number, None where nothing ran.

    ``how`` is a State's value. ``exit_code`` is what a shell would say: the script's own code, or 128 and the signal.
    """
    name = _signal_name(-status) if status is not None and status < 0 else ""
    code = 1 if status is None else (status if status >= 0 else 128 - status)
    exception = ending.told.get("exception") or {}
    running = ending.node if ending.node is not None and ending.node.node else None
    in_node = f" in {running.name} (node #{running.node})" if running is not None else ""
    hook = ending.node.hook if ending.node is not None else ""
    if hook:
        in_node = f" inside the hook {hook}{' of' if running is not None else ''}{in_node.removeprefix(' in')}"
    if ending.refused or status is None:
        how, reason = State.FAILED, str(ending.refused.get("message", "the program could not be started."))
    elif ending.asked and ending.limit:
        how, reason = State.STOPPED, f"ended at a limit: {ending.limit}{in_node}."
    elif ending.asked and (not name or name in ("SIGINT", "SIGTERM", "SIGKILL")):
        how, reason = State.STOPPED, f"ended by {ending.asked}."
    elif not ending.begun:
        how, reason = State.FAILED, f"the interpreter ended ({name or f'exit code {code}'}) and the script did not start. Is it a Python?"
    elif name and not (name == "SIGINT" and exception):
        how = State.CRASHED
        reason = f"{name}{in_node}."
        if name == "SIGKILL":
            reason = f"killed from outside (SIGKILL){in_node}. The system does this when memory runs out."
        if ending.out_of_memory:
            reason = f"killed by the system: out of memory{in_node}."
    elif exception:
        how, reason = State.RAISED, _raised(exception)
    elif not ending.told and (ending.link or _is_over(ending)):
        how, reason = State.FINISHED, f"{ending.link or 'the program closed the link to the debugger'}{in_node}, exit code {code}."
    elif not ending.told:
        how, reason = State.FINISHED, f"the program ended itself with code {code}{in_node}, without cleaning up."
    else:
        how, reason = State.FINISHED, f"exit code {code}."
    if ending.left_behind:
        plural = "process was" if ending.left_behind == 1 else "processes were"
        reason += f" {ending.left_behind} {plural} left behind and ended."
    return {
        "how": how.value, "reason": reason, "exit_code": code, "signal": name, "exception": exception, "refused": ending.refused,
        "node": running.node if running else 0, "node_name": running.name if running else "", "run": running.run if running else 0,
        "link": ending.link,
        "out_of_memory": ending.out_of_memory,
        "hook": hook, "last_words": ending.last_words if how is State.CRASHED else "", "left_behind": ending.left_behind,
        "output": ending.output, "fault": ending.fault, "abandoned": ending.abandoned,
        "recording": ending.recording,
    }  # fmt: skip


def _is_over(ending: Ending) -> bool:
    """Whether the script came to its last line, as the pulse says: then its end was only not heard."""
    return ending.node is not None and ending.node.phase is Phase.ENDED


def _raised(exception: dict[str, Any]) -> str:
    kind, text = str(exception.get("type", "Exception")), str(exception.get("text", ""))
    first = text.splitlines()[0] if text else ""
    where = f" at {exception['file']}, line {exception['line']}" if exception.get("line") else ""
    node = f" in {exception['node_name']} (node #{exception['node']})" if exception.get("node") else ""
    return f"{kind}{': ' + first if first else ''}{where}{node}."
