"""Functions of whole matrices: exponential, powers, pseudo-inverse, least squares, norms, ranks, and what approximates a matrix.

G. H. Golub and V. Pereyra, "The differentiation of pseudo-inverses and nonlinear least squares problems whose variables separate"
(1973); N. Halko and others, "Finding structure with randomness" (2009), for ``svd_lowrank``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from .. import dtypes
from ..op import Array, op
from ..tensor import Tensor, wrap
from .dims import dim_of
from .draws import randn
from .factors import linalg_eigh, linalg_qr, linalg_svd, svdvals
from .matrices import check_floats, check_matrices, check_square, conj, h, well
from .order_of_dims import transpose
from .pieces import cat
from .reduce import norm as any_norm
from .reduce import vector_norm
from .results import result_type
from .shape import clone, expand, squeeze, unsqueeze
from .solutions import inv, linalg_inv_ex

# ------------------------------------------------------------------------------------------------- pseudo-inverse, least squares


def _pinv_grad(g: Any, A: Any, out: Any) -> Any:
    a, gh, outh = A, h(g), h(out)
    if a.shape[-2] <= a.shape[-1]:
        k = gh @ out
        kp = k @ outh
        return -h(out @ k) + kp - (a @ out) @ kp + (outh @ out) @ (gh - k @ a)
    k = out @ gh
    pk = outh @ k
    return -h(k @ out) + (gh - a @ k) @ out @ outh + pk - (pk @ out) @ a


def _border(xp: Any, a: Array, largest: Array, atol: Any, rtol: Any) -> Array:
    """Below which singular values count as zero: (..., 1)."""
    kind = largest.dtype
    if rtol is None:
        rtol = max(a.shape[-2:]) * float(xp.finfo(a.dtype).eps) if atol is None or not _some(xp, atol) else 0.0
    absolute = xp.asarray(0.0 if atol is None else atol, dtype=kind)[..., None]
    relative = xp.asarray(rtol, dtype=kind)[..., None] * largest
    return xp.maximum(absolute, relative)


def _some(xp: Any, atol: Any) -> bool:
    return bool((xp.asarray(atol) > 0).any())


@op(
    vjp={"A": _pinv_grad},
    samples=lambda rand: [(well(rand, 3, 3),), (well(rand, 4, 3),), (well(rand, 2, 2, 3),), (well(rand.complex, 2, 3),)],
    node="LinalgPinvBackward0",
    halves="own",
)
def linalg_pinv_(xp: Any, A: Array, atol: Any = None, rtol: Any = None, hermitian: bool = False) -> Array:
    """The pseudo-inverse; singular values not above both borders count as zero."""
    if hermitian:
        values, vectors = xp.linalg.eigh(A)
        size = xp.abs(values)
        used = size > _border(xp, A, size.max(-1, keepdims=True), atol, rtol) if A.size else size > 0
        inverse = xp.where(used, 1 / xp.where(used, values, 1), 0)
        return xp.matmul(vectors * inverse[..., None, :], xp.conj(xp.swapaxes(vectors, -1, -2)))
    if not A.size:
        return xp.zeros((*A.shape[:-2], A.shape[-1], A.shape[-2]), A.dtype)
    u, s, vh = xp.linalg.svd(A, full_matrices=False)
    used = s > _border(xp, A, s[..., :1], atol, rtol)
    inverse = xp.where(used, 1 / xp.where(used, s, 1), 0)
    return xp.matmul(xp.conj(xp.swapaxes(vh, -1, -2)) * inverse[..., None, :], xp.conj(xp.swapaxes(u, -1, -2)))


def _tolerance(value: Any) -> Any:
    return value._data if isinstance(value, Tensor) else value


def pinv(A: Tensor, rcond: Any = None, hermitian: bool = False, *, atol: Any = None, rtol: Any = None) -> Any:
    """The pseudo-inverse of matrices (..., m, n): (..., n, m). Singular values not larger than ``atol`` and ``rtol`` times the largest
    count as zero; numbers, or tensors of one a matrix. ``hermitian``: A equals its conjugate transpose."""
    if A.ndim < 2:
        raise RuntimeError(
            f"linalg.pinv({A.dtype.legacy}{{{list(A.shape)}}}): expected a tensor with 2 or more dimensions of float, double, cfloat or "
            "cdouble types"
        )
    if hermitian:
        check_square("linalg.eigh", A)
    return linalg_pinv_(A, _tolerance(atol), _tolerance(rtol if rcond is None else rcond), hermitian)


def _lstsq_grads(g: Any, A: Any, B: Any, solution: Any, needs: tuple[bool, bool]) -> tuple[Any, Any]:
    for_x, for_rest = g[:2]
    inverse = linalg_pinv_(A)
    outer = h(inverse)
    for_b = outer @ for_x
    for_a = _pinv_grad(for_x @ h(B), A, inverse) if needs[0] else None
    if for_rest.numel():
        off = A @ solution - B
        scaled = off * unsqueeze(for_rest, -2) * 2
        for_b = for_b - scaled
        for_a = for_a + scaled @ h(solution) if for_a is not None else None
    return for_a, for_b


@op(
    vjp={("A", "B"): _lstsq_grads},
    samples=lambda rand: [(well(rand, 3, 3), rand(3, 2), "gelsy"), (well(rand, 4, 2), rand(4, 1), "gelsd")],
    outputs=("solution", "residuals", "rank", "singular_values"),
    differentiable=("solution", "residuals"),
    halves="own",
)
def linalg_lstsq(xp: Any, A: Array, B: Array, driver: str, rcond: float | None = None) -> tuple[Array, Array, Array, Array]:
    """Least squares by singular values, and what LAPACK's driver of that name gives beside."""
    m, n = A.shape[-2:]
    batch = A.shape[:-2]
    real = A.real.dtype
    nothing = xp.zeros(0, real)
    if rcond is None:
        rcond = float(xp.finfo(A.dtype).eps) * max(m, n)
    if A.size:
        u, s, vh = xp.linalg.svd(A, full_matrices=False)
        used = s > rcond * s[..., :1] if driver != "gels" else s > 0
        scaled = xp.matmul(xp.conj(xp.swapaxes(u, -1, -2)), B) * xp.where(used, 1 / xp.where(used, s, 1), 0)[..., None]
        solution = xp.matmul(xp.conj(xp.swapaxes(vh, -1, -2)), scaled)
        rank = used.sum(-1).astype("int64")
    else:
        solution = xp.zeros((*batch, n, B.shape[-1]), A.dtype)
        rank, s = xp.zeros(batch, "int64"), xp.zeros((*batch, 0), real)
    residuals = nothing
    if m > n and driver != "gelsy" and bool((rank == n).all()):
        off = xp.abs(xp.matmul(A, solution) - B)
        residuals = (off * off).sum(-2)
    return (
        solution,
        residuals,
        xp.zeros(0, "int64") if driver == "gels" else rank,
        s if driver in ("gelsd", "gelss") else xp.zeros(0, real),
    )


_LinalgLstsq = result_type("linalg_lstsq", "solution", "residuals", "rank", "singular_values")


def lstsq(A: Tensor, B: Tensor, rcond: float | None = None, *, driver: str | None = None) -> Any:
    """The X for which ``A @ X`` comes closest to B, (..., m, n) and (..., m, k), in the sum of squares: solution (..., n, k), the sums of
    squares that are left where m > n, the ranks, and the singular values, where the driver gives them.

    Raises RuntimeError where sizes or types do not fit, or the driver is none of LAPACK's.
    """
    name = "torch.linalg.lstsq"
    if A.ndim < 2:
        raise RuntimeError(f"{name}: input must have at least 2 dimensions.")
    if B.ndim < 1:
        raise RuntimeError(f"{name}: other must have at least 1 dimension.")
    if A.dtype is not B.dtype:
        raise RuntimeError(
            f"{name}: Expected input and other to have the same dtype, but got input's dtype {A.dtype.legacy} and other's dtype "
            f"{B.dtype.legacy}"
        )
    vector = A.ndim - 1 == B.ndim and tuple(A.shape[:-1]) == tuple(B.shape)
    if A.shape[-2] != B.shape[-1 if vector else -2]:
        raise RuntimeError(f"{name}: input.size(-2) should match other.size({-1 if vector else -2})")
    if driver not in (None, "gels", "gelsy", "gelsd", "gelss"):
        raise RuntimeError(f"{name}: parameter `driver` should be one of (gels, gelsy, gelsd, gelss)")
    check_floats(name, A._data)
    right = unsqueeze(B, -1) if vector else B
    solution, *rest = linalg_lstsq(A, right, driver or "gelsy", rcond)
    return _LinalgLstsq((squeeze(solution, -1) if vector else solution, *rest))


# ------------------------------------------------------------------------------------------------- exponential, powers


def _exponential(xp: Any, a: Array) -> Array:
    """Scaling until the series converges quickly, eighteen terms of it, and squaring back."""
    size = float(xp.abs(a).sum(-1).max()) if a.size else 0.0
    if not math.isfinite(size):
        return xp.full_like(a, math.nan)
    halvings = max(0, math.ceil(math.log2(size)) + 1) if size > 0.5 else 0
    scaled = a / 2.0**halvings
    term = total = xp.zeros_like(a) + xp.eye(a.shape[-1], dtype=a.dtype)
    for n in range(1, 19):
        term = xp.matmul(term, scaled) / n
        total = total + term
    for _ in range(halvings):
        total = xp.matmul(total, total)
    return total.astype(a.dtype)


def _exponential_grad(g: Any, A: Any) -> Any:
    """The upper right block of the exponential of ``[[A.mH, g], [0, A.mH]]``."""
    turned, n = h(A), A.shape[-1]
    above, below = cat([turned, g], -1), cat([g.new_zeros(g.shape), turned], -1)
    return linalg_matrix_exp(cat([above, below], -2))[..., :n, n:]


@op(
    vjp={"A": _exponential_grad},
    samples=lambda rand: [(rand(3, 3),), (rand(2, 2, 2),)],
    torch="linalg.matrix_exp",
)
def linalg_matrix_exp(xp: Any, A: Array) -> Array:
    """The exponential of square matrices."""
    if A.ndim < 2:
        raise RuntimeError("linalg.matrix_exp: The input tensor A must have at least 2 dimensions.")
    check_square("linalg.matrix_exp", A)
    if dtypes.of(A.dtype).category < 2:
        check_floats("linalg.matrix_exp", A)
    return _exponential(xp, A)


def matrix_power(A: Tensor, n: int) -> Any:
    """The ``n``-th power of square matrices; a negative one of their inverse."""
    if A.ndim < 2:
        raise RuntimeError("linalg.matrix_power: The input tensor A must have at least 2 dimensions.")
    check_square("linalg.matrix_power", A)
    if n == 0:
        made = clone(A)
        return made.copy_(expand(wrap(A._xp.eye(A.shape[-1], dtype=A._data.dtype)), tuple(A.shape)))
    if n == 1:
        return clone(A)
    if n < 0:
        A, n = inv(A), -n
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


# ------------------------------------------------------------------------------------------------- products


@op(
    vjp={
        "input": lambda g, other, dim: linalg_cross(conj(other), g, dim=dim),
        "other": lambda g, input, dim: linalg_cross(g, conj(input), dim=dim),
    },
    samples=lambda rand: [(rand(2, 3), rand(2, 3)), rand.call(rand(3, 2), rand(3, 1), dim=0)],
    torch="linalg.cross",
    promote="common",
)
def linalg_cross(xp: Any, input: Array, other: Array, *, dim: int = -1) -> Array:
    """The cross products of vectors of three elements along ``dim``."""
    if input.ndim != other.ndim:
        raise RuntimeError("linalg.cross: inputs must have the same number of dimensions.")
    at = dim_of(dim, input.ndim)
    if input.shape[at] != 3 or other.shape[at] != 3:
        raise RuntimeError(f"linalg.cross: inputs dimension {dim} must have length 3. Got {input.shape[at]} and {other.shape[at]}")
    a, b = (xp.moveaxis(t, at, 0) for t in xp.broadcast_arrays(input, other))
    made = xp.stack([a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]])
    return xp.moveaxis(made, 0, at)


def cross(input: Tensor, other: Tensor, dim: int | None = None) -> Any:
    """The cross products of vectors of three elements, along the first dimension of that size unless ``dim`` is given."""
    if dim is None:
        dim = next((d for d, (n, m) in enumerate(zip(input.shape, other.shape, strict=False)) if n == m == 3), None)
        if dim is None:
            raise RuntimeError("no dimension of size 3 in input")
    return linalg_cross(input, other, dim=dim)


def vecdot(x: Tensor, y: Tensor, *, dim: int = -1) -> Any:
    """The dot products of vectors along ``dim``, the first conjugated."""
    if x.ndim == 1 and y.ndim == 1:
        return x.vdot(y)
    return (conj(x) * y).sum(dim)


def vander(x: Tensor, *, N: int | None = None) -> Any:
    """The powers 0 to N - 1 of each element, in a new last dimension; N is the number of elements unless given."""
    x = unsqueeze(x, -1) if x.ndim == 0 else x
    if N is None:
        N = x.shape[-1]
    if N <= 1:
        raise RuntimeError("N must be greater than 1.")
    powers = expand(unsqueeze(x, -1), (*x.shape, N - 1)).cumprod(-1)
    return cat([powers.new_ones((*powers.shape[:-1], 1)), powers], -1)


# ------------------------------------------------------------------------------------------------- norms


def matrix_norm(A: Tensor, ord: Any = "fro", dim: Sequence[int] = (-2, -1), keepdim: bool = False, *, dtype: Any = None) -> Any:
    """Norms of matrices: "fro", "nuc", 1, 2, infinity, and the smallest counterparts -1, -2, -infinity.

    Raises RuntimeError for other orders, and for dimensions that are no two different ones.
    """
    name = "linalg.matrix_norm"
    if A.ndim < 2:
        raise RuntimeError(f"{name}: The input tensor A must have at least 2 dimensions.")
    if A.dtype.category < 2:
        check_floats(name, A)
    if len(dim) != 2:
        raise RuntimeError(f"{name}: dim must be a 2-tuple. Got {' '.join(map(str, dim))}")
    rows, columns = (dim_of(d, A.ndim) for d in dim)
    if rows == columns:
        raise RuntimeError(f"{name}: dims must be different. Got ({dim[0]}, {dim[1]})")
    if dtype is not None:
        A = A.to(dtype)
    if ord == "fro":
        return vector_norm(A, 2, (rows, columns), keepdim)
    if ord in ("nuc", 2, -2):
        order = [*(d for d in range(A.ndim) if d not in (rows, columns)), rows, columns]
        values = svdvals(A.permute(*order))
        made = (
            values.sum(-1, keepdim)
            if ord == "nuc" or (ord == 2 and not values.shape[-1])
            else values.amax(-1, keepdim)
            if ord == 2
            else values.amin(-1, keepdim)
        )
        return unsqueeze(made, -1).permute(*(order.index(d) for d in range(A.ndim))) if keepdim else made
    if ord not in (1, -1, float("inf"), -float("inf")):
        raise RuntimeError(f"{name}: Order {ord} not supported.")
    first, second = (rows, columns) if abs(ord) == 1 else (columns, rows)
    sums = vector_norm(A, 1, first, keepdim)
    if not keepdim and first < second:
        second -= 1
    if ord > 0 and not sums.shape[second]:
        return sums.sum(second, keepdim)
    return sums.amax(second, keepdim) if ord > 0 else sums.amin(second, keepdim)


def norm(A: Tensor, ord: Any = None, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    """A norm of vectors or matrices: of all elements where neither ``ord`` nor ``dim`` is given."""
    if ord is not None and dim is None and A.ndim not in (1, 2) and not isinstance(ord, str):
        raise RuntimeError(f"linalg.norm: If dim is not specified but ord is, the input must be 1D or 2D. Got {A.ndim}D.")
    pair = (isinstance(dim, (tuple, list)) and len(dim) == 2) or (dim is None and A.ndim == 2)
    if isinstance(ord, str) or (ord is not None and pair):
        return matrix_norm(A, ord, dim if dim is not None else (-2, -1), keepdim, dtype=dtype)
    return vector_norm(A, 2 if ord is None else ord, dim, keepdim, dtype=dtype)


def matrix_rank(A: Tensor, tol: Any = None, hermitian: bool = False, *, atol: Any = None, rtol: Any = None) -> Tensor:
    """How many singular values of matrices (of their sizes, eigenvalues where ``hermitian``) are larger than ``atol`` and than ``rtol``
    times the largest: (...), int64."""
    check_matrices("torch.linalg.matrix_rank", A, letter="input")
    if tol is not None:
        atol, rtol = tol, 0.0
    plain = A.detach()
    values = linalg_eigh(plain)[0].abs()._data if hermitian else svdvals(plain)._data
    xp = A._xp
    if not values.size:
        return wrap(xp.zeros(tuple(A.shape[:-2]), "int64"))
    border = _border(xp, A._data, values.max(-1, keepdims=True), _tolerance(atol), _tolerance(rtol))
    return wrap(xp.asarray((values > border).sum(-1)).astype("int64"))


def cond(A: Tensor, p: Any = None) -> Any:
    """The condition number of matrices: the largest by the smallest singular value, or by norms of the matrix and its inverse."""
    check_matrices("linalg.cond", A)
    if p is None or p in (2, -2):
        values = svdvals(A)
        most, least = values[..., :1], values[..., -1:]
        return squeeze(most / least if p != -2 else least / most, -1)
    if p not in ("fro", "nuc", 1, -1, math.inf, -math.inf):
        raise RuntimeError(f"linalg.cond got an invalid norm type: {p}")
    check_square(f"linalg.cond(ord={p})", A)
    if A.numel() == 0:
        return matrix_norm(A, p) * 0
    if p == "nuc":
        return matrix_norm(A, p) * matrix_norm(inv(A), p)
    inverse, info = linalg_inv_ex(A)
    singular = unsqueeze(unsqueeze(info != 0, -1), -1)
    product = matrix_norm(A, p) * matrix_norm(inverse.masked_fill(singular, math.inf), p)
    return product.nan_to_num(math.inf, math.inf, -math.inf)


def norm_of_any(input: Tensor, p: Any = "fro", dim: Any = None, keepdim: bool = False, out: None = None, dtype: Any = None) -> Any:
    """``torch.norm``: as ``linalg.vector_norm``, "fro" for 2, or the nuclear norm "nuc" of matrices."""
    if p == "nuc":
        pair = (-2, -1) if dim is None else tuple(dim)
        return matrix_norm(input, "nuc", pair, keepdim, dtype=dtype)
    return any_norm(input, p, dim, keepdim, out, dtype)


# ------------------------------------------------------------------------------------------------- approximation


def _range(A: Tensor, q: int, niter: int, M: Tensor | None) -> Any:
    """Orthonormal columns that span most of what A maps to: random vectors, multiplied by A and its transpose ``niter`` times."""
    found = linalg_qr(_less(A, M) @ randn(A.shape[-1], q, dtype=A.dtype, device=A.device))[0]
    for _ in range(niter):
        back = linalg_qr(h(_less(A, M)) @ found)[0]
        found = linalg_qr(_less(A, M) @ back)[0]
    return found


def _less(A: Tensor, M: Tensor | None) -> Any:
    return A if M is None else A - M


def svd_lowrank(A: Tensor, q: int | None = 6, niter: int | None = 2, M: Tensor | None = None) -> Any:
    """About the ``q`` largest singular values of A (less M), with their vectors U and V, by random projection."""
    if M is not None:
        M = M.expand(*A.shape)
    rows, columns = A.shape[-2:]
    q, niter = 6 if q is None else q, 2 if niter is None else niter
    turned = rows < columns
    used, mean = (transpose(A, -2, -1), None if M is None else transpose(M, -2, -1)) if turned else (A, M)
    if turned:
        used, mean = conj(used), None if mean is None else conj(mean)
    basis = _range(used, q, niter, mean)
    u, s, vh = linalg_svd(h(basis) @ _less(used, mean), False)
    left, right = basis @ u, h(vh)
    return (right, s, left) if turned else (left, s, right)


def pca_lowrank(A: Tensor, q: int | None = None, center: bool = True, niter: int = 2) -> Any:
    """``svd_lowrank`` of A with its columns' means taken away where ``center``.

    Raises ValueError for a ``q`` beyond the sizes of A.
    """
    rows, columns = A.shape[-2:]
    if q is None:
        q = min(6, rows, columns)
    elif not 0 <= q <= min(rows, columns):
        raise ValueError(f"q(={q}) must be non-negative integer and not greater than min(m, n)={min(rows, columns)}")
    if not niter >= 0:
        raise ValueError(f"niter(={niter}) must be non-negative integer")
    return svd_lowrank(A - A.mean(-2, keepdim=True) if center else A, q, niter, None)


TORCH = {
    "cross": cross,
    "matrix_exp": linalg_matrix_exp,
    "matrix_power": matrix_power,
    "norm": norm_of_any,
    "pca_lowrank": pca_lowrank,
    "pinverse": pinv,
    "svd_lowrank": svd_lowrank,
}
TENSOR = {name: TORCH[name] for name in ("cross", "matrix_exp", "matrix_power", "norm", "pinverse")}
LINALG: dict[str, Any] = {
    "cond": cond,
    "cross": linalg_cross,
    "lstsq": lstsq,
    "matrix_exp": linalg_matrix_exp,
    "matrix_norm": matrix_norm,
    "matrix_power": matrix_power,
    "matrix_rank": matrix_rank,
    "norm": norm,
    "pinv": pinv,
    "vander": vander,
    "vecdot": vecdot,
}
