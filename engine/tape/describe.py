"""Words for what the user's script handed over: parameters of ops and hooks. A user's object may do anything when it is
looked at, so everything here gives a word and never raises."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..older import qualname
from .schema import Frame

CAP = 200  # characters


def short_repr(value: object) -> str:
    if hasattr(type(value), "__array__") or (hasattr(value, "shape") and hasattr(value, "dtype")):
        return f"<{type(value).__name__} {getattr(value, 'shape', '')}>"
    try:
        text = repr(value)
    except Exception:  # a user's class may do anything in its __repr__
        return f"<{type(value).__name__}>"
    return text if len(text) <= CAP else text[: CAP - 3] + "..."


def described(function: Callable[..., object]) -> tuple[str, Frame | None]:
    """A function's name and where it was defined, also behind partials, methods and callable objects."""
    try:
        inner: Any = function
        for _ in range(8):
            if hasattr(inner, "__code__"):
                break
            inner = getattr(inner, "func", None) or getattr(inner, "__func__", None) or getattr(inner, "__wrapped__", None) or inner
        code = getattr(inner, "__code__", None)
        name = getattr(inner, "__qualname__", None)
        if code is None:
            code = getattr(vars(type(inner)).get("__call__"), "__code__", None)
            name = name or f"{type(inner).__qualname__}.__call__"
        if code is None:
            return str(name)[:CAP], None
        return str(name)[:CAP], Frame(code.co_filename, code.co_firstlineno, qualname(code))
    except Exception:  # a user's object may do anything in its __getattr__
        return type(function).__name__, None


def with_number(
    params: Mapping[str, object] | tuple[object, ...], names: tuple[str, ...], place: int, number: object
) -> tuple[dict[str, object], tuple[str, ...]]:
    """Parameters by name, with an input that is a number as one more."""
    named = {name: params[i] for i, name in enumerate(names)} if isinstance(params, tuple) else dict(params)
    named[f"input {place}"] = number
    return named, ()
