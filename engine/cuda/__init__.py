"""``torch.cuda``: GPUs, which are reached through cupy; on a machine without one the answers that PyTorch gives there."""

from __future__ import annotations

from typing import Any, NamedTuple

from .. import devices, random
from ..shortage import OutOfMemoryError
from . import amp, memory, streams
from .memory import (
    empty_cache,
    max_memory_allocated,
    max_memory_cached,
    max_memory_reserved,
    mem_get_info,
    memory_allocated,
    memory_cached,
    memory_reserved,
    memory_stats,
    memory_summary,
    reset_accumulated_memory_stats,
    reset_max_memory_allocated,
    reset_max_memory_cached,
    reset_peak_memory_stats,
    set_per_process_memory_fraction,
)
from .streams import Event, Stream, StreamContext, current_stream, default_stream, set_stream, stream

__all__ = [
    "Event", "OutOfMemoryError", "Stream", "StreamContext", "amp", "can_device_access_peer", "current_device", "current_stream",
    "default_stream", "device", "device_count", "device_of", "empty_cache", "get_arch_list", "get_device_capability", "get_device_name",
    "get_device_properties", "get_rng_state", "get_rng_state_all", "init", "initial_seed", "ipc_collect", "is_available",
    "is_bf16_supported", "is_initialized", "manual_seed", "manual_seed_all", "max_memory_allocated", "max_memory_cached",
    "max_memory_reserved", "mem_get_info", "memory", "memory_allocated", "memory_cached", "memory_reserved", "memory_stats",
    "memory_summary", "reset_accumulated_memory_stats", "reset_max_memory_allocated", "reset_max_memory_cached",
    "reset_peak_memory_stats", "seed", "seed_all", "set_device", "set_per_process_memory_fraction", "set_rng_state",
    "set_rng_state_all", "set_stream", "stream", "streams", "synchronize",
]  # fmt: skip


def is_available() -> bool:
    """Whether there is a GPU to compute on, and cupy to do so."""
    return devices.has_cuda()


def device_count() -> int:
    """How many GPUs there are."""
    return devices.array_module(devices.device("cuda")).count if is_available() else 0


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
    """Use that GPU from now on; a negative number changes nothing.

    Raises ValueError for a device of another kind, RuntimeError where there is none.
    """
    number = _number(device, needed=False)
    if number >= 0:
        _runtime().setDevice(number)


def _number(device: Any, needed: bool = True) -> int:
    """The number of a GPU: the current one's for None. A number is taken as it is, unless it is ``needed`` as one there is."""
    if device is None:
        return current_device()
    if isinstance(device, int) and not needed:
        return device
    place = devices.device(device)
    if place.type != "cuda":
        raise ValueError(f"Expected a cuda device, but got: {place}")
    devices.array_module(place)
    return current_device() if place.index is None else place.index


class DeviceProperties(NamedTuple):
    """What a GPU is and has; ``total_memory`` in bytes."""

    name: str
    major: int
    minor: int
    total_memory: int
    multi_processor_count: int
    max_threads_per_multi_processor: int
    warp_size: int


def get_device_properties(device: Any = None) -> DeviceProperties:
    """What the GPU is and has.

    Raises RuntimeError where there is none.
    """
    runtime = _runtime()
    found = runtime.getDeviceProperties(_number(device))
    name = found["name"]
    return DeviceProperties(
        name.decode() if isinstance(name, bytes) else str(name),
        int(found["major"]),
        int(found["minor"]),
        int(found["totalGlobalMem"]),
        int(found["multiProcessorCount"]),
        int(found["maxThreadsPerMultiProcessor"]),
        int(found["warpSize"]),
    )


def get_device_name(device: Any = None) -> str:
    """What the GPU is called.

    Raises RuntimeError where there is none.
    """
    return get_device_properties(device).name


def get_device_capability(device: Any = None) -> tuple[int, int]:
    """The GPU's compute capability.

    Raises RuntimeError where there is none.
    """
    found = get_device_properties(device)
    return found.major, found.minor


def get_arch_list() -> list[str]:
    """For which GPUs code was compiled beforehand: cupy compiles when it is needed."""
    return []


def can_device_access_peer(device: Any, peer_device: Any) -> bool:
    """Whether a GPU can read the memory of another.

    Raises RuntimeError where there is none.
    """
    return bool(_runtime().deviceCanAccessPeer(_number(device), _number(peer_device)))


def is_bf16_supported(including_emulation: bool = True) -> bool:
    """Whether bfloat16 can be computed with on the GPU: cupy has no such type."""
    return False


def synchronize(device: Any = None) -> None:
    """Wait until the GPU has done what it was given, in all its queues.

    Raises RuntimeError where there is none.
    """
    xp = devices.array_module(devices.device("cuda"))
    xp.cuda.Device(_number(device)).synchronize()


def ipc_collect() -> None:
    """Nothing: memory of a GPU is not shared between processes."""


# ------------------------------------------------------------------------------------------------------ random numbers


def manual_seed(seed: int) -> None:
    """Seed the random numbers of the current GPU; nothing where there is none."""
    if is_available():
        _generator(None).manual_seed(int(seed))


def manual_seed_all(seed: int) -> None:
    """Seed the random numbers of all GPUs; nothing where there is none."""
    for number in range(device_count()):
        _generator(number).manual_seed(int(seed))


def seed() -> None:
    """Random numbers on the current GPU that nobody can foresee; nothing where there is none."""
    if is_available():
        _generator(None).seed()


def seed_all() -> None:
    """Random numbers on all GPUs that nobody can foresee; nothing where there is none."""
    for number in range(device_count()):
        _generator(number).seed()


def initial_seed() -> int:
    """The seed of the current GPU's random numbers. Raises RuntimeError where there is none."""
    return _generator(None).initial_seed()


def get_rng_state(device: Any = "cuda") -> Any:
    """Where the GPU's random numbers are, as a uint8 tensor. Raises RuntimeError where there is none."""
    return _generator(device).get_state()


def set_rng_state(new_state: Any, device: Any = "cuda") -> None:
    """Go to where the GPU's random numbers were at ``get_rng_state``. Raises RuntimeError where there is none."""
    _generator(device).set_state(new_state)


def get_rng_state_all() -> list[Any]:
    """``get_rng_state`` of every GPU."""
    return [get_rng_state(number) for number in range(device_count())]


def set_rng_state_all(new_states: Any) -> None:
    """``set_rng_state`` of every GPU."""
    for number, state in enumerate(new_states):
        set_rng_state(state, number)


def _generator(device: Any) -> random.Generator:
    return random.generator_for(devices.device("cuda", _number(device)))


# -------------------------------------------------------------------------------------------------------------- blocks


class device:  # PyTorch spells it so
    """A GPU that is used inside: ``with torch.cuda.device(1): ...``; a negative number changes nothing."""

    def __init__(self, device: Any) -> None:
        self.idx = _number(device, needed=False)

    def __enter__(self) -> None:
        if self.idx >= 0:
            self._found = current_device()
            set_device(self.idx)

    def __exit__(self, *_: object) -> None:
        if self.idx >= 0:
            set_device(self._found)


class device_of(device):  # PyTorch spells it so
    """The GPU of a tensor is used inside; nothing changes for tensors of the CPU."""

    def __init__(self, obj: Any) -> None:
        super().__init__(obj.get_device() if obj.is_cuda else -1)
