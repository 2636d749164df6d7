"""How elements lie: ``torch.layout``, of which there is one, and ``torch.memory_format``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any


class layout:  # PyTorch spells it so
    """How a tensor's elements lie; there is only ``torch.strided``."""

    def __repr__(self) -> str:
        return "torch.strided"


class memory_format:  # PyTorch spells it so
    """An order of dimensions in memory."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __repr__(self) -> str:
        return f"torch.{self._name}"


strided = layout()
FORMATS = {name: memory_format(name) for name in ("contiguous_format", "preserve_format", "channels_last", "channels_last_3d")}
_LAST = {"channels_last": (0, 2, 3, 1), "channels_last_3d": (0, 2, 3, 4, 1)}  # the dimensions as they lie


def order_of(format: memory_format | None, like: Any) -> Sequence[int] | None:
    """The dimensions from the widest strides to the narrowest, for a new array in a format, or like another; None for rows."""
    name = "preserve_format" if format is None else repr(format).removeprefix("torch.")
    if name in _LAST:
        return _LAST[name]
    if name != "preserve_format" or like.flags.c_contiguous or any(s == 0 for s in like.strides):
        return None
    return sorted(range(like.ndim), key=lambda dim: (-like.strides[dim], dim))


def made(make: Callable[..., Any], shape: Sequence[int], kind: Any, order: Sequence[int] | None) -> Any:
    """``make(shape, kind)``, with its dimensions lying in that order.

    Raises RuntimeError for a format of another number of dimensions.
    """
    if order is None:
        return make(shape, kind)
    if len(order) != len(shape):
        raise RuntimeError(f"required rank {len(order)} tensor to use channels_last{'_3d' * (len(order) == 5)} format")
    return make([shape[dim] for dim in order], kind).transpose([order.index(dim) for dim in range(len(shape))])
