"""The names of ``torch``: gathered from creation, ops, modes and types into one table."""

from __future__ import annotations

from typing import Any

from . import autocasting, creation, devices, dtypes, layouts, legacy, methods, random, settings, shortage, storage, version
from .autograd import anomaly, grad_mode
from .autograd.vmap import vmap
from .kernels import threads
from .out import accepting
from .signal import windows
from .tensor import Size, Tensor


def is_tensor(obj: Any) -> bool:
    """Whether ``obj`` is a tensor."""
    return isinstance(obj, Tensor)


def is_floating_point(input: Tensor) -> bool:
    """Whether the elements are real floating-point numbers."""
    return input.is_floating_point()


def is_complex(input: Tensor) -> bool:
    """Whether the elements are complex numbers."""
    return input.is_complex()


def numel(input: Tensor) -> int:
    """The number of elements."""
    return input.numel()


def result_type(tensor1: Any, tensor2: Any) -> dtypes.dtype:
    """The type that an op on two tensors or numbers has."""
    operands = []
    for t in (tensor1, tensor2):
        rank = (2 if t.ndim else 1) if isinstance(t, Tensor) else 0
        operands.append((t.dtype if isinstance(t, Tensor) else dtypes.of_number(t), rank))
    return dtypes.result_type(operands)


def can_cast(from_: dtypes.dtype, to: dtypes.dtype) -> bool:
    """Whether a type may be converted into another without losing its category."""
    return from_.category <= to.category


NAMES: dict[str, Any] = {t.name: t for t in dtypes.ALL} | {
    "bool": dtypes.bool_, "complex32": dtypes.complex32, "chalf": dtypes.complex32,
    "int": dtypes.int32, "long": dtypes.int64, "short": dtypes.int16, "half": dtypes.float16,
    "float": dtypes.float32, "double": dtypes.float64, "cfloat": dtypes.complex64, "cdouble": dtypes.complex128,
    "dtype": dtypes.dtype, "finfo": dtypes.finfo, "iinfo": dtypes.iinfo, "promote_types": dtypes.promote_types,
    "get_default_dtype": dtypes.get_default_dtype, "set_default_dtype": dtypes.set_default_dtype,
    "device": devices.device, "set_default_device": devices.set_default_device, "get_default_device": devices.default_device,
    "Tensor": Tensor, "Size": Size, "layout": layouts.layout, "strided": layouts.strided, "memory_format": layouts.memory_format,
    "is_tensor": is_tensor, "is_floating_point": is_floating_point, "is_complex": is_complex, "numel": numel,
    "result_type": result_type, "can_cast": can_cast, "set_num_threads": threads.set_count, "get_num_threads": threads.count,
    "no_grad": grad_mode.no_grad, "enable_grad": grad_mode.enable_grad, "set_grad_enabled": grad_mode.set_grad_enabled,
    "inference_mode": grad_mode.inference_mode, "is_grad_enabled": grad_mode.is_grad_enabled,
    "is_inference_mode_enabled": grad_mode.is_inference_mode_enabled, "is_anomaly_enabled": anomaly.is_anomaly_enabled,
    "is_anomaly_check_nan_enabled": anomaly.is_anomaly_check_nan_enabled,
    "vmap": vmap,
    "inf": float("inf"), "nan": float("nan"), "pi": 3.141592653589793, "e": 2.718281828459045,
}  # fmt: skip
NAMES.update({name: getattr(random, name) for name in random.__all__ if name not in ("device",)})
NAMES.update(autocasting.TORCH)
NAMES.update(layouts.FORMATS)
NAMES.update(legacy.TORCH)
NAMES.update(settings.TORCH)
NAMES.update(shortage.TORCH)
NAMES.update({name: accepting(name, function) for name, function in creation.TORCH.items()})
NAMES.update(methods.TORCH)
NAMES.update(windows.TORCH)
NAMES |= {"UntypedStorage": storage.UntypedStorage, "TypedStorage": storage.TypedStorage, "__version__": version.__version__}

# names of torch that a module of ours gives when the first of them is asked for: few programs need what it loads
LATER = {"load": "serialization", "save": "serialization"}
