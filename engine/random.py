"""Random numbers: generators with PyTorch's names, and their state as something that can be kept and put back."""

from __future__ import annotations

from typing import Any

from . import devices
from .devices import device


class Generator:
    """A stream of random numbers: the Mersenne Twister, seeded as PyTorch seeds its CPU generator."""

    def __init__(self, device: Any = "cpu") -> None:
        self.device = devices.as_device(device)
        self._seed = 67280421310721  # PyTorch's default
        self._stream = devices.CPU.random.RandomState(self._seed & 0xFFFFFFFF)
        self.next_normal: float | None = None

    def manual_seed(self, seed: int) -> Generator:
        """Begin the stream that belongs to ``seed``."""
        self._seed = seed
        self._stream = devices.CPU.random.RandomState(seed & 0xFFFFFFFF)
        self.next_normal = None
        return self

    def initial_seed(self) -> int:
        """The seed of the stream."""
        return self._seed


default_generator = Generator()
_generators: list[Generator] = [default_generator]


def snapshot() -> Any:
    """The state of the streams that ops draw from, for ``restore``."""
    return [(g, g._seed, g._stream, g._stream.get_state(legacy=False), g.next_normal) for g in _generators]


def restore(state: Any) -> None:
    """Put the streams back to where they were at ``snapshot``."""
    for g, seed, stream, inner, normal in state:
        g._seed, g._stream, g.next_normal = seed, stream, normal
        stream.set_state(inner)


def manual_seed(seed: int) -> Generator:
    """Begin the streams of all devices anew from ``seed``."""
    for g in _generators[1:]:
        g.manual_seed(seed)
    return default_generator.manual_seed(seed)


__all__ = ["Generator", "default_generator", "device", "manual_seed"]
