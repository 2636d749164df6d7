"""``torch.onnx``: models are not exported."""

from __future__ import annotations

from typing import Any


def export(*_: Any, **__: Any) -> None:
    """Raises RuntimeError: models are not exported."""
    raise RuntimeError("torch.onnx.export: gradstep exports no models; save the state dict and export with PyTorch")


def is_in_onnx_export() -> bool:
    """Whether a model is being exported: it is not."""
    return False
