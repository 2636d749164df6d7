"""How much a program may take: memory and processes of its whole tree, bytes of its tape, seconds. Whoever looks freezes what takes more.

Memory is looked at the more often the nearer it is to its limit: at ``SPEED`` no look comes so late that a program could have got far
beyond. What processes share (a worker that was forked shares all that it does not change) is counted once: the cheap sum of what is
resident is an upper bound, and only where that is over the limit the kernel is asked for each process's share. That takes it long, so
all stand still meanwhile. From then on what is resident more, or a page for each fault (whoever changes what it shared faults), is added.
"""

from __future__ import annotations

import os
import time

from . import tree
from .launch import Launch

FAR = 0.02  # seconds between two looks at memory while it is far from its limit
NEAR = 0.002  # the same, at the limit
SPEED = 8 << 30  # bytes a second that a program is thought to take at most
FAMILY = 0.05  # seconds that the list of processes is good for
TOO_MUCH = 32 << 20  # bytes above the limit at which there is no waiting to ask for shares again
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
        self._exact = -1  # bytes when the kernel was asked last; -1: it was not
        self._resident, self._faults, self._ask_due = 0, 0, 0.0  # what was resident then, and the faults until then
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
        if self.disk and (size := size_of_file(tape)) > self.disk:
            return "disk", f"a tape of {amount(size)}, your limit is {amount(self.disk)}"
        return None

    def raise_to(self, memory: int, processes: int, disk: int) -> None:
        """Other limits; 0 for half as much again as now."""
        self.memory = memory or self.memory * 3 // 2
        self.processes = processes or self.processes * 2
        self.disk = disk or self.disk * 2
        self.time = 0.0  # whoever lets it go on has seen how long it takes

    def lift(self, what: str) -> None:
        """No limit any more of this kind, which is one of ``KINDS``."""
        setattr(self, what, 0)

    def _memory(self, pid: int, now: float) -> int:
        """Bytes that the program and all below it have in memory."""
        if now >= self._family_due:
            self._family = [pid, *tree.descendants(pid)]
            self._family_due = now + FAMILY
        size = sum(map(tree.resident, self._family))
        if size > self.memory and len(self._family) > 1:
            size = self._once(pid, size)
        else:
            self._exact = -1
        self._room = max(0, self.memory - size)
        self.peak = max(self.peak, size)
        return size

    def _once(self, pid: int, resident: int) -> int:
        """What the processes have, what they share counted once: more than the limit only where that is so."""
        faults = sum(map(tree.faults, self._family))
        size = self.memory + TOO_MUCH + 1
        if self._exact >= 0:
            size = self._exact + max(0, resident - self._resident, (faults - self._faults) * tree.PAGE)
        begun = time.monotonic()
        if size <= self.memory or (begun < self._ask_due and size <= self.memory + TOO_MUCH):
            return min(size, self.memory)
        tree.freeze(pid)
        self._family = [pid, *tree.descendants(pid)]
        self._resident, self._faults = sum(map(tree.resident, self._family)), sum(map(tree.faults, self._family))
        self._exact = sum(map(tree.share, self._family))
        if self._exact <= self.memory:
            tree.thaw(pid)
        now = time.monotonic()
        self._ask_due = now + (now - begun)  # half of the time
        return self._exact


def size_of_file(file: str) -> int:
    """Bytes of a file; 0 where there is none yet."""
    try:
        return os.stat(file).st_size
    except OSError:
        return 0


def amount(count: int) -> str:
    """Bytes in words."""
    return f"{count / 2**30:.1f} GiB" if count >= 2**30 else f"{count / 2**20:.0f} MiB"
