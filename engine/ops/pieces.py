"""Pieces of tensors along a dimension, as views, and tensors put together from pieces."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..op import Array, op
from ..tensor import Tensor, wrap
from .dims import dim_of
from .shape import atleast_1d, atleast_2d, atleast_3d, view

# ------------------------------------------------------------------------------------------------------------ one piece


@op(
    vjp={"input": lambda g, input_shape, dim, index: select_backward(g, input_shape, dim, index)},
    samples=lambda rand: [(rand(3, 4), 0, 1), (rand(3, 4), -1, -2), (rand(3), 0, 2)],
    torch="select",
    view=True,
)
def select(xp: Any, input: Array, dim: int, index: int) -> Array:
    """The piece at ``index`` of one dimension, which goes away."""
    if input.ndim == 0:
        raise IndexError("select() cannot be applied to a 0-dim tensor.")
    at = dim_of(dim, input.ndim)
    if not -input.shape[at] <= index < input.shape[at]:
        raise IndexError(f"select(): index {index} out of range for tensor of size {list(input.shape)} at dimension {at}")
    return input[(slice(None),) * at + (index, Ellipsis)]


@op(
    vjp={"grad": lambda g, dim, index: select(g, dim, index)},
    samples=lambda rand: [(rand(4), (3, 4), 0, 1), (rand(3), (3, 4), -1, -1)],
)
def select_backward(xp: Any, grad: Array, shape: Sequence[int], dim: int, index: int) -> Array:
    """Zeros of ``shape`` with ``grad`` at ``index`` of one dimension."""
    made = xp.zeros(tuple(shape), grad.dtype)
    made[(slice(None),) * dim_of(dim, len(shape)) + (index, Ellipsis)] = grad
    return made


def _part(count: int, start: int | None, end: int | None, step: int) -> slice:
    """A slice with both ends inside ``count`` elements, as PyTorch clamps them.

    Raises RuntimeError unless the step is positive.
    """
    if step <= 0:
        raise RuntimeError("slice step must be positive")
    first = 0 if start is None else start + count if start < 0 else start
    last = count if end is None else end + count if end < 0 else end
    first = min(max(first, 0), count)
    return slice(first, min(max(last, first), count), step)


@op(
    vjp={"input": lambda g, input_shape, dim, start, end, step: slice_backward(g, input_shape, dim, start, end, step)},
    samples=lambda rand: [(rand(5, 2), 0, 1, 4), (rand(2, 5), -1, None, -1, 2), (rand(3), 0, 2, 9), (rand(3), 0, 2, 1)],
    node="SliceBackward0",
    view=True,
)
def slice_(xp: Any, input: Array, dim: int = 0, start: int | None = None, end: int | None = None, step: int = 1) -> Array:
    """Every ``step``-th of the pieces from ``start`` up to ``end`` of one dimension."""
    at = dim_of(dim, input.ndim)
    return input[(slice(None),) * at + (_part(input.shape[at], start, end, step),)]


@op(
    vjp={"grad": lambda g, dim, start, end, step: slice_(g, dim, start, end, step)},
    samples=lambda rand: [(rand(3, 2), (5, 2), 0, 1, 4, 1), (rand(2, 2), (2, 5), -1, None, -1, 2)],
)
def slice_backward(xp: Any, grad: Array, shape: Sequence[int], dim: int, start: int | None, end: int | None, step: int) -> Array:
    """Zeros of ``shape`` with ``grad`` in a slice of one dimension."""
    made = xp.zeros(tuple(shape), grad.dtype)
    at = dim_of(dim, len(shape))
    made[(slice(None),) * at + (_part(shape[at], start, end, step),)] = grad
    return made


def narrow(input: Tensor, dim: int, start: Any, length: int) -> Any:
    """``length`` pieces of one dimension from ``start`` on.

    Raises RuntimeError where there are fewer.
    """
    if input.ndim == 0:
        raise RuntimeError("narrow() cannot be applied to a 0-dim tensor.")
    if length < 0:
        raise RuntimeError("narrow(): length must be non-negative.")
    at = dim_of(dim, input.ndim)
    count = input._data.shape[at]
    first = int(start)
    if not -count <= first <= count:
        raise IndexError(f"start out of range (expected to be in range of [{-count}, {count}], but got {first})")
    if first < 0:
        first += count
    if first > count - length:
        raise RuntimeError(f"start ({first}) + length ({length}) exceeds dimension size ({count}).")
    return slice_(input, at, first, first + length)


# ------------------------------------------------------------------------------------------------------------ all pieces


def _cut(input: Array, sizes: Sequence[int], at: int) -> tuple[Array, ...]:
    before: tuple[Any, ...] = (slice(None),) * at
    made, start = [], 0
    for n in sizes:
        made.append(input[(*before, slice(start, start + n))])
        start += n
    return tuple(made)


@op(
    vjp={"input": lambda g, dim: cat(g, dim)},
    samples=lambda rand: [(rand(5, 2), 2), (rand(2, 4), 3, -1)],
    torch="split",
    view="multiple",
    outputs=("*",),
)
def split_(xp: Any, input: Array, split_size: int, dim: int = 0) -> tuple[Array, ...]:
    """Pieces of ``split_size`` along a dimension; the last may be smaller."""
    if input.ndim == 0:
        raise RuntimeError("split expects at least a 1-dimensional tensor")
    at = dim_of(dim, input.ndim)
    count = input.shape[at]
    if split_size < 0:
        raise RuntimeError(f"split expects split_size be non-negative, but got split_size={split_size}")
    if split_size == 0:
        if count:
            raise RuntimeError(f"split_size can only be 0 if dimension size is 0, but got dimension size of {count}")
        return _cut(input, (0,), at)
    whole, rest = divmod(count, split_size)
    return _cut(input, [split_size] * whole + [rest] * (rest > 0 or whole == 0), at)


@op(
    vjp={"input": lambda g, dim: cat(g, dim)},
    samples=lambda rand: [(rand(5, 2), (2, 3)), (rand(2, 4), (1, 0, 3), -1)],
    torch="split_with_sizes",
    view="multiple",
    outputs=("*",),
)
def split_with_sizes(xp: Any, input: Array, split_sizes: Sequence[int], dim: int = 0) -> tuple[Array, ...]:
    """Pieces of the given sizes along a dimension."""
    if input.ndim == 0:
        raise RuntimeError("split expects at least a 1-dimensional tensor")
    at = dim_of(dim, input.ndim)
    if any(n < 0 for n in split_sizes):
        raise RuntimeError(f"split_with_sizes expects split_sizes have only non-negative entries, but got split_sizes={list(split_sizes)}")
    if sum(split_sizes) != input.shape[at]:
        raise RuntimeError(
            f"split_with_sizes expects split_sizes to sum exactly to {input.shape[at]} (input tensor's size at dimension {at}), but got "
            f"split_sizes={list(split_sizes)}"
        )
    return _cut(input, split_sizes, at)


def split(tensor: Tensor, split_size_or_sections: Any, dim: int = 0) -> Any:
    """Pieces along a dimension: all of one size but the last, or of the sizes given as a list."""
    if isinstance(split_size_or_sections, (tuple, list)):
        return split_with_sizes(tensor, tuple(int(n) for n in split_size_or_sections), dim)
    return split_(tensor, int(split_size_or_sections), dim)


def chunk(input: Tensor, chunks: int, dim: int = 0) -> Any:
    """At most ``chunks`` pieces of one size along a dimension; the last may be smaller."""
    if input.ndim == 0:
        raise RuntimeError("chunk expects at least a 1-dimensional tensor")
    if chunks <= 0:
        raise RuntimeError(f"chunk expects `chunks` to be greater than 0, got: {chunks}")
    count = input._data.shape[dim_of(dim, input.ndim)]
    size = -(-count // chunks)
    if size == 0:
        return split_with_sizes(input, (0,) * chunks, dim)
    return split_(input, size, dim)


def tensor_split(input: Tensor, indices_or_sections: Any, dim: int = 0) -> Any:
    """Views along a dimension: as many as asked for, of sizes that differ by one at most, or cut at the given places."""
    if input.ndim == 0:
        raise RuntimeError(f"tensor_split expected at least a 1-dimensional tensor, but got a tensor with {input.ndim} dims")
    at = dim_of(dim, input.ndim)
    count = input._data.shape[at]
    given = indices_or_sections.tolist() if isinstance(indices_or_sections, Tensor) else indices_or_sections
    if isinstance(given, int):
        if given <= 0:
            raise RuntimeError(f"number of sections must be larger than 0, got {given}")
        small, more = divmod(count, given)
        ends = [small * (i + 1) + min(i + 1, more) for i in range(given)]
    else:
        ends = [*given, count]
    starts = [0, *ends[:-1]]
    return tuple(slice_(input, at, first, last) for first, last in zip(starts, ends, strict=True))


def _fixed_split(name: str, fewest: int, which: Any) -> Any:
    def function(input: Tensor, indices_or_sections: Any) -> Any:
        if input.ndim < fewest:
            raise RuntimeError(
                f"torch.{name} requires a tensor with at least {fewest} dimension{'s' if fewest > 1 else ''}, but got a tensor with "
                f"{input.ndim} dimensions!"
            )
        dim = which(input)
        if isinstance(indices_or_sections, int) and input.shape[dim] % max(indices_or_sections, 1):
            raise RuntimeError(
                f"torch.{name} attempted to split along dimension {dim}, but the size of the dimension {input.shape[dim]} is not "
                f"divisible by the split_size {indices_or_sections}!"
            )
        return tensor_split(input, indices_or_sections, dim)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = "Equal views of the dimension in the function's name, or views cut at the given places."
    return function


hsplit = _fixed_split("hsplit", 1, lambda t: 0 if t.ndim == 1 else 1)
vsplit = _fixed_split("vsplit", 2, lambda t: 0)
dsplit = _fixed_split("dsplit", 3, lambda t: 2)


@op(
    vjp={"input": lambda g, dim: stack(g, dim)},
    samples=lambda rand: [(rand(3, 4),), (rand(3, 4), -1), (rand(2),)],
    torch="unbind",
    view="multiple",
    outputs=("*",),
)
def unbind(xp: Any, input: Array, dim: int = 0) -> tuple[Array, ...]:
    """All pieces of one dimension, which goes away."""
    if input.ndim == 0:
        raise IndexError("Dimension specified as 0 but tensor has no dimensions")
    before: tuple[Any, ...] = (slice(None),) * dim_of(dim, input.ndim)
    return tuple(input[(*before, i, Ellipsis)] for i in range(input.shape[len(before)]))


# ------------------------------------------------------------------------------------------------------------ put together


def _is_legacy(shape: Sequence[int]) -> bool:
    """An empty vector joins anything: what ``torch.Tensor()`` used to give."""
    return len(shape) == 1 and shape[0] == 0


def _cat_grads(g: Any, shapes: Sequence[Sequence[int]], dim: int) -> list[Any]:
    grads, start = [], 0
    for shape in shapes:
        if _is_legacy(shape):
            grads.append(g.new_zeros((0,)))
            continue
        at = dim_of(dim, len(shape))
        grads.append(narrow(g, at, start, shape[at]))
        start += shape[at]
    return grads


def _cat_parts(xp: Any, g: Array, shapes: Sequence[Sequence[int]], dim: int) -> list[Array]:
    if any(_is_legacy(shape) for shape in shapes):
        return [wrapped._data for wrapped in _cat_grads(wrap(g), shapes, dim)]
    at = dim_of(dim, g.ndim)
    return list(_cut(g, [shape[at] for shape in shapes], at))


@op(
    vjp={"tensors": lambda g, tensors_shape, dim: _cat_grads(g, tensors_shape, dim)},
    on_arrays={"tensors": lambda xp, g, tensors_shape, dim: _cat_parts(xp, g, tensors_shape, dim)},
    samples=lambda rand: [([rand(2, 3), rand(1, 3)],), ([rand(2, 3), rand(2, 0), rand(2, 1)], -1), ([rand(2)],)],
    torch="cat",
    promote="common",
)
def cat_(xp: Any, tensors: Sequence[Array], dim: int = 0) -> Array:
    """The tensors one after the other along a dimension."""
    one = tensors[0].shape
    if len(one) > 1 and all(a.shape == one for a in tensors):  # nothing to say
        return xp.concatenate(tensors, axis=dim_of(dim, len(one)))
    for i, a in enumerate(tensors):
        if a.ndim == 0:
            raise RuntimeError(f"zero-dimensional tensor (at position {i}) cannot be concatenated")
    real = [(i, a) for i, a in enumerate(tensors) if not _is_legacy(a.shape)]
    if not real:
        return tensors[0].copy()
    first = real[0][1]
    at = dim_of(dim, first.ndim)
    for i, a in real[1:]:
        if a.ndim != first.ndim:
            raise RuntimeError(f"Tensors must have same number of dimensions: got {first.ndim} and {a.ndim}")
        for d, (n, m) in enumerate(zip(first.shape, a.shape, strict=True)):
            if d != at and n != m:
                raise RuntimeError(
                    f"Sizes of tensors must match except in dimension {at}. Expected size {n} but got size {m} for tensor number {i} "
                    "in the list."
                )
    return xp.concatenate([a for _, a in real], axis=at)


def cat(tensors: Sequence[Any], dim: int = 0, *, axis: int | None = None) -> Any:
    """The tensors one after the other along a dimension.

    Raises RuntimeError where other sizes differ.
    """
    if isinstance(tensors, Tensor):
        raise TypeError("cat(): argument 'tensors' (position 1) must be tuple of Tensors, not Tensor")
    if not len(tensors):
        raise ValueError("torch.cat(): expected a non-empty list of Tensors")
    return cat_(tensors, dim if axis is None else axis)


@op(
    vjp={"tensors": lambda g, dim: unbind(g, dim)},
    on_arrays={"tensors": lambda xp, g, dim: unbind.op.forward(xp, g, dim)},  # type: ignore[attr-defined]
    samples=lambda rand: [([rand(2, 3), rand(2, 3)],), ([rand(2), rand(2), rand(2)], -1), ([rand(), rand()],)],
    torch="stack",
    promote="common",
)
def stack_(xp: Any, tensors: Sequence[Array], dim: int = 0) -> Array:
    """Tensors of one shape along a new dimension."""
    at = dim_of(dim, tensors[0].ndim + 1)
    for i, a in enumerate(tensors):
        if a.shape != tensors[0].shape:
            raise RuntimeError(
                f"stack expects each tensor to be equal size, but got {list(tensors[0].shape)} at entry 0 and {list(a.shape)} at entry {i}"
            )
    return xp.stack(tensors, axis=at)


def stack(tensors: Sequence[Any], dim: int = 0) -> Any:
    """Tensors of one shape along a new dimension.

    Raises RuntimeError where the shapes differ.
    """
    if isinstance(tensors, Tensor):
        tensors = tensors.unbind(0)
    if not len(tensors):
        raise RuntimeError("stack expects a non-empty TensorList")
    return stack_(tensors, dim)


def _given(name: str, tensors: Sequence[Any]) -> Sequence[Any]:
    if not len(tensors):
        raise RuntimeError(f"{name} expects a non-empty TensorList")
    return tensors


def hstack(tensors: Sequence[Any]) -> Any:
    """The tensors side by side: along the second dimension, vectors along their only one."""
    given = [atleast_1d(t) for t in _given("hstack", tensors)]
    return cat(given, 0 if given[0].ndim == 1 else 1)


def vstack(tensors: Sequence[Any]) -> Any:
    """The tensors on top of each other: along the first dimension, vectors as rows."""
    return cat([atleast_2d(t) for t in _given("vstack", tensors)], 0)


def dstack(tensors: Sequence[Any]) -> Any:
    """The tensors behind each other: along the third dimension."""
    return cat([atleast_3d(t) for t in _given("dstack", tensors)], 2)


def column_stack(tensors: Sequence[Any]) -> Any:
    """The tensors side by side, vectors as columns."""
    return hstack([view(t, (t.numel(), 1)) if t.ndim < 2 else t for t in _given("column_stack", tensors)])


TORCH = {
    "cat": cat,
    "chunk": chunk,
    "column_stack": column_stack,
    "concat": cat,
    "concatenate": cat,
    "dsplit": dsplit,
    "dstack": dstack,
    "hsplit": hsplit,
    "hstack": hstack,
    "narrow": narrow,
    "row_stack": vstack,
    "select": select,
    "split": split,
    "split_with_sizes": split_with_sizes,
    "stack": stack,
    "tensor_split": tensor_split,
    "unbind": unbind,
    "vsplit": vsplit,
    "vstack": vstack,
}
TENSOR = {
    "chunk": chunk,
    "dsplit": dsplit,
    "hsplit": hsplit,
    "narrow": narrow,
    "select": select,
    "split": lambda self, split_size, dim=0: split(self, split_size, dim),
    "split_with_sizes": split_with_sizes,
    "tensor_split": tensor_split,
    "unbind": unbind,
    "vsplit": vsplit,
}
