"""How far a node is, as the painter needs it: one small number a node."""

from __future__ import annotations

from enum import IntEnum


class Look(IntEnum):
    """The states that are drawn apart. The names of the first four are those of the tape's ``Status``."""

    PENDING = 0
    READY = 1
    RUNNING = 2
    DONE = 3


ALERT = 4  # added to a Look: the node raised, or its gradient holds NaN or Inf

WORDS = {Look.PENDING: "pending", Look.READY: "ready", Look.RUNNING: "running", Look.DONE: "done"}


def look_of(status: object) -> Look:
    """The Look of a status given as Look, as any enum member with the same name, or as its name."""
    if isinstance(status, Look):
        return status
    name = status if isinstance(status, str) else getattr(status, "name", "")
    try:
        return Look[str(name).upper()]
    except KeyError:
        raise ValueError(f"no such status of a node: {status!r}; there are {', '.join(look.name for look in Look)}") from None
