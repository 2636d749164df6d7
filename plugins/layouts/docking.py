"""Chips: small boxes that dock at the right of the box that uses them, instead of standing on a layer of their own.

A parameter leaf beside its op needs no routed edge; a third of the boxes of a usual model leave the layered drawing.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import networkx as nx
import numpy as np

from .arrays import Floats, Ints, first_of_each, ints, links_of

CHIP_GAP = 16.0  # px between a box and its chips
CHIP_PITCH = 4.0  # px between chips above one another
LEAVES = frozenset({"accumulate", "leaf"})


def dock(graph: nx.DiGraph) -> dict[Hashable, Hashable]:
    """Which nodes dock where, {chip: host}, by the attribute ``kind``: leaves (parameters and their AccumulateGrad) at the
    last of their users, and with them an op that only passes one leaf on (the transpose before a linear op)."""
    keys = list(graph)
    count = len(keys)
    tail, head = links_of(graph, {key: k for k, key in enumerate(keys)})
    leaf = np.array([data.get("kind") in LEAVES for _, data in graph.nodes(data=True)], dtype=np.bool_)
    ins, outs = np.bincount(head, minlength=count), np.bincount(tail, minlength=count)
    last, source, target = np.full(count, -1), np.full(count, -1), np.full(count, -1)  # user of each; its only ones where it has one
    np.maximum.at(last, head, tail)
    np.maximum.at(last, tail, head)
    source[head], target[tail] = tail, head
    passing = ~leaf & (ins == 1) & (outs == 1)
    passing[passing] = leaf[source[passing]] != leaf[target[passing]]
    other = np.where(leaf[source], target, source)  # of what passes a leaf on: that at its other side
    passing[passing] = (ins + outs)[other[passing]] > 2
    docked = passing | (leaf & (last >= 0))
    host = np.where(leaf, last, other)[docked].tolist()
    return {keys[chip]: keys[box] for chip, box in zip(np.flatnonzero(docked).tolist(), host, strict=True)}


@dataclass(frozen=True, slots=True)
class Docked:
    """Boxes with their chips: the room to the right of each box's own right edge, the height of box and chips, and the
    place of each chip's centre relative to the centre of its host."""

    room: Floats
    height: Floats
    offset: Floats  # (n, 2)


def arrange(width: Floats, height: Floats, host: Sequence[int] | Ints) -> Docked:
    """Chips in a column at the right of their host; chips of chips farther right. ``host[k]`` is -1 for a box that stands
    alone. Raises ValueError where chips dock in a circle."""
    hosts = ints(host)
    levels: list[Ints] = []  # chips, those of chips, and so on
    placed = hosts < 0
    waiting = np.flatnonzero(~placed)
    while len(waiting):
        ready = placed[hosts[waiting]]
        if not ready.any():
            raise ValueError("docked: some boxes dock at each other in a circle; each chain of chips must end at a box that stands alone")
        levels.append(waiting[ready])
        placed[waiting[ready]] = True
        waiting = waiting[~ready]
    room, total, offset = np.zeros(len(width)), height.astype(np.float64), np.zeros((len(width), 2))
    for level in reversed(levels):
        chips = level[np.argsort(hosts[level], kind="stable")]
        box, tall = hosts[chips], total[chips]
        begins = first_of_each(box)
        first, number = np.flatnonzero(begins), np.cumsum(begins) - 1
        column = np.bincount(number, tall) + CHIP_PITCH * (np.bincount(number) - 1)
        above = np.cumsum(tall + CHIP_PITCH) - (tall + CHIP_PITCH)
        above -= above[first][number]
        offset[chips, 0] = width[box] / 2 + CHIP_GAP + width[chips] / 2
        offset[chips, 1] = above - column[number] / 2 + tall / 2
        room[box[first]] = CHIP_GAP + np.maximum.reduceat(width[chips] + room[chips], first)
        total[box[first]] = np.maximum(total[box[first]], column)
    return Docked(room, total, offset)
