"""Puts tensors, nodes, hooks, stacks and sources on the tape before they are mentioned, each once."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Container, Sequence
from typing import Any

from .describe import described, short_repr
from .forgetting import TABLE_CAP, Sweeper, living
from .keeping import Keeper
from .protocols import NodeLike, TensorLike
from .schema import ACCUMULATE_SEQUENCE, Frame, NodeKind, Role, Source
from .stacks import SOURCE_CAP, Stacks, is_library, is_own, source_text
from .wire import HOOK, META, NODE, SOURCE, TENSOR, Encoder

# Ids are unique in the process: a tensor or node keeps its own from one recording to the next.
_tensor_ids, _node_ids, _hook_ids = itertools.count(1), itertools.count(1), itertools.count(1)
new_tensor_id = _tensor_ids.__next__
_ACCUMULATE = int(NodeKind.ACCUMULATE)
_LEAF, _ACTIVATION, _CONSTANT, _GRADIENT = int(Role.LEAF), int(Role.ACTIVATION), int(Role.CONSTANT), int(Role.GRADIENT)
REMEMBERED = 4096  # tensors that are another's ``data``
_SIMPLE = frozenset((int, str, bool, type(None)))


def _key_of(value: object) -> Any:
    """What a parameter's words depend on: itself where its type is simple, numbers in a row, else the words."""
    if type(value) in _SIMPLE:
        return value
    if isinstance(value, (tuple, list)) and all(type(item) is int for item in value):
        return tuple(value)
    return short_repr(value)


class Introducer:
    """What the tape knows already, by id. Its methods give what a row needs to mention a thing, and introduce the thing where
    that is the first time."""

    def __init__(self, encoder: Encoder, capture: Keeper) -> None:
        self._encoder = encoder
        self._capture = capture
        self.level = capture.level
        self.versions: dict[int, int] = {}  # of the tensors on the tape: the last version that was kept
        self.nodes: set[int] = set()
        self.renamed: dict[int, list[tuple[int, int]]] = {}  # by storage: from this version of the engine on, count from there
        self.tied: dict[int, int] = {}  # op of the nodes that in-place ops made beside their own
        self._unseen: dict[int, Any] = {}  # by tensors that are another's ``data``: the memory's count of changes there
        self.last_meta = 0  # of the tensor met last
        self.stacks = Stacks(encoder.stacks, self._new_stack)
        self._hooks: dict[tuple[int, int, int | None], int] = {}
        self._asked: dict[int, Frame] = {}  # by the hook's key: where the user asked for a hook that is the engine's own function
        self._metas: dict[tuple[type, Any, tuple[int, ...]], int] = {}  # of arrays
        self._params: dict[Any, int] = {}
        self._files: set[str] = set()
        self.keeps_sources = True  # the text of source files, not only their names
        self._sweeper = Sweeper(self.living)

    def value(self, tensor: TensorLike | None, role: int | None) -> tuple[int, int]:
        """A tensor as it is now, as id and version; (0, 0) for None. ``role`` None: told from the tensor."""
        if tensor is None:
            return 0, 0
        cell = tensor._cell
        known, version = tensor._id, 0 if cell is None else cell.version
        if self.versions.get(known) != version or self.renamed:
            return self.meet(tensor, role)
        return known, version

    def _renumbered(self, storage: int, version: int) -> int:
        """The version on the tape: a version that a step back took away is never used again for other data."""
        for threshold, new in reversed(self.renamed.get(storage, ())):
            if version >= threshold:
                return new + version - threshold
        return version

    def before(self, version: int, tensor: TensorLike) -> int:
        """The version before ``version``, which an in-place change made."""
        cell = tensor._cell
        return max(self._renumbered(cell.id, cell.version - 1) if self.renamed and cell is not None else version - 1, 0)

    def values(self, tensors: Sequence[TensorLike | None]) -> tuple[int, int, int, int]:
        """Gradients as the last four words of an event's row."""
        if len(tensors) == 1:
            return 1, 0, *self.value(tensors[0], _GRADIENT)
        flat: list[int] = []
        for tensor in tensors:
            flat += self.value(tensor, _GRADIENT)
        pool = self._encoder.draft.pool
        start = len(pool)
        pool.extend(flat)
        return len(tensors), start, 0, 0

    def meet(self, tensor: TensorLike, role: int | None, like: int = 0) -> tuple[int, int]:
        """The value of a tensor that may not be on the tape yet, or not at this version. ``like``: the id of a tensor that was met a
        moment ago and has the same elements."""
        cell, number, data = tensor._cell, tensor._id, tensor._data
        version = 0
        if cell is not None:
            version = cell.version
            if self.renamed:
                version = self._renumbered(cell.id, version)
        if number == 0:
            number = tensor._id = next(_tensor_ids)
        last = self.versions.get(number, -1)
        if last >= version:
            return number, version
        if last < 0:
            self._introduce(tensor, number, role)
        self.versions[number] = version
        if self.level:
            self._capture.take(number, version, data, number if cell is None else cell.id, like)
        return number, version

    def fresh(self, tensor: TensorLike, role: int) -> int:
        """The id of a tensor that is not on any tape, and whose memory nobody shares."""
        number = tensor._id = new_tensor_id()
        data = tensor._data
        meta = self._metas.get((type(data), data.dtype, data.shape))
        if meta is None:
            meta = self.meta(tensor)
        self.last_meta = meta
        name = self._encoder.text_id(tensor._name) if tensor._name else 0
        self._encoder.draft.rows.extend((TENSOR | role << 8, number, meta, number, 0, name, 0, 0))
        self.versions[number] = 0
        if self.level:
            self._capture.take(number, 0, data, number)
        return number

    def meta(self, tensor: TensorLike) -> int:
        """The number of what shape, type and device a tensor has."""
        data = tensor._data
        known = (type(data), data.dtype, data.shape)
        meta = self._metas.get(known)
        if meta is None:
            meta = self._encoder.meta_id(tensor.dtype.name, tuple(tensor.shape), str(tensor.device))
            if type(data) is self._capture.plain:  # the memory of which device an array of another kind lies in, its type does not say
                self._metas[known] = meta
        return meta

    def _introduce(self, tensor: TensorLike, number: int, role: int | None) -> None:
        """The row of a tensor, after those of what it is a view of. Its storage is called as the first tensor with it."""
        cell, base = tensor._cell, tensor._base
        parent = 0
        if base is not None:
            parent = base._id
            if parent not in self.versions:
                parent = self.meet(base, role)[0]
        storage = number
        if cell is not None:
            storage = cell.id
            if storage == 0:
                storage = cell.id = number
        if role is None:
            role = (_LEAF if tensor.is_leaf else _ACTIVATION) if tensor.requires_grad else _CONSTANT
        encoder = self._encoder
        meta = self.meta(tensor)
        self.last_meta = meta
        words = tensor._name or (self.stacks.variable(tensor) if role == _LEAF else "")
        name = encoder.text_id(words) if words else 0
        encoder.draft.rows.extend((TENSOR | role << 8, number, meta, storage, parent, name, 0, 0))

    def node(self, node: NodeLike, inside: int) -> int:
        """The id of a node. ``inside`` is the node that runs now."""
        number = node.id
        return number if number in self.nodes else self.meet_node(node, 0, inside)

    def number(self, node: NodeLike) -> int:
        """The id of a node, given to it where it has none yet."""
        if node.id == 0:
            node.id = next(_node_ids)
        return node.id

    def meet_node(self, node: NodeLike, op: int, inside: int, metas: list[int] | None = None, fresh: Sequence[tuple[Any, int]] = ()) -> int:
        """A node that is not on the tape, after the nodes behind its edges. ``op`` made it, where that is now; ``metas`` are
        its slots' where they are known, ``fresh`` the data and ids of the op's new outputs."""
        known = self.nodes
        waiting: list[NodeLike] = []
        for edge in node.next_edges:
            if edge is not None and edge[0].id not in known:
                waiting.append(edge[0])
        while waiting:
            top = waiting[-1]
            behind = [edge[0] for edge in top.next_edges if edge is not None and edge[0].id not in known]
            if behind and top.id not in known:
                waiting.extend(behind)
                continue
            waiting.pop()
            if top.id not in known:
                self._write(top, 0, inside, None, ())
        self._write(node, op, inside, metas, fresh)
        return node.id

    def own_node(self, node: NodeLike, op: int, inside: int, metas: list[int] | None, fresh: Sequence[tuple[Any, int]]) -> None:
        """The node of an op that runs now: it is new, and those behind its edges seldom are. As ``_write``, but in one go."""
        known, edges, kept = self.nodes, node.next_edges, node.kept()
        if kept is None or metas is None:
            for edge in edges:
                if edge is not None and edge[0].id not in known:
                    self.meet_node(edge[0], 0, inside)
            self._write(node, op, inside, metas, fresh)
            return
        encoder, versions, renamed = self._encoder, self.versions, self.renamed
        texts = encoder.texts
        flat = [len(metas), len(edges), len(kept), *metas]
        for edge in edges:
            if edge is None:
                flat += (0, 0)
            else:
                behind = edge[0].id
                if behind not in known:
                    behind = self.meet_node(edge[0], 0, inside)
                flat += (behind, edge[1])
        for name, tensor, data in kept:
            if tensor is None:
                met, version = self._kept_output(node, name, data, fresh)
            else:
                met, cell = tensor._id, tensor._cell
                version = 0 if cell is None else cell.version
                if versions.get(met) != version or renamed:
                    met, version = self.meet(tensor, None)
            flat += (texts.get(name) or encoder.text_id(name), met, version)
        number, title = node.id, node.name()
        text = texts.get(title) or encoder.text_id(title)
        draft = encoder.draft
        start = len(draft.pool)
        draft.pool += flat
        draft.rows.extend((NODE | node.kind << 8, number, text, node.sequence, op, 0, inside, start))
        known.add(number)

    def _write(self, node: NodeLike, op: int, inside: int, metas: list[int] | None, fresh: Sequence[tuple[Any, int]]) -> None:
        encoder = self._encoder
        texts = encoder.texts
        number, kind = node.id or self.number(node), int(node.kind)
        flat = metas
        if flat is None:
            flat = [0 if meta is None else encoder.metas.get(meta) or encoder.meta_id(*meta) for meta in node.metas]
        slots, edges, saved = len(flat), node.next_edges, 0
        for edge in edges:
            if edge is None:
                flat += (0, 0)
            else:
                flat += (edge[0].id, edge[1])
        for name, tensor in node.saved_entries():
            saved += 1
            if fresh and tensor is not None and tensor._id == 0:
                for data, known in fresh:
                    if tensor._data is data:  # an alias of an output, made to be looked at
                        tensor._id = known
            flat += (texts.get(name) or encoder.text_id(name), *self.value(tensor, None))
        variable = 0
        if kind == _ACCUMULATE and node.variable is not None:
            variable = self.value(node.variable, None)[0]
        title = node.name()
        text = texts.get(title) or encoder.text_id(title)
        draft = encoder.draft
        start, sequence = len(draft.pool), node.sequence
        draft.pool.extend((slots, len(edges), saved, *flat))
        if sequence >= ACCUMULATE_SEQUENCE:
            sequence = -1
        draft.rows.extend((NODE | kind << 8, number, text, sequence, op, variable, inside if op else 0, start))
        self.nodes.add(number)

    def _kept_output(self, node: NodeLike, name: str, data: Any, fresh: Sequence[tuple[Any, int]]) -> tuple[int, int]:
        """What a node keeps that is no input of its op: one of the ``fresh`` outputs, or what looking at it gives."""
        if data is None:
            return 0, 0
        for one, known in fresh:
            if one is data:
                return known, self.versions[known]
        return self.value(next((tensor for entry, tensor in node.saved_entries() if entry == name), None), None)

    def tie(self, node: NodeLike, op: int, inside: int) -> None:
        """Introduce a node that stands for ``op`` without being its own, and remember that."""
        if op and node.id not in self.nodes:
            self.tied[self.meet_node(node, op, inside)] = op

    def hook(self, kind: int, key: int, function: Callable[..., object], node: int, index: int | None, tensor: TensorLike | None) -> int:
        """The id of a hook, which is known by kind, key and slot."""
        number = self._hooks.get((kind, key, index))
        if number is not None:
            return number
        number = next(_hook_ids)
        encoder = self._encoder
        name, at = described(function)
        leaf = 0 if tensor is None else self.value(tensor, None)[0]
        text, start = encoder.text_id(name), -1
        if at is None or is_own(at.file):  # retain_grad, save_on_cpu
            at = self._asked.get(key)
        if at is not None:
            self.source(at.file)
            words = (encoder.text_id(at.file), at.line, encoder.text_id(at.function))
            start = len(encoder.draft.pool)
            encoder.draft.pool.extend(words)
        encoder.draft.rows.extend((HOOK | kind << 8, number, text, start, node, -1 if index is None else index, leaf, 0))
        self._hooks[kind, key, index] = number
        return number

    def asked_for_hook(self, key: int, at: Frame | None) -> None:
        """Where the user asked for a hook whose function is not the user's."""
        if at is not None:
            self._asked[key] = at
            if len(self._asked) > REMEMBERED:
                del self._asked[next(iter(self._asked))]

    def _new_stack(self, key: tuple[int, ...], frames: tuple[Frame, ...]) -> int:
        for frame in frames:
            if frame.file not in self._files and not is_library(frame.file):
                self.source(frame.file)
        return self._encoder.stack_id(key, frames)

    def source(self, file: str) -> None:
        """The text of a source file, once."""
        if self.keeps_sources and file not in self._files:
            self._files.add(file)
            text = source_text(file)
            if text is not None:
                self._encoder.record(Source(file, text[:SOURCE_CAP]))

    def params_id(self, names: tuple[str, ...], values: tuple[object, ...]) -> int:
        """The number of an op's parameters. Those of simple types are known again without looking at their words."""
        kinds = tuple(map(type, values))  # they tell 1 from True
        key: Any = (names, values, kinds)
        if not _SIMPLE.issuperset(kinds):
            key = (names, kinds, *map(_key_of, values))
        number = self._params.get(key)
        if number is None:
            pairs = tuple((name, short_repr(values[place])) for place, name in enumerate(names))
            number = self._params[key] = self._encoder.params_id(pairs, pairs)
        return number

    def taken_back(self, storage: int, engine: int, tape: int) -> None:
        """A step back took a version away, ``engine`` in the engine and ``tape`` on the tape: it is never used for other data."""
        before = self.renamed.get(storage, [])
        top = max(tape, *(new for _, new in before), 0)
        self.renamed[storage] = [pair for pair in before if pair[0] < engine] + [(engine, top + 1)]  # the others are never looked at again

    def same_memory(self, tensor: TensorLike, made: TensorLike) -> None:
        """``made`` is ``tensor.data``: changes of it change ``tensor`` too, and are not counted there."""
        cell = tensor._cell
        if cell is not None and tensor._id and made._id:
            cell.id = cell.id or tensor._id
            self._unseen[made._id] = cell
            if len(self._unseen) > REMEMBERED:
                del self._unseen[next(iter(self._unseen))]

    def changed_unseen(self, tensor: TensorLike) -> None:
        """``tensor`` was changed in place: where it is another's ``data``, that one's value on the tape is a new one."""
        if self._unseen:
            cell = self._unseen.get(tensor._id) or (self._unseen.get(tensor._base._id) if tensor._base is not None else None)
            if cell is not None:
                self.taken_back(cell.id, cell.version, self._renumbered(cell.id, cell.version))

    def living(self) -> tuple[set[int] | None, set[int]]:
        """The ids of tensors and nodes that are alive; of another engine's otherwise. None: dead tensors are forgotten at once."""
        return living()

    def forget_the_dead(self) -> None:
        """Where much is known: only what is alive stays. Nothing may wait in the keeper, and no row may be uncommitted."""
        if self._sweeper.is_due(len(self.versions) + len(self.nodes)):
            self._sweeper.sweep(self.versions, self.nodes, self.tied)
        for table in (self._params, self._metas, self._hooks):
            if len(table) > TABLE_CAP:
                table.clear()

    def forget(self, gone: list[tuple[int, int]]) -> None:
        """What rows introduced that were taken back: pairs of code and id."""
        for code, number in gone:
            if code == TENSOR:
                self.versions.pop(number, None)
            elif code == NODE:
                self.nodes.discard(number)
                self.tied.pop(number, None)
            elif code == META:
                self._metas = {key: known for key, known in self._metas.items() if known != number}
            elif code == HOOK:
                self._hooks = {hook: known for hook, known in self._hooks.items() if known != number}
            elif code == SOURCE:
                self._files.clear()  # which one it was, the row does not say: a file may be kept twice
        self._params.clear()
        self._capture.forget(self._mentioned())

    def _mentioned(self) -> Container[int]:
        """The tensors that are on the tape."""
        return self.versions
