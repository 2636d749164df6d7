"""Transforms of short pieces of a signal, and the signal from these: ``stft`` and ``istft``, composed as PyTorch composes them."""

from __future__ import annotations

import warnings
from typing import Any

from ..tensor import Tensor, wrap
from .complexes import view_as_complex, view_as_real
from .fourier import fft_c2c, fft_c2r, fft_r2c
from .order_of_dims import transpose
from .pad import constant_pad_nd, pad
from .pieces import narrow
from .shape import _squeeze_, expand, squeeze, unsqueeze, view
from .windows import as_strided, unfold_backward

_NO_WINDOW = "A window was not provided. A rectangular window will be applied,{}"
_ONE_SIDED = "Cannot have onesided output if window or input is complex"


def _word(value: Any) -> str:
    return "None" if value is None else str(int(value))


def _told(window: Tensor | None) -> str:
    return "None" if window is None else f"torch.{window.dtype.legacy}Tensor{{{list(window.shape)}}}"


def _centred(window: Tensor, n_fft: int) -> Tensor:
    """A window with zeros about it."""
    left = (n_fft - window._data.shape[0]) // 2
    right = n_fft - window._data.shape[0] - left
    return constant_pad_nd(window, [left, right]) if left or right else window


def _ones(like: Tensor, length: int) -> Tensor:
    kind = like.dtype.to_real().numpy
    return wrap(like._xp.ones(length, kind))


def stft(
    input: Tensor,
    n_fft: int,
    hop_length: int | None = None,
    win_length: int | None = None,
    window: Tensor | None = None,
    center: bool = True,
    pad_mode: str = "reflect",
    normalized: bool = False,
    onesided: bool | None = None,
    return_complex: bool | None = None,
    align_to_window: bool | None = None,
) -> Any:
    """The Fourier transforms of windows of ``n_fft`` elements, ``hop_length`` (a quarter of that) apart, of a signal (length,) or
    of several (batch, length): (frequencies, windows), or (batch, frequencies, windows).

    ``center``: the signal is padded, by ``pad_mode``, so that window t is centred at ``t * hop_length``. ``onesided``: only the first
    half of each spectrum, which is all where the signal is real. Raises RuntimeError where sizes do not fit.
    """
    if center:
        if align_to_window is not None:
            raise RuntimeError("stft align_to_window should only be set when center = false")
        given = tuple(input.shape)
        wide = pad(view(input, (1,) * (3 - len(given)) + given), [n_fft // 2] * 2, pad_mode)
        input = view(wide, tuple(wide.shape)[-len(given) :] if given else ())
    hop = n_fft // 4 if hop_length is None else hop_length
    width = n_fft if win_length is None else win_length
    told = (
        f"stft(torch.{input.dtype.legacy}Tensor{list(input.shape)}, n_fft={n_fft}, hop_length={hop}, win_length={width}, "
        f"window={_told(window)}, normalized={int(normalized)}, onesided={_word(onesided)}, return_complex={_word(return_complex)}, "
        f"align_to_window={_word(align_to_window)}) : "
    )
    if window is None:
        warnings.warn(
            _NO_WINDOW.format("which is known to cause spectral leakage. Give window=torch.hann_window(n_fft) to reduce that."),
            stacklevel=2,
        )
    complex_ = input.is_complex() or (window is not None and window.is_complex())
    if return_complex is None:
        if not complex_:
            raise RuntimeError(
                "stft requires the return_complex parameter be given for real inputs, and will further require that return_complex=True in "
                "a future PyTorch release."
            )
        return_complex = True
    elif not return_complex:
        warnings.warn("stft with return_complex=False is deprecated. In a future pytorch release, it will raise an error.", stacklevel=2)
    if input.dtype.category < 2:
        raise RuntimeError(told + "expected a tensor of floating point or complex values")
    if not 1 <= input.ndim <= 2:
        raise RuntimeError(told + "expected a 1D or 2D tensor")
    signals = unsqueeze(input, 0) if input.ndim == 1 else input
    if not center and align_to_window:
        room = (n_fft - width) // 2
        signals = constant_pad_nd(signals, [room, room])
    length = signals._data.shape[1]
    if not 0 < n_fft <= length:
        raise RuntimeError(told + f"expected 0 < n_fft < {length}, but got n_fft={n_fft}")
    if hop <= 0:
        raise RuntimeError(told + f"expected hop_length > 0, but got hop_length={hop}")
    if not 0 < width <= n_fft:
        raise RuntimeError(told + f"expected 0 < win_length <= n_fft, but got win_length={width}")
    if window is not None and tuple(window.shape) != (width,):
        raise RuntimeError(
            told + f"expected a 1D window tensor of size equal to win_length={width}, but got window with size {list(window.shape)}"
        )
    if width < n_fft:
        window = _centred(_ones(input, width) if window is None else window, n_fft)
    step = signals.stride()
    frames = as_strided(signals, (signals.shape[0], 1 + (length - n_fft) // hop, n_fft), (step[0], hop * step[1], step[1]))
    if window is not None:
        frames = frames * window
    scaling = 1 if normalized else 0
    if complex_:
        if onesided:
            raise RuntimeError(_ONE_SIDED)
        spectra = fft_c2c(frames, (2,), scaling, True)
    else:
        spectra = fft_r2c(frames, (2,), scaling, onesided is not False)
    spectra = spectra.transpose_(1, 2)
    if input.ndim == 1:
        spectra = _squeeze_(spectra, 0)
    return spectra if return_complex else view_as_real(spectra)


def istft(
    input: Tensor,
    n_fft: int,
    hop_length: int | None = None,
    win_length: int | None = None,
    window: Tensor | None = None,
    center: bool = True,
    normalized: bool = False,
    onesided: bool | None = None,
    length: int | None = None,
    return_complex: bool = False,
) -> Any:
    """The signal whose ``stft`` has least squares' distance from ``input``, (frequencies, windows) or (batch, frequencies, windows):
    the transforms back, added where their windows lay, by the sum of the squared windows.

    D. Griffin and J. Lim, "Signal estimation from modified short-time Fourier transform" (1984). Raises RuntimeError where sizes do
    not fit, and where the windows do not cover the signal.
    """
    hop = n_fft // 4 if hop_length is None else hop_length
    width = n_fft if win_length is None else win_length
    if not input.is_complex():
        raise RuntimeError("istft requires a complex-valued input tensor matching the output from stft with return_complex=True.")
    told = (
        f"istft({input._xp.kind.upper()}{input.dtype.legacy}Type{list(input.shape)}, n_fft={n_fft}, hop_length={hop}, win_length={width}, "
        f"window={_told(window)}, center={int(center)}, normalized={int(normalized)}, onesided={_word(onesided)}, length="
        f"{'None' if length is None else length}, return_complex={int(return_complex)}) "
    )
    if window is None:
        warnings.warn(_NO_WINDOW.format("Please provide the same window used by stft to make the inversion lossless."), stacklevel=2)
    if input.numel() == 0:
        raise RuntimeError(told + ": input tensor cannot be empty.")
    if input.ndim not in (2, 3):
        raise RuntimeError(told + f": expected a tensor with 3 or 4 dimensions, but got {input.ndim + 1}")
    complex_window = window is not None and window.is_complex()
    frequencies, count = input._data.shape[-2:]
    halved = frequencies != n_fft if onesided is None else onesided
    dimension = ": expected the frequency dimension (3rd to the last) of the input tensor to match"
    if halved and frequencies != n_fft // 2 + 1:
        raise RuntimeError(told + f"{dimension} n_fft / 2 + 1 when onesided=True, but got {frequencies}")
    if not halved and frequencies != n_fft:
        raise RuntimeError(told + f"{dimension} n_fft when onesided=False, but got {frequencies}")
    if not 0 < hop <= width:
        raise RuntimeError(told + ": expected 0 < hop_length <= win_length")
    if not 0 < width <= n_fft:
        raise RuntimeError(told + ": expected 0 < win_length <= n_fft")
    if window is not None and tuple(window.shape) != (width,):
        raise RuntimeError(told + ": Invalid window shape. window has to be 1D and length of `win_length`")
    if return_complex and halved:
        raise RuntimeError(_ONE_SIDED)
    if complex_window and not return_complex:
        raise RuntimeError("Complex windows are incompatible with return_complex=False")
    window = _centred(_ones(input, width) if window is None else window, n_fft)
    parts = view_as_real(input)
    spectra = view_as_complex(transpose(unsqueeze(parts, 0) if input.ndim == 2 else parts, 1, 2))  # (batch, windows, frequencies)
    scaling = 1 if normalized else 2
    if return_complex:
        frames = fft_c2c(spectra, (2,), scaling, False)
    else:
        frames = fft_c2r(spectra if halved else narrow(spectra, 2, 0, n_fft // 2 + 1), (2,), scaling, n_fft)
    frames = frames * view(window, (1, 1, n_fft))
    whole = n_fft + hop * (count - 1)
    signal = unfold_backward(frames, (frames.shape[0], whole), 1, n_fft, hop)
    cover = unfold_backward(expand(window**2, (1, count, n_fft)), (1, whole), 1, n_fft, hop)
    start = n_fft // 2 if center else 0
    end = start + length if length is not None else whole - n_fft // 2 if center else whole
    signal, cover = (narrow(t, 1, start, max(min(end, whole) - start, 0)) for t in (signal, cover))
    if not float(abs(cover.detach()).min()) > 1e-11:
        raise RuntimeError(told + "window overlap add min: 1: somewhere no window reaches the signal")
    signal = signal / cover
    if input.ndim == 2:
        signal = squeeze(signal, 0)
    if end > whole:
        warnings.warn(
            "The length of signal is shorter than the length parameter. Result is being padded with zeros in the tail. Please check your "
            "center and hop_length settings.",
            stacklevel=2,
        )
        signal = constant_pad_nd(signal, [0, end - whole])
    return signal


TORCH = {"istft": istft, "stft": stft}
TENSOR = TORCH
