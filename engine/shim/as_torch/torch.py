"""``import torch`` where the user chose this engine: the name is the engine, and so is every module below it.

``torch.nn`` is the same object as ``gradstep.engine.nn``, not a second copy. What the engine does not have raises
AttributeError (or ModuleNotFoundError), so that ``hasattr`` tests work, and says what can be done about it.
"""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import sys
from collections.abc import Sequence
from types import ModuleType

_ENGINE = "gradstep.engine"
_HINT = "gradstep's engine does not have it"


class _Named(ModuleType):
    """A module of the engine that was imported by PyTorch's name: it speaks of itself by that name when asked in vain."""

    def __getattr__(self, name: str) -> object:
        called = self.__name__.replace(_ENGINE, "torch", 1)
        raise AttributeError(f"module {called!r} has no attribute {name!r}: {_HINT}", name=name, obj=self)


class _Alias(importlib.abc.Loader):
    """Gives out the engine's module under PyTorch's name."""

    def __init__(self, name: str) -> None:
        self._name = name

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        module = importlib.import_module(self._name)
        self._spec = module.__spec__
        _rename(module)
        return module

    def exec_module(self, module: ModuleType) -> None:
        module.__spec__ = self._spec  # the import system has just put the alias' there


class _Finder(importlib.abc.MetaPathFinder):
    """Finds ``torch.x.y`` where the engine has ``x.y``."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if not fullname.startswith("torch."):
            return None
        name = _ENGINE + fullname.removeprefix("torch")
        try:
            found = importlib.util.find_spec(name)
        except ModuleNotFoundError:
            found = None
        if found is None:
            raise ModuleNotFoundError(f"No module named {fullname!r}: {_HINT}", name=fullname)
        return importlib.machinery.ModuleSpec(
            fullname, _Alias(name), origin=found.origin, is_package=found.submodule_search_locations is not None
        )


def _rename(module: ModuleType) -> None:
    if type(module) is ModuleType:
        module.__class__ = _Named


if __name__ == "torch":  # not where this file is looked at as a part of gradstep
    sys.meta_path.insert(0, _Finder())
    _engine = importlib.import_module(_ENGINE)
    sys.modules["torch"] = _engine  # it speaks of itself as torch already
    assert _engine.Tensor  # loads all names now: what a script does to sys.path afterwards must not matter
