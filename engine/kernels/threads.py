"""How many threads compute on the host, and how work is dealt to them."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

_lock = threading.Lock()
_pool: ThreadPoolExecutor | None = None


def _available() -> int:
    """What OMP_NUM_THREADS says, else the processors that this process may use."""
    given = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0].strip()
    if given.isdecimal() and int(given):
        return int(given)
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity is not None else os.cpu_count() or 1


_count = _available()


def count() -> int:
    """How many threads share the work on large arrays."""
    return _count


def set_count(n: int) -> None:
    """Let ``n`` threads share the work on large arrays.

    Raises RuntimeError unless ``n`` is a positive integer.
    """
    global _count
    if not isinstance(n, int):
        raise RuntimeError(f"set_num_threads expects an int, but got {type(n).__name__}")
    if n <= 0:
        raise RuntimeError("set_num_threads expects a positive integer")
    _count = n
    _forget()


def _forget() -> None:
    global _pool, _lock
    _pool, _lock = None, threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)  # a fork takes no threads along


def _workers() -> ThreadPoolExecutor:
    global _pool
    from concurrent.futures import ThreadPoolExecutor  # not before there is something to share: the engine's import is short

    with _lock:
        if _pool is None:
            _pool = ThreadPoolExecutor(max(1, _count - 1), thread_name_prefix="gradstep-kernel")
        return _pool


def _quietly(work: Callable[[int, int], None], begin: int, end: int) -> None:
    with numpy.errstate(all="ignore"):  # each thread has its own setting
        work(begin, end)


def share(work: Callable[[int, int], None], items: int, grain: int) -> None:
    """Call ``work(begin, end)`` for pieces of ``items``, none much smaller than ``grain``, in several threads at once.

    ``work`` must give up the interpreter's lock. What it raises is raised here.
    """
    pieces = min(_count, items // grain) if grain else 1
    if pieces < 2:
        work(0, items)
        return
    step = -(-items // pieces)
    if step > 64:
        step = -(-step // 64) * 64  # whole lines of the cache
    starts = range(0, items, step)
    workers = _workers()
    futures = [workers.submit(_quietly, work, begin, min(begin + step, items)) for begin in starts[1:]]
    try:
        work(0, min(step, items))
    finally:
        errors = [future.exception() for future in futures]  # waits: nobody writes into the arrays any more
    for error in errors:
        if error is not None:
            raise error
