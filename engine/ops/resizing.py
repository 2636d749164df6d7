"""Methods that give a tensor another size and, where it needs more, other memory."""

from __future__ import annotations

import math
from typing import Any

from ..tensor import Tensor
from .dims import sizes_of


def resize_(self: Tensor, *sizes: Any, memory_format: Any = None) -> Tensor:
    """Give the tensor another size: over its memory in row-major order where that is enough, else over new memory with the old
    elements first and zeros after them.

    Raises RuntimeError for tensors that require a gradient.
    """
    if self.requires_grad:
        raise RuntimeError("cannot resize variables that require grad")
    shape = sizes_of(sizes)
    if any(n < 0 for n in shape):
        raise RuntimeError(f"Trying to create tensor with negative dimension {min(shape)}: {list(shape)}")
    array, xp = self._data, self._xp
    if array.shape == shape:
        return self
    count = math.prod(shape)
    base = array if self._base is None else self._base._data
    item = array.itemsize
    before = (xp.address(array) - xp.address(base)) // item
    room = 1 + sum((n - 1) * s // item for n, s in zip(base.shape, base.strides, strict=True)) if base.size else 0
    steps = [item]
    for n in reversed(shape[1:]):
        steps.append(steps[-1] * max(n, 1))
    if before + count <= room:
        self._data = xp.as_strided(array, shape, tuple(reversed(steps))[: len(shape)] if shape else ())
    else:
        memory = xp.zeros(count, array.dtype)
        kept = min(count, room - before)
        if kept > 0:
            memory[:kept] = xp.as_strided(array, (kept,), (item,))
        self._data = memory.reshape(shape)
    self._bump()
    return self


def resize_as_(self: Tensor, the_template: Tensor, *, memory_format: Any = None) -> Tensor:
    """Give the tensor the size of another; errors as ``resize_``."""
    return resize_(self, tuple(the_template.shape))


TENSOR = {"resize_": resize_, "resize_as_": resize_as_}
