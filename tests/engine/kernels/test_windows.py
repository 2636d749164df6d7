"""Compiled kernels of windows against plain ones, for strides, dilations, groups, lines and planes."""

from __future__ import annotations

from typing import Any

import numpy
import pytest

from gradstep.engine import devices
from gradstep.engine.kernels import convolve, plain, threads, wide

pytest.importorskip("numba", reason="numba, the extra 'fast', is not installed")

from gradstep.engine.kernels import compiled_windows

F = numpy.float32
WIDE = devices.wide(devices.CPU)
FORMS = [  # N, C, sizes, outs, kernel, stride, padding, dilation, groups
    (3, 4, (20, 19), 6, (3, 3), (1, 1), (1, 1), (1, 1), 1),
    (3, 4, (9, 8), 6, (3, 2), (2, 1), (1, 0), (1, 2), 2),
    (2, 3, (17, 30), 3, (3, 5), (1, 2), (2, 2), (2, 1), 3),
    (2, 3, (17, 30), 3, (3, 3), (1, 1), (1, 1), (1, 1), 3),
    (2, 5, (9, 40), 4, (1, 1), (1, 1), (0, 0), (1, 1), 1),
    (2, 4, (9, 9), 4, (1, 1), (2, 2), (0, 0), (1, 1), 2),
    (3, 4, (400,), 5, (7,), (1,), (3,), (1,), 1),
    (3, 4, (40,), 4, (3,), (2,), (1,), (2,), 4),
]


@pytest.fixture(autouse=True, params=[1, 3])
def fast(request: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(wide, "_enabled", True)
    monkeypatch.setattr("gradstep.engine.kernels.wide_windows._GRAIN", 16)
    before = threads.count()
    threads.set_count(request.param)
    yield
    threads.set_count(before)


def calls_of(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Notes which compiled kernels are called."""
    called: list[str] = []
    for name in ("unfold", "unfold_apart", "fold", "fold_apart", "each", "each_back", "each_across"):
        kernel = getattr(compiled_windows, name)
        monkeypatch.setattr(compiled_windows, name, lambda *args, name=name, kernel=kernel: (called.append(name), kernel(*args)))
    return called


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_convolutions_are_the_plain_ones(form: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    n, c, sizes, outs, kernel, stride, padding, dilation, groups = form
    generator = numpy.random.default_rng(0)
    x = generator.standard_normal((n, c, *sizes), dtype=F)
    weight = generator.standard_normal((outs, c // groups, *kernel), dtype=F)
    rest = (stride, padding, dilation, groups)
    called = calls_of(monkeypatch)
    monkeypatch.setattr(convolve, "PIECE", 1 << 12)  # several pieces, the last one smaller
    out = WIDE.correlate(x, weight, *rest)
    grad = generator.standard_normal(out.shape, dtype=F)
    made = (out, WIDE.correlate_back(grad, weight, x.shape, *rest), WIDE.correlate_across(x, grad, weight.shape, *rest))
    wide_x, wide_weight, wide_grad = (a.astype("float64") for a in (x, weight, grad))
    expected = (
        plain.KERNELS["correlate"](devices.CPU, wide_x, wide_weight, *rest),
        plain.KERNELS["correlate_back"](devices.CPU, wide_grad, wide_weight, x.shape, *rest),
        plain.KERNELS["correlate_across"](devices.CPU, wide_x, wide_grad, weight.shape, *rest),
    )
    for ours, theirs in zip(made, expected, strict=True):
        assert ours.shape == theirs.shape
        assert ours.dtype == F
        assert ours.flags.c_contiguous
        numpy.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-4)
    assert bool(called) is (kernel != (1, 1) or stride != (1, 1))
    if groups == c == outs:
        assert {name.partition("_")[0] for name in called} == {"each"}
