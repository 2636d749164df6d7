"""Rules of custom Functions are tried without the script noticing, whatever they do."""

from __future__ import annotations

import contextlib
import io
import json
import os
import random
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import gradstep.engine as torch
from gradstep.engine.debug import rules, trial
from gradstep.engine.tape.census import CensusRecorder
from gradstep.engine.tape.recorder import recording
from gradstep.engine.tape.schema import Note
from gradstep.engine.tape.sinks import ListSink

from ..standin import use

CALLS: list[str] = []


class Noisy(torch.autograd.Function):
    """Draws, prints, counts, and changes what it is given."""

    @staticmethod
    def forward(ctx: Any, x: Any, seen: Any) -> Any:
        CALLS.append("forward")
        print("forward of", tuple(x.shape))
        seen.add_(1)
        mask = (torch.rand_like(x) > 0.3).to(x.dtype) * float(np.random.rand() + random.random())
        ctx.save_for_backward(mask)
        return x * mask

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        CALLS.append("backward")
        return g * ctx.saved_tensors[0] * 3, None


class Hangs(torch.autograd.Function):
    """Takes long from the second call on."""

    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        CALLS.append("hangs")
        if len(CALLS) > 1:
            threading.Event().wait()
        return x * 2

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        return g * 2


class Leaves(torch.autograd.Function):
    """Ends the process from the second call on."""

    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        CALLS.append("leaves")
        if len(CALLS) > 1:
            os._exit(3)
        return x * 2

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        return g * 2


class Third(torch.autograd.Function):
    """Is wrong by a factor of 2."""

    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        return x / 3

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        return g * 2 / 3


@pytest.fixture(autouse=True)
def _calls() -> Iterator[None]:
    CALLS.clear()
    yield
    CALLS.clear()


def run(examine: bool) -> tuple[list[Any], list[dict[str, Any]]]:
    """Train a little with a Function that does all that a Function should not; all that can be seen of it, and the notes."""
    torch.manual_seed(3)
    np.random.seed(3)
    random.seed(3)
    CALLS.clear()
    sink = ListSink()
    recorder = CensusRecorder(sink)
    recorder.examine = rules.examined if examine else None
    net = torch.nn.Linear(4, 4)
    seen = torch.zeros(1)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    printed = io.StringIO()
    result: list[Any] = []
    with recording(recorder), contextlib.redirect_stdout(printed):
        for _ in range(3):
            loss = Noisy.apply(net(torch.randn(2, 4)), seen).pow(2).sum()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            result += [loss.item(), *(p.grad.numpy().tobytes() for p in net.parameters())]
    result += [printed.getvalue(), list(CALLS), seen.item(), torch.get_rng_state().numpy().tobytes(), random.getstate()]
    result += [np.random.get_state()[1].tobytes(), torch.is_grad_enabled()]
    return result, told(sink)


def told(sink: ListSink) -> list[dict[str, Any]]:
    return [json.loads(record.text) for record in sink.records if isinstance(record, Note) and record.kind == "rule"]


def tried(function: Any, *sizes: int) -> list[dict[str, Any]]:
    """The notes after calls with inputs of these sizes."""
    sink = ListSink()
    recorder = CensusRecorder(sink)
    recorder.examine = rules.examined
    with recording(recorder):
        for size in sizes:
            function.apply(torch.ones(size, requires_grad=True)).sum().backward()
    return told(sink)


def test_a_rule_that_is_tried_leaves_the_run_bit_for_bit_as_it_is() -> None:
    plain, nothing = run(examine=False)
    watched, notes = run(examine=True)
    assert watched == plain
    assert nothing == []
    assert [(note["class"], note["verdict"]) for note in notes] == [("Noisy", "wrong")]
    assert notes[0]["factor"] == pytest.approx(3)


def test_a_rule_that_hangs_is_left_alone_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial, "SECONDS", 0.2)
    assert [note["verdict"] for note in tried(Hangs, 3)] == ["unchecked"]


def test_a_rule_that_ends_the_process_ends_only_the_child() -> None:
    assert [note["verdict"] for note in tried(Leaves, 3)] == ["unchecked"]


def test_a_large_call_is_passed_over_and_a_small_one_tried_once() -> None:
    notes = tried(Third, trial.LARGEST + 1, 3, 4)
    assert [(note["verdict"], note["wrong"]) for note in notes] == [("wrong", 3)]
    assert notes[0]["analytic"] == pytest.approx(2 / 3)
    assert notes[0]["numeric"] == pytest.approx(1 / 3)


def test_nothing_is_left_behind_by_the_children(monkeypatch: pytest.MonkeyPatch) -> None:
    children: list[int] = []
    fork = os.fork

    def forked() -> int:
        child = fork()
        children.append(child)
        return child

    monkeypatch.setattr(os, "fork", forked)
    tried(Third, 3)
    (child,) = children
    with pytest.raises(ChildProcessError):
        os.waitpid(child, os.WNOHANG)


class Scaled(torch.autograd.Function):
    """Is right on any device, and makes a tensor of its own where its input is."""

    @staticmethod
    def forward(ctx: Any, x: Any, weight: Any) -> Any:
        ctx.save_for_backward(x, weight)
        return x * weight + torch.ones(x.shape, device=x.device)

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        x, weight = ctx.saved_tensors
        return g * weight, (g * x).sum(0)


class Unscaled(Scaled):
    """Forgets the weight."""

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        x, _ = ctx.saved_tensors
        return g, (g * x).sum(0)


class Beside(torch.autograd.Function):
    """Multiplies by a tensor of the device that is no input."""

    factor: Any = None

    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        return x * Beside.factor

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        return g * 7


def on_device(function: Any, *inputs: Any) -> dict[str, Any]:
    """The note of a call with inputs on the pretended GPU."""
    sink = ListSink()
    recorder = CensusRecorder(sink)
    recorder.examine = rules.examined
    with recording(recorder):
        out = function.apply(*(one.to("cuda").requires_grad_() for one in inputs))
        assert out.device.type == "cuda"
        out.sum().backward()
    (note,) = told(sink)
    return note


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch)


@pytest.mark.usefixtures("gpu")
def test_a_rule_is_tried_at_tensors_of_a_gpu_too() -> None:
    x, weight = torch.linspace(1, 2, 6).reshape(2, 3), torch.tensor([2.0, 3.0, 4.0])
    assert on_device(Scaled, x, weight)["verdict"] == "right"
    note = on_device(Unscaled, x, weight)
    assert (note["verdict"], note["input"], note["element"], note["analytic"]) == ("wrong", 0, [0, 2], 1.0)
    assert note["numeric"] == pytest.approx(4.0)


@pytest.mark.usefixtures("gpu")
def test_a_rule_that_needs_its_gpu_is_not_judged_and_the_note_says_why() -> None:
    Beside.factor = torch.tensor([2.0, 2.0], device="cuda")
    note = on_device(Beside, torch.tensor([1.0, 2.0]))
    assert note["verdict"] == "unchecked"
    assert "device" in note["why"]
    Beside.factor = None
