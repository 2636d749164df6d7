"""Forward-mode derivatives with dual tensors, under the names of ``torch.autograd.forward_ad``.

A dual tensor carries a tangent; what is computed of it inside ``dual_level`` carries its own. How tangents arise is in
``levels.py`` and ``tangents.py``.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from ..op import Array, op
from ..tensor import Tensor
from . import levels as _levels
from .batching import RULES, unchanged
from .grad_mode import _ModeGuard, mode
from .levels import DualLevel
from .tangents import tangents_of


@op(
    vjp={"input": lambda g: g},
    samples=lambda rand: [(rand(3),)],
    node="torch::autograd::Identity",
    view=True,
)
def _dual_of(xp: Any, input: Array) -> Array:
    """The same memory as a tensor of its own: what ``make_dual`` gives, and the primal that ``unpack_dual`` gives."""
    return input.view()


_levels.tangents_of = tangents_of
RULES[_dual_of.op] = unchanged  # type: ignore[attr-defined]


class UnpackedDualTensor(NamedTuple):
    """A dual tensor in its two parts; ``tangent`` is None for what is no dual tensor."""

    primal: Tensor
    tangent: Tensor | None


def _open() -> list[Any]:
    return [level for level in _levels.levels() if isinstance(level, DualLevel)]


def enter_dual_level() -> int:
    """Begin a level at which tensors can carry tangents; gives its number, 0.

    Raises RuntimeError inside another.
    """
    if _open():
        raise RuntimeError("Nested forward mode AD is not supported at the moment")
    _levels.enter(DualLevel())
    return 0


def exit_dual_level(*, level: int | None = None) -> None:
    """End the level; the tangents are gone.

    Raises RuntimeError where there is none.
    """
    found = _open()
    if level is None:
        level = len(found) - 1
    if level < 0:
        raise RuntimeError("Dual level must be a positive number.")
    if level != len(found) - 1:
        raise RuntimeError(
            "Trying to exit a forward AD level that was not the last one that was created. This is not supported because it makes the "
            "nesting of levels unclear."
        )
    _levels.leave(found[-1])


class dual_level(_ModeGuard):
    """The block is a level at which tensors can carry tangents. Not to be nested."""

    def __enter__(self) -> int:  # type: ignore[override]
        return enter_dual_level()

    def __exit__(self, *_: object) -> None:
        exit_dual_level()


class _set_fwd_grad_enabled(_ModeGuard):
    """Whether tangents are computed, in the block."""

    def __init__(self, mode: bool) -> None:
        super().__init__()
        self._on = mode
        self._ceilings: list[float] = []

    def __enter__(self) -> None:
        self._ceilings.append(mode.ceiling)
        mode.ceiling = float("inf") if self._on else 0.0

    def __exit__(self, *_: object) -> None:
        mode.ceiling = self._ceilings.pop()


def make_dual(tensor: Tensor, tangent: Tensor, *, level: int | None = None) -> Any:
    """``tensor`` carrying ``tangent``, which has its shape; the memory of both is shared.

    Raises RuntimeError outside a level, for a tensor that carries one already and for shapes and types that differ,
    ValueError for what is not floating-point.
    """
    found = _open()
    if not found or (level is not None and level < 0):
        raise RuntimeError("Trying to create a dual Tensor for forward AD but no level exists, make sure to enter_dual_level() first.")
    for name, given in (("primal", tensor), ("tangent", tangent)):
        if not (given.is_floating_point() or given.is_complex()):
            raise ValueError(f"Expected {name} to be floating point or complex, but got: {given.dtype}")
    return dual(tensor, tangent, found[-1])


def dual(tensor: Tensor, tangent: Tensor, level: DualLevel) -> Any:
    """``tensor`` carrying ``tangent`` at ``level``; errors as ``make_dual``."""
    if tensor._tangents and level in tensor._tangents:
        raise RuntimeError(
            "Making a dual Tensor based on a Tensor that already has a forward gradient at the same level 0 is not supported."
        )
    if tensor.shape != tangent.shape:
        raise RuntimeError(
            "Trying to set a forward gradient that has a different size than that of the original Tensor, this is not supported. Tensor is "
            f"of size {list(tensor.shape)} while the given forward gradient is of size {list(tangent.shape)}."
        )
    if tensor.is_complex() and not tangent.is_complex():
        raise RuntimeError("Expected tangent to have the same dtype as the primal")
    made = _dual_of(tensor)
    level.attach(made, tangent if tangent.dtype is tensor.dtype else tangent.to(tensor.dtype))
    return made


def unpack_dual(tensor: Tensor, *, level: int | None = None) -> UnpackedDualTensor:
    """The primal, a view that carries no tangent, and the tangent of a dual tensor; of another tensor itself and None."""
    found = _open()
    if not found or (level is not None and level < 0):
        return UnpackedDualTensor(tensor, None)
    primal, tangent = parts(tensor, found[-1])
    return UnpackedDualTensor(primal, tangent)


def parts(tensor: Tensor, level: DualLevel) -> tuple[Any, Any]:
    """The primal and the tangent at ``level``, None where there is none."""
    tangent = tensor._tangents.get(level) if tensor._tangents else None
    if tangent is None:
        return tensor, None
    with _levels.below(level):
        return _dual_of(tensor), tangent
