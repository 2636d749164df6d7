"""Inputs for the samples that stand on op declarations."""

from __future__ import annotations

from typing import Any, NamedTuple

from . import devices
from .tensor import Tensor, wrap


class Call(NamedTuple):
    """The arguments of one sample call."""

    args: tuple[Any, ...]
    kwargs: dict[str, Any]


class Sampler:
    """Makes the tensors of sample calls: float64, seeded, on the device under test.

    ``rand(3, 4)`` is normal; the methods name other distributions. Shapes are given as separate numbers.
    """

    def __init__(self, seed: int = 0, module: devices.ArrayModule = devices.CPU) -> None:
        self._random = devices.CPU.random.default_rng(seed)
        self._module = module

    def _place(self, array: Any) -> Tensor:
        return wrap(self._module.from_host(devices.CPU.asarray(array)))

    def __call__(self, *shape: int) -> Tensor:
        """Normal numbers."""
        return self._place(self._random.standard_normal(shape))

    def positive(self, *shape: int) -> Tensor:
        """Numbers between 0.2 and 2."""
        return self._place(self._random.uniform(0.2, 2.0, shape))

    def unit(self, *shape: int) -> Tensor:
        """Numbers between -0.9 and 0.9."""
        return self._place(self._random.uniform(-0.9, 0.9, shape))

    def probability(self, *shape: int) -> Tensor:
        """Numbers between 0.05 and 0.95."""
        return self._place(self._random.uniform(0.05, 0.95, shape))

    def away(self, *shape: int) -> Tensor:
        """Numbers of either sign at least 0.2 away from 0, for functions with a kink or a pole there."""
        array = self._random.uniform(0.2, 2.0, shape)
        return self._place(array * self._random.choice([-1.0, 1.0], shape))

    def distinct(self, *shape: int) -> Tensor:
        """Numbers that differ from each other by at least 0.1, for functions that choose (max, sort)."""
        count = 1
        for n in shape:
            count *= n
        return self._place((self._random.permutation(count) * 0.1 - count * 0.05 + 0.03).reshape(shape))

    def integers(self, high: int, *shape: int, low: int = 0) -> Tensor:
        """int64 numbers from low up to but not including high."""
        return self._place(self._random.integers(low, high, shape))

    def booleans(self, *shape: int) -> Tensor:
        """True and False."""
        return self._place(self._random.random(shape) < 0.5)

    def complex(self, *shape: int) -> Tensor:
        """complex128 numbers with normal parts."""
        return self._place(self._random.standard_normal(shape) + 1j * self._random.standard_normal(shape))

    def tensor(self, values: Any) -> Tensor:
        """The given numbers."""
        return self._place(devices.CPU.asarray(values))

    def call(self, *args: Any, **kwargs: Any) -> Call:
        """A sample call with keyword arguments."""
        return Call(args, kwargs)
