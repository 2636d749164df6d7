"""``torch.compiler``: nothing is compiled."""

from __future__ import annotations

from typing import Any

from .settings import compile

__all__ = ["allow_in_graph", "assume_constant_result", "compile", "disable", "is_compiling", "is_dynamo_compiling", "is_exporting", "reset"]


def disable(fn: Any = None, recursive: bool = True, *, reason: str | None = None) -> Any:
    """The function itself; a decorator where it is called with options."""
    return fn if fn is not None else lambda function: function


def allow_in_graph(fn: Any) -> Any:
    """The function itself."""
    return fn


assume_constant_result = allow_in_graph


def is_compiling() -> bool:
    """Whether code is being compiled: it is not."""
    return False


is_dynamo_compiling = is_exporting = is_compiling


def reset() -> None:
    """Nothing."""


def cudagraph_mark_step_begin() -> None:
    """Nothing."""


def list_backends(exclude_tags: Any = ()) -> list[str]:
    """None."""
    return []


def set_stance(*_: Any, **__: Any) -> None:
    """Nothing."""
