"""What PyTorch's functions and backward nodes run inside: the operators below autograd. Only where that was asked for: each costs ten
microseconds, and compiled code falls back.
"""

from __future__ import annotations

import time
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode

from .tensors import flat
from .watch import Watch

_now = time.perf_counter_ns
_length, _at = torch._C._len_torch_dispatch_stack, torch._C._get_dispatch_stack_at
_pop, _push = torch._C._pop_torch_dispatch_stack, torch._C._push_on_torch_dispatch_stack


class Kernels(TorchDispatchMode):  # type: ignore[misc]  # torch is Any where it is not installed
    """Writes down what it sees in the list of the op or node that runs in the thread. It lies below every mode of the script's own."""

    def __init__(self, watch: Watch) -> None:
        super().__init__()
        self._watch = watch

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """One call of an operator."""
        kwargs = kwargs or {}
        local = self._watch.local
        if local.quiet or local.kernels is None or not self._watch.on:
            return func(*args, **kwargs)
        started = _now()
        result = func(*args, **kwargs)
        took = _now() - started
        outs = [result] if isinstance(result, torch.Tensor) else flat(result, []) if isinstance(result, (tuple, list)) else []
        shapes = ", ".join(f"{str(out.dtype)[6:]} {list(out.shape)}" for out in outs if out.layout is torch.strided)
        local.kernels.append([str(getattr(func, "_schema", func)).partition("(")[0], shapes, took])
        return result

    def put(self) -> None:
        """See operators in this thread."""
        modes = _modes()
        if self not in modes:
            _rebuild([self, *modes])

    def take_away(self) -> None:
        """See no more of them in this thread."""
        modes = _modes()
        if self in modes:
            _rebuild([mode for mode in modes if mode is not self])


def _modes() -> list[Any]:
    return [_at(place) for place in range(_length())]


def _rebuild(modes: list[Any]) -> None:
    while _length():
        _pop(None)  # of no key in particular
    for mode in modes:
        _push(mode)
