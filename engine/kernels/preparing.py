"""How long kernels take to be loaded and compiled, which is no op's own work: whoever measures ops takes it off. Standard library only."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

took: list[Callable[[float], None]] = []  # are told, when it is over, how many seconds it was

_lock = threading.Lock()
_depth = 0
_since = 0.0


def begin() -> None:
    """Loading or compiling begins; in it, or in another thread, more of it may begin."""
    global _depth, _since
    with _lock:
        if not _depth:
            _since = time.perf_counter()
        _depth += 1


def end() -> None:
    """It ends. With the last one, those in ``took`` are told how long all of it was."""
    global _depth
    with _lock:
        _depth -= 1
        if _depth:
            return
        seconds = time.perf_counter() - _since
    for told in took:
        told(seconds)
