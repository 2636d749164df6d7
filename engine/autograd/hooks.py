"""Hooks: who is called when a gradient passes, in which order, and the handle that removes them."""

from __future__ import annotations

import itertools
import weakref
from collections.abc import Callable
from typing import Any

next_key: Callable[[], int] = itertools.count(1).__next__


class RemovableHandle:
    """What registering a hook returns: ``remove()`` takes the hook away; as a context manager, at the block's end."""

    def __init__(self, hooks: dict[int, Any]) -> None:
        self.hooks_dict_ref: Callable[[], dict[int, Any] | None] = weakref.ref(hooks) if isinstance(hooks, HookDict) else lambda: hooks
        self.id = next_key()

    def remove(self) -> None:
        """Take the hook away; a second time does nothing."""
        hooks = self.hooks_dict_ref()
        if hooks is not None:
            hooks.pop(self.id, None)

    def __enter__(self) -> RemovableHandle:
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()


class OffTape:
    """A hook of the engine's own: not for the tape, on which the user's hooks that it calls appear by themselves."""

    off_tape = True

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function

    def __call__(self, *args: Any) -> Any:
        return self.function(*args)


def called(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    """``function`` under a name that users know."""
    function.__qualname__ = name
    return function


class HookDict(dict[int, Any]):
    """Hooks by the id of their handle, in the order in which they were registered."""

    __slots__ = ("__weakref__",)


def register(hooks: HookDict, function: Callable[..., Any], *, first: bool = False) -> RemovableHandle:
    """Add ``function`` after the hooks that are there, or before them."""
    handle = RemovableHandle(hooks)
    if first:
        others = dict(hooks)
        hooks.clear()
        hooks[handle.id] = function
        hooks.update(others)
    else:
        hooks[handle.id] = function
    return handle


class NodeHooks:
    """The hooks of one node. ``tensor`` holds those of the tensors that it made, by slot; ``retain`` the tensors (weakly)
    whose ``.grad`` is to be kept, by slot."""

    __slots__ = ("post", "pre", "retain", "tensor")

    def __init__(self) -> None:
        self.tensor: dict[int, HookDict] = {}
        self.retain: dict[int, weakref.ref[Any]] = {}
        self.pre = HookDict()
        self.post = HookDict()
