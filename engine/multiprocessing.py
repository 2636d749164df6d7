"""``torch.multiprocessing``: Python's own; a tensor that is sent arrives as a copy."""

from __future__ import annotations

import multiprocessing as _multiprocessing
from collections.abc import Callable, Sequence
from multiprocessing import *  # noqa: F403
from typing import Any

_STRATEGIES = {"file_descriptor", "file_system"}
_strategy = "file_descriptor"


def get_all_sharing_strategies() -> set[str]:
    """The names that ``set_sharing_strategy`` takes."""
    return set(_STRATEGIES)


def get_sharing_strategy() -> str:
    """What ``set_sharing_strategy`` was given."""
    return _strategy


def set_sharing_strategy(new_strategy: str) -> None:
    """Kept: tensors are copied.

    Raises AssertionError for an unknown name.
    """
    global _strategy
    assert new_strategy in _STRATEGIES
    _strategy = new_strategy


def spawn(
    fn: Callable[..., Any], args: Sequence[Any] = (), nprocs: int = 1, join: bool = True, daemon: bool = False, start_method: str = "spawn"
) -> Any:
    """Call ``fn(i, *args)`` in ``nprocs`` processes; with ``join`` wait for them.

    Raises RuntimeError where one of them fails.
    """
    context: Any = _multiprocessing.get_context(start_method)
    processes = [context.Process(target=fn, args=(i, *args), daemon=daemon) for i in range(nprocs)]
    for process in processes:
        process.start()
    if not join:
        return processes
    for i, process in enumerate(processes):
        process.join()
        if process.exitcode:
            raise RuntimeError(f"process {i} terminated with exit code {process.exitcode}")
    return None
