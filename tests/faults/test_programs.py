"""Faults 25 and 27 to 30: what scripts do to their process and to autograd."""

from __future__ import annotations

from gradstep.engine.debug.states import State
from gradstep.engine.tape.schema import HookCalled, NodeEnter, RunBegin, RunEnd

from .catalogue import API, CLI, WINDOW, fault
from .evidence import sound
from .scripts import HEAD

WANDERS = (
    HEAD
    + """
import os, sys
(x * 1).sum().backward()
sys.path.clear()
os.chdir("/")
os.closerange(3, 1025)
mine = [open("/dev/null") for _ in range(40)]
sys.stdout = open(os.devnull, "w")
sys.settrace(lambda *arguments: None)
original = torch.autograd.backward
torch.autograd.backward = lambda *words, **named: original(*words, **named)
for _ in range(20):
    (x * 2).sum().backward()
os.write(1, str(x.grad.tolist()).encode())
"""
)
CLOSES_ALL = (
    HEAD
    + """
import os
(x * 2).sum().backward()
os.closerange(3, 6000)
mine = [os.open("/dev/null", os.O_WRONLY) for _ in range(40)]
(x * 2).sum().backward()
print(x.grad.tolist(), flush=True)
"""
)
NO_BACKWARD = HEAD + "y = (x * 2).sum()\nz = y.exp()\nprint('end', flush=True)\n"
NO_GRAD = "import torch\ny = (torch.ones(3) * 2).sum()\nprint('end', flush=True)\n"
TWICE = HEAD + "y = (x * x).sum()\ny.backward()\nprint('once', flush=True)\ny.backward()\n"
TWICE_SAID = "RuntimeError: Trying to backward through the graph a second time"
HOOKS = (
    HEAD
    + """
import sys, time
calls = []
def first(g):
    calls.append("first")
def raises(g):
    raise TypeError("no good")
def wrong(g):
    return g[:2]
def nan(g):
    return g * float("nan")
def sleeps(g):
    print("asleep", flush=True)
    time.sleep(60)
y = x * 2
y.register_hook(first)
y.register_hook(globals()[sys.argv[1]])
z = (y * 3).sum()
try:
    z.backward()
finally:
    print(calls, x.grad, flush=True)
"""
)
NESTED = (
    HEAD
    + """
import threading
from torch.utils.checkpoint import checkpoint
def part(v):
    return (v * 2).exp()
checkpoint(part, x, use_reentrant=True).sum().backward()
y = (x ** 3).sum()
[g] = torch.autograd.grad(y, x, create_graph=True)
g.sum().backward()
together = threading.Barrier(8)
def work(number):
    together.wait()
    w = torch.ones(4, requires_grad=True)
    for _ in range(5):
        (w * float(number)).exp().sum().backward()
    together.wait()
threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print("end", flush=True)
"""
)


def pairs_nest(tape) -> None:
    """Every run that begins ends, within each thread in reverse order."""
    open_runs: dict[int, list[int]] = {}
    for event in tape.events:
        if isinstance(event, RunBegin):
            open_runs.setdefault(event.thread, []).append(event.run)
        elif isinstance(event, RunEnd):
            assert open_runs[event.thread].pop() == event.run
    assert not any(open_runs.values())


# --------------------------------------------------------------------------------------------- 25: it changes its process


@fault(25, API)
def test_a_script_that_changes_everything_is_recorded_on(start) -> None:
    session = start(WANDERS)
    outcome = session.wait_until_ended()
    assert outcome.how is State.FINISHED
    assert session.printed["stdout"] == "[41.0, 41.0, 41.0]"
    tape = sound(session.tape)
    assert len(tape.runs) == 21
    tape.close()


@fault(25, API)
def test_a_script_that_closes_every_descriptor_writes_nothing_into_its_own_files(start) -> None:
    session = start(CLOSES_ALL)
    outcome = session.wait_until_ended()
    assert outcome.how is State.FINISHED
    assert "closed the link to the debugger" in outcome.reason
    assert session.printed["stdout"] == "[4.0, 4.0, 4.0]\n"
    tape = sound(session.tape)
    assert len(tape.runs) == 2
    tape.close()


@fault(25, CLI)
def test_record_keeps_all_of_a_script_that_changes_its_process(gradstep, said) -> None:
    said.expect("gradstep: recorded ", "gradstep: the program closed the link to the debugger")
    ran = gradstep.record(WANDERS)
    assert (ran.code, ran.out) == (0, b"[41.0, 41.0, 41.0]")
    assert len(ran.sound()["runs"]) == 21
    ran = gradstep.record(CLOSES_ALL, tape=gradstep.folder / "closed.gst")
    assert (ran.code, ran.out) == (0, b"[4.0, 4.0, 4.0]\n")
    assert len(ran.sound()["runs"]) == 2


@fault(25, WINDOW)
def test_the_window_says_that_the_link_was_closed(person) -> None:
    person.let_run(CLOSES_ALL)
    person.end()
    assert person.state is State.FINISHED
    assert "closed the link to the debugger" in person.bar
    tape = person.window.model.tape
    assert tape is not None
    assert len(tape.runs) == 2


# -------------------------------------------------------------------------------------------------- 27: there is no graph


@fault(27, API)
def test_a_forward_without_a_backward_is_on_the_tape(start) -> None:
    session = start(NO_BACKWARD)
    assert session.wait_until_ended().how is State.FINISHED
    tape = sound(session.tape)
    assert [op.name for op in tape.ops.values()] == ["mul", "sum", "exp"]
    assert len(tape.runs) == 0
    tape.close()


@fault(27, CLI)
def test_inspect_counts_ops_and_no_runs(gradstep, said) -> None:
    said.expect("gradstep: recorded ")
    for script, count in ((NO_BACKWARD, 3), (NO_GRAD, 3)):
        ran = gradstep.record(script, tape=gradstep.folder / f"{len(script)}.gst")
        assert (ran.code, ran.out) == (0, b"end\n")
        facts = ran.sound()
        assert facts["complete"]
        assert (facts["ops"] > 0, facts["runs"]) == (True, []), count


@fault(27, WINDOW)
def test_the_bar_says_that_backward_was_never_called(person) -> None:
    person.run(NO_BACKWARD)
    assert "3 forward operations built a graph, but backward() was never called" in person.bar
    person.run(NO_GRAD, "other.py")
    assert "No tensor had requires_grad=True" in person.bar


# ----------------------------------------------------------------------------------------------------- 28: backward twice


@fault(28, API)
def test_both_passes_of_a_second_backward_are_on_the_tape(start, said) -> None:
    said.expect_exception(TWICE_SAID)
    said.expect(".*retain_graph")
    session = start(TWICE)
    outcome = session.wait_until_ended()
    assert (outcome.how, outcome.exit_code, outcome.exception["line"]) == (State.RAISED, 1, 7)
    assert "retain_graph=True" in outcome.exception["text"]
    tape = sound(session.tape)
    assert len(tape.runs) == 2
    tape.close()


@fault(28, CLI)
def test_record_of_a_second_backward_returns_1_and_explain_names_both_lines(gradstep, said) -> None:
    said.expect_exception(TWICE_SAID)
    said.expect("gradstep: ", ".*retain_graph", ".*backward")
    ran = gradstep.record(TWICE)
    assert (ran.code, ran.out) == (1, b"once\n")
    facts = ran.sound()
    assert [run["line"][1] for run in facts["runs"]] == [5, 7]
    assert "second time" in facts["runs"][1]["error"]
    explained = gradstep.run("explain", ran.tape)
    assert b"line 5 " in explained.out
    assert b"line 7 " in explained.out


@fault(28, WINDOW)
def test_the_bar_names_the_first_pass_too(person, said) -> None:
    said.expect_exception(TWICE_SAID)
    said.expect(".*retain_graph")
    person.run(TWICE)
    assert person.state is State.RAISED
    assert "Second backward through the same graph (line 7)" in person.bar
    assert "freed by the first (line 5)" in person.bar
    assert "Go To Line" in person.answers


# -------------------------------------------------------------------------------------------------------------- 29: hooks


def hooks_of(tape) -> list[str]:
    """The hooks that were called, in order."""
    return [tape.hooks[event.hook].function for event in tape.events.of_kind(HookCalled)]


@fault(29, API)
def test_a_hook_that_raises_or_returns_nonsense_is_named(start, said) -> None:
    said.expect_exception("TypeError: no good|RuntimeError: ")
    session = start(HOOKS, args=("raises",))
    outcome = session.wait_until_ended()
    assert (outcome.how, outcome.exception["type"], outcome.exception["function"]) == (State.RAISED, "TypeError", "raises")
    tape = sound(session.tape)
    assert hooks_of(tape) == ["first", "raises"]
    tape.close()
    session = start(HOOKS, args=("wrong",))
    outcome = session.wait_until_ended()
    assert outcome.how is State.RAISED
    assert outcome.exception["text"] == "hook 'wrong' has changed the size of value"
    tape = sound(session.tape)
    assert hooks_of(tape) == ["first", "wrong"]
    last = list(tape.events.of_kind(HookCalled))[-1]
    given, returned = (tape.tensors[value.tensor].meta.shape for value in (last.before[0], last.after[0]))
    assert [tuple(given), tuple(returned)] == [(3,), (2,)]
    tape.close()


@fault(29, API)
def test_a_hook_that_makes_nan_or_sleeps_is_on_the_tape(start, said) -> None:
    said.expect_exception("KeyboardInterrupt")
    session = start(HOOKS, args=("nan",))
    assert session.wait_until_ended().how is State.FINISHED
    tape = sound(session.tape)
    assert hooks_of(tape) == ["first", "nan"]
    tape.close()
    session = start(HOOKS, args=("sleeps",))
    session.wait_for(lambda session: "asleep" in session.printed.get("stdout", ""))
    stacks = session.ask("where").body["threads"]
    assert stacks[0]["frames"][0]["function"] == "sleeps" or any(one["frames"][0]["function"] == "sleeps" for one in stacks)
    session.send("terminate")
    assert session.wait_until_ended().how is State.STOPPED


@fault(29, CLI)
def test_record_of_a_hook_that_raises_returns_1(gradstep, said) -> None:
    said.expect_exception("TypeError: no good")
    said.expect("gradstep: recorded ")
    ran = gradstep.record(HOOKS, "raises")
    assert (ran.code, ran.out) == (1, b"['first'] None\n")
    facts = ran.sound()
    assert facts["events_by_kind"]["HookCalled"] == 2
    ran = gradstep.record(HOOKS, "nan", tape=gradstep.folder / "nan.gst")
    assert ran.code == 0
    assert ran.facts()["first_not_finite"]["nans"] > 0


@fault(29, WINDOW)
def test_the_bar_names_the_hook(person, said) -> None:
    said.expect_exception("TypeError: no good")
    person.window.opening.stop_on_entry = False
    person.window.opening.arguments = ("raises",)
    person.begin(person.script(HOOKS))
    person.end()
    assert person.state is State.RAISED
    assert "Hook raises" in person.bar
    assert "TypeError: no good" in person.bar
    assert "later hooks did not run" in person.bar


# --------------------------------------------------------------------------------------------------------- 30: many passes


@fault(30, API)
def test_nested_and_parallel_passes_do_not_mix(start) -> None:
    session = start(NESTED)
    assert session.wait_until_ended().how is State.FINISHED
    tape = sound(session.tape)
    pairs_nest(tape)
    assert sum(run.parent is not None for run in tape.runs.values()) == 1  # the checkpoint's
    by_thread = {event.run: event.thread for event in tape.events.of_kind(RunBegin)}
    assert all(by_thread[event.run] == event.thread for event in tape.events.of_kind(NodeEnter))
    assert len(set(by_thread.values())) == 9
    assert len(tape.runs) == 2 + 2 + 40
    tape.close()


@fault(30, CLI)
def test_record_keeps_parallel_passes_apart(gradstep, said) -> None:
    said.expect("gradstep: recorded ")
    ran = gradstep.record(NESTED)
    assert (ran.code, ran.out) == (0, b"end\n")
    facts = ran.sound()
    assert len(facts["runs"]) == 44
    assert all(run["ended"] for run in facts["runs"])


@fault(30, WINDOW)
def test_the_window_shows_nested_and_parallel_passes(person) -> None:
    person.let_run(NESTED)
    person.end()
    assert person.state is State.FINISHED
    tape = person.window.model.tape
    assert tape is not None
    assert len(tape.runs) == 44
    person.press("first_event")
    person.press("last_event")
    assert person.place
