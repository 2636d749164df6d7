"""Jobs of several processes: those that the script spawns to be ranks (``torch.multiprocessing.spawn``) write a tape each, and the
parameters of a DistributedDataParallel go by the names that they have in the script's own module.

Whoever is started by torchrun is recorded from outside; workers of a DataLoader come another way and are not recorded.
"""

from __future__ import annotations

import functools
import sys
import weakref
from collections.abc import Callable
from typing import Any

import torch.multiprocessing

from gradstep.engine.debug.launch import Launch
from gradstep.engine.debug.ranks import Rank
from gradstep.engine.debug.unattended import recorded

from .watch import Watch


class Ranked:
    """What a spawned process calls first. It is pickled on the way, so it holds plain values and the script's function."""

    def __init__(self, function: Callable[..., object], launch: Launch, tape: str, size: int) -> None:
        self._function, self._launch, self._tape, self._size = function, launch.plain(), tape, size
        functools.update_wrapper(self, function, updated=())

    def __call__(self, number: int, *args: Any) -> Any:
        with recorded(Launch.of(self._launch), self._tape, Rank(number, self._size)):
            return self._function(number, *args)


def record_ranks(launch: Launch, tape: str) -> None:
    """From now on what this program spawns is recorded, beside the ``tape`` of the program itself."""
    module: Any = sys.modules["torch.multiprocessing.spawn"]  # the name in its package is that of a function
    start = module.start_processes

    @functools.wraps(start)
    def start_processes(fn: Callable[..., object], args: Any = (), nprocs: int = 1, *others: Any, **named: Any) -> Any:
        return start(Ranked(fn, launch, tape, nprocs), args, nprocs, *others, **named)

    module.start_processes = start_processes
    torch.multiprocessing.start_processes = start_processes


class Replicas:
    """Names the parameters of a module before DistributedDataParallel looks at them: it does so before any module is called."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._made: Any = None

    def put(self) -> None:
        """Name parameters from now on."""
        if self._made is not None or not torch.distributed.is_available():
            return
        watch, kind = self._watch, torch.nn.parallel.DistributedDataParallel
        made = self._made = kind.__init__

        @functools.wraps(made)
        def named(self: Any, module: Any, *args: Any, **kwargs: Any) -> None:
            tape = watch.recorder
            if tape is not None and isinstance(module, torch.nn.Module):
                names = tape.nouns.names
                for name, tensor in (*module.named_parameters(), *module.named_buffers()):
                    names.setdefault(id(tensor), (weakref.ref(tensor), name))
            made(self, module, *args, **kwargs)

        kind.__init__ = named

    def take_away(self) -> None:
        """Name no more."""
        if self._made is not None:
            torch.nn.parallel.DistributedDataParallel.__init__ = self._made
            self._made = None
