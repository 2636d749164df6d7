"""Error functions and the gamma function's relatives as ops; the formulas are in ``engine/special.py``."""

from __future__ import annotations

import math
from typing import Any

from ..op import Array, op
from ..samples import Sampler
from ..special import digamma as _digamma
from ..special import erf as _erf
from ..special import erfc as _erfc
from ..special import erfinv as _erfinv
from ..special import lgamma as _lgamma
from ..special import polygamma as _polygamma
from ..tensor import Tensor
from .kinds import unsupported


def _any(rand: Sampler) -> list[Any]:
    return [(rand(3, 4),), (rand(),), (rand.integers(4, 3),)]


def _real(xp: Any, name: str, array: Array) -> None:
    if array.dtype.kind != "f":
        raise unsupported(xp, name, array)


@op(vjp={"input": lambda g, input: g * (-input * input).exp() * (2 / math.sqrt(math.pi))}, samples=_any, torch="erf", promote="float")
def erf(xp: Any, input: Array) -> Array:
    """The error function."""
    _real(xp, "erf_vml", input)
    return _erf(xp, input)


@op(vjp={"input": lambda g, input: g * (-input * input).exp() * (-2 / math.sqrt(math.pi))}, samples=_any, torch="erfc", promote="float")
def erfc(xp: Any, input: Array) -> Array:
    """``1 - erf(input)``, exact also where that is tiny."""
    _real(xp, "erfc_vml", input)
    return _erfc(xp, input)


@op(
    vjp={"input": lambda g, out: g * (out * out).exp() * (math.sqrt(math.pi) / 2)},
    samples=lambda rand: [(rand.unit(3, 4),), (rand.unit(),)],
    torch="erfinv",
    promote="float",
)
def erfinv(xp: Any, input: Array) -> Array:
    """The inverse of ``erf``; nan outside [-1, 1]."""
    _real(xp, "erfinv_vml", input)
    return _erfinv(xp, input)


def _gamma(rand: Sampler) -> list[Any]:
    return [
        (rand.positive(3, 4),),
        (rand.positive() * 9,),
        (rand.integers(9, 3, low=1),),
        (rand.tensor([-0.4, -1.7, -3.2]),),
    ]


@op(vjp={"input": lambda g, input: g * digamma(input)}, samples=_gamma, torch="lgamma", promote="float")
def lgamma(xp: Any, input: Array) -> Array:
    """The logarithm of the size of the gamma function."""
    _real(xp, "lgamma_vml", input)
    return _lgamma(xp, input)


@op(vjp={"input": lambda g, input: g * polygamma(1, input)}, samples=_gamma, torch="digamma", promote="float")
def digamma(xp: Any, input: Array) -> Array:
    """The derivative of ``lgamma``."""
    _real(xp, "digamma", input)
    return _digamma(xp, input)


@op(
    vjp={"input": lambda g, n, input: g * polygamma(n + 1, input)},
    samples=lambda rand: [
        (1, rand.positive(3, 4)),
        (2, rand.positive(3)),
        (1, rand.tensor([-0.4, -1.7, -3.2])),
        (1, rand.integers(9, 3, low=1)),
    ],
    torch="polygamma",
    node="PolygammaBackward0",
    promote="float",
)
def polygamma_(xp: Any, n: int, input: Array) -> Array:
    """The n-th derivative of ``digamma``."""
    _real(xp, "polygamma", input)
    return _polygamma(xp, input, n) if n else _digamma(xp, input)


def polygamma(n: int, input: Tensor) -> Any:
    """The n-th derivative of ``digamma``.

    Raises RuntimeError for negative n.
    """
    if n < 0:
        raise RuntimeError("polygamma(n, x) does not support negative n.")
    return polygamma_(n, input)


TORCH = {"digamma": digamma, "erf": erf, "erfc": erfc, "erfinv": erfinv, "lgamma": lgamma, "polygamma": polygamma}
TENSOR = TORCH | {"polygamma": lambda self, n: polygamma(n, self)}
IN_PLACE = {f"{name}_": TORCH[name] for name in ("digamma", "erf", "erfc", "erfinv", "lgamma")}
