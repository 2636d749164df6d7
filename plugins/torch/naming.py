"""The names of parameters and buffers, from the moment that a module is given them: a script may look at them, load or wrap them before
it calls any module."""

from __future__ import annotations

import weakref
from typing import Any

from torch.nn import Module
from torch.nn.modules import module as registering

WRAPPERS = frozenset({"DistributedDataParallel", "DataParallel"})  # what they hold goes by its own names


class Names:
    """Who owns a tensor, and whom a module was given to, as PyTorch's global hooks of registration tell."""

    def __init__(self) -> None:
        self._owners: dict[int, tuple[weakref.ref[Any], weakref.ref[Any], str]] = {}  # by id() of the tensor
        self._parents: dict[int, tuple[weakref.ref[Any], weakref.ref[Any], str]] = {}  # by id() of the module
        self._handles: list[Any] = []

    def put(self) -> None:
        """Listen from now on."""
        if not self._handles:
            self._handles = [
                registering.register_module_parameter_registration_hook(self._given),
                registering.register_module_buffer_registration_hook(self._given),
                registering.register_module_module_registration_hook(self._held),
            ]

    def take_away(self) -> None:
        """Listen no more."""
        for handle in self._handles:
            handle.remove()
        self._handles = []

    def of(self, tensor: Any) -> str:
        """The name of a tensor in the outermost module; "" where no module was given it."""
        owner = _of(self._owners, tensor)
        if owner is None:
            return ""
        module, words = owner[0], [owner[1]]
        seen = {id(module)}
        while (parent := _of(self._parents, module)) is not None and id(parent[0]) not in seen:
            if type(parent[0]).__name__ not in WRAPPERS:
                words.append(parent[1])
            module = parent[0]
            seen.add(id(module))
        return ".".join(reversed(words))

    def _given(self, module: Module, name: str, tensor: Any) -> None:
        _put(self._owners, tensor, module, name)

    def _held(self, module: Module, name: str, inner: Any) -> None:
        _put(self._parents, inner, module, name)


def _put(table: dict[int, Any], key: Any, module: Any, name: str) -> None:
    """The first owner that still lives keeps the name."""
    if key is None or _of(table, key) is not None:
        return
    number = id(key)

    def gone(reference: Any) -> None:
        if number in table and table[number][0] is reference:
            del table[number]

    table[number] = weakref.ref(key, gone), weakref.ref(module), name


def _of(table: dict[int, Any], key: Any) -> tuple[Any, str] | None:
    """The module that owns something, and under which name."""
    found = table.get(id(key))
    if found is None or found[0]() is not key:
        return None
    module = found[1]()
    return None if module is None else (module, found[2])
