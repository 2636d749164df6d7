"""Breakpoints of each kind stop a real program where they should, count, log, and are kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from gradstep.engine.debug.breakpoints import BreakKind, Breakpoint, BreakpointTable
from gradstep.engine.debug.conditions import ConditionError
from gradstep.engine.debug.states import State

SCRIPT = """\
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(2, 3)
        self.second = nn.Linear(3, 1)
    def forward(self, x):
        h = torch.tanh(self.first(x))
        return self.second(h)

def scale(grad):
    return grad * 2

def twice(grad):
    return grad * 2

torch.manual_seed(0)
net = Net()
net.first.weight.register_hook(scale)
net.first.weight.register_hook(twice)
for step in range(3):
    x = torch.ones(4, 2) * (step + 1)
    loss = net(x).pow(2).mean()
    loss.backward()
    print(net.first.weight.grad.norm().item())
    net.zero_grad()
print("done")
"""


def launch(start, *points, stop_on_entry=False):
    table = BreakpointTable()
    for kind, target, *more in points:
        table.add(kind, target, **(more[0] if more else {}))
    return start(SCRIPT, breakpoints=tuple(table.plain()), stop_on_entry=stop_on_entry)


def stops(session, count):
    """The sentences of the next stops, then let it run to its end."""
    told = [session.wait_for(State.PAUSED).stop]
    for _ in range(count - 1):
        told.append(session.move("continue"))
    session.send("setBreakpoints", breakpoints=[])
    session.send("continue")
    assert session.wait_until_ended().how is State.FINISHED
    return told


def test_an_op_by_name_stops_after_it_ran_each_time(start) -> None:
    told = stops(launch(start, (BreakKind.NODE, "tanh")), 3)
    assert [(stop.reason, stop.phase, stop.met, stop.where["line"]) for stop in told] == [("breakpoint", "forward", "tanh", 10)] * 3
    assert [stop.breakpoints[0]["hits"] for stop in told] == [1, 2, 3]
    assert "breakpoint tanh: after tanh" in told[0].sentence


def test_a_node_by_name_stops_before_it_runs(start) -> None:
    told = stops(launch(start, (BreakKind.NODE, "TanhBackward0")), 2)
    assert [(stop.reason, stop.name, stop.between_nodes) for stop in told] == [("breakpoint", "TanhBackward0", True)] * 2


def test_a_module_stops_where_its_forward_is_entered(start) -> None:
    told = stops(launch(start, (BreakKind.MODULE, "second"), (BreakKind.MODULE, "Net", {"hits": "2"})), 3)
    assert [stop.met for stop in told] == ["second (Linear)", "Net", "second (Linear)"]


def test_a_line_stops_also_where_no_op_runs(start, tmp_path: Path) -> None:
    session = launch(start, (BreakKind.LINE, f"{tmp_path}/script.py:26"), (BreakKind.LINE, f"{tmp_path}/script.py:9"))
    told = stops(session, 3)
    assert [stop.where["line"] for stop in told] == [9, 26, 26]  # the def's own line runs once


def test_hooks_and_accumulations_by_name(start) -> None:
    told = stops(launch(start, (BreakKind.HOOK, "scale"), (BreakKind.HOOK, "AccumulateGrad:second.bias")), 3)
    assert [(stop.what, stop.met) for stop in told] == [
        ("node", "AccumulateGrad of second.bias"),
        ("hook", "scale"),
        ("node", "AccumulateGrad of second.bias"),
    ]


def test_values_are_tested_in_forward_and_backward(start) -> None:
    session = launch(start, (BreakKind.VALUE, "norm > 4", {"condition": "phase == 'forward' and op == 'mul'"}))
    told = stops(session, 2)
    assert [(stop.reason, stop.met) for stop in told] == [("data breakpoint", "mul")] * 2
    session = launch(start, (BreakKind.VALUE, "shape = [3, 2]", {"condition": "phase == 'backward'"}))
    told = stops(session, 1)
    assert told[0].met in ("TBackward0", "MmBackward0")


def test_an_exception_stops_with_the_variables_of_its_line(start) -> None:
    points = (Breakpoint(1, BreakKind.EXCEPTION, "ZeroDivisionError").plain(),)
    session = start("def f():\n    inner = 5\n    return inner / 0\nf()\n", breakpoints=points, stop_on_entry=False)
    stop = session.wait_for(State.PAUSED).stop
    assert (stop.reason, stop.where["line"]) == ("exception", 3)
    assert session.ask("evaluate", expression="inner + 1").body["result"] == "6"
    session.send("continue")
    assert session.wait_until_ended().how is State.RAISED


def test_conditions_counts_and_logs(start) -> None:
    session = launch(
        start,
        (BreakKind.NODE, "tanh", {"log": "tanh has norm {norm} at line {line}"}),
        (BreakKind.NODE, "TanhBackward0", {"condition": "norm > 0", "hits": "% 2"}),
    )
    told = stops(session, 1)
    assert told[0].breakpoints[1]["hits"] == 2
    logged = session.printed["console"].splitlines()
    assert len(logged) >= 2
    assert logged[0].startswith("tanh has norm ")
    assert logged[0].endswith(" at line 10")


def test_a_breakpoint_may_be_set_while_the_program_stands_and_is_told_whether_it_is_known(start) -> None:
    session = launch(start, stop_on_entry=True).wait_for(State.PAUSED)
    points = [Breakpoint(1, BreakKind.NODE, "AccumulateGrad").plain(), Breakpoint(2, BreakKind.LINE, "/nowhere.py:3").plain()]
    answer = session.ask("setBreakpoints", breakpoints=points)
    told = {state["id"]: (state["verified"], state["message"]) for state in answer.body["breakpoints"]}
    assert told[1] == (False, "not met yet")
    assert not told[2][0]
    assert "/nowhere.py cannot be read" in told[2][1]
    assert session.move("continue").name == "AccumulateGrad"


def test_a_hook_that_is_switched_off_is_not_called_and_the_gradient_says_so(start) -> None:
    session = launch(start, stop_on_entry=True).wait_for(State.PAUSED)
    session.ask("setHooks", off=["twice"])
    session.send("continue")
    session.wait_until_ended()
    plain = start(SCRIPT, stop_on_entry=False)
    plain.wait_until_ended()
    off, on = (float(s.printed["stdout"].split()[0]) for s in (session, plain)) if session is not plain else (0.0, 0.0)
    assert session is plain or on == pytest.approx(2 * off)


def test_stepping_through_forward_goes_over_modules_or_into_them(start) -> None:
    session = launch(start, (BreakKind.NODE, "mul", {"hits": "1"})).wait_for(State.PAUSED)
    assert session.stop.where["line"] == 24
    over = session.move("next")
    assert (over.met, over.where["line"], over.where["function"]) == ("pow_number", 25, "<module>")
    assert session.move("stepIn").met == "mean"
    assert session.move("next").phase == "backward"


def test_stepping_into_goes_to_every_op_and_out_of_the_function(start) -> None:
    session = launch(start, (BreakKind.NODE, "mul", {"hits": "1"})).wait_for(State.PAUSED)
    inner = session.move("stepIn")
    assert inner.where["function"] == "Net.forward"
    assert session.move("stepOut").where["function"] == "<module>"


def test_hooks_are_steps_of_their_own_when_one_steps_into_a_node(start) -> None:
    session = launch(start, (BreakKind.HOOK, "AccumulateGrad:first.weight")).wait_for(State.PAUSED)
    assert [session.move("stepIn").met for _ in range(4)] == ["scale", "mul", "twice", "mul"]


# ------------------------------------------------------------------------------------------------------------ the table


def test_the_table_is_kept_and_ids_are_never_reused(tmp_path: Path) -> None:
    file = tmp_path / "kept" / "points.json"
    table = BreakpointTable(file)
    first = table.add(BreakKind.NODE, "mul", condition="norm > 1")
    table.add(BreakKind.LINE, "a.py:3")
    table.remove(first.id)
    again = BreakpointTable(file)
    assert [(p.id, p.kind, p.target) for p in again] == [(2, BreakKind.LINE, "a.py:3")]
    assert again.add(BreakKind.EXCEPTION).id == 3
    assert again.toggle_line("a.py", 3) is None
    assert again.toggle_line("a.py", 4) is not None


def test_what_cannot_be_understood_is_refused_and_nothing_is_changed(tmp_path: Path) -> None:
    table = BreakpointTable(tmp_path / "points.json")
    kept = table.add(BreakKind.VALUE, "nan")
    for kind, target, more in (
        (BreakKind.VALUE, "huge", {}),
        (BreakKind.LINE, "a.py", {}),
        (BreakKind.NODE, "", {}),
        (BreakKind.NODE, "#x", {}),
        (BreakKind.NODE, "mul", {"condition": "os.system()"}),
        (BreakKind.NODE, "mul", {"hits": "often"}),
        (BreakKind.NODE, "mul", {"log": "{"}),
    ):
        with pytest.raises(ConditionError):
            table.add(kind, target, **more)
    with pytest.raises(ConditionError):
        table.change(kept.id, target="huge")
    assert list(table) == [kept]


def test_a_damaged_file_is_said_and_kept(tmp_path: Path) -> None:
    file = tmp_path / "points.json"
    file.write_text("{broken")
    table = BreakpointTable(file)
    assert str(file) in table.problem
    assert file.read_text() == "{broken"
    table.add(BreakKind.EXCEPTION)
    assert file.with_suffix(".damaged").read_text() == "{broken"
    assert len(BreakpointTable(file)) == 1
