"""The error function and its relatives, from published formulas, for any array module.

Every function takes the module and an array of floats and gives an array of its type. float64 is good to a few units in
the last place. float32 and float16 are computed in float64, except erf, which activation functions need fast.
"""

from __future__ import annotations

import math
from typing import Any

from .series import Array, horner, in_double

# W. J. Cody, "Rational Chebyshev approximations for the error function", Math. Comp. 23 (1969), 631-637; highest power first
_SMALL = (
    (1.85777706184603153e-1, 3.16112374387056560, 1.13864154151050156e2, 3.77485237685302021e2, 3.20937758913846947e3),
    (1.0, 2.36012909523441209e1, 2.44024637934444173e2, 1.28261652607737228e3, 2.84423683343917062e3),
)
_MIDDLE = (
    (
        2.15311535474403846e-8, 5.64188496988670089e-1, 8.88314979438837594, 6.61191906371416295e1, 2.98635138197400131e2,
        8.81952221241769090e2, 1.71204761263407058e3, 2.05107837782607147e3, 1.23033935479799725e3,
    ),
    (
        1.0, 1.57449261107098347e1, 1.17693950891312499e2, 5.37181101862009858e2, 1.62138957456669019e3, 3.29079923573345963e3,
        4.36261909014324716e3, 3.43936767414372164e3, 1.23033935480374942e3,
    ),
)  # fmt: skip
_LARGE = (
    (
        1.63153871373020978e-2, 3.05326634961232344e-1, 3.60344899949804439e-1, 1.25781726111229246e-1, 1.60837851487422766e-2,
        6.58749161529837803e-4,
    ),
    (1.0, 2.56852019228982242, 1.87295284992346047, 5.27905102951428412e-1, 6.05183413124413191e-2, 2.33520497626869185e-3),
)  # fmt: skip
# x P(x^2) / Q(x^2) for |x| < 3.93, beyond which float32 holds 1: fitted for this file by least squares with Lawson's weights;
# relative error 2e-8, less than half a unit in the last place of float32
ERF_END = 3.93
ERF_SINGLE = (
    (2.0421446199995485e-06, 0.0002847936373574402, 0.0037788163956484298, 0.0527878140808439, 0.19076492828051486, 1.128379145565938),
    (3.8005116625046446e-05, 0.0011650267046533018, 0.014995834445771995, 0.11424973675810676, 0.502393738435786, 1.0),
)


def _bell(xp: Any, y: Array) -> Array:
    """exp(-y*y) with y*y split into a part that is exact and a small rest, as Cody does."""
    coarse = xp.trunc(y * 16) / 16
    return xp.exp(-coarse * coarse) * xp.exp(-(y - coarse) * (y + coarse))


def _erfc_scaled(xp: Any, y: Array) -> Array:
    """exp(y*y) erfc(y) for y > 0.46875."""
    middle = xp.minimum(y, 4.0)
    near = horner(middle, _MIDDLE[0]) / horner(middle, _MIDDLE[1])
    far = xp.maximum(y, 4.0)
    inverse = 1 / (far * far)
    tail = (1 / math.sqrt(math.pi) - inverse * horner(inverse, _LARGE[0]) / horner(inverse, _LARGE[1])) / far
    return xp.where(y <= 4.0, near, tail)


def _erfc_above(xp: Any, y: Array) -> Array:
    """erfc for y > 0.46875."""
    return _bell(xp, xp.minimum(y, 30.0)) * _erfc_scaled(xp, y)


_BLOCK = 32_768  # elements: what a step reads and writes stays in the cache of a core


def _erf_single(xp: Any, x: Array) -> Array:
    if xp.kind == "cpu" and x.size > 2 * _BLOCK:
        flat = x.reshape(-1)
        made = xp.empty_like(flat)
        for i in range(0, flat.size, _BLOCK):
            made[i : i + _BLOCK] = _erf_single(xp, flat[i : i + _BLOCK])
        return made.reshape(x.shape)
    z = xp.minimum(xp.maximum(x, -ERF_END), ERF_END)
    square = z * z
    value = z * horner(square, ERF_SINGLE[0])
    value /= horner(square, ERF_SINGLE[1])
    return xp.minimum(xp.maximum(value, -1.0), 1.0)


def erf(xp: Any, x: Array) -> Array:
    """The error function: 2 / sqrt(pi) times the integral of exp(-t*t) from 0 to x. Cody 1969; float32 by a fit of its own."""
    if x.dtype != "float64":
        return _erf_single(xp, x.astype("float32")).astype(x.dtype)
    y = xp.absolute(x)
    core = xp.minimum(y, 0.46875)
    square = core * core
    small = x * (horner(square, _SMALL[0]) / horner(square, _SMALL[1]))
    large = xp.copysign(1 - _erfc_above(xp, xp.maximum(y, 0.46875)), x)
    return xp.where(y <= 0.46875, small, large)


@in_double
def erfc(xp: Any, x: Array) -> Array:
    """1 - erf(x), exact also where that is tiny. Cody 1969."""
    y = xp.absolute(x)
    core = xp.minimum(y, 0.46875)
    square = core * core
    small = 1 - x * (horner(square, _SMALL[0]) / horner(square, _SMALL[1]))
    above = _erfc_above(xp, xp.maximum(y, 0.46875))
    return xp.where(y <= 0.46875, small, xp.where(x < 0, 2 - above, above))


@in_double
def erfinv(xp: Any, x: Array) -> Array:
    """The inverse of erf: S. Winitzki's approximation (2008), made exact by three of Halley's steps on erf or erfc."""
    y = xp.absolute(x)
    inside = xp.minimum(y, 1 - 2.0**-53)
    logarithm = xp.log1p(-inside * inside)
    half = 2 / (math.pi * 0.147) + logarithm / 2
    guess = xp.sqrt(xp.sqrt(half * half - logarithm / 0.147) - half)
    guess = xp.where(inside < 0.01, inside * (math.sqrt(math.pi) / 2), guess)
    for _ in range(3):
        error = xp.where(inside < 0.5, erf(xp, guess) - inside, (1 - inside) - erfc(xp, guess))
        step = error / (2 / math.sqrt(math.pi) * xp.exp(-guess * guess))
        guess = guess - step / (1 + guess * step)
    guess = xp.copysign(guess, x)
    return xp.where(y < 1, guess, xp.where(y == 1, xp.copysign(math.inf, x), xp.where(y != y, x, math.nan)))


@in_double
def erfcx(xp: Any, x: Array) -> Array:
    """exp(x*x) erfc(x), where neither factor need be representable. Cody 1969."""
    y = xp.absolute(x)
    core = xp.minimum(y, 0.46875)
    square = core * core
    small = xp.exp(square) * (1 - x * (horner(square, _SMALL[0]) / horner(square, _SMALL[1])))
    above = _erfc_scaled(xp, xp.maximum(y, 0.46875))
    below = 2 / _bell(xp, xp.minimum(y, 30.0)) - above
    return xp.where(y <= 0.46875, small, xp.where(x < 0, below, above))


@in_double
def erfcinv(xp: Any, q: Array) -> Array:
    """The inverse of erfc for q in [0, 2]: Winitzki's approximation (2008), made exact by Newton's steps."""
    tail = xp.minimum(xp.maximum(xp.minimum(q, 2 - q), 5e-324), 1.0)
    logarithm = xp.log(tail) + xp.log1p(1 - tail)  # log(1 - (1 - tail)^2)
    half = 2 / (math.pi * 0.147) + logarithm / 2
    guess = xp.sqrt(xp.maximum(xp.sqrt(half * half - logarithm / 0.147) - half, 0.0))
    wanted = xp.log(tail)
    for _ in range(4):  # Newton's steps on the logarithm, which is all but quadratic in the tail
        scaled = _erfc_scaled(xp, xp.maximum(guess, 0.46875))
        guess = guess + (xp.log(scaled) - guess * guess - wanted) * scaled * (math.sqrt(math.pi) / 2)
    guess = xp.where(q > 1, -guess, guess)
    guess = xp.where((q > 0) & (q < 2), guess, xp.where(q == 0, math.inf, xp.where(q == 2, -math.inf, math.nan)))
    return xp.where(xp.absolute(1 - q) < 0.5, erfinv(xp, 1 - q), guess)


@in_double
def ndtri(xp: Any, p: Array) -> Array:
    """The inverse of the normal distribution function: -sqrt(2) erfcinv(2 p)."""
    return -math.sqrt(2) * erfcinv(xp, 2 * p)


@in_double
def log_ndtr(xp: Any, x: Array) -> Array:
    """The logarithm of the normal distribution function, exact also in its tails."""
    t = x * math.sqrt(0.5)
    below = xp.log(erfcx(xp, -xp.minimum(t, 0.0)) / 2) - t * t
    return xp.where(x < -1, below, xp.log1p(-erfc(xp, xp.maximum(t, -1.0)) / 2))
