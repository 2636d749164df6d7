"""Storages: the memories that tensors of a checkpoint lie in, on disk and here, and the devices they go to."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .. import devices, dtypes
from ..devices import device
from ..tensor import Storage, Tensor, wrap

# How types are called where storages have types; the others are written with UntypedStorage and their own name.
TYPED = {f"{kind.legacy}Storage": kind for kind in dtypes.ALL if kind not in (dtypes.uint16, dtypes.uint32, dtypes.uint64)}
Place = Any  # what map_location may be: None, a device or its name, a dictionary of names, or a function

_NO_GPU = (
    "Attempting to deserialize object on a CUDA device but torch.cuda.is_available() is False. If you are running on a CPU-only machine, "
    "please use torch.load with map_location=torch.device('cpu') to map your storages to the CPU."
)


class StoredMemory:
    """A memory of a checkpoint: what a persistent id names. ``map_location`` functions are given one and may give it back."""

    def __init__(self, key: str, kind: dtypes.dtype | None, location: str, size: int, fetch: Callable[[], bytearray], swap: bool) -> None:
        self.key = key
        self.kind = kind  # None: untyped
        self.location = location
        self.size = size  # bytes
        self.cell = Storage()  # of the tensors that share it
        self.device = device("cpu")
        self._fetch: Callable[[], bytearray] | None = fetch
        self._swap = swap
        self._data: Any = None
        self._arrays: dict[dtypes.dtype, Any] = {}

    def nbytes(self) -> int:
        """Its bytes."""
        return self.size

    def cpu(self) -> StoredMemory:
        """This memory, to be put where the CPU computes."""
        self.device = device("cpu")
        return self

    def cuda(self, index: int | None = None) -> StoredMemory:
        """This memory, to be put on a GPU."""
        self.device = device("cuda", index)
        return self

    def array(self, kind: dtypes.dtype) -> Any:
        """All of it as elements of a type, on its device; the same array each time."""
        found = self._arrays.get(kind)
        if found is None:
            if self._arrays:
                raise RuntimeError("the checkpoint shows one memory as elements of several types, which is not supported")
            assert self._fetch is not None
            data = self._fetch()
            self._fetch = None
            xp = devices.CPU
            if kind is dtypes.bool_:
                found = xp.frombuffer(data, "uint8") != 0
            else:
                usable = self.size - self.size % kind.itemsize
                found = xp.frombuffer(memoryview(data)[:usable], kind.numpy)
                if self._swap:
                    found = found.byteswap()
            if self.device.type != "cpu":
                found = devices.array_module(self.device).from_host(found)
            self._arrays[kind] = found
        return found


def place(memory: StoredMemory, mapped: Place) -> None:
    """Decide which device a memory goes to.

    Raises RuntimeError where that is a GPU and there is none, or a device that the engine does not know.
    """
    tag = memory.location
    if mapped is None:
        wanted: Any = tag
    elif isinstance(mapped, (str, device)):
        wanted = mapped
    elif isinstance(mapped, Mapping):
        wanted = mapped.get(tag, tag)
    elif callable(mapped):
        given = mapped(memory, tag)
        wanted = tag if given is None else given.device
    else:
        raise TypeError(f"map_location is a device, its name, a dictionary or a function, not {type(mapped).__name__}")
    name = str(wanted)
    if name.partition(":")[0] not in ("cpu", "cuda"):
        raise RuntimeError(
            f"don't know how to restore data location of torch.storage.UntypedStorage (tagged with {name}): "
            "map_location='cpu' puts everything where the CPU computes"
        )
    memory.device = device(name)
    if memory.device.type == "cuda":
        try:
            devices.array_module(memory.device)
        except RuntimeError as error:
            raise RuntimeError(f"{_NO_GPU} ({error})") from error


def tensor_in(memory: StoredMemory, kind: dtypes.dtype, offset: Any, size: Any, stride: Any) -> Tensor:
    """The tensor of this size and stride, counted in elements, that begins at an element of the memory.

    Raises RuntimeError where it does not lie in the memory.
    """
    numbers = (offset, *size, *stride)
    if len(size) != len(stride) or len(size) > 64 or any(type(n) is not int or not 0 <= n < 1 << 62 for n in numbers):
        raise RuntimeError(f"a tensor of the checkpoint has size {list(size)}, stride {list(stride)} and offset {offset}")
    count = 1
    for n in size:
        count *= n
    last = offset + sum((n - 1) * step for n, step in zip(size, stride, strict=True)) if count else offset - 1
    if count >= 1 << 62 or (last + 1) * kind.itemsize > memory.size:
        raise RuntimeError(
            f"setStorage: sizes {list(size)}, strides {list(stride)}, storage offset {offset}, and itemsize {kind.itemsize} requiring a "
            f"storage size of {(last + 1) * kind.itemsize} are out of bounds for storage of size {memory.size}"
        )
    whole = memory.array(kind)
    if count == 0 or all(n == 1 or a == b for n, a, b in zip(size, stride, _dense(size), strict=True)):
        array = whole[offset : offset + count].reshape(size) if count else devices.module_of(whole).zeros(size, kind.numpy)
    else:
        xp = devices.module_of(whole)
        array = xp.as_strided(whole[offset:], size, tuple(n * kind.itemsize for n in stride))
    made = wrap(array)
    made._cell = memory.cell
    return made


def _dense(size: Sequence[int]) -> tuple[int, ...]:
    """The strides of a row-major tensor, also of one without elements, of which numpy's are zeros."""
    found, step = [], 1
    for n in reversed(size):
        found.append(step)
        step *= max(n, 1)
    return tuple(reversed(found))


class Memories:
    """The memories of tensors that are saved, each once, under numbers; ``records`` are their bytes."""

    def __init__(self) -> None:
        self.records: dict[str, memoryview] = {}
        self._known: dict[tuple[str, int], tuple[str, int, dtypes.dtype]] = {}
        self._alive: list[Any] = []  # an address means a memory only while that lives

    def locate(self, tensor: Tensor) -> tuple[str, str, int, int, tuple[int, ...]]:
        """Where a tensor lies: number and device of its memory, the elements in that, its first one, and its strides.

        Raises RuntimeError where tensors of different types share a memory.
        """
        array, kind, where = tensor._data, tensor.dtype, str(tensor.device)
        xp = devices.module_of(array)
        root = memory_of(array)
        if array.size == 0 or not _fits(array, root, xp):
            root = array = xp.ascontiguousarray(array)
        begin = xp.address(root)
        found = self._known.get((where, begin)) if root.nbytes else None
        if found is None or found[1] != root.nbytes:
            key = str(len(self.records))
            flat = xp.to_host(root.ravel(order="K"))
            if sys.byteorder == "big":
                flat = flat.byteswap()
            self.records[key] = memoryview(flat.view("uint8") if flat.size else b"")
            self._alive.append((root, flat))
            found = self._known[where, begin] = key, root.nbytes, kind
        if found[2] is not kind:
            raise RuntimeError("Cannot save multiple tensors or storages that view the same data as different types")
        return (
            found[0],
            where,
            root.nbytes // kind.itemsize,
            (xp.address(array) - begin) // kind.itemsize if array.size else 0,
            tuple(n // kind.itemsize for n in array.strides) if array.size else _dense(array.shape),
        )


def memory_of(array: Any) -> Any:
    """The array that a view shows a part of, at the end of all views; itself where it is none."""
    kind = type(array)
    while True:
        base = array.base
        if type(base) is not kind:
            base = getattr(base, "base", None)  # what as_strided puts between
        if type(base) is not kind:
            return array
        array = base


def _fits(array: Any, root: Any, xp: Any) -> bool:
    """Whether ``root`` is one piece of memory that ``array`` can be found in by whole elements."""
    size, begin = array.itemsize, xp.address(root)
    if xp.address(root.ravel(order="K")) != begin:  # something lies between its elements: they were copied
        return False
    offset = xp.address(array) - begin
    end = offset + sum((n - 1) * step for n, step in zip(array.shape, array.strides, strict=True)) + size
    steps = all(step >= 0 and step % size == 0 for step in array.strides)
    return steps and offset >= 0 and end <= root.nbytes and offset % size == 0 and root.nbytes % size == 0
