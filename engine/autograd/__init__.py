"""Automatic differentiation, under the names of ``torch.autograd``.

The folder holds what tensors and ops stand on (nodes, hooks, modes) and what stands on them (walks, functions), so its
public names are looked up when they are asked for.
"""

from importlib import import_module
from typing import Any

_HOMES = {
    "Function": "function",
    "backward": "gradients",
    "detect_anomaly": "anomaly",
    "enable_grad": "grad_mode",
    "grad": "gradients",
    "inference_mode": "grad_mode",
    "no_grad": "grad_mode",
    "set_detect_anomaly": "anomaly",
    "set_grad_enabled": "grad_mode",
}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{home}", __name__), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
