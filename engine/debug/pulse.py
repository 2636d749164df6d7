"""A few numbers in a mapped file that the debuggee writes and the supervisor reads: how it lives, and where it died.

They cost one store each, need no descriptor once mapped, and survive the process: after a crash in native code the file
still names the backward node that was running. Whoever only reads this never waits for the debuggee.
"""

from __future__ import annotations

import mmap
import os
from enum import IntEnum

from ..older import dataclass

_BEAT, _POSITION, _NODE, _RUN, _STEPS, _PHASE, _NAME_SIZE, _HOOK_SIZE = range(8)
_NUMBERS = 8
_NAME_CAP = 64
SIZE = 8 * _NUMBERS + 2 * _NAME_CAP


class Phase(IntEnum):
    """What the debuggee is doing."""

    STARTING = 0
    FORWARD = 1
    BACKWARD = 2
    PAUSED = 3
    ENDED = 4


@dataclass(frozen=True, slots=True)
class Reading:
    """One look at the numbers. ``node`` is 0 while no backward node runs, ``hook`` is "" while no hook does."""

    beat: int
    position: int
    node: int
    run: int
    steps: int
    phase: Phase
    name: str
    hook: str = ""


class Pulse:
    """The mapped file. Exactly one process writes it."""

    def __init__(self, path: str, *, create: bool = False) -> None:
        descriptor = os.open(path, os.O_RDWR | (os.O_CREAT | os.O_EXCL if create else 0) | os.O_CLOEXEC, 0o600)
        try:
            if create:
                os.ftruncate(descriptor, SIZE)
            self._map = mmap.mmap(descriptor, SIZE)
        finally:
            os.close(descriptor)
        self._numbers = memoryview(self._map)[: 8 * _NUMBERS].cast("q")
        self._name = memoryview(self._map)[8 * _NUMBERS : 8 * _NUMBERS + _NAME_CAP]
        self._hook = memoryview(self._map)[8 * _NUMBERS + _NAME_CAP :]
        self._texts: dict[str, bytes] = {}  # of names

    def beat(self) -> None:
        """Another sign of life."""
        self._numbers[_BEAT] += 1

    def at(self, position: int) -> None:
        """``position`` events are on the tape."""
        self._numbers[_POSITION] = position

    def phase(self, phase: Phase) -> None:
        """The debuggee does something else now."""
        self._numbers[_PHASE] = phase

    def enter(self, run: int, node: int, name: str, after: bool = False) -> None:
        """Backward node ``node`` of ``run`` is about to run. ``after``: the one that was entered before has run, and nobody left it."""
        numbers, text = self._numbers, self._texts.get(name) or self._text(name)
        self._name[: len(text)] = text
        numbers[_NAME_SIZE] = len(text)
        if after:
            numbers[_STEPS] += 1
        numbers[_RUN] = run
        numbers[_NODE] = node

    def leave(self) -> None:
        """The node has run."""
        self._numbers[_NODE] = self._numbers[_HOOK_SIZE] = 0
        self._numbers[_STEPS] += 1

    def hook(self, name: str) -> None:
        """The hook of that name is about to be called; "": it has returned, and no other one is around it."""
        text = self._texts.get(name) or self._text(name)
        self._hook[: len(text)] = text
        self._numbers[_HOOK_SIZE] = len(text)

    def _text(self, name: str) -> bytes:
        text = self._texts[name] = name.encode(errors="replace")[:_NAME_CAP]
        return text

    def read(self) -> Reading:
        """The numbers as they are now. Not one moment's: each is right, together they may be a step apart."""
        numbers = self._numbers
        name, hook = (
            bytes(text[: min(max(numbers[size], 0), _NAME_CAP)]).decode(errors="replace")
            for text, size in ((self._name, _NAME_SIZE), (self._hook, _HOOK_SIZE))
        )
        phase = Phase(numbers[_PHASE]) if 0 <= numbers[_PHASE] <= Phase.ENDED else Phase.STARTING
        return Reading(numbers[_BEAT], numbers[_POSITION], numbers[_NODE], numbers[_RUN], numbers[_STEPS], phase, name, hook)

    def close(self) -> None:
        """Unmaps the file."""
        self._numbers.release()
        self._name.release()
        self._hook.release()
        self._map.close()
