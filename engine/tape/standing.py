"""Which events still stand: a live walk that was stepped back leaves what it undid on the tape, followed by a ``Rewound``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from .wire import REWOUND

if TYPE_CHECKING:
    from .reader import Tape


def standing(tape: Tape) -> npt.NDArray[np.bool_]:
    """For each event whether it was not undone, in its own run, by a later one."""
    rewinds = np.flatnonzero(tape.events.codes == REWOUND)
    keep = np.ones(len(tape.events), np.bool_)
    if not len(rewinds):
        return keep
    words = tape.events.words
    for place in rewinds.tolist():
        span = slice(int(words[place, 3]) + 1, place)
        keep[span] &= words[span, 1] != words[place, 1]
    return keep
