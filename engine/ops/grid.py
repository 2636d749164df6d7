"""Images sampled at any places: ``grid_sample``, and ``affine_grid``, which makes the places.

A sample is a weighted sum of the elements around its place. Forward and backward share the places and weights, written with
operators and a few functions so that they compute with arrays and, in the backward rule, with tensors alike.
"""

from __future__ import annotations

import itertools
import math
import warnings
from collections.abc import Sequence
from typing import Any, NamedTuple

from ..op import Array, op
from ..tensor import Tensor, wrap
from .choose import where
from .linalg import bmm
from .pieces import stack
from .pool import pick, place


class Axis(NamedTuple):
    """Along one dimension, for each sample: the elements that take part, their weights, and how these change with the place."""

    numbers: list[Any]  # int64
    inside: list[Any]  # whether the element is in the image, as 0 and 1
    weights: list[Any]
    slopes: list[Any]


class Arrays:
    """The functions that places and weights need, of arrays."""

    def __init__(self, xp: Any) -> None:
        self._xp = xp

    def floor(self, a: Any) -> Any:
        return self._xp.floor(a)

    def round(self, a: Any) -> Any:
        return self._xp.rint(a)

    def where(self, condition: Any, a: Any, b: Any) -> Any:
        return self._xp.where(condition, a, b)

    def integers(self, a: Any, size: int) -> tuple[Any, Any]:
        """Whole numbers as int64 within an image of that size, and whether they were in it."""
        inside = (a >= 0) & (a <= size - 1)
        return self._xp.where(inside, a, self._xp.zeros_like(a)).astype("int64"), inside.astype(a.dtype)


class Tensors:
    """The same, of tensors."""

    def floor(self, a: Any) -> Any:
        return a.detach().floor()

    def round(self, a: Any) -> Any:
        return a.detach().round()

    def where(self, condition: Any, a: Any, b: Any) -> Any:
        return where(condition, a, b)

    def integers(self, a: Any, size: int) -> tuple[Any, Any]:
        """Whole numbers as int64 within an image of that size, and whether they were in it."""
        inside = (a >= 0) & (a <= size - 1)
        return where(inside, a, a * 0).long(), inside.to(a.dtype)


def _unnormalised(grid: Any, size: int, align_corners: bool) -> tuple[Any, float]:
    """Places from -1 to 1 as numbers of elements, and by how much these change."""
    if align_corners:
        return (grid + 1) / 2 * (size - 1), (size - 1) / 2
    return ((grid + 1) * size - 1) / 2, size / 2


def _reflected(of: Any, x: Any, slope: Any, size: int, align_corners: bool) -> tuple[Any, Any]:
    """Places outside thrown back at the borders."""
    low, span = (0.0, float(size - 1)) if align_corners else (-0.5, float(size))
    if span == 0:
        return x * 0, slope * 0
    away = x - low
    slope = of.where(away < 0, -slope, slope)
    away = of.where(away < 0, -away, away)
    turns = of.floor(away / span)
    rest = away - turns * span
    even = turns - of.floor(turns / 2) * 2 == 0
    return of.where(even, rest + low, span - rest + low), of.where(even, slope, -slope)


def _clipped(of: Any, x: Any, slope: Any, size: int) -> tuple[Any, Any]:
    under, over = x <= 0, x >= size - 1
    return of.where(under, x * 0, of.where(over, x * 0 + (size - 1), x)), of.where(under | over, slope * 0, slope)


def _bounded(of: Any, x: Any, slope: Any, size: int, padding_mode: str, align_corners: bool) -> tuple[Any, Any]:
    if padding_mode == "reflection":
        x, slope = _reflected(of, x, slope, size, align_corners)
    return (x, slope) if padding_mode == "zeros" else _clipped(of, x, slope, size)


def _axis(of: Any, grid: Any, size: int, mode: str, padding_mode: str, align_corners: bool) -> Axis:
    x, factor = _unnormalised(grid, size, align_corners)
    slope = x * 0 + factor
    if mode == "bicubic":
        return _cubic(of, x, slope, size, padding_mode, align_corners)
    x, slope = _bounded(of, x, slope, size, padding_mode, align_corners)
    if mode == "nearest":
        numbers, inside = of.integers(of.round(x), size)
        return Axis([numbers], [inside], [x * 0 + 1], [x * 0])
    left = of.floor(x)
    both = [of.integers(left + k, size) for k in (0, 1)]
    return Axis([n for n, _ in both], [i for _, i in both], [left + 1 - x, x - left], [-slope, slope])


def _cubic(of: Any, x: Any, slope: Any, size: int, padding_mode: str, align_corners: bool) -> Axis:
    """Four elements, weighted after Keys (1981) with the parameter -0.75."""
    a = -0.75
    second = of.floor(x)
    t = x - second
    near = [((a + 2) * d - (a + 3)) * d * d + 1 for d in (t, 1 - t)]
    far = [((a * d - 5 * a) * d + 8 * a) * d - 4 * a for d in (t + 1, 2 - t)]
    near_slopes = [(3 * (a + 2) * d - 2 * (a + 3)) * d for d in (t, 1 - t)]
    far_slopes = [(3 * a * d - 10 * a) * d + 8 * a for d in (t + 1, 2 - t)]
    numbers, inside = [], []
    for k in range(-1, 3):
        bounded, _ = _bounded(of, second + k, slope, size, padding_mode, align_corners)
        number, within = of.integers(bounded, size)
        numbers.append(number)
        inside.append(within)
    weights = [far[0], near[0], near[1], far[1]]
    slopes = [far_slopes[0] * slope, near_slopes[0] * slope, -near_slopes[1] * slope, -far_slopes[1] * slope]
    return Axis(numbers, inside, weights, slopes)


def _axes(of: Any, grid: Any, shape: Sequence[int], mode: str, padding_mode: str, align_corners: bool) -> list[Axis]:
    """For each dimension of the image; the grid names the last one first."""
    n = len(shape)
    return [_axis(of, grid[..., n - 1 - i], size, mode, padding_mode, align_corners) for i, size in enumerate(shape)]


def _corners(axes: Sequence[Axis], shape: Sequence[int]) -> Any:
    """All combinations of elements: which of each dimension, the row-major number, and whether it is inside."""
    for chosen in itertools.product(*(range(len(axis.numbers)) for axis in axes)):
        number: Any = 0
        inside: Any = 1
        for axis, k, size in zip(axes, chosen, shape, strict=True):
            number = number * size + axis.numbers[k]
            inside = inside * axis.inside[k]
        yield chosen, number, inside


def _rule(g: Any, input: Any, grid: Any, mode: str, padding_mode: str, align_corners: bool, needs: Any) -> tuple[Any, Any]:
    shape = tuple(input.shape[2:])
    n, (count, channels) = len(shape), input.shape[:2]
    axes = _axes(Tensors(), grid, shape, mode, padding_mode, align_corners)
    whole = (count, channels, *grid.shape[1:-1])
    of_input: Any = None
    of_grid: list[Any] = [None] * n
    for chosen, number, inside in _corners(axes, shape):
        numbers = number.unsqueeze(1).expand(whole)
        if needs[0]:
            weight = inside
            for axis, k in zip(axes, chosen, strict=True):
                weight = weight * axis.weights[k]
            part = place(g * weight.unsqueeze(1), numbers, tuple(input.shape), n, False)
            of_input = part if of_input is None else of_input + part
        if needs[1]:
            common = (g * pick(input, numbers, n)).sum(1) * inside
            for i in range(n):
                factor = axes[i].slopes[chosen[i]]
                for j in range(n):
                    if j != i:
                        factor = factor * axes[j].weights[chosen[j]]
                part = common * factor
                of_grid[i] = part if of_grid[i] is None else of_grid[i] + part
    return of_input, stack(of_grid[::-1], -1) if needs[1] else None


@op(
    vjp={("input", "grid"): _rule},
    samples=lambda rand: [
        (rand(2, 2, 4, 5), rand.unit(2, 3, 2, 2), "bilinear", "zeros", False),
        (rand(1, 2, 4, 5), rand.unit(1, 3, 2, 2), "bilinear", "border", True),
        (rand(1, 2, 4, 5), rand.unit(1, 3, 2, 2), "bicubic", "zeros", False),
        (rand(1, 1, 3, 4, 5), rand.unit(1, 2, 1, 2, 3), "bilinear", "reflection", False),
        (rand(1, 2, 4, 5), rand.unit(1, 3, 2, 2), "nearest", "zeros", True),
    ],
    node=lambda input: f"GridSampler{input.ndim - 2}DBackward0",
)
def grid_sampler(xp: Any, input: Array, grid: Array, mode: str, padding_mode: str, align_corners: bool) -> Array:
    """``input`` (N, C, ...) at the places ``grid`` (N, ..., 2 or 3)."""
    shape = input.shape[2:]
    axes = _axes(Arrays(xp), grid, shape, mode, padding_mode, align_corners)
    flat = input.reshape(*input.shape[:2], math.prod(shape))
    made = xp.zeros((*input.shape[:2], *grid.shape[1:-1]), input.dtype)
    for chosen, number, inside in _corners(axes, shape):
        weight = inside
        for axis, k in zip(axes, chosen, strict=True):
            weight = weight * axis.weights[k]
        numbers = xp.broadcast_to(number.reshape(len(number), 1, -1), (*input.shape[:2], math.prod(grid.shape[1:-1])))
        made = made + xp.take_along_axis(flat, numbers, axis=2).reshape(made.shape) * weight[:, None].astype(made.dtype)
    return made


_MODES = ("bilinear", "nearest", "bicubic")
_PADDINGS = ("zeros", "border", "reflection")


def grid_sampler_of(input: Tensor, grid: Tensor, interpolation_mode: int, padding_mode: int, align_corners: bool) -> Any:
    """As ``grid_sample``, with numbers for the modes in the order in which its documentation names them."""
    return grid_sample(input, grid, _MODES[interpolation_mode], _PADDINGS[padding_mode], align_corners)


def grid_sample(input: Tensor, grid: Tensor, mode: str = "bilinear", padding_mode: str = "zeros", align_corners: bool | None = None) -> Any:
    """``input`` (N, C, H, W) or (N, C, D, H, W) at the places ``grid`` (N, ..., 2 or 3), whose coordinates go from -1 to 1, x first.

    Raises ValueError for unknown modes and RuntimeError for shapes that do not fit.
    """
    if mode not in ("bilinear", "nearest", "bicubic"):
        raise ValueError(f"nn.functional.grid_sample(): expected mode to be 'bilinear', 'nearest' or 'bicubic', but got: '{mode}'")
    if padding_mode not in ("zeros", "border", "reflection"):
        raise ValueError(
            f"nn.functional.grid_sample(): expected padding_mode to be 'zeros', 'border', or 'reflection', but got: '{padding_mode}'"
        )
    if align_corners is None:
        warnings.warn(
            "Default grid_sample and affine_grid behavior has changed to align_corners=False since 1.3.0. Please specify "
            "align_corners=True if the old behavior is desired. See the documentation of grid_sample for details.",
            UserWarning,
            stacklevel=2,
        )
    if input.dtype is not grid.dtype:
        raise RuntimeError(
            "grid_sampler(): expected input and grid to have same dtype, but input has "
            + f"{input.dtype.name} and grid has {grid.dtype.name}"
        )
    if input.ndim not in (4, 5) or grid.ndim != input.ndim:
        raise RuntimeError(
            "grid_sampler(): expected 4D or 5D input and grid with same number of dimensions, but got input with sizes "
            f"{list(input.shape)} and grid with sizes {list(grid.shape)}"
        )
    if input.shape[0] != grid.shape[0]:
        raise RuntimeError(
            f"grid_sampler(): expected grid and input to have same batch size, but got input with sizes {list(input.shape)} and grid with "
            f"sizes {list(grid.shape)}"
        )
    if grid.shape[-1] != input.ndim - 2:
        raise RuntimeError(
            f"grid_sampler(): expected grid to have size {input.ndim - 2} in last dimension, but got grid with sizes {list(grid.shape)}"
        )
    if not all(input.shape[2:]):
        raise RuntimeError(f"grid_sampler(): expected input to have non-empty spatial dimensions, but input has sizes {list(input.shape)}")
    if mode == "bicubic" and input.ndim == 5:
        raise RuntimeError("grid_sampler(): bicubic interpolation only supports 4D input")
    return grid_sampler(input, grid, mode, padding_mode, bool(align_corners))


# ---------------------------------------------------------------------------------------------------------- affine grids


def _lattice(theta: Tensor, shape: Sequence[int], align_corners: bool) -> Tensor:
    """The places of all elements (D * H * W, 4) or (H * W, 3), x first, with a 1 behind."""
    xp, kind = theta._xp, theta._data.dtype
    lines = []
    for n in shape:
        line = xp.linspace(-1, 1, n) if n > 1 else xp.zeros(n)
        lines.append((line if align_corners else line * (n - 1) / n).astype(kind))
    spread = xp.meshgrid(*lines, indexing="ij")
    return wrap(xp.stack([*(a.reshape(-1) for a in reversed(spread)), xp.ones(math.prod(shape), kind)], axis=1))


@op(
    vjp={"theta": lambda g, size, align_corners: affine_grid_backward(g, size, align_corners)},
    samples=lambda rand: [(rand(2, 2, 3), (2, 1, 3, 4), False), (rand(1, 3, 4), (1, 2, 2, 3, 2), True)],
)
def affine_grid_generator(xp: Any, theta: Array, size: Sequence[int], align_corners: bool) -> Array:
    """The places (N, H, W, 2) or (N, D, H, W, 3) to which ``theta`` (N, 2, 3) or (N, 3, 4) maps an image's elements."""
    base = _lattice(wrap(theta), size[2:], align_corners)._data
    made = xp.matmul(base, theta.swapaxes(1, 2))
    return made.reshape(size[0], *size[2:], len(size) - 2)


def affine_grid_backward(g: Any, size: Sequence[int], align_corners: bool) -> Any:
    """The transpose of ``affine_grid_generator``."""
    base = _lattice(g, size[2:], align_corners)
    flat = g.reshape(size[0], base.shape[0], len(size) - 2)
    return bmm(flat.transpose(1, 2), base.unsqueeze(0).expand(size[0], *base.shape))


def affine_grid(theta: Tensor, size: Sequence[int], align_corners: bool | None = None) -> Any:
    """The places for ``grid_sample`` that transform an image of ``size`` (N, C, ...) by ``theta`` (N, 2, 3) or (N, 3, 4).

    Raises ValueError for other shapes.
    """
    if align_corners is None:
        warnings.warn(
            "Default grid_sample and affine_grid behavior has changed to align_corners=False since 1.3.0. Please specify "
            "align_corners=True if the old behavior is desired. See the documentation of grid_sample for details.",
            UserWarning,
            stacklevel=2,
        )
    if not theta.dtype.is_floating_point:
        raise ValueError(f"Expected theta to have floating point type, but got {theta.dtype}")
    size = tuple(int(n) for n in size)
    if len(size) not in (4, 5):
        raise NotImplementedError(
            f"affine_grid only supports 4D and 5D sizes, for 2D and 3D affine transforms, respectively. Got size torch.Size({list(size)})."
        )
    n = len(size) - 2
    if tuple(theta.shape[1:]) != (n, n + 1) or theta.ndim != 3:
        raise ValueError(
            f"Expected a batch of {n}D affine matrices of shape Nx{n}x{n + 1} for size torch.Size({list(size)}). Got {theta.shape}."
        )
    if min(size) <= 0:
        raise ValueError(f"Expected non-zero, positive output size. Got torch.Size({list(size)})")
    return affine_grid_generator(theta, size, bool(align_corners))


FUNCTIONAL = {"affine_grid": affine_grid, "grid_sample": grid_sample}
TORCH = {"grid_sampler": grid_sampler_of, "grid_sampler_2d": grid_sampler_of, "grid_sampler_3d": grid_sampler_of}
