"""PyTorch's inner place of the modules: ``torch.nn.modules.Linear``; ``torch.nn.modules.module`` has the hooks on all modules."""

from __future__ import annotations

import sys
from typing import Any

from . import activation, containers, conv, dropout, linear, loss, module, normalization, padding, pooling, rnn, transformer

__all__ = [
    "activation", "containers", "conv", "dropout", "linear", "loss", "module", "normalization", "padding", "pooling", "rnn",
    "transformer",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    assert __package__ is not None
    return getattr(sys.modules[__package__], name)
