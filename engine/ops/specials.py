"""Error functions and the gamma function's relatives as ops; the formulas are in ``engine/numerics/``."""

from __future__ import annotations

import math
from typing import Any

from .. import dtypes
from ..numerics import bessel, error_functions
from ..numerics import gamma as gammas
from ..numerics.incomplete_gamma import gammainc
from ..op import Array, op
from ..samples import Sampler
from ..tensor import Tensor, wrap
from .kinds import not_implemented, unsupported
from .scalars import plus, times


def _any(rand: Sampler) -> list[Any]:
    return [(rand(3, 4),), (rand(),), (rand.integers(4, 3),)]


def _real(xp: Any, name: str, array: Array) -> None:
    if array.dtype.kind != "f":
        raise unsupported(xp, name, array)


@op(vjp={"input": lambda g, input: times((-(input**2)).exp(), 2 / math.sqrt(math.pi)) * g}, samples=_any, torch="erf", promote="float")
def erf(xp: Any, input: Array) -> Array:
    """The error function."""
    _real(xp, "erf_vml", input)
    return error_functions.erf(xp, input)


@op(vjp={"input": lambda g, input: times((-(input**2)).exp(), -2 / math.sqrt(math.pi)) * g}, samples=_any, torch="erfc", promote="float")
def erfc(xp: Any, input: Array) -> Array:
    """``1 - erf(input)``, exact also where that is tiny."""
    _real(xp, "erfc_vml", input)
    return error_functions.erfc(xp, input)


@op(
    vjp={"input": lambda g, out: g * (out * out).exp() * (math.sqrt(math.pi) / 2)},
    samples=lambda rand: [(rand.unit(3, 4),), (rand.unit(),)],
    torch="erfinv",
    promote="float",
)
def erfinv(xp: Any, input: Array) -> Array:
    """The inverse of ``erf``; nan outside [-1, 1]."""
    _real(xp, "erfinv_vml", input)
    return error_functions.erfinv(xp, input)


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
    return gammas.lgamma(xp, input)


@op(vjp={"input": lambda g, input: g * polygamma(1, input)}, samples=_gamma, torch="digamma", promote="float")
def digamma(xp: Any, input: Array) -> Array:
    """The derivative of ``lgamma``."""
    _real(xp, "digamma", input)
    return gammas.digamma(xp, input)


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
    return gammas.polygamma(xp, input, n) if n else gammas.digamma(xp, input)


def polygamma(n: int, input: Tensor) -> Any:
    """The n-th derivative of ``digamma``.

    Raises RuntimeError for negative n.
    """
    if n < 0:
        raise RuntimeError("polygamma(n, x) does not support negative n.")
    return polygamma_(n, input)


def _mvlgamma_rule(g: Any, p: int, input: Any) -> Any:
    halves = wrap(input._xp.arange(p).astype(input._data.dtype) * -0.5)
    return g * digamma(input.unsqueeze(-1) + halves).sum(-1)


@op(
    vjp={"input": _mvlgamma_rule},
    samples=lambda rand: [(rand.positive(3, 4) + 1, 2), (rand.positive() + 2, 3), (rand.integers(9, 3, low=3), 1)],
    torch="mvlgamma",
    promote="float",
)
def mvlgamma(xp: Any, input: Array, p: int) -> Array:
    """The logarithm of the multivariate gamma function of dimension p: ``p (p-1)/4 log(pi)`` and the sum of
    ``lgamma(input - j/2)`` for j from 0 to p - 1.

    Raises RuntimeError for p below 1.
    """
    if p < 1:
        raise RuntimeError("p has to be greater than or equal to 1")
    _real(xp, "lgamma_vml", input)
    total = xp.full_like(input, p * (p - 1) / 4 * math.log(math.pi))
    for j in range(p):
        total = total + gammas.lgamma(xp, input - input.dtype.type(j / 2))
    return total


def _tensors(name: str, input: Any, other: Any) -> None:
    for what, given, place in (("input", input, 1), ("other", other, 2)):
        if not isinstance(given, Tensor):
            raise TypeError(f"{name}(): argument '{what}' (position {place}) must be Tensor, not {type(given).__name__}")
    if max(input.dtype.category, other.dtype.category) < 2:
        kind = dtypes.promote_types(input.dtype, other.dtype)
        raise NotImplementedError(f"\"{name}_{input._xp.kind}\" not implemented for '{kind.legacy}'")


def _density(g: Any, input: Any, other: Any) -> Any:
    """The gamma distribution's density, x^(a-1) exp(-x) / gamma(a)."""
    return g * ((input - 1) * other.log() - other - lgamma(input)).exp()


def _two_positive(rand: Sampler) -> list[Any]:
    return [(rand.positive(3, 4), rand.positive(3, 4)), (rand.positive(3, 1), rand.positive(4) * 3), (rand.positive(), rand.positive())]


@op(
    vjp={"input": not_implemented("igamma: input"), "other": _density},
    samples=_two_positive,
    torch="igamma",
    promote="common",
    gradcheck=False,
    check=lambda input, other: _tensors("igamma", input, other),
)
def igamma(xp: Any, input: Array, other: Array) -> Array:
    """The lower incomplete gamma function P(input, other), regularised. The derivative by ``input`` is not implemented."""
    _real(xp, "igamma", input)
    return gammainc(xp, input, other, False)


@op(
    vjp={"input": not_implemented("igammac: input"), "other": lambda g, input, other: -_density(g, input, other)},
    samples=_two_positive,
    torch="igammac",
    promote="common",
    gradcheck=False,
    check=lambda input, other: _tensors("igammac", input, other),
)
def igammac(xp: Any, input: Array, other: Array) -> Array:
    """The upper incomplete gamma function Q(input, other), regularised. The derivative by ``input`` is not implemented."""
    _real(xp, "igammac", input)
    return gammainc(xp, input, other, True)


def _not_two_numbers(name: str) -> Any:
    """Refuse a call without a tensor, in PyTorch's words."""

    def check(input: Any, other: Any) -> None:
        if not isinstance(input, Tensor) and not isinstance(other, Tensor):
            given = f"({type(input).__name__}, {type(other).__name__})"
            raise TypeError(f"{name}() received an invalid combination of arguments - got {given}, but expected a Tensor")

    return check


def _scalar_node(name: str) -> Any:
    """The names of PyTorch's nodes for two tensors, for a number first, and for a number second."""

    def node(input: Any, other: Any) -> str:
        return f"{name}Backward{2 if not isinstance(other, Tensor) else 0 if isinstance(input, Tensor) else 1}"

    return node


@op(
    vjp={"input": not_implemented("zeta"), "other": lambda g, input, other: g * -input * zeta(input + 1, other)},
    samples=lambda rand: [(rand.positive(3, 4) + 1, rand.positive(4)), (2.5, rand.positive(3)), (rand.positive(3) + 1, 2.0)],
    torch="special.zeta",
    scalars=("input", "other"),
    node=_scalar_node("SpecialZeta"),
    check=_not_two_numbers("special_zeta"),
    promote="float",
    gradcheck=False,
    halves="own",
)
def zeta(xp: Any, input: Array, other: Array) -> Array:
    """Hurwitz' zeta function: the sum of ``(other + k)**-input`` over k >= 0. The derivative by ``input`` is not implemented."""
    if input.dtype.kind != "f" or input.itemsize < 4:
        raise unsupported(xp, "zeta", input)
    return gammas.zeta(xp, input, other)


# ------------------------------------------------------------------------------------------- logarithms and distributions


@op(
    vjp={"input": lambda g, input: g * (-input.log() - 1)},
    samples=lambda rand: [(rand.positive(3, 4),), (rand.positive(),), (rand.integers(3, 4),)],
    torch="special.entr",
    promote="float",
)
def special_entr(xp: Any, input: Array) -> Array:
    """The entropy ``-input * log(input)``; 0 at 0 and -inf below."""
    _real(xp, "entr", input)
    inside = -input * xp.log(xp.where(input > 0, input, input.dtype.type(1)))
    return xp.where(input < 0, input.dtype.type(-math.inf), inside)


def _xlog1py_rule(g: Any, input: Any, other: Any) -> Any:
    if isinstance(other, Tensor):
        return (g * other.log1p()).masked_fill((input == 0) & (other <= -1), 0)
    slope = g * (math.log1p(other) if other > -1 else math.nan)
    return slope if other > -1 else slope.masked_fill(input == 0, 0)


@op(
    vjp={"input": _xlog1py_rule, "other": lambda g, input, other: g * input / (other + 1)},
    samples=lambda rand: [
        (rand.away(3, 4), rand.positive(3, 4)),
        (rand.away(3, 1), rand.positive(4)),
        (2.0, rand.positive(3)),
        (rand.away(3), 2.0),
        (rand.integers(3, 4), rand.integers(9, 4)),
    ],
    torch="special.xlog1py",
    scalars=("input", "other"),
    node=_scalar_node("SpecialXlog1Py"),
    check=_not_two_numbers("special_xlog1py"),
    promote="float",
)
def xlog1py(xp: Any, input: Array, other: Array) -> Array:
    """``input * log1p(other)``; 0 where ``input`` is 0, unless ``other`` is nan."""
    _real(xp, "xlog1py", input)
    return xp.where(other != other, other, xp.where(input == 0, input.dtype.type(0), input * xp.log1p(other)))


def ndtr(input: Tensor) -> Any:
    """The normal distribution function."""
    return times(plus(erf(times(input if input.dtype.category >= 2 else input + 0.0, math.sqrt(0.5))), 1), 0.5)


def _single_at_least(xp: Any, name: str, input: Array) -> None:
    if input.dtype.kind != "f" or input.itemsize < 4:
        raise unsupported(xp, name, input)


@op(
    vjp={"input": lambda g, out: g * (out * out / 2).exp() * math.sqrt(2 * math.pi)},
    samples=lambda rand: [(rand.probability(3, 4),), (rand.probability(),)],
    torch="special.ndtri",
    promote="float",
    halves="own",
)
def special_ndtri(xp: Any, input: Array) -> Array:
    """The inverse of the normal distribution function; nan outside [0, 1]."""
    _single_at_least(xp, "ndtri", input)
    return error_functions.ndtri(xp, input)


@op(
    vjp={"input": lambda g, input: g / special_erfcx(input * -math.sqrt(0.5)) * math.sqrt(2 / math.pi)},
    samples=lambda rand: [(rand(3, 4) * 3,), (rand(),), (rand.integers(4, 3),)],
    torch="special.log_ndtr",
    promote="float",
    halves="own",
)
def special_log_ndtr(xp: Any, input: Array) -> Array:
    """The logarithm of the normal distribution function."""
    _single_at_least(xp, "log_ndtr", input)
    return error_functions.log_ndtr(xp, input)


@op(
    vjp={"input": lambda g, input, out: g * (2 * input * out - 2 / math.sqrt(math.pi))},
    samples=_any,
    torch="special.erfcx",
    promote="float",
    halves="own",
)
def special_erfcx(xp: Any, input: Array) -> Array:
    """``exp(input**2) * erfc(input)``."""
    _single_at_least(xp, "erfcx", input)
    return error_functions.erfcx(xp, input)


# ------------------------------------------------------------------------------------------------- modified Bessel functions


@op(vjp={"input": lambda g, input: g * special_i1(input)}, samples=_any, torch="i0", promote="float", node="I0Backward0")
def i0(xp: Any, input: Array) -> Array:
    """The modified Bessel function of the first kind, of order 0."""
    _real(xp, "i0_vml", input)
    return bessel.i0(xp, input)


@op(
    vjp={"input": lambda g, input, out: g * (special_i1e(input) - input.sgn() * out)},
    samples=_any,
    torch="special.i0e",
    promote="float",
    node="SpecialI0EBackward0",
)
def special_i0e(xp: Any, input: Array) -> Array:
    """``exp(-abs(input)) * i0(input)``."""
    _real(xp, "i0e", input)
    return bessel.i0e(xp, input)


def _by_input(input: Any, out: Any) -> Any:
    """``out / input`` for the functions of order 1, whose limit at 0 is 1/2."""
    tiny = input.abs() <= float(input._xp.finfo(input._data.dtype).eps)
    return (out / input.masked_fill(tiny, 1.0)).masked_fill(tiny, 0.5)


@op(
    vjp={"input": lambda g, input, out: g * (i0(input) - _by_input(input, out))},
    samples=_any,
    torch="special.i1",
    promote="float",
    node="SpecialI1Backward0",
)
def special_i1(xp: Any, input: Array) -> Array:
    """The modified Bessel function of the first kind, of order 1."""
    _real(xp, "i1", input)
    return bessel.i1(xp, input)


@op(
    vjp={"input": lambda g, input, out: g * (special_i0e(input) - input.sgn() * out - _by_input(input, out))},
    samples=_any,
    torch="special.i1e",
    promote="float",
    node="SpecialI1EBackward0",
)
def special_i1e(xp: Any, input: Array) -> Array:
    """``exp(-abs(input)) * special.i1(input)``."""
    _real(xp, "i1e", input)
    return bessel.i1e(xp, input)


TORCH = {
    "digamma": digamma, "erf": erf, "erfc": erfc, "erfinv": erfinv, "i0": i0, "igamma": igamma, "igammac": igammac, "lgamma": lgamma,
    "mvlgamma": mvlgamma, "polygamma": polygamma,
}  # fmt: skip
TENSOR = TORCH | {"polygamma": lambda self, n: polygamma(n, self)}
IN_PLACE = {f"{name}_": function for name, function in TENSOR.items()}
SPECIAL = {
    "digamma": digamma, "entr": special_entr, "erf": erf, "erfc": erfc, "erfcx": special_erfcx, "erfinv": erfinv, "gammainc": igamma,
    "gammaincc": igammac, "gammaln": lgamma, "i0": i0, "i0e": special_i0e, "i1": special_i1, "i1e": special_i1e,
    "log_ndtr": special_log_ndtr, "multigammaln": mvlgamma, "ndtr": ndtr, "ndtri": special_ndtri, "polygamma": polygamma, "psi": digamma,
    "xlog1py": xlog1py, "zeta": zeta,
}  # fmt: skip
