"""LU and LDL factorisations, and solutions by them, with derivatives.

With ``A = P @ L @ U``: what of ``L^-1 dL`` lies below the diagonal and of ``dU U^-1`` on and above it is of ``L^-1 P^T dA U^-1``
(S. F. Walter and others, "On evaluating higher-order derivatives of the QR decomposition of tall matrices with full column rank in
forward and reverse mode algorithmic differentiation", 2012, do QR alike).
"""

from __future__ import annotations

from typing import Any

from ..numerics import symmetric, triangular
from ..op import Array, op
from ..tensor import Tensor, wrap
from .kinds import no_derivative
from .matrices import (
    batches,
    check_equation,
    check_floats,
    check_matrices,
    check_square,
    eye_like,
    failures,
    h,
    positive,
    well,
)
from .pad import constant_pad_nd
from .pieces import cat
from .rearrange import tril, triu
from .results import result_type
from .solutions import linalg_solve_triangular


def _check_lu(name: str, a: Any, pivot: bool) -> None:
    if a.ndim < 2:
        raise RuntimeError(f"{name}: Expected tensor with 2 or more dimensions. Got size: {list(a.shape)} instead")
    check_floats(name, a)
    if not pivot:
        raise RuntimeError("linalg.lu_factor: LU without pivoting is not implemented on the CPU")


def _parts_grad(for_l: Any, for_u: Any, p: Any, lower: Any, upper: Any) -> Any:
    """The gradient of ``A = p @ lower @ upper`` by those of its factors: lower (..., m, k), upper (..., k, n)."""
    k, m, n = lower.shape[-1], lower.shape[-2], upper.shape[-1]
    first, square = lower[..., :k, :], upper[..., :k]
    below = h(first) @ for_l[..., :k, :]
    above = for_u[..., :k] @ h(square)
    if n > k:
        below = below - for_u[..., k:] @ h(upper[..., k:])
    if m > k:
        above = above - h(lower[..., k:, :]) @ for_l[..., k:, :]
    inner = tril(below, -1) + triu(above)
    inner = linalg_solve_triangular(h(square), inner, upper=False, left=False)
    made = linalg_solve_triangular(h(first), inner, upper=True, unitriangular=True)
    if n > k:
        made = cat([made, linalg_solve_triangular(h(first), for_u[..., k:], upper=True, unitriangular=True)], -1)
    if m > k:
        made = cat([made, linalg_solve_triangular(h(square), for_l[..., k:, :], upper=False, left=False)], -2)
    return p @ made


def _split(lu: Any) -> tuple[Any, Any]:
    """L with its unit diagonal, and U, of the two in one matrix."""
    m, n = lu.shape[-2:]
    k = min(m, n)
    return tril(lu[..., :k], -1) + eye_like(lu, m, k), triu(lu[..., :k, :])


def _compact_grad(g: Any, LU: Any, pivots: Any) -> Any:
    m, n = LU.shape[-2:]
    k = min(m, n)
    p = wrap(triangular.permutation_matrix(LU._xp, pivots._data, m, LU._data.dtype))
    return _parts_grad(tril(g[..., :k], -1), triu(g[..., :k, :]), p, *_split(LU))


def _samples(rand: Any) -> list[Any]:
    return [(well(rand, 3, 3),), (well(rand, 4, 3),), (well(rand, 2, 2, 3),), (well(rand.complex, 2, 2),)]


@op(
    vjp={"A": lambda g, LU, pivots: _compact_grad(g, LU, pivots)},
    samples=_samples,
    torch="linalg.lu_factor_ex",
    outputs=("LU", "pivots", "info"),
    differentiable=("LU",),
    halves="own",
)
def linalg_lu_factor_ex(xp: Any, A: Array, *, pivot: bool = True) -> tuple[Array, Array, Array]:
    """Factors of ``A = P @ L @ U`` in one matrix (..., m, n), the row exchanges, and for each matrix 0 or its first zero pivot."""
    _check_lu("torch.linalg.lu_factor", A, pivot)
    return triangular.lu_factor(xp, A)


_LuFactor = result_type("linalg_lu_factor", "LU", "pivots")
_LuFactorEx = result_type("linalg_lu_factor_ex", "LU", "pivots", "info")
_LuInfo = result_type("_lu_with_info", "LU", "pivots", "info")


def _regular_or_raise(name: str, info: Any) -> None:
    failed = failures(info._xp, info._data)
    if failed is not None:
        raise RuntimeError(
            f"{name}: {failed[0]}U[{failed[1]},{failed[1]}] is zero and using it on lu_solve would result in a division by zero. If you "
            "still want to perform the factorization, consider calling linalg.lu(A, pivot) or linalg.lu_factor_ex(A, pivot)"
        )


def lu_factor(A: Tensor, *, pivot: bool = True) -> Any:
    """As ``linalg.lu``, with the factors in one matrix and the row exchanges as numbers from 1 on, int32.

    Raises RuntimeError for singular matrices.
    """
    made = linalg_lu_factor_ex(A, pivot=pivot)
    _regular_or_raise("torch.linalg.lu_factor", made[2])
    return _LuFactor(made[:2])


def lu_factor_ex(A: Tensor, *, pivot: bool = True, check_errors: bool = False) -> Any:
    """As ``lu_factor``, with a number for each matrix that says whether it was singular; raises only where ``check_errors``."""
    made = linalg_lu_factor_ex(A, pivot=pivot)
    if check_errors:
        _regular_or_raise("torch.linalg.lu_factor_ex", made[2])
    return _LuFactorEx(made)


def lu(A: Tensor, pivot: bool = True, get_infos: bool = False) -> Any:
    """As ``linalg.lu_factor``, its successor; with ``get_infos`` as ``linalg.lu_factor_ex``."""
    made = linalg_lu_factor_ex(A, pivot=pivot)
    return _LuInfo(made) if get_infos else tuple(made[:2])


@op(
    vjp={"A": lambda g, P, L, U: _parts_grad(g[1], g[2], P, L, U)},
    samples=_samples,
    torch="linalg.lu",
    outputs=("P", "L", "U"),
    differentiable=("L", "U"),
    halves="own",
)
def linalg_lu(xp: Any, A: Array, *, pivot: bool = True) -> tuple[Array, Array, Array]:
    """``A = P @ L @ U`` with a permutation P, L lower triangular with ones on the diagonal, and U upper triangular."""
    _check_lu("linalg.lu", A, pivot)
    both, pivots, _ = triangular.lu_factor(xp, A)
    return _unpacked(xp, both, pivots)


_LinalgLu, _LuUnpack = result_type("linalg_lu", "P", "L", "U"), result_type("lu_unpack", "P", "L", "U")


def _unpacked(xp: Any, both: Array, pivots: Array) -> tuple[Array, Array, Array]:
    m, n = both.shape[-2:]
    k = min(m, n)
    lower = xp.tril(both[..., :k], -1) + xp.eye(m, k, dtype=both.dtype)
    return triangular.permutation_matrix(xp, pivots, m, both.dtype), lower, xp.triu(both[..., :k, :])


def _unpack_grad(g: Any, LU_data_shape: Any) -> Any:
    _, for_l, for_u = g
    m, n = LU_data_shape[-2:]
    k = min(m, n)
    below, above = tril(for_l, -1), triu(for_u)
    if n > k:
        below = constant_pad_nd(below, [0, n - k])
    if m > k:
        above = constant_pad_nd(above, [0, 0, 0, m - k])
    return below + above


@op(
    vjp={"LU_data": _unpack_grad},
    samples=lambda rand: [(rand(3, 3), rand.tensor([2, 3, 3]).int()), (rand(2, 3, 2), rand.tensor([[1, 2], [3, 2]]).int())],
    torch="lu_unpack",
    outputs=("P", "L", "U"),
    differentiable=("L", "U"),
    halves="own",
)
def lu_unpack_(
    xp: Any, LU_data: Array, LU_pivots: Array, unpack_data: bool = True, unpack_pivots: bool = True
) -> tuple[Array, Array, Array]:
    """P, L and U of what ``lu_factor`` gave; empty ones for those that are not asked for."""
    if LU_pivots.dtype != "int32":
        raise RuntimeError(
            "torch.lu_unpack: LU_pivots is expected to be a contiguous tensor of torch.int32 dtype.\nNote: this function is intended to be "
            "used with the output produced by torch.linalg.lu_factor"
        )
    nothing = xp.zeros(0, LU_data.dtype)
    p, lower, upper = _unpacked(xp, LU_data, LU_pivots)
    return (p if unpack_pivots else nothing), (lower if unpack_data else nothing), (upper if unpack_data else nothing + 0)


def lu_unpack(LU_data: Tensor, LU_pivots: Tensor, unpack_data: bool = True, unpack_pivots: bool = True) -> Any:
    """P, L and U of what ``lu_factor`` gave; empty ones for those that are not asked for."""
    return _LuUnpack(lu_unpack_(LU_data, LU_pivots, unpack_data, unpack_pivots))


# ------------------------------------------------------------------------------------------------- solutions


def _solve_grads(g: Any, LU: Any, pivots: Any, out: Any, left: bool, adjoint: bool, needs: tuple[bool, bool]) -> tuple[Any, Any]:
    for_b = linalg_lu_solve(LU, pivots, g, left=left, adjoint=not adjoint)
    if not needs[0]:
        return None, for_b
    first, second = (out, for_b) if left == adjoint else (for_b, out)  # A^H X = B and X A = B, or A X = B and X A^H = B
    for_a = -(first @ h(second)) if left else -(h(first) @ second)
    p = wrap(triangular.permutation_matrix(LU._xp, pivots._data, LU.shape[-1], LU._data.dtype))
    lower, upper = _split(LU)
    moved = h(p) @ for_a
    return tril(moved @ h(upper), -1) + triu(h(lower) @ moved), for_b


def _factored(rand: Any, *shape: int) -> tuple[Any, Any]:
    matrix = positive(rand, *shape)
    both, pivots, _ = triangular.lu_factor(matrix._xp, matrix._data)
    return wrap(both), wrap(pivots)


@op(
    vjp={("LU", "B"): _solve_grads},
    samples=lambda rand: [
        (*_factored(rand, 3, 3), rand(3, 2)),
        rand.call(*_factored(rand, 2, 3, 3), rand(2, 2, 3), left=False),
        rand.call(*_factored(rand.complex, 2, 2), rand.complex(2, 2), adjoint=True),
        rand.call(*_factored(rand.complex, 2, 2), rand.complex(2, 2), left=False, adjoint=True),
    ],
    torch="linalg.lu_solve",
    gradcheck=False,
    halves="own",
)
def linalg_lu_solve(xp: Any, LU: Array, pivots: Array, B: Array, *, left: bool = True, adjoint: bool = False) -> Array:
    """``X`` with ``A @ X = B`` (``X @ A = B`` unless ``left``), or with A's conjugate transpose where ``adjoint``, by the factors of A
    that ``lu_factor`` gave."""
    if LU.ndim < 2:
        raise RuntimeError("torch.linalg.lu_solve: The input tensor A must have at least 2 dimensions.")
    check_square("torch.linalg.lu_solve", LU)
    if pivots.dtype != "int32":
        raise RuntimeError("linalg.lu_solve: pivots should be a Tensor of scalar type torch.int32")
    check_equation("linalg.lu_solve", LU, B, left)
    if pivots.ndim != LU.ndim - 1 or pivots.shape[-1] != LU.shape[-1]:
        raise RuntimeError("linalg.lu_solve: Number of pivots per batch should be same as the dimension of the matrix")
    if not left:
        turned = xp.conj(xp.swapaxes(B, -1, -2))
        return xp.conj(xp.swapaxes(triangular.lu_solve(xp, LU, pivots, turned, not adjoint), -1, -2))
    return triangular.lu_solve(xp, LU, pivots, B, adjoint)


def lu_solve(b: Tensor, LU_data: Tensor, LU_pivots: Tensor) -> Any:
    """As ``linalg.lu_solve``, its successor, with the right side first."""
    return linalg_lu_solve(LU_data, LU_pivots, b)


# ------------------------------------------------------------------------------------------------- LDL


@op(
    vjp={"A": no_derivative("aten::linalg_ldl_factor_ex")},
    samples=lambda rand: [(positive(rand, 3, 3),), (positive(rand.complex, 2, 3, 3), True)],
    outputs=("LD", "pivots", "info"),
    differentiable=("LD",),
    node="torch::autograd::NotImplemented",
    gradcheck=False,
    halves="own",
)
def linalg_ldl_factor_ex(xp: Any, A: Array, hermitian: bool = False) -> tuple[Array, Array, Array]:
    """Factors of symmetric (Hermitian) matrices ``A = P @ L @ D @ L.T @ P.T`` in one matrix, the exchanges, and for each matrix 0 or its
    first zero pivot. D has blocks of one or two rows; the lower triangle is looked at."""
    check_matrices("torch.linalg.ldl_factor_ex", A, square=True)
    flat = A.reshape((-1, *A.shape[-2:])) if A.size else A[..., :0, :0].reshape((0, *A.shape[-2:]))
    made = [symmetric.ldl_factor(xp, flat[i], hermitian) for i in range(flat.shape[0])]
    batch = A.shape[:-2]
    if not made:
        return xp.zeros(A.shape, A.dtype), xp.zeros(A.shape[:-1], "int32"), xp.zeros(batch, "int32")
    factors = xp.stack([xp.tril(m[0]) for m in made]).reshape(A.shape)
    return factors, xp.stack([m[1] for m in made]).reshape(A.shape[:-1]), xp.asarray([m[2] for m in made], dtype="int32").reshape(batch)


_LdlFactor = result_type("linalg_ldl_factor", "LD", "pivots")
_LdlFactorEx = result_type("linalg_ldl_factor_ex", "LD", "pivots", "info")


def ldl_factor_ex(A: Tensor, *, hermitian: bool = False, check_errors: bool = False) -> Any:
    """As ``ldl_factor``, with a number for each matrix that says whether it was singular; raises only where ``check_errors``."""
    made = linalg_ldl_factor_ex(A, hermitian)
    if check_errors:
        _definite_or_raise(made[2])
    return _LdlFactorEx(made)


def _definite_or_raise(info: Any) -> None:
    failed = failures(info._xp, info._data)
    if failed is not None:
        raise RuntimeError(f"torch.linalg.ldl_factor: {failed[0]}D[{failed[1]},{failed[1]}] is zero: the matrix is singular.")


def ldl_factor(A: Tensor, *, hermitian: bool = False) -> Any:
    """Factors of symmetric (Hermitian) matrices that need not be definite, for ``ldl_solve``.

    Raises RuntimeError for singular ones.
    """
    made = linalg_ldl_factor_ex(A, hermitian)
    _definite_or_raise(made[2])
    return _LdlFactor(made[:2])


def _ldl_samples(rand: Any) -> list[Any]:
    matrix = positive(rand, 3, 3)
    factors, pivots, _ = symmetric.ldl_factor(matrix._xp, matrix._data, False)
    return [(wrap(factors), wrap(pivots), rand(3, 2))]


@op(
    vjp={"LD": no_derivative("aten::linalg_ldl_solve"), "B": no_derivative("aten::linalg_ldl_solve")},
    samples=_ldl_samples,
    torch="linalg.ldl_solve",
    node="torch::autograd::NotImplemented",
    gradcheck=False,
    halves="own",
)
def linalg_ldl_solve(xp: Any, LD: Array, pivots: Array, B: Array, *, hermitian: bool = False) -> Array:
    """``X`` with ``A @ X = B`` by the factors that ``ldl_factor`` gave; it has no derivative."""
    check_matrices("torch.linalg.ldl_solve", LD, square=True)
    if B.ndim < 2:
        raise RuntimeError(f"torch.linalg.ldl_solve: Expected B to have at least 2 dimensions, but it has {B.ndim} dimensions instead")
    if B.shape[-2] != LD.shape[-1]:
        n, (m, k) = LD.shape[-1], B.shape[-2:]
        raise RuntimeError(
            f"Incompatible matrix sizes for torch.linalg.ldl_solve: each A matrix is {n} by {n} but each b matrix is {m} by {k}"
        )
    factors, right = batches(xp, LD, B)
    shape = right.shape
    if not right.size:
        return xp.zeros(shape, B.dtype)
    order = xp.broadcast_to(pivots, factors.shape[:-1]).reshape((-1, LD.shape[-1]))
    factors, right = factors.reshape((-1, *LD.shape[-2:])), right.reshape((-1, *shape[-2:]))
    made = [symmetric.ldl_solve(xp, factors[i], order[i], right[i], hermitian) for i in range(right.shape[0])]
    return xp.stack(made).reshape(shape)


TORCH = {"lu": lu, "lu_solve": lu_solve, "lu_unpack": lu_unpack}
TENSOR = {"lu": lu, "lu_solve": lu_solve}
LINALG: dict[str, Any] = {
    "ldl_factor": ldl_factor,
    "ldl_factor_ex": ldl_factor_ex,
    "ldl_solve": linalg_ldl_solve,
    "lu": lambda A, *, pivot=True: _LinalgLu(linalg_lu(A, pivot=pivot)),
    "lu_factor": lu_factor,
    "lu_factor_ex": lu_factor_ex,
    "lu_solve": linalg_lu_solve,
}
