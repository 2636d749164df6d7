"""Householder's reflections: factoring into them, their product, and what they make of a matrix.

With ``y = H x`` and ``H = I - tau v v^H``, the gradients of v, tau and x are those of products of a vector and a matrix; a sequence
is gone through from its last reflection to its first, with what each was given computed again.
"""

from __future__ import annotations

from typing import Any

from ..numerics import householder
from ..op import Array, op
from ..tensor import Tensor
from .kinds import not_implemented
from .matrices import column, conj, eye_like, h
from .pad import constant_pad_nd
from .pieces import stack
from .rearrange import tril
from .results import result_type
from .shape import unsqueeze


@op(
    vjp={"input": not_implemented("geqrf")},
    samples=lambda rand: [(rand(3, 3),), (rand(2, 4, 2),)],
    torch="geqrf",
    outputs=("a", "tau"),
    gradcheck=False,
    halves="own",
)
def geqrf_(xp: Any, input: Array) -> tuple[Array, Array]:
    """The QR factorisation as LAPACK keeps it: R on and above the diagonal, reflections below, and their factors."""
    if input.ndim < 2:
        raise RuntimeError("torch.geqrf: input must have at least 2 dimensions.")
    return householder.geqrf(xp, input)


_Geqrf = result_type("geqrf", "a", "tau")


def geqrf(input: Tensor) -> Any:
    """The QR factorisation as LAPACK keeps it, for ``linalg.householder_product`` and ``ormqr``."""
    return _Geqrf(geqrf_(input))


def _row(a: Any) -> Any:
    return unsqueeze(a, -2)


def _standing(a: Any) -> Any:
    return unsqueeze(a, -1)


def _sequence_grads(g: Any, input: Any, tau: Any, x: Any, adjoint: bool) -> tuple[Any, Any, Any]:
    """Gradients of the reflections' vectors, their factors, and x, of ``Q @ x``, or of ``Q^H @ x`` where ``adjoint``."""
    if not tau.numel():
        return None, None, g
    count = tau.shape[-1]
    used = input[..., :count]
    full = tril(used, -1) + eye_like(input, input.shape[-2], count)
    order = list(range(count) if adjoint else range(count - 1, -1, -1))  # as they meet x
    vectors = [full[..., i] for i in range(count)]
    factors = [conj(tau[..., i]) if adjoint else tau[..., i] for i in range(count)]
    given = []
    for i in order:
        given.append(x)
        x = x - column(factors[i]) * _standing(vectors[i]) * (_row(conj(vectors[i])) @ x)
    for_v: list[Any] = [None] * count
    for_tau: list[Any] = [None] * count
    for i in reversed(order):
        v, before = _standing(vectors[i]), given.pop()
        factor = column(factors[i])
        inner = h(before) @ v  # w with w^H = v^H x
        ahead = h(v) @ g
        slope = -(ahead @ inner)[..., 0, 0]
        for_tau[i] = conj(slope) if adjoint else slope
        for_v[i] = (-(conj(factor) * (g @ inner)) - factor * (before @ h(ahead)))[..., 0]
        g = g - conj(factor) * (v @ ahead)
    below = tril(stack(for_v, -1), -1)
    rest = input.shape[-1] - count
    return (constant_pad_nd(below, [0, rest]) if rest else below), stack(for_tau, -1), g


def _product_grads(g: Any, input: Any, tau: Any, needs: tuple[bool, bool]) -> tuple[Any, Any]:
    return _sequence_grads(g, input, tau, eye_like(input, *input.shape[-2:]), False)[:2]


def _check_shapes(name: str, a: Any, tau: Any) -> None:
    if a.ndim < 2:
        raise RuntimeError(f"{name}: input must have at least 2 dimensions.")
    if name.endswith("product") and a.shape[-2] < a.shape[-1]:
        raise RuntimeError(f"{name}: input.shape[-2] must be greater than or equal to input.shape[-1]")
    if name.endswith("product") and a.shape[-1] < tau.shape[-1]:
        raise RuntimeError(f"{name}: input.shape[-1] must be greater than or equal to tau.shape[-1]")
    if a.ndim - tau.ndim != 1:
        raise RuntimeError(
            f"{name}: Expected tau to have one dimension less than input, but got tau.ndim equal to {tau.ndim} and input.ndim is equal to "
            f"{a.ndim}"
        )
    if a.shape[:-2] != tau.shape[:-1]:
        raise RuntimeError(f"{name}: Expected batch dimensions of tau to be equal to input.shape[:-2], but got {list(tau.shape[:-1])}")


@op(
    vjp={("input", "tau"): _product_grads},
    samples=lambda rand: [(rand(3, 3), rand(3)), (rand(2, 4, 3), rand(2, 2)), (rand.complex(3, 2), rand.complex(2))],
    torch="linalg.householder_product",
    halves="own",
)
def linalg_householder_product(xp: Any, input: Array, tau: Array) -> Array:
    """The first columns of the product of the reflections whose vectors stand below the diagonal of ``input`` (..., m, n) and whose
    factors are ``tau`` (..., k): (..., m, n)."""
    _check_shapes("torch.linalg.householder_product", input, tau)
    unit = xp.zeros_like(input) + xp.eye(*input.shape[-2:], dtype=input.dtype)
    return householder.reflect(xp, input, tau, unit, False)


def _applied_grads(
    g: Any, input: Any, tau: Any, other: Any, left: bool, transpose: bool, needs: tuple[bool, bool, bool]
) -> tuple[Any, Any, Any]:
    if left:
        return _sequence_grads(g, input, tau, other, transpose)
    for_v, for_tau, for_c = _sequence_grads(h(g), input, tau, h(other), not transpose)  # C Q = (Q^H C^H)^H
    return for_v, for_tau, h(for_c)


@op(
    vjp={("input", "tau", "other"): _applied_grads},
    samples=lambda rand: [
        (rand(3, 3), rand(3), rand(3, 2)),
        (rand(3, 2), rand(2), rand(2, 3), False),
        (rand.complex(3, 2), rand.complex(2), rand.complex(3, 2), True, True),
        (rand.complex(3, 2), rand.complex(2), rand.complex(2, 3), False, True),
    ],
    torch="ormqr",
    halves="own",
)
def ormqr(xp: Any, input: Array, tau: Array, other: Array, left: bool = True, transpose: bool = False) -> Array:
    """``Q @ other`` (``other @ Q`` unless ``left``) for the product Q (..., m, m) of reflections, or with its conjugate transpose."""
    if input.ndim < 2:
        raise RuntimeError("torch.ormqr: input must have at least 2 dimensions.")
    if other.ndim < 2:
        raise RuntimeError("torch.ormqr: other must have at least 2 dimensions.")
    side = -2 if left else -1
    if other.shape[side] != input.shape[-2]:
        raise RuntimeError(f"torch.ormqr: other.shape[{side}] must be equal to input.shape[-2]")
    if other.shape[side] < tau.shape[-1]:
        raise RuntimeError(f"torch.ormqr: other.shape[{side}] must be greater than or equal to tau.shape[-1]")
    if tau.shape[-1] != min(other.shape[side], input.shape[-1]):
        raise RuntimeError(f"torch.ormqr: tau.shape[-1] must be equal to min(other.shape[{side}], input.shape[-1])")
    _check_shapes("torch.ormqr", input, tau)
    if left:
        return householder.reflect(xp, input, tau, other, transpose)
    turned = xp.conj(xp.swapaxes(other, -1, -2))
    return xp.conj(xp.swapaxes(householder.reflect(xp, input, tau, turned, not transpose), -1, -2))


TORCH = {"geqrf": geqrf, "orgqr": linalg_householder_product, "ormqr": ormqr}
TENSOR = TORCH
LINALG: dict[str, Any] = {"householder_product": linalg_householder_product}
