"""Keeps PyTorch's values as numpy's arrays, which share the memory of tensors on the CPU."""

from __future__ import annotations

from collections.abc import Container
from typing import Any

import numpy as np
import torch

from gradstep.engine.tape import statistics
from gradstep.engine.tape.capture import Capture
from gradstep.engine.tape.keeping import Level, Value

from .tensors import dtype_name, elements, held, plainly, raw

_UNREADABLE = (RuntimeError, NotImplementedError, TypeError)
_PLAIN = (torch.Tensor, torch.nn.Parameter)
# dtypes that numpy has no name for: described as float32, and kept as they are
_FOREIGN = frozenset(
    found for name in dir(torch) if isinstance(found := getattr(torch, name), torch.dtype) and name.startswith(("bfloat16", "float8"))
)


def array(tensor: torch.Tensor) -> Any:
    """The elements as an array, of other types than numpy's as float32. Call it ``plainly``. Raises where there are none."""
    if type(tensor) in _PLAIN and tensor.device.type == "cpu" and tensor.layout is torch.strided and not tensor.is_quantized:
        data = tensor.detach()
        held(data)
        if data.is_conj() or data.is_neg():
            data = data.resolve_conj().resolve_neg()
    else:
        data = elements(tensor)
    return _shared(data.to(torch.float32) if data.dtype in _FOREIGN else data)


def _shared(data: torch.Tensor) -> Any:
    """The same memory as an array. Not by ``Tensor.numpy``: after that the script cannot resize the tensor's storage any more, which
    FSDP does with every parameter."""
    try:
        return np.from_dlpack(data)
    except (AttributeError, BufferError, TypeError, RuntimeError):  # older versions of either have no such thing, or not for booleans
        return data.numpy()


class ArrayKeeper(Capture):
    """Keeps tensors by numpy."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._foreign: list[tuple[int, int, Any, str, bytes]] = []  # tensor, version, elements as float32, dtype and bytes

    @property
    def waits(self) -> bool:
        """See Keeper."""
        return bool(self._foreign) or super().waits

    def take(self, tensor: int, version: int, data: Any, storage: int = 0, like: int = 0) -> None:
        """See Keeper; ``data`` is a tensor."""
        with plainly():
            try:
                found = array(data)
                if data.dtype not in _FOREIGN:
                    if not found.flags.writeable or found.base is None:
                        found = found.copy()
                    super().take(tensor, version, found, storage, like)
                    return
                kept = b""
                if self.level >= Level.VALUES and self._afford(data.numel() * data.element_size()):
                    kept = raw(elements(data))
                self._foreign.append((tensor, version, found, dtype_name(data.dtype), kept))
            except ValueError as error:
                self._unreadable(str(error))
                return
            except _UNREADABLE:
                return
        self.full = self.full or len(self._foreign) > 64

    def forget(self, known: Container[int]) -> None:
        """See Keeper."""
        self._foreign = [item for item in self._foreign if item[0] in known]
        super().forget(known)

    def push(self) -> None:
        """See Keeper."""
        if self._foreign:
            foreign, self._foreign = self._foreign, []
            rows = statistics.of_many([(number, version, np.asarray(found)) for number, version, found, *_ in foreign])
            values: list[Value] = [(number, version, name, found.shape, (), kept) for number, version, found, name, kept in foreign if kept]
            self._hand_over(values, (), rows.tobytes())
        if super().waits:
            super().push()
