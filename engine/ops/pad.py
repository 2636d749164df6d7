"""``pad``: borders of a constant, of the mirrored or repeated edge, or of the other end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..op import Array, op
from ..tensor import Tensor
from .pieces import slice_


def _pairs(pad: Sequence[int], ndim: int) -> list[tuple[int, int, int]]:
    """(dimension, before, after) for each pair; the first pair is of the last dimension."""
    return [(ndim - 1 - i, pad[2 * i], pad[2 * i + 1]) for i in range(len(pad) // 2)]


@op(
    vjp={"input": lambda g, pad: constant_pad_nd(g, [-n for n in pad])},
    samples=lambda rand: [(rand(2, 3), [1, 2]), (rand(2, 3), [1, 0, -1, 2], 1.5), (rand(4), [-1, -2]), (rand(2, 1, 2), [0, 0, 1, 1])],
    torch="constant_pad_nd",
)
def constant_pad_nd(xp: Any, input: Array, pad: Sequence[int], value: Any = 0) -> Array:
    """``input`` with borders of ``value``: pairs of widths from the last dimension on; negative widths cut away."""
    shape = list(input.shape)
    inside: list[slice] = [slice(None)] * input.ndim
    taken: list[slice] = [slice(None)] * input.ndim
    for d, before, after in _pairs(pad, input.ndim):
        count = shape[d]
        shape[d] = count + before + after
        if shape[d] < 0 or max(-before, 0) + max(-after, 0) > count:
            raise RuntimeError("narrow(): length must be non-negative.")
        inside[d] = slice(max(before, 0), shape[d] - max(after, 0))
        taken[d] = slice(max(-before, 0), count - max(-after, 0))
    made = xp.full(tuple(shape), value, input.dtype)
    made[tuple(inside)] = input[tuple(taken)]
    return made


def _sources(xp: Any, mode: str, count: int, before: int, after: int) -> Array:
    """For each place of the padded dimension the number of the element that it repeats."""
    numbers = xp.arange(-before, count + after)
    if mode == "reflect":
        numbers = xp.abs(numbers)
        return xp.where(numbers > count - 1, 2 * (count - 1) - numbers, numbers)
    return xp.clip(numbers, 0, count - 1)


def _bordered(xp: Any, input: Array, padding: Sequence[int], mode: str) -> Array:
    for d, before, after in _pairs(padding, input.ndim):
        input = xp.take(input, _sources(xp, mode, input.shape[d], before, after), axis=d)
    return input


def _gathered(xp: Any, grad: Array, shape: Sequence[int], padding: Sequence[int], mode: str) -> Array:
    """The borders' gradients added where their elements came from, dimension by dimension."""
    for d, before, after in reversed(_pairs(padding, len(shape))):
        count = shape[d]
        grad = xp.moveaxis(grad, d, 0)
        made = xp.zeros((count, *grad.shape[1:]), grad.dtype)
        if before < 0 or after < 0:
            xp.add_at(made, _sources(xp, mode, count, before, after), grad)
        else:
            made[...] = grad[before : before + count]
            first, last = grad[:before], grad[before + count :]
            if mode == "reflect":
                made[1 : before + 1] += first[::-1]
                made[count - 1 - after : count - 1] += last[::-1]
            else:
                made[0] += first.sum(0)
                made[-1] += last.sum(0)
        grad = xp.moveaxis(made, 0, d)
    return grad


@op(
    vjp={"input": lambda g, input_shape, padding: reflection_pad_backward(g, input_shape, padding)},
    samples=lambda rand: [(rand(2, 4), (1, 2)), (rand(1, 3, 4), (2, 1, 1, 2)), (rand(2, 4), (-1, 1))],
    node=lambda padding: f"ReflectionPad{len(padding) // 2}DBackward0",
)
def reflection_pad(xp: Any, input: Array, padding: Sequence[int]) -> Array:
    """``input`` with its edges mirrored outwards; the edge itself is not repeated."""
    for d, before, after in _pairs(padding, input.ndim):
        if before >= input.shape[d] or after >= input.shape[d]:
            raise RuntimeError(
                "Argument #4: Padding size should be less than the corresponding input dimension, but got: padding "
                f"({before}, {after}) at dimension {d} of input {list(input.shape)}"
            )
    return _bordered(xp, input, padding, "reflect")


@op(
    vjp={"grad": lambda g, padding: reflection_pad(g, padding)},
    samples=lambda rand: [(rand(2, 7), (2, 4), (1, 2))],
    node=lambda padding: f"ReflectionPad{len(padding) // 2}DBackwardBackward0",
)
def reflection_pad_backward(xp: Any, grad: Array, shape: Sequence[int], padding: Sequence[int]) -> Array:
    """The gradient of ``reflection_pad``: the borders folded back."""
    return _gathered(xp, grad, shape, padding, "reflect")


@op(
    vjp={"input": lambda g, input_shape, padding: replication_pad_backward(g, input_shape, padding)},
    samples=lambda rand: [(rand(2, 3), (1, 4)), (rand(1, 3, 4), (2, 1, 1, 0)), (rand(2, 4), (-1, 1))],
    node=lambda padding: f"ReplicationPad{len(padding) // 2}DBackward0",
)
def replication_pad(xp: Any, input: Array, padding: Sequence[int]) -> Array:
    """``input`` with its edges repeated outwards."""
    return _bordered(xp, input, padding, "replicate")


@op(
    vjp={"grad": lambda g, padding: replication_pad(g, padding)},
    samples=lambda rand: [(rand(2, 8), (2, 3), (1, 4))],
    node=lambda padding: f"ReplicationPad{len(padding) // 2}DBackwardBackward0",
)
def replication_pad_backward(xp: Any, grad: Array, shape: Sequence[int], padding: Sequence[int]) -> Array:
    """The gradient of ``replication_pad``: the borders added to the edges."""
    return _gathered(xp, grad, shape, padding, "replicate")


def circular_pad(input: Tensor, padding: Sequence[int]) -> Any:
    """``input`` with its other end repeated at each edge.

    Raises RuntimeError for borders wider than the input.
    """
    pairs = _pairs(padding, input.ndim)
    shape = list(input.shape)
    for d, before, after in pairs:
        if before > shape[d] or after > shape[d]:
            raise RuntimeError("Padding value causes wrapping around more than once.")
        shape[d] += before + after
        if shape[d] < 0:
            raise RuntimeError("Negative padding value is resulting in an empty dimension")
    made = input.new_empty(tuple(shape))
    inside: Any = made
    taken: Any = input
    for d, before, after in pairs:
        inside = slice_(inside, d, max(before, 0), shape[d] - max(after, 0))
        taken = slice_(taken, d, max(-before, 0), input.shape[d] - max(-after, 0))
    inside.copy_(taken)
    for d, before, after in pairs:
        if before > 0:
            end = shape[d] - max(after, 0)
            slice_(made, d, 0, before).copy_(slice_(made, d, end - before, end))
        if after > 0:
            start = max(before, 0)
            slice_(made, d, shape[d] - after, shape[d]).copy_(slice_(made, d, start, start + after))
    return made


_MODES = {"reflect": reflection_pad, "replicate": replication_pad, "circular": circular_pad}


def pad(input: Tensor, pad: Sequence[int], mode: str = "constant", value: float | None = None) -> Any:
    """``input`` with borders: pairs of widths (before, after) from the last dimension on. ``mode`` is "constant",
    "reflect", "replicate" or "circular".

    Raises RuntimeError and NotImplementedError for widths and dimensions that the mode cannot do.
    """
    widths = [int(n) for n in pad]
    if len(widths) % 2:
        raise RuntimeError("Padding length must be divisible by 2")
    if len(widths) > 2 * input.ndim:
        raise RuntimeError(
            "Padding length should be less than or equal to two times the input dimension but got padding length "
            f"{len(widths)} and input of dimension {input.ndim}"
        )
    if mode == "constant":
        return constant_pad_nd(input, widths, 0 if value is None else value)
    if value is not None and value != 0:
        raise RuntimeError(f'Padding mode "{mode}" doesn\'t take in value argument')
    chosen = _MODES.get(mode)
    if chosen is None:
        raise NotImplementedError(f"Unrecognised padding mode {mode}")
    spatial = len(widths) // 2
    if spatial not in (1, 2, 3) or input.ndim not in (spatial + 1, spatial + 2):
        raise NotImplementedError(f"Padding size {len(widths)} is not supported for {input.ndim}D input tensor.")
    return chosen(input, widths)


TORCH = {"constant_pad_nd": constant_pad_nd}
FUNCTIONAL = {"pad": pad}
