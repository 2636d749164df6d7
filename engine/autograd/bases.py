"""Unit vectors: all directions in which tensors can move, as one batch."""

from __future__ import annotations

from collections.abc import Sequence

from ..tensor import Tensor, wrap


def units(tensors: Sequence[Tensor]) -> list[Tensor]:
    """For each of the tensors a batch with one unit vector a row for all elements of all of them, in its shape."""
    total = sum(t.numel() for t in tensors)
    made, before = [], 0
    for t in tensors:
        rows = wrap(t._xp.zeros((total, t.numel()), t._data.dtype))
        rows._data[before : before + t.numel()] = t._xp.eye(t.numel(), dtype=t._data.dtype)
        made.append(rows.reshape((total, *t.shape)))
        before += t.numel()
    return made
