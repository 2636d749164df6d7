"""Graphs with the attributes that ``gradstep.engine.tape.graph`` gives, made by hand: what a recorder would see of an MLP, of
a transformer and of a recurrent net. Used by the canvas' tests and by its benchmark."""

from contextlib import contextmanager
from types import SimpleNamespace

import networkx as nx


class Model:
    """Writes ops down as a forward pass would, and hands out the graphs."""

    def __init__(self):
        self.ops, self.params, self.calls, self.open = [], {}, {}, []

    @contextmanager
    def call(self, path, type_="Module"):
        number = len(self.calls) + 1
        self.calls[number] = SimpleNamespace(id=number, path=path, type=type_, parent=self.open[-1] if self.open else None)
        self.open.append(number)
        yield
        self.open.pop()

    def param(self, name, *shape):
        return self.params.setdefault(name, ("leaf", name, shape))

    def op(self, name, ins, *shape, kind="op"):
        path = self.calls[self.open[-1]].path if self.open else ""
        self.ops.append((name, [value for value in ins if value is not None], shape, tuple(self.open), path, kind))
        return ("op", len(self.ops) - 1, shape)

    def linear(self, x, path, out, flat=False):
        width = x[2][-1]
        rows = x[2][:-1]
        many = 1
        for size in rows:
            many *= size
        with self.call(path, "Linear"):
            weight = self.op("t", [self.param(f"{path}.weight", out, width)], width, out)
            bias = self.param(f"{path}.bias", out)
            if len(rows) > 1:
                x = self.op("view", [x], many, width)
            y = self.op("addmm", [bias, x, weight], many, out)
            return self.op("view", [y], *rows, out) if len(rows) > 1 else y

    def backward(self):
        graph = nx.DiGraph(calls=self.calls)
        leaf_keys = {}
        for number, (name, ins, shape, calls, path, kind) in reversed(list(enumerate(self.ops))):
            title = "".join(part.capitalize() for part in name.split("_"))
            graph.add_node(
                ("node", number + 1), label=title, detail="x".join(map(str, shape)), kind="function" if kind == "op" else kind, op=name,
                sequence=number, calls=calls, path=path, hooks=0, shape=shape, line=("model.py", 10 + number % 40), name="",
            )  # fmt: skip
            for slot, value in enumerate(ins):
                if value[0] == "op":
                    target = ("node", value[1] + 1)
                else:
                    target = leaf_keys.setdefault(value[1], ("node", len(self.ops) + 1 + len(leaf_keys)))
                    if target not in graph:
                        graph.add_node(
                            target, label="AccumulateGrad", detail="x".join(map(str, value[2])), kind="accumulate", op="AccumulateGrad",
                            sequence=2**64 - 1, calls=calls, path=path, hooks=0, shape=value[2], line=None, name=value[1],
                        )  # fmt: skip
                graph.add_edge(("node", number + 1), target, slots=[(slot, 0)], kind="gradient")
        return graph

    def forward(self):
        graph = nx.DiGraph(calls=self.calls)
        for number, (name, ins, shape, calls, path, _) in enumerate(self.ops):
            for slot, value in enumerate(ins):
                key = ("op", value[1] + 1) if value[0] == "op" else ("leaf", value[1])
                if key not in graph:
                    kind = "input" if "." not in value[1] else "leaf"
                    graph.add_node(
                        key, label=value[1], detail="x".join(map(str, value[2])), kind=kind, op=kind, sequence=0, calls=calls, path=path,
                        hooks=0, shape=value[2], line=None, name=value[1],
                    )  # fmt: skip
                graph.add_edge(key, ("op", number + 1), slots=[(0, slot)], kind="data")
            graph.add_node(
                ("op", number + 1), label=name, detail="x".join(map(str, shape)), kind="op", op=name, sequence=number, calls=calls,
                path=path, hooks=0, shape=shape, line=("model.py", 10 + number % 40), name="",
            )  # fmt: skip
        return graph

    def combined(self):
        graph = nx.compose(self.forward(), self.backward())
        graph.graph["calls"] = self.calls
        for number in range(1, len(self.ops) + 1):
            graph.add_edge(("op", number), ("node", number), slots=[], kind="link")
        return graph


def mlp(layers=6, batch=4, width=8):
    model = Model()
    with model.call(""):
        x = model.param("input", batch, width)
        for layer in range(layers):
            x = model.linear(("leaf", "input", (batch, width)) if layer == 0 else x, f"layers.{2 * layer}", width)
            with model.call(f"layers.{2 * layer + 1}", "ReLU"):
                x = model.op("relu", [x], batch, width)
        x = model.linear(x, "head", 3)
    x = model.op("log_softmax", [x], batch, 3)
    model.op("nll_loss", [x])
    return model


def transformer(blocks=1, batch=2, time=6, width=16, heads=2):
    model = Model()
    head = width // heads
    with model.call(""):
        tokens = model.op("embedding", [model.param("tok.weight", 32, width)], batch, time, width)
        places = model.op("embedding", [model.param("pos.weight", time, width)], time, width)
        x = model.op("add", [tokens, places], batch, time, width)
        for block in range(blocks):
            with model.call(f"blocks.{block}", "Block"):
                x = _block(model, x, f"blocks.{block}", batch, time, width, heads, head)
        with model.call("ln_f", "LayerNorm"):
            x = model.op("layer_norm", [x, model.param("ln_f.weight", width), model.param("ln_f.bias", width)], batch, time, width)
        x = model.linear(x, "lm_head", 32)
    x = model.op("view", [x], batch * time, 32)
    x = model.op("log_softmax", [x], batch * time, 32)
    model.op("nll_loss", [x])
    return model


def _block(model, x, path, batch, time, width, heads, head):
    with model.call(f"{path}.ln1", "LayerNorm"):
        y = model.op(
            "layer_norm", [x, model.param(f"{path}.ln1.weight", width), model.param(f"{path}.ln1.bias", width)], batch, time, width
        )
    with model.call(f"{path}.attn", "Attention"):
        parts = []
        for part in "qkv":
            z = model.linear(y, f"{path}.attn.{part}", width)
            z = model.op("view", [z], batch, time, heads, head)
            z = model.op("transpose", [z], batch, heads, time, head)
            if part == "k":
                z = model.op("transpose", [z], batch, heads, head, time)
            z = model.op("expand", [z], batch, heads, time, head)
            parts.append(model.op("unsafe_view", [model.op("clone", [z], batch, heads, time, head)], batch * heads, time, head))
        z = model.op("bmm", parts[:2], batch * heads, time, time)
        z = model.op("unsafe_view", [z], batch, heads, time, time)
        z = model.op("mul", [z], batch, heads, time, time)
        z = model.op("masked_fill", [z], batch, heads, time, time)
        z = model.op("softmax", [z], batch, heads, time, time)
        z = model.op("view", [z], batch * heads, time, time)
        z = model.op("bmm", [z, parts[2]], batch * heads, time, head)
        z = model.op("transpose", [z], batch, time, heads, head)
        z = model.op("view", [z], batch, time, width)
        z = model.linear(z, f"{path}.attn.proj", width)
    x = model.op("add", [x, z], batch, time, width)
    with model.call(f"{path}.ln2", "LayerNorm"):
        y = model.op(
            "layer_norm", [x, model.param(f"{path}.ln2.weight", width), model.param(f"{path}.ln2.bias", width)], batch, time, width
        )
    with model.call(f"{path}.mlp", "MLP"):
        y = model.linear(y, f"{path}.mlp.fc1", 4 * width)
        with model.call(f"{path}.mlp.act", "GELU"):
            y = model.op("gelu", [y], batch, time, 4 * width)
        y = model.linear(y, f"{path}.mlp.fc2", width)
    return model.op("add", [x, y], batch, time, width)


def recurrent(steps=5, width=8):
    """The weights are shared over the steps: their leaves have several consumers."""
    model = Model()
    with model.call(""):
        state = model.op("zeros_like", [model.param("start.state", width)], 2, width)
        for _ in range(steps):
            with model.call("cell", "Cell"):
                x = model.op("addmm", [model.param("cell.bias", width), state, model.param("cell.weight", width, width)], 2, width)
                state = model.op("tanh", [x], 2, width)
    model.op("mean", [state])
    return model


def zoo():
    """Every kind of node once."""
    model = Model()
    with model.call(""):
        x = model.op("embedding", [model.param("table.weight", 10, 4)], 3, 4)
        x = model.op("straight_through_estimator_of_mine", [x], 3, 4, kind="custom")
        x = model.op("backward_hook_function", [x], 3, 4, kind="boundary")
        x = model.op("copy_slices", [x], 3, 4, kind="rebase")
        x = model.op("cxx_backward", [x], 3, 4, kind="opaque")
        x = model.op("dropout", [x], 3, 4)
        x = model.op("mean", [x])
        model.op("mse_loss", [x])
    return model
