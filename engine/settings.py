"""Settings of ``torch`` that are kept and answered, and questions about the installation."""

from __future__ import annotations

import warnings
from importlib import import_module
from typing import Any

from . import devices, dtypes
from .storage import is_storage
from .tensor import Tensor, wrap

_settings: dict[str, Any] = {
    "deterministic": False, "warn_only": False, "precision": "highest", "interop": 1, "warn_always": False, "flush": False,
}  # fmt: skip


def use_deterministic_algorithms(mode: bool, *, warn_only: bool = False) -> None:
    """Kept: everything here is deterministic."""
    _settings.update(deterministic=bool(mode), warn_only=bool(warn_only))


def are_deterministic_algorithms_enabled() -> bool:
    """What ``use_deterministic_algorithms`` was given."""
    return bool(_settings["deterministic"])


def is_deterministic_algorithms_warn_only_enabled() -> bool:
    """What ``use_deterministic_algorithms`` was given."""
    return bool(_settings["warn_only"])


def set_deterministic_debug_mode(debug_mode: int | str) -> None:
    """ "default" (0), "warn" (1) or "error" (2), kept.

    Raises RuntimeError for any other mode.
    """
    number = {"default": 0, "warn": 1, "error": 2}.get(debug_mode, debug_mode) if isinstance(debug_mode, str) else debug_mode
    if number not in (0, 1, 2):
        raise RuntimeError(f"invalid value of debug_mode, expected `default`, `warn`, `error`, but got {debug_mode}")
    use_deterministic_algorithms(number > 0, warn_only=number == 1)


def get_deterministic_debug_mode() -> int:
    """0, 1 or 2, as ``set_deterministic_debug_mode`` was given."""
    return 0 if not _settings["deterministic"] else 1 if _settings["warn_only"] else 2


def set_float32_matmul_precision(precision: str) -> None:
    """ "highest", "high" or "medium", kept: products are computed in float32 whichever it is.

    Raises RuntimeError for any other precision.
    """
    if precision not in ("highest", "high", "medium"):
        raise RuntimeError(f"float32 matmul precision must be one of highest, high, medium, but got {precision}")
    _settings["precision"] = precision


def get_float32_matmul_precision() -> str:
    """What ``set_float32_matmul_precision`` was given."""
    return str(_settings["precision"])


def set_flush_denormal(mode: bool) -> bool:
    """Whether denormal numbers could be made to count as zero: they cannot."""
    return False


def set_num_interop_threads(n: int) -> None:
    """Kept: ops run one after another."""
    _settings["interop"] = n


def get_num_interop_threads() -> int:
    """What ``set_num_interop_threads`` was given."""
    return int(_settings["interop"])


def set_warn_always(b: bool) -> None:
    """Kept: warnings come as often as Python's filters let them."""
    _settings["warn_always"] = bool(b)


def is_warn_always_enabled() -> bool:
    """What ``set_warn_always`` was given."""
    return bool(_settings["warn_always"])


def set_default_tensor_type(t: Any) -> None:
    """Choose the default float type by its old name, ``torch.DoubleTensor`` or "torch.DoubleTensor".

    Raises TypeError for a name that is none of a floating-point type.
    """
    warnings.warn(
        "torch.set_default_tensor_type() is deprecated as of PyTorch 2.1, please use torch.set_default_dtype() and "
        "torch.set_default_device() as alternatives.",
        UserWarning,
        stacklevel=2,
    )
    name = t if isinstance(t, str) else getattr(t, "__name__", str(t))
    for kind in dtypes.ALL:
        if name.rpartition(".")[2] == f"{kind.legacy}Tensor":
            dtypes.set_default_dtype(kind)
            return
    raise TypeError(f"invalid type object: {name} is no floating-point tensor type")


def typename(obj: Any) -> str:
    """The name of a tensor's type ("torch.FloatTensor"), of an object's class or of a class, with its module."""
    if isinstance(obj, Tensor):
        return str(obj.type())
    kind = obj if hasattr(obj, "__qualname__") else type(obj)
    home = getattr(kind, "__module__", "") or ""
    return kind.__qualname__ if home in ("", "builtins") else f"{home}.{kind.__qualname__}"


def is_signed(input: Tensor) -> bool:
    """Whether the type holds negative numbers."""
    return input.dtype.is_signed


def is_inference(input: Tensor) -> bool:
    """Whether the tensor was made in ``inference_mode``."""
    return input.is_inference()


def get_device(input: Tensor) -> int:
    """The number of the GPU that the tensor lies on, -1 for the CPU."""
    return input.get_device()


def is_distributed(input: Tensor) -> bool:
    """Whether the tensor is spread over processes: it is not."""
    return False


def is_neg(input: Tensor) -> bool:
    """Whether the elements are to be negated when read: they are not."""
    return False


def is_vulkan_available() -> bool:
    """Whether there is such a device: there is none."""
    return False


def compiled_with_cxx11_abi() -> bool:
    """True, as PyTorch's wheels say; nothing is compiled here."""
    return True


_told: set[str] = set()


def compile(model: Any = None, **options: Any) -> Any:
    """The function or module itself, which runs as it is; with options alone a decorator. Says so once."""
    if "compile" not in _told:
        _told.add("compile")
        warnings.warn("torch.compile: gradstep's engine compiles nothing; what was given runs as it is", UserWarning, stacklevel=2)
    return model if model is not None else lambda function: function


def detach(input: Tensor) -> Tensor:
    """The same memory, not part of the graph."""
    return input.detach()


def is_anomaly_check_nan_enabled() -> bool:
    """Whether anomaly detection looks for nan; see ``torch.autograd.detect_anomaly``."""
    from .autograd import anomaly

    return bool(anomaly.check_nan)


def get_device_module(device: Any = None) -> Any:
    """``torch.cuda`` for a GPU, ``torch.cpu`` for the CPU.

    Raises RuntimeError for other devices.
    """
    kind = devices.as_device(device).type
    if kind not in ("cpu", "cuda"):
        raise RuntimeError(f"Device '{kind}' does not have a corresponding module registered as 'torch.{kind}'.")
    return import_module(f".{kind}", __package__)


def from_dlpack(ext_tensor: Any) -> Tensor:
    """The memory of an object of another library that speaks DLPack, as a tensor."""
    return wrap(devices.CPU.from_dlpack(ext_tensor))


def to_dlpack(tensor: Tensor) -> Any:
    """A capsule with the tensor's memory for other libraries; most take the tensor itself."""
    return tensor.detach()._data.__dlpack__()


TORCH: dict[str, Any] = {
    "are_deterministic_algorithms_enabled": are_deterministic_algorithms_enabled,
    "compile": compile,
    "compiled_with_cxx11_abi": compiled_with_cxx11_abi,
    "detach": detach,
    "get_deterministic_debug_mode": get_deterministic_debug_mode,
    "from_dlpack": from_dlpack,
    "get_device": get_device,
    "get_device_module": get_device_module,
    "get_float32_matmul_precision": get_float32_matmul_precision,
    "get_num_interop_threads": get_num_interop_threads,
    "has_lapack": True,
    "has_mkl": False,
    "has_openmp": True,
    "has_spectral": True,
    "is_anomaly_check_nan_enabled": is_anomaly_check_nan_enabled,
    "is_deterministic_algorithms_warn_only_enabled": is_deterministic_algorithms_warn_only_enabled,
    "is_distributed": is_distributed,
    "is_inference": is_inference,
    "is_neg": is_neg,
    "is_signed": is_signed,
    "is_storage": is_storage,
    "is_vulkan_available": is_vulkan_available,
    "is_warn_always_enabled": is_warn_always_enabled,
    "newaxis": None,
    "set_default_tensor_type": set_default_tensor_type,
    "set_deterministic_debug_mode": set_deterministic_debug_mode,
    "set_float32_matmul_precision": set_float32_matmul_precision,
    "set_flush_denormal": set_flush_denormal,
    "set_num_interop_threads": set_num_interop_threads,
    "set_warn_always": set_warn_always,
    "to_dlpack": to_dlpack,
    "typename": typename,
    "use_deterministic_algorithms": use_deterministic_algorithms,
}
