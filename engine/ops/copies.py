"""Twins of views that copy, and twins of splits whose pieces may be changed in place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .. import dtypes
from ..op import Array, op
from ..tensor import Tensor
from .complexes import view_as_real
from .copying import copying
from .dims import dim_of
from .order_of_dims import permute, t, transpose
from .pieces import cat, select, slice_, slice_backward, split_, split_with_sizes, unbind
from .rearrange import diagonal_copy
from .shape import alias, clone, expand, squeeze, unsqueeze, view
from .windows import _in_memory, as_strided_, unfold

alias_copy = copying(alias, "alias_copy")
_as_strided_copy = copying(as_strided_, "_as_strided_copy")
_expand_copy = copying(expand, "_expand_copy")
permute_copy = copying(permute, "permute_copy")
select_copy = copying(select, "select_copy")
slice_copy = copying(slice_, "slice_copy")
split_copy = copying(split_, "split_copy")
split_with_sizes_copy = copying(split_with_sizes, "split_with_sizes_copy")
squeeze_copy = copying(squeeze, "squeeze_copy")
t_copy = copying(t, "t_copy")
transpose_copy = copying(transpose, "transpose_copy")
unbind_copy = copying(unbind, "unbind_copy")
unfold_copy = copying(unfold, "unfold_copy")
unsqueeze_copy = copying(unsqueeze, "unsqueeze_copy")
view_as_real_copy = copying(view_as_real, "view_as_real_copy")
_view_copy = copying(view, "_view_copy")


def as_strided_copy(input: Tensor, size: Sequence[int], stride: Sequence[int], storage_offset: int | None = None) -> Any:
    """As ``as_strided``, in memory of its own."""
    return _as_strided_copy(input, *_in_memory(input, size, stride, storage_offset))


def expand_copy(input: Tensor, size: Sequence[int], *, implicit: bool = False) -> Any:
    """As ``expand``, in memory of its own."""
    return _expand_copy(input, tuple(size))


def view_copy(input: Tensor, size: Any = None, dtype: Any = None) -> Any:
    """As ``view``, by shape or by type, in memory of its own."""
    kind = size if isinstance(size, dtypes.dtype) else dtype
    return _view_copy(input, tuple(size)) if kind is None else clone(input.view(kind))


@op(
    vjp={
        "input": lambda g, input_shape, dim, start, length: slice_backward(
            g, input_shape, dim, start % (input_shape[dim] + 1), start % (input_shape[dim] + 1) + length, 1
        )
    },
    samples=lambda rand: [(rand(4, 3), 0, 1, 2), (rand(4, 3), -1, 0, 3)],
    torch="narrow_copy",
)
def narrow_copy(xp: Any, input: Array, dim: int, start: int, length: int) -> Array:
    """As ``narrow``, in memory of its own."""
    if input.ndim == 0:
        raise RuntimeError("narrow() cannot be applied to a 0-dim tensor.")
    if dim >= input.ndim:
        raise RuntimeError("Expected dim < static_cast<int64_t>(self_sizes.size()) to be true, but got false.")
    at = dim_of(dim, input.ndim)
    count = input.shape[at]
    if not -count <= start <= count:
        raise IndexError(f"start out of range (expected to be in range of [-{count}, {count}], but got {start})")
    first = start + count if start < 0 else start
    if length < 0 or first + length > count:
        raise RuntimeError(f"start ({first}) + length ({length}) exceeds dimension size ({count}).")
    return input[(slice(None),) * at + (slice(first, first + length),)].copy()


# ------------------------------------------------------------------------------------------------------------ unsafe splits


@op(
    vjp={"input": lambda g, dim: cat(g, dim)},
    samples=lambda rand: [(rand(5, 2), 2), (rand(2, 4), 3, -1)],
    torch="unsafe_split",
    outputs=("*",),
    halves="own",
)
def unsafe_split(xp: Any, input: Array, split_size: int, dim: int = 0) -> tuple[Array, ...]:
    """As ``split``; autograd takes the pieces for tensors of their own, which may be changed in place."""
    made: tuple[Array, ...] = split_.op.forward(xp, input, split_size, dim)  # type: ignore[attr-defined]
    return made


@op(
    vjp={"input": lambda g, dim: cat(g, dim)},
    samples=lambda rand: [(rand(5, 2), (2, 3)), (rand(2, 4), (1, 0, 3), -1)],
    torch="unsafe_split_with_sizes",
    outputs=("*",),
    halves="own",
)
def unsafe_split_with_sizes(xp: Any, input: Array, split_sizes: Sequence[int], dim: int = 0) -> tuple[Array, ...]:
    """As ``split_with_sizes``; autograd takes the pieces for tensors of their own, which may be changed in place."""
    made: tuple[Array, ...] = split_with_sizes.op.forward(xp, input, split_sizes, dim)  # type: ignore[attr-defined]
    return made


def unsafe_chunk(input: Tensor, chunks: int, dim: int = 0) -> Any:
    """As ``chunk``; autograd takes the pieces for tensors of their own, which may be changed in place."""
    if input.ndim == 0:
        raise RuntimeError("chunk expects at least a 1-dimensional tensor")
    if chunks <= 0:
        raise RuntimeError(f"chunk expects `chunks` to be greater than 0, got: {chunks}")
    size = -(-input.shape[dim_of(dim, input.ndim)] // chunks)
    return unsafe_split(input, size, dim) if size else unsafe_split_with_sizes(input, (0,) * chunks, dim)


TORCH = {
    "alias_copy": alias_copy, "as_strided_copy": as_strided_copy, "diagonal_copy": diagonal_copy, "expand_copy": expand_copy,
    "narrow_copy": narrow_copy, "permute_copy": permute_copy, "select_copy": select_copy, "slice_copy": slice_copy,
    "split_copy": split_copy, "split_with_sizes_copy": split_with_sizes_copy, "squeeze_copy": squeeze_copy, "t_copy": t_copy,
    "transpose_copy": transpose_copy, "unbind_copy": unbind_copy, "unfold_copy": unfold_copy, "unsafe_chunk": unsafe_chunk,
    "unsafe_split": unsafe_split, "unsafe_split_with_sizes": unsafe_split_with_sizes, "unsqueeze_copy": unsqueeze_copy,
    "view_as_real_copy": view_as_real_copy, "view_copy": view_copy,
}  # fmt: skip
TENSOR = {
    name: TORCH[name] for name in ("narrow_copy", "unsafe_chunk", "unsafe_split", "unsafe_split_with_sizes")
}  # fmt: skip
