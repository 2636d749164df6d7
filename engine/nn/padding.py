"""Padding as modules. ``padding`` is one number, or one for each side, beginning with the last dimension's."""

from __future__ import annotations

from typing import Any

from . import functional as F
from .module import Module


def _sides(padding: Any, n: int) -> tuple[int, ...]:
    return tuple(padding) if isinstance(padding, (tuple, list)) else (padding,) * (2 * n)


class _Padding(Module):
    """What all share. ``dims`` is the number of dimensions that are padded, ``mode`` how."""

    dims = 0
    mode = ""

    def __init__(self, padding: Any) -> None:
        super().__init__()
        self.padding = _sides(padding, self.dims)

    def forward(self, input: Any) -> Any:
        return F.pad(input, self.padding, self.mode)

    def extra_repr(self) -> str:
        return f"{self.padding}"


class ConstantPad1d(_Padding):
    """Pads (N, C, W) with one value."""

    dims = 1

    def __init__(self, padding: Any, value: float) -> None:
        super().__init__(padding)
        self.value = value

    def forward(self, input: Any) -> Any:
        return F.pad(input, self.padding, "constant", self.value)

    def extra_repr(self) -> str:
        return f"padding={self.padding}, value={self.value}"


class ConstantPad2d(ConstantPad1d):
    """Pads (N, C, H, W) with one value."""

    dims = 2


class ConstantPad3d(ConstantPad1d):
    """Pads (N, C, D, H, W) with one value."""

    dims = 3


class ZeroPad1d(ConstantPad1d):
    """Pads (N, C, W) with zeros."""

    def __init__(self, padding: Any) -> None:
        super().__init__(padding, 0.0)

    def extra_repr(self) -> str:
        return f"{self.padding}"


class ZeroPad2d(ZeroPad1d):
    """Pads (N, C, H, W) with zeros."""

    dims = 2


class ZeroPad3d(ZeroPad1d):
    """Pads (N, C, D, H, W) with zeros."""

    dims = 3


class ReflectionPad1d(_Padding):
    """Pads (N, C, W) with what lies inside, mirrored at the edge."""

    dims = 1
    mode = "reflect"


class ReflectionPad2d(_Padding):
    """Pads (N, C, H, W) with what lies inside, mirrored at the edge."""

    dims = 2
    mode = "reflect"


class ReflectionPad3d(_Padding):
    """Pads (N, C, D, H, W) with what lies inside, mirrored at the edge."""

    dims = 3
    mode = "reflect"


class ReplicationPad1d(_Padding):
    """Pads (N, C, W) with the edge's elements."""

    dims = 1
    mode = "replicate"


class ReplicationPad2d(_Padding):
    """Pads (N, C, H, W) with the edge's elements."""

    dims = 2
    mode = "replicate"


class ReplicationPad3d(_Padding):
    """Pads (N, C, D, H, W) with the edge's elements."""

    dims = 3
    mode = "replicate"


class _CircularPad(_Padding):
    """Pads with what lies at the other end."""

    mode = "circular"
    allowed: tuple[int, ...] = ()

    def forward(self, input: Any) -> Any:
        if input.dim() not in self.allowed:
            names = " or ".join(f"{n}D" for n in self.allowed)
            raise ValueError(f"expected {names} input (got {input.dim()}D input)")
        return F.pad(input, self.padding, self.mode)


class CircularPad1d(_CircularPad):
    """Pads (N, C, W) with what lies at the other end."""

    dims = 1
    allowed = (2, 3)


class CircularPad2d(_CircularPad):
    """Pads (N, C, H, W) with what lies at the other end."""

    dims = 2
    allowed = (3, 4)


class CircularPad3d(_CircularPad):
    """Pads (N, C, D, H, W) with what lies at the other end."""

    dims = 3
    allowed = (4, 5)
