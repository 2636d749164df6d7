"""What a heat map of a value of any size is painted from: the whole plane made smaller, and what is in view made less small.

Both grow band by band while they are being read. Until a band is here, elements that were read in between stand for it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from gradstep.engine.debug.protocol import RAW_CAP
from gradstep.engine.tape.overview import Level, Plane, coarser, real_part, sampled

from .sources import Answer, Array, Missing, Part, Region, Smaller, Source

SIDE = 1024  # blocks that the picture of the whole has at most in a direction
SAMPLE = 256  # elements in a direction that are read first
SNAP = 64  # blocks: the region in view is widened to multiples of this, so that a small move finds it read
BLOCKS = RAW_CAP // 9  # that one answer of a program may hold
RANKS = {"sample": 0, "detail": 2, "whole": 3}


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """A level and where its first block stands in the plane."""

    level: Level
    top: int
    left: int


class _Growing:
    """A level of a region that is read from above downwards."""

    def __init__(self, region: Region, down: int, across: int, most: int) -> None:
        self.region, self.down, self.across = region, down, across
        top, bottom, left, right = region
        shape = (-(-(bottom - top) // down), -(-(right - left) // across))
        self.level = Level(down, across, np.zeros(shape, np.float32), np.zeros(shape, np.float32), np.zeros(shape, np.uint8))
        self.next = top  # the row from which on nothing is read yet
        self.filled = False  # something stands for what is not read
        rows = min(most // max(right - left, 1) // down, BLOCKS // max(shape[1], 1) if most < 1 << 62 else most)
        self.step = max(rows, 1) * down

    @property
    def done(self) -> bool:
        return self.next >= self.region[1]

    @property
    def shown(self) -> int:
        """Rows of blocks that can be painted."""
        return self.level.flags.shape[0] if self.filled or self.done else (self.next - self.region[0]) // self.down

    def band(self) -> Region:
        return self.next, min(self.next + self.step, self.region[1]), self.region[2], self.region[3]

    def take(self, band: Region, found: Level) -> None:
        first = (band[0] - self.region[0]) // self.down
        for mine, new in ((self.level.mean, found.mean), (self.level.peak, found.peak), (self.level.flags, found.flags)):
            mine[first : first + new.shape[0]] = new
        self.next = band[1]

    def covers(self, region: Region) -> bool:
        mine = self.region
        return mine[0] <= region[0] and region[1] <= mine[1] and mine[2] <= region[2] and region[3] <= mine[3]


class Levels:
    """The levels of one plane of a value. ``changed`` is called when there is more to paint; ``sample`` are the elements by which a
    range of colours is chosen, None until they are here; ``failed`` says why nothing comes."""

    def __init__(self, source: Source, plane: Plane, part: str, changed: Callable[[], None]) -> None:
        self._source, self._plane, self._part, self._changed = source, plane, part, changed
        self.shape = plane.size(source.shape)
        self.sample: Array | None = None
        self.failed = ""
        self._closed = False
        rows, columns = self.shape
        self._whole = _Growing((0, rows, 0, columns), _factor(rows), _factor(columns), source.most)
        self._detail: _Growing | None = None
        if not rows or not columns:
            return
        if source.near is not None:
            self.sample = plane.oriented(source.near[plane.index(source.shape, (0, rows, 0, columns))])
            self._read(self._whole, "whole")
            return
        self._steps = (-(-rows // SAMPLE), -(-columns // SAMPLE))
        index = plane.index(source.shape, (0, rows, 0, columns), self._steps)
        source.ask(Part(index), self._sampled, "sample", RANKS["sample"])

    def close(self) -> None:
        """Nothing more is wanted of these."""
        self._closed = True
        for group in RANKS:
            self._source.forget(group)

    @property
    def share(self) -> float:
        """How much of the whole is read, from 0 to 1."""
        return 1.0 if self._whole.done else self._whole.next / max(self.shape[0], 1)

    def placed(self, region: Region, down: float, across: float) -> list[Placed]:
        """What to paint of a region, in order, where a pixel is ``down`` x ``across`` elements; reads what is missing."""
        if self.sample is None:
            return []
        found = [_fitting(self._whole, region, down, across)]
        wanted = (_power(down), _power(across))
        if wanted[0] >= self._whole.down and wanted[1] >= self._whole.across:
            return found
        wanted = min(wanted[0], self._whole.down), min(wanted[1], self._whole.across)
        detail = self._detail
        if detail is None or (detail.down, detail.across) != wanted or not detail.covers(region):
            detail = self._detail = _Growing(_snapped(region, wanted, self.shape), *wanted, self._source.most)
            self._source.forget("detail")
            self._read(detail, "detail")
        if detail.next > detail.region[0]:
            found.append(_fitting(detail, region, down, across))
        return found

    # --------------------------------------------------------------------------------------------------------- inside

    def _sampled(self, found: Answer) -> None:
        if self._closed:
            return
        if isinstance(found, Missing):
            self._fail(found)
            return
        from_sample = self._plane.oriented(found)
        self.sample = from_sample
        first = sampled(real_part(from_sample, self._part), *self._steps)
        whole = self._whole
        rows, columns = (
            np.minimum(np.arange(count) * factor // step, size - 1)
            for count, factor, step, size in zip(
                whole.level.flags.shape, (whole.down, whole.across), self._steps, first.flags.shape, strict=True
            )
        )
        for mine, new in ((whole.level.mean, first.mean), (whole.level.peak, first.peak), (whole.level.flags, first.flags)):
            mine[:] = new[rows][:, columns]
        whole.filled = True
        self._changed()
        self._read(whole, "whole")

    def _read(self, growing: _Growing, group: str) -> None:
        """Read the next band, and after it the one behind it."""
        band = growing.band()

        def arrived(found: Answer) -> None:
            if self._closed or (group == "detail" and growing is not self._detail):
                return
            if isinstance(found, Missing):
                self._fail(found)
                return
            growing.take(band, found)
            if self._source.near is None:
                self._changed()  # else it was read while it was asked for
            if not growing.done:
                self._read(growing, group)

        self._source.ask(Smaller(self._plane, band, growing.down, growing.across, self._part), arrived, group, RANKS[group])

    def _fail(self, missing: Missing) -> None:
        self.failed = missing.why
        self._changed()


def _factor(length: int) -> int:
    return 1 << max(math.ceil(math.log2(max(length, 1) / SIDE)), 0) if length > SIDE else 1


def _power(factor: float) -> int:
    """The largest power of two that is not above a factor."""
    return 1 << max(math.floor(math.log2(factor)), 0) if factor > 1 else 1


def _snapped(region: Region, factors: tuple[int, int], shape: tuple[int, int]) -> Region:
    ends: list[int] = []
    for (start, stop), factor, size in zip((region[:2], region[2:]), factors, shape, strict=True):
        grain = factor * SNAP
        margin = (stop - start) // 4
        ends += [max((start - margin) // grain * grain, 0), min(-(-(stop + margin) // grain) * grain, size)]
    return ends[0], ends[1], ends[2], ends[3]


def _fitting(growing: _Growing, region: Region, down: float, across: float) -> Placed:
    """What of a level lies in a region and can be painted, in blocks of at least a pixel: smaller ones would be left out, and a NaN
    with them. Blocks are put together from the plane's corner on, so that a picture that is moved does not flicker."""
    top, left, level = growing.region[0], growing.region[2], growing.level
    by = max(math.ceil(down / growing.down - 1e-9), 1), max(math.ceil(across / growing.across - 1e-9), 1)
    grain = growing.down * by[0], growing.across * by[1]
    first = max((region[0] - top) // grain[0] * by[0], 0), max((region[2] - left) // grain[1] * by[1], 0)
    last = -(-(region[1] - top) // grain[0]) * by[0], -(-(region[3] - left) // grain[1]) * by[1]
    rows, columns = slice(first[0], max(min(last[0], growing.shown), 0)), slice(first[1], max(last[1], 0))
    cut = Level(growing.down, growing.across, level.mean[rows, columns], level.peak[rows, columns], level.flags[rows, columns])
    return Placed(coarser(cut, *by) if cut.flags.size else cut, top + first[0] * growing.down, left + first[1] * growing.across)
