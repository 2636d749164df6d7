"""Large arrays: who computes them, and that sharing the work among threads changes nothing."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy
import pytest

import gradstep.engine as torch
from gradstep.engine import devices
from gradstep.engine.kernels import threads, wide

WIDE = devices.wide(devices.CPU)


@pytest.fixture
def three_threads(monkeypatch: pytest.MonkeyPatch) -> Any:
    before = threads.count()
    monkeypatch.setattr(wide, "_HEAVY", 64)
    monkeypatch.setattr(wide, "_LIGHT", 64)
    threads.set_count(3)
    yield
    threads.set_count(before)


def test_small_arrays_stay_with_the_module_of_their_device(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    gelu = WIDE.gelu
    monkeypatch.setitem(WIDE.__dict__, "gelu", lambda x: sizes.append(x.size) or gelu(x))
    for size in (devices.LARGE - 1, devices.LARGE):
        torch.nn.functional.gelu(torch.zeros(size))
    assert sizes == [devices.LARGE]


def test_a_device_that_is_not_the_host_computes_everything_itself() -> None:
    class Other:
        kind = "cuda"

    assert devices.wide(Other()) is not WIDE


def test_shared_work_covers_every_piece_once(three_threads: None) -> None:
    for items in (1, 63, 64, 129, 1000):
        hits = numpy.zeros(items, int)

        def work(begin: int, end: int, hits: Any = hits) -> None:
            hits[begin:end] += 1

        threads.share(work, items, 64)
        assert (hits == 1).all()


def test_what_a_thread_raises_is_raised_to_the_caller(three_threads: None) -> None:
    def work(begin: int, end: int) -> None:
        if begin:
            raise MemoryError("there")

    with pytest.raises(MemoryError, match="there"):
        threads.share(work, 1000, 64)


@pytest.mark.parametrize("name", ["add", "multiply", "divide", "maximum", "negative", "log"])
def test_functions_shared_by_threads_give_numpys_bits(name: str, three_threads: None) -> None:
    generator = numpy.random.default_rng(0)
    a, b = (generator.standard_normal((31, 97), dtype="float32") for _ in range(2))
    ufunc = getattr(numpy, name)
    with numpy.errstate(all="ignore"):
        for args in [(a, b), (a, numpy.asarray(2, "float32"))] if ufunc.nin == 2 else [(a,)]:
            numpy.testing.assert_array_equal(getattr(WIDE, name)(*args), ufunc(*args))


@pytest.mark.parametrize("kind", ["float32", "float64", "int64", "int32", "complex64", "float16"])
def test_a_choice_by_bits_is_numpys(kind: str, three_threads: None) -> None:
    generator = numpy.random.default_rng(0)
    mask = generator.random((31, 97)) < 0.5
    a, b = (generator.standard_normal((31, 97)).astype(kind) for _ in range(2))
    if kind.startswith("float"):
        a[0, :5] = numpy.nan, numpy.inf, -numpy.inf, -0.0, 0.0
    zero, two = numpy.asarray(0, kind), a.dtype.type(2)
    for choices in [(a, b), (a, zero), (zero, b), (a, two), (two, b), (two, zero), (a[0], b), (a.T.copy().T, b), (a, 1), (1.5, b)]:
        made, expected = WIDE.where(mask, *choices), numpy.where(mask, *choices)
        assert made.dtype == expected.dtype
        numpy.testing.assert_array_equal(made, expected)
    assert len(WIDE.where(mask)) == 2


@pytest.mark.parametrize("name", ["maximum", "minimum"])
def test_bounds_let_nan_through_as_numpys_do(name: str) -> None:
    x = numpy.asarray([numpy.nan, numpy.inf, -numpy.inf, 0.5, -0.5, 3.0], "float32")
    for bound in (x.dtype.type(0), numpy.asarray(numpy.nan, "float32"), numpy.asarray([1.0], "float32"), 0.25):
        numpy.testing.assert_array_equal(getattr(WIDE, name)(x, bound), getattr(numpy, name)(x, bound))


@pytest.mark.parametrize("name", ["gelu", "sigmoid"])
def test_kernels_shared_by_threads_give_the_same_bits(name: str, three_threads: None) -> None:
    x = torch.randn(90, 111)
    shared = getattr(WIDE, name)(x.numpy())
    threads.set_count(1)
    numpy.testing.assert_array_equal(shared, getattr(WIDE, name)(x.numpy()))


def test_layer_norm_shared_by_threads_is_the_same_within_rounding(three_threads: None) -> None:
    def gradients() -> list[Any]:
        torch.manual_seed(0)
        x, w, b = torch.randn(90, 111, requires_grad=True), torch.randn(111, requires_grad=True), torch.randn(111, requires_grad=True)
        (torch.nn.functional.layer_norm(x, (111,), w, b) * torch.randn(90, 111)).sum().backward()
        return [t.grad.numpy() for t in (x, w, b)]

    shared = gradients()
    threads.set_count(1)
    for ours, alone in zip(shared, gradients(), strict=True):
        numpy.testing.assert_allclose(ours, alone, rtol=1e-4, atol=1e-5)


def test_the_number_of_threads_is_what_the_user_said() -> None:
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        assert torch.get_num_threads() == 2
        with pytest.raises(RuntimeError, match="set_num_threads expects a positive integer"):
            torch.set_num_threads(0)
    finally:
        torch.set_num_threads(before)


def test_importing_the_engine_loads_no_numba() -> None:
    code = "import sys, gradstep.engine as t; (t.ones(3) * 2).sum(); sys.exit('numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_gradients_through_compiled_kernels_can_be_differentiated() -> None:
    x = torch.randn(80, 80, requires_grad=True)
    y = torch.nn.functional.silu(torch.nn.functional.gelu(x).sigmoid().tanh()).softmax(-1)
    (g,) = torch.autograd.grad((y * y).sum(), x, create_graph=True)
    (twice,) = torch.autograd.grad((g * g).sum(), x)
    assert twice.shape == x.shape
    assert bool(twice.isfinite().all())
