"""Leaves that took part in the forward and never got a gradient. No Qt."""

from __future__ import annotations

from gradstep.engine.tape.reader import Tape
from gradstep.engine.tape.schema import GradStored, Role


def unreached(tape: Tape) -> list[str]:
    """Their names, in the order in which the script used them; none where no backward() added into ``.grad``, and none
    without a name, of which nothing can be said that helps."""
    if not any(run.accumulate for run in tape.runs.values()) or not all(run.accumulate for run in tape.runs.values()):
        return []
    stored = {event.tensor for event in tape.events.of_kind(GradStored)}
    names: dict[str, None] = {}
    for op in tape.ops.values():
        if not op.grad_mode or op.node is not None:
            continue
        for val in op.ins:
            if val is not None and val.tensor not in stored:
                tensor = tape.tensors[val.tensor]
                if tensor.role is Role.LEAF and tensor.name:
                    names[tensor.name] = None
    return list(names)
