"""Other types and devices: ``to`` and the methods that are short for it."""

from __future__ import annotations

from typing import Any

from .. import devices, dtypes
from ..op import Array, op
from ..tensor import Tensor, type_name
from .shape import _LAST, is_contiguous, laid_out


@op(
    vjp={"input": lambda g, input_dtype, source: to_copy(g, input_dtype, source, g.device)},
    samples=lambda rand: [(rand(2, 3),), (rand(2, 3), dtypes.float64), rand.call(rand.complex(3), dtype=dtypes.complex128)],
    node="ToCopyBackward0",
    halves="own",
)
def to_copy(xp: Any, input: Array, dtype: Any = None, device: Any = None, source: Any = None, memory_format: Any = None) -> Array:
    """A copy with another type, on another device or in another order of memory; ``source`` is the device that it came from."""
    array = input if memory_format is None else laid_out(input, memory_format)
    if dtype is not None and array.dtype != dtype.numpy:
        if array.dtype.kind == "c" and dtype.category < 3:
            array = array.real
        array = array.astype(dtype.numpy)
    if device is not None:
        target = devices.array_module(device)
        if target.kind != xp.kind:
            array = target.from_host(xp.to_host(array))
        elif device.index is not None and device.index != devices.device_of(array).index:
            array = target.copy(array)  # from one GPU to another
    return array.copy(order="K") if array is input else array


def _is_there(place: devices.device, wanted: devices.device) -> bool:
    return place.type == wanted.type and (wanted.index is None or wanted.index == place.index or place.type == "cpu")


def _converted(input: Tensor, kind: Any, place: Any, copy: bool = False, memory_format: Any = None) -> Any:
    here = input.device
    if place is not None and place.type == "cuda" and place.index is None and (xp := devices.array_module(place)).count > 1:
        place = devices.device("cuda", int(xp.cuda.runtime.getDevice()))  # the one in use
    same = (kind is None or kind is input.dtype) and (place is None or _is_there(here, place))
    if same and not copy and (memory_format is None or _lies_so(input, memory_format)):
        return input
    moves = place is not None and not _is_there(here, place)
    return to_copy(input, kind, place if moves else None, here if moves else None, memory_format)


def _lies_so(input: Tensor, memory_format: Any) -> bool:
    """Whether the elements lie in the order of a memory format; what is in no order of channels counts as contiguous."""
    if str(memory_format) in _LAST:
        return is_contiguous(input, memory_format) and not is_contiguous(input)
    return str(memory_format) != "torch.contiguous_format" or not any(is_contiguous(input, last) for last in _LAST)


def to(
    self: Tensor,
    *args: Any,
    dtype: Any = None,
    device: Any = None,
    other: Any = None,
    non_blocking: bool = False,
    copy: bool = False,
    memory_format: Any = None,
) -> Any:
    """The tensor with another type, on another device, or with both of ``other``; itself where nothing changes.

    ``to(dtype)``, ``to(device)``, ``to(device, dtype)``, ``to(other)``, each with ``non_blocking`` and ``copy``.
    """
    rest = list(args)
    if rest and isinstance(rest[0], Tensor):
        other = rest.pop(0)
    elif rest and (rest[0] is None or isinstance(rest[0], (str, int, devices.device))):
        device = rest.pop(0)
        if rest and not isinstance(rest[0], bool):
            dtype = rest.pop(0)
    elif rest:
        dtype = rest.pop(0)
    if len(rest) > 1:
        copy = rest[1]  # the first is non_blocking
    if len(rest) > 2:
        raise TypeError(f"to() received an invalid combination of arguments - {len(args)} positional arguments are too many")
    if other is not None:
        dtype, device = other.dtype, other.device
    kind = None if dtype is None else dtypes.as_dtype(dtype)
    return _converted(self, kind, None if device is None else devices.device(device), copy, memory_format)


def _kind_method(kind: dtypes.dtype) -> Any:
    def method(self: Tensor, memory_format: Any = None) -> Any:
        return _converted(self, kind, None, memory_format=memory_format)

    method.__doc__ = f"The tensor as {kind!r}; itself where it is that already."
    return method


def cpu(self: Tensor, memory_format: Any = None) -> Any:
    """The tensor in the memory of the host; itself where it is there already."""
    return _converted(self, None, devices.CPU_DEVICE)


def cuda(self: Tensor, device: Any = None, non_blocking: bool = False, memory_format: Any = None) -> Any:
    """The tensor on a GPU; itself where it is there already.

    Raises RuntimeError for a device of another kind, and where there is no GPU.
    """
    place = devices.device("cuda" if device is None else device)
    if place.type != "cuda":
        raise RuntimeError("Invalid device, must be cuda device")
    return _converted(self, None, place)


def type_as(self: Tensor, other: Tensor) -> Any:
    """The tensor with the type and on the device of ``other``."""
    return to(self, other=other)


_LEGACY = {f"torch.{'cuda.' * far}{kind.legacy}Tensor": (kind, far) for kind in dtypes.ALL for far in (False, True)}


def type_of(self: Tensor, dtype: Any = None, non_blocking: bool = False) -> Any:
    """The name of the tensor's type ("torch.FloatTensor"), or the tensor as another type.

    Raises ValueError for a name that is none.
    """
    if dtype is None:
        return type_name(self)
    if isinstance(dtype, str):
        if dtype not in _LEGACY:
            raise ValueError(f"invalid type: '{dtype}'")
        kind, far = _LEGACY[dtype]
        return _converted(self, kind, devices.device("cuda") if far else devices.CPU_DEVICE)
    return _converted(self, dtypes.as_dtype(dtype), None)


TENSOR = {
    "bfloat16": _kind_method(dtypes.bfloat16),
    "bool": _kind_method(dtypes.bool_),
    "byte": _kind_method(dtypes.uint8),
    "cdouble": _kind_method(dtypes.complex128),
    "cfloat": _kind_method(dtypes.complex64),
    "char": _kind_method(dtypes.int8),
    "cpu": cpu,
    "cuda": cuda,
    "double": _kind_method(dtypes.float64),
    "float": _kind_method(dtypes.float32),
    "half": _kind_method(dtypes.float16),
    "int": _kind_method(dtypes.int32),
    "long": _kind_method(dtypes.int64),
    "short": _kind_method(dtypes.int16),
    "to": to,
    "type": type_of,
    "type_as": type_as,
}
