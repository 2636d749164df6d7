"""What is measured, written once in PyTorch's words for whoever has them, and by hand in numpy where that says something.

A workload is made of a module (``torch`` or gradstep's engine): ``step()`` does it once, ``values()`` gives what it computes,
loss and gradients, as arrays of numpy to be compared. All draw the same numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy

Module = Any
Values = list[numpy.ndarray]
Step = Callable[[], object]


@dataclass(frozen=True)
class Work:
    """One workload, ready to run."""

    step: Step
    values: Callable[[], Values]


@dataclass(frozen=True)
class Workload:
    """``make(module)`` gives the work; ``by_hand()``, where there is one, the same in plain numpy. ``ops`` is how many recorded ops a
    step has, where time is told an op. ``goal`` is the ratio to PyTorch that was set."""

    about: str
    make: Callable[[Module], Work]
    by_hand: Callable[[], Work] | None = None
    ops: int = 0
    goal: str = ""


def drawn(seed: int, *shape: int, scale: float = 1.0, about: float = 0.0) -> numpy.ndarray:
    """Normal float32 numbers, the same on every machine."""
    return (numpy.random.RandomState(seed).standard_normal(shape) * scale + about).astype(numpy.float32)


def chosen(seed: int, below: int, *shape: int) -> numpy.ndarray:
    return numpy.random.RandomState(seed).randint(0, below, shape).astype(numpy.int64)


def array_of(tensor: Any) -> numpy.ndarray:
    return numpy.array(tensor.detach().cpu().numpy(), copy=True)


def trained(loss: Callable[[], Any], leaves: list[Any], also: Step = lambda: None) -> Work:
    """Forward and backward, and ``also`` after that; gradients are dropped."""

    def clear() -> None:
        for leaf in leaves:
            leaf.grad = None

    def step() -> None:
        loss().backward()
        also()
        clear()

    def values() -> Values:
        clear()
        found = loss()
        found.backward()
        made = [array_of(found), *(array_of(leaf.grad) for leaf in leaves)]
        clear()
        return made

    return Work(step, values)


# ----------------------------------------------------------------------------------------------------------------- chains

LENGTH = 1000  # ops


def _chain_arrays(size: int) -> list[numpy.ndarray]:
    """The start, two leaves that every fifth op uses, and what is subtracted."""
    return [drawn(1, size, scale=0.1), drawn(2, size, scale=0.01, about=1.0), drawn(3, size, scale=0.01), drawn(4, size, scale=0.01)]


def _chain(module: Module, size: int) -> tuple[Callable[[], Any], list[Any]]:
    start, factor, shift, less = _chain_arrays(size)
    x, w, b = (module.tensor(a, requires_grad=True) for a in (start, factor, shift))
    c, tanh = module.tensor(less), module.tanh

    def forward() -> Any:
        h = x
        for _ in range(LENGTH // 5):
            h = h * w
            h = h + b
            h = tanh(h)
            h = h - c
            h = h * 1.01
        return h

    return forward, [x, w, b]


def chain_quiet(size: int) -> Callable[[Module], Work]:
    def make(module: Module) -> Work:
        forward, _ = _chain(module, size)

        def step() -> Any:
            with module.no_grad():
                return forward()

        return Work(step, lambda: [array_of(step())])

    return make


def chain_forward(size: int) -> Callable[[Module], Work]:
    def make(module: Module) -> Work:
        forward, _ = _chain(module, size)
        return Work(forward, lambda: [array_of(forward())])

    return make


def chain_both(size: int) -> Callable[[Module], Work]:
    def make(module: Module) -> Work:
        forward, leaves = _chain(module, size)
        return trained(lambda: forward().sum(), leaves)

    return make


def chain_by_hand(size: int, mode: str) -> Callable[[], Work]:
    """``mode``: quiet keeps nothing, forward keeps what a backward would need, both goes back."""

    def make() -> Work:
        x, w, b, c = _chain_arrays(size)
        s = numpy.float32(1.01)

        def forward(kept: list[Any] | None) -> Any:
            h = x
            for _ in range(LENGTH // 5):
                before = h
                t = numpy.tanh(h * w + b)
                h = (t - c) * s
                if kept is not None:
                    kept.append((before, t))
            return h

        def both() -> Values:
            kept: list[Any] = []
            h = forward(kept)
            g, of_w, of_b = numpy.ones_like(h), numpy.zeros_like(w), numpy.zeros_like(b)
            for before, t in reversed(kept):
                g = g * s * (1 - t * t)
                of_b += g
                of_w += g * before
                g = g * w
            return [h.sum(), g, of_w, of_b]

        if mode == "both":
            return Work(both, both)
        return Work(lambda: forward([] if mode == "forward" else None), lambda: [forward(None)])

    return make


def chain_hooks(module: Module) -> Work:
    """A hook on every tensor between."""
    _, leaves = _chain(module, 1)
    x, w, b = leaves
    c, tanh = module.tensor(_chain_arrays(1)[3]), module.tanh

    def hook(gradient: Any) -> None:
        pass

    def loss() -> Any:
        h = x
        for _ in range(LENGTH // 5):
            for change in (lambda h: h * w, lambda h: h + b, tanh, lambda h: h - c, lambda h: h * 1.01):
                h = change(h)
                h.register_hook(hook)
        return h.sum()

    return trained(loss, leaves)


def chain_twice(module: Module) -> Work:
    """The gradient of the size of a gradient."""
    forward, leaves = _chain(module, 1)

    def loss() -> Any:
        (gradient,) = module.autograd.grad(forward().sum(), [leaves[0]], create_graph=True)
        return (gradient * gradient).sum()

    return trained(loss, leaves)


def tiny(module: Module) -> Work:
    """The smallest backward that is of any use."""
    x, w = (module.tensor(drawn(seed, 1), requires_grad=True) for seed in (1, 2))
    return trained(lambda: (x * w).sum(), [x, w])


# -------------------------------------------------------------------------------------------------------------- networks


def _linear(seed: int, outs: int, ins: int) -> list[numpy.ndarray]:
    return [drawn(seed, outs, ins, scale=ins**-0.5), drawn(seed + 1000, outs, scale=0.01)]


def _mlp_arrays() -> tuple[numpy.ndarray, numpy.ndarray, list[numpy.ndarray]]:
    layers = [*_linear(1, 512, 784), *_linear(2, 512, 512), *_linear(3, 10, 512)]
    return drawn(4, 64, 784), chosen(5, 10, 64), layers


RATE = 1e-4


def mlp(module: Module) -> Work:
    """Forward, backward, and gradient descent in place."""
    inputs, targets, layers = _mlp_arrays()
    functional = module.nn.functional
    x, y = module.tensor(inputs), module.tensor(targets)
    leaves = [module.tensor(a, requires_grad=True) for a in layers]
    w1, b1, w2, b2, w3, b3 = leaves

    def loss() -> Any:
        h = functional.relu(functional.linear(x, w1, b1))
        h = functional.relu(functional.linear(h, w2, b2))
        return functional.cross_entropy(functional.linear(h, w3, b3), y)

    def descend() -> None:
        with module.no_grad():
            for leaf in leaves:
                leaf.add_(leaf.grad, alpha=-RATE)

    return trained(loss, leaves, descend)


def mlp_by_hand() -> Work:
    x, y, layers = _mlp_arrays()
    layers = [a.copy() for a in layers]
    rows = numpy.arange(len(y))

    def gradients() -> Values:
        w1, b1, w2, b2, w3, b3 = layers
        h1 = numpy.maximum(x @ w1.T + b1, 0)
        h2 = numpy.maximum(h1 @ w2.T + b2, 0)
        z = h2 @ w3.T + b3
        z -= z.max(axis=1, keepdims=True)
        of_z = numpy.exp(z)
        sums = of_z.sum(axis=1, keepdims=True)
        loss = (numpy.log(sums[:, 0]) - z[rows, y]).mean()
        of_z /= sums
        of_z[rows, y] -= 1
        of_z *= numpy.float32(1 / len(y))
        of_2 = (of_z @ w3) * (h2 > 0)
        of_1 = (of_2 @ w2) * (h1 > 0)
        return [loss, of_1.T @ x, of_1.sum(0), of_2.T @ h1, of_2.sum(0), of_z.T @ h2, of_z.sum(0)]

    def step() -> None:
        for layer, gradient in zip(layers, gradients()[1:], strict=True):
            layer -= numpy.float32(RATE) * gradient

    return Work(step, gradients)


def mlp_modules(module: Module) -> Work:
    """The same step by modules and an optimizer."""
    inputs, targets, layers = _mlp_arrays()
    nn = module.nn
    net = nn.Sequential(nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 10))
    leaves = list(net.parameters())
    with module.no_grad():
        for leaf, layer in zip(leaves, layers, strict=True):
            leaf.copy_(module.tensor(layer))
    x, y = module.tensor(inputs), module.tensor(targets)
    optimizer, judge = module.optim.SGD(leaves, lr=RATE), nn.CrossEntropyLoss()
    work = trained(lambda: judge(net(x), y), leaves)

    def step() -> None:
        optimizer.zero_grad()
        judge(net(x), y).backward()
        optimizer.step()

    return Work(step, work.values)


def lenet(module: Module) -> Work:
    functional = module.nn.functional
    first, second = (
        [drawn(1, 20, 1, 5, 5, scale=0.2), drawn(2, 20, scale=0.01)],
        [drawn(3, 50, 20, 5, 5, scale=0.05), drawn(4, 50, scale=0.01)],
    )
    leaves = [module.tensor(a, requires_grad=True) for a in (*first, *second, *_linear(5, 500, 800), *_linear(6, 10, 500))]
    w1, b1, w2, b2, w3, b3, w4, b4 = leaves
    x, y = module.tensor(drawn(7, 32, 1, 28, 28)), module.tensor(chosen(8, 10, 32))

    def loss() -> Any:
        h = functional.max_pool2d(functional.relu(functional.conv2d(x, w1, b1)), 2)
        h = functional.max_pool2d(functional.relu(functional.conv2d(h, w2, b2)), 2)
        h = functional.relu(functional.linear(h.reshape(32, -1), w3, b3))
        return functional.cross_entropy(functional.linear(h, w4, b4), y)

    return trained(loss, leaves)


BATCH, TOKENS, WIDTH, HEADS, BLOCKS, WORDS = 8, 64, 128, 4, 2, 256


def gpt(fused: bool) -> Callable[[Module], Work]:
    """A small transformer decoder; ``fused``: attention by ``scaled_dot_product_attention`` and not by its parts."""

    def make(module: Module) -> Work:
        functional = module.nn.functional

        def norm(seed: int) -> list[numpy.ndarray]:
            return [drawn(seed, WIDTH, scale=0.1, about=1.0), drawn(seed + 1000, WIDTH, scale=0.01)]

        arrays = [drawn(1, WORDS, WIDTH, scale=0.5), drawn(2, TOKENS, WIDTH, scale=0.1)]
        for block in range(BLOCKS):
            seed = 10 * (block + 1)
            arrays += [*norm(seed), *_linear(seed + 1, 3 * WIDTH, WIDTH), *_linear(seed + 2, WIDTH, WIDTH)]
            arrays += [*norm(seed + 3), *_linear(seed + 4, 4 * WIDTH, WIDTH), *_linear(seed + 5, WIDTH, 4 * WIDTH)]
        arrays += [*norm(3), drawn(4, WORDS, WIDTH, scale=WIDTH**-0.5)]
        leaves = [module.tensor(a, requires_grad=True) for a in arrays]
        tokens, targets = module.tensor(chosen(5, WORDS, BATCH, TOKENS)), module.tensor(chosen(6, WORDS, BATCH * TOKENS))
        later = module.tensor(numpy.triu(numpy.ones((TOKENS, TOKENS), bool), 1))
        scale = (WIDTH // HEADS) ** -0.5

        def attention(q: Any, k: Any, v: Any) -> Any:
            if fused:
                return functional.scaled_dot_product_attention(q, k, v, is_causal=True)
            scores = (q @ k.transpose(-2, -1)) * scale
            return functional.softmax(scores.masked_fill(later, float("-inf")), dim=-1) @ v

        def loss() -> Any:
            words, places, *rest = leaves
            x = functional.embedding(tokens, words) + places
            for block in range(BLOCKS):
                g1, c1, wq, bq, wo, bo, g2, c2, wf, bf, wp, bp = rest[12 * block : 12 * block + 12]
                parts = functional.linear(functional.layer_norm(x, (WIDTH,), g1, c1), wq, bq).split(WIDTH, dim=2)
                q, k, v = (part.reshape(BATCH, TOKENS, HEADS, -1).transpose(1, 2) for part in parts)
                x = x + functional.linear(attention(q, k, v).transpose(1, 2).reshape(BATCH, TOKENS, WIDTH), wo, bo)
                h = functional.gelu(functional.linear(functional.layer_norm(x, (WIDTH,), g2, c2), wf, bf))
                x = x + functional.linear(h, wp, bp)
            x = functional.layer_norm(x, (WIDTH,), rest[-3], rest[-2])
            return functional.cross_entropy(functional.linear(x, rest[-1]).reshape(BATCH * TOKENS, WORDS), targets)

        return trained(loss, leaves)

    return make


# ----------------------------------------------------------------------------------------------------- element by element

MANY = 4_000_000


def elementwise(module: Module) -> Work:
    """Ten ops, three of them exponentials of some kind, then the sum, and back."""
    x, c = module.tensor(drawn(1, MANY), requires_grad=True), module.tensor(numpy.abs(drawn(2, MANY)) + numpy.float32(0.5))

    def loss() -> Any:
        h = module.tanh(x * c + x)
        h = module.sigmoid(h * x - c)
        return module.nn.functional.relu(module.exp(h * h) / c).sum()

    return trained(loss, [x])


def elementwise_cheap(module: Module) -> Work:
    """Ten sums, products and bounds, then the sum, and back."""
    x, c = module.tensor(drawn(1, MANY), requires_grad=True), module.tensor(drawn(2, MANY))
    relu = module.nn.functional.relu

    def loss() -> Any:
        h = relu(x * c + x)
        h = relu((h * x - c) * c) + c
        return (h * x - x).sum()

    return trained(loss, [x])


def elementwise_by_hand() -> Work:
    x, c = drawn(1, MANY), numpy.abs(drawn(2, MANY)) + numpy.float32(0.5)

    def step() -> Values:
        t = numpy.tanh(x * c + x)
        s = 1 / (1 + numpy.exp(c - t * x))
        e = numpy.exp(s * s)
        loss = numpy.maximum(e / c, 0).sum()
        g = e / c * 2 * s * s * (1 - s)
        of_x = g * t
        g = g * x * (1 - t * t)
        return [loss, of_x + g * c + g]

    return Work(step, step)


WORKLOADS: dict[str, Workload] = {
    "chain1_nograd": Workload("1,000 ops of size 1, under no_grad", chain_quiet(1), chain_by_hand(1, "quiet"), LENGTH),
    "chain1_forward": Workload("1,000 ops of size 1, forward", chain_forward(1), chain_by_hand(1, "forward"), LENGTH, "0.45"),
    "chain1_both": Workload("1,000 ops of size 1, forward and backward", chain_both(1), chain_by_hand(1, "both"), LENGTH, "0.42"),
    "chain1k_nograd": Workload("1,000 ops of size 1,000, under no_grad", chain_quiet(1000), chain_by_hand(1000, "quiet"), LENGTH),
    "chain1k_forward": Workload("1,000 ops of size 1,000, forward", chain_forward(1000), chain_by_hand(1000, "forward"), LENGTH, "0.45"),
    "chain1k_both": Workload("1,000 ops of size 1,000, both", chain_both(1000), chain_by_hand(1000, "both"), LENGTH, "0.42"),
    "hooks": Workload("the same of size 1, a hook on every tensor", chain_hooks, None, LENGTH),
    "twice": Workload("the same of size 1, backward through a backward", chain_twice, None, LENGTH),
    "tiny": Workload("(x * w).sum().backward() of size 1", tiny),
    "mlp": Workload("MLP 784-512-512-10, batch 64: a step of descent", mlp, mlp_by_hand, 0, "0.92"),
    "mlp_modules": Workload("the same by nn.Module and optim.SGD", mlp_modules),
    "lenet": Workload("LeNet 20/50/500/10, 32 x 1 x 28 x 28", lenet, None, 0, "0.75"),
    "gpt": Workload("GPT-mini: batch 8, 64 tokens, width 128, 4 heads, 2 blocks", gpt(False), None, 0, "1.25, fast 1.0"),
    "gpt_sdpa": Workload("the same with scaled_dot_product_attention", gpt(True), None, 0, "1.25, fast 1.0"),
    "elementwise": Workload("10 ops on 4,000,000 float32, 3 of them exponentials", elementwise, elementwise_by_hand, 0, "0.75"),
    "elementwise_cheap": Workload("10 sums, products and relu on 4,000,000 float32", elementwise_cheap, None, 0, "0.75"),
}
