"""Faults 14 to 16: memory runs out, by the user's limit, by the system's, and on the GPU."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from gradstep.engine.debug.session import Session
from gradstep.engine.debug.states import State

from .catalogue import API, CLI, WINDOW, fault
from .evidence import sound
from .scripts import HEAD
from .shortages import group, inside

MIB = 1 << 20
LIMIT = 400 * MIB
GROWING = (
    HEAD
    + """
(x * x).sum().backward()
held = []
while len(held) < 60:
    held.append(bytearray(10 << 20))
print("done", len(held), flush=True)
"""
)
ENDLESS = GROWING.replace("len(held) < 60", "True")
SHORT = """
import torch
class Layer(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * 2
    @staticmethod
    def backward(ctx, g):
        raise torch.cuda.OutOfMemoryError(
            "CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 8.00 GiB of which 1.10 GiB is free.")
weight = torch.ones(300, 1000, requires_grad=True)
hidden = weight.exp()
loss = Layer.apply(hidden).sum()
loss.backward()
"""
SAID = "torch.*OutOfMemoryError: CUDA out of memory|.*OutOfMemoryError: CUDA out of memory"


def resident(pid: int) -> int:
    """Bytes of memory of a process."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@fault(14, API)
def test_a_program_is_frozen_at_its_limit_and_can_go_on(start, session, figure) -> None:
    start(GROWING, memory_limit=LIMIT)
    session.wait_for(State.FROZEN)
    over = resident(session.pid) - LIMIT
    figure(f"{over / MIB:.0f} MiB beyond the limit")
    assert over <= 128 * MIB
    tape = sound(session.tape)
    assert len(tape.runs) == 1
    tape.close()
    session.send("raiseLimit", lift=True)
    assert session.wait_until_ended().how is State.FINISHED
    assert session.printed["stdout"] == "done 60\n"


@fault(14, CLI)
def test_record_ends_at_its_limit_of_memory_with_a_tape(gradstep, said) -> None:
    said.expect("gradstep: the script has reached a limit", "gradstep: recorded ")
    ran = gradstep.record(ENDLESS, options=["--limit-mem", "400M"])
    assert (ran.code, ran.out) == (75, b"")
    assert said.count("your limit is 400 MiB") == 1
    assert len(ran.sound()["runs"]) == 1


@fault(14, WINDOW)
def test_the_bar_of_a_frozen_program_offers_three_choices(person, figure, said) -> None:
    said.expect_exception("KeyboardInterrupt")
    person.let_run(GROWING, {"memory_limit": LIMIT})
    person.until(lambda: person.state is State.FROZEN)
    assert "your limit is 400 MiB" in person.bar
    assert "still exists and can go on" in person.bar
    assert person.answers == ["Continue to 600 MiB", "Go On Without a Limit", "Largest Tensors", "Save Tape and Stop", "Stop"]
    figure(f"{(resident(person.window.session.pid) - LIMIT) / MIB:.0f} MiB beyond the limit")
    person.answer("Largest Tensors")
    assert person.window.panels.find.isVisible() or person.bar
    person.answer("Continue to 600 MiB")
    person.until(lambda: person.state is State.FROZEN and "600 MiB" in person.bar)
    kept = person.folder / "kept.gst"
    person.window.files.ask_place = lambda stem: str(kept)
    person.answer("Save Tape and Stop")
    person.until(kept.exists)
    assert person.state is State.STOPPED
    tape = sound(kept)
    assert (tape.complete, len(tape.runs)) == (True, 1)
    tape.close()


@pytest.fixture
def small():
    """A control group of 700 MiB."""
    with group("memory", memory=700 * MIB) as folder:
        yield folder


@fault(15, API)
def test_a_kill_for_want_of_memory_is_told_apart_from_one_from_outside(start, session: Session, small) -> None:
    with inside(small):
        start(ENDLESS)
        outcome = session.wait_until_ended()
    session.close()
    assert (outcome.how, outcome.exit_code) == (State.CRASHED, 137)
    assert "killed by the system: out of memory" in outcome.reason
    tape = sound(session.tape)
    assert len(tape.runs) == 1
    tape.close()


@fault(15, CLI)
def test_record_says_that_memory_ran_out(gradstep, said, small) -> None:
    said.expect("gradstep: the script crashed: killed by the system: out of memory", "gradstep: recorded ")
    with inside(small):
        ran = gradstep.record(ENDLESS)
    assert ran.code == 137
    assert said.count("out of memory") == 1
    assert len(ran.sound()["runs"]) == 1


@fault(15, WINDOW)
def test_the_bar_says_that_the_system_killed_for_memory(person, small) -> None:
    person.window.opening.stop_on_entry = False
    with inside(small):
        person.begin(person.script(ENDLESS))
        person.end()
    assert person.state is State.CRASHED
    assert "was killed by the system: out of memory" in person.bar


@fault(16, API)
def test_the_program_stands_at_the_node_that_ran_short(start, session, said) -> None:
    said.expect_exception(SAID)
    start(SHORT, breakpoints=({"id": 1, "kind": "exception", "target": ""},))
    session.wait_for(State.PAUSED)
    assert (session.stop.reason, session.stop.name) == ("exception", "LayerBackward")
    session.send("continue")
    outcome = session.wait_until_ended()
    assert (outcome.how, outcome.exit_code) == (State.RAISED, 1)
    assert outcome.exception["type"] == "OutOfMemoryError"
    assert outcome.exception["node_name"] == "LayerBackward"
    sound(session.tape).close()


@fault(16, CLI)
def test_explain_lists_the_largest_saved_tensors(gradstep, said) -> None:
    said.expect_exception(SAID)
    said.expect("gradstep: recorded ")
    ran = gradstep.record(SHORT)
    assert ran.code == 1
    assert "CUDA out of memory" in ran.err
    facts = ran.sound()
    assert re.search("OutOfMemoryError: CUDA out of memory", str(facts["end"]))


@fault(16, WINDOW)
def test_the_bar_names_the_node_and_what_was_asked_for(person, said) -> None:
    said.expect_exception(SAID)
    person.run(SHORT)
    assert person.state is State.RAISED
    assert "CUDA out of memory in LayerBackward" in person.bar
    assert "2.00 GiB" in person.bar
    assert "Largest: weight" in person.bar or "hidden" in person.bar
