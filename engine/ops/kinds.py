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
    """For forwards of several steps: float16 arrays are computed in float32 and rounded once, at the end."""

    @functools.wraps(forward)
    def wide(xp: Any, *args: Any, **kwargs: Any) -> Any:
        for a in args:
            if getattr(a, "dtype", None) == "float16" and isinstance(a, xp.ndarray):
                break
        else:
            return forward(xp, *args, **kwargs)
        single = [a.astype("float32") if isinstance(a, xp.ndarray) and a.dtype == "float16" else a for a in args]
        return forward(xp, *single, **kwargs).astype("float16")

    return wide  # type: ignore[return-value]


def zeros_as(tensor: Tensor) -> Tensor:
    """Zeros of the shape, type and device of ``tensor``; autograd does not see them."""
    return wrap(tensor._xp.zeros_like(tensor._data))


def is_complex(value: Any) -> bool:
    """Whether a tensor's elements, or a number, are complex."""
    return value._data.dtype.kind == "c" if isinstance(value, Tensor) else isinstance(value, complex)


def no_derivative(name: str) -> Callable[..., Any]:
    """The rule of an op for which PyTorch has none: it raises."""

    def rule(g: Any) -> Any:
        raise RuntimeError(f"derivative for {name} is not implemented: keep it out of what requires a gradient, with detach()")

    return rule
