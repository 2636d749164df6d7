"""Functions that make tensors from Python values, numpy arrays and shapes."""

from __future__ import annotations

import functools
import math
import warnings
from collections.abc import Callable, Sequence
from typing import Any, ParamSpec

from . import devices, dtypes, layouts, shortage
from .autograd.grad_mode import mode
from .tape import recorder
from .tensor import Tensor, wrap

_NUMBERS = (bool, int, float, complex)
P = ParamSpec("P")


def _finish(array: Any, requires_grad: bool) -> Tensor:
    made = wrap(array)
    if mode.inference:
        made._inference = True
    if requires_grad:
        if made.dtype.category < 2:
            raise RuntimeError("Only Tensors of floating point and complex dtype can require gradients")
        made._requires_grad = True
    return made


# ------------------------------------------------------------------------------------------------------------ from data


def tensor(data: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False, pin_memory: bool = False) -> Tensor:
    """A tensor with a copy of ``data``: a number, nested sequences, a numpy array or a tensor.

    Python floats become the default float type, integers int64. Raises ValueError for ragged sequences.
    """
    if isinstance(data, Tensor):
        warnings.warn(
            "To copy construct from a tensor, it is recommended to use sourceTensor.detach().clone() or "
            "sourceTensor.detach().clone().requires_grad_(True), rather than torch.tensor(sourceTensor).",
            UserWarning,
            stacklevel=2,
        )
        device = data.device if device is None else device
    return _copied(data, dtype, device, requires_grad)


def _copied(data: Any, dtype: Any, device: Any, requires_grad: bool) -> Tensor:
    module = devices.array_module(devices.as_device(device))
    kind = dtypes.as_dtype(dtype) if dtype is not None else None
    if isinstance(data, Tensor):
        _copied_from(data)
        array = data._data
    elif devices.is_array(data) or isinstance(data, devices.CPU.generic):
        array = (
            _acceptable(data) if type(data) is devices.CPU.ndarray else devices.CPU.asarray(data) if not devices.is_array(data) else data
        )
    else:
        array, natural = _host_array(data)
        kind = kind or natural
        if kind.category == 1 and array.dtype.kind in "iuf":
            _check_fits(array, kind)
    try:
        return _finish(_laid(module, array, kind) if module is devices.CPU else module.run(_laid, array, kind), requires_grad)
    except MemoryError as error:
        raise shortage.named(error, module.place) from error


def _laid(xp: Any, array: Any, kind: dtypes.dtype | None) -> Any:
    """A copy of ``array`` in the memory of a device."""
    source = devices.module_of(array)
    if source is not xp:
        array = xp.from_host(source.to_host(array))
    if kind is None:
        dtypes.of(array.dtype)
        return array.copy()
    if array.dtype.kind == "c" and kind.category < 3:
        array = array.real
    return array.astype(kind.numpy)


def _check_fits(array: Any, kind: dtypes.dtype) -> None:
    """Refuse numbers that the integer type cannot hold; -1 and the like wrap around in uint8, as in PyTorch."""
    limits = dtypes.iinfo(kind)
    low = -limits.max - 1 if kind is dtypes.uint8 else limits.min
    if array.size and not (array.min() >= low and array.max() <= limits.max):
        raise RuntimeError(f"value cannot be converted to type {kind.name} without overflow")


def _host_array(data: Any) -> tuple[Any, dtypes.dtype]:
    """Numbers, and nested sequences of numbers, arrays and tensors, as one array of the host and the type it should have."""
    kinds: set[dtypes.dtype] = set()
    plain = _plain(data, kinds)
    try:
        array = devices.CPU.asarray(plain)
        if array.dtype.kind not in "biufc":
            if array.dtype.kind in "O":
                _explain(plain)
            raise ValueError("Overflow when unpacking long long")
    except (ValueError, OverflowError) as error:
        _explain(plain)
        raise ValueError(str(error)) from None
    if array.dtype.kind == "u" or (array.dtype.kind == "f" and kinds <= {dtypes.int64} and kinds):
        raise ValueError("Overflow when unpacking long long")  # numpy found room for numbers beyond int64
    natural = dtypes.get_default_dtype()
    if kinds:
        first, *others = kinds
        natural = first
        for other in others:
            natural = dtypes.promote_types(natural, other)
    return array, natural


_PYTHON: dict[type, Any] = {bool: dtypes.bool_, int: dtypes.int64}


def _plain(data: Any, kinds: set[dtypes.dtype]) -> Any:
    """``data`` as nested lists of Python numbers; the types that the numbers have are added to ``kinds``."""
    kind = _PYTHON.get(type(data))
    if kind is not None:
        kinds.add(kind)
        return data
    if type(data) is float or type(data) is complex:
        kinds.add(dtypes.of_number(data))
        return data
    if isinstance(data, (list, tuple)):
        return [_plain(d, kinds) for d in data]
    if isinstance(data, Tensor):
        _copied_from(data)
        kinds.add(data.dtype)
        return data.tolist()
    if devices.is_array(data) or isinstance(data, devices.CPU.generic):
        kinds.add(dtypes.of(data.dtype))
        return data.tolist()
    if isinstance(data, _NUMBERS):
        kinds.add(dtypes.of_number(data))
        return data
    if isinstance(data, str):
        raise TypeError("new(): invalid data type 'str'")
    if isinstance(data, Sequence):
        return [_plain(d, kinds) for d in data]
    if hasattr(data, "__array__"):
        return _plain(devices.CPU.asarray(data), kinds)
    raise RuntimeError(f"Could not infer dtype of {type(data).__name__}")


def _copied_from(data: Tensor) -> None:
    """For whoever asks why a gradient is None: the numbers are copied, where they came from is not."""
    if data._requires_grad and recorder.current is not None and not mode.quiet:
        recorder.current.op("tensor", (data,), (), None, {}, recorder.current.clock())


def _explain(data: Any) -> None:
    """Say where nested lists are ragged."""
    sizes, first = [], data
    while isinstance(first, list):
        sizes.append(len(first))
        if not first:
            break
        first = first[0]

    def look(part: Any, dim: int) -> None:
        if dim == len(sizes):
            if isinstance(part, list):
                raise TypeError("'list' object cannot be interpreted as an integer")
            return
        if not isinstance(part, list):
            raise TypeError("not a sequence")
        if len(part) != sizes[dim]:
            raise ValueError(f"expected sequence of length {sizes[dim]} at dim {dim} (got {len(part)})")
        for inner in part:
            look(inner, dim + 1)

    look(data, 0)


def as_tensor(data: Any, dtype: Any = None, device: Any = None) -> Tensor:
    """``data`` as a tensor that shares its memory where that is possible."""
    if isinstance(data, Tensor):
        return data if dtype is None and device is None else data.to(device=device, dtype=dtype)
    if devices.is_array(data):
        made = from_numpy(data) if type(data) is devices.CPU.ndarray else wrap(data)
        return made if dtype is None and device is None else made.to(device=device, dtype=dtype)
    return _copied(data, dtype, device, False)


def asarray(obj: Any, *, dtype: Any = None, device: Any = None, copy: bool | None = None, requires_grad: bool = False) -> Tensor:
    """``obj`` as a tensor: sharing its memory where that is possible, always a copy, or (``copy=False``) never.

    Raises ValueError where ``copy=False`` cannot be kept.
    """
    if copy:
        return _copied(obj, dtype, device, requires_grad)
    made = as_tensor(obj, dtype, device)
    shares = isinstance(obj, Tensor) or devices.is_array(obj)
    if copy is False and not (shares and (made is obj or made._data is obj)):
        raise ValueError("can't alias arbitrary data into a tensor without copying it")
    if requires_grad and not made.requires_grad:
        made = made.detach() if made is obj else made
        made.requires_grad = True
    return made


def _acceptable(array: Any) -> Any:
    """The array itself.

    Raises TypeError for element types that tensors cannot have and ValueError for memory that runs backwards.
    """
    dtypes.of(array.dtype)
    if any(s < 0 for s in array.strides):
        raise ValueError(
            "At least one stride in the given numpy array is negative, and tensors with negative strides are not currently supported. "
            "(You can probably work around this by making a copy of your array  with array.copy().) "
        )
    return array


def from_numpy(array: Any) -> Tensor:
    """The numpy array as a tensor that shares its memory.

    Raises TypeError for what is no numpy array and for element types that tensors cannot have.
    """
    if not isinstance(array, devices.CPU.ndarray):
        raise TypeError(f"expected np.ndarray (got {type(array).__name__})")
    if type(array) is not devices.CPU.ndarray:
        array = devices.CPU.asarray(array)
    return _finish(_acceptable(array), False)


def frombuffer(buffer: Any, *, dtype: Any, count: int = -1, offset: int = 0, requires_grad: bool = False) -> Tensor:
    """The bytes of ``buffer`` as a vector that shares their memory."""
    return _finish(devices.CPU.frombuffer(buffer, dtypes.as_dtype(dtype).numpy, count, offset), requires_grad)


def scalar_tensor(s: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """A 0-d tensor of the default float type."""
    xp, kind = _place(dtype, device)
    return _finish(xp.asarray(s, kind), requires_grad)


# ------------------------------------------------------------------------------------------------------------ from shapes


def shape_of(size: tuple[Any, ...], name: str = "zeros") -> tuple[int, ...]:
    """The shape that a call like ``zeros(2, 3)`` or ``zeros((2, 3))`` means.

    Raises TypeError for sizes that are no integers and RuntimeError for negative ones.
    """
    several = len(size) == 1 and isinstance(size[0], (tuple, list))
    if several:
        size = tuple(size[0])
    for i, n in enumerate(size):
        if isinstance(n, bool) or not hasattr(n, "__index__"):
            kind = type(n).__name__
            if several:
                raise TypeError(
                    f"{name}(): argument 'size' failed to unpack the object at pos {i + 1} with error \"type must be tuple of ints,"
                    f'but got {kind}"'
                )
            raise TypeError(f"{name}(): argument 'size' (position {i + 1}) must be tuple of ints, not {kind}")
    shape = tuple(n.__index__() for n in size)
    if any(n < 0 for n in shape):
        if name == "zeros":
            raise RuntimeError("zeros: Dimension size must be non-negative.")
        raise RuntimeError(f"Trying to create tensor with negative dimension {min(shape)}: {list(shape)}")
    return shape


def _sizes(name: str, size: tuple[Any, ...], named: Any) -> tuple[int, ...]:
    if named is not None:
        return shape_of((named,), name)
    if not size:
        raise TypeError(f'{name}() missing 1 required positional arguments: "size"')
    return shape_of(size, name)


def _place(dtype: Any, device: Any) -> tuple[Any, Any]:
    kind = dtypes.get_default_dtype() if dtype is None else dtypes.as_dtype(dtype)
    return devices.array_module(devices.as_device(device)), kind.numpy


def _made(xp: Any, name: str, shape: Any, kind: Any, order: Any = None) -> Any:
    try:
        return layouts.made(getattr(xp, name), shape, kind, order)
    except MemoryError as error:
        raise shortage.named(error, xp.place) from error


def _filled(name: str, doc: str) -> tuple[Any, Any, Any]:
    """The function of that name, and its siblings ``..._like`` and ``new_...``."""

    def from_size(
        *sizes: Any,
        size: Any = None,
        dtype: Any = None,
        device: Any = None,
        requires_grad: bool = False,
        out: Any = None,
        layout: Any = None,
        pin_memory: bool = False,
        memory_format: Any = None,
    ) -> Tensor:
        shape = _sizes(name, sizes, size)
        if out is not None:
            out._data = out._xp.broadcast_to(getattr(out._xp, name)((), out._data.dtype), shape).copy()
            return out  # type: ignore[no-any-return]
        xp, kind = _place(dtype, device)
        order = None if memory_format is None else layouts.order_of(memory_format, xp.empty(shape, "bool"))
        return _finish(_made(xp, name, shape, kind, order), requires_grad)

    def like(
        input: Tensor,
        *,
        dtype: Any = None,
        device: Any = None,
        requires_grad: bool = False,
        layout: Any = None,
        memory_format: Any = None,
    ) -> Tensor:
        if not isinstance(input, Tensor):
            raise TypeError(f"{name}_like(): argument 'input' (position 1) must be Tensor, not {type(input).__name__}")
        place = input.device if device is None else device
        xp, kind = _place(input.dtype if dtype is None else dtype, place)
        order = layouts.order_of(memory_format, input._data)
        return _finish(_made(xp, name, input._data.shape, kind, order), requires_grad)

    def new(
        self: Tensor,
        *sizes: Any,
        size: Any = None,
        dtype: Any = None,
        device: Any = None,
        requires_grad: bool = False,
        layout: Any = None,
        pin_memory: bool = False,
    ) -> Tensor:
        shape = _sizes(f"new_{name}", sizes, size)
        xp, kind = _place(self.dtype if dtype is None else dtype, self.device if device is None else device)
        return _finish(_made(xp, name, shape, kind), requires_grad)

    for function, spelled in ((from_size, name), (like, f"{name}_like"), (new, f"new_{name}")):
        function.__name__ = function.__qualname__ = spelled
    from_size.__doc__ = f"A tensor of the given size {doc}, of the default float type."
    like.__doc__ = f"A tensor of the shape, type and device of ``input`` {doc}."
    new.__doc__ = f"A tensor of the given size with this tensor's type and device {doc}."
    return from_size, like, new


zeros, zeros_like, new_zeros = _filled("zeros", "filled with 0")
ones, ones_like, new_ones = _filled("ones", "filled with 1")
empty, empty_like, new_empty = _filled("empty", "whose elements are whatever was there")


def full(
    size: Sequence[int],
    fill_value: Any,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    layout: Any = None,
    pin_memory: bool = False,
) -> Tensor:
    """A tensor of the given size filled with one value, of the value's type unless ``dtype`` says otherwise."""
    if not isinstance(size, (tuple, list)):
        raise TypeError(f"full(): argument 'size' (position 1) must be tuple of ints, not {type(size).__name__}")
    shape = shape_of((size,), "full")
    return _full(shape, fill_value, dtype, device, requires_grad)


def _full(shape: tuple[int, ...], value: Any, dtype: Any, device: Any, requires_grad: bool) -> Tensor:
    if isinstance(value, Tensor):
        dtype, value = dtype or value.dtype, value.item()
    if not isinstance(value, (*_NUMBERS, devices.CPU.generic)):
        raise TypeError(f"full(): argument 'fill_value' (position 2) must be Number, not {type(value).__name__}")
    xp, kind = _place(dtypes.of_number(value) if dtype is None else dtype, device)
    try:
        return _finish(xp.full(shape, value, kind), requires_grad)
    except MemoryError as error:
        raise shortage.named(error, xp.place) from error


def full_like(
    input: Tensor, fill_value: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False, memory_format: Any = None
) -> Tensor:
    """A tensor of the shape, type and device of ``input`` filled with one value."""
    place = input.device if device is None else device
    return _full(input._data.shape, fill_value, input.dtype if dtype is None else dtype, place, requires_grad)


def new_full(
    self: Tensor, size: Sequence[int], fill_value: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """A tensor of the given size with this tensor's type and device filled with one value."""
    place = self.device if device is None else device
    return _full(shape_of((size,), "new_full"), fill_value, self.dtype if dtype is None else dtype, place, requires_grad)


def new_tensor(self: Tensor, data: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """A tensor with a copy of ``data`` with this tensor's type and device."""
    return _copied(data, self.dtype if dtype is None else dtype, self.device if device is None else device, requires_grad)


def empty_strided(
    size: Sequence[int], stride: Sequence[int], *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """A tensor whose elements lie ``stride`` elements apart in memory."""
    xp, kind = _place(dtype, device)
    shape = shape_of((size,), "empty_strided")
    extent = 1 + sum((n - 1) * s for n, s in zip(shape, stride, strict=True)) if 0 not in shape else 0
    memory = xp.empty(max(extent, 1), kind)
    return _finish(xp.as_strided(memory, shape, tuple(s * memory.itemsize for s in stride)), requires_grad)


def new_empty_strided(
    self: Tensor, size: Sequence[int], stride: Sequence[int], *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """As ``empty_strided``, with this tensor's type and device."""
    place = self.device if device is None else device
    return empty_strided(size, stride, dtype=self.dtype if dtype is None else dtype, device=place, requires_grad=requires_grad)


def empty_permuted(
    size: Sequence[int], physical_layout: Sequence[int], *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """A tensor of the given size whose dimensions lie in memory in the order ``physical_layout``, the last closest together.

    Raises RuntimeError unless that names each dimension once.
    """
    shape, order = shape_of((size,), "empty_permuted"), tuple(physical_layout)
    if len(shape) != len(order):
        raise RuntimeError(
            "Number of dimensions in size does not match the length of the physical_layout; i.e. len(size) = "
            f"{len(shape)} is not equal to len(physical_layout) = {len(order)}"
        )
    strides, step = [0] * len(shape), 1
    for i, dim in enumerate(order):
        if not 0 <= dim < len(shape):
            raise RuntimeError(
                f"Dimension out of range (expected to be between 0 and {len(shape) - 1}, but got {dim} at index {i}).  NB: negative dims "
                "not currently supported; file an issue if you want it."
            )
        if dim in order[:i]:
            raise RuntimeError("Duplicate dim not allowed")
    for dim in reversed(order):
        strides[dim] = step
        step *= max(shape[dim], 1)
    return empty_strided(shape, strides, dtype=dtype, device=device, requires_grad=requires_grad)


# ------------------------------------------------------------------------------------------------------------ numbers in order


def _there(function: Callable[P, Tensor]) -> Callable[P, Tensor]:
    """Decorator for a factory that computes: it does so on the device that it is given."""

    @functools.wraps(function)
    def called(*args: P.args, **kwargs: P.kwargs) -> Tensor:
        place = devices.as_device(kwargs.get("device"))
        if place.type == "cpu":
            return function(*args, **kwargs)
        return devices.array_module(place).run(lambda xp: function(*args, **kwargs))  # type: ignore[no-any-return]

    return called


def _scalar(value: Any) -> Any:
    return value.item() if isinstance(value, Tensor) else value


@_there
def arange(
    start: Any = 0,
    end: Any = None,
    step: Any = 1,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    layout: Any = None,
    pin_memory: bool = False,
) -> Tensor:
    """The numbers from ``start`` (0) up to but not including ``end`` in steps; int64 where all arguments are integers.

    Raises RuntimeError for a step of 0 or of the wrong sign.
    """
    start, end, step = _scalar(start), _scalar(end), _scalar(step)
    if end is None:
        start, end = 0, start
    if dtype is None:
        floats = any(isinstance(n, (float, devices.CPU.floating)) for n in (start, end, step))
        dtype = dtypes.get_default_dtype() if floats else dtypes.int64
    if step == 0:
        raise RuntimeError("step must be nonzero")
    if not (math.isfinite(start) and math.isfinite(end)):
        raise RuntimeError(f"unsupported range: {start} -> {end}")
    if (step > 0 and start > end) or (step < 0 and start < end):
        raise RuntimeError("upper bound and lower bound inconsistent with step sign")
    xp, kind = _place(dtype, device)
    whole = all(isinstance(n, int) for n in (start, end, step))
    count = -((start - end) // step) if whole else math.ceil((end - start) / step)
    numbers = xp.arange(count, dtype="int64" if whole else "float64")
    return _finish((numbers * step + start).astype(kind, copy=False), requires_grad)


@_there
def range_(start: Any = 0, end: Any = None, step: Any = 1, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """The numbers from ``start`` up to and including ``end``; PyTorch advises ``arange``."""
    warnings.warn(
        "torch.range is deprecated and will be removed in a future release because its behavior is inconsistent with Python's range "
        "builtin. Instead, use torch.arange, which produces values in [start, end).",
        UserWarning,
        stacklevel=2,
    )
    xp, kind = _place(dtype, device)
    count = int((end - start) / step + 1)
    return _finish((xp.arange(count) * step + start).astype(kind), requires_grad)


@_there
def linspace(
    start: Any, end: Any, steps: int, *, dtype: Any = None, device: Any = None, requires_grad: bool = False, layout: Any = None
) -> Tensor:
    """``steps`` numbers from ``start`` to ``end``, both included, at equal distances."""
    xp, kind = _place(dtype, device)
    return _finish(_spaced(xp, _scalar(start), _scalar(end), steps, dtypes.of(kind)).astype(kind), requires_grad)


def _spaced(xp: Any, start: Any, end: Any, steps: int, kind: dtypes.dtype) -> Any:
    """From both ends to the middle, so that the ends are exact."""
    if steps < 0:
        raise RuntimeError("number of steps must be non-negative")
    wide = "complex128" if kind.is_complex or isinstance(start, complex) or isinstance(end, complex) else "float64"
    if steps == 1:
        return xp.full(1, start, wide)
    step = (end - start) / (steps - 1) if steps else 0.0
    if kind.category == 1:
        step = float(devices.CPU.float32(step))
    if kind.numpy in dtypes.HALVES:  # the step and what it is multiplied with are rounded
        step = devices.CPU.asarray(step, "float32").astype(kind.numpy).astype(wide)
        low, high = (xp.arange(n).astype(wide) * step for n in (steps // 2, steps - steps // 2))
        return xp.concatenate([start + low.astype(kind.numpy).astype(wide), end - high[::-1].astype(kind.numpy).astype(wide)])
    low = xp.arange(steps // 2).astype(wide) * step + start
    high = end - xp.arange(steps - steps // 2)[::-1].astype(wide) * step
    return xp.concatenate([low, high])


@_there
def logspace(
    start: Any, end: Any, steps: int, base: float = 10.0, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """``steps`` numbers from ``base ** start`` to ``base ** end`` at equal ratios."""
    xp, kind = _place(dtype, device)
    exponents = _spaced(xp, _scalar(start), _scalar(end), steps, dtypes.float64)
    return _finish((xp.asarray(float(base)) ** exponents).astype(kind), requires_grad)


@_there
def eye(n: int, m: int | None = None, *, dtype: Any = None, device: Any = None, requires_grad: bool = False, layout: Any = None) -> Tensor:
    """A matrix with ones on the diagonal and zeros elsewhere."""
    if n < 0:
        raise RuntimeError(f"n must be greater or equal to 0, got {n}")
    if m is not None and m < 0:
        raise RuntimeError(f"m must be greater or equal to 0, got {m}")
    xp, kind = _place(dtype, device)
    return _finish(xp.eye(n, m, dtype=kind), requires_grad)


def is_tensor(obj: Any) -> bool:
    """Whether ``obj`` is a tensor."""
    return isinstance(obj, Tensor)


TORCH = {
    "arange": arange,
    "as_tensor": as_tensor,
    "asarray": asarray,
    "empty": empty,
    "empty_like": empty_like,
    "empty_permuted": empty_permuted,
    "empty_strided": empty_strided,
    "eye": eye,
    "from_numpy": from_numpy,
    "frombuffer": frombuffer,
    "full": full,
    "full_like": full_like,
    "is_tensor": is_tensor,
    "linspace": linspace,
    "logspace": logspace,
    "ones": ones,
    "ones_like": ones_like,
    "range": range_,
    "scalar_tensor": scalar_tensor,
    "tensor": tensor,
    "zeros": zeros,
    "zeros_like": zeros_like,
}
TENSOR = {
    "new_empty": new_empty,
    "new_empty_strided": new_empty_strided,
    "new_full": new_full,
    "new_ones": new_ones,
    "new_tensor": new_tensor,
    "new_zeros": new_zeros,
}
