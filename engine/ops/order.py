"""Sorting, and what is found by it: medians, quantiles, the k-th smallest, the most frequent, distinct values, counts."""

from __future__ import annotations

import math
from typing import Any

from .. import devices, dtypes
from ..autograd.grad_mode import mode as modes
from ..op import Array, op
from ..samples import Sampler
from ..tensor import Tensor, wrap
from .dims import dim_of
from .extremes import along, dropped, not_empty, value_selecting_reduction_backward
from .kinds import no_derivative, unsupported
from .results import result_type
from .scan import added_along, running


def _sorted_numbers(xp: Any, array: Array, dim: int, descending: bool = False) -> Array:
    """Where the elements in ascending order are, along ``dim``: equal ones in the order they had, nan as the largest."""
    if not descending:
        return xp.argsort(array, axis=dim, kind="stable")
    turned = xp.flip(array, dim)  # from behind, so that equal ones keep their order when the result is turned round
    return array.shape[dim] - 1 - xp.flip(xp.argsort(turned, axis=dim, kind="stable"), dim)


def _check_sortable(xp: Any, name: str, array: Array) -> None:
    if array.dtype.kind == "c" or (array.dtype.kind == "b" and "median" in name):
        raise unsupported(xp, name, array)


@op(
    vjp={"input": lambda g, indices, dim: added_along(g, indices, dim)},
    samples=lambda rand: [(rand.distinct(3, 4),), (rand.distinct(3, 4), 0, True), (rand.tensor(1.0), 0), (rand.integers(3, 6),)],
    torch="sort",
    node="SortBackward0",
    outputs=("values", "indices"),
    differentiable=("values",),
)
def sort_(xp: Any, input: Array, dim: int = -1, descending: bool = False) -> tuple[Array, Array]:
    """The elements in order along ``dim``, and where they were. Equal ones keep their order; nan counts as the largest."""
    _check_sortable(xp, "sort", input)
    dim = dim_of(dim, input.ndim)
    if input.ndim == 0:
        return input.copy(), xp.asarray(0, "int64")
    indices = _sorted_numbers(xp, input, dim, descending).astype("int64")
    return xp.take_along_axis(input, indices, axis=dim), indices


_SORT = result_type("sort", "values", "indices")


def sort(input: Tensor, dim: int = -1, descending: bool = False, *, stable: bool = False) -> Any:
    """The elements in order along ``dim``, and where they were, as (values, indices). The order is always stable."""
    return _SORT(sort_(input, dim, descending))


def argsort(input: Tensor, dim: int = -1, descending: bool = False, *, stable: bool = False) -> Any:
    """Where the elements in order along ``dim`` are."""
    return sort_(input, dim, descending)[1]


def msort(input: Tensor) -> Any:
    """The elements in order along the first dimension."""
    return sort_(input, 0)[0]


@op(
    vjp={"input": lambda g, indices, input_shape, dim: _topk_rule(g, indices, input_shape, dim)},
    samples=lambda rand: [
        (rand.distinct(3, 5), 2),
        (rand.distinct(3, 5), 2, 0, False),
        (rand.tensor(1.0), 1, 0),
        (rand.integers(99, 6), 3),
    ],
    torch="topk",
    node="TopkBackward0",
    outputs=("values", "indices"),
    differentiable=("values",),
)
def topk_(xp: Any, input: Array, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> tuple[Array, Array]:
    """The ``k`` largest or smallest elements along ``dim``, in order, and where they are."""
    _check_sortable(xp, "topk", input)
    dim = dim_of(dim, input.ndim)
    if not 0 <= k <= (input.shape[dim] if input.ndim else 1):
        raise RuntimeError(f"selected index k out of range: k is {k}, dimension {dim} has size {input.shape[dim] if input.ndim else 1}")
    if input.ndim == 0:
        return input.copy(), xp.asarray(0, "int64")
    indices = xp.take(_sorted_numbers(xp, input, dim, largest), xp.arange(k), axis=dim).astype("int64")
    return xp.take_along_axis(input, indices, axis=dim), indices


def _topk_rule(g: Any, indices: Any, input_shape: Any, dim: int) -> Any:
    if not input_shape:
        return g
    return wrap(g._xp.zeros(input_shape, g._data.dtype)).scatter(dim, indices, g)


_TOPK = result_type("topk", "values", "indices")


def topk(input: Tensor, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> Any:
    """The ``k`` largest or smallest elements along ``dim``, in order, and where they are, as (values, indices)."""
    return _TOPK(topk_(input, k, dim, largest, sorted))


def _check_search(bounds: Tensor, wanted: Array, right: bool, side: str | None, sorter: Tensor | None) -> None:
    if bounds.ndim == 0:
        raise RuntimeError("torch.searchsorted(): boundaries tensor should have positive dimension, but got 0 dimension")
    if wanted.ndim == 0 and bounds.ndim != 1:
        raise RuntimeError(
            "torch.searchsorted(): input value can be a scalar only when boundaries tensor dimension is 1, but we got boundaries tensor "
            f"dim({bounds.ndim}) and input value's dim(0) numel(1)"
        )
    if bounds.ndim != 1 and (bounds.ndim != wanted.ndim or bounds._data.shape[:-1] != wanted.shape[:-1]):
        raise RuntimeError(
            "torch.searchsorted(): boundaries tensor should be 1 dimension or the first N-1 dimensions of boundaries tensor and input "
            f"value tensor must match, but we got boundaries tensor {list(bounds.shape)} and input value tensor {list(wanted.shape)}"
        )
    if side not in (None, "left", "right"):
        raise RuntimeError(f"torch.searchsorted(): side can only be 'left' or 'right' but got {side}")
    if side == "left" and right:
        raise RuntimeError("torch.searchsorted(): side and right can't be set to opposites, got side of left while right was True")
    if sorter is None:
        return
    if sorter._data.shape != bounds._data.shape:
        raise RuntimeError(
            f"torch.searchsorted(): boundary and sorter must have the same size, but got boundary tensor {list(bounds.shape)}and got "
            f"sorter tensor {list(sorter.shape)}"
        )
    if sorter.dtype is not dtypes.int64:
        raise RuntimeError(f"torch.searchsorted(): sorter must be a tensor of long dtype but got dtype {sorter.dtype.legacy}")
    if sorter.numel() and not 0 <= int(sorter._data.min()) <= int(sorter._data.max()) < bounds.shape[-1]:
        raise RuntimeError("torch.searchsorted(): sorter index out of range")


def searchsorted(
    sorted_sequence: Tensor,
    input: Any,
    *,
    out_int32: bool = False,
    right: bool = False,
    side: str | None = None,
    sorter: Tensor | None = None,
) -> Any:
    """Where each element of ``input`` would have to go in ``sorted_sequence`` to keep it in order: in one sequence, or in the
    last dimension of several; ``sorter`` says in which order its elements are sorted.

    Raises RuntimeError where the shapes do not fit and for a ``side`` that is none.
    """
    xp = sorted_sequence._xp
    wanted = input._data if isinstance(input, Tensor) else xp.asarray(input)
    _check_search(sorted_sequence, wanted, right, side, sorter)
    bounds = sorted_sequence._data
    if sorter is not None:
        bounds = xp.take_along_axis(bounds, sorter._data, axis=-1)
    after = "right" if right or side == "right" else "left"
    if bounds.ndim == 1:
        found = xp.asarray(xp.searchsorted(bounds, wanted, side=after))
    else:
        found = xp.zeros(wanted.shape, "int64")
        for place in devices.CPU.ndindex(bounds.shape[:-1]):
            found[place] = xp.searchsorted(bounds[place], wanted[place], side=after)
    return wrap(found.astype("int32" if out_int32 else "int64"))


def bucketize(input: Any, boundaries: Tensor, *, out_int32: bool = False, right: bool = False) -> Any:
    """The number of the bucket between ``boundaries`` in which each element falls.

    Raises RuntimeError for boundaries of several dimensions.
    """
    if boundaries.ndim != 1:
        raise RuntimeError(f"boundaries tensor must be 1 dimension, but got dim({boundaries.ndim})")
    return searchsorted(boundaries, input, out_int32=out_int32, right=right)


# ---------------------------------------------------------------------------------------------- one element along a dimension


def _selected(g: Any, indices: Any, input_shape: Any, dim: Any, keepdim: Any) -> Any:
    return value_selecting_reduction_backward(g, indices, input_shape, dim, keepdim)


def _nth(xp: Any, name: str, array: Array, dim: int, keepdim: bool, place: Any) -> tuple[Array, Array]:
    """Value and index of the element that stands at ``place`` in ascending order (an array of numbers, or one)."""
    if array.ndim == 0:
        return array.copy(), xp.asarray(0, "int64")
    order = _sorted_numbers(xp, array, dim).astype("int64")
    index = xp.take_along_axis(order, place, axis=dim)
    return dropped(xp, along(xp, array, index, dim), dim, keepdim), dropped(xp, index, dim, keepdim)


def _lower_middle(xp: Any, array: Array, dim: int, skip_nan: bool) -> Array:
    """The place of the lower median in ascending order: with nan among them the first nan, unless they are skipped."""
    shape = tuple(1 if i == dim else n for i, n in enumerate(array.shape))
    count = array.shape[dim] if array.ndim else 1
    if array.dtype.kind != "f" or array.ndim == 0:
        return xp.full(shape, (count - 1) // 2, "int64")
    known = (array == array).sum(axis=dim, keepdims=True)
    if skip_nan:
        return xp.maximum((known - 1) // 2, 0)
    return xp.where(known == count, (count - 1) // 2, known)


def _median_samples(rand: Sampler) -> list[Any]:
    return [(rand.distinct(3, 5), 1), (rand.distinct(3, 4), -2, True), (rand.tensor(1.0), 0), (rand.integers(9, 5), 0)]


def _median(xp: Any, name: str, array: Array, dim: int, keepdim: bool) -> tuple[Array, Array]:
    dim = not_empty(name, array, dim)
    _check_sortable(xp, name, array)
    return _nth(xp, name, array, dim, keepdim, _lower_middle(xp, array, dim, name == "nanmedian"))


@op(
    vjp={"input": _selected},
    samples=lambda rand: [c for c in _median_samples(rand) if c[0].dtype is dtypes.float64],
    torch="median",
    node="MedianBackward1",
    outputs=("values", "indices"),
    differentiable=("values",),
)
def median_dim(xp: Any, input: Array, dim: int = -1, keepdim: bool = False) -> tuple[Array, Array]:
    """The lower median along ``dim``, and where it is; nan where there is one."""
    return _median(xp, "median", input, dim, keepdim)


@op(
    vjp={"input": _selected},
    samples=lambda rand: [c for c in _median_samples(rand) if c[0].dtype is dtypes.float64],
    torch="nanmedian",
    node="NanmedianBackward1",
    outputs=("values", "indices"),
    differentiable=("values",),
)
def nanmedian_dim(xp: Any, input: Array, dim: int = -1, keepdim: bool = False) -> tuple[Array, Array]:
    """The lower median of what is not nan along ``dim``, and where it is."""
    return _median(xp, "nanmedian", input, dim, keepdim)


def _shared_evenly(g: Any, input: Any, out: Any) -> Any:
    if modes.transforms:  # there is one answer for each of a batch
        both = (input == out) | (input.isnan() & out.isnan())
        return both * (g / both.sum())
    mask = input.isnan() if bool(out.isnan()) else input == out
    return mask * (g / mask.sum())


def _whole_median(xp: Any, name: str, array: Array) -> Array:
    _check_sortable(xp, name, array)
    if array.size == 0:
        if array.dtype.kind != "f":
            raise RuntimeError(f"{name}() operation does not have an identity for empty input.")
        return xp.asarray(math.nan, array.dtype)
    return _nth(xp, name, array.reshape(-1), 0, False, _lower_middle(xp, array.reshape(-1), 0, name == "nanmedian"))[0]


@op(
    vjp={"input": _shared_evenly},
    samples=lambda rand: [(rand.distinct(3, 4),), (rand.tensor(1.0),), (rand.integers(9, 5),)],
    torch="median",
    node="MedianBackward0",
)
def median_all(xp: Any, input: Array) -> Array:
    """The lower median of all elements; nan where there is one."""
    return _whole_median(xp, "median", input)


@op(
    vjp={"input": _shared_evenly},
    samples=lambda rand: [(rand.distinct(3, 4),), (rand.tensor([1.0, math.nan, 3.0, 4.0]),)],
    torch="nanmedian",
    node="NanmedianBackward0",
    gradcheck=False,
)
def nanmedian_all(xp: Any, input: Array) -> Array:
    """The lower median of the elements that are not nan."""
    return _whole_median(xp, "nanmedian", input)


_MEDIAN = result_type("median", "values", "indices")
_NANMEDIAN = result_type("nanmedian", "values", "indices")


def median(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Any:
    """The lower median; with ``dim`` along it, and where it is, as (values, indices)."""
    return median_all(input) if dim is None else _MEDIAN(median_dim(input, dim, keepdim))


def nanmedian(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Any:
    """The lower median of what is not nan; with ``dim`` along it, and where it is, as (values, indices)."""
    return nanmedian_all(input) if dim is None else _NANMEDIAN(nanmedian_dim(input, dim, keepdim))


@op(
    vjp={"input": _selected},
    samples=lambda rand: [(rand.distinct(3, 5), 2), (rand.distinct(3, 4), 3, 0, True), (rand.tensor(1.0), 1)],
    torch="kthvalue",
    node="KthvalueBackward0",
    outputs=("values", "indices"),
    differentiable=("values",),
)
def kthvalue_(xp: Any, input: Array, k: int, dim: int = -1, keepdim: bool = False) -> tuple[Array, Array]:
    """The k-th smallest element along ``dim``, counted from 1, and where it is."""
    dim = dim_of(dim, input.ndim)
    _check_sortable(xp, "kthvalue", input)
    if not 1 <= k <= (input.shape[dim] if input.ndim else 1):
        raise RuntimeError(f"kthvalue(): selected number k out of range for dimension {dim}")
    shape = tuple(1 if i == dim else n for i, n in enumerate(input.shape))
    return _nth(xp, "kthvalue", input, dim, keepdim, xp.full(shape, k - 1, "int64"))


_KTHVALUE = result_type("kthvalue", "values", "indices")


def kthvalue(input: Tensor, k: int, dim: int = -1, keepdim: bool = False) -> Any:
    """The k-th smallest element along ``dim``, counted from 1, and where it is, as (values, indices)."""
    return _KTHVALUE(kthvalue_(input, k, dim, keepdim))


@op(
    vjp={"input": _selected},
    samples=lambda rand: [
        (rand.tensor([[1.0, 3.0, 3.0, 1.0, 2.0], [5.0, 5.0, 4.0, 4.0, 4.0]]),),
        (rand.distinct(3, 4), 0, True),
        (rand.tensor(1.0),),
    ],
    torch="mode",
    node="ModeBackward0",
    outputs=("values", "indices"),
    differentiable=("values",),
    gradcheck=False,
)
def mode_(xp: Any, input: Array, dim: int = -1, keepdim: bool = False) -> tuple[Array, Array]:
    """The most frequent element along ``dim``, of several the smallest, and where it is last."""
    dim = not_empty("mode", input, dim)
    _check_sortable(xp, "mode", input)
    if input.ndim == 0:
        return input.copy(), xp.asarray(0, "int64")
    order = xp.moveaxis(_sorted_numbers(xp, input, dim), dim, -1)
    values = xp.take_along_axis(xp.moveaxis(input, dim, -1), order, axis=-1)
    numbers = xp.arange(values.shape[-1])
    begins = xp.concatenate((xp.ones((*values.shape[:-1], 1), "bool"), values[..., 1:] != values[..., :-1]), axis=-1)
    lengths = numbers - running(xp, "maximum", xp.where(begins, numbers, 0), values.ndim - 1)
    last = xp.expand_dims(xp.argmax(lengths, axis=-1), -1)  # the end of the first of the longest runs
    index = xp.moveaxis(xp.take_along_axis(order, last, axis=-1), -1, dim).astype("int64")
    return dropped(xp, along(xp, input, index, dim), dim, keepdim), dropped(xp, index, dim, keepdim)


_MODE = result_type("mode", "values", "indices")


def mode(input: Tensor, dim: int = -1, keepdim: bool = False) -> Any:
    """The most frequent element along ``dim``, and where it is last, as (values, indices)."""
    return _MODE(mode_(input, dim, keepdim))


_BETWEEN = ("linear", "lower", "higher", "midpoint", "nearest")


def _quantile(name: str, input: Tensor, q: Any, dim: int | None, keepdim: bool, interpolation: str) -> Any:
    if not input.numel():
        raise RuntimeError(f"{name}() input tensor must be non-empty")
    if not input.dtype.is_floating_point:
        raise RuntimeError(f"{name}() input tensor must be either float or double dtype")
    if interpolation not in _BETWEEN:
        raise RuntimeError(f"{name}() interpolation must be one of linear, lower, higher, midpoint or nearest, but got {interpolation}")
    xp = input._xp
    if not isinstance(q, Tensor):
        if not 0 <= q <= 1:
            raise RuntimeError(f"{name}() q must be in the range [0, 1] but got {q}")
        q = wrap(xp.asarray(q, input._data.dtype))
    elif q.dtype is not input.dtype:
        raise RuntimeError(f"{name}() q tensor must be same dtype as the input tensor")
    elif not modes.transforms and bool(((q < 0) | (q > 1)).any()):
        raise RuntimeError(f"{name}() q values must be in the range [0, 1]")
    rows = input.reshape(-1) if dim is None else input.movedim(dim, -1) if input.ndim else input.reshape(1)
    ordered = sort_(rows)[0]
    known = (ordered == ordered).sum(-1, True)
    last = ordered.shape[-1] - 1
    # one row of places a quantile, in the last dimension
    place = q.reshape(-1) * (known - 1).clamp(min=0).to(q.dtype)
    if name == "quantile":
        place = place.masked_fill(known < last + 1, last)  # a nan among them is the result
    if interpolation == "nearest":
        place = place.round()
    elif interpolation == "lower":
        place = place.floor()
    elif interpolation == "higher":
        place = place.ceil()
    below = place.floor()
    values = ordered.gather(-1, below.to(dtypes.int64).expand((*ordered.shape[:-1], q.numel())))
    if interpolation in ("linear", "midpoint"):
        weight = (place - below) if interpolation == "linear" else (place != below).to(place.dtype) * 0.5
        above = place.ceil().to(dtypes.int64).expand((*ordered.shape[:-1], q.numel()))
        values = values.lerp(ordered.gather(-1, above), weight.expand(values.shape))
    result = values.movedim(-1, 0)
    if keepdim:
        at = None if dim is None else dim_of(dim, input.ndim)
        if at is None:
            result = result.reshape([q.numel(), *[1] * input.ndim])
        elif input.ndim:
            result = result.unsqueeze(at + 1)
    return result if q.ndim else result.squeeze(0)


def quantile(input: Tensor, q: Any, dim: int | None = None, keepdim: bool = False, *, interpolation: str = "linear") -> Any:
    """The q-th quantiles of all elements or along ``dim``; several q come in a new first dimension. nan where there is one."""
    return _quantile("quantile", input, q, dim, keepdim, interpolation)


def nanquantile(input: Tensor, q: Any, dim: int | None = None, keepdim: bool = False, *, interpolation: str = "linear") -> Any:
    """The q-th quantiles of what is not nan, of all elements or along ``dim``."""
    return _quantile("nanquantile", input, q, dim, keepdim, interpolation)


# ------------------------------------------------------------------------------------------------ distinct values, counts


def _results(parts: list[Any]) -> Any:
    return parts[0] if len(parts) == 1 else tuple(parts)


def unique(input: Tensor, sorted: bool = True, return_inverse: bool = False, return_counts: bool = False, dim: int | None = None) -> Any:
    """The distinct elements (or slices along ``dim``) in order; if asked, for each element which one it is, and how many there
    are of each."""
    xp, array = input._xp, input._data
    if array.dtype.kind == "c":
        raise NotImplementedError(f"\"unique\" not implemented for '{input.dtype.legacy}'")
    if dim is None:
        values, inverse, counts = xp.unique(array.reshape(-1), return_inverse=True, return_counts=True)
        inverse = inverse.reshape(array.shape)
    else:
        values, inverse, counts = xp.unique(array, return_inverse=True, return_counts=True, axis=dim_of(dim, array.ndim))
        inverse = inverse.reshape(-1)
    return _results([wrap(values), *([wrap(inverse.astype("int64"))] * return_inverse), *([wrap(counts.astype("int64"))] * return_counts)])


def unique_consecutive(input: Tensor, return_inverse: bool = False, return_counts: bool = False, dim: int | None = None) -> Any:
    """The elements (or slices along ``dim``) without those that equal the one before them; if asked, for each which one it is,
    and how many there are of each."""
    xp = input._xp
    array = input._data.reshape(-1) if dim is None else xp.moveaxis(input._data, dim_of(dim, input.ndim), 0)
    rows = array.reshape(array.shape[0], array.size // max(array.shape[0], 1))
    begins = xp.ones(array.shape[0], "bool")
    begins[1:] = (rows[1:] != rows[:-1]).any(axis=1)
    inverse = xp.cumsum(begins) - 1
    starts = xp.nonzero(begins)[0]
    counts = xp.diff(xp.concatenate((starts, xp.asarray([array.shape[0]]))))
    values = array[begins] if dim is None else xp.moveaxis(array[begins], 0, dim_of(dim, input.ndim))
    inverse = inverse.reshape(input._data.shape) if dim is None else inverse
    return _results([wrap(values), *([wrap(inverse.astype("int64"))] * return_inverse), *([wrap(counts.astype("int64"))] * return_counts)])


@op(
    vjp={"weights": no_derivative("aten::bincount")},
    samples=lambda rand: [(rand.integers(5, 9),), rand.call(rand.integers(5, 9), minlength=8), (rand.integers(5, 9), rand.integers(5, 9))],
    torch="bincount",
    node="torch::autograd::NotImplemented",
    gradcheck=False,
)
def bincount(xp: Any, input: Array, weights: Array | None = None, minlength: int = 0) -> Array:
    """How often each of the numbers 0, 1, ... occurs, or the sum of their weights."""
    if input.dtype.kind not in "iu":
        raise unsupported(xp, "bincount", input)
    if input.ndim != 1 or (input.size and int(input.min()) < 0):
        raise RuntimeError("bincount only supports 1-d non-negative integral inputs.")
    if minlength < 0:
        raise RuntimeError("minlength should be >= 0")
    if weights is None:
        return xp.bincount(input, minlength=minlength).astype("int64")
    if weights.shape != input.shape:
        raise RuntimeError("weights should be 1-d and have the same length as input")
    counted = xp.bincount(input, weights=weights, minlength=minlength)
    return counted.astype("float32") if weights.dtype == "float32" else counted


@op(samples=lambda rand: [(rand(20), 5), (rand(20), 4, -1.0, 1.0), rand.call(rand(3, 4), bins=3, min=0, max=2)], torch="histc")
def histc(xp: Any, input: Array, bins: int = 100, min: float = 0, max: float = 0) -> Array:
    """How many elements fall into each of ``bins`` equal parts of [min, max]; of the data's range where both are equal."""
    if input.dtype.kind != "f":
        raise unsupported(xp, "histogram", input)
    if bins <= 0:
        raise RuntimeError(f"torch.histogram(): bins must be > 0, but got {bins} for dimension 0")
    low, high = float(min), float(max)
    if low == high and input.size:
        low, high = float(input.min()), float(input.max())
    if low == high:
        low, high = low - 1, high + 1
    if not (math.isfinite(low) and math.isfinite(high)):
        raise RuntimeError(f"range of [{low}, {high}] is not finite")
    if low > high:
        raise RuntimeError("max must be larger than min")
    inside = input[(input >= low) & (input <= high)]
    numbers = ((inside - low) * bins / (high - low)).astype("int64")
    return xp.bincount(xp.minimum(numbers, bins - 1), minlength=bins).astype(input.dtype)


TORCH = {
    "argsort": argsort, "bincount": bincount, "bucketize": bucketize, "histc": histc, "kthvalue": kthvalue, "median": median, "mode": mode,
    "msort": msort, "nanmedian": nanmedian, "nanquantile": nanquantile, "quantile": quantile, "searchsorted": searchsorted, "sort": sort,
    "topk": topk, "unique": unique, "unique_consecutive": unique_consecutive,
}  # fmt: skip
TENSOR = {name: function for name, function in TORCH.items() if name not in ("bucketize", "searchsorted")}
