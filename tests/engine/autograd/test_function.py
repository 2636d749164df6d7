"""User-written Functions: what they keep, give and refuse (tests/parity/test_functions.py compares the rest with PyTorch)."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import pytest

import gradstep.engine as gs
from gradstep.engine.autograd.function import once_differentiable
from gradstep.engine.autograd.gradcheck import gradcheck, gradgradcheck
from gradstep.engine.autograd.walk import Walk


class Cube(gs.autograd.Function):  # type: ignore[misc, name-defined]
    @staticmethod
    def forward(ctx: Any, a: Any) -> Any:
        out = a * a * a
        ctx.save_for_backward(a, out)
        return out

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        a, _ = ctx.saved_tensors
        return g * 3 * a * a


def test_gradients_of_gradients_go_through() -> None:
    x = gs.randn(2, 2, dtype=gs.float64).requires_grad_()
    assert gradcheck(Cube.apply, x)
    assert gradgradcheck(Cube.apply, x)


def test_a_saved_output_makes_no_circle() -> None:
    x = gs.ones(2, requires_grad=True)
    gc.collect()
    gc.disable()
    try:
        y = Cube.apply(x)
        node = weakref.ref(y.grad_fn)
        del y
        assert node() is None
    finally:
        gc.enable()


def test_what_was_saved_is_there_again_after_a_step_back() -> None:
    x = gs.tensor([1.0, 2.0], requires_grad=True)
    y = Cube.apply(x)
    node = y.grad_fn
    walk = Walk([(node, 0)], [gs.ones(2)])
    walk.rewindable = True
    walk.step()
    with pytest.raises(RuntimeError, match="after they have already been freed"):
        node.saved_tensors  # noqa: B018
    walk.step_back()
    assert [t.tolist() for t in node.saved_tensors] == [[1.0, 2.0], [1.0, 8.0]]
    walk.run_to_end()
    assert x.grad is not None
    assert x.grad.tolist() == [3.0, 12.0]


def test_once_differentiable_is_a_wall() -> None:
    class Once(gs.autograd.Function):  # type: ignore[misc, name-defined]
        @staticmethod
        def forward(ctx: Any, a: Any) -> Any:
            return a * 2

        @staticmethod
        @once_differentiable
        def backward(ctx: Any, g: Any) -> Any:
            return g * 2

    x = gs.ones(2, requires_grad=True)
    y = Once.apply(x)
    (g,) = gs.autograd.grad((y * y).sum(), x, create_graph=True)
    with pytest.raises(RuntimeError, match="marked with @once_differentiable"):
        g.sum().backward()


def test_the_class_of_the_node_belongs_to_the_function_and_dies_with_it() -> None:
    def used() -> weakref.ref[Any]:
        made = type(
            "Passing", (gs.autograd.Function,), {"forward": staticmethod(lambda c, a: a * 1), "backward": staticmethod(lambda c, g: g)}
        )
        assert made.apply(gs.ones(1, requires_grad=True)).grad_fn.name() == "PassingBackward"
        return weakref.ref(made)

    found = used()
    gc.collect()
    assert found() is None
