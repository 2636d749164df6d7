"""Every declared op over a batch: ``vmap`` gives what PyTorch's gives, or where PyTorch has no rule, what the samples give one by one."""

from __future__ import annotations

import zlib
from typing import Any

import numpy
import pytest
import torch

import gradstep.engine as gs
from gradstep.engine import func
from gradstep.engine.methods import TORCH
from gradstep.engine.op import OPS, Op
from gradstep.engine.samples import Call, Sampler

from .test_ops import close, flat, function, ours, theirs

assert TORCH, "the families are loaded with the names of torch"
pytestmark = pytest.mark.filterwarnings("ignore:There is a performance drop", "ignore:torch.(cholesky|triangular_solve) is deprecated")
UNKNOWN_SIZE = ("bincount", "masked_select", "nonzero")
NAMED = [pytest.param(op, id=name) for name, op in sorted(OPS.items()) if op.deterministic and name not in UNKNOWN_SIZE]


def samples_of(op: Op, count: int) -> list[list[Any]]:
    """Several draws of an op's samples: the same shapes and parameters, other numbers."""
    return [
        [s if isinstance(s, Call) else Call(tuple(s), {}) for s in op.samples(Sampler(zlib.crc32(op.name.encode()) + i))]
        for i in range(count)
    ]


def batch(values: list[Any], every: bool, inside: bool) -> tuple[Any, Any]:
    """The values of one argument in several draws as one argument with a batch dimension, and where that is."""
    first = values[0]
    if isinstance(first, gs.Tensor):
        if not every and not first.is_floating_point():
            return first, None
        dim = int(inside and first.is_floating_point() and first.dim() > 0)
        return gs.stack([v.detach() for v in values], dim), dim
    if isinstance(first, (tuple, list)):
        pairs = [batch([v[i] for v in values], every, inside) for i in range(len(first))]
        return type(first)(p[0] for p in pairs), type(first)(p[1] for p in pairs)
    return first, None


def alike(values: list[Any]) -> bool:
    """Whether the parameters of several draws are the same, so that they form a batch."""
    return len({repr([v if not isinstance(v, gs.Tensor) else v.shape for v in flat_all(x)]) for x in values}) == 1


def flat_all(value: Any) -> list[Any]:
    return [v for part in value for v in flat_all(part)] if isinstance(value, (tuple, list)) else [value]


def sample_at(value: Any, dims: Any, number: int) -> Any:
    if isinstance(value, gs.Tensor):
        return value if dims is None else value.select(dims, number)
    if isinstance(value, (tuple, list)):
        return type(value)(sample_at(v, d, number) for v, d in zip(value, dims, strict=True))
    return value


@pytest.mark.parametrize("every", [True, False], ids=["all", "floats"])
@pytest.mark.parametrize("op", NAMED)
def test_a_batch_gives_what_its_samples_give(op: Op, every: bool) -> None:
    draws = samples_of(op, 3)
    compared = 0
    for column in zip(*draws, strict=True):
        if not alike([[c.args, list(c.kwargs.values())] for c in column]):
            continue
        kwargs = column[0].kwargs
        args, dims = batch(
            [[*ours(list(c.args), gs.float64), *(ours(v, gs.float64) for v in c.kwargs.values())] for c in column],
            every,
            every and not op.view and op.name != "_view_copy",  # a view of what has gaps may be impossible
        )
        if not any(d is not None for d in flat_all(dims)):
            continue
        args = [a.detach() if isinstance(a, gs.Tensor) else a for a in args]

        def call(*given: Any, names: Any = tuple(kwargs), function: Any = op.function) -> Any:
            split = len(given) - len(names)
            return function(*given[:split], **dict(zip(names, given[split:], strict=True)))

        what = f"{op.name}{column[0]}"
        mine = flat(func.vmap(call, tuple(dims))(*args), gs.Tensor)
        rows = [flat(call(*sample_at(args, dims, i)), gs.Tensor) for i in range(3)]
        assert len(mine) == len(rows[0])
        for a, parts in zip(mine, zip(*rows, strict=True), strict=True):
            stacked = gs.stack(parts)
            assert a.dtype is stacked.dtype, what
            assert a.shape == stacked.shape, what
            numpy.testing.assert_allclose(a._data, stacked._data, rtol=1e-9, atol=1e-10, err_msg=what)
        compared += 1
        if op.torch is None or (op.name == "index_select" and column[0].args[2].dim() == 0):
            continue  # of a 0-d index PyTorch's vmap gives another shape than PyTorch
        try:
            other = flat(
                torch.vmap(lambda *given: call(*given, function=function(op.torch)), tuple(dims))(*theirs(args, None)), torch.Tensor
            )
        except (RuntimeError, NotImplementedError, ValueError, IndexError, TypeError):
            continue  # PyTorch cannot
        for a, b in zip(mine, other, strict=True):
            close(a, b, False, what)
    if not compared:
        pytest.skip("no sample has a tensor to map over")
