"""How a finished drawing makes room for boxes that grow: by moving what is beside them, as far as it must and no farther.

A drawing with folded groups is laid out once. When groups in it open, no order changes and nothing is laid out anew: each
vertex moves sideways by a shift that only grows from left to right, and that is the same for all that stood above one
another. So what was straight stays straight, and what was left of something stays left of it.
"""

from __future__ import annotations

import numpy as np

from .arrays import Flags, Floats, Ints, first_of_each
from .columns import Rows

HAIR = 1e-3  # px between what is new and its neighbours before there is room for it
TOLERANCE = 1e-4  # px


def shifts(at: Ints, layer: Ints, x: Floats, left: Floats, right: Floats) -> Floats:
    """How far each vertex moves to the right when boxes grow by ``left`` and ``right`` px to their sides. ``at`` holds the
    vertices by (layer, place). The least shifts that keep every distance in a layer and do not fall from left to right."""
    before, after = at[:-1], at[1:]
    return _spread(at, layer, x, right[before] + left[after])


def inserted(row: Rows, layer: Ints, x: Floats, fresh: Flags) -> Floats:
    """The x of each vertex of a drawing that grew: what is known keeps its x, ``fresh`` vertices stand at theirs, and where they have no
    room what is to their right moves on, all of it that stood above one another alike."""
    at = row.at
    x = x.copy()
    slot_layer = layer[at]
    begins, values = first_of_each(slot_layer).tolist(), x[at].tolist()
    new = fresh[at].tolist()
    for slot in range(1, len(at)):
        if new[slot] and not begins[slot]:
            values[slot] = max(values[slot], values[slot - 1] + HAIR)
    for slot in range(len(at) - 2, -1, -1):
        if new[slot] and not begins[slot + 1]:
            values[slot] = min(values[slot], values[slot + 1] - HAIR)
    x[at] = values
    need = row.distance[1:] - (x[at[1:]] - x[at[:-1]])
    return x + _spread(at, layer, x, np.where(need > TOLERANCE, need, 0.0))


def _spread(at: Ints, layer: Ints, x: Floats, need: Floats) -> Floats:
    """The least shifts that do not fall from left to right and give each two neighbours in a layer so much more room."""
    before, after = at[:-1], at[1:]
    chosen = np.flatnonzero((layer[before] == layer[after]) & (need > 0))
    if not len(chosen):
        return np.zeros(len(x))
    columns, column = np.unique(np.round(x, 6), return_inverse=True)
    first, second, need = column[before[chosen]], column[after[chosen]], need[chosen]
    order = np.argsort(second, kind="stable")
    pairs = list(zip(first[order].tolist(), second[order].tolist(), need[order].tolist(), strict=True))
    moved = np.zeros(len(columns))
    reached, done = 0.0, 0
    for one, other, room in pairs:  # from left to right: a column never needs one to its right
        if other > done:
            moved[done:other] = reached
            done = other
        if one < other:
            known = reached if one >= done else float(moved[one])
            reached = max(reached, known + room)
    moved[done:] = reached
    return np.asarray(moved[column], dtype=np.float64)
