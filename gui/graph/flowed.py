"""What flowed along the edges of the backward graph: the norms of gradients that nodes passed on, and which were not finite."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gradstep.engine.tape import columns
from gradstep.engine.tape.growing import Growing
from gradstep.engine.tape.reader import Tape
from gradstep.engine.tape.wire import NODE_EXIT

from ..canvas.marks import Passed

LATE = 1000  # events that are asked again for statistics: those of a tape without any never come


class Flowed:
    """Of one tape, read on as it grows. ``told``: how many of the norms the canvas knows."""

    def __init__(self) -> None:
        self.bad: set[int] = set()  # nodes that passed on what is not finite, when they were left last
        self.told = 0
        self._seen = 0  # events taken in
        self._late: npt.NDArray[np.int64] = np.zeros(0, np.int64)  # events whose values have no statistics on the tape yet
        self._source: Growing[int] = Growing(np.int64)
        self._target: Growing[int] = Growing(np.int64)
        self._norm: Growing[float] = Growing(np.float64)

    def read(self, tape: Tape) -> None:
        """Take in the events since the last time."""
        codes = tape.events.codes_from(self._seen)
        left = np.concatenate([self._late, np.flatnonzero(codes == NODE_EXIT) + self._seen])
        self._seen += len(codes)
        if not len(left):
            return
        nodes = tape.rows[tape.event_rows[left], 3]
        grads = columns.gradients(tape, left)
        places, table = tape.stats.places(grads.tensor, grads.version), tape.stats.table
        known = np.flatnonzero(places >= 0)
        late = np.zeros(len(left), np.bool_)
        late[grads.owner[places < 0]] = True
        self._late = left[late][-LATE:]
        rows, owner = table[places[known]], grads.owner[known]
        unfinite = (rows["nans"] + rows["posinfs"] + rows["neginfs"]) > 0
        self._note(nodes, np.bincount(owner, unfinite, len(left)) > 0)
        target = columns.targets(tape, nodes[owner], grads.slot[known])
        there = target > 0
        self._source.extend(nodes[owner][there])
        self._target.extend(target[there])
        self._norm.extend(np.where(unfinite, np.nan, rows["norm"])[there])

    def _note(self, nodes: npt.NDArray[np.int64], unfinite: npt.NDArray[np.bool_]) -> None:
        if self.bad:
            self.bad.difference_update(nodes[~unfinite].tolist())
        self.bad.update(nodes[unfinite].tolist())

    def news(self) -> Passed:
        """What the canvas has not been told, which it is now."""
        told, self.told = self.told, self._norm.length
        return Passed(self._source.filled[told:], self._target.filled[told:], self._norm.filled[told:])
