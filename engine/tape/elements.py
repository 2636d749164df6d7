"""The bytes of a value, as they stand on a tape or come from a live program, as an array."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

_INTEGERS = ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"]
_EIGHTS = frozenset(["float8_e4m3fn", "float8_e4m3fnuz", "float8_e5m2", "float8_e5m2fnuz", "float8_e8m0fnu"])
WIDENED = _EIGHTS | {"bfloat16"}  # those that numpy does not have: given as float32, which holds them exactly
DTYPES = WIDENED | {"bool", *_INTEGERS, "float16", "float32", "float64", "complex64", "complex128"}


def size_of(dtype: str, shape: tuple[int, ...]) -> int:
    """How many bytes a value takes."""
    return math.prod(shape) * (2 if dtype == "bfloat16" else 1 if dtype in _EIGHTS else np.dtype(dtype).itemsize)


def decoded(data: bytes | bytearray | memoryview, dtype: str, shape: tuple[int, ...], offset: int = 0) -> npt.NDArray[Any]:
    """The elements from ``offset`` on: C order, little endian.

    Those of ``WIDENED`` are given as float32. A float32 begins with the bits of its bfloat16.
    """
    count = math.prod(shape)
    if dtype in _EIGHTS:
        return _eights(dtype)[np.frombuffer(data, np.uint8, count, offset)].reshape(shape)
    if dtype != "bfloat16":
        return np.frombuffer(data, np.dtype(dtype).newbyteorder("<"), count, offset).reshape(shape)
    bits = np.frombuffer(data, "<u2", count, offset).astype("<u4") << np.uint32(16)
    return bits.astype("<u4", copy=False).view("<f4").reshape(shape)


@cache
def _eights(dtype: str) -> npt.NDArray[Any]:
    """The value of each of the 256 numbers of 8 bits: sign, exponent and mantissa as the Open Compute Project's "OFP8" and
    "Microscaling Formats" have them; "fnuz" has a bias one greater, and its only NaN where others have -0."""
    bits = np.arange(256)
    if dtype == "float8_e8m0fnu":  # an exponent alone
        return _with_nan(np.ldexp(1.0, bits - 127), bits == 255)
    exponents, mantissas = (4, 3) if "e4m3" in dtype else (5, 2)
    bias = (1 << exponents - 1) - (0 if dtype.endswith("fnuz") else 1)
    exponent, mantissa = (bits & 127) >> mantissas, bits & (1 << mantissas) - 1
    whole = np.where(exponent > 0, mantissa + (1 << mantissas), mantissa)
    values = np.ldexp(np.where(bits < 128, 1.0, -1.0) * whole, np.maximum(exponent, 1) - bias - mantissas)
    if dtype.endswith("fnuz"):
        return _with_nan(values, bits == 128)
    if dtype == "float8_e4m3fn":
        return _with_nan(values, bits & 127 == 127)
    top = exponent == 31
    values[top & (mantissa == 0)] *= np.inf
    return _with_nan(values, top & (mantissa > 0))


def _with_nan(values: npt.NDArray[Any], where: npt.NDArray[np.bool_]) -> npt.NDArray[Any]:
    found: npt.NDArray[Any] = np.where(where, np.nan, values).astype(np.float32)
    return found
