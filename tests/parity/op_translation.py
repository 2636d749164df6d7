"""What the op database is made of, in the terms of our engine: arguments as copies for either library, and callables as ours."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from types import BuiltinFunctionType, CellType, FunctionType, ModuleType
from typing import Any

import torch
from torch.testing._utils import freeze_rng_state

import gradstep.engine as gs
from gradstep.engine.tensor import wrap


class Missing(Exception):
    """Our engine has no such name."""


def look_up(path: str) -> Any:
    """What our engine calls ``torch.<path>``.

    Raises Missing.
    """
    found: Any = gs
    for part in path.split("."):
        try:
            found = getattr(found, part)
        except AttributeError as error:
            raise Missing(str(error).splitlines()[0]) from None
    return found


# ---------------------------------------------------------------------------------------------------------------- values


class Copies:
    """Copies of arguments for one library; those that require a gradient become its leaves, in order."""

    def __init__(self, library: Any) -> None:
        self.library = library
        self.leaves: list[Any] = []
        self._known: dict[int, Any] = {}

    def of(self, value: Any) -> Any:
        """A copy: tensors with their strides and all memory that they are part of, and what holds tensors."""
        if isinstance(value, torch.Tensor):
            return self._tensor(value)
        if isinstance(value, (list, tuple)) and type(value) is not torch.Size:
            inner = [self.of(v) for v in value]
            return type(value)(*inner) if hasattr(value, "_fields") else type(value)(inner)
        if isinstance(value, dict):
            return {k: self.of(v) for k, v in value.items()}
        if isinstance(value, slice):
            return slice(self.of(value.start), self.of(value.stop), self.of(value.step))
        if isinstance(value, torch.Generator):
            return self.library.Generator().manual_seed(value.initial_seed())
        return value if self.library is torch else translated(value)

    def _tensor(self, value: torch.Tensor) -> Any:
        if id(value) in self._known:
            return self._known[id(value)][0]
        flat = value.detach().resolve_conj().resolve_neg()
        memory = flat.untyped_storage().clone()
        made: Any = torch.empty(0, dtype=flat.dtype).set_(memory, flat.storage_offset(), flat.shape, flat.stride())
        if self.library is not torch:
            made = _ours(made)
        if value.requires_grad:
            made.requires_grad_()
            self.leaves.append(made)
        self._known[id(value)] = (made, value)  # keeps the original alive, and so its id
        return made


def _ours(tensor: torch.Tensor) -> Any:
    """A tensor of PyTorch's as ours, with its strides: as a view where it is a part of more memory."""
    memory: Any = torch.empty(0, dtype=tensor.dtype).set_(tensor.untyped_storage())
    array = as_array(memory)
    if array.dtype.kind not in "biufc":  # bfloat16, which from_numpy refuses, as PyTorch's does
        assert array.dtype == gs.bfloat16.numpy
    elif memory.numel() == tensor.numel() and tensor.is_contiguous():
        return gs.from_numpy(as_array(tensor))
    return wrap(array).as_strided(tensor.shape, tensor.stride(), tensor.storage_offset())


def as_array(tensor: torch.Tensor) -> Any:
    """The tensor's elements as a numpy array, which shares its memory where that is possible."""
    flat = tensor.detach().resolve_conj().resolve_neg()
    if flat.dtype is torch.bfloat16:
        from ml_dtypes import bfloat16

        return flat.view(torch.int16).numpy().view(bfloat16)
    return flat.numpy(force=True)


def name_of_dtype(value: Any) -> str:
    """``float32`` for either library's type."""
    return str(value).removeprefix("torch.")


# ------------------------------------------------------------------------------------------------------------- callables


def translated(value: Any) -> Any:
    """Our counterpart of something of PyTorch's; anything else as it is.

    Raises Missing.
    """
    if isinstance(value, torch.dtype):
        return look_up(name_of_dtype(value))
    if isinstance(value, torch.device):
        return gs.device(str(value))
    if isinstance(value, (torch.memory_format, torch.layout)):
        return look_up(str(value).removeprefix("torch."))
    if isinstance(value, torch.Size):
        return gs.Size(value)
    if isinstance(value, ModuleType) and value.__name__.partition(".")[0] == "torch" and not _of_tests(value.__name__):
        return gs if value is torch else look_up(value.__name__.removeprefix("torch."))
    if isinstance(value, functools.partial):
        return functools.partial(
            translated(value.func), *map(translated, value.args), **{k: translated(v) for k, v in value.keywords.items()}
        )
    if value is freeze_rng_state:
        return numbers_as_before
    if isinstance(value, FunctionType):
        if _of_tests(value.__module__):
            return _rebound(value)
        return _of_torch(value) if value.__module__.partition(".")[0] == "torch" else value
    if isinstance(value, BuiltinFunctionType) or type(value).__name__ in ("method_descriptor", "wrapper_descriptor"):
        return _of_torch(value)
    if isinstance(value, torch.nn.Module):
        made = look_up(f"nn.{type(value).__name__}")()
        made.__dict__.update({k: v for k, v in vars(value).items() if isinstance(v, (int, float, str))})
        return made
    return value


@contextmanager
def numbers_as_before() -> Iterator[None]:
    """Afterwards our random numbers go on as if nothing had been drawn."""
    state = gs.get_rng_state()
    try:
        yield
    finally:
        gs.set_rng_state(state)


def _of_tests(module: str | None) -> bool:
    return (module or "").startswith("torch.testing")


def _of_torch(function: Any) -> Any:
    """By its name: a method of Tensor, or a function of the module that it says it is from."""
    owner = getattr(function, "__objclass__", None)
    if owner is not None and issubclass(torch.Tensor, owner):
        return method(function.__name__)
    module = getattr(function, "__module__", None) or ""
    if module == "torch._tensor":
        return method(function.__name__)
    for path in ("torch.nn.functional", "torch.linalg", "torch.special", "torch.fft"):
        if module == path or getattr(_module(path), function.__name__, None) is function:
            return look_up(f"{path.removeprefix('torch.')}.{function.__name__}")
    name = str(getattr(function, "__name__", ""))
    return look_up(name) if name and getattr(torch, name, None) is function else function


def _module(path: str) -> Any:
    return functools.reduce(getattr, path.split(".")[1:], torch)


def method(name: str) -> Any:
    """Our Tensor's method.

    Raises Missing.
    """
    if not hasattr(gs.Tensor, name):
        raise Missing(f"Tensor.{name}")
    return getattr(gs.Tensor, name)


class _Names(dict[str, Any]):
    """The globals of one of PyTorch's test modules, read as ours when they are asked for."""

    def __init__(self, theirs: dict[str, Any]) -> None:
        super().__init__(__builtins__=theirs["__builtins__"])
        self._theirs = theirs

    def __missing__(self, name: str) -> Any:
        if name not in self._theirs:
            raise KeyError(name)
        value = self[name] = translated(self._theirs[name])
        return value


_names: dict[int, _Names] = {}


def _rebound(function: FunctionType) -> Any:
    """A function of PyTorch's tests whose ``torch`` is our engine."""
    theirs = function.__globals__
    names = _names.setdefault(id(theirs), _Names(theirs))
    cells = tuple(CellType(translated(cell.cell_contents)) for cell in function.__closure__ or ())
    made = FunctionType(function.__code__, names, function.__name__, function.__defaults__, cells)
    made.__kwdefaults__ = function.__kwdefaults__
    return made


def function_of(entry: Any) -> Any:
    """Our function for an entry of the database.

    Raises Missing.
    """
    if isinstance(entry.op, FunctionType) and _of_tests(entry.op.__module__):
        return translated(entry.op)
    if type(entry.op).__name__ in ("method_descriptor", "wrapper_descriptor") or getattr(entry.op, "__module__", "") == "torch._tensor":
        return method(entry.op.__name__)
    return look_up(entry.name)
