"""Modules made without drawing their parameters."""

from __future__ import annotations

import inspect
from typing import Any

from ... import random
from ..module import Module


def skip_init(module_cls: Any, *args: Any, **kwargs: Any) -> Module:
    """A module of the class whose parameters have arbitrary values, and which took nothing from the random numbers.

    Raises RuntimeError for what is no module class, or one that takes no device.
    """
    if not issubclass(module_cls, Module):
        raise RuntimeError(f"Expected a Module; got {module_cls}")
    if "device" not in inspect.signature(module_cls).parameters:
        raise RuntimeError("Module must support a 'device' arg to skip initialization")
    state = random.get_rng_state()
    made: Module = module_cls(*args, **kwargs)
    random.set_rng_state(state)
    return made
