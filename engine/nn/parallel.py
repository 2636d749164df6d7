"""Modules on several devices, of which there is one: ``torch.nn.parallel``."""

from __future__ import annotations

from typing import Any

from .module import Module


class DataParallel(Module):
    """Calls its module: there is one device to be parallel on. The names in its state dict begin with ``module.``, as PyTorch's."""

    def __init__(self, module: Module, device_ids: Any = None, output_device: Any = None, dim: int = 0) -> None:
        super().__init__()
        self.module, self.output_device, self.dim = module, output_device, dim
        self.device_ids: list[int] = []

    def forward(self, *inputs: Any, **kwargs: Any) -> Any:
        return self.module(*inputs, **kwargs)
