"""The one table that binds ops to the methods and operators of Tensor."""

from __future__ import annotations

from typing import Any

from .autograd.gradients import tensor_backward
from .inplace import in_place
from .ops import elementwise, shape
from .tensor import Tensor


def _reflected(function: Any) -> Any:
    return lambda self, other: function(other, self)


METHODS: dict[str, Any] = {
    "backward": tensor_backward,
    "add": elementwise.add,
    "__add__": elementwise.add,
    "__radd__": _reflected(elementwise.add),
    "mul": elementwise.mul,
    "__mul__": elementwise.mul,
    "__rmul__": _reflected(elementwise.mul),
    "expand": lambda self, *size: shape.expand(self, size[0] if len(size) == 1 and not isinstance(size[0], int) else size),
}

IN_PLACE: dict[str, Any] = {"add_": in_place(elementwise.add), "mul_": in_place(elementwise.mul)}
IN_PLACE["__iadd__"] = IN_PLACE["add_"]
IN_PLACE["__imul__"] = IN_PLACE["mul_"]


def bind() -> None:
    """Put the methods on Tensor."""
    for name, function in (*METHODS.items(), *IN_PLACE.items()):
        setattr(Tensor, name, function)


bind()
