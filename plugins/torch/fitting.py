"""What a hook may return in a gradient's place, refused in PyTorch's own words (``torch/csrc/autograd/python_hook.cpp``)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch


def fitting(hook: Any, old: Any, new: Any) -> Any:
    """``new``, which takes the place of ``old``. Raises TypeError, RuntimeError as PyTorch does."""
    if not isinstance(new, torch.Tensor):
        raise TypeError(f"expected Variable, but hook returned '{type(new).__name__}'")
    if old is None:
        raise RuntimeError("can't replace a None gradient with a non-None value")
    if new.dtype != old.dtype or new.device.type != old.device.type or new.layout != old.layout:
        raise RuntimeError(f"hook '{_name(hook)}' has changed the type of value (was {old.type()} got {new.type()})")
    if new.shape != old.shape:
        raise RuntimeError(f"hook '{_name(hook)}' has changed the size of value")
    return new


def all_fitting(hook: Any, old: Sequence[Any], new: Any) -> tuple[Any, ...]:
    """The same of a hook of a node, which returns a tuple; None in it takes the gradient away."""
    if not isinstance(new, tuple):
        raise TypeError(f"expected tuple, but hook returned '{type(new).__name__}'")
    if len(new) != len(old):
        raise RuntimeError(f"hook '{_name(hook)}' has returned an incorrect number of values (got {len(new)}, but expected {len(old)})")
    return tuple([None if given is None else fitting(hook, had, given) for had, given in zip(old, new)])  # noqa: B905  # Python 3.9


def _name(hook: Any) -> str:
    return str(getattr(hook, "__name__", "<unknown>"))
