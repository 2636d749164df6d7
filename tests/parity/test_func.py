"""torch.func: derivatives of functions, functions over a batch, each inside the others, are as PyTorch has them."""

from __future__ import annotations

from typing import Any

import pytest

from .logs import Program, Say, same_story

PROGRAMS: list[Program] = []


def program(function: Program) -> Program:
    PROGRAMS.append(function)
    return function


def numbers(T: Any, *shape: int, first: int = 1) -> Any:
    """Small eighths, so that both engines compute them exactly the same way for a while."""
    count = 1
    for n in shape:
        count *= n
    return (T.arange(first, first + count, dtype=T.float64) % 7 / 4 - 0.75).reshape(shape)


def rounded(T: Any, value: Any) -> Any:
    """Numbers to nine digits, in the same structure."""
    if isinstance(value, T.Tensor):
        return tuple(value.shape), value.requires_grad, [round(n, 9) + 0.0 for n in value.detach().reshape(-1).tolist()]
    if isinstance(value, (tuple, list)):
        return [rounded(T, v) for v in value]
    if isinstance(value, dict):
        return {k: rounded(T, v) for k, v in value.items()}
    return value


def loss(w: Any, x: Any, y: Any) -> Any:
    return (((x @ w).tanh() - y) ** 2).mean()


@program
def gradients_of_functions(T: Any, say: Say) -> None:
    f, x = T.func, numbers(T, 3)
    say(rounded(T, f.grad(lambda a: (a.sin() * a).sum())(x)))
    say(rounded(T, f.grad(lambda a: f.grad(lambda b: (b**3).sum())(a).sum())(x)))
    say(rounded(T, f.grad(lambda a, b: (a * b).sum(), argnums=(1, 0))(x, x * 2)))
    say(rounded(T, f.grad(lambda a, b: (a * b).sum(), argnums=-1)(x, x * 2)))
    say(rounded(T, f.grad_and_value(lambda a: ((a**3).sum(), {"twice": a * 2}), has_aux=True)(x)))
    say(rounded(T, f.grad(lambda d: d["a"].sum() * d["b"][0].sum())({"a": x, "b": [x * 2]})))
    say(rounded(T, f.grad(lambda a, *, factor: (a * factor).sum())(x, factor=3)))
    say(rounded(T, f.grad(lambda a: (a.sum() * 3).detach().sum())(x)))


@program
def what_results_belong_to_the_graph(T: Any, say: Say) -> None:
    f, x = T.func, numbers(T, 3)
    y = numbers(T, 3).requires_grad_()
    say(rounded(T, f.grad(lambda a: (a**2).sum())(y)), rounded(T, f.grad(lambda a: a.sum())(y)))
    say(rounded(T, f.grad(lambda a: (a**2 * y).sum())(x)), rounded(T, f.grad(lambda a: (a**2 + y).sum())(x)))
    out, pull = f.vjp(lambda a: a**2, y)
    say(rounded(T, out), rounded(T, pull(x)))
    out, pull = f.vjp(lambda a: a**2, x)
    say(rounded(T, out), rounded(T, pull(x)), rounded(T, pull(y)))
    say(rounded(T, f.jvp(lambda a: a**2, (y,), (x,))))
    f.grad(lambda a: (a**3).sum())(y).sum().backward()
    say(rounded(T, y.grad))
    with T.no_grad():
        say(rounded(T, f.grad(lambda a: (a**2).sum())(y)))


@program
def without_grad_inside(T: Any, say: Say) -> None:
    def partly(a: Any) -> Any:
        with T.no_grad():
            part = a**2
        return (part * a).sum()

    say(rounded(T, T.func.grad(partly)(numbers(T, 3))))


@program
def products_with_jacobians(T: Any, say: Say) -> None:
    f, x = T.func, numbers(T, 3)
    out, pull = f.vjp(lambda a: (a.sin(), a.sum() * a), x)
    say(rounded(T, out), rounded(T, pull(out)), rounded(T, pull((x, x))))
    say(rounded(T, f.jvp(lambda a, b: (a * b, a.cumsum(0)), (x, x), (x * 2, x * 3))))
    say(rounded(T, f.jvp(lambda a: (a.exp(), a), (x,), (x,), has_aux=True)))
    out, push = f.linearize(lambda a: a.sin() * a.sum(), x)
    say(rounded(T, out), rounded(T, push(x)), rounded(T, push(x * 2)))


@program
def jacobians_and_hessians(T: Any, say: Say) -> None:
    f, x = T.func, numbers(T, 3)

    def g(a: Any) -> Any:
        return a.softmax(0) * a.sum()

    say(rounded(T, f.jacrev(g)(x)), rounded(T, f.jacfwd(g)(x)))
    for outer in (f.jacrev, f.jacfwd):
        for inner in (f.jacrev, f.jacfwd):
            say(rounded(T, outer(inner(g))(x)))
    say(rounded(T, f.hessian(lambda a: (a.sin() * a.prod()).sum())(x)))
    say(rounded(T, f.jacrev(lambda a, b: (a * b.sum(), {"c": a + b}), argnums=(0, 1))(x, x * 2)))
    say(rounded(T, f.jacfwd(lambda a, b: (a * b.sum(), {"c": a + b}), argnums=(0, 1))(x, x * 2)))
    say(rounded(T, f.jacrev(lambda a: (a * 2, a), has_aux=True)(x)))
    say(rounded(T, f.jacfwd(lambda a: (a * 2, a), has_aux=True)(x)))
    say(rounded(T, f.jacrev(g, chunk_size=2)(x)))


@program
def batches(T: Any, say: Say) -> None:
    f, x = T.func, numbers(T, 4, 3)
    say(rounded(T, f.vmap(lambda a: a.softmax(0) * a.sum())(x)))
    say(rounded(T, f.vmap(T.dot)(x, x)), rounded(T, f.vmap(T.mul, (0, None))(x, x[0])))
    say(rounded(T, f.vmap(f.vmap(T.mul, (None, 0)), (0, None))(x, x)))
    say(rounded(T, f.vmap(lambda a: (a, a * 2), in_dims=1, out_dims=(1, 0))(x)))
    say(rounded(T, f.vmap(lambda d, k: d["x"] * k, ({"x": 0}, None))({"x": x}, 3)))
    say(rounded(T, f.vmap(lambda a: a * 2, chunk_size=3)(x)))
    say(rounded(T, f.vmap(lambda a: 3, out_dims=None)(x)), rounded(T, f.vmap(lambda a: x[0])(x)))
    say(rounded(T, f.vmap(lambda a: a * 2, out_dims=-1)(x)))
    say(rounded(T, T.vmap(lambda a: a[1:] + a[:-1])(x)), rounded(T, f.vmap(lambda a: a[T.tensor([2, 0])])(x)))
    say(rounded(T, f.vmap(lambda a: T.cat([a, a * 2]).reshape(2, 3).t())(x)))
    say(rounded(T, f.vmap(lambda a: T.stack([a, a.flip(0)], 1))(x)), rounded(T, f.vmap(lambda a: a.max(0))(x)))
    say(rounded(T, f.vmap(lambda a: (a.shape[0], a.dim(), a.numel()) and a * a.dim())(x)))
    say(rounded(T, f.vmap(lambda a: a.to(T.float32).double() + a.sum() * T.ones(3))(x)))
    say(rounded(T, f.vmap(lambda a: a)(T.zeros(0, 2))))


@program
def types_in_batches(T: Any, say: Say) -> None:
    x = T.arange(3, dtype=T.float64)
    say(T.func.vmap(lambda a: a * T.ones(2))(x), T.func.vmap(lambda a: a * 2)(T.arange(3)), T.func.vmap(lambda a: a / 2)(T.arange(3)))


@program
def derivatives_of_samples(T: Any, say: Say) -> None:
    f = T.func
    w, x, y = numbers(T, 3, 2), numbers(T, 4, 3, first=3), numbers(T, 4, 2, first=5)
    say(rounded(T, f.vmap(f.grad(loss), (None, 0, 0))(w, x, y)))
    say(rounded(T, f.vmap(f.hessian(loss), (None, 0, 0))(w, x, y)))
    say(rounded(T, f.grad(lambda v: f.vmap(loss, (None, 0, 0))(v, x, y).sum())(w)))
    say(rounded(T, f.jvp(lambda v: f.vmap(loss, (None, 0, 0))(v, x, y), (w,), (w * 2,))))
    say(rounded(T, f.vmap(lambda a: f.jvp(lambda b: b.softmax(0), (a,), (a * 2,)))(x)))
    say(rounded(T, f.jvp(f.grad(lambda a: (a.sin() * a.prod()).sum()), (x[0],), (x[1],))))
    say(rounded(T, f.vmap(f.vjp(lambda a: a.exp() * a.sum(), x[0])[1])(x)))
    v = w.clone().requires_grad_()
    f.vmap(f.grad(loss), (None, 0, 0))(v, x, y).pow(2).sum().backward()
    say(rounded(T, v.grad))


@program
def layers_of_samples(T: Any, say: Say) -> None:
    f, F = T.func, T.nn.functional
    x = numbers(T, 4, 3)
    say(rounded(T, f.vmap(f.grad(lambda a, t: F.cross_entropy(a, t)))(x, T.tensor([0, 1, 2, 1]))))
    say(rounded(T, f.vmap(f.grad(lambda a: (F.layer_norm(a, (3,)) ** 3).sum()))(x)))
    image, kernel = numbers(T, 4, 1, 2, 5, 5), numbers(T, 3, 2, 3, 3, first=4)
    say(rounded(T, f.vmap(f.grad(lambda k, a: F.conv2d(a, k).sin().sum()), (None, 0))(kernel, image)))
    say(rounded(T, f.vmap(f.grad(lambda k, a: F.max_pool2d(F.conv2d(a, k), 2).sin().sum(), 1), (None, 0))(kernel, image)))
    say(rounded(T, f.vmap(lambda a: F.batch_norm(a, None, None, training=True))(image)))
    say(rounded(T, f.vmap(lambda a: F.group_norm(a, 2))(image)))
    say(rounded(T, f.vmap(f.grad(lambda e, n: F.embedding(n, e).sin().sum()), (None, 0))(x, T.tensor([[0, 1], [2, 2]]))))


@program
def modules_without_state(T: Any, say: Say) -> None:
    f = T.func
    module = T.nn.Sequential(T.nn.Linear(3, 4), T.nn.ReLU(), T.nn.Linear(4, 2)).double()
    params = {k: numbers(T, *v.shape) for k, v in module.named_parameters()}
    x = numbers(T, 5, 3)
    say(rounded(T, f.functional_call(module, params, (x,))), rounded(T, f.functional_call(module, params, x)))
    say(rounded(T, f.vmap(f.grad(lambda p, a: f.functional_call(module, p, (a,)).sum()), (None, 0))(params, x)))
    say(params["0.bias"] is module[0].bias, isinstance(module[0].bias, T.nn.Parameter))
    several = [T.nn.Linear(3, 2).double() for _ in range(3)]
    for i, one in enumerate(several):
        T.nn.init.constant_(one.weight, i)
        T.nn.init.constant_(one.bias, -i)
    stacked, buffers = f.stack_module_state(several)
    say(rounded(T, stacked), buffers)
    say(rounded(T, f.vmap(lambda p, b, a: f.functional_call(several[0], (p, b), (a,)), (0, 0, None))(stacked, buffers, x)))
    for wrong in ({"0.weight": x}, [params, params], 3):
        try:
            f.functional_call(module, wrong, (x,), strict=True)
        except (RuntimeError, ValueError) as error:
            say(error)


@program
def changes_in_place(T: Any, say: Say) -> None:
    f, x = T.func, numbers(T, 4, 3)
    say(rounded(T, f.vmap(lambda a: a.clone().mul_(2).add_(a))(x)))

    def parts(a: Any) -> Any:
        b = a.clone()
        b[0:2].mul_(a[1:])
        b[2] = 4
        return (b * b).sum()

    say(rounded(T, f.grad(parts)(x[0])), rounded(T, f.vmap(f.grad(parts))(x)), rounded(T, f.jvp(parts, (x[0],), (x[1],))))
    y = x.clone()
    f.vmap(lambda a: a.add_(1))(y)
    say(y)
    f.vmap(lambda a: T.zeros(3, dtype=T.float64).add_(a))(x)


@program
def draws_in_batches(T: Any, say: Say) -> None:
    x = numbers(T, 4, 3)
    same = T.func.vmap(lambda a: T.randn(3) * 1.0, randomness="same")(x)
    different = T.func.vmap(lambda a: T.rand(3), randomness="different")(x)
    dropped = T.func.vmap(lambda a: T.nn.functional.dropout(a.abs() + 1), randomness="same")(T.ones(4, 30))
    say(tuple(same.shape), bool((same[0] == same[1]).all()), tuple(different.shape), bool((different[0] == different[1]).any()))
    say(tuple(dropped.shape), bool((dropped[0] == dropped[1]).all()))


def refusals(T: Any) -> list[Any]:
    """What is refused, as functions without arguments."""
    f, x = T.func, numbers(T, 3)
    vmap, grad, vjp, jvp = f.vmap, f.grad, f.vjp, f.jvp
    return [
        lambda: vmap(lambda a: a.item())(x),
        lambda: vmap(lambda a: 1 if a > 0 else 0)(x),
        lambda: vmap(float)(x),
        lambda: vmap(int)(x),
        lambda: vmap(lambda a: a.tolist())(x),
        lambda: vmap(lambda a: T.randn(2))(x),
        lambda: vmap(lambda a: T.nn.functional.dropout(a))(x),
        lambda: vmap(lambda a: a.nonzero())(x),
        lambda: vmap(lambda a: 3)(x),
        lambda: vmap(lambda a: a, in_dims=1)(x),
        lambda: vmap(lambda a: a, in_dims=None)(x),
        lambda: vmap(lambda a: a, in_dims=(0, 0))(x),
        lambda: vmap(lambda a: a, out_dims=(0, 0))(x),
        lambda: vmap(lambda a: a, out_dims=3)(x),
        lambda: vmap(lambda a, b: a)(x, numbers(T, 2)),
        lambda: vmap(lambda a: a)(),
        lambda: vmap(lambda a: a)(3),
        lambda: vmap(lambda a: a, in_dims="a")(x),
        lambda: vmap(lambda a: a, randomness="x")(x),
        lambda: vmap(lambda a: a, chunk_size=0)(x),
        lambda: vmap(lambda a: a)(T.zeros(())),
        lambda: vmap(lambda a: a.requires_grad_())(x),
        lambda: vmap(lambda a: a, out_dims=None)(x),
        lambda: grad(lambda a: a.sum().backward())(x),
        lambda: grad(lambda a: a * 2)(x),
        lambda: grad(lambda a: 3)(x),
        lambda: grad(lambda a: (a.sum(), 1, 2), has_aux=True)(x),
        lambda: grad(lambda a: a.sum())(T.tensor([1, 2])),
        lambda: grad(lambda a: a.sum())(3.0),
        lambda: grad(lambda a: a.sum(), argnums=1)(x),
        lambda: grad(lambda a: a.sum(), argnums="a")(x),
        lambda: grad(lambda a: a.sum(), argnums=(0, 0))(x),
        lambda: grad(lambda a: a.sum(), argnums=())(x),
        lambda: vjp(lambda a: 3, x),
        lambda: vjp(lambda a: (a, 3), x),
        lambda: vjp(lambda a: a.sin(), x)[1](T.ones(2)),
        lambda: vjp(lambda a: a.sin(), x)[1](T.ones(2), T.ones(2)),
        lambda: vjp(lambda a: (a.sin(), a), x)[1](x),
        lambda: vjp(lambda a: a.sin(), x, has_aux=True),
        lambda: jvp(lambda a: a.sin(), (x,), (T.ones(2),)),
        lambda: jvp(lambda a: a.sin(), x, (x,)),
        lambda: jvp(lambda a: a.sin(), (x,), (x, x)),
        lambda: jvp(lambda a: a.sin(), (x,), x),
        lambda: jvp(lambda a: a.sin(), (3,), (3,)),
        lambda: jvp(lambda a: a.sin(), (), ()),
        lambda: jvp(lambda a: (a.sin(), 3), (x,), (x,)),
        lambda: jvp(lambda a: a.sin(), (x,), (x,), has_aux=True),
        lambda: f.jacrev(lambda a: a.sum(), chunk_size=0),
        lambda: f.jacrev(lambda a: a.sum(), argnums=3)(x),
        lambda: f.jacfwd(lambda a: a, randomness="z")(x),
        lambda: f.jacfwd(lambda a: 3)(x),
        lambda: f.linearize(lambda a: a.sin(), x)[1](T.ones(2)),
        lambda: f.stack_module_state([]),
        lambda: f.stack_module_state([T.nn.Linear(2, 2), T.nn.ReLU()]),
        lambda: f.stack_module_state([T.nn.Linear(2, 2), T.nn.Linear(2, 2).eval()]),
    ]


@program
def errors(T: Any, say: Say) -> None:
    for i, refused in enumerate(refusals(T)):
        try:
            refused()
            say(i, "nothing was refused")
        except Exception as error:
            say(i, error)


@program
def a_batch_that_escapes(T: Any, say: Say) -> None:
    kept: list[Any] = []
    T.func.vmap(lambda a: kept.append(a) or a)(numbers(T, 3))
    say(kept[0].shape)
    kept[0] + 1


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda f: f.__name__)
def test_same_story(program: Program) -> None:
    same_story(program)
