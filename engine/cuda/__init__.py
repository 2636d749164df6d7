"""``torch.cuda``: GPUs, which are reached through cupy; on a machine without one the answers that PyTorch gives there."""

from __future__ import annotations

from typing import Any

from .. import devices
from . import amp

__all__ = ["amp", "current_device", "device", "device_count", "empty_cache", "get_device_name", "is_available", "synchronize"]


def is_available() -> bool:
    """Whether there is a GPU to compute on, and cupy to do so."""
    return devices.has_cuda()


def device_count() -> int:
    """How many GPUs there are."""
    return int(_runtime().getDeviceCount()) if is_available() else 0


def _runtime() -> Any:
    """cupy's runtime.

    Raises RuntimeError where there is no GPU, or no cupy.
    """
    return devices.array_module(devices.device("cuda")).cuda.runtime


def is_initialized() -> bool:
    """Whether a GPU was used."""
    return "cuda" in devices._MODULES


def init() -> None:
    """Make the GPU ready.

    Raises RuntimeError where there is none.
    """
    assert _runtime()


def current_device() -> int:
    """The number of the GPU in use.

    Raises RuntimeError where there is none.
    """
    return int(_runtime().getDevice())


def set_device(device: Any) -> None:
    """Use that GPU from now on.

    Raises RuntimeError where there is none.
    """
    _runtime().setDevice(_number(device))


def _number(device: Any) -> int:
    if device is None:
        return current_device()
    return device if isinstance(device, int) else devices.device(device).index or 0


def get_device_name(device: Any = None) -> str:
    """What the GPU is called.

    Raises RuntimeError where there is none.
    """
    name = _runtime().getDeviceProperties(_number(device))["name"]
    return name.decode() if isinstance(name, bytes) else str(name)


def get_device_capability(device: Any = None) -> tuple[int, int]:
    """The GPU's compute capability.

    Raises RuntimeError where there is none.
    """
    properties = _runtime().getDeviceProperties(_number(device))
    return int(properties["major"]), int(properties["minor"])


def is_bf16_supported(including_emulation: bool = True) -> bool:
    """Whether bfloat16 can be computed with on the GPU: cupy has no such type."""
    return False


def synchronize(device: Any = None) -> None:
    """Wait until the GPU has done what it was given.

    Raises RuntimeError where there is none.
    """
    _runtime().deviceSynchronize()


def empty_cache() -> None:
    """Give memory that no tensor uses back to the system; nothing where no GPU was used."""
    if is_initialized():
        devices.array_module(devices.device("cuda")).get_default_memory_pool().free_all_blocks()


def _used() -> int:
    if not is_initialized():
        return 0
    return int(devices.array_module(devices.device("cuda")).get_default_memory_pool().used_bytes())


def memory_allocated(device: Any = None) -> int:
    """How many bytes tensors take on the GPU; 0 where none was used."""
    return _used()


def memory_reserved(device: Any = None) -> int:
    """How many bytes were asked of the GPU; 0 where none was used."""
    if not is_initialized():
        return 0
    return int(devices.array_module(devices.device("cuda")).get_default_memory_pool().total_bytes())


max_memory_allocated = memory_allocated
max_memory_reserved = memory_reserved


def reset_peak_memory_stats(device: Any = None) -> None:
    """Nothing: peaks are not kept."""


def memory_summary(device: Any = None, abbreviated: bool = False) -> str:
    """A sentence about the memory in use."""
    return f"{memory_allocated()} bytes in tensors, {memory_reserved()} bytes reserved"


def ipc_collect() -> None:
    """Nothing: memory of a GPU is not shared between processes."""


def manual_seed(seed: int) -> None:
    """Seed the random numbers of the GPU; remembered where there is none yet."""
    from ..random import manual_seed as everywhere

    if is_available():
        everywhere(seed)


manual_seed_all = manual_seed


class device:  # PyTorch spells it so
    """A GPU that is used inside: ``with torch.cuda.device(1): ...``; a negative number changes nothing."""

    def __init__(self, device: Any) -> None:
        self.idx = _number(device)

    def __enter__(self) -> None:
        if self.idx >= 0:
            self._found = current_device()
            set_device(self.idx)

    def __exit__(self, *_: object) -> None:
        if self.idx >= 0:
            set_device(self._found)
