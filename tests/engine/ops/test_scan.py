"""Running results: the doubling steps equal the definition, zeros and infinities have gradients."""

from __future__ import annotations

import numpy
import pytest

import gradstep.engine as gs
from gradstep.engine import devices
from gradstep.engine.ops.scan import running


@pytest.mark.parametrize("length", [1, 2, 3, 7, 8, 100])
@pytest.mark.parametrize("dim", [0, 1])
def test_doubling_steps_accumulate(length: int, dim: int) -> None:
    array = numpy.random.default_rng(length).standard_normal((length, 3) if dim == 0 else (3, length))
    for name in ("maximum", "minimum"):
        assert (running(devices.CPU, name, array, dim) == getattr(numpy, name).accumulate(array, axis=dim)).all()
    numpy.testing.assert_allclose(running(devices.CPU, "logaddexp", array, dim), numpy.logaddexp.accumulate(array, axis=dim), rtol=1e-13)


def test_second_derivatives_of_logcumsumexp_survive_gradients_that_are_zero() -> None:
    x = gs.tensor([0.3, -0.2, 0.5], dtype=gs.float64, requires_grad=True)
    (first,) = gs.autograd.grad(x.logcumsumexp(0), x, gs.ones(3, dtype=gs.float64), create_graph=True)
    (second,) = gs.autograd.grad(first.sum(), x)
    numpy.testing.assert_allclose(second.numpy(), 0, atol=1e-12)  # each term's gradient adds up to 1 whatever x


def test_running_products_reach_past_a_zero() -> None:
    x = gs.tensor([2.0, 0.0, 3.0], requires_grad=True)
    x.cumprod(0).sum().backward()
    assert x.grad.tolist() == [1.0, 8.0, 0.0]
