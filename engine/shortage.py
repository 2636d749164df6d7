"""Memory that ran out, as an error that says what holds the most of it.

Nothing is kept for it beforehand: the tensors that live are looked for when it happens.
"""

from __future__ import annotations

import gc
import math
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from . import devices
from .autograd.node import Node
from .tape import recorder
from .tensor import Tensor

SHOWN = 10  # tensors in a message
_ENGINE = str(Path(__file__).parent)
_ADVICE = (
    "What helps: smaller batches; torch.no_grad() where no gradient is wanted; torch.utils.checkpoint, which keeps less for backward; "
    "`del` for what is not needed any more, and loss.item() instead of the loss where it is collected."
)


class OutOfMemoryError(RuntimeError):
    """A device had no room for what an op wanted to make; ``__cause__`` is what its memory's owner said."""


class Holding(NamedTuple):
    """Memory that lives: how much, the largest tensor in it, and whether it is kept for backward."""

    bytes: int
    tensor: Tensor
    saved: bool


def named(error: MemoryError, *about: Any) -> OutOfMemoryError:
    """``error``, which numpy or cupy raised, in PyTorch's words and with the largest tensors that live on its device.

    about: the device, or an op's arguments, one of which may be on it.
    """
    where = devices.CPU_DEVICE
    if type(error).__module__.partition(".")[0] == "cupy":
        places = [a.device if isinstance(a, Tensor) else a for a in about if isinstance(a, (Tensor, devices.device))]
        where = next((place for place in places if place.type == "cuda"), devices.device("cuda"))
    wanted = _wanted(error)
    tensors, passed, modules = _found()
    holdings, saved, nodes = _living(where, tensors, passed)
    parts = [_head(where, wanted)]
    if holdings:
        total = sum(h.bytes for h in holdings)
        few = min(SHOWN, len(holdings))
        kept = f", {spelled(saved)} of them kept for backward by {nodes} nodes" if nodes else ""
        parts.append(f" Tensors hold {spelled(total)} on {where}{kept}; the largest {few} of {len(holdings)}:")
        names = _names(modules)
        parts += [f"\n  {_line(holding, names)}" for holding in holdings[:SHOWN]]
        parts.append("\n")
    else:
        parts.append(" ")
    return OutOfMemoryError("".join(parts) + _ADVICE)


def spelled(size: int) -> str:
    """A number of bytes as PyTorch writes it."""
    for power, unit in ((3, "GiB"), (2, "MiB"), (1, "KiB")):
        if size >= 1024**power:
            return f"{size / 1024**power:.2f} {unit}"
    return f"{size} bytes"


def _wanted(error: MemoryError) -> int | None:
    """How many bytes were asked for, as far as the error says so."""
    shape, kind = getattr(error, "shape", None), getattr(error, "dtype", None)
    if shape is not None and kind is not None:  # numpy's
        return int(math.prod(shape) * kind.itemsize)
    found = re.search(r"allocating ([\d,]+) bytes", str(error))  # cupy's
    return int(found[1].replace(",", "")) if found else None


def _head(where: devices.device, wanted: int | None) -> str:
    if where.type == "cpu":
        asked = "" if wanted is None else f": you tried to allocate {wanted} bytes"
        size = "" if wanted is None else f" ({spelled(wanted)})"
        return f"DefaultCPUAllocator: can't allocate memory{asked}. Error code 12 (Cannot allocate memory).{size}"
    asked = "" if wanted is None else f" Tried to allocate {spelled(wanted)}."
    there = devices.memory(where)
    return (
        f"CUDA out of memory.{asked} GPU {where.index or 0} has a total capacity of {spelled(there.total)} of which "
        f"{spelled(there.free)} is free. Of the allocated memory {spelled(there.used)} is allocated by arrays, and "
        f"{spelled(there.reserved - there.used)} is reserved but unallocated."
    )


def _found() -> tuple[list[Tensor], list[Node], list[Any]]:
    """The tensors, the nodes and the modules that live."""
    tensors: list[Tensor] = []
    nodes: list[Node] = []
    modules: list[Any] = []
    kinds: dict[type, list[Any] | None] = {}
    for thing in gc.get_objects():
        kind = type(thing)
        if kind not in kinds:
            module = "named_parameters" in dir(kind) and hasattr(kind, "__dict__")
            kinds[kind] = tensors if issubclass(kind, Tensor) else nodes if issubclass(kind, Node) else modules if module else None
        if (several := kinds[kind]) is not None:
            several.append(thing)
    return tensors, nodes, modules


def _living(where: devices.device, tensors: list[Tensor], nodes: list[Node]) -> tuple[list[Holding], int, int]:
    """Memory of tensors on the device, the largest first; how much of it is kept for backward, parameters apart; by how many nodes."""
    found: dict[tuple[int, int], Holding] = {}
    saved: dict[tuple[int, int], int] = {}
    keeping = 0
    leaves: set[tuple[int, int]] = set()
    for tensor in tensors:
        held = _memory(_array(tensor), where)
        if held is not None:
            _enter(found, held, tensor)
            if tensor._edge is None and tensor._requires_grad:
                leaves.add(held)
    for node in nodes:
        here = [m for array in _kept(node) if (m := _memory(array, where)) is not None]
        saved.update((m, m[1]) for m in here)
        keeping += bool(here)
    for held in saved:
        if held in found:
            found[held] = found[held]._replace(saved=True)
    holdings = sorted(found.values(), key=lambda h: -h.bytes)
    return holdings, sum(size for held, size in saved.items() if held not in leaves), keeping


def _enter(found: dict[tuple[int, int], Holding], held: tuple[int, int], tensor: Tensor) -> None:
    before = found.get(held)
    if before is None or _rank(tensor) > _rank(before.tensor):
        found[held] = Holding(held[1], tensor, False)


def _rank(tensor: Tensor) -> tuple[bool, bool, bool]:
    """Which of several tensors with one memory says most about it."""
    return tensor._base is None, bool(tensor._name), tensor._requires_grad


def _kept(node: Node) -> Iterator[Any]:
    try:
        kept = node.kept()
    except AttributeError:  # it is being made
        return
    if kept is None:
        kept = [(name, tensor, None) for name, tensor in node.saved_entries()]
    for _, tensor, array in kept:
        if array is not None:
            yield _array(array) if isinstance(array, Tensor) else array
        elif tensor is not None:
            yield _array(tensor)


def _array(tensor: Tensor) -> Any:
    """The tensor's array; None where it is only being made, or of a transform that has ended."""
    try:
        return tensor._data
    except (AttributeError, RuntimeError):
        return None


def _memory(array: Any, where: devices.device) -> tuple[int, int] | None:
    """Address and size of the memory that an array on the device lies in; None for others."""
    if not devices.is_array(array):
        return None
    place = devices.device_of(array)
    if place.type != where.type or (where.index is not None and place.index != where.index):
        return None
    size = math.prod(n for n, step in zip(array.shape, array.strides, strict=True) if step) * array.itemsize  # repeated elements count once
    owner, below = array, array
    while (below := getattr(below, "base", None)) is not None:
        owner = below if devices.is_array(below) else owner
    if owner is not array:
        size = int(owner.nbytes)
    return (devices.module_of(owner).address(owner), size) if array.nbytes else None


def _names(modules: list[Any]) -> dict[int, str]:
    """What the user's running functions call tensors, and modules their parameters, by the tensor's ``id``."""
    names: dict[int, str] = {}
    parameters: dict[int, str] = {}
    for module in modules:
        own = vars(module).get("_parameters")
        if isinstance(own, dict):
            parameters.update({id(p): f"'{name}' of {type(module).__name__}" for name, p in own.items() if p is not None})
    frame: Any = sys._getframe(1)
    while frame is not None:
        if not frame.f_code.co_filename.startswith(_ENGINE):
            for name, value in list(frame.f_locals.items()):
                if isinstance(value, Tensor) and not name.startswith("@"):
                    names.setdefault(id(value), f"'{name}' of {frame.f_code.co_name} in {Path(frame.f_code.co_filename).name}")
        frame = frame.f_back
    return parameters | names


def _line(holding: Holding, names: dict[int, str]) -> str:
    tensor = holding.tensor
    said = [names.get(id(tensor)) or (f"'{tensor._name}'" if tensor._name else "")]
    if tensor._edge is not None:
        said.append(f"made by {tensor._edge.name()}")
        lines = tensor._edge.metadata.get("traceback_") if hasattr(tensor._edge, "_metadata") else None
        if lines:  # anomaly detection keeps where
            said.append(" ".join(lines[-1].split()))
    if holding.saved:
        said.append("kept for backward")
    if recorder.current is not None and tensor._id:
        said.append(f"#{tensor._id} on the tape")
    about = ", ".join(word for word in said if word)
    size = f"{tensor.dtype} {list(tensor._data.shape)}"
    return f"{spelled(holding.bytes):>12}  {size} on {tensor.device}" + (f": {about}" if about else "")


TORCH = {"OutOfMemoryError": OutOfMemoryError}
