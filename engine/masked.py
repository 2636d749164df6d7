"""``torch.masked``: reductions and normalisations that leave out the elements where ``mask`` is False.

What is left out is replaced by what does not count (0 in a sum, 1 in a product, infinity in a minimum), so that the graph is
that of the plain function after a ``where``. A mask broadcasts to its input; without one every element counts.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from . import dtypes
from .ops.choose import where
from .ops.reduce import vector_norm
from .ops.softmax import FUNCTIONAL
from .tensor import Tensor


def _dims(dim: Any, ndim: int) -> tuple[int, ...]:
    """The dimensions that ``dim`` names, in order; all for None and for none."""
    if dim is None or dim == ():
        return tuple(range(ndim))
    size = max(ndim, 1)
    found: list[int] = []
    for d in (dim,) if isinstance(dim, int) else dim:
        if not -size <= d < size:
            raise IndexError(f"Dimension out of range (expected to be in range of [{-size}, {size - 1}], but got {d})")
        if d % size in found:
            raise RuntimeError(f"dim={d} appears multiple times in the list of dims")
        found.append(d % size)
    return tuple(sorted(found))


def _spread(input: Tensor, mask: Tensor) -> Any:
    """The mask in the shape of the input.

    Raises IndexError where it has more dimensions.
    """
    if mask.ndim > input.ndim:
        raise IndexError("_input_mask expected broadcastable mask (got mask dimensionality higher than of the input)")
    return mask.broadcast_to(tuple(input.shape)).to(dtypes.bool_) if mask.shape != input.shape else mask.to(dtypes.bool_)


def _kept(input: Any, mask: Tensor | None, rest: Any) -> Any:
    """The input with ``rest`` in place of what the mask leaves out."""
    return input if mask is None else where(_spread(input, mask), input, input.new_full((), rest))


def _least(input: Tensor, sign: int) -> Any:
    """What no element of the type lies below (above, for sign -1)."""
    kind = input.dtype
    if kind.category == 2:
        return -sign * math.inf
    if kind.category != 1:
        raise NotImplementedError(f"identity of {'amax' if sign > 0 else 'amin'} on {kind} input")
    return dtypes.iinfo(kind).min if sign > 0 else dtypes.iinfo(kind).max


def _whole(input: Tensor, dtype: Any) -> Any:
    """The type of a sum: that of the input, int64 for integers."""
    if dtype is not None:
        return dtype
    return dtypes.int64 if input.dtype.category < 2 else input.dtype


def sum(input: Tensor, dim: Any = None, *, keepdim: bool = False, dtype: Any = None, mask: Tensor | None = None) -> Any:
    """The sum of what the mask leaves, of all elements or along ``dim``."""
    return _kept(input, mask, 0).sum(_dims(dim, input.ndim), bool(keepdim), dtype=_whole(input, dtype))


def prod(input: Tensor, dim: Any = None, *, keepdim: bool = False, dtype: Any = None, mask: Tensor | None = None) -> Any:
    """The product of what the mask leaves, of all elements or along ``dim``."""
    made = _kept(input, mask, 1).to(_whole(input, dtype))
    for d in reversed(_dims(dim, input.ndim)):
        made = made.prod(d, keepdim=bool(keepdim))
    return made


def cumsum(input: Tensor, dim: int, *, dtype: Any = None, mask: Tensor | None = None) -> Any:
    """The running sums along ``dim`` of what the mask leaves."""
    kind = input.dtype if dtype is None else dtype
    return _kept(input, mask, 0).cumsum(_dims(dim, input.ndim)[0], dtype=kind).to(kind)


def cumprod(input: Tensor, dim: int, *, dtype: Any = None, mask: Tensor | None = None) -> Any:
    """The running products along ``dim`` of what the mask leaves."""
    kind = input.dtype if dtype is None else dtype
    return _kept(input, mask, 1).cumprod(_dims(dim, input.ndim)[0], dtype=kind).to(kind)


def _extreme(name: str, sign: int, input: Tensor, dim: Any, keepdim: bool, dtype: Any, mask: Tensor | None) -> Any:
    kept = _kept(input, mask, 0 if mask is None else _least(input, sign))
    return getattr(kept, name)(dim, bool(keepdim)).to(input.dtype if dtype is None else dtype)


def amax(input: Tensor, dim: Any = None, *, keepdim: bool = False, dtype: Any = None, mask: Tensor | None = None) -> Any:
    """The largest of what the mask leaves, of all elements or along ``dim``."""
    return _extreme("amax", 1, input, _dims(dim, input.ndim), keepdim, dtype, mask)


def amin(input: Tensor, dim: Any = None, *, keepdim: bool = False, dtype: Any = None, mask: Tensor | None = None) -> Any:
    """The smallest of what the mask leaves, of all elements or along ``dim``."""
    return _extreme("amin", -1, input, _dims(dim, input.ndim), keepdim, dtype, mask)


def argmax(input: Tensor, dim: int | None = None, *, keepdim: bool = False, dtype: Any = None, mask: Tensor | None = None) -> Any:
    """Where the largest of what the mask leaves is; in the type of the input unless ``dtype`` is given."""
    return _extreme("argmax", 1, input, dim, keepdim, dtype, mask)


def argmin(input: Tensor, dim: int | None = None, *, keepdim: bool = False, dtype: Any = None, mask: Tensor | None = None) -> Any:
    """Where the smallest of what the mask leaves is; in the type of the input unless ``dtype`` is given."""
    return _extreme("argmin", -1, input, dim, keepdim, dtype, mask)


def _count(input: Tensor, dim: Any, keepdim: bool, mask: Tensor | None) -> Any:
    """How many elements are left."""
    ones = input.detach().new_ones(tuple(input.shape), dtype=dtypes.int64) if mask is None else _spread(input, mask)
    return ones.sum(_dims(dim, input.ndim), bool(keepdim))


def mean(input: Tensor, dim: Any = None, *, keepdim: bool = False, dtype: Any = None, mask: Tensor | None = None) -> Any:
    """The mean of what the mask leaves, of all elements or along ``dim``; nan where that is nothing.

    Raises ValueError for integers unless ``dtype`` is given.
    """
    kind = input.dtype if dtype is None else dtype
    if kind.category < 2:
        source = "Input" if dtype is None else "Optional"
        raise ValueError(
            f"mean(): Could not infer output dtype. {source} dtype must be either a floating point or complex dtype. Got: {kind}"
        )
    return sum(input, dim, keepdim=keepdim, dtype=kind, mask=mask) / _count(input, dim, keepdim, mask)


def median(input: Tensor, dim: int = -1, *, keepdim: bool = False, dtype: Any = None, mask: Tensor | None = None) -> Any:
    """The lower median along ``dim`` of what the mask leaves; nan where that is nothing.

    Raises ValueError for integers of which nothing is left.
    """
    kind = input.dtype if dtype is None else dtype
    real = input.is_floating_point()
    kept = _kept(input if real else input.to(dtypes.float32), mask, math.nan)
    made = kept.nanmedian(_dims(dim, input.ndim)[0], keepdim)[0]
    if real:
        return made
    if bool(made.isnan().any()):
        raise ValueError("masked median expects no fully masked out rows if dtype is not floating point")
    return made.to(kind)


def norm(
    input: Tensor, ord: float | None = 2.0, dim: Any = None, *, keepdim: bool = False, dtype: Any = None, mask: Tensor | None = None
) -> Any:
    """The vector norm of what the mask leaves, of all elements or along ``dim``."""
    kept = _kept(input, mask, math.inf if ord == -math.inf else 0)
    kind = input.dtype if dtype is None else dtype
    return vector_norm(kept, 2.0 if ord is None else ord, _dims(dim, input.ndim), bool(keepdim), dtype=kind)


def _spread_of(
    input: Tensor, dim: Any, unbiased: bool | None, correction: float | None, keepdim: bool, dtype: Any, mask: Tensor | None, root: bool
) -> Any:
    assert unbiased is None or correction is None, "Only one of unbiased and correction may be given"
    less = float(correction) if correction is not None else 1.0 if unbiased is None or unbiased else 0.0
    kind = dtype if dtype is not None else input.dtype if input.dtype.category >= 2 else dtypes.float32
    working = kind if kind.category >= 2 else dtypes.float32
    middle = sum(input, dim, keepdim=True, dtype=kind, mask=mask) / _count(input, dim, True, mask)
    off = input - middle
    total = sum(off * off.conj(), dim, keepdim=keepdim, dtype=working, mask=mask)
    count = _count(input, dim, keepdim, mask)
    if less:
        count = count.to(working.to_real()) - less
        count = count.maximum(count.new_zeros(()))
    made = (total / count).to(kind)
    return made.sqrt() if root else made


def var(
    input: Tensor,
    dim: Any = None,
    unbiased: bool | None = None,
    *,
    correction: float | None = None,
    keepdim: bool = False,
    dtype: Any = None,
    mask: Tensor | None = None,
) -> Any:
    """The variance of what the mask leaves, of all elements or along ``dim``; ``correction`` is taken from the count, 1 unless given."""
    return _spread_of(input, dim, unbiased, correction, keepdim, dtype, mask, False)


def std(
    input: Tensor,
    dim: Any = None,
    unbiased: bool | None = None,
    *,
    correction: float | None = None,
    keepdim: bool = False,
    dtype: Any = None,
    mask: Tensor | None = None,
) -> Any:
    """The standard deviation of what the mask leaves: the root of ``var``."""
    return _spread_of(input, dim, unbiased, correction, keepdim, dtype, mask, True)


def _soft(name: str, sign: int, input: Tensor, dim: int, dtype: Any, mask: Tensor | None) -> Any:
    kept = _kept(input, mask, 0 if mask is None else _least(input, sign))
    return FUNCTIONAL[name](kept, _dims(dim, input.ndim)[0], dtype=input.dtype if dtype is None else dtype)


def softmax(input: Tensor, dim: int, *, dtype: Any = None, mask: Tensor | None = None) -> Any:
    """``softmax`` along ``dim`` of what the mask leaves; 0 for the rest, nan where nothing is left."""
    return _soft("softmax", 1, input, dim, dtype, mask)


def log_softmax(input: Tensor, dim: int, *, dtype: Any = None, mask: Tensor | None = None) -> Any:
    """``log_softmax`` along ``dim`` of what the mask leaves; -inf for the rest, nan where nothing is left."""
    return _soft("log_softmax", 1, input, dim, dtype, mask)


def softmin(input: Tensor, dim: int, *, dtype: Any = None, mask: Tensor | None = None) -> Any:
    """``softmin`` along ``dim`` of what the mask leaves; 0 for the rest, nan where nothing is left."""
    return _soft("softmin", -1, input, dim, dtype, mask)


def normalize(input: Tensor, ord: float, dim: int, *, eps: float = 1e-12, dtype: Any = None, mask: Tensor | None = None) -> Any:
    """What the mask leaves by its norm along ``dim``, which counts as ``eps`` at least; 0 for the rest."""
    size = norm(input, ord, dim, keepdim=True, dtype=dtype, mask=mask)
    return _kept(input, mask, 0) / size.maximum(size.new_full((), eps))


def logaddexp(
    input: Tensor, other: Tensor, *, dtype: Any = None, input_mask: Tensor | None = None, other_mask: Tensor | None = None
) -> Any:
    """``log(exp(input) + exp(other))`` without what either mask leaves out."""
    first = _kept(input, input_mask, -math.inf)
    return first.logaddexp(_kept(other, other_mask, -math.inf)).to(input.dtype if dtype is None else dtype)


def logsumexp(
    input: Tensor, dim: int | Sequence[int] | None = None, *, keepdim: bool = False, dtype: Any = None, mask: Tensor | None = None
) -> Any:
    """``log(sum(exp(input)))`` of what the mask leaves, of all elements or along ``dim``."""
    rest = 0 if mask is None else -math.inf if input.dtype.category >= 2 else _least(input, 1)
    return _kept(input, mask, rest).logsumexp(_dims(dim, input.ndim), keepdim).to(input.dtype if dtype is None else dtype)


__all__ = [
    "amax", "amin", "argmax", "argmin", "cumprod", "cumsum", "log_softmax", "logaddexp", "logsumexp", "mean", "median", "norm",
    "normalize", "prod", "softmax", "softmin", "std", "sum", "var",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    raise AttributeError(f"module 'torch.masked' has no attribute {name!r}: gradstep's engine does not have it.")
