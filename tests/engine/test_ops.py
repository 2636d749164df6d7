"""Every declared op, by its own samples: gradients of first and second order, and the same results on the pretended device."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Any

import numpy
import pytest

import gradstep.engine as gs
from gradstep.engine import devices
from gradstep.engine.autograd.gradcheck import gradcheck, gradgradcheck
from gradstep.engine.methods import TORCH
from gradstep.engine.op import OPS, Op
from gradstep.engine.samples import Call, Sampler

from .standin import STANDIN

assert TORCH, "the families are loaded with the names of torch"
ALL = [pytest.param(op, id=name) for name, op in sorted(OPS.items())]


def calls(op: Op, module: devices.ArrayModule = devices.CPU) -> Iterator[tuple[tuple[Any, ...], dict[str, Any]]]:
    """The arguments of the op's sample calls, the same numbers for every module."""
    sampler = Sampler(zlib.crc32(op.name.encode()), module)
    for sample in op.samples(sampler):
        yield (sample.args, sample.kwargs) if isinstance(sample, Call) else (tuple(sample), {})


def tensors(value: Any) -> list[gs.Tensor]:
    """The tensors in an op's result."""
    return [t for v in value for t in tensors(v)] if isinstance(value, (tuple, list)) else [value] if isinstance(value, gs.Tensor) else []


@pytest.mark.parametrize("op", ALL)
def test_is_declared_with_samples_and_a_sentence(op: Op) -> None:
    assert op.doc.strip().endswith((".", ":")), "a docstring, in sentences"
    assert list(calls(op)), "samples"


@pytest.mark.parametrize("op", [p for p in ALL if p.values[0].differentiable_inputs and p.values[0].gradcheck])
def test_gradients_equal_central_differences(op: Op) -> None:
    for args, kwargs in calls(op):
        flat = list(args[0]) + list(args[1:]) if op.variadic else list(args)
        count = len(args[0]) if op.variadic else 0
        names = list(op.signature.parameters)

        def differentiable(i: int, count: int = count, names: list[str] = names) -> bool:
            name = names[0] if i < count else names[i - count + 1 if count else i]
            return name in op.differentiable_inputs

        inputs = [
            t.requires_grad_() if isinstance(t, gs.Tensor) and t.dtype.category >= 2 and differentiable(i) else t
            for i, t in enumerate(flat)
        ]
        if not any(isinstance(t, gs.Tensor) and t.requires_grad for t in inputs):
            continue

        def call(*xs: Any, count: int = count, kwargs: dict[str, Any] = kwargs) -> Any:
            return op.function(list(xs[:count]), *xs[count:], **kwargs) if count else op.function(*xs, **kwargs)

        assert gradcheck(call, inputs, fast_mode=True, atol=1e-6, rtol=1e-5)
        assert gradgradcheck(call, inputs, fast_mode=True, atol=1e-6, rtol=1e-4)


@pytest.fixture
def standin(monkeypatch: pytest.MonkeyPatch) -> devices.ArrayModule:
    monkeypatch.setitem(devices._MODULES, "cuda", STANDIN)
    monkeypatch.setitem(devices._BY_TYPE, STANDIN.ndarray, STANDIN)
    return STANDIN


@pytest.mark.parametrize("op", ALL)
def test_computes_the_same_on_a_device_that_does_not_mix_with_numpy(op: Op, standin: devices.ArrayModule) -> None:
    for (args, kwargs), (far, far_kwargs) in zip(calls(op), calls(op, standin), strict=True):
        results = []
        for given, named in ((args, kwargs), (far, far_kwargs)):
            leaves = [t for t in tensors(list(given)) + tensors(list(named.values())) if t.dtype.category >= 2]
            for t in leaves:
                t.requires_grad_(bool(op.differentiable_inputs))
            gs.manual_seed(0)
            outs = tensors(op.function(*given, **named))
            live = [o for o in outs if o.requires_grad]
            grads: Any = ()
            if live:
                ones = [o.detach() * 0 + 1 for o in live]
                try:
                    grads = gs.autograd.grad(live, leaves, ones, allow_unused=True)
                except RuntimeError as error:  # an op without a derivative says so
                    if "is not implemented" not in str(error):
                        raise
            results.append((outs, [g for g in grads if g is not None]))
        (near_outs, near_grads), (far_outs, far_grads) = results
        assert all(type(t._data) is standin.ndarray for t in far_outs + far_grads)
        if op.deterministic:
            for near, distant in zip(near_outs + near_grads, far_outs + far_grads, strict=True):
                # the host has kernels of its own, which sum in another order
                numpy.testing.assert_allclose(near._data, standin.to_host(distant._data), rtol=1e-12, atol=1e-14)
