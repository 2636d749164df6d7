"""``torch.autograd.Variable``, which has been another name for a tensor since PyTorch 0.4."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..tensor import Tensor
from .node import active


class _Engine:
    """What scripts use of ``Variable._execution_engine``."""

    def queue_callback(self, callback: Callable[[], None]) -> None:
        """Call ``callback`` when the backward pass that runs now has run its last node.

        Raises RuntimeError outside of a backward pass.
        """
        if not active.walks:
            raise RuntimeError("Final callbacks can only be installed during backward pass.")
        active.walks[-1].when_done(callback)


class _Meta(type):
    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, Tensor)


class Variable(metaclass=_Meta):
    """``Variable(tensor, requires_grad)`` is the tensor's memory as a new leaf; every tensor is an instance."""

    _execution_engine = _Engine()

    def __new__(cls, data: Tensor, requires_grad: bool = False) -> Any:
        return data.detach().requires_grad_(requires_grad)
