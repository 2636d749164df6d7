"""Bessel and Airy functions equal scipy's."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy
import pytest
import scipy.special

from gradstep.engine import devices
from gradstep.engine.numerics import bessel

CPU = devices.CPU
PLACES = numpy.concatenate([numpy.logspace(-12, -2, 50), numpy.linspace(0.01, 9, 2000), numpy.linspace(9, 200, 500)])


@pytest.fixture(autouse=True)
def _as_in_an_op() -> Iterator[None]:
    with numpy.errstate(all="ignore"):
        yield


@pytest.mark.parametrize("name", ["i0", "i0e", "i1", "i1e", "k0", "k0e", "k1", "k1e"])
def test_modified_functions_have_their_relative_precision_everywhere(name: str) -> None:
    numpy.testing.assert_allclose(getattr(bessel, name)(CPU, PLACES), getattr(scipy.special, name)(PLACES), rtol=4e-15)


@pytest.mark.parametrize("name", ["j0", "j1", "y0", "y1"])
def test_oscillating_functions_are_exact_to_their_amplitude(name: str) -> None:
    found, known = getattr(bessel, name)(CPU, PLACES), getattr(scipy.special, name)(PLACES)
    numpy.testing.assert_allclose(found, known, rtol=4e-15, atol=2e-15)


def test_the_first_kind_keeps_its_relative_precision_at_its_first_zeros() -> None:
    zeros = scipy.special.jn_zeros(0, 2)
    near = numpy.concatenate([zeros + 1e-9, zeros - 1e-9])
    slopes = -scipy.special.j1(near)  # J0(zero + d) = -J1(zero) d
    numpy.testing.assert_allclose(bessel.j0(CPU, near), slopes * numpy.array([1e-9, 1e-9, -1e-9, -1e-9]), rtol=1e-6)


def test_symmetry_and_the_values_outside() -> None:
    x = numpy.array([-3.0, -0.0, 0.0, -math.inf])
    assert list(bessel.j0(CPU, x)[:3]) == [bessel.j0(CPU, -x)[0], 1.0, 1.0]
    assert bessel.j1(CPU, x)[0] == -bessel.j1(CPU, -x)[0]
    assert numpy.isnan(bessel.j0(CPU, x)[3])
    for name, at_zero in (("y0", -math.inf), ("y1", -math.inf), ("k0", math.inf), ("k1", math.inf)):
        found = getattr(bessel, name)(CPU, x)
        assert numpy.isnan(found[0])
        assert found[1] == found[2] == at_zero
    assert list(bessel.spherical_j0(CPU, numpy.array([0.0, math.inf]))) == [1.0, 0.0]


def test_airy_function_in_its_three_ranges() -> None:
    x = numpy.concatenate([numpy.linspace(-60, -2, 1000), numpy.linspace(-2, 2, 400), numpy.linspace(2, 100, 400)])
    numpy.testing.assert_allclose(bessel.airy_ai(CPU, x), scipy.special.airy(x)[0], rtol=2e-13, atol=2e-14)


@pytest.mark.parametrize("function", [bessel.i0, bessel.k1, bessel.j0, bessel.airy_ai])
def test_single_precision_is_rounded_once(function: Callable[..., Any]) -> None:
    x = numpy.linspace(0.1, 20, 100, dtype="float32")
    found = function(CPU, x)
    assert found.dtype == "float32"
    assert (found == function(CPU, x.astype("float64")).astype("float32")).all()
