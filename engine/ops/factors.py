"""Factorisations of matrices: Cholesky, QR, eigenvectors, singular values, with the published derivatives.

M. B. Giles, "Collected matrix derivative results for forward and reverse mode algorithmic differentiation" (2008), for Cholesky;
M. Seeger and others, "Auto-differentiating linear algebra" (2017), for QR and symmetric eigenvectors; Z.-Q. Wan and S.-X. Zhang,
"Automatic differentiation for complex valued SVD" (2019); C. Boeddeker and others, "On the computation of complex-valued gradients
with application to statistically optimum beamforming" (2017), for eigenvectors.
"""

from __future__ import annotations

from typing import Any

from .. import devices
from ..op import Array, op
from ..tensor import Tensor
from .complexes import complex_, imag, real
from .matrices import (
    LinAlgError,
    batches,
    check_matrices,
    check_square,
    conj,
    conjugate_transpose,
    eye_like,
    failures,
    h,
    is_nothing,
    positive,
    refused,
    well,
)
from .pieces import cat
from .rearrange import diag_embed, diagonal, tril, triu
from .results import result_type
from .shape import unsqueeze
from .solutions import linalg_solve_ex, linalg_solve_triangular

# ------------------------------------------------------------------------------------------------- Cholesky


def _lower_grad(g: Any, lower: Any) -> Any:
    inside = tril(h(lower) @ tril(g))
    inside = inside + h(tril(inside, -1))  # symmetric, the diagonal once
    step = linalg_solve_triangular(h(lower), inside, upper=True)
    return linalg_solve_triangular(lower, step, upper=False, left=False) * 0.5


def _real_diagonal(a: Any) -> Any:
    on = diagonal(a, 0, -2, -1)
    return a - diag_embed(on) + diag_embed(complex_(real(on), imag(on) * 0))


def _cholesky_grad(g: Any, out: Any, upper: bool) -> Any:
    return _lower_grad(h(g), h(out)) if upper else _lower_grad(g, out)


def _steps(xp: Any, matrix: Array) -> tuple[Array, int]:
    """Cholesky's algorithm as far as it goes, and the order of the first minor that is not positive, or 0."""
    work = xp.tril(matrix)
    for i in range(work.shape[0]):
        pivot = float(work[i, i].real)
        if not pivot > 0:
            return work, i + 1
        work[i:, i] /= pivot**0.5
        rest = work[i + 1 :, i]
        work[i + 1 :, i + 1 :] -= xp.tril(rest[:, None] * xp.conj(rest)[None, :])
    return work, 0


def _factored(xp: Any, a: Array, upper: bool) -> tuple[Array, Array]:
    lower = conjugate_transpose(xp, a) if upper else a
    info = xp.zeros(a.shape[:-2], "int32")
    try:
        made = xp.linalg.cholesky(lower)
    except Exception as error:
        if not refused(error):
            raise
        made = None
    if made is None or (xp.kind != "cpu" and not bool(xp.isfinite(made).all())):
        flat = lower.reshape((-1, *a.shape[-2:]))
        found = [_steps(xp, flat[i]) for i in range(flat.shape[0])]
        made = xp.stack([f[0] for f in found]).reshape(a.shape)
        info = xp.asarray([f[1] for f in found], dtype="int32").reshape(a.shape[:-2])
    return (conjugate_transpose(xp, made) if upper else made), info


_NOT_POSITIVE = (
    "The factorization could not be completed because the input is not positive-definite (the leading minor of order {} is not "
    "positive-definite)."
)


@op(
    vjp={"A": lambda g, L, upper: _cholesky_grad(g, L, upper)},
    samples=lambda rand: [(positive(rand, 3, 3),), (positive(rand, 2, 2, 2), True), (positive(rand.complex, 2, 2),)],
    outputs=("L", "info"),
    differentiable=("L",),
    gradcheck=False,
    halves="own",
)
def linalg_cholesky_ex(xp: Any, A: Array, upper: bool = False) -> tuple[Array, Array]:
    """The lower triangular factor L of ``A = L @ L.mH`` for symmetric (Hermitian) positive definite matrices, or its conjugate
    transpose where ``upper``; for each matrix 0 or the order of the first minor that is not positive."""
    check_matrices("linalg.cholesky", A, square=True)
    return _factored(xp, A, upper)


_CholeskyEx = result_type("linalg_cholesky_ex", "L", "info")


def _positive_or_raise(name: str, info: Any) -> None:
    failed = failures(info._xp, info._data)
    if failed is not None:
        raise LinAlgError(f"{name}: {failed[0]}" + _NOT_POSITIVE.format(failed[1]))


def linalg_cholesky(A: Tensor, *, upper: bool = False) -> Any:
    """The lower (``upper``: the upper) triangular factor of positive definite matrices.

    Raises LinAlgError for those that are not.
    """
    factor, info = linalg_cholesky_ex(A, upper)
    _positive_or_raise("linalg.cholesky", info)
    return factor


def cholesky_ex(A: Tensor, *, upper: bool = False, check_errors: bool = False) -> Any:
    """As ``linalg.cholesky``, with a number for each matrix that says where it was not positive; raises only where
    ``check_errors``."""
    made = linalg_cholesky_ex(A, upper)
    if check_errors:
        _positive_or_raise("linalg.cholesky_ex", made[1])
    return _CholeskyEx(made)


@op(
    vjp={"input": lambda g, out, upper: _cholesky_grad(g, out, upper)},
    samples=lambda rand: [(positive(rand, 3, 3),), (positive(rand, 2, 2, 2), True)],
    torch="cholesky",
    gradcheck=False,
    halves="own",
)
def cholesky(xp: Any, input: Array, upper: bool = False) -> Array:
    """The triangular factor of positive definite matrices; ``linalg.cholesky`` is its successor.

    Raises LinAlgError for those that are not.
    """
    check_matrices("cholesky", input, square=True)
    made, info = _factored(xp, input, upper)
    failed = failures(xp, info)
    if failed is not None:
        raise LinAlgError(f"cholesky: {failed[0]}" + _NOT_POSITIVE.format(failed[1]))
    return made


def _inverse_grad(g: Any, input: Any, out: Any, upper: bool) -> Any:
    common = out @ (g + h(g)) @ out
    return -(input @ common) if upper else -(common @ input)


@op(
    vjp={"input": _inverse_grad},
    samples=lambda rand: [(tril(well(rand, 3, 3)),), (triu(well(rand, 2, 2, 2)), True)],
    torch="cholesky_inverse",
    gradcheck=False,
    halves="own",
)
def cholesky_inverse(xp: Any, input: Array, upper: bool = False) -> Array:
    """The inverse of ``L @ L.mH`` for a lower triangular L, or of ``U.mH @ U`` for an upper triangular U."""
    check_matrices("cholesky_inverse", input, square=True)
    lower = xp.tril(conjugate_transpose(xp, input) if upper else input)
    inverse = xp.linalg.inv(lower) if input.size else lower
    return xp.matmul(conjugate_transpose(xp, inverse), inverse)


def _cholesky_solve_grads(g: Any, input: Any, input2: Any, out: Any, upper: bool, needs: tuple[bool, bool]) -> tuple[Any, Any]:
    for_b = cholesky_solve(g, input2, upper)
    if not needs[1]:
        return for_b, None
    common = for_b @ h(out)
    common = common + h(common)
    return for_b, -(input2 @ common) if upper else -(common @ input2)


def _check_cholesky_solve(input: Any, input2: Any) -> None:
    check_square("", input2)
    if input.shape[-2] != input2.shape[-2]:
        n, (m, k) = input2.shape[-1], input.shape[-2:]
        raise RuntimeError(f"Incompatible matrix sizes for cholesky_solve: each A matrix is {n} by {n} but each b matrix is {m} by {k}")


@op(
    vjp={("input", "input2"): _cholesky_solve_grads},
    samples=lambda rand: [(rand(3, 2), tril(well(rand, 3, 3))), (rand(2, 3, 1), triu(well(rand, 2, 3, 3)), True)],
    torch="cholesky_solve",
    gradcheck=False,
    halves="own",
)
def cholesky_solve(xp: Any, input: Array, input2: Array, upper: bool = False) -> Array:
    """``X`` with ``L @ L.mH @ X = input`` for a lower triangular ``input2``, or with ``U.mH @ U @ X = input``."""
    if input.ndim < 2:
        raise RuntimeError(f"b should have at least 2 dimensions, but has {input.ndim} dimensions instead")
    if input2.ndim < 2:
        raise RuntimeError(f"u should have at least 2 dimensions, but has {input2.ndim} dimensions instead")
    _check_cholesky_solve(input, input2)
    lower = xp.tril(conjugate_transpose(xp, input2) if upper else input2)
    lower, right = batches(xp, lower, input)
    return xp.linalg.solve(conjugate_transpose(xp, lower), xp.linalg.solve(lower, right))


# ------------------------------------------------------------------------------------------------- QR


def _square_qr_grad(for_q: Any, for_r: Any, q: Any, r: Any) -> Any:
    inner = r @ h(for_r) - h(for_q) @ q
    mirrored = tril(inner) + h(tril(inner, -1))
    if mirrored.is_complex():  # R's diagonal is real
        mirrored = _real_diagonal(mirrored)
    return linalg_solve_triangular(h(r), for_q + q @ mirrored, upper=False, left=False)


def _qr_grad(g: Any, Q: Any, R: Any, mode: str) -> Any:
    for_q, for_r = g
    if mode == "r":
        raise RuntimeError(
            "The derivative of linalg.qr depends on Q, which is not computed when mode='r'. Please use linalg.qr(A, mode='reduced') if you "
            "are going to require gradients."
        )
    rows, columns = Q.shape[-2], R.shape[-1]
    if mode == "complete" and rows > columns:
        raise RuntimeError("The QR decomposition is not differentiable when mode='complete' and nrows > ncols. Use mode='reduced'.")
    if rows >= columns:
        return _square_qr_grad(for_q, for_r, Q, R)
    first, rest = R[..., :rows], R[..., rows:]  # R is wide: its first columns are the factor, the others are Q.mH @ A
    behind = Q @ for_r[..., rows:]
    front = _square_qr_grad(for_q + Q @ rest @ h(for_r[..., rows:]), for_r[..., :rows], Q, first)
    return cat([front, behind], -1)


@op(
    vjp={"A": _qr_grad},
    samples=lambda rand: [(well(rand, 3, 3),), (well(rand, 4, 3),), (well(rand, 2, 3, 2),), (well(rand, 2, 4),)],
    torch="linalg.qr",
    outputs=("Q", "R"),
    halves="own",
)
def linalg_qr(xp: Any, A: Array, mode: str = "reduced") -> tuple[Array, Array]:
    """``A = Q @ R`` with orthonormal columns in Q and R upper triangular."""
    check_matrices("linalg.qr", A)
    if mode not in ("reduced", "complete", "r"):
        raise RuntimeError(f"qr received unrecognized mode '{mode}' but expected one of 'reduced' (default), 'r', or 'complete'")
    if mode == "r":
        return xp.zeros((0,), A.dtype), xp.linalg.qr(A, mode="r")
    q, r = xp.linalg.qr(A, mode=mode)
    return q, r


_LinalgQr, _Qr = result_type("linalg_qr", "Q", "R"), result_type("qr", "Q", "R")


def qr(input: Tensor, some: bool = True) -> Any:
    """As ``linalg.qr``, its successor: reduced, or complete unless ``some``."""
    return _Qr(linalg_qr(input, "reduced" if some else "complete"))


# ------------------------------------------------------------------------------------------------- eigenvectors


def _gaps(values: Any, squared: bool = False) -> Any:
    """``values_j - values_i`` (of squares), with ones on the diagonal."""
    used = values * values if squared else values
    return unsqueeze(used, -2) - unsqueeze(used, -1) + eye_like(values)


def _without_diagonal(a: Any) -> Any:
    return a - diag_embed(diagonal(a, 0, -2, -1))


def _eigh_grad(g: Any, eigenvalues: Any, eigenvectors: Any) -> Any:
    for_values, for_vectors = g
    middle = diag_embed(for_values)
    if not is_nothing(for_vectors):
        turned = h(eigenvectors) @ for_vectors
        middle = middle + _without_diagonal((turned - h(turned)) * 0.5) / _gaps(eigenvalues)  # A's triangles change together
    if eigenvectors.is_complex() and not middle.is_complex():
        middle = middle.to(eigenvectors.dtype)
    return eigenvectors @ (middle @ h(eigenvectors))


def _ill(name: str) -> LinAlgError:
    return LinAlgError(
        f"{name}: The algorithm failed to converge because the input matrix is ill-conditioned or has too many repeated eigenvalues."
    )


@op(
    vjp={"A": _eigh_grad},
    samples=lambda rand: [(positive(rand, 3, 3),), (positive(rand, 2, 2, 2),)],
    outputs=("eigenvalues", "eigenvectors"),
    gradcheck=False,
    halves="own",
)
def linalg_eigh(xp: Any, A: Array, UPLO: str = "L") -> tuple[Array, Array]:
    """Eigenvalues, ascending, and eigenvectors of symmetric (Hermitian) matrices, of which one triangle is looked at.

    Raises LinAlgError where the algorithm does not converge.
    """
    check_matrices("linalg.eigh", A, square=True)
    if UPLO.upper() not in ("L", "U"):
        raise RuntimeError(f"Expected UPLO argument to be 'L' or 'U', but got {UPLO}")
    try:
        values, vectors = xp.linalg.eigh(A, UPLO.upper())
    except Exception as error:
        if not refused(error):
            raise
        raise _ill("linalg.eigh") from None
    return values, vectors


_LinalgEigh = result_type("linalg_eigh", "eigenvalues", "eigenvectors")


def eigvalsh(A: Tensor, UPLO: str = "L") -> Any:
    """The eigenvalues of symmetric (Hermitian) matrices, ascending."""
    return linalg_eigh(A, UPLO)[0]


def _eig_grad(g: Any, eigenvalues: Any, eigenvectors: Any, A_dtype: Any) -> Any:
    for_values, for_vectors = g
    v = eigenvectors
    middle = diag_embed(for_values)
    if not is_nothing(for_vectors):
        turned = h(v) @ for_vectors
        lengths = complex_(real(diagonal(turned, 0, -2, -1)), imag(diagonal(turned, 0, -2, -1)) * 0)  # vectors have length 1
        middle = middle + _without_diagonal(turned - (h(v) @ v) * unsqueeze(lengths, -2)) / conj(_gaps(eigenvalues))
    grad = linalg_solve_ex(h(v), middle @ h(v), True)[0]
    return grad if A_dtype.is_complex else real(grad)


@op(
    vjp={"A": _eig_grad},
    samples=lambda rand: [(well(rand, 3, 3),), (rand.complex(2, 2),)],
    outputs=("eigenvalues", "eigenvectors"),
    gradcheck=False,
    halves="own",
)
def linalg_eig(xp: Any, A: Array) -> tuple[Array, Array]:
    """Eigenvalues and eigenvectors of length 1, complex, of square matrices. Computed on the host whatever the device, for want of
    an algorithm elsewhere.

    Raises RuntimeError for infinite and nan elements, LinAlgError where the algorithm does not converge.
    """
    check_matrices("linalg.eig", A, square=True)
    if not bool(xp.isfinite(A).all()):
        raise RuntimeError("torch.linalg.eig: input tensor should not contain infs or NaNs.")
    try:
        made = devices.CPU.linalg.eig(xp.to_host(A))
    except Exception as error:
        if not refused(error):
            raise
        raise _ill("linalg.eig") from None
    kind = "complex64" if A.dtype in ("float32", "complex64") else "complex128"
    values, vectors = (xp.from_host(m.astype(kind)) for m in made)
    return values, vectors


_LinalgEig = result_type("linalg_eig", "eigenvalues", "eigenvectors")


def eigvals(A: Tensor) -> Any:
    """The eigenvalues of square matrices, complex."""
    check_matrices("linalg.eigvals", A._data, square=True)
    return linalg_eig(A)[0]


# ------------------------------------------------------------------------------------------------- singular values


def _svd_grad(g: Any, U: Any, S: Any, Vh: Any) -> Any:
    for_left, for_values, for_right = g
    count = S.shape[-1]
    u, vh = U[..., :count], Vh[..., :count, :]
    middle = diag_embed(for_values)
    if u.is_complex():
        middle = middle.to(u.dtype)
    if is_nothing(for_left) and is_nothing(for_right):
        return u @ middle @ vh
    gu, gvh = for_left[..., :count], for_right[..., :count, :]
    v, gv = h(vh), h(gvh)
    gaps = _gaps(S, squared=True)

    def skew(a: Any) -> Any:
        return _without_diagonal(a - h(a)) / gaps

    row, column = unsqueeze(S, -2), unsqueeze(S, -1)
    turned = h(u) @ gu
    middle = middle + skew(turned) * row + column * skew(h(v) @ gv)
    if u.is_complex():  # the phase that a left vector shares with its right one
        phase = imag(diagonal(turned, 0, -2, -1)) / S
        middle = middle + diag_embed(complex_(phase * 0, phase))
    grad = u @ middle @ vh
    if u.shape[-2] > count:
        scaled = gu / row
        grad = grad + (scaled - u @ (h(u) @ scaled)) @ vh
    if vh.shape[-1] > count:
        scaled = gvh / column
        grad = grad + u @ (scaled - (scaled @ v) @ vh)
    return grad


@op(
    vjp={"A": _svd_grad},
    samples=lambda rand: [(well(rand, 3, 3), False), (well(rand, 4, 3), False), (well(rand, 2, 2, 3), False)],
    outputs=("U", "S", "Vh"),
    halves="own",
)
def linalg_svd(xp: Any, A: Array, full_matrices: bool = True) -> tuple[Array, Array, Array]:
    """``A = U @ diag(S) @ Vh`` with orthonormal columns in U, rows in Vh, and S descending.

    Raises LinAlgError where the algorithm does not converge.
    """
    check_matrices("linalg.svd", A)
    try:
        u, s, vh = xp.linalg.svd(A, full_matrices=full_matrices)
    except Exception as error:
        if not refused(error):
            raise
        raise LinAlgError("linalg.svd: The algorithm failed to converge because the input matrix contained non-finite values.") from None
    return u, s, vh


_LinalgSvd, _Svd = result_type("linalg_svd", "U", "S", "Vh"), result_type("svd", "U", "S", "V")


def svdvals(A: Tensor, *, driver: str | None = None) -> Any:
    """The singular values of matrices, descending."""
    return linalg_svd(A, False)[1]


def svd(input: Tensor, some: bool = True, compute_uv: bool = True) -> Any:
    """``input = U @ diag(S) @ V.mH``; ``linalg.svd`` is its successor. Without ``compute_uv`` U and V are zeros."""
    check_matrices("linalg.svd", input)
    if not compute_uv:
        rows, columns = input.shape[-2:]
        batch = tuple(input.shape[:-2])
        return _Svd((input.new_zeros((*batch, rows, rows)), svdvals(input), input.new_zeros((*batch, columns, columns))))
    u, s, vh = linalg_svd(input, not some)
    return _Svd((u, s, h(vh)))


TORCH = {"cholesky": cholesky, "cholesky_inverse": cholesky_inverse, "cholesky_solve": cholesky_solve, "qr": qr, "svd": svd}
TENSOR = TORCH
LINALG: dict[str, Any] = {
    "cholesky": linalg_cholesky,
    "cholesky_ex": cholesky_ex,
    "eig": lambda A: _LinalgEig(linalg_eig(A)),
    "eigh": lambda A, UPLO="L": _LinalgEigh(linalg_eigh(A, UPLO)),
    "eigvals": eigvals,
    "eigvalsh": eigvalsh,
    "qr": lambda A, mode="reduced": _LinalgQr(linalg_qr(A, mode)),
    "svd": lambda A, full_matrices=True, *, driver=None: _LinalgSvd(linalg_svd(A, full_matrices)),
    "svdvals": svdvals,
}
