"""Mistakes are refused with PyTorch's type of error and PyTorch's words; ours may say more after them."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
import torch

import gradstep.engine as gs

from .logs import story

Mistake = Callable[[Any, Any, Any], Any]


def change(t: Any, then: Callable[[Any], Any]) -> Any:
    """The tensor after ``then`` was done to it."""
    then(t)
    return t


def apply(T: Any, forward: Any, backward: Any, *args: Any) -> Any:
    body = {"forward": staticmethod(forward), "backward": staticmethod(backward)}
    return type("Foo", (T.autograd.Function,), body).apply(*args)


def twice(y: Any) -> None:
    y.backward()
    y.backward()


def hooked(x: Any, hook: Any, where: str = "register_hook") -> None:
    y = x * 2
    getattr(y if where == "register_hook" else y.grad_fn, where)(hook)
    y.sum().backward()


def two_gradients(y: Any) -> None:
    """A node with two inputs whose hook gives one gradient."""
    y.grad_fn.next_functions[0][0].register_hook(lambda ins, outs: (ins[0],))
    y.backward()


def saved_then(T: Any, x: Any, changed: Callable[[Any], Any]) -> None:
    """A saved tensor is changed in place between forward and backward."""
    y = x * 1
    z = (y * y).sum()
    changed(y)
    z.backward()


def in_no_grad(T: Any, make: Callable[[], Any]) -> Any:
    with T.no_grad():
        return make()


def in_inference(T: Any, make: Callable[[], Any]) -> Any:
    with T.inference_mode():
        return make()


# over x = [1., 2.] and w = [[1., 2.], [3., 4.]], which require grad
MISTAKES: dict[str, Mistake] = {
    "backward of a vector": lambda T, x, w: (x * 2).backward(),
    "backward of a vector with None": lambda T, x, w: T.autograd.backward([x * 2], [None]),
    "grad of a vector": lambda T, x, w: T.autograd.grad(x * 2, x),
    "backward of a complex number": lambda T, x, w: T.ones((), dtype=T.complex64).requires_grad_().backward(),
    "backward without graph": lambda T, x, w: T.ones(()).backward(),
    "backward of a vector without graph": lambda T, x, w: T.ones(2).backward(),
    "backward of a detached tensor": lambda T, x, w: (x * 2).sum().detach().backward(),
    "backward of what was made in no_grad": lambda T, x, w: in_no_grad(T, lambda: x.sum()).backward(),
    "backward of integers": lambda T, x, w: x.sum().long().backward(),
    "second of two without graph": lambda T, x, w: T.autograd.backward([x.sum(), T.ones(())]),
    "grad without graph": lambda T, x, w: T.autograd.grad(T.ones(()), x),
    "grad for what requires none": lambda T, x, w: T.autograd.grad(x.sum(), T.ones(2)),
    "grad for what was not used": lambda T, x, w: T.autograd.grad(x.sum(), w),
    "grad for the second, not used": lambda T, x, w: T.autograd.grad(x.sum(), [x, w]),
    "grad for a number": lambda T, x, w: T.autograd.grad(x.sum(), [3]),
    "backward into what requires none": lambda T, x, w: x.sum().backward(inputs=[T.ones(2)]),
    "backward into nothing": lambda T, x, w: x.sum().backward(inputs=[]),
    "gradient of another shape": lambda T, x, w: (x * 2).backward(T.ones(3)),
    "gradient that would broadcast": lambda T, x, w: (x * 2).backward(T.ones(1)),
    "gradient that is a number": lambda T, x, w: (x * 2).backward(3.0),
    "gradient that is a list": lambda T, x, w: T.autograd.backward([x * 2], [[1.0, 1.0]]),
    "complex gradient of a real tensor": lambda T, x, w: (x * 2).backward(T.ones(2, dtype=T.complex64)),
    "fewer gradients than tensors": lambda T, x, w: T.autograd.backward([x.sum(), w.sum()], [T.ones(())]),
    "second backward": lambda T, x, w: twice((x * x).sum()),
    "second backward through exp": lambda T, x, w: twice(x.exp().sum()),
    "second grad": lambda T, x, w: change((x * x).sum(), lambda y: (T.autograd.grad(y, x), T.autograd.grad(y, x))),
    "saved value of a freed graph": lambda T, x, w: change(x * x, lambda y: y.sum().backward()).grad_fn._saved_self,
    "leaf changed by add_": lambda T, x, w: x.add_(1),
    "leaf changed by assignment": lambda T, x, w: x.__setitem__(0, 5.0),
    "leaf changed by +=": lambda T, x, w: x.__iadd__(1),
    "leaf changed by zero_": lambda T, x, w: x.zero_(),
    "leaf changed by copy_": lambda T, x, w: x.copy_(T.ones(2)),
    "leaf changed by normal_": lambda T, x, w: x.normal_(),
    "leaf transposed in place": lambda T, x, w: w.t_(),
    "view of a leaf changed": lambda T, x, w: w[0].mul_(2),
    "view of a view of a leaf changed": lambda T, x, w: w.t()[0].mul_(2),
    "view made in no_grad changed": lambda T, x, w: in_no_grad(T, lambda: (w * 1).view(4)).add_(x.sum()),
    "view of a result made in no_grad changed": lambda T, x, w: change(w * 1, lambda y: in_no_grad(T, lambda: y.view(4)).add_(1)),
    "one of several views changed": lambda T, x, w: (w * 1).unbind(0)[1].mul_(2),
    "one of several pieces changed": lambda T, x, w: (x * 1).split(1)[0].add_(1),
    "one of two chunks changed": lambda T, x, w: (x * 1).chunk(2)[1].zero_(),
    "base of several views changed": lambda T, x, w: change(w * 1, lambda y: change(y.unbind(0), lambda _: y.mul_(2))[0].grad_fn),
    "expanded tensor changed": lambda T, x, w: T.ones(1).expand(3).add_(1),
    "in-place result of a wider type": lambda T, x, w: T.ones(2, dtype=T.int64).add_(1.5),
    "in-place result of another shape": lambda T, x, w: T.ones(2).add_(T.ones(3, 2)),
    "saved tensor changed": lambda T, x, w: saved_then(T, x, lambda y: y.add_(1)),
    "saved tensor changed twice": lambda T, x, w: saved_then(T, x, lambda y: (y.add_(1), y.zero_())),
    "saved tensor changed through a view": lambda T, x, w: saved_then(T, x, lambda y: y[0].mul_(2)),
    "saved tensor changed through detach": lambda T, x, w: saved_then(T, x, lambda y: y.detach().mul_(2)),
    "saved tensor assigned to": lambda T, x, w: saved_then(T, x, lambda y: y.__setitem__(0, 1.0)),
    "saved leaf changed in no_grad": lambda T, x, w: change((x * x).sum(), lambda _: in_no_grad(T, lambda: x.add_(1))).backward(),
    "saved constant changed": lambda T, x, w: change(T.ones(2), lambda c: change((x * c).sum(), lambda _: c.add_(1)).backward()),
    "saved output changed": lambda T, x, w: change(x.exp(), lambda y: y.add_(1)).sum().backward(),
    "saved sigmoid changed": lambda T, x, w: change(w.sigmoid(), lambda y: y.mul_(2)).sum().backward(),
    "saved output of softmax changed": lambda T, x, w: change(w.softmax(0), lambda y: y.zero_()).sum().backward(),
    "saved matrix changed": lambda T, x, w: change(w * 1, lambda y: change((y @ y).sum(), lambda _: y.zero_()).backward()),
    "saved matrix turned": lambda T, x, w: change(w * 1, lambda y: change((y @ y).sum(), lambda _: y.t_()).backward()),
    "saved tensor with its version counted": lambda T, x, w: saved_then(T, x, lambda y: T.autograd.graph.increment_version(y)),
    "requires_grad of integers": lambda T, x, w: T.ones(2, dtype=T.int64).requires_grad_(),
    "requires_grad of integers assigned": lambda T, x, w: setattr(T.arange(3), "requires_grad", True),
    "tensor of integers with requires_grad": lambda T, x, w: T.tensor([1, 2], requires_grad=True),
    "ones of integers with requires_grad": lambda T, x, w: T.ones(2, dtype=T.int32, requires_grad=True),
    "requires_grad of a result turned off": lambda T, x, w: (x * 2).requires_grad_(False),
    "requires_grad of a result assigned": lambda T, x, w: setattr(x * 2, "requires_grad", False),
    "truth of several elements": lambda T, x, w: bool(x > 0),
    "truth of none": lambda T, x, w: bool(T.ones(0)),
    "item of several elements": lambda T, x, w: x.item(),
    "float of several elements": lambda T, x, w: float(x),
    "int of several elements": lambda T, x, w: int(w),
    "index of a float": lambda T, x, w: [1, 2][T.tensor(1.0)],
    "numpy with grad": lambda T, x, w: x.numpy(),
    "numpy of a result": lambda T, x, w: (x * 2).numpy(),
    "array with grad": lambda T, x, w: x.__array__(),
    "len of a number": lambda T, x, w: len(x.sum()),
    "iteration over a number": lambda T, x, w: list(x.sum()),
    "hook on what requires no grad": lambda T, x, w: T.ones(2).register_hook(lambda g: g),
    "post hook on what requires no grad": lambda T, x, w: T.ones(2).register_post_accumulate_grad_hook(lambda p: None),
    "post hook on a result": lambda T, x, w: (x * 2).register_post_accumulate_grad_hook(lambda p: None),
    "hook that changes the shape": lambda T, x, w: hooked(x, lambda g: T.ones(3)),
    "hook that changes the type": lambda T, x, w: hooked(x, lambda g: g.double()),
    "hook that gives a number": lambda T, x, w: hooked(x, lambda g: 3),
    "hook that gives a tuple": lambda T, x, w: hooked(x, lambda g: (g,)),
    "hook that takes nothing": lambda T, x, w: hooked(x, lambda: None),
    "prehook that gives too many": lambda T, x, w: hooked(x, lambda gs: (gs[0], gs[0]), "register_prehook"),
    "prehook that gives another shape": lambda T, x, w: hooked(x, lambda gs: (T.ones(5),), "register_prehook"),
    "prehook that gives a list": lambda T, x, w: hooked(x, lambda gs: [gs[0]], "register_prehook"),
    "node hook that gives too few": lambda T, x, w: change((x * w).sum(), lambda y: two_gradients(y)),
    "retain_grad without grad": lambda T, x, w: T.ones(2).retain_grad(),
    "deepcopy of a result": lambda T, x, w: copy.deepcopy(x * 2),
    "grad of another shape assigned": lambda T, x, w: setattr(x, "grad", T.ones(3)),
    "grad of another type assigned": lambda T, x, w: setattr(x, "grad", T.ones(2, dtype=T.float64)),
    "grad that is a number assigned": lambda T, x, w: setattr(x, "grad", 3),
    "grad that is the tensor itself": lambda T, x, w: setattr(x, "grad", x),
    "detach_ of a view": lambda T, x, w: x[0].detach_(),
    "data of another type": lambda T, x, w: setattr(x, "data", 3),
    "inference tensor saved": lambda T, x, w: in_inference(T, lambda: T.ones(2)) * x,
    "inference tensor changed": lambda T, x, w: in_inference(T, lambda: T.ones(2)).add_(1),
    "inference tensor that shall require grad": lambda T, x, w: in_inference(T, lambda: T.ones(2)).requires_grad_(),
    "view of an inference tensor changed": lambda T, x, w: in_inference(T, lambda: T.ones(2)).view(2, 1).add_(1),
    "set_grad_enabled of a number": lambda T, x, w: T.set_grad_enabled(3),
    "Function that gives a wrong shape": lambda T, x, w: apply(T, lambda c, a: a * 2, lambda c, g: T.ones(5), x).sum().backward(),
    "Function that marks a number": lambda T, x, w: apply(T, lambda c, a: (c.mark_dirty(3), a * 2)[1], lambda c, g: g, x),
    "leaf marked dirty": lambda T, x, w: apply(T, lambda c, a: (c.mark_dirty(a.mul_(2)), a)[1], lambda c, g: g, x),
}

ABRIDGED = {"grad of another type assigned": 150}  # how much of a message is compared where PyTorch goes on about what we do not have


def outcome(mistake: Mistake, T: Any) -> Any:
    def program(T: Any, say: Any) -> None:
        x = T.tensor([1.0, 2.0], requires_grad=True)
        w = T.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
        mistake(T, x, w)

    return story(program, T)[-1:]


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes_are_refused_in_pytorchs_words(name: str) -> None:
    mine, other = outcome(MISTAKES[name], gs), outcome(MISTAKES[name], torch)
    assert other, "PyTorch does not refuse this"
    assert mine, f"PyTorch refuses this: {other}"
    [(_, (kind, words))], [(_, (their_kind, their_words))] = mine, other
    if name in ABRIDGED:
        their_words = their_words[: ABRIDGED[name]]
    assert (kind, words[: len(their_words.rstrip("."))]) == (their_kind, their_words.rstrip("."))
