"""Element types under PyTorch's names, and PyTorch's rules of promotion."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy


class dtype:  # PyTorch spells it so
    """The type of a tensor's elements. There is one object a type, so ``is`` compares them."""

    __slots__ = ("category", "is_complex", "is_floating_point", "itemsize", "legacy", "name", "numpy")

    def __init__(self, name: str, legacy: str) -> None:
        self.name = name
        self.legacy = legacy  # the word in "torch.FloatTensor", which PyTorch's messages still use
        self.numpy = numpy.dtype(name)
        self.itemsize = self.numpy.itemsize
        self.is_complex = self.numpy.kind == "c"
        self.is_floating_point = self.numpy.kind == "f"
        self.category = "bifc".index(self.numpy.kind.replace("u", "i"))

    @property
    def is_signed(self) -> bool:
        """Whether the type holds negative numbers."""
        return self.numpy.kind in "ifc"

    def to_complex(self) -> dtype:
        """The complex type whose parts have this type's precision."""
        return complex128 if self.name in ("float64", "complex128") else complex64

    def to_real(self) -> dtype:
        """The type of the parts of this complex type; itself where it is real."""
        return {"complex64": float32, "complex128": float64}.get(self.name, self)

    def __repr__(self) -> str:
        return f"torch.{self.name}"

    def __reduce__(self) -> str:
        return self.name


bool_ = dtype("bool", "Bool")
uint8 = dtype("uint8", "Byte")
int8 = dtype("int8", "Char")
int16 = dtype("int16", "Short")
int32 = dtype("int32", "Int")
int64 = dtype("int64", "Long")
float16 = dtype("float16", "Half")
float32 = dtype("float32", "Float")
float64 = dtype("float64", "Double")
complex64 = dtype("complex64", "ComplexFloat")
complex128 = dtype("complex128", "ComplexDouble")

ALL = (bool_, uint8, int8, int16, int32, int64, float16, float32, float64, complex64, complex128)
_BY_NUMPY = {t.numpy: t for t in ALL}
_default = float32


def of(element: Any) -> dtype:
    """The dtype for a numpy dtype.

    Raises TypeError for element types that tensors cannot have (strings, objects, unsigned words).
    """
    found = _BY_NUMPY.get(element)
    if found is None:
        raise TypeError(
            f"can't convert np.ndarray of type numpy.{numpy.dtype(element).type.__name__}. The only supported types are: "
            + ", ".join(t.name for t in reversed(ALL))
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

    It is numpy's but for integers meeting floats: a float keeps its width whatever the integer's.
    """
    if a is b:
        return a
    if a.category != b.category and max(a.category, b.category) >= 2:
        low, high = (a, b) if a.category < b.category else (b, a)
        if low.category < 2:
            return high
        if low is float16 and high is complex64:
            return complex64
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
    """Limits of a floating-point type: ``eps``, ``min``, ``max``, ``tiny``, ``smallest_normal``, ``resolution``, ``bits``."""

    def __init__(self, type: dtype | None = None) -> None:
        self.dtype = (type or _default).name
        info = numpy.finfo((type or _default).numpy)
        self.bits, self.eps, self.max, self.min = int(info.bits), float(info.eps), float(info.max), float(info.min)
        self.tiny = self.smallest_normal = float(info.tiny)
        self.resolution = float(info.resolution)


class iinfo:
    """Limits of an integer type: ``min``, ``max``, ``bits``."""

    def __init__(self, type: dtype) -> None:
        self.dtype = type.name
        info = numpy.iinfo(type.numpy)
        self.bits, self.min, self.max = int(info.bits), int(info.min), int(info.max)
