"""Small tapes made by hand for the tests of the window: a two-layer network with hooks, and a chain of any length."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count

import numpy as np
from numpy.typing import NDArray

from gradstep.engine.tape.reader import Tape
from gradstep.engine.tape.schema import (
    ACCUMULATE_SEQUENCE,
    Call,
    CallBegin,
    CallEnd,
    Frame,
    GradAdded,
    GradStored,
    Hook,
    HookCalled,
    HookKind,
    Meta,
    Node,
    NodeEnter,
    NodeExit,
    NodeKind,
    NodeReady,
    Op,
    Payload,
    Record,
    Rewound,
    Role,
    Run,
    RunBegin,
    RunEnd,
    Saved,
    Slot,
    Source,
    Stats,
    Tensor,
    Val,
)

SCRIPT = '''\
"""A network that is small enough to look into."""
import gradstep.engine as torch


def double(grad):
    return grad * 2


x = torch.randn(4, 8)
w1 = torch.randn(8, 6, requires_grad=True)
w2 = torch.randn(6, 3, requires_grad=True)
h = (x @ w1).relu()  # the hidden layer
h.register_hook(double)
y = h @ w2
loss = (y * y).mean()
loss.backward()
'''
FILE = "/home/me/small.py"


def stats_of(val: Val, value: NDArray[np.generic]) -> Stats:
    """The statistics that a recorder would write."""
    flat = np.asarray(value, np.float64).ravel()
    finite = flat[np.isfinite(flat)]
    some = finite.size > 0
    return Stats(
        val, flat.size, float(np.sqrt(np.sum(flat * flat))), float(finite.min()) if some else np.nan,
        float(finite.max()) if some else np.nan, float(finite.mean()) if some else np.nan, int(np.sum(flat == 0)),
        int(np.isnan(flat).sum()), int(np.isposinf(flat).sum()), int(np.isneginf(flat).sum()),
    )  # fmt: skip


class TapeMaker:
    """Writes records in the order in which an engine would."""

    def __init__(self, values: bool = True) -> None:
        self.records: list[Record] = [Source(FILE, SCRIPT)]
        self.values = values
        self.ids = count(1)
        self.i = 0
        self.clock = 0.0
        self.sequence = 0
        self.data: dict[Val, NDArray[np.generic]] = {}

    def event(self, kind: type, run: int | None, *fields: object) -> int:
        self.clock += 1e-5
        self.records.append(kind(self.i, run, 0, self.clock, *fields))
        self.i += 1
        return self.i - 1

    def tensor(self, value: NDArray[np.generic], role: Role, name: str = "") -> Val:
        number = next(self.ids)
        meta = Meta(str(value.dtype), value.shape, "cpu")
        self.records.append(Tensor(number, meta, number, None, role, name))
        val = Val(number, 0)
        self.records.append(stats_of(val, value))
        if self.values:
            self.records.append(Payload(val, meta.dtype, meta.shape, value.tobytes()))
        self.data[val] = value
        return val

    def meta(self, val: Val) -> Meta:
        value = self.data[val]
        return Meta(str(value.dtype), value.shape, "cpu")

    def call(self, path: str, kind: str, parent: int | None = None) -> int:
        number = next(self.ids)
        self.records.append(Call(number, path, kind, parent))
        self.event(CallBegin, None, number)
        return number

    def leave(self, call: int) -> None:
        self.event(CallEnd, None, call)

    def accumulate(self, leaf: Val) -> int:
        number = next(self.ids)
        self.records.append(
            Node(number, NodeKind.ACCUMULATE, "AccumulateGrad", ACCUMULATE_SEQUENCE, (self.meta(leaf),), (), variable=leaf.tensor)
        )
        return number

    def op(
        self, name: str, node_name: str, ins: Sequence[Val], out: NDArray[np.generic], edges: Sequence[Slot | None], line: int,
        call: int | None = None, saved: Sequence[tuple[str, Val]] = (), params: tuple[tuple[str, str], ...] = (),
    ) -> tuple[Val, int]:  # fmt: skip
        result = self.tensor(out, Role.ACTIVATION)
        number, node = next(self.ids), next(self.ids)
        self.sequence += 1
        self.records.append(
            Node(
                node, NodeKind.FUNCTION, node_name, self.sequence, (self.meta(result),), tuple(edges), number,
                tuple(Saved(key, val) for key, val in saved),
            )
        )  # fmt: skip
        self.clock += 2e-5
        self.records.append(
            Op(
                number, name, tuple(ins), (result,), (Slot(node, 0),), (Frame(FILE, line, "<module>"),), call, None, params,
                time=self.clock, duration=1.8e-5,
            )
        )  # fmt: skip
        return result, node

    def hook(self, kind: HookKind, function: str, line: int, node: int, index: int | None = None, tensor: int | None = None) -> int:
        number = next(self.ids)
        self.records.append(Hook(number, kind, function, Frame(FILE, line, function), node, index, tensor))
        return number

    def begin(self, root: int, needed: Sequence[int]) -> tuple[int, Val]:
        run = next(self.ids)
        seed = self.tensor(np.ones((), np.float32), Role.GRADIENT)
        frame = Frame(FILE, 16, "<module>")
        self.records.append(Run(run, (Slot(root, 0),), (seed,), frozenset(needed), False, False, True, (frame,)))
        self.event(RunBegin, run)
        self.event(GradAdded, run, None, Slot(root, 0), seed)
        self.event(NodeReady, run, root)
        return run, seed

    def tape(self) -> Tape:
        return Tape.of(self.records)


class SmallNetwork(TapeMaker):
    """``loss = mean((relu(x @ w1) @ w2) ** 2)`` with a hook on the hidden layer, run backward from end to end."""

    def __init__(self, values: bool = True, poison: bool = False, steps: int = 7) -> None:
        super().__init__(values)
        random = np.random.default_rng(0)
        x, w1, w2 = (random.normal(size=shape).astype(np.float32) for shape in ((4, 8), (8, 6), (6, 3)))
        if poison:
            w2[2, 1] = np.inf
        self.x = self.tensor(x, Role.CONSTANT, "x")
        self.w1 = self.tensor(w1, Role.LEAF, "fc1.weight")
        self.w2 = self.tensor(w2, Role.LEAF, "fc2.weight")
        self.a1, self.a2 = self.accumulate(self.w1), self.accumulate(self.w2)
        model = self.call("", "Net")
        first = self.call("fc1", "Linear", model)
        pre, hidden = x @ w1, np.maximum(x @ w1, 0)
        pre_val, self.n1 = self.op("mm", "MmBackward0", (self.x, self.w1), pre, (None, Slot(self.a1, 0)), 12, first, [("self", self.x)])
        self.leave(first)
        self.h, self.n2 = self.op("relu", "ReluBackward0", (pre_val,), hidden, (Slot(self.n1, 0),), 12, model)
        second = self.call("fc2", "Linear", model)
        with np.errstate(invalid="ignore"):
            out = hidden @ w2
        y, self.n3 = self.op(
            "mm", "MmBackward0", (self.h, self.w2), out, (Slot(self.n2, 0), Slot(self.a2, 0)), 14, second,
            [("self", self.h), ("mat2", self.w2)],
        )  # fmt: skip
        self.leave(second)
        self.leave(model)
        edges = (Slot(self.n3, 0), Slot(self.n3, 0))
        square, self.n4 = self.op("mul", "MulBackward0", (y, y), out * out, edges, 15, saved=[("self", y), ("other", y)])
        loss, self.n5 = self.op("mean", "MeanBackward0", (square,), np.asarray((out * out).mean()), (Slot(self.n4, 0),), 15)
        self.loss = loss
        self.doubler = self.hook(HookKind.TENSOR, "double", 5, self.n2, 0)
        self.order = [self.n5, self.n4, self.n3, self.a2, self.n2, self.n1, self.a1]
        run, self.seed = self.begin(self.n5, self.order)
        self.run = run
        with np.errstate(invalid="ignore", over="ignore"):
            g_square = np.full((4, 3), 1 / 12, np.float32)
            half = g_square * out
            g_y = half + half
            g_h, g_w2 = g_y @ w2.T, hidden.T @ g_y
            g_hooked = g_h * 2
            g_pre = g_hooked * (pre > 0)
            g_w1 = x.T @ g_pre
        self.enters: list[int] = []
        plan = (
            lambda: self.step(self.n5, [self.seed], [(g_square, Slot(self.n4, 0))]),
            lambda: self.step(self.n4, self.sent, [(half, Slot(self.n3, 0)), (half, Slot(self.n3, 0))]),
            lambda: self.step(
                self.n3, [self.tensor(g_y, Role.GRADIENT)], [(g_h, Slot(self.n2, 0)), (g_w2, Slot(self.a2, 0))]
            ),
            lambda: self.store(self.a2, self.w2, self.sent[1]),
            lambda: self.hooked_step(g_hooked, g_pre),
            lambda: self.step(self.n1, self.sent[:1], [(g_w1, Slot(self.a1, 0))]),
            lambda: self.store(self.a1, self.w1, self.sent[0]),
        )  # fmt: skip
        self.sent: list[Val] = []
        for number, step in enumerate(plan):
            if number < steps:
                step()
        if steps >= len(plan):
            self.event(RunEnd, run, "")

    def step(self, node: int, grads: Sequence[Val], out: Sequence[tuple[NDArray[np.generic], Slot]]) -> None:
        self.enters.append(self.event(NodeEnter, self.run, node, tuple(grads)))
        vals = [self.tensor(value, Role.GRADIENT) for value, _ in out]
        self.event(NodeExit, self.run, node, (None, *vals) if node == self.n1 else tuple(vals))
        for edge, ((_, dst), val) in enumerate(zip(out, vals, strict=True)):
            self.event(GradAdded, self.run, Slot(node, edge), dst, val)
            self.event(NodeReady, self.run, dst.node)
        self.sent = vals

    def hooked_step(self, hooked: NDArray[np.generic], out: NDArray[np.generic]) -> None:
        before = next(event.val for event in reversed(self.records) if isinstance(event, GradAdded) and event.dst == Slot(self.n2, 0))
        after = self.tensor(hooked, Role.GRADIENT)
        self.event(HookCalled, self.run, self.doubler, self.n2, (before,), (after,))
        self.step(self.n2, [after], [(out, Slot(self.n1, 0))])

    def store(self, node: int, leaf: Val, grad: Val) -> None:
        self.enters.append(self.event(NodeEnter, self.run, node, (grad,)))
        self.event(GradStored, self.run, leaf.tensor, None, grad)
        self.event(NodeExit, self.run, node, ())

    def rewind(self, to: int) -> int:
        """The walk was stepped back to just after event ``to``."""
        return self.event(Rewound, self.run, to)


def chain(length: int) -> TapeMaker:
    """A chain of ``length`` ops and its backward run, statistics only."""
    maker = TapeMaker(values=False)
    random = np.random.default_rng(1)
    leaf = maker.tensor(np.ones(1, np.float32), Role.LEAF, "w")
    node = maker.accumulate(leaf)
    nodes = [node]
    last = leaf
    names = ("mul", "addmm", "relu", "sum", "view")
    for number in range(length):
        name = names[number % 5]
        last, node = maker.op(name, f"{name.capitalize()}Backward0", (last,), np.ones(1, np.float32), (Slot(nodes[-1], 0),), 10)
        nodes.append(node)
    run, grad = maker.begin(nodes[-1], nodes)
    for place in range(length, 0, -1):
        maker.event(NodeEnter, run, nodes[place], (grad,))
        norm = float(10 ** random.normal(-2, 1)) if place % 1000 else np.nan
        grad = maker.tensor(np.full(1, norm, np.float32), Role.GRADIENT)
        maker.event(NodeExit, run, nodes[place], (grad,))
        maker.event(GradAdded, run, Slot(nodes[place], 0), Slot(nodes[place - 1], 0), grad)
    maker.event(RunEnd, run, "")
    return maker
