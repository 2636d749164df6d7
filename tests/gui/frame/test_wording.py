from pathlib import Path

import pytest

import gradstep.engine as gs
from gradstep.engine.debug.core import Outcome
from gradstep.engine.debug.states import State
from gradstep.engine.tape.reader import Tape
from gradstep.engine.tape.recorder import Recorder, recording
from gradstep.engine.tape.schema import Frame
from gradstep.engine.tape.sinks import ListSink
from gradstep.gui.frame import wording
from gradstep.gui.models.alerts import Alert, AlertKind

SCRIPT = "/home/somebody/train.py"


def said(how: State, **fields: object) -> str:
    return wording.outcome_text(Outcome(how, "the reason.", **fields), SCRIPT, Tape.of([]))  # type: ignore[arg-type]


def test_an_exception_is_said_with_line_type_and_what_is_kept():
    text = said(State.RAISED, exception={"type": "ValueError", "text": "no good.", "line": 41})
    assert text == "train.py stopped at line 41: ValueError: no good. 0 backward steps were recorded before it."


def test_an_exception_without_text_has_no_loose_colon():
    assert said(State.RAISED, exception={"type": "KeyboardInterrupt", "text": ""}).startswith("train.py stopped: KeyboardInterrupt. ")


def test_a_crash_is_said_with_its_signal_and_node():
    text = said(State.CRASHED, signal="SIGSEGV", node=214, node_name="MulBackward0")
    assert text.startswith("The process ended with SIGSEGV while running node #214 MulBackward0 (started, not finished). ")


@pytest.mark.parametrize("returned", [lambda g: g[:2], lambda g: 5, lambda g: (g, g)])
def test_a_hook_whose_result_does_not_fit_is_not_said_to_have_raised(returned):
    def halved(g):
        return returned(g)

    x = gs.ones(3, requires_grad=True)
    x.register_hook(halved)
    recorded = ListSink()
    with recording(Recorder(recorded)), pytest.raises((RuntimeError, TypeError)) as raised:
        (x * 2).sum().backward()
    exception = {"type": raised.type.__name__, "text": str(raised.value)}
    text = wording.outcome_text(Outcome(State.RAISED, "", exception=exception), SCRIPT, Tape.of(recorded.records))
    assert text.startswith(f"What hook {halved.__qualname__}")
    assert f"returned was not taken, {raised.type.__name__}: {raised.value} during backward 0; later hooks did not run." in text


def test_a_process_that_is_gone_without_a_signal_is_said_as_a_sentence():
    assert said(State.CRASHED).startswith("The process is gone: the reason. 0 ")


def test_a_refusal_is_said_as_it_came():
    assert said(State.FAILED) == "the reason."


def test_an_exit_code_counts_only_where_there_was_nothing_better_to_say():
    assert "backward" not in said(State.FINISHED, exit_code=0).replace("without a tensor operation", "")
    assert said(State.FINISHED, exit_code=0) == "train.py finished without a tensor operation."


def test_a_finding_begins_with_its_place_and_says_how_many_there_are():
    frame = Frame(str(Path(SCRIPT)), 30, "loss")
    alert = Alert(AlertKind.BORN, 5, "SqrtBackward0", "6 NaN in the gradient.", ("node", 3), frame, None)
    assert wording.alert_text(alert, 1) == "train.py:30: 6 NaN in the gradient."
    assert wording.alert_text(alert, 4) == "train.py:30: 6 NaN in the gradient. 4 findings in all."


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (300 << 10, "300 KiB"), (5 << 20, "5.0 MiB"), (7 << 40, "7168 GiB")],
)
def test_bytes_are_said_as_people_read_them(size, text):
    assert wording.size_text(size) == text
