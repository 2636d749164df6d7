"""What repeats in a row: loops, unrolled time steps, blocks one after the other."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
TIMES = 3  # fewer repetitions are no loop
LONGEST = 256  # items in one turn of a loop


def repeats(items: Ints, sizes: Ints, least: int) -> list[tuple[int, int, int]]:
    """Loops as (begin, items a turn, turns), from left to right, none over another. Equal numbers are equal items; a loop
    counts where the ``sizes`` of its items add up to ``least``. Of loops that overlap, what covers most goes first, and of
    equal ones the shortest turn."""
    if len(items) < TIMES:
        return []
    total = np.r_[0, np.cumsum(sizes)]
    found: list[tuple[int, int, int, int]] = []
    for period in range(1, min(LONGEST, len(items) // TIMES) + 1):
        same = np.r_[False, items[period:] == items[:-period], False]
        change = np.flatnonzero(same[1:] != same[:-1])
        begins, ends = change[::2], change[1::2]
        long = ends - begins >= (TIMES - 1) * period
        for begin, end in zip(begins[long].tolist(), ends[long].tolist(), strict=True):
            times = (end - begin) // period + 1
            covered = int(total[begin + times * period] - total[begin])
            if covered >= least:
                found.append((-covered, period, begin, times))
    taken = np.zeros(len(items), np.bool_)
    chosen = []
    for _, period, begin, times in sorted(found):
        if not taken[begin : begin + period * times].any():
            taken[begin : begin + period * times] = True
            chosen.append((begin, period, times))
    return sorted(chosen)
