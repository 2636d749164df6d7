"""Draws of the gamma distribution, through which gradients reach its shape."""

from __future__ import annotations

from typing import Any

from .. import numbers_drawn
from ..autograd.grad_mode import no_grad
from ..numerics import gamma as gamma_functions
from ..op import Array, op
from ..random import Generator, generator_for
from ..tensor import Tensor, wrap
from .kinds import no_derivative

_TERMS = 10_000  # more than a float64 needs for shapes and values up to some thousand


@op(
    vjp={"concentration": no_derivative("_standard_gamma_grad"), "value": no_derivative("_standard_gamma_grad")},
    samples=lambda rand: [(rand.positive(3, 2), rand.positive(3, 2))],
    gradcheck=False,
)
def standard_gamma_grad(xp: Any, concentration: Array, value: Array) -> Array:
    """How a value of the standard gamma distribution moves with its shape, at a constant probability of being below it.

    Minus the derivative of the distribution function by the shape over the density (Figurnov et al., 2018), from the series
    P(a, x) = x^a e^-x sum_k x^k / gamma(a + k + 1): -x / a * sum_k t_k (log x - digamma(a + k + 1)), t_k = x^k / ((a + 1) ... (a + k)).
    """
    a, x = concentration.astype("float64"), value.astype("float64")
    slope = xp.log(x) - gamma_functions.digamma(xp, a + 1)
    term = xp.ones_like(a)
    total = slope.copy()
    for k in range(1, _TERMS):
        term = term * x / (a + k)
        slope = slope - 1 / (a + k)
        total += term * slope
        if k % 32 == 0 and not (xp.abs(term * slope) > 1e-17 * xp.abs(total)).any():
            break
    return (-x / a * total).astype(concentration.dtype)


@op(
    vjp={"concentration": lambda g, concentration, value: g * standard_gamma_grad(concentration, value)},
    samples=lambda rand: [(rand.positive(3, 2), rand.positive(3, 2))],
    node="StandardGammaBackward0",
    gradcheck=False,
)
def standard_gamma_(xp: Any, concentration: Array, value: Array) -> Array:
    """``value``, which was drawn with the shape ``concentration``."""
    return value.copy()


def drawn(concentration: Tensor, generator: Generator | None = None) -> Tensor:
    """Numbers of the standard gamma distribution with the given shapes, in float64, without a graph."""
    xp = concentration._xp
    stream = generator_for(concentration.device, generator).stream
    shapes = xp.to_host(concentration._data).reshape(-1).tolist()
    made = [numbers_drawn.gamma(stream, shape) for shape in shapes]
    return wrap(xp.asarray(made, "float64").reshape(concentration._data.shape))


def standard_gamma(self: Tensor, generator: Generator | None = None) -> Any:
    """Numbers of the gamma distribution with shape ``self`` and scale 1; gradients pass by implicit differentiation."""
    with no_grad():
        value = drawn(self, generator).to(self.dtype).clamp_(min=self._xp.finfo(self._data.dtype).tiny)
    return standard_gamma_(self, value)


TORCH = {"_standard_gamma": standard_gamma, "_standard_gamma_grad": standard_gamma_grad}
