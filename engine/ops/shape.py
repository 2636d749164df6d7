"""Shapes: views of the same memory, and sums that undo broadcasting."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..op import Array, op


@op(
    vjp={"input": lambda g, input_shape: sum_to(g, input_shape)},
    samples=lambda rand: [(rand(3, 1), (3, 4)), (rand(4), (2, 3, 4)), (rand(2, 1, 3), (2, 5, 3))],
    torch="Tensor.expand",
    view=True,
)
def expand(xp: Any, input: Array, size: Sequence[int]) -> Array:
    """``input`` with dimensions of size 1 repeated to ``size``, without copying; -1 keeps a size."""
    lead = len(size) - input.ndim
    shape = tuple(input.shape[i - lead] if n == -1 and i >= lead else n for i, n in enumerate(size))
    strides = [0] * lead
    for i, (have, want) in enumerate(zip(input.shape, shape[lead:], strict=True)):
        if have == want:
            strides.append(input.strides[i])
        elif have == 1:
            strides.append(0)
        else:
            raise RuntimeError(
                f"The expanded size of the tensor ({want}) must match the existing size ({have}) at non-singleton dimension "
                f"{i + lead}.  Target sizes: {list(size)}.  Tensor sizes: {list(input.shape)}"
            )
    return xp.as_strided(input, shape, tuple(strides))


@op(
    vjp={"input": lambda g, input_shape: expand(g, input_shape)},
    samples=lambda rand: [(rand(2, 3, 4), (3, 1)), (rand(3, 4), (3, 4)), (rand(3, 4), ())],
)
def sum_to(xp: Any, input: Array, shape: Sequence[int]) -> Array:
    """The sum over the dimensions along which a tensor of ``shape`` was stretched to ``input``'s: undoes broadcasting."""
    lead = input.ndim - len(shape)
    over = tuple(range(lead)) + tuple(i + lead for i, n in enumerate(shape) if n == 1 and input.shape[i + lead] != 1)
    summed = input.sum(axis=over, keepdims=True, dtype=input.dtype) if over else input
    return summed.reshape(tuple(shape))


TENSOR = {"expand": lambda self, *size: expand(self, size[0] if len(size) == 1 and not isinstance(size[0], int) else size)}
