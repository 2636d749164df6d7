"""What stepping back through a pass of PyTorch's holds, and its bound: of too much the oldest steps are forgotten, and what their nodes
keep is let go of, as PyTorch would have done at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch

from .marks import saved_of, type_of
from .nodes import TorchNode
from .replay import Done

SECOND = (
    "Trying to backward through the graph a second time (or directly access saved tensors after they have already been freed). Saved "
    "intermediate values of the graph are freed when you call .backward() or autograd.grad(). Specify retain_graph=True if you need to "
    "backward through the graph a second time or if you need to access saved tensors after calling backward."
)


class Undo:
    """The bytes that the steps in ``log`` hold. ``gone``: how many of the first ones cannot be taken back any more."""

    def __init__(self, walk: Any, log: list[Done]) -> None:
        self._walk, self._log = walk, log
        self._bytes: list[int] = []  # by step
        self.gone = 0
        self.held = 0
        self.bounded = True
        self._awaited: dict[int, set[int]] = {}  # by node: the forgotten steps whose gradients it was given

    def took(self, node: TorchNode) -> None:
        """The last step of the log was taken at ``node``."""
        step = self._log[-1]
        size = sum(nbytes(tensor) for _, tensor in saved_of(node.node) if tensor is not None and tensor.grad_fn is not None)
        size += sum(nbytes(grad) for _, _, grad in step.sent if grad is not None)
        size += sum(nbytes(leaf.elements) for leaf in (step.leaf, *step.others) if leaf is not None and leaf.elements is not None)
        del self._bytes[len(self._log) - 1 :]
        self._bytes.append(size)
        self.held = sum(self._bytes[self.gone :])
        self.bound()

    def let_go(self) -> None:
        """The pass is over: it and the log are not held any more."""
        self._walk, self._log, self._bytes, self._awaited = None, [], [], {}
        self.gone = self.held = 0

    def took_back(self) -> None:
        """The log has become shorter."""
        del self._bytes[len(self._log) :]
        self.held = sum(self._bytes[self.gone :])

    def bound(self) -> None:
        """Forget the oldest steps where they hold too much."""
        while self.bounded and self.held > self._walk.undo_bytes and self.gone < len(self._log):
            place = self.gone
            step = self._log[place]
            # what it sent is needed by those that it sent it to, as long as their own steps can be taken back
            self._log[place] = Done(step.node, step.sent, step.position, None, None)
            for number, _, _ in step.sent:
                self._awaited.setdefault(number, set()).add(place)
            for earlier in self._awaited.pop(step.node, ()):
                old = self._log[earlier]
                self._log[earlier] = old._replace(sent=tuple([part for part in old.sent if part[0] != step.node]))
            self.held -= self._bytes[place]
            self.gone += 1
            self._walk.free(step.node)


def nbytes(tensor: Any) -> int:
    """The bytes of a tensor's elements."""
    return int(tensor.numel() * tensor.element_size()) if tensor.layout is torch.strided else 0


def release(nodes: Iterable[Any]) -> None:
    """Let go of what these nodes keep, as PyTorch's engine would have; who asks for it later is told what PyTorch tells."""

    def gone(_: object) -> Any:
        raise RuntimeError(SECOND)

    for node in nodes:
        for name, _ in type_of(node).saved:
            try:
                kept = getattr(node, name)
                for one in kept if isinstance(kept, tuple) else (kept,):
                    if one.unpack_hook is None and one.data is not None:
                        one.register_hooks(lambda tensor: None, gone)
            except (RuntimeError, AttributeError):  # freed, or nothing that can be let go
                continue
