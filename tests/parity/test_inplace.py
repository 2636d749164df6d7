"""In-place changes of tensors and views: graphs, versions, gradients and errors are PyTorch's."""

from __future__ import annotations

from typing import Any

import numpy
import pytest
import torch

import gradstep.engine as gs

from .compare import agree, fail_alike, graph, inputs

random = numpy.random.default_rng(2)
X = random.standard_normal((3, 4))
V = random.standard_normal(4)

# statements over x (3, 4) and v (4), which require grad, b = x * 1, and z, zeros (3, 4); the last expression is the result
PROGRAMS = """
b.mul_(2); b
b.add_(v); b
b += v; b * b
c = b * b; c.add_(1); c
b.exp_(); b
b.sigmoid_(); b * 2
b[0] += v; b
b[0] = v; b
b[0] = 1; b
b[0, 1] = 3.5; b
b[:, 1].mul_(2); b
b[:, 1] = b[:, 0]; b
b[1:] = v; b
b[...] = v; b
b[:] = x[0]; b
b[T.tensor([0, 2])] = v; b
b[:, T.tensor([0, 2])] = 0; b
b[b > 0] = v[0]; b
b[b > 0] *= 2; b
b[None, 0] = v; b
b[0][1] = v[0]; b
b[T.tensor(1)] = v; b
c = b[0]; c.mul_(2); c
c = b[0]; c.mul_(2); (b, c)
c = b[0]; b.mul_(2); c
c = b[0]; b.mul_(2); (b, c)
c = b.t(); c.add_(v[:, None]); b
c = b.t(); b.mul_(v); c * c
c = b.view(4, 3); d = c[0]; d.mul_(2); (b, c, d)
c = b.view(2, 6); d = c.t(); d[1:3] += 1; e = b[1]; (b, c, d, e)
c = b[1:]; d = c[:, 1:]; d.mul_(v[0]); c.add_(1); (b, c, d)
c = b[0]; c += b[1]; c *= c.sum(); b
c = b.expand(3, 4); b.mul_(2); c
c = b.diagonal(); c.mul_(v[:3]); b
c = b.unsqueeze(0).squeeze(0); c.zero_(); (b, c)
z[0] = v; z
z[0].copy_(v); z
z.copy_(x); z
z[:] = x; z[0] = v; z
z.add_(x); z
c = z[0]; c.add_(v); (z, c)
c = z[0]; z.add_(x); c
c = z[0]; c.add_(v); c.mul_(2); z[1] = c; z
z.index_add_(0, T.tensor([0, 0]), x[:2]); z
b.index_fill_(0, T.tensor([0]), 2.0); b
b.index_put_((T.tensor([0, 2]),), v); b
b.index_put_((T.tensor([0, 0]),), v, accumulate=True); b
b.scatter_(0, T.tensor([[0, 1, 2, 0]]), v[None]); b
b.masked_fill_(b > 0, 0.0); b
b.index_copy_(0, T.tensor([1]), v[None]); b
b.zero_(); b + x
b.fill_(2); b
b.clamp_(-0.5, 0.5); b
d = b.detach(); d.mul_(2); b + 1
c = b * 2; b.add_(1); c
c = b + 2; b.mul_(3); (b, c)
c = b.relu_(); c is b; c * 1
b.addmm_(x, x.t() @ x); b
b.tril_(); b
b.put_(T.tensor([1, 2]), v[:2]); b
c, d = b[0], b[0]; c.mul_(2); d
c = b[0]; c.mul_(2); c.detach().mul_(1); b + 0
b.t_(); b
b.unsqueeze_(0); b
b.squeeze_(); b
b.transpose_(0, 1); b
b.swapaxes_(0, 1); b
z.requires_grad_(); (z * x)[0]
"""


def run(source: str) -> Any:
    *statements, last = source.split("; ") if not source.startswith("for") else (source, "z")
    body, result = compile("\n".join(statements), source, "exec"), compile(last, source, "eval")

    def program(T: Any, x: Any, v: Any) -> Any:
        scope = {"T": T, "x": x, "v": v, "b": x * 1, "z": T.zeros(3, 4, dtype=T.float64)}
        exec(body, scope)
        return eval(result, scope)

    return program


@pytest.mark.parametrize("source", PROGRAMS.strip().splitlines())
def test_changes_the_graph_as_in_pytorch(source: str) -> None:
    agree(run(source), X, V)


@pytest.mark.parametrize("source", PROGRAMS.strip().splitlines())
def test_counts_versions_as_in_pytorch(source: str) -> None:
    seen = []
    for T, cls in ((gs, gs.Tensor), (torch, torch.Tensor)):
        found = run(source)(T, *inputs(T, X, V))
        seen.append([t._version for t in (found if isinstance(found, tuple) else (found,)) if isinstance(t, cls)])
    assert seen[0] == seen[1]


ERRORS = """
b *= b; b.sum().backward()
b[0, :2] *= b[1, :2]; b.sum().backward()
c = b[0]; d = b[1]; c.mul_(d); d.add_(c); b.sum().backward()
z = v * 1; w = T.stack([z, z]); w[1] = v * w[0]; w[0] = v * w[1]; w.sum().backward()
x.mul_(2)
x[0] = 1
x.t().add_(1)
for c in b.unbind(): c.mul_(2)
b.split(2)[0].add_(1)
c, d = b.chunk(2, 1); c.mul_(2)
c = b.unbind(); b.mul_(2); c[0] + 1; c[0].mul_(2)
c = x[0].detach(); c.requires_grad_(); c.add_(1)
b[0].add_(x)
b.expand(2, 3, 4).add_(1)
v.expand(3, 4).detach().mul_(2)
T.zeros(2, dtype=T.int64).add_(1.5)
T.zeros(2, dtype=T.int64).mul_(v[:2])
c = b.exp(); b.add_(1); c.sum().backward(); c.add_(1); c.exp().sum().backward(); d = b.exp(); d.mul_(2); d.sum().backward()
c = b * b; b.add_(1); c.sum().backward()
c = b[0] * 2; d = c * c; c.add_(1); d.sum().backward()
d = b * b; b.detach().add_(1); d.sum().backward()
d = b[0] * b[0]; b[1].add_(1); d.sum().backward()
b[0] = T.zeros(3, dtype=T.float64)
b[T.tensor([0])] = T.zeros(3, dtype=T.float64)
b[5] = 1
b[0] = [1, 2, 3, 4]
b[T.tensor([5])] = 1
"""


def errors(source: str) -> Any:
    def program(T: Any, x: Any, v: Any) -> Any:
        exec(source if source.startswith("for") else source.replace("; ", "\n"), {"T": T, "x": x, "v": v, "b": x * 1})

    return program


@pytest.mark.parametrize("source", ERRORS.strip().splitlines())
def test_is_refused_as_in_pytorch(source: str) -> None:
    fail_alike(errors(source), X, V)


def test_a_view_made_without_grad_may_not_be_changed_with_it() -> None:
    def program(T: Any, x: Any, v: Any) -> Any:
        b = x * 1
        with T.no_grad():
            c = b[0]
        c.mul_(2)

    fail_alike(program, X, V)


def test_changes_without_grad_leave_the_graph_alone() -> None:
    def program(T: Any, x: Any, v: Any) -> Any:
        b = x * 1
        with T.no_grad():
            b.add_(1)
            x.mul_(2)
            x[0] = v
        return b, x * 2

    agree(program, X, V)


def test_changes_in_a_view_made_and_changed_without_grad_show_in_the_base() -> None:
    def program(T: Any, x: Any, v: Any) -> Any:
        b = x * 1
        with T.no_grad():
            c = b[0]
            c.mul_(2)
        return b * b, c.detach()

    agree(program, X, V)


def test_second_derivatives_go_through_changed_views() -> None:
    def program(T: Any, x: Any, v: Any) -> Any:
        b = x * x
        b[0] *= v
        b[:, 1] = b[:, 0].clone() * v[0]
        c = b.t()
        c.add_((v * v)[:, None])
        (g,) = T.autograd.grad((b * b).sum(), [x], create_graph=True)
        return T.autograd.grad((g * g).sum(), [x, v])

    agree(program, X, V, graphs=False, rtol=1e-9)


def test_a_leaf_changed_through_its_data_keeps_its_version() -> None:
    def program(T: Any, x: Any, v: Any) -> Any:
        x.data.mul_(2)
        x.data[0] = 1
        return T.tensor(x._version), x * 1

    agree(program, X, V)


def test_hooks_of_a_changed_view_see_its_gradient() -> None:
    seen: list[list[Any]] = []
    for T in (gs, torch):
        x, v = inputs(T, X, V)
        here: list[Any] = []
        b = x * 1
        c = b[0]
        c.mul_(v)
        c.register_hook(lambda g, here=here: here.append(g.clone().detach().numpy()))
        b.register_hook(lambda g, here=here: here.append(g.clone().detach().numpy()))
        (b * 2).sum().backward()
        (c * 3).sum()
        seen.append([*here, x.grad.numpy(), v.grad.numpy()])
    for mine, other in zip(*seen, strict=True):
        numpy.testing.assert_allclose(mine, other)


def test_the_graph_of_a_view_is_made_anew_when_it_is_asked_for() -> None:
    for T in (gs, torch):
        x, v = inputs(T, X, V)
        b = x * 1
        c = b[0]
        before = c.grad_fn
        b.mul_(v)
        assert before.name() == "SelectBackward0"
        assert next(iter(graph(c.grad_fn))).split()[0] == "AsStridedBackward0"
        assert c.grad_fn is c.grad_fn
