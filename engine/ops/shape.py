"""Shapes: views of the same memory under other shapes, copies of it, and sums that undo broadcasting."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .. import dtypes
from ..op import Array, op
from ..tensor import Size, Tensor
from .dims import broadcast_shape, dim_of, dims_of, inferred_shape, sizes_of, view_strides

# ------------------------------------------------------------------------------------------------------------ broadcasting


def _expanded(input: Array, size: Sequence[int]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Shape and strides of ``input`` expanded to ``size``."""
    lead = len(size) - input.ndim
    if lead < 0:
        raise RuntimeError(
            f"expand({'torch.' + dtypes.of(input.dtype).legacy + 'Tensor'}{{{list(input.shape)}}}, size={list(size)}): the number of sizes "
            f"provided ({len(size)}) must be greater or equal to the number of dimensions in the tensor ({input.ndim})"
        )
    for i, n in enumerate(size[:lead]):
        if n < 0:
            raise RuntimeError(f"The expanded size of the tensor ({n}) isn't allowed in a leading, non-existing dimension {i}")
    shape, strides = list(size[:lead]), [0] * lead
    for i, (have, want) in enumerate(zip(input.shape, size[lead:], strict=True)):
        if want in (have, -1):
            shape.append(have)
            strides.append(input.strides[i])
        elif have == 1:
            shape.append(want)
            strides.append(0)
        else:
            raise RuntimeError(
                f"The expanded size of the tensor ({want}) must match the existing size ({have}) at non-singleton dimension "
                f"{i + lead}.  Target sizes: {list(size)}.  Tensor sizes: {list(input.shape)}"
            )
    return tuple(shape), tuple(strides)


@op(
    vjp={"input": lambda g, input_shape: sum_to(g, input_shape)},
    on_arrays={"input": lambda g: g},  # the walk sums
    samples=lambda rand: [(rand(3, 1), (3, 4)), (rand(4), (2, 3, -1)), (rand(2, 1, 3), (2, 5, 3)), (rand(), (2,))],
    torch="Tensor.expand",
    view=True,
)
def expand(xp: Any, input: Array, size: Sequence[int]) -> Array:
    """``input`` with dimensions of size 1 repeated to ``size``, without copying; -1 keeps a size."""
    if size == input.shape:
        return input
    shape, strides = _expanded(input, size)
    return xp.as_strided(input, shape, strides)


@op(
    vjp={"input": lambda g, input_shape: expand(g, input_shape)},
    samples=lambda rand: [(rand(2, 3, 4), (3, 1)), (rand(3, 4), (3, 4)), (rand(3, 4), ())],
    node="SumBackward1",
)
def sum_to(xp: Any, input: Array, shape: Sequence[int]) -> Array:
    """The sum over the dimensions along which a tensor of ``shape`` was stretched to ``input``'s: undoes broadcasting."""
    lead = input.ndim - len(shape)
    if lead == 1 and input.shape[1:] == shape:
        return input.sum(axis=0, dtype=input.dtype)
    over = tuple(range(lead)) + tuple(i + lead for i, n in enumerate(shape) if n == 1 and input.shape[i + lead] != 1)
    if not over:
        return input.reshape(tuple(shape))
    return input.sum(axis=over, keepdims=True, dtype=input.dtype).reshape(tuple(shape))


def _expand(self: Tensor, *sizes: Any, size: Any = None) -> Any:
    """``expand`` as a method: the sizes may be separate arguments."""
    return expand(self, sizes_of(sizes if size is None else (size,)))


def expand_as(input: Tensor, other: Tensor) -> Any:
    """``input`` expanded to the shape of ``other``."""
    return expand(input, other.shape)


def broadcast_to(input: Tensor, size: Sequence[int]) -> Any:
    """``input`` expanded to ``size``."""
    return expand(input, sizes_of((size,)))


def broadcast_tensors(*tensors: Any) -> list[Any]:
    """The tensors expanded to their common shape."""
    given = tensors[0] if len(tensors) == 1 and isinstance(tensors[0], (tuple, list)) else tensors
    shape = broadcast_shape(*(t.shape for t in given))
    return [t if t._data.shape == shape else expand(t, shape) for t in given]


def broadcast_shapes(*shapes: Any) -> Size:
    """The shape to which the shapes broadcast."""
    return Size(broadcast_shape(*((n,) if isinstance(n, int) else n for n in shapes))) if shapes else Size(())


def sum_to_size(self: Tensor, *size: Any) -> Any:
    """The sum over the dimensions along which a tensor of ``size`` was stretched to this one.

    Raises RuntimeError where ``size`` does not broadcast to the tensor's shape.
    """
    shape = sizes_of(size)
    lead = self.ndim - len(shape)
    if lead < 0 or any(n not in (1, m) for n, m in zip(shape, self.shape[lead:], strict=True)):
        raise RuntimeError(f"size {list(shape)} is not expandable to size {list(self.shape)}.")
    if not shape:
        return self.sum()
    if shape == tuple(self.shape):
        return self
    over = [*range(lead), *(i + lead for i, n in enumerate(shape) if n == 1 and self.shape[i + lead] != 1)]
    total = self.sum(over, keepdim=True) if over else self
    return view(total, shape) if lead else total


# ------------------------------------------------------------------------------------------------------------ copies


@op(
    vjp={"input": lambda g: g},
    samples=lambda rand: [(rand(2, 3),), (rand(),)],
    torch="clone",
)
def clone(xp: Any, input: Array, *, memory_format: Any = None) -> Array:
    """A copy; its elements lie in memory as ``input``'s do unless ``memory_format`` is ``torch.contiguous_format``."""
    return laid_out(input, memory_format)


def laid_out(array: Array, memory_format: Any) -> Array:
    """A copy whose elements lie in the order of a memory format, or as they do; row by row where they share memory."""
    if str(memory_format) in _LAST:
        order = _LAST[str(memory_format)]
        if array.ndim != len(order):
            raise RuntimeError(f"required rank {len(order)} tensor to use {str(memory_format).removeprefix('torch.')} format")
        return array.transpose(order).copy(order="C").transpose((0, array.ndim - 1, *range(1, array.ndim - 1)))
    repeats = any(stride == 0 and n > 1 for n, stride in zip(array.shape, array.strides, strict=True))
    keeps = str(memory_format) in ("None", "torch.preserve_format") and not repeats
    return array.copy(order="K" if keeps else "C")


_LAST = {"torch.channels_last": (0, 2, 3, 1), "torch.channels_last_3d": (0, 2, 3, 4, 1)}  # the dimensions as they lie


def contiguous(input: Tensor, memory_format: Any = None) -> Any:
    """The tensor itself where its elements lie in row-major order without gaps, else a copy in which they do; in the order of
    ``memory_format`` where one is asked for."""
    if is_contiguous(input, memory_format):
        return input
    return clone(input, memory_format="torch.contiguous_format" if memory_format is None else memory_format)


def is_contiguous(self: Tensor, memory_format: Any = None) -> bool:
    """Whether the elements lie in row-major order without gaps; in the order of channels last where that is asked for."""
    array = self._data
    order = _LAST.get(str(memory_format))
    if order is not None:
        return array.ndim == len(order) and bool(array.transpose(order).flags.c_contiguous)
    return bool(array.flags.c_contiguous)


# ------------------------------------------------------------------------------------------------------------ other shapes


def _strides(array: Array) -> tuple[int, ...]:
    size = array.itemsize
    return tuple(s // size for s in array.strides)


@op(
    vjp={"input": lambda g, input_shape: reshape(g, input_shape)},
    on_arrays={"input": lambda g, input_shape: g.reshape(input_shape)},
    samples=lambda rand: [(rand(2, 6), (3, 4)), (rand(2, 3), (-1,)), (rand(), (1, 1)), (rand(1), ())],
    torch="Tensor.view",
    view=True,
)
def view(xp: Any, input: Array, size: Sequence[int]) -> Array:
    """The same memory under another shape; one size may be -1."""
    shape = inferred_shape(size, input.size)
    if not input.flags.c_contiguous and view_strides(input.shape, _strides(input), shape) is None:
        raise RuntimeError(
            "view size is not compatible with input tensor's size and stride (at least one dimension spans across two contiguous "
            "subspaces). Use .reshape(...) instead."
        )
    return input.reshape(shape)


@op(
    vjp={"input": lambda g, input_shape: reshape(g, input_shape)},
    on_arrays={"input": lambda g, input_shape: g.reshape(input_shape)},
    samples=lambda rand: [(rand(2, 4, 3)[:, :2], (2, 2, 3, 1)), (rand(2, 4)[:, :2], (1, 2, 2))],
    node="ReshapeAliasBackward0",
    view=True,
)
def _reshape_alias(xp: Any, input: Array, size: Sequence[int]) -> Array:
    """The same memory under another shape, where that is possible although the elements have gaps between them."""
    return input.reshape(tuple(size))


@op(
    vjp={"input": lambda g, input_shape: reshape(g, input_shape)},
    on_arrays={"input": lambda g, input_shape: g.reshape(input_shape)},
    samples=lambda rand: [(rand(2, 6), (3, 4))],
    torch="ops.aten._unsafe_view",
    node="UnsafeViewBackward0",
)
def _unsafe_view(xp: Any, input: Array, size: Sequence[int]) -> Array:
    """The memory of a tensor that nobody else has, under another shape; autograd does not take it for a view."""
    return input.reshape(inferred_shape(size, input.size))


def reshape(input: Tensor, shape: Sequence[int]) -> Any:
    """``input`` under another shape: a view where the memory allows it, else a copy."""
    array = input._data
    wanted = inferred_shape(shape, array.size)
    if array.flags.c_contiguous:
        return view(input, wanted)
    if view_strides(array.shape, _strides(array), wanted) is not None:
        return _reshape_alias(input, wanted)
    return _unsafe_view(clone(input, memory_format="torch.contiguous_format"), wanted)


@op(
    samples=lambda rand: [(rand(2, 3), dtypes.int64), (rand(2, 3), dtypes.float32), (rand(2), dtypes.uint8)],
    view=True,
)
def view_dtype(xp: Any, input: Array, dtype: Any) -> Array:
    """The same bytes read as another type; the last dimension grows or shrinks where the types' widths differ."""
    if input.dtype.itemsize != dtype.itemsize:
        if input.ndim == 0:
            raise RuntimeError(
                f"self.dim() cannot be 0 to view {dtypes.of(input.dtype).legacy} as {dtype.legacy} (different element sizes)"
            )
        if input.strides[-1] != input.itemsize and input.shape[-1] > 1:
            raise RuntimeError(
                f"self.stride(-1) must be 1 to view {dtypes.of(input.dtype).legacy} as {dtype.legacy} (different element sizes), "
                f"but got {input.strides[-1] // input.itemsize}"
            )
        if input.shape[-1] * input.itemsize % dtype.itemsize:
            raise RuntimeError(
                f"self.size(-1) must be divisible by {dtype.itemsize // input.itemsize} to view {dtypes.of(input.dtype).legacy} as "
                f"{dtype.legacy} (different element sizes), but got {input.shape[-1]}"
            )
    return input.view(dtype.numpy)


def _view(self: Tensor, *size: Any, dtype: Any = None) -> Any:
    """``view`` as a method: ``view(2, 3)``, ``view((2, 3))``, or ``view(dtype)``."""
    kind = dtype if dtype is not None else size[0] if size and isinstance(size[0], dtypes.dtype) else None
    if kind is not None:
        return view_dtype(self, kind)
    return view(self, sizes_of(size))


def _reshape(self: Tensor, *sizes: Any, shape: Any = None) -> Any:
    """``reshape`` as a method: the sizes may be separate arguments."""
    return reshape(self, sizes_of(sizes if shape is None else (shape,)))


def view_as(self: Tensor, other: Tensor) -> Any:
    """The same memory under the shape of ``other``."""
    return view(self, other.shape)


def reshape_as(self: Tensor, other: Tensor) -> Any:
    """The tensor under the shape of ``other``."""
    return reshape(self, other.shape)


def flatten(input: Tensor, start_dim: int = 0, end_dim: int = -1) -> Any:
    """``input`` with the dimensions from ``start_dim`` to ``end_dim`` made one."""
    first, last = dim_of(start_dim, input.ndim), dim_of(end_dim, input.ndim)
    if first > last:
        raise RuntimeError("flatten() has invalid args: start_dim cannot come after end_dim")
    if input.ndim == 0:
        return reshape(input, (1,))
    if first == last:
        return input
    shape = input._data.shape
    count = 1
    for n in shape[first : last + 1]:
        count *= n
    return reshape(input, (*shape[:first], count, *shape[last + 1 :]))


def unflatten(input: Tensor, dim: int, sizes: Sequence[int]) -> Any:
    """``input`` with one dimension split into ``sizes``; one of them may be -1."""
    at = dim_of(dim, input.ndim)
    if not sizes:
        raise RuntimeError("unflatten: sizes must be non-empty")
    sizes = tuple(sizes)
    here = input._data.shape[at]
    known = 1
    for n in sizes:
        known *= 1 if n == -1 else n
    if (-1 in sizes and (known == 0 or here % known)) or (-1 not in sizes and known != here):
        raise RuntimeError(
            f"unflatten: Provided sizes {list(sizes)} don't multiply up to the size of dim {at} ({here}) in the input tensor"
        )
    inner = inferred_shape(sizes, here)
    return view(input, (*input.shape[:at], *inner, *input.shape[at + 1 :]))


def ravel(input: Tensor) -> Any:
    """``input`` as one dimension."""
    return view(contiguous(input), (-1,))


@op(
    vjp={"input": lambda g: g},
    samples=lambda rand: [(rand(2, 3),)],
    node="AliasBackward0",
    view=True,
)
def alias(xp: Any, input: Array) -> Array:
    """The same memory under the same shape."""
    return input


# ------------------------------------------------------------------------------------------------------------ ones


def _drop(shape: Sequence[int], dim: Any) -> tuple[int, ...]:
    over = tuple(range(len(shape))) if dim is None else dims_of(dim, len(shape))
    return tuple(n for i, n in enumerate(shape) if n != 1 or i not in over)


@op(
    vjp={"input": lambda g, input_shape: reshape(g, input_shape)},
    on_arrays={"input": lambda g, input_shape: g.reshape(input_shape)},
    samples=lambda rand: [
        (rand(2, 1, 3, 1),),
        (rand(2, 1, 3), 1),
        (rand(2, 1, 3), -1),
        (rand(2, 1, 3, 1), (1, -1)),
        (rand(1), 0),
        (rand(), 0),
    ],
    torch="squeeze",
    node=lambda dim: (
        "SqueezeBackward0" if dim is None else "SqueezeBackward1" if not isinstance(dim, (tuple, list)) else "SqueezeBackward2"
    ),
    view=True,
)
def squeeze(xp: Any, input: Array, dim: Any = None) -> Array:
    """``input`` without its dimensions of size 1: all of them, or those named by ``dim``."""
    if dim is None:
        return xp.squeeze(input)
    over = dims_of(dim, input.ndim)
    index = tuple(0 if i in over and n == 1 else slice(None) for i, n in enumerate(input.shape))
    return input[(*index, Ellipsis)]


@op(
    vjp={"input": lambda g, dim: unsqueeze(g, dim)},
    samples=lambda rand: [(rand(1, 3), 0)],
    node="SqueezeBackward4",
)
def _squeeze_(xp: Any, input: Array, dim: int) -> Array:
    """A new tensor's memory without one dimension, which PyTorch takes away in place."""
    return input.reshape(_drop(input.shape, dim))


@op(
    vjp={"input": lambda g, dim: squeeze(g, dim)},
    samples=lambda rand: [(rand(2, 3), 0), (rand(2, 3), -1), (rand(2, 3), 1), (rand(), 0)],
    torch="unsqueeze",
    view=True,
)
def unsqueeze(xp: Any, input: Array, dim: int) -> Array:
    """``input`` with a dimension of size 1 put in before ``dim``."""
    at = dim_of(dim, input.ndim + 1)
    shape = (*input.shape[:at], 1, *input.shape[at:])
    if input.flags.c_contiguous:
        return input.reshape(shape)
    step = input.strides[at] * input.shape[at] if at < input.ndim else input.itemsize
    return xp.as_strided(input, shape, (*input.strides[:at], step, *input.strides[at:]))


# ------------------------------------------------------------------------------------------------------------ small facts


def atleast_1d(*tensors: Any) -> Any:
    """The tensor, or a tuple of the tensors, with at least one dimension."""
    return _each(tensors, lambda a: reshape(a, (1,)) if a.ndim == 0 else a)


def atleast_2d(*tensors: Any) -> Any:
    """The tensor, or a tuple of the tensors, with at least two dimensions: a vector becomes a row."""
    return _each(tensors, lambda a: reshape(a, (1, 1)) if a.ndim == 0 else unsqueeze(a, 0) if a.ndim == 1 else a)


def atleast_3d(*tensors: Any) -> Any:
    """The tensor, or a tuple of the tensors, with at least three dimensions."""

    def deep(a: Any) -> Any:
        if a.ndim == 0:
            return reshape(a, (1, 1, 1))
        return unsqueeze(unsqueeze(a, 0), -1) if a.ndim == 1 else unsqueeze(a, -1) if a.ndim == 2 else a

    return _each(tensors, deep)


def _each(tensors: Sequence[Any], function: Any) -> Any:
    if len(tensors) == 1 and isinstance(tensors[0], (tuple, list)):
        return tuple(function(a) for a in tensors[0])
    found = tuple(function(a) for a in tensors)
    return found[0] if len(tensors) == 1 else found


def numel(input: Tensor) -> int:
    """The number of elements."""
    return input.numel()


def is_same_size(input: Tensor, other: Tensor) -> bool:
    """Whether two tensors have one shape."""
    return bool(input._data.shape == other._data.shape)


def is_nonzero(input: Tensor) -> bool:
    """Whether the only element is not zero.

    Raises RuntimeError unless there is exactly one element.
    """
    return bool(input)


def as_subclass(self: Tensor, cls: type[Tensor]) -> Any:
    """The same tensor as an object of a subclass; part of the graph where this one is.

    Raises TypeError for what is no subclass of Tensor.
    """
    if not isinstance(cls, type):
        raise TypeError(f"cls must be a type (got {type(cls).__name__})")
    if not issubclass(cls, Tensor):
        raise TypeError(
            "Creating a Tensor subclass from a class that does not inherit from Tensor is not possible. Make sure your class inherits "
            "from Tensor."
        )
    source = alias(self)
    made = source._as(cls)
    vars(made).update(vars(source))
    return made


def _make_subclass(cls: type[Tensor], data: Tensor, require_grad: bool = False) -> Any:
    """The memory of ``data`` as a leaf of a subclass."""
    made = data.detach()._as(cls)
    made._requires_grad = require_grad
    return made


TORCH = {
    "atleast_1d": atleast_1d,
    "atleast_2d": atleast_2d,
    "atleast_3d": atleast_3d,
    "broadcast_shapes": broadcast_shapes,
    "broadcast_tensors": broadcast_tensors,
    "broadcast_to": broadcast_to,
    "clone": clone,
    "flatten": flatten,
    "is_nonzero": is_nonzero,
    "is_same_size": is_same_size,
    "numel": numel,
    "ravel": ravel,
    "reshape": reshape,
    "squeeze": squeeze,
    "unflatten": unflatten,
    "unsqueeze": unsqueeze,
}
TENSOR = {
    "as_subclass": as_subclass,
    "_make_subclass": staticmethod(_make_subclass),
    "broadcast_to": broadcast_to,
    "clone": clone,
    "contiguous": contiguous,
    "expand": _expand,
    "expand_as": expand_as,
    "flatten": flatten,
    "is_contiguous": is_contiguous,
    "is_nonzero": is_nonzero,
    "is_same_size": is_same_size,
    "ndimension": lambda self: self.ndim,
    "nelement": numel,
    "ravel": ravel,
    "reshape": _reshape,
    "reshape_as": reshape_as,
    "squeeze": lambda self, *dim, **named: squeeze(self, *((dim,) if len(dim) > 1 else dim), **named),
    "sum_to_size": sum_to_size,
    "unflatten": lambda self, dim, sizes: unflatten(self, dim, sizes),
    "unsqueeze": unsqueeze,
    "view": _view,
    "view_as": view_as,
}
TURNED = {"squeeze_": squeeze, "unsqueeze_": unsqueeze}  # methods that give the tensor itself another shape
