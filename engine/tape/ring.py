"""A tape of bounded size: what happens when it is full.

``stop`` ends the recording there. ``ring`` keeps the newest: at half of the limit the tape is put aside as ``run.old.gst``, and a new
one is begun at a moment when no pass and no module call is open, so that each of the two is a whole tape by itself.
"""

from __future__ import annotations

import os
from typing import Any

from .log import TapeExists, Writer

HALF = 0.4  # of the limit, at which a pass that ends begins a new tape: what comes until then needs room as well
NEAR = 0.25  # from there on what waits is written before that is asked: it may be half of a small tape, and be found too late
MOST = 0.7  # of the limit, at which any moment does at which nothing is open


class Ring:
    """Makes the tapes of one recording, which together never have more than ``limit`` bytes.

    Raises TapeExists where something is at one of the two paths already, OSError where the tape cannot be made."""

    def __init__(self, path: str, limit: int, *, at_once: bool = False) -> None:
        self.path, self.limit = os.path.abspath(path), limit
        self.older = older_than(self.path)
        self.part = 1
        self._at_once = at_once
        if os.path.exists(self.older):
            raise TapeExists(f"{self.older} holds something already, and the older half of the tape goes there; delete it or name another")
        self.first = self._made()

    def _made(self) -> Writer:
        return Writer(self.path, at_once=self._at_once, limit=self.limit - self._older_size(), more=self._let_older_go)

    def _older_size(self) -> int:
        try:
            return os.path.getsize(self.older)
        except OSError:
            return 0

    def _let_older_go(self) -> int:
        """One pass needs more than half: the older tape goes at once. What the newer one may have then."""
        if self._older_size():
            os.unlink(self.older)
        return self.limit

    def is_near(self, sink: Any) -> bool:
        """Whether what waits to be written may decide."""
        return bool(sink.size >= NEAR * self.limit)

    def is_due(self, sink: Any, at_any_cost: bool = False) -> bool:
        """Whether the tape is to be put aside."""
        return bool(sink.size >= (MOST if at_any_cost else HALF) * self.limit)

    def turned(self, sink: Any) -> Writer:
        """Put the tape aside, and begin the next. Raises OSError where that cannot be done."""
        sink.close()
        os.replace(self.path, self.older)
        self.part += 1
        made = self._made()
        made.lock = sink.lock
        return made


def older_than(path: str) -> str:
    """Where the older half of a tape lies: ``run.old.gst`` beside ``run.gst``."""
    stem, suffix = os.path.splitext(path)
    return f"{stem}.old{suffix}"
