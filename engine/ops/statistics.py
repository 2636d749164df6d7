"""What is said about many observations: covariances, correlations, histograms."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Any

from .. import creation
from ..op import Array, op
from ..tensor import Tensor
from .choose import clamp
from .complexes import complex_, imag, real
from .kinds import is_complex, no_derivative
from .linalg import mm
from .order_of_dims import t
from .rearrange import diagonal
from .results import result_type
from .shape import squeeze, unsqueeze, view

# ------------------------------------------------------------------------------------------------------------ covariances


def _weights(name: str, weights: Tensor, count: int) -> Tensor:
    """The weights of the observations, checked as PyTorch does."""
    if weights.ndim > 1:
        raise RuntimeError(f"cov(): expected {name} to have one or fewer dimensions but got {name} with {weights.ndim} dimensions")
    if name == "fweights" and weights.dtype.category != 1:
        raise RuntimeError(f"cov(): expected fweights to have integral dtype but got fweights with {weights.dtype.legacy} dtype")
    if name == "aweights" and not weights.dtype.is_floating_point:
        raise RuntimeError(f"cov(): expected aweights to have floating point dtype but got aweights with {weights.dtype.legacy} dtype")
    if weights.numel() != count:
        raise RuntimeError(
            f"cov(): expected {name} to have the same numel as there are observations in the input but got {weights.numel()} != {count}"
        )
    if count and bool(weights._data.min() < 0):
        raise RuntimeError(f"cov(): {name} cannot be negative")
    return weights


def cov(input: Tensor, *, correction: int = 1, fweights: Tensor | None = None, aweights: Tensor | None = None) -> Any:
    """The covariances of the variables, which are rows, over the observations, which are columns and may be weighted by how often
    they were made (``fweights``) and how much each says (``aweights``).

    Raises RuntimeError for inputs of more than two dimensions and for weights that do not fit.
    """
    if input.ndim > 2:
        raise RuntimeError(f"cov(): expected input to have two or fewer dimensions but got an input with {input.ndim} dimensions")
    if input._data.dtype.kind == "b":
        raise RuntimeError("cov(): bool dtype is not supported for input")
    rows: Any = input if input.ndim == 2 else view(input, (1, -1)) if input.ndim == 0 else unsqueeze(input, 0)
    count = rows.shape[1]
    weights: Any = None if fweights is None else _weights("fweights", fweights, count)
    if aweights is not None:
        weights = _weights("aweights", aweights, count) if weights is None else weights * _weights("aweights", aweights, count)
    total: Any = creation.tensor(count, device=input.device) if weights is None else weights.sum()
    if weights is not None and count and not bool(total._data):
        raise RuntimeError("cov(): weights sum to zero, can't be normalized")
    middle = (rows if weights is None else rows * weights).sum(1) / total
    freedom = total - correction
    if aweights is not None and correction:
        freedom = total - correction * (weights * aweights).sum() / total
    if not bool(freedom._data > 0):
        warnings.warn(
            "cov(): degrees of freedom is <= 0. Correction should be strictly less than the number of observations.",
            UserWarning,
            stacklevel=2,
        )
        freedom = freedom * 0
    rows = rows - unsqueeze(middle, 1)
    columns = t(rows if weights is None else rows * weights)
    return squeeze(mm(rows, columns.conj() if is_complex(rows) else columns) / freedom)


def corrcoef(input: Tensor) -> Any:
    """The correlations of the variables, which are rows, over the observations, which are columns.

    Raises RuntimeError for inputs of more than two dimensions.
    """
    if input.ndim > 2:
        raise RuntimeError(f"corrcoef(): expected input to have two or fewer dimensions but got an input with {input.ndim} dimensions")
    shared = cov(input)
    if shared.ndim == 0:
        return shared / shared
    variances = diagonal(shared)
    deviations = (real(variances) if is_complex(variances) else variances).sqrt()
    shared = shared / view(deviations, (-1, 1))
    shared = shared / view(deviations, (1, -1))
    if is_complex(shared):
        return complex_(clamp(real(shared), -1, 1), clamp(imag(shared), -1, 1))
    return clamp(shared, -1, 1)


# ------------------------------------------------------------------------------------------------------------ histograms


def _ends(column: Any, given: tuple[float, float] | None, dimension: int) -> tuple[float, float]:
    """Where the first bucket begins and the last one ends: as given, or from the smallest to the largest element."""
    if given is not None:
        low, high = given
    else:
        low, high = (float(column.min()), float(column.max())) if column.size else (0.0, 1.0)
    if not (math.isfinite(low) and math.isfinite(high)):
        raise RuntimeError(f"torch.histogramdd: dimension {dimension}'s range [{low:g}, {high:g}] is not finite")
    if low > high:
        raise RuntimeError(f"torch.histogramdd: min should not exceed max, but got min {low:g} max {high:g} for dimension {dimension}")
    return (low - 0.5, high + 0.5) if low == high else (low, high)


def _edges(input: Tensor, bins: Sequence[Any], range: Sequence[float] | None) -> list[Tensor]:
    """The edges of the buckets along each column."""
    columns = input._data.shape[-1]
    flat = input._data.reshape(-1, columns)
    edges = []
    for i, count in enumerate(bins):
        if isinstance(count, Tensor):
            if count.dtype is not input.dtype:
                raise RuntimeError(
                    f"torch.histogramdd: input tensor and bins tensors should have the same dtype, but got input with dtype "
                    f"{input.dtype.legacy} and bins for dimension {i} with dtype {count.dtype.legacy}"
                )
            edges.append(count.detach().clone())
            continue
        if count <= 0:
            raise RuntimeError(f"torch.histogram(): bins must be > 0, but got {count} for dimension {i}")
        low, high = _ends(flat[:, i], None if range is None else (float(range[2 * i]), float(range[2 * i + 1])), i)
        edges.append(creation.linspace(low, high, count + 1, dtype=input.dtype, device=input.device))
    return edges


@op(
    vjp={"input": no_derivative("aten::histogramdd"), "weight": no_derivative("aten::histogramdd")},
    samples=lambda rand: [(rand(5, 2), None, (rand.tensor([-1.0, 0.0, 1.0]), rand.tensor([-2.0, 2.0])), False)],
    node="torch::autograd::NotImplemented",
    gradcheck=False,
)
def _counted(xp: Any, input: Array, weight: Array | None, edges: Sequence[Tensor], density: bool) -> Array:
    """How many rows fall into each bucket between ``edges``, or the sum of their weights; the last bucket has both its edges."""
    rows = input.reshape(-1, input.shape[-1])
    number = xp.zeros(rows.shape[0], "int64")
    inside = xp.ones(rows.shape[0], "bool")
    shape = tuple(e.shape[0] - 1 for e in edges)
    for i, (edge, count) in enumerate(zip(edges, shape, strict=True)):
        values, bounds = rows[:, i], edge._data
        inside &= (values >= bounds[0]) & (values <= bounds[-1])
        number = number * count + xp.minimum(xp.searchsorted(bounds, values, side="right") - 1, count - 1)
    heavy = None if weight is None else weight.reshape(-1)[inside]
    counted = xp.bincount(number[inside], weights=heavy, minlength=math.prod(shape)).reshape(shape).astype(input.dtype)
    if density:
        counted = counted / counted.sum()
        for i, edge in enumerate(edges):
            counted = counted / xp.diff(edge._data).reshape((-1,) + (1,) * (len(shape) - i - 1))
    return counted


def _histogram(
    input: Tensor, bins: Sequence[Any], range: Sequence[float] | None, weight: Tensor | None, density: bool
) -> tuple[Any, list[Tensor]]:
    if input.ndim < 2:
        raise RuntimeError("torch.histogramdd: input tensor should have at least 2 dimensions")
    columns = input.shape[-1]
    if len(bins) != columns:
        raise RuntimeError("histogramdd: The size of bins must be equal to the innermost dimension of the input.")
    if range is not None and len(range) != 2 * columns:
        raise RuntimeError(
            f"torch.histogramdd: for a {columns}-dimensional histogram range should have {2 * columns} elements, but got {len(range)}"
        )
    if not input.dtype.is_floating_point:
        raise NotImplementedError(f"\"histogramdd\" not implemented for '{input.dtype.legacy}'")
    if weight is not None and weight.shape != input.shape[:-1]:
        raise RuntimeError(
            "torch.histogramdd: if weight tensor is provided it should have the same shape as the input tensor excluding its innermost "
            f"dimension, but got input with shape {list(input.shape)} and weight with shape {list(weight.shape)}"
        )
    edges = _edges(input, bins, range)
    return _counted(input, weight, tuple(edges), density), edges


_HISTOGRAM = result_type("histogram", "hist", "bin_edges")
_HISTOGRAMDD = result_type("histogramdd", "hist", "bin_edges")


def histogram(
    input: Tensor, bins: Any, *, range: Sequence[float] | None = None, weight: Tensor | None = None, density: bool = False
) -> Any:
    """How many elements fall into each bucket, or the sum of their weights, and the edges, as (hist, bin_edges); ``bins`` is
    their number or their edges.

    Raises RuntimeError for no buckets, ranges that are none and weights that do not fit.
    """
    flat = view(input.contiguous(), (-1, 1))
    heavy = None if weight is None else view(weight.contiguous(), (-1,))
    counted, edges = _histogram(flat, [bins], range, heavy, density)
    return _HISTOGRAM((counted, edges[0]))


def histogramdd(
    input: Tensor, bins: Any, *, range: Sequence[float] | None = None, weight: Tensor | None = None, density: bool = False
) -> Any:
    """As ``histogram`` for points, whose coordinates are the last dimension: as (hist, bin_edges) with the edges a list.

    Raises RuntimeError where the number of buckets does not fit the points.
    """
    several = [bins] * input.shape[-1] if isinstance(bins, int) and input.ndim else list(bins) if input.ndim else []
    counted, edges = _histogram(input, several, range, weight, density)
    return _HISTOGRAMDD((counted, tuple(edges)))


TORCH = {"corrcoef": corrcoef, "cov": cov, "histogram": histogram, "histogramdd": histogramdd}
TENSOR = {"corrcoef": corrcoef, "cov": cov, "histogram": histogram}
