"""Losses with a margin: of scores, of embeddings, of triplets, of several labels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..autograd.grad_mode import mode
from ..op import Array, op
from ..tensor import Tensor
from .activation import logsigmoid
from .choose import minimum, where
from .distance import pairwise_distance
from .kinds import in_single, zeros_as
from .loss import REDUCTIONS, chosen, constant, number_less, reduced, share, total
from .scalars import minus, plus
from .shape import broadcast_tensors

# ----------------------------------------------------------------------------------------------------------- of two classes


def hinge_embedding_loss(
    input: Tensor,
    target: Tensor,
    margin: float = 1.0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Any:
    """``input`` where ``target`` is 1, ``max(0, margin - input)`` where it is -1."""
    reduction = chosen(reduction, size_average, reduce)
    zeros = zeros_as(input)
    apart = where(target != 1, number_less(margin, input).clamp_min(0), zeros)
    return reduced(apart + where(target != -1, input, zeros), reduction)


def margin_ranking_loss(
    input1: Tensor,
    input2: Tensor,
    target: Tensor,
    margin: float = 0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Any:
    """``max(0, -target * (input1 - input2) + margin)``.

    Raises RuntimeError where the numbers of dimensions differ.
    """
    reduction = chosen(reduction, size_average, reduce)
    if not input1.ndim == input2.ndim == target.ndim:
        raise RuntimeError(
            "margin_ranking_loss : All input tensors should have same dimension but got sizes: "
            f"input1: {input1.shape}, input2: {input2.shape}, target: {target.shape} "
        )
    return reduced(plus(-target * (input1 - input2), margin).clamp_min(0), reduction)


@op(
    vjp={"input": lambda g, input, target, reduction: -target * (-target * input).sigmoid() * share(g, input, reduction)},
    samples=lambda rand: [(rand(3, 4), rand.booleans(3, 4).double() * 2 - 1, reduction) for reduction in REDUCTIONS],
    node="SoftMarginLossBackward0",
)
@in_single
def soft_margin_loss_(xp: Any, input: Array, target: Array, reduction: str) -> Array:
    """``log(1 + exp(-target * input))``."""
    return total(xp, xp.log1p(xp.exp(-target * input)), reduction)


def soft_margin_loss(
    input: Tensor, target: Tensor, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean"
) -> Any:
    """The logistic loss ``log(1 + exp(-target * input))`` of targets 1 and -1."""
    reduction = chosen(reduction, size_average, reduce)
    constant("soft_margin_loss", "target", target)
    if input.shape != target.shape:
        input, target = broadcast_tensors(input, target)
    return soft_margin_loss_(input, target.to(input.dtype), reduction)


# ------------------------------------------------------------------------------------------------------ of several classes


def _multi_margin(input: Any, target: Any, p: int, margin: float, weight: Any) -> tuple[Any, Any]:
    """For each class by how much it comes too near to the target, 0 at the target; and what multiplies it."""
    chosen_ = target.unsqueeze(-1)
    short = (input - input.gather(-1, chosen_) + margin).clamp_min(0)
    short = short.scatter(-1, chosen_, 0.0)
    return short, None if weight is None else weight[target].unsqueeze(-1)


def _as_rows(input: Any, target: Any) -> Any:
    """Scores with a dimension of classes, and one of samples if the targets have one."""
    classes = input.shape[-1] if input.ndim else 1
    return input.reshape(target.shape[0], classes) if target.ndim else input.reshape(classes)


def _multi_margin_rule(g: Any, input: Any, target: Any, p: int, margin: float, weight: Any, reduction: str) -> Any:
    shape, input = input.shape, _as_rows(input, target)
    short, factor = _multi_margin(input, target, p, margin, weight)
    slope = (short > 0).to(input.dtype) if p == 1 else 2 * short
    if factor is not None:
        slope = slope * factor
    slope = slope / input.shape[-1]
    slope = slope.scatter_add(-1, target.unsqueeze(-1), -slope.sum(-1, keepdim=True))
    if reduction == "mean" and input.ndim == 2:
        g = g / input.shape[0]
    return (slope * (g.unsqueeze(-1) if reduction == "none" and input.ndim == 2 else g)).reshape(shape)


@op(
    vjp={"input": _multi_margin_rule},
    samples=lambda rand: (
        [
            (rand.distinct(3, 4), rand.tensor([1, 0, 3]), p, margin, weight, reduction)
            for p, margin in ((1, 1.02), (2, 0.52))
            for weight in (None, rand.positive(4))
            for reduction in REDUCTIONS
        ]
        + [(rand.distinct(4), rand.tensor(2), 1, 1.02, None, "mean")]
    ),
    node="MultiMarginLossBackward0",
)
@in_single
def multi_margin_loss_(xp: Any, input: Array, target: Array, p: int, margin: float, weight: Array | None, reduction: str) -> Array:
    """The mean over classes of ``max(0, margin - input[target] + input)`` to the power ``p``, by weight of the target."""
    input = _as_rows(input, target)
    places = xp.expand_dims(target, -1)
    right = xp.take_along_axis(input, places, axis=-1)
    short = xp.maximum(input - right + xp.asarray(margin, input.dtype), xp.asarray(0, input.dtype))
    short = xp.where(xp.arange(input.shape[-1]) == places, xp.asarray(0, input.dtype), short)
    loss = (short if p == 1 else short * short).sum(axis=-1)
    if weight is not None:
        loss = loss * weight[target]
    return total(xp, loss / xp.asarray(input.shape[-1], loss.dtype), reduction)


def multi_margin_loss(
    input: Tensor,
    target: Tensor,
    p: int = 1,
    margin: float = 1.0,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Any:
    """The hinge loss of scores ``input`` (N, C) or (C) against the classes ``target``.

    Raises ValueError for other powers than 1 and 2, RuntimeError for a target that is no class and for shapes that do not fit.
    """
    reduction = chosen(reduction, size_average, reduce)
    if p not in (1, 2):
        raise ValueError("only p == 1 and p == 2 supported")
    if weight is not None and weight.ndim != 1:
        raise ValueError("weight must be one-dimensional")
    _check_scores(input)
    rows = input.shape[0] if input.ndim == 2 else 1
    if target.ndim > 1 or target.numel() != rows:
        raise RuntimeError(
            "multi_margin_loss: target tensor should be 1-D with size equal to the number of input samples (batch size). Expected "
            f"target size [{rows}], but got {list(target.shape)}. Input has shape {list(input.shape)}."
        )
    if weight is not None and weight.shape[0] != input.shape[-1]:
        raise RuntimeError(f"inconsistent weight size, expected {input.shape[-1]} but got {list(weight.shape)}")
    if target.dtype.name != "int64":
        raise RuntimeError(f"expected scalar type Long but found {target.dtype.legacy}")
    if not mode.transforms and not bool(((target >= 0) & (target < (input.shape[-1] if input.ndim else 1))).all()):
        raise RuntimeError("target out of range")
    return multi_margin_loss_(input, target, p, margin, weight, reduction)


def _check_scores(input: Tensor) -> None:
    if input.ndim > 2 or (input.ndim and input.shape[-1] == 0):
        raise RuntimeError(f"Expected non-empty vector or matrix with optional 0-dim batch size, but got: {list(input.shape)}")


def _listed(xp: Any, target: Array) -> Array:
    """Where a row of labels has not ended yet: -1 ends it."""
    return xp.cumsum((target < 0).astype("int64"), axis=-1) == 0


def _labels(xp: Any, target: Array, kind: Any) -> tuple[Array, Array]:
    """Which entries of the rows count, and which classes are among them, as numbers 0 and 1."""
    listed = _listed(xp, target)
    classes = xp.arange(target.shape[-1])
    hits = (xp.expand_dims(target, -1) == classes) & xp.expand_dims(listed, -1)
    return listed, hits.any(axis=-2).astype(kind)


@op(
    vjp={"input": lambda g, input, target, is_target, reduction: _multilabel_margin_gradient(g, input, target, is_target, reduction)},
    samples=lambda rand: (
        [(rand.distinct(2, 4) * 0.3, rand.tensor([[1, 0, -1, 2], [3, -1, 0, 0]]), reduction) for reduction in REDUCTIONS]
        + [(rand.distinct(4) * 0.3, rand.tensor([1, 3, -1, 2]), "mean")]
    ),
    node="MultilabelMarginLossBackward0",
    outputs=("out", "is_target"),
    differentiable=("out",),
)
@in_single
def multilabel_margin_loss_(xp: Any, input: Array, target: Array, reduction: str) -> tuple[Array, Array]:
    """The mean over classes of how much those that are no labels come within 1 of those that are."""
    if not input.ndim:
        loss, labels = multilabel_margin_loss_.op.forward(xp, input.reshape(1), target.reshape(1), reduction)  # type: ignore[attr-defined]
        return loss, labels.reshape(())
    listed, labels = _labels(xp, target, input.dtype)
    scores = xp.take_along_axis(input, xp.where(listed, target, xp.zeros_like(target)), axis=-1)
    zero, one = xp.asarray(0, input.dtype), xp.asarray(1, input.dtype)
    short = xp.maximum(one - xp.expand_dims(scores, -1) + xp.expand_dims(input, -2), zero)
    short = short * xp.expand_dims(listed.astype(input.dtype), -1) * xp.expand_dims(one - labels, -2)
    loss = short.sum(axis=(-1, -2)) / xp.asarray(input.shape[-1], input.dtype)
    return total(xp, loss, reduction), labels


def _multilabel_margin_gradient(g: Any, input: Any, target: Any, is_target: Any, reduction: str) -> Any:
    if not input.ndim:
        return g * input * 0
    listed = (target < 0).long().cumsum(-1) == 0
    places = target.masked_fill(~listed, 0)
    scores = input.gather(-1, places)
    short = ((1 - scores.unsqueeze(-1) + input.unsqueeze(-2)) > 0).to(input.dtype)
    short = short * listed.to(input.dtype).unsqueeze(-1) * (1 - is_target).unsqueeze(-2) / input.shape[-1]
    slope = short.sum(-2).scatter_add(-1, places, -short.sum(-1))
    if reduction == "mean" and input.ndim == 2:
        g = g / input.shape[0]
    return slope * (g.unsqueeze(-1) if reduction == "none" and input.ndim == 2 else g)


def multilabel_margin_loss(
    input: Tensor, target: Tensor, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean"
) -> Any:
    """The hinge loss of scores ``input`` (N, C) or (C) with rows of labels ``target``, each ended by -1.

    Raises RuntimeError for shapes that differ and for labels that are no classes.
    """
    reduction = chosen(reduction, size_average, reduce)
    _check_scores(input)
    if target.shape != input.shape:
        raise RuntimeError(f"inconsistent target size: {list(target.shape)} for input of size: {list(input.shape)}")
    if not mode.transforms and not bool(((target >= -1) & (target < (input.shape[-1] if input.ndim else 1))).all()):
        raise RuntimeError("argument #2 'target' is out of range")
    return multilabel_margin_loss_(input, target, reduction)[0]


def multilabel_soft_margin_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Any:
    """The mean over classes of the binary cross entropy of ``sigmoid(input)`` with targets 0 and 1."""
    reduction = chosen(reduction, size_average, reduce)
    loss = -(target * logsigmoid(input) + (1 - target) * logsigmoid(-input))
    if weight is not None:
        loss = loss * weight
    return reduced(loss.sum(dim=input.ndim - 1) / input.shape[-1], reduction)


# ------------------------------------------------------------------------------------------------------------ of embeddings


def cosine_embedding_loss(
    input1: Tensor,
    input2: Tensor,
    target: Tensor,
    margin: float = 0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Any:
    """One less the cosine of rows where ``target`` is 1, the cosine above ``margin`` where it is -1.

    Raises RuntimeError for shapes that do not fit.
    """
    reduction = chosen(reduction, size_average, reduce)
    dim = target.ndim
    if dim > 1:
        raise RuntimeError("0D or 1D target tensor expected, multi-target not supported")
    if input1.ndim != dim + 1 or input2.ndim != dim + 1:
        raise RuntimeError(
            f"{dim}D target tensor expects {dim + 1}D input tensors, but found inputs with sizes {list(input1.shape)} and "
            f"{list(input2.shape)}."
        )
    product = (input1 * input2).sum(dim)
    squares = [plus((x * x).sum(dim), 1e-12) for x in (input1, input2)]
    cosine = product / (squares[0] * squares[1]).sqrt()
    zeros = zeros_as(cosine)
    alike = where(target == 1, number_less(1, cosine), zeros)
    return reduced(alike + where(target == -1, minus(cosine, margin).clamp_min(0), zeros), reduction)


def _check_triplet(anchor: Tensor, positive: Tensor, negative: Tensor) -> None:
    if not anchor.ndim == positive.ndim == negative.ndim:
        raise RuntimeError(
            "The anchor, positive, and negative tensors are expected to have the same number of dimensions, but got: anchor "
            f"{anchor.ndim}D, positive {positive.ndim}D, and negative {negative.ndim}D inputs"
        )


def triplet_margin_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    margin: float = 1.0,
    p: float = 2,
    eps: float = 1e-6,
    swap: bool = False,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Any:
    """``max(0, margin + |anchor - positive| - |anchor - negative|)`` of rows (Balntas et al., 2016; ``swap`` is theirs).

    Raises RuntimeError where the numbers of dimensions differ and ValueError for a margin that is not positive.
    """
    reduction = chosen(reduction, size_average, reduce)
    if margin <= 0:
        raise ValueError(f"margin must be greater than 0, got {margin}")
    _check_triplet(anchor, positive, negative)
    near, far = pairwise_distance(anchor, positive, p, eps), pairwise_distance(anchor, negative, p, eps)
    if swap:
        far = minimum(far, pairwise_distance(positive, negative, p, eps))
    return reduced((plus(near, margin) - far).clamp_min(0), reduction)


def triplet_margin_with_distance_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    *,
    distance_function: Callable[[Tensor, Tensor], Any] | None = None,
    margin: float = 1.0,
    swap: bool = False,
    reduction: str = "mean",
) -> Any:
    """As ``triplet_margin_loss``, with any distance."""
    reduction = chosen(reduction)
    if margin <= 0:
        raise ValueError(f"margin must be greater than 0, got {margin}")
    _check_triplet(anchor, positive, negative)
    distance = pairwise_distance if distance_function is None else distance_function
    near, far = distance(anchor, positive), distance(anchor, negative)
    if swap:
        far = minimum(far, distance(positive, negative))
    return reduced((margin + near - far).clamp_min(0), reduction)


FUNCTIONAL = {
    "cosine_embedding_loss": cosine_embedding_loss, "hinge_embedding_loss": hinge_embedding_loss,
    "margin_ranking_loss": margin_ranking_loss, "multi_margin_loss": multi_margin_loss,
    "multilabel_margin_loss": multilabel_margin_loss, "multilabel_soft_margin_loss": multilabel_soft_margin_loss,
    "soft_margin_loss": soft_margin_loss, "triplet_margin_loss": triplet_margin_loss,
    "triplet_margin_with_distance_loss": triplet_margin_with_distance_loss,
}  # fmt: skip
TORCH = {name: FUNCTIONAL[name] for name in ("cosine_embedding_loss", "hinge_embedding_loss", "margin_ranking_loss", "triplet_margin_loss")}
