"""Softmax and its logarithm, with backward in one op each."""

from __future__ import annotations

import warnings
from typing import Any

from .. import dtypes
from ..op import Array, op
from ..samples import Sampler
from ..tensor import Tensor
from .dims import dim_of
from .kinds import in_single


def _axis(xp: Any, name: str, array: Array, dim: int) -> int | tuple[int, ...]:
    axis = dim_of(dim, array.ndim)
    if array.dtype.kind != "f":
        kernel = f"{name}_lastdim_kernel_impl" if axis == max(array.ndim - 1, 0) else f"{name}_kernel_impl"
        raise NotImplementedError(f"\"{kernel}\" not implemented for '{dtypes.of(array.dtype).legacy}'")
    return axis if array.ndim else ()


def _samples(rand: Sampler) -> list[Any]:
    return [(rand(3, 4), 1), (rand(3, 4), 0), (rand(2, 3, 4), -2), (rand(), 0)]


def _backward_samples(rand: Sampler) -> list[Any]:
    return [(rand(3, 4), rand.probability(3, 4), 1), (rand(2, 3), rand.probability(2, 3), -2), (rand(), rand(), 0)]


def _softmax_twice(g: Any, grad_output: Any, output: Any, dim: int) -> Any:
    inner = (grad_output * output).sum(dim, True)
    return g * grad_output - g * inner - grad_output * (g * output).sum(dim, True)


@op(
    vjp={"grad_output": lambda g, output, dim: softmax_backward_data(g, output, dim), "output": _softmax_twice},
    samples=_backward_samples,
)
@in_single
def softmax_backward_data(xp: Any, grad_output: Array, output: Array, dim: int) -> Array:
    """The gradient of softmax by its result: ``output * (grad_output - sum(grad_output * output))``."""
    return xp.softmax_backward(grad_output, output, dim if output.ndim else ())


@op(
    vjp={"input": lambda g, out, dim: softmax_backward_data(g, out, dim)},
    on_arrays={"input": lambda xp, g, out, dim: xp.softmax_backward(g, out, dim if out.ndim else ())},
    samples=_samples,
    torch="softmax",
    node="SoftmaxBackward0",
)
@in_single
def softmax_(xp: Any, input: Array, dim: int) -> Array:
    """``exp(input)`` divided by its sum along ``dim``."""
    return xp.softmax(input, _axis(xp, "softmax", input, dim))


@op(
    vjp={
        "grad_output": lambda g, output, dim: g - (g * output.exp()).sum(dim, True),
        "output": lambda g, grad_output, output, dim: -grad_output.sum(dim, True) * output.exp() * g,
    },
    samples=_backward_samples,
)
@in_single
def log_softmax_backward_data(xp: Any, grad_output: Array, output: Array, dim: int) -> Array:
    """The gradient of log_softmax by its result: ``grad_output - exp(output) * sum(grad_output)``."""
    return xp.log_softmax_backward(grad_output, output, dim if output.ndim else ())


@op(
    vjp={"input": lambda g, out, dim: log_softmax_backward_data(g, out, dim)},
    on_arrays={"input": lambda xp, g, out, dim: xp.log_softmax_backward(g, out, dim if out.ndim else ())},
    samples=_samples,
    torch="log_softmax",
    node="LogSoftmaxBackward0",
)
@in_single
def log_softmax_(xp: Any, input: Array, dim: int) -> Array:
    """The logarithm of ``softmax``, without overflow."""
    return xp.log_softmax(input, _axis(xp, "log_softmax", input, dim))


def _converted(input: Tensor, dtype: Any) -> Any:
    return input if dtype is None else input.to(dtypes.as_dtype(dtype))


def softmax(input: Tensor, dim: int, dtype: Any = None) -> Any:
    """``exp(input)`` divided by its sum along ``dim``, computed in ``dtype``."""
    return softmax_(_converted(input, dtype), dim)


def log_softmax(input: Tensor, dim: int, dtype: Any = None) -> Any:
    """The logarithm of ``softmax``, computed in ``dtype``."""
    return log_softmax_(_converted(input, dtype), dim)


def _implicit(name: str, ndim: int, dim: int | None) -> int:
    if dim is not None:
        return dim
    warnings.warn(
        f"Implicit dimension choice for {name} has been deprecated. Change the call to include dim=X as an argument.",
        UserWarning,
        stacklevel=3,
    )
    return 0 if ndim in (0, 1, 3) else 1


def functional_softmax(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Any:
    """As ``torch.softmax``; without ``dim`` it warns and chooses one."""
    return softmax(input, _implicit("softmax", input.ndim, dim), dtype)


def functional_log_softmax(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Any:
    """As ``torch.log_softmax``; without ``dim`` it warns and chooses one."""
    return log_softmax(input, _implicit("log_softmax", input.ndim, dim), dtype)


def softmin(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Any:
    """``softmax(-input)``."""
    return softmax(-input, _implicit("softmin", input.ndim, dim), dtype)


TORCH = {"log_softmax": log_softmax, "softmax": softmax}
TENSOR = dict(TORCH)
FUNCTIONAL = {"log_softmax": functional_log_softmax, "softmax": functional_softmax, "softmin": softmin}
