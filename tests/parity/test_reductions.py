"""Sums, extremes, running results, sorting and counting: values, indices, types, graphs, gradients and errors are PyTorch's."""

from __future__ import annotations

from typing import Any

import numpy
import pytest

from .compare import agree, fail_alike, functional

random = numpy.random.default_rng(3)
X = random.permutation(12).reshape(3, 4) * 0.3 - 1.55
B = random.permutation(24).reshape(2, 3, 4) * 0.2 - 2.15
I = numpy.array([[3, 1, 1, 0], [2, 2, 5, 0]])  # noqa: E741
N = numpy.array([1.5, numpy.nan, -2.0, 0.5])
Z = numpy.array([[1.5, 0.0, 2.0], [0.0, 3.0, 0.0], [2.0, 2.0, 1.0]])
S = numpy.array(1.5)

# written as PyTorch code over x (3, 4), b (2, 3, 4), i (2, 4) integers, n with a nan, z (3, 3) with zeros and ties, s (0-d)
PROGRAMS = """
x.sum()|x.sum(0)|x.sum(-1, keepdim=True)|b.sum((0, 2))|b.sum(dim=(0, -1), keepdim=True)|x.sum(())|x.sum([])|x.sum(axis=1, keepdims=True)
s.sum()|s.sum(0)|i.sum()|(i > 1).sum()|(i > 1).sum(0)|i.to(T.uint8).sum(1)|x.sum(dtype=T.float32)|i.sum(dtype=T.float64)|T.sum(x, 1, True)
x.mean()|x.mean(0)|b.mean((0, 2), True)|i.mean(dtype=T.float64)|x.mean(-1, dtype=T.float32)|s.mean()|x.half().sum()|x.half().mean(0)
n.nansum()|n.nansum(0)|n.nanmean()|x.prod()|x.prod(1)|x.prod(-2, keepdim=True)|z.prod()|z.prod(1)|z.prod(0)|i.prod(1)|(i > 0).prod()
s.prod()
x.var()|x.var(0)|x.var(1, keepdim=True)|x.var(unbiased=False)|x.var(0, False)|x.var(0, correction=0)|b.var((0, 2))|x.std()|x.std(0)
x.std(False)
x.std(dim=1, unbiased=True, keepdim=True)|T.var_mean(x)|T.var_mean(x, 1, keepdim=True)|T.std_mean(x, 0)|T.std_mean(x, (0, 1), correction=2)
x.norm()|x.norm(1)|x.norm(3)|x.norm(2.5, 0)|x.norm(float("inf"))|x.norm(-float("inf"), 1)|x.norm(dim=1)|x.norm(2, 0, True)
x.norm("fro", (0, 1))
T.norm(x, 0)|T.norm(x, p=1, dim=0)|x.detach().float().norm(dtype=T.float64)|(x * 0).norm()|(x * 0).norm(3)|T.dist(x, z.sum())
T.dist(x, x * 2, 1)|x.norm(0.5)
x.logsumexp(0)|x.logsumexp((0, 1))|b.logsumexp(-1, True)|(x * 1000).logsumexp(1)|(x * 0 - T.inf).logsumexp(0).detach()|i.logsumexp(0)
i.all()|i.any()|(i > 0).all(1)|(x > 0).any(0, keepdim=True)|i.to(T.uint8).all()|(b > -9).all((0, 2))|x.count_nonzero()|i.count_nonzero(1)
n.all()
x.max()|x.min()|z.max()|z.min()|(z * 0).max()|n.max().detach()|x.max(0)|x.max(-1, keepdim=True)|x.min(1)|z.max(1)|z.min(1)|n.max(0).indices
x.max(dim=1).values|i.max()|i.max(1)|(i > 1).max()|(i > 1).max(1)|s.max(0)|s.max()|x.max(x * 2)|x.max(other=x * 2)|T.min(x, s)
T.max(x, 1)[1]
x.amax()|x.amax(0)|b.amax((0, 2))|x.amin(-1, True)|z.amax(1)|z.amin((0, 1))|i.amax(1)|x.aminmax()|x.aminmax(dim=1)
z.aminmax(dim=0, keepdim=True)
x.argmax()|x.argmax(1)|x.argmin(0, keepdim=True)|z.argmax(1)|z.argmin()|n.argmax()|n.argmin()|i.argmax(1)|s.argmax()|x.argmax(keepdim=True)
x.cumsum(0)|x.cumsum(-1)|i.cumsum(1)|(i > 1).cumsum(0)|x.cumsum(0, dtype=T.float32)|s.cumsum(0)|x.cumprod(0)|z.cumprod(0)|z.cumprod(1)
i.cumprod(1)
x.cummax(0)|x.cummin(1)|z.cummax(0)|z.cummin(1)|n.cummax(0).indices|i.cummax(1)|s.cummax(0)|x.logcumsumexp(1)|x.logcumsumexp(0)
s.logcumsumexp(0)
x.diff()|x.diff(n=2)|x.diff(dim=0)|x.diff(prepend=x[:, :1])|x.diff(append=x[:, :1], n=2)|i.diff()|(i > 1).diff()
x.median()|x.median(1)|x.median(0, True)|n.median().detach()|n.median(0).indices|n.nanmedian()|n.nanmedian(0)|i.median()|s.median()
z.max(0).values
x.sort()|x.sort(0, descending=True)|i.sort(stable=True)|i.argsort(stable=True)|x.argsort(0)|x.msort()|n.sort()|x.topk(2)
x.topk(2, 0, largest=False)
x.topk(3, sorted=True)|s.sort()|x.kthvalue(2)|x.kthvalue(3, 0, True)|x[0].mode()[0]|i.mode(1)|T.mode(T.tensor([[1.0, 3.0, 3.0, 1.0, 2.0]]))
i.sort(1, True, stable=True) if False else i.sort(1, True).values
T.quantile(x, 0.4)|T.quantile(x, 0.4, dim=1)|T.quantile(x, 0.4, dim=0, keepdim=True)|T.quantile(x, T.tensor([0.1, 0.9]).double(), dim=1)
T.quantile(x, 0.3, interpolation="lower")|T.quantile(x, 0.3, dim=1, interpolation="higher")|T.quantile(x, 0.3, interpolation="nearest")
T.quantile(x, 0.3, dim=1, interpolation="midpoint")|T.nanquantile(n, 0.4)|T.quantile(n.detach(), 0.4)|T.quantile(x, 0.4, keepdim=True)
i.unique()|i.unique(return_inverse=True)|i.unique(return_counts=True)|T.unique(i, return_inverse=True, return_counts=True)|i.unique(dim=0)
i.unique(dim=1)|i.unique_consecutive()|i.unique_consecutive(return_inverse=True, return_counts=True)|T.unique_consecutive(i, dim=1)
T.bincount(i[0])|T.bincount(i[0], minlength=9)|T.bincount(i[0], T.tensor([0.5, 1, 2, 3]))|T.histc(x.detach(), 4)
T.histc(x.detach(), 3, -1, 1)
T.searchsorted(T.tensor([1.0, 2.0, 3.0]).double(), x)|T.bucketize(x, T.tensor([-1.0, 0.0, 1.0]).double(), right=True)
T.zeros(0).sum()|T.zeros(0).prod()|T.zeros(0, 3).sum(0)|T.zeros(0, 3).mean(0)|T.zeros(0).norm()|T.zeros(0).cumsum(0)|T.zeros(0, 3).amax(1)
T.zeros(0).logsumexp(0)|T.zeros(0).all()|T.zeros(0).any()|T.zeros(0).median()|T.zeros(0).cummax(0)|T.zeros(0, 3).argmax(1)
T.zeros(0).softmax(0)
"""


def run(source: str) -> Any:
    code = compile(source, source, "eval")
    return lambda T, x, b, i, n, z, s: eval(code, {"T": T, "F": functional(T), "x": x, "b": b, "i": i, "n": n, "z": z, "s": s})


def split(programs: str) -> list[str]:
    return [p.strip() for line in programs.strip().splitlines() for p in line.split("|")]


SINGLE = ("half", "float32", "i.logsumexp", "T.bincount")
# composites that PyTorch puts together otherwise
OTHER_GRAPH = ("T.quantile", "T.nanquantile")


@pytest.mark.parametrize("source", split(PROGRAMS))
def test_is_what_pytorch_does(source: str) -> None:
    loose = 2e-3 if "half" in source else 1e-6 if any(word in source for word in SINGLE) else 1e-12
    if source.startswith(OTHER_GRAPH):
        source = f"({source}) * 1"  # nor is it a view of the same
    agree(run(source), X, B, I, N, Z, S, rtol=loose, graphs="* 1" not in source)


ERRORS = """
x.sum(2)|x.sum((0, 0))|x.sum(-3)|i.mean()|x.mean(3)|i.std()|x.prod(2)|T.zeros(0).max()|T.zeros(0, 2).max(0)|T.zeros(0, 2).amax(0)
T.zeros(0).argmax()
T.zeros(0, 2).argmax(0)|T.zeros(0).aminmax()|T.zeros(0).norm(float("inf"))|i.norm()|(i > 1).argmax()|x.argmax(2)|x.max(2)|x.cumsum(2)
x.cummax(2)
x.norm(dtype=T.float32)|x.kthvalue(9)|x.topk(9)|T.zeros(0, 2).median(0)|T.zeros(0).mode()|T.quantile(T.zeros(0), 0.5)|T.quantile(i, 0.5)
T.quantile(x, 2.0)|s.diff()
T.quantile(x, 0.5, interpolation="foo")|T.quantile(x, T.tensor(0.5))|T.bincount(x)|T.bincount(i)|T.bincount(-i[0])|T.histc(i, 3)
T.histc(x, 0)
x.sort(2)|x.median(5)|x.logsumexp(4)|x.amax((0, 0))|x.nansum(3)|x.all(2)|x.norm(2, 5)|x.logcumsumexp(2)|x.var(3)|x.cumprod(-3)|x.softmax(5)
"""


@pytest.mark.parametrize("source", split(ERRORS))
def test_fails_as_pytorch_does(source: str) -> None:
    fail_alike(run(source), X, B, I, N, Z, S, words=26)


def test_named_results_print_and_read_as_pytorch_does() -> None:
    def program(T: Any, x: Any, *_: Any) -> str:
        x = x.detach()
        results = [x.max(0), x.min(1, keepdim=True), x.sort(), x.topk(2), x.median(0), x.mode(), x.cummax(0), x.aminmax(), x.kthvalue(1)]
        first, second = results[0]
        return "\n".join(map(repr, results)) + repr(first) + repr(second) + repr(results[-2].min) + repr(results[0][1])

    import torch

    import gradstep.engine as gs

    from .compare import inputs

    assert program(gs, *inputs(gs, X, B)) == program(torch, *inputs(torch, X, B))
