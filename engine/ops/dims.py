"""How arguments that name dimensions, sizes and indices are read, and PyTorch's errors for those that do not fit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any


def dim_of(dim: int, ndim: int) -> int:
    """The number, counted from the front, of the dimension that ``dim`` names; a 0-d tensor counts as one dimension.

    Raises IndexError where there is no such dimension.
    """
    bound = ndim or 1
    if not -bound <= dim < bound:
        raise IndexError(f"Dimension out of range (expected to be in range of [{-bound}, {bound - 1}], but got {dim})")
    return dim + bound if dim < 0 else dim


def dims_of(dims: int | Iterable[int], ndim: int) -> tuple[int, ...]:
    """As ``dim_of`` for one or several.

    Raises RuntimeError where one is named twice.
    """
    if not isinstance(dims, Iterable):
        return (dim_of(dims, ndim),)
    found = tuple(dim_of(dim, ndim) for dim in dims)
    for dim in found:
        if found.count(dim) > 1:
            raise RuntimeError(f"dim {dim} appears multiple times in the list of dims")
    return found


def sizes_of(sizes: Sequence[Any]) -> tuple[int, ...]:
    """The sizes that ``view(2, 3)`` or ``view((2, 3))`` means."""
    if len(sizes) == 1 and isinstance(sizes[0], (tuple, list)):
        sizes = sizes[0]
    return tuple(n.__index__() for n in sizes)


def inferred_shape(size: Sequence[int], count: int) -> tuple[int, ...]:
    """``size`` with -1 replaced by what makes it hold ``count`` elements.

    Raises RuntimeError where it cannot.
    """
    total, unknown = 1, -1
    for i, n in enumerate(size):
        if n == -1:
            if unknown >= 0:
                raise RuntimeError("only one dimension can be inferred")
            unknown = i
        elif n < 0:
            raise RuntimeError(f"invalid shape dimension {n} at index {i} of shape {list(size)}")
        else:
            total *= n
    if unknown < 0:
        if total != count:
            raise RuntimeError(f"shape '{list(size)}' is invalid for input of size {count}")
        return tuple(size)
    if total == 0:
        if count == 0:
            raise RuntimeError(
                f"cannot reshape tensor of 0 elements into shape {list(size)} because the unspecified dimension size -1 can be any "
                "value and is ambiguous"
            )
        raise RuntimeError(f"shape '{list(size)}' is invalid for input of size {count}")
    if count % total:
        raise RuntimeError(f"shape '{list(size)}' is invalid for input of size {count}")
    return (*size[:unknown], count // total, *size[unknown + 1 :])


def view_strides(shape: Sequence[int], strides: Sequence[int], wanted: Sequence[int]) -> tuple[int, ...] | None:
    """The strides with which memory laid out as (shape, strides) has the shape ``wanted``; None where that takes a copy.

    Dimensions that lie in memory one after the other form a block; each block must be cut up by itself (PyTorch's
    ``computeStride``).
    """
    count = 1
    for n in shape:
        count *= n
    if count == 0:
        result, step = [], 1
        for n in reversed(wanted):
            result.append(step)
            step *= max(n, 1)
        return tuple(strides) if tuple(shape) == tuple(wanted) else tuple(reversed(result))
    result = []
    left = len(wanted) - 1
    block, base = 1, strides[-1] if strides else 1
    for dim in range(len(shape) - 1, -1, -1):
        block *= shape[dim]
        if dim == 0 or (shape[dim - 1] != 1 and strides[dim - 1] != block * base):
            taken = 1
            while left >= 0 and (taken < block or wanted[left] == 1):
                result.append(taken * base)
                taken *= wanted[left]
                left -= 1
            if taken != block:
                return None
            if dim > 0:
                block, base = 1, strides[dim - 1]
    while left >= 0:  # only ones are left
        result.append(base * block)
        left -= 1
    return tuple(reversed(result))


def broadcast_shape(*shapes: Sequence[int]) -> tuple[int, ...]:
    """The shape to which the shapes broadcast.

    Raises RuntimeError where they do not.
    """
    result = list(shapes[0])
    for shape in shapes[1:]:
        if len(shape) > len(result):
            result = [1] * (len(shape) - len(result)) + result
        for i in range(1, len(shape) + 1):
            have, other = result[-i], shape[-i]
            if have == 1:
                result[-i] = other
            elif other not in (1, have):
                raise RuntimeError(
                    f"The size of tensor a ({have}) must match the size of tensor b ({other}) at non-singleton dimension {len(result) - i}"
                )
    return tuple(result)


def all_below(xp: Any, numbers: Any, count: int) -> bool:
    """Whether all of an array of integers, which is not empty, are at least 0 and below ``count``.

    Read without their signs negative numbers are larger than all others: one look finds both."""
    kind = numbers.dtype
    return bool((numbers.view(kind.char.upper()) if kind.kind == "i" else numbers).max() < count)
