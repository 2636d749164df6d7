"""Where each vertex stands along its layer: segments as straight and short as the order inside the layers allows.

Minimises the sum of weight * |bend of a segment| (a linear programme) by iteratively reweighted least squares inside
ADMM: a sparse solve pulls segments straight, one isotonic regression over all layers restores order and distances. What
is nearly straight then becomes exactly straight, and straight runs slide as a whole to where they lengthen nothing and
straighten more.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import isotonic_regression
from scipy.sparse import csc_matrix
from scipy.sparse.linalg import splu

from .arrays import Flags, Floats, Ints, connected, first_of_each

NEARLY = 3.0  # px; a segment that bends by less is made straight
STRAIGHT = 0.01  # px; a segment that bends by less is straight
PULL = 0.05  # ADMM's penalty for leaving the feasible positions; it grows as the positions settle
PULL_GROWTH = 1.7
SMALL = 120  # vertices of a drawing for which dense matrices are quicker
SCALE = 20.0  # bends (in px) above which the weights count them by length, no longer by square


@dataclass(frozen=True, slots=True)
class Rows:
    """Vertices in their order: ``at`` sorted by (layer, place), and the least distance of each slot to the one before it."""

    at: Ints
    layer: Ints  # of each slot
    distance: Floats  # of each slot from the slot before it; 0 where a layer begins


@dataclass(frozen=True, slots=True)
class Pulls:
    """Segments: ``head`` wants to stand ``offset`` to the right of ``tail``."""

    tail: Ints
    head: Ints
    offset: Floats
    weight: Floats

    def with_one_more(self, tail: int, head: int, weight: float) -> Pulls:
        """The same, and one between any two vertices."""
        return Pulls(np.r_[self.tail, tail], np.r_[self.head, head], np.r_[self.offset, 0.0], np.r_[self.weight, weight])

    def bend(self, x: Floats) -> Floats:
        """How far each head stands to the right of where its tail wants it."""
        return np.asarray(x[self.head] - x[self.tail] - self.offset, dtype=np.float64)


def rows(at: Ints, layer: Ints, left: Floats, right: Floats, gap: Floats) -> Rows:
    """Distances from the extents of the vertices to the left and right of their x, and the gap that each keeps."""
    slot_layer = layer[at]
    distance = np.zeros(len(at))
    before, after = at[:-1], at[1:]
    distance[1:] = right[before] + left[after] + (gap[before] + gap[after]) / 2
    distance[first_of_each(slot_layer)] = 0.0
    return Rows(at, slot_layer, distance)


def columns(row: Rows, pulls: Pulls) -> Floats:
    """The x of each vertex; neighbours in a layer keep their distances exactly."""
    count = len(row.at)
    begins = first_of_each(row.layer)
    if begins.all():
        return _single_file(row, pulls)
    x = _pull_straight(row, pulls, begins)
    x = _make_straight(row, pulls, x, _runs(count, pulls, x, NEARLY))
    return _slide_runs(row, pulls, x)


def _single_file(row: Rows, pulls: Pulls) -> Floats:
    """One vertex a layer: each stands exactly below the one before."""
    layer = row.layer[np.argsort(row.at)]
    next_to = layer[pulls.head] == layer[pulls.tail] + 1
    step = np.zeros(len(row.at))
    step[layer[pulls.head[next_to]]] = pulls.offset[next_to]
    x = np.empty(len(row.at))
    x[row.at] = np.cumsum(step)
    return x


def _pull_straight(row: Rows, pulls: Pulls, begins: Flags) -> Floats:
    count = len(row.at)
    reach = np.cumsum(row.distance)
    first = np.maximum.accumulate(np.where(begins, np.arange(count), 0))
    packed = reach - reach[first]  # x inside its layer if every layer were packed to the left
    ends = np.r_[np.flatnonzero(begins)[1:] - 1, count - 1]
    middle = np.repeat(packed[ends] / 2, np.diff(np.r_[np.flatnonzero(begins), count]))
    layer = np.cumsum(begins) - 1

    def feasible(wanted: Floats) -> Floats:
        """The nearest positions that keep order and distances, in all layers by one regression."""
        slack = wanted[row.at] - packed
        apart = layer * (float(slack.max() - slack.min()) + 1.0)  # layers do not constrain each other
        rising = slack + apart
        if (rising[1:] < rising[:-1]).any():
            rising = isotonic_regression(rising).x
        result = np.empty(count)
        result[row.at] = rising - apart + packed
        return result

    x = np.empty(count)
    x[row.at] = packed - middle
    tail, head = pulls.tail, pulls.head
    system = _Small(count, tail, head) if count <= SMALL else _Sparse(count, tail, head)
    dual = np.zeros(count)
    weight, pull, free = pulls.weight / 4, PULL, x
    steps = 20 if count < 1_500 else 10
    for number in range(12 if count < 1_500 else 6):
        if number:
            weight = pulls.weight / np.maximum(np.abs(pulls.bend(free)) / SCALE, max(0.005, 0.5**number / 2))
            pull *= PULL_GROWTH
            dual /= PULL_GROWTH
        total = np.bincount(tail, weight, count) + np.bincount(head, weight, count)
        drive = np.bincount(head, weight * pulls.offset, count) - np.bincount(tail, weight * pulls.offset, count)
        solve = system.solver(weight, np.asarray(total + pull + 1e-4, dtype=np.float64))
        for _ in range(steps):
            free = solve(pull * (x - dual) + drive)
            dual += free
            x = feasible(dual)
            dual -= x
    return x


class _Sparse:
    """The weighted Laplacian of the pulls with something on its diagonal, factorised."""

    def __init__(self, count: int, tail: Ints, head: Ints) -> None:
        diagonal = np.arange(count)
        self._count = count
        self._indices = (np.r_[tail, head, diagonal], np.r_[head, tail, diagonal])

    def solver(self, weight: Floats, diagonal: Floats) -> Callable[[Floats], Floats]:
        """What solves the system of equations for any right side."""
        matrix = csc_matrix((np.r_[-weight, -weight, diagonal], self._indices), shape=(self._count, self._count))
        solve: Callable[[Floats], Floats] = splu(
            matrix, permc_spec="MMD_AT_PLUS_A", options={"SymmetricMode": True}, diag_pivot_thresh=0.0
        ).solve
        return solve


class _Small:
    """The same of few vertices, for which making a sparse matrix takes longer than inverting one. It is symmetric, and its diagonal
    outweighs the rest."""

    def __init__(self, count: int, tail: Ints, head: Ints) -> None:
        self._count = count
        self._places = np.r_[tail * count + head, head * count + tail, np.arange(count) * (count + 1)]

    def solver(self, weight: Floats, diagonal: Floats) -> Callable[[Floats], Floats]:
        matrix = np.bincount(self._places, np.r_[-weight, -weight, diagonal], self._count**2).reshape(self._count, self._count)
        inverse: Floats = np.linalg.inv(matrix)
        return inverse.__matmul__


def _runs(count: int, pulls: Pulls, x: Floats, tolerance: float) -> Ints:
    """The number of the run that each vertex belongs to: what is joined by segments that bend by less than ``tolerance``."""
    straight = np.abs(pulls.bend(x)) < tolerance
    return connected(count, pulls.tail[straight], pulls.head[straight])[1]


def _inside_run(run: Ints, pulls: Pulls, x: Floats) -> Floats:
    """The offset of each vertex from its run's axis: exact sums of the segments' offsets along a spanning tree."""
    inner = np.flatnonzero((run[pulls.tail] == run[pulls.head]) & (np.abs(pulls.bend(x)) < NEARLY))
    if not pulls.offset[inner].any():
        return np.zeros(len(x))
    from_tail: dict[int, list[tuple[int, float]]] = {}
    for tail, head, offset in zip(pulls.tail[inner].tolist(), pulls.head[inner].tolist(), pulls.offset[inner].tolist(), strict=True):
        from_tail.setdefault(tail, []).append((head, offset))
        from_tail.setdefault(head, []).append((tail, -offset))
    inside = np.zeros(len(x))
    seen: set[int] = set()
    for start in from_tail:
        if start in seen:
            continue
        seen.add(start)
        stack = [start]
        while stack:
            vertex = stack.pop()
            for other, offset in from_tail[vertex]:
                if other not in seen:
                    seen.add(other)
                    inside[other] = inside[vertex] + offset
                    stack.append(other)
    return inside


def _make_straight(row: Rows, pulls: Pulls, x: Floats, run: Ints) -> Floats:
    """``x`` with every run exactly straight, runs pushed apart where that brings them too close."""
    inside = _inside_run(run, pulls, x)
    size = np.bincount(run)
    axis = np.bincount(run, x - inside) / size
    left, right = row.at[:-1], row.at[1:]
    same = row.layer[1:] == row.layer[:-1]
    left, right, distance = left[same], right[same], row.distance[1:][same]
    before, after = run[left], run[right]
    apart = distance + inside[left] - inside[right]
    if (axis[after] - axis[before] >= apart - 1e-9).all():
        return np.asarray(axis[run] + inside, dtype=np.float64)
    pushed = _pushed_apart(axis, before, after, apart)
    if pushed is None:  # runs that cannot all be straight at once
        return x
    return np.asarray(pushed[run] + inside, dtype=np.float64)


def _pushed_apart(axis: Floats, before: Ints, after: Ints, apart: Floats) -> Floats | None:
    """Positions near ``axis`` with ``after`` at least ``apart`` to the right of ``before``; None if these form a cycle.

    The mean of pushing everything to the right and everything to the left keeps every distance, because both do."""
    count = len(axis)
    order = np.argsort(before, kind="stable")
    start = np.searchsorted(before[order], np.arange(count + 1)).tolist()
    nexts, gaps = after[order].tolist(), apart[order].tolist()
    waiting = np.bincount(after, minlength=count).tolist()
    right, sequence = axis.tolist(), []
    ready = [v for v in range(count) if not waiting[v]]
    while ready:
        v = ready.pop()
        sequence.append(v)
        for k in range(start[v], start[v + 1]):
            other = nexts[k]
            right[other] = max(right[other], right[v] + gaps[k])
            waiting[other] -= 1
            if not waiting[other]:
                ready.append(other)
    if len(sequence) < count:
        return None
    left = axis.tolist()
    for v in reversed(sequence):
        for k in range(start[v], start[v + 1]):
            left[v] = min(left[v], left[nexts[k]] - gaps[k])
    return np.asarray((np.asarray(left) + np.asarray(right)) / 2, dtype=np.float64)


def _slide_runs(row: Rows, pulls: Pulls, x: Floats) -> Floats:
    """Straight runs move as a whole to the weighted median of what their bent segments want, as far as there is room.

    A run moves if that shortens its bends, or lengthens nothing and straightens a segment: every move lowers the sum of
    bends or the number of runs, so this ends. Runs that move in one round are no neighbours of each other."""
    count = len(x)
    slot = np.empty(count, dtype=np.int64)
    slot[row.at] = np.arange(count)
    x = x.copy()
    left, right = row.at[:-1], row.at[1:]
    same = row.layer[1:] == row.layer[:-1]
    left, right, distance = left[same], right[same], row.distance[1:][same]
    for _ in range(40 if count < 20_000 else 10):
        run = _runs(count, pulls, x, STRAIGHT)
        runs = int(run.max()) + 1
        room = x[right] - x[left] - distance
        low, high = np.full(runs, -np.inf), np.full(runs, np.inf)
        other = run[left] != run[right]
        np.maximum.at(low, run[right[other]], -room[other])
        np.minimum.at(high, run[left[other]], room[other])
        bend = pulls.bend(x)
        bent = np.flatnonzero(run[pulls.tail] != run[pulls.head])
        if not len(bent):
            break
        who = np.r_[run[pulls.tail[bent]], run[pulls.head[bent]]]
        wish = np.r_[bend[bent], -bend[bent]]
        weight = np.r_[pulls.weight[bent], pulls.weight[bent]]
        cost_before = np.bincount(who, weight * np.abs(wish), runs)
        shift, gain, straightened = np.zeros(runs), np.zeros(runs), np.zeros(runs)
        for median in _weighted_medians(runs, who, wish, weight):
            move = np.clip(median, low, high)
            rest = np.abs(wish - move[who])
            saved = cost_before - np.bincount(who, weight * rest, runs)
            straight = np.bincount(who, weight * (rest < 1e-6), runs)
            better = (saved > gain + 1e-6) | ((saved > gain - 1e-6) & (straight > straightened))
            for kept, new in ((shift, move), (gain, saved), (straightened, straight)):
                kept[better] = new[better]
        wants = (np.abs(shift) > 1e-6) & ((gain > 0.1) | ((gain > -1e-6) & (straightened > 0)))
        if not wants.any():
            break
        # the run with the greatest gain among its neighbours goes first; ties by number
        rank = np.empty(runs, dtype=np.int64)
        rank[np.lexsort((np.arange(runs), gain))] = np.arange(runs)
        rank = np.where(wants, rank, -1)
        one = np.r_[run[left[other]], run[pulls.tail[bent]]]
        two = np.r_[run[right[other]], run[pulls.head[bent]]]
        beaten = np.full(runs, -1, dtype=np.int64)
        np.maximum.at(beaten, one, rank[two])
        np.maximum.at(beaten, two, rank[one])
        goes = wants & (rank > beaten)
        x += np.where(goes, shift, 0.0)[run]
    return x


def _weighted_medians(groups: int, group: Ints, value: Floats, weight: Floats) -> tuple[Floats, Floats]:
    """The lower and the upper weighted median of the values of each group, 0 where a group has none."""
    order = np.lexsort((value, group))
    group, value, weight = group[order], value[order], weight[order]
    total = np.bincount(group, weight, groups)
    done = np.cumsum(weight) - np.r_[0.0, np.cumsum(total)][:-1][group]
    lower, upper = np.zeros(groups), np.zeros(groups)
    reached = np.flatnonzero(done >= total[group] / 2 - 1e-9)[::-1]
    lower[group[reached]] = value[reached]  # the one written last is the first that reaches half of the weight
    reached = np.flatnonzero(done - weight <= total[group] / 2 + 1e-9)
    upper[group[reached]] = value[reached]
    return lower, upper
