"""The operands of an op brought to one device and one type, by PyTorch's rules of promotion, and the errors where they do not fit."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from typing import Any

from . import devices, dtypes
from .tensor import _DTYPES, Tensor

_NUMBERS = (bool, int, float, complex)
_SINGLE = dtypes.float32.numpy
_CATEGORY = {bool: 0, int: 1, float: 2, complex: 3}
_CPU = devices.CPU
NUMBERS32: dict[Any, Any] = {}  # Python numbers as arrays of float32, for the short way of ops
NUMBERS64: dict[Any, Any] = {}
NUMBERS: dict[Any, dict[Any, Any]] = {dtypes.float32.numpy: NUMBERS32, dtypes.float64.numpy: NUMBERS64}
OPERANDS = (Tensor, *_NUMBERS, devices.CPU.generic)


def prepared(op: Any, xp: Any, args: tuple[Any, ...], arrays: list[Any], odd: bool) -> list[Any]:
    """Bring the inputs to one device and, where the op promotes, to one type."""
    kind = xp.ndarray
    mixed = False
    if op.promote is None:
        for t, a in zip(args, arrays, strict=True):
            if not isinstance(t, Tensor):
                if t is not None:
                    raise not_tensors(op, args)
            elif type(a) is not kind:
                mixed = True
        if mixed:
            raise _two_devices(args)
        return arrays
    if not odd:
        same = arrays[-1].dtype
        for i, a in enumerate(arrays):
            if (a.dtype != same and i not in op.apart) or type(a) is not kind:
                break
        else:
            if op.promote != "float" or same.kind in "fc" or same in dtypes.HALVES:
                return arrays
    if odd and len(args) == 2 and op.promote != "first":  # the commonest case: a tensor and a number of no higher category
        number = 1 if isinstance(args[0], Tensor) else 0
        category = _CATEGORY.get(type(args[number]))
        target = arrays[1 - number].dtype
        if category is not None and category <= (own := _DTYPES[target].category) and (own >= 2 or op.promote == "common"):
            arrays[number] = found = _number(xp, args[number], _SINGLE if op.exact_numbers and target in dtypes.HALVES else target)
            if xp is _CPU and target in NUMBERS:
                _remember(args[number], found, NUMBERS[target])
            return arrays
    operands: list[tuple[dtypes.dtype, int]] = []
    for i, (t, a) in enumerate(zip(args, arrays, strict=True)):
        if isinstance(t, Tensor):
            if i not in op.apart:
                operands.append((_DTYPES[a.dtype], 2 if a.ndim else 1))
            if type(a) is not kind:
                mixed = True
        elif isinstance(t, _NUMBERS):
            operands.append((dtypes.of_number(t), 0))
        elif isinstance(t, devices.CPU.generic):
            arrays[i] = t.item()
            operands.append((dtypes.of_number(arrays[i]), 0))
        elif t is not None or op.inputs[i] not in op.optional:
            raise not_tensors(op, args)
    if mixed:  # a 0-d tensor of the CPU may meet tensors of a GPU
        far = next(a for t, a in zip(args, arrays, strict=True) if isinstance(t, Tensor) and type(a) is not devices.CPU.ndarray)
        xp, kind = devices.module_of(far), type(far)
        for i, a in enumerate(arrays):
            if isinstance(args[i], Tensor) and type(a) is not kind:
                if a.ndim:
                    raise _two_devices(args)
                arrays[i] = xp.from_host(a)
    common = dtypes.result_type(operands if op.promote != "first" else operands[:1])
    if op.promote == "float" and common.category < 2:
        common = dtypes.get_default_dtype()
    target = common.numpy
    exact = _SINGLE if op.exact_numbers and target in dtypes.HALVES else target
    for i, a in enumerate(arrays):
        if a is None:
            continue
        if isinstance(args[i], Tensor):
            if a.dtype != target and i not in op.apart:
                arrays[i] = devices.quietly(xp.run, _converted, a, target if a.ndim else exact)
        else:
            if op.promote == "first" and isinstance(a, complex) and target.kind != "c":
                raise RuntimeError(f"value cannot be converted to type {common.name} without overflow")
            arrays[i] = _number(xp, a, exact)
    return arrays


def _converted(xp: Any, array: Any, target: Any) -> Any:
    return array.astype(target)


@functools.lru_cache(maxsize=4096, typed=True)
def _cached_number(xp: Any, value: Any, target: Any) -> Any:
    if type(value) is int and target.kind in "iu":
        array = xp.run(lambda xp: xp.asarray(value, "int64").astype(target))  # an integer that is too wide wraps around
    else:
        array = devices.quietly(xp.asarray, value, target)
    if hasattr(array.flags, "writeable"):
        array.flags.writeable = False
    return array


def _number(xp: Any, value: Any, target: Any) -> Any:
    if value == 0:  # 0.0 and -0.0 are equal keys
        return xp.asarray(value, target)
    return _cached_number(xp, value, target)


def number_for(value: Any, kind: Any) -> Any:
    """A Python number as an array of float32 or float64, for the short way of ops; None where it is none of that type."""
    try:
        found = _number(_CPU, value, kind)
    except OverflowError:
        return None
    _remember(value, found, NUMBERS[kind])
    return found


def _remember(value: Any, array: Any, numbers: dict[Any, Any]) -> None:
    """Let the short way find ``value``. Not 0, nor what is equal to it: -0.0 is another number; nor nan, which equals nothing."""
    if value and value == value and type(value) is not bool:
        if len(numbers) >= 4096:
            numbers.clear()
        numbers[value] = array


def not_broadcast(op: Any, arrays: Sequence[Any]) -> RuntimeError | None:
    """The error for inputs whose shapes do not broadcast; None where they do, or need not."""
    shapes = [a.shape for a in arrays if a is not None]
    if op.promote is None:
        return None
    for shape in shapes[1:]:
        for i, (n, m) in enumerate(zip(reversed(shapes[0]), reversed(shape), strict=False)):
            if n != m and 1 not in (n, m):
                dim = max(len(shapes[0]), len(shape)) - 1 - i
                return RuntimeError(
                    f"The size of tensor a ({n}) must match the size of tensor b ({m}) at non-singleton dimension {dim}: "
                    f"{op.name}: {' and '.join(str(tuple(s)) for s in shapes)} do not broadcast"
                )
    return None


def not_tensors(op: Any, args: tuple[Any, ...]) -> TypeError:
    for i, t in enumerate(args):
        name = op.input_name(i)
        if not isinstance(t, Tensor) and (t is not None or name not in op.optional):
            place = f"element {i} of argument '{name}'" if op.variadic else f"argument '{name}' (position {i + 1})"
            return TypeError(f"{op.name}(): {place} must be Tensor, not {type(t).__name__}")
    return TypeError(f"{op.name}(): expected a non-empty list of Tensors")


def one_device(args: Iterable[Any]) -> None:
    """Raise RuntimeError where tensors lie on different devices of one kind; what lies on the CPU may be a number."""
    found = {t._data.device.id for t in args if isinstance(t, Tensor) and type(t._data) is not _CPU.ndarray}
    if len(found) > 1:
        raise _two_devices(args)


def _two_devices(args: Iterable[Any]) -> RuntimeError:
    places = sorted({str(t.device) for t in args if isinstance(t, Tensor)}, reverse=True)
    return RuntimeError(
        f"Expected all tensors to be on the same device, but found at least two devices, {' and '.join(places[:2])}! "
        "Move them with .to(device)."
    )
