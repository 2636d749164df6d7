"""Fourier transforms, spectrograms and windows beside PyTorch's: nodes, errors, warnings, and the older window functions."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy
import pytest

import gradstep.engine as gs

torch = pytest.importorskip("torch")


def outcome(program: Callable[[Any], Any], t: Any) -> Any:
    """What a program gives, or the error that it raises."""
    try:
        return program(t)
    except (RuntimeError, TypeError, ValueError, IndexError) as error:
        return error


def same_error(program: Callable[[Any], Any]) -> None:
    """Assert that a program raises errors that begin with the same words in both."""
    expected, found = outcome(program, torch), outcome(program, gs)
    assert isinstance(expected, Exception)
    assert type(found) is type(expected), found
    assert str(found).startswith(str(expected).split("\n")[0].split("TensorOptions")[0].rstrip("."))


def chain(t: Any) -> list[str]:
    names, node = [], t.grad_fn
    while node is not None:
        names.append(node.name().rpartition("::")[2])
        node = node.next_functions[0][0] if node.next_functions else None
    return names


def leaf(t: Any, array: Any) -> Any:
    return t.from_numpy(array.copy()).requires_grad_()


REAL = numpy.random.default_rng(0).standard_normal((3, 4))
COMPLEX = REAL + 1j * numpy.random.default_rng(1).standard_normal((3, 4))
SIGNAL = numpy.random.default_rng(2).standard_normal(100)


@pytest.mark.parametrize("name", ["fft", "ifft", "rfft", "irfft", "hfft", "ihfft", "fft2", "irfft2", "hfftn", "ihfftn", "fftshift"])
def test_transforms_are_made_of_pytorchs_nodes(name: str) -> None:
    sizes: list[dict[str, Any]] = [{}] if name == "fftshift" else [{}, {"s": (2, 6)}] if name[-1] in "2n" else [{}, {"n": 3}, {"n": 6}]
    for array in (REAL, COMPLEX):
        for keywords in sizes:
            if array is COMPLEX and name in ("rfft", "ihfft", "ihfftn"):
                same_error(lambda t, k=keywords, a=array: getattr(t.fft, name)(leaf(t, a), **k))
                continue
            made = [chain(getattr(t.fft, name)(leaf(t, array), **keywords)) for t in (gs, torch)]
            assert made[0] == made[1]


@pytest.mark.parametrize(
    "program",
    [
        lambda t, x: t.fft.fft(x, n=0),
        lambda t, x: t.fft.fft(x, n=-2),
        lambda t, x: t.fft.fft(x, norm="a"),
        lambda t, x: t.fft.fft(x, dim=5),
        lambda t, x: t.fft.fft(t.tensor(1.0)),
        lambda t, x: t.fft.fft(x.half()),
        lambda t, x: t.fft.fftn(x, dim=(0, 0)),
        lambda t, x: t.fft.fftn(x, s=(1, 2, 3)),
        lambda t, x: t.fft.fftn(x, s=(1, 2), dim=(0,)),
        lambda t, x: t.fft.fftn(x, dim=(0, 3)),
        lambda t, x: t.fft.fft2(x[0]),
        lambda t, x: t.fft.irfft(x[:, :1]),
        lambda t, x: t.fft.rfftn(x, dim=()),
        lambda t, x: t.fft.irfftn(x, dim=()),
        lambda t, x: t.fft.irfftn(x, s=(2, -2)),
    ],
)
def test_errors_of_transforms(program: Callable[[Any, Any], Any]) -> None:
    same_error(lambda t: program(t, leaf(t, REAL)))


def test_frequencies() -> None:
    for n in (0, 1, 4, 5):
        assert gs.fft.fftfreq(n).tolist() == torch.fft.fftfreq(n).tolist()
    assert gs.fft.rfftfreq(5, d=0.5, dtype=gs.float64).tolist() == torch.fft.rfftfreq(5, d=0.5, dtype=torch.float64).tolist()
    assert gs.fft.fftfreq(3, requires_grad=True).requires_grad


@pytest.mark.parametrize(
    "keywords",
    [
        {"return_complex": True},
        {"return_complex": True, "win_length": 10},
        {"return_complex": True, "center": False, "align_to_window": True, "win_length": 8},
        {"return_complex": True, "onesided": False, "normalized": True},
    ],
)
def test_spectrograms_have_pytorchs_nodes_and_warn_without_a_window(keywords: dict[str, Any]) -> None:
    with pytest.warns(UserWarning, match=r"^A window was not provided"):
        found = chain(gs.stft(leaf(gs, SIGNAL), 16, **keywords))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch's comes once in a process
        assert found == chain(torch.stft(leaf(torch, SIGNAL), 16, **keywords))


def test_a_signal_comes_back_from_its_spectrogram_through_pytorchs_nodes() -> None:
    for t in (gs, torch):
        window = t.hann_window(16, dtype=t.float64)
        x = leaf(t, SIGNAL)
        spectra = t.stft(x, 16, window=window, return_complex=True)
        back = t.istft(spectra, 16, window=window)
        numpy.testing.assert_allclose(back.detach().numpy(), SIGNAL, atol=1e-12)
        names = chain(t.istft(spectra.detach().requires_grad_(), 16, window=window))
        if t is gs:
            ours = names
    assert ours == names


@pytest.mark.parametrize(
    "program",
    [
        lambda t, x, w: t.stft(x, 16, window=w),
        lambda t, x, w: t.stft(x, 16, win_length=20, return_complex=True),
        lambda t, x, w: t.stft(x, 16, hop_length=0, return_complex=True),
        lambda t, x, w: t.stft(x, 16, window=w[:8], return_complex=True),
        lambda t, x, w: t.stft(x, 0, return_complex=True),
        lambda t, x, w: t.stft(x[:4], 16, center=False, return_complex=True),
        lambda t, x, w: t.stft(t.arange(10), 4, return_complex=True, center=False),
        lambda t, x, w: t.stft(x, 16, window=w, return_complex=True, align_to_window=True),
        lambda t, x, w: t.stft(x, 16, window=w.to(t.complex128), onesided=True, return_complex=True),
        lambda t, x, w: t.istft(x, 16),
        lambda t, x, w: t.istft(t.zeros(5, 3, dtype=t.complex128), 16, window=w, onesided=True),
        lambda t, x, w: t.istft(t.zeros(9, 0, dtype=t.complex128), 16, window=w),
        lambda t, x, w: t.istft(t.zeros(9, 3, dtype=t.complex128), 16, hop_length=30, window=w),
        lambda t, x, w: t.istft(t.zeros(9, 3, dtype=t.complex128), 16, window=w[:3]),
        lambda t, x, w: t.istft(t.zeros(9, 3, dtype=t.complex128), 16, window=w, center=False),
        lambda t, x, w: t.istft(t.zeros(9, 3, dtype=t.complex128), 16, window=w, return_complex=True),
    ],
)
def test_errors_of_spectrograms(program: Callable[[Any, Any, Any], Any]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        same_error(lambda t: program(t, leaf(t, SIGNAL), t.hann_window(16, dtype=t.float64)))


@pytest.mark.parametrize(
    "program",
    [
        lambda t: t.hann_window(4),
        lambda t: t.hann_window(4, False),
        lambda t: t.hann_window(0),
        lambda t: t.hann_window(1),
        lambda t: t.hamming_window(5, True, 0.3, 0.4),
        lambda t: t.bartlett_window(5),
        lambda t: t.bartlett_window(2),
        lambda t: t.blackman_window(5, dtype=t.float64),
        lambda t: t.kaiser_window(5),
        lambda t: t.kaiser_window(5, False, 3.0),
        lambda t: t.signal.windows.exponential(4, center=1, sym=False),
        lambda t: t.signal.windows.kaiser(2, beta=0),
        lambda t: t.signal.windows.nuttall(7, sym=False, dtype=t.float64),
    ],
)
def test_windows(program: Callable[[Any], Any]) -> None:
    found, expected = program(gs), program(torch)
    assert str(found.dtype) == str(expected.dtype)
    numpy.testing.assert_allclose(found.numpy(), expected.numpy(), rtol=1e-5, atol=2e-7)


@pytest.mark.parametrize(
    "program",
    [
        lambda t: t.hann_window(-1),
        lambda t: t.hann_window(4, dtype=t.int64),
        lambda t: t.signal.windows.hann(-1),
        lambda t: t.signal.windows.hann(3, dtype=t.half),
        lambda t: t.signal.windows.exponential(4, tau=0),
        lambda t: t.signal.windows.exponential(4, center=1),
        lambda t: t.signal.windows.gaussian(4, std=0),
        lambda t: t.signal.windows.kaiser(4, beta=-1),
        lambda t: t.signal.windows.general_cosine(4, a=3),
        lambda t: t.signal.windows.general_cosine(4, a=[]),
    ],
)
def test_errors_of_windows(program: Callable[[Any], Any]) -> None:
    same_error(program)
