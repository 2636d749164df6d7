"""torch.special at the edges: what is infinite, what is nan, which errors, and which node each spelling makes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy
import pytest

import gradstep.engine as gs

torch = pytest.importorskip("torch")

EDGES = [0.0, -0.0, 1.0, -1.0, -3.0, 30.0, 104.0, float("inf"), -float("inf"), float("nan")]


def outcome(program: Callable[[Any], Any], t: Any) -> Any:
    """What a program gives, or the error that it raises."""
    try:
        return program(t)
    except (RuntimeError, TypeError) as error:
        return error


def same(program: Callable[[Any], Any]) -> None:
    """Assert that a program gives the same numbers, or an error that begins with the same words, in both."""
    expected, found = outcome(program, torch), outcome(program, gs)
    if isinstance(expected, Exception):
        assert type(found) is type(expected)
        assert str(found).startswith(str(expected).split("\n")[0].rstrip("."))
        return
    assert str(found.dtype) == str(expected.dtype)
    rtol = 2e-6 if found.dtype is gs.float32 else 1e-12
    numpy.testing.assert_allclose(found.detach()._data, expected.detach().numpy(), rtol=rtol, atol=1e-13)


ONE = (
    "entr", "erfcx", "erfinv", "i0", "i0e", "i1", "i1e", "log_ndtr", "modified_bessel_i0", "modified_bessel_k0", "modified_bessel_k1",
    "ndtr", "ndtri", "scaled_modified_bessel_k0", "scaled_modified_bessel_k1", "sinc", "spherical_bessel_j0",
)  # fmt: skip


@pytest.mark.parametrize("name", ONE)
def test_functions_of_one_number_at_the_edges(name: str) -> None:
    same(lambda t: getattr(t.special, name)(t.tensor(EDGES, dtype=t.float64)))
    same(lambda t: getattr(t.special, name)(t.tensor([0, 1, 2])))
    same(lambda t: getattr(t.special, name)(t.tensor([True, False])))
    same(lambda t: getattr(t.special, name)(t.tensor([], dtype=t.float64)))


@pytest.mark.parametrize("name", [*ONE, "airy_ai", "bessel_j0", "bessel_y1"])
def test_types_that_are_refused(name: str) -> None:
    same(lambda t: getattr(t.special, name)(t.tensor([1j])))


@pytest.mark.parametrize("name", ["airy_ai", "bessel_j0", "bessel_j1", "bessel_y0", "bessel_y1"])
def test_bessel_functions_at_the_edges(name: str) -> None:
    same(lambda t: getattr(t.special, name)(t.tensor([0.0, -1.0, float("inf"), -float("inf"), float("nan")], dtype=t.float64)))


@pytest.mark.parametrize("name", [f"{shift}chebyshev_polynomial_{kind}" for kind in "tuvw" for shift in ("", "shifted_")])
def test_chebyshev_polynomials_by_recurrence_and_by_angles(name: str) -> None:
    def program(t: Any) -> Any:
        x = t.tensor([[0.0, 1.0, -1.0, 0.5, -0.3, 1.5]], dtype=t.float64)
        return getattr(t.special, name)(x, t.tensor([[-2.0], [0.0], [1.0], [2.7], [9.0], [40.0]], dtype=t.float64))

    same(program)
    same(lambda t: getattr(t.special, name)(t.tensor([1, 2]), 3))
    same(lambda t: getattr(t.special, name)(0.5, t.tensor([3])))


def test_errors() -> None:
    same(lambda t: t.mvlgamma(t.tensor([3.0]), 0))
    same(lambda t: t.igamma(2.0, t.tensor([1.0])))
    same(lambda t: t.igammac(t.tensor([1]), t.tensor([2])))
    same(lambda t: t.igamma(t.tensor([1]), t.tensor([2.0])))
    same(lambda t: t.polygamma(-1, t.tensor([2.0])))


def test_zeta_and_the_incomplete_gamma_functions_at_the_edges() -> None:
    a, x = [0.0, 1.0, 1.0, 2.0, 0.0, -1.0], [0.0, 0.0, -1.0, 0.0, 2.0, 3.0]
    for name in ("igamma", "igammac"):
        same(lambda t, name=name: getattr(t, name)(t.tensor(a, dtype=t.float64), t.tensor(x, dtype=t.float64)))
    same(
        lambda t: t.special.zeta(
            t.tensor([1.0, 0.5, 2.0, 2.5, 2.0], dtype=t.float64), t.tensor([2.0, 2.0, 0.0, -0.5, -1.5], dtype=t.float64)
        )
    )


def test_the_gradient_of_sinc_is_right_near_zero() -> None:
    x = gs.tensor([1e-12, 1e-8, 1e-3, 0.0], dtype=gs.float64, requires_grad=True)
    gs.sinc(x).sum().backward()
    numpy.testing.assert_allclose(x.grad._data, -(numpy.pi**2) / 3 * x.detach()._data, rtol=2e-6)


def test_nodes_are_named_by_which_operand_is_a_number() -> None:
    def names(t: Any) -> list[str]:
        x = t.tensor([0.3, 0.5], requires_grad=True)
        s = t.special
        made = [s.xlog1py(x, x), s.xlog1py(2.0, x), s.xlog1py(x, 2.0), s.zeta(2.0, x), s.ndtr(x), s.multigammaln(x + 3, 2), s.psi(x)]
        return [m.grad_fn.name() for m in made]

    assert names(gs) == names(torch)


def test_functions_without_a_derivative_give_tensors_that_require_none() -> None:
    x = gs.tensor([0.3], requires_grad=True)
    assert not gs.special.bessel_j0(x).requires_grad
    assert not gs.special.legendre_polynomial_p(x, 2).requires_grad
