"""Views of memory that overlap or leave gaps: sliding windows and ``as_strided``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..op import Array, op
from ..tensor import Tensor
from .dims import dim_of
from .index import put_zeros, take


@op(
    vjp={"input": lambda g, input_shape, dimension, size, step: unfold_backward(g, input_shape, dimension, size, step)},
    samples=lambda rand: [(rand(5), 0, 2, 1), (rand(2, 6), -1, 3, 2), (rand(5, 2), 0, 5, 1), (rand(4), 0, 2, 3), (rand(), 0, 1, 1)],
    torch="Tensor.unfold",
    view=True,
)
def unfold(xp: Any, input: Array, dimension: int, size: int, step: int) -> Array:
    """All windows of ``size`` elements along a dimension, ``step`` apart; the elements of a window are the last dimension."""
    at = dim_of(dimension, input.ndim)
    count = input.shape[at] if input.ndim else 1
    if size < 0:
        raise RuntimeError(f"size is {size} but must be >= 0")
    if size > count:
        raise RuntimeError(f"maximum size for tensor at dimension {at} is {count} but size is {size}")
    if step <= 0:
        raise RuntimeError(f"step is {step} but must be > 0")
    if input.ndim == 0:
        return input[None] if size else input[None][:0]
    shape, strides = list(input.shape), list(input.strides)
    shape[at] = (count - size) // step + 1
    strides[at] = strides[at] * step
    return xp.as_strided(input, (*shape, size), (*strides, input.strides[at]))


@op(
    vjp={"grad": lambda g, dim, size, step: unfold(g, dim, size, step)},
    samples=lambda rand: [(rand(4, 2), (5,), 0, 2, 1), (rand(2, 2, 3), (2, 6), -1, 3, 2), (rand(2, 2), (4,), 0, 2, 2)],
)
def unfold_backward(xp: Any, grad: Array, input_sizes: Sequence[int], dim: int, size: int, step: int) -> Array:
    """Zeros of ``input_sizes`` with each window's gradients added where the window lay."""
    made = xp.zeros(tuple(input_sizes), grad.dtype)
    if made.ndim == 0:
        return grad.sum(dtype=grad.dtype) if size else made
    at = dim_of(dim, made.ndim)
    before: tuple[Any, ...] = (slice(None),) * at
    windows = grad.shape[at]
    if size <= windows:
        for i in range(size):
            made[(*before, slice(i, i + (windows - 1) * step + 1, step))] += grad[..., i]
    else:
        for i in range(windows):
            made[(*before, slice(i * step, i * step + size))] += xp.moveaxis(grad[(*before, i)], -1, at)
    return made


def _extent(shape: Sequence[int], strides: Sequence[int]) -> int:
    """How many elements of memory a view of that shape reaches over."""
    return 0 if 0 in shape else 1 + sum((n - 1) * s for n, s in zip(shape, strides, strict=True))


def _elements(xp: Any, shape: Sequence[int], strides: Sequence[int], offset: int) -> Array:
    """For each element of a view its number in memory."""
    numbers = xp.full(tuple(shape), offset, "int64")
    for d, (n, s) in enumerate(zip(shape, strides, strict=True)):
        numbers += (xp.arange(n, dtype="int64") * s).reshape((n,) + (1,) * (len(shape) - d - 1))
    return numbers


def _as_strided_grad(g: Any, input_shape: Sequence[int], size: Any, stride: Any, offset: int, layout: Any) -> Any:
    """Through memory: what the view's elements got, added up, then read as the input lies in it."""
    from_strides = layout if layout is not None else _row_major(input_shape)
    before = max(-offset, 0)  # how far the view reaches into the memory before the input
    extent = max(before + _extent(input_shape, from_strides), before + offset + _extent(size, stride))
    xp = g._xp
    there = g.new_zeros(0).long().new_tensor(_elements(xp, size, stride, before + offset))
    here = there.new_tensor(_elements(xp, input_shape, from_strides, before))
    memory = put_zeros(g, there, (extent,))
    if any(stride == 0 and n > 1 for n, stride in zip(input_shape, from_strides, strict=True)):  # several elements share a place
        count = xp.zeros(extent, g._data.dtype)
        xp.add_at(count, here._data.reshape(-1), xp.ones(here.numel(), g._data.dtype))
        memory = memory / g.new_tensor(xp.maximum(count, 1))
    return take(memory, here)


def _row_major(shape: Sequence[int]) -> tuple[int, ...]:
    strides, step = [], 1
    for n in reversed(shape):
        strides.append(step)
        step *= max(n, 1)
    return tuple(reversed(strides))


@op(
    vjp={
        "input": lambda g, input_shape, size, stride, storage_offset, layout: _as_strided_grad(
            g, input_shape, size, stride, storage_offset or 0, layout
        )
    },
    samples=lambda rand: [(rand(3, 4), (2, 2), (4, 1)), (rand(6), (2, 3), (1, 1), 1), (rand(6), (), (), 3)],
    torch="as_strided",
    view=True,
)
def as_strided_(
    xp: Any, input: Array, size: Sequence[int], stride: Sequence[int], storage_offset: int | None = None, layout: Any = None
) -> Array:
    """The memory of ``input`` as any shape with any strides, from ``storage_offset`` elements after its first on; ``layout``
    is how its own elements lie, None for row-major order."""
    return _placed(xp, input, size, stride, storage_offset or 0)


def _placed(xp: Any, input: Array, size: Sequence[int], stride: Sequence[int], offset: int) -> Array:
    item = input.itemsize
    if offset < 0:  # before the input: from the array whose memory it is a part of
        root = owner = input
        while (owner := getattr(owner, "base", None)) is not None:  # numpy puts something between a view with strides and its array
            root = owner if type(owner) is type(input) else root
        offset += (xp.address(input) - xp.address(root)) // item
        input = xp.as_strided(root, (1,), (root.itemsize,)) if root.dtype == input.dtype else root.reshape(-1).view(input.dtype)
    if offset:
        input = xp.as_strided(input, (offset + 1,), (item,))[offset:]
    return xp.as_strided(input, tuple(size), tuple(s * item for s in stride))


def _in_memory(
    input: Tensor, size: Sequence[int], stride: Sequence[int], storage_offset: int | None
) -> tuple[tuple[int, ...], tuple[int, ...], int, tuple[int, ...] | None]:
    """The last arguments of ``as_strided_``: the offset counted from the tensor's own first element, and how it lies.

    Raises RuntimeError for strides below zero and for what would reach outside the memory.
    """
    if len(size) != len(stride):
        raise RuntimeError("mismatch in length of strides and shape")
    if any(s < 0 for s in stride):
        raise RuntimeError(f"as_strided: Negative strides are not supported at the moment, got strides: {list(stride)}")
    base = input._base if input._base is not None else input
    xp, item = input._xp, input._data.itemsize
    own = (xp.address(input._data) - xp.address(base._data)) // item
    offset = own if storage_offset is None else storage_offset
    room = _extent(base.shape, base.stride())
    if offset + _extent(size, stride) > room:
        needed = (offset + _extent(size, stride)) * item
        raise RuntimeError(
            f"setStorage: sizes {list(size)}, strides {list(stride)}, storage offset {offset}, and itemsize {item} requiring a storage "
            f"size of {needed} are out of bounds for storage of size {room * item}"
        )
    return tuple(size), tuple(stride), offset - own, None if input.is_contiguous() else tuple(input.stride())


def as_strided(input: Tensor, size: Sequence[int], stride: Sequence[int], storage_offset: int | None = None) -> Any:
    """The memory of ``input`` as any shape with any strides; the offset counts from the start of the base's memory.

    Raises RuntimeError where that would reach outside the memory.
    """
    return as_strided_(input, *_in_memory(input, size, stride, storage_offset))


def _scattered(xp: Any, input: Array, src: Array, size: Sequence[int], stride: Sequence[int], offset: int) -> Array:
    made = input.copy(order="K")
    if made.strides != input.strides:  # it shares memory among its elements, or has gaps: the copy lies in order
        made = input.copy(order="C")
    place = _placed(xp, made, size, stride, offset)
    if place.shape != src.shape:
        raise RuntimeError(
            f"expected src to have a size equal to the slice of self. src size = {list(src.shape)}, slice size = {list(place.shape)}"
        )
    place[...] = src
    return made


@op(
    vjp={
        "input": lambda g, src_shape, size, stride, storage_offset: as_strided_scatter_(
            g.contiguous(), g.new_zeros(src_shape), size, stride, storage_offset
        ),
        "src": lambda g, size, stride, storage_offset: as_strided_(g.contiguous(), size, stride, storage_offset),
    },
    samples=lambda rand: [(rand(3, 4), rand(2, 2), (2, 2), (4, 1)), (rand(6), rand(2), (2,), (3,), 1)],
    node="AsStridedScatterBackward0",
)
def as_strided_scatter_(xp: Any, input: Array, src: Array, size: Sequence[int], stride: Sequence[int], storage_offset: int = 0) -> Array:
    """``input`` with ``src`` written to the elements that ``as_strided_`` would show.

    The gradient for ``input`` is zero where ``src`` was written; PyTorch 2.13 has it the other way round.
    """
    return _scattered(xp, input, src, size, stride, storage_offset)


def as_strided_scatter(input: Tensor, src: Tensor, size: Sequence[int], stride: Sequence[int], storage_offset: int | None = None) -> Any:
    """``input`` with ``src`` written to the elements that ``as_strided`` would show.

    Raises RuntimeError where that would reach outside the memory, and for a ``src`` of another shape.
    """
    return as_strided_scatter_(input, src, *_in_memory(input, size, stride, storage_offset)[:3])


def storage_offset(self: Tensor) -> int:
    """How many elements after the start of its base's memory a view begins."""
    base = self._base
    if base is None:
        return 0
    return int((self._xp.address(self._data) - self._xp.address(base._data)) // self._data.itemsize)


TORCH = {"as_strided": as_strided, "as_strided_scatter": as_strided_scatter}
TENSOR = {**TORCH, "storage_offset": storage_offset, "unfold": unfold}
TURNED = {"as_strided_": as_strided}
