"""The incomplete gamma functions equal scipy's."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy
import pytest
import scipy.special

from gradstep.engine import devices
from gradstep.engine.numerics.incomplete_gamma import gammainc

CPU = devices.CPU


@pytest.fixture(autouse=True)
def _as_in_an_op() -> Iterator[None]:
    with numpy.errstate(all="ignore"):
        yield


@pytest.mark.parametrize("upper", [False, True])
def test_both_sides_from_small_to_large_parameters(upper: bool) -> None:
    a = numpy.concatenate([numpy.linspace(0.01, 30, 40), [50.0, 200.0, 1e3, 1e4]])[:, None]
    x = a * numpy.linspace(0.01, 3, 60)[None]
    known = (scipy.special.gammaincc if upper else scipy.special.gammainc)(a, x)
    numpy.testing.assert_allclose(gammainc(CPU, a, x, upper), known, rtol=1e-11, atol=1e-290)


def test_where_all_or_nothing_of_the_mass_lies_below() -> None:
    a, x = numpy.array([1.0, 0.0, math.inf, 2.0]), numpy.array([0.0, 2.0, 1.0, math.inf])
    assert list(gammainc(CPU, a, x, False)) == [0.0, 1.0, 0.0, 1.0]
    assert list(gammainc(CPU, a, x, True)) == [1.0, 0.0, 1.0, 0.0]


def test_is_nan_for_negative_arguments_and_where_both_are_zero_or_infinite() -> None:
    a, x = numpy.array([0.0, math.inf, -1.0, 1.0, math.nan]), numpy.array([0.0, math.inf, 1.0, -1.0, 1.0])
    assert numpy.isnan(gammainc(CPU, a, x, False)).all()
