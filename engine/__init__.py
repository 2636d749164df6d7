"""The engine: tensors that autograd follows, spelled and behaving like PyTorch's. ``import gradstep.engine as torch``."""

from typing import Any

from . import creation, methods, random
from . import devices as _device
from . import dtypes as _dtypes
from .autograd.grad_mode import (
    enable_grad,
    inference_mode,
    is_grad_enabled,
    is_inference_mode_enabled,
    no_grad,
    set_grad_enabled,
)
from .devices import device
from .dtypes import dtype, finfo, get_default_dtype, iinfo, promote_types, set_default_dtype
from .random import Generator, default_generator, manual_seed
from .tensor import Size, Tensor

_NAMES: dict[str, Any] = {t.name: t for t in _dtypes.ALL} | {
    "bool": _dtypes.bool_, "int": _dtypes.int32, "long": _dtypes.int64, "short": _dtypes.int16, "half": _dtypes.float16,
    "float": _dtypes.float32, "double": _dtypes.float64, "cfloat": _dtypes.complex64, "cdouble": _dtypes.complex128,
    "set_default_device": _device.set_default_device, "get_default_device": _device.default_device,
    "inf": float("inf"), "nan": float("nan"), "pi": 3.141592653589793, "e": 2.718281828459045,
}  # fmt: skip
_NAMES.update(creation.TORCH)
_NAMES.update(methods.TORCH)
globals().update(_NAMES)
strided = "torch.strided"
contiguous_format = "torch.contiguous_format"
preserve_format = "torch.preserve_format"
channels_last = "torch.channels_last"

__all__ = [  # the functions of creation.py and the ops come from their tables
    "Generator", "Size", "Tensor", "default_generator", "device", "dtype", "enable_grad", "finfo", "get_default_dtype", "iinfo",
    "inference_mode", "is_grad_enabled", "is_inference_mode_enabled", "manual_seed", "no_grad", "promote_types", "random",
    "set_default_dtype", "set_grad_enabled",
]  # fmt: skip
