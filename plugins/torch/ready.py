"""PyTorch's queue of the nodes that are ready, in the order in which its engine takes them.

Among nodes of the same rank (all that accumulate) the order is what the heap makes of it: ``std::priority_queue`` of libstdc++
(``bits/stl_heap.h``), which is followed here move by move.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from .nodes import TorchNode


class Ready:
    """Sequence numbers and numbers of nodes; the highest sequence number comes first."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, int]] = []

    def copy(self) -> Ready:
        """Another one with the same nodes in the same places."""
        other = Ready()
        other._heap = list(self._heap)
        return other

    @property
    def numbers(self) -> list[int]:
        """The nodes, in the order in which they would be taken if no other came."""
        other, found = self.copy(), []
        while other:
            found.append(other.pop())
        return found

    @property
    def first(self) -> int:
        """The node that is taken next. Raises IndexError where there is none."""
        return self._heap[0][1]

    def __len__(self) -> int:
        return len(self._heap)

    def push(self, sequence: int, number: int) -> None:
        """A node is ready."""
        self._heap.append((sequence, number))
        self._rise(len(self._heap) - 1, (sequence, number))

    def pop(self) -> int:
        """Take the next node. Raises IndexError where there is none."""
        heap = self._heap
        taken, value = heap[0][1], heap.pop()
        if not heap:
            return taken
        length, hole, child = len(heap), 0, 0
        while child < (length - 1) // 2:
            child = 2 * (child + 1)
            if heap[child][0] < heap[child - 1][0]:
                child -= 1
            heap[hole], hole = heap[child], child
        if length % 2 == 0 and child == (length - 2) // 2:
            child = 2 * (child + 1)
            heap[hole], hole = heap[child - 1], child - 1
        self._rise(hole, value)
        return taken

    def _rise(self, hole: int, value: tuple[int, int]) -> None:
        heap = self._heap
        while hole > 0 and heap[(hole - 1) // 2][0] < value[0]:
            heap[hole] = heap[(hole - 1) // 2]
            hole = (hole - 1) // 2
        heap[hole] = value


def after(done: Sequence[int], nodes: Mapping[int, TorchNode], begun: Mapping[int, Sequence[object]]) -> Ready | None:
    """The queue after these nodes have run, of a pass that began with gradients at the nodes ``begun``; None where PyTorch's engine took
    them in another order than one queue gives (nodes of several devices)."""
    left = {number: len(begun.get(number, ())) for number in nodes}
    for node in nodes.values():
        for target in _targets(node):
            if target in left:
                left[target] += 1
    queue = Ready()
    for number in begun:
        if number in left:
            left[number] -= len(begun[number])
            if not left[number]:
                queue.push(nodes[number].sequence, number)
    for number in done:
        if not queue or queue.pop() != number:
            return None
        for target in _targets(nodes[number]):
            if target in left:
                left[target] -= 1
                if not left[target]:
                    queue.push(nodes[target].sequence, target)
    return queue


def _targets(node: TorchNode) -> Iterable[int]:
    return (edge[0] for edge in node.edges if edge is not None)
