"""Which nodes a backward pass runs, and in which order: PyTorch's, down to how its heap breaks ties."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from .node import Edge, Node


class Heap:
    """A binary heap that sifts as C++'s std::push_heap and std::pop_heap do, so that nodes of equal priority (leaves) leave
    it in the order in which PyTorch runs them."""

    __slots__ = ("items",)

    def __init__(self) -> None:
        self.items: list[Node] = []

    def push(self, node: Node) -> None:
        items = self.items
        items.append(node)
        self._raise(len(items) - 1, node)

    def _raise(self, hole: int, node: Node) -> None:
        items = self.items
        priority = node.sequence
        parent = (hole - 1) >> 1
        while hole > 0 and items[parent].sequence < priority:
            items[hole] = items[parent]
            hole, parent = parent, (parent - 1) >> 1
        items[hole] = node

    def pop(self) -> Node:
        items = self.items
        last = items.pop()
        if not items:
            return last
        top, hole, n = items[0], 0, len(items)
        child = 0
        while child < (n - 1) >> 1:
            child = 2 * child + 2
            if items[child].sequence < items[child - 1].sequence:
                child -= 1
            items[hole] = items[child]
            hole = child
        if n & 1 == 0 and child == (n - 2) >> 1:
            child = 2 * child + 1
            items[hole] = items[child]
            hole = child
        self._raise(hole, last)
        return top

    def before_push(self) -> list[tuple[int, Node]]:
        """What ``push`` may overwrite, by place: with the length now it is what ``restore`` needs to undo it."""
        items, found = self.items, []
        place = (len(items) - 1) >> 1
        while place >= 0:
            found.append((place, items[place]))
            place = (place - 1) >> 1
        return found

    def before_pop(self) -> list[tuple[int, Node]]:
        """What ``pop`` may overwrite or take, by place."""
        items, place, n = self.items, 0, len(self.items) - 1
        found = [(n, items[n]), (0, items[0])]
        while place < (n - 1) >> 1:  # as ``pop`` goes down
            place = 2 * place + 2
            if items[place].sequence < items[place - 1].sequence:
                place -= 1
            found.append((place, items[place]))
        if n & 1 == 0 and n and place == (n - 2) >> 1:
            found.append((2 * place + 1, items[2 * place + 1]))
        return found

    def restore(self, length: int, pairs: list[tuple[int, Node]]) -> None:
        """Undo a push or a pop, before which there were ``length`` nodes."""
        items = self.items
        if len(items) < length:
            items.append(pairs[0][1])
        del items[length:]
        for place, node in pairs:
            items[place] = node

    def order(self) -> list[Node]:
        """The nodes in the order in which they would leave."""
        copy = Heap()
        copy.items = list(self.items)
        return [copy.pop() for _ in self.items]


def plan(roots: Iterable[Node], inputs: Sequence[Edge] | None, accumulate: bool) -> tuple[dict[Node, Any], dict[Node, int]]:
    """The nodes that will run, and how many edges lead into each node from nodes that will run."""
    stack = list(roots)
    if inputs is None:
        found = _all_below(stack)
        return found, found
    below: dict[Node, None] = {}
    order: list[Node] = []
    while stack:
        node = stack.pop()
        if node in below:
            continue
        below[node] = None
        order.append(node)
        stack.extend(edge[0] for edge in node.next_edges if edge is not None)
    targets = {node for node, _ in inputs}
    leads: set[Node] = set()
    # creation order is a topological order; leaves, which have no edges, may come anywhere
    for node in sorted(order, key=lambda n: n.sequence if n.next_edges else -1):
        if any(edge is not None and (edge[0] in targets or edge[0] in leads) for edge in node.next_edges):
            leads.add(node)
    needed = {node: None for node in order if node in leads or (accumulate and node in targets)}
    below = {node: None for node in order if node in leads or node in targets}
    dependencies = dict.fromkeys(below, 0)
    for node in needed:
        for edge in node.next_edges:
            if edge is not None and edge[0] in dependencies:
                dependencies[edge[0]] += 1
    return needed, dependencies


def _all_below(stack: list[Any]) -> dict[Node, int]:
    """How many edges lead into each node that can be reached from those in ``stack``."""
    known = dict.fromkeys(stack, 0)
    stack = list(known)
    while stack:
        node = stack.pop()
        direct = node.direct
        if direct == 1:
            targets: Any = (node.edge0,)
        elif direct == 2:
            targets = (node.edge0, node.edge1)
        else:
            targets = node.next_edges
        for target in targets:
            if target is None:
                continue
            if type(target) is tuple:
                target = target[0]
            if target in known:
                known[target] += 1
            else:
                known[target] = 1
                stack.append(target)
    return known
