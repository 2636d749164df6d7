"""What if a gradient were another one: the pass is run to its end as it is, taken back, edited, and run to its end again.

Both branches are on the tape, so that they can be compared node by node (``tape/branches.py``). Afterwards the pass stands where it
stood, or at the end of either branch.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..older import dataclass
from ..tape import recorder
from .target import Pass

STAY = ("here", "untouched", "edited")


@dataclass(frozen=True, slots=True)
class Explored:
    """Where the branches lie on the tape. ``steps`` were taken in each; positions are the last events."""

    run: int
    at: int  # steps taken before them
    begin: int  # the last event before the untouched branch
    untouched: int  # its last event; the edited branch begins behind it
    edited: int
    steps: tuple[int, int]
    nodes: tuple[int, ...] = ()  # those that were edited

    def plain(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "run": self.run,
            "at": self.at,
            "begin": self.begin,
            "untouched": self.untouched,
            "edited": self.edited,
            "steps": list(self.steps),
            "nodes": list(self.nodes),
        }


def explore(walk: Pass, edit: Callable[[Mapping[str, Any]], None], edits: Sequence[Mapping[str, Any]], stay: str = "edited") -> Explored:
    """Run the rest of ``walk`` twice, the second time with ``edits`` made first; leave it at ``stay``.

    ``edit`` makes one edit and raises where it cannot; then nothing was run, and the walk stands where it stood.
    """
    assert walk.rewindable
    with walk.remembering():
        return _explored(walk, edit, edits, stay)


def _explored(walk: Pass, edit: Callable[[Mapping[str, Any]], None], edits: Sequence[Mapping[str, Any]], stay: str) -> Explored:
    here = walk.mark()
    try:
        for one in edits:
            edit(one)  # are they possible? They are made again after the first run
    finally:
        walk.rewind_to(here)
    begin = _position()
    first = _to_end(walk)
    untouched = _position()
    walk.rewind_to(here)
    for one in edits:
        edit(one)
    second = _to_end(walk)
    nodes = tuple(int(one["node"]) for one in edits if isinstance(one, Mapping) and "node" in one)
    found = Explored(walk.run, here[2], begin, untouched, _position(), (first, second), nodes)
    if stay != "edited":
        walk.rewind_to(here)
        if stay == "untouched":
            _to_end(walk)
    return found


def _to_end(walk: Pass) -> int:
    before = walk.taken
    while walk.next_node is not None:
        walk.step()
    return walk.taken - before


def _position() -> int:
    tape = recorder.current
    return tape.position if tape is not None else -1
