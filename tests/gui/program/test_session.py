"""The window's session drives a real child process through its states, and tells of them in signals."""

from __future__ import annotations

import os
import textwrap

import pytest
from PySide6.QtCore import QCoreApplication, QElapsedTimer, QEvent, QTimer

from gradstep.engine.debug.launch import RunFolder
from gradstep.engine.debug.states import ALIVE, ENDED, Action, State
from gradstep.gui.program.session import DebugSession

TIMEOUT = 60_000  # milliseconds; only what hangs waits so long

BACKWARD = """
import torch
x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
w = torch.tensor([4.0, 5.0, 6.0], requires_grad=True)
y = x * w + x
z = y * y
print("forward")
z.backward(torch.ones(3))
print(x.grad.tolist(), w.grad.tolist())
"""


@pytest.fixture
def session(qtbot, tmp_path, monkeypatch):
    make = RunFolder.make
    monkeypatch.setattr(RunFolder, "make", lambda: make(tmp_path))
    session = DebugSession()
    yield session
    session.close()


@pytest.fixture
def script(tmp_path):
    def write(text):
        path = tmp_path / "script.py"
        path.write_text(textwrap.dedent(text))
        return str(path)

    return write


def reaches(qtbot, session, state):
    return qtbot.waitSignal(session.state_changed, timeout=TIMEOUT, check_params_cb=lambda new: new is state)


def test_a_backward_is_stepped_forwards_and_backwards_and_finished(qtbot, session, script):
    stops, printed = [], []
    session.stopped.connect(stops.append)
    session.output.connect(lambda stream, text: printed.append((stream, text)))
    with qtbot.waitSignal(session.tape_opened, timeout=TIMEOUT) as opened, reaches(qtbot, session, State.PAUSED):
        session.launch(script(BACKWARD))
    assert os.path.getsize(opened.args[0]) > 0
    for step in (session.next, session.next, session.next, session.step_back, session.step_back, session.next):
        with reaches(qtbot, session, State.PAUSED):
            step()
    assert [stop.reason for stop in stops] == ["entry"] + ["step"] * 6
    assert [stop.taken for stop in stops] == [0, 1, 2, 3, 2, 1, 2]
    assert stops[2].node == stops[4].node == stops[6].node
    with qtbot.waitSignal(session.ended, timeout=TIMEOUT) as ended:
        session.continue_()
    assert ended.args[0].how is State.FINISHED
    assert "".join(text for _, text in printed) == "forward\n[50.0, 144.0, 294.0] [10.0, 48.0, 126.0]\n"


def cut_off_once(session, monkeypatch):
    """The supervisor sends the window away the first time, as one that does not prove itself in time."""
    right, tries = session._core.connected, []

    def connected(key):
        tries.append(key)
        session._write(b"no greeting\n") if len(tries) == 1 else right(key)

    monkeypatch.setattr(session._core, "connected", connected)
    return tries


def test_a_window_that_was_sent_away_comes_again(qtbot, session, script, monkeypatch):
    tries = cut_off_once(session, monkeypatch)
    with reaches(qtbot, session, State.PAUSED):
        session.launch(script(BACKWARD))
    assert len(tries) == 2
    with qtbot.waitSignal(session.ended, timeout=TIMEOUT) as ended:
        session.continue_()
    assert ended.args[0].how is State.FINISHED


def test_the_link_of_an_earlier_program_that_ends_late_is_not_taken_for_that_of_the_next(qtbot, session, script):
    with reaches(qtbot, session, State.PAUSED):
        session.launch(script(BACKWARD))
    earlier = session._supervisor
    with qtbot.waitSignal(session.ended, timeout=TIMEOUT):
        session.kill()
    with reaches(qtbot, session, State.PAUSED):
        session.launch(script(BACKWARD))
        session._cut(earlier)


@pytest.mark.parametrize("order", ["stop", "kill"])
def test_a_program_is_ended_that_was_told_so_before_it_could_hear(qtbot, session, script, monkeypatch, order):
    cut_off_once(session, monkeypatch)
    session.launch(script(BACKWARD))
    with qtbot.waitSignal(session.ended, timeout=TIMEOUT):
        getattr(session, order)()
    assert session.state in ENDED


def test_questions_are_answered_while_the_program_is_paused(qtbot, session, script):
    with reaches(qtbot, session, State.PAUSED):
        session.launch(script(BACKWARD))
    answers = []
    assert session.request("evaluate", answers.append, expression="z.shape")
    assert session.request("value", answers.append, expression="w", index=[[1, 3]])
    assert session.request("evaluate", answers.append, expression="nothing")
    qtbot.waitUntil(lambda: len(answers) == 3, timeout=TIMEOUT)
    assert answers[0].body["runs_in"] == "your program"
    assert answers[1].body["slice_shape"] == [2]
    assert answers[2].message == "NameError: name 'nothing' is not defined"


def test_an_order_that_is_refused_is_noticed_and_changes_nothing(qtbot, session, script):
    with reaches(qtbot, session, State.PAUSED):
        session.launch(script(BACKWARD))
    with qtbot.waitSignal(session.noticed, timeout=TIMEOUT) as noticed:
        session.step_back()
    assert "nothing to step back to" in noticed.args[0]
    assert session.state is State.PAUSED


def test_an_order_that_comes_too_late_is_nothing(session):
    for order in (session.next, session.step_back, session.continue_, session.pause, session.stop, session.kill, session.restart):
        order()
    assert session.state is State.IDLE
    assert not session.request("evaluate", pytest.fail, expression="1")


def test_an_exception_ends_in_raised_with_its_line(qtbot, session, script):
    with qtbot.waitSignal(session.ended, timeout=TIMEOUT) as ended:
        session.launch(script("x = 1\nraise ValueError('no good')\n"))
    assert session.state is State.RAISED
    assert (ended.args[0].exception["type"], ended.args[0].exception["line"]) == ("ValueError", 2)


def test_a_crash_ends_in_crashed(qtbot, session, script):
    with reaches(qtbot, session, State.CRASHED):
        session.launch(script("import ctypes; ctypes.string_at(0)"))
    assert session.outcome.signal == "SIGSEGV"


def test_an_endless_loop_is_stopped(qtbot, session, script):
    with qtbot.waitSignal(session.output, timeout=TIMEOUT):
        session.launch(script("print('up')\nwhile True: pass"))
    with reaches(qtbot, session, State.STOPPED):
        session.stop()


def test_a_running_program_pauses_where_it_is_and_goes_on(qtbot, session, script):
    with qtbot.waitSignal(session.output, timeout=TIMEOUT):
        session.launch(script("going = True\nprint('up')\nwhile going:\n    pass\n"))
    with qtbot.waitSignal(session.stopped, timeout=TIMEOUT) as stopped:
        session.pause()
    assert stopped.args[0].reason == "pause"
    assert stopped.args[0].where["line"] in (3, 4)
    with reaches(qtbot, session, State.RUNNING_FORWARD):
        session.continue_()
    with reaches(qtbot, session, State.STOPPED):
        session.stop()


def test_a_syntax_error_fails_before_anything_runs(qtbot, session, script):
    with qtbot.waitSignal(session.failed, timeout=TIMEOUT) as failed:
        session.launch(script("if True print()"))
    assert "line 1 is not valid Python" in failed.args[0]
    assert session.state is State.FAILED


def test_a_missing_interpreter_is_named(qtbot, session, script, tmp_path):
    with qtbot.waitSignal(session.failed, timeout=TIMEOUT) as failed:
        session.launch(script("print(1)"), python=str(tmp_path / "no-python"))
    assert "no-python cannot be started" in failed.args[0]


def test_restart_ends_the_program_and_starts_it_again(qtbot, session, script):
    with reaches(qtbot, session, State.PAUSED):
        session.launch(script(BACKWARD))
    first = session.pid
    with reaches(qtbot, session, State.PAUSED):
        session.restart()
    assert session.pid != first


def test_closing_leaves_no_process(qtbot, session, script):
    with reaches(qtbot, session, State.PAUSED):
        session.launch(script(BACKWARD))
    pid = session.pid
    session.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_flood_of_output_does_not_hold_up_the_window(qtbot, session, script):
    clock, longest, timer = QElapsedTimer(), [0], QTimer()
    timer.timeout.connect(lambda: longest.append(clock.restart()))
    clock.start()
    timer.start(5)
    with qtbot.waitSignal(session.ended, timeout=TIMEOUT):
        session.launch(script("import os\npiece = b'x' * 65535 + b'\\n'\nfor _ in range(3000): os.write(1, piece)"))
    assert session.outcome.output["stdout"]["bytes"] == 3000 * 65536
    assert max(longest) < 1000  # milliseconds; some dozens on a quiet machine


def test_what_can_be_done_follows_the_state(qtbot, session, script):
    assert session.allows(Action.LAUNCH)
    seen = []
    session.state_changed.connect(lambda state: seen.append((state, session.allows(Action.NEXT))))
    with reaches(qtbot, session, State.PAUSED):
        session.launch(script(BACKWARD))
    assert all(allowed is (state is State.PAUSED) for state, allowed in seen)
    assert session.state in ALIVE


def test_closing_after_the_end_touches_nothing_that_is_deleted(qtbot, session, script):
    with qtbot.waitSignal(session.ended, timeout=TIMEOUT):
        session.launch(script("print(1)"))
    qtbot.waitUntil(lambda: not session._supervisors, timeout=TIMEOUT)
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    session.close()
    session.close()


def test_restart_takes_over_what_shall_be_other_than_the_last_time(qtbot, session, script):
    with reaches(qtbot, session, State.PAUSED):
        session.launch(script(BACKWARD))
    with reaches(qtbot, session, State.FINISHED):
        session.restart(stop_on_entry=False)


def test_a_program_whose_link_broke_does_not_outlive_the_next_one(qtbot, session, script):
    with reaches(qtbot, session, State.PAUSED):
        session.launch(script(BACKWARD))
    left, pid = session._supervisor, session.pid
    left._end("no link to the supervisor")  # as when the socket reports an error
    assert session.state in ENDED
    with reaches(qtbot, session, State.PAUSED):
        session.launch(script(BACKWARD))
    qtbot.waitUntil(lambda: left not in session._supervisors, timeout=TIMEOUT)
    assert not os.path.exists(f"/proc/{pid}")
