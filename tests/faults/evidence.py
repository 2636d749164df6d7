"""What must still be there after a fault: E, the events before it, readable and sound."""

from __future__ import annotations

from pathlib import Path

from gradstep.engine.tape.check import check
from gradstep.engine.tape.reader import Tape
from gradstep.engine.tape.schema import NodeEnter


def sound(path: str | Path) -> Tape:
    """The tape, all of which can be read and keeps the invariants."""
    tape = Tape.open(path)
    damage, violations = tape.verify(), check(tape)
    assert not damage, damage
    assert not violations, violations
    return tape


def entered(tape: Tape) -> list[str]:
    """The names of the nodes that were entered, in order: with the one in which it happened as the last."""
    return [tape.nodes[event.node].name for event in tape.events.of_kind(NodeEnter)]
