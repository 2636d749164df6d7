"""The steps of all runs in columns, for the timeline. No Qt."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..translation import translate
from .history import History

DECADES = 4.0  # orders of magnitude that the scale has at least


@dataclass(frozen=True, slots=True, eq=False)
class Timeline:
    """Columns with an entry a step, in the order in which they were entered: a run that was begun inside of another one stands in the
    middle of it. ``heights`` are 0 to 1, logarithmic between ``low`` and ``high``."""

    enters: NDArray[np.int64]
    norms: NDArray[np.float64]
    bad: NDArray[np.bool_]
    categories: NDArray[np.uint8]  # places in CATEGORIES
    undone: NDArray[np.int64]  # the event that undid the step, 0 for none
    nodes: NDArray[np.int64]
    lengths: tuple[int, ...]  # steps of each stretch: a run, or the part of one before or behind another run inside of it
    runs: tuple[int, ...]  # the run of each stretch
    before: tuple[int, ...]  # steps of that run before each stretch
    low: float  # log10 of the norm at height 0
    high: float

    def __len__(self) -> int:
        return len(self.enters)

    @classmethod
    def empty(cls) -> Timeline:
        """No steps."""
        no = np.zeros(0, np.int64)
        return cls(no, np.zeros(0), np.zeros(0, np.bool_), np.zeros(0, np.uint8), no, no, (), (), (), -4.0, 0.0)

    @property
    def heights(self) -> NDArray[np.float64]:
        """How high each bar is; 0 where the norm is 0 or unknown."""
        with np.errstate(divide="ignore", invalid="ignore"):
            logs = np.log10(self.norms)
        share = (logs - self.low) / (self.high - self.low)
        return np.clip(np.nan_to_num(share, nan=0.0, posinf=1.0, neginf=0.0), 0.0, 1.0)

    def places(self, gap: float) -> NDArray[np.float64]:
        """Where each step stands, in steps, with ``gap`` between two stretches."""
        run = np.repeat(np.arange(len(self.lengths)), self.lengths)
        return np.arange(len(self)) + run * gap

    def width(self, gap: float) -> float:
        """The length of all, in steps."""
        return len(self) + gap * max(len(self.lengths) - 1, 0)

    @staticmethod
    def name(run: int) -> str:
        """What a run is called."""
        return translate("Timeline", "backward {0}").format(run)

    def step_at(self, position: int) -> int:
        """The step that was entered last at event ``position`` and not undone since; -1 for none."""
        step = int(np.searchsorted(self.enters, position, side="right")) - 1
        while step >= 0 and 0 < self.undone[step] <= position:
            step -= 1
        return step

    def undone_at(self, position: int) -> NDArray[np.bool_]:
        """Which steps had been undone at event ``position``."""
        return (self.undone > 0) & (self.undone <= position)

    def number_of(self, step: int) -> int:
        """The step's number in its run, counted from 1."""
        ends = np.cumsum(self.lengths)
        stretch = int(np.searchsorted(ends, step, side="right"))
        return self.before[stretch] + step - int(ends[stretch]) + self.lengths[stretch] + 1

    def scale_text(self, share: float) -> str:
        """The norm at a height."""
        return f"1e{round(self.low + share * (self.high - self.low)):d}"


def timeline(history: History) -> Timeline:
    """The timeline of what the history has read."""
    runs = [steps for steps in history.runs if steps.uids]
    if not runs:
        return Timeline.empty()
    norms = np.concatenate([np.array(steps.norms) for steps in runs])
    enters = np.concatenate([np.array(steps.enters, np.int64) for steps in runs])
    with np.errstate(divide="ignore"):
        logs = np.log10(norms[np.isfinite(norms) & (norms > 0)])
    low, high = (float(logs.min()), float(logs.max())) if logs.size else (-4.0, 0.0)
    high = float(np.ceil(high + 0.05))
    low = min(float(np.floor(low - 0.05)), high - DECADES)
    if (high - low) % 2:
        low -= 1  # the line in the middle stands at a power of ten
    undone = np.zeros(len(enters), np.int64)
    if history.rewinds:
        undone[:] = [event for steps in runs for event in steps.undone()]
    order = np.argsort(enters, kind="stable")
    run = np.repeat(np.arange(len(runs)), [len(steps.uids) for steps in runs])[order]
    starts = np.flatnonzero(np.r_[True, run[1:] != run[:-1]])
    lengths, taken, before = np.diff(np.r_[starts, len(run)]).tolist(), [0] * len(runs), list[int]()
    for number, length in zip(run[starts].tolist(), lengths, strict=True):
        before.append(taken[number])
        taken[number] += length
    return Timeline(
        enters=enters[order],
        norms=norms[order],
        bad=np.concatenate([np.array(steps.bad, np.bool_) for steps in runs])[order],
        categories=np.concatenate([np.array(steps.families, np.uint8) for steps in runs])[order],
        undone=undone[order],
        nodes=np.concatenate([np.array(steps.nodes, np.int64) for steps in runs])[order],
        lengths=tuple(lengths),
        runs=tuple(run[starts].tolist()),
        before=tuple(before),
        low=low,
        high=high,
    )
