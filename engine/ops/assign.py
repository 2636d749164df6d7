"""Overwriting a whole tensor: with zeros, a number, or another tensor."""

from __future__ import annotations

from typing import Any

from ..inplace import in_place
from ..op import Array, op
from ..tensor import Tensor
from .dims import broadcast_shape
from .kinds import zeros_as


@op(
    vjp={"input": lambda g: zeros_as(g)},
    samples=lambda rand: [(rand(3, 4),), (rand(),), (rand.integers(4, 3),)],
    gradcheck=False,
)
def zero(xp: Any, input: Array) -> Array:
    """Zeros in the shape and type of ``input``."""
    return xp.zeros_like(input)


def _check_fill(value: Any) -> None:
    if isinstance(value, Tensor) and value.ndim:
        raise RuntimeError(f"fill_ only supports 0-dimension value tensor but got tensor with {value.ndim} dimensions.")


def _filled(xp: Any, input: Array, value: Array) -> Array:
    made = xp.empty_like(input)
    made[...] = value
    return made


@op(
    vjp={"input": lambda g: zeros_as(g), "value": lambda g: g.sum()},
    samples=lambda rand: [(rand(3, 4), 2.5), (rand(2, 3), rand()), (rand.integers(4, 3), 2)],
    torch="fill",
    scalars=("value",),
    node=lambda value: "FillBackward1" if isinstance(value, Tensor) else "FillBackward0",
    promote="first",
    check=_check_fill,
)
def fill(xp: Any, input: Array, value: Array) -> Array:
    """One value in the shape and type of ``input``."""
    return _filled(xp, input, value)


@op(
    vjp={"input": lambda g: zeros_as(g), "value": lambda g: g.sum()},
    samples=lambda rand: [(rand(3, 4), 2.5), (rand(2, 3), rand()), (rand.integers(4, 3), 2)],
    scalars=("value",),
    node=lambda value: "FillBackward3" if isinstance(value, Tensor) else "FillBackward2",
    promote="first",
    check=_check_fill,
)
def overwrite(xp: Any, input: Array, value: Array) -> Array:
    """What ``fill_`` writes: one value in the shape and type of ``input``."""
    return _filled(xp, input, value)


@op(
    vjp={"input": lambda g: zeros_as(g), "src": lambda g: g},
    samples=lambda rand: [(rand(3, 4), rand(3, 4)), (rand(3, 4), rand(4)), (rand.integers(9, 3), rand(3))],
    node="torch::autograd::CopyBackwards",
    gradcheck=False,
)
def copy(xp: Any, input: Array, src: Array, non_blocking: bool = False) -> Array:
    """``src`` in the shape and type of ``input``."""
    shape = broadcast_shape(input.shape, src.shape)
    if shape != input.shape:
        raise RuntimeError(f"output with shape {list(input.shape)} doesn't match the broadcast shape {list(shape)}")
    made = xp.empty_like(input)
    made[...] = src.real if src.dtype.kind == "c" != input.dtype.kind else src
    return made


_write = in_place(copy)


def copy_(self: Tensor, src: Any, non_blocking: bool = False) -> Tensor:
    """Write the elements of ``src``, which may be of another shape, type or device, into this tensor; gives the tensor."""
    if not isinstance(src, Tensor):
        raise TypeError(f"copy_(): argument 'src' (position 1) must be Tensor, not {type(src).__name__}")
    return _write(self, src if src.device == self.device else src.to(self.device), non_blocking)


TENSOR = {"copy_": copy_}
TORCH = {"fill": fill}
IN_PLACE = {"fill_": overwrite, "zero_": zero}
