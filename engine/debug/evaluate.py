"""Python of the user's in the user's program, with a time limit that also ends endless loops and long sleeps.

In the main thread a private signal interrupts whatever Python waits for; in another thread an exception is planted, which
takes effect at its next line of Python. Native code that never comes back cannot be interrupted: the question is then
answered without it, and the program stands still until it does come back.
"""

from __future__ import annotations

import ctypes
import signal
import sys
import threading
import types
from collections.abc import Callable
from typing import Any, TypeVar

LIMIT = 2.0  # seconds
TEXT_CAP = 1 << 16  # characters of an answer

T = TypeVar("T")


class TimeUp(BaseException):
    """The time limit is over. Not an Exception: a user's ``except Exception`` must not swallow it."""


def private_signal() -> signal.Signals | int | None:
    """A signal that scripts do not use, for interrupting the main thread; None where the system has none to spare."""
    first, last = getattr(signal, "SIGRTMIN", None), getattr(signal, "SIGRTMAX", None)
    return None if first is None or last is None else int(first) + (int(last) - int(first)) // 2 + 3


def take_planted(thread: int) -> None:
    """Let an exception that was planted in this thread (``thread`` is its number), but not met yet, take effect here, and forget it.

    To cancel it by planting None would leave Python's flag that one waits: the interpreter then looks for it before every
    instruction, and up to Python 3.11 a function that is traced never begins."""
    try:
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(TimeUp))
        while True:  # it strikes at the first turn
            pass
    except TimeUp:
        return


class Deadline:
    """Runs a function and raises TimeUp inside it when its time is over.

    ``expired`` is called at that moment from another thread, whether or not the function can be interrupted.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._armed = 0  # number of the run that may be interrupted, 0: none
        self._count = 0
        self._fired = False

    def run(self, function: Callable[[], T], seconds: float, expired: Callable[[], None]) -> T:
        """The function's result. Raises TimeUp, or what it raises."""
        thread = threading.get_ident()
        self._count += 1
        number = self._count
        timer = threading.Timer(seconds, self._fire, (number, thread, expired))
        timer.daemon = True
        try:
            try:
                with self._lock:
                    self._armed, self._fired = number, False
                timer.start()
                return function()
            finally:
                self._disarm(thread)
                timer.cancel()
        except TimeUp:
            self._disarm(thread)  # it can strike inside the lines above
            timer.cancel()
            raise

    def _disarm(self, thread: int) -> None:
        with self._lock:
            planted = self._fired and self._armed != 0 and thread != threading.main_thread().ident
            self._armed = 0
        if planted:
            take_planted(thread)

    def _fire(self, number: int, thread: int, expired: Callable[[], None]) -> None:
        with self._lock:
            if self._armed != number:
                return
            self._fired = True
            chosen = private_signal()
            if thread == threading.main_thread().ident and chosen is not None:
                signal.pthread_kill(thread, chosen)
            else:
                ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(TimeUp))
        expired()

    def interrupt(self) -> None:
        """For the handler of the private signal: raises TimeUp where the time of what runs here is over."""
        if self._armed and self._fired:
            self._armed = 0
            raise TimeUp


def evaluate(expression: str, frame: types.FrameType | None, names: dict[str, Any] | None = None) -> Any:
    """The value of an expression, seen from a frame of the user's. Raises SyntaxError, and what the expression raises.

    ``names`` come first. Locals and globals are seen as one, so that a lambda or a comprehension in the expression sees them all.
    """
    main = sys.modules.get("__main__")
    scope: dict[str, Any] = dict(vars(main)) if main is not None else {}
    if frame is not None:
        scope = {**frame.f_globals, **frame.f_locals}
    scope.update(names or {})
    return eval(compile(expression.strip(), "<expression>", "eval", dont_inherit=True), scope)


def shown(value: object) -> str:
    """The value's repr, cut to a length that a window can take."""
    text = repr(value)
    return text if len(text) <= TEXT_CAP else f"{text[:TEXT_CAP]}... ({len(text)} characters)"
