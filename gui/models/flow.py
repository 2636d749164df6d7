"""The gradient norm of each parameter over the iterations, with the events that stored them; read piece by piece. No Qt."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from gradstep.engine.tape import columns
from gradstep.engine.tape.compare import iterations
from gradstep.engine.tape.reader import Tape
from gradstep.engine.tape.schema import Val
from gradstep.engine.tape.wire import GRAD_STORED, REWOUND


@dataclass(frozen=True, slots=True, eq=False)
class FlowView:
    """``norms[i, j]`` of the parameter ``names[i]`` after iteration j; NaN where it got no gradient or nothing is known of it (``events``
    -1 and the event that stored it tell which), infinite where it holds NaN or infinities. ``nodes`` are the AccumulateGrads."""

    leaves: tuple[int, ...] = ()
    names: tuple[str, ...] = ()
    runs: tuple[int, ...] = ()
    norms: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, 0)))
    events: NDArray[np.int64] = field(default_factory=lambda: np.zeros((0, 0), np.int64))
    nodes: tuple[int, ...] = ()

    @property
    def span(self) -> tuple[float, float]:
        """log10 of the least and the greatest norm that is finite and not 0; at least a decade."""
        good = self.norms[np.isfinite(self.norms) & (self.norms > 0)]
        if not good.size:
            return -1.0, 0.0
        low, high = math.log10(float(good.min())), math.log10(float(good.max()))
        return (low, high) if high - low >= 1 else ((low + high - 1) / 2, (low + high + 1) / 2)


class FlowReader:
    """Reads on where it stopped. What was undone by a step back is forgotten."""

    def __init__(self) -> None:
        self._seen = 0
        self._stored: dict[tuple[int, int], tuple[int, Val]] = {}  # leaf, run -> the event, the value

    def read(self, tape: Tape) -> None:
        """Take in what the tape got since the last time."""
        words = tape.events.words_from(self._seen)
        codes = words[:, 0] & 0xFF
        for place in np.flatnonzero((codes == GRAD_STORED) | (codes == REWOUND)).tolist():
            word = words[place]
            if codes[place] == REWOUND:
                run, to = int(word[1]), int(word[3])
                self._stored = {key: one for key, one in self._stored.items() if key[1] != run or one[0] <= to}
            elif word[6]:
                self._stored[int(word[3]), int(word[1])] = self._seen + place, Val(int(word[6]), int(word[7]))
        self._seen += len(words)

    def view(self, tape: Tape) -> FlowView:
        """All that was read."""
        runs = iterations(tape)
        column = {run: j for j, run in enumerate(runs)}
        leaves = sorted({leaf for leaf, run in self._stored if run in column})
        row = {leaf: i for i, leaf in enumerate(leaves)}
        norms = np.full((len(leaves), len(runs)), np.nan)
        events = np.full((len(leaves), len(runs)), -1, np.int64)
        for (leaf, run), (event, val) in self._stored.items():
            if run not in column:
                continue
            place = row[leaf], column[run]
            events[place] = event
            stats = tape.stats.get(val)
            if stats is not None:
                bad = stats.nans or stats.posinfs or stats.neginfs
                norms[place] = math.inf if bad else stats.norm
        nodes = columns.nodes(tape)
        storing = nodes.variable != 0
        accumulators = dict(zip(nodes.variable[storing].tolist(), nodes.id[storing].tolist(), strict=True))
        names = tuple(tape.tensors[leaf].name or f"#{leaf}" for leaf in leaves)
        return FlowView(tuple(leaves), names, tuple(runs), norms, events, tuple(accumulators.get(leaf, 0) for leaf in leaves))
