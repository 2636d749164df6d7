"""``torch.fft``: discrete Fourier transforms, their frequencies and their order."""

from __future__ import annotations

from typing import Any

from . import creation
from .ops import fourier
from .tensor import Tensor, wrap


def _frequencies(numbers: Any, n: int, d: float, dtype: Any, device: Any, requires_grad: bool) -> Tensor:
    whole = creation.tensor([], dtype=dtype, device=device)
    array = whole._xp.asarray(numbers, dtype=whole._data.dtype) / whole._data.dtype.type(n * d)
    return wrap(array).requires_grad_(requires_grad)


def fftfreq(n: int, d: float = 1.0, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """The frequencies of the entries of ``fft`` of ``n`` points that lie ``d`` apart: (n,)."""
    half = (n + 1) // 2
    return _frequencies([*range(half), *range(half - n, 0)], n, d, dtype, device, requires_grad)


def rfftfreq(n: int, d: float = 1.0, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """The frequencies of the entries of ``rfft``: (n//2 + 1,)."""
    return _frequencies(range(n // 2 + 1), n, d, dtype, device, requires_grad)


_NAMES: dict[str, Any] = {**fourier.FFT, "fftfreq": fftfreq, "rfftfreq": rfftfreq}
globals().update(_NAMES)


def __getattr__(name: str) -> Any:
    raise AttributeError(f"module 'torch.fft' has no attribute {name!r}: gradstep's engine does not have it.")


def __dir__() -> list[str]:
    return sorted(_NAMES)
