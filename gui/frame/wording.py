"""What the window says when a run ended, failed, or has nothing to show: what happened, where, what to do."""

from __future__ import annotations

import re
from pathlib import Path

from gradstep.engine.debug.core import Outcome
from gradstep.engine.debug.states import State
from gradstep.engine.tape.ending import ending
from gradstep.engine.tape.reader import Tape
from gradstep.engine.tape.schema import Hook, HookCalled, NodeExit, RunEnd
from gradstep.engine.tape.visible import visible
from gradstep.engine.tape.wire import EVENT_CODES

from ..models.alerts import Alert
from ..models.largest import largest
from ..models.unreached import unreached
from ..translation import translate

LOOK_BACK = 64  # events at the end of a tape: passes within each other that a hook has ended
_REFUSED = re.compile(r"^hook '.*' has (changed|returned)|^expected \w+, but hook returned '|hooks should return None")


def _tr(text: str) -> str:
    return translate("Wording", text)


def outcome_text(outcome: Outcome, script: str, tape: Tape | None) -> str:
    """How the program ended, in a sentence or two; "" where there is nothing to say (it finished and backward ran)."""
    text = _end_text(outcome, script, tape)
    if outcome.left_behind and outcome.how is not State.STOPPED:
        left = translate("Wording", "%n process(es) that it had left behind (was|were) ended.", outcome.left_behind)
        text = f"{text or _tr('{0} finished.').format(Path(script).name)} {left}"
    if outcome.recording:
        words = _tr("{0} Its recording had ended before: {1}.")
        text = words.format(text or _tr("{0} finished.").format(Path(script).name), outcome.recording.rstrip("."))
    return text


def _end_text(outcome: Outcome, script: str, tape: Tape | None) -> str:
    name = Path(script).name
    steps = _steps(tape)
    if outcome.how is State.RAISED and tape is not None and (said := _cause(outcome, tape)):
        return said
    if outcome.how is State.RAISED:
        raised = outcome.exception
        what = f"{raised.get('type', '')}: {raised.get('text', '')}".strip(": ") or outcome.reason
        words = _tr("{0} stopped at line {1}: {2}. {3} before it.") if raised.get("line") else _tr("{0} stopped: {2}. {3} before it.")
        return words.format(
            name, raised.get("line"), what.rstrip("."), translate("Wording", "%n backward step(s) (was|were) recorded", steps)
        )
    if outcome.how is State.CRASHED and not outcome.signal:
        return _tr("The process is gone: {0}. {1}").format(outcome.reason.strip(" ."), _saved(steps))
    if outcome.how is State.CRASHED:
        words = _tr("The process ended with {0}. {3}")
        if outcome.node:
            words = _tr("The process ended with {0} while running node #{1} {2} (started, not finished). {3}")
        if outcome.out_of_memory:
            words = _tr("{4} was killed by the system: out of memory. {3}")
        elif outcome.signal == "SIGKILL":
            words = _tr("{4} was killed (SIGKILL) from outside. The system does this when memory runs out. {3}")
            if outcome.node:
                words = _tr(
                    "{4} was killed (SIGKILL) from outside while running node #{1} {2}. The system does this when memory runs out. {3}"
                )
        text = words.format(outcome.signal, outcome.node, outcome.node_name, _saved(steps), name)
        return f"{text} {_tr('It printed last: {0}').format(outcome.last_words)}" if outcome.last_words else text
    if outcome.how is State.FAILED:
        return outcome.reason
    if outcome.how is State.STOPPED:
        return translate("Wording", "{0} was stopped. %n backward step(s) (is|are) recorded.", steps).format(name)
    if outcome.how is State.FINISHED and outcome.link:
        words = _tr("{0}: {1}. It was not followed any further, and ended with exit code {2}. {3}")
        return words.format(name, outcome.link, outcome.exit_code, _saved(steps))
    if outcome.how is State.FINISHED and (outcome.hook or outcome.node):
        words = _tr("{0} ended itself with code {1} in node #{3} {4}. {5}")
        if outcome.hook:
            words = _tr("{0} ended itself with code {1} inside the hook {2}. {5}")
        return words.format(name, outcome.exit_code, outcome.hook, outcome.node, outcome.node_name, _saved(steps))
    if tape is not None and not tape.runs:
        if tape.nodes:
            words = translate(
                "Wording", "{0} finished. %n forward operation(s) built a graph, but backward() was never called.", len(tape.ops)
            )
            return words.format(name)
        if tape.ops:
            return _tr("{0} finished. No tensor had requires_grad=True: there is no graph to step through.").format(name)
        return _tr("{0} finished without a tensor operation.").format(name)
    if outcome.exit_code:
        return _tr("{0} ended with exit code {1}.").format(name, outcome.exit_code)
    missed = unreached(tape) if tape is not None else []
    if missed:
        listed = ", ".join(missed[:4])
        if len(missed) > 4:
            listed = translate("Wording", "{0} and %n more", len(missed) - 4).format(listed)
        return _tr(
            "{0} finished. Took part in the forward and got no gradient: {1}. The forward graph shows where their path ends."
        ).format(name, listed)
    return ""


def _cause(outcome: Outcome, tape: Tape) -> str:
    """What raised, where the tape knows more of it than the exception: memory, a hook, a second backward; "" where it does not."""
    raised = outcome.exception
    kind, text = str(raised.get("type", "")), str(raised.get("text", ""))
    if kind == "OutOfMemoryError":
        first, _, rest = text.partition(". ")
        where = str(raised.get("node_name") or _tr("line {0}").format(raised.get("line")))
        held = ", ".join(f"{words} ({size_text(size)})" for words, size in largest(tape))
        return _tr("{0} in {1}: {2} Largest: {3}.").format(first.rstrip("."), where, rest.splitlines()[0] if rest else "", held)
    if (failed := _failed_hook(tape, text)) is not None:
        hook, run, refused = failed
        line = _tr(" (line {0})").format(hook.at.line) if hook.at is not None else ""
        words = _tr("Hook {0}{1} raised {2}: {3} during backward {4}; later hooks did not run.")
        if refused:
            words = _tr("What hook {0}{1} returned was not taken, {2}: {3} during backward {4}; later hooks did not run.")
        return words.format(hook.function, line, kind, text.splitlines()[0].rstrip(".") if text else "", run)
    runs = list(tape.runs.values())
    if "through the graph a second time" in text and runs:
        before = next((run for run in reversed(runs[:-1]) if run.needed & runs[-1].needed), None)
        if before is not None and before.stack and runs[-1].stack:
            words = _tr(
                "Second backward through the same graph (line {0}): its saved tensors were freed by the first (line {1}). "
                "retain_graph=True keeps them."
            )
            return words.format(runs[-1].stack[0].line, before.stack[0].line)
    return ""


def _failed_hook(tape: Tape, text: str) -> tuple[Hook, int, bool] | None:
    """The hook that ended the last pass, that pass's number, and whether it returned what does not fit (or raised); None where none did."""
    for i in range(len(tape.events) - 1, max(-1, len(tape.events) - LOOK_BACK), -1):
        event = tape.events[i]
        if isinstance(event, HookCalled):
            refused = _REFUSED.search(text) is not None
            if (event.after and not refused) or event.run is None or event.run not in tape.runs:
                return None
            return tape.hooks[event.hook], list(tape.runs).index(event.run), refused
        if not (isinstance(event, RunEnd) and event.error):
            return None
    return None


def unfinished_text(tape: Tape) -> str:
    """Of a recorded tape without an end: how far it goes, and why it goes no further."""
    why = visible(ending(tape)["sentence"]).rstrip(".") or _tr("it was not ended")
    return _tr("The recording {0} is not complete: {1}. What is there is shown.").format(visible(Path(tape.path).name), why)


def repaired_text(tape: Tape) -> str:
    """Of a repaired copy: what is not in it; "" of any other tape."""
    said = next((visible(note.text) for note in tape.notes if note.kind == "repaired"), "")
    return _tr("{0} is a repaired copy: {1}.").format(visible(Path(tape.path).name), said.rstrip(".")) if said else ""


def step_text(done: int, of: int) -> str:
    """How far a backward pass is."""
    return _tr("step {0} of {1}").format(done, of)


def run_text(number: int, of: int) -> str:
    """Which backward pass it is, by the name that it has in the events, to stand after ``step_text``; and how many there are."""
    return translate("Wording", ", backward {0} (%n pass(|es))", of).format(number)


def past_text(place: str) -> str:
    """A place in the past."""
    return _tr("PAST: {0}").format(place)


def alert_text(alert: Alert, count: int) -> str:
    """The first finding, and how many there are."""
    place = _tr("{0}:{1}: ").format(Path(alert.frame.file).name, alert.frame.line) if alert.frame is not None else ""
    text = f"{place}{alert.text.rstrip('.')}."
    return translate("Wording", "{0} %n finding(s) in all.", count).format(text) if count > 1 else text


def _saved(steps: int) -> str:
    return translate("Wording", "%n backward step(s) before that (is|are) saved.", steps)


def _steps(tape: Tape | None) -> int:
    if tape is None:
        return 0
    return int((tape.events.codes == EVENT_CODES[NodeExit]).sum())


def size_text(size: int) -> str:
    """Bytes as people read them."""
    value = float(size)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if value < 1024 or unit == "GiB":
            return f"{value:.0f} {unit}" if unit == "B" or value >= 100 else f"{value:.1f} {unit}"
        value /= 1024
    return ""
