"""The engine: tensors that autograd follows, spelled and behaving like PyTorch's. ``import gradstep.engine as torch``.

The names of ``torch`` are loaded when the first of them is asked for: who only reads a tape, or waits for a process,
imports neither numpy nor the ops.
"""

from __future__ import annotations

import gc
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import autograd, nn, optim, random
    from .devices import device
    from .dtypes import dtype
    from .random import Generator
    from .tensor import Size, Tensor

_HIDDEN = ("tensor",)  # modules of ours that have the name of something else in torch


class _Engine(ModuleType):
    """A submodule becomes an attribute when it is imported, unless torch means something else by its name."""

    def __setattr__(self, name: str, value: Any) -> None:
        if not (name in _HIDDEN and isinstance(value, ModuleType) and value.__name__ == f"{__name__}.{name}"):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Engine


def __getattr__(name: str) -> Any:
    if name.startswith("__") and name != "__version__":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    here = Path(__file__).parent
    if name not in _HIDDEN and ((here / f"{name}.py").exists() or (here / name / "__init__.py").exists()):
        return _loaded(name)
    table = _loaded("names")
    if name in table.LATER:
        globals()[name] = found = getattr(_loaded(table.LATER[name]), name)
        return found
    names = table.NAMES
    if name not in names:
        from difflib import get_close_matches  # of use to mistakes alone

        close = get_close_matches(name, names, 1)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        raise AttributeError(
            f"module 'torch' has no attribute {name!r}: gradstep's engine does not have it.{hint} "
            "`gradstep check SCRIPT` lists all such names."
        )
    globals().update(names)
    names["Tensor"]._subclassed = staticmethod(_subclassed)
    return names[name]


def _loaded(name: str) -> Any:
    """A module of ours. What loading makes stays: to look for garbage among it would take a sixth of the time."""
    paused = gc.isenabled()
    gc.disable()
    try:
        return import_module(f".{name}", __name__)
    finally:
        if paused:
            gc.enable()


def _subclassed(cls: type) -> None:
    """The first subclass of Tensor brings what subclasses need."""
    if not cls.__module__.startswith(__name__):
        import_module(".overrides", __name__).subclassed(cls)


__all__ = ["Generator", "Size", "Tensor", "autograd", "device", "dtype", "nn", "optim", "random"]  # and all of names.py


def __dir__() -> list[str]:
    table = _loaded("names")
    return sorted({*globals(), *table.NAMES, *table.LATER})
