"""The memory of tensors as an object: ``untyped_storage()``, ``storage()``, and what else tensors tell about where they lie."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import Any

from . import devices, dtypes
from .layouts import layout, strided
from .tensor import Tensor, wrap


def _owner(array: Any) -> Any:
    """The array that has the memory."""
    while getattr(array, "base", None) is not None and devices.is_array(array.base):
        array = array.base
    return array


class UntypedStorage:
    """The bytes that a tensor and its views share."""

    def __init__(self, array: Any) -> None:
        self._array = _owner(array)

    def nbytes(self) -> int:
        """How many bytes there are."""
        return int(self._array.nbytes)

    size = __len__ = nbytes

    def data_ptr(self) -> int:
        """The address of the first byte."""
        return devices.module_of(self._array).address(self._array)

    @property
    def device(self) -> devices.device:
        """Where the bytes lie."""
        return devices.device_of(self._array)

    def tolist(self) -> list[int]:
        """The bytes as numbers."""
        return list(devices.module_of(self._array).to_host(self._array).tobytes())

    def is_shared(self) -> bool:
        """Whether other processes see the bytes: they do not."""
        return False

    def is_pinned(self, device: Any = None) -> bool:
        """Whether the bytes lie in page-locked memory: they do not."""
        return False


class TypedStorage:
    """The elements that a tensor and its views share, in the order of memory."""

    def __init__(self, array: Any) -> None:
        self._array = _owner(array)
        self.dtype = dtypes.of(array.dtype)

    def untyped(self) -> UntypedStorage:
        """The same memory as bytes."""
        return UntypedStorage(self._array)

    def nbytes(self) -> int:
        """How many bytes there are."""
        return int(self._array.nbytes)

    def size(self) -> int:
        """How many elements there are."""
        return int(self._array.size)

    __len__ = size

    def data_ptr(self) -> int:
        """The address of the first element."""
        return self.untyped().data_ptr()

    @property
    def device(self) -> devices.device:
        """Where the elements lie."""
        return devices.device_of(self._array)

    def tolist(self) -> list[Any]:
        """The elements as Python numbers."""
        flat: list[Any] = devices.module_of(self._array).to_host(self._array).ravel("K").tolist()
        return flat

    def __getitem__(self, index: int) -> Any:
        return self.tolist()[index]

    def __iter__(self) -> Iterator[Any]:
        return iter(self.tolist())

    def is_shared(self) -> bool:
        """Whether other processes see the elements: they do not."""
        return False


def untyped_storage(self: Tensor) -> UntypedStorage:
    """The bytes that the tensor and its views share."""
    return UntypedStorage(self._data)


def storage(self: Tensor) -> TypedStorage:
    """The elements that the tensor and its views share; PyTorch advises ``untyped_storage``."""
    warnings.warn(
        "TypedStorage is deprecated. It will be removed in the future and UntypedStorage will be the only storage class. This should only "
        "matter to you if you are using storages directly.  To access UntypedStorage directly, use tensor.untyped_storage() instead of "
        "tensor.storage()",
        UserWarning,
        stacklevel=2,
    )
    return TypedStorage(self._data)


def _told(value: Any, doc: str) -> property:
    made = property(lambda self: value)
    made.__doc__ = doc
    return made


def _said(value: Any, doc: str) -> Callable[[Tensor], Any]:
    def method(self: Tensor) -> Any:
        return value

    method.__doc__ = doc
    return method


def is_set_to(self: Tensor, tensor: Tensor) -> bool:
    """Whether both are the same elements of the same memory, in the same order."""
    same = self._xp.address(self._data) == tensor._xp.address(tensor._data)
    return bool(same and self._data.shape == tensor._data.shape and self._data.strides == tensor._data.strides)


def dim_order(self: Tensor) -> tuple[int, ...]:
    """The dimensions from the one with the widest strides to the one with the narrowest."""
    return tuple(sorted(range(self.ndim), key=lambda dim: (-self._data.strides[dim], dim)))


def share_memory_(self: Tensor) -> Tensor:
    """The tensor itself: what other processes get is a copy."""
    return self


def pin_memory(self: Tensor, device: Any = None) -> Tensor:
    """The tensor itself: there is no page-locked memory here."""
    return self


def is_pinned(self: Tensor, device: Any = None) -> bool:
    """Whether the tensor lies in page-locked memory: it does not."""
    return False


def record_stream(self: Tensor, stream: Any) -> None:
    """Nothing: work on a GPU is in one order."""


def is_signed(self: Tensor) -> bool:
    """Whether the type holds negative numbers."""
    return self.dtype.is_signed


def apply_(self: Tensor, callable: Callable[[Any], Any]) -> Tensor:
    """Replace every element by what a Python function gives for it, one by one: slow, and without a derivative.

    Raises TypeError for tensors on a GPU and RuntimeError for those that require a gradient.
    """
    if self.device.type != "cpu":
        raise TypeError("apply_ is only implemented on CPU tensors")
    if self.requires_grad:
        raise RuntimeError("Can't call apply_() on Variable that requires grad. Use var.detach().apply_() instead.")
    self._data.flat = [callable(value) for value in self._data.reshape(-1).tolist()]
    return self


def map_(self: Tensor, tensor: Tensor, callable: Callable[[Any, Any], Any]) -> Tensor:
    """Replace every element by what a Python function gives for it and its partner in ``tensor``: slow, without a derivative.

    Raises TypeError for tensors on a GPU and RuntimeError for those that require a gradient.
    """
    if self.device.type != "cpu":
        raise TypeError("map_ is only implemented on CPU tensors")
    if self.requires_grad:
        raise RuntimeError("Can't call map_() on Variable that requires grad. Use var.detach().map_() instead.")
    others = self._xp.broadcast_to(tensor._data, self._data.shape).reshape(-1).tolist()
    pairs = zip(self._data.reshape(-1).tolist(), others, strict=True)
    self._data.flat = [callable(value, other) for value, other in pairs]
    return self


def new(self: Tensor, *args: Any) -> Tensor:
    """A tensor of this one's type and device, of a size (uninitialised in PyTorch; here zeros) or of data."""
    if args and all(isinstance(a, int) and not isinstance(a, bool) for a in args):
        return self.new_zeros(args)  # type: ignore[no-any-return]
    return self.new_tensor(args[0] if args else [])  # type: ignore[no-any-return]


def to_dense(self: Tensor, dtype: Any = None, *, masked_grad: Any = None) -> Any:
    """The tensor itself, which is dense, in another type where one is given."""
    return self if dtype is None else self.to(dtype)


def fill_diagonal_(self: Tensor, fill_value: Any, wrap: bool = False) -> Tensor:
    """Fill the diagonal of a matrix, or of a cube; with ``wrap`` that of a tall matrix begins anew after each square.

    Raises RuntimeError for vectors, and for cubes with unequal sides.
    """
    if self.ndim < 2:
        raise RuntimeError("dimensions must larger than 1")
    if self.ndim > 2 and len(set(self._data.shape)) > 1:
        raise RuntimeError("all dimensions of input must be of equal length")
    if self.ndim > 2:
        count = self._data.shape[0]
        self.as_strided((count,), (sum(self.stride()),)).fill_(fill_value)
        return self
    rows, columns = self._data.shape
    for start in range(0, rows if wrap else 1, columns + 1):
        self[start : start + columns].diagonal().fill_(fill_value)
    return self


def dlpack(self: Tensor, **options: Any) -> Any:
    """A capsule with the tensor's memory, for other libraries.

    Raises BufferError for tensors that require a gradient.
    """
    if self.requires_grad:
        raise BufferError("Can't export tensors that require gradient, use tensor.detach()")
    return self._data.__dlpack__(**options)


def dlpack_device(self: Tensor) -> Any:
    """The device in DLPack's numbers."""
    return self._data.__dlpack_device__()


def is_storage(obj: Any) -> bool:
    """Whether ``obj`` is the memory of a tensor."""
    return isinstance(obj, (UntypedStorage, TypedStorage))


def set_data(self: Tensor, source: Any = None) -> Tensor:
    """Make this tensor the memory of ``source`` (``Tensor.set_``); without one an empty tensor."""
    self._data = wrap(self._xp.zeros(0, self._data.dtype))._data if source is None else source._data
    self._bump()
    return self


def _layout(self: Tensor) -> layout:
    return strided


TENSOR: dict[str, Any] = {
    "__dlpack__": dlpack,
    "__dlpack_device__": dlpack_device,
    "apply_": apply_,
    "const_data_ptr": Tensor.data_ptr,
    "dense_dim": Tensor.dim,
    "dim_order": dim_order,
    "fill_diagonal_": fill_diagonal_,
    "is_coalesced": _said(False, "Whether a sparse tensor has each index once: there are no sparse tensors."),
    "is_cpu": property(lambda self: self.device.type == "cpu"),
    "is_distributed": _said(False, "Whether the tensor is spread over processes: it is not."),
    "is_ipu": _told(False, "Whether the tensor lies on such a device: it does not."),
    "is_maia": _told(False, "Whether the tensor lies on such a device: it does not."),
    "is_meta": _told(False, "Whether the tensor has no elements but a shape: it has."),
    "is_mkldnn": _told(False, "Whether the elements lie in oneDNN's own order: they do not."),
    "is_mps": _told(False, "Whether the tensor lies on such a device: it does not."),
    "is_mtia": _told(False, "Whether the tensor lies on such a device: it does not."),
    "is_neg": _said(False, "Whether the elements are to be negated when read: they are not."),
    "is_nested": _told(False, "Whether the tensor is a list of tensors: it is not."),
    "is_pinned": is_pinned,
    "is_quantized": _told(False, "Whether the elements are quantised: they are not."),
    "is_set_to": is_set_to,
    "is_shared": _said(False, "Whether other processes see the elements: they do not."),
    "is_signed": is_signed,
    "is_sparse": _told(False, "Whether only some elements are stored: all are."),
    "is_sparse_csr": _told(False, "Whether only some elements are stored: all are."),
    "is_vulkan": _told(False, "Whether the tensor lies on such a device: it does not."),
    "is_xla": _told(False, "Whether the tensor lies on such a device: it does not."),
    "is_xpu": _told(False, "Whether the tensor lies on such a device: it does not."),
    "layout": property(_layout),
    "map_": map_,
    "new": new,
    "pin_memory": pin_memory,
    "record_stream": record_stream,
    "set_": set_data,
    "share_memory_": share_memory_,
    "sparse_dim": _said(0, "How many dimensions are sparse: none."),
    "storage": storage,
    "to_dense": to_dense,
    "untyped_storage": untyped_storage,
}
