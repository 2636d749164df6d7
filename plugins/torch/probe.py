"""Puts everything into PyTorch that records a program, and takes it out again."""

from __future__ import annotations

import atexit
import os
from typing import Any

import torch
import torch.overrides
from torch.autograd.variable import Variable

from gradstep.engine.debug.target import Conductor
from gradstep.engine.tape import recorder as recording
from gradstep.engine.tape.stacks import take_for_detour, take_for_own

from .arming import Arming
from .arriving import when_imported
from .backward import Engine
from .collecting import Collecting
from .forward import Calls
from .hooks import Registrations
from .modes import Modes
from .naming import Names
from .optimizers import Optimizers
from .recorder import TorchRecorder
from .watch import Watch


def _compile_nothing() -> None:
    """A compiled graph is one opaque step, and dynamo would compile our own hooks."""
    if hasattr(torch, "compiler") and hasattr(torch.compiler, "set_stance"):
        torch.compiler.set_stance("force_eager")


class Probe:
    """All that gradstep puts into PyTorch. ``begin`` and ``pause`` can be called as often as one likes."""

    def __init__(self, tape: TorchRecorder, control: Conductor, *, holds: bool, kernels: bool = False) -> None:
        self.watch = watch = Watch()
        watch.recorder, watch.control, watch.holds, watch.kernels = tape, control, holds, kernels
        self._modes, self._calls, self._registrations = Modes(watch), Calls(watch), Registrations(watch)
        self._names = tape.nouns.given_names = Names()
        self._optimizers = Optimizers(watch)
        self._collecting = Collecting()
        watch.retained, watch.hooked = self._registrations.retained, self._registrations.hooked
        self.arming = Arming(watch, self.begin, self.pause)
        self._engine: Any = None

    def put(self) -> None:
        """Put in what has to be there all the time, and costs nothing."""
        take_for_own(os.path.dirname(torch.__file__))
        take_for_detour(torch.overrides.handle_torch_function.__code__)
        self._engine = Variable._execution_engine
        Variable._execution_engine = Engine(self._engine, self.watch, self._modes, self.arming)
        self._registrations.put()
        self._names.put()
        self._optimizers.put()
        when_imported("torch._dynamo", _compile_nothing)
        atexit.register(self.pause)

    def begin(self) -> None:
        """Record from now on."""
        self.watch.on = True
        self._collecting.put()
        self._calls.put()
        self._modes.put()

    def pause(self) -> None:
        """Record nothing for now: what is left costs nothing."""
        self.watch.on = False
        self._modes.take_away()
        self._calls.take_away()
        self._collecting.take_away()

    def take_away(self) -> None:
        """Leave PyTorch as it was."""
        self.pause()
        if self._engine is not None:
            Variable._execution_engine = self._engine
            self._engine = None
            self._registrations.take_away()
            self._names.take_away()
            self._optimizers.take_away()

    def forget(self) -> None:
        """In a forked child, whose parent is the one that is recorded."""
        self.watch.on = False
        self.watch.recorder = self.watch.control = None
        self.take_away()
        recording.uninstall()
