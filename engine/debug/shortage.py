"""Whether the system has killed something because memory ran out. Linux; elsewhere nobody can tell. Standard library only."""

from __future__ import annotations

import contextlib

LOOK = 1.0  # seconds between two looks: a kill takes a while to free what was held, and it is counted when it begins


class Kills:
    """Watches how often that happened, in the whole system and in all its control groups."""

    def __init__(self) -> None:
        self._older = self._newer = _count()
        self._due = 0.0

    def look(self, now: float) -> None:
        """Notes how often it has happened until now, once a second. ``now``: on the clock of ``time.monotonic``."""
        if now >= self._due:
            self._due = now + LOOK
            self._older, self._newer = self._newer, _count()

    def happened(self) -> bool:
        """Whether it has happened within the last one or two seconds."""
        return _count() > self._older


def _count() -> int:
    with contextlib.suppress(OSError, ValueError), open("/proc/vmstat", encoding="ascii") as file:
        for line in file:
            if line.startswith("oom_kill "):
                return int(line.split()[1])
    return 0
