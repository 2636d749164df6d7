"""What a tape holds of modules: whose forward an op belongs to, and the hooks; recording changes nothing."""

from __future__ import annotations

from typing import Any

import pytest

import gradstep.engine as torch
from gradstep.engine import nn
from gradstep.engine.autograd.walk import Walk
from gradstep.engine.tape.check import check
from gradstep.engine.tape.reader import Tape
from gradstep.engine.tape.recorder import Recorder, recording
from gradstep.engine.tape.schema import HookCalled, HookKind, NodeKind, Role
from gradstep.engine.tape.schema import Tensor as TensorRecord
from gradstep.engine.tape.sinks import ListSink


class Block(nn.Module):
    """A module with an inner one that it calls twice, and an op of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Sequential(nn.Linear(3, 3), nn.Tanh())

    def forward(self, x: Any) -> Any:
        return self.inner(self.inner(x)) * 2


def train(log: list[str]) -> tuple[Any, list[bytes]]:
    """Some steps of training with all kinds of hooks; gives the model and everything that came out, as bytes."""
    torch.manual_seed(0)
    model = nn.Sequential(Block(), nn.Linear(3, 2))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
    for name, part in model.named_modules():
        part.register_forward_pre_hook(lambda m, a, name=name: log.append(f"{name} pre"))
        part.register_forward_hook(lambda m, a, out, name=name: log.append(f"{name} forward"))
        part.register_full_backward_pre_hook(lambda m, g, name=name: log.append(f"{name} backward pre"))
        part.register_full_backward_hook(lambda m, gi, go, name=name: log.append(f"{name} backward"))
    model[1].register_full_backward_hook(lambda m, gi, go: (gi[0] * 2,))
    found = []
    for _ in range(2):
        optimizer.zero_grad()
        x = torch.randn(4, 3, requires_grad=True)
        loss = model(x).pow(2).mean()
        loss.backward()
        optimizer.step()
        found += [t._data.tobytes() for t in (loss, x.grad, *model.parameters())]
    return model, found


@pytest.fixture
def taped() -> tuple[Tape, list[str], list[bytes]]:
    sink, log = ListSink(), []  # type: ignore[var-annotated]
    with recording(Recorder(sink)):
        _, found = train(log)
    return Tape.of(sink.records), log, found


def test_recording_changes_no_bit_and_no_order_of_hooks(taped: tuple[Tape, list[str], list[bytes]]) -> None:
    plain: list[str] = []
    _, expected = train(plain)
    _, log, found = taped
    assert found == expected
    assert log == plain


def test_tape_of_modules_is_sound(taped: tuple[Tape, list[str], list[bytes]]) -> None:
    assert check(taped[0]) == []


def test_calls_have_the_paths_of_their_modules(taped: tuple[Tape, list[str], list[bytes]]) -> None:
    calls = list(taped[0].calls.values())
    first = [(c.path, c.type) for c in calls[: len(calls) // 2]]
    inner = [("0.inner", "Sequential"), ("0.inner.0", "Linear"), ("0.inner.1", "Tanh")]
    assert first == [("", "Sequential"), ("0", "Block"), *inner, *inner, ("1", "Linear")]


def test_parameters_bear_their_names(taped: tuple[Tape, list[str], list[bytes]]) -> None:
    names = {t.name for t in taped[0].tensors.values()}
    assert {"0.inner.0.weight", "0.inner.0.bias", "1.weight", "1.bias"} <= names


def test_users_hooks_are_on_the_tape_and_ours_are_not(taped: tuple[Tape, list[str], list[bytes]]) -> None:
    tape = taped[0]
    kinds = [tape.hooks[e.hook].kind for e in tape.events if isinstance(e, HookCalled)]
    assert HookKind.NODE_POST not in kinds
    assert kinds.count(HookKind.MODULE) == len([line for line in taped[1] if line.endswith(" backward")]) + 2
    assert kinds.count(HookKind.FORWARD_PRE) == len([line for line in taped[1] if line.endswith(" pre") and "backward" not in line])
    boundary = [e for e in tape.events if isinstance(e, HookCalled) and tape.hooks[e.hook].kind == HookKind.MODULE]
    assert all(e.run and tape.nodes[e.node].kind == NodeKind.BOUNDARY for e in boundary if e.node is not None)
    assert all(e.node is not None for e in boundary)


def test_module_hooks_fire_again_after_a_step_back() -> None:
    layer = nn.Tanh()
    seen: list[Any] = []
    layer.register_full_backward_hook(lambda m, gi, go: seen.append((gi[0].tolist(), go[0].tolist())))
    x = torch.ones(2, requires_grad=True)
    out = layer(x)
    walk = Walk([out._gradient_edge()], [torch.ones(2)])
    walk.rewindable = True
    while not seen:
        walk.step()
    walk.step_back()
    walk.step()
    walk.run_to_end()
    assert seen[0] == seen[1]
    assert len(seen) == 2


def test_error_in_forward_closes_the_call() -> None:
    sink = ListSink()
    model = nn.Sequential(nn.Linear(3, 2))
    with recording(Recorder(sink)):
        with pytest.raises(RuntimeError):
            model(torch.ones(1, 5))
        model(torch.ones(1, 3))
    tape = Tape.of(sink.records)
    assert [c.path for c in tape.calls.values()] == ["", "0", "", "0"]
    assert check(tape) == []


def test_every_parameter_is_on_the_tape_under_its_name() -> None:
    sink = ListSink()
    recorder = Recorder(sink)
    with recording(recorder):
        model = nn.Sequential(nn.LayerNorm(3), nn.BatchNorm1d(3), nn.Linear(3, 2), nn.PReLU())
        model(torch.ones(2, 3)).sum().backward()
    recorder.close()
    leaves = [record.name for record in sink.records if isinstance(record, TensorRecord) and record.role is Role.LEAF]
    assert sorted(leaves) == sorted(name for name, _ in model.named_parameters())
