"""``torch.save`` and ``torch.load``: checkpoints in PyTorch's zip format, read without running what stands in them."""

from __future__ import annotations

import os
import pickle
import sys
import uuid
from collections.abc import Callable, Iterable, Sequence
from typing import IO, Any, cast

from .. import dtypes
from ..devices import device
from ..nn.parameter import Parameter
from ..tensor import Size, Tensor
from . import archive, restricted, safetensors
from .pickling import Writer
from .storages import TYPED, Memories, Place, StoredMemory, place, tensor_in

__all__ = ["add_safe_globals", "clear_safe_globals", "get_safe_globals", "load", "safe_globals", "save"]

PICKLE_CAP = 1 << 28  # bytes of what describes the data
_trusted: dict[str, Any] = {}  # by full name: what the user allowed


# ------------------------------------------------------------------------------------------------------------ who is trusted


def _full_name(thing: Any) -> str:
    return f"{thing.__module__}.{thing.__qualname__}"


def add_safe_globals(safe_globals: Sequence[Any]) -> None:
    """Allow ``load`` to use these classes and functions; an entry may be (class, full name in the file)."""
    for entry in safe_globals:
        thing, name = entry if isinstance(entry, tuple) else (entry, _full_name(entry))
        _trusted[name] = thing


def get_safe_globals() -> list[Any]:
    """The classes and functions that were allowed."""
    return list(_trusted.values())


def clear_safe_globals() -> None:
    """Allow none of the user's classes and functions any more."""
    _trusted.clear()


class safe_globals:  # PyTorch spells it so
    """``with safe_globals([MyClass]):`` allows classes and functions inside the block."""

    def __init__(self, safe_globals: Sequence[Any]) -> None:
        self._wanted = safe_globals
        self._found: dict[str, Any] = {}

    def __enter__(self) -> None:
        self._found = dict(_trusted)
        add_safe_globals(self._wanted)

    def __exit__(self, *_: object) -> None:
        _trusted.clear()
        _trusted.update(self._found)


# ------------------------------------------------------------------------------------------------------------------- saving


def save(
    obj: object,
    f: str | os.PathLike[str] | IO[bytes],
    pickle_module: Any = pickle,
    pickle_protocol: int = 2,
    _use_new_zipfile_serialization: bool = True,
    _disable_byteorder_record: bool = False,
) -> None:
    """Write ``obj`` (tensors, numbers, strings and containers of them) to a file that PyTorch's ``torch.load`` reads.

    Tensors that share memory do so in the file; a view brings all of its memory along. ``pickle_module``, ``pickle_protocol``
    and the old format are not offered. Raises pickle.PicklingError for objects of other classes, RuntimeError where the folder
    does not exist.
    """
    if not _use_new_zipfile_serialization:
        raise RuntimeError("gradstep's torch.save writes the zip format only: leave _use_new_zipfile_serialization at True")
    if not isinstance(f, (str, os.PathLike)) and not hasattr(f, "write"):
        raise AttributeError("expected 'f' to be string, path, or a file-like object with a 'write' attribute")
    memories = Memories()
    records: dict[str, Any] = {"data.pkl": Writer(memories, _trusted).dump(obj), ".format_version": b"1", ".storage_alignment": b"64"}
    if not _disable_byteorder_record:
        records["byteorder"] = b"little"
    records |= {f"data/{key}": data for key, data in memories.records.items()}
    records |= {"version": b"3\n", ".data/serialization_id": f"{uuid.uuid4().int:040d}".encode()}
    if not isinstance(f, (str, os.PathLike)):
        archive.write(f, records)
        return
    parent = os.path.dirname(os.path.abspath(os.fspath(f)))
    if not os.path.isdir(parent):
        raise RuntimeError(f"Parent directory {os.path.dirname(os.fspath(f))} does not exist.")
    with open(f, "wb") as file:
        archive.write(file, records, os.path.splitext(os.path.basename(os.fspath(f)))[0] or "archive")


# ------------------------------------------------------------------------------------------------------------------ loading


def load(
    f: str | os.PathLike[str] | IO[bytes],
    map_location: Place = None,
    pickle_module: Any = None,
    *,
    weights_only: bool | None = None,
    mmap: bool | None = None,
    **pickle_load_args: Any,
) -> Any:
    """Read a checkpoint that PyTorch or this engine wrote; a path that ends in ``.safetensors`` is read as that format.

    map_location: where tensors go: a device or its name, a dictionary from names in the file to names here, or a function of
    a memory and its name. ``weights_only=False`` changes nothing here: code that stands in a file is never run, only data and
    what ``add_safe_globals`` named are made. ``mmap`` changes nothing either.

    Raises pickle.UnpicklingError for what is not allowed, RuntimeError for a damaged file, or a device that is not there.
    """
    if pickle_module is not None:
        raise RuntimeError("Can not safely load weights when explicit pickle_module is specified")
    if isinstance(f, (str, os.PathLike)):
        if os.fspath(f).endswith(".safetensors"):
            if not (map_location is None or isinstance(map_location, (str, device))):
                how = "dict" if isinstance(map_location, dict) else "callable"
                raise RuntimeError(
                    f"Loading safetensors file with {how} map_location is not supported. Use a device string or torch.device instead."
                )
            return safetensors.load_file(f, "cpu" if map_location is None else map_location)
        with open(f, "rb") as file:
            return _load(file, map_location, weights_only)
    for needed in ("seek", "read"):
        if not hasattr(f, needed):
            raise AttributeError(
                f"'{type(f).__name__}' object has no attribute '{needed}'. You can only torch.load from a file that is seekable. Please "
                "pre-load the data into a buffer like io.BytesIO and try to load from it instead."
            )
    return _load(f, map_location, weights_only)


def _load(file: IO[bytes], mapped: Place, weights_only: bool | None) -> Any:
    file.seek(0)
    begin = file.read(4)
    if not begin:
        raise EOFError("the file is empty")
    if begin != b"PK\x03\x04":
        raise pickle.UnpicklingError(
            "Weights only load failed. The file is no zip archive: it is no checkpoint, or one of the format before PyTorch 1.6, which "
            "gradstep does not read. PyTorch itself can read the old format and write it anew with torch.save"
        )
    found = archive.Archive(file)
    if "data.pkl" not in found:
        raise RuntimeError("PytorchStreamReader failed locating file data.pkl: the archive is no checkpoint (TorchScript is not read)")
    if found.size("data.pkl") > PICKLE_CAP:
        raise RuntimeError(f"the checkpoint's description has {found.size('data.pkl')} bytes: at most {PICKLE_CAP} are read")
    order = bytes(found.read("byteorder")) if "byteorder" in found else b"little"
    if order not in (b"little", b"big"):
        raise ValueError("Unknown endianness type: " + repr(order))
    hint = "" if weights_only is not False else " weights_only=False does not help here: gradstep never runs code that stands in a file."
    memories: dict[str, StoredMemory] = {}

    def persistent(words: Any) -> StoredMemory:
        if type(words) is not tuple or len(words) != 5 or words[0] != "storage":
            raise pickle.UnpicklingError(f"Weights only load failed. A persistent id is {words!r}")
        _, kind, key, location, elements = words
        if not isinstance(kind, _StorageType) or (type(key), type(location), type(elements)) != (str, str, int):
            raise pickle.UnpicklingError(f"Weights only load failed. A persistent id is {words!r}")
        if key not in memories:
            record = f"data/{key}"
            width = 1 if kind.kind is None else kind.kind.itemsize
            size = found.size(record)
            if elements < 0 or elements * width != size:
                raise RuntimeError(f"record {record} has {size} bytes, but the checkpoint describes {elements} elements of {width}")
            swap = order != sys.byteorder.encode()
            memory = StoredMemory(key, kind.kind, location, size, lambda: found.read(record), swap)
            place(memory, mapped)
            memories[key] = memory
        return memories[key]

    return restricted.Restricted(bytes(found.read("data.pkl")), _KNOWN, _trusted, persistent, hint).load()


class _Class:
    """What stands for a class that a file may name, but not call."""

    def __init__(self, kind: type) -> None:
        self.kind = kind


class _StorageType:
    """What stands for ``torch.FloatStorage`` and its like."""

    def __init__(self, kind: dtypes.dtype | None) -> None:
        self.kind = kind


def _tensor(
    memory: Any, offset: Any, size: Any, stride: Any, requires_grad: Any = False, hooks: Any = None, metadata: Any = None
) -> Tensor:
    """What stands for ``_rebuild_tensor_v2``."""
    if not isinstance(memory, StoredMemory) or memory.kind is None:
        raise TypeError("a tensor has no memory")
    return _made(memory, memory.kind, offset, size, stride, requires_grad)


def _tensor_of(
    memory: Any, offset: Any, size: Any, stride: Any, requires_grad: Any, hooks: Any, kind: Any, metadata: Any = None
) -> Tensor:  # fmt: skip
    """What stands for ``_rebuild_tensor_v3``, which names the type apart."""
    if not isinstance(memory, StoredMemory) or not isinstance(kind, dtypes.dtype):
        raise TypeError("a tensor has no memory or no type")
    return _made(memory, kind, offset, size, stride, requires_grad)


def _made(memory: StoredMemory, kind: dtypes.dtype, offset: Any, size: Any, stride: Any, requires_grad: Any) -> Tensor:
    if not isinstance(size, tuple) or not isinstance(stride, tuple):
        raise TypeError("a size or a stride is no tuple")
    made = tensor_in(memory, kind, offset, tuple(size), tuple(stride))
    if requires_grad is True:
        made.requires_grad = True
    return made


def _parameter(data: Any, requires_grad: Any, hooks: Any) -> Parameter:
    """What stands for ``_rebuild_parameter``."""
    if not isinstance(data, Tensor):
        raise TypeError("a parameter has no data")
    return cast(Parameter, Parameter(data, requires_grad is True))


def _parameter_with_state(data: Any, requires_grad: Any, hooks: Any, state: Any) -> Parameter:
    """What stands for ``_rebuild_parameter_with_state``: a parameter with attributes of the user's."""
    return cast(Parameter, _with_state(_parameter(data, requires_grad, hooks), state))


def _from_type(function: Any, kind: Any, arguments: Any, state: Any) -> Tensor:
    """What stands for ``_rebuild_from_type_v2``: a tensor with attributes of the user's."""
    if function not in _MAKERS or not isinstance(kind, _Class) or type(arguments) is not tuple:
        raise TypeError("a tensor of a class that gradstep does not know")
    made = function(*arguments)
    if kind.kind is Parameter and not isinstance(made, Parameter):
        made = Parameter(made, made.requires_grad)
    return _with_state(made, state)


def _with_state(made: Tensor, state: Any) -> Tensor:
    parts: Iterable[Any] = state if isinstance(state, tuple) else (state,)
    for part in parts:
        for name, value in (part or {}).items():
            if type(name) is not str or hasattr(Tensor, name):
                raise TypeError(f"{name!r} is no attribute for a tensor")
            setattr(made, name, value)
    return made


def _size(items: Any = ()) -> Size:
    if not isinstance(items, (tuple, list)) or any(type(n) is not int for n in items):
        raise TypeError("a size is made of numbers")
    return Size(items)


def _device(*words: Any) -> device:
    return device(*words)


_MAKERS: tuple[Callable[..., Any], ...] = (_tensor, _tensor_of, _parameter)
_KNOWN: dict[str, Any] = {
    **restricted.PYTHON,
    **{f"torch.{name}": _StorageType(kind) for name, kind in TYPED.items()},
    **{f"torch.{kind.name}": kind for kind in dtypes.ALL},
    "torch.storage.UntypedStorage": _StorageType(None),
    "torch.Size": _size,
    "torch.device": _device,
    "torch.Tensor": _Class(Tensor),
    "torch.nn.parameter.Parameter": _Class(Parameter),
    "torch._utils._rebuild_tensor_v2": _tensor,
    "torch._utils._rebuild_tensor_v3": _tensor_of,
    "torch._utils._rebuild_parameter": _parameter,
    "torch._utils._rebuild_parameter_with_state": _parameter_with_state,
    "torch._tensor._rebuild_from_type_v2": _from_type,
}
