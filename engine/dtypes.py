"""Element types under PyTorch's names, and PyTorch's rules of promotion."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy


class dtype:  # PyTorch spells it so
    """The type of a tensor's elements. There is one object a type, so ``is`` compares them."""

    __slots__ = ("category", "is_complex", "is_floating_point", "itemsize", "legacy", "name", "numpy")

    numpy: numpy.dtype[Any]  # what arrays have

    def __init__(self, name: str, legacy: str, category: int, itemsize: int, at_once: bool = True) -> None:
        self.name = name
        self.legacy = legacy  # the word in "torch.FloatTensor", which PyTorch's messages still use
        self.category = category  # 0 bool, 1 integers, 2 floats, 3 complex numbers
        self.itemsize = itemsize
        self.is_complex = category == 3
        self.is_floating_point = category == 2
        if at_once:
            self.numpy = numpy.dtype(name)
            _BY_NUMPY[self.numpy] = self

    def __getattr__(self, name: str) -> Any:
        """``numpy`` of a half type, when it is first asked for."""
        if name != "numpy":
            raise AttributeError(f"'torch.dtype' object has no attribute {name!r}")
        return _load_half(self)

    @property
    def is_signed(self) -> bool:
        """Whether the type holds negative numbers."""
        return self.category > 1 or self.name.startswith("int")

    def to_complex(self) -> dtype:
        """The complex type whose parts have this type's precision.

        Raises RuntimeError for integers and bools.
        """
        if self.category < 2:
            raise RuntimeError(f"Unknown Complex ScalarType for {self.legacy}")
        return {"float16": complex32, "complex32": complex32, "float64": complex128, "complex128": complex128}.get(self.name, complex64)

    def to_real(self) -> dtype:
        """The type of the parts of this complex type; itself where it is real."""
        return {"complex32": float16, "complex64": float32, "complex128": float64}.get(self.name, self)

    def __repr__(self) -> str:
        return f"torch.{self.name}"

    def __reduce__(self) -> str:
        return "bool_" if self.category == 0 else self.name


_BY_NUMPY: dict[Any, dtype] = {}
bool_ = dtype("bool", "Bool", 0, 1)
uint8 = dtype("uint8", "Byte", 1, 1)
int8 = dtype("int8", "Char", 1, 1)
int16 = dtype("int16", "Short", 1, 2)
int32 = dtype("int32", "Int", 1, 4)
int64 = dtype("int64", "Long", 1, 8)
uint16 = dtype("uint16", "UInt16", 1, 2)
uint32 = dtype("uint32", "UInt32", 1, 4)
uint64 = dtype("uint64", "UInt64", 1, 8)
float16 = dtype("float16", "Half", 2, 2, at_once=False)
bfloat16 = dtype("bfloat16", "BFloat16", 2, 2, at_once=False)
float32 = dtype("float32", "Float", 2, 4)
float64 = dtype("float64", "Double", 2, 8)
complex64 = dtype("complex64", "ComplexFloat", 3, 8)
complex32 = dtype("complex32", "ComplexHalf", 3, 4, at_once=False)
complex32.numpy = complex64.numpy  # no array has parts of 16 bits: a tensor that is asked for in this type has the next
complex128 = dtype("complex128", "ComplexDouble", 3, 16)

ALL = (
    *(bool_, uint8, int8, int16, int32, int64, uint16, uint32, uint64),
    *(float16, bfloat16, float32, float64, complex64, complex128),
)
_WORDS = (uint16, uint32, uint64)
_default = float32

# as C++ spells them, and some messages of PyTorch
C_NAMES = {
    "bool": "bool",
    "uint8": "unsigned char",
    "int8": "signed char",
    "int16": "short",
    "int32": "int",
    "int64": "long int",
    "float16": "c10::Half",
    "bfloat16": "c10::BFloat16",
    "float32": "float",
    "float64": "double",
    "complex64": "c10::complex<float>",
    "complex128": "c10::complex<double>",
}

# ------------------------------------------------------------------------------------------------------- half precision

HALVES: set[Any] = set()  # the numpy types of 16-bit floats that are in use
_waiting: list[Callable[[], None]] = []


def when_halves(call: Callable[[], None]) -> None:
    """Call ``call`` once, when the first tensor of a 16-bit floating-point type can exist: programs without one pay nothing."""
    if HALVES:
        call()
    else:
        _waiting.append(call)


def _load_half(kind: dtype) -> Any:
    if kind is bfloat16:
        import ml_dtypes

        found = numpy.dtype(ml_dtypes.bfloat16)
    else:
        found = numpy.dtype(kind.name)
    kind.numpy = found
    _BY_NUMPY[found] = kind
    HALVES.add(found)
    while _waiting:
        _waiting.pop()()
    return found


def of(element: Any) -> dtype:
    """The dtype for a numpy dtype.

    Raises TypeError for element types that tensors cannot have (strings, objects).
    """
    found = _BY_NUMPY.get(element)
    if found is None:
        if element == "float16":
            _load_half(float16)
            return float16
        kind = numpy.dtype(element).type
        module = kind.__module__.partition(".")[0]
        raise TypeError(
            f"can't convert np.ndarray of type {module}.{kind.__name__}. The only supported types are: float64, float32, float16, "
            "complex64, complex128, int64, int32, int16, int8, uint64, uint32, uint16, uint8, and bool."
        )
    return found


def as_dtype(wanted: Any) -> dtype:
    """``wanted`` itself, or the dtype that Python's bool, int, float or complex stands for."""
    if isinstance(wanted, dtype):
        return wanted
    python = {bool: bool_, int: int64, float: _default, complex: _default.to_complex()}
    if wanted in python:
        return python[wanted]
    raise TypeError(f"dtype must be a torch.dtype such as torch.float32, not {wanted!r}")


def get_default_dtype() -> dtype:
    """The type that Python floats become; float32 at the start."""
    return _default


def set_default_dtype(wanted: dtype) -> None:
    """Choose the type that Python floats become.

    Raises TypeError unless it is a floating-point type.
    """
    global _default
    if not wanted.is_floating_point:
        raise TypeError(f"only floating-point types are supported as the default type, got {wanted!r}")
    _default = wanted


def of_number(value: Any) -> dtype:
    """The type that a Python number has as a tensor."""
    if isinstance(value, bool):
        return bool_
    if isinstance(value, int):
        return int64
    if isinstance(value, float):
        return _default
    return _default.to_complex()


def promote_types(a: dtype, b: dtype) -> dtype:
    """The smallest type that both convert to, by PyTorch's table.

    It is numpy's but for integers meeting floats: a float keeps its width whatever the integer's. Raises RuntimeError for
    unsigned words meeting another integer type.
    """
    if a is b:
        return a
    if (a in _WORDS or b in _WORDS) and (max(a.category, b.category) != 2):
        raise RuntimeError(f"Promotion for uint16, uint32, uint64 types is not supported, attempted to promote {a.legacy} and {b.legacy}")
    low, high = (a, b) if a.category < b.category else (b, a)
    if high.category >= 2 and low.category != high.category:
        if low.category < 2 or (low.itemsize * 2 <= high.itemsize and (low, high) != (bfloat16, complex32)):
            return high
        return low.to_complex()
    if high.category == 2 or high.category == 3:
        return float32 if low.itemsize == high.itemsize else max(a, b, key=lambda t: t.itemsize)
    return _BY_NUMPY[numpy.promote_types(a.numpy, b.numpy)]


def result_type(operands: Iterable[tuple[dtype, int]]) -> dtype:
    """The type of an op on operands given as (type, rank), rank 2 for tensors with dimensions, 1 for 0-d tensors, 0 for
    Python numbers. A lower rank counts only where its category (bool, integer, float, complex) is higher: PyTorch's
    "Tensor attributes", section torch.dtype."""
    best: list[dtype | None] = [None, None, None]
    for kind, rank in operands:
        seen = best[rank]
        best[rank] = kind if seen is None else promote_types(seen, kind)
    result = best[2]
    for lower in (best[1], best[0]):
        if lower is None:
            continue
        if result is None:
            result = lower
        elif lower.category > result.category:
            # complex meeting a float keeps the precision of that
            result = result.to_complex() if lower.category == 3 and result.category == 2 else lower
    if result is None:
        raise RuntimeError("result_type of no operands")
    return result


class finfo:
    """Limits of a floating-point type: ``eps``, ``min``, ``max``, ``tiny``, ``smallest_normal``, ``resolution``, ``bits``.

    Raises TypeError for other types.
    """

    def __init__(self, type: dtype | None = None) -> None:
        kind = _default if type is None else type
        if kind.category < 2:
            raise TypeError("torch.finfo() requires a floating point input type. Use torch.iinfo to handle 'torch.finfo'")
        kind = kind.to_real()
        self.dtype = kind.name
        if kind is bfloat16:  # 8 bits of exponent, as float32, and 7 of mantissa
            self.bits, self.eps, self.max, self.resolution = 16, 2.0**-7, (2 - 2.0**-7) * 2.0**127, 0.01
            self.tiny = self.smallest_normal = 2.0**-126
        else:
            info = numpy.finfo(kind.numpy)
            self.bits, self.eps, self.max = int(info.bits), float(info.eps), float(info.max)
            self.tiny = self.smallest_normal = float(info.tiny)
            self.resolution = 10.0**-info.precision
        self.min = -self.max

    def __repr__(self) -> str:
        numbers = ("resolution", "min", "max", "eps", "smallest_normal", "tiny")
        return f"finfo({', '.join(f'{name}={getattr(self, name):g}' for name in numbers)}, dtype={self.dtype})"


class iinfo:
    """Limits of an integer type: ``min``, ``max``, ``bits``.

    Raises TypeError for other types.
    """

    def __init__(self, type: dtype) -> None:
        if type.category > 1:
            raise TypeError("torch.iinfo() requires an integer input type. Use torch.finfo to handle 'torch.iinfo'")
        if type is bool_:
            raise TypeError("torch.bool is not supported by torch.iinfo")
        self.dtype = type.name
        info = numpy.iinfo(type.numpy)
        self.bits, self.min, self.max = int(info.bits), int(info.min), int(info.max)

    def __repr__(self) -> str:
        return f"iinfo(min={self.min:g}, max={self.max:g}, dtype={self.dtype})"
