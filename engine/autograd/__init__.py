"""Automatic differentiation, under the names of ``torch.autograd``.

The folder holds what tensors and ops stand on (nodes, hooks, modes) and what stands on them (walks, functions), so its
public names are looked up when they are asked for.
"""

import sys
from importlib import import_module
from types import ModuleType
from typing import Any

_HOMES = {
    "Function": "function",
    "Variable": "variable",
    "GradcheckError": "gradcheck",
    "backward": "gradients",
    "detect_anomaly": "anomaly",
    "enable_grad": "grad_mode",
    "grad": "gradients",
    "gradcheck": "gradcheck",
    "gradgradcheck": "gradcheck",
    "inference_mode": "grad_mode",
    "no_grad": "grad_mode",
    "set_detect_anomaly": "anomaly",
    "set_grad_enabled": "grad_mode",
    "set_multithreading_enabled": "grad_mode",
    "is_multithreading_enabled": "grad_mode",
    "is_view_replay_enabled": "grad_mode",
    "SavedTensor": "saved",
}
_MODULES = {"forward_ad", "function", "functional", "grad_mode", "graph", "profiler", "variable"}


class _Autograd(ModuleType):
    """A submodule becomes an attribute when it is imported, but ``gradcheck`` is the function."""

    def __setattr__(self, name: str, value: Any) -> None:
        if not (name == "gradcheck" and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Autograd


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is not None:
        return getattr(import_module(f".{home}", __name__), name)
    if name == "anomaly_mode":
        return import_module(".anomaly", __name__)
    if name in _MODULES:
        return import_module(f".{name}", __name__)
    raise AttributeError(f"module 'torch.autograd' has no attribute {name!r}: gradstep's engine does not have it")


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES, *_MODULES})
