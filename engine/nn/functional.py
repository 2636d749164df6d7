"""``torch.nn.functional``: the functions of the families under the names that PyTorch gives them there."""

from __future__ import annotations

from typing import Any

from .. import methods

_FROM_TORCH = (
    "celu", "celu_", "conv1d", "conv2d", "conv3d", "dropout", "elu", "elu_", "embedding", "hardshrink", "layer_norm", "log_softmax",
    "logsigmoid", "pairwise_distance", "prelu", "relu", "relu_", "rrelu", "selu", "selu_", "sigmoid", "softmax", "tanh", "threshold",
)  # fmt: skip
NAMES: dict[str, Any] = {name: methods.TORCH[name] for name in _FROM_TORCH if name in methods.TORCH} | methods.FUNCTIONAL
globals().update(NAMES)


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from difflib import get_close_matches  # of use to mistakes alone

    close = get_close_matches(name, NAMES, 1)
    hint = f" Did you mean {close[0]!r}?" if close else ""
    raise AttributeError(f"module 'torch.nn.functional' has no attribute {name!r}: gradstep's engine does not have it.{hint}")


def __dir__() -> list[str]:
    return sorted(NAMES)
