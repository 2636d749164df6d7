"""A backward node of PyTorch's, as the debugger sees it while a pass runs."""

from __future__ import annotations

from typing import Any

from gradstep.engine.tape.schema import NodeKind

from .marks import KINDS, Mark, saved_of, slots_of, type_of

_ACCUMULATE = int(NodeKind.ACCUMULATE)


class TorchNode:
    """Stands for one node during one pass. It keeps the node, and so the graph, alive: nobody holds one longer than the pass."""

    __slots__ = ("_name", "edges", "id", "keeps", "kind", "leaf", "mark", "node", "risky", "sequence")

    def __init__(self, node: Any, mark: Mark) -> None:
        self.node = node
        self.mark = mark
        self.id = mark.number
        self.keeps = mark.keeps  # it was made with tensors to keep
        known = KINDS.get(type(node)) or type_of(node)
        self.kind: NodeKind = known.kind
        self.risky = known.risky  # it runs code that is not PyTorch's
        self._name = known.title
        self.sequence: int = node._sequence_nr()
        self.edges: list[tuple[int, int] | None] = []  # number and slot of where each gradient goes
        self.leaf: Any = node.variable if known.number == _ACCUMULATE else None

    def name(self) -> str:
        """PyTorch's name, without the namespace."""
        if not self._name:
            self._name = self.node.name().rpartition("::")[2]
        return self._name

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
