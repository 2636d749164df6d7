"""Dimensions in another order: views that share the memory."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

from ..op import Array, op
from ..tensor import Tensor
from .dims import dim_of, sizes_of
from .shape import alias


@op(
    vjp={"input": lambda g, dim0, dim1: transpose(g, dim0, dim1)},
    on_arrays={"input": lambda xp, g, dim0, dim1: xp.swapaxes(g, dim0, dim1) if g.ndim else g},
    samples=lambda rand: [(rand(2, 3), 0, 1), (rand(2, 3, 4), 0, -1), (rand(2, 3, 4), 1, 1), (rand(), 0, -1)],
    torch="transpose",
    view=True,
)
def transpose(xp: Any, input: Array, dim0: int, dim1: int) -> Array:
    """``input`` with two dimensions exchanged."""
    a, b = dim_of(dim0, input.ndim), dim_of(dim1, input.ndim)
    return xp.swapaxes(input, a, b) if input.ndim else input


@op(
    vjp={"input": lambda g: t(g)},
    samples=lambda rand: [(rand(2, 3),), (rand(3),), (rand(),)],
    torch="t",
    view=True,
    on_arrays={"input": lambda xp, g: g.T},
)
def t(xp: Any, input: Array) -> Array:
    """A matrix transposed; a vector or a number as it is."""
    if input.ndim > 2:
        raise RuntimeError(f"t() expects a tensor with <= 2 dimensions, but self is {input.ndim}D")
    return input.T


def _inverse(dims: Sequence[int]) -> tuple[int, ...]:
    inverse = [0] * len(dims)
    for i, dim in enumerate(dims):
        inverse[dim] = i
    return tuple(inverse)


@op(
    vjp={"input": lambda g, dims: permute(g, _inverse([d % g.ndim for d in dims]))},
    on_arrays={"input": lambda g, dims: g.transpose(_inverse([d % g.ndim for d in dims]))},
    samples=lambda rand: [(rand(2, 3, 4), (2, 0, 1)), (rand(2, 3, 4), (-1, 0, 1)), (rand(), ())],
    torch="permute",
    view=True,
)
def permute(xp: Any, input: Array, dims: Sequence[int]) -> Array:
    """``input`` with its dimensions in the order ``dims``."""
    if len(dims) != input.ndim:
        raise RuntimeError(
            "permute(sparse_coo): number of dimensions in the tensor input does not match the length of the desired ordering of "
            f"dimensions i.e. input.dim() = {input.ndim} is not equal to len(dims) = {len(dims)}"
        )
    order = tuple(dim_of(dim, input.ndim) for dim in dims)
    if len(set(order)) != len(order):
        raise RuntimeError("permute(): duplicate dims are not allowed.")
    return input.transpose(order)


def _permute(self: Tensor, *sizes: Any, dims: Any = None) -> Any:
    """``permute`` as a method: the dimensions may be separate arguments."""
    return permute(self, sizes_of(sizes if dims is None else (dims,)))


def swapaxes(input: Tensor, axis0: int, axis1: int) -> Any:
    """``input`` with two dimensions exchanged."""
    return transpose(input, axis0, axis1)


def swapdims(input: Tensor, dim0: int, dim1: int) -> Any:
    """``input`` with two dimensions exchanged."""
    return transpose(input, dim0, dim1)


def _listed(dims: Sequence[int] | int) -> list[int]:
    return [dims] if isinstance(dims, int) else list(dims)


def movedim(input: Tensor, source: int | Sequence[int], destination: int | Sequence[int]) -> Any:
    """``input`` with the dimensions ``source`` moved to the places ``destination``; the others keep their order."""
    here, there = _listed(source), _listed(destination)
    if len(here) != len(there):
        raise RuntimeError(
            f"movedim: Invalid source or destination dims: source ({here} dims) should contain the same number of dims as "
            f"destination ({there} dims)"
        )
    taken, places = ([dim_of(d, input.ndim) for d in dims] for dims in (here, there))
    for name, dims, given in (("source", taken, here), ("destination", places, there)):
        if len(set(dims)) != len(dims):
            raise RuntimeError(f"movedim: repeated dim in `{name}` ({given})")
    if input.ndim == 0:
        return alias(input)
    order = dict(zip(places, taken, strict=True))
    rest = iter(d for d in range(input.ndim) if d not in taken)
    return permute(input, tuple(order[i] if i in order else next(rest) for i in range(input.ndim)))


moveaxis = movedim


def _turned(self: Tensor) -> Any:
    """All dimensions in reverse order."""
    if self.ndim == 2:
        return permute(self, (1, 0))
    if self.ndim > 2:
        warnings.warn(
            "The use of `x.T` on tensors of dimension other than 2 to reverse their shape is deprecated and it will throw an error in "
            "a future release. Consider `x.mT` to transpose batches of matrices or `x.permute(*torch.arange(x.ndim - 1, -1, -1))` to "
            "reverse the dimensions of a tensor.",
            UserWarning,
            stacklevel=2,
        )
    return permute(self, tuple(range(self.ndim - 1, -1, -1)))


def _matrices(self: Tensor, name: str) -> None:
    if self.ndim < 2:
        raise RuntimeError(f"tensor.{name} is only supported on matrices or batches of matrices. Got {self.ndim}-D tensor.")


def _mT(self: Tensor) -> Any:
    """The matrices in the last two dimensions transposed."""
    _matrices(self, "mT")
    return transpose(self, -2, -1)


def _mH(self: Tensor) -> Any:
    """The matrices in the last two dimensions transposed and conjugated."""
    _matrices(self, "mH")
    return adjoint(self)


def adjoint(input: Tensor) -> Any:
    """The matrices in the last two dimensions transposed and conjugated."""
    turned = transpose(input, -2, -1)
    return turned.conj() if input.is_complex() else turned


def _H(self: Tensor) -> Any:
    """A matrix transposed and conjugated."""
    if self.ndim not in (0, 2):
        more = " For batches of matrices, consider using tensor.mH" if self.ndim > 2 else ""
        raise RuntimeError(f"tensor.H is only supported on matrices (2-D tensors). Got {self.ndim}-D tensor.{more}")
    return adjoint(self) if self.ndim else alias(self)


TORCH = {
    "adjoint": adjoint,
    "moveaxis": moveaxis,
    "movedim": movedim,
    "permute": permute,
    "swapaxes": swapaxes,
    "swapdims": swapdims,
    "t": t,
    "transpose": transpose,
}
TENSOR = TORCH | {
    "H": property(_H),
    "T": property(_turned),
    "mH": property(_mH),
    "mT": property(_mT),
    "permute": _permute,
}
TURNED = {"swapaxes_": transpose, "swapdims_": transpose, "t_": t, "transpose_": transpose}
