"""Householder's reflections as LAPACK keeps them, for batches of matrices and any array module.

A reflection is ``I - tau v v^H`` with v's first element 1; the others lie below the diagonal of a column. A. S. Householder,
"Unitary triangularization of a nonsymmetric matrix" (1958); LAPACK's xGEQRF for the signs.
"""

from __future__ import annotations

from typing import Any

Array = Any


def geqrf(xp: Any, a: Array) -> tuple[Array, Array]:
    """R on and above the diagonal with the reflections that make it below, (..., m, n), and their factors tau, (..., min(m, n))."""
    work = xp.array(a)
    m, n = a.shape[-2:]
    count = min(m, n)
    taus = xp.zeros((*a.shape[:-2], count), a.dtype)
    complex_ = a.dtype.kind == "c"
    for i in range(count):
        alpha = work[..., i, i]
        below = work[..., i + 1 :, i]
        rest = (xp.abs(below) ** 2).sum(-1)
        length = xp.sqrt(xp.abs(alpha) ** 2 + rest)
        beta = -xp.copysign(length, alpha.real)
        idle = (rest == 0) & (alpha.imag == 0) if complex_ else rest == 0
        safe = xp.where(idle, 1, beta)
        tau = xp.where(idle, 0, (beta - alpha) / safe).astype(a.dtype)
        column = (below / xp.where(idle, 1, alpha - beta)[..., None]).astype(a.dtype)
        v = xp.concatenate([xp.ones((*a.shape[:-2], 1), a.dtype), column], -1)
        if i + 1 < n:
            block = work[..., i:, i + 1 :]
            inner = xp.matmul(xp.conj(v)[..., None, :], block)
            work[..., i:, i + 1 :] = block - xp.conj(tau)[..., None, None] * v[..., :, None] * inner
        work[..., i, i] = xp.where(idle, alpha, beta)
        work[..., i + 1 :, i] = column
        taus[..., i] = tau
    return work, taus


def reflect(xp: Any, v: Array, tau: Array, c: Array, adjoint: bool) -> Array:
    """``Q @ c``, or ``Q^H @ c`` where ``adjoint``, with Q the product of the reflections below the diagonal of ``v`` in order.
    v: (..., m, k), tau: (..., k), c: (..., m, n)."""
    m, count = v.shape[-2], tau.shape[-1]
    full = xp.tril(v[..., :count], -1) + xp.eye(m, count, dtype=v.dtype)
    made = xp.array(c)
    for i in range(count) if adjoint else range(count - 1, -1, -1):
        column = full[..., :, i]
        factor = xp.conj(tau[..., i]) if adjoint else tau[..., i]
        made = made - factor[..., None, None] * column[..., :, None] * xp.matmul(xp.conj(column)[..., None, :], made)
    return made
