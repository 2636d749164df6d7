"""Rows of a table by their numbers, alone or summed up in bags."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ..autograd.grad_mode import no_grad
from ..op import Array, op
from ..tensor import Tensor
from .dims import all_below
from .index import put_zeros

_ROUNDS = 32  # of adding distinct rows; what a number has beyond is summed at once


def add_rows(xp: Any, made: Array, numbers: Array, rows: Array) -> None:
    """Add ``rows`` (L, ...) into ``made`` (M, ...) at ``numbers`` (L), which may repeat.

    On the host the k-th occurrences of all numbers are added together: each number is then there once, which is much quicker
    than adding one by one.
    """
    if xp.kind != "cpu":
        xp.add_at(made, numbers, rows)
        return
    order = xp.argsort(numbers, kind="stable")
    found = numbers[order]
    begins = xp.flatnonzero(xp.concatenate([xp.ones(min(1, found.size), "bool"), found[1:] != found[:-1]]))
    counts = xp.diff(xp.append(begins, found.size))
    for k in range(min(int(counts.max(initial=0)), _ROUNDS)):
        there = begins[counts > k]
        made[found[there]] += rows[order[there + k]]
    for begin, count in zip(begins[counts > _ROUNDS].tolist(), counts[counts > _ROUNDS].tolist(), strict=True):
        made[found[begin]] += rows[order[begin + _ROUNDS : begin + count]].sum(axis=0)


def _check_numbers(xp: Any, indices: Array, count: int) -> None:
    if xp.kind == "cpu" and indices.size and not all_below(xp, indices, count):
        raise IndexError(f"index out of range in self: the table has {count} rows")


@op(
    vjp={
        "weight": lambda g, indices, weight_shape, padding_idx, scale_grad_by_freq: embedding_dense_backward(
            g, indices, weight_shape[0], padding_idx, scale_grad_by_freq
        )
    },
    samples=lambda rand: [
        (rand(5, 3), rand.integers(5, 4), -1, False),
        (rand(5, 3), rand.tensor([[0, 1, 4], [1, 3, 0]]), 2, False),
        (rand(5, 3), rand.integers(5), -1, False),
    ],
    torch="embedding",
)
def embedding_(xp: Any, weight: Array, indices: Array, padding_idx: int, scale_grad_by_freq: bool) -> Array:
    """The rows of ``weight`` (M, D) at ``indices``."""
    _check_numbers(xp, indices, weight.shape[0])
    return xp.take(weight, indices, axis=0)


def _scaled(xp: Any, rows: Array, indices: Array, padding_idx: int, scale: bool) -> Array:
    """Rows divided by how often they are taken, where that is wanted; that of the padding is 0, whatever it was."""
    if scale:
        counts = xp.bincount(indices.reshape(-1), minlength=rows.shape[0])
        rows = rows * (1 / xp.maximum(counts, 1)).astype(rows.dtype)[:, None]
    elif padding_idx >= 0:
        rows = rows.copy()
    if padding_idx >= 0:
        rows[padding_idx] = 0  # no product: 0 * nan is nan
    return rows


@op(
    vjp={"grad": lambda g, indices, padding_idx, scale_grad_by_freq: _scaled_rows(g, indices, padding_idx, scale_grad_by_freq)},
    samples=lambda rand: [(rand(4, 3), rand.integers(5, 4), 5, -1, False), (rand(2, 3, 2), rand.integers(5, 2, 3), 5, 2, True)],
)
def embedding_dense_backward(xp: Any, grad: Array, indices: Array, count: int, padding_idx: int, scale_grad_by_freq: bool) -> Array:
    """The transpose of ``embedding``: rows added at their numbers; nothing at ``padding_idx``."""
    width = grad.shape[-1]
    made = xp.zeros((count, width), grad.dtype)
    add_rows(xp, made, indices.reshape(-1), grad.reshape(-1, width))
    return _scaled(xp, made, indices, padding_idx, scale_grad_by_freq)


@op(
    vjp={
        "input": lambda g, indices, input_shape, padding_idx, scale_grad_by_freq: embedding_dense_backward(
            g, indices, input_shape[0], padding_idx, scale_grad_by_freq
        )
    },
    samples=lambda rand: [(rand(5, 3), rand.integers(5, 4), 2, True)],
)
def _scaled_rows(xp: Any, input: Array, indices: Array, padding_idx: int, scale_grad_by_freq: bool) -> Array:
    """The transpose of ``embedding_dense_backward``."""
    return xp.take(_scaled(xp, input, indices, padding_idx, scale_grad_by_freq), indices, axis=0)


def _check_index_type(name: str, indices: Tensor) -> None:
    if indices.dtype.name not in ("int64", "int32"):
        raise RuntimeError(
            "Expected tensor for argument #1 'indices' to have one of the following scalar types: Long, Int; but got "
            f"torch.{indices.dtype.legacy}Tensor instead (while checking arguments for {name})"
        )


def _padding(padding_idx: int | None, count: int) -> int:
    """The padding's number, counted from the front; -1 where there is none."""
    if padding_idx is None:
        return -1
    assert -count <= padding_idx < count, "Padding_idx must be within num_embeddings"
    return padding_idx + count if padding_idx < 0 else padding_idx


def _renorm(weight: Tensor, indices: Tensor, max_norm: float, norm_type: float) -> None:
    """Scale the rows that are asked for, in place, where their norm is above ``max_norm``."""
    xp = weight._xp
    with no_grad():
        numbers = xp.unique(indices._data)
        rows = weight._data[numbers]
        size = xp.absolute(rows)
        norms = size.max(axis=1) if norm_type == math.inf else (size**norm_type).sum(axis=1) ** (1 / norm_type)
        factors = xp.where(norms > max_norm, max_norm / (norms + 1e-7), xp.ones_like(norms)).astype(rows.dtype)
        weight._data[numbers] = rows * factors[:, None]
        weight._bump()


def embedding(
    input: Tensor,
    weight: Tensor,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Any:
    """The rows of ``weight`` (M, D) at ``input``; no gradient goes to the row ``padding_idx``.

    ``max_norm`` scales rows that are longer, in the table itself. Gradients are dense, whatever ``sparse`` says. Raises IndexError
    for a number that is no row.
    """
    if weight.ndim != 2:
        raise RuntimeError("'weight' must be 2-D")
    padding = _padding(padding_idx, weight.shape[0])
    _check_index_type("embedding", input)
    if max_norm is not None:
        _renorm(weight, input, max_norm, norm_type)
    return embedding_(weight, input, padding, scale_grad_by_freq)


# ---------------------------------------------------------------------------------------------------------------- bags


def _bag_of(xp: Any, indices: Array, offsets: Array, padding_idx: int) -> tuple[Array, Array, Array]:
    """For each number its bag; which numbers count; and how many a bag has that count."""
    bags = xp.searchsorted(offsets, xp.arange(indices.size), side="right") - 1
    counted = indices != padding_idx
    return bags, counted, xp.bincount(bags[counted], minlength=offsets.size)


def _bag_rule(
    g: Any, weight: Any, per_sample_weights: Any, indices: Any, bags: Any, counts: Any, places: Any, mode: str, padding_idx: int,
    scale_grad_by_freq: bool, needs: Any,
) -> tuple[Any, Any]:  # fmt: skip
    if mode == "max":
        there = places >= 0
        width = weight.shape[1]
        columns = places.new_tensor(range(width))
        numbers = (places * width + columns).masked_fill(~there, 0)
        return put_zeros(g.masked_fill(~there, 0), numbers, tuple(weight.shape)), None
    if mode == "mean":
        g = g / counts.clamp_min(1).to(g.dtype).unsqueeze(1)
    rows = g.index_select(0, bags)
    scaled = rows if per_sample_weights is None else rows * per_sample_weights.unsqueeze(1)
    of_weights = None
    if needs[1]:
        of_weights = (rows * embedding_(weight, indices, padding_idx, False)).sum(1)
        of_weights = of_weights.masked_fill(indices == padding_idx, 0)
    return embedding_dense_backward(scaled, indices, weight.shape[0], padding_idx, scale_grad_by_freq) if needs[0] else None, of_weights


@op(
    vjp={("weight", "per_sample_weights"): _bag_rule},
    samples=lambda rand: [
        (
            rand.distinct(5, 3),
            rand(6) if weighted else None,
            rand.tensor([1, 0, 4, 1, 2, 2]),
            rand.tensor([0, 2, 2, 3]),
            mode,
            padding,
            False,
        )
        for mode, weighted, padding in (("sum", False, -1), ("sum", True, 2), ("mean", False, -1), ("mean", False, 1), ("max", False, -1))
    ],
    node="EmbeddingBagBackward0",
    outputs=("out", "bags", "counts", "places"),
    differentiable=("out",),
)
def embedding_bag_(
    xp: Any,
    weight: Array,
    per_sample_weights: Array | None,
    indices: Array,
    offsets: Array,
    mode: str,
    padding_idx: int,
    scale_grad_by_freq: bool,
) -> tuple[Array, Array, Array, Array]:
    """Sum, mean or maximum of the rows of each bag; a bag begins at each of ``offsets``. An empty one gives 0."""
    _check_numbers(xp, indices, weight.shape[0])
    bags, counted, counts = _bag_of(xp, indices, offsets, padding_idx)
    rows = xp.take(weight, indices, axis=0)
    places = xp.full((offsets.size, weight.shape[1]), -1, "int64")
    if mode == "max":
        made = xp.full(places.shape, -math.inf, weight.dtype)
        for k in range(int(counts.max()) if counts.size else 0):  # the k-th row of each bag
            rank = xp.cumsum(counted) - 1
            first = xp.cumsum(counts) - counts
            there = xp.flatnonzero(counted & (rank - first[bags] == k))
            where = bags[there]
            better = (rows[there] > made[where]) | (places[where] < 0)
            made[where] = xp.where(better, rows[there], made[where])
            places[where] = xp.where(better, indices[there][:, None], places[where])
        return xp.where(places < 0, xp.zeros((), weight.dtype), made), bags, counts, places
    if per_sample_weights is not None:
        rows = rows * per_sample_weights[:, None]
    if padding_idx >= 0:
        rows = xp.where(counted[:, None], rows, xp.zeros((), rows.dtype))
    made = xp.zeros(places.shape, weight.dtype)
    add_rows(xp, made, bags, rows)
    if mode == "mean":
        made = made / xp.maximum(counts, 1).astype(made.dtype)[:, None]
    return made, bags, counts, places


def _bag_arguments(input: Tensor, offsets: Tensor | None, samples: Tensor | None, last: bool) -> tuple[Any, Any, Any]:
    """Flat numbers, where the bags begin, and flat weights."""
    if samples is not None and samples.shape != input.shape:
        raise ValueError(
            "embedding_bag: If per_sample_weights is not None, then it must have the same shape as the input. But got input of shape: "
            f"{list(input.shape)} and per_sample_weights of shape: {list(samples.shape)}"
        )
    if input.ndim == 2:
        if offsets is not None:
            raise ValueError(
                "if input is 2D, then offsets has to be None, as input is treated is a mini-batch of fixed length sequences. However, "
                f"found offsets of type {type(offsets)}"
            )
        rows, width = input.shape
        return input.reshape(-1), input.new_tensor([i * width for i in range(rows)]), None if samples is None else samples.reshape(-1)
    if input.ndim != 1:
        raise ValueError(f"input has to be 1D or 2D Tensor, but got Tensor of dimension {input.ndim}")
    if offsets is None:
        raise ValueError("offsets has to be a 1D Tensor but got None")
    if offsets.ndim != 1:
        raise ValueError("offsets has to be a 1D Tensor")
    begins: Sequence[int] = offsets.tolist()
    if begins and begins[0] != 0:
        raise RuntimeError(
            f"offsets[0] has to be 0, i.e., the first sequence in the mini-batch has to start from position 0. However, got {begins[0]}"
        )
    if begins and begins[-1] > input.shape[0]:
        raise RuntimeError(f"offsets[-1] can not be greater than input's length {input.shape[0]} but got offsets[-1] of {begins[-1]}")
    return input, offsets[:-1] if last else offsets, samples


def embedding_bag(
    input: Tensor,
    weight: Tensor,
    offsets: Tensor | None = None,
    max_norm: float | None = None,
    norm_type: float = 2,
    scale_grad_by_freq: bool = False,
    mode: str = "mean",
    sparse: bool = False,
    per_sample_weights: Tensor | None = None,
    include_last_offset: bool = False,
    padding_idx: int | None = None,
) -> Any:
    """Sum, mean or maximum of rows of ``weight``: of each row of ``input`` (B, N), or of the bags that begin at ``offsets``.

    Raises ValueError for an unknown mode and shapes that do not fit, IndexError for a number that is no row.
    """
    if not input.dtype.is_floating_point and weight.dtype.name in ("int64", "int32"):
        raise RuntimeError("'weight' must be floating point: the table comes second")
    numbers, begins, samples = _bag_arguments(input, offsets, per_sample_weights, include_last_offset)
    if mode not in ("sum", "mean", "max"):
        raise ValueError("mode has to be one of sum, mean or max")
    if mode == "max" and scale_grad_by_freq:
        raise ValueError("max mode does not support scaling the gradient by the frequency")
    if samples is not None and mode != "sum":
        raise NotImplementedError(
            "embedding_bag: per_sample_weights was not None. per_sample_weights is only supported for mode='sum' (got "
            f"mode='{mode}'). Please open a feature request on GitHub."
        )
    padding = _padding(padding_idx, weight.shape[0])
    if max_norm is not None:
        _renorm(weight, numbers, max_norm, norm_type)
    return embedding_bag_(weight, samples, numbers.long(), begins.long(), mode, padding, scale_grad_by_freq)[0]


def _torch_embedding(weight: Tensor, indices: Tensor, padding_idx: int = -1, scale_grad_by_freq: bool = False, sparse: bool = False) -> Any:
    """The rows of ``weight`` at ``indices``; -1 as ``padding_idx`` is none."""
    return embedding_(weight, indices, padding_idx, scale_grad_by_freq)


FUNCTIONAL = {"embedding": embedding, "embedding_bag": embedding_bag}
TORCH = {"embedding": _torch_embedding}
