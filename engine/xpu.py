"""``torch.xpu``: a kind of device that this engine does not compute on."""

from __future__ import annotations

from typing import Any


def is_available() -> bool:
    """Whether there is such a device: there is none."""
    return False


def device_count() -> int:
    """0."""
    return 0


def manual_seed(seed: int) -> None:
    """Nothing."""


def empty_cache() -> None:
    """Nothing."""


def synchronize(device: Any = None) -> None:
    """Nothing."""
