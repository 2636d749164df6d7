"""Array types and the few index tricks that every stage of the layered layout needs."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


def ints(values: object) -> Ints:
    """``values`` as a flat int64 array."""
    return np.asarray(values, dtype=np.int64).reshape(-1)


def adjacency(count: int, source: Ints, target: Ints) -> tuple[Ints, Ints]:
    """Targets grouped by source: those of ``v`` are ``targets[start[v] : start[v + 1]]``, in the order given."""
    start = np.zeros(count + 1, dtype=np.int64)
    np.cumsum(np.bincount(source, minlength=count), out=start[1:])
    return start, target[np.argsort(source, kind="stable")]


def running_index(lengths: Ints) -> Ints:
    """0, 1, ..., n-1 for each length n, one after the other."""
    return np.arange(int(lengths.sum())) - np.repeat(np.cumsum(lengths) - lengths, lengths)


def first_of_each(sorted_values: Ints) -> Flags:
    """True where a run of equal values begins."""
    flags = np.ones(len(sorted_values), dtype=np.bool_)
    flags[1:] = sorted_values[1:] != sorted_values[:-1]
    return flags
