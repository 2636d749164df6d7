"""Module itself against PyTorch's: hooks, their order and values, attributes, state dicts, errors, words."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy
import pytest
import torch

import gradstep.engine as ours

X = numpy.linspace(-1.0, 1.5, 6).reshape(2, 3)


def shown(value: Any) -> Any:
    """A hook's argument in a form that both engines share."""
    if hasattr(value, "detach"):
        return numpy.round(value.detach().double().numpy(), 5).tolist()
    if isinstance(value, (tuple, list)):
        return tuple(shown(v) for v in value)
    if isinstance(value, dict):
        return {k: shown(v) for k, v in value.items()}
    return value


def net(module: Any) -> Any:
    nn = module.nn

    class Inner(nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.linear = nn.Linear(3, 2)
            self.scale = nn.Parameter(module.tensor([1.0, 2.0]))
            self.register_buffer("seen", module.zeros(2))
            self.register_buffer("hidden", module.ones(1), persistent=False)

        def forward(self, x: Any, factor: float = 1.0) -> Any:
            return self.linear(x) * self.scale * factor

    class Outer(nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.first = Inner()
            self.rest = nn.Sequential(nn.Tanh(), nn.Linear(2, 2))
            self.missing = None
            self.bias = nn.Parameter(module.zeros(2))

        def forward(self, x: Any) -> Any:
            return self.rest(self.first(x, factor=2.0)) + self.bias

    module.manual_seed(1)
    return Outer()


def log_of(module: Any, prepare: Callable[[Any, Any, list[Any]], Any], needs_grad: bool = True) -> list[Any]:
    """What hooks saw during a forward and a backward, and the gradients after it."""
    log: list[Any] = []
    made = net(module).double()
    prepare(module, made, log)
    x = module.tensor(X, requires_grad=needs_grad)
    out = made(x)
    log.append(("grad_fn", out.grad_fn.name()))
    (out * out).sum().backward()
    log.append([shown(x.grad), *[shown(p.grad) for p in made.parameters()]])
    return log


def note(log: list[Any], name: str, answer: Callable[[Any], Any] | None = None) -> Callable[..., Any]:
    def hook(module: Any, *given: Any) -> Any:
        log.append((name, type(module).__name__, shown(given)))
        return answer(given) if answer is not None else None

    return hook


def all_kinds(module: Any, made: Any, log: list[Any]) -> None:
    for path, part in made.named_modules():
        part.register_forward_pre_hook(note(log, f"{path} pre"))
        part.register_forward_pre_hook(note(log, f"{path} pre kwargs"), with_kwargs=True)
        part.register_forward_pre_hook(note(log, f"{path} pre first"), prepend=True)
        part.register_forward_hook(note(log, f"{path} forward"))
        part.register_forward_hook(note(log, f"{path} forward kwargs"), with_kwargs=True, prepend=True)
        part.register_full_backward_pre_hook(note(log, f"{path} backward pre"))
        part.register_full_backward_hook(note(log, f"{path} backward"))
        part.register_full_backward_hook(note(log, f"{path} backward first"), prepend=True)


def changing(module: Any, made: Any, log: list[Any]) -> None:
    made.first.register_forward_pre_hook(lambda m, a: a[0] * 3)
    made.first.register_forward_pre_hook(lambda m, a, k: (a, {**k, "factor": 5.0}), with_kwargs=True)
    made.rest[0].register_forward_hook(lambda m, a, out: out + 1)
    made.rest.register_full_backward_pre_hook(lambda m, g: (g[0] * 2,))
    made.first.linear.register_full_backward_hook(lambda m, gi, go: (gi[0] * 10,))
    made.rest[1].register_full_backward_hook(note(log, "sees"))


def removed(module: Any, made: Any, log: list[Any]) -> None:
    handles = [made.register_forward_hook(note(log, "gone")), made.first.register_full_backward_hook(note(log, "gone too"))]
    kept = made.first.register_full_backward_hook(note(log, "kept"))
    for handle in handles:
        handle.remove()
        handle.remove()
    assert kept.id in made.first._backward_hooks

    def late(m: Any, a: Any, out: Any) -> None:
        kept.remove()  # the boundary of this call has its hooks already

    made.register_forward_hook(late)


def everywhere(module: Any, made: Any, log: list[Any]) -> None:
    functions = module.nn.modules.module
    handles = [
        functions.register_module_forward_pre_hook(note(log, "all pre")),
        functions.register_module_forward_hook(note(log, "all forward")),
        functions.register_module_full_backward_pre_hook(note(log, "all backward pre")),
        functions.register_module_full_backward_hook(note(log, "all backward")),
    ]
    made.first.register_forward_pre_hook(note(log, "own pre"))
    made.first.register_full_backward_hook(note(log, "own backward"))

    def last(m: Any, g: Any) -> None:
        pass

    made.register_full_backward_pre_hook(last)
    made.handles = handles


@pytest.mark.parametrize("prepare", [all_kinds, changing, removed, everywhere])
def test_hooks_see_and_change_what_pytorchs_do(prepare: Callable[..., Any]) -> None:
    logs = []
    for module in (torch, ours):
        holder: list[Any] = []

        def prepared(m: Any, made: Any, log: list[Any], holder: list[Any] = holder) -> None:
            prepare(m, made, log)
            holder.append(made)

        try:
            logs.append(log_of(module, prepared))
        finally:
            for handle in getattr(holder[0], "handles", ()) if holder else ():
                handle.remove()
    assert logs[1] == logs[0]


def test_input_without_gradient_warns_and_calls_hooks_with_none() -> None:
    logs = []
    for module in (torch, ours):
        with pytest.warns(UserWarning, match="Full backward hook is firing when gradients are computed with respect to module outputs"):
            logs.append(
                log_of(module, lambda m, made, log: made.first.linear.register_full_backward_hook(note(log, "b")), needs_grad=False)
            )
    assert logs[1] == logs[0]


def test_second_derivative_calls_hooks_as_often_as_pytorch() -> None:
    counts = []
    for module in (torch, ours):
        log: list[Any] = []
        layer = module.nn.Tanh()
        layer.register_full_backward_hook(note(log, "b"))
        x = module.tensor(X, requires_grad=True)
        (g,) = module.autograd.grad(layer(x).sum(), x, create_graph=True)
        g.sum().backward()
        counts.append([entry[0] for entry in log])
    assert counts[1] == counts[0]


def test_always_called_hooks_run_after_an_error() -> None:
    logs = []
    for module in (torch, ours):
        log: list[Any] = []
        made = module.nn.Linear(3, 2)
        made.register_forward_hook(note(log, "plain"))
        made.register_forward_hook(note(log, "always"), always_call=True)
        with pytest.raises(RuntimeError):
            made(module.ones(2, 4))
        logs.append([entry[0] for entry in log])
    assert logs[1] == logs[0] == ["always"]


def test_old_backward_hooks_warn_as_pytorch() -> None:
    logs = []
    for module in (torch, ours):
        log: list[Any] = []
        made = module.nn.Sequential(module.nn.Tanh(), module.nn.Sigmoid())
        made.register_backward_hook(note(log, "old"))
        x = module.tensor(X, requires_grad=True)
        with pytest.warns(FutureWarning, match="Using a non-full backward hook when the forward contains multiple autograd Nodes"):
            out = made(x)
        out.sum().backward()
        logs.append(log)
        with pytest.raises(RuntimeError, match="Cannot use both regular backward hooks and full backward hooks on a single Module"):
            made.register_full_backward_hook(note(log, "full"))
    assert logs[1] == logs[0]


def error_of(action: Callable[[Any, Any], Any], module: Any) -> tuple[type, str]:
    with pytest.raises(Exception) as caught:  # noqa: PT011
        action(module, net(module))
    return type(caught.value), str(caught.value)


def without_init(m: Any) -> Any:
    class Forgetful(m.nn.Module):  # type: ignore[misc,name-defined]
        def __init__(self, what: str) -> None:
            self.x = {"parameter": m.nn.Parameter(m.ones(1)), "module": m.nn.Tanh(), "buffer": m.nn.Buffer(m.ones(1))}[what]

    return Forgetful


MISTAKES: list[Callable[[Any, Any], Any]] = [
    lambda m, net: setattr(net, "bias", m.ones(2)),
    lambda m, net: setattr(net, "bias", 3),
    lambda m, net: setattr(net, "first", 3),
    lambda m, net: setattr(net.first, "seen", 3),
    lambda m, net: net.register_parameter("a.b", None),
    lambda m, net: net.register_parameter("", None),
    lambda m, net: net.register_parameter(3, None),
    lambda m, net: net.register_parameter("forward", None),
    lambda m, net: net.register_parameter("w", m.ones(2)),
    lambda m, net: net.register_parameter("w", m.nn.Parameter(m.ones(2)) * 2),
    lambda m, net: net.register_buffer("first", None),
    lambda m, net: net.register_buffer("b", 3),
    lambda m, net: net.add_module("x", 3),
    lambda m, net: net.add_module("a.b", None),
    lambda m, net: net.add_module("bias", m.nn.Tanh()),
    lambda m, net: net.nothing,
    lambda m, net: delattr(net, "nothing"),
    lambda m, net: net.get_submodule("first.nothing"),
    lambda m, net: net.get_submodule("bias"),
    lambda m, net: net.get_parameter("first.linear"),
    lambda m, net: net.get_parameter("first.nothing"),
    lambda m, net: net.get_buffer("bias"),
    lambda m, net: net.train(1),
    lambda m, net: net.to(m.int64),
    lambda m, net: m.nn.Module(3),
    lambda m, net: m.nn.Module(x=3),
    lambda m, net: m.nn.Module()(1),
    lambda m, net: without_init(m)("parameter"),
    lambda m, net: without_init(m)("module"),
    lambda m, net: without_init(m)("buffer"),
    lambda m, net: net.load_state_dict(3),
    lambda m, net: net.load_state_dict({}),
    lambda m, net: net.load_state_dict({**net.state_dict(), "first.more": m.ones(1), "other.a.b": m.ones(1)}),
    lambda m, net: net.load_state_dict({"bias": m.ones(3), "first.scale": m.ones(2, 2), "rest.1.bias": 3, "x": 1}),
    lambda m, net: net.load_state_dict({"bias": m.ones(3)}, strict=False),
    lambda m, net: net.rest[5],
    lambda m, net: net.rest.insert(9, m.nn.Tanh()),
    lambda m, net: net.rest + 3,
    lambda m, net: net.rest * 0,
    lambda m, net: m.nn.ModuleList(3),
    lambda m, net: m.nn.ModuleList([m.nn.Tanh()])[1],
    lambda m, net: m.nn.ModuleList([3]),
    lambda m, net: m.nn.ModuleDict([1]),
    lambda m, net: m.nn.ModuleDict([("a", m.nn.Tanh(), 3)]),
    lambda m, net: m.nn.ParameterList()(1),
    lambda m, net: m.nn.Conv2d(3, 4, 3, groups=2),
    lambda m, net: m.nn.Conv2d(4, 3, 3, groups=2),
    lambda m, net: m.nn.Conv2d(4, 4, 3, groups=0),
    lambda m, net: m.nn.Conv2d(4, 4, 3, stride=2, padding="same"),
    lambda m, net: m.nn.ConvTranspose2d(4, 4, 3, padding_mode="reflect"),
    lambda m, net: m.nn.ConvTranspose1d(1, 1, 3, stride=2)(m.ones(1, 1, 4), output_size=(20,)),
    lambda m, net: m.nn.BatchNorm1d(3)(m.ones(3)),
    lambda m, net: m.nn.BatchNorm2d(3)(m.ones(3, 3)),
    lambda m, net: m.nn.InstanceNorm2d(3)(m.ones(3, 3)),
    lambda m, net: m.nn.GroupNorm(3, 4),
    lambda m, net: m.nn.Dropout(1.5),
    lambda m, net: m.nn.Embedding(3, 2, padding_idx=3),
    lambda m, net: m.nn.LSTM(3, 0),
    lambda m, net: m.nn.LSTM(3, 4, proj_size=4),
    lambda m, net: m.nn.RNN(3, 4, nonlinearity="sin"),
    lambda m, net: m.nn.GRU(3, 4, dropout=2.0),
    lambda m, net: m.nn.LSTM(3, 4)(m.ones(2, 3, 4, 3)),
    lambda m, net: m.nn.LSTM(3, 4)(m.ones(2, 3, 4)),
    lambda m, net: m.nn.LSTM(3, 4)(m.ones(2, 3, 3).double()),
    lambda m, net: m.nn.LSTM(3, 4)(m.ones(2, 3, 3), (m.ones(1, 3, 5), m.ones(1, 3, 4))),
    lambda m, net: m.nn.GRU(3, 4)(m.ones(2, 3, 3), m.ones(1, 2, 4)),
    lambda m, net: m.nn.GRU(3, 4)(m.ones(2, 3, 3), m.ones(3, 4)),
    lambda m, net: m.nn.GRUCell(3, 4)(m.ones(2, 5)),
    lambda m, net: m.nn.GRUCell(3, 4)(m.ones(2, 3, 3)),
    lambda m, net: m.nn.MultiheadAttention(5, 2),
    lambda m, net: m.nn.MultiheadAttention(4, 2)(m.ones(2, 1, 5), m.ones(2, 1, 5), m.ones(2, 1, 5)),
    lambda m, net: m.nn.MultiheadAttention(4, 2)(*[m.ones(2, 1, 4)] * 3, attn_mask=m.ones(3, 3)),
    lambda m, net: m.nn.MultiheadAttention(4, 2)(*[m.ones(2, 1, 4)] * 3, is_causal=True),
    lambda m, net: m.nn.TransformerEncoderLayer(4, 2, activation="tanh"),
    lambda m, net: m.nn.utils.rnn.pack_padded_sequence(m.ones(4, 2, 3), [2, 4]),
    lambda m, net: m.nn.utils.rnn.pack_padded_sequence(m.ones(4, 2, 3), [2, 0]),
    lambda m, net: m.nn.utils.weight_norm(m.nn.utils.weight_norm(m.nn.Linear(2, 2))),
    lambda m, net: m.nn.utils.remove_weight_norm(m.nn.Tanh()),
    lambda m, net: m.nn.utils.parametrize.register_parametrization(net, "nothing", m.nn.Tanh()),
    lambda m, net: m.nn.init.xavier_uniform_(m.ones(3)),
    lambda m, net: m.nn.init.eye_(m.ones(3)),
    lambda m, net: m.nn.init.calculate_gain("sine"),
    lambda m, net: m.nn.init.kaiming_uniform_(m.ones(3, 3), mode="fan"),
    lambda m, net: m.nn.Softmax2d()(m.ones(3)),
    lambda m, net: m.nn.Unflatten(1, 3),
    lambda m, net: m.nn.CircularPad2d(1)(m.ones(3)),
    lambda m, net: m.nn.TripletMarginLoss(margin=-1.0),
    lambda m, net: m.nn.MultiMarginLoss(p=3),
    lambda m, net: copy.deepcopy(m.nn.ParameterDict()).x,
]


@pytest.mark.parametrize("wrong", MISTAKES, ids=range(len(MISTAKES)))
@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_mistake_is_told_in_pytorchs_words(wrong: Callable[[Any, Any], Any]) -> None:
    theirs, mine = error_of(wrong, torch), error_of(wrong, ours)
    assert mine[0] is theirs[0]
    assert mine[1].split()[:5] == theirs[1].split()[:5]


def same(action: Callable[[Any, Any], Any]) -> None:
    found = []
    for module in (torch, ours):
        found.append(shown(action(module, net(module))))
    assert found[1] == found[0]


def edited(m: Any, net: Any) -> Any:
    net.bias = m.nn.Parameter(m.ones(2))  # keeps its place
    net.first.scale = None
    net.rest = m.nn.Tanh()
    net.missing = m.nn.Tanh()
    net.first.seen = m.ones(2)
    net.first.extra = m.nn.Buffer(m.ones(1), persistent=False)
    net.late = net.first.linear  # shared
    del net.first.hidden
    return net


def names(net: Any) -> Any:
    return [
        [n for n, _ in net.named_parameters()],
        [n for n, _ in net.named_parameters(remove_duplicate=False)],
        [n for n, _ in net.named_parameters(prefix="p", recurse=False)],
        [n for n, _ in net.named_buffers()],
        [(n, type(c).__name__) for n, c in net.named_modules()],
        [n for n, _ in net.named_modules(prefix="q", remove_duplicate=False)],
        [n for n, _ in net.named_children()],
        list(net.state_dict()),
        list(net.state_dict(prefix="m.")),
        {k: dict(v) for k, v in net.state_dict()._metadata.items()},
        repr(net),
    ]


@pytest.mark.parametrize("change", [lambda m, net: net, edited])
def test_names_come_in_pytorchs_order(change: Callable[[Any, Any], Any]) -> None:
    same(lambda m, net: names(change(m, net)))


def test_apply_train_and_eval_reach_children_first() -> None:
    def order(m: Any, net: Any) -> Any:
        log: list[str] = []
        net.apply(lambda part: log.append(type(part).__name__))
        net.eval()
        net.first.train()
        return log, [part.training for part in net.modules()]

    same(order)


def test_state_dict_hooks_and_partial_loads() -> None:
    def run(m: Any, net: Any) -> Any:
        log: list[Any] = []
        net.first.register_state_dict_pre_hook(lambda mod, prefix, keep: log.append(("pre", prefix, keep)))
        net.register_state_dict_post_hook(lambda mod, state, prefix, meta: log.append(("post", list(state), prefix)))
        net.first.register_load_state_dict_pre_hook(lambda mod, state, prefix, *rest: log.append(("load", sorted(state), prefix)))
        net.register_load_state_dict_post_hook(lambda mod, keys: log.append(str(keys)))
        state = net.state_dict()
        log.append(str(net.load_state_dict(state)))
        state["bias"] = m.tensor([5.0, 6.0])
        del state["first.scale"]
        state["more"] = m.ones(1)
        log.append(str(net.load_state_dict(state, strict=False)))
        with pytest.raises(RuntimeError):
            net.load_state_dict({"bias": m.tensor([7.0, 8.0]), "first.scale": m.ones(3)})
        log.append(shown(net.bias))
        before = net.bias
        net.load_state_dict({**net.state_dict(), "bias": m.tensor([1.0, 2.0])}, assign=True)
        return [*log, net.bias is before, type(net.bias).__name__, shown(net.bias), net.bias.requires_grad]

    same(run)


def test_conversions_keep_parameters_and_their_gradients() -> None:
    def run(m: Any, net: Any) -> Any:
        kept = net.bias
        net(m.tensor(X, dtype=m.float32)).sum().backward()
        net.first.register_buffer("count", m.tensor(3))
        net.double()
        kinds = [str(p.dtype) for p in net.parameters()] + [str(b.dtype) for b in net.buffers()] + [str(net.bias.grad.dtype)]
        net.to(m.float16).float().to(dtype=m.float64, device="cpu").to(m.ones(1))
        net.requires_grad_(False)
        flags = [p.requires_grad for p in net.parameters()]
        net.zero_grad()
        return kinds, str(net.bias.dtype), net.bias is kept, flags, net.bias.grad, net.first.count.item()

    same(run)


def test_copies_share_nothing() -> None:
    def run(m: Any, net: Any) -> Any:
        log: list[Any] = []
        net.first.register_forward_hook(lambda *a: log.append("hook"))
        net.tied = net.first.linear
        other = copy.deepcopy(net)
        with m.no_grad():
            other.bias.add_(1)
        other(m.tensor(X, dtype=m.float32))
        tied = other.tied is other.first.linear
        return log, tied, other.tied is net.tied, shown(net.bias), shown(other.bias), [type(p).__name__ for p in other.parameters()]

    same(run)


def test_extra_state_travels_with_the_state_dict() -> None:
    def run(m: Any, net: Any) -> Any:
        class Counting(m.nn.Module):  # type: ignore[misc,name-defined]
            def __init__(self) -> None:
                super().__init__()
                self.count = 0

            def get_extra_state(self) -> Any:
                return {"count": self.count}

            def set_extra_state(self, state: Any) -> None:
                self.count = state["count"]

        net.extra = Counting()
        net.extra.count = 4
        state = net.state_dict()
        net.extra.count = 0
        net.load_state_dict(state)
        return list(state), state["extra._extra_state"], net.extra.count

    same(run)


def containers(m: Any, net: Any) -> Any:
    nn = m.nn
    a, b = nn.Linear(2, 3), nn.Tanh()
    chain = nn.Sequential(a, b)
    chain.append(nn.ReLU()).insert(1, nn.Identity()).extend([nn.ELU(), nn.CELU()])
    del chain[0]
    popped = chain.pop(-1)
    listed = nn.ModuleList([a, b]) + nn.ModuleList([nn.ReLU()])
    listed.insert(0, nn.ELU())
    listed[1] = nn.Identity()
    del listed[-1]
    named = nn.ModuleDict({"x": a, "y": b})
    named.update([("z", nn.ReLU())])
    named["w"] = nn.ELU()
    gone = named.pop("x")
    parameters = nn.ParameterList([m.ones(2, 3), nn.Parameter(m.ones(1)), "text"])
    parameters.append(m.zeros(2))
    parameters += [m.ones(1, 1)]
    keyed = nn.ParameterDict({"b": m.ones(2), "a": nn.Parameter(m.ones(1))})
    keyed["c"] = "text"
    more = keyed | nn.ParameterDict({"d": m.ones(3)})
    return [
        *map(repr, (chain, chain[1:], chain[-1], chain * 2, chain + chain, popped, listed, listed[:2], named, gone, parameters)),
        *map(repr, (parameters[1:3], keyed, more, nn.Sequential(), nn.ModuleList(), nn.ModuleDict(), nn.ParameterList())),
        len(chain), "y" in named, list(named), list(named.keys()), len(parameters), list(more.keys()), "a" in keyed, keyed.get("q", 3),
        [n for n, _ in parameters.named_parameters()], [n for n, _ in more.named_parameters()], list(chain.state_dict()),
    ]  # fmt: skip


def test_containers_behave_as_pytorchs() -> None:
    same(containers)


def test_parameters_and_buffers_are_what_pytorchs_are() -> None:
    def run(m: Any, net: Any) -> Any:
        p, b = m.nn.Parameter(m.ones(2, 2)), m.nn.Buffer(m.zeros(2))
        frozen = m.nn.Parameter(m.tensor([1, 2]), requires_grad=False)
        source = m.ones(2)
        shared = m.nn.Parameter(source)
        source.add_(1)
        copied = copy.deepcopy(p)
        return [
            repr(p), repr(frozen), p.is_leaf, p.requires_grad, b.requires_grad, isinstance(p, m.Tensor), shown(shared), repr(copied),
            type(p * 2).__name__, type(p.data).__name__, type(p.detach()).__name__, type(copied).__name__,
            isinstance(m.nn.parameter.Parameter(m.ones(1)), m.nn.Parameter), isinstance(m.ones(1), m.nn.Parameter),
        ]  # fmt: skip

    same(run)
    for m in (torch, ours):
        with pytest.raises(RuntimeError, match=r"[oO]nly Tensors of floating point and complex dtype can require gradients"):
            m.nn.Parameter(m.tensor([1, 2]))
