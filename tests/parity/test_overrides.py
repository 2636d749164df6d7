"""Subclasses of Tensor, __torch_function__ and modes, as PyTorch has them."""

from __future__ import annotations

from typing import Any

import pytest

from .logs import Program, Say, same_story

PROGRAMS: list[Program] = []


def program(function: Program) -> Program:
    PROGRAMS.append(function)
    return function


def attempt(say: Say, function: Any) -> None:
    try:
        say(function())
    except Exception as error:
        say(error)


def kinds(*values: Any) -> list[str]:
    return [type(v).__name__ for v in values]


@program
def a_subclass_stays_one(T: Any, say: Say) -> None:
    class Mine(T.Tensor):
        pass

    x = Mine([1.0, 2.0])
    say(kinds(x, x + 1, 1 + x, x.sum(), T.add(x, x), T.cat([x, x]), x[0], x[None].T, x.data, x.detach(), x.max(0).values, x.clone()))
    say(kinds(T.ones_like(x), T.zeros(2), x.numpy(), x.shape, T.nn.functional.relu(x), x.new_ones(2), x == x, x.tolist()))
    say(kinds(T.ones(2) + x, x @ T.ones(2), x.add_(1), *x.unbind(), *T.split(x, 1)))
    y = T.ones(2).as_subclass(Mine)
    say(kinds(y), y.requires_grad)
    y.requires_grad_()
    made = (y * 2).sum()
    say(made.grad_fn, made.grad_fn.next_functions[0][0], kinds(made))
    made.backward()
    say(kinds(y.grad), y.grad.tolist())
    attempt(say, lambda: T.ones(2).as_subclass(3))
    say(isinstance(y, T.Tensor), T.is_tensor(y), kinds(Mine(2, 3)), tuple(Mine(2, 3).shape))
    with T._C.DisableTorchFunctionSubclass():
        say(kinds(x + 1))
    say(kinds(T.nn.Parameter(T.ones(2)) + 1))


@program
def functions_that_are_asked(T: Any, say: Say) -> None:
    class Loud(T.Tensor):
        @classmethod
        def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            say(func.__name__, [t.__name__ for t in types], len(args))
            return super().__torch_function__(func, types, args, kwargs)

    z = T.ones(2).as_subclass(Loud)
    for compute in ("z + 1", "1 + z", "z - 1", "z * 2", "z / 2", "-z", "z @ z", "z**2", "z > 1"):
        eval(compute, {"z": z})
    T.add(z, 1, alpha=2)
    z.sum(0, keepdim=True)
    T.stack([z, z])
    T.matmul(z, z)
    T.nn.functional.relu(z)
    z.mean()
    z.add_(1)
    say(type(z.softmax(0)).__name__)


@program
def those_who_do_not_know(T: Any, say: Say) -> None:
    class Mute(T.Tensor):
        @classmethod
        def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            return NotImplemented

    n = T.ones(2).as_subclass(Mute)
    attempt(say, lambda: T.add(n, 1))
    attempt(say, lambda: n + 1)
    attempt(say, lambda: n.sum())


@program
def own_results(T: Any, say: Say) -> None:
    class Counted(T.Tensor):
        calls = 0

        @classmethod
        def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            Counted.calls += 1
            if func is T.mean or func is T.Tensor.mean:
                return "the mean"
            with T._C.DisableTorchFunctionSubclass():
                return func(*args, **(kwargs or {}))

    x = T.arange(3.0).as_subclass(Counted)
    say(T.mean(x), x.mean(), type(x + x).__name__, (x * 2).tolist(), Counted.calls > 0)


@program
def modes(T: Any, say: Say) -> None:
    class Spy(T.overrides.TorchFunctionMode):
        def __init__(self, name: str) -> None:
            self.name = name

        def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            say(self.name, func.__name__)
            return func(*args, **(kwargs or {}))

    class Doubling(T.overrides.TorchFunctionMode):
        def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            made = func(*args, **(kwargs or {}))
            return made * 2 if func is T.ones else made

    with Spy("one"):
        a = T.ones(2)
        b = a + 1
        T.add(a, b)
        T.nn.functional.softmax(a, 0)
        with Spy("two"):
            a.sum()
        c = a.clone().requires_grad_()
        (c * c).sum().backward()
    say(c.grad)
    T.ones(2) + 1
    with Doubling():
        say(T.ones(2))
    with T.overrides.BaseTorchFunctionMode():
        say(T.ones(2))
    say(T.overrides.is_tensor_like(a), T.overrides.is_tensor_like(3), T.overrides.has_torch_function((a,)))


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda f: f.__name__)
def test_same_story(program: Program) -> None:
    same_story(program)
