"""The special functions meet values known from mathematics, and their own functional equations, to a few units in the last place."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy
import pytest

from gradstep.engine import devices, special

CPU = devices.CPU


@pytest.fixture(autouse=True)
def _as_in_an_op() -> Iterator[None]:
    with numpy.errstate(all="ignore"):
        yield


def close(a: Any, b: Any, ulps: float = 8) -> None:
    numpy.testing.assert_allclose(a, b, rtol=ulps * 2.0**-53, atol=0)


def test_erf_and_erfc_equal_those_of_the_c_library() -> None:
    x = numpy.concatenate([numpy.linspace(-6, 6, 4001), numpy.logspace(-30, 0, 100)])
    close(special.erf(CPU, x), [math.erf(v) for v in x])
    x = numpy.linspace(-6, 26, 4001)
    close(special.erfc(CPU, x), [math.erfc(v) for v in x], ulps=16)


def test_float32_erf_is_good_to_float32_also_in_blocks() -> None:
    x = numpy.linspace(-5, 5, 100_001, dtype="float32")
    found = special.erf(CPU, x)
    assert found.dtype == "float32"
    numpy.testing.assert_allclose(found, [math.erf(float(v)) for v in x], rtol=4e-7)
    assert (found[:500] == special.erf(CPU, x[:500])).all()


def test_erfinv_undoes_erf_into_the_tails() -> None:
    x = numpy.concatenate([numpy.linspace(-0.999, 0.999, 2001), numpy.logspace(-20, -1, 50), 1 - numpy.logspace(-15, -3, 50)])
    back = special.erfinv(CPU, x)
    close(special.erf(CPU, back), x)
    assert list(special.erfinv(CPU, numpy.array([-1.0, 1.0]))) == [-math.inf, math.inf]
    assert numpy.isnan(special.erfinv(CPU, numpy.array([1.5, -2.0, math.nan]))).all()


def test_gamma_functions_at_places_that_are_known() -> None:
    n = numpy.arange(1.0, 30.0)
    close(special.lgamma(CPU, n), [math.log(math.factorial(int(v) - 1)) for v in n])
    close(special.lgamma(CPU, numpy.array([0.5, -0.5])), [0.5 * math.log(math.pi), math.log(2 * math.sqrt(math.pi))])
    euler = 0.5772156649015329
    close(special.digamma(CPU, numpy.array([1.0, 0.5, 2.0])), [-euler, -euler - 2 * math.log(2), 1 - euler])
    close(special.polygamma(CPU, numpy.array([1.0, 0.5]), 1), [math.pi**2 / 6, math.pi**2 / 2])
    close(special.polygamma(CPU, numpy.array([1.0]), 3), [math.pi**4 / 15])


def test_lgamma_keeps_its_relative_precision_at_its_zeros() -> None:
    z = numpy.array([1e-5, -1e-5, 1e-9])
    # log gamma(1 + z) = -Euler z + zeta(2) z^2 / 2 - zeta(3) z^3 / 3 + ...
    z = (1 + z) - 1
    series = -0.5772156649015329 * z + math.pi**2 / 12 * z * z - 1.2020569031595942 / 3 * z**3
    close(special.lgamma(CPU, 1 + z), series)


@pytest.mark.parametrize(
    ("function", "step"),
    [
        (special.lgamma, lambda x: numpy.log(numpy.abs(x))),
        (special.digamma, lambda x: 1 / x),
        (lambda xp, x: special.polygamma(xp, x, 1), lambda x: -1 / x**2),
        (lambda xp, x: special.polygamma(xp, x, 2), lambda x: 2 / x**3),
    ],
    ids=["lgamma", "digamma", "polygamma1", "polygamma2"],
)
def test_gamma_functions_take_the_step_from_x_to_x_plus_one(function: Callable[..., Any], step: Callable[..., Any]) -> None:
    x = numpy.concatenate([numpy.linspace(0.05, 20, 400), numpy.linspace(-5.95, -0.05, 60)])
    numpy.testing.assert_allclose(function(CPU, x + 1) - function(CPU, x), step(x), rtol=1e-10, atol=1e-12)


def test_poles_and_infinities() -> None:
    x = numpy.array([0.0, -1.0, math.inf])
    assert list(special.lgamma(CPU, x)) == [math.inf] * 3
    assert special.digamma(CPU, x)[0] == -math.inf
    assert math.isnan(special.digamma(CPU, x)[1])
    assert list(special.polygamma(CPU, x[:2], 1)) == [math.inf] * 2
