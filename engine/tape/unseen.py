"""What happened in a script and could not be looked into, and why, as the recorder noted it: once for each kind of thing."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .schema import Frame

if TYPE_CHECKING:
    from .reader import Tape


@dataclass(frozen=True, slots=True)
class Unseen:
    """``what`` is the name of a kind of node (``CopySlices``), or of something that is on no tape (``torch.func``)."""

    what: str
    why: str
    frame: Frame | None = None  # the user's line at which it was met first


def unseen(tape: Tape) -> list[Unseen]:
    """In the order in which it was met. A note that says nothing sensible is left out."""
    found = []
    for note in tape.notes:
        if note.kind != "unseen":
            continue
        try:
            facts = json.loads(note.text)
            frame = Frame(str(facts["file"]), int(facts["line"]), str(facts.get("function", ""))) if "file" in facts else None
            found.append(Unseen(str(facts["what"]), str(facts["why"]), frame))
        except (ValueError, KeyError, TypeError, AttributeError):
            continue
    return found


def why_opaque(tape: Tape, name: str) -> str:
    """Why nodes of this name cannot be looked into; "" for those that can."""
    return next((one.why for one in unseen(tape) if one.what == name), "")
