"""Array types and the few index tricks that every stage of the layered layout needs."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from itertools import chain

import networkx as nx
import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

FEW = 100  # links up to which joining them one by one is quicker than making a matrix of them: most groups have fewer


def ints(values: object) -> Ints:
    """``values`` as a flat int64 array."""
    return np.asarray(values, dtype=np.int64).reshape(-1)


def links_of(graph: nx.DiGraph, number: Mapping[Hashable, int]) -> tuple[Ints, Ints]:
    """The numbers of the sources and targets of all edges, each pair once, in the order of ``graph.edges``; nodes are numbered
    in their order."""
    after = [targets for _, targets in graph.adjacency()]
    counts = np.fromiter(map(len, after), np.int64, len(after))
    heads = np.fromiter(map(number.__getitem__, chain.from_iterable(after)), np.int64, int(counts.sum()))
    return np.repeat(np.arange(len(counts)), counts), heads


def adjacency(count: int, source: Ints, target: Ints) -> tuple[Ints, Ints]:
    """Targets grouped by source: those of ``v`` are ``targets[start[v] : start[v + 1]]``, in the order given."""
    start = np.zeros(count + 1, dtype=np.int64)
    np.cumsum(np.bincount(source, minlength=count), out=start[1:])
    return start, target[np.argsort(source, kind="stable")]


def connected(count: int, tail: Ints, head: Ints) -> tuple[int, Ints]:
    """How many connected parts ``count`` vertices form, and the part of each; parts are numbered by their first vertices."""
    if len(tail) > FEW:
        parts, part_of = connected_components(coo_matrix((np.ones(len(tail)), (tail, head)), shape=(count, count)), directed=False)
        return int(parts), ints(part_of)
    root = list(range(count))  # towards the first vertex of the part
    for one, other in zip(tail.tolist(), head.tolist(), strict=True):
        while root[one] != one:
            one = root[one]
        while root[other] != other:
            other = root[other]
        root[max(one, other)] = min(one, other)
    number: dict[int, int] = {}
    for vertex, towards in enumerate(root):
        root[vertex] = root[towards]  # that one stands before and was followed to its end
        number.setdefault(root[vertex], len(number))
    return len(number), ints([number[first] for first in root])


def running_index(lengths: Ints) -> Ints:
    """0, 1, ..., n-1 for each length n, one after the other."""
    return np.arange(int(lengths.sum())) - np.repeat(np.cumsum(lengths) - lengths, lengths)


def first_of_each(sorted_values: Ints) -> Flags:
    """True where a run of equal values begins."""
    flags = np.ones(len(sorted_values), dtype=np.bool_)
    flags[1:] = sorted_values[1:] != sorted_values[:-1]
    return flags
