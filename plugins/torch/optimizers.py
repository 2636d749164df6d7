"""Notes on the tape which optimizer works on which parameters, the line that made it, and the steps that a loss scaler left out."""

from __future__ import annotations

import json
import sys
import weakref
from typing import Any

import torch
from torch.optim.optimizer import register_optimizer_step_pre_hook

from gradstep.engine.tape.stacks import own_line

from .watch import Watch


class Optimizers:
    """Hears of every optimizer that is made, and of its steps. Costs nothing elsewhere."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._made: weakref.WeakKeyDictionary[Any, Any] = weakref.WeakKeyDictionary()  # by optimizer, the line
        self._told: weakref.WeakKeyDictionary[Any, tuple[int, int]] = weakref.WeakKeyDictionary()  # the tape, and how many groups it had
        self._init: Any = None
        self._handle: Any = None
        self._scaled: Any = None
        self._steps = 0  # of all optimizers

    def put(self) -> None:
        """Hear of them from now on."""
        init = self._init = torch.optim.Optimizer.__init__
        made, told, watch = self._made, self._told, self._watch

        def __init__(optimizer: Any, *args: Any, **kwargs: Any) -> None:
            init(optimizer, *args, **kwargs)
            made[optimizer] = own_line(sys._getframe(1))

        def steps(optimizer: Any, args: Any, kwargs: Any) -> None:
            tape = watch.recorder
            self._steps += 1
            if tape is None or not watch.records:
                return
            groups = optimizer.param_groups
            if told.get(optimizer) != (id(tape), len(groups)):
                told[optimizer] = id(tape), len(groups)
                with watch.silence():
                    tape.optimizer(type(optimizer).__name__, [one for group in groups for one in group["params"]], made.get(optimizer))

        scaled = self._scaled = torch.amp.GradScaler.step

        def step(scaler: Any, *args: Any, **kwargs: Any) -> Any:
            before = self._steps
            result = scaled(scaler, *args, **kwargs)
            tape = watch.recorder
            if self._steps == before and tape is not None and watch.records:
                tape.note("step left out", json.dumps({"position": tape.position}))
            return result

        step.__doc__ = scaled.__doc__
        torch.amp.GradScaler.step = step
        __init__.__doc__ = init.__doc__
        torch.optim.Optimizer.__init__ = __init__
        self._handle = register_optimizer_step_pre_hook(steps)

    def take_away(self) -> None:
        """Hear no more."""
        if self._init is not None:
            torch.optim.Optimizer.__init__ = self._init
            torch.amp.GradScaler.step = self._scaled
            self._handle.remove()
            self._init = self._handle = None
