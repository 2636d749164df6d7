"""Complex numbers and their parts.

The gradient of a real function of a complex z = x + iy is PyTorch's, dL/dx + i dL/dy, so a rule multiplies what arrived
by the conjugate of the derivative. ``conj`` gives real tensors back as they are: in rules it costs them nothing.
"""

from __future__ import annotations

from typing import Any

from .. import dtypes
from ..op import Array, op
from ..tensor import Tensor
from .kinds import is_complex


@op(
    vjp={"input": lambda g: conj(g)},
    samples=lambda rand: [(rand.complex(3, 4),), (rand.complex(),)],
    torch="conj",
)
def conj_(xp: Any, input: Array) -> Array:
    """The complex conjugate."""
    return xp.conjugate(input)


def conj(input: Any) -> Any:
    """The complex conjugate of a tensor or a number; real ones as they are."""
    if isinstance(input, Tensor):
        return conj_(input) if input._data.dtype.kind == "c" else input
    return input.conjugate() if isinstance(input, complex) else input


@op(
    vjp={"input": lambda g: conj_physical(g)},
    samples=lambda rand: [(rand.complex(3, 4),), (rand.complex(),)],
    torch="conj_physical",
    node="ConjPhysicalBackward0",
)
def conj_physical_(xp: Any, input: Array) -> Array:
    """The complex conjugate, under the name that PyTorch has for computing it at once."""
    return xp.conjugate(input)


def conj_physical(input: Tensor) -> Any:
    """The complex conjugate of a tensor; a real one as it is."""
    return conj_physical_(input) if input._data.dtype.kind == "c" else input


@op(
    vjp={"input": lambda g: view_as_complex(g.contiguous())},
    samples=lambda rand: [(rand.complex(3, 4),), (rand.complex(),)],
    torch="view_as_real",
    view=True,
)
def view_as_real(xp: Any, input: Array) -> Array:
    """A complex tensor's memory as real numbers, in a new last dimension of size 2: real and imaginary part."""
    if input.dtype.kind != "c":
        raise RuntimeError("view_as_real is only supported for complex tensors")
    strides = (*input.strides, input.itemsize // 2)
    flat = xp.as_strided(input, (1,), (input.itemsize,)) if input.size else input.reshape(-1)
    return xp.as_strided(flat.view("float32" if input.itemsize == 8 else "float64"), (*input.shape, 2), strides)


@op(
    vjp={"input": lambda g: view_as_real(g)},
    samples=lambda rand: [(rand(3, 4, 2),), (rand(2),)],
    torch="view_as_complex",
    view=True,
)
def view_as_complex(xp: Any, input: Array) -> Array:
    """A real tensor's memory, whose last dimension holds pairs, as complex numbers."""
    if input.dtype.kind != "f" or input.itemsize < 4:
        raise RuntimeError("view_as_complex is only supported for half, float and double tensors, and here for the latter two")
    if input.ndim == 0 or input.shape[-1] != 2:
        raise RuntimeError("Tensor must have a last dimension of size 2")
    if input.size == 0:
        return xp.empty(input.shape[:-1], "complex64" if input.itemsize == 4 else "complex128")
    if input.strides[-1] != input.itemsize:
        raise RuntimeError("Tensor must have a last dimension with stride 1")
    if any(s % (2 * input.itemsize) for s in input.strides[:-1]):
        raise RuntimeError("Tensor must have a stride divisible by 2 for all but last dimension")
    return input.view("complex64" if input.itemsize == 4 else "complex128")[..., 0]


@op(
    vjp={"real": lambda g: real(g), "imag": lambda g: imag(g)},
    samples=lambda rand: [(rand(3, 4), rand(3, 4)), (rand(3, 1), rand(4)), (rand(), rand())],
    torch="complex",
)
def complex_(xp: Any, real: Array, imag: Array) -> Array:
    """``real + 1j * imag`` of two real tensors of one type."""
    names = [dtypes.of(part.dtype).legacy for part in (real, imag)]
    if any(name not in ("Half", "Float", "Double") for name in names):
        raise RuntimeError(f"Expected both inputs to be Half, Float or Double tensors but got {names[0]} and {names[1]}")
    if real.dtype != imag.dtype:
        raise RuntimeError(f"Expected object of scalar type {names[0]} but got scalar type {names[1]} for second argument")
    made = xp.empty(xp.broadcast(real, imag).shape, "complex128" if real.itemsize == 8 else "complex64")
    made.real[...] = real
    made.imag[...] = imag
    return made


def real(input: Tensor) -> Any:
    """The real part, as a view; a real tensor as it is."""
    return view_as_real(input).select(-1, 0) if is_complex(input) else input


def imag(input: Tensor) -> Any:
    """The imaginary part, as a view.

    Raises RuntimeError for real tensors.
    """
    if not is_complex(input):
        raise RuntimeError("imag is not implemented for tensors with non-complex dtypes.")
    return view_as_real(input).select(-1, 1)


def is_conj(input: Tensor) -> bool:
    """Whether the tensor is a conjugate that was not computed yet: here conjugates are computed at once."""
    return False


def resolve_conj(input: Tensor) -> Tensor:
    """The tensor itself: here conjugates are computed at once."""
    return input


TORCH = {
    "complex": complex_, "conj": conj, "conj_physical": conj_physical, "imag": imag, "is_conj": is_conj, "real": real,
    "resolve_conj": resolve_conj, "resolve_neg": resolve_conj, "view_as_complex": view_as_complex, "view_as_real": view_as_real,
}  # fmt: skip
TENSOR = {
    "conj": conj, "conj_physical": conj_physical, "imag": property(imag), "is_conj": is_conj, "real": property(real),
    "resolve_conj": resolve_conj, "resolve_neg": resolve_conj,
}  # fmt: skip
IN_PLACE = {"conj_physical_": conj_physical}
