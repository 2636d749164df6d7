"""What a recording keeps of PyTorch's values: with numpy where that is installed, else with torch alone. Begins before torch is there."""

from __future__ import annotations

from collections.abc import Container
from typing import Any

from gradstep.engine.tape.keeping import Keeper


class LateKeeper(Keeper):
    """Is the right keeper from the first value on."""

    def __init__(self, *arguments: Any) -> None:
        self._arguments = arguments
        self._real: Keeper | None = None
        super().__init__(*arguments)

    @property
    def full(self) -> bool:
        """See Keeper."""
        return self._real is not None and self._real.full

    @full.setter
    def full(self, full: bool) -> None:
        if self._real is not None:
            self._real.full = full

    @property
    def waits(self) -> bool:
        """See Keeper."""
        return self._real is not None and self._real.waits

    def take(self, tensor: int, version: int, data: Any, storage: int = 0, like: int = 0) -> None:
        """See Keeper; ``data`` is a tensor."""
        if self._real is None:
            self._real = _keeper(*self._arguments)
        self._real.take(tensor, version, data, storage, like)

    def forget(self, known: Container[int]) -> None:
        """See Keeper."""
        if self._real is not None:
            self._real.forget(known)

    def push(self) -> None:
        """See Keeper."""
        if self._real is not None:
            self._real.push()


def _keeper(*arguments: Any) -> Keeper:
    try:
        from .arrays import ArrayKeeper
    except ModuleNotFoundError:
        from .plain import PlainKeeper

        return PlainKeeper(*arguments)
    return ArrayKeeper(*arguments)
