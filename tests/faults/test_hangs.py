"""Faults 5 to 7: the program does not go on by itself, and is brought to an end that loses nothing."""

from __future__ import annotations

import signal
import time
from typing import Any

from gradstep.engine.debug.session import Session
from gradstep.engine.debug.states import State

from .catalogue import API, CLI, WINDOW, fault
from .command import interrupt, read_until
from .evidence import entered, sound
from .scripts import HEAD, in_backward

LOOP = HEAD + "y = x * 2\nprint('up', flush=True)\nwhile True: pass\n"
DEAF = in_backward("""
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, signal.SIG_IGN)
print("up", flush=True)
ctypes.PyDLL(None).sleep(1000)
""")
DEADLOCK = in_backward("""
def other():
    with b:
        taken.wait()
        with a:
            pass
def mine():
    with a:
        taken.set()
        print("up", flush=True)
        with b:
            pass
a, b, taken = threading.Lock(), threading.Lock(), threading.Event()
threading.Thread(target=other, name="other", daemon=True).start()
mine()
""")
INTERRUPTED = "KeyboardInterrupt"


def texts(tree: Any) -> list[str]:
    """What the first column of a tree shows."""
    model = tree.model()
    heads = [model.index(row, 0) for row in range(model.rowCount())]
    return [index.data() for head in heads for index in (head, *(model.index(row, 0, head) for row in range(model.rowCount(head))))]


def is_up(session: Session) -> bool:
    return "up" in session.printed.get("stdout", "")


@fault(5, API)
def test_a_loop_without_events_is_told_and_ended_by_the_first_signal(start, said, figure) -> None:
    said.expect_exception(INTERRUPTED)
    session = start(LOOP, idle=0.5)
    session.wait_for(lambda session: is_up(session) and session.idle)
    assert session.idle.seconds >= 0.5
    began = time.monotonic()
    session.send("terminate")
    outcome = session.wait_until_ended()
    figure(f"dead {1000 * (time.monotonic() - began):.0f} ms after Stop")
    assert (outcome.how, outcome.reason) == (State.STOPPED, "ended by SIGINT.")
    tape = sound(session.tape)
    assert [op.name for op in tape.ops.values()] == ["mul"]
    tape.close()


@fault(5, CLI)
def test_ctrl_c_ends_a_recorded_loop_as_it_ends_any(gradstep, said) -> None:
    said.expect_exception(INTERRUPTED)
    said.expect("gradstep: recorded ")
    process = gradstep.start("record", "-o", gradstep.folder / "run.gst", gradstep.write(LOOP))
    read_until(process, b"up\n")
    interrupt(process)
    ran = gradstep.end(process)
    assert ran.code == 130
    assert ran.sound()["ops"] == 1


@fault(5, WINDOW)
def test_the_bar_offers_stacks_pause_and_stop(person, said) -> None:
    said.expect_exception(INTERRUPTED)
    person.window.opening.limits = {"idle": 0.5}
    file = person.script(LOOP)
    person.window.open_file(file)
    person.until(lambda: "without a new event" in person.bar)
    assert "script.py" in person.bar
    assert person.answers == ["Show Stacks", "Pause", "Stop"]
    person.answer("Show Stacks")
    person.until(lambda: person.window.panels.stack.isVisible())
    person.answer("Stop")
    person.end()
    assert person.state is State.STOPPED


@fault(6, API)
def test_deaf_native_code_is_killed_at_the_end_of_the_ladder(start, figure) -> None:
    session = start(DEAF, silence=1.0)
    session.wait_for(State.UNRESPONSIVE)
    began = time.monotonic()
    session.send("terminate")
    outcome = session.wait_until_ended()
    figure(f"dead {time.monotonic() - began:.1f} s after Stop")
    assert (outcome.how, outcome.reason) == (State.STOPPED, "ended by SIGKILL.")
    tape = sound(session.tape)
    assert entered(tape)[-1] == "BrokenBackward"
    tape.close()


@fault(6, CLI)
def test_ctrl_c_ends_deaf_native_code_too(gradstep, said) -> None:
    said.expect("gradstep: ended by SIGKILL", "gradstep: recorded ")
    process = gradstep.start("record", "-o", gradstep.folder / "run.gst", gradstep.write(DEAF))
    read_until(process, b"up\n")
    interrupt(process)
    ran = gradstep.end(process)
    assert ran.code == 128 + signal.SIGKILL
    assert ran.sound()["events_by_kind"]["NodeEnter"] == 4


@fault(6, WINDOW)
def test_the_window_counts_down_and_stays_alive(person, figure) -> None:
    person.let_run(DEAF, {"silence": 1.0})
    person.until(lambda: person.state is State.UNRESPONSIVE)
    assert "Not responding for" in person.status
    person.watch_gaps()
    person.press("stop")
    said: list[str] = []
    person.until(lambda: said.append(person.status) or person.state is State.STOPPED)  # type: ignore[func-returns-value]
    figure(f"longest gap of the window {1000 * person.gap:.0f} ms")
    assert any("SIGINT sent" in line for line in said), said
    assert any("SIGTERM sent" in line for line in said), said
    person.end()
    assert "was stopped" in person.bar


@fault(7, API)
def test_the_stacks_of_all_threads_show_who_waits_for_whom(start, said) -> None:
    said.expect_exception(INTERRUPTED)
    session = start(DEADLOCK)
    session.wait_for(is_up)
    stacks = {one["name"]: [frame["function"] for frame in one["frames"]] for one in session.ask("where").body["threads"]}
    assert any(name.endswith("mine") for name in stacks["MainThread"])
    assert any(name.endswith("other") for name in stacks["other"])
    session.send("terminate")
    session.wait_until_ended()
    tape = sound(session.tape)
    assert entered(tape)[-1] == "BrokenBackward"
    tape.close()


@fault(7, CLI)
def test_ctrl_c_shows_where_a_deadlocked_program_stood(gradstep, said) -> None:
    said.expect_exception(INTERRUPTED)
    said.expect("gradstep: recorded ")
    process = gradstep.start("record", "-o", gradstep.folder / "run.gst", gradstep.write(DEADLOCK))
    read_until(process, b"up\n")
    interrupt(process)
    ran = gradstep.end(process)
    assert ran.code == 130
    assert said.count("in mine") == 1
    assert ran.sound()["events_by_kind"]["NodeEnter"] == 4


@fault(7, WINDOW)
def test_the_window_shows_the_stacks_of_a_deadlock(person, said) -> None:
    said.expect_exception(INTERRUPTED)
    person.let_run(DEADLOCK)
    person.until(lambda: "up" in person.printed)
    person.press("show_stacks")
    tree = person.window.panels.stack._tree
    person.until(lambda: any("thread other" in text for text in texts(tree)))
    assert any(text.endswith("mine") for text in texts(tree))
    assert any(text.endswith("other") for text in texts(tree))
    person.press("stop")
    person.end()
