"""backward and grad: what runs, in which order, what is added where, and what the graph looks like is as PyTorch has it."""

from __future__ import annotations

import gc
from typing import Any

import pytest

from .logs import Program, Say, same_story

PROGRAMS: list[Program] = []


def program(function: Program) -> Program:
    PROGRAMS.append(function)
    return function


def tell_nodes(say: Say, *roots: Any) -> None:
    """Have every node below tell when it runs and what arrived at it."""
    seen: set[Any] = set()
    stack = [t.grad_fn for t in roots]
    while stack:
        node = stack.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        node.register_prehook(
            lambda grads, node=node: say(node.name().rpartition("::")[2], [None if g is None else g.tolist() for g in grads])
        )
        stack.extend(n for n, _ in node.next_functions)


def leaves(T: Any, count: int) -> list[Any]:
    return [T.full((2,), float(i + 1), requires_grad=True) for i in range(count)]


@program
def a_diamond(T: Any, say: Say) -> None:
    (x,) = leaves(T, 1)
    y = x * 2
    a, b = y * 3, y + 4
    z = (a * b).sum()
    tell_nodes(say, z)
    z.backward()
    say(x.grad)


@program
def diamonds_in_a_row(T: Any, say: Say) -> None:
    (x,) = leaves(T, 1)
    y = x
    for i in range(4):
        y = y * (i + 1) + y / 2
    tell_nodes(say, y)
    y.backward(T.tensor([1.0, 2.0]))
    say(x.grad)


@program
def several_roots(T: Any, say: Say) -> None:
    x, w = leaves(T, 2)
    a, b, c = x * w, x + 1, w * 3
    tell_nodes(say, a, b, c)
    T.autograd.backward([a, b, c, a], [T.ones(2), T.ones(2) * 2, T.ones(2) * 3, T.ones(2) * 10])
    say(x.grad, w.grad)


@program
def a_root_that_is_on_the_way_of_another(T: Any, say: Say) -> None:
    (x,) = leaves(T, 1)
    y = x * 2
    z = (y * y).sum()
    tell_nodes(say, z)
    T.autograd.backward([y, z], [T.ones(2), None])
    say(x.grad)


@program
def a_root_that_is_a_leaf(T: Any, say: Say) -> None:
    x = T.tensor(3.0, requires_grad=True)
    x.backward()
    say(x.grad)
    x.backward(T.tensor(4.0))
    T.autograd.backward([x, x * 2])
    say(x.grad)
    say(T.autograd.grad(x, x))


@program
def accumulation_over_two_calls(T: Any, say: Say) -> None:
    (x,) = leaves(T, 1)
    y = (x * x).sum()
    y.backward(retain_graph=True)
    first = x.grad
    say(first)
    y.backward()
    say(first is x.grad, x.grad)
    x.grad = None
    (x * 2).sum().backward()
    say(x.grad, x.grad is first)
    x.grad.zero_()
    (x * 3).sum().backward()
    say(x.grad)


@program
def a_gradient_that_was_set_by_hand(T: Any, say: Say) -> None:
    (x,) = leaves(T, 1)
    mine = T.tensor([10.0, 20.0])
    x.grad = mine
    (x * 2).sum().backward()
    say(x.grad is mine, mine)
    del x.grad
    say(x.grad)


@program
def the_gradient_is_no_alias_of_the_seed(T: Any, say: Say) -> None:
    x, w = leaves(T, 2)
    seed = T.ones(2)
    (x + w).backward(seed)
    seed.zero_()
    x.grad.mul_(5)
    say(x.grad, w.grad)


@program
def grad_of_leaves_results_and_both(T: Any, say: Say) -> None:
    x, w = leaves(T, 2)
    y = x * w
    z = (y * y).sum()
    tell_nodes(say, z)
    for wanted in ([x], [y], [y, x], [x, y, w], [z], [z, x], [y, y]):
        say(T.autograd.grad(z, wanted, retain_graph=True))
    say(x.grad, w.grad)


@program
def unused_inputs(T: Any, say: Say) -> None:
    x, w = leaves(T, 2)
    y = (x * 2).sum()
    say(T.autograd.grad(y, [x, w], allow_unused=True, retain_graph=True))
    say(T.autograd.grad(y, [x, w], materialize_grads=True, retain_graph=True))
    say(T.autograd.grad(y, [w], materialize_grads=True, retain_graph=True, create_graph=True))
    say(T.autograd.grad(y, {"a": x, "b": w}, allow_unused=True, retain_graph=True))
    T.autograd.grad(y, [x, w])


@program
def unused_inputs_may_not_be_forbidden_and_filled(T: Any, say: Say) -> None:
    (x,) = leaves(T, 1)
    T.autograd.grad(x.sum(), x, allow_unused=False, materialize_grads=True)


@program
def an_input_that_was_never_used_and_its_hooks(T: Any, say: Say) -> None:
    x, w = leaves(T, 2)
    y = x * 2
    y.register_hook(lambda g: say("y", g))
    say(T.autograd.grad(y.sum(), w, allow_unused=True))


@program
def batched_grads(T: Any, say: Say) -> None:
    (x,) = leaves(T, 1)
    y = x * x
    say(T.autograd.grad(y, x, T.eye(2), is_grads_batched=True))


@program
def retain_graph_and_create_graph(T: Any, say: Say) -> None:
    (x,) = leaves(T, 1)
    y = (x * x * x).sum()
    (g,) = T.autograd.grad(y, x, create_graph=True)
    say(g, g.grad_fn)
    (h,) = T.autograd.grad(g.sum(), x, create_graph=True)
    say(h, h.grad_fn)
    (k,) = T.autograd.grad(h.sum(), x)
    say(k, k.grad_fn)
    y.backward()
    say(x.grad)
    y.backward()


@program
def a_recorded_backward_can_be_differentiated(T: Any, say: Say) -> None:
    (x,) = leaves(T, 1)
    (x * x * x).sum().backward(create_graph=True)
    say(x.grad, x.grad.grad_fn)
    first = x.grad
    x.grad.sum().backward(create_graph=True)
    say(x.grad, x.grad is first)
    (x * 2).sum().backward()
    say(x.grad.requires_grad, x.grad)


@program
def create_graph_without_retain_graph(T: Any, say: Say) -> None:
    (x,) = leaves(T, 1)
    y = (x * x).sum()
    (g,) = T.autograd.grad(y, x, create_graph=True, retain_graph=False)
    say(g)
    g.sum().backward()
    say(x.grad)
    y.backward()


@program
def backward_into_inputs(T: Any, say: Say) -> None:
    x, w = leaves(T, 2)
    y = x * w
    z = (y * y).sum()
    tell_nodes(say, z)
    z.backward(inputs=[x], retain_graph=True)
    say(x.grad, w.grad)
    z.backward(inputs=[y], retain_graph=True)
    say(x.grad, w.grad, y.grad, y.retains_grad)
    z.backward(inputs=x, retain_graph=True)
    z.backward(inputs={"w": w})
    say(x.grad, w.grad, y.grad)


@program
def gradient_edges(T: Any, say: Say) -> None:
    x, w = leaves(T, 2)
    edge = T.autograd.graph.get_gradient_edge
    y = x * w
    z = (y * 3).sum()
    say(edge(y).node, edge(y).output_nr, edge(x).node)
    say(T.autograd.grad(z, [edge(y), edge(x), w], retain_graph=True))
    say(T.autograd.grad(edge(z), x, retain_graph=True))
    say(T.autograd.grad([edge(y)], [x], [T.tensor([1.0, 2.0])], retain_graph=True))
    T.autograd.backward(edge(z), inputs=edge(w), retain_graph=True)
    say(x.grad, w.grad)
    try:
        T.autograd.grad(edge(y), x)
    except RuntimeError as error:
        say(error)
    edge(T.ones(2))


@program
def undefined_gradients(T: Any, say: Say) -> None:
    class Half(T.autograd.Function):  # type: ignore[misc, name-defined]
        @staticmethod
        def forward(ctx: Any, a: Any, b: Any) -> Any:
            return a + b

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return g, None

    x, w = leaves(T, 2)
    y = w * 2
    out = Half.apply(x, y) + y.detach()
    tell_nodes(say, out)
    out.sum().backward()
    say(x.grad, w.grad)
    say(T.autograd.grad(Half.apply(x, w * 2).sum(), [x, w], allow_unused=True))
    z = w * 3
    say(T.autograd.grad((Half.apply(x, z) + z).sum(), [w]))


@program
def backward_inside_a_function(T: Any, say: Say) -> None:
    class Again(T.autograd.Function):  # type: ignore[misc, name-defined]
        @staticmethod
        def forward(ctx: Any, a: Any) -> Any:
            ctx.save_for_backward(a)
            return a * a

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            (a,) = ctx.saved_tensors
            say("mode", T.is_grad_enabled())
            with T.enable_grad():
                b = a.detach().requires_grad_()
                (b * b).sum().backward()
            return b.grad * g

    (x,) = leaves(T, 1)
    Again.apply(x * 3).sum().backward()
    say(x.grad)


@program
def backward_in_no_grad(T: Any, say: Say) -> None:
    (x,) = leaves(T, 1)
    y = x * x
    with T.no_grad():
        say(T.is_grad_enabled(), (x * 2).requires_grad)
        y.backward(T.ones(2))
    say(x.grad, x.grad.requires_grad)


@program
def modes(T: Any, say: Say) -> None:
    (x,) = leaves(T, 1)
    with T.no_grad():
        a = x * 2
        with T.enable_grad():
            b = x * 2
        c = x * 2
        d = x[0]
        e = T.ones(2, requires_grad=True)
    say(a.requires_grad, b.requires_grad, c.requires_grad, d.requires_grad, e.requires_grad, e.is_leaf)
    with T.set_grad_enabled(False):
        say((x * 2).requires_grad)
    T.set_grad_enabled(False)
    say((x * 2).requires_grad)
    T.set_grad_enabled(True)
    say((x * 2).requires_grad)

    @T.no_grad()
    def inside(t: Any) -> Any:
        return t * 2

    @T.enable_grad()
    def outside(t: Any) -> Any:
        return t * 2

    say(inside(x).requires_grad, outside(x).requires_grad)
    with T.no_grad():
        say(outside(x).requires_grad)

    @T.no_grad()
    def numbers() -> Any:
        for i in range(2):
            yield i, T.is_grad_enabled()

    for i, enabled in numbers():
        say(i, enabled, T.is_grad_enabled())
    try:
        with T.no_grad():
            raise ValueError("out")
    except ValueError:
        say(T.is_grad_enabled())


@program
def inference_mode(T: Any, say: Say) -> None:
    (x,) = leaves(T, 1)
    with T.inference_mode():
        a = x * 2
        say(a.is_inference(), a.requires_grad, T.is_grad_enabled(), T.is_inference_mode_enabled(), x.is_inference())
        a.add_(1)
        b = x.view(2, 1)
        c = T.ones(2)
        with T.enable_grad():
            say((x * 2).requires_grad)
        with T.inference_mode(False):
            say((x * 2).requires_grad)
    say(b.is_inference(), c.is_inference(), T.is_inference_mode_enabled(), (a * 1).is_inference(), a.clone().is_inference())
    say((a + x).requires_grad)

    @T.inference_mode()
    def inside(t: Any) -> Any:
        return t * 2

    say(inside(x).is_inference())
    a * x


@program
def requires_grad_rules(T: Any, say: Say) -> None:
    x = T.ones(2)
    say(x.requires_grad, x.requires_grad_() is x, x.requires_grad, x.is_leaf, x.grad_fn)
    y = x * 2
    say(y.requires_grad, y.is_leaf, y.grad_fn)
    y.requires_grad_()
    z = y.detach()
    say(z.requires_grad, z.is_leaf, z.data_ptr() == y.data_ptr())
    z.requires_grad_()
    say(x.requires_grad_(False).requires_grad, (x * 2).requires_grad, y.requires_grad)
    try:
        y.requires_grad_(False)
    except RuntimeError as error:
        say(error)
    for change in (lambda: setattr(y, "requires_grad", True), lambda: setattr(y, "requires_grad", False)):
        try:
            change()
        except RuntimeError as error:
            say(error)
    T.ones(2, dtype=T.int64).requires_grad_()


@program
def what_no_longer_requires_grad_gets_none(T: Any, say: Say) -> None:
    x, w = leaves(T, 2)
    y = (x * w).sum()
    x.requires_grad_(False)
    y.backward()
    say(x.grad, w.grad)


@program
def detached_tensors(T: Any, say: Say) -> None:
    (x,) = leaves(T, 1)
    y = x * x
    u = y.detach()
    (u * x).sum().backward()
    say(x.grad == u, u._version, y._version)
    u.add_(1)
    say(y, y._version, u._version)
    z = x * 3
    say(z.detach_() is z, z.requires_grad, z.is_leaf, z.grad_fn)
    z.requires_grad_()
    (z * 2).sum().backward()
    say(z.grad)
    v = x[0]
    v.detach_()


@program
def changes_through_data_are_not_noticed(T: Any, say: Say) -> None:
    (x,) = leaves(T, 1)
    y = x * x
    x.data.mul_(10)
    say(x, x._version)
    y.sum().backward()
    say(x.grad)
    x.data = T.tensor([1.0, 2.0, 3.0])
    say(x, x.is_leaf)


@program
def versions(T: Any, say: Say) -> None:
    x = T.ones(4)
    v = x[:2]
    d = x.detach()
    say(x._version, v._version, d._version)
    v.add_(1)
    say(x._version, v._version, d._version)
    d.mul_(2)
    x[0] = 5
    x.zero_()
    say(x._version, v._version, d._version, x.data._version)
    T.autograd.graph.increment_version(x)
    say(x._version, v._version)
    with T.no_grad():
        x.fill_(3)
    say(x._version, v)


@program
def views_and_in_place_changes(T: Any, say: Say) -> None:
    (x,) = leaves(T, 1)
    y = x * 1
    v = y[:1]
    v.mul_(5)
    say(y, y.grad_fn, v.grad_fn, v._is_view(), v._base is y)
    y.add_(1)
    say(v.grad_fn, v)
    (v.sum() + (y * y).sum()).backward()
    say(x.grad)


@program
def no_grad_changes_of_leaves(T: Any, say: Say) -> None:
    (x,) = leaves(T, 1)
    with T.no_grad():
        x -= 0.5
        x.mul_(2)
    say(x, x.is_leaf, x.requires_grad, x._version)
    (x * x).sum().backward()
    say(x.grad)


@program
def a_chain_of_in_place_changes(T: Any, say: Say) -> None:
    (x,) = leaves(T, 1)
    y = x * 1
    y += 2
    y *= y.detach()
    y[0] = 7
    say(y, y.grad_fn, y._version)
    y.sum().backward()
    say(x.grad)


@program
def node_properties(T: Any, say: Say) -> None:
    x, w = leaves(T, 2)
    y = x * w + 2
    node = y.grad_fn
    say(node.name(), node.next_functions[0][0], node.next_functions[0][1], len(node.next_functions))
    mul = node.next_functions[0][0]
    say([n for n, _ in mul.next_functions], mul.next_functions[0][0].variable is x)
    node.metadata["mine"] = 3
    say(y.grad_fn.metadata["mine"], y.grad_fn is node, isinstance(node, T.autograd.graph.Node))
    say(mul._saved_self, mul._saved_other is w, (x * 2).grad_fn._saved_self)
    say(y.output_nr, [t.output_nr for t in y.split(1)])
    say(mul.next_functions[0][0] is (x * 3).grad_fn.next_functions[0][0])
    say(mul._sequence_nr() < node._sequence_nr())


@program
def undefined_edges(T: Any, say: Say) -> None:
    (x,) = leaves(T, 1)
    c = T.ones(2)
    say([n for n, _ in (x * c).grad_fn.next_functions], [n for n, _ in (c + x).grad_fn.next_functions])


@program
def accumulate_grad_is_one_and_lives_with_the_graph(T: Any, say: Say) -> None:
    (x,) = leaves(T, 1)
    y = x * 2
    node = y.grad_fn.next_functions[0][0]
    say(x.expand_as(x).grad_fn.next_functions[0][0] is node, x.view_as(x).grad_fn.next_functions[0][0] is node)
    node.register_hook(lambda ins, outs: say("stored"))
    del y
    gc.collect()
    (x * 3).sum().backward()


@program
def the_saved_tensor_of_a_freed_graph(T: Any, say: Say) -> None:
    (x,) = leaves(T, 1)
    y = x * x
    node = y.grad_fn
    y.sum().backward()
    say(node._saved_self)


@program
def calling_a_node(T: Any, say: Say) -> None:
    x, w = leaves(T, 2)
    say((x * w).grad_fn(T.tensor([3.0, 4.0])))
    say((x * 5).grad_fn(T.ones(2)))


@program
def callbacks_at_the_end(T: Any, say: Say) -> None:
    (x,) = leaves(T, 1)
    y = x * 2
    engine = T.autograd.Variable._execution_engine
    y.register_hook(lambda g: (engine.queue_callback(lambda: say("end", x.grad)), say("y"))[1])
    x.register_hook(lambda g: say("x"))
    y.sum().backward()
    say("after")
    say(isinstance(x, T.autograd.Variable), T.autograd.Variable(T.ones(2), requires_grad=True))


@program
def gradients_of_other_types(T: Any, say: Say) -> None:
    x = T.ones(2, dtype=T.float64, requires_grad=True)
    y = x.float() * 2
    y.backward(T.ones(2, dtype=T.float64))
    say(x.grad)
    z = (x.to(T.float16) * T.ones(2)).sum()
    tell_nodes(say, z)
    z.backward()
    say(x.grad, z.dtype)


@program
def anomaly_finds_nan(T: Any, say: Say) -> None:
    x = T.tensor([0.0], requires_grad=True)
    with T.autograd.detect_anomaly():
        say(T.is_anomaly_enabled())
        (x.sqrt() * 0).sum().backward()


@program
def anomaly_without_the_forward_pass(T: Any, say: Say) -> None:
    x = T.tensor([0.0], requires_grad=True)
    y = (x * 0).sqrt() * 0
    with T.autograd.set_detect_anomaly(True):
        y.sum().backward()


@program
def anomaly_that_does_not_look_for_nan(T: Any, say: Say) -> None:
    x = T.tensor([0.0], requires_grad=True)
    with T.autograd.detect_anomaly(check_nan=False):
        (x.sqrt() * 0).sum().backward()
    say(T.is_anomaly_enabled())
    T.autograd.set_detect_anomaly(True)
    say(T.is_anomaly_enabled())
    T.autograd.set_detect_anomaly(False)
    say(T.is_anomaly_enabled())


@program
def anomaly_names_what_a_double_backward_came_from(T: Any, say: Say) -> None:
    x = T.tensor([0.0], requires_grad=True)
    with T.autograd.set_detect_anomaly(True):
        (g,) = T.autograd.grad(x**1.5, x, create_graph=True)
        (g * 0).sum().backward()


@program
def anomaly_and_an_error_of_the_users(T: Any, say: Say) -> None:
    class Broken(T.autograd.Function):  # type: ignore[misc, name-defined]
        @staticmethod
        def forward(ctx: Any, a: Any) -> Any:
            return a * 1

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            raise ValueError("mine")

    (x,) = leaves(T, 1)
    with T.autograd.set_detect_anomaly(True):
        Broken.apply(x).sum().backward()


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.__name__)
def test_passes_tell_the_same_story(program: Program) -> None:
    same_story(program)


@pytest.mark.parametrize("count", range(2, 8))
@pytest.mark.parametrize("shape", ["sum", "pairs", "chain"])
def test_leaves_are_reached_in_the_order_of_pytorchs_heap(count: int, shape: str) -> None:
    def shared(T: Any, say: Say) -> None:
        xs = leaves(T, count)
        for i, x in enumerate(xs):
            x.register_hook(lambda g, i=i: say(i, g))
        if shape == "sum":
            out = T.stack(xs).sum()
        elif shape == "pairs":
            out = sum((a * b for a in xs for b in xs), start=T.zeros(2)).sum()
        else:
            out = xs[0]
            for x in (*xs[1:], *xs):
                out = out * x + xs[0]
            out = out.sum()
        out.backward()
        say([x.grad for x in xs])

    same_story(shared)


@pytest.mark.parametrize(
    "made", ["x.sum()", "x.double().sum()", "x.expand(2, 3).sum()", "x[1:].mean()", "(x * 2).sum()", "x.exp().sum()", "(x + 2).sum()"]
)
def test_only_what_keeps_data_cannot_go_backward_twice(made: str) -> None:
    def program(T: Any, say: Say) -> None:
        x = T.ones(3, requires_grad=True)
        y = eval(made, {"x": x})
        y.backward()
        y.backward()
        say(x.grad)

    same_story(program)
