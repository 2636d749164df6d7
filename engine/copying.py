"""Copies of tensors as objects: ``copy.copy``, ``copy.deepcopy`` and ``pickle``."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from . import devices
from .tensor import Tensor, wrap


def _copied(xp: Any, array: Any) -> Any:
    return array.copy(order="K")


def _attributes(self: Tensor) -> dict[str, Any]:
    """What a user has attached to the tensor."""
    return {name: value for name, value in vars(self).items() if not hasattr(Tensor, name)}


def deep_copy(self: Tensor, memo: dict[int, Any]) -> Any:
    """``copy.deepcopy``: new memory, same type, same gradient, copies of what a user attached.

    Raises RuntimeError for tensors that an op made.
    """
    if not self.is_leaf:
        raise RuntimeError(
            "Only Tensors created explicitly by the user (graph leaves) support the deepcopy protocol at the moment.  If you were "
            "attempting to deepcopy a module, this may be because of a torch.nn.utils.weight_norm usage, see "
            "https://github.com/pytorch/pytorch/pull/103001"
        )
    if id(self) in memo:
        return memo[id(self)]
    made = wrap(self._xp.run(_copied, self._data))
    made._requires_grad = self.requires_grad
    if type(self) is not Tensor:
        made = made._as(type(self))
    memo[id(self)] = made
    made._name = self._name
    if self._grad is not None:
        made._grad = deep_copy(self._grad.detach() if not self._grad.is_leaf else self._grad, memo)
    attached = _attributes(self)
    if attached:
        vars(made).update(deepcopy(attached, memo))
    return made


def shallow_copy(self: Tensor) -> Any:
    """``copy.copy``: the same memory as a leaf."""
    made = self.detach()
    made._requires_grad = self.requires_grad
    if type(self) is not Tensor:
        made = made._as(type(self))
    made._name = self._name
    vars(made).update(_attributes(self))
    return made


def rebuilt(cls: type[Tensor], array: Any, place: str, requires_grad: bool) -> Any:
    """A tensor as it comes out of a pickle: a leaf on its device."""
    made = wrap(devices.array_module(devices.device(place)).from_host(array))
    if cls is not Tensor:
        made = made._as(cls)
    made._requires_grad = requires_grad
    return made


def reduced(self: Tensor, protocol: Any) -> Any:
    """What ``pickle`` keeps: the elements, the type, the device, whether a gradient is wanted, and what a user attached."""
    kept = (type(self), self._xp.to_host(self._data), str(self.device), self.requires_grad)
    return rebuilt, kept, _attributes(self) or None


TENSOR = {"__copy__": shallow_copy, "__deepcopy__": deep_copy, "__reduce_ex__": reduced}
