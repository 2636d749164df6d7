"""``interpolate`` and the older names for it: sizes and modes read and checked, the ops of ``resize.py`` called."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Any

from ..tensor import Tensor
from .pools import adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d
from .resize import resize

_MODES = {3: ("nearest", "nearest-exact", "linear", "area"), 4: ("nearest", "nearest-exact", "bilinear", "bicubic", "area")}
_MODES[5] = ("nearest", "nearest-exact", "trilinear", "area")
_LINEAR = {"linear": "3D", "bilinear": "4D", "trilinear": "5D", "bicubic": "4D"}
_AREA = {3: adaptive_avg_pool1d, 4: adaptive_avg_pool2d, 5: adaptive_avg_pool3d}


def _several(value: Any, dims: int, name: str, shape: Sequence[int]) -> list[Any]:
    if not isinstance(value, (tuple, list)):
        return [value] * dims
    if len(value) != dims:
        what, of = ("scale_factor", "scale_factor of shape") if name == "scale_factor" else ("output", "output size of")
        raise ValueError(
            f"Input and {what} must have the same number of spatial dimensions, but got input with spatial dimensions of {list(shape)} "
            f"and {of} {value}. Please provide one number for each dimension behind (N, C)."
        )
    return list(value)


def interpolate(
    input: Tensor,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> Any:
    """(N, C, ...) at another size, or larger by a factor; ``mode`` is nearest, nearest-exact, linear, bilinear, trilinear, bicubic
    or area.

    Raises ValueError where both or neither of size and factor are given, and for options that the mode does not have;
    NotImplementedError for shapes that it does not have.
    """
    if mode in ("nearest", "area", "nearest-exact"):
        if align_corners is not None:
            raise ValueError("align_corners option can only be set with the interpolating modes: linear | bilinear | bicubic | trilinear")
        align_corners = False
    align_corners = bool(align_corners)
    dims = input.ndim - 2
    if size is not None and scale_factor is not None:
        raise ValueError("only one of size or scale_factor should be defined")
    scales: list[Any] | None = None
    sizes: list[int] = []
    if size is not None:
        sizes = [int(n) for n in _several(size, dims, "output_size", input.shape[2:])]
    elif scale_factor is not None:
        scales = _several(scale_factor, dims, "scale_factor", input.shape[2:])
    else:
        raise ValueError("either size or scale_factor should be defined")
    if recompute_scale_factor and size is not None:
        raise ValueError("recompute_scale_factor is not meaningful with an explicit size.")
    if antialias and not (mode in ("bilinear", "bicubic") and input.ndim == 4):
        raise ValueError("Anti-alias option is restricted to bilinear and bicubic modes and requires a 4-D tensor as input")
    if scales is not None:
        sizes = [math.floor(n * s) for n, s in zip(input.shape[2:], scales, strict=True)]
        if recompute_scale_factor:
            scales = None
    _check_mode(input, mode)
    if any(n <= 0 for n in (*input.shape[2:], *sizes)):
        given, wanted = (f"({', '.join(f'{a}: {n}' for a, n in zip('DHW'[3 - dims :], s, strict=True))})" for s in (input.shape[2:], sizes))
        raise RuntimeError(f"Input and output sizes should be greater than 0, but got input {given} output {wanted}")
    if mode == "area":
        return _AREA[input.ndim](input, sizes)
    return resize(input, tuple(sizes), mode, align_corners, tuple(scales or (None,) * dims), antialias)


def _check_mode(input: Tensor, mode: str) -> None:
    if input.ndim in _MODES and mode in _MODES[input.ndim]:
        return
    for wanted, shape in _LINEAR.items():
        if mode == wanted and input.ndim in (3, 4, 5) and mode != "bicubic":
            raise NotImplementedError(f"Got {input.ndim}D input, but {mode} mode needs {shape} input")
    raise NotImplementedError(
        f"Input Error: Only 3D, 4D and 5D input Tensors supported (got {input.ndim}D) for the modes: nearest | linear | bilinear | bicubic "
        f"| trilinear | area | nearest-exact (got {mode})"
    )


def upsample(input: Tensor, size: Any = None, scale_factor: Any = None, mode: str = "nearest", align_corners: bool | None = None) -> Any:
    """The old name of ``interpolate``."""
    warnings.warn("`nn.functional.upsample` is deprecated. Use `nn.functional.interpolate` instead.", stacklevel=2)
    return interpolate(input, size, scale_factor, mode, align_corners)


def upsample_nearest(input: Tensor, size: Any = None, scale_factor: Any = None) -> Any:
    """The old name of ``interpolate`` by nearest neighbours."""
    warnings.warn("`nn.functional.upsample_nearest` is deprecated. Use `nn.functional.interpolate` instead.", stacklevel=2)
    return interpolate(input, size, scale_factor, mode="nearest")


def upsample_bilinear(input: Tensor, size: Any = None, scale_factor: Any = None) -> Any:
    """The old name of bilinear ``interpolate`` with aligned corners."""
    warnings.warn("`nn.functional.upsample_bilinear` is deprecated. Use `nn.functional.interpolate` instead.", stacklevel=2)
    return interpolate(input, size, scale_factor, mode="bilinear", align_corners=True)


FUNCTIONAL = {
    "interpolate": interpolate, "upsample": upsample, "upsample_bilinear": upsample_bilinear, "upsample_nearest": upsample_nearest,
}  # fmt: skip
