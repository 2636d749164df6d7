"""The walk: PyTorch's order, one node a step, and steps back that undo exactly."""

from __future__ import annotations

import random
from typing import Any

import numpy
import pytest

import gradstep.engine as gs
from gradstep.engine.autograd import walk as walks
from gradstep.engine.autograd.walk import Walk


def begin(root: Any, seed: Any = None, **options: Any) -> Walk:
    """A walk from ``root`` that can be stepped back."""
    walk = Walk([root._gradient_edge()], [gs.ones(*root.shape, dtype=root.dtype) if seed is None else seed], **options)
    walk.rewindable = True
    return walk


def state(walk: Walk, leaves: list[Any]) -> tuple[Any, ...]:
    """All that a step may change, as something that compares."""
    return (
        [n.name() + str(n.sequence) for n in walk.ready],
        sorted((n.sequence, [None if g is None else g._data.tobytes() for g in gs_]) for n, gs_ in walk._buffers.items()),
        [(None if t._grad is None else (t._grad._data.tobytes(), t._grad._version)) for t in leaves],
        sorted((n.sequence, k) for n, k in walk._dependencies.items()),
        [getattr(n, "_saved", None) is None for n in walk._dependencies],
        gs.get_rng_state().tolist(),
    )


def random_graph(seed: int) -> tuple[Any, list[Any]]:
    """A graph with fan-in, fan-out, a hook that draws random numbers, and leaves that already have a gradient."""
    choose = random.Random(seed)
    numbers = numpy.random.default_rng(seed)
    leaves = [gs.from_numpy(numbers.standard_normal(3)).requires_grad_() for _ in range(3)]
    for leaf in leaves[: choose.randrange(3)]:
        leaf.grad = gs.from_numpy(numbers.standard_normal(3))
    pool = list(leaves)
    for _ in range(choose.randrange(4, 12)):
        a, b = choose.choice(pool), choose.choice(pool)
        made = a * b if choose.random() < 0.5 else a + b
        if choose.random() < 0.3:
            made.register_hook(lambda g: g * gs.rand(()).item())
        if choose.random() < 0.3:
            made.retain_grad()
        pool.append(made)
    root = pool[-1]
    for other in pool[3:-1]:
        root = root + other
    return root, [*leaves, *pool[3:]]


@pytest.mark.parametrize("seed", range(200))
def test_state_at_a_step_is_the_same_at_every_visit(seed: int) -> None:
    gs.manual_seed(seed)
    root, tensors = random_graph(seed)
    walk = begin(root)
    choose = random.Random(seed)
    seen = {0: state(walk, tensors)}
    for _ in range(60):
        if choose.random() < 0.6 and not walk.done:
            walk.step()
        elif walk.taken:
            walk.step_back()
        now = state(walk, tensors)
        assert seen.setdefault(walk.taken, now) == now
    while walk.step():
        pass
    rewound = [None if t._grad is None else t._grad._data.tobytes() for t in tensors]

    gs.manual_seed(seed)
    root, tensors = random_graph(seed)
    root.backward(gs.ones(*root.shape, dtype=root.dtype))
    assert rewound == [None if t._grad is None else t._grad._data.tobytes() for t in tensors]


def test_step_back_at_the_start_says_that_there_is_nothing_to_undo() -> None:
    x = gs.ones(2, requires_grad=True)
    walk = begin(x * 2)
    assert not walk.step_back()
    assert walk.step()
    assert walk.step_back()
    assert not walk.step_back()


def test_leaves_run_before_other_nodes_and_the_youngest_node_first() -> None:
    x = gs.ones(2, requires_grad=True)
    y = gs.ones(2, requires_grad=True)
    first = x * y
    second = x + y
    walk = begin(first + second)
    names = []
    while walk.next_node is not None:
        names.append((walk.next_node.name(), walk.next_node.variable is y))
        walk.step()
    assert names == [
        ("AddBackward0", False),
        ("AddBackward0", False),
        ("MulBackward0", False),
        ("AccumulateGrad", False),
        ("AccumulateGrad", True),
    ]


def test_an_edited_gradient_is_what_the_node_receives_and_can_be_taken_back() -> None:
    x = gs.tensor([1.0, 2.0], requires_grad=True)
    walk = begin(x * 3)
    walk.step()
    (node,) = walk.ready
    walk.set_pending(node, 0, gs.tensor([7.0, 8.0]))
    walk.step()
    assert x.grad is not None
    assert x.grad.tolist() == [7.0, 8.0]
    walk.step_back()
    walk.step_back()
    walk.run_to_end()
    assert x.grad.tolist() == [3.0, 3.0]


def test_an_edit_of_another_shape_is_refused() -> None:
    x = gs.ones(2, requires_grad=True)
    walk = begin(x * 3)
    assert walk.next_node is not None
    with pytest.raises(ValueError, match=r"takes shape \(2,\), not \(3,\)"):
        walk.set_pending(walk.next_node, 0, gs.ones(3))


def test_the_driver_runs_each_backward_and_what_it_leaves_is_run_to_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    driven: list[Walk] = []

    def one_step(walk: Walk) -> None:
        driven.append(walk)
        walk.step()

    monkeypatch.setattr(walks, "driver", one_step)
    x = gs.ones(2, requires_grad=True)
    (x * 2 * 3).backward(gs.ones(2))
    assert [w.taken for w in driven] == [3]
    assert x.grad is not None
    assert x.grad.tolist() == [6.0, 6.0]


def test_an_exception_in_a_hook_ends_the_walk_and_passes_through() -> None:
    x = gs.ones(2, requires_grad=True)
    y = x * 2

    def broken(_: Any) -> None:
        raise KeyError("mine")

    y.register_hook(broken)
    walk = begin(y * 3)
    walk.step()
    with pytest.raises(KeyError, match="mine"):
        walk.step()
    assert walk.ended
    assert walk.done


def test_a_chain_of_100_000_ops_runs_forward_and_backward_without_recursion() -> None:
    x = gs.tensor([1.0], requires_grad=True)
    y = x
    for _ in range(100_000):
        y = y * 1.0
    y.backward()
    assert x.grad is not None
    assert x.grad.tolist() == [1.0]
    del y


def test_a_nested_backward_is_undone_with_the_step_that_began_it() -> None:
    inner_leaf = gs.ones(2, requires_grad=True)

    class Nested(gs.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            return x * 1

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            with gs.enable_grad():
                (inner_leaf * 5).backward(g)
            return g

    x = gs.ones(2, requires_grad=True)
    walk = begin(Nested.apply(x) * 2)
    walk.step()
    walk.step()
    assert inner_leaf.grad is not None
    assert inner_leaf.grad.tolist() == [10.0, 10.0]
    walk.step_back()
    assert inner_leaf.grad is None
    walk.run_to_end()
    assert inner_leaf.grad.tolist() == [10.0, 10.0]
