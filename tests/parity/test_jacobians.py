"""Jacobians in one pass, gradients for batches of vectors, and checks of gradients, as PyTorch has them."""

from __future__ import annotations

from typing import Any

import pytest

from .logs import Program, Say, same_story

PROGRAMS: list[Program] = []


def program(function: Program) -> Program:
    PROGRAMS.append(function)
    return function


@program
def checks_of_gradients(T: Any, say: Say) -> None:
    A = T.autograd

    def function(name: str, backward: Any, jvp: Any) -> Any:
        body = {"forward": lambda ctx, x: x * 2, "backward": backward, "jvp": jvp}
        return type(name, (A.Function,), {k: staticmethod(v) for k, v in body.items()}).apply

    right = function("Right", lambda ctx, g: g * 2, lambda ctx, t: t * 2)
    wrong_back = function("WrongBack", lambda ctx, g: g * 3, lambda ctx, t: t * 2)
    wrong_ahead = function("WrongAhead", lambda ctx, g: g * 2, lambda ctx, t: t * 3)
    x = T.tensor([0.5, -1.0], dtype=T.float64, requires_grad=True)

    def undefined(ctx: Any, a: Any) -> Any:
        ctx.set_materialize_grads(False)
        return a * 2

    made_up = type(
        "MadeUp",
        (A.Function,),
        {
            "forward": staticmethod(undefined),
            "backward": staticmethod(lambda ctx, g: x.detach() if g is None else g * 2),
        },
    ).apply
    for checked, options in (
        (right, {"check_forward_ad": True, "check_undefined_grad": True}),
        (T.sin, {"check_forward_ad": True, "check_batched_grad": True, "check_batched_forward_grad": True}),
        (T.sin, {"check_forward_ad": True, "check_backward_ad": False, "fast_mode": True}),
        (wrong_back, {}),
        (wrong_back, {"raise_exception": False}),
        (wrong_back, {"check_backward_ad": False, "check_forward_ad": True}),
        (wrong_ahead, {}),
        (wrong_ahead, {"check_forward_ad": True}),
        (lambda a: a.detach(), {}),
        (lambda a: (a * 2, a.detach() * 0), {}),
        (T.sin, {"check_backward_ad": False}),
        (T.sin, {"check_batched_forward_grad": True}),
        (made_up, {"check_undefined_grad": False}),
        (made_up, {}),
    ):
        try:
            say(A.gradcheck(checked, (x,), **options))
        except Exception as error:
            say(str(error).replace("GradcheckError", ""), type(error).__name__)
    say(A.gradgradcheck(lambda a: a**3, x, check_fwd_over_rev=True), A.gradgradcheck(T.sin, (x,), check_batched_grad=True))
    A.gradcheck(T.sin, T.ones(2))


@program
def strategies(T: Any, say: Say) -> None:
    A = T.autograd.functional
    x = T.tensor([0.5, -1.0, 2.0], dtype=T.float64)

    def f(a: Any, b: Any) -> Any:
        return a * b.sum(), (a * b).cumsum(0)

    def h(a: Any, b: Any) -> Any:
        return (a * b * a).sum()

    say(A.jacobian(f, (x, x * 2), vectorize=True))
    say([list(row) for row in A.jacobian(f, (x, x * 2), vectorize=True, strategy="forward-mode")])
    say(A.jacobian(lambda a: (a * 2, T.ones(2, dtype=T.float64)), x, vectorize=True))
    say(A.jacobian(lambda a: (a * 2, T.ones(2, dtype=T.float64)), x, vectorize=True, strategy="forward-mode"))
    y = x.clone().requires_grad_()
    made = A.jacobian(lambda a: a * a, y, vectorize=True, create_graph=True)
    say(made, T.autograd.grad(made.sum(), y))
    say(A.hessian(h, (x, x * 2), vectorize=True))
    say([[b.detach() for b in a] for a in A.hessian(h, (x, x * 2), vectorize=True, outer_jacobian_strategy="forward-mode")])
    for given in (
        {"strategy": "forward-mode"},
        {"strategy": "forward-mode", "vectorize": True, "create_graph": True},
        {"strategy": "forward-mode", "vectorize": True, "strict": True},
        {"strategy": "other"},
        {"vectorize": True, "strict": True},
    ):
        try:
            A.jacobian(lambda a: a * 2, x, **given)
        except (NotImplementedError, RuntimeError, AssertionError) as error:
            say(error)
    try:
        A.hessian(h, (x, x), outer_jacobian_strategy="forward-mode")
    except NotImplementedError as error:
        say(error)


@program
def gradients_for_a_batch_of_vectors(T: Any, say: Say) -> None:
    y = T.tensor([0.5, -1.0, 2.0], dtype=T.float64).requires_grad_()
    z = T.ones(2, dtype=T.float64, requires_grad=True)
    say(T.autograd.grad(y * y, y, T.eye(3, dtype=T.float64), is_grads_batched=True))
    made = T.autograd.grad(y * y * y, y, T.eye(3, dtype=T.float64), is_grads_batched=True, create_graph=True)[0]
    say(made, made.requires_grad, T.autograd.grad(made.sum(), y))
    say(
        T.autograd.grad([y.sum() * z, y * y], [y, z], [T.ones(4, 2, dtype=T.float64), T.ones(4, 3, dtype=T.float64)], is_grads_batched=True)
    )
    say(T.autograd.grad(y.sum(), [y, z], T.ones(4, dtype=T.float64), is_grads_batched=True, allow_unused=True))
    T.autograd.grad(y * 2, y, T.ones(3), is_grads_batched=True)


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda f: f.__name__)
def test_same_story(program: Program) -> None:
    same_story(program)
