"""Inverses, determinants and solutions of linear equations, with the published derivatives.

M. B. Giles, "Collected matrix derivative results for forward and reverse mode algorithmic differentiation" (2008); G. H. Golub and
V. Pereyra, "The differentiation of pseudo-inverses" (1973).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..numerics import triangular
from ..op import Array, op
from ..tensor import Tensor
from .choose import where
from .complexes import complex_, imag
from .functions import log
from .matrices import (
    LinAlgError,
    batches,
    check_equation,
    check_matrices,
    check_square,
    column,
    conj,
    failures,
    h,
    is_vector,
    refused,
    well,
)
from .order_of_dims import transpose
from .rearrange import tril, triu
from .results import result_type
from .shape import reshape, unsqueeze

# ------------------------------------------------------------------------------------------------- inverses


def _attempt(xp: Any, compute: Callable[[], Array], a: Array) -> Array | None:
    """What the array module computes, or None where it meets a singular matrix: some raise, others give infinities."""
    try:
        made = compute()
    except Exception as error:
        if not refused(error):
            raise
        return None
    return made if xp.kind == "cpu" or bool(xp.isfinite(made).all()) else None


def _no_info(xp: Any, a: Array) -> Array:
    return xp.zeros(a.shape[:-2], "int32")


@op(
    vjp={"A": lambda g, inverse: -(h(inverse) @ (g @ h(inverse)))},
    samples=lambda rand: [(well(rand, 3, 3),), (well(rand, 2, 3, 3),), (well(rand.complex, 2, 2),)],
    torch="linalg.inv_ex",
    outputs=("inverse", "info"),
    differentiable=("inverse",),
    halves="own",
)
def linalg_inv_ex(xp: Any, A: Array) -> tuple[Array, Array]:
    """The inverse of square matrices, and for each 0 or the number, from 1 on, of the first zero pivot."""
    check_matrices("linalg.inv", A, square=True)
    made = _attempt(xp, lambda: xp.linalg.inv(A), A)
    if made is not None:
        return made, _no_info(xp, A)
    lu, pivots, info = triangular.lu_factor(xp, A)
    unit = xp.zeros_like(A) + xp.eye(A.shape[-1], dtype=A.dtype)
    return triangular.lu_solve(xp, lu, pivots, unit, False), info


def _checked(name: str, message: str, info: Any) -> None:
    """Raise LinAlgError where ``info`` tells of a failure; ``message`` has a place for its number."""
    failed = failures(info._xp, info._data)
    if failed is not None:
        raise LinAlgError(f"{name}: {failed[0]}" + message.format(failed[1]))


_SINGULAR = "The diagonal element {} is zero, the inversion could not be completed because the input matrix is singular."
_InvEx = result_type("linalg_inv_ex", "inverse", "info")


def inv(A: Tensor) -> Any:
    """The inverse of square matrices (..., n, n).

    Raises LinAlgError where one is singular.
    """
    inverse, info = linalg_inv_ex(A)
    _checked("linalg.inv", _SINGULAR, info)
    return inverse


def inv_ex(A: Tensor, *, check_errors: bool = False) -> Any:
    """As ``inv``, with a number for each matrix that says whether it was singular; raises only where ``check_errors``."""
    made = linalg_inv_ex(A)
    if check_errors:
        _checked("linalg.inv_ex", _SINGULAR, made[1])
    return _InvEx(made)


# ------------------------------------------------------------------------------------------------- determinants


def _det_grad(g: Any, out: Any, A: Any) -> Any:
    """``det * A^-H``; 0 for singular matrices, as PyTorch has it."""
    if A.shape[-1] == 1:
        return column(g) * A.new_ones(A.shape)
    inverse, info = linalg_inv_ex(A)
    if bool((info._data != 0).any()):
        inverse = inverse.masked_fill(column(info != 0), 0)
    return column(g * conj(out)) * h(inverse)


@op(
    vjp={"A": _det_grad},
    samples=lambda rand: [(well(rand, 3, 3),), (well(rand, 2, 3, 3),), (well(rand.complex, 2, 2),)],
    torch="linalg.det",
    halves="own",
)
def linalg_det(xp: Any, A: Array) -> Array:
    """The determinant of square matrices (..., n, n)."""
    check_matrices("linalg.det", A, square=True)
    return xp.linalg.det(A)


def _slogdet_grad(g: Any, sign: Any, A: Any) -> Any:
    for_sign, for_size = g
    factor = for_size
    if A.is_complex():
        factor = complex_(for_size, imag(conj(sign) * for_sign))
    return column(factor) * h(linalg_inv_ex(A)[0])


@op(
    vjp={"A": _slogdet_grad},
    samples=lambda rand: [(well(rand, 3, 3),), (well(rand, 2, 3, 3),), (well(rand.complex, 2, 2),)],
    torch="linalg.slogdet",
    outputs=("sign", "logabsdet"),
    halves="own",
)
def linalg_slogdet(xp: Any, A: Array) -> tuple[Array, Array]:
    """Sign and logarithm of the size of the determinant of square matrices."""
    check_matrices("linalg.slogdet", A, square=True)
    sign, size = xp.linalg.slogdet(A)
    return sign, size


_LinalgSlogdet = result_type("linalg_slogdet", "sign", "logabsdet")
_Slogdet = result_type("slogdet", "sign", "logabsdet")


def logdet(input: Tensor) -> Any:
    """The logarithm of the determinant of square matrices; nan where it is negative, complex where they are complex."""
    check_matrices("logdet", input, square=True)
    sign, size = linalg_slogdet(input)
    if input.is_complex():
        return log(sign) + size
    return where(sign == -1, float("nan"), size)


# ------------------------------------------------------------------------------------------------- equations


def _solve_grads(g: Any, A: Any, B: Any, result: Any, left: bool, needs: tuple[bool, bool]) -> tuple[Any, Any]:
    """Gradients for the matrix and the right side of ``A @ result = B`` (``result @ A = B`` where ``left`` is False)."""
    for_b = linalg_solve_ex(h(A), g, left)[0]
    if not needs[0]:
        return None, for_b
    if is_vector(A._data, B._data):
        return -(unsqueeze(for_b, -1) @ h(unsqueeze(result, -1))), for_b
    return -(for_b @ h(result) if left else h(result) @ for_b), for_b


@op(
    vjp={("A", "B"): _solve_grads},
    samples=lambda rand: [
        (well(rand, 3, 3), rand(3, 2)),
        (well(rand, 3, 3), rand(3)),
        (well(rand, 2, 3, 3), rand(2, 3, 1)),
        (well(rand.complex, 2, 2), rand.complex(3, 2), False),
    ],
    outputs=("result", "info"),
    differentiable=("result",),
    halves="own",
)
def linalg_solve_ex(xp: Any, A: Array, B: Array, left: bool = True) -> tuple[Array, Array]:
    """``X`` with ``A @ X = B``, or with ``X @ A = B`` where ``left`` is False, and for each matrix 0 or its first zero pivot."""
    check_matrices("linalg.solve", A, square=True)
    vector = B.ndim > 0 and is_vector(A, B)
    right = B[..., None] if vector else B
    check_equation("linalg.solve", A, right, left or vector)
    matrix = A
    if not left:
        matrix, right = xp.swapaxes(A, -1, -2), xp.swapaxes(right, -1, -2)
    matrix, right = batches(xp, matrix, right)
    found = _attempt(xp, lambda: xp.linalg.solve(matrix, right), A)
    info = _no_info(xp, A)
    if found is None:
        lu, pivots, info = triangular.lu_factor(xp, matrix)
        found = triangular.lu_solve(xp, lu, pivots, right, False)
    if not left:
        found = xp.swapaxes(found, -1, -2)
    return (found[..., 0] if vector else found), info


_SolveEx = result_type("linalg_solve_ex", "result", "info")
_UNSOLVED = "The solver failed because the input matrix is singular."


def solve(A: Tensor, B: Tensor, *, left: bool = True) -> Any:
    """``X`` with ``A @ X = B``, or with ``X @ A = B`` where ``left`` is False; B may be one vector a matrix.

    Raises LinAlgError where a matrix is singular.
    """
    result, info = linalg_solve_ex(A, B, left)
    _checked("torch.linalg.solve", _UNSOLVED, info)
    return result


def solve_ex(A: Tensor, B: Tensor, *, left: bool = True, check_errors: bool = False) -> Any:
    """As ``solve``, with a number for each matrix that says whether it was singular; raises only where ``check_errors``."""
    made = linalg_solve_ex(A, B, left)
    if check_errors:
        _checked("torch.linalg.solve_ex", _UNSOLVED, made[1])
    return _SolveEx(made)


def _triangle(a: Any, upper: bool, unitriangular: bool) -> Any:
    """What of a gradient belongs to the triangle that was looked at."""
    shift = 1 if unitriangular else 0
    return triu(a, shift) if upper else tril(a, -shift)


def _triangular_grads(g: Any, A: Any, out: Any, upper: bool, left: bool, unitriangular: bool, needs: tuple[bool, bool]) -> tuple[Any, Any]:
    for_b = linalg_solve_triangular(h(A), g, upper=not upper, left=left, unitriangular=unitriangular)
    if not needs[0]:
        return None, for_b
    return _triangle(-(for_b @ h(out) if left else h(out) @ for_b), upper, unitriangular), for_b


def _solved_triangle(xp: Any, a: Array, b: Array, upper: bool, unit: bool) -> Array:
    """By the array module where the matrix is small and regular, else by substitution."""
    a, b = batches(xp, a, b)
    n = a.shape[-1]
    if n <= 64 and xp.kind == "cpu" and (unit or bool((xp.diagonal(a, 0, -2, -1) != 0).all())):
        used = xp.triu(a, 1 if unit else 0) if upper else xp.tril(a, -1 if unit else 0)
        return xp.linalg.solve(used + xp.eye(n, dtype=a.dtype) if unit else used, b)
    return triangular.solve_triangular(xp, a, b, upper, unit)


@op(
    vjp={("A", "B"): _triangular_grads},
    samples=lambda rand: [
        rand.call(well(rand, 3, 3), rand(3, 2), upper=True),
        rand.call(well(rand, 3, 3), rand(2, 3), upper=False, left=False),
        rand.call(well(rand, 3, 3), rand(3, 2), upper=False, unitriangular=True),
        rand.call(well(rand.complex, 2, 2), rand.complex(2, 2), upper=True),
    ],
    torch="linalg.solve_triangular",
    halves="own",
)
def linalg_solve_triangular(xp: Any, A: Array, B: Array, *, upper: bool, left: bool = True, unitriangular: bool = False) -> Array:
    """As ``solve``, for the upper (or lower) triangles of A alone; ``unitriangular`` takes their diagonal for ones. A zero on the
    diagonal gives infinities and nans."""
    check_matrices("linalg.solve_triangular", A, square=True)
    check_equation("linalg.solve_triangular", A, B, left)
    if left:
        return _solved_triangle(xp, A, B, upper, unitriangular)
    turned = _solved_triangle(xp, xp.swapaxes(A, -1, -2), xp.swapaxes(B, -1, -2), not upper, unitriangular)
    return xp.swapaxes(turned, -1, -2)


def _older_grads(
    g: Any, input: Any, A: Any, solution: Any, upper: bool, transpose: bool, unitriangular: bool, needs: tuple[bool, bool]
) -> tuple[Any, Any]:
    for_solution, for_clone = g
    turned = A if not transpose else _t(A)
    for_b = linalg_solve_triangular(h(turned), for_solution, upper=upper == transpose, unitriangular=unitriangular)
    if not needs[1]:
        return for_b, None
    full = -(for_b @ h(solution))
    return for_b, _triangle(_t(full) if transpose else full, upper, unitriangular) + for_clone


def _t(a: Any) -> Any:
    return transpose(a, -2, -1)


@op(
    vjp={("input", "A"): _older_grads},
    samples=lambda rand: [
        (rand(3, 2), well(rand, 3, 3)),
        (rand(3, 2), well(rand, 3, 3), False, True),
        (rand(2, 1), well(rand, 2, 2), True, False, True),
    ],
    torch="triangular_solve",
    outputs=("solution", "cloned_coefficient"),
    halves="own",
)
def triangular_solve_(
    xp: Any, input: Array, A: Array, upper: bool = True, transpose: bool = False, unitriangular: bool = False
) -> tuple[Array, Array]:
    """``X`` with ``A @ X = input``, or ``A.T @ X = input`` where ``transpose``, for a triangle of A, and A."""
    check_matrices("triangular_solve", A)
    check_square("", A)
    matrix = xp.swapaxes(A, -1, -2) if transpose else A
    matrix, right = batches(xp, matrix, input)
    found = _solved_triangle(xp, matrix, right, upper != transpose, unitriangular)
    return found, xp.array(xp.broadcast_to(A, (*right.shape[:-2], *A.shape[-2:])))


_TriangularSolve = result_type("triangular_solve", "solution", "cloned_coefficient")


def triangular_solve(b: Tensor, A: Tensor, upper: bool = True, transpose: bool = False, unitriangular: bool = False) -> Any:
    """``X`` with ``A @ X = b`` for a triangle of A, and A itself; ``linalg.solve_triangular`` is its successor."""
    return _TriangularSolve(triangular_solve_(b, A, upper, transpose, unitriangular))


# ------------------------------------------------------------------------------------------------- inverses of tensors


def tensorinv(A: Tensor, ind: int = 2) -> Any:
    """The inverse of a tensor with regard to ``tensordot`` over its first ``ind`` dimensions."""
    if ind <= 0:
        raise RuntimeError(f"Expected a strictly positive integer for 'ind', but got {ind}")
    rows, columns = _count(A.shape[:ind]), _count(A.shape[ind:])
    if rows != columns:
        raise RuntimeError(
            f"Expected self to satisfy the requirement prod(self.shape[ind:]) == prod(self.shape[:ind]), but got {columns} != {rows}"
        )
    return reshape(inv(reshape(A, (rows, rows))), (*A.shape[ind:], *A.shape[:ind]))


def tensorsolve(A: Tensor, B: Tensor, dims: Any = None) -> Any:
    """``X`` with ``tensordot(A, X, X.ndim) = B``; ``dims`` of A are moved to its end first."""
    if dims is not None:
        moved = [d % A.ndim for d in dims]
        A = A.permute(*(d for d in range(A.ndim) if d not in moved), *moved)
    columns, rows = _count(A.shape[B.ndim :]), B.numel()
    if rows != columns:
        raise RuntimeError(
            "Expected self to satisfy the requirement prod(self.shape[other.ndim:]) == prod(self.shape[:other.ndim]), but got "
            f"{columns} != {rows}"
        )
    return reshape(solve(reshape(A, (rows, rows)), reshape(B, (rows,)) if B.ndim != 1 else B), tuple(A.shape[B.ndim :]))


def _count(sizes: Any) -> int:
    total = 1
    for n in sizes:
        total *= n
    return total


TORCH = {
    "det": linalg_det,
    "inverse": inv,
    "logdet": logdet,
    "slogdet": lambda input: _Slogdet(linalg_slogdet(input)),
    "triangular_solve": triangular_solve,
}
TENSOR = TORCH
LINALG: dict[str, Any] = {
    "LinAlgError": LinAlgError,
    "det": linalg_det,
    "inv": inv,
    "inv_ex": inv_ex,
    "slogdet": lambda A: _LinalgSlogdet(linalg_slogdet(A)),
    "solve": solve,
    "solve_ex": solve_ex,
    "solve_triangular": linalg_solve_triangular,
    "tensorinv": tensorinv,
    "tensorsolve": tensorsolve,
}
