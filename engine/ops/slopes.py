"""The slopes of sampled functions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .. import dtypes
from ..tensor import Tensor
from .dims import dims_of
from .pieces import cat, narrow
from .scalars import over
from .scan import diff
from .shape import view


def _check(input: Tensor, spacing: Any, dims: Sequence[int], edge_order: int, given: bool) -> None:
    if input.dtype is dtypes.uint8:
        raise RuntimeError("torch.gradient does not support uint8 input.")
    if isinstance(spacing, (tuple, list)) and len(spacing) != len(dims):
        if given:
            raise RuntimeError(
                "torch.gradient expected spacing to be unspecified, a scalar or it's spacing and dim arguments to have the same length, "
                f"but got a spacing argument of length {len(spacing)} and a dim argument of length {len(dims)}."
            )
        raise RuntimeError(
            "torch.gradient expected spacing to be unspecified, a scalar, or a list of length equal to 'self.dim() = "
            f"{input.ndim}', since dim argument was not given, but got a list of length {len(spacing)}"
        )
    for step in spacing if isinstance(spacing, (tuple, list)) else ():
        if isinstance(step, Tensor) and step.device != input.device:
            raise RuntimeError(
                f"torch.gradient expected each tensor to be on the same device, but got devices {input.device} and {step.device}!"
            )
    if edge_order not in (1, 2):
        raise RuntimeError("torch.gradient only supports edge_order=1 and edge_order=2.")
    for dim in dims:
        if input.shape[dim] < edge_order + 1:
            raise RuntimeError("torch.gradient expected each dimension size to be at least edge_order+1")


def _even(input: Tensor, dim: int, step: Any, edge_order: int) -> Any:
    """Differences over equal steps: of the neighbours on both sides, at the ends of the next one or two."""
    count = input.shape[dim]

    def at(i: int, length: int = 1) -> Any:
        return narrow(input, dim, i % count, length)

    middle = over(over(at(2, count - 2) - at(0, count - 2), step), 2)
    if edge_order == 1:
        return cat([over(at(1) - at(0), step), middle, over(at(-1) - at(-2), step)], dim)
    first = over(at(0) * -1.5 + at(1) * 2 + at(2) * -0.5, step)
    last = over(at(-3) * 0.5 + at(-2) * -2 + at(-1) * 1.5, step)
    return cat([first, middle, last], dim)


def _uneven(input: Tensor, dim: int, places: Tensor, edge_order: int) -> Any:
    """Differences over the steps between ``places``, weighted so that parabolas have their exact slope (Fornberg, 1988)."""
    count = input.shape[dim]
    shape = [-1 if d == dim else 1 for d in range(input.ndim)]

    def at(i: int, length: int = 1) -> Any:
        return narrow(input, dim, i % count, length)

    steps = diff(places)
    before, after = narrow(steps, 0, 0, count - 2), narrow(steps, 0, 1, count - 2)
    both = before + after
    weights = (-after / (before * both), (after - before) / (before * after), before / (after * both))
    middle: Any = sum((at(i, count - 2) * view(weights[i], shape) for i in (1, 2)), at(0, count - 2) * view(weights[0], shape))
    if edge_order == 1:
        return cat([(at(1) - at(0)) / narrow(steps, 0, 0, 1), middle, (at(-1) - at(-2)) / narrow(steps, 0, count - 2, 1)], dim)
    a, b = narrow(steps, 0, 0, 1), narrow(steps, 0, 1, 1)
    first = at(0) * (-(2 * a + b) / (a * (a + b))) + at(1) * ((a + b) / (a * b)) + at(2) * (-a / (b * (a + b)))
    a, b = narrow(steps, 0, count - 3, 1), narrow(steps, 0, count - 2, 1)
    last = at(-3) * (b / (a * (a + b))) + at(-2) * (-(b + a) / (a * b)) + at(-1) * ((2 * b + a) / (b * (a + b)))
    return cat([first, middle, last], dim)


def gradient(input: Tensor, *, spacing: Any = 1, dim: Any = None, edge_order: int = 1) -> Any:
    """The slopes along each dimension, or along those in ``dim``, as a tuple: from the values on both sides, at the ends from
    those on one. ``spacing`` is the distance of the samples, one for each dimension, or tensors of their places.

    Raises RuntimeError where ``spacing`` and ``dim`` do not fit, and for dimensions with too few samples.
    """
    over_dims = tuple(range(input.ndim)) if dim is None else dims_of(dim, input.ndim)
    _check(input, spacing, over_dims, edge_order, dim is not None)
    if spacing is None:
        spacing = 1
    steps = spacing if isinstance(spacing, (tuple, list)) else [spacing] * len(over_dims)
    return tuple(
        (_uneven if isinstance(step, Tensor) else _even)(input, d, step, edge_order) for d, step in zip(over_dims, steps, strict=True)
    )


TORCH = {"gradient": gradient}
