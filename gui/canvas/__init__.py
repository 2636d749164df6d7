"""The graph canvas: one painted widget for a graph of any size.

The names below are loaded when the first of them is asked for: the process that arranges graphs needs no widget.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .canvas import GraphCanvas
    from .scene import Layout, LayoutFunction, Scene, arrange
    from .sprites import measure
    from .status import Look

__all__ = ["GraphCanvas", "Layout", "LayoutFunction", "Look", "Scene", "arrange", "measure"]

_HOMES = {
    "GraphCanvas": "canvas", "Layout": "scene", "LayoutFunction": "scene", "Look": "status", "Scene": "scene", "arrange": "scene",
    "measure": "sprites",
}  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = globals()[name] = getattr(import_module(f".{_HOMES[name]}", __name__), name)
    return found
