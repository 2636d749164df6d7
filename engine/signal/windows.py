"""``torch.signal.windows``, and the older window functions of ``torch`` (``TORCH``).

A window of M points is symmetric, or, with ``sym=False``, the first M points of the symmetric one of M + 1, so that copies laid
end to end are periodic. Formulas: F. J. Harris, "On the use of windows for harmonic analysis with the discrete Fourier transform"
(1978); A. H. Nuttall, "Some windows with very good sidelobe behavior" (1981). All are computed in float64 and rounded once.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

from .. import creation, dtypes
from ..devices import as_device
from ..numerics import bessel
from ..tensor import Tensor, wrap

Formula = Callable[[Any, Any, float], Any]  # array module, the numbers 0 ... M - 1, and the last of the symmetric window


def _window(name: str, M: int, sym: bool, formula: Formula, dtype: Any, layout: Any, device: Any, requires_grad: bool) -> Tensor:
    """The window of the formula.

    Raises ValueError for a negative length and for types other than float32 and float64.
    """
    if M < 0:
        raise ValueError(f"{name} requires non-negative window length, got M={M}")
    if layout is not None and str(layout) != "torch.strided":
        raise ValueError(f"{name} is implemented for strided tensors only, got: {layout}")
    kind = dtypes.get_default_dtype() if dtype is None else dtypes.as_dtype(dtype)
    if kind not in (dtypes.float32, dtypes.float64):
        raise ValueError(f"{name} expects float32 or float64 dtypes, got: {kind}")
    xp = creation.zeros(0, device=as_device(device))._xp
    numbers = xp.arange(M, dtype="float64")
    values = xp.ones(M) if M < 2 else formula(xp, numbers, float(M - 1 if sym else M))
    return wrap(values.astype(kind.numpy)).requires_grad_(requires_grad)


def _waves(coefficients: Iterable[float]) -> Formula:
    """Alternating sums of cosines, with those coefficients."""
    weights = tuple(coefficients)
    return lambda xp, k, last: sum((-1) ** i * w * xp.cos(i * (2 * math.pi / last) * k) for i, w in enumerate(weights)) + 0 * k


def general_cosine(
    M: int, *, a: Iterable[float], sym: bool = True, dtype: Any = None, layout: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """The sum of ``(-1)**i * a[i] * cos(2 pi i k / (M - 1))``: (M,).

    Raises TypeError or ValueError where ``a`` is no list, or an empty one.
    """
    if not isinstance(a, Iterable):
        raise TypeError("Coefficients must be a list/tuple")
    weights = tuple(a)
    if not weights:
        raise ValueError("Coefficients cannot be empty")
    return _window("general_cosine", M, sym, _waves(weights), dtype, layout, device, requires_grad)


def general_hamming(M: int, *, alpha: float = 0.54, sym: bool = True, **kinds: Any) -> Tensor:
    """``alpha - (1 - alpha) * cos(2 pi k / (M - 1))``: (M,)."""
    return general_cosine(M, a=(alpha, 1 - alpha), sym=sym, **kinds)


def hamming(M: int, *, sym: bool = True, **kinds: Any) -> Tensor:
    """R. W. Hamming's window: ``general_hamming`` with 0.54."""
    return general_hamming(M, sym=sym, **kinds)


def hann(M: int, *, sym: bool = True, **kinds: Any) -> Tensor:
    """J. von Hann's window, a raised cosine that is 0 at its ends."""
    return general_hamming(M, alpha=0.5, sym=sym, **kinds)


def blackman(M: int, *, sym: bool = True, dtype: Any = None, layout: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """R. B. Blackman's window, of three cosines."""
    return _window("blackman", M, sym, _waves((0.42, 0.5, 0.08)), dtype, layout, device, requires_grad)


def nuttall(M: int, *, sym: bool = True, **kinds: Any) -> Tensor:
    """A. H. Nuttall's window, of four cosines."""
    return general_cosine(M, a=(0.3635819, 0.4891775, 0.1365995, 0.0106411), sym=sym, **kinds)


def bartlett(M: int, *, sym: bool = True, dtype: Any = None, layout: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """M. S. Bartlett's window, a triangle that is 0 at its ends."""
    return _window("bartlett", M, sym, lambda xp, k, last: 1 - xp.absolute(2 * k / last - 1), dtype, layout, device, requires_grad)


def cosine(M: int, *, sym: bool = True, dtype: Any = None, layout: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Half a wave of a sine."""
    return _window("cosine", M, sym, lambda xp, k, last: xp.sin((k + 0.5) * (math.pi / (last + 1))), dtype, layout, device, requires_grad)


def exponential(
    M: int,
    *,
    center: float | None = None,
    tau: float = 1.0,
    sym: bool = True,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """``exp(-abs(k - center) / tau)``, about the middle unless ``center`` is given: (M,).

    Raises ValueError for ``tau`` that is not positive, and for a center of a symmetric window.
    """
    if tau <= 0:
        raise ValueError(f"Tau must be positive, got: {tau} instead.")
    if sym and center is not None:
        raise ValueError("Center must be None for symmetric windows")

    def formula(xp: Any, k: Any, last: float) -> Any:
        return xp.exp(-xp.absolute(k - (last / 2 if center is None else center)) / tau)

    return _window("exponential", M, sym, formula, dtype, layout, device, requires_grad)


def gaussian(
    M: int,
    *,
    std: float = 1.0,
    sym: bool = True,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """A bell of that standard deviation: (M,).

    Raises ValueError for one that is not positive.
    """
    if std <= 0:
        raise ValueError(f"Standard deviation must be positive, got: {std} instead.")
    return _window("gaussian", M, sym, lambda xp, k, last: xp.exp(-(((k - last / 2) / std) ** 2) / 2), dtype, layout, device, requires_grad)


def _kaiser(beta: float) -> Formula:
    def formula(xp: Any, k: Any, last: float) -> Any:
        off = 2 * k / last - 1
        return bessel.i0(xp, beta * xp.sqrt(xp.maximum(1 - off * off, 0.0))) / bessel.i0(xp, xp.full(1, float(beta)))

    return formula


def kaiser(
    M: int,
    *,
    beta: float = 12.0,
    sym: bool = True,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """J. F. Kaiser's window, ``i0(beta * sqrt(1 - (2k/(M - 1) - 1)**2)) / i0(beta)``: (M,).

    Raises ValueError for negative ``beta``.
    """
    if beta < 0:
        raise ValueError(f"beta must be non-negative, got: {beta} instead.")
    return _window("kaiser", M, sym, _kaiser(beta), dtype, layout, device, requires_grad)


# ------------------------------------------------------------------------------------------------- torch.NAME


def _older(name: str, window_length: int, periodic: bool, formula: Formula, kinds: dict[str, Any]) -> Tensor:
    """As ``_window``, with the errors of the functions of ``torch``, for all floating-point types."""
    if window_length < 0:
        raise RuntimeError(f"{name} requires non-negative window_length, got window_length={window_length}")
    kind = dtypes.get_default_dtype() if kinds.get("dtype") is None else dtypes.as_dtype(kinds["dtype"])
    if kind.category < 2:
        raise RuntimeError(f"{name} expects floating point dtypes, got: {kind}")
    double = _window(name, window_length, not periodic, formula, dtypes.float64, None, kinds.get("device"), False)
    made: Tensor = double.to(kind)
    return made.requires_grad_(bool(kinds.get("requires_grad")))


def hann_window(window_length: int, periodic: bool = True, **kinds: Any) -> Tensor:
    """As ``signal.windows.hann``, periodic unless said otherwise: (window_length,)."""
    return _older("hann_window", window_length, periodic, _waves((0.5, 0.5)), kinds)


def hamming_window(window_length: int, periodic: bool = True, alpha: float = 0.54, beta: float = 0.46, **kinds: Any) -> Tensor:
    """``alpha - beta * cos(...)``, periodic unless said otherwise: (window_length,)."""
    return _older("hamming_window", window_length, periodic, _waves((alpha, beta)), kinds)


def bartlett_window(window_length: int, periodic: bool = True, **kinds: Any) -> Tensor:
    """As ``signal.windows.bartlett``, periodic unless said otherwise: (window_length,)."""
    return _older("bartlett_window", window_length, periodic, lambda xp, k, last: 1 - xp.absolute(2 * k / last - 1), kinds)


def blackman_window(window_length: int, periodic: bool = True, **kinds: Any) -> Tensor:
    """As ``signal.windows.blackman``, periodic unless said otherwise: (window_length,)."""
    return _older("blackman_window", window_length, periodic, _waves((0.42, 0.5, 0.08)), kinds)


def kaiser_window(window_length: int, periodic: bool = True, beta: float = 12.0, **kinds: Any) -> Tensor:
    """As ``signal.windows.kaiser``, periodic unless said otherwise: (window_length,)."""
    return _older("kaiser_window", window_length, periodic, _kaiser(beta), kinds)


TORCH = {
    "bartlett_window": bartlett_window,
    "blackman_window": blackman_window,
    "hamming_window": hamming_window,
    "hann_window": hann_window,
    "kaiser_window": kaiser_window,
}
__all__ = [
    "bartlett", "blackman", "cosine", "exponential", "gaussian", "general_cosine", "general_hamming", "hamming", "hann", "kaiser",
    "nuttall",
]  # fmt: skip
