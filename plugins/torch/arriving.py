"""Notices when the script imports torch: what records it is put in place at that moment, and not before."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType
from typing import Any


class _Arriving(Loader):
    """Loads a module as its own loader does, then says that it is there."""

    def __init__(self, loader: Any, arrived: Callable[[], None]) -> None:
        self._loader, self._arrived = loader, arrived

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        module: ModuleType | None = self._loader.create_module(spec)
        return module

    def exec_module(self, module: ModuleType) -> None:
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader  # whoever asks later finds what would be there without us
        module.__loader__ = self._loader
        self._loader.exec_module(module)
        self._arrived()


class Arrival(MetaPathFinder):
    """Calls ``arrived`` once, when the module ``name`` has been imported."""

    def __init__(self, name: str, arrived: Callable[[], None]) -> None:
        self._name, self._arrived = name, arrived

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        """Python's own way to the module, with a look over its shoulder."""
        if name != self._name:
            return None
        sys.meta_path.remove(self)
        spec = find_spec(name)
        if spec is not None and spec.loader is not None:
            spec.loader = _Arriving(spec.loader, self._arrived)
        return spec


def when_imported(name: str, arrived: Callable[[], None]) -> None:
    """Call ``arrived`` when the module is there: now, or once the script has imported it."""
    if name in sys.modules:
        arrived()
    else:
        sys.meta_path.insert(0, Arrival(name, arrived))
