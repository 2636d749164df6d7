"""Faults 1 to 4: the program dies in the middle of a step, and names the step."""

from __future__ import annotations

import os
import signal

from gradstep.engine.debug.states import State

from .catalogue import API, CLI, WINDOW, fault
from .command import read_until
from .evidence import entered, sound
from .scripts import HEAD, in_backward

BEFORE = ["SumBackward0", "ExpBackward0", "MulBackward0", "BrokenBackward"]
SEGFAULT = in_backward("ctypes.string_at(0)")
ABORT = in_backward("print('the last words', file=sys.stderr, flush=True); os.abort()")
HANG = in_backward("print('up', flush=True)\nwhile True: time.sleep(1000)")
HOOK = (
    HEAD
    + """
import os
def leaves(g):
    os._exit(3)
y = x * 2
y.register_hook(leaves)
y.sum().backward()
"""
)


@fault(1, API)
def test_a_segfault_names_the_node_that_ran(start) -> None:
    session = start(SEGFAULT)
    outcome = session.wait_until_ended()
    assert (outcome.how, outcome.signal, outcome.exit_code) == (State.CRASHED, "SIGSEGV", 139)
    assert outcome.node_name == "BrokenBackward"
    assert "in backward" in outcome.fault
    tape = sound(session.tape)
    assert entered(tape) == BEFORE
    assert tape.nodes[outcome.node].name == "BrokenBackward"
    assert not tape.complete
    tape.close()


@fault(1, CLI)
def test_record_returns_139_and_keeps_what_was(gradstep, said) -> None:
    said.expect(r"gradstep: the script crashed: SIGSEGV in BrokenBackward \(node #\d+\)", "gradstep: recorded ")
    ran = gradstep.record(SEGFAULT)
    assert (ran.code, ran.out) == (139, b"before\n")
    assert said.count("SIGSEGV in BrokenBackward") == 1
    facts = ran.sound()
    assert facts["events_by_kind"]["NodeEnter"] == 4
    assert facts["complete"] is False


@fault(1, WINDOW)
def test_the_bar_names_the_signal_and_the_node(person) -> None:
    person.run(SEGFAULT)
    assert person.state is State.CRASHED
    assert "SIGSEGV while running node #" in person.bar
    assert "BrokenBackward (started, not finished). 3 backward steps before that are saved." in person.bar
    assert person.answers == ["Go To Node", "Restart"]


@fault(2, API)
def test_an_abort_is_told_with_what_was_printed_last(start, said) -> None:
    said.expect("the last words")
    session = start(ABORT)
    outcome = session.wait_until_ended()
    assert (outcome.how, outcome.signal, outcome.exit_code) == (State.CRASHED, "SIGABRT", 134)
    assert outcome.last_words == "the last words"
    tape = sound(session.tape)
    assert entered(tape) == BEFORE
    tape.close()


@fault(2, CLI)
def test_record_returns_134_for_an_abort(gradstep, said) -> None:
    said.expect("the last words", r"gradstep: the script crashed: SIGABRT in BrokenBackward \(node #\d+\)", "gradstep: recorded ")
    ran = gradstep.record(ABORT)
    assert ran.code == 134
    assert said.count("the last words") == 1
    assert ran.sound()["events_by_kind"]["NodeEnter"] == 4


@fault(2, WINDOW)
def test_the_bar_repeats_the_last_line_of_stderr(person, said) -> None:
    said.expect("the last words")
    person.run(ABORT)
    assert "SIGABRT" in person.bar
    assert "the last words" in person.bar


@fault(3, API)
def test_a_kill_from_outside_is_no_fault_of_the_program(start) -> None:
    session = start(HANG)
    session.wait_for(lambda session: "up" in session.printed.get("stdout", ""))
    os.kill(session.pid, signal.SIGKILL)
    outcome = session.wait_until_ended()
    assert (outcome.how, outcome.signal, outcome.exit_code) == (State.CRASHED, "SIGKILL", 137)
    assert "killed from outside (SIGKILL)" in outcome.reason
    assert "memory" in outcome.reason
    tape = sound(session.tape)
    assert entered(tape) == BEFORE
    tape.close()


@fault(3, API)
def test_a_supervisor_that_is_killed_takes_the_program_along_and_the_tape_stays(start, said) -> None:
    session = start(HANG)
    session.wait_for(lambda session: "up" in session.printed.get("stdout", ""))
    session._supervisor.kill()
    outcome = session.wait_until_ended()
    assert outcome.how is State.CRASHED
    assert "supervisor" in outcome.reason
    tape = sound(session.folder.tape)
    assert entered(tape) == BEFORE
    tape.close()


@fault(3, CLI)
def test_record_returns_137_for_a_kill(gradstep, said) -> None:
    said.expect(r"gradstep: the script crashed: killed from outside \(SIGKILL\)", "gradstep: recorded ")
    process = gradstep.start("record", "-o", gradstep.folder / "run.gst", gradstep.write(HANG.replace("'up'", "os.getpid(), 'up'")))
    pid = int(read_until(process, b"up\n").split()[-2])
    os.kill(pid, signal.SIGKILL)
    ran = gradstep.end(process)
    assert ran.code == 137
    assert ran.sound()["events_by_kind"]["NodeEnter"] == 4


@fault(3, CLI)
def test_a_recording_command_that_is_killed_leaves_no_process_and_a_sound_tape(gradstep, said) -> None:
    said.expect_exception("KeyboardInterrupt")  # its supervisor ends the script as Ctrl+C would
    process = gradstep.start("record", "-o", gradstep.folder / "run.gst", gradstep.write(HANG))
    read_until(process, b"up\n")
    process.kill()
    ran = gradstep.end(process)
    assert ran.code == -signal.SIGKILL
    assert ran.sound()["events_by_kind"]["NodeEnter"] == 4


@fault(3, WINDOW)
def test_the_bar_says_who_kills_like_that(person) -> None:
    person.window.open_file(person.script(HANG))
    person.until(lambda: person.state is State.PAUSED)
    person.press("continue")
    person.until(lambda: "up" in person.printed)
    os.kill(person.window.session.pid, signal.SIGKILL)
    person.end()
    assert person.state is State.CRASHED
    assert "was killed (SIGKILL)" in person.bar
    assert "memory" in person.bar


@fault(4, API)
def test_a_program_that_leaves_inside_a_hook_is_told_with_the_hook(start) -> None:
    session = start(HOOK)
    outcome = session.wait_until_ended()
    assert (outcome.how, outcome.exit_code) == (State.FINISHED, 3)
    assert "ended itself with code 3 inside the hook leaves" in outcome.reason
    assert outcome.hook == "leaves"
    tape = sound(session.tape)
    assert entered(tape)[:1] == ["SumBackward0"]
    tape.close()


@fault(4, CLI)
def test_record_returns_3_and_names_the_hook(gradstep, said) -> None:
    said.expect("gradstep: the program ended itself with code 3 inside the hook leaves", "gradstep: recorded ")
    ran = gradstep.record(HOOK)
    assert ran.code == 3
    assert said.count("inside the hook leaves") == 1
    assert ran.sound()["complete"] is False


@fault(4, WINDOW)
def test_the_bar_names_the_hook_in_which_the_program_left(person) -> None:
    person.run(HOOK)
    assert person.state is State.FINISHED
    assert "ended itself with code 3 inside the hook leaves" in person.bar
