"""Puts PyTorch's tensors and nodes on the tape. A tensor is known by a weak reference, a node by a mark in its ``metadata``, so that
nothing that the script made lives longer, or looks different, because it was recorded.
"""

from __future__ import annotations

import gc
import json
import sys
import weakref
from collections.abc import Container, Iterable, Mapping, Sequence
from typing import Any

import torch

from gradstep.engine.tape.introduce import Introducer, new_tensor_id
from gradstep.engine.tape.schema import ACCUMULATE_SEQUENCE, NodeKind, Note, Role
from gradstep.engine.tape.stacks import own_line
from gradstep.engine.tape.wire import NODE, TENSOR

from .marks import KINDS, MARK, Kind, Mark, learn, mark_of, saved_of, slots_of, tells_slots, type_of, widen
from .naming import Names
from .parameters import key_of, plain
from .tensors import is_leaf
from .unseen import NODES, OTHER

_LEAF, _ACTIVATION, _CONSTANT, _GRADIENT = int(Role.LEAF), int(Role.ACTIVATION), int(Role.CONSTANT), int(Role.GRADIENT)
_ACCUMULATE = int(NodeKind.ACCUMULATE)
_Accumulate = torch._C._functions.AccumulateGrad
_packing = getattr(torch._C._autograd, "_top_saved_tensors_default_hooks", None)  # the hooks that pack what a node keeps, where there are
CALLS_CAP = 10_000  # calls whose parameters are known again
PURGED = 4096  # tensors after which those that have died are looked for; then at twice as many as live

# What is known of a tensor that is on the tape, in a list for speed: a weak reference, its number, the last version of which something was
# told, the number of its storage, and that of its shape, type and device.
Entry = list[Any]
REFERENCE, NUMBER, VERSION, STORAGE, META = range(5)


class TorchIntroducer(Introducer):
    """What the tape knows of PyTorch's tensors and nodes."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.tensors: dict[int, Entry] = {}  # by id(); some have died: a reference without a callback costs half as much
        self._purge_at = PURGED
        self.names: dict[int, tuple[weakref.ref[Any], str]] = {}  # of parameters, by id()
        self.given_names: Names | None = None  # of those that no module which was called has
        self.tops: dict[int, int] = {}  # by storage: the last version that was told
        self._unseen_kinds: set[str] = set()  # what it was said of that it cannot be looked into
        self._calls: dict[Any, int] = {}  # by what a call was given beside tensors, the number of that
        self.alias = 0  # the storage of the tensor that is met next, where that is an alias of another

    # ---------------------------------------------------------------------------------------------- tensors

    def known(self, tensor: Any) -> int:
        """The number of a tensor; 0 where it is not on the tape."""
        entry = self.tensors.get(id(tensor))
        return entry[NUMBER] if entry is not None and entry[REFERENCE]() is tensor else 0

    def storage_of(self, tensor: Any) -> int:
        """The number of a tensor's storage on the tape; 0 where the tensor is not there."""
        entry = self.tensors.get(id(tensor))
        return entry[STORAGE] if entry is not None and entry[REFERENCE]() is tensor else 0

    def value(self, tensor: Any, role: int | None) -> tuple[int, int]:
        """See Introducer."""
        if tensor is None:
            return 0, 0
        try:
            version: int = tensor._version
        except RuntimeError:  # made in inference mode
            version = 0
        entry = self.tensors.get(id(tensor))
        if entry is None or entry[0]() is not tensor:
            entry = self.put(tensor, role)
        number: int = entry[1]
        if entry[2] < version:
            entry[2] = version
            if self.level:
                self._capture.take(number, version, tensor, entry[3])
        return number, version

    def values(self, tensors: Sequence[Any]) -> tuple[int, int, int, int]:
        """See Introducer."""
        if len(tensors) == 1:
            return 1, 0, *self.value(tensors[0], _GRADIENT)
        flat: list[int] = []
        for tensor in tensors:
            flat += self.value(tensor, _GRADIENT)
        pool = self._encoder.draft.pool
        start = len(pool)
        pool += flat
        return len(tensors), start, 0, 0

    def before(self, version: int, tensor: Any) -> int:
        """See Introducer."""
        return max(version - 1, 0)

    def meet(self, tensor: Any, role: int | None, like: int = 0) -> tuple[int, int]:
        """See Introducer: ``value`` finds out whether it is new."""
        return self.value(tensor, role)

    def put(self, tensor: Any, role: int | None) -> Entry:
        """Introduce a tensor. A view lies in its base's storage, every other one in its own, but for aliases that an op makes."""
        number = new_tensor_id()
        storage = self.alias or number
        parent = 0
        if tensor._is_view():
            base = tensor._base
            if base is not None:
                parent = self.meet(base, role)[0]
                storage = self.tensors[id(base)][3]
        name = 0
        if role is None:
            role = _ACTIVATION
            if is_leaf(tensor):
                role = _LEAF if tensor.requires_grad else _CONSTANT
            elif not tensor.requires_grad:
                role = _CONSTANT
        if role != _GRADIENT and role != _ACTIVATION:
            words = self.name_of(tensor) or (self.stacks.variable(tensor) if role == _LEAF else "")
            name = self._encoder.text_id(words) if words else 0
        try:
            meta = self._metas.get((tensor.dtype, tensor.shape, tensor.device)) or self.meta(tensor)
        except (TypeError, RuntimeError):  # a size without a number; a nested tensor has none at all
            meta = self.meta(tensor)
        self._encoder.draft.rows.extend((TENSOR | role << 8, number, meta, storage, parent, name, 0, 0))
        entry: Entry = [weakref.ref(tensor), number, -1, storage, meta]
        self.tensors[id(tensor)] = entry
        if len(self.tensors) > self._purge_at:
            self._purge()
        return entry

    def _purge(self) -> None:
        """Forget the tensors that have died."""
        self.tensors = {key: entry for key, entry in self.tensors.items() if entry[0]() is not None}
        self._purge_at = max(PURGED, 2 * len(self.tensors))
        if len(self.names) > PURGED:
            self.names = {key: named for key, named in self.names.items() if named[0]() is not None}
        if len(self.tops) > self._purge_at:
            storages = {entry[STORAGE] for entry in self.tensors.values()}
            self.tops = {storage: top for storage, top in self.tops.items() if storage in storages}

    def living(self) -> tuple[set[int] | None, set[int]]:
        """See Introducer: a mark dies with its node."""
        return None, {one.number for one in gc.get_objects() if type(one) is Mark}

    def forget(self, gone: list[tuple[int, int]]) -> None:
        """See Introducer."""
        lost = {number for code, number in gone if code == TENSOR}
        if lost:
            self.tensors = {key: entry for key, entry in self.tensors.items() if entry[NUMBER] not in lost}
        self._calls.clear()
        super().forget(gone)

    def _mentioned(self) -> Container[int]:
        return {entry[NUMBER] for entry in self.tensors.values()}

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

    def params_of(self, function: Any, args: Sequence[Any], kwargs: Mapping[str, Any], operands: int = 0) -> int:
        """The number of what of a call's arguments is no tensor; 0 where all are."""
        key = key_of(function, args, kwargs)
        number = self._calls.get(key) if key is not None else None
        if number is None:
            names, values = plain(function, args, kwargs, operands)
            number = self.params_id(names, values) if names else 0
            if key is not None:
                if len(self._calls) >= CALLS_CAP:
                    self._calls.clear()
                self._calls[key] = number
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
        for root in roots:
            mark = root.metadata.get(MARK)
            if mark is not None and mark.number in known:
                continue
            edges: list[int] = []
            node, behind = root, iter(root.next_functions)
            waiting: list[tuple[Any, Any, list[int], int]] = []
            while True:
                for one, index in behind:
                    if one is None:
                        edges += (0, 0)
                        continue
                    mark = one.metadata.get(MARK)
                    if mark is not None and mark.number in known:
                        edges += (mark.number, index)
                        continue
                    if not tells_slots():
                        widen(one, index)
                    further = one.next_functions
                    if further:
                        waiting.append((node, behind, edges, index))
                        node, behind, edges = one, iter(further), []
                        break
                    edges += (self._write_node(one, [], op, inside, since, outs), index)
                else:  # a node gets its number after those behind it
                    number = self._write_node(node, edges, op, inside, since, outs)
                    if not waiting:
                        break
                    node, behind, edges, index = waiting.pop()
                    edges += (number, index)

    def op_node(
        self, node: Any, op: int, inside: int, since: int, outs: Sequence[Any], made: Sequence[int], given: Sequence[Any],
        known: Sequence[int],
    ) -> Mark:  # fmt: skip
        """The node of an op that has just run, and is new: as ``meet_nodes``, in one go. ``made`` has number and version of each of the
        results ``outs``, and ``known`` those of the tensors that it was ``given``, where they are still the same."""
        nodes, kind = self.nodes, KINDS.get(type(node))
        edges: list[int] = []
        for one, index in node.next_functions:
            if one is None:
                edges += (0, 0)
                continue
            metadata = one.metadata
            mark = metadata.get(MARK)
            if mark is None or mark.number not in nodes:
                if mark is None and type(one) is _Accumulate and tells_slots():
                    mark = self._own_leaf(one, metadata)
                else:
                    if not tells_slots():
                        widen(one, index)
                    self.meet_nodes((one,), op, inside, since, outs)
                    mark = metadata[MARK]
            edges += (mark.number, index)
        sequence = node._sequence_nr()
        meta = 0
        if kind is not None and kind.lone and len(outs) == 1 and since <= sequence < ACCUMULATE_SEQUENCE:
            out = outs[0]
            if not out.output_nr and not out.is_nested:
                meta = self.tensors[id(out)][4]
        if not meta or kind is None:
            self._write_node(node, edges, op, inside, since, outs)
            return mark_of(node)
        encoder = self._encoder
        texts, draft = encoder.texts, encoder.draft
        mark = mark_of(node)
        number = mark.number
        row = [1, len(edges) >> 1, 0, meta, *edges]
        if kind.saved:
            row[2] = saved = self._kept(node, kind, row, outs, made, given, known)
            mark.keeps = saved > 0
        pool = draft.pool
        start = len(pool)
        pool += row
        title = kind.title
        draft.rows.extend((NODE | kind.number << 8, number, texts.get(title) or encoder.text_id(title), sequence, op, 0, inside, start))
        nodes.add(number)
        return mark

    def _kept(
        self, node: Any, kind: Kind, row: list[int], outs: Sequence[Any], made: Sequence[int], given: Sequence[Any], known: Sequence[int],
    ) -> int:  # fmt: skip
        """Add name, number and version of what a node keeps to a row; how many. Most of it is what its op was ``given``, or gave."""
        encoder = self._encoder
        texts = encoder.texts
        is_packed = _packing is None or _packing(False) is not None
        count = 0
        for attribute, name in kind.saved:
            try:
                kept = getattr(node, attribute)
                if type(kept) is tuple:  # several: all once more, one by one
                    break
                tensor = kept.data
                if tensor is None and kept.unpack_hook is None:
                    continue
            except (RuntimeError, AttributeError):  # freed
                continue
            count += 1
            number = version = place = 0
            for one in () if is_packed else given:
                if one is tensor:
                    number, version = known[place], known[place + 1]
                    break
                place += 2
            else:
                if kept.unpack_hook is not None:
                    number = 0
                elif name == "result" and made:  # in PyTorch's formulas what the op gave
                    number, version = made
                else:
                    if outs and not self.known(tensor):
                        tensor = _same(tensor, outs)
                    number, version = self.value(tensor, None)
            row += (texts.get(name) or encoder.text_id(name), number, version)
        else:
            return count
        del row[len(row) - 3 * count :]
        every = saved_of(node, kind)
        for name, tensor in every:
            if outs and tensor is not None and not self.known(tensor):
                tensor = _same(tensor, outs)
            row += (texts.get(name) or encoder.text_id(name), *self.value(tensor, None))
        return len(every)

    def _own_leaf(self, node: Any, metadata: dict[str, Any]) -> Mark:
        """The row of a node that accumulates, and is new; its mark."""
        kind = KINDS.get(_Accumulate) or type_of(node)
        leaf = node.variable
        entry = self.tensors.get(id(leaf))
        if entry is None or entry[0]() is not leaf:
            entry = self.put(leaf, None)
            self.value(leaf, None)
        mark = metadata[MARK] = Mark()
        number = mark.number
        encoder = self._encoder
        draft, title = encoder.draft, kind.title
        text = encoder.texts.get(title) or encoder.text_id(title)
        pool = draft.pool
        start = len(pool)
        pool += (1, 0, 0, entry[4])
        draft.rows.extend((NODE | _ACCUMULATE << 8, number, text, -1, 0, entry[1], 0, start))
        self.nodes.add(number)
        return mark

    def _write_node(self, node: Any, edges: list[int], op: int, inside: int, since: int, outs: Sequence[Any]) -> int:
        """The row of a node, after those behind its edges; its number."""
        encoder = self._encoder
        texts, metas, draft = encoder.texts, self._metas, encoder.draft
        mark = mark_of(node)
        number = mark.number
        if number in self.nodes:  # it was found twice on the way
            return number
        known = KINDS.get(type(node)) or type_of(node)
        if known.number == _ACCUMULATE:
            leaf = node.variable
            entry = self.tensors.get(id(leaf))
            if entry is None or entry[0]() is not leaf:
                self.meet(leaf, None)
                entry = self.tensors[id(leaf)]
            title = known.title
            row: tuple[int, ...] = (1, 0, 0, entry[META])
            sequence, variable, op, inside = -1, entry[NUMBER], 0, 0
        else:
            sequence, variable = node._sequence_nr(), 0
            slots = self._slot_of(outs[0], node) if known.lone and len(outs) == 1 else []
            if not slots:
                for slot in slots_of(node, outs):
                    try:
                        slots.append(metas.get((slot.dtype, tuple(slot.shape), slot.device)) or self.meta(slot))
                    except (RuntimeError, AttributeError, TypeError):  # an undefined one, or a size without a number
                        slots.append(self._odd(slot))
                if not known.lone:
                    learn(known, len(slots))
            flat = edges
            saved = 0
            if known.saved:
                flat = list(edges)
                saved = self._kept(node, known, flat, outs, (), (), ())
                mark.keeps = saved > 0
            title = known.title or node.name().rpartition("::")[2]
            row = (len(slots), len(edges) >> 1, saved, *slots, *flat)
            if not 0 <= since <= sequence < ACCUMULATE_SEQUENCE:
                op = inside = 0
            if sequence >= ACCUMULATE_SEQUENCE:
                sequence = -1
        if known.risky or known.kind == NodeKind.REBASE:
            self._opaque(known.kind, title)
        text = texts.get(title) or encoder.text_id(title)
        pool = draft.pool
        start = len(pool)
        pool += row
        draft.rows.extend((NODE | known.number << 8, number, text, sequence, op, variable, inside, start))
        self.nodes.add(number)
        return number

    def _opaque(self, kind: NodeKind, title: str) -> None:
        if kind != NodeKind.CUSTOM:
            self.cannot_see(title, NODES.get(title, OTHER))

    def cannot_see(self, what: str, why: str) -> None:
        """Say once that this cannot be looked into."""
        if what not in self._unseen_kinds:
            self._unseen_kinds.add(what)
            frame = own_line(sys._getframe(1))
            self._encoder.record(Note("unseen", json.dumps({"what": what, "why": why, **(frame._asdict() if frame is not None else {})})))

    def _slot_of(self, out: Any, node: Any) -> list[int]:
        """What arrives at a node that takes one gradient, known from the result that it made; empty where it did not make that."""
        entry = self.tensors.get(id(out))
        if entry is None or entry[0]() is not out or out.grad_fn is not node or out.output_nr or out.is_nested:
            return []
        return [entry[META]]

    def _odd(self, slot: Any) -> int:
        try:
            return self.meta(slot)
        except (RuntimeError, AttributeError):
            return 0


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
