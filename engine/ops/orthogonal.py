"""Functions of ``torch.special`` that PyTorch has no derivatives for: Bessel and Airy functions, orthogonal polynomials.

Their results require no gradient. The formulas are in ``engine/numerics/``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..numerics import bessel, polynomials
from ..op import Array, op
from ..samples import Sampler
from .kinds import unsupported


def _checked(xp: Any, name: str, array: Array) -> None:
    if array.dtype.kind != "f" or array.itemsize < 4:
        raise unsupported(xp, name, array)


def _numbers(rand: Sampler) -> list[Any]:
    return [(rand(3, 4) * 9,), (rand(),), (rand.positive(3),), (rand.integers(4, 3),)]


def _small(rand: Sampler) -> list[Any]:
    """Where PyTorch's own Bessel functions are right: beyond, some are off by a millionth."""
    return [(rand.unit(3, 4) * 2,), (rand.positive(3),), (rand.integers(2, 3),)]


def _function(name: str, formula: Callable[..., Any], doc: str, samples: Any = _numbers) -> Callable[..., Any]:
    """The op ``special.name`` of one tensor, which computes with ``formula``."""

    def forward(xp: Any, input: Array) -> Array:
        _checked(xp, name, input)
        return formula(xp, input)

    forward.__name__ = f"special_{name}"
    forward.__doc__ = doc
    return op(samples=samples, torch=f"special.{name}", promote="float", halves="own")(forward)


def _degrees(rand: Sampler) -> list[Any]:
    return [
        (rand(3, 4) * 1.5, rand.integers(12, 3, 4)),
        (rand.unit(4), 5),
        (0.5, rand.integers(9, 3)),
        (rand(2, 1), rand.positive(3) * 9 - 2),
    ]


def _polynomial(name: str, formula: Callable[..., Any], doc: str) -> Callable[..., Any]:
    """The op ``special.name`` of a place and a degree, which computes with ``formula``."""

    def forward(xp: Any, input: Array, n: Array) -> Array:
        _checked(xp, name, input)
        return formula(xp, input, n)

    forward.__name__ = f"special_{name}"
    forward.__doc__ = doc
    return op(samples=_degrees, torch=f"special.{name}", promote="float", halves="own")(forward)


def _chebyshev(kind: str, shifted: bool) -> Callable[..., Any]:
    ordinal = {"t": "first", "u": "second", "v": "third", "w": "fourth"}[kind]
    if shifted:

        def formula(xp: Any, x: Array, n: Array) -> Array:
            return polynomials.chebyshev_polynomial(xp, kind, 2 * x - 1, n)

    else:

        def formula(xp: Any, x: Array, n: Array) -> Array:
            return polynomials.chebyshev_polynomial(xp, kind, x, n)

    where = " at ``2 * input - 1``" if shifted else ""
    return _polynomial(
        f"{'shifted_' * shifted}chebyshev_polynomial_{kind}", formula, f"Chebyshev's polynomials of the {ordinal} kind and degree n{where}."
    )


SPECIAL = {
    "airy_ai": _function("airy_ai", bessel.airy_ai, "The Airy function Ai.", _small),
    "bessel_j0": _function("bessel_j0", bessel.j0, "The Bessel function of the first kind, of order 0.", _small),
    "bessel_j1": _function("bessel_j1", bessel.j1, "The Bessel function of the first kind, of order 1.", _small),
    "bessel_y0": _function("bessel_y0", bessel.y0, "The Bessel function of the second kind, of order 0.", _small),
    "bessel_y1": _function("bessel_y1", bessel.y1, "The Bessel function of the second kind, of order 1.", _small),
    "modified_bessel_i0": _function("modified_bessel_i0", bessel.i0, "As ``i0``, without a derivative."),
    "modified_bessel_i1": _function("modified_bessel_i1", bessel.i1, "As ``special.i1``, without a derivative."),
    "modified_bessel_k0": _function("modified_bessel_k0", bessel.k0, "The modified Bessel function of the second kind, of order 0."),
    "modified_bessel_k1": _function("modified_bessel_k1", bessel.k1, "The modified Bessel function of the second kind, of order 1."),
    "scaled_modified_bessel_k0": _function("scaled_modified_bessel_k0", bessel.k0e, "``exp(input) * modified_bessel_k0(input)``."),
    "scaled_modified_bessel_k1": _function("scaled_modified_bessel_k1", bessel.k1e, "``exp(input) * modified_bessel_k1(input)``."),
    "spherical_bessel_j0": _function("spherical_bessel_j0", bessel.spherical_j0, "``sin(input) / input``, 1 at 0."),
    **{f"chebyshev_polynomial_{kind}": _chebyshev(kind, False) for kind in "tuvw"},
    **{f"shifted_chebyshev_polynomial_{kind}": _chebyshev(kind, True) for kind in "tuvw"},
    "hermite_polynomial_h": _polynomial(
        "hermite_polynomial_h",
        lambda xp, x, n: polynomials.hermite_polynomial(xp, x, n, True),
        "Hermite's polynomials of the physicists, of degree n.",
    ),
    "hermite_polynomial_he": _polynomial(
        "hermite_polynomial_he",
        lambda xp, x, n: polynomials.hermite_polynomial(xp, x, n, False),
        "Hermite's polynomials of the statisticians, of degree n.",
    ),
    "laguerre_polynomial_l": _polynomial("laguerre_polynomial_l", polynomials.laguerre_polynomial, "Laguerre's polynomials of degree n."),
    "legendre_polynomial_p": _polynomial("legendre_polynomial_p", polynomials.legendre_polynomial, "Legendre's polynomials of degree n."),
}
