"""The gamma function's relatives, from published formulas, for any array module.

Every function takes the module and an array of floats and gives an array of its type. float64 is good to a few units in
the last place, but near zeros of the functions at negative arguments. float32 and
float16 are computed in float64.
"""

from __future__ import annotations

import math
from typing import Any

from .series import Array, horner, in_double

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
    return z * horner(z, _NEAR_TWO)


def _sine_of_turns(xp: Any, x: Array) -> Array:
    """|sin(pi x)|, exact at integers."""
    return xp.absolute(xp.sin(math.pi * (x - xp.rint(x))))


@in_double
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
    rest = inverse * horner(square, [b / (2 * k * (2 * k - 1)) for k, b in reversed(list(enumerate(_BERNOULLI[:8], 1)))])
    stirling = (far - 0.5) * xp.log(far) - far + (0.5 * math.log(2 * math.pi) + rest)
    value = xp.where(y < 8.0, series, xp.where(xp.isinf(far), math.inf, stirling))
    mirrored = math.log(math.pi) - xp.log(_sine_of_turns(xp, x)) - value
    return xp.where(reflected, xp.where(x == xp.floor(x), math.inf, mirrored), value)


@in_double
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
    series = square * horner(square, [b / (2 * k) for k, b in reversed(list(enumerate(_BERNOULLI[:8], 1)))])
    value = lower + xp.log(y) - 0.5 / y - series
    mirrored = value - math.pi / xp.tan(math.pi * (x - xp.rint(x)))
    value = xp.where(reflected, xp.where(x == xp.rint(x), math.nan, mirrored), value)
    return xp.where(x == 0, xp.copysign(math.inf, -x), value)


def _zeta(xp: Any, s: Any, q: Array) -> Array:
    """The sum of (q + k)^-s over k >= 0, s > 1 a number or an array, by Euler's and Maclaurin's summation beyond 10 + s."""
    lowest = float(xp.where(xp.isfinite(q), q, 0.0).min()) if q.size else 0.0
    border = xp.minimum(xp.asarray(s, "float64") + 10, 100.0)
    total = xp.zeros_like(q)
    for _ in range((math.ceil(float(border.max())) if border.size else 0) + max(0, math.ceil(-lowest))):
        small = q < border
        total = xp.where(small, total + q**-s, total)
        q = xp.where(small, q + 1, q)
    total = total + q ** (1 - s) / (s - 1) + 0.5 * q**-s
    rising = s
    for k, b in enumerate(_BERNOULLI, 1):
        total = total + (b / math.factorial(2 * k)) * rising * q ** (1 - s - 2 * k)
        rising = rising * ((s + 2 * k - 1) * (s + 2 * k))
    return total


def zeta(xp: Any, s: Array, q: Array) -> Array:
    """Hurwitz' zeta, the sum of (q + k)^-s over k >= 0: infinite for s = 1 and where q is 0 or a negative integer, nan for
    s < 1 and for other negative q unless s is an integer (Abramowitz and Stegun 23.2, DLMF 25.11)."""
    kind = s.dtype
    s, q = xp.broadcast_arrays(s.astype("float64"), q.astype("float64"))
    whole = q == xp.floor(q)
    tame = (s > 1) & ~((q <= 0) & (whole | (s != xp.floor(s))))
    value = _zeta(xp, xp.where(tame, s, 2.0), xp.where(tame, q, 1.0))
    outside = xp.where((s == 1) | ((s > 1) & (q <= 0) & whole), math.inf, math.nan)
    return xp.where(tame & (q == q), value, outside).astype(kind)


@in_double
def polygamma(xp: Any, x: Array, n: int) -> Array:
    """The n-th derivative of digamma, n >= 1: (-1)^(n+1) n! zeta(n + 1, x) (Abramowitz and Stegun 6.4.10); infinite at 0 and
    at negative integers, with the sign from the right."""
    value = (-1.0) ** (n + 1) * math.factorial(n) * _zeta(xp, float(n + 1), xp.where(x == xp.rint(x), xp.maximum(x, 1.0), x))
    at_pole = (x <= 0) & (x == xp.rint(x))
    return xp.where(at_pole, math.inf if n % 2 else -math.inf, value)
