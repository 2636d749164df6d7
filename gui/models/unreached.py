"""Leaves that took part in the forward and never got a gradient. No Qt."""

from __future__ import annotations

import numpy as np

from gradstep.engine.tape import columns
from gradstep.engine.tape.reader import Tape
from gradstep.engine.tape.schema import Role
from gradstep.engine.tape.wire import GRAD_STORED


def unreached(tape: Tape) -> list[str]:
    """Their names, in the order in which the script used them; none where no backward() added into ``.grad``, and none
    without a name, of which nothing can be said that helps."""
    if not tape.runs or not all(run.accumulate for run in tape.runs.values()):
        return []
    tensors = columns.tensors(tape)
    stored = tape.rows[tape.event_rows[tape.events.codes == GRAD_STORED], 3]
    chosen = (tensors.role == Role.LEAF) & (tensors.name != 0) & ~np.isin(tensors.id, stored)
    name_of = dict(zip(tensors.id[chosen].tolist(), tensors.name[chosen].tolist(), strict=True))
    if not name_of:
        return []
    ops, (inputs, _) = columns.ops(tape, 0), columns.values_of_ops(tape, 0)
    of_forward = (ops.grad_mode & (ops.node == 0))[inputs.owner]
    used = inputs.tensor[of_forward & np.isin(inputs.tensor, tensors.id[chosen])]
    return list(dict.fromkeys(tape.text(name_of[tensor]) for tensor in dict.fromkeys(used.tolist())))
