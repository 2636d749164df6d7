"""float16 and bfloat16: every declared op by its samples, and what types, numbers, printing and errors are, as PyTorch's."""

from __future__ import annotations

import warnings
import zlib
from typing import Any

import numpy
import pytest
import torch

import gradstep.engine as gs
from gradstep.engine.op import Op
from gradstep.engine.samples import Call, Sampler

from .test_ops import NAMED, flat, function

HALVES = ("float16", "bfloat16")


def converted(value: Any, T: Any, kind: str) -> Any:
    """An argument of our samples for ``T``, its floats in half precision."""
    if isinstance(value, gs.Tensor):
        array = numpy.array(value._data)
        made = T.from_numpy(array.astype("float32") if array.dtype == "float64" else array)
        if array.dtype == "float64":
            made = made.to(getattr(T, kind))
        return made.requires_grad_() if made.is_floating_point() else made
    if isinstance(value, gs.dtype):
        return getattr(T, value.name)
    if isinstance(value, (tuple, list)):
        return type(value)(converted(v, T, kind) for v in value)
    return value


def gradients(T: Any, results: list[Any], given: list[Any]) -> list[Any]:
    """The gradients of all that can have one; what arrives is the same in both engines."""
    random = numpy.random.default_rng(1)
    live = [t for t in results if t.requires_grad]
    arrived = [T.from_numpy(random.standard_normal(tuple(t.shape)).astype("float32")).to(t.dtype) for t in live]
    leaves = [t for t in given if t.requires_grad]
    return list(T.autograd.grad(live, leaves, arrived, allow_unused=True)) if live else []


def outcome(T: Any, call: Any, args: list[Any], kwargs: dict[str, Any]) -> tuple[list[Any], list[Any]]:
    results = flat(call(*args, **kwargs), T.Tensor)
    return results, gradients(T, results, flat([*args, *kwargs.values()], T.Tensor))


def close(mine: Any, other: Any, ulps: float, what: str) -> None:
    assert tuple(mine.shape) == tuple(other.shape), what
    assert str(mine.dtype) == str(other.dtype), what
    if mine.dtype.category < 2:
        assert mine.tolist() == other.tolist(), what
        return
    a, b = (t.detach().resolve_conj().to(T.complex128).numpy() for T, t in ((gs, mine), (torch, other)))
    step = float(torch.finfo(other.dtype).eps)
    ulps = ulps if step > 1e-3 else 4 * ulps
    finite = b[numpy.isfinite(b)]
    size = numpy.abs(finite).max(initial=0.0)  # sums are rounded in the order of their terms
    numpy.testing.assert_allclose(a, b, rtol=ulps * step, atol=ulps * step * max(size, 0.01) / 4, err_msg=what)


# PyTorch's sign of a nan depends on how it was converted; its lerp of float16 rounds every step; complex numbers of two
# halves are none of ours; its matrix_exp takes half precision where no other function of linalg does
OTHERWISE = {("signbit", "bfloat16"), ("lerp", "float16"), ("complex", "float16"), ("view_as_complex", "float16")}
OTHERWISE |= {("linalg_matrix_exp", "float16"), ("linalg_matrix_exp", "bfloat16"), ("special_i0e", "bfloat16")}


@pytest.mark.parametrize("kind", HALVES)
@pytest.mark.parametrize("op", NAMED)
def test_every_op_computes_half_precision_in_single_and_rounds_once(op: Op, kind: str) -> None:
    if not op.deterministic or (op.name, kind) in OTHERWISE:
        pytest.skip("nothing to compare")
    compared = 0
    for sample in op.samples(Sampler(zlib.crc32(op.name.encode()))):
        args, kwargs = (sample.args, sample.kwargs) if isinstance(sample, Call) else (tuple(sample), {})
        both = []
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for T, call in ((torch, function(str(op.torch))), (gs, op.function)):
                mine = [converted(a, T, kind) for a in args]
                try:
                    both.append(outcome(T, call, mine, {k: converted(v, T, kind) for k, v in kwargs.items()}))
                except (RuntimeError, NotImplementedError) as error:
                    if T is torch:
                        break
                    raise AssertionError(f"{op.name}{mine}{kwargs}") from error
        if len(both) < 2:
            continue
        compared += 1
        (others, other_grads), (results, grads) = both
        for a, b in zip(results, others, strict=True):
            close(a, b, 1, f"{op.name}{args}{kwargs}")
        for a, b in zip(grads, other_grads, strict=True):
            assert (a is None) == (b is None)
            if a is not None:
                close(a, b, 8, f"gradient of {op.name}{args}{kwargs}")
    if not compared:
        pytest.skip("PyTorch has it in no half precision")
