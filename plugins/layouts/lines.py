"""Lines of corners, all edges of a drawing at once: taken together out of their pieces, rid of idle corners, led to the boxes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise

import numpy as np

from .arrays import Flags, Floats, Ints, running_index
from .heights import Point

_EQUAL = 1e-6  # px between two corners at one place


@dataclass(frozen=True, slots=True)
class Lines:
    """Many lines, one after the other: the corners of line k are those from ``start[k]`` to ``start[k + 1]``. No line is empty."""

    x: Floats
    y: Floats
    start: Ints

    @classmethod
    def of(cls, lines: Sequence[Sequence[Point]]) -> Lines:
        """These lines."""
        start = np.zeros(len(lines) + 1, dtype=np.int64)
        np.cumsum(np.fromiter(map(len, lines), np.int64, len(lines)), out=start[1:])
        table = np.fromiter(chain.from_iterable(chain.from_iterable(lines)), np.float64, 2 * int(start[-1])).reshape(-1, 2)
        return cls(table[:, 0], table[:, 1], start)

    @classmethod
    def all_of(cls, groups: Iterable[Lines]) -> Lines:
        """The lines of all of these."""
        parts = list(groups)
        lengths = np.concatenate([np.diff(part.start) for part in parts])
        return cls(np.concatenate([part.x for part in parts]), np.concatenate([part.y for part in parts]), _starts(lengths))

    def __len__(self) -> int:
        return len(self.start) - 1

    def taken(self, chosen: Ints) -> Lines:
        """Some of the lines, in this order, some more than once."""
        lengths = np.diff(self.start)[chosen]
        corners = np.repeat(self.start[:-1][chosen], lengths) + running_index(lengths)
        return Lines(self.x[corners], self.y[corners], _starts(lengths))

    def moved(self, dx: Floats, dy: Floats) -> Lines:
        """Each line moved by its own ``dx`` and ``dy``."""
        lengths = np.diff(self.start)
        return Lines(self.x + np.repeat(dx, lengths), self.y + np.repeat(dy, lengths), self.start)

    def joined(self, first: Ints) -> Lines:
        """Lines made of those from ``first[k]`` to ``first[k + 1]``, one behind the other."""
        return Lines(self.x, self.y, self.start[first])

    def without_idle(self) -> Lines:
        """The same ways without corners that are met twice or lie on a vertical line."""
        begins = np.ones(len(self.x), dtype=np.bool_)
        begins[1:] = np.abs(self.x[1:] - self.x[:-1]) >= _EQUAL
        begins[self.start[:-1]] = True
        first = np.flatnonzero(begins)  # of what goes straight up and down
        last = np.r_[first, len(self.x)][1:] - 1
        kept = begins
        kept[last] |= np.abs(self.y[last] - self.y[first]) >= _EQUAL
        before = np.zeros(len(kept) + 1, dtype=np.int64)
        np.cumsum(kept, out=before[1:])
        return Lines(self.x[kept], self.y[kept], before[self.start])

    def between(self, upper: Floats, lower: Floats) -> Lines:
        """The lines begun at y ``upper`` and ended at ``lower``, straight up and down beside what stands there, only then sideways."""
        first, last = self.start[:-1], self.start[1:] - 1
        after, ahead = np.minimum(first + 1, last), np.maximum(last - 1, first)
        times = np.ones(len(self.x), dtype=np.int64)
        times[first] += (self.x[after] != self.x[first]) & (upper < self.y[first])
        times[last] += (self.x[ahead] != self.x[last]) & (lower > self.y[last])
        x, y = np.repeat(self.x, times), np.repeat(self.y, times)
        before = np.zeros(len(times) + 1, dtype=np.int64)
        np.cumsum(times, out=before[1:])
        start = before[self.start]
        y[start[:-1]], y[start[1:] - 1] = upper, lower
        return Lines(x, y, start)

    def points(self) -> list[list[Point]]:
        """The corners of each line, in lists of their own."""
        corners = list(zip(self.x.tolist(), self.y.tolist(), strict=True))
        return [corners[begin:end] for begin, end in pairwise(self.start.tolist())]


def to_chips(centre: Floats, width: Floats, tail: Ints, head: Ints, outwards: Flags) -> Lines:
    """Lines between a box's right edge and the left edge of a chip, from the box where they lead ``outwards``, to it else."""
    box, chip = np.where(outwards, tail, head), np.where(outwards, head, tail)
    start, end = centre[box, 0] + width[box] / 2, centre[chip, 0] - width[chip] / 2
    middle, y, chip_y = (start + end) / 2, centre[box, 1], centre[chip, 1]
    xs, ys = np.stack([start, middle, middle, end], axis=1), np.stack([y, y, chip_y, chip_y], axis=1)
    inwards = ~outwards
    xs[inwards], ys[inwards] = xs[inwards, ::-1], ys[inwards, ::-1]
    corners = np.ones((len(box), 4), dtype=np.bool_)
    corners[np.abs(y - chip_y) < _EQUAL, 1:3] = False
    return Lines(xs[corners], ys[corners], _starts(corners.sum(axis=1)))


def _starts(lengths: Ints) -> Ints:
    start = np.zeros(len(lengths) + 1, dtype=np.int64)
    np.cumsum(lengths, out=start[1:])
    return start
