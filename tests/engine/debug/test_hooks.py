"""Hooks of every kind are on the tape and are steps, those on saved tensors too; they can be met, switched off and gone back over."""

from __future__ import annotations

import ast
import math
from pathlib import Path

import pytest

from gradstep.engine.debug.breakpoints import BreakKind, BreakpointTable
from gradstep.engine.debug.replay import replayed
from gradstep.engine.debug.states import State
from gradstep.engine.tape.check import check
from gradstep.engine.tape.reader import Tape
from gradstep.engine.tape.schema import HookCalled, HookKind, NodeEnter, Rewound

SCRIPT = (Path(__file__).parent / "programs" / "every_hook.py").read_text(encoding="utf-8")
KINDS = {
    "pack": HookKind.PACK, "inner_pack": HookKind.PACK, "one_pack": HookKind.PACK, "unpack": HookKind.UNPACK,
    "inner_unpack": HookKind.UNPACK, "one_unpack": HookKind.UNPACK, "before_forward": HookKind.FORWARD_PRE,
    "after_forward": HookKind.FORWARD, "before_module": HookKind.MODULE_PRE, "after_module": HookKind.MODULE,
    "on_leaf": HookKind.TENSOR, "on_result": HookKind.TENSOR, "last": HookKind.TENSOR, "before_node": HookKind.NODE_PRE,
    "after_node": HookKind.NODE_POST, "after_store": HookKind.POST_ACCUMULATE, "on_several": HookKind.MULTI_GRAD,
    "on_any": HookKind.MULTI_GRAD, "Tensor.retain_grad": HookKind.RETAIN, "save_on_cpu.pack": HookKind.PACK,
    "save_on_cpu.unpack": HookKind.UNPACK,
}  # fmt: skip
PACKED = """\
import torch

def pack(tensor):
    return tensor * 2

def unpack(packed):
    return packed / 4

x = torch.tensor([3.0], requires_grad=True)
with torch.autograd.graph.saved_tensors_hooks(pack, unpack):
    y = x * x
    z = y.sin()
z.sum().backward()
print(x.grad.item())
"""


def called(tape: Tape) -> list[HookCalled]:
    return [event for event in tape.events if isinstance(event, HookCalled)]


def names(tape: Tape) -> list[str]:
    return [tape.hooks[event.hook].function for event in called(tape)]


def told(printed: str) -> list[str]:
    return [line.split()[0] for line in printed.splitlines()]


def points(*targets):
    table = BreakpointTable()
    for kind, target in targets:
        table.add(kind, target)
    return tuple(table.plain())


def finished(session):
    session.wait_until_ended()
    tape = Tape.open(session.tape)
    assert check(tape) == []
    return tape


def test_the_tape_shows_hooks_of_every_kind_in_the_order_in_which_they_were_called(start) -> None:
    session = start(SCRIPT, stop_on_entry=False)
    tape = finished(session)
    printed = told(session.printed["stdout"])
    own = ("save_on_cpu.", "Tensor.")
    assert [name for name in names(tape) if not name.startswith(own)] == printed
    assert {name: tape.hooks[event.hook].kind for name, event in zip(names(tape), called(tape), strict=True)} == KINDS
    assert set(HookKind) == set(KINDS.values())


def test_every_hook_has_its_line_and_the_gradient_before_and_after(start) -> None:
    session = start(SCRIPT, stop_on_entry=False)
    tape = finished(session)
    lines = SCRIPT.splitlines()
    tells = {line.split()[0]: line.split(maxsplit=1)[1] for line in session.printed["stdout"].splitlines()}
    for event in called(tape):
        hook = tape.hooks[event.hook]
        assert hook.at is not None
        line = lines[hook.at.line - 1]
        if hook.function in tells:
            assert line == f"def {hook.function}" + line[line.index("(") :]
            first = ast.literal_eval(tells[hook.function][: tells[hook.function].index("]") + 1])
            if hook.function not in ("pack", "unpack"):  # called twice with other values
                shown = tape.value(event.before[0]).ravel().tolist()
                assert shown == pytest.approx(first, abs=1e-4)
        elif hook.kind is HookKind.RETAIN:
            assert line == "kept.retain_grad()"
        else:
            assert line == "with torch.autograd.graph.save_on_cpu():"
    changed = {tape.hooks[event.hook].function for event in called(tape) if event.before != event.after}
    assert changed >= {"on_leaf", "before_node", "before_module", "pack", "unpack"}
    assert not changed & {"on_result", "after_node", "after_store", "on_several", "on_any", "one_pack"}


def test_what_was_packed_and_unpacked_is_on_the_tape_inside_the_node_that_asked_for_it(start) -> None:
    session = start(PACKED, stop_on_entry=False)
    tape = finished(session)
    found = [(tape.hooks[e.hook].function, e.run, tape.value(e.before[0]).item(), tape.value(e.after[0]).item()) for e in called(tape)]
    run = next(iter(tape.runs))
    assert found == [
        ("pack", None, 3.0, 6.0), ("pack", None, 3.0, 6.0), ("pack", None, 9.0, 18.0),
        ("unpack", run, 18.0, 4.5), ("unpack", run, 6.0, 1.5), ("unpack", run, 6.0, 1.5),
    ]  # fmt: skip
    for event in called(tape):
        if event.run is not None:
            before = [e for e in tape.events if isinstance(e, NodeEnter) and e.i < event.i]
            assert before[-1].node == event.node


def test_stepping_in_stops_before_each_hook_on_a_saved_tensor(start) -> None:
    session = start(PACKED, stop_on_entry=True).wait_for(State.PAUSED)
    met = []
    while session.state is State.PAUSED:
        stop = session.stop
        met.append((stop.what, stop.met) if stop.what else ("node", stop.name))
        before = len(session.stops)
        session.send("stepIn")
        session.wait_for(lambda s, before=before: len(s.stops) > before or s.outcome is not None)
    assert met[:12] == [
        ("node", "SumBackward0"), ("node", "SinBackward0"), ("hook", "unpack"), ("op", "div"), ("node", "MulBackward0"),
        ("hook", "unpack"), ("op", "div"), ("hook", "unpack"), ("op", "div"), ("node", "AccumulateGrad"),
    ]  # fmt: skip


def test_stepping_in_through_forward_stops_before_a_pack_hook_too(start) -> None:
    session = start(PACKED, breakpoints=points((BreakKind.HOOK, "pack")), stop_on_entry=False).wait_for(State.PAUSED)
    assert (session.stop.what, session.stop.met, session.stop.phase) == ("hook", "pack", "forward")
    assert session.stop.where["line"] == 11
    session.send("setBreakpoints", breakpoints=[])
    steps = [session.move("stepIn") for _ in range(5)]
    assert [(stop.what, stop.met) for stop in steps] == [("op", "mul"), ("hook", "pack"), ("op", "mul"), ("op", "mul"), ("hook", "pack")]


def test_a_step_that_unpacked_is_taken_back_and_run_again(start) -> None:
    session = start(PACKED, stop_on_entry=True).wait_for(State.PAUSED)
    while session.stop.name != "AccumulateGrad":
        session.move("next")
    session.move("stepBack")
    assert session.stop.name == "MulBackward0"
    session.send("continue")
    tape = finished(session)
    assert any(isinstance(event, Rewound) for event in tape.events)
    assert names(tape).count("unpack") == 5
    assert float(session.printed["stdout"]) == pytest.approx(3.0 * math.cos(4.5), rel=1e-6)  # each comes back as half of what it was


def test_a_pack_hook_that_is_switched_off_leaves_the_tensor_as_it_is(start) -> None:
    session = start(PACKED, breakpoints=points((BreakKind.HOOK, "pack")), stop_on_entry=False).wait_for(State.PAUSED)
    session.ask("setHooks", off=["pack"])
    session.send("continue")
    tape = finished(session)
    assert called(tape) == []
    assert float(session.printed["stdout"]) == pytest.approx(6.0 * math.cos(9.0), rel=1e-6)


def test_an_unpack_hook_cannot_be_switched_off_once_something_was_packed_and_that_is_said(start) -> None:
    session = start(PACKED, breakpoints=points((BreakKind.HOOK, "unpack")), stop_on_entry=False).wait_for(State.PAUSED)
    session.ask("setHooks", off=["unpack"])
    session.send("setBreakpoints", breakpoints=[])
    session.send("continue")
    tape = finished(session)
    assert names(tape).count("unpack") == 3
    said = "unpack is switched off but called: what was packed cannot be read without it. Switch off its pack hook.\n"
    assert session.printed["console"] == said
    assert float(session.printed["stdout"]) == pytest.approx(3.0 * math.cos(4.5), rel=1e-6)


def test_what_a_packed_pass_gives_is_replayed_without_the_script(start) -> None:
    session = start(SCRIPT, stop_on_entry=False)
    tape = finished(session)
    (outcome,) = replayed(tape)
    assert outcome.parted is None or outcome.parted == ""
    assert not outcome.differences
