"""Activation functions of ``torch.nn.functional``."""

from __future__ import annotations

import math
from typing import Any

from .. import dtypes
from ..autograd.grad_mode import mode
from ..inplace import in_place
from ..kernels.plain import CUBIC, SLOPE
from ..op import Array, op
from ..samples import Sampler
from ..tensor import Tensor
from .choose import where_
from .dims import dim_of
from .functions import sigmoid, tanh
from .kinds import in_single, unsupported, zero, zeros_as
from .pieces import cat


def _kinked(rand: Sampler, *params: Any) -> list[Any]:
    return [(rand.tensor([[-2.3, -0.7, -0.2], [0.3, 0.9, 2.4]]), *params), (rand.tensor(0.4), *params)]


def _smooth(rand: Sampler) -> list[Any]:
    return [(rand(3, 4),), (rand(),)]


def _floating(xp: Any, name: str, array: Array) -> None:
    if array.dtype.kind != "f":
        raise (
            unsupported(xp, name, array)
            if name.endswith("_")
            else NotImplementedError(f"\"{name}\" not implemented for '{dtypes.of(array.dtype).legacy}'")
        )


# ------------------------------------------------------------------------------------------- straight lines with corners


@op(
    vjp={"grad_output": lambda g, input, threshold: threshold_backward(g, input, threshold), "input": lambda g: zeros_as(g)},
    samples=lambda rand: [(rand(2, 3), rand.away(2, 3), 0.1)],
)
def threshold_backward(xp: Any, grad_output: Array, input: Array, threshold: float) -> Array:
    """``grad_output`` where ``input`` is above the threshold or NaN, else 0."""
    return xp.threshold_backward(grad_output, input, threshold)


def _check_relu(input: Any) -> None:
    if isinstance(input, Tensor) and input._data.dtype.kind == "b":
        raise RuntimeError("Boolean inputs not supported for relu")


@op(
    vjp={"input": lambda g, out: threshold_backward(g, out, 0)},
    on_arrays={"input": lambda xp, g, out: xp.threshold_backward(g, out, 0)},
    samples=lambda rand: [*_kinked(rand), (rand.integers(5, 4, low=-5),)],
    torch="relu",
    check=_check_relu,
)
def relu_(xp: Any, input: Array) -> Array:
    """``max(input, 0)``; the gradient at 0 is 0."""
    if input.dtype.kind == "c":
        raise unsupported(xp, "clamp_min_scalar", input)
    return xp.maximum(input, zero(xp, input.dtype))


@op(
    vjp={"input": lambda g, input, threshold: threshold_backward(g, input, threshold)},
    samples=lambda rand: [(rand.tensor([-1.0, 0.05, 0.4]), 0.1, 20.0)],
    torch="nn.functional.threshold",
)
def threshold_(xp: Any, input: Array, threshold: float, value: float) -> Array:
    """``input`` where it is above the threshold, else ``value``."""
    return xp.where(input <= threshold, xp.asarray(value).astype(input.dtype), input)


def _between(g: Any, input: Any, min_val: Any, max_val: Any) -> Any:
    return where_((input > min_val) & (input < max_val), g, 0)


@op(vjp={"input": _between}, samples=lambda rand: [*_kinked(rand), *_kinked(rand, -0.5, 0.6)], torch="nn.functional.hardtanh")
def hardtanh_(xp: Any, input: Array, min_val: float = -1.0, max_val: float = 1.0) -> Array:
    """``input`` brought between ``min_val`` and ``max_val``; the gradient at both is 0."""
    if min_val > max_val:
        raise ValueError("min_val cannot be greater than max_val")
    if input.dtype.kind == "b":
        raise RuntimeError("Bool inputs not supported for hardtanh")
    kind = input.dtype.type
    return xp.minimum(xp.maximum(input, kind(min_val)), kind(max_val))


@op(
    vjp={"input": lambda g, input, negative_slope: where_(input > 0, g, g * negative_slope)},
    samples=lambda rand: [*_kinked(rand), *_kinked(rand, 0.3)],
    torch="nn.functional.leaky_relu",
)
def leaky_relu_(xp: Any, input: Array, negative_slope: float = 0.01) -> Array:
    """``input`` where it is positive, else ``negative_slope * input``."""
    _floating(xp, "leaky_relu_cpu", input)
    return xp.where(input > 0, input, input * input.dtype.type(negative_slope))


@op(
    vjp={
        "input": lambda g, input, weight: where_(input >= 0, g, g * weight),
        "weight": lambda g, input: where_(input >= 0, 0, g * input),
    },
    samples=lambda rand: [(rand.away(3, 4), rand(4)), (rand.away(3, 4), rand(1, 1))],
    node="PreluKernelBackward0",
)
def prelu_kernel(xp: Any, input: Array, weight: Array) -> Array:
    """``input`` where it is positive, else ``weight * input``; shapes broadcast."""
    return xp.where(input >= 0, input, weight * input)


def prelu(input: Tensor, weight: Tensor) -> Any:
    """``input`` where it is positive, else ``weight * input``, with one weight or one a channel (dimension 1).

    Raises RuntimeError where the number of weights fits neither.
    """
    if input.dtype is not weight.dtype:
        raise RuntimeError(f"prelu: Type promoting not supported. Got {input.dtype.name} and {weight.dtype.name}")
    if weight.numel() != 1:
        if input.ndim == 0:
            raise RuntimeError("Not allow zero-dim input tensor.")
        channels = input.shape[1] if input.ndim >= 2 else 1
        if channels != weight.numel():
            raise RuntimeError(
                f"Mismatch of parameter numbers and input channel size. Found parameter numbers = {weight.numel()} and channel size = "
                f"{channels}."
            )
    if weight.ndim > 1:
        raise RuntimeError(f"prelu: Expected `weight` to be a scalar or 1D tensor, but got: ndim = {weight.ndim}")
    shape = [1] * input.ndim
    if input.ndim >= 2:
        shape[1] = weight.numel()
    return prelu_kernel(input, weight if input.ndim == weight.ndim and weight.ndim < 2 else weight.reshape(shape))


@op(
    vjp={"input": lambda g, input, lambd: where_((input < -lambd) | (input > lambd), g, 0)},
    samples=lambda rand: [*_kinked(rand), *_kinked(rand, 0.8)],
    torch="nn.functional.hardshrink",
)
def hardshrink(xp: Any, input: Array, lambd: float = 0.5) -> Array:
    """``input`` where it is larger than ``lambd`` in size, else 0."""
    _floating(xp, "hardshrink_cpu", input)
    return xp.where((input >= -lambd) & (input <= lambd), input.dtype.type(0), input)


@op(
    vjp={"input": lambda g, input, lambd: where_((input < -lambd) | (input > lambd), g, 0)},
    samples=lambda rand: [*_kinked(rand), *_kinked(rand, 0.8)],
    torch="nn.functional.softshrink",
)
def softshrink(xp: Any, input: Array, lambd: float = 0.5) -> Array:
    """``input`` brought ``lambd`` nearer to 0."""
    if lambd < 0:
        largest = dtypes.finfo(dtypes.of(input.dtype)).max
        raise RuntimeError(f"lambda must be in range [0, {largest:g}] for input dtype {dtypes.of(input.dtype).legacy}, but found {lambd}")
    _floating(xp, "softshrink_cpu", input)
    step = input.dtype.type(lambd)
    return xp.where(input > lambd, input - step, xp.where(input < -lambd, input + step, input * input.dtype.type(0)))


@op(vjp={"input": lambda g, input: _between(g, input, -3, 3) * 0.1666666716337204}, samples=_kinked)  # PyTorch's sixth is a float32
@in_single
def hardsigmoid_(xp: Any, input: Array) -> Array:
    """``(input + 3) / 6`` brought between 0 and 1."""
    _floating(xp, "hardsigmoid_cpu", input)
    kind = input.dtype.type
    return xp.minimum(xp.maximum(input + kind(3), kind(0)), kind(6)) / kind(6)


@op(
    vjp={"input": lambda g, input: where_(input <= -3, 0, where_(input < 3, g * (input / 3 + 0.5), g))},
    samples=lambda rand: [*_kinked(rand), (rand.tensor([-3.5, 3.5]),)],
    torch="nn.functional.hardswish",
)
@in_single
def hardswish_(xp: Any, input: Array) -> Array:
    """``input * hardsigmoid(input)``."""
    _floating(xp, "hardswish_cpu", input)
    kind = input.dtype.type
    return input * xp.minimum(xp.maximum(input + kind(3), kind(0)), kind(6)) / kind(6)


# --------------------------------------------------------------------------------------------------------- smooth curves


def _elu_rule(g: Any, input: Any, alpha: float, scale: float, input_scale: float) -> Any:
    return where_(input <= 0, g * ((input * input_scale).exp() * (input_scale * alpha * scale)), g * scale)


@op(
    vjp={"input": _elu_rule},
    samples=lambda rand: [*_kinked(rand), *_kinked(rand, 1.7)],
    torch="nn.functional.elu",
    node="EluBackward0",
)
@in_single
def elu_(xp: Any, input: Array, alpha: float = 1.0, scale: float = 1.0, input_scale: float = 1.0) -> Array:
    """``scale`` times: ``input`` where it is positive, else ``alpha * (exp(input_scale * input) - 1)``."""
    _floating(xp, "elu_cpu", input)
    kind = input.dtype.type
    low = xp.expm1(xp.minimum(input, kind(0)) * kind(input_scale)) * kind(alpha * scale)
    return xp.where(input <= 0, low, input * kind(scale))


@op(
    vjp={"input": lambda g, input, alpha: where_(input <= 0, g * (input / alpha).exp(), g)},
    samples=lambda rand: [*_kinked(rand), *_kinked(rand, 1.7)],  # PyTorch's 1 / alpha is a float32
)
@in_single
def celu_(xp: Any, input: Array, alpha: float = 1.0) -> Array:
    """``input`` where it is positive, else ``alpha * (exp(input / alpha) - 1)``."""
    if alpha == 0:
        raise RuntimeError("ZeroDivisionError: alpha cannot be 0 for CELU")
    _floating(xp, "elu_cpu", input)
    kind = input.dtype.type
    return xp.where(input <= 0, xp.expm1(xp.minimum(input, kind(0)) / kind(alpha)) * kind(alpha), input)


def _silu_twice(g: Any, grad_output: Any, input: Any) -> Any:
    gate = sigmoid(input)
    closed = 1 - gate
    return g * grad_output * gate * closed * (2 + input * (closed - gate))


def _silu_slope(g: Any, input: Any) -> Any:
    gate = sigmoid(input)
    return g * (gate * (1 + input * (1 - gate)))


@op(
    vjp={"grad_output": lambda g, input: _silu_slope(g, input), "input": _silu_twice},
    samples=lambda rand: [(rand(3, 4), rand(3, 4))],
)
@in_single
def silu_backward(xp: Any, grad_output: Array, input: Array) -> Array:
    """The gradient of ``silu``."""
    return xp.silu_backward(grad_output, input)


def _silu_rule(g: Any, input: Any) -> Any:
    return _silu_slope(g, input) if mode.enabled or mode.transforms else silu_backward(g, input)


@op(vjp={"input": _silu_rule}, samples=_smooth, torch="nn.functional.silu")
@in_single
def silu_(xp: Any, input: Array) -> Array:
    """``input * sigmoid(input)``."""
    if input.dtype.kind not in "fc":
        raise NotImplementedError(f"\"silu_cpu\" not implemented for '{dtypes.of(input.dtype).legacy}'")
    return xp.silu(input)


def _mish_rule(g: Any, input: Any) -> Any:
    curve = tanh(softplus(input))
    return g * (curve + input * sigmoid(input) * (1 - curve * curve))


@op(vjp={"input": _mish_rule}, samples=_smooth, torch="nn.functional.mish")
@in_single
def mish_(xp: Any, input: Array) -> Array:
    """``input * tanh(log(1 + exp(input)))``."""
    _floating(xp, "mish_cpu", input)
    return input * xp.tanh(xp.logaddexp(input, input.dtype.type(0)))


def _softplus_rule(g: Any, input: Any, beta: float, threshold: float) -> Any:
    return where_(input * beta > threshold, g, g * sigmoid(input * beta))


@op(
    vjp={"input": _softplus_rule},
    samples=lambda rand: [(rand(3, 4),), (rand.tensor([-1.0, 0.5, 2.0, 9.0]), 2.0, 5.0)],
    torch="nn.functional.softplus",
)
@in_single
def softplus(xp: Any, input: Array, beta: float = 1.0, threshold: float = 20.0) -> Array:
    """``log(1 + exp(beta * input)) / beta``; ``input`` itself where ``beta * input`` is above the threshold."""
    _floating(xp, "softplus_cpu", input)
    scaled = input * input.dtype.type(beta)
    return xp.where(scaled > threshold, input, xp.log1p(xp.exp(xp.minimum(scaled, threshold))) / input.dtype.type(beta))


@op(vjp={"input": lambda g, input: g * sigmoid(-input)}, samples=_smooth, torch="nn.functional.logsigmoid", node="LogSigmoidBackward0")
@in_single
def logsigmoid(xp: Any, input: Array) -> Array:
    """The logarithm of the sigmoid, without overflow."""
    _floating(xp, "log_sigmoid_cpu", input)
    return xp.minimum(input, input.dtype.type(0)) - xp.log1p(xp.exp(-xp.absolute(input)))


_SLOPE, _CUBIC = SLOPE, CUBIC


@op(
    vjp={
        "grad_output": lambda g, input, approximate: gelu_backward(g, input, approximate),
        "input": lambda g, grad_output, input, approximate: _gelu_twice(g * grad_output, input, approximate),
    },
    samples=lambda rand: [(rand(3, 4), rand(3, 4), "none"), (rand(3, 4), rand(3, 4), "tanh")],
)
@in_single
def gelu_backward(xp: Any, grad_output: Array, input: Array, approximate: str = "none") -> Array:
    """The gradient of ``gelu``."""
    return xp.gelu_tanh_backward(grad_output, input) if approximate == "tanh" else xp.gelu_backward(grad_output, input)


def _gelu_twice(g: Any, input: Any, approximate: str) -> Any:
    """The second derivative of ``gelu`` times g."""
    if approximate == "tanh":
        square = input * input
        curve = tanh(_SLOPE * input * (1 + _CUBIC * square))
        slope = _SLOPE * (1 + 3 * _CUBIC * square)
        bend = 1 - curve * curve
        return g * (bend * slope + 0.5 * input * bend * (6 * _SLOPE * _CUBIC * input - 2 * curve * slope * slope))
    return g * ((-0.5 * input * input).exp() * (1 / math.sqrt(2 * math.pi)) * (2 - input * input))


@op(
    vjp={"input": lambda g, input, approximate: gelu_backward(g, input, approximate)},
    samples=lambda rand: [(rand(3, 4),), rand.call(rand(3, 4), approximate="tanh"), (rand(),)],
    torch="nn.functional.gelu",
)
@in_single
def gelu(xp: Any, input: Array, *, approximate: str = "none") -> Array:
    """``input`` times the share of a normal distribution below it; ``approximate="tanh"`` is a nearby formula."""
    if input.dtype.kind != "f":
        raise NotImplementedError(f"\"GeluKernelImpl\" not implemented for '{dtypes.of(input.dtype).legacy}'")
    if approximate == "tanh":
        return xp.gelu_tanh(input)
    if approximate != "none":
        raise RuntimeError("approximate argument must be either none or tanh.")
    return xp.gelu(input)


def _glu_rule(g: Any, input: Any, dim: int) -> Any:
    from_half, gate = input.chunk(2, dim)
    opened = sigmoid(gate)
    return cat([g * opened, g * from_half * opened * (1 - opened)], dim)


@op(vjp={"input": _glu_rule}, samples=lambda rand: [(rand(3, 4),), (rand(4, 3), 0), (rand(2, 4, 3), -2)], torch="nn.functional.glu")
@in_single
def glu(xp: Any, input: Array, dim: int = -1) -> Array:
    """The first half along ``dim`` times the sigmoid of the second half."""
    if input.ndim == 0:
        raise RuntimeError("glu does not support 0-dimensional tensors")
    axis = dim_of(dim, input.ndim)
    if input.shape[axis] % 2:
        raise RuntimeError(f"Halving dimension must be even, but dimension {axis} is size {input.shape[axis]}")
    first, second = xp.split(input, 2, axis=axis)
    return first / (1 + xp.exp(-second))


def softsign(input: Tensor) -> Any:
    """``input / (1 + |input|)``."""
    return input / (input.abs() + 1)


def tanhshrink(input: Tensor) -> Any:
    """``input - tanh(input)``."""
    return input - tanh(input)


# ------------------------------------------------------------------------------------ the forms with ``inplace``

_SELU_ALPHA, _SELU_SCALE = 1.6732632423543772848170429916717, 1.0507009873554804934193349852946
_IN_PLACE = {
    function: in_place(function)
    for function in (relu_, threshold_, hardtanh_, leaky_relu_, hardsigmoid_, hardswish_, elu_, celu_, silu_, mish_)
}


def _apply(function: Any, inplace: bool, input: Tensor, *params: Any) -> Any:
    return _IN_PLACE[function](input, *params) if inplace else function(input, *params)


def relu(input: Tensor, inplace: bool = False) -> Any:
    """``max(input, 0)``; the gradient at 0 is 0."""
    return _apply(relu_, inplace, input) if inplace else relu_(input)


def relu6(input: Tensor, inplace: bool = False) -> Any:
    """``input`` brought between 0 and 6."""
    return _apply(hardtanh_, inplace, input, 0.0, 6.0)


def hardtanh(input: Tensor, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> Any:
    """``input`` brought between ``min_val`` and ``max_val``."""
    return _apply(hardtanh_, inplace, input, min_val, max_val)


def leaky_relu(input: Tensor, negative_slope: float = 0.01, inplace: bool = False) -> Any:
    """``input`` where it is positive, else ``negative_slope * input``."""
    return _apply(leaky_relu_, inplace, input, negative_slope)


def threshold(input: Tensor, threshold: float, value: float, inplace: bool = False) -> Any:
    """``input`` where it is above the threshold, else ``value``."""
    return _apply(threshold_, inplace, input, threshold, value)


def elu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Any:
    """``input`` where it is positive, else ``alpha * (exp(input) - 1)``."""
    return _apply(elu_, inplace, input, alpha)


def selu(input: Tensor, inplace: bool = False) -> Any:
    """``elu`` with the constants that keep mean and variance (Klambauer et al. 2017)."""
    return _apply(elu_, inplace, input, _SELU_ALPHA, _SELU_SCALE)


def selu_(input: Tensor) -> Any:
    """As ``selu``, into the tensor's own memory."""
    return selu(input, True)


def celu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Any:
    """``input`` where it is positive, else ``alpha * (exp(input / alpha) - 1)``."""
    return _apply(celu_, inplace, input, alpha)


def silu(input: Tensor, inplace: bool = False) -> Any:
    """``input * sigmoid(input)``."""
    return _apply(silu_, inplace, input)


def mish(input: Tensor, inplace: bool = False) -> Any:
    """``input * tanh(log(1 + exp(input)))``."""
    return _apply(mish_, inplace, input)


def hardsigmoid(input: Tensor, inplace: bool = False) -> Any:
    """``(input + 3) / 6`` brought between 0 and 1."""
    return _apply(hardsigmoid_, inplace, input)


def hardswish(input: Tensor, inplace: bool = False) -> Any:
    """``input * hardsigmoid(input)``."""
    return _apply(hardswish_, inplace, input)


TORCH = {"celu": celu_, "hardshrink": hardshrink, "prelu": prelu, "relu": relu_, "selu": selu, "threshold": threshold_}
TENSOR = {"hardshrink": hardshrink, "prelu": prelu, "relu": relu_}
IN_PLACE = {"relu_": relu_}
FUNCTIONAL = {
    "celu": celu, "elu": elu, "gelu": gelu, "glu": glu, "hardshrink": hardshrink, "hardsigmoid": hardsigmoid, "hardswish": hardswish,
    "hardtanh": hardtanh, "leaky_relu": leaky_relu, "logsigmoid": logsigmoid, "mish": mish, "prelu": prelu, "relu": relu, "relu6": relu6,
    "selu": selu, "selu_": selu_, "silu": silu, "softplus": softplus, "softshrink": softshrink, "softsign": softsign,
    "tanhshrink": tanhshrink,
    "threshold": threshold, "relu_": _IN_PLACE[relu_], "elu_": _IN_PLACE[elu_], "leaky_relu_": _IN_PLACE[leaky_relu_],
    "hardtanh_": _IN_PLACE[hardtanh_], "celu_": _IN_PLACE[celu_], "threshold_": _IN_PLACE[threshold_],
}  # fmt: skip
