"""Keeps PyTorch's values with torch alone, where numpy is not installed."""

from __future__ import annotations

from collections.abc import Container
from typing import Any

import torch

from gradstep.engine.tape.keeping import HELD_CAP, HELD_COUNT, Keeper, Level, Value
from gradstep.engine.tape.wire import STATS_ROW, stats_row

from .tensors import dtype_name, elements, figures, plainly, raw

# Kinds of tensors that have no elements to be had: they are on the tape by shape alone.
_UNREADABLE = (RuntimeError, NotImplementedError, TypeError)


def _strides(tensor: torch.Tensor) -> tuple[int, ...]:
    """How it lies in memory, in elements; () for C order, and where that cannot be said."""
    if tensor.layout is not torch.strided or tensor.is_contiguous():
        return ()
    return tuple(tensor.stride())


class PlainKeeper(Keeper):
    """Without numpy: each value is described and copied at once."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._values: list[Value] = []
        self._rows: list[tuple[int, bytes]] = []  # tensor, and its figures
        self._held = 0

    @property
    def waits(self) -> bool:
        """See Keeper."""
        return bool(self._rows)

    def take(self, tensor: int, version: int, data: Any, storage: int = 0, like: int = 0) -> None:
        """See Keeper; ``data`` is a tensor."""
        with plainly():
            try:
                found = elements(data)
                self._rows.append((tensor, STATS_ROW.pack(*stats_row(figures(tensor, version, found)))))
                if self.level >= Level.VALUES and self._afford(found.numel() * found.element_size()):
                    bytes_ = raw(found)
                    self._values.append((tensor, version, dtype_name(found.dtype), tuple(found.shape), _strides(data), bytes_))
                    self._held += len(bytes_)
            except ValueError as error:
                self._unreadable(str(error))
                return
            except _UNREADABLE:
                return
        self.full = self.full or self._held > HELD_CAP or len(self._rows) > HELD_COUNT

    def forget(self, known: Container[int]) -> None:
        """See Keeper."""
        self._values = [value for value in self._values if value[0] in known]
        self._rows = [row for row in self._rows if row[0] in known]

    def push(self) -> None:
        """See Keeper."""
        values, rows = self._values, self._rows
        self._values, self._rows, self._held = [], [], 0
        self._hand_over(values, (), b"".join([row for _, row in rows]))
