"""Elements picked from, and written to, one dimension by an index tensor: gather, scatter and their sums and extremes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .. import dtypes
from ..op import Array, op
from ..tensor import Tensor
from .dims import broadcast_shape, dim_of
from .index import _inside
from .pieces import _part as _part_of
from .pieces import cat, select, slice_
from .rearrange import _diagonal, diagonal
from .shape import expand, view


def _at(xp: Any, index: Array, at: int) -> tuple[Any, ...]:
    """The key that names, for each element of ``index``, the element of the same place with the index in one dimension."""
    if index.ndim == 0:
        return (Ellipsis,)
    key = []
    for d, n in enumerate(index.shape):
        key.append(index if d == at else xp.arange(n).reshape((1,) * d + (n,) + (1,) * (index.ndim - d - 1)))
    return tuple(key)


def _checked(name: str, input: Array, dim: int, index: Array, source: Array | None = None) -> int:
    at = dim_of(dim, input.ndim)
    if index.size == 0:
        return at
    if index.dtype not in ("int64", "int32"):
        raise RuntimeError(f"{name}(): Expected dtype int32/int64 for index")
    if (index.ndim or 1) != (input.ndim or 1):
        raise RuntimeError("Index tensor must have the same number of dimensions as input tensor" if name == "gather" else
                           "Index tensor must have the same number of dimensions as self tensor")  # fmt: skip
    if source is not None and (index.ndim or 1) != (source.ndim or 1):
        raise RuntimeError("Index tensor must have the same number of dimensions as src tensor")
    for d in range(index.ndim):
        if d != at and index.shape[d] > input.shape[d]:
            if name == "gather":
                raise RuntimeError(
                    f"Size does not match at dimension {d} expected index {list(index.shape)} to be no larger than self "
                    f"{list(input.shape)} apart from dimension {at}"
                )
            raise RuntimeError(
                f"Expected index {list(index.shape)} to be no larger than self {list(input.shape)} apart from dimension {at}"
                + ("" if source is None else f" and to be no larger size than src {list(source.shape)}")
            )
        if source is not None and index.shape[d] > source.shape[d]:
            raise RuntimeError(
                f"Expected index {list(index.shape)} to be no larger than self {list(input.shape)} apart from dimension {at} and to be "
                f"no larger size than src {list(source.shape)}"
            )
    count = input.shape[at] if input.ndim else 1
    _inside(index, count, f"index {{index}} is out of bounds for dimension {at} with size {count}", RuntimeError)
    if source is not None and source.dtype != input.dtype:
        raise RuntimeError(f"{name}(): Expected self.dtype to be equal to src.dtype")
    return at


def _part(source: Array, index: Array) -> Array:
    """The part of ``source`` that ``index`` covers."""
    return source[tuple(slice(n) for n in index.shape)] if source.ndim else source


def _to_source(g: Any, shape: Sequence[int]) -> Any:
    """A gradient of the covered part as one of the whole."""
    for d, n in enumerate(shape):
        if g.shape[d] != n:
            rest = g.new_zeros((*g.shape[:d], n - g.shape[d], *g.shape[d + 1 :]))
            g = cat([g, rest], d)
    return g


@op(
    vjp={"input": lambda g, input_shape, dim, index: scatter_add(g.new_zeros(input_shape), dim, index, g)},
    samples=lambda rand: [
        (rand(3, 4), 0, rand.tensor([[0, 2, 1, 0], [1, 1, 0, 2]])),
        (rand(3, 4), -1, rand.tensor([[0, 0], [3, 1]])),
        (rand(3), 0, rand.tensor([2, 2, 0, 1])),
    ],
    torch="gather",
)
def gather(xp: Any, input: Array, dim: int, index: Array, *, sparse_grad: bool = False) -> Array:
    """For each element of ``index`` the element of ``input`` at the same place but that number in one dimension."""
    at = _checked("gather", input, dim, index)
    if index.size == 0 or input.ndim == 0:
        return xp.zeros(index.shape, input.dtype) if index.size == 0 else xp.broadcast_to(input, index.shape).copy()
    return input[_at(xp, index, at)]


@op(
    vjp={
        "input": lambda g, dim, index: scatter_value(g, dim, index, 0),
        "src": lambda g, dim, index, src_shape: _to_source(gather(g, dim, index), src_shape),
    },
    samples=lambda rand: [
        (rand(3, 4), 0, rand.tensor([[0, 2, 1, 0]]), rand(1, 4)),
        (rand(3, 4), -1, rand.tensor([[0, 3], [3, 1]]), rand(2, 2)),
        (rand(3), 0, rand.tensor([2, 0]), rand(2)),
    ],
    torch="scatter",
    node="ScatterBackward0",
)
def scatter_src(xp: Any, input: Array, dim: int, index: Array, src: Array) -> Array:
    """``input`` with the elements of ``src`` written at the same places but the index's numbers in one dimension."""
    at = _checked("scatter", input, dim, index, src)
    made = input.copy(order="C")
    if index.size:
        made.reshape(input.shape or (1,))[_at(xp, index.reshape(index.shape or (1,)), at)] = _part(src, index)
    return made


@op(
    vjp={"input": lambda g, dim, index: scatter_value(g, dim, index, 0)},
    samples=lambda rand: [(rand(3, 4), 0, rand.tensor([[0, 2, 1, 0]]), 1.5), (rand(3), 0, rand.tensor([2, 0]), 2)],
    torch="scatter",
    node="ScatterBackward1",
)
def scatter_value(xp: Any, input: Array, dim: int, index: Array, value: Any) -> Array:
    """``input`` with a number written at the places of ``index`` but its numbers in one dimension."""
    at = _checked("scatter", input, dim, index)
    made = input.copy(order="C")
    if index.size:
        made.reshape(input.shape or (1,))[_at(xp, index.reshape(index.shape or (1,)), at)] = value
    return made


@op(
    vjp={
        "input": lambda g: g,
        "src": lambda g, dim, index, src_shape: _to_source(gather(g, dim, index), src_shape),
    },
    samples=lambda rand: [
        (rand(3, 4), 0, rand.tensor([[0, 2, 1, 0], [0, 2, 2, 1]]), rand(2, 4)),
        (rand(3, 4), -1, rand.tensor([[0, 0], [3, 1]]), rand(2, 2)),
        (rand(3), 0, rand.tensor([2, 2]), rand(2)),
    ],
    torch="scatter_add",
)
def scatter_add(xp: Any, input: Array, dim: int, index: Array, src: Array) -> Array:
    """``input`` with the elements of ``src`` added at the same places but the index's numbers in one dimension."""
    at = _checked("scatter_add", input, dim, index, src)
    made = input.copy(order="C")
    if index.size:
        xp.add_at(made.reshape(input.shape or (1,)), _at(xp, index.reshape(index.shape or (1,)), at), _part(src, index))
    return made


def scatter(input: Tensor, dim: int, index: Tensor, src: Any = None, *, value: Any = None, reduce: str | None = None) -> Any:
    """``input`` with ``src`` (a tensor or a number) written, or by ``reduce`` added or multiplied, at the places of ``index``
    but its numbers in one dimension."""
    source = value if src is None else src
    if reduce is not None:
        if reduce not in ("add", "multiply"):
            raise RuntimeError("reduce argument must be either add or multiply.")
        if not isinstance(source, Tensor):
            source = input.new_full(index.shape, source)
        return scatter_reduce(input, dim, index, source, "sum" if reduce == "add" else "prod")
    if isinstance(source, Tensor):
        if value is not None and source.ndim == 0:
            return scatter_value(input, dim, index, source.item())
        return scatter_src(input, dim, index, source)
    return scatter_value(input, dim, index, source)


_START = {"sum": 0, "mean": 0, "prod": 1}


def _extreme(kind: Any, largest: bool) -> Any:
    """What is at least as large, or as small, as every number of a type."""
    if kind.kind == "f":
        return -float("inf") if not largest else float("inf")
    if kind.kind == "b":
        return largest
    limits = dtypes.iinfo(dtypes.of(kind))
    return limits.max if largest else limits.min


def _reduced(xp: Any, input: Array, at: int, index: Array, src: Array, reduce: str, include_self: bool) -> Array:
    made = input.copy(order="C")
    if index.size == 0:
        return made
    flat = made.reshape(input.shape or (1,))
    key = _at(xp, index.reshape(index.shape or (1,)), at)
    part = _part(src, index).reshape(index.shape or (1,))
    if not include_self:
        start = _START.get(reduce, _extreme(input.dtype, reduce == "amin") if reduce in ("amin", "amax") else 0)
        flat[key] = start
    if reduce in ("sum", "mean"):
        xp.add_at(flat, key, part)
        if reduce == "mean":
            count = xp.ones(flat.shape, "int64") if include_self else xp.zeros(flat.shape, "int64")
            xp.add_at(count, key, xp.ones(index.shape or (1,), "int64"))
            count = xp.maximum(count, 1)
            flat[...] = flat / count.astype(flat.dtype) if flat.dtype.kind in "fc" else flat // count
        return made
    combine = {"prod": xp.multiply, "amax": xp.maximum, "amin": xp.minimum}[reduce]
    # one round for each time that an element is named: the n-th naming of every element at once
    flat_key = xp.ravel_multi_index(tuple(xp.broadcast_to(k, part.shape) for k in key), flat.shape).reshape(-1)
    order = xp.argsort(flat_key, kind="stable")
    numbers, values = flat_key[order], part.reshape(-1)[order]
    first = xp.concatenate([xp.ones(1, bool), numbers[1:] != numbers[:-1]])
    starts = xp.nonzero(first)[0]
    turn = xp.arange(numbers.size) - starts[xp.cumsum(first) - 1]
    line = made.reshape(-1)
    for n in range(int(turn.max()) + 1):
        here = turn == n
        line[numbers[here]] = combine(line[numbers[here]], values[here])
    return made


def _reduce_grads(
    g: Any, input: Any, dim: int, index: Any, src: Any, reduce: str, include_self: bool, out: Any, needs: tuple[bool, ...]
) -> tuple[Any, Any]:
    """Gradients for the input and the source of ``scatter_reduce`` (PyTorch's ``scatter_reduce_backward``)."""
    covered = _to_source  # the gradient of the part that the index covers, as one of the whole source
    if reduce == "sum":
        for_input, for_src = g, gather(g, dim, index)
    elif reduce == "mean":
        count = scatter_add((input.new_ones if include_self else input.new_zeros)(input.shape), dim, index, src.new_ones(index.shape))
        count = count.masked_fill(count == 0, 1)
        for_input = g / count
        for_src = gather(g, dim, index) / gather(count, dim, index)
    elif reduce == "prod":
        zero_free_in = input.masked_fill(input == 0, 1)
        zero_free_src = src.masked_fill(src == 0, 1)
        for_input = g * scatter_reduce(zero_free_in * 0 + 1, dim, index, src, "prod", include_self=True)
        zeros = scatter_add((input == 0).to(g.dtype) if include_self else g.new_zeros(g.shape), dim, index, (src == 0).to(g.dtype))
        others = scatter_reduce(zero_free_in, dim, index, zero_free_src, "prod", include_self=include_self)
        picked = gather(zeros, dim, index)
        part = _covered(src, index)
        is_zero = part == 0
        only = (gather(g * others, dim, index)).masked_fill((picked != 1) | ~is_zero, 0)
        rest = (gather(g * out, dim, index) / part.masked_fill(is_zero, 1)).masked_fill(is_zero, 0)
        for_src = only + rest
    else:
        value = gather(out, dim, index)
        self_is = (input == out).to(g.dtype)
        src_is = (_covered(src, index) == value).to(g.dtype)
        count = scatter_add(self_is if include_self else g.new_zeros(g.shape), dim, index, src_is)
        share = g / count.masked_fill(count == 0, 1)
        for_input = self_is * share
        for_src = src_is * gather(share, dim, index)
    if not include_self:
        for_input = scatter_value(for_input, dim, index, 0)
    return for_input if needs[0] else None, covered(for_src, src.shape) if needs[1] else None


def _covered(src: Any, index: Any) -> Any:
    return src[tuple(slice(n) for n in index.shape)] if tuple(src.shape) != tuple(index.shape) else src


@op(
    vjp={("input", "src"): lambda g, input, dim, index, src, reduce, include_self, out, needs: _reduce_grads(
        g, input, dim, index, src, reduce, include_self, out, needs)},
    samples=lambda rand: [
        rand.call(rand.away(3, 4), 0, rand.tensor([[0, 2, 1, 0], [0, 2, 2, 1]]), rand.away(2, 4), reduce, include_self=include)
        for reduce in ("sum", "mean", "prod", "amax", "amin")
        for include in (True, False)
    ],
    torch="scatter_reduce",
)  # fmt: skip
def scatter_reduce(xp: Any, input: Array, dim: int, index: Array, src: Array, reduce: str, *, include_self: bool = True) -> Array:
    """``input`` with the elements of ``src`` taken together ("sum", "prod", "mean", "amax", "amin") at the same places but
    the index's numbers in one dimension; ``include_self`` False leaves out what stood there."""
    if reduce not in ("sum", "prod", "mean", "amax", "amin"):
        raise RuntimeError(f"reduce argument must be either sum, prod, mean, amax or amin, got {reduce}")
    at = _checked("scatter_reduce", input, dim, index, src)
    return _reduced(xp, input, at, index, src, reduce, include_self)


def index_reduce(input: Tensor, dim: int, index: Tensor, source: Tensor, reduce: str, *, include_self: bool = True) -> Any:
    """As ``scatter_reduce`` for whole pieces of a dimension."""
    at = dim_of(dim, input.ndim)
    wide = expand(view(index, tuple(-1 if d == at else 1 for d in range(source.ndim))), source.shape)
    return scatter_reduce(input, at, wide, source, reduce, include_self=include_self)


def take_along_dim(input: Tensor, indices: Tensor, dim: int | None = None) -> Any:
    """As ``gather``, with shapes that broadcast apart from ``dim``; without ``dim`` by row-major numbers."""
    if indices.dtype is not dtypes.int64:
        raise RuntimeError(f"torch.take_along_dim(): dtype of indices should be Long but got {indices.dtype.legacy}")
    if dim is None:
        return gather(view(input.contiguous(), (-1,)), 0, view(indices.contiguous(), (-1,)))
    if input.ndim != indices.ndim:
        raise RuntimeError(
            f"torch.take_along_dim(): input and indices should have the same number of dimensions, but got {input.ndim} dimensions for "
            f"input, and {indices.ndim} dimensions for indices"
        )
    at = dim_of(dim, input.ndim)
    shape = list(input.shape)
    shape[at] = indices.shape[at]
    wide = broadcast_shape(shape, indices.shape)
    for_input = (*wide[:at], input.shape[at], *wide[at + 1 :])
    from_front = indices + (indices < 0) * input.shape[at]  # numbers below 0 count from the end
    return gather(expand(input, for_input), at, expand(from_front, wide))


# ------------------------------------------------------------------------------------------------------------ into a copy of a view


def _written(input: Array, source: Array, view: Any) -> Array:
    """A copy of ``input`` with ``source`` written where ``view`` points."""
    made = input.copy(order="C")
    place = view(made)
    if place.shape != source.shape:
        raise RuntimeError(
            f"expected src to have a size equal to the slice of self. src size = {list(source.shape)}, slice size = {list(place.shape)}"
        )
    place[...] = source
    return made


@op(
    vjp={
        "input": lambda g, src_shape, dim, start, end, step: slice_scatter(g, g.new_zeros(src_shape), dim, start, end, step),
        "src": lambda g, dim, start, end, step: slice_(g, dim, start, end, step),
    },
    samples=lambda rand: [(rand(4, 3), rand(2, 3), 0, 1, 3), (rand(2, 5), rand(2, 3), -1, None, None, 2)],
    torch="slice_scatter",
)
def slice_scatter(
    xp: Any, input: Array, src: Array, dim: int = 0, start: int | None = None, end: int | None = None, step: int = 1
) -> Array:
    """``input`` with ``src`` written to a slice of one dimension."""
    at = dim_of(dim, input.ndim)
    key = (slice(None),) * at + (_part_of(input.shape[at], start, end, step),)
    return _written(input, src, lambda made: made[key])


@op(
    vjp={
        "input": lambda g, src_shape, dim, index: select_scatter(g, g.new_zeros(src_shape), dim, index),
        "src": lambda g, dim, index: select(g, dim, index),
    },
    samples=lambda rand: [(rand(4, 3), rand(3), 0, 1), (rand(2, 5), rand(2), -1, -2)],
    torch="select_scatter",
)
def select_scatter(xp: Any, input: Array, src: Array, dim: int, index: int) -> Array:
    """``input`` with ``src`` written to the piece at ``index`` of one dimension."""
    key = (slice(None),) * dim_of(dim, input.ndim) + (index, Ellipsis)
    return _written(input, src, lambda made: made[key])


@op(
    vjp={
        "input": lambda g, src_shape, offset, dim1, dim2: diagonal_scatter(g, g.new_zeros(src_shape), offset, dim1, dim2),
        "src": lambda g, offset, dim1, dim2: diagonal(g, offset, dim1, dim2),
    },
    samples=lambda rand: [(rand(4, 3), rand(3)), (rand(2, 3, 3), rand(2, 2), 1, 1, 2)],
    torch="diagonal_scatter",
)
def diagonal_scatter(xp: Any, input: Array, src: Array, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Array:
    """``input`` with ``src`` written to its diagonals."""
    return _written(input, src, lambda made: _diagonal(xp, made, offset, dim1, dim2))


TORCH = {
    "diagonal_scatter": diagonal_scatter,
    "gather": gather,
    "index_reduce": index_reduce,
    "scatter": scatter,
    "scatter_add": scatter_add,
    "scatter_reduce": scatter_reduce,
    "select_scatter": select_scatter,
    "slice_scatter": slice_scatter,
    "take_along_dim": take_along_dim,
}
TENSOR = TORCH
IN_PLACE = {
    "index_reduce_": index_reduce,
    "scatter_": scatter,
    "scatter_add_": scatter_add,
    "scatter_reduce_": scatter_reduce,
}
