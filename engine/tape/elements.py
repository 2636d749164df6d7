"""The bytes of a value, as they stand on a tape or come from a live program, as an array."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

_INTEGERS = ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"]
DTYPES = frozenset(["bool", *_INTEGERS, "float16", "bfloat16", "float32", "float64", "complex64", "complex128"])


def size_of(dtype: str, shape: tuple[int, ...]) -> int:
    """How many bytes a value takes."""
    return math.prod(shape) * (2 if dtype == "bfloat16" else np.dtype(dtype).itemsize)


def decoded(data: bytes | bytearray | memoryview, dtype: str, shape: tuple[int, ...], offset: int = 0) -> npt.NDArray[Any]:
    """The elements from ``offset`` on: C order, little endian.

    numpy has no bfloat16: those are given as float32, which holds them exactly. A float32 begins with the bits of its
    bfloat16.
    """
    count = math.prod(shape)
    if dtype != "bfloat16":
        return np.frombuffer(data, np.dtype(dtype).newbyteorder("<"), count, offset).reshape(shape)
    bits = np.frombuffer(data, "<u2", count, offset).astype("<u4") << np.uint32(16)
    return bits.astype("<u4", copy=False).view("<f4").reshape(shape)
