"""``assert_close``: two tensors, numbers, or containers of them are equal but for rounding, or it is said where they are not."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .. import devices, dtypes
from ..creation import tensor as _tensor
from ..tensor import Tensor

# (rtol, atol) where none are given, by type: about half of its digits
_TOLERANCES = {
    dtypes.float16: (1e-3, 1e-5), dtypes.bfloat16: (1.6e-2, 1e-5), dtypes.float32: (1.3e-6, 1e-5), dtypes.float64: (1e-7, 1e-7),
    dtypes.complex64: (1.3e-6, 1e-5), dtypes.complex128: (1e-7, 1e-7),
}  # fmt: skip


def assert_close(
    actual: Any,
    expected: Any,
    *,
    allow_subclasses: bool = True,
    rtol: float | None = None,
    atol: float | None = None,
    equal_nan: bool = False,
    check_device: bool = True,
    check_dtype: bool = True,
    check_layout: bool = True,
    check_stride: bool = False,
    msg: str | Callable[[str], str] | None = None,
) -> None:
    """Raises AssertionError where ``|actual - expected| > atol + rtol * |expected|`` somewhere, or shape, type or device differ.

    Raises ValueError where one tolerance is given without the other.
    """
    if (rtol is None) != (atol is None):
        one = "rtol" if atol is None else "atol"
        raise ValueError(f"Both 'rtol' and 'atol' must be either specified or omitted, but got no {'atol' if one == 'rtol' else 'rtol'}.")
    problem = _difference(actual, expected, rtol, atol, equal_nan, check_device, check_dtype, check_stride, "")
    if problem is not None:
        raise AssertionError(problem if msg is None else msg(problem) if callable(msg) else msg)


def _difference(a: Any, b: Any, rtol: Any, atol: Any, nan: bool, device: bool, dtype: bool, stride: bool, where: str) -> str | None:
    if isinstance(a, Mapping) and isinstance(b, Mapping):
        if set(a) != set(b):
            return f"The keys of the mappings do not match:\n{sorted(map(str, a))} != {sorted(map(str, b))}"
        parts = [(a[k], b[k], f"{where}[{k!r}]") for k in a]
    elif isinstance(a, Sequence) and isinstance(b, Sequence) and not isinstance(a, str):
        if len(a) != len(b):
            return f"The length of the sequences mismatch: {len(a)} != {len(b)}"
        parts = [(x, y, f"{where}[{i}]") for i, (x, y) in enumerate(zip(a, b, strict=True))]
    else:
        return _of_pair(a, b, rtol, atol, nan, device, dtype, stride, where)
    for x, y, place in parts:
        found = _difference(x, y, rtol, atol, nan, device, dtype, stride, place)
        if found is not None:
            return found
    return None


def _of_pair(a: Any, b: Any, rtol: Any, atol: Any, nan: bool, device: bool, dtype: bool, stride: bool, where: str) -> str | None:
    behind = f"\n\nThe failure occurred for item {where}" if where else ""
    number = not isinstance(a, Tensor) and not isinstance(b, Tensor) and not devices.is_array(a)
    if a is None and b is None:
        return None
    a, b = (t if isinstance(t, Tensor) else _tensor(t, dtype=dtypes.float64 if type(t) is float else None) for t in (a, b))
    if a.shape != b.shape:
        return f"The values for attribute 'shape' do not match: {a.shape} != {b.shape}.{behind}"
    if device and a.device != b.device:
        return f"The values for attribute 'device' do not match: {a.device} != {b.device}.{behind}"
    if dtype and a.dtype is not b.dtype and not number:
        return f"The values for attribute 'dtype' do not match: {a.dtype} != {b.dtype}.{behind}"
    if stride and a.stride() != b.stride():
        return f"The values for attribute 'stride()' do not match: {a.stride()} != {b.stride()}.{behind}"
    if rtol is None:
        found = [_TOLERANCES.get(t.dtype, (0.0, 0.0)) for t in (a, b)]
        rtol, atol = max(r for r, _ in found), max(t for _, t in found)
    common = dtypes.promote_types(a.dtype, b.dtype)
    exact = common.category < 2
    wide = dtypes.int64 if exact else dtypes.complex128 if common.is_complex else dtypes.float64
    a, b = a.detach().to(b.device).to(wide), b.detach().to(wide)
    close = a == b if exact and not rtol and not atol else a.isclose(b, rtol=rtol, atol=atol, equal_nan=nan)
    if bool(close.all()):
        return None
    return _told(a, b, close, rtol, atol, number) + behind


def _told(a: Tensor, b: Tensor, close: Tensor, rtol: float, atol: float, number: bool) -> str:
    """How much differs, and where most."""
    equal = not rtol and not atol
    what = ("Scalars" if a.ndim == 0 else "Tensor-likes") + (" are not equal!" if equal else " are not close!")
    absolute = (a - b).abs().double()
    absolute = absolute.masked_fill(close, 0)
    relative = absolute / b.abs().double()
    if a.ndim == 0:
        allowed = ("", "") if equal else (f" (up to {atol} allowed)", f" (up to {rtol} allowed)")
        expected = f"Expected {b.item()} but got {a.item()}.\n" if number else ""
        return f"{what}\n\n{expected}Absolute difference: {absolute.item()}{allowed[0]}\nRelative difference: {relative.item()}{allowed[1]}"
    wrong = int((~close).sum().item())
    lines = [what, "", f"Mismatched elements: {wrong} / {a.numel()} ({wrong / a.numel():.1%})"]
    for name, values, tolerance in (("absolute", absolute, atol), ("relative", relative.masked_fill(close, 0), rtol)):
        flat = int(values.nan_to_num(float("inf")).argmax().item())
        place = []
        for n in reversed(a.shape):
            place.append(flat % n)
            flat //= n
        index = tuple(reversed(place))
        largest = values[index].item()
        lines.append(f"Greatest {name} difference: {largest} at index {index}" + ("" if equal else f" (up to {tolerance} allowed)"))
    return "\n".join(lines)
