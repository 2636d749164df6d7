"""Discrete Fourier transforms: three ops as PyTorch has them, and the functions of ``torch.fft`` that are made of these.

The adjoint of a transform that is not scaled is the other direction, not scaled; of one that is scaled, scaled alike. A real
input has half of a spectrum, whose inner entries stand for two each.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from .. import dtypes
from ..op import Array, op
from ..tensor import Tensor
from .casts import to
from .complexes import conj, conj_physical_, real
from .dims import dim_of
from .pad import constant_pad_nd
from .pieces import narrow
from .rearrange import roll

_NONE, _ROOT, _BY_COUNT = 0, 1, 2  # how a transform is scaled: PyTorch's numbers
_FORWARD = {_NONE: "backward", _ROOT: "ortho", _BY_COUNT: "forward"}  # numpy's words, for each direction
_INVERSE = {_NONE: "forward", _ROOT: "ortho", _BY_COUNT: "backward"}


@op(
    vjp={"input": lambda g, dim, normalization, forward: fft_c2c(g, dim, normalization, not forward)},
    samples=lambda rand: [
        (rand.complex(3, 4), (1,), 0, True),
        (rand.complex(2, 3, 2), (0, 2), 1, False),
        (rand.complex(4), (0,), 2, False),
    ],
    torch="_fft_c2c",
    node="FftC2CBackward0",
)
def fft_c2c(xp: Any, input: Array, dim: Sequence[int], normalization: int, forward: bool) -> Array:
    """The transform of a complex tensor along the dimensions ``dim``, forward or back; ``normalization`` 0 leaves it as the sum,
    1 divides by the root of the number of points, 2 by that number."""
    if not dim:
        return input
    if forward:
        return xp.fft.fftn(input, axes=tuple(dim), norm=_FORWARD[normalization])
    return xp.fft.ifftn(input, axes=tuple(dim), norm=_INVERSE[normalization])


def _r2c_grad(g: Any, input_shape: Sequence[int], dim: Sequence[int], normalization: int, onesided: bool) -> Any:
    missing = input_shape[dim[-1]] - g.shape[dim[-1]] if onesided else 0
    if missing:
        widths = [0] * (2 * (g.ndim - dim[-1]))
        widths[-1] = missing
        g = constant_pad_nd(g, widths)
    return real(fft_c2c(g, dim, normalization, False))


@op(
    vjp={"input": _r2c_grad},
    samples=lambda rand: [(rand(3, 4), (1,), 0, True), (rand(2, 5, 3), (0, 1), 1, True), (rand(4), (0,), 2, False)],
    torch="_fft_r2c",
    node="FftR2CBackward0",
)
def fft_r2c(xp: Any, input: Array, dim: Sequence[int], normalization: int, onesided: bool) -> Array:
    """The transform of a real tensor; ``onesided``: of the last of ``dim`` only the first half, the other being its conjugate."""
    if onesided:
        return xp.fft.rfftn(input, axes=tuple(dim), norm=_FORWARD[normalization])
    return xp.fft.fftn(input, axes=tuple(dim), norm=_FORWARD[normalization])


def _c2r_grad(g: Any, dim: Sequence[int], normalization: int) -> Any:
    half = fft_r2c(g, dim, normalization, True)
    last, doubled = dim[-1], g.shape[dim[-1]] - half.shape[dim[-1]]
    if not doubled:
        return half
    xp = half._xp
    weights = xp.ones(half.shape[last], g._data.dtype)
    weights[1 : 1 + doubled] = 2
    return half * g.new_tensor(weights).reshape((-1,) + (1,) * (half.ndim - last - 1))


@op(
    vjp={"input": _c2r_grad},
    samples=lambda rand: [(rand.complex(3, 3), (1,), 0, 4), (rand.complex(2, 3), (0, 1), 2, 5), (rand.complex(2), (0,), 1, 3)],
    torch="_fft_c2r",
    node="FftC2RBackward0",
    gradcheck=False,
)
def fft_c2r(xp: Any, input: Array, dim: Sequence[int], normalization: int, last_dim_size: int) -> Array:
    """The unscaled inverse of ``fft_r2c``: half a spectrum as the ``last_dim_size`` real numbers that it is of."""
    sizes = [input.shape[d] for d in dim[:-1]] + [last_dim_size]
    return xp.fft.irfftn(input, s=sizes, axes=tuple(dim), norm=_INVERSE[normalization])


# ------------------------------------------------------------------------------------------------- what arguments mean


def _scaling(norm: str | None, forward: bool) -> int:
    if norm not in (None, "backward", "forward", "ortho"):
        raise RuntimeError(f'Invalid normalization mode: "{norm}"')
    if norm == "ortho":
        return _ROOT
    return _NONE if (norm in (None, "backward")) == forward else _BY_COUNT


def _promoted(input: Tensor, to_complex: bool = False) -> Tensor:
    """The input as floats, or as complex numbers."""
    kind = input.dtype
    if kind.category < 2:
        kind = dtypes.get_default_dtype()
    if kind.itemsize == 2:
        raise RuntimeError(f"Unsupported dtype {kind.legacy}")
    if to_complex:
        kind = kind.to_complex()
    return input if kind is input.dtype else to(input, kind)


def _axis(dim: int, input: Tensor) -> int:
    if input.ndim == 0:
        raise IndexError(f"Dimension specified as {dim} but tensor has no dimensions")
    return dim_of(dim, input.ndim)


def _resized(input: Tensor, dims: Sequence[int], sizes: Sequence[int]) -> Tensor:
    """The input cut off or filled with zeros to those sizes."""
    widths = [0] * (2 * input.ndim)
    for d, n in zip(dims, sizes, strict=True):
        have = input._data.shape[d]
        if n < have:
            input = narrow(input, d, 0, n)
        elif n > have:
            widths[2 * (input.ndim - d) - 1] = n - have
    return constant_pad_nd(input, widths) if any(widths) else input


def _positive(n: int) -> int:
    if n < 1:
        raise RuntimeError(f"Invalid number of data points ({n}) specified")
    return n


def _shape_and_dims(input: Tensor, s: Iterable[int] | None, dim: Iterable[int] | int | None) -> tuple[list[int], list[int]]:
    """The sizes of a transform along several dimensions, and these."""
    given = None if s is None else [s] if isinstance(s, int) else [int(n) for n in s]
    if dim is not None:
        dims = [_axis(d, input) for d in ([dim] if isinstance(dim, int) else dim)]
        if len(set(dims)) != len(dims):
            raise RuntimeError("FFT dims must be unique")
    if given is None:
        dims = dims if dim is not None else list(range(input.ndim))
        return [input._data.shape[d] for d in dims], dims
    if dim is None:
        if len(given) > input.ndim:
            raise RuntimeError(f"Got shape with {len(given)} values but input tensor only has {input.ndim} dimensions.")
        dims = list(range(input.ndim - len(given), input.ndim))
    elif len(dims) != len(given):
        raise RuntimeError("When given, dim and shape arguments must have the same length")
    return [input._data.shape[d] if n == -1 else n for n, d in zip(given, dims, strict=True)], dims


def _half_shape(name: str, input: Tensor, s: Any, dim: Any) -> tuple[list[int], list[int], int]:
    """As ``_shape_and_dims`` for half a spectrum: the sizes of the input, the dimensions, and the last size of the output."""
    sizes, dims = _shape_and_dims(input, s, dim)
    if not dims:
        raise RuntimeError(f"{name} must transform at least one axis")
    whole_given = s is not None and list([s] if isinstance(s, int) else s)[-1] != -1
    last = _positive(sizes[-1] if whole_given else 2 * (input._data.shape[dims[-1]] - 1))
    return [*(_positive(n) for n in sizes[:-1]), last // 2 + 1], dims, last


# ------------------------------------------------------------------------------------------------- along one dimension


def _complex_one(input: Tensor, n: int | None, dim: int, norm: str | None, forward: bool) -> Any:
    given = _promoted(input)
    at = _axis(dim, given)
    n = _positive(given._data.shape[at] if n is None else n)
    scaling = _scaling(norm, forward)
    resized = _resized(given, [at], [n])
    if given.is_complex():
        return fft_c2c(resized, (at,), scaling, forward)
    spectrum = fft_r2c(resized, (at,), scaling, False)
    return spectrum if forward else conj(spectrum)


def fft(input: Tensor, n: int | None = None, dim: int = -1, norm: str | None = None) -> Any:
    """The discrete Fourier transform along ``dim``, of the first ``n`` elements; ``norm``: "backward" leaves the sum as it is, "ortho"
    divides it by the root of n, "forward" by n."""
    return _complex_one(input, n, dim, norm, True)


def ifft(input: Tensor, n: int | None = None, dim: int = -1, norm: str | None = None) -> Any:
    """The inverse of ``fft``."""
    return _complex_one(input, n, dim, norm, False)


def _real_one(name: str, input: Tensor, n: int | None, dim: int, norm: str | None, forward: bool) -> Any:
    if input.is_complex():
        raise RuntimeError(f"{name} expects a real input tensor, but got {input.dtype.legacy}")
    given = _promoted(input)
    at = _axis(dim, given)
    n = _positive(given._data.shape[at] if n is None else n)
    half = fft_r2c(_resized(given, [at], [n]), (at,), _scaling(norm, forward), True)
    return half if forward else conj(half)


def rfft(input: Tensor, n: int | None = None, dim: int = -1, norm: str | None = None) -> Any:
    """The first half of the transform of a real tensor, which says all of it."""
    return _real_one("rfft", input, n, dim, norm, True)


def ihfft(input: Tensor, n: int | None = None, dim: int = -1, norm: str | None = None) -> Any:
    """The inverse of ``hfft``: half of a signal from its real spectrum."""
    return _real_one("ihfft", input, n, dim, norm, False)


def _half_one(input: Tensor, n: int | None, dim: int, norm: str | None, forward: bool) -> Any:
    given = _promoted(input, to_complex=True)
    at = _axis(dim, given)
    n = _positive(2 * (given._data.shape[at] - 1) if n is None else n)
    resized = _resized(given, [at], [n // 2 + 1])
    return fft_c2r(conj(resized) if forward else resized, (at,), _scaling(norm, forward), n)


def irfft(input: Tensor, n: int | None = None, dim: int = -1, norm: str | None = None) -> Any:
    """The inverse of ``rfft``: ``n`` real numbers from half of their spectrum; an even number unless ``n`` is given."""
    return _half_one(input, n, dim, norm, False)


def hfft(input: Tensor, n: int | None = None, dim: int = -1, norm: str | None = None) -> Any:
    """The real transform of a signal with Hermitian symmetry, of which the input is half."""
    return _half_one(input, n, dim, norm, True)


# ------------------------------------------------------------------------------------------------- along several


def _complex_many(input: Tensor, s: Any, dim: Any, norm: str | None, forward: bool) -> Any:
    sizes, dims = _shape_and_dims(input, s, dim)
    given = _promoted(input, to_complex=True)
    resized = _resized(given, dims, [_positive(n) for n in sizes])
    return fft_c2c(resized, tuple(dims), _scaling(norm, forward), forward)


def fftn(input: Tensor, s: Any = None, dim: Any = None, norm: str | None = None) -> Any:
    """The transform along the dimensions ``dim``, with sizes ``s``; along all unless they are given."""
    return _complex_many(input, s, dim, norm, True)


def ifftn(input: Tensor, s: Any = None, dim: Any = None, norm: str | None = None) -> Any:
    """The inverse of ``fftn``."""
    return _complex_many(input, s, dim, norm, False)


def rfftn(input: Tensor, s: Any = None, dim: Any = None, norm: str | None = None) -> Any:
    """As ``fftn`` for a real tensor: along the last dimension only the first half."""
    if input.is_complex():
        raise RuntimeError(f"rfftn expects a real-valued input tensor, but got {input.dtype.legacy}")
    sizes, dims = _shape_and_dims(input, s, dim)
    if not dims:
        raise RuntimeError("rfftn must transform at least one axis")
    return fft_r2c(_resized(_promoted(input), dims, [_positive(n) for n in sizes]), tuple(dims), _scaling(norm, True), True)


def irfftn(input: Tensor, s: Any = None, dim: Any = None, norm: str | None = None) -> Any:
    """The inverse of ``rfftn``; the last size is even unless ``s`` says it."""
    sizes, dims, last = _half_shape("irfftn", input, s, dim)
    return fft_c2r(_resized(_promoted(input, to_complex=True), dims, sizes), tuple(dims), _scaling(norm, False), last)


def hfftn(input: Tensor, s: Any = None, dim: Any = None, norm: str | None = None) -> Any:
    """The real transform of a signal with Hermitian symmetry along the last dimension, of which the input is half."""
    sizes, dims, last = _half_shape("hfftn", input, s, dim)
    scaling = _scaling(norm, True)
    resized = _resized(_promoted(input, to_complex=True), dims, sizes)
    if len(dims) > 1:
        resized = fft_c2c(resized, tuple(dims[:-1]), scaling, True)
    return fft_c2r(conj(resized), (dims[-1],), scaling, last)


def ihfftn(input: Tensor, s: Any = None, dim: Any = None, norm: str | None = None) -> Any:
    """The inverse of ``hfftn``."""
    if input.is_complex():
        raise RuntimeError(f"Only supports floating-point dtypes, but found: {input.dtype.legacy}")
    sizes, dims = _shape_and_dims(input, s, dim)
    if not dims:
        raise RuntimeError("ihfftn must transform at least one axis")
    scaling = _scaling(norm, False)
    half = fft_r2c(_resized(_promoted(input), dims, [_positive(n) for n in sizes]), (dims[-1],), scaling, True)
    if len(dims) == 1:
        return conj(half)
    return fft_c2c(conj_physical_(half), tuple(dims[:-1]), scaling, False)


def _plane(many: Callable[..., Any]) -> Callable[..., Any]:
    """The transform of the last two dimensions."""

    def two(input: Tensor, s: Any = None, dim: Any = (-2, -1), norm: str | None = None) -> Any:
        return many(input, s, dim, norm)

    two.__name__ = two.__qualname__ = many.__name__[:-1] + "2"
    two.__doc__ = f"As ``{many.__name__}``, along the last two dimensions unless others are given."
    return two


# ------------------------------------------------------------------------------------------------- order


def fftshift(input: Tensor, dim: Any = None) -> Any:
    """A spectrum with the frequency 0 moved to the middle."""
    dims = list(range(input.ndim)) if dim is None else [dim] if isinstance(dim, int) else list(dim)
    return roll(input, [input._data.shape[d] // 2 for d in dims], dims)


def ifftshift(input: Tensor, dim: Any = None) -> Any:
    """The inverse of ``fftshift``."""
    dims = list(range(input.ndim)) if dim is None else [dim] if isinstance(dim, int) else list(dim)
    return roll(input, [math.ceil(input._data.shape[d] / 2) for d in dims], dims)


FFT = {
    "fft": fft, "fft2": _plane(fftn), "fftn": fftn, "fftshift": fftshift, "hfft": hfft, "hfft2": _plane(hfftn), "hfftn": hfftn,
    "ifft": ifft, "ifft2": _plane(ifftn), "ifftn": ifftn, "ifftshift": ifftshift, "ihfft": ihfft, "ihfft2": _plane(ihfftn),
    "ihfftn": ihfftn, "irfft": irfft, "irfft2": _plane(irfftn), "irfftn": irfftn, "rfft": rfft, "rfft2": _plane(rfftn), "rfftn": rfftn,
}  # fmt: skip
