"""What ops on batches of matrices share: PyTorch's errors, conjugate transposes, and sample matrices."""

from __future__ import annotations

from typing import Any

from .. import dtypes
from ..tensor import Tensor, wrap
from .dims import broadcast_shape
from .order_of_dims import transpose
from .shape import unsqueeze


class _LinAlgError(RuntimeError):
    """A matrix that is singular, or not positive definite, or does not converge."""


LinAlgError = _LinAlgError


def check_matrices(name: str, a: Any, square: bool = False, letter: str = "A") -> None:
    """Refuse what is no batch of matrices of floats.

    Raises RuntimeError in PyTorch's words.
    """
    if a.ndim < 2:
        raise RuntimeError(f"{name}: The input tensor {letter} must have at least 2 dimensions.")
    if square:
        check_square(name, a)
    check_floats(name, a)


def check_square(name: str, a: Any) -> None:
    """Refuse matrices that are not square."""
    if a.shape[-1] != a.shape[-2]:
        head = f"{name}: " if name else ""
        raise RuntimeError(f"{head}A must be batches of square matrices, but they are {a.shape[-2]} by {a.shape[-1]} matrices")


def check_floats(name: str, a: Any) -> None:
    """Refuse element types that matrices cannot be factored in."""
    kind = a.dtype if isinstance(a, Tensor) else dtypes.of(a.dtype)
    if kind.category < 2:
        raise RuntimeError(f"{name}: Expected a floating point or complex tensor as input. Got {kind.legacy}")
    if kind.itemsize == 2:
        raise RuntimeError(f"{name}: Low precision dtypes not supported. Got {kind.legacy}")


def check_equation(name: str, a: Any, b: Any, left: bool) -> None:
    """Refuse a right side whose sizes or type do not go with the matrices."""
    if b.ndim < 2:
        raise RuntimeError(f"{name}: The input tensor B must have at least 2 dimensions.")
    check_types(name, a, b)
    if b.shape[-2 if left else -1] != a.shape[-1]:
        raise RuntimeError(
            f"{name}: Incompatible shapes of A and B for the equation {'AX = B' if left else 'XA = B'} "
            f"({a.shape[-2]}x{a.shape[-1]} and {b.shape[-2]}x{b.shape[-1]})"
        )


def check_types(name: str, a: Any, b: Any) -> None:
    """Refuse two element types."""
    if a.dtype != b.dtype:
        first, second = dtypes.of(a.dtype).legacy, dtypes.of(b.dtype).legacy
        raise RuntimeError(f"{name}: Expected A and B to have the same dtype, but found A of type {first} and B of type {second} instead")


def refused(error: Exception) -> bool:
    """Whether the array module says that a matrix cannot be factored; each module has an error of that name of its own."""
    return type(error).__name__ == "LinAlgError"


def failures(xp: Any, info: Any) -> tuple[str, int] | None:
    """Where in a batch something failed first, in PyTorch's words, and its number; None where nothing did."""
    if not bool((info != 0).any()):
        return None
    if info.ndim == 0:
        return "", int(info)
    flat = info.reshape(-1)
    at = int(xp.argmax(flat != 0))
    return f"(Batch element {at}): ", int(flat[at])


def conj(a: Any) -> Any:
    """The conjugate; a real tensor as it is."""
    return a.conj() if a.is_complex() else a


def h(a: Any) -> Any:
    """Conjugate transpose."""
    return conj(transpose(a, -2, -1))


def conjugate_transpose(xp: Any, a: Any) -> Any:
    """Conjugate transpose of arrays."""
    turned = xp.swapaxes(a, -1, -2)
    return xp.conj(turned) if a.dtype.kind == "c" else turned


def is_vector(a: Any, b: Any) -> bool:
    """Whether the right side is one vector a matrix, and no matrix."""
    return bool(b.ndim == 1 or (a.ndim - 1 == b.ndim and tuple(b.shape) == tuple(a.shape[:-1])))


def is_nothing(g: Tensor) -> bool:
    """Whether a gradient is that of a result that nobody used: zeros that no graph hangs on."""
    return not g.requires_grad and not bool((g._data != 0).any())


def eye_like(a: Tensor, rows: int | None = None, columns: int | None = None) -> Tensor:
    """The unit matrix of the type and device of ``a``, as large as its last dimension unless sizes are given."""
    rows = a.shape[-1] if rows is None else rows
    return wrap(a._xp.eye(rows, rows if columns is None else columns, dtype=a._data.dtype))


def column(a: Any) -> Any:
    """Numbers, one a matrix, as matrices of one element."""
    return unsqueeze(unsqueeze(a, -1), -1)


def batches(xp: Any, a: Any, b: Any) -> tuple[Any, Any]:
    """Two arrays of matrices with their batches broadcast, which not every array module does by itself."""
    if a.shape[:-2] == b.shape[:-2]:
        return a, b
    shape = broadcast_shape(a.shape[:-2], b.shape[:-2])
    return xp.broadcast_to(a, (*shape, *a.shape[-2:])), xp.broadcast_to(b, (*shape, *b.shape[-2:]))


# ------------------------------------------------------------------------------------------------- samples


def well(rand: Any, *shape: int) -> Any:
    """Matrices far from singular."""
    made = rand(*shape)
    made._data[...] = made._data + 3 * made._xp.eye(shape[-2], shape[-1])
    return made


def positive(rand: Any, *shape: int) -> Any:
    """Symmetric (Hermitian) positive definite matrices."""
    made = rand(*shape)
    xp, array = made._xp, made._data
    made._data = xp.matmul(array, xp.conj(xp.swapaxes(array, -1, -2))) + 2 * xp.eye(shape[-1])
    return made
