"""How the census of graphs that pile up looks at PyTorch's tensors and nodes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch

from gradstep.engine.tape.census import Looks

from .marks import MARK, Mark


class TorchLooks(Looks):
    """A node is counted by its mark, which dies with it. ``known`` gives a tensor's number on the tape."""

    def __init__(self, known: Callable[[Any], int]) -> None:
        self._known = known

    def is_tensor(self, value: object) -> bool:
        """See Looks."""
        return isinstance(value, torch.Tensor)

    def grad(self, tensor: Any) -> Any:
        """See Looks."""
        return tensor.grad if tensor.is_leaf else None

    def id(self, tensor: Any) -> int:
        """See Looks."""
        return self._known(tensor)

    def number(self, node: Any) -> int:
        """See Looks; also of a mark."""
        mark = node if type(node) is Mark else node.metadata.get(MARK)
        return 0 if mark is None else int(mark.number)

    def root(self, tensor: Any) -> Any:
        """See Looks."""
        return made_by(tensor)

    def behind(self, node: Any) -> Iterator[Any]:
        """See Looks."""
        return (one for one, _ in node.next_functions if one is not None)


def made_by(tensor: Any) -> Any:
    """The node that made a tensor; None where there is none, or where PyTorch refuses to say (a view made without a graph, whose base
    was changed since)."""
    try:
        return tensor.grad_fn
    except RuntimeError:
        return None
