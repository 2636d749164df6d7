"""Jacobians, Hessians and their products agree with each other and with formulas."""

from __future__ import annotations

from typing import Any

import pytest

import gradstep.engine as gs
from gradstep.engine.autograd import functional as F


def close(a: Any, b: Any) -> bool:
    return bool(gs.allclose(a, b, atol=1e-12))


def function(a: Any, b: Any) -> Any:
    return (a @ b).sin(), (a * a).sum()


@pytest.fixture
def inputs() -> tuple[Any, Any]:
    gs.manual_seed(0)
    return gs.randn(2, 3, dtype=gs.float64), gs.randn(3, dtype=gs.float64)


def test_products_are_those_of_the_jacobian(inputs: tuple[Any, Any]) -> None:
    whole = F.jacobian(function, inputs)
    v = (gs.randn(2, dtype=gs.float64), gs.randn((), dtype=gs.float64))
    u = (gs.randn(2, 3, dtype=gs.float64), gs.randn(3, dtype=gs.float64))
    _, back = F.vjp(function, inputs, v)
    _, ahead = F.jvp(function, inputs, u)
    for j in range(2):
        rows = [(v[i].reshape(-1) @ whole[i][j].reshape(v[i].numel(), -1)) for i in range(2)]
        assert close(back[j].reshape(-1), rows[0] + rows[1])
    for i in range(2):
        columns = [whole[i][j].reshape(v[i].numel(), -1) @ u[j].reshape(-1) for j in range(2)]
        assert close(ahead[i].reshape(-1), columns[0] + columns[1])


def test_the_hessian_of_a_quadratic_form_is_its_matrix() -> None:
    m = gs.tensor([[2.0, 1.0], [1.0, 5.0]], dtype=gs.float64)
    x = gs.tensor([0.5, -2.0], dtype=gs.float64)

    def form(t: Any) -> Any:
        return (t @ m @ t) / 2

    v = gs.tensor([3.0, -1.0], dtype=gs.float64)
    assert close(F.hessian(form, x), m)
    assert close(F.hvp(form, x, v)[1], m @ v)
    assert close(F.vhp(form, x, v)[1], v @ m)


def test_results_are_outside_of_the_graph_unless_they_shall_be_differentiated(inputs: tuple[Any, Any]) -> None:
    x = inputs[1].requires_grad_()
    plain = F.jacobian(gs.sin, x)
    assert not plain.requires_grad
    assert not F.vjp(gs.sin, x, gs.ones(3, dtype=gs.float64))[0].requires_grad
    live = F.jacobian(gs.sin, x, create_graph=True)
    (g,) = gs.autograd.grad(live.sum(), x)
    assert close(g, -x.detach().sin())
    assert x.grad is None


def test_an_empty_output_has_an_empty_jacobian() -> None:
    assert F.jacobian(lambda t: t[:0], gs.ones(3)).shape == (0, 3)


def test_strict_refuses_what_does_not_depend_on_an_input() -> None:
    a, b = gs.ones(2), gs.ones(2)
    with pytest.raises(RuntimeError, match=r"Output 0 of the user-provided function is independent of input 1"):
        F.jacobian(lambda s, t: s * 2, (a, b), strict=True)
    with pytest.raises(RuntimeError, match=r"independent of input 0\. This is not allowed in strict mode when create_graph=True"):
        F.jacobian(lambda s: s * 2, a, create_graph=True, strict=True)
    assert F.jacobian(lambda s, t: s * 2, (a, b))[1].tolist() == [[0.0, 0.0], [0.0, 0.0]]


def test_strict_does_not_go_with_vectorize() -> None:
    with pytest.raises(RuntimeError, match="are not supported together"):
        F.jacobian(gs.sin, gs.ones(2), strict=True, vectorize=True)
