"""What a node keeps of a tensor until backward, with the version that it had: an in-place change in between is an error."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from ..tape import recorder
from ..tape.schema import HookKind
from ..tensor import Tensor, type_name, wrap
from . import node as _node
from .grad_mode import mode
from .hooks import next_key

Pack = Callable[[Tensor], Any]
Unpack = Callable[[Any], Tensor]

FREED = (
    "Trying to backward through the graph a second time (or directly access saved tensors after they have already been freed). "
    "Saved intermediate values of the graph are freed when you call .backward() or autograd.grad(). Specify retain_graph=True if "
    "you need to backward through the graph a second time or if you need to access saved tensors after calling backward."
)


class _Default(threading.local):
    """The pack and unpack functions in force in this thread, innermost last; a message where packing is forbidden."""

    def __init__(self) -> None:
        self.stack: list[tuple[Pack, Unpack, int]] = []
        self.forbidden: str | None = None


default = _Default()


class _Packing:
    """Whether anything was packed in this process: as long as nothing was, no node looks for it."""

    used = False


packing = _Packing()


def _tensor_in(packed: Any) -> Tensor | None:
    """The tensor that was packed, or the first of several things that is one."""
    if isinstance(packed, (tuple, list)):
        return next((one for one in packed if isinstance(one, Tensor)), None)
    return packed if isinstance(packed, Tensor) else None


class SavedTensor:
    """One kept tensor. An output is kept without its node, which would make a circle, and is tied to it again when unpacked."""

    _node: Any

    __slots__ = ("_cell", "_data", "_hooks", "_node", "_output", "_packed", "_requires_grad", "_tensor", "_version")

    def __init__(self, tensor: Tensor, output: int | None = None) -> None:
        cell = tensor._cell if output is None else tensor._storage
        self._cell = cell
        self._version = 0 if cell is None else cell.version
        self._hooks: tuple[Unpack, int] | None = None
        self._tensor: Tensor | None = tensor if output is None else None
        self._data: Any = None if output is None else tensor._shadow() if mode.transforms else tensor._data
        self._output = output or 0
        if tensor._inference:
            raise RuntimeError(
                "Inference tensors cannot be saved for backward. Please do not use Tensors created in inference mode in computation "
                "tracked by autograd. To work around this, you can make a clone to get a normal tensor and use it in autograd, or use "
                "`torch.no_grad()` instead of `torch.inference_mode()`."
            )
        if default.stack:
            self._pack(tensor, tensor, *default.stack[-1])

    @classmethod
    def of(cls, tensor: Tensor | None, data: Any, cell: Any, version: int) -> SavedTensor:
        """What a node keeps in slots, as an object: an input, or the ``data`` of its first output."""
        made = object.__new__(cls)
        made._cell, made._version, made._hooks = cell, version, None
        made._tensor, made._data, made._output = tensor, data, 0
        return made

    def _pack(self, tensor: Tensor, shown: Tensor, pack: Pack, unpack: Unpack, key: int) -> None:
        """Keep what the user's ``pack`` makes of the tensor, and of the tensor itself only its place in the graph."""
        tape, walk = recorder.current, _node.active.walks[-1] if _node.active.walks else None
        if getattr(pack, "off_tape", False):
            tape = None
        node = None if walk is None else walk.current
        if tape is not None and not tape.about_to_call(pack, (tensor,), node, HookKind.PACK):
            return  # switched off by the debugger: the tensor is kept as it is
        if tape is not None:
            tape.val(tensor)  # met here it has the name that it has around the op, and not that of the hook's parameter
        version, found = shown._version, mode.enabled
        mode.enabled = False
        try:
            packed = pack(shown)
        finally:
            mode.enabled = found
        if shown._version != version:
            raise RuntimeError(
                "A saved tensor pack hook is modifying its input in place. Tensors provided as input to pack hook cannot be modified by "
                "in-place operations as this can lead to unexpected side-effects. Please open an issue if you need to perform in-place "
                "operations on the input to a pack hook."
            )
        if tape is not None:
            run = None if walk is None or node is None else walk.run or None
            after = _tensor_in(packed)
            after = tensor if after is shown else after
            tape.hook_called(run, HookKind.PACK, key, pack, (tensor,), (after,), node=node if run else None)
        if self._tensor is not None:
            edge = tensor._gradient_edge()
            self._requires_grad = edge is not None
            self._node, self._output = edge if edge is not None else (None, 0)
        else:  # an output's node is the one that keeps it
            self._requires_grad, self._node = True, None
        packing.used = True
        self._packed, self._hooks = packed, (unpack, key)
        self._tensor, self._data, self._cell = None, None, None

    def register_hooks(self, pack_hook: Pack, unpack_hook: Unpack) -> None:
        """Keep what ``pack_hook`` makes of the tensor instead of the tensor; ``unpack_hook`` gives it back.

        Raises RuntimeError where hooks were set already, by this or by ``saved_tensors_hooks``.
        """
        if self._hooks is not None:
            raise RuntimeError(
                "Calling register_hooks on a saved tensor whose hooks have already been set. Hint: only one pair of hooks is allowed "
                "at a time."
            )
        tensor = self._alias(None) if self._tensor is None else self._tensor
        shown = tensor if self._tensor is None else tensor.detach()
        self._pack(tensor, shown, pack_hook, unpack_hook, next_key())

    def tie(self, tensor: Tensor) -> None:
        """The kept output was written into ``tensor`` in place: that is its memory and version from now on."""
        if self._hooks is None:
            self._data, self._cell, self._version = tensor._data, tensor._storage, tensor._version

    @property
    def is_packed(self) -> bool:
        """Whether a user's hook packed it."""
        return self._hooks is not None

    def peek(self, node: Any) -> Tensor | None:
        """The tensor if it is at hand without calling a user's hook."""
        if self._hooks is not None:
            return None
        return self._tensor if self._tensor is not None else self._alias(None)

    def _alias(self, node: Any) -> Tensor:
        made = self._data._shadow() if isinstance(self._data, Tensor) else wrap(self._data)
        made._cell = self._cell
        if node is not None:
            made._edge, made._output, made._requires_grad = node, self._output, True
        return made

    def unpack(self, node: Any) -> Tensor:
        """The tensor as it was when it was kept.

        Raises RuntimeError where it was changed in place since, in PyTorch's words.
        """
        if self._hooks is not None:
            return self._unpacked(node)
        tensor = self._tensor
        cell = self._cell if tensor is None else tensor._cell
        if cell is not None and cell.version != self._version:
            raise RuntimeError(self._changed(self._alias(node) if tensor is None else tensor, cell.version))
        return self._alias(node) if tensor is None else tensor

    def _unpacked(self, node: Any) -> Tensor:
        """What the user's hook gives, in the place of the graph where the kept tensor stood."""
        assert self._hooks is not None
        unpack, key = self._hooks
        tape = recorder.current
        if tape is None or getattr(unpack, "off_tape", False):
            tensor = unpack(self._packed)
        else:
            packed, quiet = (_tensor_in(self._packed),), mode.quiet
            tape.about_to_call(unpack, packed, node, HookKind.UNPACK)  # whatever it says: nobody else can read what was packed
            mode.quiet = False  # unlike the rule that asks for it this is the user's code
            try:
                tensor = unpack(self._packed)
            finally:
                mode.quiet = quiet
            walk = _node.active.walks[-1] if _node.active.walks else None
            run = walk.run or None if walk is not None and walk.current is node else None
            tape.hook_called(run, HookKind.UNPACK, key, unpack, packed, (_tensor_in(tensor),), node=node)
        if not isinstance(tensor, Tensor):
            raise TypeError("Output of saved tensor unpack_hook expected to be a Tensor but got result of type " + type(tensor).__name__)
        if not self._requires_grad and not tensor.requires_grad:
            return tensor
        made = wrap(tensor._data)
        made._cell = tensor._storage
        if self._requires_grad:
            source = self._node if self._node is not None else node
            made._requires_grad = True
            if source.variable is None:
                made._edge, made._output = source, self._output
            else:  # a leaf: gradients go where its own go
                made._accumulator = source.variable._accumulator
        return made

    def _changed(self, tensor: Tensor, version: int) -> str:
        made_by = tensor.grad_fn
        where = f", which is output {tensor._output} of {_node.op_name(made_by)}," if made_by is not None else ""
        hint = (
            "Hint: enable anomaly detection to find the operation that failed to compute its gradient, with "
            "torch.autograd.set_detect_anomaly(True, check_nan=False)."
            if _node.remember is None
            else "Hint: the backtrace further above shows the operation that failed to compute its gradient. The variable in question was "
            "changed in there or anywhere later. Good luck!"
        )
        return (
            "one of the variables needed for gradient computation has been modified by an inplace operation: "
            f"[{type_name(tensor)} {list(tensor._data.shape)}]{where} is at version {version}; expected version {self._version} "
            f"instead. {hint}"
        )
