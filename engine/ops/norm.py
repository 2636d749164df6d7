"""Normalisations: over the batch, over features, over groups of channels.

Each is one op with one joint rule. Its rule uses the mean and the reciprocal deviation that the forward kept; where the
backward is itself recorded they are computed anew from the input, so that second derivatives see them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ..autograd.grad_mode import mode
from ..dtypes import HALVES
from ..op import Array, op
from ..tensor import Tensor
from .pad import pad
from .pools import avg_pool2d, avg_pool3d
from .scalars import plus


def _single(input: Array) -> Array:
    return input.astype("float32") if input.dtype in HALVES else input


def _gathered(xp: Any, rows: Array, form: Sequence[int], axis: int) -> Array:
    """Numbers of rows, one for each channel of each sample, seen as ``form`` and added up along ``axis``."""
    return rows.reshape(form).sum(axis=axis, keepdims=True)


def _dealt(xp: Any, numbers: Array, form: Sequence[int]) -> Array:
    """What belongs to several channels or samples for the row of each."""
    return xp.broadcast_to(numbers, form).reshape(-1, 1)


def _form(input: Array, groups: int) -> tuple[tuple[int, ...], int]:
    """How the rows of (N, C, ...) are seen, and the dimension whose rows are normalised together: samples, or channels of a group."""
    n, channels = input.shape[:2]
    return ((n, groups, channels // groups), 2) if groups else ((n, channels), 0)


_SHORT = 16  # elements of a channel of a sample, below which columns are longer


def _columns(xp: Any, input: Array) -> tuple[tuple[int, int], Any, Any]:
    """(N, C, ...) as a matrix of samples: its size; how its columns are added up to channels, and how channels are dealt to columns."""
    (n, channels), each = input.shape[:2], math.prod(input.shape[2:])
    if each == 1:
        return (n, channels), lambda t: t, lambda t: t
    return (n, channels * each), lambda t: t.reshape(channels, each).sum(axis=1), lambda t: xp.repeat(t, each)


def _normalised_by_columns(xp: Any, x: Array, weight: Array | None, bias: Array | None, eps: float) -> tuple[Array, Array, Array]:
    """As ``_normalised`` over all samples, where channels have few elements."""
    size, added, dealt = _columns(xp, x)
    count = xp.asarray(math.prod(size) // x.shape[1], x.dtype)
    made = x.reshape(size)
    mean = added(xp.column_sums(made)) / count
    made = made - dealt(mean)
    rstd = 1 / xp.sqrt(added(xp.column_dots(made, made)) / count + xp.asarray(eps, x.dtype))
    made *= dealt(rstd if weight is None else rstd * weight)
    if bias is not None:
        made += dealt(bias)
    return made.reshape(x.shape), mean[None], rstd[None]


def _back_by_columns(xp: Any, grad: Array, x: Array, mean: Array, rstd: Array, weight: Array | None) -> tuple[Array, Array, Array]:
    """As ``channel_norm_backward`` over all samples, where channels have few elements."""
    size, added, dealt = _columns(xp, x)
    g, mean, rstd = grad.reshape(size), mean.reshape(-1), rstd.reshape(-1)
    share = rstd / xp.asarray(math.prod(size) // x.shape[1], rstd.dtype)
    centred = x.reshape(size) - dealt(mean)
    of_bias, products = added(xp.column_sums(g)), added(xp.column_dots(g, centred))
    factor = share if weight is None else share * weight
    centred *= dealt(products * factor * rstd * rstd)
    made = g * dealt(rstd if weight is None else rstd * weight)
    made -= centred
    made -= dealt(of_bias * factor)
    return made.reshape(x.shape), products * rstd, of_bias


def _normalised(xp: Any, input: Array, weight: Array | None, bias: Array | None, groups: int, eps: float) -> tuple[Array, Array, Array]:
    """(N, C, ...) with mean 0 and variance 1 over groups of channels, or with ``groups`` 0 over all samples, times ``weight`` plus
    ``bias``, one a channel; the mean and 1 / sqrt(variance + eps), seen as ``_form`` says."""
    n, channels = input.shape[:2]
    x = _single(input)
    if not groups and 0 < math.prod(input.shape[2:]) < _SHORT:
        made, mean, rstd = _normalised_by_columns(xp, x, weight, bias, eps)
        return made.astype(input.dtype, copy=False), mean, rstd
    rows = x.reshape(n * channels, math.prod(input.shape[2:]))
    form, axis = _form(input, groups)
    count = form[axis] * rows.shape[1]
    mean = _gathered(xp, xp.row_sums(rows), form, axis) / xp.asarray(count, x.dtype)
    middles = _dealt(xp, mean, form)
    variance = _gathered(xp, xp.row_spreads(rows, middles), form, axis) / xp.asarray(count, x.dtype)
    rstd = 1 / xp.sqrt(variance + xp.asarray(eps, x.dtype))
    factors = _dealt(xp, rstd, form)
    if weight is not None:
        factors = factors * _dealt(xp, weight, (n, channels))
    shifts = None if bias is None else _dealt(xp, bias, (n, channels))
    return xp.row_scaled(rows, middles, factors, shifts).reshape(input.shape).astype(input.dtype, copy=False), mean, rstd


@op(
    samples=lambda rand: [
        (rand(3, 4, 2), rand(3, 4, 2), rand(1, 4), rand.positive(1, 4), rand(4), 0),
        (rand(3, 4, 2), rand(3, 4, 2), rand(3, 2, 1), rand.positive(3, 2, 1), None, 2),
    ],
    outputs=("of_input", "of_weight", "of_bias"),
)
def channel_norm_backward(
    xp: Any, grad: Array, input: Array, mean: Array, rstd: Array, weight: Array | None, groups: int
) -> tuple[Array, Array, Array]:
    """The gradients of batch normalisation, or with ``groups`` of group normalisation, where no second derivative is asked for.

    rstd * (g - mean(g) - x' * mean(g * x')), with g times the weight and x' normalised: Ioffe and Szegedy (2015), section 3.
    """
    n, channels = input.shape[:2]
    if not groups and 0 < math.prod(input.shape[2:]) < _SHORT:
        return _back_by_columns(xp, grad, input, mean, rstd, weight)
    form, axis = _form(input, groups)
    rows, g = (t.reshape(n * channels, math.prod(input.shape[2:])) for t in (input, grad))
    middles, deviations = _dealt(xp, mean, form), _dealt(xp, rstd, form)
    sums, products = xp.row_moments(g, rows, middles)
    of_bias = sums.reshape(n, channels).sum(axis=0)
    of_weight = (products * deviations).reshape(n, channels).sum(axis=0)
    if weight is not None:
        weights = _dealt(xp, weight, (n, channels))
        sums, products = sums * weights, products * weights
    share = rstd / xp.asarray(form[axis] * rows.shape[1], rstd.dtype)
    less = _dealt(xp, _gathered(xp, sums, form, axis) * share, form)
    by = _dealt(xp, _gathered(xp, products, form, axis) * share * rstd * rstd, form)
    factors = deviations if weight is None else deviations * weights
    return xp.row_gradient(g, rows, middles, factors, by, less).reshape(input.shape), of_weight, of_bias


@op(
    samples=lambda rand: [(rand(2, 3, 4), rand(2, 3, 4), rand(2, 3, 1), rand.positive(2, 3, 1), rand(4), 1)],
    outputs=("of_input", "of_weight", "of_bias"),
)
def layer_norm_backward(
    xp: Any, grad: Array, input: Array, mean: Array, rstd: Array, weight: Array | None, dims: int
) -> tuple[Array, Array, Array]:
    """The gradients of layer normalisation over the last ``dims`` dimensions, where no second derivative is asked for."""
    shape = input.shape[input.ndim - dims :]
    size = (math.prod(input.shape[: input.ndim - dims]), math.prod(shape))
    g, x = grad.reshape(size), input.reshape(size)
    weight = None if weight is None else weight.reshape(-1)
    made, of_weight, of_bias = xp.layer_norm_backward(g, x, mean.reshape(-1, 1), rstd.reshape(-1, 1), weight, True)
    return made.reshape(input.shape), of_weight.reshape(shape), of_bias.reshape(shape)


def _normal_rule(g: Any, input: Any, dims: list[int], eps: float) -> tuple[Any, Any]:
    """The gradient through x -> (x - mean) / deviation, and the normalised x, in ops that can be differentiated."""
    if g._data.dtype in HALVES:
        g, input = g.float(), input.float()
    mean = input.mean(dims, keepdim=True)
    centred = input - mean
    rstd = ((centred * centred).mean(dims, keepdim=True) + eps).rsqrt()
    normal = centred * rstd
    return rstd * (g - g.mean(dims, keepdim=True) - normal * (g * normal).mean(dims, keepdim=True)), normal


def _at_once(g: Any) -> bool:
    """Whether gradients may come from one op: nobody differentiates them, and they are of one type."""
    return not mode.enabled and not mode.transforms and g._data.dtype not in HALVES


def _needed(made: Sequence[Any], needs: Sequence[bool]) -> tuple[Any, ...]:
    return tuple(t if n else None for t, n in zip(made, needs, strict=True))


# --------------------------------------------------------------------------------------------------- over the batch


def _batch_rule(
    g: Any, input: Any, weight: Any, mean: Any, rstd: Any, running_mean: Any, running_var: Any, training: bool, eps: float, needs: Any
) -> tuple[Any, Any, Any]:
    if training and _at_once(g):
        return _needed(channel_norm_backward(g, input, mean, rstd, weight, 0), needs)
    dims = [0, *range(2, input.ndim)]
    shape = (1, -1, *(1,) * (input.ndim - 2))
    scaled = g if weight is None else g * weight.reshape(shape)
    if training:
        inner, normal = _normal_rule(scaled, input, dims, eps)
    else:
        rstd = (running_var + eps).rsqrt().reshape(shape)
        normal = (input - running_mean.reshape(shape)) * rstd
        inner = scaled * rstd
    return inner, (g * normal).sum(dims) if needs[1] else None, g.sum(dims) if needs[2] else None


@op(
    vjp={("input", "weight", "bias"): _batch_rule},
    samples=lambda rand: [
        (rand(4, 3), rand(3), rand(3), None, None, True, 1e-5),
        (rand(3, 2, 4), None, None, None, None, True, 1e-3),
        (rand(2, 3, 2, 2), rand(3), rand(3), rand(3), rand.positive(3), False, 1e-5),
    ],
    node="NativeBatchNormBackward0",
    outputs=("out", "mean", "rstd"),
    differentiable=("out",),
)
def batch_norm_(
    xp: Any,
    input: Array,
    weight: Array | None,
    bias: Array | None,
    running_mean: Array | None,
    running_var: Array | None,
    training: bool,
    eps: float,
) -> tuple[Array, Array, Array]:
    """``input`` (N, C, ...) normalised over all but the channels, by its own statistics or by the given ones."""
    if training:
        return _normalised(xp, input, weight, bias, 0, eps)
    assert running_mean is not None
    assert running_var is not None
    shape = (1, -1, *(1,) * (input.ndim - 2))
    mean = running_mean.reshape(shape)
    rstd = 1 / xp.sqrt(running_var.reshape(shape) + xp.asarray(eps, running_var.dtype))
    made = (input - mean) * rstd
    if weight is not None:
        made *= weight.reshape(shape)
    if bias is not None:
        made += bias.reshape(shape)
    return made.astype(input.dtype, copy=False), mean, rstd


def batch_norm(
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """Batch normalisation of (N, C) or (N, C, ...) (Ioffe and Szegedy, 2015).

    In training the running statistics are moved by ``momentum`` towards the batch's (the variance without bias).
    Raises ValueError in training for a single value a channel.
    """
    channels = input.shape[1] if input.ndim > 1 else 0  # of a vector PyTorch says nothing where it is empty
    count = input.numel() // max(channels, 1)
    if training and count == 1:
        raise ValueError(f"Expected more than 1 value per channel when training, got input size {input.shape}")
    if eps < 0 or (training and eps == 0):
        raise ValueError(f"batch_norm eps must be {'positive during training' if training else 'non-negative'}, but got {eps}")
    for name, given in (("running_mean", running_mean), ("running_var", running_var), ("weight", weight), ("bias", bias)):
        if given is not None and given.numel() != channels:
            raise RuntimeError(f"{name} should contain {channels} elements not {given.numel()}")
    if not training and (running_mean is None or running_var is None):
        raise RuntimeError(f"running_{'mean' if running_mean is None else 'var'} must be defined in evaluation mode")
    if not input.numel():  # nothing to learn from; the weight takes part, so that its gradient is 0
        return input.clone() if weight is None or input.ndim < 2 else input * weight.reshape(1, -1, *(1,) * (input.ndim - 2))  # type: ignore[no-any-return]
    own = training or running_mean is None
    out, mean, rstd = batch_norm_(input, weight, bias, None if own else running_mean, None if own else running_var, own, eps)
    if training and running_mean is not None and running_var is not None:
        means, deviations = (running_mean, mean._data), (running_var, rstd._data)

        def moved(xp: Any) -> None:
            variance = (1 / (deviations[1] * deviations[1]) - eps) * (count / (count - 1))
            for running, now in (means, (deviations[0], variance)):
                running._data[...] = (1 - momentum) * running._data + momentum * now.reshape(-1)
                running._bump()

        input._xp.run(moved)
    return out  # type: ignore[no-any-return]


def instance_norm(
    input: Tensor,
    running_mean: Tensor | None = None,
    running_var: Tensor | None = None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """Each channel of each sample of (N, C, ...) normalised by itself (Ulyanov et al., 2016), or by the running statistics.

    Raises ValueError for a single value to a channel, RuntimeError where statistics are wanted that are not there.
    """
    n, channels = input.shape[:2]
    if use_input_stats and math.prod(input.shape[2:]) == 1:
        raise ValueError(f"Expected more than 1 spatial element when training, got input size {input.shape}")
    if not use_input_stats and (running_mean is None or running_var is None):
        raise RuntimeError("Expected running_mean and running_var to be defined when use_input_stats is false")
    flat = input.reshape(1, n * channels, *input.shape[2:])

    def repeated(tensor: Tensor | None) -> Tensor | None:
        return None if tensor is None else tensor.repeat(n)

    mean, rstd = (None, None) if use_input_stats else (repeated(running_mean), repeated(running_var))
    out, mean, rstd = batch_norm_(flat, repeated(weight), repeated(bias), mean, rstd, use_input_stats, eps)
    if use_input_stats and running_mean is not None and running_var is not None:
        count = math.prod(input.shape[2:])
        variance = (1 / (rstd._data * rstd._data) - eps).reshape(n, channels).mean(axis=0) * (count / (count - 1))
        for running, now in ((running_mean, mean._data.reshape(n, channels).mean(axis=0)), (running_var, variance)):
            running._data[...] = (1 - momentum) * running._data + momentum * now
            running._bump()
    return out.reshape(input.shape)  # type: ignore[no-any-return]


# --------------------------------------------------------------------------------------------------- over features


def _layer_rule(
    g: Any, input: Any, weight: Any, mean: Any, rstd: Any, normalized_shape: Any, eps: float, needs: Any
) -> tuple[Any, Any, Any]:
    if _at_once(g):
        return _needed(layer_norm_backward(g, input, mean, rstd, weight, len(normalized_shape)), needs)
    dims = list(range(input.ndim - len(normalized_shape), input.ndim))
    lead = list(range(input.ndim - len(normalized_shape)))
    inner, normal = _normal_rule(g if weight is None else g * weight, input, dims, eps)

    def over_batch(t: Any) -> Any:
        return t.sum(lead) if lead else t

    return inner, over_batch(g * normal) if needs[1] else None, over_batch(g) if needs[2] else None


@op(
    vjp={("input", "weight", "bias"): _layer_rule},
    samples=lambda rand: [
        (rand(4, 3), (3,), rand(3), rand(3), 1e-5),
        (rand(2, 3, 4), (3, 4), rand(3, 4), None, 1e-3),
        (rand(5), (5,), None, None, 1e-5),
    ],
    node="NativeLayerNormBackward0",
    outputs=("out", "mean", "rstd"),
    differentiable=("out",),
)
def layer_norm_(
    xp: Any, input: Array, normalized_shape: Sequence[int], weight: Array | None, bias: Array | None, eps: float
) -> tuple[Array, Array, Array]:
    """``input`` normalised over its last dimensions."""
    lead = input.shape[: input.ndim - len(normalized_shape)]
    width = math.prod(normalized_shape)
    weight, bias = (None if t is None else t.reshape(-1) for t in (weight, bias))
    made, mean, rstd = xp.layer_norm(_single(input).reshape(math.prod(lead), width), weight, bias, eps)
    one = (*lead, *(1,) * len(normalized_shape))
    return made.reshape(input.shape).astype(input.dtype, copy=False), mean.reshape(one), rstd.reshape(one)


def _read_shape(normalized_shape: Any) -> tuple[int, ...]:
    shape = (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
    if not shape:
        raise RuntimeError(
            "Expected normalized_shape to be at least 1-dimensional, i.e., containing at least one element, but got normalized_shape = []"
        )
    return shape


def layer_norm(input: Tensor, normalized_shape: Any, weight: Tensor | None = None, bias: Tensor | None = None, eps: float = 1e-5) -> Tensor:
    """Layer normalisation over the last dimensions, whose sizes are ``normalized_shape`` (Ba et al., 2016).

    Raises RuntimeError where input or weight do not have that shape.
    """
    shape = _read_shape(normalized_shape)
    if tuple(input.shape[input.ndim - len(shape) :]) != shape or len(shape) > input.ndim:
        wanted = ", ".join(map(str, shape))
        raise RuntimeError(
            f"Given normalized_shape={list(shape)}, expected input with shape [*, {wanted}], but got input of size{list(input.shape)}"
        )
    for name, given in (("weight", weight), ("bias", bias)):
        if given is not None and tuple(given.shape) != shape:
            raise RuntimeError(
                f"Expected {name} to be of same shape as normalized_shape, but got {name} of shape {list(given.shape)} and "
                f"normalized_shape = {list(shape)}"
            )
    return layer_norm_(input, shape, weight, bias, eps)[0]  # type: ignore[no-any-return]


def rms_norm(input: Tensor, normalized_shape: Any, weight: Tensor | None = None, eps: float | None = None) -> Tensor:
    """``input`` divided by its root mean square over the last dimensions (Zhang and Sennrich, 2019).

    Raises RuntimeError where input or weight do not have that shape.
    """
    shape = _read_shape(normalized_shape)
    if tuple(input.shape[input.ndim - len(shape) :]) != shape or len(shape) > input.ndim:
        raise RuntimeError(
            f"Given normalized_shape={list(shape)}, expected input with shape [*{', '.join(map(str, shape))}], but got input of size"
            f"{list(input.shape)}"
        )
    if weight is not None and tuple(weight.shape) != shape:
        raise RuntimeError(
            f"Expected weight to be of same shape as normalized_shape, but got weight of shape {list(weight.shape)} and "
            f"normalized_shape = {list(shape)}"
        )
    dims = list(range(input.ndim - len(shape), input.ndim))
    wide = input.float() if input.dtype.itemsize == 2 else input  # PyTorch computes halves in single precision
    small = float(wide._xp.finfo(wide._data.dtype).eps) if eps is None else eps
    made = wide * plus(wide.pow(2).mean(dims, keepdim=True), small).rsqrt()
    if weight is not None:
        made = made * weight
    return made.to(input.dtype)  # type: ignore[no-any-return]


# --------------------------------------------------------------------------------------------------- over groups


def _group_rule(g: Any, input: Any, weight: Any, mean: Any, rstd: Any, num_groups: int, eps: float, needs: Any) -> tuple[Any, Any, Any]:
    if _at_once(g):
        return _needed(channel_norm_backward(g, input, mean, rstd, weight, num_groups), needs)
    n = input.shape[0]
    channel = (1, -1, *(1,) * (input.ndim - 2))
    grouped = (n, num_groups, math.prod(input.shape[1:]) // num_groups)
    scaled = g if weight is None else g * weight.reshape(channel)
    inner, normal = _normal_rule(scaled.reshape(grouped), input.reshape(grouped), [2], eps)
    dims = [0, *range(2, input.ndim)]
    return (
        inner.reshape(input.shape),
        (g * normal.reshape(input.shape)).sum(dims) if needs[1] else None,
        g.sum(dims) if needs[2] else None,
    )


@op(
    vjp={("input", "weight", "bias"): _group_rule},
    samples=lambda rand: [
        (rand(2, 4, 3), 2, rand(4), rand(4), 1e-5),
        (rand(2, 4, 2, 2), 4, None, None, 1e-3),
    ],
    node="NativeGroupNormBackward0",
    outputs=("out", "mean", "rstd"),
    differentiable=("out",),
)
def group_norm_(xp: Any, input: Array, num_groups: int, weight: Array | None, bias: Array | None, eps: float) -> tuple[Array, Array, Array]:
    """``input`` (N, C, ...) normalised over each group of channels of each sample."""
    return _normalised(xp, input, weight, bias, num_groups, eps)


def group_norm(input: Tensor, num_groups: int, weight: Tensor | None = None, bias: Tensor | None = None, eps: float = 1e-5) -> Tensor:
    """Group normalisation of (N, C, ...) (Wu and He, 2018).

    Raises RuntimeError unless the channels divide into the groups, ValueError for groups of a single value.
    """
    if input.ndim < 2:
        raise RuntimeError(f"Expected at least 2 dimensions for input tensor but received {input.ndim}")
    if input.shape[0] * input.shape[1] // num_groups * math.prod(input.shape[2:]) == 1:
        raise ValueError(f"Expected more than 1 value per channel when training, got input size {list(input.shape)}")
    if input.shape[1] % num_groups:
        raise RuntimeError(
            f"Expected number of channels in input to be divisible by num_groups, but got input of shape {list(input.shape)} and "
            f"num_groups={num_groups}"
        )
    for name, given in (("weight", weight), ("bias", bias)):
        if given is not None and tuple(given.shape) != (input.shape[1],):
            raise RuntimeError(
                f"Expected {name} to be a vector of size equal to the number of channels in input, but got {name} of shape "
                f"{list(given.shape)} and input of shape {list(input.shape)}"
            )
    return group_norm_(input, num_groups, weight, bias, eps)[0]  # type: ignore[no-any-return]


def local_response_norm(input: Tensor, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> Tensor:
    """Each element of (N, C, ...) divided by a power of the mean square of its neighbours among the channels.

    Raises ValueError for fewer than 3 dimensions.
    """
    if input.ndim < 3:
        raise ValueError(f"Expected 3D or higher dimensionality                          input (got {input.ndim} dimensions)")
    if input.numel() == 0:
        return input
    squares = input.mul(input)
    if input.ndim == 3:
        around = pad(squares.unsqueeze(1), (0, 0, size // 2, (size - 1) // 2))
        mean = avg_pool2d(around, (size, 1), stride=1).squeeze(1)
    else:
        n, channels, height = input.shape[:3]
        around = pad(squares.view(n, 1, channels, height, -1), (0, 0, 0, 0, size // 2, (size - 1) // 2))
        mean = avg_pool3d(around, (size, 1, 1), stride=1).squeeze(1).view(input.shape)
    return input / mean.mul(alpha).add(k).pow(beta)  # type: ignore[no-any-return]


def normalize(input: Tensor, p: float = 2.0, dim: int = 1, eps: float = 1e-12, out: None = None) -> Tensor:
    """``input`` divided by its p-norm along ``dim``, but at least by ``eps``."""
    return input / input.norm(p, dim, keepdim=True).clamp_min(eps).expand_as(input)  # type: ignore[no-any-return]


FUNCTIONAL = {
    "batch_norm": batch_norm, "group_norm": group_norm, "instance_norm": instance_norm, "layer_norm": layer_norm,
    "local_response_norm": local_response_norm, "normalize": normalize, "rms_norm": rms_norm,
}  # fmt: skip


def _torch_batch_norm(
    input: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    training: bool,
    momentum: float,
    eps: float,
    cudnn_enabled: bool = False,
) -> Tensor:
    """As ``torch.nn.functional.batch_norm``, with the arguments in another order."""
    return batch_norm(input, running_mean, running_var, weight, bias, training, momentum, eps)


def _torch_instance_norm(
    input: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    use_input_stats: bool,
    momentum: float,
    eps: float,
    cudnn_enabled: bool = False,
) -> Tensor:
    """As ``torch.nn.functional.instance_norm``, with the arguments in another order."""
    return instance_norm(input, running_mean, running_var, weight, bias, use_input_stats, momentum, eps)


TORCH = {
    "batch_norm": _torch_batch_norm, "group_norm": group_norm, "instance_norm": _torch_instance_norm, "layer_norm": layer_norm,
    "rms_norm": rms_norm,
}  # fmt: skip
