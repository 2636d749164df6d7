"""Samples to a batch: numbers and arrays become tensors with one more dimension, in whatever they are packed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ... import creation, devices, dtypes
from ...ops.pieces import stack
from ...tensor import Tensor

_PROBLEM = "default_collate: batch must contain tensors, numpy arrays, numbers, dicts or lists; found {}"


def _rebuilt(like: Any, parts: list[Any]) -> Any:
    """A sequence of the same type; a list where that type cannot be made of one."""
    if isinstance(like, tuple):
        return type(like)(*parts) if hasattr(like, "_fields") else tuple(parts) if type(like) is tuple else type(like)(parts)
    try:
        return type(like)(parts)
    except TypeError:  # a type of the user's, which takes other arguments
        return parts


def default_collate(batch: Any) -> Any:
    """The samples of a list as one batch.

    Raises TypeError for samples of a type that has no batch, RuntimeError for sequences of different lengths.
    """
    first = batch[0]
    if isinstance(first, Tensor):
        return stack(batch, 0)
    if devices.is_array(first):
        return default_collate([creation.as_tensor(b) for b in batch])
    if isinstance(first, devices.CPU.generic):
        return creation.as_tensor(devices.CPU.asarray(batch))
    if isinstance(first, float):
        return creation.tensor(batch, dtype=dtypes.float64)
    if isinstance(first, int):
        return creation.tensor(batch)
    if isinstance(first, (str, bytes)):
        return batch
    if isinstance(first, Mapping):
        made = {key: default_collate([b[key] for b in batch]) for key in first}
        try:
            return type(first)(made)  # type: ignore[call-arg]
        except TypeError:  # a type of the user's, which takes other arguments
            return made
    if isinstance(first, Sequence):
        if any(len(b) != len(first) for b in batch):
            raise RuntimeError("each element in list of batch should be of equal size")
        parts = [default_collate(column) for column in zip(*batch, strict=True)]
        return parts if type(first) is tuple else _rebuilt(first, parts)
    raise TypeError(_PROBLEM.format(type(first)))


def default_convert(data: Any) -> Any:
    """One sample with its arrays turned into tensors."""
    if isinstance(data, (Tensor, str, bytes)):
        return data
    if devices.is_array(data) or isinstance(data, devices.CPU.generic):
        return creation.as_tensor(data)
    if isinstance(data, Mapping):
        return {k: default_convert(v) for k, v in data.items()}
    if isinstance(data, Sequence):
        parts = [default_convert(v) for v in data]
        return parts if type(data) is tuple else _rebuilt(data, parts)
    return data
