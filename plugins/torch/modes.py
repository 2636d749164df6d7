"""Puts the mode that sees PyTorch's functions at the bottom of a thread's stack, below the script's own modes, and takes it away again."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from .forward import Ops
from .kernels import Kernels
from .watch import Watch

_length = torch._C._len_torch_function_stack
_at = torch._C._get_function_stack_at
_pop = torch._C._pop_torch_function_stack
_push = torch._C._push_on_torch_function_stack


def _stack() -> list[Any]:
    return [_at(place) for place in range(_length())]


def _rebuild(modes: list[Any]) -> None:
    while _length():
        _pop()
    for mode in modes:
        _push(mode)


class Modes:
    """The mode of every thread. A mode that stayed behind in a thread that ends can abort the process, so a thread takes it along."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._mode = Ops(watch)
        self._kernels = Kernels(watch) if watch.kernels else None
        self._run: Any = None

    def put(self) -> None:
        """See functions in this thread, and in those that begin from now on."""
        self._below()
        if self._run is None:
            run = self._run = threading.Thread.run
            watch, modes = self._watch, self

            def recorded_run(thread: threading.Thread) -> None:
                if not watch.on:
                    return run(thread)
                modes._below()
                try:
                    return run(thread)
                finally:
                    modes._away()

            threading.Thread.run = recorded_run  # type: ignore[method-assign, assignment]

    def take_away(self) -> None:
        """See no more functions in this thread, nor in new ones."""
        self._away()
        if self._run is not None:
            threading.Thread.run = self._run  # type: ignore[method-assign]
            self._run = None

    def _below(self) -> None:
        modes = _stack()
        if self._mode not in modes:
            _rebuild([self._mode, *modes])
        if self._kernels is not None:
            self._kernels.put()

    def _away(self) -> None:
        if self._kernels is not None:
            self._kernels.take_away()
        self._off()

    def _off(self) -> None:
        modes = _stack()
        if self._mode in modes:
            _rebuild([mode for mode in modes if mode is not self._mode])

    @contextmanager
    def inside(self) -> Iterator[None]:
        """While the mode handles the call of ``backward`` it is off: inside, what runs in hooks and Functions is seen as well."""
        modes = _stack()
        if self._mode in modes:
            yield
            return
        _rebuild([self._mode, *modes])
        try:
            yield
        finally:
            self._off()
