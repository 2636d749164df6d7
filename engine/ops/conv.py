"""Convolutions of one, two and three dimensions, plain and transposed.

Three ops, each bilinear and each the derivative of the others: the convolution, its transpose (from the output back to the
input), and the correlation that gives the weight. How they are computed is told in ``kernels/convolve.py``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..op import Array, op
from ..tensor import Tensor, type_name
from .complexes import conj
from .pad import pad


@op(
    vjp={
        "input": lambda g, weight, input_shape, stride, padding, dilation, groups: conv_transpose(
            g, conj(weight), None, input_shape, stride, padding, dilation, groups
        ),
        "weight": lambda g, input, weight_shape, stride, padding, dilation, groups: conv_weight(
            conj(input), g, weight_shape, stride, padding, dilation, groups
        ),
        "bias": lambda g: g.sum([0, *range(2, g.ndim)]),
    },
    samples=lambda rand: [
        (rand(2, 3, 6), rand(4, 3, 3), rand(4), (1,), (0,), (1,), 1),
        (rand(2, 2, 5, 6), rand(3, 2, 3, 2), None, (2, 1), (1, 0), (1, 2), 1),
        (rand(1, 4, 5, 5), rand(6, 2, 3, 3), rand(6), (1, 1), (1, 1), (1, 1), 2),
        (rand(1, 2, 3, 4, 3), rand(2, 2, 2, 2, 2), rand(2), (1, 1, 1), (0, 1, 0), (1, 1, 1), 1),
    ],
    node="ConvolutionBackward0",
)
def convolution(xp: Any, input: Array, weight: Array, bias: Array | None, stride: Any, padding: Any, dilation: Any, groups: int) -> Array:
    """The cross-correlation of ``input`` (N, C, *in) with ``weight`` (O, C / groups, *kernel), plus ``bias`` (O)."""
    return _plus(xp.correlate(input, weight, stride, padding, dilation, groups), bias)


def _plus(made: Array, bias: Array | None) -> Array:
    """``made``, which nobody else has, plus ``bias``, one a channel."""
    if bias is not None:
        made += bias.reshape(-1, *(1,) * (made.ndim - 2))
    return made


@op(
    vjp={
        "grad": lambda g, weight, grad_shape, stride, padding, dilation, groups: _first(
            convolution(g, conj(weight), None, stride, padding, dilation, groups), grad_shape
        ),
        "weight": lambda g, grad, weight_shape, stride, padding, dilation, groups: conv_weight(
            g, conj(grad), weight_shape, stride, padding, dilation, groups
        ),
        "bias": lambda g: g.sum([0, *range(2, g.ndim)]),
    },
    samples=lambda rand: [
        (rand(2, 4, 4), rand(4, 3, 3), rand(3), (2, 3, 6), (1,), (0,), (1,), 1),
        (rand(2, 6, 3, 4), rand(6, 1, 3, 2), None, (2, 2, 5, 6), (2, 1), (1, 0), (1, 2), 2),
    ],
    node="ConvolutionBackward0",
)
def conv_transpose(
    xp: Any, grad: Array, weight: Array, bias: Array | None, shape: Any, stride: Any, padding: Any, dilation: Any, groups: int
) -> Array:
    """The transpose of the convolution with respect to its input: from (N, O, *out) to ``shape`` (N, C, *in), plus ``bias``."""
    return _plus(xp.correlate_back(grad, weight, shape, stride, padding, dilation, groups), bias)


def _first(made: Any, shape: Sequence[int]) -> Any:
    """The positions that a transposed convolution came from: its output may have room for more."""
    if tuple(made.shape) == tuple(shape):
        return made
    return made[(..., *(slice(n) for n in shape[2:]))]


@op(
    vjp={
        "input": lambda g, grad, input_shape, stride, padding, dilation, groups: conv_transpose(
            grad, conj(g), None, input_shape, stride, padding, dilation, groups
        ),
        "grad": lambda g, input, grad_shape, stride, padding, dilation, groups: _first(
            convolution(conj(input), g, None, stride, padding, dilation, groups), grad_shape
        ),
    },
    samples=lambda rand: [
        (rand(2, 3, 6), rand(2, 4, 4), (4, 3, 3), (1,), (0,), (1,), 1),
        (rand(2, 2, 5, 6), rand(2, 6, 3, 4), (6, 1, 3, 2), (2, 1), (1, 0), (1, 2), 2),
    ],
    node="ConvolutionBackward0",
)
def conv_weight(xp: Any, input: Array, grad: Array, shape: Any, stride: Any, padding: Any, dilation: Any, groups: int) -> Array:
    """The derivative of the convolution with respect to its weight: from input and output gradient to ``shape``."""
    return xp.correlate_across(input, grad, shape, stride, padding, dilation, groups)


# --------------------------------------------------------------------------------------------------- what users call


def spread(value: Any, n: int) -> tuple[int, ...]:
    """A number for each of ``n`` dimensions: one may stand for all."""
    if not isinstance(value, (tuple, list)):
        return (value,) * n
    if len(value) not in (1, n):
        raise RuntimeError(f"expected a single integer value or a list of {n} values to match the dimensions, but got {list(value)}")
    return tuple(value) if len(value) == n else tuple(value) * n


def _one_each(value: Any, n: int, name: str) -> tuple[int, ...]:
    """As ``spread``, with the words that convolutions have for the error."""
    if isinstance(value, (tuple, list)) and len(value) not in (1, n):
        raise RuntimeError(
            f"expected {name} to be a single integer value or a list of {n} values to match the convolution dimensions, but got "
            f"{name}={list(value)}"
        )
    return spread(value, n)


# the types' names in C++, which some of PyTorch's messages show
_CPP = {
    "bool": "bool", "uint8": "unsigned char", "int8": "signed char", "int16": "short int", "int32": "int", "int64": "long int",
    "float16": "c10::Half", "bfloat16": "c10::BFloat16", "float32": "float", "float64": "double",
    "complex64": "c10::complex<float>", "complex128": "c10::complex<double>",
}  # fmt: skip


def _check(n: int, input: Tensor, weight: Tensor, bias: Tensor | None, groups: int, transposed: bool, **sizes: Sequence[int]) -> None:
    """Raise RuntimeError, in PyTorch's words, where the arguments of a convolution do not fit each other."""
    if input.ndim not in (n + 1, n + 2):
        name = f"conv_transpose{n}d" if transposed else f"conv{n}d"
        raise RuntimeError(
            f"Expected {n + 1}D (unbatched) or {n + 2}D (batched) input to {name}, but got input of size: {list(input.shape)}"
        )
    if bias is not None and bias.dtype is not input.dtype:
        own, other = _CPP[input.dtype.name], _CPP[bias.dtype.name]
        raise RuntimeError(f"Input type ({own}) and bias type ({other}) should be the same: convert one of them with .to(dtype)")
    if weight.ndim < 3:
        raise RuntimeError("weight should have at least three dimensions")
    if groups <= 0:
        raise RuntimeError("non-positive groups is not supported")
    same = not sizes["padding"]  # padding="same" is not read yet
    if weight.ndim != n + 2 and n != 1 and not same:
        places = weight.ndim - 2
        raise RuntimeError(
            f"expected stride to be a single integer value or a list of {places} values to match the convolution dimensions, but got "
            f"stride={list(sizes['stride'])}"
        )
    if weight.ndim != n + 2:
        shown = f"{'' if same else ' '}{list(weight.shape)}"
        raise RuntimeError(
            f"Expected {weight.ndim}-dimensional input for {weight.ndim}-dimensional weight{shown}, but got "
            f"{input.ndim}-dimensional input of size {list(input.shape)} instead"
        )
    if input.dtype is not weight.dtype:
        raise RuntimeError(
            f"Input type ({type_name(input)}) and weight type ({type_name(weight)}) should be the same: convert one of them with .to(dtype)"
        )
    for name, given in sizes.items():
        if any(v < 0 if name.endswith("padding") else v <= 0 for v in given):
            if name == "dilation" and min(given) < 0:
                raise RuntimeError("dilation should be greater than zero")
            raise RuntimeError(f"{'negative' if name.endswith('padding') else 'non-positive'} {name} is not supported")
    if weight.shape[0] < groups:
        raise RuntimeError(
            f"Given groups={groups}, expected weight to be at least {groups} at dimension 0, but got weight of size "
            f"{list(weight.shape)} instead"
        )
    if weight.shape[0] % groups:
        raise RuntimeError(
            f"Given groups={groups}, expected weight to be divisible by {groups} at dimension 0, but got weight of size "
            f"[{list(weight.shape)}] instead"
        )
    channels = weight.shape[0] if transposed else weight.shape[1] * groups
    given_channels = input.shape[-n - 1]
    what = f"Given {'transposed=1' if transposed else f'groups={groups}'}, weight of size {list(weight.shape)}, expected"
    if given_channels != channels:
        raise RuntimeError(f"{what} input{list(input.shape)} to have {channels} channels, but got {given_channels} channels instead")
    outs = weight.shape[1] * groups if transposed else weight.shape[0]
    if bias is not None and tuple(bias.shape) != (outs,):
        raise RuntimeError(
            f"Given {'transposed=1, ' if transposed else ''}weight of size {list(weight.shape)}, expected bias to be 1-dimensional with "
            f"{outs} elements, but got bias of size {list(bias.shape)} instead"
        )


def _conv(n: int, input: Tensor, weight: Tensor, bias: Any, stride: Any, padding: Any, dilation: Any, groups: int) -> Tensor:
    steps, apart = _one_each(stride, n, "stride"), _one_each(dilation, n, "dilation")
    if padding == "valid":
        padding = 0
    border = () if isinstance(padding, str) else _one_each(padding, n, "padding")
    _check(n, input, weight, bias, groups, False, padding=border, stride=steps, dilation=apart)
    if input.ndim == n + 1:
        return _conv(n, input.unsqueeze(0), weight, bias, stride, padding, dilation, groups).squeeze(0)  # type: ignore[no-any-return]
    if padding == "same":
        if any(s != 1 for s in steps):
            raise RuntimeError("padding='same' is not supported for strided convolutions")
        total = [d * (k - 1) for d, k in zip(apart, weight.shape[2:], strict=True)]
        if any(t % 2 for t in total):
            sides = [side for t in reversed(total) for side in (t // 2, t - t // 2)]
            input, padding = pad(input, sides), 0
        else:
            padding = [t // 2 for t in total]
    elif isinstance(padding, str):
        raise RuntimeError(f"Invalid padding string: {padding!r}, it should be one of 'valid', 'same'")
    sides = list(spread(padding, n))
    sizes = [i + 2 * p for i, p in zip(input.shape[2:], sides, strict=True)]
    reach = [d * (k - 1) + 1 for d, k in zip(apart, weight.shape[2:], strict=True)]
    if any(i < r for i, r in zip(sizes, reach, strict=True)):
        raise RuntimeError(
            f"Calculated padded input size per channel: ({' x '.join(map(str, sizes))}). Kernel size: ({' x '.join(map(str, reach))}). "
            "Kernel size can't be greater than actual input size"
        )
    return convolution(input, weight, bias, steps, tuple(sides), apart, groups)  # type: ignore[no-any-return]


def conv1d(
    input: Tensor, weight: Tensor, bias: Any = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1
) -> Tensor:
    """1-D convolution of (N, C, L) or (C, L) with (O, C / groups, k).

    Raises RuntimeError, in PyTorch's words, where channels, types or sizes do not fit.
    """
    return _conv(1, input, weight, bias, stride, padding, dilation, groups)


def conv2d(
    input: Tensor, weight: Tensor, bias: Any = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1
) -> Tensor:
    """2-D convolution of (N, C, H, W) or (C, H, W) with (O, C / groups, kH, kW); errors as ``conv1d``."""
    return _conv(2, input, weight, bias, stride, padding, dilation, groups)


def conv3d(
    input: Tensor, weight: Tensor, bias: Any = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1
) -> Tensor:
    """3-D convolution of (N, C, D, H, W) or (C, D, H, W); errors as ``conv1d``."""
    return _conv(3, input, weight, bias, stride, padding, dilation, groups)


def _conv_transpose(
    n: int, input: Tensor, weight: Tensor, bias: Any, stride: Any, padding: Any, output_padding: Any, groups: int, dilation: Any
) -> Tensor:
    named = {"stride": stride, "padding": padding, "dilation": dilation, "output_padding": output_padding}
    steps, sides, apart, extra = (_one_each(value, n, name) for name, value in named.items())
    _check(n, input, weight, bias, groups, True, padding=sides, output_padding=extra, stride=steps, dilation=apart)
    if input.ndim == n + 1:
        made = _conv_transpose(n, input.unsqueeze(0), weight, bias, stride, padding, output_padding, groups, dilation)
        return made.squeeze(0)  # type: ignore[no-any-return]
    if any(e >= max(s, d) for e, s, d in zip(extra, steps, apart, strict=True)):
        raise RuntimeError(f"output padding must be smaller than either stride or dilation, but got output_padding: {list(extra)}")
    sizes = tuple(
        (i - 1) * s - 2 * p + d * (k - 1) + e + 1
        for i, s, p, d, k, e in zip(input.shape[2:], steps, sides, apart, weight.shape[2:], extra, strict=True)
    )
    shape = (input.shape[0], weight.shape[1] * groups, *sizes)
    return conv_transpose(input, weight, bias, shape, steps, sides, apart, groups)  # type: ignore[no-any-return]


def conv_transpose1d(
    input: Tensor,
    weight: Tensor,
    bias: Any = None,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups: int = 1,
    dilation: Any = 1,
) -> Tensor:
    """Transposed 1-D convolution of (N, C, L) with (C, O / groups, k); errors as ``conv1d``."""
    return _conv_transpose(1, input, weight, bias, stride, padding, output_padding, groups, dilation)


def conv_transpose2d(
    input: Tensor,
    weight: Tensor,
    bias: Any = None,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups: int = 1,
    dilation: Any = 1,
) -> Tensor:
    """Transposed 2-D convolution of (N, C, H, W) with (C, O / groups, kH, kW); errors as ``conv1d``."""
    return _conv_transpose(2, input, weight, bias, stride, padding, output_padding, groups, dilation)


def conv_transpose3d(
    input: Tensor,
    weight: Tensor,
    bias: Any = None,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups: int = 1,
    dilation: Any = 1,
) -> Tensor:
    """Transposed 3-D convolution; errors as ``conv1d``."""
    return _conv_transpose(3, input, weight, bias, stride, padding, output_padding, groups, dilation)


TORCH = {
    "conv1d": conv1d, "conv2d": conv2d, "conv3d": conv3d,
    "conv_transpose1d": conv_transpose1d, "conv_transpose2d": conv_transpose2d, "conv_transpose3d": conv_transpose3d,
}  # fmt: skip
FUNCTIONAL = TORCH
