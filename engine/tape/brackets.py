"""Where a thread is: the module call, the backward node and the runs that are open in it."""

from __future__ import annotations

from .stacks import Base


class Thread:
    """Where a thread is: its module call, its node, and the brackets around them."""

    __slots__ = ("base", "call", "head", "index", "node", "nodes", "op", "run", "runs", "touched")

    def __init__(self, index: int) -> None:
        self.index = index
        self.head = index << 8  # of events
        self.call = 0
        self.base: Base | None = None  # of the stack: the innermost module's call
        self.op = 0  # the last
        self.touched: list[int] = []  # its tensors and their versions
        self.run = 0
        self.node = 0
        self.nodes: list[tuple[int, int, int]] = []  # run and node entered, and the call that was open around it
        self.runs: list[int] = []
