"""The kernels that numba compiles: elementary functions and normalisations of float32 arrays, in one pass over memory.

Importing this module imports numba; a kernel is compiled when it is first called, once for a machine: what was compiled is
kept in a folder of the user's cache. Kernels take contiguous arrays, flat or as rows, and write into the arrays given last.
They run without the interpreter's lock, so that threads can share the work.

Results are those of the plain compositions within rounding. NaN comes through everywhere and infinities give what they give
there; sums may be taken in another order.
"""

from __future__ import annotations

import math
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba
import numpy
from numba.core import event

from ..numerics.error_functions import ERF_END, ERF_SINGLE
from . import preparing
from .plain import CUBIC, SLOPE

F = numpy.float32
I = numpy.int32  # noqa: E741

Array = Any
ABOVE, BELOW = ERF_SINGLE


class _Compiling(event.Listener):  # type: ignore[misc]
    """A kernel is compiled, or what was compiled is read: by the thread that calls it first. What a user's script compiles is none of
    ours."""

    def __init__(self) -> None:
        self._begun = threading.local()

    def on_start(self, event: Any) -> None:
        ours = _is_for_us()
        self._begun.ours = [*getattr(self._begun, "ours", ()), ours]
        if ours:
            preparing.begin()

    def on_end(self, event: Any) -> None:
        if self._begun.ours.pop():
            preparing.end()


def _is_for_us() -> bool:
    """Whether this thread is in a function of this folder."""
    here, frame = os.path.dirname(__file__), sys._getframe(2)
    while frame is not None and os.path.dirname(frame.f_code.co_filename) != here:
        frame = frame.f_back  # type: ignore[assignment]
    return frame is not None


event.register("numba:compiler_lock", _Compiling())


def cache_folder() -> Path:
    """Where compiled kernels are kept: below NUMBA_CACHE_DIR, else in the user's folder for caches."""
    given = os.environ.get("NUMBA_CACHE_DIR")
    if given:
        return Path(given)
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "gradstep" / "kernels"


def _decorated(flags: set[str]) -> Callable[[Any], Any]:
    """numba's decorator: no lock, no test of divisors, and of the liberties of fast arithmetic only ``flags``."""
    return numba.njit(nogil=True, cache=True, error_model="numpy", fastmath=flags)  # type: ignore[no-any-return]


def _cached(decorate: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """``decorate`` with the cache in our folder; numba reads where it is when it decorates."""

    def into_folder(function: Any) -> Any:
        before = numba.config.CACHE_DIR
        numba.config.CACHE_DIR = str(cache_folder())
        try:
            return decorate(function)
        finally:
            numba.config.CACHE_DIR = before

    return into_folder


# contract: a * b + c in one rounding. reassoc: sums in any order, which is what lets them use a vector's lanes; not where
# factors must not be joined (the two halves of a power of 2 below)
kernel = _cached(_decorated({"contract"}))
summing = _cached(_decorated({"contract", "reassoc"}))
inline = numba.njit(inline="always")


# ----------------------------------------------------------------------------------------- elementary functions, inlined


@inline  # type: ignore[untyped-decorator]
def _power(x: Any) -> Any:
    """exp(x) of a float32: x = n ln 2 + r, a polynomial in r, and 2**n in two factors, which reach denormal numbers and infinity.

    The coefficients are those of Cephes' expf (Moshier, 1992); about one unit in the last place.
    """
    x = F(89.0) if x > F(89.0) else x
    x = F(-104.0) if x < F(-104.0) else x
    n = numpy.rint(x * F(1.44269504088896341))
    r = x - n * F(0.693359375)
    r = r - n * F(-2.12194440e-4)
    p = F(1.9875691500e-4)
    p = p * r + F(1.3981999507e-3)
    p = p * r + F(8.3334519073e-3)
    p = p * r + F(4.1665795894e-2)
    p = p * r + F(1.6666665459e-1)
    p = p * r + F(5.0000001201e-1)
    p = p * (r * r) + r + F(1.0)
    whole = I(n)
    half = I(whole >> I(1))
    low = I((half + I(127)) << I(23)).view(F)
    high = I((whole - half + I(127)) << I(23)).view(F)
    return p * low * high


@inline  # type: ignore[untyped-decorator]
def _erf(x: Any) -> Any:
    """The error function of a float32: an odd rational function up to where it is 1."""
    z = F(ERF_END) if x > F(ERF_END) else x
    z = F(-ERF_END) if z < F(-ERF_END) else z
    s = z * z
    above = F(ABOVE[0])
    above = above * s + F(ABOVE[1])
    above = above * s + F(ABOVE[2])
    above = above * s + F(ABOVE[3])
    above = above * s + F(ABOVE[4])
    above = above * s + F(ABOVE[5])
    below = F(BELOW[0])
    below = below * s + F(BELOW[1])
    below = below * s + F(BELOW[2])
    below = below * s + F(BELOW[3])
    below = below * s + F(BELOW[4])
    below = below * s + F(BELOW[5])
    value = z * above / below
    value = F(1.0) if z >= F(ERF_END) else value
    return F(-1.0) if z <= F(-ERF_END) else value


@inline  # type: ignore[untyped-decorator]
def _sigmoid(x: Any) -> Any:
    return F(1.0) / (F(1.0) + _power(-x))


@inline  # type: ignore[untyped-decorator]
def _tanh(x: Any) -> Any:
    """Of large numbers 1 - 2 / (exp(2 x) + 1), of small ones an odd polynomial, which keeps their digits."""
    y = abs(x)
    z = x * x
    p = F(-5.70498872745e-3)
    p = p * z + F(2.06390887954e-2)
    p = p * z + F(-5.37397155531e-2)
    p = p * z + F(1.33314422036e-1)
    p = p * z + F(-3.33332819422e-1)
    small = x + x * (z * p)
    large = F(1.0) - F(2.0) / (_power(F(2.0) * y) + F(1.0))
    large = -large if x < F(0.0) else large
    return small if y < F(0.625) else large


# ---------------------------------------------------------------------------------------------------- element by element


@kernel
def exp(x: Array, out: Array) -> None:
    for i in range(x.size):
        out[i] = _power(x[i])


@kernel
def tanh(x: Array, out: Array) -> None:
    for i in range(x.size):
        out[i] = _tanh(x[i])


@kernel
def erf(x: Array, out: Array) -> None:
    for i in range(x.size):
        out[i] = _erf(x[i])


@kernel
def sigmoid(x: Array, out: Array) -> None:
    for i in range(x.size):
        out[i] = _sigmoid(x[i])


@kernel
def sigmoid_backward(g: Array, y: Array, out: Array) -> None:
    for i in range(y.size):
        out[i] = g[i] * ((F(1.0) - y[i]) * y[i])


@kernel
def tanh_backward(g: Array, y: Array, out: Array) -> None:
    for i in range(y.size):
        out[i] = g[i] * (F(1.0) - y[i] * y[i])


@kernel
def threshold_backward(g: Array, x: Array, out: Array, threshold: Any) -> None:
    for i in range(x.size):
        out[i] = F(0.0) if x[i] <= threshold else g[i]  # NaN lets the gradient pass


@kernel
def silu(x: Array, out: Array) -> None:
    for i in range(x.size):
        out[i] = x[i] / (F(1.0) + _power(-x[i]))


@kernel
def silu_backward(g: Array, x: Array, out: Array) -> None:
    for i in range(x.size):
        gate = _sigmoid(x[i])
        out[i] = g[i] * (gate * (F(1.0) + x[i] * (F(1.0) - gate)))


@kernel
def gelu(x: Array, out: Array) -> None:
    for i in range(x.size):
        out[i] = F(0.5) * x[i] * (F(1.0) + _erf(x[i] * F(0.70710678118654752)))


@kernel
def gelu_backward(g: Array, x: Array, out: Array) -> None:
    for i in range(x.size):
        v = x[i]
        share = F(0.5) * (F(1.0) + _erf(v * F(0.70710678118654752)))
        out[i] = g[i] * (share + v * (_power(F(-0.5) * v * v) * F(0.39894228040143268)))


@kernel
def gelu_tanh(x: Array, out: Array) -> None:
    for i in range(x.size):
        v = x[i]
        out[i] = F(0.5) * v * (F(1.0) + _tanh(v * (F(SLOPE) + F(SLOPE * CUBIC) * (v * v))))


@kernel
def gelu_tanh_backward(g: Array, x: Array, out: Array) -> None:
    for i in range(x.size):
        v = x[i]
        square = v * v
        curve = _tanh(v * (F(SLOPE) + F(SLOPE * CUBIC) * square))
        slope = F(SLOPE) + F(3 * SLOPE * CUBIC) * square
        out[i] = g[i] * (F(0.5) * (F(1.0) + curve + v * (F(1.0) - curve * curve) * slope))


# ----------------------------------------------------------------------------------------------------------------- of rows


@inline  # type: ignore[untyped-decorator]
def _key(bits: Any) -> Any:
    """Bits of a float32 as an integer of the same order, and back: integers are compared in a vector's lanes, NaN or not."""
    return I(bits ^ ((bits >> I(31)) & I(0x7FFFFFFF)))


@summing
def softmax(x: Array, bits: Array, out: Array) -> None:
    """``bits`` is ``x`` seen as int32. A NaN is larger than anything, or makes the sum NaN."""
    for row in range(x.shape[0]):
        most = I(-2147483648)
        for j in range(x.shape[1]):
            most = max(most, _key(bits[row, j]))
        top = _key(most).view(F)
        total = F(0.0)
        for j in range(x.shape[1]):
            made = _power(x[row, j] - top)
            out[row, j] = made
            total += made
        for j in range(x.shape[1]):
            out[row, j] /= total


@summing
def softmax_backward(g: Array, y: Array, out: Array) -> None:
    for row in range(y.shape[0]):
        inner = F(0.0)
        for j in range(y.shape[1]):
            inner += g[row, j] * y[row, j]
        for j in range(y.shape[1]):
            out[row, j] = y[row, j] * (g[row, j] - inner)


@summing
def log_softmax(x: Array, bits: Array, out: Array) -> None:
    for row in range(x.shape[0]):
        most = I(-2147483648)
        for j in range(x.shape[1]):
            most = max(most, _key(bits[row, j]))
        top = _key(most).view(F)
        total = F(0.0)
        for j in range(x.shape[1]):
            total += _power(x[row, j] - top)
        less = F(math.log(total))
        for j in range(x.shape[1]):
            out[row, j] = (x[row, j] - top) - less


@summing
def log_softmax_backward(g: Array, y: Array, out: Array) -> None:
    for row in range(y.shape[0]):
        total = F(0.0)
        for j in range(y.shape[1]):
            total += g[row, j]
        for j in range(y.shape[1]):
            out[row, j] = g[row, j] - _power(y[row, j]) * total


@summing
def row_spreads(x: Array, mean: Array, out: Array) -> None:
    for row in range(x.shape[0]):
        middle = mean[row, 0]
        total = F(0.0)
        for j in range(x.shape[1]):
            centred = x[row, j] - middle
            total += centred * centred
        out[row, 0] = total


@kernel
def row_scaled(x: Array, mean: Array, factor: Array, shift: Array, out: Array) -> None:
    for row in range(x.shape[0]):
        middle, by, more = mean[row, 0], factor[row, 0], shift[row, 0]
        for j in range(x.shape[1]):
            out[row, j] = (x[row, j] - middle) * by + more


@summing
def row_moments(g: Array, x: Array, mean: Array, sums: Array, products: Array) -> None:
    for row in range(x.shape[0]):
        middle = mean[row, 0]
        total, product = F(0.0), F(0.0)
        for j in range(x.shape[1]):
            total += g[row, j]
            product += g[row, j] * (x[row, j] - middle)
        sums[row, 0], products[row, 0] = total, product


@kernel
def row_gradient(g: Array, x: Array, mean: Array, factor: Array, by: Array, less: Array, out: Array) -> None:
    for row in range(x.shape[0]):
        middle, times, away, off = mean[row, 0], factor[row, 0], by[row, 0], less[row, 0]
        for j in range(x.shape[1]):
            out[row, j] = g[row, j] * times - (x[row, j] - middle) * away - off


@summing
def layer_norm(x: Array, weight: Array, bias: Array, eps: Any, out: Array, mean: Array, rstd: Array) -> None:
    count = F(x.shape[1])
    for row in range(x.shape[0]):
        total = F(0.0)
        for j in range(x.shape[1]):
            total += x[row, j]
        middle = total / count
        spread = F(0.0)
        for j in range(x.shape[1]):
            centred = x[row, j] - middle
            spread += centred * centred
        by = F(1.0) / F(math.sqrt(spread / count + eps))
        for j in range(x.shape[1]):
            out[row, j] = ((x[row, j] - middle) * by) * weight[j] + bias[j]
        mean[row, 0], rstd[row, 0] = middle, by


@summing
def layer_norm_backward(g: Array, x: Array, mean: Array, rstd: Array, weight: Array, out: Array, of_weight: Array, of_bias: Array) -> None:
    """Adds into ``of_weight`` and ``of_bias``."""
    count = F(x.shape[1])
    for row in range(x.shape[0]):
        middle, by = mean[row, 0], rstd[row, 0]
        total, product = F(0.0), F(0.0)
        for j in range(x.shape[1]):
            scaled = g[row, j] * weight[j]
            total += scaled
            product += scaled * (x[row, j] - middle)
        total /= count
        product = product * by * by / count
        for j in range(x.shape[1]):
            centred = x[row, j] - middle
            out[row, j] = by * (g[row, j] * weight[j] - total - centred * product)
            of_weight[j] += g[row, j] * (centred * by)
            of_bias[j] += g[row, j]
