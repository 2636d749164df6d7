"""User-defined Functions, checkpoints and the functional interface behave as PyTorch's."""

from __future__ import annotations

from typing import Any

import pytest

from .logs import Program, Say, same_story

PROGRAMS: list[Program] = []


def program(function: Program) -> Program:
    PROGRAMS.append(function)
    return function


def function(T: Any, forward: Any, backward: Any, name: str = "Mine", **more: Any) -> Any:
    """A Function from its two rules."""
    body = {"forward": staticmethod(forward), "backward": staticmethod(backward)}
    return type(name, (T.autograd.Function,), body | {k: staticmethod(v) for k, v in more.items()})


def leaf(T: Any, *values: float) -> Any:
    return T.tensor([float(v) for v in values], requires_grad=True)


@program
def the_one_of_the_documentation(T: Any, say: Say) -> None:
    class Exp(T.autograd.Function):  # type: ignore[misc, name-defined]
        @staticmethod
        def forward(ctx: Any, i: Any) -> Any:
            say("forward", ctx.needs_input_grad, T.is_grad_enabled(), i.requires_grad)
            result = i * i
            ctx.save_for_backward(i, result)
            return result

        @staticmethod
        def backward(ctx: Any, grad_output: Any) -> Any:
            i, result = ctx.saved_tensors
            say("backward", result, result.grad_fn is ctx, result.is_leaf, T.is_grad_enabled())
            return grad_output * 2 * i

    x = leaf(T, 1, 2)
    y = Exp.apply(x)
    say(y, y.grad_fn, y.is_leaf, y.grad_fn.name(), [n for n, _ in y.grad_fn.next_functions])
    y.sum().backward()
    say(x.grad)
    say(Exp.apply(x.detach()), Exp.apply(x.detach()).grad_fn)
    with T.no_grad():
        say(Exp.apply(x))


@program
def other_arguments_and_attributes_of_ctx(T: Any, say: Say) -> None:
    def forward(ctx: Any, a: Any, factor: float, b: Any, words: Any, nothing: Any) -> Any:
        ctx.factor, ctx.words = factor, words
        say(ctx.needs_input_grad)
        return a * factor + b

    def backward(ctx: Any, g: Any) -> Any:
        say(ctx.factor, ctx.words, ctx.needs_input_grad)
        return g * ctx.factor, None, g if ctx.needs_input_grad[2] else None, None, None

    mine = function(T, forward, backward)
    x, w = leaf(T, 1, 2), leaf(T, 3, 4)
    mine.apply(x, 3.0, w.detach(), ["a"], None).sum().backward()
    mine.apply(x, 2.0, w, {"b": 1}, None).sum().backward()
    say(x.grad, w.grad)


@program
def outputs_of_several_kinds(T: Any, say: Say) -> None:
    def forward(ctx: Any, a: Any) -> Any:
        index = (a * 2).long()
        extra = a * 100
        ctx.mark_non_differentiable(extra)
        return a * 2, index, "word", None, extra, a + 1

    def backward(ctx: Any, *grads: Any) -> Any:
        say(len(grads), grads)
        return grads[0] * 2 + grads[5]

    x = leaf(T, 1, 2)
    outs = function(T, forward, backward).apply(x)
    say(outs, [o.output_nr if isinstance(o, T.Tensor) else None for o in outs])
    (outs[0] * 3).sum().backward()
    say(x.grad)


@program
def undefined_gradients_are_not_materialized(T: Any, say: Say) -> None:
    def forward(ctx: Any, a: Any) -> Any:
        ctx.set_materialize_grads(False)
        return a * 2, a * 3

    def backward(ctx: Any, g: Any, h: Any) -> Any:
        say(g, h)
        return None if g is None else g * 2

    x = leaf(T, 1, 2)
    a, b = function(T, forward, backward).apply(x)
    a.sum().backward(retain_graph=True)
    say(x.grad)
    b.sum().backward()
    say(x.grad)


@program
def setup_context_apart(T: Any, say: Say) -> None:
    def forward(a: Any, b: Any, factor: float = 2.0) -> Any:
        return a * b * factor

    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        say("setup", inputs, output)
        ctx.save_for_backward(*inputs[:2])
        ctx.factor = inputs[2]

    def backward(ctx: Any, g: Any) -> Any:
        a, b = ctx.saved_tensors
        return g * b * ctx.factor, g * a * ctx.factor, None

    mine = function(T, forward, backward, setup_context=setup_context)
    x, w = leaf(T, 1, 2), leaf(T, 3, 4)
    mine.apply(x, w, 5.0).sum().backward()
    mine.apply(x, w).sum().backward()
    mine.apply(x, b=w, factor=3.0).sum().backward()
    say(x.grad, w.grad)


@program
def inputs_returned_as_they_are(T: Any, say: Say) -> None:
    def forward(ctx: Any, a: Any, b: Any) -> Any:
        return a, b, a + b

    def backward(ctx: Any, g: Any, h: Any, k: Any) -> Any:
        say(g, h, k)
        return g + k, h + k

    x, w = leaf(T, 1, 2), leaf(T, 3, 4)
    y = w * 1
    a, b, c = function(T, forward, backward).apply(x, y)
    say(a is x, b is y, a.grad_fn, b.grad_fn, a._is_view(), b._is_view(), c._is_view(), a.data_ptr() == x.data_ptr())
    (a * 2 + b * 3).sum().backward()
    say(x.grad, w.grad)


@program
def an_input_returned_by_a_function_without_graph(T: Any, say: Say) -> None:
    mine = function(T, lambda ctx, a: a, lambda ctx, g: g)
    x = T.ones(2)
    y = mine.apply(x)
    say(y is x, y._is_view(), y.requires_grad)
    with T.no_grad():
        z = leaf(T, 1, 2)
        w = mine.apply(z)
        say(w is z, w.requires_grad, w.is_leaf, z.requires_grad)


@program
def changing_an_input_in_place(T: Any, say: Say) -> None:
    def forward(ctx: Any, a: Any) -> Any:
        a.mul_(2)
        ctx.mark_dirty(a)
        return a

    mine = function(T, forward, lambda ctx, g: g * 2)
    x = leaf(T, 1, 2)
    y = x * 1
    z = mine.apply(y)
    say(z is y, y, y.grad_fn, y._version)
    (z * 3).sum().backward()
    say(x.grad)
    v = (x * 1)[:1]
    base = v._base
    out = mine.apply(v)
    say(out is v, base, base.grad_fn, v.grad_fn)
    x.grad = None
    base.sum().backward()
    say(x.grad)
    mine.apply(x)


@program
def a_dirty_input_that_is_not_returned(T: Any, say: Say) -> None:
    def forward(ctx: Any, a: Any) -> Any:
        a.mul_(2)
        ctx.mark_dirty(a)
        return a + 1

    function(T, forward, lambda ctx, g: g).apply(leaf(T, 1, 2) * 1)


@program
def dirty_and_another_output(T: Any, say: Say) -> None:
    def forward(ctx: Any, a: Any) -> Any:
        old = a.clone()
        a.mul_(2)
        ctx.mark_dirty(a)
        return a, old

    mine = function(T, forward, lambda ctx, g, h: g * 2 + h)
    x = leaf(T, 1, 2)
    y = x * 1
    a, b = mine.apply(y)
    (a + b).sum().backward()
    say(x.grad, a is y)
    mine.apply((x * 1)[:1])


@program
def a_new_tensor_marked_dirty(T: Any, say: Say) -> None:
    def forward(ctx: Any, a: Any) -> Any:
        b = a * 2
        ctx.mark_dirty(b)
        return b

    x = leaf(T, 1, 2)
    y = function(T, forward, lambda ctx, g: g * 2).apply(x)
    y.sum().backward()
    say(x.grad, y._version)


@program
def a_view_as_output(T: Any, say: Say) -> None:
    def forward(ctx: Any, a: Any) -> Any:
        return a.view(2, 1)

    mine = function(T, forward, lambda ctx, g: g.view(2))
    x = leaf(T, 1, 2)
    y = x * 1
    v = mine.apply(y)
    say(v._is_view(), v.grad_fn, v._base is y)
    (v * 3).sum().backward()
    say(x.grad)
    v.mul_(2)


@program
def several_views_as_outputs(T: Any, say: Say) -> None:
    mine = function(T, lambda ctx, a: (a[:1], a[1:]), lambda ctx, g, h: T.cat([g, h]))
    x = leaf(T, 1, 2)
    a, b = mine.apply(x * 1)
    (a * b).sum().backward()
    say(x.grad, a._is_view())
    a.mul_(2)


@program
def changing_the_base_of_a_view_output(T: Any, say: Say) -> None:
    x = leaf(T, 1, 2)
    y = x * 1
    v = function(T, lambda ctx, a: a.view(2, 1), lambda ctx, g: g.view(2)).apply(y)
    y.mul_(2)
    say(v)
    v.grad_fn.name()


@program
def double_backward_through_a_function(T: Any, say: Say) -> None:
    def forward(ctx: Any, a: Any) -> Any:
        out = a * a * a
        ctx.save_for_backward(a, out)
        return out

    def backward(ctx: Any, g: Any) -> Any:
        a, out = ctx.saved_tensors
        say(T.is_grad_enabled(), g.requires_grad)
        return g * 3 * out / a

    mine = function(T, forward, backward)
    x = leaf(T, 1, 2)
    (g,) = T.autograd.grad(mine.apply(x).sum(), x, create_graph=True)
    (h,) = T.autograd.grad(g.sum(), x, create_graph=True)
    (k,) = T.autograd.grad(h.sum(), x)
    say(g, h, k, g.grad_fn)


@program
def once_differentiable(T: Any, say: Say) -> None:
    once = T.autograd.function.once_differentiable

    def backward(ctx: Any, g: Any) -> Any:
        say(T.is_grad_enabled())
        return g * 2, None

    mine = function(T, lambda ctx, a, n: a * 2, once(backward))
    x = leaf(T, 1, 2)
    (g,) = T.autograd.grad(mine.apply(x, 1).sum(), x)
    say(g)
    y = mine.apply(x, 1)
    (g,) = T.autograd.grad((y * y).sum(), x, create_graph=True)
    say(g, g.grad_fn)
    g.sum().backward()


@program
def a_gradient_of_another_shape_or_type(T: Any, say: Say) -> None:
    x = leaf(T, 1, 2)
    function(T, lambda ctx, a: a * 2, lambda ctx, g: T.ones(3, 2)).apply(x).sum().backward()
    say(x.grad)
    function(T, lambda ctx, a: a * 2, lambda ctx, g: T.ones(2, dtype=T.float64)).apply(x).sum().backward()
    say(x.grad)
    function(T, lambda ctx, a: a * 2, lambda ctx, g: T.ones(3)).apply(x).sum().backward()


@program
def too_many_gradients_that_are_none(T: Any, say: Say) -> None:
    x = leaf(T, 1, 2)
    function(T, lambda ctx, a: a * 2, lambda ctx, g: (g, None, None)).apply(x).sum().backward()
    say(x.grad)


@program
def too_many_gradients(T: Any, say: Say) -> None:
    function(T, lambda ctx, a: a * 2, lambda ctx, g: (g, g), "Foo").apply(leaf(T, 1, 2)).sum().backward()


@program
def too_few_gradients(T: Any, say: Say) -> None:
    function(T, lambda ctx, a, b: a * 2, lambda ctx, g: g, "Foo").apply(leaf(T, 1, 2), 3).sum().backward()


@program
def a_gradient_for_what_is_no_tensor(T: Any, say: Say) -> None:
    function(T, lambda ctx, a, b: a * 2, lambda ctx, g: (g, g), "Foo").apply(leaf(T, 1, 2), 3).sum().backward()


@program
def a_gradient_that_is_no_tensor(T: Any, say: Say) -> None:
    function(T, lambda ctx, a: a * 2, lambda ctx, g: 5).apply(leaf(T, 1, 2)).sum().backward()


@program
def a_gradient_for_a_tensor_that_needs_none(T: Any, say: Say) -> None:
    x = leaf(T, 1, 2)
    w = T.ones(2)
    function(T, lambda ctx, a, b: a * b, lambda ctx, g: (g, g)).apply(x, w).sum().backward()
    say(x.grad, w.grad)


@program
def a_list_is_one_output(T: Any, say: Say) -> None:
    x = leaf(T, 1, 2)
    out = function(T, lambda ctx, a: [a * 2, a * 3], lambda ctx, g: g).apply(x)
    say(type(out).__name__, [o.requires_grad for o in out])


@program
def a_list_of_gradients(T: Any, say: Say) -> None:
    function(T, lambda ctx, a: a * 2, lambda ctx, g: [g]).apply(leaf(T, 1, 2)).sum().backward()


@program
def saving_what_is_no_tensor(T: Any, say: Say) -> None:
    def forward(ctx: Any, a: Any) -> Any:
        ctx.save_for_backward(a, 3)
        return a * 2

    function(T, forward, lambda ctx, g: g).apply(leaf(T, 1, 2))


@program
def saved_tensors_changed_in_place(T: Any, say: Say) -> None:
    def forward(ctx: Any, a: Any) -> Any:
        out = a * 2
        ctx.save_for_backward(a, None, out)
        return out

    def backward(ctx: Any, g: Any) -> Any:
        say([t is None for t in ctx.saved_tensors])
        return g * 2

    mine = function(T, forward, backward)
    x = leaf(T, 1, 2)
    y = x * 1
    z = mine.apply(y)
    z.sum().backward(retain_graph=True)
    y.add_(1)
    z.sum().backward()


@program
def the_output_that_was_saved_is_changed_in_place(T: Any, say: Say) -> None:
    def forward(ctx: Any, a: Any) -> Any:
        out = a * 2
        ctx.save_for_backward(out)
        return out

    def backward(ctx: Any, g: Any) -> Any:
        return g * ctx.saved_tensors[0]

    z = function(T, forward, backward, "Foo").apply(leaf(T, 1, 2))
    z.add_(1)
    z.sum().backward()


@program
def a_second_backward(T: Any, say: Say) -> None:
    def forward(ctx: Any, a: Any, keep: bool) -> Any:
        if keep:
            ctx.save_for_backward(a)
        return a * 2

    def backward(ctx: Any, g: Any) -> Any:
        say(len(ctx.saved_tensors))
        return g * 2, None

    mine = function(T, forward, backward)
    plain = function(T, lambda ctx, a: a * 2, lambda ctx, g: g * 2)
    x = leaf(T, 1, 2)
    y = plain.apply(x)
    y.backward(T.ones(2))
    y.backward(T.ones(2))
    say(x.grad)
    z = mine.apply(x, True)
    z.backward(T.ones(2))
    z.backward(T.ones(2))


@program
def what_is_not_written(T: Any, say: Say) -> None:
    x = leaf(T, 1, 2)
    only = type("Only", (T.autograd.Function,), {"forward": staticmethod(lambda ctx, a: a * 2)})
    y = only.apply(x)
    for call in (lambda: T.autograd.Function.apply(x), lambda: y.sum().backward()):
        try:
            call()
        except NotImplementedError as error:
            say(error)


@program
def an_instance_of_a_function(T: Any, say: Say) -> None:
    class Mine(T.autograd.Function):  # type: ignore[misc, name-defined]
        pass

    Mine()


@program
def a_rule_called_vjp(T: Any, say: Say) -> None:
    body = {"forward": staticmethod(lambda ctx, a: a * 2), "vjp": staticmethod(lambda ctx, g: g * 2)}
    x = leaf(T, 1, 2)
    type("Mine", (T.autograd.Function,), body).apply(x).sum().backward()
    say(x.grad)
    type("Mine", (T.autograd.Function,), body | {"backward": staticmethod(lambda ctx, g: g)}).apply(x).sum().backward()


@program
def a_function_that_is_a_class_with_inheritance(T: Any, say: Say) -> None:
    base = function(T, lambda ctx, a: a * 2, lambda ctx, g: g * 2, "Base")
    derived = type("Derived", (base,), {"backward": staticmethod(lambda ctx, g: g * 20)})
    x = leaf(T, 1, 2)
    say(base.apply(x).grad_fn, derived.apply(x).grad_fn)
    derived.apply(x).sum().backward()
    say(x.grad)


@program
def an_error_inside_backward(T: Any, say: Say) -> None:
    def backward(ctx: Any, g: Any) -> Any:
        raise KeyError("mine")

    x = leaf(T, 1, 2)
    y = function(T, lambda ctx, a: a * 2, backward).apply(x)
    try:
        (y * 3 + x).sum().backward()
    except KeyError as error:
        say(error)
    say(x.grad, T.is_grad_enabled())


@program
def checkpoints_without_reentrance(T: Any, say: Say) -> None:
    checkpoint = __import__(f"{T.__name__}.utils.checkpoint", fromlist=["x"]).checkpoint

    def body(a: Any, b: Any, *, factor: float) -> Any:
        say("runs", T.is_grad_enabled())
        return (a * b * factor * a).sum(), a + 1

    x, w = leaf(T, 1, 2), leaf(T, 3, 4)
    out, other = checkpoint(body, x, w, use_reentrant=False, factor=2.0)
    say(out, other, out.grad_fn)
    (out + other.sum()).backward()
    say(x.grad, w.grad)
    out, _ = checkpoint(body, x, w, use_reentrant=False, factor=2.0)
    say(T.autograd.grad(out, x, retain_graph=True))
    say(T.autograd.grad(out, w))


@program
def checkpoints_with_reentrance(T: Any, say: Say) -> None:
    checkpoint = __import__(f"{T.__name__}.utils.checkpoint", fromlist=["x"]).checkpoint

    def body(a: Any, factor: float, b: Any) -> Any:
        say("runs", T.is_grad_enabled())
        return a * b * factor, factor

    x, w = leaf(T, 1, 2), leaf(T, 3, 4)
    out, factor = checkpoint(body, x, 2.0, w, use_reentrant=True)
    say(out, factor, out.grad_fn)
    out.sum().backward()
    say(x.grad, w.grad)
    out, _ = checkpoint(body, x, 2.0, w, use_reentrant=True)
    try:
        T.autograd.grad(out.sum(), x)
    except RuntimeError as error:
        say(error)
    say(checkpoint(body, x.detach(), 2.0, w.detach(), use_reentrant=True))


@program
def a_checkpoint_keeps_the_random_numbers(T: Any, say: Say) -> None:
    checkpoint = __import__(f"{T.__name__}.utils.checkpoint", fromlist=["x"]).checkpoint
    for reentrant in (False, True):
        T.manual_seed(1)
        x = leaf(T, 1, 2, 3, 4)
        out = checkpoint(lambda a: a * T.rand(4) * a, x, use_reentrant=reentrant)
        before = T.rand(1)
        out.sum().backward()
        say(bool((x.grad * x / 2 == out).all()), bool(T.rand(1) != before))


@program
def a_checkpoint_that_computes_something_else(T: Any, say: Say) -> None:
    checkpoint = __import__(f"{T.__name__}.utils.checkpoint", fromlist=["x"]).checkpoint
    calls: list[int] = []

    def body(a: Any) -> Any:
        calls.append(1)
        return a * a * a if len(calls) == 1 else a + a

    checkpoint(body, leaf(T, 1, 2), use_reentrant=False).sum().backward()


@program
def checkpoints_of_a_sequence(T: Any, say: Say) -> None:
    utils = __import__(f"{T.__name__}.utils.checkpoint", fromlist=["x"])

    def stage(number: int) -> Any:
        def run(a: Any) -> Any:
            say("stage", number)
            return a * a

        return run

    x = leaf(T, 1, 2)
    for reentrant in (False, True):
        out = utils.checkpoint_sequential([stage(i) for i in range(4)], 2, x, use_reentrant=reentrant)
        out.sum().backward()
        say(x.grad)


@program
def nested_checkpoints(T: Any, say: Say) -> None:
    checkpoint = __import__(f"{T.__name__}.utils.checkpoint", fromlist=["x"]).checkpoint

    def inner(a: Any) -> Any:
        say("inner")
        return a * a

    def outer(a: Any) -> Any:
        say("outer")
        return checkpoint(inner, a, use_reentrant=False) * a

    x = leaf(T, 1, 2)
    checkpoint(outer, x, use_reentrant=False).sum().backward()
    say(x.grad)


@program
def the_functional_interface(T: Any, say: Say) -> None:
    F = T.autograd.functional
    x, w = T.tensor([1.0, 2.0]), T.tensor([3.0, 4.0])

    def cubes(a: Any) -> Any:
        return (a * a * a).sum()

    def mixed(a: Any, b: Any) -> Any:
        return a * b.sum(), (a * a).sum()

    say(F.vjp(lambda a: a * a, x, w), F.vjp(cubes, x), F.vjp(mixed, (x, w), (x, T.tensor(1.0))))
    say(F.jvp(lambda a: a * a, x, w), F.jvp(mixed, (x, w), (w, x)))
    say(F.jacobian(lambda a: a * a, x), F.jacobian(mixed, (x, w)), F.jacobian(cubes, x))
    say(F.hessian(cubes, x), F.hessian(lambda a, b: (a * b * b).sum(), (x, w)))
    say(F.hvp(cubes, x, w), F.vhp(cubes, x, w))
    say(F.jacobian(lambda a: a * a, x, create_graph=True), F.jacobian(lambda a: T.ones(2), x), F.hessian(lambda a: a.sum(), x))
    say(F.jacobian(lambda a: a * a, x, vectorize=True), F.hessian(cubes, x, vectorize=True))


def functional_error(name: str, *arguments: Any) -> Program:
    def fails(T: Any, say: Say) -> None:
        x = T.tensor([1.0, 2.0])
        given = [argument(T, x) for argument in arguments]
        getattr(T.autograd.functional, name)(*given)

    fails.__name__ = f"{name}_error_{len(PROGRAMS)}"
    return fails


PROGRAMS += [
    functional_error("vjp", lambda T, x: lambda a: a * a, lambda T, x: x),
    functional_error("vjp", lambda T, x: lambda a: a * a, lambda T, x: x, lambda T, x: T.ones(3)),
    functional_error("vjp", lambda T, x: lambda a: a * a, lambda T, x: 3),
    functional_error("vjp", lambda T, x: lambda a: a * a, lambda T, x: (x, 3)),
    functional_error("vjp", lambda T, x: lambda a: 3, lambda T, x: x),
    functional_error("hessian", lambda T, x: lambda a: a * a, lambda T, x: x),
    functional_error("hessian", lambda T, x: lambda a: (a.sum(), a.sum()), lambda T, x: x),
    functional_error("hvp", lambda T, x: lambda a: a.sum(), lambda T, x: x),
    functional_error("vjp", lambda T, x: lambda a: T.ones(2), lambda T, x: x, lambda T, x: x, lambda T, x: False, lambda T, x: True),
    functional_error("jacobian", lambda T, x: lambda a: T.ones(2), lambda T, x: x, lambda T, x: False, lambda T, x: True),
    functional_error("hessian", lambda T, x: lambda a: a.sum(), lambda T, x: x, lambda T, x: False, lambda T, x: True),
    functional_error("jvp", lambda T, x: lambda a: T.ones(2), lambda T, x: x, lambda T, x: x, lambda T, x: False, lambda T, x: True),
]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.__name__)
def test_functions_tell_the_same_story(program: Program) -> None:
    same_story(program)
