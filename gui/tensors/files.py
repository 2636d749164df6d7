"""Values as files of others: NPY, safetensors, CSV, written piece by piece and wholly or not at all."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np

from gradstep.engine.tape.elements import WIDENED, size_of
from gradstep.engine.tape.overview import Index, pieces

from ..widgets.formats import exact
from .sources import Array

# the words of https://github.com/huggingface/safetensors (format, "dtype"); it has none for complex128
_SAFETENSORS = {
    "bool": "BOOL", "uint8": "U8", "int8": "I8", "int16": "I16", "uint16": "U16", "int32": "I32", "uint32": "U32", "int64": "I64",
    "uint64": "U64", "float16": "F16", "bfloat16": "BF16", "float32": "F32", "float64": "F64", "complex64": "C64",
}  # fmt: skip
LINES = 1 << 13  # elements that are written as text at once: the window's own thread does it
BYTES = 1 << 18  # and as bytes


class TensorFile:
    """A file under way. ``write`` is given the parts at ``pieces()``, in that order; then ``finish``, or ``drop``."""

    def __init__(self, file: Path, name: str, shape: tuple[int, ...], dtype: str) -> None:
        self.file, self.name, self.shape, self.dtype = file, name, shape, dtype
        self._beside = file.with_name(file.name + ".part")
        self._out: BinaryIO = self._beside.open("wb")

    def pieces(self) -> Iterator[Index]:
        """Where the parts stand that are written one after the other."""
        return pieces(self.shape, BYTES)

    def write(self, part: Array) -> None:
        """The next part."""
        self._out.write(np.ascontiguousarray(part).tobytes())

    def finish(self) -> None:
        """All is written: the file takes its name. OSError where that cannot be."""
        self._out.flush()
        os.fsync(self._out.fileno())
        self._out.close()
        self._beside.replace(self.file)

    def drop(self) -> None:
        """Leave nothing behind."""
        self._out.close()
        self._beside.unlink(missing_ok=True)


class NpyFile(TensorFile):
    """NumPy's own format; types that it does not have as float32."""

    def __init__(self, file: Path, name: str, shape: tuple[int, ...], dtype: str) -> None:
        super().__init__(file, name, shape, dtype)
        kind = np.dtype("float32" if dtype in WIDENED else dtype).newbyteorder("<")
        header = {"descr": np.lib.format.dtype_to_descr(kind), "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(self._out, header)
        self._kind = kind

    def write(self, part: Array) -> None:
        super().write(np.asarray(part).astype(self._kind, copy=False))


class SafetensorsFile(TensorFile):
    """One tensor in a safetensors file. ValueError for a dtype that the format does not have."""

    def __init__(self, file: Path, name: str, shape: tuple[int, ...], dtype: str) -> None:
        if dtype not in _SAFETENSORS:
            raise ValueError(f"safetensors has no {dtype}")
        super().__init__(file, name, shape, dtype)
        entry = {"dtype": _SAFETENSORS[dtype], "shape": list(shape), "data_offsets": [0, size_of(dtype, shape)]}
        header = json.dumps({name or "tensor": entry}, ensure_ascii=False).encode()
        header += b" " * (-len(header) % 8)  # the data begin at a multiple of 8
        self._out.write(len(header).to_bytes(8, "little") + header)

    def write(self, part: Array) -> None:
        if self.dtype == "bfloat16":  # read as float32, of which it is the upper half
            part = (np.asarray(part, "<f4").reshape(-1).view("<u4") >> np.uint32(16)).astype("<u2")
        super().write(np.asarray(part).astype(np.asarray(part).dtype.newbyteorder("<"), copy=False))


class CsvFile(TensorFile):
    """Exact numbers as text: a line a row of the last dimension; for more than two dimensions the other indices stand in front."""

    def __init__(self, file: Path, name: str, shape: tuple[int, ...], dtype: str) -> None:
        super().__init__(file, name, shape, dtype)
        self._place = 0  # elements that are written
        if len(shape) > 2:
            head = [*(f"dim {dim}" for dim in range(len(shape) - 1)), *(str(column) for column in range(shape[-1]))]
            self._out.write((",".join(head) + "\n").encode())

    def pieces(self) -> Iterator[Index]:
        return pieces(self.shape, LINES)

    def write(self, part: Array) -> None:
        flat, width = np.asarray(part).reshape(-1), self.shape[-1] if self.shape else 1
        words: list[str] = []
        at = 0
        while at < flat.size:
            column = self._place % width
            if column == 0 and len(self.shape) > 2:
                index = np.unravel_index(self._place // width, self.shape[:-1])
                words.append("".join(f"{int(one)}," for one in index))
            upto = min(at + width - column, flat.size)
            ends = column + upto - at == width
            words.append(",".join(exact(one) for one in flat[at:upto]) + ("\n" if ends else ","))
            self._place += upto - at
            at = upto
        self._out.write("".join(words).encode())


KINDS: dict[str, type[TensorFile]] = {"npy": NpyFile, "safetensors": SafetensorsFile, "csv": CsvFile}


def cut_shape(shape: tuple[int, ...], index: Index) -> tuple[int, ...]:
    """The shape of a part."""
    sliced = [len(range(*entry.indices(size))) for entry, size in zip(index, shape, strict=False) if isinstance(entry, slice)]
    return (*sliced, *shape[len(index) :])
