"""Functions that make tensors from Python values, numpy arrays and shapes."""

from __future__ import annotations

from typing import Any

from . import devices
from . import dtypes
from .tensor import Tensor, wrap


def _finish(array: Any, requires_grad: bool) -> Tensor:
    made = wrap(array)
    if requires_grad:
        made.requires_grad = True
    return made


def shape_of(size: tuple[Any, ...]) -> tuple[int, ...]:
    """The shape that a call like ``zeros(2, 3)`` or ``zeros((2, 3))`` means.

    Raises TypeError for sizes that are no integers and RuntimeError for negative ones.
    """
    if len(size) == 1 and not isinstance(size[0], (int, Tensor)) and not hasattr(size[0], "__index__"):
        size = tuple(size[0])
    shape = tuple(int(n.__index__()) for n in size)
    if any(n < 0 for n in shape):
        raise RuntimeError(f"Trying to create tensor with negative dimension {min(shape)}: {list(shape)}")
    return shape


def tensor(data: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """A tensor with a copy of ``data``: a number, nested sequences, a numpy array or a tensor.

    Python floats become the default float type, integers int64. Raises ValueError for ragged sequences.
    """
    module = devices.array_module(devices.as_device(device))
    if isinstance(data, Tensor):
        array = data._data
        source: Any = array
    else:
        source = data
        array = _host_array(data)
    kind = dtypes.as_dtype(dtype) if dtype is not None else None
    if kind is None and not isinstance(data, Tensor) and not hasattr(source, "dtype"):
        kind = _natural(array)
    host = devices.module_of(array)
    if host is not module:
        array = module.from_host(host.to_host(array))
    if kind is not None:
        array = array.astype(kind.numpy)
    else:
        dtypes.of(array.dtype)
        array = array.copy()
    return _finish(array, requires_grad)


def _natural(array: Any) -> dtypes.dtype:
    """The type that Python numbers, converted by numpy, should have."""
    kind = array.dtype.kind
    if kind == "f":
        return dtypes.get_default_dtype()
    if kind == "c":
        return dtypes.get_default_dtype().to_complex()
    if kind == "b":
        return dtypes.bool_
    if array.size == 0:
        return dtypes.get_default_dtype()
    return dtypes.int64


def _host_array(data: Any) -> Any:
    """Nested sequences of numbers, arrays and tensors as one array of the host."""
    if isinstance(data, (list, tuple)):
        data = _plain(data)
    try:
        array = devices.CPU.asarray(data)
    except ValueError as error:
        raise ValueError(f"expected sequences of equal length at each dimension: {error}") from None
    if array.dtype.kind not in "biufc":
        raise TypeError(f"can't make a tensor of {type(data).__name__}: its elements are {array.dtype}")
    return array


def _plain(data: Any) -> Any:
    if isinstance(data, (list, tuple)):
        return [_plain(d) for d in data]
    return data.tolist() if isinstance(data, Tensor) else data


def as_tensor(data: Any, dtype: Any = None, device: Any = None) -> Tensor:
    """``data`` as a tensor that shares its memory where that is possible."""
    if isinstance(data, Tensor):
        return data if dtype is None and device is None else data.to(device=device, dtype=dtype)  # type: ignore[no-any-return]
    if hasattr(data, "dtype") and devices.is_array(data):
        made = from_numpy(data) if type(data) is devices.CPU.ndarray else wrap(data)
        return made if dtype is None and device is None else made.to(device=device, dtype=dtype)  # type: ignore[no-any-return]
    return tensor(data, dtype=dtype, device=device)


def from_numpy(array: Any) -> Tensor:
    """The numpy array as a tensor that shares its memory.

    Raises TypeError for what is no numpy array and for element types that tensors cannot have.
    """
    if type(array) is not devices.CPU.ndarray:
        if not isinstance(array, devices.CPU.ndarray):
            raise TypeError(f"expected np.ndarray (got {type(array).__name__})")
        array = array.view(devices.CPU.ndarray)
    dtypes.of(array.dtype)
    return wrap(array)


def _place(dtype: Any, device: Any) -> tuple[Any, Any]:
    kind = dtypes.get_default_dtype() if dtype is None else dtypes.as_dtype(dtype)
    return devices.array_module(devices.as_device(device)), kind.numpy


def zeros(*size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """A tensor of zeros."""
    xp, kind = _place(dtype, device)
    return _finish(xp.zeros(shape_of(size), kind), requires_grad)


def ones(*size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """A tensor of ones."""
    xp, kind = _place(dtype, device)
    return _finish(xp.ones(shape_of(size), kind), requires_grad)


TORCH = {"as_tensor": as_tensor, "from_numpy": from_numpy, "ones": ones, "tensor": tensor, "zeros": zeros}
