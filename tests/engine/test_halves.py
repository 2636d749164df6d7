"""16-bit floats: what programs without them pay for, and that every op takes them, also on a device of its own."""

from __future__ import annotations

import subprocess
import sys
import zlib

import numpy
import pytest

import gradstep.engine as gs
from gradstep.engine import devices
from gradstep.engine.op import OPS
from gradstep.engine.samples import Sampler

from .standin import STANDIN

SIMPLE = ("add", "mul", "exp", "sum", "softmax", "matmul", "mm", "gelu", "sort", "cumsum", "layer_norm")


def test_a_program_without_16_bit_floats_loads_nothing_for_them() -> None:
    code = """
import sys
import gradstep.engine as torch
x = torch.randn(3, 3, requires_grad=True)
(x @ x).softmax(0).sum().backward()
torch.bfloat16, torch.finfo(torch.bfloat16), torch.promote_types(torch.float16, torch.float32)
from gradstep.engine import dtypes
print("ml_dtypes" in sys.modules, dtypes.HALVES)
torch.zeros(1, dtype=torch.bfloat16)
print("ml_dtypes" in sys.modules, len(dtypes.HALVES))
"""
    done = subprocess.run([sys.executable, "-P", "-W", "error", "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout == "False set()\nTrue 1\n", done.stderr


def test_what_is_computed_in_single_is_rounded_once() -> None:
    x = gs.tensor([1.0, 2.0**-9, -1.0], dtype=gs.bfloat16)
    assert x.sum().item() == 2.0**-9  # adding in bfloat16 would have lost it
    y = gs.full((1000,), 0.1, dtype=gs.float16)
    assert abs(y.sum().item() - 100) < 0.1


def test_the_type_of_a_result_may_be_chosen() -> None:
    x = gs.ones(3, dtype=gs.bfloat16)
    assert x.sum(dtype=gs.float32).dtype is gs.float32
    assert gs.ones(3).sum(dtype=gs.bfloat16).dtype is gs.bfloat16
    assert (x > 0).dtype is gs.bool
    assert x.argmax().dtype is gs.int64


def test_views_share_memory_and_casts_are_exact() -> None:
    x = gs.arange(6).to(gs.bfloat16).view(2, 3)
    x.t()[0, 1] = 7
    assert x.tolist() == [[0, 1, 2], [7, 4, 5]]
    assert x.float().bfloat16().equal(x)
    assert x.view(gs.int16).view(gs.bfloat16).equal(x)


@pytest.mark.parametrize("kind", ["float16", "bfloat16"])
@pytest.mark.parametrize("name", [name for name in SIMPLE if name in OPS])
def test_ops_take_them_on_a_device_that_does_not_mix_with_numpy(name: str, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(devices._MODULES, "cuda", STANDIN)
    monkeypatch.setitem(devices._BY_TYPE, STANDIN.ndarray, STANDIN)
    results = []
    for module in (devices.CPU, STANDIN):
        sampler = Sampler(zlib.crc32(name.encode()), module)
        sample = next(s for s in OPS[name].samples(sampler) if isinstance(s, tuple))
        args = [a.to(getattr(gs, kind)) if isinstance(a, gs.Tensor) and a.is_floating_point() else a for a in sample]
        made = OPS[name].function(*args)
        results.append(made[0] if isinstance(made, tuple) else made)
    near, far = results
    assert str(near.dtype) == str(far.dtype) == f"torch.{kind}"
    numpy.testing.assert_array_equal(near.float()._data, STANDIN.to_host(far.float()._data))
