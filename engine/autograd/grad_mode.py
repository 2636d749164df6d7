"""Whether ops are recorded for backward: the modes no_grad, enable_grad, set_grad_enabled and inference_mode.

``mode`` holds what is on in the running thread. An op looks at one attribute of it, ``mode.quick``, to see whether it may take
the short way (``quick.py``): None sends every call to the general ``call``. Whatever changes what an op does (dual levels,
functorch levels, hooks for saved tensors) counts itself in ``mode.special`` while it is on: ``mode.special += 1`` when it
begins, ``mode.special -= 1`` when it ends.
"""

from __future__ import annotations

import functools
import inspect
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from ..devices import quiet_context

F = TypeVar("F", bound=Callable[..., Any])


class _Mode(threading.local):
    """The modes of a thread.

    enabled: ops are recorded for backward. inference: tensors made now never take part in autograd. quiet: the engine's own
    work inside a backward pass that is not recorded for another, not on the tape. autocast: the regions that are open
    (``engine/autocasting.py``), or None. special: how many things are on that the
    short way of an op knows nothing of. quick: None where there is such a thing, else what the short way needs: a function
    that calls another with numpy's floating-point warnings off, and ``enabled``. transforms: how many levels of
    ``autograd/levels.py`` the thread is in; tangents of levels from ``ceiling`` on are not seen. timer: what
    calls ops while a profile is open.
    """

    enabled: bool = True  # class attributes are every thread's first values
    inference: bool = False
    quiet: bool = False
    autocast: Any = None
    special: int = 0
    transforms: int = 0
    timer: Callable[..., Any] | None = None
    ceiling: float = float("inf")
    quick: tuple[Callable[..., Any], bool] | None
    _both: tuple[tuple[Callable[..., Any], bool], tuple[Callable[..., Any], bool]]

    def __init__(self) -> None:
        run = quiet_context()
        self.__dict__["_both"] = ((run, False), (run, True))
        self.enabled = True

    def __setattr__(self, name: str, value: Any) -> None:
        own = self.__dict__
        own[name] = value
        if name != "quiet" and name != "quick":
            own["quick"] = None if self.special or self.inference else self._both[self.enabled]

    def switch(self, enabled: bool, inference: bool = False, quick: tuple[Callable[..., Any], bool] | None = None) -> None:
        """Set ``enabled`` and ``inference`` at once; ``quick`` is what the short way is to have instead of what they make of it."""
        own = self.__dict__
        own["enabled"], own["inference"] = enabled, inference
        own["quick"] = None if self.special or inference else quick or self._both[enabled]


mode = _Mode()


class _ModeGuard:
    """A mode as a context manager and as a decorator; each use restores what it found."""

    def __init__(self) -> None:
        self._found: list[tuple[bool, bool]] = []

    def _wanted(self) -> tuple[bool, bool]:
        raise NotImplementedError

    def __enter__(self) -> None:
        self._found.append((mode.enabled, mode.inference))
        mode.switch(*self._wanted())

    def __exit__(self, *_: object) -> None:
        mode.switch(*self._found.pop())

    def _again(self) -> _ModeGuard:
        return type(self)()

    def __call__(self, function: F) -> F:
        again = self._again
        if inspect.isgeneratorfunction(function):

            @functools.wraps(function)
            def generator(*args: Any, **kwargs: Any) -> Any:
                # the mode holds while the generator's own code runs, not while its caller's does
                running = function(*args, **kwargs)
                sent: Any = None
                try:
                    while True:
                        with again():
                            try:
                                item = running.send(sent)
                            except StopIteration as stop:
                                return stop.value
                        sent = yield item
                finally:
                    running.close()

            return generator  # type: ignore[return-value]

        @functools.wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            with again():
                return function(*args, **kwargs)

        return wrapper  # type: ignore[return-value]


class no_grad(_ModeGuard):
    """Ops inside are not recorded. A context manager and a decorator, as ``no_grad()`` or bare ``@no_grad``."""

    def __new__(cls, function: Any = None) -> Any:
        guard = super().__new__(cls)
        if function is None:
            return guard
        guard.__init__()  # type: ignore[misc]
        return guard(function)

    def __init__(self, function: Any = None) -> None:
        super().__init__()

    def _wanted(self) -> tuple[bool, bool]:
        return False, mode.inference


class enable_grad(no_grad):
    """Ops inside are recorded, also within ``no_grad``."""

    def _wanted(self) -> tuple[bool, bool]:
        return True, mode.inference


class set_grad_enabled(_ModeGuard):
    """Turn recording on or off: at once when called, and until the end of the block as a context manager."""

    def __init__(self, mode: bool) -> None:
        super().__init__()
        if not isinstance(mode, bool):
            raise TypeError(f"set_grad_enabled(): argument 'enabled' (position 1) must be bool, not {type(mode).__name__}")
        self.mode = mode
        self._before = (_get()[0], _get()[1])
        _set(mode, _get()[1])

    def _wanted(self) -> tuple[bool, bool]:
        return self.mode, mode.inference

    def __enter__(self) -> None:
        self._found.append(self._before)
        mode.enabled = self.mode

    def _again(self) -> _ModeGuard:
        return _Restoring(self.mode)

    def __call__(self, function: F) -> F:
        mode.enabled, mode.inference = self._before  # as a decorator it does not act at once
        return super().__call__(function)


class _Restoring(_ModeGuard):
    def __init__(self, enabled: bool) -> None:
        super().__init__()
        self._enabled = enabled

    def _wanted(self) -> tuple[bool, bool]:
        return self._enabled, mode.inference


class inference_mode(_ModeGuard):
    """As ``no_grad``, and tensors made inside can never take part in autograd."""

    def __new__(cls, mode: Any = True) -> Any:
        if isinstance(mode, bool):
            return super().__new__(cls)
        return cls()(mode)

    def __init__(self, mode: bool = True) -> None:
        super().__init__()
        self.mode = mode

    def _wanted(self) -> tuple[bool, bool]:
        return (False, True) if self.mode else (True, False)

    def _again(self) -> _ModeGuard:
        guard: _ModeGuard = inference_mode(self.mode)
        return guard


class set_multithreading_enabled(_ModeGuard):
    """Accepted for PyTorch's sake: a backward pass here runs in the thread that asks for it in any case."""

    def __init__(self, mode: bool) -> None:
        super().__init__()
        self.mode = mode
        self.prev = _threads.allowed
        _threads.allowed = mode

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        _threads.allowed = self.prev


class _Threads(threading.local):
    allowed = True


_threads = _Threads()


def is_multithreading_enabled() -> bool:
    """What ``set_multithreading_enabled`` was given last in this thread."""
    return _threads.allowed


def is_view_replay_enabled() -> bool:
    """Whether views of changed tensors are made anew by their own ops: never, here they are taken by position."""
    return False


def _get() -> tuple[bool, bool]:
    return mode.enabled, mode.inference


def _set(enabled: bool, inference: bool) -> None:
    mode.enabled, mode.inference = enabled, inference


def is_grad_enabled() -> bool:
    """Whether ops of this thread are recorded now."""
    return mode.enabled


def is_inference_mode_enabled() -> bool:
    """Whether this thread is inside ``inference_mode``."""
    return mode.inference
