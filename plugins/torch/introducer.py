"""Puts PyTorch's tensors and nodes on the tape. A tensor is known by a weak reference, a node by a mark in its ``metadata``, so that
nothing that the script made lives longer, or looks different, because it was recorded.
"""

from __future__ import annotations

import itertools
import weakref
from collections.abc import Iterable, Sequence
from typing import Any

from gradstep.engine.tape.introduce import Introducer, new_tensor_id
from gradstep.engine.tape.schema import ACCUMULATE_SEQUENCE, NodeKind, Role
from gradstep.engine.tape.wire import NODE, TENSOR

MARK = "gradstep"  # our entry in a node's metadata

_node_ids = itertools.count(1)
_LEAF, _ACTIVATION, _CONSTANT = int(Role.LEAF), int(Role.ACTIVATION), int(Role.CONSTANT)
_RENAMED_SEQUENCE = {ACCUMULATE_SEQUENCE: -1}


class Mark:
    """A node's number, and whether it keeps tensors; it dies with the node."""

    __slots__ = ("__weakref__", "keeps", "number")

    def __init__(self) -> None:
        self.number = next(_node_ids)
        self.keeps = False


def number_of(node: Any) -> int:
    """A node's number, given to it where it has none yet."""
    metadata = node.metadata
    mark = metadata.get(MARK)
    if mark is None:
        mark = metadata[MARK] = Mark()
    return int(mark.number)


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

    __slots__ = ("kind", "saved")

    def __init__(self, node: Any) -> None:
        self.kind = kind_of(node)
        self.saved = tuple(name for name in dir(type(node)) if name.startswith("_raw_saved_"))


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
    for attribute in type_of(node).saved:
        try:
            kept = getattr(node, attribute)
        except RuntimeError:  # freed
            continue
        several = isinstance(kept, (tuple, list))
        for place, one in enumerate(kept if several else (kept,)):
            if one is None:
                continue
            try:
                data = None if getattr(one, "unpack_hook", None) is not None else one.data
            except RuntimeError:
                continue
            name = attribute[11:] + (f"[{place}]" if several else "")
            if data is not None or getattr(one, "unpack_hook", None) is not None:
                found.append((name, data))
    return found


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
        self._tensors: dict[int, _Known] = {}  # by id()
        self._addresses: dict[int, int] = {}  # of the storages of known tensors
        self._storages: dict[int, list[int]] = {}  # by address of the storage: its number, how many known tensors live in it
        self.names: dict[int, tuple[weakref.ref[Any], str]] = {}  # of parameters, by id()
        self.tops: dict[int, int] = {}  # by storage: the last version that was told

    # ---------------------------------------------------------------------------------------------- tensors

    def known(self, tensor: Any) -> int:
        """The number of a tensor; 0 where it is not on the tape."""
        known = self._tensors.get(id(tensor))
        return known.number if known is not None and known() is tensor else 0

    def storage_of(self, tensor: Any) -> int:
        """The number of a tensor's storage on the tape; 0 where the tensor is not there."""
        known = self._tensors.get(id(tensor))
        return known.storage if known is not None and known() is tensor else 0

    def value(self, tensor: Any, role: int | None) -> tuple[int, int]:
        """See Introducer."""
        if tensor is None:
            return 0, 0
        known: Any = self._tensors.get(id(tensor))
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
            version = int(tensor._version)
        except RuntimeError:
            version = 0
        known: Any = self._tensors.get(id(tensor))
        if known is None or known() is not tensor:
            known = self._remember(tensor)
        number = known.number
        last = self.versions.get(number, -1)
        if last >= version:
            return number, version
        if last < 0:
            self._put(tensor, known, role)
        self.versions[number] = version
        if self.level:
            self._capture.take(number, version, tensor, known.storage, like)
        return number, version

    def _remember(self, tensor: Any) -> _Known:
        known: Any = _Known(tensor, self._gone)
        known.key = key = id(tensor)
        known.number = new_tensor_id()
        known.storage = known.number
        try:
            address = tensor.untyped_storage()._cdata
        except (RuntimeError, NotImplementedError):  # a sparse tensor, a wrapper
            address = 0
        if address:
            shared = self._storages.get(address)
            if shared is None:
                self._storages[address] = [known.number, 1]
            else:
                known.storage = shared[0]
                shared[1] += 1
        self._addresses[known.number] = address
        self._tensors[key] = known
        made: _Known = known
        return made

    def _gone(self, known: Any) -> None:
        """A tensor has died."""
        key, number = known.key, known.number
        if self._tensors.get(key) is known:
            del self._tensors[key]
        address = self._addresses.pop(number, 0)
        shared = self._storages.get(address)
        if shared is not None:
            shared[1] -= 1
            if shared[1] == 0:
                del self._storages[address]
        self.versions.pop(number, None)

    def _put(self, tensor: Any, known: _Known, role: int | None) -> None:
        base = tensor._base if tensor._is_view() else None
        parent = 0
        if base is not None:
            parent = self.known(base)
            if parent not in self.versions:
                parent = self.meet(base, role)[0]
        if role is None:
            role = (_LEAF if tensor.is_leaf else _ACTIVATION) if tensor.requires_grad else _CONSTANT
        encoder = self._encoder
        words = self.name_of(tensor)
        if not words and role == _LEAF:
            words = self.stacks.variable(tensor)
        name = encoder.text_id(words) if words else 0
        encoder.draft.rows.extend((TENSOR | role << 8, known.number, self.meta(tensor), known.storage, parent, name, 0, 0))

    def name_of(self, tensor: Any) -> str:
        """A parameter's name in its module; "" where it has none."""
        named = self.names.get(id(tensor))
        return named[1] if named is not None and named[0]() is tensor else ""

    def meta(self, tensor: Any) -> int:
        """See Introducer; also what a node says of its slots."""
        key = (tensor.dtype, tensor.shape, tensor.device)
        number = self._metas.get(key)
        if number is None:
            shape = tuple(int(size) for size in tensor.shape)
            number = self._metas[key] = self._encoder.meta_id(str(tensor.dtype)[6:], shape, str(tensor.device))
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
        waiting = [(node, False) for node in roots if number_of(node) not in known]
        while waiting:
            node, ready = waiting.pop()
            number = number_of(node)
            if number in known:
                continue
            edges = node.next_functions
            if not ready:
                behind = [(one, False) for one, _ in edges if one is not None and number_of(one) not in known]
                if behind:
                    waiting.append((node, True))
                    waiting += behind
                    continue
            self._write_node(node, number, edges, op, inside, since, outs)

    def _write_node(self, node: Any, number: int, edges: Any, op: int, inside: int, since: int, outs: Sequence[Any]) -> None:
        encoder = self._encoder
        texts = encoder.texts
        known = type_of(node)
        sequence = node._sequence_nr()
        metas: list[int] = []
        for slot in node._input_metadata:
            try:
                metas.append(self.meta(slot))
            except (RuntimeError, AttributeError, TypeError):  # an undefined one, or of a size that is not known
                metas.append(0)
        flat: list[int] = []
        for one, index in edges:
            flat += (0, 0) if one is None else (number_of(one), index)
        saved = 0
        variable = 0
        kind = known.kind
        if kind == NodeKind.ACCUMULATE:
            variable = self.value(node.variable, None)[0]
        elif known.saved:
            for name, tensor in saved_of(node):
                saved += 1
                if tensor is not None and outs and self.known(tensor) == 0:
                    tensor = _same(tensor, outs)
                flat += (texts.get(name) or encoder.text_id(name), *self.value(tensor, None))
        title = node.name().rpartition("::")[2]
        text = texts.get(title) or encoder.text_id(title)
        node.metadata[MARK].keeps = saved > 0
        draft = encoder.draft
        start = len(draft.pool)
        draft.pool.extend((len(metas), len(edges), saved, *metas, *flat))
        if not 0 <= since <= sequence < ACCUMULATE_SEQUENCE:
            op = inside = 0
        draft.rows.extend((NODE | kind << 8, number, text, _RENAMED_SEQUENCE.get(sequence, sequence), op, variable, inside, start))
        self.nodes.add(number)


def _same(kept: Any, outs: Sequence[Any]) -> Any:
    """The result that a node keeps an alias of."""
    for out in outs:
        if out.shape == kept.shape and out.dtype == kept.dtype and out.stride() == kept.stride() and out.data_ptr() == kept.data_ptr():
            return out
    return kept
