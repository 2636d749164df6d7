"""What a hook may return in a gradient's place, refused in PyTorch's words (``torch/csrc/autograd/python_hook.cpp``)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..tensor import Tensor, type_name


def fitting(hook: Any, old: Any, new: Any) -> Any:
    """``new``, which takes the place of ``old``. Raises TypeError for what is no tensor, RuntimeError for one of another type,
    device or shape."""
    if old is None:
        raise RuntimeError("can't replace a None gradient with a non-None value")
    if not isinstance(new, Tensor):
        raise TypeError(f"expected Variable, but hook returned '{type(new).__name__}'")
    if new._data.dtype != old._data.dtype or new.device.type != old.device.type:
        raise RuntimeError(f"hook '{_name(hook)}' has changed the type of value (was {type_name(old)} got {type_name(new)})")
    if new._data.shape != old._data.shape:
        raise RuntimeError(f"hook '{_name(hook)}' has changed the size of value")
    return new


def all_fitting(hook: Any, old: Sequence[Any], new: Any) -> tuple[Any, ...]:
    """The same of a node's hook, which returns a tuple with an entry for each gradient; None in it takes that gradient away."""
    if not isinstance(new, tuple):
        raise TypeError(f"expected tuple, but hook returned '{type(new).__name__}'")
    if len(new) != len(old):
        raise RuntimeError(f"hook '{_name(hook)}' has returned an incorrect number of values (got {len(new)}, but expected {len(old)})")
    return tuple(None if now is None else fitting(hook, had, now) for had, now in zip(old, new, strict=True))


def tensors_of(returned: Any) -> tuple[Any, ...]:
    """What a tape can keep of what a hook returned that was refused: its tensors."""
    values = returned if isinstance(returned, tuple) else (returned,)
    return tuple(value for value in values if isinstance(value, Tensor))


def _name(hook: Any) -> str:
    return str(getattr(hook, "__name__", "<unknown>"))
