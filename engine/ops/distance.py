"""How far or how alike vectors are: pairwise distances, distances of all pairs, the cosine of the angle."""

from __future__ import annotations

from typing import Any

from ..autograd.grad_mode import no_grad
from ..op import Array, op
from ..tensor import Tensor
from .dims import broadcast_shape
from .kinds import zeros_as
from .reduce import vector_norm
from .scalars import plus
from .shape import expand


def _norm_rule(g: Any, x: Any, out: Any, ord: float, dim: int, keepdim: bool) -> Any:
    found = vector_norm.op.rules["x"](g, x, out, ord, dim, keepdim)  # type: ignore[attr-defined]
    return zeros_as(x) if found is None else found


@op(
    vjp={"x": _norm_rule},
    samples=lambda rand: [(rand.away(3, 4), 2.0, -1, False), (rand.away(3, 4), 1.0, 0, True), (rand.away(3, 4), 3.5, -1, False)],
    node="NormBackward1",
)
def norm_of_rows(xp: Any, x: Array, ord: float, dim: int, keepdim: bool) -> Array:
    """The norm of order ``ord`` along ``dim``, as PyTorch's C++ functions take it."""
    return vector_norm.op.forward(xp, x, ord, dim, keepdim)  # type: ignore[attr-defined]


def pairwise_distance(x1: Tensor, x2: Tensor, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> Any:
    """The p-norm of ``x1 - x2 + eps`` along the last dimension; the others broadcast."""
    return norm_of_rows(plus(x1 - x2, eps), float(p), -1, keepdim)


def cosine_similarity(x1: Tensor, x2: Tensor, dim: int = 1, eps: float = 1e-8) -> Any:
    """The cosine of the angle between ``x1`` and ``x2`` along ``dim``; lengths below ``eps`` count as ``eps``.

    Raises RuntimeError for integers.
    """
    if not (x1.dtype.is_floating_point or x2.dtype.is_floating_point):
        raise RuntimeError(f"expected common dtype to be floating point, yet common dtype is {x1.dtype.legacy}")
    if x1.shape != x2.shape:
        shape = broadcast_shape(x1.shape, x2.shape)
        x1, x2 = expand(x1, shape), expand(x2, shape)
    lengths = []
    for x in (x1, x2):
        length = vector_norm(x, 2, [dim], True).clone()
        with no_grad():
            length.clamp_min_(eps)
        lengths.append(length)
    return ((x1 / lengths[0]) * (x2 / lengths[1])).sum(dim)


def _differences(x1: Any, x2: Any) -> Any:
    return x1.unsqueeze(-2) - x2.unsqueeze(-3)


@op(
    vjp={
        "x1": lambda g, x1, x2, out, p: _norm_rule(g, _differences(x1, x2), out, p, -1, False).sum(-2),
        "x2": lambda g, x1, x2, out, p: -_norm_rule(g, _differences(x1, x2), out, p, -1, False).sum(-3),
    },
    samples=lambda rand: [
        (rand(3, 4), rand(5, 4), 2.0), (rand(2, 3, 4), rand(2, 2, 4), 1.0), (rand(3, 2), rand(2, 2), 3.0),
        (rand(2, 1, 3, 2), rand(4, 2, 2), 1.5),
    ],
    torch="cdist",
)  # fmt: skip
def cdist_(xp: Any, x1: Array, x2: Array, p: float) -> Array:
    """The p-norms of all differences of rows (..., P, M) and (..., R, M), as (..., P, R)."""
    return vector_norm.op.forward(xp, x1[..., :, None, :] - x2[..., None, :, :], p, -1)  # type: ignore[attr-defined]


def cdist(x1: Tensor, x2: Tensor, p: float = 2.0, compute_mode: str = "use_mm_for_euclid_dist_if_necessary") -> Any:
    """The distances of all rows of ``x1`` (..., P, M) from all rows of ``x2`` (..., R, M), as (..., P, R).

    Raises RuntimeError where the columns differ in number and for a negative ``p``.
    """
    for i, x in enumerate((x1, x2)):
        if x.ndim < 2:
            raise RuntimeError(f"cdist only supports at least 2D tensors, X{i + 1} got: {x.ndim}D")
    if x1.shape[-1] != x2.shape[-1]:
        raise RuntimeError(f"X1 and X2 must have the same number of columns. X1: {x1.shape[-1]} X2: {x2.shape[-1]}")
    if p < 0:
        raise RuntimeError("cdist only supports non-negative p values")
    return cdist_(x1, x2, float(p))


def _pair_numbers(xp: Any, count: int) -> tuple[Array, Array]:
    """The rows of all pairs (i, j), i < j, in order."""
    first, second = xp.nonzero(xp.triu(xp.ones((count, count), "bool"), 1))
    return first, second


@op(
    vjp={"input": lambda g, input, out, p: _pdist_gradient(g, input, out, p)},
    samples=lambda rand: [(rand(4, 3), 2.0), (rand(5, 2), 1.0), (rand(4, 3), 3.0)],
    torch="pdist",
)
def pdist_(xp: Any, input: Array, p: float) -> Array:
    """The p-norms of the differences of all pairs of rows."""
    first, second = _pair_numbers(xp, input.shape[0])
    return vector_norm.op.forward(xp, input[first] - input[second], p, -1)  # type: ignore[attr-defined]


def _pdist_gradient(g: Any, input: Any, out: Any, p: float) -> Any:
    rows = input.new_tensor(range(input.shape[0])).long()
    square = rows.unsqueeze(1) < rows
    first, second = square.nonzero(as_tuple=True)
    moved = _norm_rule(g, input[first] - input[second], out, p, -1, False)
    return (moved * 0).new_zeros(input.shape).index_add(0, first, moved).index_add(0, second, -moved)


def pdist(input: Tensor, p: float = 2.0) -> Any:
    """The distances of all pairs of rows of ``input`` (N, M), N (N - 1) / 2 of them.

    Raises RuntimeError unless ``input`` has two dimensions, and for a negative ``p``.
    """
    if input.ndim != 2:
        raise RuntimeError(f"pdist only supports 2D tensors, got: {input.ndim}D")
    if p < 0:
        raise RuntimeError("pdist only supports non-negative p values")
    return pdist_(input, float(p))


FUNCTIONAL = {"cosine_similarity": cosine_similarity, "pairwise_distance": pairwise_distance, "pdist": pdist}
TORCH = {"cdist": cdist, **FUNCTIONAL}
