"""Fractional max pooling: windows whose places are drawn (Graham, 2014)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ..kernels.convolve import positions_of
from ..op import Array, op
from ..tensor import Tensor
from .draws import rand
from .pool import place


def _starts(xp: Any, sample: Array, size: int, count: int, kernel: int) -> Array:
    """Where the ``count`` windows along a dimension begin, for each of the numbers drawn; the last one ends at the end."""
    if count == 0:
        return xp.zeros((*sample.shape, 0), "int64")
    last = xp.full((*sample.shape, 1), size - kernel, "int64")
    if count == 1:
        return last
    step = xp.asarray((size - kernel) / (count - 1), sample.dtype)
    sample = sample[..., None]
    steps = xp.arange(count - 1).astype(sample.dtype)
    begins = ((steps + sample) * step).astype("int64") - (sample * step).astype("int64")
    return xp.concatenate([begins, last], axis=-1)


@op(
    vjp={"input": lambda g, indices, input_shape, size: place(g, indices, input_shape, len(size), False)},
    samples=lambda rand: [
        (rand.distinct(2, 2, 5, 6), rand.integers(4, 2, 2, 2).double() / 4, (2, 3), (3, 2)),
        (rand.distinct(1, 1, 3, 4, 4), rand.integers(4, 1, 1, 3).double() / 4, (1, 2, 2), (2, 2, 1)),
    ],
    node=lambda size: f"FractionalMaxPool{len(size)}DBackward0",
    outputs=("out", "indices"),
    differentiable=("out",),
)
def fractional_max_pool(xp: Any, input: Array, samples: Array, kernel: Sequence[int], size: Sequence[int]) -> tuple[Array, Array]:
    """The largest element of each of ``size`` windows (N, C, ...) and its row-major number; ``samples`` (N, C, dims) place them."""
    dims = len(size)
    shape = input.shape[-dims:]
    order = (1, 0) if dims == 2 else (0, 1, 2)  # PyTorch's first number of two places the windows along the width
    starts = [_starts(xp, samples[..., at], n, count, k) for at, n, count, k in zip(order, shape, size, kernel, strict=True)]
    flat = input.reshape(*input.shape[:2], math.prod(shape))
    best: Any = None
    where: Any = None
    for position in positions_of(tuple(kernel)):
        numbers = xp.zeros(input.shape[:2], "int64")
        for begin, offset, n in zip(starts, position, shape, strict=True):
            lead = begin.reshape(*begin.shape[:2], *(1,) * (numbers.ndim - 2), begin.shape[-1])
            numbers = numbers[..., None] * n + lead + offset
        value = xp.take_along_axis(flat, numbers.reshape(*numbers.shape[:2], math.prod(size)), axis=-1).reshape(numbers.shape)
        if best is None:
            best, where = value, numbers
            continue
        better = (value > best) | (value != value)
        best, where = xp.where(better, value, best), xp.where(better, numbers, where)
    if best is None:
        best = xp.full((*input.shape[:2], *size), -math.inf, input.dtype)
        where = xp.zeros(best.shape, "int64")
    return best, where


def _read(name: str, dims: int, argument: str, value: Any) -> tuple[int, ...]:
    if not isinstance(value, (tuple, list)):
        return (int(value),) * dims
    if len(value) != dims:
        raise RuntimeError(f"{name}: {argument} must either be a single Int or tuple of {'' if dims == 2 else 'three '}Ints")
    return tuple(int(v) for v in value)


def _check_samples(samples: Tensor, input: Tensor, channels: int, dims: int) -> None:
    """Raise RuntimeError, in PyTorch's words, for numbers that do not fit."""
    if samples.dtype is not input.dtype:
        raise RuntimeError("Expect _random_samples to have the same dtype as input")
    if samples.ndim != 3:
        raise RuntimeError(f"Expect _random_samples to have 3 dimensions, got {samples.ndim}")
    batch = 1 if input.ndim == dims + 1 else input.shape[0]
    if samples.shape[0] < batch:
        raise RuntimeError("Expect _random_samples.size(0) no less then input batch size.")
    if samples.shape[1] != channels:
        raise RuntimeError("Expect _random_samples.size(1) equals to input channel size.")
    if samples.shape[2] != dims:
        raise RuntimeError(f"Expect _random_samples.size(2) equals to {dims}; got {samples.shape[2]}.")


def _pool(dims: int, input: Tensor, kernel_size: Any, output_size: Any, output_ratio: Any, samples: Tensor | None) -> tuple[Any, Any]:
    name = f"fractional_max_pool{dims}d"
    if output_size is None and output_ratio is None:
        raise ValueError(f"{name} requires specifying either an output_size or an output_ratio")
    if output_size is None:
        if dims == 2 and len(output_ratio) > 2:
            raise ValueError(f"{name} requires output_ratio to either be a single Int or tuple of Ints.")
        ratios = output_ratio if isinstance(output_ratio, (tuple, list)) else (output_ratio,) * dims
        output_size = [int(input.size(axis - dims) * ratio) for axis, ratio in enumerate(ratios)]
    if samples is None:
        batch = 1 if input.ndim == dims + 1 else input.shape[0]
        samples = rand(batch, input.size(-dims - 1), dims, dtype=input.dtype, device=input.device)
    kernel, size = _read(name, dims, "kernel_size", kernel_size), _read(name, dims, "output_size", output_size)
    who = f"{name}()" if dims == 2 else f"{name}_out()"
    if input.ndim not in (dims + 1, dims + 2):
        raise RuntimeError(f"{who}: Expected {dims + 1}D or {dims + 2}D tensor, but got: {list(input.shape)}")
    for axis in range(input.ndim - dims - 1, input.ndim):
        if not input.shape[axis]:
            raise RuntimeError(
                f"{who}: Expected input to have non-zero size for non-batch dimensions, but got{list(input.shape)} with dimension {axis} "
                "being empty."
            )
    for side, n, k, count in zip(("time", "height", "width")[-dims:], input.shape[-dims:], kernel, size, strict=True):
        if count + k - 1 > n - (dims == 3):  # PyTorch is one stricter in three dimensions
            raise RuntimeError(f"{who}: pool {side} {k} too large relative to input {side} {n}")
    _check_samples(samples, input, input.shape[-dims - 1], dims)
    samples = samples[: 1 if input.ndim == dims + 1 else input.shape[0]]
    if input.ndim == dims + 2:
        return fractional_max_pool(input, samples, kernel, size)  # type: ignore[no-any-return]
    out, indices = fractional_max_pool(input.unsqueeze(0), samples, kernel, size)
    return out.squeeze(0), indices.squeeze(0)


def fractional_max_pool2d(
    input: Tensor,
    kernel_size: Any,
    output_size: Any = None,
    output_ratio: Any = None,
    return_indices: bool = False,
    _random_samples: Tensor | None = None,
) -> Any:
    """The largest elements of ``output_size`` windows of (N, C, H, W) or (C, H, W), whose places are drawn.

    ``output_ratio`` says the size by its share of the input's. Raises ValueError where neither is given, RuntimeError for sizes
    that do not fit.
    """
    found = _pool(2, input, kernel_size, output_size, output_ratio, _random_samples)
    return found if return_indices else found[0]


def fractional_max_pool3d(
    input: Tensor,
    kernel_size: Any,
    output_size: Any = None,
    output_ratio: Any = None,
    return_indices: bool = False,
    _random_samples: Tensor | None = None,
) -> Any:
    """As ``fractional_max_pool2d``, of (N, C, D, H, W) or (C, D, H, W)."""
    found = _pool(3, input, kernel_size, output_size, output_ratio, _random_samples)
    return found if return_indices else found[0]


def fractional_max_pool2d_with_indices(
    input: Tensor,
    kernel_size: Any,
    output_size: Any = None,
    output_ratio: Any = None,
    return_indices: bool = False,
    _random_samples: Tensor | None = None,
) -> Any:
    """As ``fractional_max_pool2d``, always with the row-major numbers of the elements."""
    return _pool(2, input, kernel_size, output_size, output_ratio, _random_samples)


def fractional_max_pool3d_with_indices(
    input: Tensor,
    kernel_size: Any,
    output_size: Any = None,
    output_ratio: Any = None,
    return_indices: bool = False,
    _random_samples: Tensor | None = None,
) -> Any:
    """As ``fractional_max_pool3d``, always with the row-major numbers of the elements."""
    return _pool(3, input, kernel_size, output_size, output_ratio, _random_samples)


FUNCTIONAL = {
    "fractional_max_pool2d": fractional_max_pool2d, "fractional_max_pool2d_with_indices": fractional_max_pool2d_with_indices,
    "fractional_max_pool3d": fractional_max_pool3d, "fractional_max_pool3d_with_indices": fractional_max_pool3d_with_indices,
}  # fmt: skip
