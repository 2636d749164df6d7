"""The gradient norm of each parameter over the iterations, with the events that stored them; read piece by piece. No Qt."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from gradstep.engine.tape import columns
from gradstep.engine.tape.compare import iterations
from gradstep.engine.tape.outline import by_id
from gradstep.engine.tape.reader import Tape
from gradstep.engine.tape.wire import GRAD_STORED, REWOUND, TENSOR


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
        self._stored: dict[tuple[int, int], tuple[int, int, int]] = {}  # leaf, run -> the event, the value's tensor and version

    def read(self, tape: Tape) -> int:
        """Take in what the tape got since the last time: how many events that were."""
        codes = tape.events.codes_from(self._seen)
        stored, rewinds = np.flatnonzero(codes == GRAD_STORED) + self._seen, np.flatnonzero(codes == REWOUND) + self._seen
        words = tape.rows[tape.event_rows[stored]]
        first = 0
        for stop, rewind in zip(np.searchsorted(stored, rewinds).tolist(), rewinds.tolist(), strict=True):
            self._take(stored[first:stop], words[first:stop])
            first = stop
            row = tape.rows[tape.event_rows[rewind]]
            run, to = int(row[1]), int(row[3])
            self._stored = {key: one for key, one in self._stored.items() if key[1] != run or one[0] <= to}
        self._take(stored[first:], words[first:])
        self._seen += len(codes)
        return len(codes)

    def _take(self, events: NDArray[np.int64], words: NDArray[np.int64]) -> None:
        """Gradients that were stored, in order."""
        given = words[:, 6] != 0
        leaf, run, tensor, version = (words[given, column].tolist() for column in (3, 1, 6, 7))
        self._stored.update(zip(zip(leaf, run, strict=True), zip(events[given].tolist(), tensor, version, strict=True), strict=True))

    def view(self, tape: Tape) -> FlowView:
        """All that was read."""
        runs = iterations(tape)
        keys, stored = np.array(list(self._stored), np.int64).reshape(-1, 2), list(self._stored.values())
        event, tensor, version = np.array(stored, np.int64).reshape(-1, 3).T
        number = {run: j for j, run in enumerate(runs)}
        known, place = np.unique(keys[:, 1], return_inverse=True)
        column = np.array([number.get(run, -1) for run in known.tolist()], np.int64)[place]
        keys, event, tensor, version, column = (part[column >= 0] for part in (keys, event, tensor, version, column))
        leaves, row = np.unique(keys[:, 0], return_inverse=True)
        norms = np.full((len(leaves), len(runs)), np.nan)
        events = np.full((len(leaves), len(runs)), -1, np.int64)
        events[row, column] = event
        places, table = tape.stats.places(tensor, version), tape.stats.table
        told = places >= 0
        stats = table[places[told]]
        bad = (stats["nans"] + stats["posinfs"] + stats["neginfs"]) > 0
        norms[row[told], column[told]] = np.where(bad, np.inf, stats["norm"])
        nodes = columns.nodes(tape)
        storing = nodes.variable != 0
        accumulators = dict(zip(nodes.variable[storing].tolist(), nodes.id[storing].tolist(), strict=True))
        texts, _ = by_id(tape, TENSOR, 5)
        ids: list[int] = leaves.tolist()
        names = tuple(tape.text(text) or f"#{leaf}" for leaf, text in zip(ids, texts[leaves].tolist(), strict=True))
        return FlowView(tuple(ids), names, tuple(runs), norms, events, tuple(accumulators.get(leaf, 0) for leaf in ids))
