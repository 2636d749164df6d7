"""What many ops need to say about element types: refusing some, computing half precision in single, zeros of a kind."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

from .. import dtypes
from ..tensor import Tensor, wrap

F = TypeVar("F", bound=Callable[..., Any])


def unsupported(xp: Any, kernel: str, array: Any) -> NotImplementedError:
    """PyTorch's error for a type that an op does not take: ``"abs_cpu" not implemented for 'Bool'``."""
    return NotImplementedError(f"\"{kernel}_{xp.kind}\" not implemented for '{dtypes.of(array.dtype).legacy}'")


def in_single(forward: F) -> F:
    """For forwards that take inputs of different floating-point types: 16-bit floats among them are computed in float32, and what
    comes out has the type of the first of them. (Where all inputs have one type, every op does that: ``engine/halves.py``.)"""

    @functools.wraps(forward)
    def wide(xp: Any, *args: Any, **kwargs: Any) -> Any:
        if not dtypes.HALVES:
            return forward(xp, *args, **kwargs)
        for a in args:
            if isinstance(a, xp.ndarray) and a.dtype in dtypes.HALVES:
                half = a.dtype
                break
        else:
            return forward(xp, *args, **kwargs)
        single = [a.astype("float32") if isinstance(a, xp.ndarray) and a.dtype in dtypes.HALVES else a for a in args]
        made = forward(xp, *single, **kwargs)
        return tuple(m.astype(half) for m in made) if type(made) is tuple else made.astype(half)

    return wide  # type: ignore[return-value]


def only_tensors(name: str, **given: Any) -> None:
    """Raise TypeError for a number where PyTorch takes tensors alone; ``given`` are the arguments in their order."""
    for i, (argument, value) in enumerate(given.items()):
        if not isinstance(value, Tensor):
            raise TypeError(f"{name}(): argument '{argument}' (position {i + 1}) must be Tensor, not {type(value).__name__}")


def zeros_as(tensor: Tensor) -> Tensor:
    """Zeros of the shape, type and device of ``tensor``; autograd does not see them."""
    return wrap(tensor._xp.zeros_like(tensor._data))


@functools.lru_cache(maxsize=64)
def zero(xp: Any, kind: Any) -> Any:
    """0 of a type, for ops to compare with; on the host an array, with which calls cost less than with a number."""
    if xp.kind != "cpu":
        return kind.type(0)
    made = xp.zeros((), kind)
    made.flags.writeable = False
    return made


def is_complex(value: Any) -> bool:
    """Whether a tensor's elements, or a number, are complex."""
    return value._data.dtype.kind == "c" if isinstance(value, Tensor) else isinstance(value, complex)


def no_derivative(name: str) -> Callable[..., Any]:
    """The rule of an op for which PyTorch has none: it raises."""

    def rule(g: Any) -> Any:
        raise RuntimeError(f"derivative for {name} is not implemented: keep it out of what requires a gradient, with detach()")

    return rule


def not_implemented(name: str) -> Callable[..., Any]:
    """The rule of an input by which PyTorch has no derivative: it raises."""

    def rule(g: Any) -> Any:
        raise NotImplementedError(f"the derivative for '{name}' is not implemented. Keep it out of what requires a gradient, with detach()")

    return rule
