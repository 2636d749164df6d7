"""Hooks of every kind are called when, in the order and with what PyTorch calls them."""

from __future__ import annotations

import functools
import gc
from pathlib import Path
from typing import Any

import pytest

from .logs import Program, Say, same_story

PROGRAMS: list[Program] = []


def program(function: Program) -> Program:
    PROGRAMS.append(function)
    return function


def told(say: Say, word: str, result: Any = None) -> Any:
    """A hook that tells what it was given and gives ``result``, a value or a function of what it was given."""

    def hook(*given: Any) -> Any:
        say(word, *given)
        return result(*given) if callable(result) else result

    return hook


@program
def tensor_hooks_on_leaf_and_result(T: Any, say: Say) -> None:
    x = T.tensor([1.0, 2.0], requires_grad=True)
    y = x * 3
    x.register_hook(told(say, "x"))
    y.register_hook(told(say, "y"))
    z = (y * y).sum()
    z.register_hook(told(say, "z"))
    z.backward()
    say(x.grad)


@program
def several_hooks_replace_one_after_another(T: Any, say: Say) -> None:
    x = T.tensor([1.0, 2.0], requires_grad=True)
    y = x * 3
    for i in range(3):
        y.register_hook(told(say, f"y{i}", lambda g, i=i: g + i))
        x.register_hook(told(say, f"x{i}", lambda g, i=i: g * (i + 1) if i != 1 else None))
    y.sum().backward()
    say(x.grad)


@program
def hooks_are_called_for_undefined_gradients(T: Any, say: Say) -> None:
    class First(T.autograd.Function):  # type: ignore[misc, name-defined]
        @staticmethod
        def forward(ctx: Any, a: Any, b: Any) -> Any:
            return a * 1, b * 1

        @staticmethod
        def backward(ctx: Any, g: Any, h: Any) -> Any:
            return g, None

    x, w = T.ones(2, requires_grad=True), T.ones(2, requires_grad=True)
    y, z = x * 2, w * 3
    for name, t in (("x", x), ("w", w), ("y", y), ("z", z)):
        t.register_hook(told(say, name))
    w.register_post_accumulate_grad_hook(told(say, "w stored"))
    z.retain_grad()
    z.grad_fn.register_prehook(told(say, "z pre"))
    z.grad_fn.register_hook(told(say, "z post"))
    a, b = First.apply(y, z)
    (a + b).sum().backward()
    say(x.grad, w.grad, z.grad)


@program
def a_hook_may_not_make_something_of_nothing(T: Any, say: Say) -> None:
    class Nothing(T.autograd.Function):  # type: ignore[misc, name-defined]
        @staticmethod
        def forward(ctx: Any, a: Any) -> Any:
            return a * 1

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return None

    x = T.ones(2, requires_grad=True)
    y = x * 2
    y.register_hook(told(say, "y", lambda g: T.ones(2)))
    Nothing.apply(y).sum().backward()
    say(x.grad)


@program
def hooks_on_two_outputs_in_order_of_registration(T: Any, say: Say) -> None:
    x = T.arange(4.0, requires_grad=True)
    a, b = (x * 1).split(2)
    b.register_hook(told(say, "b"))
    a.register_hook(told(say, "a"))
    b.register_hook(told(say, "b again"))
    a.retain_grad()
    b.retain_grad()
    (a * b).sum().backward()
    say(x.grad, a.grad, b.grad)


@program
def an_output_that_nobody_uses_has_no_gradient_for_its_hook(T: Any, say: Say) -> None:
    x = T.arange(4.0, requires_grad=True)
    a, b = (x * 1).split(2)
    b.register_hook(told(say, "b"))
    a.register_hook(told(say, "a"))
    a.sum().backward()
    say(x.grad)


@program
def removal_inside_a_hook(T: Any, say: Say) -> None:
    x = T.ones(2, requires_grad=True)
    y = x * 2
    handles: list[Any] = []

    def once(g: Any) -> None:
        say("once", g)
        for handle in handles:
            handle.remove()

    handles.append(y.register_hook(once))
    handles.append(y.register_hook(told(say, "after")))
    y.sum().backward(retain_graph=True)
    y.sum().backward()
    say(x.grad)


@program
def registration_inside_a_hook(T: Any, say: Say) -> None:
    x = T.ones(2, requires_grad=True)
    y = x * 2
    y.register_hook(lambda g: (say("y", g), x.register_hook(told(say, "x")), y.register_hook(told(say, "late")))[0])
    y.sum().backward(retain_graph=True)
    say("again")
    y.sum().backward()


@program
def handles_as_context_managers_and_twice_removed(T: Any, say: Say) -> None:
    x = T.ones(2, requires_grad=True)
    with x.register_hook(told(say, "inside")) as handle:
        (x * 2).sum().backward()
    (x * 2).sum().backward()
    handle.remove()
    say(x.grad)


@program
def retained_gradients_see_hooks_before_and_after(T: Any, say: Say) -> None:
    x = T.ones(2, requires_grad=True)
    y = x * 2
    y.register_hook(told(say, "before", lambda g: g * 10))
    y.retain_grad()
    y.register_hook(told(say, "after", lambda g: g * 10))
    y.sum().backward()
    say(y.grad, x.grad, y.retains_grad, x.retains_grad)


@program
def retained_gradients_add_up(T: Any, say: Say) -> None:
    x = T.ones(2, requires_grad=True)
    y = x * 2
    y.retain_grad()
    y.retain_grad()
    z = (y * 3).sum()
    z.backward(retain_graph=True)
    first = y.grad
    z.backward()
    say(y.grad, x.grad, first is y.grad)


@program
def retain_grad_of_a_leaf_does_nothing(T: Any, say: Say) -> None:
    x = T.ones(2, requires_grad=True)
    x.retain_grad()
    say(x.retains_grad)
    (x * 2).sum().backward()
    say(x.grad)


@program
def hooks_before_and_after_an_in_place_change(T: Any, say: Say) -> None:
    x = T.ones(2, requires_grad=True)
    y = x * 2
    y.register_hook(told(say, "old"))
    y.mul_(3)
    y.register_hook(told(say, "new"))
    y.sum().backward()
    say(x.grad)


@program
def retained_gradient_follows_an_in_place_change(T: Any, say: Say) -> None:
    x = T.ones(2, requires_grad=True)
    y = x * 2
    y.retain_grad()
    y.mul_(3)
    (y * 5).sum().backward()
    say(y.grad, x.grad)


@program
def node_hooks_before_and_after(T: Any, say: Say) -> None:
    x = T.ones(2, requires_grad=True)
    y = x * 2
    node = y.grad_fn
    node.register_prehook(told(say, "pre"))
    node.register_hook(told(say, "post"))
    y.register_hook(told(say, "tensor"))
    node.register_prehook(told(say, "pre 2", lambda grads: (grads[0] * 10,)))
    node.register_hook(told(say, "post 2", lambda ins, outs: (ins[0] * 100, None)))
    node.register_hook(told(say, "post 3"))
    y.sum().backward()
    say(x.grad)


@program
def hooks_of_accumulate_grad(T: Any, say: Say) -> None:
    x = T.ones(2, requires_grad=True)
    y = x * 2
    node = y.grad_fn.next_functions[0][0]
    node.register_prehook(told(say, "pre", lambda grads: (grads[0] + 1,)))
    node.register_hook(told(say, "post"))
    x.register_hook(told(say, "tensor", lambda g: g * 10))
    x.register_post_accumulate_grad_hook(told(say, "stored"))
    y.sum().backward()
    say(x.grad, node.variable is x)


@program
def a_prehook_removed_inside(T: Any, say: Say) -> None:
    x = T.ones(2, requires_grad=True)
    y = x * 2
    handles: list[Any] = []
    handles.append(y.grad_fn.register_prehook(lambda g: (say("pre", g), handles[0].remove(), handles[1].remove())[1]))
    handles.append(y.grad_fn.register_prehook(told(say, "pre 2")))
    y.sum().backward(retain_graph=True)
    y.sum().backward()


@program
def post_accumulate_hooks(T: Any, say: Say) -> None:
    x = T.ones(2, requires_grad=True)
    x.register_post_accumulate_grad_hook(lambda p: say("stored", p, p.grad))

    def step(p: Any) -> None:
        with T.no_grad():
            p.data -= 0.5 * p.grad
        p.grad = None

    handle = x.register_post_accumulate_grad_hook(step)
    x.register_post_accumulate_grad_hook(lambda p: say("third", p, p.grad))
    (x * x).sum().backward()
    say(x, x.grad)
    handle.remove()
    (x * x).sum().backward()
    say(x, x.grad)


@program
def post_accumulate_hooks_are_not_called_by_grad(T: Any, say: Say) -> None:
    x = T.ones(2, requires_grad=True)
    x.register_post_accumulate_grad_hook(told(say, "stored"))
    x.register_hook(told(say, "tensor", lambda g: g * 2))
    say(T.autograd.grad((x * 3).sum(), x))


@program
def hooks_and_captured_gradients(T: Any, say: Say) -> None:
    x = T.ones(2, requires_grad=True)
    y = x * 2
    y.register_hook(told(say, "y", lambda g: g * 10))
    y.grad_fn.register_prehook(told(say, "y pre"))
    z = (y * 3).sum()
    say(T.autograd.grad(z, y, retain_graph=True))
    say(T.autograd.grad(z, [y, x], retain_graph=True))
    say(T.autograd.grad(z, [x, y]))


@program
def hooks_with_backward_into_inputs(T: Any, say: Say) -> None:
    x, w = T.ones(2, requires_grad=True), T.ones(2, requires_grad=True)
    y = x * w
    y.register_hook(told(say, "y"))
    x.register_hook(told(say, "x"))
    w.register_hook(told(say, "w"))
    (y * 3).sum().backward(inputs=[x], retain_graph=True)
    say(x.grad, w.grad)
    (y * 3).sum().backward(inputs=[y])
    say(x.grad, w.grad, y.grad)


@program
def multi_grad_hooks_all(T: Any, say: Say) -> None:
    a, b, c = (T.ones(2, requires_grad=True) for _ in range(3))
    handle = T.autograd.graph.register_multi_grad_hook([a, b, c], told(say, "all"))
    (a * 2 + b * 3 + c).sum().backward()
    (a * 2 + b * 3).sum().backward()
    handle.remove()
    (a * 2 + b * 3).sum().backward()


@program
def multi_grad_hooks_any(T: Any, say: Say) -> None:
    a, b, c = (T.ones(2, requires_grad=True) for _ in range(3))
    y = a * b
    handle = T.autograd.graph.register_multi_grad_hook([a, y, c], told(say, "any"), mode="any")
    (y * 3 + c).sum().backward()
    (a * 2).sum().backward()
    handle.remove()
    (a * 2).sum().backward()
    T.autograd.graph.register_multi_grad_hook([a], told(say, "any"), mode="some")


@program
def saved_tensor_hooks(T: Any, say: Say) -> None:
    x, w = T.tensor([1.0, 2.0], requires_grad=True), T.tensor([3.0, 4.0], requires_grad=True)

    def pack(t: Any) -> Any:
        say("pack", t, t is x, t is w, T.is_grad_enabled())
        return t.detach().clone(), len("kept")

    def unpack(kept: Any) -> Any:
        say("unpack", kept)
        return kept[0] * 10

    with T.autograd.graph.saved_tensors_hooks(pack, unpack):
        y = (x * w).exp()
    z = y.sum()
    z.backward()
    say(x.grad, w.grad)


@program
def saved_tensor_hooks_nest(T: Any, say: Say) -> None:
    x = T.tensor([1.0, 2.0], requires_grad=True)
    hooks = T.autograd.graph.saved_tensors_hooks
    with hooks(told(say, "outer pack", lambda t: t), told(say, "outer unpack", lambda t: t)):
        y = x * x
        with hooks(told(say, "inner pack", lambda t: (t,)), told(say, "inner unpack", lambda t: t[0])):
            y = y * y
        y = y * y
    y.sum().backward()
    say(x.grad)


@program
def double_backward_through_saved_tensor_hooks(T: Any, say: Say) -> None:
    x = T.tensor([1.0, 2.0], requires_grad=True, dtype=T.float64)
    with T.autograd.graph.saved_tensors_hooks(lambda t: t.detach().clone(), lambda t: t.clone()):
        y = (x * x) * x
    (g,) = T.autograd.grad(y.sum(), x, create_graph=True)
    (h,) = T.autograd.grad(g.sum(), x)
    say(g, h)


@program
def hooks_of_one_saved_tensor(T: Any, say: Say) -> None:
    x = T.tensor([1.0, 2.0], requires_grad=True)
    y = x * x
    y.grad_fn._raw_saved_self.register_hooks(told(say, "pack", lambda t: t * 2), told(say, "unpack", lambda t: t))
    say(y.grad_fn._saved_other)
    try:
        y.grad_fn._raw_saved_self.register_hooks(lambda t: t, lambda t: t)
    except RuntimeError as error:
        say(error)
    y.sum().backward()
    say(x.grad)


@program
def every_kind_of_hook_around_one_model(T: Any, say: Say) -> None:
    def tell(*words: Any) -> None:
        say(*words)

    source = (Path(__file__).parents[1] / "engine" / "debug" / "programs" / "every_hook.py").read_text(encoding="utf-8")
    source = source.replace("import torch\n", "", 1)
    exec(compile(source, "every_hook.py", "exec"), {"torch": T, "print": tell, "__name__": "every_hook"})


ORDERED = (
    "a * b", "a / b", "a + b * c", "a ** b", "a ** 2", "2 ** a", "T.addcmul(a, b, c)", "T.addcdiv(a, b, c)", "a @ b", "T.mv(a, v)",
    "T.dot(v, u)", "T.addmm(c, a, b)", "T.bmm(a[None], b[None])", "T.baddbmm(c[None], a[None], b[None])", "T.outer(v, u)", "a.prod()",
    "a.maximum(b)", "T.atan2(a, b)", "T.hypot(a, b)", "T.lerp(a, b, c)", "T.logaddexp(a, b)", "a.fmod(b)", "T.cdist(a, b)",
    "a.softmax(0)", "a.log_softmax(1)", "a.cumprod(0)", "a.norm()", "a.std()", "a.logsumexp(0)", "a.exp()", "a.log()", "a.tanh()",
    "T.where(m, a, b)", "a.masked_fill(m, 0.0)", "a.clone().mul_(b)", "a.clone().sigmoid_()", "F.linear(a, b, v)", "F.mse_loss(a, b)",
    "F.smooth_l1_loss(a, b)", "F.binary_cross_entropy(a.sigmoid(), b.sigmoid())", "F.binary_cross_entropy_with_logits(a, b)",
    "F.gelu(a)", "F.elu(a)", "F.softplus(a)", "F.prelu(a, v[:1])", "F.conv1d(a[None], b[:, :, None])",
    "F.conv2d(a[None, None], b[None, None])",
    "T.einsum('ij,jk->ik', a, b)", "F.normalize(a)",
)  # fmt: skip


@pytest.mark.parametrize("call", ORDERED)
def test_what_an_op_keeps_is_packed_and_unpacked_in_order(call: str) -> None:
    def packed(T: Any, say: Say) -> None:
        a, b, c = (T.tensor([[1.2, 0.7, 2.1], [0.4, 1.9, 0.3], [1.1, 0.8, 1.6]], dtype=T.float64) + i for i in range(3))
        given = {"a": a, "b": b.flip(0), "c": c.flip(1), "v": a[0] + 3, "u": a[1] + 4}
        given = {name: tensor.clone().requires_grad_() for name, tensor in given.items()}
        given |= {"T": T, "F": T.nn.functional, "m": T.tensor([[True, False, True]])}
        words = [lambda t, word=word: say(word, t.shape, [round(n, 9) for n in t.reshape(-1).tolist()]) or t for word in ("pack", "unpack")]
        with T.autograd.graph.saved_tensors_hooks(*words):
            out = eval(call, given)
        out.sum().backward()

    same_story(packed)


@program
def disabled_saved_tensor_hooks(T: Any, say: Say) -> None:
    graph = T.autograd.graph
    with graph.disable_saved_tensors_hooks("not here"), graph.saved_tensors_hooks(lambda t: t, lambda t: t):
        say("inside")


@program
def disabling_where_hooks_are_in_force(T: Any, say: Say) -> None:
    graph = T.autograd.graph
    with graph.saved_tensors_hooks(lambda t: t, lambda t: t), graph.disable_saved_tensors_hooks("not now"):
        say("inside")


@program
def a_pack_hook_that_changes_its_tensor(T: Any, say: Say) -> None:
    x = T.ones(2, requires_grad=True)
    with T.autograd.graph.saved_tensors_hooks(lambda t: t.mul_(2), lambda t: t):
        (x * 1).sin()


@program
def an_unpack_hook_that_gives_no_tensor(T: Any, say: Say) -> None:
    x = T.ones(2, requires_grad=True)
    with T.autograd.graph.saved_tensors_hooks(lambda t: t, lambda t: 3):
        y = x.sin()
    y.sum().backward()


@program
def mutation_of_what_was_saved_is_allowed(T: Any, say: Say) -> None:
    x = T.tensor([1.0, 2.0], requires_grad=True)
    with T.autograd.graph.allow_mutation_on_saved_tensors():
        y = x.clone()
        z = y * y
        y.mul_(10)
        w = y.exp()
        w.zero_()
        (z.sum() + y.sum() + w.sum()).backward()
    say(x.grad)


@program
def saved_on_cpu(T: Any, say: Say) -> None:
    x = T.tensor([1.0, 2.0], requires_grad=True)
    with T.autograd.graph.save_on_cpu():
        y = x * x * x
    y.sum().backward()
    say(x.grad)


class Model:
    """A module with hooks around everything, made for either engine."""

    def __init__(self, T: Any) -> None:
        T.manual_seed(0)
        self.inner = T.nn.Linear(2, 2)
        self.outer = T.nn.Sequential(self.inner, T.nn.Tanh(), T.nn.Linear(2, 1))
        with T.no_grad():
            for i, p in enumerate(self.outer.parameters()):
                p.copy_(T.arange(float(p.numel())).reshape(p.shape) - i)


def shapes(values: Any) -> Any:
    return [None if v is None else tuple(v.shape) for v in (values if isinstance(values, tuple) else (values,))]


@program
def module_hooks(T: Any, say: Say) -> None:
    model = Model(T)
    for name, module in (("outer", model.outer), ("inner", model.inner), ("tanh", model.outer[1])):
        module.register_forward_pre_hook(lambda m, args, n=name: say(n, "forward pre", shapes(args)))
        module.register_forward_hook(lambda m, args, out, n=name: say(n, "forward", shapes(args), shapes(out)))
        module.register_full_backward_pre_hook(lambda m, outs, n=name: say(n, "backward pre", shapes(outs)))
        module.register_full_backward_hook(lambda m, ins, outs, n=name: say(n, "backward", shapes(ins), shapes(outs)))
    x = T.ones(3, 2, requires_grad=True)
    for n, p in model.outer.named_parameters():
        p.register_hook(lambda g, n=n: say(n, tuple(g.shape)))
        p.register_post_accumulate_grad_hook(lambda p, n=n: say(n, "stored"))
    model.outer(x).sum().backward()
    say("without gradients of the input")
    model.outer(x.detach()).sum().backward()


@program
def module_hooks_that_replace(T: Any, say: Say) -> None:
    model = Model(T)
    model.inner.register_forward_pre_hook(lambda m, args: args[0] * 2)
    model.inner.register_forward_hook(lambda m, args, out: out + 1)
    model.inner.register_full_backward_hook(lambda m, ins, outs: (ins[0] * 10,))
    model.outer[2].register_full_backward_pre_hook(lambda m, outs: (outs[0] * 3,))
    x = T.ones(1, 2, requires_grad=True)
    out = model.outer(x)
    out.sum().backward()
    say(x.grad, [tuple(p.grad.shape) for p in model.outer.parameters()], model.outer[2].weight.grad)


@program
def a_backward_inside_a_hook(T: Any, say: Say) -> None:
    x, w = T.ones(2, requires_grad=True), T.ones(2, requires_grad=True)
    w.register_hook(told(say, "w"))

    def again(g: Any) -> Any:
        say("outer", g, T.is_grad_enabled())
        with T.enable_grad():
            (w * 5).sum().backward()
        say("outer goes on", w.grad)
        return g + w.grad

    y = x * 2
    y.register_hook(again)
    y.sum().backward()
    say(x.grad, w.grad)


@program
def hooks_see_the_mode_of_the_pass(T: Any, say: Say) -> None:
    x = T.ones(2, requires_grad=True)
    y = x * x
    y.register_hook(lambda g: say(T.is_grad_enabled(), g.requires_grad))
    y.grad_fn.register_hook(lambda ins, outs: say(T.is_grad_enabled(), ins[0].requires_grad))
    y.sum().backward(retain_graph=True)
    T.autograd.grad(y.sum(), x, create_graph=True)
    with T.no_grad():
        T.autograd.grad(y, x, T.ones(2), create_graph=True)


@program
def hooks_of_a_tensor_that_is_gone_are_still_called(T: Any, say: Say) -> None:
    x = T.ones(2, requires_grad=True)
    y = x * 2
    y.register_hook(told(say, "y"))
    z = y.sum()
    del y
    gc.collect()
    z.backward()


@program
def hooks_on_views_before_the_base_changes(T: Any, say: Say) -> None:
    x = T.ones(4, requires_grad=True)
    y = x * 1
    v = y[:2]
    v.register_hook(told(say, "view"))
    y.register_hook(told(say, "base"))
    y.mul_(2)
    (v.sum() + y.sum()).backward()
    say(x.grad)


@program
def a_hook_that_returns_a_gradient_of_its_own(T: Any, say: Say) -> None:
    x = T.ones(2, requires_grad=True)
    kept = T.tensor([5.0, 6.0])
    x.register_hook(lambda g: kept)
    (x * 2).sum().backward()
    (x * 2).sum().backward()
    say(x.grad, kept)


@program
def hooks_removed_between_two_passes(T: Any, say: Say) -> None:
    x = T.ones(2, requires_grad=True)
    y = x * 2
    handles = [t.register_hook(told(say, n)) for n, t in (("x", x), ("y", y))]
    handles.append(y.grad_fn.register_prehook(told(say, "pre")))
    handles.append(y.grad_fn.register_hook(told(say, "post")))
    for handle in handles:
        y.sum().backward(retain_graph=True)
        handle.remove()
    y.sum().backward()
    say(x.grad)


@program
def prehooks_of_ops_with_results_that_carry_no_gradient(T: Any, say: Say) -> None:
    x = T.arange(6.0).reshape(2, 3).requires_grad_()
    F = T.nn.functional
    y = F.layer_norm(x * 2, (3,))
    values, _ = (y + x).max(1)
    loss = F.nll_loss(y, T.tensor([0, 2])) + values.sum()
    y.grad_fn.register_prehook(told(say, "norm pre"))
    for name, node in (("max", values.grad_fn), ("loss", loss.grad_fn.next_functions[0][0])):
        node.register_prehook(told(say, f"{name} pre"))
        node.register_hook(told(say, f"{name} post"))
    loss.backward()


@program
def what_a_hook_may_not_return(T: Any, say: Say) -> None:
    def looked_at(*given: Any) -> Any:
        return returned(given[0])

    def refused(hooked: Any, name: str) -> None:
        x = T.ones(3, requires_grad=True)
        y = x * 2
        leaf = y.grad_fn.next_functions[0][0]
        owner = {"x": x, "y": y, "node": y.grad_fn, "leaf": leaf}[hooked]
        getattr(owner, name)(looked_at)
        if name == "register_post_accumulate_grad_hook":
            owner.register_post_accumulate_grad_hook(told(say, "the next is given"))
        try:
            y.sum().backward()
        except Exception as error:
            say(hooked, name, error)
        say(x.grad)

    ways: list[tuple[str, str]] = [("x", "register_hook"), ("y", "register_hook"), ("x", "register_post_accumulate_grad_hook")]
    ways += [(which, name) for which in ("node", "leaf") for name in ("register_hook", "register_prehook")]
    ones: list[Any] = [T.ones(3), T.ones(2), T.ones(3, dtype=T.float64), 5, "text", None]
    for value in [*ones, (), [T.ones(3)], (T.ones(2),), (T.ones(3),), (T.ones(3), None), (None,), (3,), (T.ones(3),) * 3]:
        for hooked, name in ways:

            def returned(given: Any, value: Any = value) -> Any:
                return value

            refused(hooked, name)


@program
def a_hook_without_a_name_returns_what_does_not_fit(T: Any, say: Say) -> None:
    x = T.ones(3, requires_grad=True)
    x.register_hook(functools.partial(lambda size, g: T.ones(size), 2))
    x.sum().backward()


@program
def a_hook_behind_the_accumulation_returns_the_leaf(T: Any, say: Say) -> None:
    x = T.ones(3, requires_grad=True)
    x.register_post_accumulate_grad_hook(lambda leaf: leaf)
    x.sum().backward()
    x.register_post_accumulate_grad_hook(lambda leaf: T.ones(3))
    x.register_post_accumulate_grad_hook(lambda given: x)
    x.sum().backward()


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.__name__)
def test_hooks_tell_the_same_story(program: Program) -> None:
    same_story(program)
