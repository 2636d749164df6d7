"""Which lines of the user's files made ops, and which ops a line made. No Qt."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gradstep.engine.tape import columns
from gradstep.engine.tape.reader import Tape

AT_ONCE = 4096


class LineMarks:
    """Ops by file and line, innermost frame. ``read`` takes in what the tape got since."""

    def __init__(self) -> None:
        self._ops: dict[str, dict[int, list[int]]] = {}
        self._seen = 0

    def read(self, tape: Tape, more: Callable[[], bool] = lambda: True) -> bool:
        """Read on, as long as ``more()`` (asked every 4096 ops). False: there is more to read."""
        while self._seen < len(tape.ops):
            found = columns.ops(tape, self._seen, self._seen + AT_ONCE)
            self._seen += len(found)
            order = np.argsort(found.stack, kind="stable")
            stacks, starts = np.unique(found.stack[order], return_index=True)
            of_each = zip(order[starts].tolist(), stacks.tolist(), np.split(found.id[order], starts[1:]), strict=True)
            for _, stack, ops in sorted(of_each, key=lambda one: one[0]):
                frames = tape.stack(stack)
                if frames:
                    self._ops.setdefault(frames[0].file, {}).setdefault(frames[0].line, []).extend(ops.tolist())
            if self._seen < len(tape.ops) and not more():
                return False
        return True

    def files(self) -> list[str]:
        """The files in which ops were made, in the order in which they were met."""
        return list(self._ops)

    def counts(self, file: str) -> dict[int, int]:
        """How many ops each line made."""
        return {line: len(ops) for line, ops in self._ops.get(file, {}).items()}

    def ops(self, file: str, line: int) -> list[int]:
        """The ops that a line made, in order."""
        return self._ops.get(file, {}).get(line, [])
