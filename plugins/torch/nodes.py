"""A backward node of PyTorch's, as the debugger sees it while a pass runs."""

from __future__ import annotations

from typing import Any

from gradstep.engine.tape.schema import NodeKind

from .introducer import MARK, number_of, saved_of, type_of


class TorchNode:
    """Stands for one node during one pass. It keeps the node, and so the graph, alive: nobody holds one longer than the pass."""

    __slots__ = ("_name", "edges", "id", "kind", "node", "sequence", "slots")

    def __init__(self, node: Any) -> None:
        self.node = node
        self.id = number_of(node)
        self.kind: NodeKind = type_of(node).kind
        self.sequence: int = node._sequence_nr()
        self.edges = [None if one is None else (number_of(one), index) for one, index in node.next_functions]
        self.slots = len(node._input_metadata)
        self._name = ""

    def name(self) -> str:
        """PyTorch's name, without the namespace."""
        if not self._name:
            self._name = self.node.name().rpartition("::")[2]
        return self._name

    @property
    def keeps(self) -> bool:
        """Whether it was made with tensors to keep."""
        mark = self.node.metadata.get(MARK)
        return mark is not None and bool(mark.keeps)

    @property
    def variable(self) -> Any:
        """The leaf, of one that accumulates."""
        return self.node.variable if self.kind == NodeKind.ACCUMULATE else None

    def saved_entries(self) -> list[tuple[str, Any]]:
        """What it keeps now."""
        return saved_of(self.node)
