"""The steps of all runs in columns, for the timeline. No Qt."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .history import History

DECADES = 4.0  # orders of magnitude that the scale has at least


@dataclass(frozen=True, slots=True, eq=False)
class Timeline:
    """Columns with an entry a step, run after run. ``heights`` are 0 to 1, logarithmic between ``low`` and ``high``."""

    enters: NDArray[np.int64]
    norms: NDArray[np.float64]
    bad: NDArray[np.bool_]
    categories: NDArray[np.uint8]  # places in CATEGORIES
    undone: NDArray[np.int64]  # the event that undid the step, 0 for none
    nodes: NDArray[np.int64]
    lengths: tuple[int, ...]  # steps of each run
    low: float  # log10 of the norm at height 0
    high: float
    order: NDArray[np.int64]  # the steps by ``enters``: runs may lie within one another

    def __len__(self) -> int:
        return len(self.enters)

    @classmethod
    def empty(cls) -> Timeline:
        """No steps."""
        no = np.zeros(0, np.int64)
        return cls(no, np.zeros(0), np.zeros(0, np.bool_), np.zeros(0, np.uint8), no, no, (), -4.0, 0.0, no)

    @property
    def heights(self) -> NDArray[np.float64]:
        """How high each bar is; 0 where the norm is 0 or unknown."""
        with np.errstate(divide="ignore", invalid="ignore"):
            logs = np.log10(self.norms)
        share = (logs - self.low) / (self.high - self.low)
        return np.clip(np.nan_to_num(share, nan=0.0, posinf=1.0, neginf=0.0), 0.0, 1.0)

    def places(self, gap: float) -> NDArray[np.float64]:
        """Where each step stands, in steps, with ``gap`` between two runs."""
        run = np.repeat(np.arange(len(self.lengths)), self.lengths)
        return np.arange(len(self)) + run * gap

    def width(self, gap: float) -> float:
        """The length of all, in steps."""
        return len(self) + gap * max(len(self.lengths) - 1, 0)

    def parts(self) -> list[tuple[str, int]]:
        """The name and the number of steps of each run."""
        return [(f"backward {number}", length) for number, length in enumerate(self.lengths)]

    def step_at(self, position: int) -> int:
        """The step that was entered last at event ``position`` and not undone since; -1 for none."""
        place = int(np.searchsorted(self.enters[self.order], position, side="right")) - 1
        while place >= 0:
            step = int(self.order[place])
            if not 0 < self.undone[step] <= position:
                return step
            place -= 1
        return -1

    def undone_at(self, position: int) -> NDArray[np.bool_]:
        """Which steps had been undone at event ``position``."""
        return (self.undone > 0) & (self.undone <= position)

    def number_of(self, step: int) -> int:
        """The step's number in its run, counted from 1."""
        for length in self.lengths:
            if step < length:
                break
            step -= length
        return step + 1

    def scale_text(self, share: float) -> str:
        """The norm at a height."""
        return f"1e{round(self.low + share * (self.high - self.low)):d}"


def timeline(history: History) -> Timeline:
    """The timeline of what the history has read."""
    runs = [steps for steps in history.runs if steps.rows]
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
        undone[:] = [row.undone for steps in runs for row in steps.rows]
    return Timeline(
        enters=enters,
        norms=norms,
        bad=np.concatenate([np.array(steps.bad, np.bool_) for steps in runs]),
        categories=np.concatenate([np.array(steps.families, np.uint8) for steps in runs]),
        undone=np.array([row.undone for steps in runs for row in steps.rows], np.int64)
        if history.rewinds
        else np.zeros(len(enters), np.int64),
        nodes=np.concatenate([np.array(steps.nodes, np.int64) for steps in runs]),
        lengths=tuple(len(steps.rows) for steps in runs),
        low=low,
        high=high,
        order=np.argsort(enters, kind="stable"),
    )
