"""Backward graphs of usual models, without running a model: what the layout benchmark and the layout tests draw.

Each is a networkx.DiGraph in the direction of backward (from the loss), with the node attributes ``kind``, ``label``, ``detail``
and ``calls`` (module calls, outermost first) that the graphs of a tape have.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from itertools import compress

import networkx as nx


class Trace:
    """Notes ops as a model's forward would run them, and keeps the graph of the backward."""

    def __init__(self) -> None:
        self.graph = nx.DiGraph()
        self._calls: list[int] = []
        self._next_call = 0
        self.call_names: dict[int, str] = {}

    @contextmanager
    def call(self, name: str) -> Iterator[None]:
        """A module call: the ops in it belong to one group."""
        self._next_call += 1
        self.call_names[self._next_call] = name
        self._calls.append(self._next_call)
        yield
        self._calls.pop()

    def op(self, label: str, *inputs: int, detail: str = "4x8") -> int:
        """An op on earlier nodes; its node."""
        return self._add("function", label, detail, inputs)

    def leaf(self, label: str, detail: str = "8x8") -> int:
        """The AccumulateGrad of a parameter."""
        return self._add("accumulate", label, detail, ())

    def _add(self, kind: str, label: str, detail: str, inputs: tuple[int, ...]) -> int:
        node = len(self.graph)
        self.graph.add_node(node, kind=kind, label=label, detail=detail, calls=tuple(self._calls))
        self.graph.add_edges_from((node, source) for source in inputs)
        return node


def _linear(t: Trace, name: str, *inputs: int) -> int:
    with t.call(name):
        weight, bias = t.leaf(f"{name}.weight"), t.leaf(f"{name}.bias", "8")
        return t.op("Addmm", *inputs, t.op("T", weight, detail="8x8"), bias)


def mlp(layers: int) -> Trace:
    """Linear and Relu in turn: about 5 nodes a layer."""
    t = Trace()
    x: tuple[int, ...] = ()
    with t.call("layers"):
        for k in range(layers):
            x = (t.op("Relu", _linear(t, f"{k}", *x)),)
    t.op("NllLoss", t.op("LogSoftmax", *x), detail="scalar")
    return t


def resnet(blocks: int) -> Trace:
    """Stages of residual blocks, the first of each stage with a projection: about 12 nodes a block."""
    t = Trace()

    def conv_norm(name: str, x: int) -> int:
        conv = t.op("Convolution", x, t.leaf(f"{name}.weight", "8x8x3x3"), detail="2x8x4x4")
        return t.op("NativeBatchNorm", conv, t.leaf(f"bn{name}.weight", "8"), t.leaf(f"bn{name}.bias", "8"), detail="2x8x4x4")

    with t.call("stem"):
        stem = t.op("Convolution", t.leaf("stem.weight", "8x3x3x3"), detail="2x8x4x4")
        x = t.op("Relu", t.op("NativeBatchNorm", stem, t.leaf("bn.weight", "8"), t.leaf("bn.bias", "8")))
    done = 0
    for stage in range(4):
        with t.call(f"layer{stage + 1}"):
            for k in range(blocks // 4 + (stage < blocks % 4)):
                with t.call(f"{k}"):
                    y = t.op("Relu", conv_norm("1", x), detail="2x8x4x4")
                    y = conv_norm("2", y)
                    if k == 0 and stage:
                        with t.call("downsample"):
                            x = conv_norm("0", x)
                    x = t.op("Relu", t.op("Add", y, x, detail="2x8x4x4"), detail="2x8x4x4")
                done += 1
    x = t.op("View", t.op("Mean", x))
    t.op("NllLoss", t.op("LogSoftmax", _linear(t, "fc", x)), detail="scalar")
    return t


def transformer(blocks: int) -> Trace:
    """Pre-norm attention and feed-forward blocks, as PyTorch's backward shows them: about 69 nodes a block."""
    t = Trace()

    def projection(name: str, x: int) -> int:
        return t.op("View", _linear(t, name, t.op("View", x, detail="12x16")), detail="2x6x16")

    def heads(x: int) -> int:
        return t.op("Transpose", t.op("View", x, detail="2x6x2x8"), detail="2x2x6x8")

    def norm(name: str, x: int) -> int:
        with t.call(name):
            return t.op("NativeLayerNorm", x, t.leaf(f"{name}.weight", "16"), t.leaf(f"{name}.bias", "16"), detail="2x6x16")

    x = t.op("Add", t.op("Embedding", t.leaf("tok.weight", "11x16")), t.op("Embedding", t.leaf("pos.weight", "6x16")))
    for k in range(blocks):
        with t.call(f"blocks.{k}"):
            y = norm("ln1", x)
            with t.call("attn"):
                q, key, v = (heads(projection(name, y)) for name in "qkv")
                q = t.op("View", t.op("Expand", q), detail="4x6x8")
                key = t.op("View", t.op("Expand", t.op("Transpose", key)), detail="4x8x6")
                a = t.op("Mul", t.op("View", t.op("Bmm", q, key, detail="4x6x6")), detail="2x2x6x6")
                a = t.op("Softmax", t.op("MaskedFill", a), detail="2x2x6x6")
                v = t.op("View", t.op("Expand", v), detail="4x6x8")
                a = t.op("Bmm", t.op("View", t.op("Expand", a), detail="4x6x6"), v, detail="4x6x8")
                a = projection("o", t.op("View", t.op("Transpose", t.op("View", a))))
            x = t.op("Add", x, a, detail="2x6x16")
            y = norm("ln2", x)
            with t.call("mlp"):
                y = projection("fc2", t.op("Gelu", projection("fc1", y), detail="2x6x32"))
            x = t.op("Add", x, y, detail="2x6x16")
    x = norm("lnf", x)
    t.op("NllLoss", t.op("LogSoftmax", _linear(t, "head", x)), detail="scalar")
    return t


def rnn(steps: int) -> Trace:
    """One cell unrolled; its four parameters are shared by all time steps: about 6 nodes a step."""
    t = Trace()
    parameters = [(t.leaf(f"{name}.weight"), t.leaf(f"{name}.bias", "8")) for name in ("ih", "hh")]
    h: tuple[int, ...] = ()
    for k in range(steps):
        with t.call(f"cell[{k}]"):
            parts = []
            for (weight, bias), inputs in zip(parameters, ((), h), strict=True):
                with t.call("linear"):
                    parts.append(t.op("Addmm", *inputs, t.op("T", weight), bias))
            h = (t.op("Tanh", t.op("Add", *parts)),)
    t.op("MseLoss", _linear(t, "out", *h), detail="scalar")
    return t


def random_dag(nodes: int, seed: int = 0) -> Trace:
    """Each node has one to three inputs among the 60 before it."""
    t, rand = Trace(), random.Random(seed)
    for k in range(nodes):
        earlier = range(max(0, k - 60), k)
        inputs = rand.sample(earlier, min(len(earlier), rand.choice((1, 1, 2, 2, 3)))) if k else []
        t.op(rand.choice(("Add", "Mul", "Sigmoid", "Softmax")), *inputs)
    return t


def sizes(graph: nx.DiGraph) -> dict[Hashable, tuple[float, float]]:
    """Boxes about as wide as their text, in steps of 8 px."""
    result: dict[Hashable, tuple[float, float]] = {}
    for key, data in graph.nodes(data=True):
        chip = data["kind"] == "accumulate"
        text = 6.6 * len(data["label"]) + 6.0 * len(data["detail"]) if chip else max(7.6 * len(data["label"]), 6.2 * len(data["detail"]))
        result[key] = (max(64.0, -(-(text + 34) // 8) * 8.0), 24.0 if chip else 42.0)
    return result


def groups(graph: nx.DiGraph, least: int = 2) -> dict[Hashable, tuple[int, ...]]:
    """The module calls around each node, without calls of fewer than ``least`` nodes that stand on a layer."""
    facts = dict(graph.nodes(data=True))
    calls_of = [data["calls"] for data in facts.values()]
    standing = [data["kind"] != "accumulate" and data["label"] != "T" for data in facts.values()]
    count: Counter[int] = Counter()
    for calls, nodes in Counter(compress(calls_of, standing)).items():
        for call in dict.fromkeys(calls):
            count[call] += nodes
    paths = {calls: tuple([call for call in calls if count[call] >= least]) for calls in set(calls_of)}
    return dict(zip(facts, map(paths.__getitem__, calls_of), strict=True))


FAMILIES: dict[str, tuple[Callable[[int], Trace], float]] = {  # and nodes a unit of size
    "mlp": (mlp, 5.0),
    "resnet": (resnet, 12.1),
    "transformer": (transformer, 69.0),
    "rnn": (rnn, 6.0),
    "random": (random_dag, 1.0),
}


def of_size(family: str, nodes: int) -> Trace:
    """A graph of the family with about so many nodes."""
    build, each = FAMILIES[family]
    return build(max(1, round(nodes / each)))
