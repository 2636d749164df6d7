"""User-written Functions with dual tensors and inside torch.func, as PyTorch has them."""

from __future__ import annotations

from typing import Any

import pytest

from .logs import Program, Say, same_story

PROGRAMS: list[Program] = []


def program(function: Program) -> Program:
    PROGRAMS.append(function)
    return function


def product(T: Any, **attributes: Any) -> Any:
    """A Function that multiplies its two arguments, with other rules where they are given."""

    class Product(T.autograd.Function):
        @staticmethod
        def forward(x: Any, y: Any) -> Any:
            return x * y

        @staticmethod
        def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
            ctx.save_for_backward(*inputs)
            ctx.save_for_forward(*inputs)
            ctx.set_materialize_grads(attributes.get("materialize", True))

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            x, y = ctx.saved_tensors
            return g * y, g * x

    for name in ("jvp", "vmap"):
        if name in attributes:
            setattr(Product, name, staticmethod(attributes[name]))
    Product.generate_vmap_rule = attributes.get("generate", False)
    return Product


def of_product(ctx: Any, s: Any, t: Any) -> Any:
    x, y = ctx.saved_tensors
    return s * y + (0 if t is None else t * x)


def attempt(say: Say, function: Any) -> None:
    try:
        say(function())
    except Exception as error:
        say(error)


def in_dual(T: Any, function: Any, *pairs: Any) -> Any:
    """Primal and tangent of what a function gives for dual tensors."""
    fw = T.autograd.forward_ad
    with fw.dual_level():
        made = function(*(fw.make_dual(p, t) if t is not None else p for p, t in pairs))
        return tuple(tuple(fw.unpack_dual(m)) for m in (made if isinstance(made, tuple) else (made,)))


@program
def forward_rules(T: Any, say: Say) -> None:
    x, t = T.tensor([1.0, 2.0]), T.tensor([3.0, 5.0])
    say(in_dual(T, product(T, jvp=of_product).apply, (x, t), (x, None)))
    say(in_dual(T, product(T, jvp=of_product, materialize=False).apply, (x, t), (x, None)))
    attempt(say, lambda: in_dual(T, product(T).apply, (x, t), (x, None)))
    attempt(say, lambda: in_dual(T, product(T, jvp=lambda c, a, b: (a, b)).apply, (x, t), (x, None)))
    attempt(say, lambda: in_dual(T, product(T, jvp=lambda c, a, b: 3).apply, (x, t), (x, None)))
    attempt(say, lambda: in_dual(T, product(T, jvp=lambda c, a, b: T.ones(3)).apply, (x, t), (x, None)))
    say(in_dual(T, product(T, jvp=lambda c, a, b: a * 100).apply, (x, None), (x, None)))
    y = x.clone().requires_grad_()
    ((_, tangent),) = in_dual(T, product(T, jvp=of_product).apply, (y, t), (x, None))
    say(tangent, T.autograd.grad(tangent.sum(), y, allow_unused=True))


@program
def forward_rules_with_a_context_in_forward(T: Any, say: Say) -> None:
    class Twice(T.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.factor = 2
            return x * 2

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return g * ctx.factor

        @staticmethod
        def jvp(ctx: Any, t: Any) -> Any:
            return t * ctx.factor

    x, t = T.tensor([1.0, 2.0]), T.tensor([3.0, 5.0])
    say(in_dual(T, Twice.apply, (x, t)))
    attempt(say, lambda: T.func.grad(lambda a: Twice.apply(a).sum())(x))
    attempt(say, lambda: T.func.vmap(Twice.apply)(x))
    attempt(say, lambda: T.func.jvp(Twice.apply, (x,), (t,)))


@program
def forward_rules_in_place_and_of_views(T: Any, say: Say) -> None:
    def function(forward: Any, jvp: Any) -> Any:
        return type("F", (T.autograd.Function,), {"forward": staticmethod(forward), "jvp": staticmethod(jvp)}).apply

    def doubled(ctx: Any, x: Any) -> Any:
        ctx.mark_dirty(x)
        return x.mul_(2)

    x, t = T.tensor([1.0, 2.0]), T.tensor([3.0, 5.0])
    say(in_dual(T, lambda a: function(doubled, lambda c, s: s.mul_(2))(a.clone()), (x, t)))
    attempt(say, lambda: in_dual(T, lambda a: function(doubled, lambda c, s: s * 2)(a.clone()), (x, t)))
    say(in_dual(T, function(lambda c, a: a.view(2, 1), lambda c, s: s.view(2, 1)), (x, t)))
    attempt(say, lambda: in_dual(T, function(lambda c, a: a.view(2, 1), lambda c, s: s.view(2, 1) * 1), (x, t)))
    say(in_dual(T, function(lambda c, a: (a * 2, a * 3), lambda c, s: (s * 2, s * 3)), (x, t)))
    attempt(say, lambda: in_dual(T, function(lambda c, a: (a * 2, a * 3), lambda c, s: s * 2), (x, t)))


@program
def rules_for_batches(T: Any, say: Say) -> None:
    x = T.tensor([1.0, 2.0])

    def mapped(info: Any, dims: Any, a: Any, b: Any) -> Any:
        say(tuple(info), dims, a.shape)
        return a * b, 0

    f = T.func
    attempt(say, lambda: f.vmap(lambda a: product(T).apply(a, x))(x))
    attempt(say, lambda: f.vmap(lambda a: product(T, vmap=mapped, generate=True).apply(a, x))(x))
    for function in (product(T, vmap=mapped, jvp=of_product), product(T, generate=True, jvp=of_product)):
        say(f.vmap(lambda a, function=function: function.apply(a, a))(x))
        say(f.vmap(f.grad(lambda a, function=function: function.apply(a, a)))(x))
        say(f.grad(lambda a, function=function: function.apply(a, a).sum())(x))
        say(f.jacfwd(lambda a, function=function: function.apply(a, a))(x))
        say(f.jacrev(lambda a, function=function: function.apply(a, a * 2))(x))
    generated = product(T, generate=True, jvp=of_product)
    say(f.hessian(lambda a: generated.apply(a, a).sum())(x))
    say(f.grad(f.grad(lambda a: generated.apply(a, a * a)))(x[1]))


@program
def gradients_in_a_box_and_tensors_seen_once(T: Any, say: Say) -> None:
    class Boxed(T.autograd.Function):
        boxed_grads_call = True
        clear_saved_tensors_on_access = True

        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.save_for_backward(x)
            return x * 2, x * 3

        @staticmethod
        def backward(ctx: Any, grads: Any) -> Any:
            (x,) = ctx.saved_tensors
            say(type(grads).__name__, grads, x)
            try:
                say(len(ctx.saved_tensors))
            except RuntimeError as error:
                say(error)
            return grads.pop() * 3 + grads.pop() * 2

    x = T.ones(2, requires_grad=True)
    a, b = Boxed.apply(x)
    (a + b).sum().backward()
    say(x.grad)


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda f: f.__name__)
def test_same_story(program: Program) -> None:
    same_story(program)
