"""Hooks on what the graph keeps, hooks on several gradients, and edges in place of tensors."""

from __future__ import annotations

import gc
import threading
import weakref
from typing import Any

import pytest

import gradstep.engine as gs
from gradstep.engine.autograd import graph
from gradstep.engine.autograd.walk import Walk
from gradstep.engine.tape.check import check
from gradstep.engine.tape.reader import Tape
from gradstep.engine.tape.recorder import Recorder, recording
from gradstep.engine.tape.schema import HookCalled
from gradstep.engine.tape.sinks import ListSink


def walk_of(root: Any) -> Walk:
    walk = Walk([root._gradient_edge()], [gs.ones(root.shape)])
    walk.rewindable = True
    return walk


def test_what_hooks_pack_is_not_kept_by_the_graph() -> None:
    store: dict[int, Any] = {}

    def pack(t: Any) -> int:
        store[len(store)] = t.detach().clone()
        return len(store) - 1

    x = gs.ones(3, requires_grad=True)
    with graph.saved_tensors_hooks(pack, store.__getitem__):
        y = x * 2
        z = (y * y).sum()
    kept = weakref.ref(y)
    del y
    gc.collect()
    assert kept() is None
    z.backward()
    assert x.grad is not None
    assert x.grad.tolist() == [8.0] * 3


def test_saved_tensor_hooks_hold_in_their_thread_only() -> None:
    packed: list[str] = []
    x = gs.ones(3, requires_grad=True)
    other = threading.Thread(target=lambda: x.sin())
    with graph.saved_tensors_hooks(lambda t: (packed.append("here"), t)[1], lambda t: t):
        other.start()
        other.join()
        assert packed == []
        x.sin()
    assert packed == ["here"]


def test_pack_and_unpack_are_on_the_tape() -> None:
    sink = ListSink()
    x = gs.ones(3, requires_grad=True)
    with recording(Recorder(sink)):
        with graph.saved_tensors_hooks(lambda t: t, lambda t: t):
            y = x.sin().sum()
        y.backward()
    tape = Tape.of(sink.records)
    called = [tape.hooks[e.hook].kind.name for e in tape.events if isinstance(e, HookCalled)]
    assert called == ["PACK", "UNPACK"]
    assert check(tape) == []


def test_a_multi_grad_hook_is_called_again_after_a_step_back() -> None:
    calls: list[Any] = []
    a, b = gs.ones(2, requires_grad=True), gs.ones(2, requires_grad=True)
    graph.register_multi_grad_hook([a, b], lambda grads: calls.append([g.tolist() for g in grads]))
    graph.register_multi_grad_hook([a, b], lambda g: calls.append(g.tolist()), mode="any")
    walk = walk_of(a * 2 + b * 3)
    while walk.step():
        pass
    for _ in range(3):
        walk.step_back()
    assert [sorted(map(str, calls[:2])), calls[2:]] == [["[3.0, 3.0]", "[[2.0, 2.0], [3.0, 3.0]]"], []]
    walk.run_to_end()
    assert calls[2:] == calls[:2]


def test_a_pass_that_ended_early_leaves_no_multi_grad_hook_half_full() -> None:
    calls: list[int] = []
    a, b = gs.ones(2, requires_grad=True), gs.ones(2, requires_grad=True)
    graph.register_multi_grad_hook([a, b], lambda grads: calls.append(sum(g is not None for g in grads)))

    def fails(_: Any) -> None:
        raise ValueError("stop")

    handle = b.register_hook(fails)
    with pytest.raises(ValueError, match="stop"):
        (a * 2 + b * 3).sum().backward()
    handle.remove()
    (a * 2 + b * 3).sum().backward()
    assert calls == [2]


def test_an_edge_keeps_its_place_when_the_tensor_is_gone() -> None:
    x = gs.ones(2, requires_grad=True)
    y = x * 3
    z = (y * y).sum()
    edge = graph.get_gradient_edge(y)
    del y
    (found,) = gs.autograd.grad(z, [edge])
    assert found.tolist() == [6.0, 6.0]


def test_a_version_counted_by_hand_is_noticed() -> None:
    x = gs.ones(2, requires_grad=True)
    y = x * 1
    z = (y * y).sum()
    graph.increment_version([y])
    with pytest.raises(RuntimeError, match=r"which is output 0 of Mul, is at version 1; expected version 0"):
        z.backward()


def test_mutation_is_allowed_inside_the_block_only() -> None:
    x = gs.tensor([1.0, 2.0], requires_grad=True)
    with graph.allow_mutation_on_saved_tensors():
        y = x * 1
        z = (y * y).sum()
        y.zero_()
    with pytest.raises(RuntimeError, match="outside of the 'allow_mutation_on_saved_tensors' context"):
        z.backward()
