"""Pieces of a tensor brought to a length that they may have at most."""

from __future__ import annotations

from typing import Any

from ..op import Array, op
from .choose import where_
from .complexes import conj, real
from .dims import dim_of
from .kinds import is_complex
from .reduce import _norm_rule, sum_, vector_norm

_SMALL = 1e-7  # added to a length before dividing by it


def _renorm_rule(g: Any, input: Any, p: Any, dim: int, maxnorm: Any) -> Any:
    rest = tuple(d for d in range(input.ndim) if d != dim_of(dim, input.ndim))
    length = vector_norm(input, p, rest, True)
    along = sum_(g * conj(input), rest, True)
    shrunk = _norm_rule(real(along) if is_complex(along) else along, input, length, p, rest, True)
    inverse = (length + _SMALL).reciprocal()
    scaled = (g - shrunk * inverse) * inverse * maxnorm if shrunk is not None else g * inverse * maxnorm
    return where_(length > maxnorm, scaled, g)


@op(
    vjp={"input": _renorm_rule},
    samples=lambda rand: [(rand.away(3, 4), 2, 0, 1.0), (rand.away(2, 3, 4), 1, -1, 5.0), (rand.away(3, 4), 3.0, 1, 2.0)],
    torch="renorm",
)
def renorm(xp: Any, input: Array, p: Any, dim: int, maxnorm: Any) -> Array:
    """``input`` with the pieces of one dimension that are longer than ``maxnorm``, in the ``p``-norm, made that long."""
    if p <= 0:
        raise RuntimeError("renorm: non-positive-norm not supported")
    if maxnorm < 0:
        raise RuntimeError(f"renorm: expected maxnorm to be >= 0 but got {maxnorm}")
    if input.ndim < 2:
        raise RuntimeError(f"renorm: input needs at least 2 dimensions, got {input.ndim} dimensions")
    at = dim_of(dim, input.ndim)
    length = vector_norm.op.forward(xp, input, p, tuple(d for d in range(input.ndim) if d != at), True)  # type: ignore[attr-defined]
    one = length.dtype.type(1)
    return input * xp.where(length > maxnorm, maxnorm / (length + _SMALL), one).astype(length.dtype)


TORCH = {"renorm": renorm}
TENSOR = {"renorm": renorm}
IN_PLACE = {"renorm_": renorm}
