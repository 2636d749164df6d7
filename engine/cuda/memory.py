"""``torch.cuda.memory``: how much of a GPU's memory is used; zeros where no GPU was."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from .. import devices
from ..shortage import OutOfMemoryError, spelled

__all__ = [
    "OutOfMemoryError", "empty_cache", "max_memory_allocated", "max_memory_cached", "max_memory_reserved", "mem_get_info",
    "memory_allocated", "memory_cached", "memory_reserved", "memory_stats", "memory_summary", "reset_accumulated_memory_stats",
    "reset_max_memory_allocated", "reset_max_memory_cached", "reset_peak_memory_stats", "set_per_process_memory_fraction",
]  # fmt: skip


class _Peaks:
    """The most that arrays took on each GPU, counted at every allocation from the first ``reset_peak_memory_stats`` on."""

    def __init__(self) -> None:
        self.counting = False
        self.used: dict[int, int] = {}
        self.reserved: dict[int, int] = {}

    def count(self, xp: Any) -> None:
        """Look at every allocation from now on."""
        self.counting = True
        pool, runtime, used = xp.get_default_memory_pool(), xp.cuda.runtime, self.used

        def counted(size: int) -> Any:
            made = pool.malloc(size)
            number, now = int(runtime.getDevice()), int(pool.used_bytes())
            if now > used.get(number, 0):
                used[number] = now
            return made

        xp.cuda.set_allocator(counted)

    def note(self, number: int, now: devices.Memory) -> None:
        """What is used now may be the most."""
        self.used[number] = max(self.used.get(number, 0), now.used)
        self.reserved[number] = max(self.reserved.get(number, 0), now.reserved)


_peaks = _Peaks()


def _place(device: Any) -> devices.device:
    """The GPU that ``device`` names; the current one for None. Raises RuntimeError where there is none."""
    place = devices.device("cuda" if device is None else device)
    if place.type != "cuda":
        raise ValueError(f"Expected a cuda device, but got: {place}")
    xp = devices.array_module(place)
    return place if place.index is not None else devices.device("cuda", int(xp.cuda.runtime.getDevice()))


def _now(device: Any) -> devices.Memory:
    if "cuda" not in devices._MODULES:  # no GPU was used
        return devices.Memory(0, 0, 0, 0)
    place = _place(device)
    now = devices.memory(place)
    _peaks.note(place.index or 0, now)
    return now


def memory_allocated(device: Any = None) -> int:
    """How many bytes tensors take on the GPU; 0 where none was used."""
    return _now(device).used


def memory_reserved(device: Any = None) -> int:
    """How many bytes were asked of the GPU for tensors; 0 where none was used."""
    return _now(device).reserved


def max_memory_allocated(device: Any = None) -> int:
    """The most that tensors took since ``reset_peak_memory_stats``; before the first of these what was ever asked of the GPU, which is
    more, because only from then on allocations are counted."""
    now = _now(device)
    if not now.total:
        return 0
    return _peaks.used[_place(device).index or 0] if _peaks.counting else max_memory_reserved(device)


def max_memory_reserved(device: Any = None) -> int:
    """The most that was asked of the GPU since ``reset_peak_memory_stats``."""
    return _peaks.reserved[_place(device).index or 0] if _now(device).total else 0


def reset_peak_memory_stats(device: Any = None) -> None:
    """Begin to count peaks anew.

    Raises RuntimeError where there is no GPU.
    """
    place = _place(device)
    if not _peaks.counting:
        _peaks.count(devices.array_module(devices.device("cuda")))
    _peaks.used.pop(place.index or 0, None)
    _peaks.reserved.pop(place.index or 0, None)
    _now(place)


reset_max_memory_allocated = reset_max_memory_cached = reset_peak_memory_stats
memory_cached, max_memory_cached = memory_reserved, max_memory_reserved


def reset_accumulated_memory_stats(device: Any = None) -> None:
    """Nothing: sums over time are not kept. Raises RuntimeError where there is no GPU."""
    _place(device)


def empty_cache() -> None:
    """Give memory that no tensor uses back to the system; nothing where no GPU was used."""
    if "cuda" in devices._MODULES:
        _now(None)  # the most is now
        devices.array_module(devices.device("cuda")).get_default_memory_pool().free_all_blocks()


def mem_get_info(device: Any = None) -> tuple[int, int]:
    """Bytes that are free on the GPU, for whomever, and all of them.

    Raises RuntimeError where there is no GPU.
    """
    now = devices.memory(_place(device))
    return now.free, now.total


def memory_stats(device: Any = None) -> dict[str, Any]:
    """Bytes allocated and reserved, now and at most, under PyTorch's names; empty where no GPU was used."""
    now = _now(device)
    if not now.total:
        return OrderedDict()
    found = {"allocated": (now.used, max_memory_allocated(device)), "reserved": (now.reserved, max_memory_reserved(device))}
    return OrderedDict(
        (f"{name}_bytes.all.{when}", value) for name, both in found.items() for when, value in zip(("current", "peak"), both, strict=True)
    )


def memory_summary(device: Any = None, abbreviated: bool = False) -> str:
    """A sentence about the memory in use."""
    now = _now(device)
    return f"{spelled(now.used)} in tensors, {spelled(now.reserved)} reserved, of {spelled(now.total)}"


def set_per_process_memory_fraction(fraction: float, device: Any = None) -> None:
    """Let tensors take no more than this part of the GPU's memory.

    Raises ValueError for what is no part, RuntimeError where there is no GPU.
    """
    if not 0 <= fraction <= 1:
        raise ValueError(f"Invalid fraction value: {fraction}. Allowed range: 0~1")
    place = _place(device)
    xp = devices.array_module(place)
    with xp.cuda.Device(place.index):
        xp.module.get_default_memory_pool().set_limit(fraction=fraction)
