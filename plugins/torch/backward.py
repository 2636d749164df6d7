"""Stands before PyTorch's engine: every backward pass that Python begins goes through ``Variable._execution_engine``."""

from __future__ import annotations

import sys
from typing import Any

import torch

from .arming import Arming
from .modes import Modes
from .passes import TakenOver, TorchPass, edge_of
from .unseen import TRANSFORM
from .watch import Watch

_task = torch._C._current_graph_task_id
_level = getattr(torch._C._functorch, "maybe_current_level", lambda: None)


class Engine:
    """PyTorch's engine, with a look at what it is given."""

    def __init__(self, real: Any, watch: Watch, modes: Modes, arming: Arming) -> None:
        self.real, self._watch, self._modes, self._arming = real, watch, modes, arming

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)  # queue_callback, is_checkpoint_valid

    def run_backward(
        self, outputs: Any, grads: Any, keep_graph: Any = None, create_graph: Any = False, inputs: Any = (), *rest: Any, **named: Any
    ) -> Any:
        """What PyTorch's engine gives for the same arguments."""
        watch, arming = self._watch, self._arming
        if not watch.local.quiet and _task() < 0:
            if arming.asked is not None:
                arming.switch()
            if not watch.on and watch.recorder is not None:
                return arming.run(self, outputs, grads, keep_graph, create_graph, inputs, rest, named)
        if not watch.records or _level() is not None:  # torch.func: the tensors there are wrappers
            if watch.records and watch.recorder is not None:
                watch.recorder.cannot_see("torch.func", TRANSFORM)
            return self.real.run_backward(outputs, grads, keep_graph, create_graph, inputs, *rest, **named)
        accumulate = named.get("accumulate_grad", True)
        with watch.silence(), torch._C.DisableTorchFunction():
            walk = self._opened(outputs, grads, bool(keep_graph), bool(create_graph), inputs, accumulate)
        if walk is None:  # it will refuse
            return self.real.run_backward(outputs, grads, keep_graph, create_graph, inputs, *rest, **named)
        control, passes = watch.control, watch.local.passes
        assert control is not None
        passes.append(walk)
        around, watch.local.driven = watch.local.driven, None
        error: BaseException | None = None
        try:
            with self._modes.inside():
                try:
                    return self.real.run_backward(outputs, grads, keep_graph or walk.kept, create_graph, inputs, *rest, **named)
                except TakenOver:
                    return self._rest(walk, inputs, accumulate)
        except BaseException as raised:
            error = raised
            raise
        finally:
            with watch.silence(), torch._C.DisableTorchFunction():
                node = walk.current
                if error is not None and node is not None and not walk.told:
                    control.failed(error, walk, node, sys._getframe(1))
                elif error is None and not walk.told:
                    control.tell_due(walk, sys._getframe(1))
                walk.end(error)
                if not walk.told:
                    control.closed(walk)
                passes.remove(walk)
                watch.local.driven = around
                walk.let_go()
            del walk, node, error

    def _rest(self, walk: TorchPass, inputs: Any, accumulate: bool) -> Any:
        """Steps were taken back: take those that are left without PyTorch's engine. What PyTorch's would have returned."""
        control = self._watch.control
        assert control is not None
        walk.told = True
        control.resume(walk)
        for callback in walk.callbacks:
            callback()
        if not inputs or accumulate:
            return ()
        return tuple([walk.captured(edge_of(one)) for one in inputs])

    def queue_callback(self, callback: Any) -> None:
        """See PyTorch's engine: call this at the end of the pass."""
        walk = self._watch.walk()
        if walk is not None:
            walk.callbacks.append(callback)
            if walk.taken_over is not None:
                return
        self.real.queue_callback(callback)

    def _opened(self, outputs: Any, grads: Any, keep: bool, create: bool, inputs: Any, accumulate: bool) -> TorchPass | None:
        roots = [edge_of(output) for output in outputs]
        targets = [edge_of(one) for one in inputs] if inputs else None
        if any(root is None for root in roots) or (targets is not None and any(one is None for one in targets)) or not roots:
            return None
        control = self._watch.control
        assert control is not None
        walk = TorchPass(
            self._watch, [root for root in roots if root is not None], grads,
            None if targets is None else [one[0] for one in targets if one is not None], keep, create, accumulate, sys._getframe(2),
        )  # fmt: skip
        control.opened(walk)
        if walk.rewindable and self._watch.holds and not create:
            walk.keep()
        return walk
