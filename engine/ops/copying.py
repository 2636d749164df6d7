"""The twin of an op that gives a view: the same elements in memory of their own."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

from ..op import Op, op


def copying(view: Callable[..., Any], name: str) -> Callable[..., Any]:
    """The op ``name`` that computes what the view op behind ``view`` does, and copies it; its node is that op's ``..._copy``."""
    declared: Op = view.op  # type: ignore[attr-defined]

    def forward(xp: Any, *args: Any, **kwargs: Any) -> Any:
        made = declared.forward(xp, *args, **kwargs)
        return tuple(m.copy() for m in made) if type(made) is tuple else made.copy()

    forward.__name__ = forward.__qualname__ = name
    forward.__signature__ = inspect.signature(declared.forward)  # type: ignore[attr-defined]
    forward.__doc__ = f"As ``{view.__name__.strip('_')}``, in memory of its own."
    made: Callable[..., Any] = op(
        vjp={**declared.rules, **declared.joint},
        samples=declared.samples,
        torch=name.strip("_"),
        node=_copy_of(declared._node),
        outputs=declared.outputs,
        gradcheck=declared.gradcheck,
        halves="own",
    )(forward)
    return made


def _copy_of(node: Any) -> Any:
    """The name of the copy's node, or the function that gives it."""
    if isinstance(node, str):
        return f"{node}_copy"

    @functools.wraps(node)
    def renamed(**known: Any) -> str:
        return f"{node(**known)}_copy"

    return renamed
