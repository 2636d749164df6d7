"""Inverses, determinants, solutions and factorisations of matrices, with the published derivatives.

M. B. Giles, "Collected matrix derivative results for forward and reverse mode algorithmic differentiation" (2008), for
inverses, determinants and Cholesky; M. Seeger and others, "Auto-differentiating linear algebra" (2017), for QR and
eigenvectors; G. H. Golub and V. Pereyra, "The differentiation of pseudo-inverses" (1973).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from .. import dtypes
from ..op import Array, op
from ..tensor import Tensor, wrap
from .order_of_dims import transpose
from .pieces import cat
from .rearrange import diag_embed, diagonal, tril, triu
from .shape import clone, expand, squeeze, unsqueeze


class _LinAlgError(RuntimeError):
    """A matrix that is singular, or not positive definite, or does not converge."""


LinAlgError = _LinAlgError
HALVES = "own"  # they are refused


def _matrices(name: str, a: Array, square: bool = False) -> None:
    if a.ndim < 2:
        raise RuntimeError(f"{name}: The input tensor A must have at least 2 dimensions.")
    if square and a.shape[-1] != a.shape[-2]:
        raise RuntimeError(f"{name}: A must be batches of square matrices, but they are {a.shape[-2]} by {a.shape[-1]} matrices")
    if a.dtype in dtypes.HALVES:
        raise RuntimeError(f"{name}: Low precision dtypes not supported. Got {dtypes.of(a.dtype).legacy}")
    if a.dtype.kind not in "fc":
        raise RuntimeError(f"{name}: Expected a floating point or complex tensor as input. Got {dtypes.of(a.dtype).legacy}")


def _refused(error: Exception) -> bool:
    """Whether the array module says that a matrix cannot be factored; each module has an error of that name of its own."""
    return type(error).__name__ == "LinAlgError"


def _h(a: Any) -> Any:
    """Conjugate transpose."""
    turned = transpose(a, -2, -1)
    return turned.conj() if a.is_complex() else turned


def _conj(a: Any) -> Any:
    return a.conj() if a.is_complex() else a


def _well(rand: Any, *shape: int) -> Any:
    """Matrices far from singular."""
    made = rand(*shape)
    made._data[...] = made._data + 3 * made._xp.eye(shape[-2], shape[-1])
    return made


def _positive(rand: Any, *shape: int) -> Any:
    """Symmetric positive definite matrices."""
    made = rand(*shape)
    xp, array = made._xp, made._data
    made._data = xp.matmul(array, xp.swapaxes(array, -1, -2)) + 2 * xp.eye(shape[-1])
    return made


# ------------------------------------------------------------------------------------------------------------ solutions


@op(
    vjp={"A": lambda g, out: -(_h(out) @ (g @ _h(out)))},
    samples=lambda rand: [(_well(rand, 3, 3),), (_well(rand, 2, 3, 3),)],
    torch="linalg.inv",
    node="LinalgInvExBackward0",
)
def linalg_inv(xp: Any, A: Array) -> Array:
    """The inverse of square matrices."""
    _matrices("linalg.inv", A, square=True)
    try:
        return xp.linalg.inv(A)
    except Exception as error:
        if not _refused(error):
            raise
        raise _LinAlgError(
            f"linalg.inv: The diagonal element {_first_zero(xp, A)} is zero, the inversion could not be completed because the input "
            "matrix is singular."
        ) from None


def _first_zero(xp: Any, a: Array) -> int:
    """The number, from 1 on, of the first zero pivot of elimination with row exchanges, in the first singular matrix."""
    for matrix in a.reshape(-1, *a.shape[-2:]):
        rest = matrix.copy()
        for i in range(rest.shape[0]):
            pivot = i + int(xp.argmax(xp.abs(rest[i:, i])))
            if rest[pivot, i] == 0:
                return i + 1
            if pivot != i:
                row = rest[i].copy()
                rest[i], rest[pivot] = rest[pivot], row
            rest[i + 1 :] -= rest[i + 1 :, i : i + 1] / rest[i, i] * rest[i]
    return int(a.shape[-1])


@op(
    vjp={"A": lambda g, out, A: unsqueeze(unsqueeze(g * _conj(out), -1), -1) * _h(linalg_inv(A))},
    samples=lambda rand: [(_well(rand, 3, 3),), (_well(rand, 2, 3, 3),)],
    torch="linalg.det",
)
def linalg_det(xp: Any, A: Array) -> Array:
    """The determinant of square matrices."""
    _matrices("linalg.det", A, square=True)
    return xp.linalg.det(A)


@op(
    vjp={"A": lambda g, A: unsqueeze(unsqueeze(g[1], -1), -1) * _h(linalg_inv(A))},
    samples=lambda rand: [(_well(rand, 3, 3),), (_well(rand, 2, 3, 3),)],
    torch="linalg.slogdet",
    outputs=("sign", "logabsdet"),
)
def linalg_slogdet(xp: Any, A: Array) -> tuple[Array, Array]:
    """Sign and logarithm of the size of the determinant of square matrices."""
    _matrices("linalg.slogdet", A, square=True)
    sign, size = xp.linalg.slogdet(A)
    return sign, size


def _is_vector(a: Array, b: Array) -> bool:
    """Whether the right side is one vector a matrix, and no matrix."""
    return bool(b.ndim == 1 or (a.ndim - 1 == b.ndim and b.shape == a.shape[:-1]))


def _solve_grads(g: Any, A: Any, B: Any, out: Any, left: bool, needs: tuple[bool, bool]) -> tuple[Any, Any]:
    """Gradients for the matrix and the right side of ``A @ out = B`` (``out @ A = B`` where ``left`` is False)."""
    for_b = linalg_solve(_h(A), g, left=left)
    if not needs[0]:
        return None, for_b
    if _is_vector(A._data, B._data):
        return -(unsqueeze(for_b, -1) @ _h(unsqueeze(out, -1))), for_b
    return -(for_b @ _h(out) if left else _h(out) @ for_b), for_b


@op(
    vjp={("A", "B"): lambda g, A, B, out, left, needs: _solve_grads(g, A, B, out, left, needs)},
    samples=lambda rand: [
        (_well(rand, 3, 3), rand(3, 2)),
        (_well(rand, 3, 3), rand(3)),
        (_well(rand, 2, 3, 3), rand(2, 3, 1)),
        rand.call(_well(rand, 3, 3), rand(2, 3), left=False),
    ],
    torch="linalg.solve",
    node="LinalgSolveExBackward0",
)
def linalg_solve(xp: Any, A: Array, B: Array, *, left: bool = True) -> Array:
    """``X`` with ``A @ X = B``, or with ``X @ A = B`` where ``left`` is False."""
    _matrices("linalg.solve", A, square=True)
    vector = _is_vector(A, B)
    right = B[..., None] if vector else B
    if not vector and right.shape[-2 if left else -1] != A.shape[-1]:
        raise RuntimeError(
            f"linalg.solve: Incompatible shapes of A and B for the equation {'AX = B' if left else 'XA = B'} "
            f"({A.shape[-2]}x{A.shape[-1]} and {right.shape[-2]}x{right.shape[-1]})"
        )
    try:
        if left:
            found = xp.linalg.solve(A, right)
        else:
            found = xp.swapaxes(xp.linalg.solve(xp.swapaxes(A, -1, -2), xp.swapaxes(right, -1, -2)), -1, -2)
    except Exception as error:
        if not _refused(error):
            raise
        raise _LinAlgError("torch.linalg.solve: The solver failed because the input matrix is singular.") from None
    return found[..., 0] if vector else found


def _triangular_grads(g: Any, A: Any, out: Any, upper: bool, left: bool, unitriangular: bool, needs: tuple[bool, bool]) -> tuple[Any, Any]:
    for_b = linalg_solve_triangular(_h(A), g, upper=not upper, left=left, unitriangular=unitriangular)
    if not needs[0]:
        return None, for_b
    full = -(for_b @ _h(out) if left else _h(out) @ for_b)
    shift = 1 if unitriangular else 0
    return (triu(full, shift) if upper else tril(full, -shift)), for_b


@op(
    vjp={("A", "B"): lambda g, A, out, upper, left, unitriangular, needs: _triangular_grads(g, A, out, upper, left, unitriangular, needs)},
    samples=lambda rand: [
        rand.call(_well(rand, 3, 3), rand(3, 2), upper=True),
        rand.call(_well(rand, 3, 3), rand(2, 3), upper=False, left=False),
        rand.call(_well(rand, 3, 3), rand(3, 2), upper=False, unitriangular=True),
    ],
    torch="linalg.solve_triangular",
)
def linalg_solve_triangular(xp: Any, A: Array, B: Array, *, upper: bool, left: bool = True, unitriangular: bool = False) -> Array:
    """As ``linalg_solve``, for the upper (or lower) triangles of A alone; ``unitriangular`` takes their diagonal for ones."""
    _matrices("linalg.solve_triangular", A, square=True)
    used = xp.triu(A, 1 if unitriangular else 0) if upper else xp.tril(A, -1 if unitriangular else 0)
    if unitriangular:
        used = used + xp.eye(A.shape[-1], dtype=A.dtype)
    if left:
        return xp.linalg.solve(used, B)
    return xp.swapaxes(xp.linalg.solve(xp.swapaxes(used, -1, -2), xp.swapaxes(B, -1, -2)), -1, -2)


# ------------------------------------------------------------------------------------------------------------ factorisations


def _cholesky_grad(g: Any, lower: Any) -> Any:
    inside = tril(_h(lower) @ tril(g))
    inside = inside + _h(tril(inside, -1))  # symmetric, the diagonal once
    step = linalg_solve_triangular(_h(lower), inside, upper=True)
    return linalg_solve_triangular(lower, step, upper=False, left=False) * 0.5


@op(
    vjp={"A": lambda g, out: _cholesky_grad(g, out)},
    samples=lambda rand: [(_positive(rand, 3, 3),), (_positive(rand, 2, 2, 2),)],
    torch="linalg.cholesky",
    node="LinalgCholeskyExBackward0",
    gradcheck=False,
)
def linalg_cholesky_(xp: Any, A: Array) -> Array:
    """The lower triangular factor of symmetric (Hermitian) positive definite matrices."""
    _matrices("linalg.cholesky", A, square=True)
    try:
        return xp.linalg.cholesky(A)
    except Exception as error:
        if not _refused(error):
            raise
        order = next(
            (n for matrix in A.reshape(-1, *A.shape[-2:]) for n in range(1, A.shape[-1] + 1) if not xp.linalg.det(matrix[:n, :n]).real > 0),
            1,
        )
        raise _LinAlgError(
            "linalg.cholesky: The factorization could not be completed because the input is not positive-definite (the leading minor "
            f"of order {order} is not positive-definite)."
        ) from None


def cholesky(A: Tensor, *, upper: bool = False) -> Any:
    """The triangular factor L of ``A = L @ L.mH``, or its conjugate transpose where ``upper``."""
    lower = linalg_cholesky_(A)
    return _h(lower) if upper else lower


def _qr_grad(g: Any, q: Any, r: Any) -> Any:
    for_q, for_r = g
    rows, columns = q.shape[-2], r.shape[-1]
    if rows < columns:  # R is wide: its first columns are the factor, the others are Q.mH @ A
        first, rest = r[..., :rows], r[..., rows:]
        front = _qr_grad((for_q + _wide_part(q @ for_r[..., rows:], rest, q), for_r[..., :rows]), q, first)
        behind = q @ for_r[..., rows:]
        return cat([front, behind], -1)
    inner = r @ _h(for_r) - _h(for_q) @ q
    mirrored = tril(inner) + _h(tril(inner, -1))
    return linalg_solve_triangular(_h(r), for_q + q @ mirrored, upper=False, left=False)


def _wide_part(for_rest: Any, rest: Any, q: Any) -> Any:
    """What the wide part of R, ``Q.mH @ A``, adds to the gradient of Q: A's other columns are ``Q @ rest``."""
    return q @ rest @ _h(_h(q) @ for_rest)


@op(
    vjp={"A": lambda g, Q, R: _qr_grad(g, Q, R)},
    samples=lambda rand: [(_well(rand, 3, 3),), (_well(rand, 4, 3),), (_well(rand, 2, 3, 2),), (_well(rand, 2, 4),)],
    torch="linalg.qr",
    outputs=("Q", "R"),
)
def linalg_qr(xp: Any, A: Array, mode: str = "reduced") -> tuple[Array, Array]:
    """``A = Q @ R`` with orthonormal columns in Q and R upper triangular."""
    _matrices("linalg.qr", A)
    if mode not in ("reduced", "complete", "r"):
        raise RuntimeError(f"qr received unrecognized mode '{mode}' but expected one of 'reduced' (default), 'r', or 'complete'")
    if mode == "r":
        return xp.zeros((0,), A.dtype), xp.linalg.qr(A, mode="r")
    q, r = xp.linalg.qr(A, mode=mode)
    return q, r


def _gaps(values: Any, squared: bool = False) -> Any:
    """``values_j - values_i`` (of squares), with ones on the diagonal."""
    used = values * values if squared else values
    gaps = unsqueeze(used, -2) - unsqueeze(used, -1)
    return gaps + wrap(values._xp.eye(values.shape[-1], dtype=values._data.dtype))


def _without_diagonal(a: Any) -> Any:
    return a - diag_embed(diagonal(a, 0, -2, -1))


def _eigh_grad(g: Any, values: Any, vectors: Any) -> Any:
    for_values, for_vectors = g
    turned = _without_diagonal(_h(vectors) @ for_vectors) / _gaps(values)
    return vectors @ ((turned + diag_embed(for_values)) @ _h(vectors))


@op(
    vjp={"A": lambda g, eigenvalues, eigenvectors: _eigh_grad(g, eigenvalues, eigenvectors)},
    samples=lambda rand: [(_positive(rand, 3, 3),), (_positive(rand, 2, 2, 2),)],
    outputs=("eigenvalues", "eigenvectors"),
    gradcheck=False,
)
def linalg_eigh(xp: Any, A: Array, UPLO: str = "L") -> tuple[Array, Array]:
    """Eigenvalues, ascending, and eigenvectors of symmetric (Hermitian) matrices, of which one triangle is looked at."""
    _matrices("linalg.eigh", A, square=True)
    values, vectors = xp.linalg.eigh(A, UPLO)
    return values, vectors


def _svd_grad(g: Any, left: Any, values: Any, right: Any) -> Any:
    for_left, for_values, for_right = g
    count = values.shape[-1]
    u, vh = left[..., :count], right[..., :count, :]
    gu, gvh = for_left[..., :count], for_right[..., :count, :]
    v, gv = _h(vh), _h(gvh)
    gaps = _gaps(values, squared=True)

    def skew(a: Any) -> Any:
        return _without_diagonal(a - _h(a)) / gaps

    row, column = unsqueeze(values, -2), unsqueeze(values, -1)
    middle = skew(_h(u) @ gu) * row + column * skew(_h(v) @ gv) + diag_embed(for_values)
    grad = u @ middle @ vh
    if u.shape[-2] > count:
        scaled = gu / row
        grad = grad + (scaled - u @ (_h(u) @ scaled)) @ vh
    if vh.shape[-1] > count:
        scaled = gvh / column
        grad = grad + u @ (scaled - (scaled @ v) @ vh)
    return grad


@op(
    vjp={"A": lambda g, U, S, Vh: _svd_grad(g, U, S, Vh)},
    samples=lambda rand: [(_well(rand, 3, 3), False), (_well(rand, 4, 3), False), (_well(rand, 2, 2, 3), False)],
    outputs=("U", "S", "Vh"),
)
def linalg_svd(xp: Any, A: Array, full_matrices: bool = True) -> tuple[Array, Array, Array]:
    """``A = U @ diag(S) @ Vh`` with orthonormal columns in U, rows in Vh, and S descending."""
    _matrices("linalg.svd", A)
    u, s, vh = xp.linalg.svd(A, full_matrices=full_matrices)
    return u, s, vh


def _pinv_grad(g: Any, a: Any, out: Any) -> Any:
    gh, outh = _h(g), _h(out)
    if a.shape[-2] <= a.shape[-1]:
        k = gh @ out
        kp = k @ outh
        return -_h(out @ k) + kp - (a @ out) @ kp + (outh @ out) @ (gh - k @ a)
    k = out @ gh
    pk = outh @ k
    return -_h(k @ out) + (gh - a @ k) @ out @ outh + pk - (pk @ out) @ a


@op(
    vjp={"A": lambda g, A, out: _pinv_grad(g, A, out)},
    samples=lambda rand: [(_well(rand, 3, 3),), (_well(rand, 4, 3),), (_well(rand, 2, 2, 3),)],
    torch="linalg.pinv",
)
def linalg_pinv(xp: Any, A: Array, rtol: float | None = None) -> Array:
    """The pseudo-inverse of matrices; singular values below ``rtol`` times the largest count as zero."""
    _matrices("linalg.pinv", A)
    if rtol is None:
        rtol = max(A.shape[-2:]) * float(xp.finfo(A.dtype).eps)
    return xp.linalg.pinv(A, rtol)


@op(
    vjp={
        "input": lambda g, other, dim: linalg_cross(_conj(other), g, dim=dim),
        "other": lambda g, input, dim: linalg_cross(g, _conj(input), dim=dim),
    },
    samples=lambda rand: [(rand(2, 3), rand(2, 3)), rand.call(rand(3, 2), rand(3, 1), dim=0)],
    torch="linalg.cross",
)
def linalg_cross(xp: Any, input: Array, other: Array, *, dim: int = -1) -> Array:
    """The cross products of vectors of three elements along ``dim``."""
    if input.shape[dim] != 3 or other.shape[dim] != 3:
        raise RuntimeError(f"linalg.cross: inputs dimension {dim} must have length 3. Got {input.shape[dim]} and {other.shape[dim]}")
    a, b = (xp.moveaxis(t, dim, 0) for t in xp.broadcast_arrays(input, other))
    made = xp.stack([a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]])
    return xp.moveaxis(made, 0, dim)


def _exponential(xp: Any, a: Array) -> Array:
    """Scaling until the series converges quickly, eighteen terms of it, and squaring back."""
    size = float(xp.abs(a).sum(-1).max()) if a.size else 0.0
    halvings = max(0, math.ceil(math.log2(size)) + 1) if size > 0.5 else 0
    scaled = a / 2.0**halvings
    term = total = xp.zeros_like(a) + xp.eye(a.shape[-1], dtype=a.dtype)
    for n in range(1, 19):
        term = xp.matmul(term, scaled) / n
        total = total + term
    for _ in range(halvings):
        total = xp.matmul(total, total)
    return total.astype(a.dtype)


def _exponential_grad(g: Any, a: Any) -> Any:
    """The upper right block of the exponential of ``[[A.mH, g], [0, A.mH]]``."""
    turned, n = _h(a), a.shape[-1]
    above, below = cat([turned, g], -1), cat([g.new_zeros(g.shape), turned], -1)
    return linalg_matrix_exp(cat([above, below], -2))[..., :n, n:]


@op(
    vjp={"A": lambda g, A: _exponential_grad(g, A)},
    samples=lambda rand: [(rand(3, 3),), (rand(2, 2, 2),)],
    torch="linalg.matrix_exp",
)
def linalg_matrix_exp(xp: Any, A: Array) -> Array:
    """The exponential of square matrices."""
    _matrices("linalg.matrix_exp", A, square=True)
    return _exponential(xp, A)


# ------------------------------------------------------------------------------------------------------------ composed


def matrix_power(A: Tensor, n: int) -> Any:
    """The ``n``-th power of square matrices; a negative one of their inverse."""
    if A.ndim < 2 or A.shape[-1] != A.shape[-2]:
        raise RuntimeError(
            f"linalg.matrix_power: A must be batches of square matrices, but they are {A.shape[-2] if A.ndim > 1 else 1} by "
            f"{A.shape[-1]} matrices"
        )
    if n == 0:
        made = clone(A)
        return made.copy_(expand(wrap(A._xp.eye(A.shape[-1], dtype=A._data.dtype)), A.shape))
    if n == 1:
        return clone(A)
    if n < 0:
        A, n = linalg_inv(A), -n
    if n == 1:
        return A
    if n == 2:
        return A @ A
    if n == 3:
        return (A @ A) @ A
    result: Any = None
    square: Any = None
    while n:
        square = A if square is None else square @ square
        n, odd = divmod(n, 2)
        if odd:
            result = square if result is None else result @ square
    return result


def eigvalsh(A: Tensor, UPLO: str = "L") -> Any:
    """The eigenvalues of symmetric (Hermitian) matrices, ascending."""
    return linalg_eigh(A, UPLO)[0]


def svdvals(A: Tensor) -> Any:
    """The singular values of matrices, descending."""
    return linalg_svd(A, False)[1]


def logdet(input: Tensor) -> Any:
    """The logarithm of the determinant of square matrices; nan where it is negative."""
    sign, size = linalg_slogdet(input)
    return size.masked_fill(sign == -1, float("nan"))


def cross(input: Tensor, other: Tensor, dim: int | None = None) -> Any:
    """The cross products of vectors of three elements, along the first dimension of that size unless ``dim`` is given."""
    if dim is None:
        dim = next((d for d, (n, m) in enumerate(zip(input.shape, other.shape, strict=False)) if n == m == 3), None)
        if dim is None:
            raise RuntimeError("no dimension of size 3 in input")
    return linalg_cross(input, other, dim=dim)


def matrix_norm(A: Tensor, ord: Any = "fro", dim: Sequence[int] = (-2, -1), keepdim: bool = False) -> Any:
    """Norms of matrices: "fro", "nuc", 1, 2, infinity, and the smallest counterparts -1, -2, -infinity."""
    rows, columns = (d % A.ndim for d in dim)
    if ord == "fro":
        return A.norm(2, (rows, columns), keepdim) if A.ndim else A.abs()
    if ord in ("nuc", 2, -2):
        order = [*(d for d in range(A.ndim) if d not in (rows, columns)), rows, columns]
        values = svdvals(A.permute(*order))
        made = values.sum(-1, keepdim) if ord == "nuc" else values.amax(-1, keepdim) if ord == 2 else values.amin(-1, keepdim)
        return unsqueeze(made, -1).permute(*(order.index(d) for d in range(A.ndim))) if keepdim else made
    if ord not in (1, -1, float("inf"), -float("inf")):
        raise RuntimeError(f"linalg.matrix_norm: Order {ord} not supported.")
    first, second = (rows, columns) if abs(ord) == 1 else (columns, rows)
    sums = A.norm(1, first, keepdim)
    if not keepdim and first < second:
        second -= 1
    return sums.amax(second, keepdim) if ord > 0 else sums.amin(second, keepdim)


def norm(A: Tensor, ord: Any = None, dim: Any = None, keepdim: bool = False) -> Any:
    """A norm of vectors or matrices: of all elements where neither ``ord`` nor ``dim`` is given."""
    pair = (isinstance(dim, (tuple, list)) and len(dim) == 2) or (dim is None and A.ndim == 2)
    if isinstance(ord, str) or (ord is not None and pair):
        return matrix_norm(A, ord, dim if dim is not None else (-2, -1), keepdim)
    return A.norm(2 if ord is None else ord, dim, keepdim)


def matrix_rank(A: Tensor, *, rtol: float | None = None, hermitian: bool = False) -> Tensor:
    """How many singular values of a matrix are larger than ``rtol`` times the largest."""
    values = svdvals(A.detach())._data
    xp = A._xp
    if rtol is None:
        rtol = max(A.shape[-2:]) * float(xp.finfo(A._data.dtype).eps)
    return wrap(xp.asarray((values > values.max(-1, keepdims=True) * rtol).sum(-1)))


def cond(A: Tensor, p: Any = None) -> Any:
    """The condition number of matrices: the largest by the smallest singular value, or by norms of the matrix and its inverse."""
    if p is None or p in (2, -2):
        values = svdvals(A)
        most, least = values[..., :1], values[..., -1:]
        return squeeze(most / least if p != -2 else least / most, -1)
    return matrix_norm(A, p) * matrix_norm(linalg_inv(A), p)


def vecdot(x: Tensor, y: Tensor, *, dim: int = -1) -> Any:
    """The dot products of vectors along ``dim``, the first conjugated."""
    return (_conj(x) * y).sum(dim)


TORCH = {
    "cholesky": lambda input, upper=False: cholesky(input, upper=upper),
    "cross": cross,
    "det": linalg_det,
    "inverse": linalg_inv,
    "logdet": logdet,
    "matrix_exp": linalg_matrix_exp,
    "matrix_power": matrix_power,
    "pinverse": linalg_pinv,
    "slogdet": linalg_slogdet,
}
TENSOR = TORCH
LINALG = {
    "LinAlgError": LinAlgError,
    "cholesky": cholesky,
    "cond": cond,
    "cross": linalg_cross,
    "det": linalg_det,
    "diagonal": lambda A, *, offset=0, dim1=-2, dim2=-1: diagonal(A, offset, dim1, dim2),
    "eigh": linalg_eigh,
    "eigvalsh": eigvalsh,
    "inv": linalg_inv,
    "matrix_exp": linalg_matrix_exp,
    "matrix_norm": matrix_norm,
    "matrix_power": matrix_power,
    "matrix_rank": matrix_rank,
    "norm": norm,
    "pinv": linalg_pinv,
    "qr": linalg_qr,
    "slogdet": linalg_slogdet,
    "solve": linalg_solve,
    "solve_triangular": linalg_solve_triangular,
    "svd": linalg_svd,
    "svdvals": svdvals,
    "vecdot": vecdot,
}
