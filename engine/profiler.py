"""``torch.profiler``: ``autograd.profiler`` under the names and in the steps that newer scripts use."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from .autograd import profiler as _profiler
from .autograd.profiler import EventList, record_function

__all__ = ["ProfilerAction", "ProfilerActivity", "profile", "record_function", "schedule", "tensorboard_trace_handler"]


class ProfilerActivity(enum.Enum):
    """What is timed; here it is ops on the CPU side in any case."""

    CPU = 0
    XPU = 1
    CUDA = 2


class ProfilerAction(enum.Enum):
    """What a schedule says about a step."""

    NONE = 0
    WARMUP = 1
    RECORD = 2
    RECORD_AND_SAVE = 3


def schedule(
    *, wait: int, warmup: int, active: int, repeat: int = 0, skip_first: int = 0, skip_first_wait: int = 0
) -> Callable[[int], ProfilerAction]:
    """What happens at each step: after ``skip_first`` steps, rounds of ``wait``, ``warmup`` and ``active`` ones; ``repeat`` rounds, or
    no end."""

    def action(step: int) -> ProfilerAction:
        assert step >= 0
        if step < skip_first:
            return ProfilerAction.NONE
        step -= skip_first
        if skip_first_wait:
            step += wait
        length = wait + warmup + active
        if repeat and step // length >= repeat:
            return ProfilerAction.NONE
        place = step % length
        if place < wait:
            return ProfilerAction.NONE
        if place < wait + warmup:
            return ProfilerAction.WARMUP
        return ProfilerAction.RECORD if place < length - 1 else ProfilerAction.RECORD_AND_SAVE

    return action


def tensorboard_trace_handler(dir_name: str, worker_name: str | None = None, use_gzip: bool = False) -> Callable[[profile], None]:
    """For ``on_trace_ready``: writes each trace into a file of ``dir_name``."""
    del use_gzip

    def write(prof: profile) -> None:
        folder = Path(dir_name)
        folder.mkdir(parents=True, exist_ok=True)
        prof.export_chrome_trace(folder / f"{worker_name or 'gradstep'}.{prof.step_num}.pt.trace.json")

    return write


class profile:
    """The block, or those steps of it that ``schedule`` picks, are timed op by op; ``step()`` ends a step.

    ``on_trace_ready`` is called with this object at the end of each round of the schedule, or of the block.
    """

    def __init__(
        self,
        *,
        activities: Iterable[ProfilerActivity] | None = None,
        schedule: Callable[[int], ProfilerAction] | None = None,
        on_trace_ready: Callable[[profile], Any] | None = None,
        record_shapes: bool = False,
        **_: Any,
    ) -> None:
        del activities
        self.step_num = 0
        self._schedule = schedule or (lambda step: ProfilerAction.RECORD)
        self._ready = on_trace_ready
        self._shapes = record_shapes
        self._running: Any = None
        self._last: Any = _profiler.profile(record_shapes=record_shapes)

    def __enter__(self) -> profile:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Begin with the first step."""
        self._begin()

    def stop(self) -> None:
        """End; a trace that is open is ready."""
        if self._running is not None:
            self._end()
            if self._ready is not None:
                self._ready(self)

    def step(self) -> None:
        """A step is over; the schedule says what happens in the next."""
        saves = self._schedule(self.step_num) is ProfilerAction.RECORD_AND_SAVE
        self.step_num += 1
        if saves and self._running is not None:
            self._end()
            if self._ready is not None:
                self._ready(self)
        self._begin()

    def _begin(self) -> None:
        records = self._schedule(self.step_num) in (ProfilerAction.RECORD, ProfilerAction.RECORD_AND_SAVE)
        if records and self._running is None:
            self._running = self._last = _profiler.profile(record_shapes=self._shapes)
            self._running.__enter__()
        elif not records and self._running is not None:
            self._end()

    def _end(self) -> None:
        self._running.__exit__(None, None, None)
        self._running = None

    def events(self) -> EventList:
        """All events of the last trace."""
        found: EventList = self._last.events()
        return found

    def key_averages(self, group_by_input_shape: bool = False, group_by_stack_n: int = 0) -> EventList:
        """The events of the last trace by name."""
        found: EventList = self._last.key_averages(group_by_input_shape, group_by_stack_n)
        return found

    def export_chrome_trace(self, path: Any) -> None:
        """Write the last trace as a file that Chrome's tracing viewer opens."""
        self._last.export_chrome_trace(path)
