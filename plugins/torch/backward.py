"""Stands before PyTorch's engine: every backward pass that Python begins goes through ``Variable._execution_engine``."""

from __future__ import annotations

import sys
from typing import Any

import torch

from .modes import Modes
from .passes import TorchPass, edge_of
from .watch import Watch

_level = getattr(torch._C._functorch, "maybe_current_level", lambda: None)


class Engine:
    """PyTorch's engine, with a look at what it is given."""

    def __init__(self, real: Any, watch: Watch, modes: Modes) -> None:
        self._real, self._watch, self._modes = real, watch, modes

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)  # queue_callback, is_checkpoint_valid

    def run_backward(
        self, outputs: Any, grads: Any, keep_graph: Any = None, create_graph: Any = False, inputs: Any = (), *rest: Any, **named: Any
    ) -> Any:
        """What PyTorch's engine gives for the same arguments."""
        watch = self._watch
        watch.begins()
        if not watch.records or _level() is not None:  # torch.func: the tensors there are wrappers
            return self._real.run_backward(outputs, grads, keep_graph, create_graph, inputs, *rest, **named)
        accumulate = named.get("accumulate_grad", True)
        with watch.silence(), torch._C.DisableTorchFunction():
            walk = self._opened(outputs, grads, bool(keep_graph), bool(create_graph), inputs, accumulate)
        if walk is None:  # it will refuse
            return self._real.run_backward(outputs, grads, keep_graph, create_graph, inputs, *rest, **named)
        control, passes = watch.control, watch.local.passes
        assert control is not None
        passes.append(walk)
        error: BaseException | None = None
        try:
            with self._modes.inside():
                return self._real.run_backward(outputs, grads, keep_graph, create_graph, inputs, *rest, **named)
        except BaseException as raised:
            error = raised
            raise
        finally:
            with watch.silence(), torch._C.DisableTorchFunction():
                node = walk.current
                if error is not None and node is not None:
                    control.failed(error, walk, node, sys._getframe(1))
                elif error is None:
                    control.tell_due(walk, sys._getframe(1))
                walk.end(error)
                control.closed(walk)
                passes.remove(walk)
                walk.let_go()
            del walk, node, error

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
        return walk
