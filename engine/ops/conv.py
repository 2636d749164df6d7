"""Convolutions of one, two and three dimensions, plain and transposed.

Three ops, each bilinear and each the derivative of the others: the convolution, its transpose (from the output back to the
input), and the correlation that gives the weight. Sums over windows are matrix products over the unfolded input (im2col).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ..op import Array, op
from ..tensor import Tensor, type_name
from .complexes import conj
from .pad import pad


def bordered(xp: Any, x: Array, sides: Sequence[tuple[int, int]], value: Any = 0) -> Array:
    """``x`` with so many elements of ``value`` before and behind each of its last dimensions."""
    if not any(before or behind for before, behind in sides):
        return x
    lead = x.shape[: x.ndim - len(sides)]
    inner = x.shape[x.ndim - len(sides) :]
    shape = (*lead, *(n + before + behind for n, (before, behind) in zip(inner, sides, strict=True)))
    made = xp.full(shape, value, x.dtype) if value else xp.zeros(shape, x.dtype)
    made[(..., *(slice(before, before + n) for n, (before, _) in zip(inner, sides, strict=True)))] = x
    return made


def _windows(xp: Any, x: Array, kernel: Sequence[int], stride: Sequence[int], padding: Sequence[int], dilation: Sequence[int]) -> Array:
    """All windows of ``x`` (N, C, *in) as a view (N, C, *kernel, *out)."""
    x = bordered(xp, x, [(p, p) for p in padding])
    sizes = [(n - d * (k - 1) - 1) // s + 1 for n, k, s, d in zip(x.shape[2:], kernel, stride, dilation, strict=True)]
    steps = x.strides[2:]
    return xp.as_strided(
        x,
        (*x.shape[:2], *kernel, *sizes),
        (*x.strides[:2], *(t * d for t, d in zip(steps, dilation, strict=True)), *(t * s for t, s in zip(steps, stride, strict=True))),
    )


def _columns(
    xp: Any, x: Array, kernel: Sequence[int], stride: Any, padding: Any, dilation: Any, groups: int
) -> tuple[Array, tuple[int, ...]]:
    """The windows as matrices (N, groups, C / groups * kernel, positions), and the output's sizes."""
    windows = _windows(xp, x, kernel, stride, padding, dilation)
    sizes = windows.shape[2 + len(kernel) :]
    rows = x.shape[1] // groups * math.prod(kernel)
    return windows.reshape(x.shape[0], groups, rows, math.prod(sizes)), sizes


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
    columns, sizes = _columns(xp, input, weight.shape[2:], stride, padding, dilation, groups)
    count = weight.shape[0]
    made = xp.matmul(weight.reshape(groups, count // groups, -1), columns).reshape(input.shape[0], count, *sizes)
    return made if bias is None else made + bias.reshape(-1, *(1,) * len(sizes))


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
    count, kernel = grad.shape[0], weight.shape[2:]
    sizes = grad.shape[2:]
    outs = weight.shape[0]
    if outs == groups == shape[1]:  # each channel by itself: products of matrices would be of 1 x 1
        columns = None
    else:
        matrix = weight.reshape(groups, outs // groups, -1).swapaxes(1, 2)
        columns = xp.matmul(matrix, grad.reshape(count, groups, outs // groups, math.prod(sizes)))
        columns = columns.reshape(count, shape[1], *kernel, *sizes)
    padded = tuple(n + 2 * p for n, p in zip(shape[2:], padding, strict=True))
    made = xp.zeros((count, shape[1], *padded), grad.dtype)
    whole = (slice(None), slice(None))
    for place in positions_of(kernel):
        window = tuple(slice(k * d, k * d + (n - 1) * s + 1, s) for k, d, n, s in zip(place, dilation, sizes, stride, strict=True))
        if columns is None:
            made[(*whole, *window)] += grad * weight[(slice(None), 0, *place)].reshape(-1, *(1,) * len(kernel))
        else:
            made[(*whole, *window)] += columns[(*whole, *place)]
    made = made[(*whole, *(slice(p, p + n) for p, n in zip(padding, shape[2:], strict=True)))]
    return made if bias is None else made + bias.reshape(-1, *(1,) * len(kernel))


def _first(made: Any, shape: Sequence[int]) -> Any:
    """The positions that a transposed convolution came from: its output may have room for more."""
    if tuple(made.shape) == tuple(shape):
        return made
    return made[(..., *(slice(n) for n in shape[2:]))]


def positions_of(kernel: Sequence[int]) -> list[tuple[int, ...]]:
    """All places in a kernel of that size, in row-major order."""
    places: list[tuple[int, ...]] = [()]
    for n in kernel:
        places = [(*place, i) for place in places for i in range(n)]
    return places


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
    kernel, sizes = shape[2:], grad.shape[2:]
    columns, positions = _columns(xp, input, kernel, stride, padding, dilation, groups)
    if positions != sizes:  # a stride that leaves a rest: windows beyond the output take no part
        columns = columns.reshape(*columns.shape[:3], *positions)[(..., *(slice(n) for n in sizes))].reshape(*columns.shape[:3], -1)
    flat = grad.reshape(grad.shape[0], groups, shape[0] // groups, math.prod(sizes))
    return xp.matmul(flat, columns.swapaxes(2, 3)).sum(axis=0).reshape(shape)


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
