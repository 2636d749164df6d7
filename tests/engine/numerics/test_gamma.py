"""The gamma functions meet values known from mathematics, and their own functional equations, to a few units in the last place."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy
import pytest
import scipy.special

from gradstep.engine import devices
from gradstep.engine.numerics import gamma

CPU = devices.CPU


@pytest.fixture(autouse=True)
def _as_in_an_op() -> Iterator[None]:
    with numpy.errstate(all="ignore"):
        yield


def close(a: Any, b: Any, ulps: float = 8) -> None:
    numpy.testing.assert_allclose(a, b, rtol=ulps * 2.0**-53, atol=0)


def test_gamma_functions_at_places_that_are_known() -> None:
    n = numpy.arange(1.0, 30.0)
    close(gamma.lgamma(CPU, n), [math.log(math.factorial(int(v) - 1)) for v in n])
    close(gamma.lgamma(CPU, numpy.array([0.5, -0.5])), [0.5 * math.log(math.pi), math.log(2 * math.sqrt(math.pi))])
    euler = 0.5772156649015329
    close(gamma.digamma(CPU, numpy.array([1.0, 0.5, 2.0])), [-euler, -euler - 2 * math.log(2), 1 - euler])
    close(gamma.polygamma(CPU, numpy.array([1.0, 0.5]), 1), [math.pi**2 / 6, math.pi**2 / 2])
    close(gamma.polygamma(CPU, numpy.array([1.0]), 3), [math.pi**4 / 15])


def test_lgamma_keeps_its_relative_precision_at_its_zeros() -> None:
    z = numpy.array([1e-5, -1e-5, 1e-9])
    # log gamma(1 + z) = -Euler z + zeta(2) z^2 / 2 - zeta(3) z^3 / 3 + ...
    z = (1 + z) - 1
    series = -0.5772156649015329 * z + math.pi**2 / 12 * z * z - 1.2020569031595942 / 3 * z**3
    close(gamma.lgamma(CPU, 1 + z), series)


@pytest.mark.parametrize(
    ("function", "step"),
    [
        (gamma.lgamma, lambda x: numpy.log(numpy.abs(x))),
        (gamma.digamma, lambda x: 1 / x),
        (lambda xp, x: gamma.polygamma(xp, x, 1), lambda x: -1 / x**2),
        (lambda xp, x: gamma.polygamma(xp, x, 2), lambda x: 2 / x**3),
    ],
    ids=["lgamma", "digamma", "polygamma1", "polygamma2"],
)
def test_gamma_functions_take_the_step_from_x_to_x_plus_one(function: Callable[..., Any], step: Callable[..., Any]) -> None:
    x = numpy.concatenate([numpy.linspace(0.05, 20, 400), numpy.linspace(-5.95, -0.05, 60)])
    numpy.testing.assert_allclose(function(CPU, x + 1) - function(CPU, x), step(x), rtol=1e-10, atol=1e-12)


def test_poles_and_infinities() -> None:
    x = numpy.array([0.0, -1.0, math.inf])
    assert list(gamma.lgamma(CPU, x)) == [math.inf] * 3
    assert gamma.digamma(CPU, x)[0] == -math.inf
    assert math.isnan(gamma.digamma(CPU, x)[1])
    assert list(gamma.polygamma(CPU, x[:2], 1)) == [math.inf] * 2


def test_zeta_equals_scipys_and_pytorchs_choices_outside() -> None:
    s = numpy.linspace(1.01, 90, 60)[:, None]
    q = numpy.concatenate([numpy.linspace(0.01, 40, 70), [1e3, 1e6]])[None]
    numpy.testing.assert_allclose(gamma.zeta(CPU, s, q), scipy.special.zeta(s, q), rtol=1e-13, atol=1e-300)
    s, q = numpy.array([1.0, 0.5, 2.0, 2.5, 2.0, 3.0]), numpy.array([2.0, 2.0, 0.0, -0.5, -1.5, -1.5])
    found = gamma.zeta(CPU, s, q)
    assert [math.isinf(v) for v in found] == [True, False, True, False, False, False]
    assert [math.isnan(v) for v in found] == [False, True, False, True, False, False]
    numpy.testing.assert_allclose(found[4:], scipy.special.zeta(s[4:], q[4:]), rtol=1e-13)
