"""Views, pieces, joins, casts and indexing: values, views, strides, graphs and gradients are PyTorch's."""

from __future__ import annotations

from typing import Any

import numpy
import pytest

from .compare import agree, fail_alike, functional

random = numpy.random.default_rng(1)
X = random.standard_normal((3, 4))
B = random.standard_normal((2, 3, 4))
V = random.standard_normal(4)
I = numpy.array([0, 2])  # noqa: E741
S = numpy.array(1.5)

# written as PyTorch code over x (3, 4), b (2, 3, 4), v (4), i [0, 2], s (0-d)
PROGRAMS = """
x.view(4, 3)|x.view(-1)|x.view((2, 6))|s.view(1, 1)|x.view(3, 2, 2)|x.view_as(x)|b.transpose(0, 1).view(3, 2, 2, 2)
x.reshape(4, 3)|x.t().reshape(12)|x.reshape(-1, 2)|b.transpose(0, 1).reshape(3, 2, 4)|b.transpose(0, 1).reshape(3, 2, 2, 2)
b.mT.reshape(2, 12)
x.reshape_as(x.t())|x.flatten()|b.flatten(1)|b.flatten(0, 1)|s.flatten()|x.flatten(0, 0)|b.mT.flatten()|x.ravel()|x.t().ravel()
x.unflatten(1, (2, 2))|x.unflatten(1, (-1, 2))|x.unflatten(-1, (4, 1))
x.T|x.mT|b.mT|x.H|x.mH|x.t()|v.t()|s.t()|v.T|s.T|x.adjoint()|b.permute(2, 0, 1)|b.permute((-1, 0, 1))|b.permute(dims=(1, 0, 2))
x.transpose(0, 1)|x.swapaxes(0, -1)|x.swapdims(0, 1)|x.movedim(0, 1)|b.moveaxis((0, 1), (2, 0))|s.transpose(0, -1)
x.expand(2, 3, 4)|x.expand(2, -1, -1)|v.expand(3, 4)|s.expand(2)|x.expand_as(b)|x.broadcast_to((2, 3, 4))|T.broadcast_tensors(x, v)
x.sum_to_size(1, 4)|x.sum_to_size(4)
x.squeeze()|x[None].squeeze()|x[None].squeeze(0)|x[None].squeeze(1)|x[None, :, None].squeeze((0, 2))|x[None].squeeze(dim=0)
s.squeeze(0)
x.unsqueeze(0)|x.unsqueeze(-1)|s.unsqueeze(0)|T.atleast_1d(s)|T.atleast_2d(v)|T.atleast_2d(s)|T.atleast_3d(v)|T.atleast_3d(x)
T.atleast_1d(s, v)
x.narrow(1, 0, 2)|x.narrow(0, -2, 1)|x.select(0, 1)|x.select(-1, -1)|x.unbind()|x.unbind(1)|b.unbind(-1)
x.split(2)|x.split(3, 1)|x.split([1, 2])|x.split((1, 3), dim=-1)|x.chunk(2)|x.chunk(3, 1)|x.chunk(9)|x.tensor_split(2)
x.tensor_split((1, 2), 1)|x.hsplit(2)|b.dsplit(2)
T.cat([x, x])|T.cat([x, x.float()], 1)|T.cat((x, T.zeros(0).double()))|T.concat([v, v])|T.cat([x, x], dim=-1)
T.cat([x, T.ones(1, 4).long()])
T.stack([x, x])|T.stack([x, x], -1)|T.stack([v, v.float()], 1)|T.stack([s, s])|T.hstack([x, x])|T.hstack([v, s])|T.vstack([v, x])
T.dstack([x, x])|T.column_stack([v, v])
T.meshgrid(v, v, indexing="ij")|T.meshgrid(v, v[:2], s, indexing="xy")|T.cartesian_prod(v, v[:2])|T.cartesian_prod(v)
T.combinations(v)|T.combinations(v, 3)|T.combinations(v, 2, True)
x.clone()|x.t().clone()|x.t().contiguous()|x.contiguous()|x.to(T.float32)|x.double()|x.float()|x.half()|x.to(T.float64, copy=True)
x.to(x.float())|x.type(T.float32)|x.type_as(x.float())|x.long()|x.bool()|x.int()|x.to("cpu", T.float32)|x.to(dtype=T.float32)
x.flip(0)|x.flip((0, 1))|x.flip(0, 1)|x.fliplr()|x.flipud()|x.rot90()|x.rot90(2)|x.rot90(-1, (1, 0))|x.roll(1)|x.roll(1, 0)
x.roll((1, 2), (0, 1))|x.roll(shifts=-1, dims=1)
x.repeat(2, 2)|x.repeat(2, 1, 3)|v.repeat(3)|s.repeat(2, 2)|x.tile(2)|x.tile((2, 1))|x.tile(1, 2, 1)|x.repeat_interleave(2)
x.repeat_interleave(2, 0)|x.repeat_interleave(T.tensor([1, 0, 3]), 0)|x.repeat_interleave(T.tensor([2]), dim=1)
T.repeat_interleave(i)
x.diagonal()|x.diagonal(1)|x.diagonal(-1)|b.diagonal(0, 1, 2)|b.diagonal(0, -1, 0)|T.diag(x)|T.diag(v)|T.diag(v, -1)|T.diag(x, 1)
T.diag_embed(x)|T.diag_embed(x, 1, 0, 2)|T.diagflat(x)
x.tril()|x.triu(1)|b.tril(-1)|x.unfold(1, 2, 1)|x.unfold(0, 3, 1)|b.unfold(-1, 2, 2)|T.trace(x[:, :3])
x.as_strided((2, 2), (1, 1))|x.as_strided((2, 2), (4, 1), 1)|x.t().as_strided((3,), (1,))|x[1:].as_strided((2,), (4,))
x.expand(2, 3, 4).as_strided((4,), (1,))
x[0]|x[-1]|x[0, 1]|x[0][1]|x[:, 1]|x[1:]|x[1:, ::2]|x[:]|x[:, :]|x[...]|x[()]|x[..., 0]|x[None]|x[:, None]|x[0:2, None, 1]|x[0, ...]
x[5:1]|x[-10:2]|b[0, ..., 1]|b[:, 1:, ::3]
x[i]|x[:, i]|x[i, i]|x[0, i]|b[i[:1], :, i]|b[:, i, i]|x[i, None]|x[i, 1:]|x[[0, 1]]|x[[True, False, True]]|x[x > 0]|x[x > 9]
b[x[:2, :3] > 0]|b[x[:2, :3] > 0, 1:]|b[:, x > 0]|x[True]|x[False]|x[i[0]]|x[i[:0]]|x[[]]|x[i.int()]|x[T.tensor(True)]|x[-i]
x[[[0, 1], [1, 2]], 0]|b[..., i]|b[0, :, [0, 1]]|x[range(2)]|x[(i[:, None], i[None])]
x[n.array([0, 2])]|x[n.array([True, False, True])]|x[n.int64(1)]|x[:, n.array([3, 0])]|x[n.array(1)]|x[[n.int64(0), 1]]
x.slice_scatter(v[None], 0, 1, 2)|x.select_scatter(v, 0, 1)|x.diagonal_scatter(v[:3])|x.index_select(0, i)|x.index_select(1, i)
v.index_select(0, i)|x.gather(0, i[:, None])|x.gather(1, i[None].expand(3, 2))|x.take(i)
x.take_along_dim(i[:, None], 0)|x.masked_select(x > 0)|x.masked_select(v > 0)
x.scatter(0, i[:, None], x[:2, :1])|x.scatter(0, i[:, None], 1.5)|x.scatter_add(0, i[None].expand(1, 2), x[:1, :2])
x.index_add(0, i, x[:2])|x.index_add(0, i, x[:2], alpha=2)|x.index_copy(0, i, x[:2])|x.index_fill(0, i, 1.5)|x.index_fill(0, i, s)
x.index_put((i,), v)|x.index_put((i, i), v[0], accumulate=True)|x.index_put((T.tensor([0, 0]),), x[:2], accumulate=True)
x.masked_scatter(x > 0, x)|x.put(i, v[:2])|x.put(i, v[:2], True)
i.nonzero()|T.nonzero(x > 0, as_tuple=True)|T.argwhere(x > 0)|T.nonzero(s)|T.tril_indices(3, 4)|T.triu_indices(3, 4, 1)
F.one_hot(i)|F.one_hot(i, 5)
x.numel()|T.numel(b)|T.tensor(3).is_nonzero()|x.storage_offset()|x[1].storage_offset()
"""


def run(source: str) -> Any:
    code = compile(source, source, "eval")
    return lambda T, x, b, v, i, s: eval(code, {"T": T, "n": numpy, "F": functional(T), "x": x, "b": b, "v": v, "i": i, "s": s})


@pytest.mark.parametrize("source", [p.strip() for line in PROGRAMS.strip().splitlines() for p in line.split("|")])
def test_is_what_pytorch_does(source: str) -> None:
    agree(run(source), X, B, V, I, S, strides="nonzero" not in source and "argwhere" not in source)


ERRORS = """
T.cat([])|T.stack([])|T.cat([x, v])|T.cat([x, b[0, :, :3]])|T.cat([s, v])|T.stack([x, v])|T.hstack([])
x.view(5)|x.t().view(12)|x.view(-1, -1)|x.view(-1, 5)|x.view(-2)|T.zeros(0).view(-1, 0)|x.reshape(5)|b.t()|v.H|b.H|v.mT|x.permute(0)
x.permute(0, 0)|x.permute(0, 2)
x.expand(2, 4)|x.expand(-1, 3, 4)|x.transpose(0, 2)|x.squeeze(2)|x.unsqueeze(3)|x.unsqueeze(-4)|x.flatten(1, 0)|x.flatten(0, 2)
x.unflatten(1, (3, 2))|x.unflatten(1, (3, -1))
x.narrow(0, 2, 2)|x.narrow(0, -4, 1)|x.narrow(0, 0, -1)|x.select(0, 3)|x.select(0, -4)|x.select(2, 0)
x[3]|x[0, 4]|x[0, 0, 0]|x[::-1]|x[-4]|x[1.0]|x[T.tensor(1.0)]|x[T.tensor([0, 3])]|x[T.tensor([0, 1]), T.tensor([0, 1, 2])]
x[T.tensor([True, False])]|s[0]|x["a"]
x.split(0)|x.split(-1)|x.split([1, 1])|x.chunk(0)|x.unbind(2)|x.movedim(0, 2)|x.movedim((0, 1), (0,))|x.movedim((0, 0), (0, 1))
x.diagonal(0, 0, 0)|x.unfold(0, 5, 1)|x.unfold(0, 1, 0)
x.flip(0, 0)|x.roll((1, 2), 0)|x.roll((1, 2))|x.repeat(2)|x.repeat(-1, 1)|x.repeat_interleave(T.tensor([1, 2]), 0)|v.tril()
T.diag(b)|x.rot90(1, (0, 0))|x.rot90(1, (0,))
x.index_select(0, T.tensor([3]))|x.index_select(0, T.tensor([[1]]))|x.index_select(0, T.tensor([1.0]))|x.gather(0, T.tensor([[5]]))
x.gather(0, T.tensor([5]))|x.gather(1, T.zeros(4, 1).long())|x.gather(0, T.zeros(1, 1))
x.scatter(0, T.tensor([[5]]), 1.0)|x.scatter_add(0, T.tensor([[5]]), x)|x.masked_select(v[:3] > 0)|x.masked_select(v)
x.take(T.tensor([12]))
x.index_add(0, T.tensor([0, 1]), x)|x.index_copy(0, T.tensor([0]), x)|x.index_fill(0, T.tensor([5]), 1)
x.index_add(0, T.tensor([5]), x[:1])|x.put(T.tensor([1]), v)|x.masked_scatter(x > -9, v)
T.meshgrid(x, v)|T.as_strided(x, (5, 5), (1, 5))|x.type("foo")|T.combinations(x)|T.cartesian_prod(x)|T.tril_indices(-1, 1)
x.swapaxes(0, 3)|x.broadcast_to((3, 5))|T.broadcast_tensors(x, v[:3])|T.column_stack([x, v])|x.hsplit(3)|s.hsplit(1)|x.is_nonzero()
F.one_hot(x)|F.one_hot(T.tensor([-1]))|F.one_hot(T.tensor([3]), 2)
x.index_put((i,), v.float())|x.index_put((i,), T.zeros(3).double())|i.requires_grad_()
"""


@pytest.mark.parametrize("source", [p.strip() for line in ERRORS.strip().splitlines() for p in line.split("|")])
def test_fails_as_pytorch_does(source: str) -> None:
    fail_alike(run(source), X, B, V, I, S)
