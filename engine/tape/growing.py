"""An array that is appended to: what a tape that grows is kept in."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

import numpy as np
import numpy.typing as npt

T = TypeVar("T")


class Growing(Generic[T]):
    """Rows of one dtype, ``filled`` so far; room is doubled where it is used up."""

    def __init__(self, dtype: Any, width: int | None = None) -> None:
        self._array = np.empty((0,) if width is None else (0, width), dtype)
        self.length = 0

    def extend(self, rows: npt.NDArray[Any]) -> None:
        end = self.length + len(rows)
        if end > len(self._array):
            larger = np.empty((max(end, 2 * len(self._array), 1024), *self._array.shape[1:]), self._array.dtype)
            larger[: self.length] = self._array[: self.length]
            self._array = larger
        self._array[self.length : end] = rows
        self.length = end

    def reserve(self, count: int) -> None:
        """Make room for so many rows in all. What is not filled costs no memory; copying what is filled again and again does."""
        if count > len(self._array):
            larger = np.empty((count, *self._array.shape[1:]), self._array.dtype)
            larger[: self.length] = self._array[: self.length]
            self._array = larger

    @property
    def filled(self) -> Any:
        return self._array[: self.length]
