"""The incomplete gamma functions, from published formulas, for any array module."""

from __future__ import annotations

import math
from typing import Any

from .gamma import lgamma
from .series import Array, horner

_STEPS = 20_000  # enough for a up to some ten millions, where the slowest series takes about six times sqrt(a) terms
# log gamma(a) less Stirling's formula, times a, in 1/a^2 (Abramowitz and Stegun 6.1.41)
_STIRLING = (-691 / 360360, 1 / 1188, -1 / 1680, 1 / 1260, -1 / 360, 1 / 12)


def _front(xp: Any, a: Array, x: Array) -> Array:
    """x^a exp(-x) / gamma(a), for large a about the maximum, where its parts would cancel."""
    small = xp.minimum(a, 10.0)
    plain = xp.exp(small * xp.log(x) - x - lgamma(xp, small))
    large = xp.maximum(a, 10.0)
    off = (x - large) / large
    rest = horner(1 / (large * large), _STIRLING) / large
    bell = xp.exp(large * (xp.log1p(off) - off) - rest) * xp.sqrt(large / (2 * math.pi))
    return xp.where(a < 10, plain, bell)


def _series(xp: Any, a: Array, x: Array) -> Array:
    """The sum of x^n / (a (a+1) ... (a+n)) (Abramowitz and Stegun 6.5.29)."""
    term = 1 / a
    total = term
    for n in range(1, _STEPS):
        term = term * (x / (a + n))
        total = total + term
        if not bool((term > total * 1e-17).any()):
            break
    return total


def _fraction(xp: Any, a: Array, x: Array) -> Array:
    """The continued fraction of gamma(a, x) exp(x) / x^a by W. J. Lentz' method (Abramowitz and Stegun 6.5.31)."""
    tiny = 1e-300
    b = x + 1 - a
    c = xp.full_like(b, 1 / tiny)
    d = 1 / xp.where(b == 0, tiny, b)
    value = d
    for n in range(1, _STEPS):
        top = -n * (n - a)
        b = b + 2
        d = top * d + b
        d = 1 / xp.where(xp.absolute(d) < tiny, tiny, d)
        c = b + top / c
        c = xp.where(xp.absolute(c) < tiny, tiny, c)
        step = c * d
        value = value * step
        if not bool((xp.absolute(step - 1) > 1e-16).any()):
            break
    return value


def gammainc(xp: Any, a: Array, x: Array, upper: bool) -> Array:
    """The regularised incomplete gamma function, P(a, x) or, where ``upper``, Q(a, x): the series for x < a + 1, the continued
    fraction beyond. nan for negative arguments and where both are 0 or infinite."""
    kind = a.dtype
    a, x = xp.broadcast_arrays(a.astype("float64"), x.astype("float64"))
    tame = (a > 0) & (x > 0) & xp.isfinite(a) & xp.isfinite(x)
    p, t = xp.where(tame, a, 1.0), xp.where(tame, x, 1.0)
    low = t < p + 1
    front = _front(xp, p, t)
    lower = front * _series(xp, xp.where(low, p, 1.0), xp.where(low, t, 0.5))
    higher = front * _fraction(xp, xp.where(low, 1.0, p), xp.where(low, 3.0, t))
    value = xp.where(low, 1 - lower, higher) if upper else xp.where(low, lower, 1 - higher)
    none, all_ = (1.0, 0.0) if upper else (0.0, 1.0)
    nothing = ((x == 0) & (a > 0)) | (xp.isposinf(a) & (x >= 0) & xp.isfinite(x))  # nothing of the mass lies below x
    whole = ((a == 0) & (x > 0)) | (xp.isposinf(x) & (a > 0) & xp.isfinite(a))
    value = xp.where(tame, value, xp.where(nothing, none, xp.where(whole, all_, math.nan)))
    return value.astype(kind)
