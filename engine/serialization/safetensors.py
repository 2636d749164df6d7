"""The safetensors format: a JSON header that says where each tensor lies, and the tensors' bytes. ``safetensors.torch``'s functions.

The format is public (https://github.com/huggingface/safetensors): eight bytes with the header's length, the header, the data without
a gap. Files come from strangers: the header is capped, and each offset is held against shape and type, its neighbours and the file.
"""

from __future__ import annotations

import io
import json
import os
import struct
import sys
from collections.abc import Mapping
from types import TracebackType
from typing import IO, Any

from .. import devices, dtypes
from ..devices import device
from ..tensor import Tensor, wrap
from .storages import memory_of

__all__ = ["SafetensorError", "load", "load_file", "load_model", "safe_open", "save", "save_file", "save_model"]

HEADER_CAP = 100_000_000  # bytes, as the format says
_LENGTH = struct.Struct("<Q")
_NAMES = {
    "BOOL": dtypes.bool_, "U8": dtypes.uint8, "I8": dtypes.int8, "I16": dtypes.int16, "U16": dtypes.uint16, "F16": dtypes.float16,
    "BF16": dtypes.bfloat16, "I32": dtypes.int32, "U32": dtypes.uint32, "F32": dtypes.float32, "C64": dtypes.complex64,
    "F64": dtypes.float64, "I64": dtypes.int64, "U64": dtypes.uint64,
}  # fmt: skip
_WORDS = {kind: name for name, kind in _NAMES.items()}
_ORDER = {name: place for place, name in enumerate(_NAMES)}  # in the file the widest types come first


class SafetensorError(Exception):
    """A file that is not in the format, or a tensor that is not in the file."""


# ------------------------------------------------------------------------------------------------------------------ reading


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise SafetensorError("Error while deserializing: invalid JSON in header: a name stands there twice")
    return found


class _Entry:
    """One tensor of a header."""

    __slots__ = ("begin", "end", "kind", "shape")

    def __init__(self, name: str, words: Any) -> None:
        if not isinstance(words, dict) or not {"dtype", "shape", "data_offsets"} <= words.keys():
            raise SafetensorError(f"Error while deserializing: invalid JSON in header: tensor `{name}` has no dtype, shape or data_offsets")
        kind, shape, offsets = words["dtype"], words["shape"], words["data_offsets"]
        if not isinstance(kind, str) or kind not in _NAMES:
            raise SafetensorError(
                f"Error while deserializing: invalid JSON in header: unknown variant `{kind}` of tensor `{name}`, expected one of "
                f"{', '.join(f'`{known}`' for known in _NAMES)}"
            )
        numbers = [*shape, *offsets] if isinstance(shape, list) and isinstance(offsets, list) and len(offsets) == 2 else [-1]
        if any(type(n) is not int or not 0 <= n < 1 << 63 for n in numbers) or len(shape) > 64:
            raise SafetensorError(f"Error while deserializing: invalid JSON in header: shape or data_offsets of tensor `{name}`")
        self.kind, self.shape = _NAMES[kind], tuple(shape)
        self.begin, self.end = offsets
        size = self.kind.itemsize
        for n in shape:
            size *= n
        if size >= 1 << 63:
            raise SafetensorError("Error while deserializing: overflow computing buffer size from shape and/or element type")
        if self.end < self.begin:
            raise SafetensorError(f"Error while deserializing: invalid offset for tensor `{name}`")
        if self.end - self.begin != size:
            raise SafetensorError(f"Error while deserializing: invalid shape, data type, or offset for tensor `{name}`")


class _Header:
    """What the beginning of a file says: ``entries`` by name, ``metadata``, and where the data ``start``."""

    def __init__(self, file: IO[bytes]) -> None:
        total = file.seek(0, os.SEEK_END)
        file.seek(0)
        first = file.read(_LENGTH.size)
        if len(first) < _LENGTH.size:
            raise SafetensorError("Error while deserializing: header too small")
        (length,) = _LENGTH.unpack(first)
        if length > HEADER_CAP:
            raise SafetensorError("Error while deserializing: header too large")
        if length + _LENGTH.size > total:
            raise SafetensorError("Error while deserializing: invalid header length")
        try:
            found = json.loads(file.read(length).decode("utf-8"), object_pairs_hook=_object)
        except UnicodeDecodeError as error:
            raise SafetensorError(f"Error while deserializing: invalid UTF-8 in header: {error}") from error
        except (ValueError, RecursionError) as error:
            raise SafetensorError(f"Error while deserializing: invalid JSON in header: {error}") from error
        if not isinstance(found, dict):
            raise SafetensorError(
                f"Error while deserializing: invalid JSON in header: invalid type: {type(found).__name__}, expected a map"
            )
        metadata = found.pop("__metadata__", None)
        if metadata is not None and not (isinstance(metadata, dict) and all(isinstance(text, str) for text in metadata.values())):
            raise SafetensorError("Error while deserializing: invalid JSON in header: __metadata__ maps strings to strings")
        self.metadata: dict[str, str] | None = metadata
        self.start = _LENGTH.size + length
        self.entries = {name: _Entry(name, words) for name, words in found.items()}
        reached = 0
        for name, entry in sorted(self.entries.items(), key=lambda item: (item[1].begin, item[1].end)):
            if entry.begin != reached:  # a gap, or two on one place
                raise SafetensorError(f"Error while deserializing: invalid offset for tensor `{name}`")
            reached = entry.end
        if self.start + reached != total:
            raise SafetensorError("Error while deserializing: incomplete metadata, file not fully covered")


def _tensor(file: IO[bytes], header: _Header, name: str, where: device) -> Tensor:
    entry = header.entries[name]
    file.seek(header.start + entry.begin)
    data = bytearray(entry.end - entry.begin)
    view, done = memoryview(data), 0
    while done < len(data):
        got = file.read(len(data) - done)
        if not got:
            raise SafetensorError("Error while deserializing: the file became shorter")
        view[done : done + len(got)] = got
        done += len(got)
    xp = devices.CPU
    if entry.kind is dtypes.bool_:
        array = xp.frombuffer(data, "uint8") != 0
    else:
        array = xp.frombuffer(data, entry.kind.numpy)
        if sys.byteorder == "big":
            array = array.byteswap()
    array = array.reshape(entry.shape)
    return wrap(array if where.type == "cpu" else devices.array_module(where).from_host(array))


def _place(where: Any) -> device:
    return device("cuda", where) if isinstance(where, int) else device(where)


class safe_open:  # the package spells it so
    """A file that is open for reading tensor by tensor: ``with safe_open("model.safetensors", framework="pt") as f``."""

    def __init__(self, filename: str | os.PathLike[str], framework: str = "pt", device: Any = "cpu") -> None:
        if framework not in ("pt", "torch", "pytorch"):
            raise SafetensorError(f"framework {framework!r} is not there: gradstep gives tensors, framework='pt'")
        self._file: IO[bytes] = open(filename, "rb")  # noqa: SIM115  # closed by close
        self._place = _place(device)
        try:
            self._header = _Header(self._file)
        except BaseException:
            self._file.close()
            raise

    def keys(self) -> list[str]:
        """The names of the tensors, sorted."""
        return sorted(self._header.entries)

    def offset_keys(self) -> list[str]:
        """The names of the tensors as they lie in the file."""
        return sorted(self._header.entries, key=lambda name: self._header.entries[name].begin)

    def metadata(self) -> dict[str, str] | None:
        """What was saved beside the tensors."""
        return self._header.metadata

    def get_tensor(self, name: str) -> Tensor:
        """One tensor. Raises SafetensorError where there is none of this name."""
        if name not in self._header.entries:
            raise SafetensorError(f"File does not contain tensor {name}")
        return _tensor(self._file, self._header, name, self._place)

    def get_slice(self, name: str) -> Tensor:
        """One tensor, to take a slice of."""
        return self.get_tensor(name)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __enter__(self) -> safe_open:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def load_file(filename: str | os.PathLike[str], device: Any = "cpu") -> dict[str, Tensor]:
    """All tensors of a file. Raises SafetensorError where it is not in the format."""
    with open(filename, "rb") as file:
        return _all(file, _place(device))


def load(data: bytes) -> dict[str, Tensor]:
    """All tensors in ``data``. Raises SafetensorError where they are not in the format."""
    return _all(io.BytesIO(data), device("cpu"))


def _all(file: IO[bytes], where: device) -> dict[str, Tensor]:
    header = _Header(file)
    return {name: _tensor(file, header, name, where) for name in sorted(header.entries)}


# ------------------------------------------------------------------------------------------------------------------ writing


def save(tensors: Mapping[str, Tensor], metadata: Mapping[str, str] | None = None) -> bytes:
    """The tensors as bytes of the format.

    Raises ValueError for what is no dictionary of contiguous tensors, RuntimeError where two share memory.
    """
    return b"".join(_parts(tensors, metadata))


def save_file(tensors: Mapping[str, Tensor], filename: str | os.PathLike[str], metadata: Mapping[str, str] | None = None) -> None:
    """Write the tensors to a file. Raises as ``save``."""
    parts = _parts(tensors, metadata)
    with open(filename, "wb") as file:
        file.writelines(parts)


def _parts(tensors: Any, metadata: Mapping[str, str] | None) -> list[bytes]:
    if not isinstance(tensors, dict):
        raise ValueError(f"Expected a dict of [str, torch.Tensor] but received {type(tensors)}")
    for name, tensor in tensors.items():
        if not isinstance(tensor, Tensor):
            raise ValueError(f"Key `{name}` is invalid, expected torch.Tensor but received {type(tensor)}")
    shared = [names for names in _sharing(tensors) if len(names) > 1]
    if shared:
        raise RuntimeError(
            "\n            Some tensors share memory, this will lead to duplicate memory on disk and potential differences when "
            f"loading them again: {shared}.\n            A potential way to correctly save your model is to use `save_model`.\n"
            "            More information at https://huggingface.co/docs/safetensors/torch_shared_tensors\n            "
        )
    for name, tensor in tensors.items():
        if not tensor.is_contiguous():
            raise ValueError(
                f"You are trying to save a non contiguous tensor: `{name}` which is not allowed. It either means you are trying to save "
                "tensors which are reference of each other in which case it's recommended to save only the full tensors, and reslice at "
                "load time, or simply call `.contiguous()` on your tensor to pack it before saving."
            )
        if tensor.dtype not in _WORDS:
            raise ValueError(f"tensor `{name}` is of {tensor.dtype}, which the format has no word for")
    if metadata is not None and not all(isinstance(word, str) for pair in metadata.items() for word in pair):
        raise TypeError("argument 'metadata': it maps strings to strings")
    header: dict[str, Any] = {} if metadata is None else {"__metadata__": dict(metadata)}
    data, reached = [], 0
    for name in sorted(tensors, key=lambda name: (-_ORDER[_WORDS[tensors[name].dtype]], name)):
        tensor = tensors[name]
        array = devices.module_of(tensor._data).to_host(tensor._data)
        raw = (array.byteswap() if sys.byteorder == "big" else array).tobytes()
        header[name] = {"dtype": _WORDS[tensor.dtype], "shape": list(array.shape), "data_offsets": [reached, reached + len(raw)]}
        data.append(raw)
        reached += len(raw)
    words = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    words += b" " * (-len(words) % 8)
    return [_LENGTH.pack(len(words)), words, *data]


def _memory(tensor: Tensor) -> tuple[str, int]:
    """Which memory a tensor lies in."""
    xp = devices.module_of(tensor._data)
    return str(tensor.device), xp.address(memory_of(tensor._data))


def _sharing(tensors: Mapping[str, Tensor]) -> list[set[str]]:
    """The names, grouped by the memory that their tensors lie in."""
    found: dict[Any, set[str]] = {}
    for name, tensor in tensors.items():
        found.setdefault(_memory(tensor) if tensor.numel() else name, set()).add(name)
    return list(found.values())


# ------------------------------------------------------------------------------------------------------------------- models


def save_model(model: Any, filename: str, metadata: Mapping[str, str] | None = None, force_contiguous: bool = True) -> None:
    """Write a module's state; of parameters that are one tensor under several names one is kept, and the others are noted."""
    state = dict(model.state_dict())
    noted = dict(metadata or {})
    for names in _sharing(state):
        kept, *others = sorted(names)
        for name in others:
            if state[name]._data.shape != state[kept]._data.shape or state[name].data_ptr() != state[kept].data_ptr():
                raise RuntimeError(f"tensors {kept} and {name} share memory without being the same: save_model cannot leave one out")
            del state[name]
            noted.setdefault(name, kept)
    if force_contiguous:
        state = {name: tensor.contiguous() for name, tensor in state.items()}
    save_file(state, filename, noted or {})


def load_model(model: Any, filename: str | os.PathLike[str], strict: bool = True, device: Any = "cpu") -> tuple[set[str], list[str]]:
    """Read a module's state from a file. Gives the names that are missing and those that are unexpected.

    Raises RuntimeError where there are such and ``strict`` is true.
    """
    state = load_file(filename, device)
    result = model.load_state_dict(state, strict=False)
    own = model.state_dict()
    present = {_memory(own[name]) for name in state if name in own}
    missing = {name for name in result.missing_keys if _memory(own[name]) not in present}
    if strict and (missing or result.unexpected_keys):
        raise RuntimeError(
            f"Error(s) in loading state_dict for {type(model).__name__}:"
            + "".join(f"\n    Missing key(s) in state_dict: {', '.join(sorted(missing))}" if missing else "")
            + "".join(f"\n    Unexpected key(s) in state_dict: {', '.join(result.unexpected_keys)}" if result.unexpected_keys else "")
        )
    return missing, list(result.unexpected_keys)
