"""Chips: small boxes that dock at the right of the box that uses them, instead of standing on a layer of their own.

A parameter leaf beside its op needs no routed edge; a third of the boxes of a usual model leave the layered drawing.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import networkx as nx
import numpy as np

from .arrays import Floats

CHIP_GAP = 16.0  # px between a box and its chips
CHIP_PITCH = 4.0  # px between chips above one another
LEAVES = frozenset({"accumulate", "leaf"})


def dock(graph: nx.DiGraph) -> dict[Hashable, Hashable]:
    """Which nodes dock where, {chip: host}, by the attribute ``kind``: leaves (parameters and their AccumulateGrad) at the
    last of their users, and with them an op that only passes one leaf on (the transpose before a linear op)."""
    hosts: dict[Hashable, Hashable] = {}
    number = {key: k for k, key in enumerate(graph)}
    kinds = dict(graph.nodes(data="kind"))
    after = dict(graph.adjacency())
    before: dict[Hashable, list[Hashable]] = {key: [] for key in kinds}
    for key, others in after.items():
        for other in others:
            before[other].append(key)
    for key, kind in kinds.items():
        leaf = kind in LEAVES
        if not leaf and (len(before[key]) != 1 or len(after[key]) != 1):
            continue
        users = [*before[key], *after[key]]
        if leaf:
            if users:
                hosts[key] = max(users, key=number.__getitem__)
        else:
            leaves = [user for user in users if kinds[user] in LEAVES]
            rest = [user for user in users if kinds[user] not in LEAVES]
            if leaves and rest and len(before[rest[0]]) + len(after[rest[0]]) > 2:
                hosts[key] = rest[0]
    return hosts


@dataclass(frozen=True, slots=True)
class Docked:
    """Boxes with their chips: the room to the right of each box's own right edge, the height of box and chips, and the
    place of each chip's centre relative to the centre of its host."""

    room: Floats
    height: Floats
    offset: Floats  # (n, 2)


def arrange(width: Floats, height: Floats, host: Sequence[int]) -> Docked:
    """Chips in a column at the right of their host; chips of chips farther right. ``host[k]`` is -1 for a box that stands
    alone. Raises ValueError where chips dock in a circle."""
    count = len(width)
    chips: list[list[int]] = [[] for _ in range(count)]
    for chip, box in enumerate(host):
        if box >= 0:
            chips[box].append(chip)
    order = [k for k in range(count) if host[k] < 0]
    for box in order:  # grows while it is read: hosts before their chips
        order.extend(chips[box])
    if len(order) < count:
        raise ValueError("docked: some boxes dock at each other in a circle; each chain of chips must end at a box that stands alone")
    widths, total = width.tolist(), height.astype(np.float64).tolist()
    room, offset = [0.0] * count, [(0.0, 0.0)] * count
    for box in reversed(order):
        mine = chips[box]
        if not mine:
            continue
        column = sum(total[k] for k in mine) + CHIP_PITCH * (len(mine) - 1)
        y = -column / 2
        for k in mine:
            offset[k] = (widths[box] / 2 + CHIP_GAP + widths[k] / 2, y + total[k] / 2)
            y += total[k] + CHIP_PITCH
        room[box] = CHIP_GAP + max(widths[k] + room[k] for k in mine)
        total[box] = max(total[box], column)
    return Docked(np.array(room), np.array(total), np.array(offset).reshape(-1, 2))
