"""Puts PyTorch's tensors and nodes on the tape. A tensor is known by a weak reference, a node by a mark in its ``metadata``, so that
nothing that the script made lives longer, or looks different, because it was recorded.
"""

from __future__ import annotations

import gc
import itertools
import weakref
from collections.abc import Iterable, Sequence
from typing import Any

from gradstep.engine.tape.introduce import Introducer, new_tensor_id
from gradstep.engine.tape.schema import ACCUMULATE_SEQUENCE, NodeKind, Role
from gradstep.engine.tape.wire import NODE, TENSOR

from .naming import Names
from .tensors import is_leaf

MARK = "gradstep"  # our entry in a node's metadata

_node_ids = itertools.count(1)
_told = True  # nodes tell what arrives at their slots
_LEAF, _ACTIVATION, _CONSTANT = int(Role.LEAF), int(Role.ACTIVATION), int(Role.CONSTANT)


class Mark:
    """A node's number, and whether it keeps tensors; it dies with the node."""

    __slots__ = ("__weakref__", "keeps", "number", "slots", "spent")

    keeps: bool
    number: int
    slots: int  # how many gradients arrive, where the node itself does not tell
    spent: bool  # PyTorch would have freed what it keeps, had the debugger not asked to keep it


def mark_of(node: Any) -> Mark:
    """A node's mark, given to it where it has none yet."""
    metadata = node.metadata
    mark: Mark | None = metadata.get(MARK)
    if mark is None:
        mark = metadata[MARK] = Mark()
        mark.number, mark.keeps, mark.spent = next(_node_ids), False, False
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


class _Kind:
    """What all nodes of one type have in common."""

    __slots__ = ("kind", "saved", "title")

    def __init__(self, node: Any) -> None:
        self.kind = kind_of(node)
        self.saved = tuple((name, name[11:]) for name in dir(type(node)) if name.startswith("_raw_saved_"))
        self.title = "" if hasattr(node, "_forward_cls") else node.name().rpartition("::")[2]


_kinds: dict[Any, _Kind] = {}


def type_of(node: Any) -> _Kind:
    """What is known of nodes of this one's type."""
    kind = type(node)
    known = _kinds.get(kind)
    if known is None:
        known = _Kind(node)
        if not hasattr(node, "_forward_cls"):  # a user's class may be made anew in every iteration
            _kinds[kind] = known
    return known


def saved_of(node: Any) -> list[tuple[str, Any]]:
    """Name and tensor of what a node keeps, None for what a hook packed. Never ``_saved_x``, which unpacks: that would run a checkpoint's
    forward again. Empty once it was freed."""
    found: list[tuple[str, Any]] = []
    for attribute, name in (_kinds.get(type(node)) or type_of(node)).saved:
        try:
            kept = getattr(node, attribute)
            if type(kept) is tuple:
                for place, one in enumerate(kept):
                    _add(found, f"{name}[{place}]", one)
            else:
                _add(found, name, kept)
        except (RuntimeError, AttributeError):  # freed
            continue
    return found


def _add(found: list[tuple[str, Any]], name: str, kept: Any) -> None:
    if kept.unpack_hook is not None:
        found.append((name, None))
    elif (data := kept.data) is not None:
        found.append((name, data))


class _Known(weakref.ref):  # type: ignore[type-arg]
    """A tensor that is on the tape."""

    __slots__ = ("key", "number", "storage")

    key: int
    number: int
    storage: int


class TorchIntroducer(Introducer):
    """What the tape knows of PyTorch's tensors and nodes."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.tensors: dict[int, Any] = {}  # by id()
        self.names: dict[int, tuple[weakref.ref[Any], str]] = {}  # of parameters, by id()
        self.given_names: Names | None = None  # of those that no module which was called has
        self.tops: dict[int, int] = {}  # by storage: the last version that was told
        self.alias = 0  # the storage of the tensor that is met next, where that is an alias of another

    # ---------------------------------------------------------------------------------------------- tensors

    def known(self, tensor: Any) -> int:
        """The number of a tensor; 0 where it is not on the tape."""
        known = self.tensors.get(id(tensor))
        return known.number if known is not None and known() is tensor else 0

    def storage_of(self, tensor: Any) -> int:
        """The number of a tensor's storage on the tape; 0 where the tensor is not there."""
        known = self.tensors.get(id(tensor))
        return known.storage if known is not None and known() is tensor else 0

    def value(self, tensor: Any, role: int | None) -> tuple[int, int]:
        """See Introducer."""
        if tensor is None:
            return 0, 0
        known: Any = self.tensors.get(id(tensor))
        if known is not None and known() is tensor:
            try:
                version = tensor._version
            except RuntimeError:  # made in inference mode
                version = 0
            number = known.number
            if self.versions.get(number) == version:
                return number, version
        return self.meet(tensor, role)

    def before(self, version: int, tensor: Any) -> int:
        """See Introducer."""
        return max(version - 1, 0)

    def meet(self, tensor: Any, role: int | None, like: int = 0) -> tuple[int, int]:
        """See Introducer."""
        try:
            version: int = tensor._version
        except RuntimeError:
            version = 0
        key = id(tensor)
        known = self.tensors.get(key)
        if known is None or known() is not tensor:
            known = self._put(tensor, key, role)
        number = known.number
        if self.versions.get(number, -1) >= version:
            return number, version
        self.versions[number] = version
        if self.level:
            self._capture.take(number, version, tensor, known.storage, like)
        return number, version

    def _put(self, tensor: Any, key: int, role: int | None) -> Any:
        """Introduce a tensor. A view lies in its base's storage, every other one in its own, but for aliases that an op makes."""
        known: Any = _Known(tensor, self._gone)
        known.key = key
        known.number = number = new_tensor_id()
        known.storage = storage = self.alias or number
        parent = 0
        if tensor._is_view():
            base = tensor._base
            if base is not None:
                parent = self.meet(base, role)[0]
                known.storage = storage = self.tensors[id(base)].storage
        if role is None:
            role = (_LEAF if is_leaf(tensor) else _ACTIVATION) if tensor.requires_grad else _CONSTANT
        encoder = self._encoder
        name = 0
        if role in (_LEAF, _CONSTANT):
            words = self.name_of(tensor) or (self.stacks.variable(tensor) if role == _LEAF else "")
            name = encoder.text_id(words) if words else 0
        encoder.draft.rows.extend((TENSOR | role << 8, number, self.meta(tensor), storage, parent, name, 0, 0))
        self.tensors[key] = known
        return known

    def _gone(self, known: Any) -> None:
        """A tensor has died."""
        key = known.key
        if self.tensors.get(key) is known:
            del self.tensors[key]
        self.versions.pop(known.number, None)

    def living(self) -> tuple[set[int] | None, set[int]]:
        """See Introducer: a mark dies with its node."""
        return None, {one.number for one in gc.get_objects() if type(one) is Mark}

    def forget(self, gone: list[tuple[int, int]]) -> None:
        """See Introducer."""
        lost = {number for code, number in gone if code == TENSOR}
        if lost:
            self.tensors = {key: known for key, known in self.tensors.items() if known.number not in lost}
        super().forget(gone)

    def name_of(self, tensor: Any) -> str:
        """A parameter's name in its module; "" where it has none."""
        named = self.names.get(id(tensor))
        if named is not None and named[0]() is tensor:
            return named[1]
        return self.given_names.of(tensor) if self.given_names is not None else ""

    def meta(self, tensor: Any) -> int:
        """See Introducer; also what a node says of its slots."""
        try:
            key: Any = (tensor.dtype, tuple(tensor.shape), tensor.device)
            number = self._metas.get(key)
        except (TypeError, RuntimeError):  # a size without a number; a nested tensor has none at all
            key = (tensor.dtype, sizes_of(tensor), tensor.device)
            number = self._metas.get(key)
        if number is None:
            shape = tuple([size if type(size) is int else size_of(size) for size in key[1]])
            number = self._metas[key] = self._encoder.meta_id(str(key[0])[6:], shape, str(key[2]))
        return number

    # ------------------------------------------------------------------------------------------------ nodes

    def node(self, node: Any, inside: int) -> int:
        """See Introducer; ``node`` is a ``nodes.TorchNode``."""
        number: int = node.id
        return number if number in self.nodes else self.meet_node(node, 0, inside)

    def meet_node(self, node: Any, op: int, inside: int, metas: list[int] | None = None, fresh: Sequence[tuple[Any, int]] = ()) -> int:
        """See Introducer."""
        self.meet_nodes([node.node], op, inside)
        number: int = node.id
        return number

    def meet_nodes(self, roots: Iterable[Any], op: int, inside: int, since: int = -1, outs: Sequence[Any] = ()) -> None:
        """Introduce nodes and all those behind them that are new, the last first. Those with a sequence number of ``since`` or later were
        made just now: by ``op``, whose results are ``outs``, while the node ``inside`` ran."""
        known = self.nodes
        waiting = list(roots)
        while waiting:
            node = waiting[-1]
            mark = mark_of(node)
            if mark.number in known:
                waiting.pop()
                continue
            edges: list[int] = []
            ready = True
            for one, index in node.next_functions:
                if one is None:
                    edges += (0, 0)
                    continue
                behind = one.metadata.get(MARK)
                if behind is None or behind.number not in known:
                    if not _told:
                        _widen(one, index)
                    waiting.append(one)
                    ready = False
                else:
                    edges += (behind.number, index)
            if ready:
                waiting.pop()
                self._write_node(node, mark, edges, op, inside, since, outs)

    def _write_node(self, node: Any, mark: Mark, edges: list[int], op: int, inside: int, since: int, outs: Sequence[Any]) -> None:
        encoder = self._encoder
        texts = encoder.texts
        known = _kinds.get(type(node)) or type_of(node)
        kind, sequence = known.kind, node._sequence_nr()
        slots: list[int] = []
        for slot in slots_of(node, outs):
            try:
                slots.append(self.meta(slot))
            except (RuntimeError, AttributeError):  # an undefined one
                slots.append(0)
        flat = edges
        saved = variable = 0
        if kind == NodeKind.ACCUMULATE:
            variable = self.value(node.variable, None)[0]
        elif known.saved:
            flat = list(edges)
            for name, tensor in saved_of(node):
                saved += 1
                value = (0, 0)
                if tensor is not None:
                    if outs and id(tensor) not in self.tensors:
                        tensor = _same(tensor, outs)
                    value = self.value(tensor, None)
                flat += (texts.get(name) or encoder.text_id(name), *value)
        mark.keeps = saved > 0
        title = known.title or node.name().rpartition("::")[2]
        draft = encoder.draft
        pool = draft.pool
        start = len(pool)
        pool += (len(slots), len(edges) >> 1, saved, *slots, *flat)
        if not 0 <= since <= sequence < ACCUMULATE_SEQUENCE:
            op = inside = 0
        if sequence >= ACCUMULATE_SEQUENCE:
            sequence = -1
        draft.rows.extend(
            (NODE | kind << 8, mark.number, texts.get(title) or encoder.text_id(title), sequence, op, variable, inside, start)
        )
        self.nodes.add(mark.number)


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
    own = {out.output_nr: out for out in outs if out.grad_fn is not None and mark_of(out.grad_fn) is mark}
    mark.slots = max(getattr(mark, "slots", 1), max(own, default=0) + 1)
    return [own.get(place) for place in range(mark.slots)]


def _widen(node: Any, slot: int) -> None:
    """A gradient will arrive at this slot."""
    mark = mark_of(node)
    mark.slots = max(getattr(mark, "slots", 1), slot + 1)


def sizes_of(tensor: Any) -> tuple[int, ...]:
    """The shape in numbers; empty where there is none."""
    try:
        return tuple([size_of(size) for size in tensor.shape])
    except RuntimeError:
        return ()


def size_of(size: Any) -> int:
    """A symbolic size in numbers; 0 for one that has none (of a nested tensor)."""
    try:
        return int(size)
    except (TypeError, ValueError, RuntimeError, AttributeError):
        return 0


def _same(kept: Any, outs: Sequence[Any]) -> Any:
    """The result that a node keeps an alias of. Nested and sparse tensors, which have no shape or strides, are told apart by nothing."""
    try:
        for out in outs:
            if out.shape == kept.shape and out.dtype == kept.dtype and out.stride() == kept.stride() and out.data_ptr() == kept.data_ptr():
                return out
    except RuntimeError:
        return kept
    return kept
