"""Triangular systems and factorisations with row exchanges, for batches of matrices and any array module.

G. H. Golub and C. F. Van Loan, "Matrix Computations": substitution (3.1), block elimination with partial pivoting (3.4).
"""

from __future__ import annotations

from typing import Any

Array = Any
_BLOCK = 32  # rows that are eliminated one by one; what lies beyond a block is left to products of matrices


def solve_triangular(xp: Any, a: Array, b: Array, upper: bool, unit: bool = False) -> Array:
    """``x`` with ``triangle(a) @ x = b``, where the other triangle is not looked at; ``unit`` takes the diagonal for ones. A zero
    on the diagonal gives infinities and nans. a: (..., n, n), b: (..., n, k)."""
    batch = xp.broadcast(a[..., 0:0, 0:0], b[..., 0:0, 0:0]).shape[:-2]
    x = xp.array(xp.broadcast_to(b, (*batch, *b.shape[-2:])))
    n = a.shape[-1]
    starts = list(range(0, n, _BLOCK))
    for start in reversed(starts) if upper else starts:
        end = min(start + _BLOCK, n)
        if upper and end < n:
            x[..., start:end, :] -= xp.matmul(a[..., start:end, end:], x[..., end:, :])
        elif not upper and start:
            x[..., start:end, :] -= xp.matmul(a[..., start:end, :start], x[..., :start, :])
        rows = range(end - 1, start - 1, -1) if upper else range(start, end)
        for i in rows:
            row = x[..., i, :]
            before = slice(i + 1, end) if upper else slice(start, i)
            if before.start < before.stop:
                row = row - xp.matmul(a[..., i : i + 1, before], x[..., before, :])[..., 0, :]
            x[..., i, :] = row if unit else row / a[..., i, i][..., None]
    return x


def size(xp: Any, a: Array) -> Array:
    """What LAPACK compares pivots by: of complex numbers the sum of both parts' sizes."""
    return xp.abs(a.real) + xp.abs(a.imag) if a.dtype.kind == "c" else xp.abs(a)


def _exchange(xp: Any, a: Array, first: int, second: Array, columns: Any) -> None:
    """Exchange in each matrix of (count, m, n) its row ``first`` with its row ``second``."""
    each = xp.arange(a.shape[0])
    kept = a[:, first, columns].copy()
    a[:, first, columns] = a[each, second, columns] if isinstance(columns, slice) else a[each, second][:, columns]
    a[each, second, columns] = kept


def lu_factor(xp: Any, a: Array) -> tuple[Array, Array, Array]:
    """Gaussian elimination with the largest pivot of each column: L below the diagonal and U on and above it in one (..., m, n), the
    rows exchanged (..., min(m, n)) int32 counted from 1, and for each matrix the first zero pivot, counted from 1, or 0."""
    m, n = a.shape[-2:]
    count = min(m, n)
    batch = a.shape[:-2]
    work = xp.array(a).reshape((-1, m, n)) if a.size else xp.zeros((_product(batch), m, n), a.dtype)
    pivots = xp.zeros((work.shape[0], count), "int32")
    info = xp.zeros(work.shape[0], "int32")
    each = xp.arange(work.shape[0])
    for start in range(0, count, _BLOCK):
        end = min(start + _BLOCK, count)
        for i in range(start, end):
            found = i + xp.argmax(size(xp, work[:, i:, i]), axis=1)
            pivots[:, i] = found + 1
            _exchange(xp, work, i, found, slice(None))
            pivot = work[each, i, i]
            zero = pivot == 0
            info = xp.where((info == 0) & zero, xp.asarray(i + 1, "int32"), info)
            divided = work[:, i + 1 :, i] / xp.where(zero, xp.asarray(1, work.dtype), pivot)[:, None]
            work[:, i + 1 :, i] = divided
            if i + 1 < end:
                work[:, i + 1 :, i + 1 : end] -= divided[:, :, None] * work[:, i : i + 1, i + 1 : end]
        if end < n:
            work[:, start:end, end:] = solve_triangular(xp, work[:, start:end, start:end], work[:, start:end, end:], False, True)
            if end < m:
                work[:, end:, end:] -= xp.matmul(work[:, end:, start:end], work[:, start:end, end:])
    return work.reshape((*batch, m, n)), pivots.reshape((*batch, count)), info.astype("int32").reshape(batch)


def _product(sizes: Any) -> int:
    total = 1
    for n in sizes:
        total *= n
    return total


def permutation(xp: Any, pivots: Array, rows: int) -> Array:
    """The order in which the exchanges ``pivots`` put the rows: (..., rows), row i of the result is row order[i] of the matrix."""
    batch = pivots.shape[:-1]
    flat = pivots.reshape((_product(batch), pivots.shape[-1]))
    order = xp.zeros((flat.shape[0], rows), "int64") + xp.arange(rows, dtype="int64")
    each = xp.arange(flat.shape[0])
    for i in range(flat.shape[1]):
        other = flat[:, i].astype("int64") - 1
        kept = order[:, i].copy()
        order[:, i] = order[each, other]
        order[each, other] = kept
    return order.reshape((*batch, rows))


def permutation_matrix(xp: Any, pivots: Array, rows: int, dtype: Any) -> Array:
    """P with ``A = P @ L @ U`` for the exchanges ``pivots``: (..., rows, rows)."""
    order = permutation(xp, pivots, rows)
    return (xp.arange(rows)[:, None] == order[..., None, :]).astype(dtype)


def lu_solve(xp: Any, lu: Array, pivots: Array, b: Array, adjoint: bool) -> Array:
    """``x`` with ``A @ x = b``, or ``A^H @ x = b`` where ``adjoint``, from the factors of A."""
    p = permutation_matrix(xp, pivots, lu.shape[-1], b.dtype)
    if not adjoint:
        moved = xp.matmul(xp.swapaxes(p, -1, -2), b)
        return solve_triangular(xp, lu, solve_triangular(xp, lu, moved, False, True), True)
    turned = xp.conj(xp.swapaxes(lu, -1, -2))
    return xp.matmul(p, solve_triangular(xp, turned, solve_triangular(xp, turned, b, False), True, True))
