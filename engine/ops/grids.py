"""Combinations of vectors' elements: grids, products, choices."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

from .. import creation, devices, dtypes
from ..tensor import Tensor, wrap
from .index import masked_select
from .pieces import stack
from .shape import expand, flatten, view


def meshgrid(*tensors: Any, indexing: str | None = None) -> tuple[Any, ...]:
    """For each vector a tensor over all combinations: ``indexing`` "ij" has a dimension a vector in their order, "xy" the
    first two exchanged.

    Raises RuntimeError for tensors with more than one dimension.
    """
    given = list(tensors[0]) if len(tensors) == 1 and isinstance(tensors[0], (tuple, list)) else list(tensors)
    if indexing is None:
        warnings.warn(
            "torch.meshgrid: in an upcoming release, it will be required to pass the indexing argument.", UserWarning, stacklevel=2
        )
        indexing = "ij"
    if indexing not in ("ij", "xy"):
        raise RuntimeError(f'torch.meshgrid: indexing must be one of "xy" or "ij", but received: {indexing}')
    if not given:
        raise RuntimeError("meshgrid expects a non-empty TensorList")
    for t in given:
        if t.ndim > 1:
            raise RuntimeError(f"torch.meshgrid: Expected 0D or 1D tensor in the tensor list but got: {t.ndim}D")
        if t.dtype is not given[0].dtype:
            raise RuntimeError("torch.meshgrid expects all tensors to have the same dtype")
    order = list(range(len(given)))
    if indexing == "xy" and len(given) > 1:
        order[0], order[1] = 1, 0
    shape = [0] * len(given)
    for t, place in zip(given, order, strict=True):
        shape[place] = t.numel()
    return tuple(
        expand(view(t, tuple(t.numel() if place == d else 1 for d in range(len(given)))), tuple(shape))
        for t, place in zip(given, order, strict=True)
    )


def _vectors(tensors: Sequence[Tensor]) -> None:
    for t in tensors:
        if t.ndim != 1:
            raise RuntimeError(f"Expect a 1D vector, but got shape {list(t.shape)}")


def cartesian_prod(*tensors: Tensor) -> Any:
    """All combinations of one element of each vector: a row each."""
    _vectors(tensors)
    if len(tensors) == 1:
        return tensors[0]
    return stack([flatten(grid) for grid in meshgrid(*tensors, indexing="ij")], 1)


def combinations(input: Tensor, r: int = 2, with_replacement: bool = False) -> Any:
    """All choices of ``r`` elements of a vector, each in the order of the vector: a row each."""
    _vectors([input])
    if r < 0:
        raise RuntimeError(f"Expect a non-negative number, but got {r}")
    if r == 0:
        return input.new_empty(0)
    xp, count = input._xp, input.numel()
    numbers = xp.arange(count)
    keep = xp.ones((count,) * r, bool)
    for i in range(r - 1):
        earlier, later = (numbers.reshape((1,) * d + (-1,) + (1,) * (r - d - 1)) for d in (i, i + 1))
        keep = keep & ((earlier <= later) if with_replacement else (earlier < later))
    mask = wrap(keep)
    return stack([masked_select(grid, mask) for grid in meshgrid(*[input] * r, indexing="ij")], 1)


def _triangle(name: str, row: int, col: int, offset: int, dtype: Any, device: Any) -> Tensor:
    if row < 0:
        raise RuntimeError(f"row must be non-negative, got{row}")
    if col < 0:
        raise RuntimeError(f"col must be non-negative, got{col}")
    kind = dtypes.int64 if dtype is None else dtypes.as_dtype(dtype)
    xp = devices.array_module(devices.as_device(device))
    rows, columns = xp.arange(row)[:, None], xp.arange(col)[None, :]
    inside = columns - rows <= offset if name == "tril" else columns - rows >= offset
    return wrap(xp.stack(xp.nonzero(inside)).astype(kind.numpy))


def tril_indices(row: int, col: int, offset: int = 0, *, dtype: Any = None, device: Any = None) -> Tensor:
    """The row and column numbers of a matrix's lower triangle."""
    return _triangle("tril", row, col, offset, dtype, device)


def triu_indices(row: int, col: int, offset: int = 0, *, dtype: Any = None, device: Any = None) -> Tensor:
    """The row and column numbers of a matrix's upper triangle."""
    return _triangle("triu", row, col, offset, dtype, device)


def one_hot(tensor: Tensor, num_classes: int = -1) -> Any:
    """For each number a vector of zeros with a one at that place; without ``num_classes`` as long as the largest needs.

    Raises RuntimeError unless the numbers are int64, not negative and below ``num_classes``.
    """
    if tensor.dtype is not dtypes.int64:
        raise RuntimeError("one_hot is only applicable to index tensor of type LongTensor.")
    array, xp = tensor._data, tensor._xp
    if array.size == 0:
        if num_classes <= 0:
            raise RuntimeError("Can not infer total number of classes from empty tensor.")
        return creation.zeros((*tensor.shape, num_classes), dtype=dtypes.int64, device=tensor.device)
    low, high = int(array.min()), int(array.max())
    if low < 0:
        raise RuntimeError("Class values must be non-negative.")
    if num_classes == -1:
        num_classes = high + 1
    elif num_classes < 1:
        raise RuntimeError("num_classes should be positive")
    elif high >= num_classes:
        raise RuntimeError("Class values must be smaller than num_classes.")
    return wrap((array[..., None] == xp.arange(num_classes)).astype("int64"))


TORCH = {
    "cartesian_prod": cartesian_prod,
    "combinations": combinations,
    "meshgrid": meshgrid,
    "tril_indices": tril_indices,
    "triu_indices": triu_indices,
}
FUNCTIONAL = {"one_hot": one_hot}
