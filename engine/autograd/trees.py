"""Nested tuples, lists and dicts with tensors at the leaves: taken apart and put together again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any, NamedTuple


class Spec(NamedTuple):
    """The structure of a tree: what container, how it is made again, and the structures inside; a leaf has no container."""

    kind: Any
    context: Any
    children: tuple[Spec, ...]

    def __repr__(self) -> str:
        if self.kind is None:
            return "*"
        inside = ",\n".join("  " * bool(i) + repr(child).replace("\n", "\n  ") for i, child in enumerate(self.children))
        context = f"[{', '.join(map(repr, self.context))}]" if isinstance(self.context, list) else self.context
        return f"TreeSpec({self.kind.__name__}, {context}, [{inside}])"


LEAF = Spec(None, None, ())


def _children(tree: Any) -> tuple[Any, Any, list[Any]] | None:
    kind = type(tree)
    if kind in (tuple, list):
        return kind, None, list(tree)
    if kind in (dict, OrderedDict):
        return kind, list(tree), list(tree.values())
    if isinstance(tree, tuple) and hasattr(tree, "_fields"):
        return kind, kind, list(tree)
    return None


def flatten(tree: Any) -> tuple[list[Any], Spec]:
    """The leaves in order, and the structure that ``unflatten`` needs."""
    found = _children(tree)
    if found is None:
        return [tree], LEAF
    kind, context, children = found
    leaves: list[Any] = []
    specs: list[Spec] = []
    for child in children:
        inner, spec = flatten(child)
        leaves += inner
        specs.append(spec)
    return leaves, Spec(kind, context, tuple(specs))


def unflatten(leaves: list[Any], spec: Spec) -> Any:
    """The tree of that structure with those leaves."""
    remaining = iter(leaves)

    def build(part: Spec) -> Any:
        if part.kind is None:
            return next(remaining)
        children = [build(child) for child in part.children]
        if part.kind in (dict, OrderedDict):
            return part.kind(zip(part.context, children, strict=True))
        return part.kind._make(children) if part.kind is part.context and hasattr(part.kind, "_make") else part.kind(children)

    return build(spec)


def mapped(function: Callable[[Any], Any], tree: Any) -> Any:
    """The tree with ``function`` of each leaf in its place."""
    leaves, spec = flatten(tree)
    return unflatten([function(leaf) for leaf in leaves], spec)


def spread(tree: Any, spec: Spec) -> list[Any] | None:
    """The leaves of ``tree`` for each leaf of ``spec``, where one may stand for all below its place; None where they do not fit."""
    if spec.kind is None:
        return [tree] if _children(tree) is None else None
    found = _children(tree)
    if found is None:
        return [tree] * count(spec)
    kind, context, children = found
    if kind is not spec.kind or len(children) != len(spec.children) or context != spec.context:
        return None
    leaves: list[Any] = []
    for child, part in zip(children, spec.children, strict=True):
        inner = spread(child, part)
        if inner is None:
            return None
        leaves += inner
    return leaves


def count(spec: Spec) -> int:
    """How many leaves the structure has."""
    return 1 if spec.kind is None else sum(map(count, spec.children))
