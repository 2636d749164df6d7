"""Every declared op against PyTorch by the same samples: results, types, gradients and the names of backward nodes."""

from __future__ import annotations

import re
import zlib
from typing import Any

import numpy
import pytest

import gradstep.engine as gs
from gradstep.engine.methods import TORCH
from gradstep.engine.op import OPS, Op
from gradstep.engine.samples import Call, Sampler

torch = pytest.importorskip("torch")

assert TORCH, "the families are loaded with the names of torch"
NAMED = [pytest.param(op, id=name) for name, op in sorted(OPS.items()) if op.torch]


def theirs(value: Any, kind: Any) -> Any:
    """Our arguments as PyTorch's; floats in ``kind``."""
    if isinstance(value, gs.Tensor):
        made = torch.from_numpy(numpy.array(value._data))
        if made.dtype is torch.float64 and kind is not None:
            made = made.to(kind)
        return made.requires_grad_() if value.requires_grad else made
    if isinstance(value, gs.dtype):
        return getattr(torch, value.name)
    if isinstance(value, (tuple, list)):
        return type(value)(theirs(v, kind) for v in value)
    return value


def ours(value: Any, kind: Any) -> Any:
    """Our arguments as leaves of type ``kind``."""
    if isinstance(value, gs.Tensor):
        array = value._data.astype(kind.numpy) if value.dtype is gs.float64 else value._data.copy()
        made = gs.from_numpy(array)
        return made.requires_grad_() if made.dtype.category >= 2 else made
    if isinstance(value, (tuple, list)):
        return type(value)(ours(v, kind) for v in value)
    return value


def flat(value: Any, cls: Any) -> list[Any]:
    if isinstance(value, cls):
        return [value]
    return [t for v in value for t in flat(v, cls)] if isinstance(value, (tuple, list)) else []


def function(name: str) -> Any:
    found: Any = torch
    for part in name.split("."):
        found = getattr(found, part)
    return found


def close(a: Any, b: Any, single: bool, what: str) -> None:
    b = b.detach().resolve_conj().resolve_neg().numpy(force=True)  # force: PyTorch has a special tensor of zeros
    assert a._data.shape == b.shape, what
    assert a._data.dtype == b.dtype, what
    rtol, atol = (2e-4, 2e-5) if single or a._data.dtype in ("float32", "complex64") else (1e-9, 1e-10)
    numpy.testing.assert_allclose(a._data, b, rtol=rtol, atol=atol, err_msg=what)


@pytest.mark.filterwarnings("ignore:torch.(cholesky|triangular_solve) is deprecated")
@pytest.mark.parametrize("single", [False, True], ids=["float64", "float32"])
@pytest.mark.parametrize("op", NAMED)
def test_equals_pytorch(op: Op, single: bool) -> None:
    if not op.deterministic:
        pytest.skip("random: two libraries draw different numbers")
    assert op.torch
    kind = gs.float32 if single else gs.float64
    for sample in op.samples(Sampler(zlib.crc32(op.name.encode()))):
        args, kwargs = (sample.args, sample.kwargs) if isinstance(sample, Call) else (tuple(sample), {})
        args, kwargs = ours(list(args), kind), {k: ours(v, kind) for k, v in kwargs.items()}
        torch_args = theirs(args, getattr(torch, kind.name))
        torch_kwargs = {k: theirs(v, getattr(torch, kind.name)) for k, v in kwargs.items()}
        mine = flat(op.function(*args, **kwargs), gs.Tensor)
        other = flat(function(op.torch)(*torch_args, **torch_kwargs), torch.Tensor)
        assert len(mine) == len(other)
        for a, b in zip(mine, other, strict=True):
            close(a, b, single, f"{op.name}{args}{kwargs}")
            assert a.requires_grad == b.requires_grad
            if b.grad_fn is not None:
                assert a.grad_fn.name() == b.grad_fn.name()
                if len(b.grad_fn.next_functions) == len(a.grad_fn.next_functions):
                    assert [f[0] is not None for f in a.grad_fn.next_functions] == [f[0] is not None for f in b.grad_fn.next_functions]
        pairs = [(a, b) for a, b in zip(mine, other, strict=True) if a.requires_grad]
        if not pairs:
            continue
        random = numpy.random.default_rng(1)
        seeds = [random.standard_normal(a._data.shape).astype(a._data.dtype) for a, _ in pairs]
        leaves = [t for t in flat([*args, *kwargs.values()], gs.Tensor) if t.requires_grad]
        torch_leaves = [t for t in flat([*torch_args, *torch_kwargs.values()], torch.Tensor) if t.requires_grad]
        try:
            other_grads = torch.autograd.grad([b for _, b in pairs], torch_leaves, [torch.from_numpy(s) for s in seeds], allow_unused=True)
        except RuntimeError as error:
            if "is not implemented" not in str(error):
                raise
            with pytest.raises(type(error), match=f"^{re.escape(str(error).rstrip('.'))}"):
                gs.autograd.grad([a for a, _ in pairs], leaves, [gs.from_numpy(s) for s in seeds], allow_unused=True)
            continue
        mine_grads = gs.autograd.grad([a for a, _ in pairs], leaves, [gs.from_numpy(s) for s in seeds], allow_unused=True)
        for ga, gb in zip(mine_grads, other_grads, strict=True):
            assert (ga is None) == (gb is None), f"{op.name}{args}{kwargs}"
            if ga is not None:
                close(ga, gb, single, f"gradient of {op.name}{args}{kwargs}")
