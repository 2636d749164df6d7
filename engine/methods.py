"""Binds the families of ops to the methods and operators of Tensor, and gathers the names of ``torch``."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from . import copying, creation, ops, printing
from .autocasting import ruled
from .autograd.gradients import tensor_backward
from .inplace import in_place, turned
from .tensor import Tensor

TORCH: dict[str, Any] = dict(printing.TORCH)
FUNCTIONAL: dict[str, Any] = {}


def _bind() -> None:
    setattr(Tensor, "backward", tensor_backward)  # noqa: B010
    for method, function in {**creation.TENSOR, **copying.TENSOR, **printing.TENSOR}.items():
        setattr(Tensor, method, function)
    for name in ops.FAMILIES:
        family = import_module(f"{ops.__name__}.{name}")
        TORCH.update({n: ruled(n, function) for n, function in getattr(family, "TORCH", {}).items()})
        FUNCTIONAL.update({n: ruled(n, function) for n, function in getattr(family, "FUNCTIONAL", {}).items()})
        for method, function in getattr(family, "TENSOR", {}).items():
            setattr(Tensor, method, ruled(method, function))
        for method, function in getattr(family, "IN_PLACE", {}).items():
            setattr(Tensor, method, in_place(function))
        for method, function in getattr(family, "TURNED", {}).items():
            setattr(Tensor, method, turned(function))
    Tensor.__hash__ = lambda self: id(self)  # type: ignore[method-assign]  # __eq__ compares elements


_bind()
