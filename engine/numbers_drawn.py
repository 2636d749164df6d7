"""Numbers of the usual distributions made of a stream's words, one by one as PyTorch's CPU kernels make them.

On the host every function gives bit for bit PyTorch 2.13's numbers (as it computes on x86 with AVX2) and takes as many
words; only of float32 normal ones about one in 10^8 differs in the last bit. Arrays are flat, in the order of drawing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from .dtypes import HALVES, finfo, of
from .streams import Stream

_BLOCK = 16  # PyTorch makes normal numbers in blocks of 16
_PIECE = 1 << 15  # of single-precision ones as many are made at a time as fit the cache


def _pairs(stream: Stream, count: int) -> Any:
    """The next 64-bit numbers, each of two words, as a uint64 array."""
    words = stream.words(2 * count).astype("uint64")
    return (words[0::2] << stream.xp.asarray(32, "uint64")) | words[1::2]


def _singles(stream: Stream, count: int) -> Any:
    """float32 numbers from 0 to 1, of 24 bits."""
    xp = stream.xp
    return (stream.words(count) & xp.asarray(0xFFFFFF, "uint32")).astype("float32") * xp.asarray(2.0**-24, "float32")


def _doubles(stream: Stream, count: int) -> Any:
    """float64 numbers from 0 to 1, of 53 bits."""
    xp = stream.xp
    return (_pairs(stream, count) & xp.asarray((1 << 53) - 1, "uint64")).astype("float64") * 2.0**-53


def fused(xp: Any, a: Any, b: Any, c: Any) -> Any:
    """``a * b + c`` of arrays or numbers in ``a``'s type, rounded once: kernels are compiled so.

    Single precision goes by way of double. Double precision takes the error of the product (Veltkamp and Dekker) and of the
    sum (Knuth) into account.
    """
    if a.dtype == "float32":
        return (xp.multiply(a, b, dtype="float64") + c).astype("float32")
    product = a * b
    halves = []
    for factor in (a, xp.asarray(b, "float64")):
        scaled = factor * 134217729.0  # 2 ** 27 + 1
        upper = scaled - (scaled - factor)
        halves.append((upper, factor - upper))
    (a1, a2), (b1, b2) = halves
    lost = a2 * b2 - (((product - a1 * b1) - a2 * b1) - a1 * b2)
    total = product + c
    part = total - product
    return total + (((product - (total - part)) + (c - part)) + lost)


def rounded(values: Any, kind: Any) -> Any:
    """float64 numbers in another type; half precision is rounded by way of single, as PyTorch's conversion does."""
    return values.astype("float32").astype(kind) if kind in HALVES else values.astype(kind)


def uniform(stream: Stream, count: int, kind: Any, low: float = 0.0, high: float = 1.0) -> Any:
    """Numbers from ``low`` up to but not including ``high``; half precision is rounded from single."""
    xp = stream.xp
    if kind == "float64":
        made = _doubles(stream, count)
        return made if (low, high) == (0.0, 1.0) else fused(xp, made, high - low, low)
    made = _singles(stream, count)
    if (low, high) != (0.0, 1.0):
        bottom = xp.asarray(low, "float32")
        made = fused(xp, made, xp.asarray(high, "float32") - bottom, bottom)
    if kind in HALVES:
        made = made.astype(kind)
        made[made == xp.asarray(high, kind)] = low  # what was rounded up to the end
        return made
    return made


def between(stream: Stream, count: int, low: float, high: float) -> Any:
    """float64 numbers from ``low`` to ``high`` as kernels make them that do not fuse: rounded twice."""
    return _doubles(stream, count) * (high - low) + low


def unit(stream: Stream, count: int, kind: Any) -> Any:
    """Numbers from 0 to 1 to compare probabilities of type ``kind`` with: of 53 bits for doubles, of 24 otherwise."""
    return _doubles(stream, count) if kind == "float64" else _singles(stream, count)


# ---------------------------------------------------------------------------------------------------------------- normal


def normal(stream: Stream, count: int, kind: Any, mean: float = 0.0, deviation: float = 1.0, blocks: bool = True) -> Any:
    """Normal numbers by the method of Box and Muller (1958): in blocks of 16 from 16 on, in pairs otherwise.

    ``blocks`` is False for memory with gaps, which PyTorch always fills in pairs.
    """
    if stream.xp.kind != "cpu":
        return _of_device(stream, count, kind, mean, deviation)
    if count < _BLOCK or not blocks:
        return rounded(fused(stream.xp, _in_pairs(stream, count), deviation, mean), kind)
    draw: Callable[[Stream, int], Any] = _doubles if kind == "float64" else _singles
    change = _double_blocks if kind == "float64" else _single_blocks
    rest = count % _BLOCK
    whole = count - rest
    raw = draw(stream, whole if kind in HALVES else count)
    made = change(stream.xp, raw[:whole], mean, deviation).astype(kind, copy=False)
    if not rest:
        return made
    last = draw(stream, _BLOCK)  # the last 16 are made anew where the blocks do not come out even
    tail = change(stream.xp, last, mean, deviation)
    return stream.xp.concatenate([made[: count - _BLOCK], tail.astype(kind, copy=False)])


def _of_device(stream: Stream, count: int, kind: Any, mean: float, deviation: float) -> Any:
    xp = stream.xp
    half = -(-count // 2)
    draw = _doubles if kind == "float64" else _singles
    raw = draw(stream, 2 * half)
    radius = xp.sqrt(-2 * xp.log1p(-raw[:half]))
    angle = raw[half:] * (2 * math.pi)
    made = xp.concatenate([radius * xp.cos(angle), radius * xp.sin(angle)])[:count]
    return (made * deviation + mean).astype(kind)


def _in_pairs(stream: Stream, count: int) -> Any:
    made: list[float] = []
    for _ in range(count):
        if stream.next_normal is not None:
            made.append(stream.next_normal)
            stream.next_normal = None
            continue
        one, two = stream.double(), stream.double()
        radius, angle = math.sqrt(-2.0 * math.log1p(-two)), 2.0 * math.pi * one
        stream.next_normal = radius * math.sin(angle)
        made.append(radius * math.cos(angle))
    return stream.xp.asarray(made, "float64")


def _double_blocks(xp: Any, raw: Any, mean: float, deviation: float) -> Any:
    """Blocks of 16: radii from the first half of each, angles from the second. The C library's functions, as PyTorch."""
    raw = raw.reshape(-1, 2, _BLOCK // 2)
    shape = raw[:, 0].shape
    logarithms = xp.asarray([math.log(1.0 - u) for u in raw[:, 0].reshape(-1).tolist()]).reshape(shape)
    angles = (raw[:, 1] * (2.0 * math.pi)).reshape(-1).tolist()
    radius = xp.sqrt(-2.0 * logarithms)
    parts = [radius * xp.asarray([f(a) for a in angles]).reshape(shape) for f in (math.cos, math.sin)]
    made = xp.stack(parts, axis=1).reshape(-1)
    return made if (mean, deviation) == (0.0, 1.0) else fused(xp, made, deviation, mean)


def _single_blocks(xp: Any, raw: Any, mean: float, deviation: float) -> Any:
    made = [_single_piece(xp, raw[i : i + _PIECE], mean, deviation) for i in range(0, raw.size, _PIECE)]
    return made[0] if len(made) == 1 else xp.concatenate(made)


def _single_piece(xp: Any, raw: Any, mean: float, deviation: float) -> Any:
    raw = raw.reshape(-1, 2, _BLOCK // 2)
    one = xp.asarray(1, "float32")
    radius = xp.sqrt(_logarithm(xp, one - raw[:, 0]) * xp.asarray(-2, "float32"))
    sine, cosine = _sine_and_cosine(xp, raw[:, 1] * xp.asarray(2 * math.pi, "float32"))
    made = xp.stack([radius * cosine, radius * sine], axis=1).reshape(-1)
    return fused(xp, made, xp.asarray(deviation, "float32"), xp.asarray(mean, "float32"))


# The polynomials of Moshier's Cephes library (logf, sinf, cosf), which PyTorch's vectorised kernel evaluates.
_LOGARITHM = (
    7.0376836292e-2, -1.1514610310e-1, 1.1676998740e-1, -1.2420140846e-1, 1.4249322787e-1, -1.6668057665e-1,
    2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1,
)  # fmt: skip
_COSINE = (2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2)
_SINE = (-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1)
_QUARTER_PI = (0.78515625, 2.4187564849853515625e-4, 3.77489497744594108e-8)  # pi / 4 in three parts


def _polynomial(xp: Any, x: Any, coefficients: Sequence[float]) -> Any:
    first, *rest = (xp.asarray(c, "float32") for c in coefficients)
    made = xp.full_like(x, first)
    for c in rest:
        made = fused(xp, made, x, c)
    return made


def _logarithm(xp: Any, x: Any) -> Any:
    """The natural logarithm of positive float32 numbers."""
    fraction, exponent = xp.frexp(x)
    small = fraction < xp.asarray(math.sqrt(0.5), "float32")
    exponent = (exponent - small).astype("float32")
    less = fraction - xp.asarray(1, "float32")
    x = xp.where(small, less + fraction, less)
    square = x * x
    y = _polynomial(xp, x, _LOGARITHM) * x
    y = fused(xp, y, square, exponent * xp.asarray(-2.12194440e-4, "float32"))
    return fused(xp, exponent, xp.asarray(0.693359375, "float32"), x + (y - square * xp.asarray(0.5, "float32")))


def _sine_and_cosine(xp: Any, x: Any) -> tuple[Any, Any]:
    """Sine and cosine of float32 numbers that are not negative."""
    octant = (x * xp.asarray(4 / math.pi, "float32")).astype("int32")
    octant = (octant + 1) & ~1
    turns = octant.astype("float32")
    for part in _QUARTER_PI:
        x = fused(xp, turns, xp.asarray(-part, "float32"), x)
    square = x * x
    half = square * xp.asarray(0.5, "float32")
    even = fused(xp, _polynomial(xp, square, _COSINE) * square, square, -half) + xp.asarray(1, "float32")
    odd = fused(xp, _polynomial(xp, square, _SINE) * square, x, x)
    straight = (octant & 2) == 0
    sine, cosine = xp.where(straight, odd, even), xp.where(straight, even, odd)
    return xp.where((octant & 4) != 0, -sine, sine), xp.where(((octant - 2) & 4) == 0, -cosine, cosine)


# -------------------------------------------------------------------------------------------------------------- integers


def integers(stream: Stream, count: int, low: int, size: int) -> Any:
    """int64 numbers from ``low`` up to but not including ``low + size``; wide ranges take two words a number."""
    xp = stream.xp
    if size >= 1 << 64:
        return _pairs(stream, count).astype("int64")
    drawn = _pairs(stream, count) if size >= 1 << 28 else stream.words(count).astype("uint64")
    return (drawn % xp.asarray(size, "uint64")).astype("int64") + xp.asarray(low, "int64")


def any_integers(stream: Stream, count: int, kind: Any) -> Any:
    """All the integers that a type holds exactly, from 0 on."""
    xp = stream.xp
    if kind.kind == "b":
        size = 2
    elif of(kind).is_floating_point:
        size = round(2 / finfo(of(kind)).eps) + 1
    else:
        size = int(xp.iinfo(kind).max) + 1
    drawn = _pairs(stream, count) if kind.itemsize == 8 else stream.words(count).astype("uint64")
    return (drawn % xp.asarray(size, "uint64")).astype(kind)


def permutation(stream: Stream, count: int) -> Any:
    """The numbers below ``count`` in random order, as int64 (Fisher and Yates)."""
    xp = stream.xp
    if xp.kind != "cpu":
        return xp.argsort(_doubles(stream, count)).astype("int64")
    if count < 2:
        return xp.arange(count, dtype="int64")
    if count >= (2**32 - 1) // 20:
        raise RuntimeError(f"randperm: {count} numbers are more than gradstep shuffles; the most is {(2**32 - 1) // 20 - 1}")
    jumps = (stream.words(count - 1) % xp.arange(count, 1, -1, dtype="uint32")).tolist()
    made = list(range(count))
    for i, jump in enumerate(jumps):
        j = i + jump
        made[i], made[j] = made[j], made[i]
    return xp.asarray(made, "int64")


# -------------------------------------------------------------------------------------------------------------- the others


def _mapped(stream: Stream, function: Callable[[float], float], elementwise: Callable[[Any], Any], count: int) -> Any:
    """``function`` of uniform numbers: on the host the C library's, elsewhere the device's."""
    drawn = _doubles(stream, count)
    if stream.xp.kind != "cpu":
        return elementwise(drawn)
    return stream.xp.asarray([function(u) for u in drawn.tolist()], "float64")


def exponential(stream: Stream, count: int, rate: float) -> Any:
    """float64 numbers of density ``rate * exp(-rate * x)``."""
    xp = stream.xp
    return _mapped(stream, lambda u: math.log1p(-u), lambda u: xp.log1p(-u), count) * (-1.0 / rate)


def cauchy(stream: Stream, count: int, median: float, width: float) -> Any:
    """float64 numbers of Cauchy's distribution."""
    xp = stream.xp
    turned = _mapped(stream, lambda u: math.tan(math.pi * (u - 0.5)), lambda u: xp.tan(math.pi * (u - 0.5)), count)
    return turned * width + median


def geometric(stream: Stream, count: int, p: float) -> Any:
    """float64 numbers: how many trials of probability ``p`` it takes to succeed once."""
    xp = stream.xp
    scale = math.log1p(-p)
    return xp.ceil(_mapped(stream, lambda u: math.log(u) if u else -math.inf, xp.log, count) / scale)


def log_normal(stream: Stream, count: int, mean: float, deviation: float) -> Any:
    """float64 numbers whose logarithms are normal."""
    xp = stream.xp
    if xp.kind != "cpu":
        return xp.exp(normal(stream, count, "float64", mean, deviation))
    exponents = fused(xp, _in_pairs(stream, count), deviation, mean)
    return xp.asarray([math.exp(value) for value in exponents.tolist()], "float64")


def poisson(stream: Stream, rate: float) -> int:
    """One number of Poisson's distribution: by multiplying uniform numbers for small rates, by transformed rejection
    (Hörmann, "The transformed rejection method for generating Poisson random variables", 1993) from 10 on."""
    if rate == 0:
        return 0
    if rate < 10:
        limit, product, made = math.exp(-rate), stream.double(), 0
        while product > limit:
            made += 1
            product *= stream.double()
        return made
    b = 0.931 + 2.53 * math.sqrt(rate)
    a = -0.059 + 0.02483 * b
    inverse_alpha = 1.1239 + 1.1328 / (b - 3.4)
    quick = 0.9277 - 3.6224 / (b - 2)
    while True:
        u, v = stream.double() - 0.5, stream.double()
        us = 0.5 - abs(u)
        made = math.floor((2 * a / us + b) * u + rate + 0.43)
        if us >= 0.07 and v <= quick:
            return made
        if made < 0 or (us < 0.013 and v > us):
            continue
        if math.log(v) + math.log(inverse_alpha) - math.log(a / (us * us) + b) <= made * math.log(rate) - rate - math.lgamma(made + 1):
            return made


def gamma(stream: Stream, shape: float) -> float:
    """One number of the gamma distribution of a shape and scale 1 (Marsaglia and Tsang, "A simple method for generating gamma
    variables", 2000)."""
    scale = 1.0
    if shape < 1:
        if shape == 0:
            return 0.0
        scale = (1 - stream.double()) ** (1 / shape)
        shape += 1
    d = shape - 0.3333333432674408  # PyTorch's third is a float32
    c = 1 / math.sqrt(9 * d)
    while True:
        x = float(_in_pairs(stream, 1)[0])
        v = 1 + c * x
        if v <= 0:
            continue
        v = v * v * v
        u = 1 - stream.double()
        if u < 1 - 0.0331 * x**4 or math.log(u) < 0.5 * x * x + d * (1 - v + math.log(v)):
            return scale * d * v
