"""Layers that learn the size of their input from the first one that they are given."""

from __future__ import annotations

from typing import Any

from .. import creation
from ..tensor import Tensor
from .linear import Linear
from .parameter import Parameter


class UninitializedParameter(Parameter):
    """A parameter whose shape is not known yet; ``materialize`` gives it one."""

    uninitialised = True

    def __new__(cls, requires_grad: bool = True, device: Any = None, dtype: Any = None) -> Any:
        """An empty parameter."""
        made = Parameter.__new__(cls, creation.empty(0, device=device, dtype=dtype), requires_grad)
        return made

    def materialize(self, shape: Any, device: Any = None, dtype: Any = None) -> None:
        """Take a shape, with arbitrary values; it is a Parameter from then on."""
        made = creation.empty(tuple(shape), device=self.device if device is None else device, dtype=self.dtype if dtype is None else dtype)
        self.data = made
        self.__class__ = Parameter  # type: ignore[assignment]

    def __repr__(self) -> str:
        return "<UninitializedParameter>"

    def __deepcopy__(self, memo: dict[int, Any]) -> Parameter:
        if id(self) not in memo:
            memo[id(self)] = type(self)(self.requires_grad, self.device, self.dtype)
        return memo[id(self)]  # type: ignore[no-any-return]


class LazyLinear(Linear):
    """A Linear whose ``in_features`` comes from the first input; it is a Linear from then on."""

    def __init__(self, out_features: int, bias: bool = True, device: Any = None, dtype: Any = None) -> None:
        super().__init__(0, 0, False, device, dtype)
        self.weight = UninitializedParameter(device=device, dtype=dtype)
        self.out_features = out_features
        if bias:
            self.bias = UninitializedParameter(device=device, dtype=dtype)
        self.register_forward_pre_hook(_infer)

    def reset_parameters(self) -> None:
        """Draw weight and bias anew, if they have a shape."""
        if self.in_features != 0:
            super().reset_parameters()

    def extra_repr(self) -> str:
        return f"in_features={self.in_features}, out_features={self.out_features}, bias={self.bias is not None}"


def _infer(module: Any, args: tuple[Tensor, ...]) -> None:
    """Before the first forward: give the parameters their shapes and draw them."""
    for key in [k for k, hook in module._forward_pre_hooks.items() if hook is _infer]:
        del module._forward_pre_hooks[key]
    module.__class__ = Linear
    if getattr(module.weight, "uninitialised", False):
        module.in_features = args[0].shape[-1]
        module.weight.materialize((module.out_features, module.in_features))
        if module.bias is not None:
            module.bias.materialize((module.out_features,))
        module.reset_parameters()
    else:  # a state dict gave them
        module.in_features = module.weight.shape[-1]
