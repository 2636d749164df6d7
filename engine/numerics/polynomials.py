"""Orthogonal polynomials of degrees that differ from element to element, by their recurrences, for any array module.

Abramowitz and Stegun, chapter 22. A degree is cut to an integer; below 0 the value is 0.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from .series import Array

Step = Callable[[Array, Array, Array, int], Array]  # x, P_k, P_(k-1), k -> P_(k+1)


def _recurrence(xp: Any, x: Array, n: Array, first: Array, step: Step) -> Array:
    """P_n(x) from P_0 = 1, P_1 = ``first`` and the step from there on."""
    before, now = xp.ones_like(x), first
    value = xp.where(n < 0, 0.0, xp.where(n == 0, before, now))
    for k in range(1, int(n.max()) if n.size else 0):
        before, now = now, step(x, now, before, k)
        value = xp.where(n == k + 1, now, value)
    return value


def _chebyshev_step(x: Array, now: Array, before: Array, k: int) -> Array:
    return 2 * x * now - before


def chebyshev_polynomial(xp: Any, kind: str, x: Array, n: Array) -> Array:
    """Chebyshev's polynomials of the kinds t, u, v and w (first to fourth). From degree 7 on, and for x between -1 and 1, by their
    sines and cosines (DLMF 18.5.1 to 18.5.4); else by recurrence, which is exact at both ends."""
    x, n = xp.broadcast_arrays(x, xp.trunc(n))
    curved = (xp.absolute(x) < 1) & (n > 6)
    first = {"t": x, "u": 2 * x, "v": 2 * x - 1, "w": 2 * x + 1}[kind]
    value = _recurrence(xp, x, xp.where(curved, 0, n), first, _chebyshev_step)
    angle = xp.arccos(xp.where(curved, x, 0.0))
    half = angle / 2
    wave = {
        "t": lambda: xp.cos(n * angle),
        "u": lambda: xp.sin((n + 1) * angle) / xp.sin(angle),
        "v": lambda: xp.cos((n + 0.5) * angle) / xp.cos(half),
        "w": lambda: xp.sin((n + 0.5) * angle) / xp.sin(half),
    }[kind]()
    return xp.where(curved, wave, value)


def _limited(xp: Any, n: Array, single: bool) -> Array:
    """Whether a Hermite polynomial's degree is beyond what PyTorch computes."""
    return n > (128 if single else 512)


def hermite_polynomial(xp: Any, x: Array, n: Array, physical: bool) -> Array:
    """Hermite's polynomials, of the physicists (H) or of the statisticians (He); nan where the degree is beyond 512 (128 for
    float32), as PyTorch has it."""
    x, n = xp.broadcast_arrays(x, xp.trunc(n))
    limited = _limited(xp, n, x.dtype != "float64")
    scale = 2 if physical else 1
    value = _recurrence(xp, x, xp.where(limited, 0, n), scale * x, lambda x, now, before, k: scale * (x * now - k * before))
    return xp.where(limited, math.nan, value)


def laguerre_polynomial(xp: Any, x: Array, n: Array) -> Array:
    """Laguerre's polynomials."""
    x, n = xp.broadcast_arrays(x, xp.trunc(n))
    return _recurrence(xp, x, n, 1 - x, lambda x, now, before, k: ((2 * k + 1 - x) * now - k * before) / (k + 1))


def legendre_polynomial(xp: Any, x: Array, n: Array) -> Array:
    """Legendre's polynomials."""
    x, n = xp.broadcast_arrays(x, xp.trunc(n))
    return _recurrence(xp, x, n, x, lambda x, now, before, k: ((2 * k + 1) * x * now - k * before) / (k + 1))
