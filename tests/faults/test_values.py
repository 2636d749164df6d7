"""Faults 31 and 32: tensors of every odd kind, and objects that misbehave when they are looked at."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest

from gradstep.engine.debug.states import State
from gradstep.engine.tape.schema import Val

from .catalogue import API, CLI, WINDOW, fault
from .evidence import sound
from .scripts import HEAD

ODD = """
import torch
special = torch.tensor([float("nan"), float("inf"), -float("inf"), 1e-45, -0.0, 3.0], requires_grad=True)
(special * 2).sum().backward()
half = torch.ones(5, dtype=torch.bfloat16, requires_grad=True)
(half * 3).sum().backward()
wave = torch.ones(3, dtype=torch.complex64, requires_grad=True)
(wave * (1 + 2j)).abs().sum().backward()
point = torch.tensor(2.0, requires_grad=True)
(point * point).backward()
none = torch.ones(0, 3, requires_grad=True)
(none * 2).sum().backward()
truth = torch.tensor([True, False])
whole = torch.arange(5) * 2
wide = torch.ones(1).expand(2**31)
view = (wide[:8] * special[5]).sum()
view.backward()
base = torch.ones(4, requires_grad=True)
copy = base * 1
copy.add_(1)
copy.mul_(2)
copy.sum().backward()
data = torch.zeros(1000)
data.uniform_(-3, 3)
(data * base[0]).sum().backward()
print("end", flush=True)
"""
ODD_OF_TORCH = """
import torch
special = torch.tensor([float("nan"), float("inf"), 1e-45, 3.0], requires_grad=True)
(special * 2).sum().backward()
narrow = torch.ones(4).to(torch.float8_e4m3fn)
sparse = torch.eye(3).to_sparse().requires_grad_()
torch.sparse.sum(sparse * 2).backward()
number = torch.quantize_per_tensor(torch.ones(3), 0.1, 0, torch.qint8)
meta = torch.ones(2**40, device="meta")
shrunk = torch.ones(8)
twice = shrunk * 2
twice.untyped_storage().resize_(0)
print("end", flush=True)
"""
WARNS = ".*(UserWarning|warn|Nested|nested|sparse|quantize|torch).*"

BAD = (
    HEAD
    + """
import time
class Raises:
    def __repr__(self): raise ValueError("in repr")
    def __len__(self): raise ValueError("in len")
    def __getattr__(self, name): raise RuntimeError("in getattr")
class Loops:
    def __repr__(self):
        while True: pass
class Sleeps:
    def __repr__(self): time.sleep(60)
class Falls:
    def __repr__(self): return repr(self)
raises, loops, sleeps, falls = Raises(), Loops(), Sleeps(), Falls()
class Own(torch.autograd.Function):
    @staticmethod
    def forward(ctx, a, b):
        return a * 2
    @staticmethod
    def backward(ctx, g):
        return g * 2, None
y = Own.apply(x, raises)
y.sum().backward()
print("end", flush=True)
"""
)


def agrees(tape) -> int:
    """How many kept values have the statistics that NumPy finds."""
    count = 0
    for row in tape.stats.table:
        array = tape.value(Val(int(row["tensor"]), int(row["version"])))
        if array is None or array.dtype.kind not in "fiu" or not array.size:
            continue
        numbers = array.astype(np.float64)
        assert (row["nans"], row["posinfs"], row["neginfs"]) == (
            np.isnan(numbers).sum(), np.isposinf(numbers).sum(), np.isneginf(numbers).sum(),
        )  # fmt: skip
        finite = numbers[np.isfinite(numbers)]
        if finite.size:
            assert row["low"] == pytest.approx(finite.min(), rel=1e-6)
            assert row["high"] == pytest.approx(finite.max(), rel=1e-6)
        count += 1
    return count


@fault(31, API)
def test_odd_tensors_are_recorded_with_the_statistics_of_numpy(start) -> None:
    session = start(ODD)
    outcome = session.wait_until_ended()
    assert outcome.how is State.FINISHED, session.printed
    tape = sound(session.tape)
    assert agrees(tape) > 20
    tape.close()


@fault(31, API)
def test_odd_tensors_of_pytorch_are_recorded(start, said) -> None:
    if importlib.util.find_spec("torch") is None:
        pytest.skip("PyTorch is not installed here")
    said.expect(WARNS, "  .*")
    session = start(ODD_OF_TORCH, engine="torch", target="gradstep.plugins.torch:make")
    outcome = session.wait_until_ended()
    assert (outcome.how, session.printed["stdout"]) == (State.FINISHED, "end\n"), session.printed
    sound(session.tape).close()


@fault(31, CLI)
def test_record_keeps_odd_tensors(gradstep, said) -> None:
    said.expect("gradstep: recorded ")
    ran = gradstep.record(ODD)
    assert (ran.code, ran.out) == (0, b"end\n")
    facts = ran.sound()
    assert facts["first_not_finite"]["nans"] == 1
    assert facts["first_not_finite"]["infinities"] == 2


@fault(31, WINDOW)
def test_the_window_shows_every_odd_tensor(person) -> None:
    person.let_run(ODD)
    person.end()
    assert person.state is State.FINISHED
    from gradstep.gui.models.values import ValueRef

    tape = person.window.model.tape
    assert tape is not None
    dtypes = set()
    for row in tape.stats.table:
        val = Val(int(row["tensor"]), int(row["version"]))
        person.window.model.select_value(ValueRef(f"tensor {val.tensor}", val))
        person.turn()
        dtypes.add(tape.tensors[val.tensor].meta.dtype)
    assert {"bfloat16", "complex64", "float32"} <= {str(dtype).removeprefix("torch.") for dtype in dtypes}


@fault(32, API)
def test_what_is_looked_at_answers_within_its_time_or_not_at_all(start, session) -> None:
    start(BAD, stop_on_entry=True)
    session.wait_for(State.PAUSED)
    assert "ValueError: in repr" in session.ask("evaluate", expression="raises").message
    assert "ValueError: in len" in session.ask("evaluate", expression="len(raises)").message
    assert "RuntimeError: in getattr" in session.ask("evaluate", expression="raises.anything").message
    assert "RecursionError" in session.ask("evaluate", expression="falls").message
    assert session.ask("evaluate", expression="loops").message == "no answer within 2 s"
    assert session.ask("evaluate", expression="sleeps").message == "no answer within 2 s"
    assert session.ask("evaluate", expression="1 + 1").body["result"] == "2"
    session.send("continue")
    assert session.wait_until_ended().how is State.FINISHED
    sound(session.tape).close()


@fault(32, CLI)
def test_record_does_not_look_at_what_misbehaves(gradstep, said) -> None:
    said.expect("gradstep: recorded ")
    ran = gradstep.record(BAD)
    assert (ran.code, ran.out) == (0, b"end\n")
    assert ran.sound()["complete"]


@fault(32, WINDOW)
def test_the_console_says_that_there_was_no_answer(person, figure) -> None:
    person.begin(person.script(BAD))
    assert person.state is State.PAUSED
    person.watch_gaps()
    answers: list[str] = []
    person.window.panels.console.show_error = lambda asked, text: answers.append(text)
    for expression in ("raises", "loops"):
        count = len(answers)
        person.window.inquiries.evaluate(expression)
        person.until(lambda count=count: len(answers) > count)
    figure(f"longest gap {1000 * person.gap:.0f} ms")
    assert "ValueError: in repr" in answers[0]
    assert "no answer within 2 s" in answers[1]
    person.finish()
    assert person.state is State.FINISHED
