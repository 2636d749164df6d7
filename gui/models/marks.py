"""Which lines of the user's files made ops, and which ops a line made. No Qt."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice

from gradstep.engine.tape.reader import Tape


class LineMarks:
    """Ops by file and line, innermost frame. ``read`` takes in what the tape got since."""

    def __init__(self) -> None:
        self._ops: dict[str, dict[int, list[int]]] = {}
        self._seen = 0

    def read(self, tape: Tape, more: Callable[[], bool] = lambda: True) -> bool:
        """Read on, as long as ``more()`` (asked every 64 ops). False: there is more to read."""
        for number in islice(iter(tape.ops), self._seen, None):
            self._seen += 1
            op = tape.ops[number]
            if op.stack:
                frame = op.stack[0]
                self._ops.setdefault(frame.file, {}).setdefault(frame.line, []).append(op.id)
            if self._seen % 64 == 0 and not more():
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
