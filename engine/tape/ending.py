"""How a recording ended, as far as its tape knows."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from .schema import NodeEnter, NodeExit

if TYPE_CHECKING:
    from .reader import Tape

# What became of the script, and of its recording.
FINISHED, RAISED, CRASHED, STOPPED, CUT, RECORDING, UNKNOWN = (
    "finished", "raised", "crashed", "stopped", "recording stopped", "recording", "unknown",
)  # fmt: skip


def json_of(text: str) -> Any:
    """JSON from a stranger; the text itself where it is none."""
    try:
        return json.loads(text) if text else None
    except (ValueError, RecursionError):
        return text


def begin_of(tape: Tape) -> dict[str, Any]:
    """What the tape says of the program at its beginning."""
    facts = json_of(next((note.text for note in tape.notes if note.kind == "begin"), ""))
    return facts if isinstance(facts, dict) else {}


def ending(tape: Tape) -> dict[str, Any]:
    """``how`` it ended, in a ``sentence``, with ``exit_code``, ``signal`` and the ``node`` that ran, where they are known (else None,
    "" and 0).

    ``how``: finished (to its last line, or by ``sys.exit``), raised (an exception), crashed (a signal), stopped (the user asked, or a
    limit was reached), recording stopped (and the script went on), recording (still), unknown (nobody was left to say it)."""
    facts: dict[str, Any] = {"how": UNKNOWN, "sentence": "", "exit_code": None, "signal": "", "node": 0}
    told = json_of(tape.ended)
    if isinstance(told, dict):
        if told.get("how") == "stopped" and "exit_code" not in told:
            return facts | {"how": CUT, "sentence": f"recording stopped: {told.get('reason', '')}; the script went on"}
        for name, kind in (("how", str), ("signal", str), ("node", int), ("exit_code", int)):
            if isinstance(told.get(name), kind):
                facts[name] = told[name]
        return facts | {"sentence": str(told.get("reason", ""))}
    stopped = [note.text for note in tape.notes if note.kind == "stopped"]
    if stopped:
        return facts | {"how": CUT, "sentence": f"recording stopped: {stopped[-1]}; the script went on"}
    words = [note.text for note in tape.notes if note.kind == "end"]
    if words:
        facts |= _last_words(words[-1])
        if not tape.complete and not tape.growing:  # the script had ended, its recording had not
            facts["sentence"] += "; the tape's last record is missing"
        return facts
    if tape.complete:
        return facts | {"how": FINISHED, "sentence": "the recording was ended"}
    if tape.growing:
        return facts | {"how": RECORDING, "sentence": "still recording"}
    node, name = _running(tape)
    where = f" while {name} (node #{node}) ran" if node else ""
    return facts | {"sentence": f"it breaks off{where}: the process was killed, and nobody was left to say how", "node": node}


def _last_words(text: str) -> dict[str, Any]:
    """The note at the end holds a sentence, or JSON of the exception that ended the script (null: none did)."""
    facts = json_of(text)
    if facts is None:
        return {"how": FINISHED, "sentence": "the script ran to its end"}
    if isinstance(facts, dict):
        line = f" ({facts['file']}:{facts['line']})" if facts.get("file") and facts.get("line") else ""
        how = FINISHED if facts.get("type") == "SystemExit" else RAISED
        return {"how": how, "sentence": f"{facts.get('type', 'exception')}: {facts.get('text', '')}{line}"}
    return {"how": RAISED, "sentence": text}


def _running(tape: Tape) -> tuple[int, str]:
    """The node that was entered last and never left; 0 where there is none."""
    for i in range(len(tape.events) - 1, max(-1, len(tape.events) - 10_000), -1):
        event = tape.events[i]
        if isinstance(event, NodeExit):
            break
        if isinstance(event, NodeEnter):
            return event.node, tape.nodes[event.node].name
    return 0, ""
