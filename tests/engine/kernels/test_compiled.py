"""Every compiled kernel gives what the plain composition gives, within rounding, at every length and for every odd number."""

from __future__ import annotations

from typing import Any

import numpy
import pytest

from gradstep.engine import devices
from gradstep.engine.kernels import plain, threads

pytest.importorskip("numba", reason="numba, the extra 'fast', is not installed")

from gradstep.engine.kernels import compiled, wide

F = numpy.float32
CANCELLED = 2e-6  # 1 + erf of a negative number loses digits, in PyTorch too
WIDE = devices.wide(devices.CPU)
ODD = numpy.asarray(
    [numpy.nan, numpy.inf, -numpy.inf, -103.5, 88.7, 89.5, -87.5, 0.0, -0.0, 1e-30, -1e-30, 3.0e38, 20.0, -20.0, 3.93, -3.93], F
)
ONE = ("sigmoid", "silu", "gelu", "gelu_tanh", "exp", "tanh")
TWO = ("silu_backward", "gelu_backward", "gelu_tanh_backward", "sigmoid_backward", "tanh_backward", "threshold_backward")


def drawn(*shape: int, seed: int = 0) -> Any:
    return numpy.random.default_rng(seed).standard_normal(shape, dtype=F) * F(2)


def composed(name: str) -> Any:
    """The plain kernel in double precision: what both should be near to."""
    kernel = plain.KERNELS.get(name)

    def call(*args: Any) -> Any:
        args = tuple(a.astype("float64") if isinstance(a, numpy.ndarray) else a for a in args)
        with numpy.errstate(all="ignore"):
            return kernel(devices.CPU, *args) if kernel is not None else getattr(numpy, name)(*args)

    return call


def taken_by(monkeypatch: pytest.MonkeyPatch, name: str) -> list[str]:
    """Notes each call of the compiled kernel."""
    calls: list[str] = []
    kernel = getattr(compiled, name)

    def noted(*args: Any) -> None:
        calls.append(name)
        kernel(*args)

    monkeypatch.setattr(compiled, name, noted)
    return calls


@pytest.fixture(autouse=True)
def fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wide, "_enabled", True)
    monkeypatch.setattr(threads, "_count", 1)


@pytest.mark.parametrize("name", [*ONE, *TWO])
def test_elementwise_kernels_give_what_numpy_gives(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = taken_by(monkeypatch, name)
    for size in (1, 15, 16, 17, 5000):
        x = drawn(size)
        if name in ("sigmoid_backward", "tanh_backward"):
            x = numpy.tanh(x)
        args = (x,) if name in ONE else (drawn(size, seed=1), x, 0.5)[: 3 if name == "threshold_backward" else 2]
        numpy.testing.assert_allclose(
            getattr(WIDE, name)(*args), composed(name)(*args), rtol=3e-6, atol=CANCELLED if "gelu" in name else 3e-7
        )
    assert calls == [name] * 5


@pytest.mark.parametrize("name", ONE)
def test_odd_numbers_come_out_as_from_numpy(name: str) -> None:
    with numpy.errstate(all="ignore"):
        expected = composed(name)(ODD).astype(F)
    tiny = float(numpy.finfo(F).tiny)
    made = getattr(WIDE, name)(ODD)
    if name.startswith("gelu"):  # -inf times 0
        expected[2] = made[2] = 0
    numpy.testing.assert_allclose(made, expected, rtol=3e-6, atol=CANCELLED if "gelu" in name else tiny)


@pytest.mark.parametrize("name", ["softmax", "log_softmax", "softmax_backward", "log_softmax_backward"])
@pytest.mark.parametrize("shape", [(1, 1), (3, 5), (2, 3, 16), (7, 100), (65, 64)])
def test_kernels_along_the_last_dimension_give_what_numpy_gives(name: str, shape: tuple[int, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    calls = taken_by(monkeypatch, name)
    x = drawn(*shape)
    if name.endswith("backward"):
        y = composed(name.removesuffix("_backward"))(x, -1).astype(F)
        args: tuple[Any, ...] = (drawn(*shape, seed=1), y, -1)
    else:
        args = (x, -1)
    numpy.testing.assert_allclose(getattr(WIDE, name)(*args), composed(name)(*args), rtol=1e-5, atol=2e-6)
    assert calls == [name]


@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_rows_with_infinities_and_nan_come_out_as_from_numpy(name: str) -> None:
    x = drawn(5, 20)
    x[0, 3], x[1, 4], x[2, :7], x[3, :] = numpy.nan, numpy.inf, -numpy.inf, -numpy.inf
    numpy.testing.assert_allclose(getattr(WIDE, name)(x, 1), composed(name)(x, 1), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("affine", [False, True])
@pytest.mark.parametrize("shape", [(1, 16), (5, 33), (64, 128)])
def test_layer_norm_and_its_gradient_are_numpys(shape: tuple[int, int], affine: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    forward, backward = taken_by(monkeypatch, "layer_norm"), taken_by(monkeypatch, "layer_norm_backward")
    x, g = drawn(*shape), drawn(*shape, seed=1)
    weight, bias = (drawn(shape[1], seed=2), drawn(shape[1], seed=3)) if affine else (None, None)
    made, mean, rstd = WIDE.layer_norm(x, weight, bias, 1e-5)
    for ours, theirs in zip((made, mean, rstd), composed("layer_norm")(x, weight, bias, 1e-5), strict=True):
        numpy.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=3e-6)
    ours = WIDE.layer_norm_backward(g, x, mean, rstd, weight, affine)
    theirs = composed("layer_norm_backward")(g, x, mean, rstd, weight, affine)
    for mine, other in zip(ours, theirs, strict=True):
        assert (mine is None) is (other is None)
        if mine is not None:
            numpy.testing.assert_allclose(mine, other, rtol=1e-4, atol=2e-5)
    assert (forward, backward) == (["layer_norm"], ["layer_norm_backward"])


@pytest.mark.parametrize("name", ["row_spreads", "row_scaled", "row_moments", "row_gradient"])
def test_kernels_of_rows_give_what_numpy_gives(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = taken_by(monkeypatch, name)
    x, g = drawn(6, 40), drawn(6, 40, seed=1)
    columns = [drawn(6, 1, seed=seed) for seed in range(2, 6)]
    args = {
        "row_spreads": (x, columns[0]),
        "row_scaled": (x, *columns[:3]),
        "row_moments": (g, x, columns[0]),
        "row_gradient": (g, x, *columns),
    }[name]
    made, expected = getattr(WIDE, name)(*args), composed(name)(*args)
    for ours, theirs in zip(made, expected, strict=True) if isinstance(made, tuple) else [(made, expected)]:
        numpy.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)
    assert calls == [name]


def test_doubles_and_views_with_gaps_are_left_to_numpy(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = taken_by(monkeypatch, "gelu")
    x = drawn(40, 50)
    assert WIDE.gelu(x.astype("float64")).dtype == "float64"
    numpy.testing.assert_allclose(WIDE.gelu(x[:, ::2]), composed("gelu")(x[:, ::2]), rtol=3e-6, atol=CANCELLED)
    assert calls == []


def test_who_turns_compiled_kernels_off_gets_numpys(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = taken_by(monkeypatch, "gelu")
    wide.enable(False)
    assert not wide.enabled()
    WIDE.gelu(drawn(10))
    wide.enable(True)
    assert wide.enabled()
    WIDE.gelu(drawn(10))
    assert calls == ["gelu"]


def test_the_cache_is_the_users(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    assert compiled.cache_folder() == tmp_path
    monkeypatch.delenv("NUMBA_CACHE_DIR")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr("sys.platform", "linux")
    assert compiled.cache_folder() == tmp_path / "gradstep" / "kernels"
