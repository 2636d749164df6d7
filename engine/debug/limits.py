"""How much a program may take: memory and processes of its whole tree, bytes of its tape, seconds. Whoever looks freezes what takes more.

Memory is looked at the more often the nearer it is to its limit: at ``SPEED`` no look comes so late that a program could have got far
beyond. What processes share (a worker that was forked shares all that it does not change) is counted once: the cheap sum of what is
resident is an upper bound, and only where that is over the limit the kernel is asked for each process's share.
"""

from __future__ import annotations

import os
import time

from . import tree
from .launch import Launch

FAR = 0.02  # seconds between two looks at memory while it is far from its limit
NEAR = 0.002  # the same, at the limit
SPEED = 8 << 30  # bytes a second that a program is thought to take at most
SHARE = 0.1  # of the time that may go into asking for shares
SHARES_HOLD = 0.05  # seconds that their answer is good for, at least
FAMILY = 0.05  # seconds that the list of processes is good for
COUNT = 0.1  # seconds between two counts of processes and two looks at the tape
KINDS = ("memory", "processes", "disk", "time")


class Limits:
    """The limits of one launch. 0: none."""

    def __init__(self, launch: Launch) -> None:
        self.memory, self.processes, self.time = launch.memory_limit, launch.process_limit, launch.time_limit
        self.disk = 0 if launch.when_full else launch.disk_limit  # else the recorder minds it
        self.peak = 0  # bytes of memory that the tree had at most, as far as was looked
        self._began = 0.0
        self._family: list[int] = []
        self._family_due = self._counted = 0.0
        self._shared, self._shares_due = 0, 0.0  # bytes that the sum counts more than once
        self._room = 0

    def begin(self) -> None:
        """The program's first line runs now."""
        self._began = time.monotonic()

    @property
    def tick(self) -> float | None:
        """Seconds until memory has to be looked at again; None where it has no limit."""
        return max(NEAR, min(FAR, self._room / SPEED)) if self.memory else None

    def exceeded(self, pid: int, tape: str, running: bool) -> tuple[str, str] | None:
        """Which limit is exceeded, and how, in words. ``running``: the script's own code runs."""
        now = time.monotonic()
        if self.memory and (size := self._memory(pid, now)) > self.memory:
            return "memory", f"{amount(size)} of memory, your limit is {amount(self.memory)}"
        if self.time and self._began and now - self._began > self.time:
            return "time", f"{now - self._began:.1f} s, your limit is {self.time:g} s"
        if now - self._counted < COUNT:
            return None
        self._counted = now
        if self.processes and running and (count := len(tree.descendants(os.getpid()))) > self.processes:
            return "processes", f"{count} processes, the limit is {self.processes}"
        if self.disk and (size := _size(tape)) > self.disk:
            return "disk", f"a tape of {amount(size)}, your limit is {amount(self.disk)}"
        return None

    def raise_to(self, memory: int, processes: int, disk: int) -> None:
        """Other limits; 0 for half as much again as now."""
        self.memory = memory or self.memory * 3 // 2
        self.processes = processes or self.processes * 2
        self.disk = disk or self.disk * 2
        self.time = 0.0  # whoever lets it go on has seen how long it takes

    def _memory(self, pid: int, now: float) -> int:
        """Bytes that the program and all below it have in memory."""
        if now >= self._family_due:
            self._family = [pid, *tree.descendants(pid)]
            self._family_due = now + FAMILY
        size = sum(map(tree.resident, self._family))
        if size - self._shared > self.memory or now >= self._shares_due:
            self._shared = 0
            if size > self.memory and len(self._family) > 1:
                begun = time.monotonic()
                self._shared = max(0, size - sum(map(tree.share, self._family)))
                now = time.monotonic()
                self._shares_due = now + max(SHARES_HOLD, (now - begun) / SHARE)
        size -= self._shared
        self._room = self.memory - size
        self.peak = max(self.peak, size)
        return size


def _size(file: str) -> int:
    """Bytes of a file; 0 where there is none yet."""
    try:
        return os.stat(file).st_size
    except OSError:
        return 0


def amount(count: int) -> str:
    """Bytes in words."""
    return f"{count / 2**30:.1f} GiB" if count >= 2**30 else f"{count / 2**20:.0f} MiB"
