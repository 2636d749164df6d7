"""Kernels composed of an array module's own functions: what they mean, for every module.

``xp.NAME(...)`` calls them (``engine/devices.py``); a module may have its own under the same name. Floats come in and go out
in their own type. ``g`` is the gradient that arrived, ``x`` the input of the forward, ``y`` its result. Kernels of rows take
matrices (rows, columns) and give one number a row as a column (rows, 1).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from ..numerics.error_functions import erf
from . import convolve

Array = Any

SLOPE, CUBIC = math.sqrt(2 / math.pi), 0.044715  # of the formula for gelu with tanh (Hendrycks and Gimpel, 2016)


# ---------------------------------------------------------------------------------------------------- element by element


def threshold_backward(xp: Any, g: Array, x: Array, threshold: Any) -> Array:
    """``g`` where ``x`` is above the threshold or NaN, else 0."""
    return xp.where(x <= threshold, g.dtype.type(0), g)


def sigmoid(xp: Any, x: Array) -> Array:
    """``1 / (1 + exp(-x))``."""
    made = xp.asarray(xp.negative(x))
    xp.exp(made, out=made)
    made += 1
    return xp.reciprocal(made, out=made)


def sigmoid_backward(xp: Any, g: Array, y: Array) -> Array:
    """``g * (1 - y) * y``."""
    made = xp.asarray(xp.subtract(1, y))
    made *= y
    return xp.multiply(g, made)


def tanh_backward(xp: Any, g: Array, y: Array) -> Array:
    """``g * (1 - y * y)``, without the number, which costs more than an operation on a small array."""
    return xp.subtract(g, xp.multiply(g, xp.multiply(y, y)))


def silu(xp: Any, x: Array) -> Array:
    """``x * sigmoid(x)``."""
    made = xp.asarray(xp.negative(x))
    xp.exp(made, out=made)
    made += 1
    return xp.divide(x, made)


def silu_backward(xp: Any, g: Array, x: Array) -> Array:
    """``g * s * (1 + x * (1 - s))`` with s = sigmoid(x)."""
    gate = xp.asarray(sigmoid(xp, x))
    made = xp.asarray(xp.subtract(1, gate))
    made *= x
    made += 1
    made *= gate
    return xp.multiply(g, made)


def gelu(xp: Any, x: Array) -> Array:
    """``x`` times the share of a normal distribution below it."""
    made = xp.asarray(erf(xp, x * x.dtype.type(math.sqrt(0.5))))
    made += 1
    made *= x
    return xp.multiply(made, made.dtype.type(0.5))


def gelu_backward(xp: Any, g: Array, x: Array) -> Array:
    """``g`` times the share of a normal distribution below ``x`` plus x times its density."""
    kind = x.dtype.type
    density = xp.asarray(xp.multiply(x, x))
    density *= kind(-0.5)
    density = xp.asarray(xp.exp(density))
    density *= x
    density *= kind(1 / math.sqrt(2 * math.pi))
    share = xp.asarray(erf(xp, x * kind(math.sqrt(0.5))))
    share += 1
    share *= kind(0.5)
    density += share
    return xp.multiply(g, density)


def gelu_tanh(xp: Any, x: Array) -> Array:
    """``gelu`` by the formula with tanh."""
    kind = x.dtype.type
    made = xp.asarray(xp.multiply(x, x))
    made *= kind(SLOPE * CUBIC)
    made += kind(SLOPE)
    made *= x
    made = xp.asarray(xp.tanh(made))
    made += 1
    made *= x
    return xp.multiply(made, kind(0.5))


def gelu_tanh_backward(xp: Any, g: Array, x: Array) -> Array:
    """The gradient of ``gelu_tanh``."""
    kind = x.dtype.type
    square = xp.asarray(xp.multiply(x, x))
    curve = xp.tanh(x * (kind(SLOPE) + kind(SLOPE * CUBIC) * square))
    square *= kind(3 * SLOPE * CUBIC)
    square += kind(SLOPE)  # the slope of what tanh is asked of
    square *= 1 - curve * curve
    square *= x
    square += 1
    square += curve
    square *= kind(0.5)
    return xp.multiply(g, square)


# --------------------------------------------------------------------------------------------------------- along a dimension


def largest(xp: Any, x: Array, axis: Any) -> Array:
    """The largest elements along ``axis``, which stays with size 1; ``x`` itself where it is empty."""
    return x.max(axis=axis, keepdims=True) if x.size else x


def total(xp: Any, x: Array, axis: Any) -> Array:
    """The sums along ``axis``, which stays with size 1."""
    return x.sum(axis=axis, keepdims=True)


def softmax(xp: Any, x: Array, axis: Any) -> Array:
    """``exp(x)`` divided by its sum along ``axis``."""
    made = xp.asarray(xp.subtract(x, xp.largest(x, axis)))
    xp.exp(made, out=made)
    made /= xp.total(made, axis)
    return made


def softmax_backward(xp: Any, g: Array, y: Array, axis: Any) -> Array:
    """``y * (g - sum(g * y))``."""
    made = xp.asarray(xp.multiply(g, y))
    inner = xp.total(made, axis)
    made -= y * inner
    return made


def log_softmax(xp: Any, x: Array, axis: Any) -> Array:
    """The logarithm of ``softmax``, without overflow."""
    made = xp.asarray(xp.subtract(x, xp.largest(x, axis)))
    made -= xp.log(xp.total(xp.exp(made), axis))
    return made


def log_softmax_backward(xp: Any, g: Array, y: Array, axis: Any) -> Array:
    """``g - exp(y) * sum(g)``."""
    made = xp.asarray(xp.exp(y))
    made *= xp.total(g, axis)
    return xp.subtract(g, made)


# ----------------------------------------------------------------------------------------------------------------- of rows


def row_sums(xp: Any, x: Array) -> Array:
    """The sums of the rows."""
    return x.sum(axis=1, keepdims=True)


def row_dots(xp: Any, a: Array, b: Array) -> Array:
    """The sums of the products of rows."""
    return xp.einsum("ij,ij->i", a, b)[:, None]


def column_sums(xp: Any, x: Array) -> Array:
    """The sums of the columns (columns,)."""
    return x.sum(axis=0)


def column_dots(xp: Any, a: Array, b: Array) -> Array:
    """The sums of the products of columns (columns,)."""
    return xp.einsum("ij,ij->j", a, b)


def row_spreads(xp: Any, x: Array, mean: Array) -> Array:
    """The sums of ``(x - mean)**2`` over rows."""
    centred = x - mean
    return xp.row_dots(centred, centred)


def row_scaled(xp: Any, x: Array, mean: Array, factor: Array, shift: Array | None) -> Array:
    """``(x - mean) * factor + shift``, with a mean, a factor and a shift a row."""
    made = x - mean
    made *= factor
    if shift is not None:
        made += shift
    return made


def row_moments(xp: Any, g: Array, x: Array, mean: Array) -> tuple[Array, Array]:
    """The sums of ``g`` and of ``g * (x - mean)`` over rows."""
    return xp.row_sums(g), xp.row_dots(g, x - mean)


def row_gradient(xp: Any, g: Array, x: Array, mean: Array, factor: Array, by: Array, less: Array) -> Array:
    """``g * factor - (x - mean) * by - less``, with one of each a row: the gradient through a normalisation."""
    made = x - mean
    made *= by
    scaled = g * factor
    scaled -= made
    scaled -= less
    return scaled


def layer_norm(xp: Any, x: Array, weight: Array | None, bias: Array | None, eps: float) -> tuple[Array, Array, Array]:
    """Rows less their mean, divided by ``sqrt(variance + eps)``, times ``weight`` plus ``bias`` (columns); the mean, and what it was
    multiplied by."""
    share = 1 / max(x.shape[1], 1)
    mean = xp.row_sums(x)
    mean *= share
    made = x - mean
    rstd = xp.row_dots(made, made)
    rstd *= share
    rstd += eps
    xp.sqrt(rstd, out=rstd)
    xp.reciprocal(rstd, out=rstd)
    made *= rstd
    if weight is not None:
        made *= weight
    if bias is not None:
        made += bias
    return made, mean, rstd


def layer_norm_backward(
    xp: Any, g: Array, x: Array, mean: Array, rstd: Array, weight: Array | None, affine: bool
) -> tuple[Array, Array | None, Array | None]:
    """The gradients of ``layer_norm``: of the input, and with ``affine`` of weight and bias.

    rstd * (w g - mean(w g) - x' mean(w g x')), with x' the normalised row: Ba et al. (2016).
    """
    normal = x - mean
    normal *= rstd
    of_weight = xp.column_dots(g, normal) if affine else None
    of_bias = xp.column_sums(g) if affine else None
    made = g.copy() if weight is None else g * weight
    share = 1 / max(x.shape[1], 1)
    inner = xp.row_dots(made, normal)
    inner *= share
    middle = xp.row_sums(made)
    middle *= share
    normal *= inner
    made -= normal
    made -= middle
    made *= rstd
    return made, of_weight, of_bias


KERNELS: dict[str, Callable[..., Any]] = convolve.KERNELS | {
    function.__name__: function
    for function in (
        threshold_backward, sigmoid, sigmoid_backward, tanh_backward, silu, silu_backward, gelu, gelu_backward, gelu_tanh,
        gelu_tanh_backward, largest, total, softmax, softmax_backward, log_softmax, log_softmax_backward, row_sums, row_dots,
        column_sums, column_dots, row_spreads, row_scaled, row_moments, row_gradient, layer_norm, layer_norm_backward,
    )
}  # fmt: skip
