"""Ops from outside: a module with declared ops and tables of names becomes a part of the engine, as a family of ours is."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

from . import methods, names
from .nn import functional
from .tensor import Tensor


def add(family: ModuleType) -> None:
    """Take a family in: its ``TORCH`` names become ``torch``'s, ``FUNCTIONAL`` those of ``torch.nn.functional``, and ``TENSOR``,
    ``IN_PLACE`` and ``TURNED`` methods of Tensor.

    Raises ValueError, and takes nothing in, where a name is taken already: a plug-in adds and never replaces.
    """
    taken = [f"torch.{name}" for name in _table(family, "TORCH") if name in names.NAMES]
    taken += [f"torch.nn.functional.{name}" for name in _table(family, "FUNCTIONAL") if hasattr(functional, name)]
    taken += [f"Tensor.{name}" for table in ("TENSOR", "IN_PLACE", "TURNED") for name in _table(family, table) if hasattr(Tensor, name)]
    if taken:
        raise ValueError(f"{family.__name__} would replace {', '.join(taken)}; a plug-in gives names of its own")
    methods.bind(family)
    engine: Any = sys.modules[__package__]
    for name in _table(family, "TORCH"):
        names.NAMES[name] = methods.TORCH[name]
        setattr(engine, name, methods.TORCH[name])
    for name in _table(family, "FUNCTIONAL"):
        setattr(functional, name, methods.FUNCTIONAL[name])


def _table(family: ModuleType, table: str) -> dict[str, Any]:
    found: dict[str, Any] = getattr(family, table, {})
    return found
