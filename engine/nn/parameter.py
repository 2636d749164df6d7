"""Parameters and buffers: tensors that a module knows as its own."""

from __future__ import annotations

from typing import Any

from .. import devices
from ..tensor import Tensor, wrap


class Parameter(Tensor):
    """A leaf that modules list among their parameters as soon as it is assigned to them."""

    def __new__(cls, data: Any = None, requires_grad: bool = True) -> Any:
        """``data`` (a tensor; empty where None) as a parameter that shares its memory."""
        if data is None:
            data = Tensor()
        if not isinstance(data, Tensor):
            raise TypeError(f"Creating a Parameter from an instance of type {type(data).__name__}: a Tensor is needed")
        made = wrap(data._data)._as(cls)
        made._cell = data._storage
        if requires_grad:
            if made.dtype.category < 2:
                raise RuntimeError("Only Tensors of floating point and complex dtype can require gradients")
            made.requires_grad = True
        return made

    def __repr__(self) -> str:
        return "Parameter containing:\n" + Tensor.__repr__(self)

    def __deepcopy__(self, memo: dict[int, Any]) -> Parameter:
        if id(self) in memo:
            return memo[id(self)]  # type: ignore[no-any-return]
        made: Parameter = type(self)(wrap(devices.copied(self._data)), self._requires_grad)
        made._name = self._name
        memo[id(self)] = made
        return made


class Buffer(Tensor):
    """A tensor that modules list among their buffers as soon as it is assigned to them."""

    persistent: bool = True

    def __new__(cls, data: Any = None, *, persistent: bool = True) -> Any:
        """``data`` as a buffer that shares its memory; part of the state dict if ``persistent``."""
        made = (Tensor() if data is None else data)._as(cls)
        made.persistent = persistent
        return made
