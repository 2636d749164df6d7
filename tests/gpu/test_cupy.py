"""Every declared op on a real GPU by cupy: the same results and gradients as on the CPU. Skipped where there is none."""

from __future__ import annotations

import zlib
from typing import Any

import numpy
import pytest

import gradstep.engine as gs
from gradstep.engine import devices
from gradstep.engine.names import NAMES
from gradstep.engine.op import OPS, Op
from gradstep.engine.samples import Call, Sampler

pytestmark = pytest.mark.gpu
assert NAMES  # declares all ops


def _cupy() -> devices.ArrayModule | None:
    try:
        module = devices.array_module(devices.device("cuda"))
        return module if module.module.cuda.runtime.getDeviceCount() else None
    except Exception:  # whatever cupy raises where driver, runtime or device are missing
        return None


@pytest.fixture(scope="module")
def cupy() -> devices.ArrayModule:
    module = _cupy()
    if module is None:
        pytest.skip("no GPU that cupy can use: pip install 'gradstep[cuda12]' or 'gradstep[cuda13]' on a machine with an NVIDIA GPU")
    return module


def _tensors(value: Any) -> list[gs.Tensor]:
    return [t for v in value for t in _tensors(v)] if isinstance(value, (tuple, list)) else [value] if isinstance(value, gs.Tensor) else []


def _results(op: Op, module: devices.ArrayModule) -> list[Any]:
    found: list[Any] = []
    for sample in op.samples(Sampler(zlib.crc32(op.name.encode()), module)):
        args, kwargs = (sample.args, sample.kwargs) if isinstance(sample, Call) else (tuple(sample), {})
        leaves = [t for t in _tensors(list(args)) + _tensors(list(kwargs.values())) if t.dtype.category >= 2]
        for leaf in leaves:
            leaf.requires_grad_(bool(op.differentiable_inputs))
        outs = _tensors(op.function(*args, **kwargs))
        live = [o for o in outs if o.requires_grad]
        grads = gs.autograd.grad(live, leaves, [o.detach() * 0 + 1 for o in live], allow_unused=True) if live else ()
        found += [module.to_host(t._data) for t in (*outs, *grads) if t is not None]
    return found


@pytest.mark.parametrize("op", [pytest.param(op, id=name) for name, op in sorted(OPS.items()) if op.deterministic])
def test_computes_what_the_cpu_computes(op: Op, cupy: devices.ArrayModule) -> None:
    for near, far in zip(_results(op, devices.CPU), _results(op, cupy), strict=True):
        numpy.testing.assert_allclose(far, near, rtol=1e-9, atol=1e-10)
