"""The corners of torch.autograd that scripts lean on: hooks of every kind, versions, modes, copies, threads, as PyTorch has them."""

from __future__ import annotations

import copy
import pickle
import threading
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


def leaf(T: Any, *values: float) -> Any:
    return T.tensor(values or (1.0, 2.0, 3.0), dtype=T.float64, requires_grad=True)


@program
def dual_levels(T: Any, say: Say) -> None:
    fw, x, t = T.autograd.forward_ad, T.tensor([1.0, 2.0]), T.tensor([3.0, 4.0])
    attempt(say, lambda: fw.make_dual(x, t))
    say(tuple(fw.unpack_dual(x)))
    attempt(say, fw.exit_dual_level)
    with fw.dual_level():
        d = fw.make_dual(x, t)
        say(d._is_view(), d.requires_grad, d.is_leaf, tuple(fw.unpack_dual(d)))
        for wrong in ((x, T.ones(3)), (T.tensor([1, 2]), t), (x, T.tensor([1, 2])), (d, t)):
            attempt(say, lambda wrong=wrong: fw.make_dual(*wrong))
        attempt(say, fw.enter_dual_level)
        say(tuple(fw.unpack_dual(d.detach())), tuple(fw.unpack_dual(d.clone())), tuple(fw.unpack_dual(x + 1)))
        say(tuple(fw.unpack_dual(d.sum())), tuple(fw.unpack_dual(d > 1)), tuple(fw.unpack_dual(d[0])))
        made = d * x
        with T.no_grad():
            say(tuple(fw.unpack_dual(d * 2)))
    say(tuple(fw.unpack_dual(made)))
    with fw.dual_level():
        say(tuple(fw.unpack_dual(made)), tuple(fw.unpack_dual(d)))
    say(fw.enter_dual_level())
    fw.exit_dual_level()
    say(type(fw.unpack_dual(x)).__name__, fw.unpack_dual(x)._fields)


@program
def duals_and_graphs(T: Any, say: Say) -> None:
    fw, x = T.autograd.forward_ad, leaf(T)
    t = T.tensor([1.0, 0.5, 2.0], dtype=T.float64, requires_grad=True)
    with fw.dual_level():
        d = fw.make_dual(x, t)
        say(d.requires_grad, d.is_leaf)
        primal, tangent = fw.unpack_dual(d**3)
        say(primal, tangent)
        say(T.autograd.grad(tangent.sum(), [x, t], retain_graph=True))
        say(T.autograd.grad(primal.sum(), x, retain_graph=True))
        y = (d**3).sum()
        (g,) = T.autograd.grad(y, d)
        say(tuple(fw.unpack_dual(g)))


@program
def duals_in_place(T: Any, say: Say) -> None:
    fw = T.autograd.forward_ad
    x, t = T.tensor([1.0, 2.0, 3.0]), T.tensor([4.0, 5.0, 6.0])

    def told(*tensors: Any) -> None:
        say([tuple(fw.unpack_dual(a)) for a in tensors])

    with fw.dual_level():
        d = fw.make_dual(x.clone(), t.clone())
        told(d.mul_(2), d)
        v = d[1:]
        v.mul_(d[:2].clone())
        told(d, v)
        d.zero_()
        told(d, v)
        plain = T.zeros(3)
        part = plain[:2]
        part.copy_(fw.make_dual(x[:2], t[:2]))
        told(plain, part, plain[1:])
        plain.add_(1)
        told(plain, part)
        other = T.ones(3)
        other.mul_(fw.make_dual(x, t))
        told(other)
        other[1] = 7.0
        told(other)
        kept = fw.make_dual(x.clone(), t)
        kept.mul_(2)
        told(kept)
        say(t)


@program
def hooks_on_what_changes(T: Any, say: Say) -> None:
    x = leaf(T)
    y = x * 2
    y.register_hook(lambda g: say("before", g))
    y.retain_grad()
    y.mul_(3)
    y.register_hook(lambda g: say("after", g))
    y.sum().backward()
    say(x.grad, y.grad, y.retains_grad)
    attempt(say, lambda: T.ones(2).register_hook(print))
    attempt(say, lambda: T.ones(2).retain_grad())
    z = leaf(T)
    handle = z.register_hook(lambda g: g * 10)
    z.register_post_accumulate_grad_hook(lambda p: say("accumulated", p.grad))
    (z * 2).sum().backward()
    handle.remove()
    (z * 2).sum().backward()
    attempt(say, lambda: (z * 2).register_post_accumulate_grad_hook(print))
    node = (z * 2).grad_fn
    node.register_prehook(lambda gs: (gs[0] * 2,))
    node.register_hook(lambda ins, outs: say("node", len(ins), outs))
    attempt(say, lambda: node(T.ones(3, dtype=T.float64)))
    x = leaf(T)
    x.retain_grad()
    say(x.retains_grad)
    y = x.clone()
    y.retain_grad()
    y[0] = 0
    (y * y).sum().backward()
    say(y.grad, x.grad)


@program
def hooks_on_several(T: Any, say: Say) -> None:
    graph = T.autograd.graph
    a, b = leaf(T), leaf(T)
    c, d = a * b, a + b
    graph.register_multi_grad_hook([c, d], lambda gs: say("all", list(gs)))
    handle = graph.register_multi_grad_hook([c, d], lambda g: say("any", g), mode="any")
    (c * d).sum().backward(retain_graph=True)
    c.sum().backward(retain_graph=True)
    handle.remove()
    T.autograd.grad(d.sum(), [a], retain_graph=True)
    attempt(say, lambda: graph.register_multi_grad_hook([c], print, mode="first"))


@program
def edges(T: Any, say: Say) -> None:
    graph = T.autograd.graph
    x = leaf(T)
    y = x * x
    edge = graph.get_gradient_edge(y)
    say(edge.node, edge.output_nr)
    say(T.autograd.grad(y.sum(), edge, retain_graph=True), T.autograd.grad(edge, x, T.ones(3, dtype=T.float64), retain_graph=True))
    T.autograd.backward(edge, T.ones(3, dtype=T.float64), retain_graph=True)
    say(x.grad)
    attempt(say, lambda: graph.get_gradient_edge(T.ones(2)))
    attempt(say, lambda: T.autograd.grad(edge, x))
    attempt(say, lambda: T.autograd.grad(y.sum(), [x, edge], materialize_grads=True))
    leaf_edge = graph.get_gradient_edge(x)
    say(leaf_edge.node, leaf_edge.node.variable is x)
    y.sum().backward(inputs=[leaf_edge])
    say(x.grad)


@program
def backward_into_some(T: Any, say: Say) -> None:
    x, w = leaf(T), leaf(T)
    y = x * w
    z = (y * y).sum()
    z.backward(inputs=[x], retain_graph=True)
    say(x.grad, w.grad)
    z.backward(inputs=[y, w], retain_graph=True)
    say(y.grad, w.grad, x.grad)
    z.backward(inputs=x, retain_graph=True)
    say(x.grad)
    attempt(say, lambda: z.backward(inputs=[]))
    attempt(say, lambda: z.backward(inputs=[T.ones(2)]))
    attempt(say, lambda: z.backward(T.ones(2)))
    attempt(say, lambda: y.backward())
    attempt(say, lambda: T.ones(2).sum().backward())
    z.backward()
    attempt(say, lambda: z.backward())


@program
def versions(T: Any, say: Say) -> None:
    x = T.ones(3)
    say(x._version)
    x.add_(1)
    view, alias, data = x[1:], x.detach(), x.data
    view.mul_(2)
    say(x._version, view._version, alias._version, data._version)
    data.zero_()
    alias.add_(1)
    say(x._version, view._version, alias._version, data._version)
    with T.no_grad():
        x.zero_()
    say(x._version)
    T.autograd.graph.increment_version(x)
    T.autograd.graph.increment_version([x, view])
    say(x._version)
    with T.inference_mode():
        y = T.ones(2)
        y.add_(1)
    attempt(say, lambda: y._version)
    p = leaf(T)
    q = p.exp()
    T.autograd.graph.increment_version(q)
    attempt(say, lambda: q.sum().backward())
    with T.autograd._unsafe_preserve_version_counter(x) if hasattr(T.autograd, "_unsafe_preserve_version_counter") else T.no_grad():
        pass


@program
def inference(T: Any, say: Say) -> None:
    x = leaf(T)
    with T.inference_mode():
        y = x * 2
        z = x[1:]
        say(y.requires_grad, y.is_inference(), z.is_inference(), T.is_inference_mode_enabled(), T.is_grad_enabled())
        with T.inference_mode(False):
            say(T.is_inference_mode_enabled(), T.is_grad_enabled(), (x * 2).requires_grad)
        with T.enable_grad():
            say((x * 2).requires_grad)
        y.add_(1)
    say((y * 2).is_inference(), y.clone().is_inference())
    attempt(say, lambda: y.add_(1))
    attempt(say, lambda: y.requires_grad_())
    attempt(say, lambda: x * y)
    attempt(say, lambda: y.view(3, 1).add_(1))
    attempt(say, lambda: y.detach().is_inference())
    say((y + 1).requires_grad, (x + y.clone()).requires_grad)

    @T.inference_mode()
    def inside() -> Any:
        return (x * 2).is_inference()

    say(inside())


@program
def copies(T: Any, say: Say) -> None:
    x = leaf(T)
    x.grad = T.ones(3, dtype=T.float64)
    y = copy.deepcopy(x)
    say(y, y.grad, y is x, y.is_leaf)
    attempt(say, lambda: copy.deepcopy(x * 2))
    z = copy.copy(x)
    say(z, z is x, z.data_ptr() == x.data_ptr())
    say(pickle.loads(pickle.dumps(T.arange(3))))
    w = pickle.loads(pickle.dumps(x))
    say(w, w.requires_grad, w.grad)
    p = copy.deepcopy(T.nn.Parameter(T.ones(2)))
    say(type(p).__name__, p)
    shared = copy.deepcopy([x, x])
    say(shared[0] is shared[1])
    x.extra = 3
    say(copy.deepcopy(x).extra)
    with T.no_grad():
        say(copy.deepcopy(x * 2))


@program
def anomalies(T: Any, say: Say) -> None:
    class Nan(T.autograd.Function):
        @staticmethod
        def forward(ctx: Any, a: Any) -> Any:
            return a * 1

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return g * float("nan")

    x = leaf(T)
    with T.autograd.detect_anomaly():
        say(T.is_anomaly_enabled(), T.is_anomaly_check_nan_enabled())
        attempt(say, lambda: Nan.apply(x).sum().backward())
        attempt(say, lambda: (x * 0).sqrt().pow(2).sum().backward())
    with T.autograd.detect_anomaly(check_nan=False):
        say(T.is_anomaly_check_nan_enabled())
        Nan.apply(x).sum().backward()
    with T.autograd.set_detect_anomaly(True):
        say(T.is_anomaly_enabled())
    T.autograd.set_detect_anomaly(True, check_nan=False)
    say(T.is_anomaly_enabled(), T.is_anomaly_check_nan_enabled())
    T.autograd.set_detect_anomaly(False)
    say(T.is_anomaly_enabled())
    y = (x * 2).exp()
    with T.autograd.set_detect_anomaly(True):
        z = y.sum()
        say("traceback_" in z.grad_fn.metadata, "traceback_" in y.grad_fn.metadata)
    say(z.grad_fn.metadata is z.grad_fn.metadata)


@program
def saved_tensors(T: Any, say: Say) -> None:
    graph, x = T.autograd.graph, leaf(T)
    with graph.saved_tensors_hooks(lambda t: say("pack", t) or t * 2, lambda t: say("unpack", t) or t):
        y = x * x
        z = x.exp()
    y.sum().backward()
    say(x.grad)
    with graph.save_on_cpu(pin_memory=False):
        say(T.autograd.grad((x * x).sum(), x))
    with graph.disable_saved_tensors_hooks("not here"):
        attempt(say, lambda: graph.saved_tensors_hooks(lambda t: t, lambda t: t).__enter__())
    y = x * x
    say(y.grad_fn._saved_self is x, tuple(y.grad_fn._saved_other.shape))
    y.grad_fn._raw_saved_self.register_hooks(lambda t: 3, lambda n: T.full((3,), float(n), dtype=T.float64))
    attempt(say, lambda: y.grad_fn._raw_saved_self.register_hooks(lambda t: t, lambda t: t))
    say(T.autograd.grad(y.sum(), x))
    attempt(say, lambda: y.grad_fn._saved_self)
    with graph.allow_mutation_on_saved_tensors():
        a = x.clone()
        b = a * a
        a.mul_(2)
        b.sum().backward()
    say(x.grad)
    del z


@program
def several_threads(T: Any, say: Say) -> None:
    x = leaf(T)
    y = (x * x).sum()
    told: list[Any] = [None] * 4

    def work(number: int) -> None:
        with T.no_grad():
            inside = T.is_grad_enabled()
        told[number] = (inside, T.is_grad_enabled(), T.autograd.grad((x * number).sum(), x)[0].tolist())
        y.backward(retain_graph=True)

    with T.no_grad():
        threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    say(told, x.grad)
    with T.autograd.set_multithreading_enabled(False):
        say(T.autograd.is_multithreading_enabled() if hasattr(T.autograd, "is_multithreading_enabled") else False)


@program
def modes_as_decorators(T: Any, say: Say) -> None:
    x = leaf(T)

    @T.no_grad()
    def off() -> Any:
        return (x * 2).requires_grad

    @T.no_grad
    def bare() -> Any:
        return (x * 2).requires_grad

    @T.set_grad_enabled(False)
    def setting() -> Any:
        return (x * 2).requires_grad

    @T.enable_grad()
    def on() -> Any:
        return (x * 2).requires_grad

    say(off(), bare(), setting(), T.is_grad_enabled())
    with T.no_grad():
        say(on(), T.is_grad_enabled())
    T.set_grad_enabled(False)
    say((x * 2).requires_grad)
    T.set_grad_enabled(True)

    @T.no_grad()
    def generator() -> Any:
        got = yield T.is_grad_enabled()
        yield got, T.is_grad_enabled()

    running = generator()
    say(next(running), T.is_grad_enabled(), running.send(3), T.is_grad_enabled())


@program
def requires_grad_by_hand(T: Any, say: Say) -> None:
    x = T.ones(3)
    y = x * 2
    x.requires_grad = True
    say(y.requires_grad, x.is_leaf, y.is_leaf)
    z = x * 2
    attempt(say, lambda: setattr(z, "requires_grad", False))
    attempt(say, lambda: z.requires_grad_(False))
    attempt(say, lambda: T.ones(3, dtype=T.int64).requires_grad_())
    attempt(say, lambda: T.ones(3, dtype=T.int64, requires_grad=True))
    attempt(say, lambda: setattr(T.ones(3, dtype=T.bool), "requires_grad", True))
    say(z.detach_().requires_grad, z.is_leaf)
    attempt(say, lambda: setattr(x, "grad", T.ones(2)))
    attempt(say, lambda: setattr(x, "grad", T.ones(3, dtype=T.float64)))
    attempt(say, lambda: setattr(x, "grad", 3))
    x.grad = T.ones(3)
    x.grad = None
    say(x.grad)
    attempt(say, lambda: x.add_(1))
    attempt(say, lambda: x[0].add_(1))
    attempt(say, lambda: x.numpy())
    attempt(say, lambda: setattr(x, "data", 3))
    x.data = T.zeros(2)
    say(x, x.is_leaf)


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda f: f.__name__)
def test_same_story(program: Program) -> None:
    same_story(program)
