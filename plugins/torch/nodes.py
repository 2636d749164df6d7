"""A backward node of PyTorch's, as the debugger sees it while a pass runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gradstep.engine.tape.schema import NodeKind

from .marks import KINDS, Mark, saved_of, slots_of, type_of

_ACCUMULATE = int(NodeKind.ACCUMULATE)


class TorchNode:
    """Stands for one node during one pass. It keeps the node, and so the graph, alive: nobody holds one longer than the pass."""

    __slots__ = ("edges", "hooks", "id", "known", "leaf", "mark", "node")

    hooks: tuple[Any, Any, Any, Any]  # PyTorch's dictionary of the hooks before it and the key of ours, and the same of those behind it

    def __init__(self, node: Any, mark: Mark) -> None:
        self.node = node
        self.mark = mark
        self.id = mark.number
        known = self.known = KINDS.get(type(node)) or type_of(node)
        self.edges: Sequence[tuple[int, int] | None] = ()  # number and slot of where each gradient goes
        self.leaf: Any = node.variable if known.number == _ACCUMULATE else None

    def name(self) -> str:
        """PyTorch's name, without the namespace."""
        return self.known.title or str(self.node.name()).rpartition("::")[2]

    @property
    def kind(self) -> NodeKind:
        """What kind of node it is."""
        return self.known.kind

    @property
    def sequence(self) -> int:
        """Its place in the order in which nodes were made."""
        number: int = self.node._sequence_nr()
        return number

    @property
    def keeps(self) -> bool:
        """Whether it was made with tensors to keep."""
        return self.mark.keeps

    @property
    def slots(self) -> int:
        """How many gradients arrive."""
        return len(slots_of(self.node))

    @property
    def variable(self) -> Any:
        """The leaf, of one that accumulates."""
        return self.leaf

    def saved_entries(self) -> list[tuple[str, Any]]:
        """What it keeps now."""
        return saved_of(self.node)
