"""What is known of PyTorch's backward nodes: the mark that each gets in its ``metadata``, its kind, what it keeps and what arrives."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

from gradstep.engine.tape.schema import NodeKind

MARK = "gradstep"  # our entry in a node's metadata

_node_ids = itertools.count(1)
new_node_id = _node_ids.__next__
_told = True  # nodes tell what arrives at their slots


class Mark:
    """A node's number, and whether it keeps tensors; it dies with the node."""

    __slots__ = ("__weakref__", "keeps", "number", "slots", "spent")

    keeps: bool
    number: int
    slots: int  # how many gradients arrive, where the node itself does not tell
    spent: bool  # PyTorch would have freed what it keeps, had the debugger not asked to keep it

    def __init__(self) -> None:
        self.number, self.keeps, self.spent = new_node_id(), False, False


def mark_of(node: Any) -> Mark:
    """A node's mark, given to it where it has none yet."""
    metadata = node.metadata
    mark: Mark | None = metadata.get(MARK)
    if mark is None:
        mark = metadata[MARK] = Mark()
    return mark


def number_of(node: Any) -> int:
    """A node's number, given to it where it has none yet."""
    return mark_of(node).number


def kind_of(node: Any) -> NodeKind:
    """What kind of node it is."""
    name = type(node).__name__
    if name == "AccumulateGrad":
        return NodeKind.ACCUMULATE
    if hasattr(node, "_forward_cls"):
        return NodeKind.BOUNDARY if name == "BackwardHookFunctionBackward" else NodeKind.OPAQUE if "Compiled" in name else NodeKind.CUSTOM
    if name == "CopySlices":
        return NodeKind.REBASE
    return NodeKind.OPAQUE if name in ("CppFunction", "Error", "NotImplemented", "DelayedError") else NodeKind.FUNCTION


class Kind:
    """What all nodes of one type have in common."""

    __slots__ = ("kind", "lone", "number", "risky", "saved", "title")

    def __init__(self, node: Any) -> None:
        self.lone = False  # nodes of this type take one gradient, whatever their op was given; found out by the first
        self.kind = kind_of(node)
        self.number = int(self.kind)
        self.risky = self.kind in (NodeKind.CUSTOM, NodeKind.OPAQUE)
        self.saved = tuple((name, name[11:]) for name in dir(type(node)) if name.startswith("_raw_saved_"))
        self.title = "" if hasattr(node, "_forward_cls") else node.name().rpartition("::")[2]


_VARYING = ("Split", "Unbind", "Unsafe")  # as many results as the op was asked for
KINDS: dict[Any, Kind] = {}  # by type


def learn(known: Kind, slots: int) -> None:
    """A node of this type takes so many gradients."""
    known.lone = slots == 1 and known.kind == NodeKind.FUNCTION and not any(part in known.title for part in _VARYING)


def type_of(node: Any) -> Kind:
    """What is known of nodes of this one's type."""
    kind = type(node)
    known = KINDS.get(kind)
    if known is None:
        known = Kind(node)
        if not hasattr(node, "_forward_cls"):  # a user's class may be made anew in every iteration
            KINDS[kind] = known
    return known


def saved_of(node: Any, known: Kind | None = None) -> list[tuple[str, Any]]:
    """Name and tensor of what a node keeps, None for what a hook packed. Never ``_saved_x``, which unpacks: that would run a checkpoint's
    forward again. Empty once it was freed."""
    found: list[tuple[str, Any]] = []
    for attribute, name in (known or KINDS.get(type(node)) or type_of(node)).saved:
        try:
            kept = getattr(node, attribute)
            if type(kept) is tuple:
                for place, one in enumerate(kept):
                    _add(found, f"{name}[{place}]", one)
            elif kept.unpack_hook is not None:
                found.append((name, None))
            elif (data := kept.data) is not None:
                found.append((name, data))
        except (RuntimeError, AttributeError):  # freed
            continue
    return found


def _add(found: list[tuple[str, Any]], name: str, kept: Any) -> None:
    if kept.unpack_hook is not None:
        found.append((name, None))
    elif (data := kept.data) is not None:
        found.append((name, data))


def tells_slots() -> bool:
    """Whether nodes of this PyTorch say what arrives at their slots (2.5 and later), as far as any was asked."""
    return _told


def slots_of(node: Any, outs: Sequence[Any] = ()) -> Sequence[Any]:
    """What arrives at each slot of a node, as something with dtype, shape and device; None where that is not known. Before PyTorch 2.5
    nodes do not tell: it is what the results ``outs`` of their op are."""
    found: Sequence[Any] | None = getattr(node, "_input_metadata", None)
    if found is not None:
        return found
    global _told
    _told = False
    if (variable := getattr(node, "variable", None)) is not None:
        return [variable]
    mark = mark_of(node)
    own = {out.output_nr: out for out in outs if not out.is_leaf and mark_of(out.grad_fn) is mark}
    mark.slots = max(getattr(mark, "slots", 1), max(own, default=0) + 1)
    return [own.get(place) for place in range(mark.slots)]


def widen(node: Any, slot: int) -> None:
    """A gradient will arrive at this slot."""
    mark = mark_of(node)
    mark.slots = max(getattr(mark, "slots", 1), slot + 1)
