"""Whole numbers: common divisors and multiples, places in a tensor, and a number for all elements together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..op import Array, op
from ..samples import Sampler
from ..tensor import Tensor
from .dims import dims_of
from .kinds import only_tensors, unsupported
from .shape import unsqueeze


def _pairs(rand: Sampler) -> list[Any]:
    return [(rand.integers(30, 3, 4, low=-30), rand.integers(30, 4, low=-30)), (rand.tensor([0, 0, 7]), rand.tensor([0, 5, 0]))]


@op(samples=_pairs, torch="gcd", promote="common", check=lambda input, other: only_tensors("gcd", input=input, other=other))
def gcd(xp: Any, input: Array, other: Array) -> Array:
    """The greatest common divisor of each pair; of 0 and 0 it is 0."""
    if input.dtype.kind not in "iu":
        raise unsupported(xp, "gcd", input)
    return xp.gcd(input, other)


@op(samples=_pairs, torch="lcm", promote="common", check=lambda input, other: only_tensors("lcm", input=input, other=other))
def lcm(xp: Any, input: Array, other: Array) -> Array:
    """The least common multiple of each pair; 0 where one of them is 0."""
    if input.dtype.kind not in "iu":
        raise unsupported(xp, "lcm", input)
    return xp.lcm(input, other)


def unravel_index(indices: Tensor, shape: Any) -> tuple[Any, ...]:
    """For each number of an element in row-major order its index along each dimension of ``shape``: a tensor a dimension.

    Raises TypeError for numbers that are no integers and ValueError for negative sizes.
    """
    if not isinstance(indices, Tensor) or indices.dtype.category != 1:
        kind = repr(indices.dtype) if isinstance(indices, Tensor) else type(indices).__name__
        raise TypeError(f"expected 'indices' to be integer dtype, but got {kind}")
    if not isinstance(shape, (int, Sequence)) or isinstance(shape, str):
        raise TypeError(f"expected 'shape' to be int or sequence of ints, but got {type(shape)}")
    sizes = (shape,) if isinstance(shape, int) else tuple(shape)
    if any(n < 0 for n in sizes):
        raise ValueError(f"'shape' cannot have negative values, but got {tuple(sizes)}")
    numbers = indices.long()
    steps = [1]
    for n in reversed(sizes[1:]):
        steps.append(steps[-1] * n)
    by = numbers.new_tensor(list(reversed(steps))) if sizes else numbers.new_zeros(0)
    each = unsqueeze(numbers, -1).div(by, rounding_mode="floor") % numbers.new_tensor(list(sizes))
    return tuple(each.unbind(-1))


@op(
    samples=lambda rand: [(rand(3, 4),), (rand(3, 4), 1), rand.call(rand.integers(9, 5), keepdim=True)],
    torch="hash_tensor",
)
def hash_tensor(xp: Any, input: Array, dim: Any = (), keepdim: bool = False, *, mode: int = 0) -> Array:
    """The bits of the elements, as float64 or int64, joined by exclusive or: one number for all, or along dimensions."""
    if mode != 0:
        raise RuntimeError(f"hash_tensor: mode {mode} is not known, only 0 is")
    if input.dtype.kind == "c":
        raise unsupported(xp, "hash_tensor", input)
    over = dims_of(dim, input.ndim) if dim is not None and dim != () else ()
    for axis in over:
        if input.ndim and input.shape[axis] == 0:
            raise IndexError(f"hash_tensor: Expected reduction dim {axis} to have non-zero size.")
    if not over and input.size == 0:
        raise RuntimeError(
            "hash_tensor: Expected reduction dim to be specified for input.numel() == 0. Specify the reduction dim with the 'dim' argument."
        )
    bits = input.astype("float64" if input.dtype.kind == "f" else "int64").view("uint64")
    axes = over or tuple(range(input.ndim))
    for axis in axes if input.ndim else ():
        while bits.shape[axis] > 1:  # the second half onto the first
            half = bits.shape[axis] // 2
            pieces = xp.split(bits, (half, 2 * half), axis=axis)
            bits = xp.concatenate((pieces[0] ^ pieces[1], pieces[2]), axis=axis)
    return bits if keepdim or not input.ndim else xp.squeeze(bits, axis=axes)


TORCH = {"gcd": gcd, "hash_tensor": hash_tensor, "lcm": lcm, "unravel_index": unravel_index}
TENSOR = {"gcd": gcd, "hash_tensor": hash_tensor, "lcm": lcm}
IN_PLACE = {"gcd_": gcd, "lcm_": lcm}
