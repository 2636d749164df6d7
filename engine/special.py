"""Error functions and the gamma function's relatives, from published formulas, for any array module.

Every function takes the module and an array of floats and gives an array of its type. float64 is good to a few units in
the last place, but near zeros of the functions at negative arguments. float32 and float16 are computed in float64, except
erf, which activation functions need fast.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

Array = Any


def _in_double(function: Callable[..., Any]) -> Callable[..., Any]:
    def wide(xp: Any, x: Array, *params: Any) -> Array:
        return function(xp, x.astype("float64"), *params).astype(x.dtype)

    wide.__name__ = function.__name__
    wide.__doc__ = function.__doc__
    return wide


def _horner(x: Array, coefficients: Sequence[float]) -> Array:
    """The polynomial, highest power first."""
    value = x * coefficients[0] + coefficients[1]
    for c in coefficients[2:]:
        value *= x
        value += c
    return value


# ------------------------------------------------------------------------------------------------------- error functions

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


def _erfc_above(xp: Any, y: Array) -> Array:
    """erfc for y > 0.46875."""
    middle = xp.minimum(y, 4.0)
    near = _horner(middle, _MIDDLE[0]) / _horner(middle, _MIDDLE[1])
    far = xp.maximum(y, 4.0)
    inverse = 1 / (far * far)
    tail = (1 / math.sqrt(math.pi) - inverse * _horner(inverse, _LARGE[0]) / _horner(inverse, _LARGE[1])) / far
    return _bell(xp, xp.minimum(y, 30.0)) * xp.where(y <= 4.0, near, tail)


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
    value = z * _horner(square, ERF_SINGLE[0])
    value /= _horner(square, ERF_SINGLE[1])
    return xp.minimum(xp.maximum(value, -1.0), 1.0)


def erf(xp: Any, x: Array) -> Array:
    """The error function: 2 / sqrt(pi) times the integral of exp(-t*t) from 0 to x. Cody 1969; float32 by a fit of its own."""
    if x.dtype != "float64":
        return _erf_single(xp, x.astype("float32")).astype(x.dtype)
    y = xp.absolute(x)
    core = xp.minimum(y, 0.46875)
    square = core * core
    small = x * (_horner(square, _SMALL[0]) / _horner(square, _SMALL[1]))
    large = xp.copysign(1 - _erfc_above(xp, xp.maximum(y, 0.46875)), x)
    return xp.where(y <= 0.46875, small, large)


@_in_double
def erfc(xp: Any, x: Array) -> Array:
    """1 - erf(x), exact also where that is tiny. Cody 1969."""
    y = xp.absolute(x)
    core = xp.minimum(y, 0.46875)
    square = core * core
    small = 1 - x * (_horner(square, _SMALL[0]) / _horner(square, _SMALL[1]))
    above = _erfc_above(xp, xp.maximum(y, 0.46875))
    return xp.where(y <= 0.46875, small, xp.where(x < 0, 2 - above, above))


@_in_double
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


# -------------------------------------------------------------------------------------------------------- gamma functions

# Bernoulli numbers B_2, B_4, ...
_BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510, 43867 / 798, -174611 / 330)
_EULER = 0.57721566490153286061


def _zeta_less_one(s: int) -> float:
    """Riemann's zeta(s) - 1 by Euler's and Maclaurin's summation from 10 on (Abramowitz and Stegun 23.2)."""
    total = math.fsum(n**-s for n in range(2, 10))
    total += 10.0 ** (1 - s) / (s - 1) + 0.5 * 10.0**-s
    rising = float(s)
    for k, b in enumerate(_BERNOULLI[:8], 1):
        total += b / math.factorial(2 * k) * rising * 10.0 ** (1 - s - 2 * k)
        rising *= (s + 2 * k - 1) * (s + 2 * k)
    return total


# log gamma(2 + z) = z (1 - Euler) + sum over k >= 2 of (-1)^k (zeta(k) - 1) z^k / k (Abramowitz and Stegun 6.1.33)
_NEAR_TWO = (*((-1) ** k * _zeta_less_one(k) / k for k in range(30, 1, -1)), 1 - _EULER)


def _log_gamma_near_two(z: Array) -> Array:
    """log gamma(2 + z) for |z| <= 0.5."""
    return z * _horner(z, _NEAR_TWO)


def _sine_of_turns(xp: Any, x: Array) -> Array:
    """|sin(pi x)|, exact at integers."""
    return xp.absolute(xp.sin(math.pi * (x - xp.rint(x))))


@_in_double
def lgamma(xp: Any, x: Array) -> Array:
    """The logarithm of |gamma(x)|: Taylor's series about 2, to which smaller arguments are brought by recurrence; Stirling's
    series from 8 on; reflection below 0 (Abramowitz and Stegun 6.1.17, 6.1.33, 6.1.41)."""
    reflected = x < 0
    y = xp.where(reflected, 1 - x, x)
    near = xp.minimum(y, 8.0)
    product = xp.ones_like(y)
    for _ in range(6):  # from above down to [1.5, 2.5]
        large = near > 2.5
        near = xp.where(large, near - 1, near)
        product = xp.where(large, product * near, product)
    tiny, low = near < 0.5, near < 1.5
    z = xp.where(tiny, near, xp.where(low, near - 1, near - 2))
    series = xp.log(product) + _log_gamma_near_two(xp.minimum(xp.maximum(z, -0.5), 0.5))
    series = xp.where(low, series - xp.log1p(z), series)
    series = xp.where(tiny, series - xp.log(near), series)
    far = xp.maximum(y, 8.0)
    inverse = 1 / far
    square = inverse * inverse
    rest = inverse * _horner(square, [b / (2 * k * (2 * k - 1)) for k, b in reversed(list(enumerate(_BERNOULLI[:8], 1)))])
    stirling = (far - 0.5) * xp.log(far) - far + (0.5 * math.log(2 * math.pi) + rest)
    value = xp.where(y < 8.0, series, xp.where(xp.isinf(far), math.inf, stirling))
    mirrored = math.log(math.pi) - xp.log(_sine_of_turns(xp, x)) - value
    return xp.where(reflected, xp.where(x == xp.floor(x), math.inf, mirrored), value)


@_in_double
def digamma(xp: Any, x: Array) -> Array:
    """The derivative of log gamma: recurrence up to 10, then the asymptotic series; reflection below 0
    (Abramowitz and Stegun 6.3.5, 6.3.7, 6.3.18)."""
    reflected = x < 0
    y = xp.where(reflected, 1 - x, x)
    lower = xp.zeros_like(y)
    for _ in range(10):
        small = y < 10
        lower = xp.where(small, lower - 1 / y, lower)
        y = xp.where(small, y + 1, y)
    square = 1 / (y * y)
    series = square * _horner(square, [b / (2 * k) for k, b in reversed(list(enumerate(_BERNOULLI[:8], 1)))])
    value = lower + xp.log(y) - 0.5 / y - series
    mirrored = value - math.pi / xp.tan(math.pi * (x - xp.rint(x)))
    value = xp.where(reflected, xp.where(x == xp.rint(x), math.nan, mirrored), value)
    return xp.where(x == 0, xp.copysign(math.inf, -x), value)


def _zeta(xp: Any, s: int, q: Array) -> Array:
    """Hurwitz' zeta: the sum of (q + k)^-s over k >= 0, by Euler's and Maclaurin's summation beyond 10."""
    lowest = float(xp.where(xp.isfinite(q), q, 0.0).min()) if q.size else 0.0
    total = xp.zeros_like(q)
    for _ in range(10 + max(0, math.ceil(-lowest))):
        small = q < 10
        total = xp.where(small, total + q**-s, total)
        q = xp.where(small, q + 1, q)
    total = total + q ** (1 - s) / (s - 1) + 0.5 * q**-s
    rising = float(s)
    for k, b in enumerate(_BERNOULLI, 1):
        total = total + (b / math.factorial(2 * k) * rising) * q ** (1 - s - 2 * k)
        rising *= (s + 2 * k - 1) * (s + 2 * k)
    return total


@_in_double
def polygamma(xp: Any, x: Array, n: int) -> Array:
    """The n-th derivative of digamma, n >= 1: (-1)^(n+1) n! zeta(n + 1, x) (Abramowitz and Stegun 6.4.10); infinite at 0 and
    at negative integers."""
    value = (-1.0) ** (n + 1) * math.factorial(n) * _zeta(xp, n + 1, xp.where(x == xp.rint(x), xp.maximum(x, 1.0), x))
    at_pole = (x <= 0) & (x == xp.rint(x))
    return xp.where(at_pole, math.inf if n % 2 else math.nan, value)
