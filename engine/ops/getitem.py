"""``x[...]`` and ``x[...] = value``: views for numbers and slices, as PyTorch composes them, and indexing for tensors."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

from .. import creation, devices, dtypes
from ..tensor import Tensor, type_name, wrap
from .index import _matched, index, index_put
from .pieces import select, slice_
from .shape import alias, expand, unsqueeze, view

_ZERO_DIM = (
    "invalid index of a 0-dim tensor. Use `tensor.item()` in Python or `tensor.item<T>()` in C++ to convert a 0-dim tensor to a number"
)
_PLAIN = frozenset((int, slice))
_MASKS = (dtypes.bool_, dtypes.uint8)
_INDEX_TYPES = (dtypes.int64, dtypes.int32, dtypes.bool_, dtypes.uint8)


def _number(value: Any) -> int | None:
    """An integer index as Python's int; None for what is no integer."""
    if type(value) is int:
        return value
    if isinstance(value, (bool, Tensor, slice, str, float)) or value is None or not hasattr(value, "__index__"):
        return None
    if devices.is_array(value):
        return None
    return int(value.__index__())


def _selected(input: Tensor, dim: int, number: int, real_dim: int) -> Any:
    if input.ndim == 0:
        raise IndexError(_ZERO_DIM)
    count = input._data.shape[dim]
    if not -count <= number < count:
        raise IndexError(f"index {number} is out of bounds for dimension {real_dim} with size {count}")
    return select(input, dim, number)


def _ends(part: slice, count: int) -> tuple[int, int, int]:
    """Start, end and step of a slice of ``count`` pieces.

    Raises ValueError unless the step is positive.
    """
    start, end, step = (None if n is None else n.__index__() for n in (part.start, part.stop, part.step))
    if step is not None and step <= 0:
        raise ValueError("step must be greater than zero")
    first = 0 if start is None else max(start + count, 0) if start < 0 else min(start, count)
    last = count if end is None else max(end + count, 0) if end < 0 else min(end, count)
    return first, max(first, last), step or 1


def _as_index(input: Tensor, value: Any) -> Tensor:
    """A sequence or array as a tensor of numbers or a mask."""
    if isinstance(value, Tensor):
        made = value
    elif isinstance(value, (Sequence, range)) and not isinstance(value, str):
        given = list(value)
        made = creation.tensor(given, dtype=dtypes.int64) if not given else creation.tensor(given)
    elif isinstance(value, str):
        raise TypeError("new(): invalid data type 'str'")
    else:
        raise IndexError(
            f"only integers, slices (`:`), ellipsis (`...`), None and long or byte Variables are valid indices (got {type(value).__name__})"
        )
    if made.dtype not in _INDEX_TYPES:
        raise IndexError("tensors used as indices must be long, int, byte or bool tensors")
    if made.dtype is dtypes.uint8:
        warnings.warn(
            "indexing with dtype torch.uint8 is now deprecated, please use a dtype torch.bool instead.", UserWarning, stacklevel=4
        )
    if made.device == input.device:
        return made
    if made.is_cuda:
        raise RuntimeError(f"indices should be either on cpu or on the same device as the indexed tensor ({input.device})")
    return made.to(input.device)  # type: ignore[no-any-return]


def _is_several(key: Any) -> bool:
    """Whether a list means one index a dimension, as PyTorch still takes short lists with slices or lists in them."""
    if not isinstance(key, list) or len(key) >= 32:
        return False
    if any(isinstance(k, (Sequence, Tensor, slice)) or k is None or k is Ellipsis for k in key):
        warnings.warn(
            "Using a non-tuple sequence for multidimensional indexing is deprecated and will be changed in pytorch 2.9; use "
            "x[tuple(seq)] instead of x[seq]. In pytorch 2.9 this will be interpreted as tensor index, x[torch.tensor(seq)], which "
            "will result either in an error or a different result",
            UserWarning,
            stacklevel=4,
        )
        return True
    return False


def _places(key: tuple[Any, ...]) -> int:
    """How many dimensions the parts of a key stand for."""
    count = 0
    for part in key:
        if part is None or part is Ellipsis or isinstance(part, bool):
            continue
        if isinstance(part, Tensor) and part.dtype in _MASKS:
            count += part.ndim
        else:
            count += 1
    return count


def _cut_out(self: Tensor, key: tuple[Any, ...]) -> Any:
    """As ``_viewed``, of numbers and slices only, no more than there are dimensions."""
    found: Any = self
    dim = 0
    for real, part in enumerate(key):
        if type(part) is int:
            found = _selected(found, dim, part, real)
            continue
        count = found._data.shape[dim]
        first, last, step = _ends(part, count)
        if first or last != count or step != 1:
            found = slice_(found, dim, first, last, step)
        dim += 1
    return found


def _viewed(self: Tensor, key: tuple[Any, ...]) -> tuple[Any, list[Any]]:
    """The view that the numbers, slices and Nones of a key make, and the tensors that are left to index it with."""
    key = tuple(creation.as_tensor(part) if devices.is_array(part) else part for part in key)
    specified = _places(key)
    if specified > self.ndim:
        if self.ndim == 0:
            raise IndexError(_ZERO_DIM)
        raise IndexError(f"too many indices for tensor of dimension {self.ndim}")
    found: Any = self
    tensors: dict[int, Tensor] = {}
    dim = real = 0  # the dimension of the view, and of the tensor that was asked
    for part in key:
        number = _number(part)
        if number is not None:
            found = _selected(found, dim, number, real)
            real += 1
        elif isinstance(part, slice):
            first, last, step = _ends(part, found._data.shape[dim])
            if first or last != found._data.shape[dim] or step != 1:
                found = slice_(found, dim, first, last, step)
            dim, real = dim + 1, real + 1
        elif part is None:
            found = unsqueeze(found, dim)
            dim += 1
        elif part is Ellipsis:
            dim, real = dim + self.ndim - specified, real + self.ndim - specified
        elif isinstance(part, bool) or (isinstance(part, Tensor) and part.ndim == 0 and part.dtype is dtypes.bool_):
            found = unsqueeze(found, dim)
            tensors[dim] = wrap(self._xp.zeros(int(bool(part)), "int64"))
            dim += 1
        elif isinstance(part, Tensor) and part.ndim == 0 and part.dtype.category == 1 and part.dtype is not dtypes.uint8:
            found = _selected(found, dim, int(part.item()), real)
            real += 1
        else:
            tensors[dim] = made = _as_index(self, part)
            count = made.ndim if made.dtype in _MASKS else 1
            dim, real = dim + count, real + count
    rest: list[Any] = []
    dim = 0
    last_dim = max(tensors, default=-1)
    while dim <= last_dim:
        here = tensors.get(dim)
        rest.append(here)
        dim += here.ndim if here is not None and here.dtype in _MASKS else 1
    return found, rest


def getitem(self: Tensor, key: Any) -> Any:
    """The elements that ``key`` names: a view where it holds numbers, slices, None and ``...`` only, else a copy.

    Raises IndexError for numbers out of range and for too many indices.
    """
    number = _number(key)
    if number is not None:
        return _selected(self, 0, number, 0)
    if isinstance(key, slice) and self.ndim:
        return slice_(self, 0, *_ends(key, self._data.shape[0]))
    if type(key) is tuple and len(key) <= self.ndim and _PLAIN.issuperset(map(type, key)):
        found = _cut_out(self, key)
        return alias(found) if found is self else found
    found, tensors = _viewed(self, key if isinstance(key, tuple) else tuple(key) if _is_several(key) else (key,))
    if tensors:
        return index(found, tensors)
    return alias(found) if found is self else found


def setitem(self: Tensor, key: Any, value: Any) -> None:
    """Write ``value``, which broadcasts, to the elements that ``key`` names."""
    if isinstance(value, Tensor):
        source = value
    elif isinstance(value, (bool, int, float, complex, devices.CPU.generic)):
        source = wrap(self._xp.asarray(value, self._data.dtype))
    else:
        raise TypeError(f"can't assign a {type(value).__name__} to a {type_name(self)}: make it a tensor first")
    number = _number(key)
    tensors: list[Any] = []
    if number is not None:
        found = _selected(self, 0, number, 0)
    elif key is Ellipsis:
        found = self
    else:
        found, tensors = _viewed(self, key if isinstance(key, tuple) else tuple(key) if _is_several(key) else (key,))
    if tensors:
        if source.dtype is not self.dtype or source.device != self.device:
            source = source.to(self.device, self.dtype)
        found.index_put_(_matched(found, tensors), _without_ones(source, found, tensors))
        return
    if source.ndim and source._data.shape != found._data.shape:
        source = expand(_short(source), found.shape)
    found.copy_(source)


def _short(source: Tensor) -> Any:
    """``source`` without the ones that its shape begins with."""
    shape = source._data.shape
    lead = next((i for i, n in enumerate(shape) if n != 1), len(shape))
    return view(source, shape[lead:])


def _without_ones(source: Tensor, found: Tensor, tensors: list[Any]) -> Any:
    """As ``_short``, where the value has more dimensions than what it is written to."""
    shape = source._data.shape
    lead = next((i for i, n in enumerate(shape) if n != 1), len(shape))
    return view(source, shape[lead:]) if lead and len(shape) > found.ndim else source


TENSOR = {"__getitem__": getitem, "__setitem__": setitem}
__all__ = ["getitem", "index_put", "setitem"]
