"""The error functions equal those of the C library and scipy, and undo each other, to a few units in the last place."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy
import pytest
import scipy.special

from gradstep.engine import devices
from gradstep.engine.numerics import error_functions

CPU = devices.CPU


@pytest.fixture(autouse=True)
def _as_in_an_op() -> Iterator[None]:
    with numpy.errstate(all="ignore"):
        yield


def close(a: Any, b: Any, ulps: float = 8) -> None:
    numpy.testing.assert_allclose(a, b, rtol=ulps * 2.0**-53, atol=0)


def test_erf_and_erfc_equal_those_of_the_c_library() -> None:
    x = numpy.concatenate([numpy.linspace(-6, 6, 4001), numpy.logspace(-30, 0, 100)])
    close(error_functions.erf(CPU, x), [math.erf(v) for v in x])
    x = numpy.linspace(-6, 26, 4001)
    close(error_functions.erfc(CPU, x), [math.erfc(v) for v in x], ulps=16)


def test_float32_erf_is_good_to_float32_also_in_blocks() -> None:
    x = numpy.linspace(-5, 5, 100_001, dtype="float32")
    found = error_functions.erf(CPU, x)
    assert found.dtype == "float32"
    numpy.testing.assert_allclose(found, [math.erf(float(v)) for v in x], rtol=4e-7)
    assert (found[:500] == error_functions.erf(CPU, x[:500])).all()


def test_erfinv_undoes_erf_into_the_tails() -> None:
    x = numpy.concatenate([numpy.linspace(-0.999, 0.999, 2001), numpy.logspace(-20, -1, 50), 1 - numpy.logspace(-15, -3, 50)])
    back = error_functions.erfinv(CPU, x)
    close(error_functions.erf(CPU, back), x)
    assert list(error_functions.erfinv(CPU, numpy.array([-1.0, 1.0]))) == [-math.inf, math.inf]
    assert numpy.isnan(error_functions.erfinv(CPU, numpy.array([1.5, -2.0, math.nan]))).all()


def test_erfcx_needs_no_exponential_in_the_tail() -> None:
    x = numpy.linspace(-6, 300, 4001)
    close(error_functions.erfcx(CPU, x), scipy.special.erfcx(x), ulps=32)
    assert list(error_functions.erfcx(CPU, numpy.array([-math.inf, -30.0, math.inf]))) == [math.inf, math.inf, 0.0]


def test_ndtri_is_exact_from_the_smallest_probability_to_the_largest() -> None:
    p = numpy.concatenate([10.0 ** -numpy.arange(1, 308, 2), numpy.linspace(0.001, 0.999, 500), 1 - 10.0 ** -numpy.arange(1, 15)])
    close(error_functions.ndtri(CPU, p), scipy.special.ndtri(p), ulps=32)
    assert list(error_functions.ndtri(CPU, numpy.array([0.0, 0.5, 1.0]))) == [-math.inf, 0.0, math.inf]
    assert numpy.isnan(error_functions.ndtri(CPU, numpy.array([-0.1, 1.1, math.nan]))).all()


def test_log_ndtr_keeps_its_relative_precision_in_both_tails() -> None:
    x = numpy.concatenate([numpy.linspace(-1e4, -40, 100), numpy.linspace(-40, 35, 1000)])
    close(error_functions.log_ndtr(CPU, x), scipy.special.log_ndtr(x), ulps=4000)  # rounding x / sqrt(2) costs x * x units
