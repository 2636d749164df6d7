"""Images at other sizes: nearest, linear, cubic; and channels rearranged into pixels and back.

Each dimension is resized by itself: every new element is a weighted sum of a few old ones (its taps).
"""

from __future__ import annotations

import math
from typing import Any

from ..op import Array, op
from .embedding import add_rows

Taps = list[tuple[Any, Any]]  # (numbers of old elements, their weights or None for 1), one for each new element
MODES = {
    "nearest": "Nearest", "nearest-exact": "NearestExact", "linear": "Linear", "bilinear": "Bilinear", "trilinear": "Trilinear",
    "bicubic": "Bicubic",
}  # fmt: skip


def _nearest(xp: Any, old: int, new: int, scale: float | None, exact: bool) -> Taps:
    ratio = xp.asarray(1.0 / scale if scale else old / new, "float32")  # PyTorch computes the place in single precision
    place = (xp.arange(new).astype("float32") + xp.asarray(0.5 if exact else 0, "float32")) * ratio
    return [(xp.minimum(xp.floor(place).astype("int64"), old - 1), None)]


def _centres(xp: Any, old: int, new: int, scale: float | None, align_corners: bool, kind: Any) -> Array:
    """Where the new elements lie among the old ones."""
    if align_corners:
        return xp.arange(new).astype(kind) * xp.asarray((old - 1) / (new - 1) if new > 1 else 0.0, kind)
    ratio = xp.asarray(1.0 / scale if scale else old / new, kind)
    return ratio * (xp.arange(new).astype(kind) + xp.asarray(0.5, kind)) - xp.asarray(0.5, kind)


def _linear(xp: Any, old: int, new: int, scale: float | None, align_corners: bool, kind: Any) -> Taps:
    if old == new:  # also where the factor says otherwise
        return [(xp.arange(old), None)]
    place = xp.maximum(_centres(xp, old, new, scale, align_corners, kind), xp.asarray(0, kind))
    left = xp.minimum(place.astype("int64"), old - 1)
    share = xp.clip(place - left.astype(kind), 0, 1).astype(kind)
    return [(left, 1 - share), (xp.minimum(left + 1, old - 1), share)]


def _cubic_weights(x: Array, a: float) -> list[Array]:
    """Of the four elements around a place ``x`` behind the second: Keys (1981), with the parameter ``a``."""

    def near(d: Array) -> Array:
        return ((a + 2) * d - (a + 3)) * d * d + 1

    def far(d: Array) -> Array:
        return ((a * d - 5 * a) * d + 8 * a) * d - 4 * a

    return [far(x + 1), near(x), near(1 - x), far(2 - x)]


def _cubic(xp: Any, old: int, new: int, scale: float | None, align_corners: bool, kind: Any) -> Taps:
    place = _centres(xp, old, new, scale, align_corners, kind)
    second = xp.floor(place)
    weights = _cubic_weights(place - second, -0.75)
    return [(xp.clip(second.astype("int64") + k - 1, 0, old - 1), weight.astype(kind)) for k, weight in enumerate(weights)]


def _smooth(xp: Any, old: int, new: int, scale: float | None, align_corners: bool, cubic: bool, kind: Any) -> Taps:
    """With a filter as wide as the elements that one new element covers, which avoids aliasing."""
    ratio = ((old - 1) / (new - 1) if new > 1 else 0.0) if align_corners else 1.0 / scale if scale else old / new
    reach = (2.0 if cubic else 1.0) * max(ratio, 1.0)
    centres = xp.arange(new) * ratio + 0.5 * ratio
    begins = xp.maximum((centres - reach + 0.5).astype("int64"), 0)
    widths = xp.minimum((centres + reach + 0.5).astype("int64"), old) - begins
    taps, total = [], xp.zeros(new)
    for k in range(math.ceil(reach) * 2 + 1):
        d = xp.absolute((k + begins - centres + 0.5) / max(ratio, 1.0))
        if cubic:
            a = -0.5
            inner, outer = ((a + 2) * d - (a + 3)) * d * d + 1, ((a * d - 5 * a) * d + 8 * a) * d - 4 * a
            weight = xp.where(d < 1, inner, xp.where(d < 2, outer, xp.zeros_like(d)))
        else:
            weight = xp.maximum(1 - d, xp.zeros_like(d))
        weight = xp.where(k < widths, weight, xp.zeros_like(d))
        total = total + weight
        taps.append((xp.minimum(begins + k, old - 1), weight))
    return [(numbers, (weight / total).astype(kind)) for numbers, weight in taps]


def _taps(xp: Any, old: int, new: int, mode: str, align_corners: bool, scale: float | None, antialias: bool, kind: Any) -> Taps:
    if mode.startswith("nearest"):
        return _nearest(xp, old, new, scale, mode == "nearest-exact")
    if antialias:
        return _smooth(xp, old, new, scale, align_corners, mode == "bicubic", kind)
    if mode == "bicubic":
        return _cubic(xp, old, new, scale, align_corners, kind)
    return _linear(xp, old, new, scale, align_corners, kind)


def _along(array: Array, values: Array, axis: int) -> Array:
    return values.reshape([-1 if i == axis else 1 for i in range(array.ndim)])


def _of_bytes(xp: Any, input: Array, taps: Taps, axis: int) -> Array:
    """Bytes resized along a dimension with weights of 16 bits, as many of them behind the point as the largest weight leaves."""
    weights = xp.zeros((taps[0][0].size, input.shape[axis]), "float64")
    for numbers, weight in taps:
        weights[xp.arange(numbers.size), numbers] += weight  # beyond the border stands the last element again
    largest = float(weights.max())
    bits = next(b for b in range(22) if int(0.5 + largest * (1 << (b + 1))) >= 1 << 15)
    whole = xp.trunc(weights * (1 << bits) + xp.where(weights < 0, -0.5, 0.5)).astype("int64")
    total = xp.matmul(xp.moveaxis(input, axis, -1).astype("int64"), whole.T) + (1 << (bits - 1))  # a half, for rounding
    return xp.moveaxis(xp.clip(total >> bits, 0, 255).astype("uint8"), -1, axis)


def _node(size: Any, mode: str, antialias: bool) -> str:
    return f"Upsample{MODES[mode]}{len(size)}D{'Aa' if antialias else ''}Backward0"


@op(
    vjp={
        "input": lambda g, input_shape, size, mode, align_corners, scales, antialias: resize_backward(
            g, tuple(input_shape[2:]), size, mode, align_corners, scales, antialias
        )
    },
    samples=lambda rand: [
        (rand(2, 2, 5), (7,), "nearest", False, (None,), False),
        (rand(1, 2, 4, 5), (6, 3), "nearest-exact", False, (None, None), False),
        (rand(2, 2, 5), (8,), "linear", True, (None,), False),
        (rand(1, 2, 4, 5), (6, 3), "bilinear", False, (1.5, 0.6), False),
        (rand(1, 1, 3, 2, 3), (2, 4, 5), "trilinear", False, (None,) * 3, False),
        (rand(1, 2, 4, 5), (6, 3), "bicubic", True, (None, None), False),
        (rand(1, 2, 6, 7), (3, 4), "bilinear", False, (None, None), True),
        (rand(1, 2, 6, 7), (3, 4), "bicubic", False, (None, None), True),
    ],
    node=_node,
)
def resize(xp: Any, input: Array, size: Any, mode: str, align_corners: bool, scales: Any, antialias: bool) -> Array:
    """(N, C, ...) at the sizes ``size``; ``scales`` are the factors where they were given."""
    if input.dtype == "uint8" and not mode.startswith("nearest"):
        for axis in range(input.ndim - 1, 1, -1):  # as PyTorch: rounded after each dimension, the last one first
            if input.shape[axis] != size[axis - 2]:
                taps = _taps(xp, input.shape[axis], size[axis - 2], mode, align_corners, scales[axis - 2], antialias, "float64")
                input = _of_bytes(xp, input, taps, axis)
        return input.copy()
    kind = "float32" if input.dtype == "float16" else input.dtype
    made = input.astype(kind)
    for axis, (new, scale) in enumerate(zip(size, scales, strict=True), 2):
        parts = None
        for numbers, weight in _taps(xp, input.shape[axis], new, mode, align_corners, scale, antialias, kind):
            part = xp.take(made, numbers, axis=axis)
            part = part if weight is None else part * _along(part, weight, axis)
            parts = part if parts is None else parts + part
        made = parts
    return made.astype(input.dtype)


@op(
    vjp={"grad": lambda g, new, mode, align_corners, scales, antialias: resize(g, new, mode, align_corners, scales, antialias)},
    samples=lambda rand: [
        (rand(1, 2, 6, 3), (4, 5), (6, 3), "bilinear", False, (1.5, 0.6), False),
        (rand(2, 2, 7), (5,), (7,), "nearest", False, (None,), False),
    ],
)
def resize_backward(xp: Any, grad: Array, size: Any, new: Any, mode: str, align_corners: bool, scales: Any, antialias: bool) -> Array:
    """The transpose of ``resize``: from sizes ``new`` to ``size``."""
    kind = "float32" if grad.dtype == "float16" else grad.dtype
    made = grad.astype(kind)
    for axis, (old, count, scale) in enumerate(zip(size, new, scales, strict=True), 2):
        moved = xp.ascontiguousarray(xp.moveaxis(made, axis, 0))
        sums = xp.zeros((old, *moved.shape[1:]), kind)
        for numbers, weight in _taps(xp, old, count, mode, align_corners, scale, antialias, kind):
            add_rows(xp, sums, numbers, moved if weight is None else moved * _along(moved, weight, 0))
        made = xp.moveaxis(sums, 0, axis)
    return made.astype(grad.dtype)


# ------------------------------------------------------------------------------------------------- channels and pixels


def _check_image(name: str, input: Array) -> None:
    if input.ndim < 3:
        raise RuntimeError(f"{name} expects input to have at least 3 dimensions, but got input with {input.ndim} dimension(s)")


@op(
    vjp={"input": lambda g, upscale_factor: pixel_unshuffle(g, upscale_factor)},
    samples=lambda rand: [(rand(2, 8, 3, 2), 2), (rand(9, 2, 2), 3), (rand(2, 1, 4, 2, 3), 2)],
    torch="pixel_shuffle",
)
def pixel_shuffle(xp: Any, input: Array, upscale_factor: int) -> Array:
    """(..., C * r * r, H, W) as (..., C, H * r, W * r) (Shi et al., 2016).

    Raises RuntimeError where the channels do not divide.
    """
    _check_image("pixel_shuffle", input)
    r = upscale_factor
    if r <= 0:
        raise RuntimeError(f"pixel_shuffle expects a positive upscale_factor, but got {r}")
    *lead, channels, height, width = input.shape
    if channels % (r * r):
        raise RuntimeError(
            "pixel_shuffle expects its input's 'channel' dimension to be divisible by the square of upscale_factor, but "
            f"input.size(-3)={channels} is not divisible by {r * r}"
        )
    n = len(lead)
    apart = input.reshape(*lead, channels // (r * r), r, r, height, width)
    return apart.transpose(*range(n), n, n + 3, n + 1, n + 4, n + 2).reshape(*lead, channels // (r * r), height * r, width * r)


@op(
    vjp={"input": lambda g, downscale_factor: pixel_shuffle(g, downscale_factor)},
    samples=lambda rand: [(rand(2, 2, 4, 6), 2), (rand(1, 6, 3), 3)],
    torch="pixel_unshuffle",
)
def pixel_unshuffle(xp: Any, input: Array, downscale_factor: int) -> Array:
    """(..., C, H * r, W * r) as (..., C * r * r, H, W).

    Raises RuntimeError where the sizes do not divide.
    """
    _check_image("pixel_unshuffle", input)
    r = downscale_factor
    if r <= 0:
        raise RuntimeError(f"pixel_unshuffle expects a positive downscale_factor, but got {r}")
    *lead, channels, height, width = input.shape
    for name, n in (("height", height), ("width", width)):
        if n % r:
            raise RuntimeError(
                f"pixel_unshuffle expects {name} to be divisible by downscale_factor, but input.size({-2 if name == 'height' else -1})={n} "
                f"is not divisible by {r}"
            )
    n = len(lead)
    apart = input.reshape(*lead, channels, height // r, r, width // r, r)
    return apart.transpose(*range(n), n, n + 2, n + 4, n + 1, n + 3).reshape(*lead, channels * r * r, height // r, width // r)


@op(
    vjp={"input": lambda g, input_shape, groups: channel_shuffle(g, input_shape[1] // groups)},
    samples=lambda rand: [(rand(2, 6, 3), 2), (rand(1, 4, 2, 2), 4)],
    torch="channel_shuffle",
)
def channel_shuffle(xp: Any, input: Array, groups: int) -> Array:
    """The channels of (N, C, ...), in ``groups`` groups, taken from each group in turns.

    Raises RuntimeError where the channels do not divide into the groups.
    """
    if input.ndim < 3:
        raise RuntimeError(f"channel_shuffle expects input with > 2 dims, but got input with sizes {list(input.shape)}")
    if groups <= 0:
        raise RuntimeError(f"Number of groups to divide channels in must be positive. Value of groups:{groups}")
    count, channels = input.shape[:2]
    if channels % groups:
        raise RuntimeError(f"Number of channels must be divisible by groups. Got {channels} channels and {groups} groups.")
    apart = input.reshape(count, groups, channels // groups, *input.shape[2:])
    return apart.swapaxes(1, 2).reshape(input.shape)


FUNCTIONAL = {"channel_shuffle": channel_shuffle, "pixel_shuffle": pixel_shuffle, "pixel_unshuffle": pixel_unshuffle}
TORCH = dict(FUNCTIONAL)
FUNCTIONAL["native_channel_shuffle"] = channel_shuffle
