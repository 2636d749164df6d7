"""``torch.profiler``: regions are named and nothing is measured; ``gradstep record`` tells what ran and how long."""

from __future__ import annotations

import warnings
from enum import Enum
from typing import Any


class ProfilerActivity(Enum):
    """What would be measured."""

    CPU = 0
    CUDA = 2


class record_function:  # PyTorch spells it so
    """A region with a name; also a decorator."""

    def __init__(self, name: str, args: str | None = None) -> None:
        self.name = name

    def __enter__(self) -> record_function:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def __call__(self, function: Any) -> Any:
        return function


class profile:  # PyTorch spells it so
    """A region in which nothing is measured; says so."""

    def __init__(self, *_: Any, **__: Any) -> None:
        warnings.warn("torch.profiler: gradstep's engine measures nothing here; use gradstep record", UserWarning, stacklevel=2)

    def __enter__(self) -> profile:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def start(self) -> None:
        """Nothing."""

    def stop(self) -> None:
        """Nothing."""

    def step(self) -> None:
        """Nothing."""

    def key_averages(self, *_: Any, **__: Any) -> list[Any]:
        """Nothing was measured."""
        return []


def schedule(*_: Any, **__: Any) -> Any:
    """When to measure: never."""
    return lambda step: None


def tensorboard_trace_handler(*_: Any, **__: Any) -> Any:
    """Where measurements would go."""
    return lambda profiler: None
