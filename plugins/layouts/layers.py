"""Which layer each box stands on, and the bends that lead links past the layers between their ends.

Links that start at the same place, or that end at the same place, share one trunk of bends: a parameter that is used at
every time step costs one bend a layer instead of one a layer and use, and is drawn as one line with branches.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from .arrays import Flags, Ints, adjacency, ints, running_index


@dataclass(frozen=True, slots=True)
class Links:
    """Directed links between boxes 0, 1, ... of one drawing. Links with equal ``tail_place`` leave at the same point, with
    equal ``head_place`` they arrive at the same point; a pair of places occurs once."""

    tail: Ints
    head: Ints
    tail_place: Ints
    head_place: Ints

    def __len__(self) -> int:
        return len(self.tail)


@dataclass(frozen=True, slots=True)
class Layering:
    """Boxes and bends on layers; every segment leads from one layer to the next.

    Vertices are the boxes, then the bends. ``tail_link[s]`` is a link that leaves at the box where segment ``s`` begins,
    -1 where it begins at a bend; ``head_link`` likewise at its end. Link ``e`` passes the bends
    ``first_bend[e] .. last_bend[e]``, none where ``last_bend`` is smaller; its first and last segments are
    ``first_segment[e]`` and ``last_segment[e]``, those between are ``onward[b - boxes]`` for each bend ``b`` but the last.
    ``around`` are links too long to be worth their bends: they have no segments and are led around the drawing.
    """

    boxes: int
    layer: Ints
    tail: Ints
    head: Ints
    tail_link: Ints
    head_link: Ints
    first_bend: Ints
    last_bend: Ints
    first_segment: Ints
    last_segment: Ints
    onward: Ints
    around: Flags

    @property
    def layers(self) -> int:
        return int(self.layer.max()) + 1 if len(self.layer) else 0


def topological_order(count: int, tail: Ints, head: Ints) -> list[int]:
    """Vertices, each after all that link to it. Vertices on or behind a cycle are missing."""
    start, heads = adjacency(count, tail, head)
    begin, following = start.tolist(), heads.tolist()
    waiting = np.bincount(head, minlength=count).tolist()
    ready = [v for v in range(count - 1, -1, -1) if waiting[v] == 0]
    order = []
    while ready:
        vertex = ready.pop()
        order.append(vertex)
        for other in following[begin[vertex] : begin[vertex + 1]]:
            waiting[other] -= 1
            if waiting[other] == 0:
                ready.append(other)
    return order


def find_cycle(count: int, tail: Ints, head: Ints) -> list[int]:
    """The vertices of one cycle in the direction of its links, [] if there is none."""
    linked = coo_matrix((np.ones(len(tail), np.int8), (tail, head)), shape=(count, count))
    if connected_components(linked, connection="strong", return_labels=False) == count and not (tail == head).any():
        return []
    order = topological_order(count, tail, head)
    stuck = np.ones(count, dtype=np.bool_)
    stuck[order] = False
    inside = stuck[tail] & stuck[head]
    before = dict(zip(head[inside].tolist(), tail[inside].tolist(), strict=True))
    vertex = int(np.flatnonzero(stuck)[0])  # every stuck vertex has a stuck vertex before it: walking back must close a loop
    seen: dict[int, int] = {}
    walk: list[int] = []
    while vertex not in seen:
        seen[vertex] = len(walk)
        walk.append(vertex)
        vertex = before[vertex]
    return walk[seen[vertex] :][::-1]


def assign_layers(count: int, tail: Ints, head: Ints, top: Ints, bottom: Ints) -> Ints:
    """A layer for each box, 0 uppermost: longest path from the sources, then what only feeds later boxes (parameters and
    their transposes, masks, constants) is pulled down beside its consumer. ``top`` boxes have layer 0 for themselves,
    ``bottom`` boxes the last one."""
    order = topological_order(count, tail, head)
    down_start, down = (a.tolist() for a in adjacency(count, tail, head))
    up_start, up = (a.tolist() for a in adjacency(count, head, tail))
    fixed = np.zeros(count, dtype=np.bool_)
    fixed[top] = True
    fixed[bottom] = True
    pinned = fixed.tolist()
    layer = [0] * count
    for v in order:
        below = layer[v] + 1
        for w in down[down_start[v] : down_start[v + 1]]:
            if layer[w] < below:
                layer[w] = below
    # A stem is a tree that hangs from above on a single link: it may sink as a whole, so its own links do not hold it back.
    stem = [False] * count
    for v in order:
        if not pinned[v]:
            before = up[up_start[v] : up_start[v + 1]]
            stem[v] = all(stem[u] and down_start[u + 1] - down_start[u] == 1 for u in before)
    for v in reversed(order):
        after = down[down_start[v] : down_start[v + 1]]
        if not after or pinned[v]:
            continue
        if stem[v] or len(after) > up_start[v + 1] - up_start[v]:
            layer[v] = max(layer[v], min(layer[w] for w in after) - 1)
    for v in order:  # sinking may have left room above boxes that have more links upwards
        before = up[up_start[v] : up_start[v + 1]]
        if before and not pinned[v] and len(before) > down_start[v + 1] - down_start[v]:
            layer[v] = max(layer[u] for u in before) + 1
    result = ints(layer)
    free = result[~fixed]
    if len(free):
        result -= free.min()
        free = result[~fixed]
    if len(top):
        result += 1
        result[top] = 0
    if len(bottom):
        result[bottom] = result[~fixed].max() + 1 if len(free) else int(len(top) > 0)
    return result


def layers_from_below(count: int, tail: Ints, head: Ints, top: Ints, bottom: Ints) -> Ints:
    """A layer for each box, 0 uppermost, that does not change against the others when boxes come that only link to those that are
    there: longest path to the sinks; a sink stands right below the lowest box that links to it. ``top`` and ``bottom`` as in
    ``assign_layers``."""
    order = topological_order(count, tail, head)
    down_start, down = (a.tolist() for a in adjacency(count, tail, head))
    up_start, up = (a.tolist() for a in adjacency(count, head, tail))
    last = set(bottom.tolist())
    height = [0] * count
    for v in reversed(order):
        height[v] = max((height[w] + 1 for w in down[down_start[v] : down_start[v + 1]] if w not in last), default=0)
    for v in order:
        if down_start[v] == down_start[v + 1]:
            height[v] = max(0, min((height[u] for u in up[up_start[v] : up_start[v + 1]]), default=1) - 1)
    result = ints(height)
    fixed = np.zeros(count, dtype=np.bool_)
    fixed[top] = fixed[bottom] = True
    free = result[~fixed]
    highest = int(free.max()) if len(free) else -1
    result = highest - result + int(len(top) > 0)
    result[top] = 0
    result[bottom] = highest + 1 + int(len(top) > 0)
    return result


def _trunks(owner: Ints, span: Ints) -> tuple[Ints, Ints, Ints]:
    """For links grouped by ``owner``: the group of each link, the length of each group's trunk, and the offset of its bends."""
    _, group = np.unique(owner, return_inverse=True)
    group = ints(group)
    length = np.zeros(int(group.max()) + 1 if len(group) else 0, dtype=np.int64)
    np.maximum.at(length, group, span - 1)
    return group, length, np.cumsum(length) - length


def _too_long(group: Ints, length: Ints, budget: int) -> Flags:
    """Links whose trunks, taken longest last, no longer fit into the budget of bends."""
    by_length = np.argsort(length, kind="stable")
    fits = np.zeros(len(length), dtype=np.bool_)
    fits[by_length] = np.cumsum(length[by_length]) <= budget
    return ~fits[group]


def insert_bends(count: int, layer: Ints, links: Links, budget: int) -> Layering:
    """Bends on every layer between the ends of a link, so that each segment spans one layer. At most ``2 * budget`` bends."""
    span = layer[links.head] - layer[links.tail]
    around = np.zeros(len(links), dtype=np.bool_)
    first, last = np.zeros(len(links), dtype=np.int64), np.full(len(links), -1, dtype=np.int64)
    long = np.flatnonzero(span > 1)
    tail_count, head_count = (np.bincount(place[long], minlength=1) for place in (links.tail_place, links.head_place))
    shares_tail = tail_count[links.tail_place[long]] >= head_count[links.head_place[long]]
    direct = np.flatnonzero(span == 1)
    first_segment, last_segment = np.full(len(links), -1, dtype=np.int64), np.full(len(links), -1, dtype=np.int64)
    first_segment[direct] = last_segment[direct] = np.arange(len(direct))
    layers, onwards = [layer], [np.zeros(0, dtype=np.int64)]
    segments = [(links.tail[direct], links.head[direct], direct, direct)]
    made, bends = len(direct), count
    for from_tail in (True, False):
        ours = long[shares_tail == from_tail]
        owner = (links.tail_place if from_tail else links.head_place)[ours]
        group, length, offset = _trunks(owner, span[ours])
        dropped = _too_long(group, length, budget)
        if dropped.any():
            around[ours[dropped]] = True
            ours = ours[~dropped]
            group, length, offset = _trunks(owner[~dropped], span[ours])
        if not len(ours):
            continue
        base = bends + offset
        some = ours[np.unique(group, return_index=True)[1]]  # one link of each trunk
        steps = running_index(length)
        inner = np.flatnonzero(steps < np.repeat(length, length) - 1)
        trunk, none = np.arange(len(length)), np.full(int(length.sum()), -1, dtype=np.int64)
        onward = none.copy()
        onward[inner] = made + np.arange(len(inner))
        segments.append((inner + bends, inner + bends + 1, none[: len(inner)], none[: len(inner)]))
        made += len(inner)
        no_link = np.full(len(ours), -1, dtype=np.int64)
        if from_tail:  # the trunk begins at the shared tail; each link leaves it one layer above its head
            top = layer[links.tail[some]] + 1
            first[ours], last[ours] = base[group], base[group] + span[ours] - 2
            segments.append((links.tail[some], base, some, no_link[trunk]))
            segments.append((last[ours], links.head[ours], no_link, ours))
            first_segment[ours], last_segment[ours] = made + group, made + len(trunk) + np.arange(len(ours))
        else:  # each link joins the trunk one layer below its tail; the trunk ends at the shared head
            top = layer[links.head[some]] - length
            last[ours] = base[group] + length[group] - 1
            first[ours] = last[ours] - span[ours] + 2
            segments.append((base + length - 1, links.head[some], no_link[trunk], some))
            segments.append((links.tail[ours], first[ours], ours, no_link))
            last_segment[ours], first_segment[ours] = made + group, made + len(trunk) + np.arange(len(ours))
        made += len(trunk) + len(ours)
        layers.append(np.repeat(top, length) + steps)
        onwards.append(onward)
        bends += int(length.sum())
    tail, head, tail_link, head_link = (np.concatenate(parts) for parts in zip(*segments, strict=True))
    route = (first, last, first_segment, last_segment, np.concatenate(onwards))
    return Layering(count, np.concatenate(layers), tail, head, tail_link, head_link, *route, around)
