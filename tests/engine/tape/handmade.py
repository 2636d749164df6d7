"""Objects as the recorder sees them, made by hand, and a small backward pass of them: no engine is needed."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from gradstep.engine.tape.recorder import Recorder
from gradstep.engine.tape.schema import ACCUMULATE_SEQUENCE, HookKind, NodeKind


class DType:
    def __init__(self, name: str) -> None:
        self.name = name


class Storage:
    def __init__(self) -> None:
        self.id = 0
        self.version = 0


class HandTensor:
    """What the engine's Tensor is for the recorder."""

    def __init__(
        self, data: Any, *, requires_grad: bool = False, is_leaf: bool = True, base: HandTensor | None = None, name: str = ""
    ) -> None:
        self._id = 0
        self._data = data if hasattr(data, "get") else np.asarray(data)
        self._cell = base._cell if base is not None else Storage()
        self._base = base
        self._name = name
        self.dtype = DType(str(self._data.dtype))
        self.shape = self._data.shape
        self.device = "cpu"
        self.requires_grad = requires_grad
        self.is_leaf = is_leaf

    def change(self, data: Any) -> None:
        """Write in place: the version rises, the recorder is not told."""
        self._data[...] = data
        self._cell.version += 1


class HandNode:
    """What a node of the engine is for the recorder."""

    _sequences = itertools.count()

    def __init__(
        self,
        name: str,
        slots: Sequence[HandTensor | None],
        edges: Sequence[tuple[HandNode, int] | None],
        *,
        kind: NodeKind = NodeKind.FUNCTION,
        saved: Iterable[tuple[str, HandTensor | None]] = (),
        variable: HandTensor | None = None,
    ) -> None:
        self.id = 0
        self.kind = kind
        self.sequence = ACCUMULATE_SEQUENCE if kind == NodeKind.ACCUMULATE else next(self._sequences)
        self.metas = tuple(None if t is None else (t.dtype.name, t.shape, t.device) for t in slots)
        self.next_edges = tuple(edges)
        self.variable = variable
        self._name = name
        self._saved = tuple(saved)

    def name(self) -> str:
        return self._name

    def kept(self) -> None:
        return None

    def saved_entries(self) -> Iterable[tuple[str, HandTensor | None]]:
        return self._saved


def leaf_node(leaf: HandTensor) -> HandNode:
    return HandNode("AccumulateGrad", [leaf], [], kind=NodeKind.ACCUMULATE, variable=leaf)


def gradient(data: Any) -> HandTensor:
    return HandTensor(np.asarray(data, np.float32))


class Square:
    """``x * x`` and its backward pass, told to a recorder the way the engine tells it: the gradient of x arrives twice."""

    def __init__(self, recorder: Recorder, values: Sequence[float] = (1.0, 2.0, 3.0)) -> None:
        self.recorder = recorder
        self.x = HandTensor(np.array(values, np.float32), requires_grad=True, name="x")
        self.leaf = leaf_node(self.x)
        self.forward()

    def forward(self) -> None:
        data = self.x._data * self.x._data
        self.y = HandTensor(data, requires_grad=True, is_leaf=False)
        edges = [(self.leaf, 0), (self.leaf, 0)]
        self.node = HandNode("MulBackward0", [self.y], edges, saved=[("input", self.x), ("other", self.x)])
        self.recorder.op("mul", [self.x, self.x], [self.y], self.node, {}, self.recorder.clock())

    def begin(self, seed: HandTensor | None = None) -> int:
        self.seed = seed or gradient(np.ones_like(self.x._data))
        run = self.recorder.run_begin([(self.node, 0)], [self.seed], [self.node, self.leaf], False, False, True)
        self.recorder.grad_added(run, None, (self.node, 0), self.seed)
        self.recorder.node_ready(run, self.node)
        return run

    def run_node(self, run: int) -> None:
        recorder = self.recorder
        recorder.node_enter(run, self.node, [self.seed])
        self.part = gradient(self.seed._data * self.x._data)
        recorder.node_exit(run, self.node, [self.part, self.part])
        recorder.freed(run, self.node)
        recorder.grad_added(run, (self.node, 0), (self.leaf, 0), self.part)
        recorder.grad_added(run, (self.node, 1), (self.leaf, 0), self.part)
        recorder.node_ready(run, self.leaf)

    def run_leaf(self, run: int, hook: Any = None) -> None:
        recorder = self.recorder
        total = gradient(self.part._data + self.part._data)
        if hook is not None:
            changed = gradient(hook(total._data))
            recorder.hook_called(run, HookKind.TENSOR, 7, hook, [total], [changed], node=self.leaf, tensor=self.x)
            total = changed
        recorder.node_enter(run, self.leaf, [total])
        self.grad = gradient(total._data.copy())
        recorder.grad_stored(run, self.x, None, self.grad)
        recorder.node_exit(run, self.leaf, [])

    def backward(self, hook: Any = None) -> int:
        run = self.begin()
        self.run_node(run)
        self.run_leaf(run, hook)
        self.recorder.run_end(run)
        return run
