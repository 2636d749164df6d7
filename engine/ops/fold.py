"""Windows of images as columns of a matrix, and columns put back: unfold (im2col) and fold (col2im)."""

from __future__ import annotations

import math
from typing import Any

from ..kernels.convolve import bordered, positions_of
from ..op import Array, op
from ..tensor import Tensor
from .conv import spread


def _counts(shape: Any, kernel: Any, dilation: Any, padding: Any, stride: Any) -> tuple[int, ...]:
    """How many windows fit along each dimension."""
    return tuple((n + 2 * p - d * (k - 1) - 1) // s + 1 for n, k, d, p, s in zip(shape, kernel, dilation, padding, stride, strict=True))


def _window(place: Any, counts: Any, dilation: Any, stride: Any) -> tuple[Any, ...]:
    return (..., *(slice(k * d, k * d + (n - 1) * s + 1, s) for k, n, d, s in zip(place, counts, dilation, stride, strict=True)))


@op(
    vjp={
        "input": lambda g, input_shape, kernel_size, dilation, padding, stride: col2im(
            g, tuple(input_shape[-2:]), kernel_size, dilation, padding, stride
        )
    },
    samples=lambda rand: [
        (rand(2, 3, 5, 6), (2, 3), (1, 1), (0, 0), (1, 1)),
        (rand(2, 5, 6), (2, 2), (2, 1), (1, 2), (2, 3)),
    ],
    node="Im2ColBackward0",
)
def im2col(xp: Any, input: Array, kernel_size: Any, dilation: Any, padding: Any, stride: Any) -> Array:
    """The windows of (N, C, H, W) or (C, H, W) as columns (N, C * kH * kW, L)."""
    *lead, channels, height, width = input.shape
    counts = _counts((height, width), kernel_size, dilation, padding, stride)
    padded = bordered(xp, input, [(p, p) for p in padding])
    columns = [padded[_window(place, counts, dilation, stride)] for place in positions_of(kernel_size)]
    return xp.stack(columns, axis=-3).reshape(*lead, channels * math.prod(kernel_size), math.prod(counts))


@op(
    vjp={"input": lambda g, kernel_size, dilation, padding, stride: im2col(g, kernel_size, dilation, padding, stride)},
    samples=lambda rand: [
        (rand(2, 18, 16), (5, 6), (2, 3), (1, 1), (0, 0), (1, 1)),
        (rand(8, 9), (5, 6), (2, 2), (2, 1), (1, 2), (2, 3)),
    ],
    node="Col2ImBackward0",
)
def col2im(xp: Any, input: Array, output_size: Any, kernel_size: Any, dilation: Any, padding: Any, stride: Any) -> Array:
    """The transpose of ``im2col``: columns (N, C * kH * kW, L) added up to (N, C, H, W)."""
    *lead, rows, _ = input.shape
    channels = rows // math.prod(kernel_size)
    counts = _counts(output_size, kernel_size, dilation, padding, stride)
    columns = input.reshape(*lead, channels, math.prod(kernel_size), *counts)
    padded = xp.zeros((*lead, channels, *(n + 2 * p for n, p in zip(output_size, padding, strict=True))), input.dtype)
    for number, place in enumerate(positions_of(kernel_size)):
        padded[_window(place, counts, dilation, stride)] += columns[..., number, :, :]
    return padded[(..., *(slice(p, p + n) for n, p in zip(output_size, padding, strict=True)))]


def unfold(input: Tensor, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> Any:
    """The windows of (N, C, H, W) or (C, H, W) as columns (N, C * kH * kW, L).

    Raises RuntimeError where no window fits, or for other shapes.
    """
    kernel, apart, sides, steps = (spread(v, 2) for v in (kernel_size, dilation, padding, stride))
    _check_positive(kernel, apart, steps)
    if input.ndim < 3:
        raise IndexError(f"Dimension out of range (expected to be in range of [{-input.ndim}, {input.ndim - 1}], but got 2)")
    if input.ndim not in (3, 4) or not all(input.shape[-3:]):
        raise RuntimeError(
            "Expected 3D or 4D (batch mode) tensor with possibly 0 batch size and other non-zero dimensions for input, but got: "
            f"{list(input.shape)}"
        )
    counts = _counts(input.shape[-2:], kernel, apart, sides, steps)
    if any(n < 1 for n in counts):
        sizes = ", ".join(map(str, input.shape[-2:]))
        raise RuntimeError(
            f"Given input with spatial size ({sizes}), kernel_size={kernel}, dilation={apart}, padding={sides}, calculated shape of the "
            f"array of sliding blocks as {counts}, but its components must be at least one."
        )
    return im2col(input, kernel, apart, sides, steps)


def _check_positive(kernel: Any, dilation: Any, stride: Any) -> None:
    for name, values in (("kernel", kernel), ("stride", stride), ("dilation", dilation)):
        if any(v <= 0 for v in values):
            raise RuntimeError(f"{name}{' size' if name == 'kernel' else ''} should be greater than zero, but got {values}")


def fold(input: Tensor, output_size: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> Any:
    """Columns (N, C * kH * kW, L) or (C * kH * kW, L) added up to images (N, C, *output_size).

    Raises RuntimeError where the columns are not those of such an image.
    """
    size, kernel, apart, sides, steps = (spread(v, 2) for v in (output_size, kernel_size, dilation, padding, stride))
    _check_positive(kernel, apart, steps)
    if input.ndim not in (2, 3) or not all(input.shape[-2:]):
        raise RuntimeError(
            "Expected 2D or 3D (batch mode) tensor for input with possibly 0 batch size and non-zero dimensions for input, but got: "
            f"{list(input.shape)}"
        )
    rows, columns = input.shape[-2:]
    if rows % math.prod(kernel):
        raise RuntimeError(
            "Expected size of input's dimension 1 to be divisible by the product of kernel_size, but got input.size(1)="
            f"{rows} and kernel_size={kernel}."
        )
    counts = _counts(size, kernel, apart, sides, steps)
    if columns != math.prod(counts) or any(n < 1 for n in counts):
        raise RuntimeError(
            f"Given output_size={size}, kernel_size={kernel}, dilation={apart}, padding={sides}, stride={steps}, expected size of input's "
            f"dimension 2 to match the calculated number of sliding blocks {' * '.join(map(str, counts))} = {math.prod(counts)}, but got "
            f"input.size(2)={columns}."
        )
    return col2im(input, size, kernel, apart, sides, steps)


FUNCTIONAL = {"fold": fold, "unfold": unfold}
