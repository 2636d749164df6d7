"""Pooling as users call it: the arguments read and checked, PyTorch's detours taken, the ops of ``pool.py`` called."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

from ..tensor import Tensor
from .conv import spread
from .pool import adaptive_avg_pool, adaptive_max_pool, avg_pool, max_pool, max_unpool, output_size_of


def _steps(stride: Any, kernel: tuple[int, ...]) -> tuple[int, ...]:
    return kernel if stride is None or (isinstance(stride, (list, tuple)) and not stride) else spread(stride, len(kernel))


def _read(name: str, n: int, kernel_size: Any, **others: Any) -> list[tuple[int, ...]]:
    """The arguments with a number for each dimension; a missing stride is the size of the windows.

    Raises RuntimeError where there are too many or too few numbers.
    """
    made: list[tuple[int, ...]] = []
    for argument, value in {"kernel_size": kernel_size, **others}.items():
        count = len(value) if isinstance(value, (tuple, list)) else 1
        if count not in (1, n) and not (argument == "stride" and count == 0):
            if name == "max_pool1d":
                may = "None, an int, list of ints, or" if argument == "stride" else "an int, list of ints or"
                raise RuntimeError(f"max_pool1d() {argument} must be {may} tuple of ints of size 1 but got size {count}")
            if n == 1:
                raise RuntimeError(f"{name}() argument '{argument}' should contain one int (got {count})")
            be = {"stride": "either be omitted,", "dilation": "be either"}.get(argument, "either be")
            raise RuntimeError(f"{name}: {argument} must {be} a single int, or a tuple of {'two' if n == 2 else 'three'} ints")
        made.append(_steps(value, made[0]) if argument == "stride" else spread(value, n))
    return made


def _check_line(input: Tensor, kernel: int, stride: int, padding: int, dilation: int, ceil: bool) -> None:
    """Raise RuntimeError, in PyTorch's words, where the windows of ``max_pool1d`` make no sense."""
    if input.ndim not in (2, 3) or not all(input.shape[-2:]):
        raise RuntimeError(
            f"max_pool1d: Expected 2D or 3D (batch mode) tensor with optional 0 dim batch size for input, but got:{list(input.shape)}"
        )
    for name, value in (("kernel_size", kernel), ("stride", stride)):
        if value <= 0:
            raise RuntimeError(f"max_pool1d() {name} must be greater than zero, but got {value}")
    if padding < 0:
        raise RuntimeError(f"max_pool1d() padding must be non-negative, but got {padding}")
    if padding > kernel // 2:
        raise RuntimeError(
            f"max_pool1d() padding should be at most half of kernel size, but got padding={padding} and kernel_size={kernel}"
        )
    if dilation <= 0:
        raise RuntimeError(f"max_pool1d() dilation must be greater than zero, but got {dilation}")
    size = output_size_of(input.shape[-1], kernel, stride, padding, dilation, ceil)
    if size <= 0:
        raise RuntimeError(f"max_pool1d() Invalid computed output size: {size}")


def _check_windows(
    name: str,
    n: int,
    input: Tensor,
    kernel: Sequence[int],
    stride: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int],
    ceil: bool,
) -> None:
    """Raise RuntimeError, in PyTorch's words and order, where the windows make no sense."""
    if input.ndim not in (n + 1, n + 2):
        raise RuntimeError(f"non-empty {n + 1}D or {n + 2}D (batch mode) tensor expected for input, got {list(input.shape)}")
    if any(s == 0 for s in stride):
        raise RuntimeError("stride should not be zero")
    for p, k, d in zip(padding, kernel, dilation, strict=True):
        if p < 0:
            raise RuntimeError(f"pad must be non-negative, but got pad: {p}")
        if p > ((k - 1) * d + 1) // 2 and k > 0:
            raise RuntimeError(f"pad should be at most half of effective kernel size, but got pad={p}, kernel_size={k} and dilation={d}")
    for what, letter, values in (("kernel size", "k", kernel), ("stride", "d", stride), ("dilation", "dilation", dilation)):
        if any(v <= 0 for v in values):
            given = " ".join(f"{letter}{axis}: {v}" for axis, v in zip("THW"[-n:], values, strict=True))
            raise RuntimeError(f"{what} should be greater than zero, but got {given}")
    if n == 3:
        _check_inside(name, input)
    elif not all(input.shape[input.ndim == 4 :]):
        raise RuntimeError(f"Expected 3D or 4D (batch mode) tensor with optional 0 dim batch size for input, but got:{list(input.shape)}")
    sizes = [output_size_of(*v, ceil) for v in zip(input.shape[-n:], kernel, stride, padding, dilation, strict=True)]
    if any(size < 1 for size in sizes):
        channels = input.shape[-n - 1]
        given, made = ("x".join(map(str, (channels, *shape))) for shape in (input.shape[-n:], sizes))
        raise RuntimeError(f"Given input size: ({given}). Calculated output size: ({made}). Output size is too small")


def _check_inside(name: str, input: Tensor) -> None:
    lead = input.ndim - 4
    for dim in range(lead, input.ndim):
        if input.shape[dim] == 0:
            raise RuntimeError(
                f"{name}(): Expected input's non-batch dimensions to have positive length, but input has a shape of {list(input.shape)} "
                f"and non-batch dimension {dim} has length zero!"
            )


def _max(n: int, input: Tensor, kernel_size: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool, return_indices: bool) -> Any:
    name = f"max_pool{n}d"
    kernel, steps, sides, apart = _read(name, n, kernel_size, stride=stride, padding=padding, dilation=dilation)
    if n == 1:  # as PyTorch does it: a row of height 1
        if not return_indices:
            _check_line(input, kernel[0], steps[0], sides[0], apart[0], ceil_mode)
        elif input.ndim not in (2, 3):
            raise RuntimeError(
                f"Expected 2 to 3 dimensions, but got {input.ndim}-dimensional tensor for argument #1 'self' (while checking arguments for "
                "max_pool1d)"
            )
        row = input.unsqueeze(-2)
        windows = (1, *kernel), (1, *steps), (0, *sides), (1, *apart)
        _check_windows(name, 2, row, *windows, ceil_mode)
        values, places = max_pool(row, *windows, ceil_mode)
        values, places = values.squeeze(-2), places.squeeze(-2)
    else:
        _check_windows("max_pool3d_with_indices_out_cpu_template", n, input, kernel, steps, sides, apart, ceil_mode)
        values, places = max_pool(input, kernel, steps, sides, apart, ceil_mode)
    return (values, places) if return_indices else values


def max_pool1d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The largest element of each window along the last dimension, of (N, C, L) or (C, L); also their numbers if asked."""
    return _max(1, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def max_pool2d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The largest element of each window of (N, C, H, W) or (C, H, W); also their row-major numbers if asked."""
    return _max(2, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def max_pool3d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The largest element of each window of (N, C, D, H, W) or (C, D, H, W); also their numbers if asked."""
    return _max(3, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def _avg(
    n: int, input: Tensor, kernel_size: Any, stride: Any, padding: Any, ceil_mode: bool, count_include_pad: bool, divisor: Any
) -> Tensor:
    name = f"avg_pool{n}d"
    kernel, steps, sides = _read(name, n, kernel_size, stride=stride, padding=padding)
    if n == 1 and input.ndim not in (2, 3):
        raise RuntimeError(
            f"Expected 2 to 3 dimensions, but got {input.ndim}-dimensional tensor for argument #1 'self' (while checking arguments for "
            "avg_pool1d)"
        )
    if n == 2 and input.ndim < 3:
        raise IndexError(f"Dimension out of range (expected to be in range of [{-input.ndim}, {input.ndim - 1}], but got -3)")
    if divisor == 0:
        raise RuntimeError("divisor must be not zero")
    if n == 1:
        row = input.unsqueeze(-2)
        _check_windows(name, 2, row, (1, *kernel), (1, *steps), (0, *sides), (1, 1), ceil_mode)
        return avg_pool(row, (1, *kernel), (1, *steps), (0, *sides), ceil_mode, count_include_pad, divisor).squeeze(-2)  # type: ignore[no-any-return]
    _check_windows(name, n, input, kernel, steps, sides, (1,) * n, ceil_mode)
    return avg_pool(input, kernel, steps, sides, ceil_mode, count_include_pad, divisor)  # type: ignore[no-any-return]


def avg_pool1d(
    input: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False, count_include_pad: bool = True
) -> Tensor:
    """The mean of each window along the last dimension, of (N, C, L) or (C, L)."""
    return _avg(1, input, kernel_size, stride, padding, ceil_mode, count_include_pad, None)


def avg_pool2d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Tensor:
    """The mean of each window of (N, C, H, W) or (C, H, W)."""
    return _avg(2, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)


def avg_pool3d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Tensor:
    """The mean of each window of (N, C, D, H, W) or (C, D, H, W)."""
    return _avg(3, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)


def _adaptive_sizes(n: int, input: Tensor, output_size: Any, average: bool) -> tuple[int, ...]:
    """The sizes to pool to; None keeps a size. Raises RuntimeError or ValueError, as PyTorch, where they make no sense."""
    name = f"adaptive_{'avg' if average else 'max'}_pool{n}d"
    listed = isinstance(output_size, (tuple, list))
    if n == 1:
        if listed and len(output_size) != 1:
            raise RuntimeError(f"{name}() argument 'output_size' should contain one int (got {len(output_size)})")
        if input.ndim not in (2, 3):
            raise RuntimeError(
                f"Expected 2 to 3 dimensions, but got {input.ndim}-dimensional tensor for argument #1 'self' (while checking arguments "
                f"for {name})"
            )
        wanted: tuple[Any, ...] = tuple(output_size) if listed else (output_size,)
    else:
        if listed and input.ndim <= len(output_size):
            raise ValueError(f"Input dimension should be at least {len(output_size) + 1}")
        if input.ndim not in (n + 1, n + 2):
            colon = "" if average else ":"
            raise RuntimeError(f"{name}(): Expected {n + 1}D or {n + 2}D tensor, but got{colon} {list(input.shape)}")
        if listed and len(output_size) != n:
            words = f"{name}: output_size must be {n}" if average else f"{name}(): internal error: output_size.size() must be {n}"
            raise RuntimeError(words)
        wanted = spread(output_size, n)
    size = tuple(m if w is None else int(w) for w, m in zip(wanted, input.shape[-n:], strict=True))
    if any(s < 0 for s in size):
        if average:
            last = f"{{{1 if n == 1 else size[-2]}, {size[-1]}}}" if n < 3 else f"{{{size[0]}, {size[1]},{size[2]}}}"
            words = "elements of output_size must be greater than or equal to 0 but received"
            raise RuntimeError(f"adaptive_avg_pool{max(n, 2)}d: {words} {last}")
        lead = [*input.shape[:-n], *([1] if n == 1 else [])]
        raise RuntimeError(f"Trying to create tensor with negative dimension {min(size)}: {[*lead, *size]}")
    shape = [*input.shape[:-1], 1, input.shape[-1]] if n == 1 else list(input.shape)
    for dim in range(len(shape) - max(n, 2), len(shape)):
        if shape[dim] == 0:
            raise RuntimeError(
                f"adaptive_{'avg' if average else 'max'}_pool{max(n, 2)}d(): Expected input to have non-zero size for non-batch "
                f"dimensions, but input has sizes {shape} with dimension {dim} being empty"
            )
    return size


def _adaptive_average(n: int, input: Tensor, output_size: Any) -> Tensor:
    size = _adaptive_sizes(n, input, output_size, True)
    if n == 1:
        return _adaptive_average(2, input.unsqueeze(-2), (1, *size)).squeeze(-2)  # type: ignore[no-any-return]
    if all(s == 1 for s in size):  # PyTorch takes the mean then
        return input.mean(list(range(-n, 0)), keepdim=True)  # type: ignore[no-any-return]
    return adaptive_avg_pool(input, size)  # type: ignore[no-any-return]


def adaptive_avg_pool1d(input: Tensor, output_size: Any) -> Tensor:
    """(N, C, L) averaged to (N, C, output_size)."""
    return _adaptive_average(1, input, output_size)


def adaptive_avg_pool2d(input: Tensor, output_size: Any) -> Tensor:
    """(N, C, H, W) averaged to (N, C, *output_size); None keeps a size."""
    return _adaptive_average(2, input, output_size)


def adaptive_avg_pool3d(input: Tensor, output_size: Any) -> Tensor:
    """(N, C, D, H, W) averaged to (N, C, *output_size); None keeps a size."""
    return _adaptive_average(3, input, output_size)


def _adaptive_largest(n: int, input: Tensor, output_size: Any, return_indices: bool) -> Any:
    size = _adaptive_sizes(n, input, output_size, False)
    if n == 1:
        values, places = adaptive_max_pool(input.unsqueeze(-2), (1, *size))
        values, places = values.squeeze(-2), places.squeeze(-2)
    else:
        values, places = adaptive_max_pool(input, size)
    return (values, places) if return_indices else values


def adaptive_max_pool1d(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """The largest elements of (N, C, L) in ``output_size`` windows; also their numbers if asked."""
    return _adaptive_largest(1, input, output_size, return_indices)


def adaptive_max_pool2d(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """The largest elements of (N, C, H, W) in ``output_size`` windows; also their numbers if asked."""
    return _adaptive_largest(2, input, output_size, return_indices)


def adaptive_max_pool3d(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """The largest elements of (N, C, D, H, W) in ``output_size`` windows; also their numbers if asked."""
    return _adaptive_largest(3, input, output_size, return_indices)


def lp_pool1d(input: Tensor, norm_type: float, kernel_size: int, stride: Any = None, ceil_mode: bool = False) -> Tensor:
    """The p-norm of each window along the last dimension (without absolute values, as PyTorch)."""
    total = avg_pool1d(input.pow(norm_type), kernel_size, stride, 0, ceil_mode)
    return _root(total, norm_type, kernel_size)


def lp_pool2d(input: Tensor, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False) -> Tensor:
    """The p-norm of each window of (N, C, H, W)."""
    height, width = spread(kernel_size, 2)
    total = avg_pool2d(input.pow(norm_type), kernel_size, stride, 0, ceil_mode)
    return _root(total, norm_type, height * width)


def lp_pool3d(input: Tensor, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False) -> Tensor:
    """The p-norm of each window of (N, C, D, H, W)."""
    depth, height, width = spread(kernel_size, 3)
    total = avg_pool3d(input.pow(norm_type), kernel_size, stride, 0, ceil_mode)
    return _root(total, norm_type, depth * height * width)


def _root(total: Tensor, norm_type: float, count: int) -> Tensor:
    return ((total.sign() * total.abs().relu()) * count).pow(1.0 / norm_type)  # type: ignore[no-any-return]


def _unpool(n: int, input: Tensor, indices: Tensor, kernel_size: Any, stride: Any, padding: Any, output_size: Any) -> Tensor:
    kernel = spread(kernel_size, n)
    steps, sides = _steps(stride, kernel), spread(padding, n)
    size = tuple((m - 1) * s - 2 * p + k for m, s, p, k in zip(input.shape[-n:], steps, sides, kernel, strict=True))
    if output_size is not None:
        wanted = tuple(output_size)[-n:]
        if len(output_size) not in (n, n + 2):
            raise ValueError(
                f"output_size should be a sequence containing {n} or {n + 2} elements, but it has a length of '{len(output_size)}'"
            )
        for dim, (have, s, want) in enumerate(zip(size, steps, wanted, strict=True)):
            if not have - s < want < have + s:
                raise ValueError(f'invalid output_size "{wanted}" (dim {dim} must be between {have - s} and {have + s})')
        size = wanted
    if indices.shape != input.shape:
        raise RuntimeError(
            f"Expected shape of indices to be same as that of the input tensor ({list(input.shape)}) but got indices tensor with shape: "
            f"{list(indices.shape)}"
        )
    if n == 1:  # as PyTorch does it: in two dimensions, one of them 1 wide
        made = max_unpool(input.unsqueeze(-1), indices.unsqueeze(-1), (*input.shape[:-1], *size, 1), 2)
        return made.squeeze(-1)  # type: ignore[no-any-return]
    return max_unpool(input, indices, (*input.shape[:-n], *size), n)  # type: ignore[no-any-return]


def max_unpool1d(input: Tensor, indices: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, output_size: Any = None) -> Tensor:
    """Undo ``max_pool1d``: each value at its number, zeros elsewhere."""
    return _unpool(1, input, indices, kernel_size, stride, padding, output_size)


def max_unpool2d(input: Tensor, indices: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, output_size: Any = None) -> Tensor:
    """Undo ``max_pool2d``: each value at its number, zeros elsewhere."""
    return _unpool(2, input, indices, kernel_size, stride, padding, output_size)


def max_unpool3d(input: Tensor, indices: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, output_size: Any = None) -> Tensor:
    """Undo ``max_pool3d``: each value at its number, zeros elsewhere."""
    return _unpool(3, input, indices, kernel_size, stride, padding, output_size)


def _with_indices(function: Any) -> Any:
    """The function, giving the numbers of the largest elements too."""

    @functools.wraps(function)
    def called(*args: Any, **kwargs: Any) -> Any:
        kwargs["return_indices"] = True
        return function(*args, **kwargs)

    called.__name__ = called.__qualname__ = function.__name__ + "_with_indices"
    return called


FUNCTIONAL = {
    "adaptive_avg_pool1d": adaptive_avg_pool1d, "adaptive_avg_pool2d": adaptive_avg_pool2d, "adaptive_avg_pool3d": adaptive_avg_pool3d,
    "adaptive_max_pool1d": adaptive_max_pool1d, "adaptive_max_pool2d": adaptive_max_pool2d, "adaptive_max_pool3d": adaptive_max_pool3d,
    "avg_pool1d": avg_pool1d, "avg_pool2d": avg_pool2d, "avg_pool3d": avg_pool3d, "lp_pool1d": lp_pool1d, "lp_pool2d": lp_pool2d,
    "lp_pool3d": lp_pool3d,
    "max_pool1d": max_pool1d, "max_pool2d": max_pool2d, "max_pool3d": max_pool3d,
    "max_unpool1d": max_unpool1d, "max_unpool2d": max_unpool2d, "max_unpool3d": max_unpool3d,
}  # fmt: skip
_MAXIMA = (adaptive_max_pool1d, adaptive_max_pool2d, adaptive_max_pool3d, max_pool1d, max_pool2d, max_pool3d)
FUNCTIONAL |= {f"{function.__name__}_with_indices": _with_indices(function) for function in _MAXIMA}
TORCH = {
    name: FUNCTIONAL[name]
    for name in ("adaptive_avg_pool1d", "adaptive_max_pool1d", "avg_pool1d", "max_pool1d", "max_pool2d", "max_pool3d")
}
TORCH["max_pool1d_with_indices"] = FUNCTIONAL["max_pool1d_with_indices"]
