"""The order of the vertices inside each layer, chosen so that few segments cross.

Sweeps down and up sort each layer by the mean place of its neighbours (barycentre), then neighbours in a layer change
places wherever that removes crossings; the best order seen is kept (Sugiyama, Tagawa and Toda 1981; the exchange step is
that of Gansner et al., "A technique for drawing directed graphs", 1993).
"""

from __future__ import annotations

import numpy as np

from .arrays import Flags, Floats, Ints, adjacency, running_index

WIDE = 40  # mean vertices a layer from which numpy a layer beats plain lists
HEAVY = 400  # pairs of neighbours with more pairs of segments than this are not compared


class Ordering:
    """Vertices renumbered so that each layer is a range of numbers; an order is an array ``at``: slot -> vertex.

    ``tail_shift`` and ``head_shift`` say where on its box, -0.5 (left) to 0.5 (right), a segment begins and ends.
    Vertices of one layer with different ``rank`` must stand in the order of their ranks.
    """

    def __init__(
        self, layer: Ints, tail: Ints, head: Ints, rank: Ints, tail_shift: Floats | None = None, head_shift: Floats | None = None
    ) -> None:
        count = len(layer)
        self.number = np.argsort(layer, kind="stable")  # ours -> the caller's
        ours = np.empty(count, dtype=np.int64)
        ours[self.number] = np.arange(count)
        self.ours = ours
        self.layer = layer[self.number]
        self.start = np.searchsorted(self.layer, np.arange(int(self.layer[-1]) + 2 if count else 1))
        self.rank = rank[self.number]
        by_layer = np.argsort(layer[tail], kind="stable")
        self.tail, self.head = ours[tail][by_layer], ours[head][by_layer]
        nothing = np.zeros(len(tail))
        self.tail_shift = (nothing if tail_shift is None else tail_shift)[by_layer]
        self.head_shift = (nothing if head_shift is None else head_shift)[by_layer]
        self.segment_start = np.searchsorted(self.layer[self.tail], np.arange(len(self.start)))
        self.down_start, self._down = adjacency(count, self.tail, np.arange(len(tail)))
        self.up_start, self._up = adjacency(count, self.head, np.arange(len(tail)))
        self.size = np.diff(self.start)

    # ------------------------------------------------------------------------------------------------ a first order
    def depth_first(self, downwards: bool) -> Ints:
        """Vertices in the order of a depth-first walk from the sources (or the sinks): a tree comes out without crossings."""
        start, segments, other = (self.down_start, self._down, self.head) if downwards else (self.up_start, self._up, self.tail)
        begin, following = start.tolist(), other[segments].tolist()
        roots = np.flatnonzero(np.diff(self.up_start if downwards else self.down_start) == 0)
        seen = bytearray(len(self.layer))
        visit = np.zeros(len(self.layer), dtype=np.int64)
        count = 0
        stack = roots[::-1].tolist()
        while stack:
            vertex = stack.pop()
            if seen[vertex]:
                continue
            seen[vertex] = 1
            visit[vertex] = count
            count += 1
            stack.extend(following[begin[vertex] : begin[vertex + 1]][::-1])
        return np.lexsort((visit, self.rank, self.layer))

    def from_places(self, place: Floats) -> Ints:
        """The order in which the caller's vertices have rising ``place``."""
        return np.lexsort((place[self.number], self.rank, self.layer))

    def places(self, at: Ints) -> Ints:
        """The index of each vertex inside its layer, in the caller's numbering."""
        result = np.empty(len(at), dtype=np.int64)
        result[self.number[at]] = np.arange(len(at)) - self.start[self.layer]
        return result

    def _position(self, at: Ints) -> Floats:
        """Place of each vertex, counted from the middle of its layer."""
        position = np.empty(len(at))
        position[at] = np.arange(len(at)) - self.start[self.layer] - (self.size[self.layer] - 1) / 2
        return position

    # --------------------------------------------------------------------------------------------------- crossings
    def crossings(self, at: Ints) -> int:
        """Pairs of segments between the same two layers that cross (inversions, counted bit by bit for all layers at once)."""
        if len(self.tail) < 2:
            return 0
        position = self._position(at)
        group = self.layer[self.tail]
        arrive = position[self.head] + self.head_shift
        leave = position[self.tail] + self.tail_shift
        order = np.lexsort((arrive, group))
        sorted_group, sorted_arrive = group[order], arrive[order]
        new_group = np.r_[True, sorted_group[1:] != sorted_group[:-1]]
        new_value = new_group | np.r_[True, sorted_arrive[1:] != sorted_arrive[:-1]]
        dense = np.cumsum(new_value)
        dense -= np.maximum.accumulate(np.where(new_group, dense, 0))
        value = np.empty(len(order), dtype=np.int64)
        value[order] = dense
        order = np.lexsort((value, leave, group))
        value, group = value[order], group[order]
        bits = int(value.max()).bit_length()
        block = group << bits
        total = 0
        for bit in range(bits - 1, -1, -1):
            ones = (value >> bit) & 1
            begins = np.flatnonzero(np.r_[True, block[1:] != block[:-1]])
            before = np.cumsum(ones) - ones
            before -= np.repeat(before[begins], np.diff(np.r_[begins, len(block)]))
            total += int(before[ones == 0].sum())
            block = block | (ones << bit)
            order = np.argsort(block, kind="stable")
            block, value = block[order], value[order]
        return total

    # ------------------------------------------------------------------------------------------------------ sweeps
    def _sweep_narrow(self, at: Ints, downwards: bool, flip: bool) -> Ints:
        """One sweep with plain lists: what many layers of a few vertices need."""
        position = self._position(at).tolist()
        if downwards:
            starts, other, shift, near = self.up_start, self.tail[self._up], self.tail_shift, self.head
        else:
            starts, other, shift, near = self.down_start, self.head[self._down], self.head_shift, self.tail
        mean_shift = np.bincount(near, shift, len(at)) / np.maximum(np.diff(starts), 1)
        begin, neighbours, lean = starts.tolist(), other.tolist(), mean_shift.tolist()
        edges, order, rank = self.start.tolist(), at.tolist(), self.rank.tolist()
        ranked = bool(self.rank.any())
        layers = range(1, len(edges) - 1) if downwards else range(len(edges) - 3, -1, -1)
        for number in layers:
            low, high = edges[number], edges[number + 1]
            if high - low < 2:
                continue
            here = order[low:high]
            if flip:
                here.reverse()
            keys = {}
            for vertex in here:
                around = neighbours[begin[vertex] : begin[vertex + 1]]
                if len(around) == 1:
                    keys[vertex] = position[around[0]] + lean[vertex]
                elif around:
                    keys[vertex] = sum([position[u] for u in around]) / len(around) + lean[vertex]
                else:
                    keys[vertex] = position[vertex]
            here.sort(key=keys.__getitem__)
            if ranked:
                here.sort(key=rank.__getitem__)
            order[low:high] = here
            middle = (high - low - 1) / 2
            for index, vertex in enumerate(here):
                position[vertex] = index - middle
        return np.asarray(order, dtype=np.int64)

    def _sweep_wide(self, at: Ints, downwards: bool, flip: bool) -> Ints:
        """The same sweep with numpy, layer by layer: what few layers of many vertices need."""
        position = self._position(at)
        order = at.copy()
        count = len(self.size)
        for number in range(1, count) if downwards else range(count - 2, -1, -1):
            low, high = int(self.start[number]), int(self.start[number + 1])
            between = number - 1 if downwards else number
            part = slice(int(self.segment_start[between]), int(self.segment_start[between + 1]))
            if downwards:
                near, far, shift = self.head[part] - low, self.tail[part], self.tail_shift[part]
            else:
                near, far, shift = self.tail[part] - low, self.head[part], self.head_shift[part]
            degree = np.bincount(near, minlength=high - low)
            total = np.bincount(near, position[far] + shift, minlength=high - low)
            key = np.where(degree > 0, total / np.maximum(degree, 1), position[low:high])
            tie = -position[low:high] if flip else position[low:high]
            here = low + np.lexsort((tie, key, self.rank[low:high]))
            order[low:high] = here
            position[here] = np.arange(high - low) - (high - low - 1) / 2
        return order

    def _exchange(self, at: Ints, passes: int) -> Ints:
        """Neighbours in a layer change places where that removes crossings; all pairs that do not touch each other at once."""
        at = at.copy()
        position = self._position(at)
        pairs = np.flatnonzero(self.layer[1:] == self.layer[:-1])
        sides = (
            (self.down_start, self.head[self._down], self.head_shift[self._down]),
            (self.up_start, self.tail[self._up], self.tail_shift[self._up]),
        )
        quarters = [pairs[((self.layer[pairs] & 1) == parity) & ((pairs & 1) == odd)] for parity in (0, 1) for odd in (0, 1)]
        touched = np.ones(len(at), dtype=np.bool_)
        for _ in range(passes):
            moved = np.zeros(len(at), dtype=np.bool_)
            for quarter in quarters:
                left, right = at[quarter], at[quarter + 1]
                worth = (touched[left] | touched[right]) & (self.rank[left] == self.rank[right])
                slots, left, right = quarter[worth], left[worth], right[worth]
                if not len(slots):
                    continue
                gain = np.zeros(len(slots), dtype=np.int64)
                for starts, far, shift in sides:
                    gain += _gain_of_exchange(left, right, starts, far, shift, position)
                better = gain > 0
                if not better.any():
                    continue
                slots, left, right = slots[better], left[better], right[better]
                at[slots], at[slots + 1] = right, left
                position[left] += 1
                position[right] -= 1
                moved[left] = moved[right] = True
            if not moved.any():
                break
            touched = self._near(moved, at)
        return at

    def _near(self, moved: Flags, at: Ints) -> Flags:
        """Vertices that moved, that have a segment to one that moved, or that stand beside one that moved."""
        touched = moved.copy()
        touched[self.head[moved[self.tail]]] = True
        touched[self.tail[moved[self.head]]] = True
        slots = np.flatnonzero(moved[at])
        touched[at[np.minimum(slots + 1, len(at) - 1)]] = True
        touched[at[np.maximum(slots - 1, 0)]] = True
        return touched

    def improve(self, at: Ints, rounds: int, patience: int = 3) -> tuple[Ints, int]:
        """The best order found in at most ``rounds`` sweeps, and its crossings."""
        sweep = self._sweep_wide if len(at) > WIDE * len(self.size) else self._sweep_narrow
        best, fewest = at, self.crossings(at)
        waited = 0
        for number in range(rounds):
            if fewest == 0 or waited >= patience:
                break
            at = sweep(at, number % 2 == 0, number % 4 >= 2)
            tidy = self._exchange(at, 6)
            crossings = self.crossings(tidy)
            waited += 1
            if crossings < fewest:
                best, fewest, waited = tidy, crossings, 0
            at = tidy
        return best, fewest


def _gain_of_exchange(left: Ints, right: Ints, start: Ints, far: Ints, shift: Floats, position: Floats) -> Ints:
    """Crossings between the segments of ``left[i]`` and ``right[i]`` that vanish less those that appear if they change places."""
    lefts, rights = start[left + 1] - start[left], start[right + 1] - start[right]
    products = lefts * rights
    products[products > HEAVY] = 0
    pair = np.repeat(np.arange(len(left)), products)
    if not len(pair):
        return np.zeros(len(left), dtype=np.int64)
    step = running_index(products)
    width = rights[pair]
    one = start[left[pair]] + step // width
    two = start[right[pair]] + step % width
    difference = position[far[one]] + shift[one] - position[far[two]] - shift[two]
    count = len(left)
    return np.bincount(pair[difference > 0], minlength=count) - np.bincount(pair[difference < 0], minlength=count)
