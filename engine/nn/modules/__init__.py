"""PyTorch's inner places of the modules: ``torch.nn.modules.Linear``, ``torch.nn.modules.batchnorm._BatchNorm``.

Where our files are divided otherwise, a file of ours stands under PyTorch's name too.
"""

from __future__ import annotations

import sys
from typing import Any

from .. import (
    activation,
    adaptive,
    containers,
    conv,
    distance,
    dropout,
    embedding,
    lazy,
    linear,
    loss,
    module,
    normalization,
    padding,
    pooling,
    rnn,
    shaping,
    transformer,
)
from . import utils

_PLACES = {
    "activation": activation, "adaptive": adaptive, "batchnorm": normalization, "channelshuffle": shaping, "container": containers,
    "conv": conv, "distance": distance, "dropout": dropout, "flatten": shaping, "fold": shaping, "instancenorm": normalization,
    "lazy": lazy, "linear": linear, "loss": loss, "module": module, "normalization": normalization, "padding": padding,
    "pixelshuffle": shaping, "pooling": pooling, "rnn": rnn, "sparse": embedding, "transformer": transformer, "upsampling": shaping,
}  # fmt: skip
for _name, _place in _PLACES.items():
    sys.modules[f"{__name__}.{_name}"] = _place
    globals()[_name] = _place

__all__ = ["containers", "utils"]  # and the places


def __getattr__(name: str) -> Any:
    return getattr(sys.modules[__name__.rpartition(".")[0]], name)
