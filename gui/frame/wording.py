"""What the window says when a run ended, failed, or has nothing to show: what happened, where, what to do."""

from __future__ import annotations

from pathlib import Path

from gradstep.engine.debug.core import Outcome
from gradstep.engine.debug.states import State
from gradstep.engine.tape.reader import Tape
from gradstep.engine.tape.schema import NodeExit
from gradstep.engine.tape.wire import EVENT_CODES

from ..models.alerts import Alert
from ..models.unreached import unreached
from ..translation import translate


def _tr(text: str) -> str:
    return translate("Wording", text)


def outcome_text(outcome: Outcome, script: str, tape: Tape | None) -> str:
    """How the program ended, in a sentence or two; "" where there is nothing to say (it finished and backward ran)."""
    name = Path(script).name
    steps = _steps(tape)
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
        return words.format(outcome.signal, outcome.node, outcome.node_name, _saved(steps))
    if outcome.how is State.FAILED:
        return outcome.reason
    if outcome.how is State.STOPPED:
        return translate("Wording", "{0} was stopped. %n backward step(s) (is|are) recorded.", steps).format(name)
    if tape is not None and not tape.runs:
        roots = len({out.tensor for op in tape.ops.values() for out, grad in zip(op.outs, op.grads, strict=False) if grad is not None})
        if roots:
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


def step_text(done: int, of: int) -> str:
    """How far a backward pass is."""
    return _tr("step {0} of {1}").format(done, of)


def run_text(number: int, of: int) -> str:
    """Which backward pass it is, to stand after ``step_text``."""
    return _tr(", backward {0} of {1}").format(number, of)


def past_text(place: str) -> str:
    """A place in the past."""
    return _tr("PAST: {0}").format(place)


def alert_text(alert: Alert, count: int) -> str:
    """The first finding, and how many there are."""
    place = _tr("{0}:{1}: ").format(Path(alert.frame.file).name, alert.frame.line) if alert.frame is not None else ""
    text = f"{place}{alert.text.rstrip('.')}."
    return translate("Wording", "{0} %n finding(s) in all.", count).format(text) if count > 1 else text


def _saved(steps: int) -> str:
    return translate("Wording", "%n backward step(s) before it (is|are) saved.", steps)


def _steps(tape: Tape | None) -> int:
    if tape is None:
        return 0
    return int((tape.events.words_from(0)[:, 0] & 0xFF == EVENT_CODES[NodeExit]).sum())


def size_text(size: int) -> str:
    """Bytes as people read them."""
    value = float(size)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if value < 1024 or unit == "GiB":
            return f"{value:.0f} {unit}" if unit == "B" or value >= 100 else f"{value:.1f} {unit}"
        value /= 1024
    return ""
