"""``torch.accelerator``: the device beside the CPU, where there is one."""

from __future__ import annotations

from typing import Any

from . import cuda, devices


def is_available() -> bool:
    """Whether there is a GPU to compute on, and what it takes to do so."""
    return devices.has_cuda()


def current_accelerator(check_available: bool = False) -> devices.device | None:
    """The kind of that device; None where there is none."""
    return devices.device("cuda") if is_available() else None


def device_count() -> int:
    """How many there are."""
    return cuda.device_count()


def synchronize(device: Any = None) -> None:
    """Wait until it has done what it was given.

    Raises RuntimeError where there is none.
    """
    cuda.synchronize(device)


def empty_cache() -> None:
    """Give memory that no tensor uses back to the system."""
    cuda.empty_cache()
