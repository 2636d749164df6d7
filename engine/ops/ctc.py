"""Connectionist temporal classification (Graves et al., 2006): the loss of a sequence whose alignment is unknown."""

from __future__ import annotations

import math
from typing import Any

from ..op import Array, op
from ..tensor import Tensor
from .choose import where
from .kinds import zeros_as
from .loss import chosen


def _log_add(xp: Any, *arrays: Array) -> Array:
    """The logarithm of the sum of exponentials; all of them may be minus infinity."""
    most = arrays[0]
    for a in arrays[1:]:
        most = xp.maximum(most, a)
    safe = xp.where(most == -math.inf, xp.zeros_like(most), most)
    summed = xp.exp(arrays[0] - safe)
    for a in arrays[1:]:
        summed = summed + xp.exp(a - safe)
    return xp.log(summed) + safe


def _shifted(xp: Any, a: Array, by: int) -> Array:
    """The columns moved to the right, minus infinity in front."""
    return xp.concatenate([xp.full((a.shape[0], by), -math.inf, a.dtype), a[:, :-by]], axis=1)


def _extended(xp: Any, targets: Array, blank: int) -> tuple[Array, Array]:
    """(N, S) labels with blanks between and around (N, 2 S + 1), and where a label may follow the one two places before."""
    count, length = targets.shape
    labels = xp.full((count, 2 * length + 1), blank, "int64")
    labels[:, 1::2] = targets
    jumps = xp.zeros(labels.shape, "bool")
    jumps[:, 3::2] = labels[:, 3::2] != labels[:, 1:-2:2]
    return labels, jumps


def _alphas(xp: Any, logs: Array, labels: Array, jumps: Array) -> Array:
    """(T, N, 2 S + 1): the log probability of all ways to have come so far in the labels at each time."""
    steps = xp.take_along_axis(logs, xp.broadcast_to(labels, (logs.shape[0], *labels.shape)), axis=2)
    never = xp.full((), -math.inf, logs.dtype)
    first = xp.full(labels.shape, -math.inf, logs.dtype)
    first[:, :2] = steps[0][:, :2]
    made = [first]
    for step in steps[1:]:
        before = made[-1]
        jumped = xp.where(jumps, _shifted(xp, before, 2), never) if labels.shape[1] > 2 else xp.full(labels.shape, -math.inf, logs.dtype)
        made.append(_log_add(xp, before, _shifted(xp, before, 1), jumped) + step if labels.shape[1] > 1 else before + step)
    return xp.stack(made)


def _reversed_rows(xp: Any, array: Array, lengths: Array) -> Array:
    """Each row's first ``lengths`` elements along axis 1 in reverse order, the rest as they are."""
    places = xp.arange(array.shape[1])[None, :]
    order = xp.where(places < lengths[:, None], lengths[:, None] - 1 - places, places)
    return xp.take_along_axis(array, order.reshape(*order.shape, *(1,) * (array.ndim - 2)), axis=1)


def _ctc_rule(
    g: Any, log_probs: Any, targets: Any, input_lengths: Any, target_lengths: Any, out: Any, blank: int, zero_infinity: bool
) -> Any:
    return ctc_loss_backward(g, log_probs, targets, input_lengths, target_lengths, out, blank, zero_infinity)


@op(
    vjp={"log_probs": _ctc_rule},
    samples=lambda rand: [
        (rand(5, 2, 4).log_softmax(2), rand.tensor([[1, 1], [2, 3]]), rand.tensor([5, 4]), rand.tensor([2, 1]), 0, False)
    ],
    node="CtcLossBackward0",
    gradcheck=False,  # the second derivative is not there, as in PyTorch
)
def ctc_loss_(
    xp: Any,
    log_probs: Array,
    targets: Array,
    input_lengths: Array,
    target_lengths: Array,
    blank: int,
    zero_infinity: bool,
) -> Array:
    """Minus the log probability of each target (N, S) under ``log_probs`` (T, N, C), summed over all alignments."""
    labels, jumps = _extended(xp, targets, blank)
    alphas = _alphas(xp, log_probs, labels, jumps)
    rows = xp.arange(labels.shape[0])
    last = alphas[xp.maximum(input_lengths - 1, 0), rows]
    ends = 2 * target_lengths
    end = xp.take_along_axis(last, ends[:, None], axis=1)[:, 0]
    before = xp.take_along_axis(last, xp.maximum(ends - 1, 0)[:, None], axis=1)[:, 0]
    never = xp.full((), -math.inf, log_probs.dtype)
    loss = -_log_add(xp, end, xp.where(target_lengths > 0, before, never))
    return xp.where(input_lengths > 0, loss, xp.where(target_lengths > 0, -never, xp.zeros((), log_probs.dtype)))


def _no_second_derivative(g: Any) -> Any:
    raise RuntimeError("derivative for _ctc_loss_backward is not implemented: ctc_loss can be differentiated once")


@op(
    vjp={"grad": _no_second_derivative, "log_probs": _no_second_derivative},
    samples=lambda rand: [
        (
            rand(2), rand(5, 2, 4).log_softmax(2), rand.tensor([[1, 1], [2, 3]]), rand.tensor([5, 4]), rand.tensor([2, 1]),
            rand.positive(2), 0, False,
        )
    ],
    gradcheck=False,
)  # fmt: skip
def ctc_loss_backward(
    xp: Any,
    grad: Array,
    log_probs: Array,
    targets: Array,
    input_lengths: Array,
    target_lengths: Array,
    loss: Array,
    blank: int,
    zero_infinity: bool,
) -> Array:
    """The gradient of ``ctc_loss_``: probabilities less the share of the alignments that pass (Graves et al., 2006, (16))."""
    steps, count, _ = log_probs.shape
    labels, jumps = _extended(xp, targets, blank)
    alphas = _alphas(xp, log_probs, labels, jumps)
    # backwards in time is forwards for the reversed sequences
    widths = 2 * target_lengths + 1
    turned_logs = xp.swapaxes(_reversed_rows(xp, xp.swapaxes(log_probs, 0, 1), input_lengths), 0, 1)
    turned = _reversed_rows(xp, labels, widths)
    turned_jumps = xp.zeros(turned.shape, "bool")
    turned_jumps[:, 2:] = (turned[:, 2:] != blank) & (turned[:, 2:] != turned[:, :-2])
    betas = xp.swapaxes(_alphas(xp, turned_logs, turned, turned_jumps), 0, 1)
    betas = xp.swapaxes(_reversed_rows(xp, betas, input_lengths), 1, 2)
    betas = xp.swapaxes(xp.swapaxes(_reversed_rows(xp, betas, widths), 1, 2), 0, 1)
    through = alphas + betas  # the step's own probability counts twice
    inside = (xp.arange(labels.shape[1])[None, :] < widths[:, None])[None]
    through = xp.where(inside, through, xp.full((), -math.inf, through.dtype))
    most = xp.maximum(through.max(axis=2, keepdims=True), xp.asarray(-1e30, through.dtype))
    passed = xp.zeros(log_probs.shape, log_probs.dtype)
    where = (
        xp.broadcast_to(xp.arange(steps)[:, None, None], through.shape),
        xp.broadcast_to(xp.arange(count)[None, :, None], through.shape),
        xp.broadcast_to(labels[None], through.shape),
    )
    xp.add_at(passed, where, xp.exp(through - most))
    known = xp.exp(log_probs)
    share = xp.exp(xp.log(passed) + most + loss[None, :, None] - log_probs)
    made = (known - share) * grad[None, :, None]
    during = (xp.arange(steps)[:, None] < input_lengths[None, :])[:, :, None]
    made = xp.where(during, made, xp.zeros((), made.dtype))
    if zero_infinity:
        made = xp.where((loss == math.inf)[None, :, None], xp.zeros((), made.dtype), made)
    return made


def _lengths(xp: Any, lengths: Any, like: Tensor) -> Tensor:
    if isinstance(lengths, Tensor):
        return lengths.to("cpu").to(device=like.device).long()  # type: ignore[no-any-return]
    return like.new_tensor(list(lengths)).long()  # type: ignore[no-any-return]


def ctc_loss(
    log_probs: Tensor,
    targets: Tensor,
    input_lengths: Any,
    target_lengths: Any,
    blank: int = 0,
    reduction: str = "mean",
    zero_infinity: bool = False,
) -> Any:
    """Connectionist temporal classification (Graves et al., 2006) of ``log_probs`` (T, N, C) or (T, C).

    ``targets`` are (N, S), or all of them one after the other. The mean is of losses divided by target lengths.
    ``zero_infinity`` makes impossible alignments count 0. Raises RuntimeError for lengths that do not fit.
    """
    reduction = chosen(reduction)
    alone = log_probs.ndim == 2
    if alone:
        log_probs = log_probs.unsqueeze(1)
        targets = targets.unsqueeze(0) if targets.ndim == 1 else targets
    xp = log_probs._xp
    steps, count, classes = log_probs.shape
    if not 0 <= blank < classes:
        raise RuntimeError("blank must be in label range")
    inputs, wanted = (_lengths(xp, v, log_probs).reshape(-1) for v in (input_lengths, target_lengths))
    if inputs.shape[0] != count:
        raise RuntimeError("input_lengths must be of size batch_size")
    if wanted.shape[0] != count:
        raise RuntimeError("target_lengths must be of size batch_size")
    longest, sizes = int(inputs._data.max()) if count else 0, wanted.tolist()
    if longest > steps:
        raise RuntimeError(
            f"Expected input_lengths to have value at most {steps}, but got value {longest} (while checking arguments for ctc_loss_cpu)"
        )
    if targets.ndim == 1:
        rows, start = [], 0
        for size in sizes:
            rows.append(targets[start : start + size])
            start += size
        padded = targets.new_full((count, max(sizes, default=0)), blank)
        for i, row in enumerate(rows):
            padded[i, : len(row)] = row
        targets = padded
    elif max(sizes, default=0) > targets.shape[1]:
        raise RuntimeError(f"Expected tensor to have size at least {max(sizes)} at dimension 1, but got size {list(targets.shape)}")
    made = ctc_loss_(log_probs, targets.long(), inputs, wanted, blank, zero_infinity)
    if zero_infinity:
        made = where(made == math.inf, zeros_as(made).sum(), made)
    if reduction == "mean":
        return (made / wanted.clamp_min(1)).mean()
    if reduction == "sum":
        return made.sum()
    return made.squeeze(0) if alone else made


FUNCTIONAL = {"ctc_loss": ctc_loss}
TORCH = {"ctc_loss": ctc_loss}
