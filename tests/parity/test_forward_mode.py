"""Every declared op with dual tensors: the tangents of its results are those that PyTorch computes, where it can."""

from __future__ import annotations

import zlib
from typing import Any

import numpy
import pytest
import torch
import torch.autograd.forward_ad as theirs_ad

import gradstep.engine as gs
import gradstep.engine.autograd.forward_ad as ours_ad
from gradstep.engine.methods import TORCH
from gradstep.engine.op import OPS, Op
from gradstep.engine.samples import Call, Sampler

from .test_ops import flat, function, ours, theirs

assert TORCH, "the families are loaded with the names of torch"
pytestmark = [
    pytest.mark.filterwarnings("ignore:.torch.jit.*:DeprecationWarning"),  # PyTorch scripts some of its decompositions
    pytest.mark.filterwarnings("ignore:torch.*is deprecated in favor of"),
]
WRONG = ("cholesky_inverse", "triangular_solve")  # PyTorch's tangents are not what finite differences give
NAMED = [
    pytest.param(op, id=name)
    for name, op in sorted(OPS.items())
    if op.torch and op.deterministic and name not in WRONG and (op.differentiable_inputs or op.view)
]


def duals(value: Any, make: Any, cls: Any, random: numpy.random.Generator, every: bool, symmetric: bool) -> Any:
    """The arguments with a tangent on each float tensor, on every other one unless ``every``."""
    if isinstance(value, cls):
        if not (value.is_floating_point() or value.is_complex()):
            return value
        seed = random.standard_normal(tuple(value.shape)) + (1j * random.standard_normal(tuple(value.shape)) if value.is_complex() else 0)
        if not every and random.random() < 0.5:
            return value
        if symmetric:
            seed = seed + seed.swapaxes(-1, -2)
        tangent = (gs if cls is gs.Tensor else torch).from_numpy(numpy.asarray(seed)).to(value.dtype)
        return make(value.detach(), tangent)
    if isinstance(value, (tuple, list)):
        return type(value)(duals(v, make, cls, random, every, symmetric) for v in value)
    return value


@pytest.mark.parametrize("every", [True, False], ids=["all", "some"])
@pytest.mark.parametrize("op", NAMED)
def test_tangents_equal_pytorch(op: Op, every: bool) -> None:
    assert op.torch
    compared = 0
    symmetric = op.name in ("linalg_cholesky", "linalg_cholesky_ex", "cholesky")  # of other matrices it has no derivative
    for number, sample in enumerate(op.samples(Sampler(zlib.crc32(op.name.encode())))):
        args, kwargs = (sample.args, sample.kwargs) if isinstance(sample, Call) else (tuple(sample), {})
        mine = ours([list(args), list(kwargs.values())], gs.float64)
        other = theirs(mine, torch.float64)
        with ours_ad.dual_level(), theirs_ad.dual_level():
            mine = duals(mine, ours_ad.make_dual, gs.Tensor, numpy.random.default_rng(number), every, symmetric)
            other = duals(other, theirs_ad.make_dual, torch.Tensor, numpy.random.default_rng(number), every, symmetric)
            try:
                wanted = flat(function(op.torch)(*other[0], **dict(zip(kwargs, other[1], strict=True))), torch.Tensor)
            except (NotImplementedError, RuntimeError) as error:
                if "forward" in str(error).lower() or "not implemented" in str(error):
                    continue  # PyTorch has no forward derivative here
                raise
            found = flat(op.function(*mine[0], **dict(zip(kwargs, mine[1], strict=True))), gs.Tensor)
            for a, b in zip(found, wanted, strict=True):
                a_tangent, b_tangent = ours_ad.unpack_dual(a).tangent, theirs_ad.unpack_dual(b).tangent
                if b_tangent is None and "prod" in args:
                    continue  # PyTorch forgets the tangent of scatter_reduce's products
                if b_tangent is None:
                    assert a_tangent is None or not a_tangent._data.any(), f"{op.name}{args}{kwargs}"
                    continue
                expected = b_tangent.detach().resolve_conj().resolve_neg().numpy(force=True)
                if a_tangent is None:
                    assert not expected.any(), f"{op.name}{args}{kwargs}"
                    continue
                assert a_tangent.shape == a.shape
                assert a_tangent.dtype is a.dtype
                numpy.testing.assert_allclose(a_tangent._data, expected, rtol=1e-9, atol=1e-10, err_msg=f"{op.name}{args}{kwargs}")
                compared += 1
    if not compared:
        pytest.skip("PyTorch has no forward derivative of this")
