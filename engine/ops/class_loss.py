"""Losses of classes: the negative log likelihood and cross entropy, of scores and of what a linear map makes of features."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .. import dtypes
from ..op import Array, op
from ..tensor import Tensor
from .dims import all_below
from .kinds import in_single
from .linalg import linear
from .loss import chosen, constant
from .scalars import over, plus, times
from .softmax import log_softmax

# ------------------------------------------------------------------------------------------------ negative log likelihood


def _weights(xp: Any, target: Array, weight: Array | None, ignore_index: int, kind: Any) -> tuple[Array, Array]:
    """For each target its class, 0 for those to ignore, and its weight, 0 for those to ignore."""
    counted = target != ignore_index
    classes = xp.where(counted, target, xp.zeros_like(target)).astype("int64")
    return classes, counted.astype(kind) if weight is None else weight[classes] * counted.astype(weight.dtype)


def _check_targets(xp: Any, target: Array, count: int, ignore_index: int) -> None:
    if xp.kind == "cpu" and target.size:  # on a GPU the check would wait for the device
        wrong = ((target < 0) | (target >= count)) & (target != ignore_index)
        if wrong.any():
            raise IndexError(f"Target {int(target[wrong].reshape(-1)[0])} is out of bounds.")


def _all_count(xp: Any, target: Array, shape: Sequence[int], ignore_index: int) -> bool:
    """Whether targets (N) for scores (N, C) are all classes and none is to be ignored: the commonest case, with a short way. On a GPU
    the question would wait for the device."""
    if xp.kind != "cpu" or len(shape) != 2 or target.ndim != 1 or not target.size:
        return False
    if ignore_index < 0:
        return all_below(xp, target, shape[1])
    low, high = int(target.min()), int(target.max())
    return low >= 0 and high < shape[1] and not low <= ignore_index <= high


@op(
    vjp={
        "input": lambda g, target, weight, total_weight, input_shape, reduction, ignore_index: nll_loss_backward(
            g, target, weight, total_weight, input_shape, reduction, ignore_index
        )
    },
    on_arrays={
        "input": lambda xp, g, target, weight, total_weight, input_shape, reduction, ignore_index: _spread_likelihood(
            xp, g, target, weight, total_weight, input_shape, reduction, ignore_index
        )
    },
    samples=lambda rand: [
        (rand(*shape), rand.tensor(target), weight, reduction, ignore)
        for shape, target in (((4, 3), [0, 2, 1, 2]), ((3,), 1), ((2, 3, 2, 2), [[[0, 1], [2, 1]], [[2, 2], [0, 0]]]))
        for weight in (None, rand.positive(3))
        for reduction, ignore in (("none", -100), ("mean", 2), ("sum", -100))
    ],
    node=lambda input: "NllLoss2DBackward0" if input.ndim == 4 else "NllLossBackward0",
    outputs=("out", "total_weight"),
    differentiable=("out",),
)
@in_single
def nll_loss_(xp: Any, input: Array, target: Array, weight: Array | None, reduction: str, ignore_index: int) -> tuple[Array, Array]:
    """Minus the elements of ``input`` (C, or N, C, ...) at the targets' classes, by weight; and the sum of the weights."""
    if weight is None and _all_count(xp, target, input.shape, ignore_index):
        found = input[xp.arange(target.shape[0]), target]
        if reduction == "none":
            return -found, xp.asarray(target.size, input.dtype)
        summed = -found.sum()
        return summed / target.size if reduction == "mean" else summed, xp.asarray(target.size, input.dtype)
    axis = min(input.ndim - 1, 1)
    _check_targets(xp, target, input.shape[axis], ignore_index)
    classes, weights = _weights(xp, target, weight, ignore_index, input.dtype)
    found = xp.take_along_axis(input, xp.expand_dims(classes, axis), axis=axis).squeeze(axis)
    loss = -found * weights
    if reduction == "none":
        return loss, weights.sum()
    summed, of_weights = loss.sum(), weights.sum()
    return summed / of_weights if reduction == "mean" else summed, of_weights


@op(
    vjp={
        "grad": lambda g, target, weight, reduction, ignore_index: nll_loss_(g, target, weight, reduction, ignore_index)[0],
    },
    samples=lambda rand: [
        (rand(4), rand.tensor([0, 2, 1, 2]), None, rand.tensor(4.0), (4, 3), "none", -100),
        (rand(), rand.tensor([0, 2, 1, 2]), None, rand.tensor(2.0), (4, 3), "mean", 2),
    ],
)
def nll_loss_backward(
    xp: Any,
    grad: Array,
    target: Array,
    weight: Array | None,
    total_weight: Array,
    shape: Sequence[int],
    reduction: str,
    ignore_index: int,
) -> Array:
    """The transpose of ``nll_loss_``: minus the gradient at the targets' classes, 0 elsewhere."""
    return _spread_likelihood(xp, grad, target, weight, total_weight, shape, reduction, ignore_index)


def _spread_likelihood(
    xp: Any,
    grad: Array,
    target: Array,
    weight: Array | None,
    total_weight: Array,
    shape: Sequence[int],
    reduction: str,
    ignore_index: int,
) -> Array:
    if weight is None and _all_count(xp, target, shape, ignore_index):
        made = xp.zeros(tuple(shape), grad.dtype)
        made[xp.arange(target.size), target] = -grad / target.size if reduction == "mean" else -grad
        return made
    axis = min(len(shape) - 1, 1)
    classes, weights = _weights(xp, target, weight, ignore_index, grad.dtype)
    if reduction == "mean":
        grad = grad / total_weight
    values = xp.where(target != ignore_index, -grad * weights, xp.zeros((), grad.dtype))  # a mean of nothing is NaN
    made = xp.zeros(tuple(shape), grad.dtype)
    xp.put_along_axis(made, xp.expand_dims(classes, axis), xp.expand_dims(values.astype(grad.dtype), axis), axis=axis)
    return made


def _check_target(target: Tensor) -> None:
    if target.dtype.name not in ("int64", "uint8"):
        raise RuntimeError(f"expected target dtype to be Long or Byte, but got {target.dtype.legacy}")


def _check_weight(weight: Tensor | None, count: int, who: str = "") -> None:
    if weight is not None and tuple(weight.shape) != (count,):
        raise RuntimeError(
            f"{who}weight tensor should be defined either for all {count} classes or no classes but got weight tensor of shape: "
            f"{list(weight.shape)}"
        )


def _check_type(input: Tensor, weight: Tensor | None) -> None:
    if weight is not None and weight.dtype is not input.dtype:
        raise RuntimeError(f"expected scalar type {input.dtype.legacy} but found {weight.dtype.legacy}")


def nll_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Any:
    """Minus the log probabilities ``input`` (C), (N, C) or (N, C, ...) of the classes ``target`` (), (N) or (N, ...).

    The mean is by ``weight``, one number a class; targets ``ignore_index`` do not count. Raises ValueError and RuntimeError for
    shapes that do not fit and IndexError for a target that is no class.
    """
    return _likelihood(input, target, weight, chosen(reduction, size_average, reduce), ignore_index)


def _likelihood(input: Tensor, target: Tensor, weight: Tensor | None, reduction: str, ignore_index: int) -> Any:
    if weight is None and input.ndim == 2 and target.ndim == 1 and input.size(0) == target.size(0) and target.dtype is dtypes.int64:
        return nll_loss_(input, target, None, reduction, ignore_index)[0]  # nothing to say
    if input.ndim < 1:
        raise ValueError(f"Expected 1 or more dimensions (got {input.ndim})")
    if input.ndim != 1 and input.shape[0] != (target.shape[0] if target.ndim else 1):
        raise ValueError(
            f"Expected input batch_size ({input.shape[0]}) to match target batch_size ({target.shape[0] if target.ndim else 1})."
        )
    constant("nll_loss", "weight", weight)
    if input.ndim <= 2:
        if target.ndim > 1:
            raise RuntimeError("0D or 1D target tensor expected, multi-target not supported")
        _check_target(target)
        _check_weight(weight, input.shape[-1])
        _check_type(input, weight)
        if input.ndim == 1 and target.ndim == 1:
            if target.shape[0] != 1:
                raise RuntimeError("For 1D input, 1D target must have size 1, but got target size: " + str(target.shape[0]))
            made = nll_loss_(input, target.reshape(()), weight, reduction, ignore_index)[0]
            return made.reshape(1) if reduction == "none" else made
        return nll_loss_(input, target, weight, reduction, ignore_index)[0]
    count, classes = input.shape[:2]
    if input.ndim == 4:
        if target.ndim != 3:
            raise RuntimeError(f"only batches of spatial targets supported (3D tensors) but got targets of dimension: {target.ndim}")
        if target.shape != (count, *input.shape[2:]):
            raise RuntimeError(f"size mismatch (got input: {list(input.shape)} , target: {list(target.shape)}")
        _check_target(target)
        _check_weight(weight, classes)
        _check_type(input, weight)
        return nll_loss_(input, target, weight, reduction, ignore_index)[0]
    if tuple(target.shape[1:]) != tuple(input.shape[2:]):
        raise RuntimeError(f"Expected target size {[count, *input.shape[2:]]}, got {list(target.shape)}")
    shape = tuple(target.shape)
    input, target = input.contiguous(), target.contiguous()
    if input.numel():
        input, target = input.view(count, classes, 1, -1), target.view(count, 1, -1)
    else:
        input, target = input.view(count, classes, 0, 0), target.view(count, 0, 0)
    made = _likelihood(input, target, weight, reduction, ignore_index)
    return made.view(shape) if reduction == "none" else made


# -------------------------------------------------------------------------------------------------------- cross entropy


def cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Any:
    """The cross entropy of ``softmax(input)`` (C), (N, C) or (N, C, ...) with classes, or with probabilities of ``input``'s shape.

    ``label_smoothing`` moves that share of each target to all classes evenly (Szegedy et al., 2015). Errors as ``nll_loss``.
    """
    reduction = chosen(reduction, size_average, reduce)
    dim = 0 if input.ndim == 1 else 1
    if input.shape == target.shape:
        return _with_probabilities(input, target, weight, ignore_index, reduction, label_smoothing, dim)
    if label_smoothing > 0:
        if label_smoothing > 1:
            raise RuntimeError(f"label_smoothing must be between 0.0 and 1.0. Got: {label_smoothing:g}")
        return _smoothed(input, target, weight, ignore_index, reduction, label_smoothing, dim)
    return _likelihood(log_softmax(input, dim), target, weight, reduction, ignore_index)


def _for_classes(weight: Tensor, ndim: int, dim: int) -> Tensor:
    """Weights of classes in a shape that broadcasts."""
    return weight.view([weight.shape[0] if i == dim else 1 for i in range(ndim)]) if ndim > 1 else weight


def _with_probabilities(
    input: Tensor, target: Tensor, weight: Tensor | None, ignore_index: int, reduction: str, smoothing: float, dim: int
) -> Any:
    if not target.dtype.is_floating_point:
        raise RuntimeError(f"Expected floating point type for target with class probabilities, got {target.dtype.legacy}")
    if ignore_index >= 0:
        raise RuntimeError("ignore_index is not supported for floating point target")
    classes = input.shape[dim]
    _check_weight(weight, classes, "cross_entropy: ")
    logs = log_softmax(input, dim)
    if smoothing > 0:
        if smoothing > 1:
            raise RuntimeError(f"label_smoothing must be between 0.0 and 1.0. Got: {smoothing:g}")
        target = plus(times(target, 1 - smoothing), smoothing / classes)
    loss = logs * target
    if weight is not None:
        loss = loss * _for_classes(weight, input.ndim, dim)
    if reduction == "none":
        return -loss.sum(dim)
    made = -loss.sum()
    if reduction == "sum":
        return made
    return over(made, input.numel() / classes if input.numel() else 0.0)


def _smoothed(input: Tensor, target: Tensor, weight: Tensor | None, ignore_index: int, reduction: str, smoothing: float, dim: int) -> Any:
    classes = input.shape[dim]
    logs = log_softmax(input, dim)
    likelihood = _likelihood(logs, target, weight, reduction, ignore_index)
    smooth = -logs.sum(dim) if weight is None else -(logs * _for_classes(weight, input.ndim, dim)).sum(dim)
    ignored = target == ignore_index
    smooth = smooth.masked_fill(ignored, 0.0)
    if reduction == "sum":
        smooth = smooth.sum()
    elif reduction == "mean":
        counted = ~ignored
        by = counted.sum() if weight is None else weight.gather(0, target.masked_select(counted).flatten()).sum()
        smooth = smooth.sum() / by
    return times(likelihood, 1 - smoothing) + times(smooth, smoothing / classes)


def _check_linear(input: Tensor, weight: Tensor, bias: Tensor | None) -> None:
    """Raise RuntimeError, in PyTorch's words, where the operands of the linear map do not fit."""
    if input.ndim not in (1, 2):
        raise RuntimeError(f"expected input with dimensionality 1 or 2, got {input.ndim}")
    if weight.ndim < 2:
        raise RuntimeError(f"expected linear_weight with dimensionality at least 2, got {weight.ndim}")
    features = input.shape[-1]
    if features != weight.shape[-1]:
        raise RuntimeError(
            f"expected equal input and linear_weight last dimensions (in_features), got {features} and {weight.shape[-1]}, respectively"
        )
    if bias is not None and tuple(bias.shape) != tuple(weight.shape[:-1]):
        raise RuntimeError(f"expected linear_bias shape {tuple(weight.shape[:-1])}, got {tuple(bias.shape)}")
    if weight.ndim > 2 and input.ndim == 1:
        raise RuntimeError(
            f"K-dimensional loss defined by linear_weight shape {tuple(weight.shape)} requires batched input, (N, {features}), got "
            f"unbatched input with shape {tuple(input.shape)}"
        )


def linear_cross_entropy(
    input: Tensor,
    linear_weight: Tensor,
    target: Tensor,
    *,
    linear_bias: Tensor | None = None,
    weight: Tensor | None = None,
    reduction: str = "mean",
    ignore_index: int | None = None,
    label_smoothing: float = 0.0,
    options: Any = None,
) -> Any:
    """``cross_entropy(linear(input, linear_weight, linear_bias), target, ...)`` of ``input`` (in) or (N, in).

    ``linear_weight`` (C, in), or (C, d1, ..., in) for a loss at each of several places. ``options`` says how PyTorch cuts the batch to
    pieces to save memory; the result does not depend on it, and here the batch is taken as a whole. Raises RuntimeError for shapes
    that do not fit.
    """
    _check_linear(input, linear_weight, linear_bias)
    shape = (*input.shape[:-1], *linear_weight.shape[:-1])
    if tuple(target.shape) == shape and ignore_index is not None:
        raise RuntimeError("ignore_index cannot be specified when target contains probabilities")
    if linear_weight.ndim > 2:
        linear_weight = linear_weight.reshape(-1, input.shape[-1])
        linear_bias = None if linear_bias is None else linear_bias.reshape(-1)
    logits = linear(input, linear_weight, linear_bias).reshape(shape)
    return cross_entropy(
        logits,
        target,
        weight=weight,
        reduction=reduction,
        ignore_index=-100 if ignore_index is None else ignore_index,
        label_smoothing=label_smoothing,
    )


FUNCTIONAL = {"cross_entropy": cross_entropy, "linear_cross_entropy": linear_cross_entropy, "nll_loss": nll_loss}
