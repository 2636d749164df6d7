"""Ends calls into plug-ins that do not end: a thread sees that the window stands still, and the plug-in's own code is interrupted.

The thread only asks, by a signal; the main thread itself decides, between two steps of its own, whether it still stands where it stood
and whether that is a plug-in's code. So nothing comes late, and no code of ours is ever interrupted. Waiting (a lock, a socket, a sleep)
ends, too; a call of C code that neither waits nor returns cannot be ended: that is said in the log, and by the mark at the next start."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

from .catalogue import Feature
from .mark import Mark

LIMIT = 10  # ticks without a turn of the event loop, or the end of a call, after which a plug-in is interrupted
PATIENT = 60  # ... where the user asked for something large and waits for it
TICK = 1.0  # seconds
_SIGNAL = getattr(signal, "SIGURG", None)  # who does not know it ignores it: one that comes when nobody watches does no harm
_HERE = os.path.dirname(__file__)
_ROOT = os.path.dirname(os.path.dirname(_HERE))
_DOOR = (__file__, os.path.join(_HERE, "guard.py"), contextlib.__file__)  # through which calls go in and come out
_OURS = (*(os.path.join(_ROOT, name) + os.sep for name in ("engine", "gui", "plugins")), contextlib.__file__)


class TookTooLong(BaseException):
    """Raised inside of a plug-in's code that held the window up. Not an Exception: who takes all of these should not take this.
    ``in_call``: in a call of ours, whose end tells of it; else in one of Qt's."""

    def __init__(self, message: str, *, in_call: bool) -> None:
        super().__init__(message)
        self.in_call = in_call


class _Stay:
    """A call into a feature that goes on. ``frame`` is ours that called; ``interrupted`` says where it was, "" while it was not."""

    __slots__ = ("feature", "frame", "interrupted", "limit")

    def __init__(self, feature: Feature, frame: FrameType, limit: int) -> None:
        self.feature, self.frame, self.limit = feature, frame, limit
        self.interrupted = ""


class Watchdog:
    """Watches the main thread. ``owner`` says whose code a file is, None where it is no plug-in's; ``log`` takes what is to be written
    down, from any thread; ``mark`` tells the next window what this one was in. All methods are for the main thread."""

    def __init__(
        self,
        owner: Callable[[str], Feature | None],
        log: Callable[[str], None],
        mark: Mark | None = None,
        *,
        limit: int = LIMIT,
        tick: float = TICK,
    ) -> None:
        self._owner, self._log, self._mark = owner, log, mark
        self._limit, self._tick = limit, tick
        self._stays: list[_Stay] = []
        self._turns = 0  # what the main thread has done; written by it alone
        self._suspect = -1  # ... when the thread last asked
        self._thread: threading.Thread | None = None
        self._ended = threading.Event()
        self._before: Any = signal.SIG_DFL

    @property
    def is_on(self) -> bool:
        """Whether it watches."""
        return self._thread is not None

    def start(self) -> None:
        """Watch from now on. Does nothing where the system has no such signals, and outside of the main thread."""
        main = threading.main_thread()
        if _SIGNAL is None or self.is_on or threading.current_thread() is not main or main.ident is None:
            return
        self._before = signal.signal(_SIGNAL, self._asked) or signal.SIG_DFL
        self._ended.clear()
        self._thread = threading.Thread(target=self._watch, args=(main.ident,), name="gradstep-watchdog", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Watch no more."""
        thread, self._thread = self._thread, None
        if thread is not None:
            self._ended.set()
            thread.join()
            assert _SIGNAL is not None
            signal.signal(_SIGNAL, self._before)
        if self._mark is not None:
            self._mark.close()

    def turned(self) -> None:
        """The event loop turns."""
        self._turns += 1

    @contextlib.contextmanager
    def inside(self, feature: Feature, limit: int | None = None) -> Iterator[None]:
        """A call into a feature. Raises TookTooLong at its end also where the plug-in, or Qt, took what was raised in it."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        stay = _Stay(feature, _caller(), self._limit if limit is None else limit)
        self._stays.append(stay)
        self._turns += 1
        if self._mark is not None:
            self._mark.set(feature.id)
        try:
            yield
        finally:
            self._stays.pop()
            self._turns += 1
            if self._mark is not None:
                self._mark.set(self._stays[-1].feature.id if self._stays else "")
        if stay.interrupted:
            raise TookTooLong(stay.interrupted, in_call=True)

    # ------------------------------------------------------------------------------------------------- in the main thread

    def _asked(self, number: int, frame: FrameType | None) -> None:
        """The thread asks, while ``frame`` is at work: is it still where it was, and is that a plug-in's code?"""
        if self._suspect != self._turns:
            return  # it went on meanwhile
        feature = self._at_fault(frame)
        if feature is None or frame is None:
            return
        stay = self._stays[-1] if self._stays else None
        where = f"the window stood still for {self._seconds(stay)} and it was interrupted"
        in_call = stay is not None and stay.feature is feature
        if stay is not None and in_call:
            where = stay.interrupted = f"{where} ({os.path.basename(frame.f_code.co_filename)}:{frame.f_lineno})"
        raise TookTooLong(where, in_call=in_call)

    def _at_fault(self, frame: FrameType | None) -> Feature | None:
        """Whose code it is that is at work. None where it is ours, also where a plug-in called it: to interrupt that would break it."""
        stay = self._stays[-1] if self._stays else None
        foreign, inside = False, True
        while frame is not None:
            if stay is not None and frame is stay.frame:
                return stay.feature if foreign else None
            file = frame.f_code.co_filename
            if not file.startswith(_OURS):
                owner = self._owner(file) if inside else None
                if owner is not None:
                    return stay.feature if stay is not None and stay.feature.package == owner.package else owner
                if not inside:
                    return None  # ours is at work for somebody
                foreign = True
            elif foreign:
                inside = False  # code that a plug-in brought along: where all from here to the call is ours, it is its
            else:
                return None
            frame = frame.f_back
        return None

    def _seconds(self, stay: _Stay | None) -> str:
        return f"{(self._limit if stay is None else stay.limit) * self._tick:g} s"

    # ------------------------------------------------------------------------------------------------------ in the thread

    def _watch(self, main: int) -> None:
        turns, still, told = -1, 0, 0
        while not self._ended.wait(self._tick):
            if self._turns != turns:
                turns, still, told = self._turns, 0, 0
                continue
            still += 1  # ticks, not a clock: a process that was stopped, or a machine that slept, did not hang
            stays = self._stays[-1:]
            limit = stays[0].limit if stays else self._limit
            if still < limit:
                continue
            frame = sys._current_frames().get(main)
            feature = self._at_fault(frame) or (stays[0].feature if stays else None)
            if feature is None or frame is None:
                continue
            if told < 2 and still >= (limit if not told else 2 * limit):
                told += 1
                self._tell(feature, frame, still, again=told > 1)
            self._suspect = turns
            assert _SIGNAL is not None
            signal.pthread_kill(main, _SIGNAL)

    def _tell(self, feature: Feature, frame: FrameType, still: int, *, again: bool) -> None:
        if self._mark is not None:
            self._mark.set_hung(feature.id)
        stack = "".join(traceback.format_stack(frame))
        what, seconds = f"the {feature.kind} {feature.name} of {feature.package}", f"{still * self._tick:g} s"
        if again:
            self._log(
                f"{what} still holds the window up after {seconds}, and cannot be interrupted where it is. Nothing is left but to end"
                f" gradstep (process {os.getpid()}); the next window says so and offers to switch it off.\n{stack}"
            )
        else:
            self._log(f"{what} has held the window up for {seconds}; it is interrupted where its own code is at work.\n{stack}")


def _caller() -> FrameType:
    """Who called through the door."""
    frame = sys._getframe(1)
    while frame.f_code.co_filename in _DOOR and frame.f_back is not None:
        frame = frame.f_back
    return frame
