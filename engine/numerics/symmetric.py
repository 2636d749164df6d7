"""Factorisation of symmetric and Hermitian matrices that need not be definite, as LAPACK keeps it.

J. R. Bunch and L. Kaufman, "Some stable methods for calculating inertia and solving symmetric linear systems" (1977): pivots of one
or two rows; LAPACK's xSYTRF and xHETRF for the lower triangle say how it is kept. Done matrix by matrix on the host, whose
decisions at every step would wait for a device.
"""

from __future__ import annotations

import math
from typing import Any

from .triangular import size

Array = Any
_ALPHA = (1 + math.sqrt(17)) / 8


def _pivot(xp: Any, element: Array, hermitian: bool) -> float:
    return abs(float(element.real)) if hermitian else float(size(xp, element))


def ldl_factor(xp: Any, a: Array, hermitian: bool) -> tuple[Array, Array, int]:
    """The lower triangle of one matrix (n, n) as L and D, the exchanges (n,) int32 counted from 1, negative where two rows form a
    pivot, and the first zero pivot, counted from 1, or 0."""
    work = xp.array(a)
    n = work.shape[0]
    pivots = xp.zeros(n, "int32")
    info = 0

    def conj(x: Any) -> Any:
        return xp.conj(x) if hermitian else x

    k = 0
    while k < n:
        step, other = 1, k
        largest = _pivot(xp, work[k, k], hermitian)
        below = size(xp, work[k + 1 :, k])
        at = k + 1 + int(below.argmax()) if k + 1 < n else k
        column = float(below.max()) if k + 1 < n else 0.0
        if max(largest, column) == 0:
            info = info or k + 1
            if hermitian:
                work[k, k] = work[k, k].real
        else:
            if largest < _ALPHA * column:
                row = max(float(size(xp, work[at, k:at]).max()), float(size(xp, work[at + 1 :, at]).max()) if at + 1 < n else 0.0)
                if largest >= _ALPHA * column * (column / row):
                    other = k
                elif _pivot(xp, work[at, at], hermitian) >= _ALPHA * row:
                    other = at
                else:
                    other, step = at, 2
            here = k + step - 1
            if other != here:
                _exchange(xp, work, here, other, k, step, hermitian)
            elif hermitian:
                work[k, k] = work[k, k].real
            _eliminate(xp, work, k, step, conj, hermitian)
        if step == 1:
            pivots[k] = other + 1
        else:
            pivots[k] = pivots[k + 1] = -(other + 1)
        k += step
    return work, pivots, info


def _exchange(xp: Any, work: Array, here: int, other: int, k: int, step: int, hermitian: bool) -> None:
    """Exchange two rows and columns of what is left, in the lower triangle."""
    below = work[other + 1 :, here].copy()
    work[other + 1 :, here] = work[other + 1 :, other]
    work[other + 1 :, other] = below
    middle = work[here + 1 : other, here].copy()
    across = work[other, here + 1 : other].copy()
    work[here + 1 : other, here] = xp.conj(across) if hermitian else across
    work[other, here + 1 : other] = xp.conj(middle) if hermitian else middle
    if hermitian:
        work[other, here] = xp.conj(work[other, here])
    kept = work[here, here].copy()
    work[here, here] = work[other, other]
    work[other, other] = kept
    if hermitian:
        work[here, here] = work[here, here].real
        work[other, other] = work[other, other].real
    if step == 2:
        if hermitian:
            work[k, k] = work[k, k].real
        kept = work[k + 1, k].copy()
        work[k + 1, k] = work[other, k]
        work[other, k] = kept


def _eliminate(xp: Any, work: Array, k: int, step: int, conj: Any, hermitian: bool) -> None:
    """Subtract from what is left what a pivot of one or two rows accounts for, and keep the columns of L."""
    rest = work[k + step :, k + step :]
    if not rest.size:
        return
    columns = work[k + step :, k : k + step].copy()
    block = work[k : k + step, k : k + step].copy()
    if step == 2:
        block[0, 1] = conj(block[1, 0])
    factors = columns / block[0, 0] if step == 1 else xp.linalg.solve(block.T, columns.T).T
    work[k + step :, k + step :] = rest - xp.tril(xp.matmul(factors, conj(columns).T))
    work[k + step :, k : k + step] = factors
    if hermitian:
        at = xp.arange(k + step, work.shape[0])
        work[at, at] = work[at, at].real


def ldl_solve(xp: Any, ld: Array, pivots: Array, b: Array, hermitian: bool) -> Array:
    """``x`` with ``A @ x = b`` from the factors of one matrix: xSYTRS. ld: (n, n), b: (n, k)."""
    x = xp.array(b)
    n = ld.shape[0]

    def conj(a: Any) -> Any:
        return xp.conj(a) if hermitian else a

    def exchange(i: int, j: int) -> None:
        if i != j:
            kept = x[i].copy()
            x[i] = x[j]
            x[j] = kept

    steps: list[tuple[int, int]] = []
    k = 0
    while k < n:
        p = int(pivots[k])
        step = 1 if p > 0 else 2
        exchange(k + step - 1, abs(p) - 1)
        x[k + step :] -= xp.matmul(ld[k + step :, k : k + step], x[k : k + step])
        block = ld[k : k + step, k : k + step].copy()
        if step == 2:
            block[0, 1] = conj(block[1, 0])
            x[k : k + 2] = xp.linalg.solve(block, x[k : k + 2])
        else:
            x[k] = x[k] / (block[0, 0].real if hermitian else block[0, 0])
        steps.append((k, step))
        k += step
    for k, step in reversed(steps):
        x[k : k + step] -= xp.matmul(conj(ld[k + step :, k : k + step]).T, x[k + step :])
        exchange(k + step - 1, abs(int(pivots[k])) - 1)
    return x
