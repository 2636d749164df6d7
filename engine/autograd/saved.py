"""What a node keeps of a tensor until backward, with the version that it had: an in-place change in between is an error."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from ..tape import recorder
from ..tape.schema import HookKind
from ..tensor import Tensor, type_name, wrap
from .node import op_name


class _Default(threading.local):
    """The pack and unpack functions in force in this thread, innermost last; a message where packing is forbidden."""

    def __init__(self) -> None:
        self.stack: list[tuple[Callable[[Tensor], Any], Callable[[Any], Tensor], int]] = []
        self.forbidden: str | None = None


default = _Default()


class SavedTensor:
    """One kept tensor. An output is kept without its node, which would make a circle, and is tied to it again when unpacked."""

    __slots__ = ("_cell", "_data", "_hooks", "_output", "_packed", "_tensor", "_version")

    def __init__(self, tensor: Tensor, output: int | None = None) -> None:
        cell = tensor._cell if output is None else tensor._storage
        self._cell = cell
        self._version = 0 if cell is None else cell.version
        self._hooks: Any = None
        self._tensor: Tensor | None = tensor if output is None else None
        self._data: Any = None if output is None else tensor._data
        self._output = output or 0
        if default.stack:
            pack, unpack, key = default.stack[-1]
            packed = pack(tensor if output is None else tensor.detach())
            if recorder.current is not None:
                recorder.current.hook_called(None, HookKind.PACK, key, pack, (tensor,), (packed if isinstance(packed, Tensor) else None,))
            self._hooks = (packed, unpack, key)
            self._tensor, self._data = None, None

    def tie(self, tensor: Tensor) -> None:
        """The kept output was written into ``tensor`` in place: that is its memory and version from now on."""
        if self._hooks is None:
            self._data, self._cell, self._version = tensor._data, tensor._storage, tensor._version

    def peek(self, node: Any) -> Tensor | None:
        """The tensor if it is at hand without calling a user's hook."""
        if self._hooks is not None:
            return None
        return self._tensor if self._tensor is not None else self._alias(None)

    def _alias(self, node: Any) -> Tensor:
        made = wrap(self._data)
        made._cell = self._cell
        if node is not None:
            made._edge, made._output, made._requires_grad = node, self._output, True
        return made

    def unpack(self, node: Any) -> Tensor:
        """The tensor as it was when it was kept.

        Raises RuntimeError where it was changed in place since, in PyTorch's words.
        """
        if self._hooks is not None:
            packed, unpack, key = self._hooks
            tensor = unpack(packed)
            if recorder.current is not None:
                recorder.current.hook_called(
                    None, HookKind.UNPACK, key, unpack, (None,), (tensor if isinstance(tensor, Tensor) else None,), node=node
                )
            if not isinstance(tensor, Tensor):
                raise TypeError(
                    "Output of saved tensor unpack_hook expected to be a Tensor but got result of type " + type(tensor).__name__
                )
            return tensor
        tensor = self._tensor if self._tensor is not None else self._alias(node)
        cell = tensor._cell
        version = 0 if cell is None else cell.version
        if version != self._version:
            raise RuntimeError(self._changed(tensor, node, version))
        return tensor

    def _changed(self, tensor: Tensor, node: Any, version: int) -> str:
        made_by = tensor.grad_fn
        where = f", which is output {tensor._output} of {op_name(made_by)}," if made_by is not None else ""
        return (
            "one of the variables needed for gradient computation has been modified by an inplace operation: "
            f"[{type_name(tensor)} {list(tensor._data.shape)}]{where} is at version {version}; expected version {self._version} "
            "instead. Hint: enable anomaly detection to find the operation that failed to compute its gradient, with "
            "torch.autograd.set_detect_anomaly(True)."
        )
