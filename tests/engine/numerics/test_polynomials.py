"""Orthogonal polynomials equal scipy's for every degree, each element its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy
import pytest
import scipy.special

from gradstep.engine import devices
from gradstep.engine.numerics import polynomials

CPU = devices.CPU
X = numpy.linspace(-2, 2, 81)[None]
N = numpy.arange(0, 21)[:, None].astype("float64")


@pytest.fixture(autouse=True)
def _as_in_an_op() -> Iterator[None]:
    with numpy.errstate(all="ignore"):
        yield


def third(n: Any, x: Any) -> Any:
    return scipy.special.eval_chebyu(n, x) - scipy.special.eval_chebyu(n - 1, x)


def fourth(n: Any, x: Any) -> Any:
    return scipy.special.eval_chebyu(n, x) + scipy.special.eval_chebyu(n - 1, x)


@pytest.mark.parametrize(
    ("kind", "known"), [("t", scipy.special.eval_chebyt), ("u", scipy.special.eval_chebyu), ("v", third), ("w", fourth)]
)
def test_chebyshevs_four_kinds(kind: str, known: Callable[..., Any]) -> None:
    n = numpy.arange(0, 21)[:, None]
    found = polynomials.chebyshev_polynomial(CPU, kind, X, n.astype("float64"))
    numpy.testing.assert_allclose(found, known(n, X), rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize(
    ("function", "known"),
    [
        (lambda x, n: polynomials.hermite_polynomial(CPU, x, n, True), scipy.special.eval_hermite),
        (lambda x, n: polynomials.hermite_polynomial(CPU, x, n, False), scipy.special.eval_hermitenorm),
        (lambda x, n: polynomials.laguerre_polynomial(CPU, x, n), scipy.special.eval_laguerre),
        (lambda x, n: polynomials.legendre_polynomial(CPU, x, n), scipy.special.eval_legendre),
    ],
)
def test_the_others(function: Callable[..., Any], known: Callable[..., Any]) -> None:
    expected = known(N.astype("int64"), X)
    numpy.testing.assert_allclose(function(X, N), expected, rtol=1e-9, atol=1e-9)


def test_a_degree_is_cut_to_an_integer_and_below_zero_gives_zero() -> None:
    x, n = numpy.array([0.3, 0.3, 0.3]), numpy.array([2.7, -0.5, -2.0])
    assert list(polynomials.legendre_polynomial(CPU, x, n)) == [(3 * 0.3 * 0.3 - 1) / 2, 1.0, 0.0]


def test_hermite_polynomials_of_a_degree_too_high_are_nan() -> None:
    x = numpy.array([0.5])
    assert numpy.isnan(polynomials.hermite_polynomial(CPU, x, numpy.array([513.0]), True)).all()
    assert numpy.isnan(polynomials.hermite_polynomial(CPU, x.astype("float32"), numpy.array([129.0]), True)).all()
