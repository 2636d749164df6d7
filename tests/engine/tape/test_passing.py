"""A recorded pass that takes the short way tells what its steps tell."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gradstep.engine
from gradstep.engine.autograd import recorded
from gradstep.engine.autograd import walk as walks
from gradstep.engine.tape.check import check
from gradstep.engine.tape.reader import Tape
from gradstep.engine.tape.recorder import Level, Recorder, recording
from gradstep.engine.tape.schema import Bumped, Event, GradAdded, GradStored, NodeEnter, NodeExit, Val
from gradstep.engine.tape.sinks import ListSink

torch: Any = gradstep.engine


def network() -> list[Any]:
    torch.manual_seed(0)
    nn = torch.nn
    net = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.LayerNorm(36), nn.Linear(36, 40), nn.GELU())
    x = torch.randn(5, 1, 8, 8)
    for _ in range(2):
        z = net(x).transpose(0, 1).reshape(-1).exp()
        (z * z + z.view(5, 40).sum() + z.mean()).sum().backward()
    return [p.grad for p in net.parameters()]


def shared() -> list[Any]:
    w = torch.arange(3600.0).reshape(60, 60).requires_grad_()
    b = torch.ones(60, requires_grad=True)
    (w.t() @ w + w + b + b).sum().backward()
    (w * b).sum().backward(retain_graph=True)
    return [w.grad, b.grad]


def wanted() -> list[Any]:
    w = torch.ones(4, 3, requires_grad=True)
    y = w * 3
    return list(torch.autograd.grad((y.exp() * w).sum(), [w, y]))


def hooked() -> list[Any]:
    w = torch.ones(4, requires_grad=True)
    y = (w * 2).exp()
    y.register_hook(lambda g: g * 3)
    w.register_post_accumulate_grad_hook(lambda leaf: (leaf.grad.mul_(2), None)[1])
    (y.tanh() + y).sum().backward()
    return [w.grad]


def told(program: Callable[[], list[Any]], level: Level = Level.VALUES) -> tuple[Tape, list[Any]]:
    sink = ListSink()
    recorder = Recorder(sink, level)
    with recording(recorder):
        found = [np.array(tensor.detach().numpy()) for tensor in program()]
    assert recorder.failed == ""
    return Tape.of(sink.records), found


def story(tape: Tape) -> list[Any]:
    """The events of the passes: nodes by the order of their ids, and the values instead of the tensors."""
    order = {number: place for place, number in enumerate(sorted(tape.nodes))}

    def value(val: Val | None) -> Any:
        found = None if val is None else tape.value(val)
        return None if found is None else (found.shape, found.tobytes())

    lines: list[Any] = []
    for event in tape.events:
        if isinstance(event, GradAdded):
            source = None if event.src is None else (order[event.src.node], event.src.index)
            lines.append(("added", source, order[event.dst.node], event.dst.index, value(event.val)))
        elif isinstance(event, (NodeEnter, NodeExit)):
            lines.append((type(event).__name__, order[event.node], [value(val) for val in event.grads]))
        elif isinstance(event, GradStored):
            lines.append(("stored", value(event.prev), value(event.val)))
        elif isinstance(event, Event):
            lines.append((type(event).__name__, order.get(getattr(event, "node", 0))))
    return lines


@pytest.mark.parametrize("program", [network, shared, wanted, hooked])
def test_the_short_way_tells_the_same_story_as_steps(program: Callable[[], list[Any]], monkeypatch: pytest.MonkeyPatch) -> None:
    short, found = told(program)
    monkeypatch.setattr(walks, "is_recorded", lambda walk: False)
    stepped, expected = told(program)
    assert check(short) == check(stepped) == []
    assert story(short) == story(stepped)
    for left, right in zip(found, expected, strict=True):
        np.testing.assert_array_equal(left, right)


def test_a_pass_can_go_on_by_steps_where_the_short_way_stopped() -> None:
    w = torch.ones(3, requires_grad=True)
    recorder = Recorder(ListSink(), Level.VALUES)
    with recording(recorder):
        y = (w * 2).exp()
        root = (y.tanh() + y).sum()
        walk = walks.Walk([(root.grad_fn, 0)], [torch.ones(())])
        names: list[str] = []

        def before(node: Any) -> bool:
            names.append(node.name())
            return len(names) < 4

        assert recorded.go_on(walk, before)
        assert (names, walk.taken) == (["SumBackward0", "AddBackward0", "TanhBackward0", "ExpBackward0"], 3)
        assert walk.next_node is y.grad_fn
        walk.rewindable = True
        assert not recorded.is_recorded(walk)
        while walk.step():
            pass
        assert walk.step_back()
        assert w.grad is None
        assert walk.step()
        walk.finish()
    expected = torch.ones(3, requires_grad=True)
    z = (expected * 2).exp()
    (z.tanh() + z).sum().backward()
    np.testing.assert_array_equal(w.grad.numpy(), expected.grad.numpy())


def test_a_gradient_that_nobody_else_has_becomes_the_leafs_and_keeps_its_statistics() -> None:
    def program() -> list[Any]:
        w = torch.ones(60, 60, requires_grad=True)
        (w * w).sum().backward()
        return [w.grad]

    tape, _ = told(program, Level.STATISTICS)
    (stored,) = [event for event in tape.events if isinstance(event, GradStored)]
    (entered,) = [event for event in tape.events if isinstance(event, NodeEnter)][-1].grads
    assert stored.val is not None
    assert entered is not None
    assert stored.val.tensor != entered.tensor
    one, other = tape.stats.get(stored.val), tape.stats.get(entered)
    assert one is not None
    assert other is not None
    assert (one.count, one.norm, one.low, one.high) == (other.count, other.norm, other.low, other.high) == (3600, 120.0, 2.0, 2.0)


def test_what_breaks_in_a_rule_ends_the_run_with_its_node_open() -> None:
    def program() -> list[Any]:
        w = torch.ones(3, requires_grad=True)
        y = w.exp()
        root = (y * y).sum()
        y.add_(1)
        with pytest.raises(RuntimeError, match="modified by an inplace operation"):
            root.backward()
        (w * w).sum().backward()
        return [w.grad]

    tape, (grad,) = told(program)
    assert check(tape) == []
    assert grad.tolist() == [2.0, 2.0, 2.0]


def test_a_change_in_place_is_one_op_and_one_new_version() -> None:
    def program() -> list[Any]:
        w = torch.full((60, 60), 2.0, requires_grad=True)
        (w * w).sum().backward()
        with torch.no_grad():
            w.add_(w.grad, alpha=-0.25)
            w.mul_(3)
            w.clamp_(max=2.5)
        return [w]

    tape, (w,) = told(program, Level.VALUES)
    assert check(tape) == []
    bumps = [event for event in tape.events if isinstance(event, Bumped)]
    ops = [tape.ops[bump.by or 0] for bump in bumps]
    assert [(bump.old, bump.new) for bump in bumps] == [(0, 1), (1, 2), (2, 3)]
    assert [op.name for op in ops] == ["add", "mul", "clamp"]
    for op, bump, elements in zip(ops, bumps, (1.0, 3.0, 2.5), strict=True):
        (out,) = op.outs
        assert op.ins[0] == Val(bump.tensor, bump.old)
        for val in (out, Val(bump.tensor, bump.new)):
            value, statistics = tape.value(val), tape.stats.get(val)
            assert value is not None
            assert statistics is not None
            assert value.tolist() == [[elements] * 60] * 60
            assert (statistics.low, statistics.high) == (elements, elements)
    assert w.tolist() == [[2.5] * 60] * 60
