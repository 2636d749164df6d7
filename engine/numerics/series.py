"""What formulas for functions are evaluated with: polynomials, Chebyshev series, and double precision inside."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

Array = Any


def in_double(function: Callable[..., Any]) -> Callable[..., Any]:
    """``function(xp, x, ...)`` computed in float64 and rounded to the type of ``x`` at the end."""

    @functools.wraps(function)
    def wide(xp: Any, x: Array, *params: Any) -> Array:
        if x.dtype == "float64":
            return function(xp, x, *params)
        double = [p.astype("float64") if isinstance(p, xp.ndarray) else p for p in params]
        return function(xp, x.astype("float64"), *double).astype(x.dtype)

    return wide


def horner(x: Array, coefficients: Sequence[float]) -> Array:
    """The polynomial, highest power first."""
    value = x * coefficients[0] + coefficients[1]
    for c in coefficients[2:]:
        value *= x
        value += c
    return value


def chebyshev(t: Array, coefficients: Sequence[float]) -> Array:
    """The sum of coefficients times Chebyshev polynomials T_k(t) for t in [-1, 1], highest k first, by C. W. Clenshaw's
    recurrence ("A note on the summation of Chebyshev series", 1955)."""
    double = t + t
    first, second = coefficients[0], 0.0
    for c in coefficients[1:-1]:
        first, second = double * first - second + c, first
    return t * first - second + coefficients[-1]
