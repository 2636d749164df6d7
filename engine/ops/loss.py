"""Losses of numbers and of probabilities: squared and absolute errors, binary cross entropy, likelihoods of distributions."""

from __future__ import annotations

import math
import warnings
from typing import Any

from .. import dtypes
from ..autograd.grad_mode import mode, no_grad
from ..op import Array, op
from ..tensor import Tensor, wrap
from .arithmetic import sub
from .choose import xlogy
from .functions import sigmoid
from .kinds import in_single
from .scalars import plus, times
from .shape import broadcast_tensors

REDUCTIONS = ("none", "mean", "sum")


def chosen(reduction: str, size_average: bool | None = None, reduce: bool | None = None) -> str:
    """The reduction to use; ``size_average`` and ``reduce`` are how it was said before.

    Raises ValueError for a word that is none.
    """
    if size_average is not None or reduce is not None:
        old = "none" if reduce is False else "sum" if size_average is False else "mean"
        warnings.warn(f"size_average and reduce args will be deprecated, please use reduction='{old}' instead.", UserWarning, stacklevel=3)
        return old
    if reduction not in REDUCTIONS:
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return reduction


def reduced(loss: Tensor, reduction: str) -> Any:
    """The mean or the sum of the elements, or the elements."""
    return loss.mean() if reduction == "mean" else loss.sum() if reduction == "sum" else loss


def total(xp: Any, loss: Array, reduction: str) -> Array:
    """As ``reduced``, of an array."""
    if reduction == "none":
        return loss
    return loss.sum() if reduction == "sum" else loss.mean() if loss.size else loss.sum() / 0


def share(g: Any, input: Tensor, reduction: str) -> Any:
    """The gradient of each element's loss, given the reduced loss's."""
    return g / input.numel() if reduction == "mean" and input.numel() else g


def constant(name: str, argument: str, tensor: Tensor | None) -> None:
    """Raise RuntimeError for a tensor that requires a gradient where the function has none for it."""
    if tensor is not None and mode.enabled and tensor.requires_grad:
        raise RuntimeError(
            f"The function '{name}' is not differentiable with respect to argument '{argument}'. This input cannot have requires_grad True."
        )


def _matched(input: Tensor, target: Tensor) -> Any:
    """Both in their common shape; a warning where they differ."""
    if input.shape != target.shape:
        warnings.warn(
            f"Using a target size ({target.shape}) that is different to the input size ({input.shape}). This will likely lead to "
            "incorrect results due to broadcasting. Please ensure they have the same size.",
            UserWarning,
            stacklevel=4,
        )
    return broadcast_tensors(input, target)


def _weighted(loss: Any, weight: Tensor, reduction: str) -> Any:
    """The loss's elements times ``weight``; its mean is by weight."""
    if weight.shape != loss.shape:
        raise ValueError("Inputs and weight must have the same size.")
    weighted = loss * weight
    return weighted.sum() / weight.sum() if reduction == "mean" else reduced(weighted, reduction)


def _pairs(rand: Any, *params: Any) -> list[Any]:
    return [(rand(3, 4), rand(3, 4), *params, reduction) for reduction in REDUCTIONS]


def _floats(xp: Any, kernel: str, array: Array) -> None:
    if array.dtype.kind not in "fc":
        raise NotImplementedError(f"\"{kernel}\" not implemented for '{array.dtype.name.replace('int64', 'Long').capitalize()}'")


# ------------------------------------------------------------------------------------------------------------ of numbers


def _mse_rule(g: Any, input: Any, target: Any, reduction: str) -> Any:
    return (input - target) * (share(g, input, reduction) * 2)


@op(
    vjp={"input": _mse_rule, "target": lambda g, input, target, reduction: -_mse_rule(g, input, target, reduction)},
    samples=_pairs,
    node="MseLossBackward0",
    promote="common",
)
@in_single
def mse_loss_(xp: Any, input: Array, target: Array, reduction: str) -> Array:
    """Squared differences, their mean or their sum."""
    _floats(xp, f"mse_{xp.kind}", input)
    difference = input - target
    if reduction == "none":
        return difference * difference
    flat = difference.reshape(-1)
    squares = xp.vdot(flat, flat) if flat.dtype.kind == "f" else (difference * difference).sum()
    return squares if reduction == "sum" else squares / xp.asarray(flat.size, squares.dtype)


def mse_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: Tensor | None = None,
) -> Any:
    """The mean squared error; shapes that differ broadcast, with a warning.

    Raises ValueError for an unknown reduction.
    """
    reduction = chosen(reduction, size_average, reduce)
    input, target = _matched(input, target)
    if weight is not None:
        return _weighted((input - target).pow(2), weight, reduction)
    return mse_loss_(input, target, reduction)


def l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: Tensor | None = None,
) -> Any:
    """The mean absolute error; shapes that differ broadcast, with a warning."""
    reduction = chosen(reduction, size_average, reduce)
    input, target = _matched(input, target)
    loss = (input - target).abs()
    return reduced(loss, reduction) if weight is None else _weighted(loss, weight, reduction)


def _smooth_rule(g: Any, input: Any, target: Any, reduction: str, beta: float) -> Any:
    return ((input - target) / beta).clamp(-1, 1) * share(g, input, reduction)


@op(
    vjp={
        "input": _smooth_rule,
        "target": lambda g, input, target, reduction, beta: -_smooth_rule(g, input, target, reduction, beta),
    },
    samples=lambda rand: [(*pair, beta) for pair in _pairs(rand) for beta in (1.0, 0.3)],
    node="SmoothL1LossBackward0",
    promote="common",
)
@in_single
def smooth_l1_loss_(xp: Any, input: Array, target: Array, reduction: str, beta: float) -> Array:
    """Half the squared difference divided by ``beta`` where it is below ``beta``, the difference less half of ``beta`` beyond."""
    size = xp.absolute(input - target)
    edge, half = xp.asarray(beta, size.dtype), xp.asarray(0.5, size.dtype)
    return total(xp, xp.where(size < edge, half * size * size / edge, size - half * edge), reduction)


def smooth_l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    beta: float = 1.0,
) -> Any:
    """Squared near 0 and absolute beyond ``beta`` (Girshick, "Fast R-CNN", 2015).

    Raises RuntimeError for a negative ``beta``.
    """
    reduction = chosen(reduction, size_average, reduce)
    input, target = _matched(input, target)
    if beta < 0:
        raise RuntimeError("smooth_l1_loss does not support negative values for beta.")
    if beta == 0:
        return reduced((input - target).abs(), reduction)
    return smooth_l1_loss_(input, target, reduction, beta)


def _huber_rule(g: Any, input: Any, target: Any, reduction: str, delta: float) -> Any:
    return (input - target).clamp(-delta, delta) * share(g, input, reduction)


@op(
    vjp={
        "input": _huber_rule,
        "target": lambda g, input, target, reduction, delta: -_huber_rule(g, input, target, reduction, delta),
    },
    samples=lambda rand: [(*pair, delta) for pair in _pairs(rand) for delta in (1.0, 0.3)],
    node="HuberLossBackward0",
    promote="common",
)
@in_single
def huber_loss_(xp: Any, input: Array, target: Array, reduction: str, delta: float) -> Array:
    """Half the squared difference up to ``delta``, ``delta`` times the difference less half of ``delta`` beyond."""
    size = xp.absolute(input - target)
    edge, half = xp.asarray(delta, size.dtype), xp.asarray(0.5, size.dtype)
    return total(xp, xp.where(size <= edge, half * size * size, edge * (size - half * edge)), reduction)


def huber_loss(input: Tensor, target: Tensor, reduction: str = "mean", delta: float = 1.0, weight: Tensor | None = None) -> Any:
    """Squared up to ``delta``, linear beyond (Huber, 1964).

    Raises RuntimeError unless ``delta`` is positive.
    """
    reduction = chosen(reduction)
    input, target = _matched(input, target)
    if not isinstance(delta, (int, float)):
        raise TypeError(f"huber_loss(): argument 'delta' (position 4) must be float, not {type(delta).__name__}")
    if delta <= 0:
        raise RuntimeError("huber_loss does not support non-positive values for delta.")
    if weight is not None:
        if weight.shape != input.shape:
            raise ValueError("Weights and input must have the same size.")
        return reduced(huber_loss_(input, target, "none", delta) * weight, reduction)
    return huber_loss_(input, target, reduction, delta)


# ------------------------------------------------------------------------------------------------------ of probabilities


_EPSILON = 9.999999960041972e-13  # PyTorch's 1e-12 is a float32


def _times_weight(loss: Any, weight: Any) -> Any:
    return loss if weight is None else loss * weight


def _bce_target_rule(g: Any, input: Any, weight: Any, reduction: str) -> Any:
    difference = (-input).log1p().clamp_min(-100) - input.log().clamp_min(-100)
    return _times_weight(difference, weight) * share(g, input, reduction)


@op(
    vjp={
        "input": lambda g, input, target, weight, reduction: (
            _times_weight((input - target) / ((1 - input) * input).clamp_min(_EPSILON), weight) * share(g, input, reduction)
        ),
        "target": _bce_target_rule,
    },
    samples=lambda rand: [
        (rand.probability(3, 4), rand.probability(3, 4), weight, reduction)
        for reduction in REDUCTIONS
        for weight in (None, rand.positive(3, 4))
    ],
    node="BinaryCrossEntropyBackward0",
)
@in_single
def binary_cross_entropy_(xp: Any, input: Array, target: Array, weight: Array | None, reduction: str) -> Array:
    """``-(target * log(input) + (1 - target) * log(1 - input))``, logarithms not below -100."""
    if xp.kind == "cpu":
        for name, array in (("input", input), ("target", target)):
            if not ((array >= 0) & (array <= 1)).all():
                raise RuntimeError(f"all elements of {name} should be between 0 and 1")
    lowest = xp.asarray(-100, input.dtype)
    loss = (target - 1) * xp.maximum(xp.log1p(-input), lowest) - target * xp.maximum(xp.log(input), lowest)
    return total(xp, loss if weight is None else loss * weight, reduction)


def binary_cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Any:
    """The cross entropy of probabilities ``input`` with ``target``.

    Raises ValueError for shapes that differ and RuntimeError for numbers outside of [0, 1].
    """
    reduction = chosen(reduction, size_average, reduce)
    if input.shape != target.shape:
        raise ValueError(
            f"Using a target size ({target.shape}) that is different to the input size ({input.shape}) is deprecated. Please ensure "
            "they have the same size."
        )
    _same_type(input, target)
    constant("binary_cross_entropy", "weight", weight)
    if weight is not None:
        weight = weight.expand(input.shape)
    return binary_cross_entropy_(input, target, weight, reduction)


def _same_type(input: Tensor, target: Tensor) -> None:
    if input.dtype is not target.dtype:
        raise RuntimeError(f"Found dtype {target.dtype.legacy} but expected {input.dtype.legacy}")


def _logits_rule(g: Any, input: Any, target: Any, weight: Any, pos_weight: Any, reduction: str) -> Any:
    if pos_weight is None:
        slope = sigmoid(input) - target
    else:
        positive = pos_weight * target
        slope = (positive + 1 - target) * sigmoid(input) - positive
    return _times_weight(slope, weight) * share(g, input, reduction)


def _logits_target_rule(g: Any, input: Any, weight: Any, pos_weight: Any, reduction: str) -> Any:
    slope = -input
    if pos_weight is not None:
        softplus = (-input).logaddexp(input.new_zeros(()))
        slope = pos_weight * softplus - (softplus + input)
    return _times_weight(slope, weight) * share(g, input, reduction)


@op(
    vjp={"input": _logits_rule, "target": _logits_target_rule},
    samples=lambda rand: [
        (rand(3, 4), rand.probability(3, 4), weight, positive, reduction)
        for reduction in REDUCTIONS
        for weight, positive in (
            (None, None),
            (rand.positive(3, 4), None),
            (None, rand.positive(4)),
            (rand.positive(4), rand.positive(3, 4)),
        )
    ],
    node="BinaryCrossEntropyWithLogitsBackward0",
)
@in_single
def binary_cross_entropy_with_logits_(
    xp: Any, input: Array, target: Array, weight: Array | None, pos_weight: Array | None, reduction: str
) -> Array:
    """Binary cross entropy of ``sigmoid(input)``, without overflow."""
    softplus = xp.log1p(xp.exp(-xp.absolute(input))) + xp.maximum(-input, xp.asarray(0, input.dtype))
    if pos_weight is not None:
        softplus = softplus * ((pos_weight - 1) * target + 1)
    loss = (1 - target) * input + softplus
    return total(xp, loss if weight is None else loss * weight, reduction)


def binary_cross_entropy_with_logits(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    pos_weight: Tensor | None = None,
) -> Any:
    """The cross entropy of ``sigmoid(input)`` with ``target``; ``pos_weight`` multiplies the loss of what is wanted.

    Raises ValueError for shapes that differ.
    """
    reduction = chosen(reduction, size_average, reduce)
    if input.shape != target.shape:
        raise ValueError(f"Target size ({target.shape}) must be the same as input size ({input.shape})")
    constant("binary_cross_entropy_with_logits", "weight", weight)
    constant("binary_cross_entropy_with_logits", "pos_weight", pos_weight)
    return binary_cross_entropy_with_logits_(input, target, weight, pos_weight, reduction)


def kl_div(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    log_target: bool = False,
) -> Any:
    """The divergence of Kullback and Leibler, of log probabilities ``input`` from ``target``, element by element.

    "batchmean" divides the sum by the batch; "mean" by the number of elements, which is not the divergence, and warns.
    """
    if size_average is None and reduce is None:
        if reduction == "mean":
            warnings.warn(
                "reduction: 'mean' divides the total loss by both the batch size and the support size.'batchmean' divides only by the "
                "batch size, and aligns with the KL div math definition.'mean' will be changed to behave the same as 'batchmean' in the "
                "next major release.",
                UserWarning,
                stacklevel=2,
            )
        batch = reduction == "batchmean"
        reduction = "sum" if batch else chosen(reduction)
    else:
        batch, reduction = False, chosen(reduction, size_average, reduce)
    loss = target.exp() * (target - input) if log_target else xlogy(target, target) - target * input
    made = reduced(loss, reduction)
    return made / input.shape[0] if batch and input.ndim else made


# ---------------------------------------------------------------------------------------------- of distributions' likelihood


def poisson_nll_loss(
    input: Tensor,
    target: Tensor,
    log_input: bool = True,
    full: bool = False,
    size_average: bool | None = None,
    eps: float = 1e-8,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Any:
    """The negative log likelihood of ``target`` under Poisson's distribution of rate ``input`` (or its exponential).

    ``full`` adds Stirling's approximation of the factorial for targets above 1.
    """
    reduction = chosen(reduction, size_average, reduce)
    loss = input.exp() - target * input if log_input else input - target * plus(input, eps).log()
    if full:
        stirling = target * target.log() - target + times(times(target, 2 * math.pi).log(), 0.5)
        loss = loss + stirling.masked_fill(target <= 1, 0)
    return reduced(loss, reduction)


def gaussian_nll_loss(input: Tensor, target: Tensor, var: Any, full: bool = False, eps: float = 1e-6, reduction: str = "mean") -> Any:
    """The negative log likelihood of ``target`` under normal distributions of mean ``input`` and variance ``var``.

    Variances below ``eps`` count as ``eps``; ``full`` adds the constant. Raises ValueError for negative variances and for shapes
    that do not fit.
    """
    if not isinstance(var, Tensor):
        if var < 0:
            raise ValueError("var has negative entry/entries")
        var = input.new_full(input.shape, var)
    elif not mode.transforms and bool((var < 0).any()):
        raise ValueError("var has negative entry/entries")
    if var.shape != input.shape:
        if input.shape[:-1] == var.shape:
            var = var.unsqueeze(-1)
        elif input.ndim != var.ndim or sum(v for i, v in zip(input.shape, var.shape, strict=True) if i != v) != 1:
            raise ValueError("var is of incorrect size")
    if reduction not in REDUCTIONS:
        raise ValueError(f"{reduction} is not valid")
    var = var.clone()
    with no_grad():
        var.clamp_(min=eps)
    loss = 0.5 * (var.log() + (input - target) ** 2 / var)
    if full:
        loss = loss + 0.5 * math.log(2 * math.pi)
    return reduced(loss, reduction)


def number_less(number: float, tensor: Tensor) -> Any:
    """``number - tensor`` as PyTorch's C++ has it: with a 0-d tensor for the number, which makes floats of integers."""
    kind = tensor._data.dtype if tensor.dtype.category >= 2 else dtypes.get_default_dtype().numpy
    return sub(wrap(tensor._xp.asarray(number, kind)), tensor)


FUNCTIONAL = {
    "binary_cross_entropy": binary_cross_entropy, "binary_cross_entropy_with_logits": binary_cross_entropy_with_logits,
    "gaussian_nll_loss": gaussian_nll_loss, "huber_loss": huber_loss, "kl_div": kl_div, "l1_loss": l1_loss, "mse_loss": mse_loss,
    "poisson_nll_loss": poisson_nll_loss, "smooth_l1_loss": smooth_l1_loss,
}  # fmt: skip
TORCH = {
    "binary_cross_entropy_with_logits": binary_cross_entropy_with_logits, "kl_div": kl_div, "poisson_nll_loss": poisson_nll_loss,
}  # fmt: skip
