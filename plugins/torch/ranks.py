"""Processes that the script spawns to be the ranks of a job (``torch.multiprocessing.spawn``): each writes a tape of its own.

Whoever is started by torchrun is recorded from outside; workers of a DataLoader come another way and are not recorded.
"""

from __future__ import annotations

import contextlib
import functools
import glob
import os
import sys
from collections.abc import Callable
from typing import Any

import torch.multiprocessing

from gradstep.engine.debug.launch import Launch
from gradstep.engine.debug.ranks import Rank
from gradstep.engine.debug.unattended import recorded
from gradstep.engine.tape.postscript import conclude


class Ranked:
    """What a spawned process calls first. It is pickled on the way, so it holds plain values and the script's function."""

    def __init__(self, function: Callable[..., object], launch: Launch, tape: str, size: int) -> None:
        self._function, self._launch, self._tape, self._size = function, launch.plain(), tape, size
        functools.update_wrapper(self, function, updated=())

    def __call__(self, number: int, *args: Any) -> Any:
        with recorded(Launch.of(self._launch), self._tape, Rank(number, self._size)):
            return self._function(number, *args)


def _conclude(tape: str, count: int, error: Any) -> None:
    """Write behind the tapes of ranks that could not do so themselves how they ended: one failed, PyTorch ended the others for it."""
    stem, suffix = os.path.splitext(tape)
    for number in range(count):
        paths = [path for again in ("", "-*") for path in glob.glob(f"{glob.escape(stem)}.rank{number}{again}{suffix}")]
        how, reason = "stopped", f"ended by torch.multiprocessing, because rank {error.error_index} had failed."
        if number == error.error_index:
            signal = getattr(error, "signal_name", None)
            how, reason = "crashed", f"killed by {signal}." if signal else f"exit code {getattr(error, 'exit_code', '?')}."
        for path in sorted(paths, key=os.path.getmtime)[-1:]:
            with contextlib.suppress(OSError):  # the disk is full or gone: the tape is readable as it is
                conclude(path, how, reason)


def record_ranks(launch: Launch, tape: str) -> None:
    """From now on what this program spawns is recorded, beside the ``tape`` of the program itself."""
    module: Any = sys.modules["torch.multiprocessing.spawn"]  # the name in its package is that of a function
    start = module.start_processes

    @functools.wraps(start)
    def start_processes(fn: Callable[..., object], args: Any = (), nprocs: int = 1, *others: Any, **named: Any) -> Any:
        try:
            return start(Ranked(fn, launch, tape, nprocs), args, nprocs, *others, **named)
        except (module.ProcessExitedException, module.ProcessRaisedException) as error:
            _conclude(tape, nprocs, error)
            raise

    module.start_processes = start_processes
    torch.multiprocessing.start_processes = start_processes
