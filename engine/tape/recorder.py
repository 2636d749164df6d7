"""The recorder: the engine's only outlet. It turns what happens into rows of the tape, and changes nothing.

The engine asks ``if recorder.current is not None`` at each outlet and calls one method here. The recorder sees tensors and
nodes through the Protocols below and keeps none of them alive. A method never raises into the user's script: where the
sink fails, recording stops, says so once, and the script goes on. A signal that lands inside (KeyboardInterrupt) passes
through, and what was half written is taken back.
"""

from __future__ import annotations

import itertools
import os
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from .capture import Capture, Level
from .describe import described, short_repr
from .protocols import NodeLike, TensorLike
from .schema import ACCUMULATE_SEQUENCE, Frame, NodeKind, Note, Role, Source
from .sinks import BlockSink, BlocksToRecords, ListSink, Sink
from .stacks import SOURCE_CAP, Stacks, is_library, source_text
from .wire import (
    BUMPED,
    CALL,
    CALL_BEGIN,
    CALL_END,
    EDITED,
    FREED,
    GRAD_ADDED,
    GRAD_STORED,
    HOOK,
    HOOK_CALLED,
    INDEX_BITS,
    META,
    NODE,
    NODE_ENTER,
    NODE_EXIT,
    NODE_READY,
    OP,
    REWOUND,
    RUN,
    RUN_BEGIN,
    RUN_END,
    TENSOR,
)

__all__ = ["Level", "ListSink", "Recorder", "current", "install", "recording", "uninstall"]

LATENCY = 10_000_000  # nanoseconds that a row may wait while others come

# Ids are unique in the process: a tensor or node keeps its own from one recording to the next.
_tensor_ids, _storage_ids, _node_ids = itertools.count(1), itertools.count(1), itertools.count(1)
_op_ids, _call_ids, _hook_ids, _run_ids = itertools.count(1), itertools.count(1), itertools.count(1), itertools.count(1)


class _Thread:
    """Where a thread is: its module call, its node, and the brackets around them."""

    __slots__ = ("call", "index", "node", "nodes", "op", "run", "runs")

    def __init__(self, index: int) -> None:
        self.index = index
        self.call = 0
        self.op = 0  # the last
        self.run = 0
        self.node = 0
        self.nodes: list[tuple[int, int, int]] = []  # run and node entered, and the call that was open around it
        self.runs: list[int] = []


class _Guard:
    """Around what a method of the recorder does: lock, commit, and keep every error away from the script. Gives the
    thread, None where nothing is recorded."""

    __slots__ = ("_recorder",)

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder

    def __enter__(self) -> _Thread | None:
        recorder = self._recorder
        recorder._lock.acquire()
        if recorder.failed:
            return None
        return recorder._threads.get(threading.get_ident()) or recorder._thread()

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> bool:
        recorder = self._recorder
        try:
            if error is not None:
                recorder._broken(error)
            elif not recorder.failed:
                try:
                    recorder._commit()
                except BaseException as late:
                    recorder._broken(late)
        finally:
            recorder._lock.release()
        return True


class Recorder:
    """Writes a tape. ``budget`` is the bytes of values that are written in all; later values are dropped, and said so."""

    def __init__(self, sink: Sink | BlockSink, level: Level = Level.VALUES, budget: int = 256 * 2**20) -> None:
        self.level = level
        self.failed = ""  # why recording stopped
        self.sink: BlockSink = sink if isinstance(sink, BlockSink) else BlocksToRecords(sink)
        self._lock = self.sink.lock
        self._guard = _Guard(self)
        self._encoder = self.sink.encoder
        self._limit = self.sink.block_words
        self._capture = Capture(self.sink, level, budget, self._dropped)
        self._began = time.perf_counter_ns()
        self._pushed = self._began
        self._versions: dict[int, int] = {}  # of the tensors on the tape: the last version that was kept
        self._nodes: set[int] = set()
        self._hooks: dict[tuple[int, int, int | None], int] = {}
        self._runs: dict[int, int] = {}  # open runs and their thread's index
        self._calls: dict[int, int] = {}  # open calls and the call around each
        self._threads: dict[int, _Thread] = {}
        self._stacks = Stacks(self._encoder.stacks, self._new_stack)
        self._files: set[str] = set()
        self._metas: dict[tuple[type, Any, tuple[int, ...]], int] = {}  # of arrays
        self._meta = 0  # of the tensor met last
        self._params: dict[Any, int] = {}
        self._bumps: list[tuple[int, int, int, int]] = []  # while runs are open: event, storage, version in the engine and on the tape
        self._renamed: dict[int, list[tuple[int, int, int]]] = {}  # by storage: from this version of the engine on, count from there

    # ------------------------------------------------------------------------------------------------- the forward

    def clock(self) -> float:
        """Seconds on the clock of ``started``."""
        return time.perf_counter()

    @property
    def position(self) -> int:
        """Index of the last event written; -1 before the first."""
        return self._encoder.events - 1

    def op(
        self, name: str, inputs: Sequence[TensorLike | None], outputs: Sequence[TensorLike], node: NodeLike | None,
        params: Mapping[str, object], started: float, grad_mode: bool = True,
    ) -> None:  # fmt: skip
        """An op ran. Called after an in-place op raised its output's version and before ``mutated``."""
        with self._lock:
            if self.failed:
                return
            try:
                now = time.perf_counter_ns()
                thread = self._threads.get(threading.get_ident()) or self._thread()
                number, versions, encoder = next(_op_ids), self._versions, self._encoder
                role = Role.GRADIENT if thread.run else None
                flat: list[int] = []
                for tensor in inputs:
                    try:
                        version = tensor._storage.version  # type: ignore[union-attr]
                    except AttributeError:  # a number, None
                        if tensor is not None:
                            params = {**params, f"input {len(flat) // 2}": tensor}
                        flat += (0, 0)
                        continue
                    assert tensor is not None
                    if version and any(tensor is out for out in outputs):
                        flat += (self._value(tensor, role)[0], version - 1)  # changed in place
                        continue
                    known = tensor._id
                    if versions.get(known) != version or self._renamed:
                        known, version = self._meet(tensor, role)
                    flat.append(known)
                    flat.append(version)
                metas: list[int] = []
                for tensor in outputs:
                    known, version = tensor._id, tensor._storage.version
                    if versions.get(known) != version or self._renamed:
                        if known == 0 and tensor.requires_grad:
                            known, version = self._meet(tensor, role)
                            metas.append(self._meta)
                        else:
                            known, version = self._meet(tensor, role)
                    flat.append(known)
                    flat.append(version)
                if node is None:
                    flat.extend((0, 0) * len(outputs))
                else:
                    target = node.id
                    if target not in self._nodes:
                        # new outputs that all take gradients: the node's slots are theirs
                        target = self._meet_node(node, number, thread, metas if len(metas) == len(outputs) else None)
                    for index, tensor in enumerate(outputs):
                        flat += (target, index) if tensor.requires_grad else (0, 0)
                stack = self._stacks.number(1)
                keys = self._params_id(params) if params else 0
                text = encoder.texts.get(name)
                if text is None:
                    text = encoder.text_id(name)
                draft = encoder.draft
                pool = draft.pool
                start = len(pool)
                pool += (now - self._began, now - int(started * 1e9), len(inputs), len(outputs))
                pool += flat
                head = OP | grad_mode << 8 | thread.index << 16
                draft.rows.extend((head, number, text, thread.call, thread.node, stack, keys, start))
                thread.op = number
                draft.committed = length = len(draft.rows)
                if length >= self._limit or now - self._pushed > LATENCY or self._capture.full:
                    self._push(now)
            except BaseException as error:
                self._broken(error)

    def mutated(self, tensor: TensorLike, old: int, new: int) -> None:
        """A tensor was changed in place by the last op."""
        with self._guard as thread:
            if thread:
                known, version = self._value(tensor, Role.GRADIENT if thread.run else None)
                if self._runs:
                    self._bumps.append((self.position, tensor._storage.id, new, version))
                self._event(BUMPED, 0, thread, (known, self._before(version, tensor) if new - old == 1 else old, version, thread.op, 0))

    def val(self, tensor: TensorLike) -> None:
        """Keep a value that is about to be changed."""
        with self._guard as thread:
            if thread:
                self._value(tensor, Role.GRADIENT if thread.run else None)

    def enter_call(self, path: str, type: str) -> int:
        """A module's forward is entered. Returns the number for ``leave_call``; 0 where nothing is recorded."""
        number = 0
        with self._guard as thread:
            if thread:
                number = next(_call_ids)
                encoder = self._encoder
                words = (CALL, number, encoder.text_id(path), encoder.text_id(type), thread.call, 0, 0, 0)
                encoder.draft.rows.extend(words)
                self._event(CALL_BEGIN, 0, thread, (number, 0, 0, 0, 0))
                self._calls[number] = thread.call
                thread.call = number
        return number

    def leave_call(self, call: int) -> None:
        """The forward of ``enter_call`` was left. Calls inside it that nobody left end with it."""
        with self._guard as thread:
            if thread and call in self._calls:
                inner = thread.call
                while inner and inner != call and inner in self._calls:
                    self._event(CALL_END, 0, thread, (inner, 0, 0, 0, 0))
                    inner = self._calls.pop(inner)
                self._event(CALL_END, 0, thread, (call, 0, 0, 0, 0))
                thread.call = self._calls.pop(call)

    # ------------------------------------------------------------------------------------------------ the backward

    def run_begin(
        self, roots: Sequence[tuple[NodeLike, int]], seeds: Sequence[TensorLike | None], needed: Iterable[NodeLike],
        keep_graph: bool, create_graph: bool, accumulate: bool,
    ) -> int:  # fmt: skip
        """backward() or grad() was called. Returns the run's number, which is unique in the process; 0: not recorded."""
        number = 0
        with self._guard as thread:
            if thread:
                number = next(_run_ids)
                encoder = self._encoder
                flat: list[int] = []
                for root, index in roots:
                    flat += (self._node(root, thread), index)
                for seed in seeds:
                    flat += self._value(seed, Role.GRADIENT)
                ranges: list[int] = []
                for wanted in sorted([self._node(node, thread) for node in needed]):
                    if ranges and wanted == ranges[-2] + ranges[-1]:
                        ranges[-1] += 1
                    else:
                        ranges += (wanted, 1)
                stack = self._stacks.number(2)
                draft = encoder.draft
                start = len(draft.pool)
                draft.pool.extend((len(roots), len(seeds), len(ranges) // 2))
                draft.pool.extend(flat + ranges)
                flags = bool(keep_graph) | bool(create_graph) << 1 | bool(accumulate) << 2
                head = RUN | flags << 8 | thread.index << 16
                draft.rows.extend((head, number, start, thread.run, thread.node, stack, 0, 0))
                self._event(RUN_BEGIN, number, thread, (0, 0, 0, 0, 0))
                thread.runs.append(number)
                thread.run = number
                self._runs[number] = thread.index
        return number

    def grad_added(self, run: int, source: tuple[NodeLike, int] | None, target: tuple[NodeLike, int], grad: TensorLike | None) -> None:
        """A gradient reached a slot; ``source`` None is the seed."""
        with self._lock:
            if self.failed or run not in self._runs:
                return
            try:
                thread = self._threads.get(threading.get_ident()) or self._thread()
                value = self._value(grad, Role.GRADIENT)
                node, index = target
                if source is None:
                    words = (0, self._node(node, thread), index, *value)
                else:
                    words = (self._node(source[0], thread), self._node(node, thread), source[1] << INDEX_BITS | index, *value)
                self._event(GRAD_ADDED, run, thread, words)
                self._commit()
            except BaseException as error:
                self._broken(error)

    def node_ready(self, run: int, node: NodeLike) -> None:
        """All that a node waits for has arrived."""
        self._about(NODE_READY, run, node)

    def freed(self, run: int, node: NodeLike) -> None:
        """What a node had saved is gone. ``run`` 0: outside of any run."""
        self._about(FREED, run, node)

    def node_enter(self, run: int, node: NodeLike, grads: Sequence[TensorLike | None]) -> None:
        """A node is about to run. What was recorded is handed to the system first, so that a crash names the node."""
        with self._lock:
            if self.failed or run not in self._runs:
                return
            try:
                thread = self._threads.get(threading.get_ident()) or self._thread()
                number = self._node(node, thread)
                self._event(NODE_ENTER, run, thread, (number, *self._values(grads)))
                thread.nodes.append((run, number, thread.call))
                thread.node, thread.run, thread.call = number, run, 0
                self._encoder.draft.committed = len(self._encoder.draft.rows)
                if self._limit:
                    self.sink.flush()
                else:
                    self._push(time.perf_counter_ns())
            except BaseException as error:
                self._broken(error)

    def node_exit(self, run: int, node: NodeLike, grads: Sequence[TensorLike | None]) -> None:
        """A node passed gradients on, one an edge."""
        with self._lock:
            if self.failed or run not in self._runs:
                return
            try:
                thread = self._threads.get(threading.get_ident()) or self._thread()
                number = self._node(node, thread)
                self._event(NODE_EXIT, run, thread, (number, *self._values(grads)))
                if thread.nodes and thread.nodes[-1][:2] == (run, number):
                    self._leave_node(thread)
                self._commit()
            except BaseException as error:
                self._broken(error)

    def hook_called(
        self, run: int | None, kind: int, key: int, function: Callable[..., object], before: Sequence[TensorLike | None],
        after: Sequence[TensorLike | None], *, node: NodeLike | None = None, index: int | None = None, tensor: TensorLike | None = None,
    ) -> None:  # fmt: skip
        """A hook ran (``after`` empty: it raised). ``key`` is its handle's number."""
        with self._guard as thread:
            if thread:
                around = 0 if node is None else self._node(node, thread)
                hook = self._hooks.get((kind, key, index)) or self._meet_hook(kind, key, function, around, index, tensor)
                role = Role.GRADIENT if run else None
                flat: list[int] = []
                for value in (*before, *after):
                    flat += self._value(value, role)
                pool = self._encoder.draft.pool
                start = len(pool)
                pool.extend(flat)
                self._event(HOOK_CALLED, run or 0, thread, (hook, around, start, len(before), len(after)))

    def grad_stored(self, run: int, tensor: TensorLike, previous: TensorLike | None, grad: TensorLike | None) -> None:
        """``.grad`` of a leaf was written; called afterwards. ``previous`` may be ``grad`` itself (added in place)."""
        with self._guard as thread:
            if thread and run in self._runs:
                leaf = self._value(tensor, None)[0]
                before: tuple[int, int]
                if previous is not None and previous is grad:
                    known, version = self._value(grad, Role.GRADIENT)
                    before = (known, self._before(version, grad))
                else:
                    before = self._value(previous, Role.GRADIENT)
                self._event(GRAD_STORED, run, thread, (leaf, *before, *self._value(grad, Role.GRADIENT)))

    def edited(self, run: int, node: NodeLike, index: int, old: TensorLike | None, new: TensorLike | None) -> None:
        """The debugger replaced a gradient that waits at a slot."""
        with self._guard as thread:
            if thread and run in self._runs:
                number = self._node(node, thread)
                flat = (*self._value(old, Role.GRADIENT), *self._value(new, Role.GRADIENT))
                pool = self._encoder.draft.pool
                start = len(pool)
                pool.extend(flat)
                self._event(EDITED, run, thread, (number, index, start, 0, 0))

    def rewound(self, run: int, to: int) -> None:
        """The walk was stepped back to the state after event ``to``."""
        with self._guard as thread:
            if thread and run in self._runs:
                self._event(REWOUND, run, thread, (to, 0, 0, 0, 0))
                while self._bumps and self._bumps[-1][0] >= to:
                    _, storage, engine, tape = self._bumps.pop()
                    top = max(tape, *(new for _, new, _ in self._renamed.get(storage, [(0, 0, 0)])))
                    self._renamed.setdefault(storage, []).append((engine, top + 1, tape))

    def run_end(self, run: int, error: str = "") -> None:
        """The walk is over. Nodes of it that are still open, and runs begun inside it, are unwound."""
        with self._guard as thread:
            if thread and run in self._runs:
                self._event(RUN_END, run, thread, (self._encoder.text_id(error), 0, 0, 0, 0))
                del self._runs[run]
                if not self._runs:
                    self._bumps.clear()
                if run in thread.runs:
                    inner = set(thread.runs[thread.runs.index(run) :])
                    while thread.nodes and thread.nodes[-1][0] in inner:
                        self._leave_node(thread)
                    del thread.runs[thread.runs.index(run) :]
                    thread.run = thread.runs[-1] if thread.runs else 0

    # ---------------------------------------------------------------------------------------------- the recording

    def note(self, kind: str, text: str) -> None:
        """A fact about the recording itself."""
        with self._guard as thread:
            if thread:
                self._note(kind, text)

    def source(self, file: str) -> None:
        """Keep the text of a source file, once."""
        with self._guard as thread:
            if thread:
                self._source(file)

    def flush(self) -> None:
        """Everything recorded so far, values and statistics too, is handed to the system. Called before every pause."""
        with self._lock:
            if not self.failed:
                try:
                    self._push(time.perf_counter_ns())
                    self.sink.flush()
                except BaseException as error:
                    self._broken(error)

    def close(self) -> None:
        """End the recording."""
        uninstall(self)
        self.flush()
        with self._lock:
            if not self.failed:
                try:
                    self.sink.close()
                except BaseException as error:
                    self._broken(error)
            self.failed = self.failed or "closed"

    # -------------------------------------------------------------------------------------------------- introducing

    def _value(self, tensor: TensorLike | None, role: Role | None) -> tuple[int, int]:
        if tensor is None:
            return 0, 0
        known, version = tensor._id, tensor._storage.version
        if self._versions.get(known) != version or self._renamed:
            return self._meet(tensor, role)
        return known, version

    def _renumbered(self, storage: int, version: int) -> int:
        """The version on the tape: a version that a step back took away is never used again for other data."""
        for threshold, new, _ in reversed(self._renamed.get(storage, ())):
            if version >= threshold:
                return new + version - threshold
        return version

    def _before(self, version: int, tensor: TensorLike) -> int:
        """The version before ``version``, which an in-place change made."""
        storage = tensor._storage
        return max(self._renumbered(storage.id, storage.version - 1) if self._renamed else version - 1, 0)

    def _values(self, tensors: Sequence[TensorLike | None]) -> tuple[int, int, int, int]:
        if len(tensors) == 1:
            return 1, 0, *self._value(tensors[0], Role.GRADIENT)
        flat: list[int] = []
        for tensor in tensors:
            flat += self._value(tensor, Role.GRADIENT)
        pool = self._encoder.draft.pool
        start = len(pool)
        pool.extend(flat)
        return len(tensors), start, 0, 0

    def _meet(self, tensor: TensorLike, role: Role | None) -> tuple[int, int]:
        """The value of a tensor that may not be on the tape yet, or not at this version."""
        storage, number, data = tensor._storage, tensor._id, tensor._data
        version = storage.version
        if self._renamed:
            version = self._renumbered(storage.id, version)
        if number == 0:
            number = tensor._id = next(_tensor_ids)
        last = self._versions.get(number, -1)
        if last >= version:
            return number, version
        if last < 0:
            base = tensor._base
            parent = 0
            if base is not None:
                parent = base._id
                if parent not in self._versions:
                    parent = self._meet(base, role)[0]
            if storage.id == 0:
                storage.id = next(_storage_ids)
            if role is None:
                role = (Role.LEAF if tensor.is_leaf else Role.ACTIVATION) if tensor.requires_grad else Role.CONSTANT
            encoder = self._encoder
            known = (type(data), data.dtype, data.shape)
            meta = self._metas.get(known)
            if meta is None:
                meta = encoder.meta_id(tensor.dtype.name, tuple(tensor.shape), str(tensor.device))
                if type(data) is np.ndarray:  # the memory of which device an array of another kind lies in, its type does not say
                    self._metas[known] = meta
            self._meta = meta
            name = encoder.text_id(tensor._name) if tensor._name else 0
            encoder.draft.rows.extend((TENSOR | role << 8, number, meta, storage.id, parent, name, 0, 0))
        self._versions[number] = version
        if self.level:
            self._capture.take(number, version, data)
        return number, version

    def _node(self, node: NodeLike, thread: _Thread) -> int:
        number = node.id
        return number if number in self._nodes else self._meet_node(node, 0, thread)

    def _meet_node(self, node: NodeLike, op: int, thread: _Thread, metas: list[int] | None = None) -> int:
        """A node that is not on the tape, after the nodes behind its edges. ``op`` made it, where that is now; ``metas`` are
        its slots' where they are known."""
        known = self._nodes
        waiting: list[NodeLike] = [node]
        while waiting:
            top = waiting[-1]
            if top.id in known:
                waiting.pop()
                continue
            behind = [edge[0] for edge in top.next_edges if edge is not None and edge[0].id not in known]
            if behind:
                waiting.extend(behind)
                continue
            waiting.pop()
            if top is node:
                self._write_node(node, op, thread, metas)
            else:
                self._write_node(top, 0, thread, None)
        return node.id

    def _write_node(self, node: NodeLike, op: int, thread: _Thread, metas: list[int] | None) -> int:
        encoder = self._encoder
        number = node.id
        if number == 0:
            number = node.id = next(_node_ids)
        flat = metas
        if flat is None:
            flat = [0 if meta is None else encoder.metas.get(meta) or encoder.meta_id(*meta) for meta in node.metas]
        slots, edges = len(flat), node.next_edges
        for edge in edges:
            if edge is None:
                flat += (0, 0)
            else:
                flat.append(edge[0].id)
                flat.append(edge[1])
        saved = 0
        for name, tensor in node.saved_entries():
            flat.append(encoder.texts.get(name) or encoder.text_id(name))
            flat += self._value(tensor, None)
            saved += 1
        variable = 0
        if node.kind == NodeKind.ACCUMULATE and node.variable is not None:
            variable = self._value(node.variable, None)[0]
        title = node.name()
        text = encoder.texts.get(title) or encoder.text_id(title)
        draft = encoder.draft
        start = len(draft.pool)
        draft.pool.extend((slots, len(edges), saved, *flat))
        sequence = -1 if node.sequence >= ACCUMULATE_SEQUENCE else node.sequence
        draft.rows.extend((NODE | node.kind << 8, number, text, sequence, op, variable, thread.node if op else 0, start))
        self._nodes.add(number)
        return number

    def _meet_hook(
        self, kind: int, key: int, function: Callable[..., object], node: int, index: int | None, tensor: TensorLike | None
    ) -> int:
        number = next(_hook_ids)
        encoder = self._encoder
        name, at = described(function)
        leaf = 0 if tensor is None else self._value(tensor, None)[0]
        text, start = encoder.text_id(name), -1
        if at is not None:
            self._source(at.file)
            words = (encoder.text_id(at.file), at.line, encoder.text_id(at.function))
            start = len(encoder.draft.pool)
            encoder.draft.pool.extend(words)
        encoder.draft.rows.extend((HOOK | kind << 8, number, text, start, node, -1 if index is None else index, leaf, 0))
        self._hooks[kind, key, index] = number
        return number

    def _new_stack(self, key: tuple[int, ...], frames: tuple[Frame, ...]) -> int:
        for frame in frames:
            if frame.file not in self._files and not is_library(frame.file):
                self._source(frame.file)
        return self._encoder.stack_id(key, frames)

    def _source(self, file: str) -> None:
        if file not in self._files:
            self._files.add(file)
            text = source_text(file)
            if text is not None:
                self._encoder.record(Source(file, text[:SOURCE_CAP]))

    def _params_id(self, params: Mapping[str, object]) -> int:
        values = tuple(params.values())
        key = (*params, *values, *map(type, values))
        try:
            number = self._params.get(key)
        except TypeError:  # a list, a slice: not hashable
            number, key = None, ()
        if number is None:
            pairs = tuple((name, short_repr(value)) for name, value in params.items())
            number = self._encoder.params_id(pairs, pairs)
            if key and all(type(value) in (int, str, bool, type(None)) for value in values):
                self._params[key] = number
        return number

    # ------------------------------------------------------------------------------------------------------ writing

    def _about(self, code: int, run: int, node: NodeLike) -> None:
        with self._lock:
            if self.failed or (run and run not in self._runs):
                return
            try:
                thread = self._threads.get(threading.get_ident()) or self._thread()
                self._event(code, run, thread, (self._node(node, thread), 0, 0, 0, 0))
                self._commit()
            except BaseException as error:
                self._broken(error)

    def _event(self, code: int, run: int, thread: _Thread, words: tuple[int, ...]) -> None:
        encoder = self._encoder
        encoder.draft.rows.extend((code | thread.index << 8, run, time.perf_counter_ns() - self._began, *words))
        encoder.events += 1

    def _note(self, kind: str, text: str) -> None:
        self._encoder.record(Note(kind, text, (time.perf_counter_ns() - self._began) / 1e9))

    def _dropped(self, text: str) -> None:
        self._note("dropped", f"after event {self.position}: {text}")

    def _leave_node(self, thread: _Thread) -> None:
        _, _, thread.call = thread.nodes.pop()
        thread.run, thread.node = thread.nodes[-1][:2] if thread.nodes else (0, 0)
        if thread.runs:
            thread.run = thread.runs[-1]

    def _thread(self) -> _Thread:
        ident = threading.get_ident()
        thread = self._threads[ident] = _Thread(len(self._threads))
        return thread

    def _commit(self) -> None:
        draft = self._encoder.draft
        draft.committed = length = len(draft.rows)
        if length >= self._limit or self._capture.full:
            self._push(time.perf_counter_ns())

    def _push(self, now: int) -> None:
        """Hand rows, values and statistics to the sink."""
        if self._capture.waits:
            self._capture.push()
        self.sink.push()
        self._pushed = now

    # ------------------------------------------------------------------------------------------------------ failing

    def _broken(self, error: BaseException) -> None:
        """Take back what was half written. A signal goes on to the script; an error ends the recording."""
        gone = self._encoder.rollback()
        for code, number in gone:
            if code == TENSOR:
                self._versions.pop(number, None)
            elif code == NODE:
                self._nodes.discard(number)
            elif code == META:
                self._metas = {key: known for key, known in self._metas.items() if known != number}
            elif code == HOOK:
                self._hooks = {key: known for key, known in self._hooks.items() if known != number}
            elif code in (RUN_BEGIN, RUN):
                self._runs.pop(number, None)
        self._capture.forget(self._versions)
        self._params.clear()
        if not isinstance(error, Exception):
            raise error
        self._stop(f"{type(error).__name__}: {error}")

    def _stop(self, reason: str) -> None:
        """End the recording because of an error: say it once."""
        self.failed = reason
        uninstall(self)
        print(f"gradstep: recording stopped after event {self.position}: {reason}; the script goes on", file=sys.stderr)
        try:
            self._note("stopped", reason)
            self._encoder.commit()
            self.sink.push()
            self.sink.flush()
        except Exception:  # the sink is what failed: its last words may fail as well
            return


current: Recorder | None = None


def install(recorder: Recorder) -> None:
    """Record from now on. Raises RuntimeError where another recorder is at work."""
    global current
    if current is not None and current is not recorder:
        raise RuntimeError("another recorder is installed: uninstall() it first")
    current = recorder


def uninstall(recorder: Recorder | None = None) -> None:
    """Record no more; with an argument only where that recorder is the one at work."""
    global current
    if recorder is None or current is recorder:
        current = None


@contextmanager
def recording(recorder: Recorder) -> Iterator[Recorder]:
    """Record inside the with block, and flush at its end."""
    install(recorder)
    try:
        yield recorder
    finally:
        uninstall(recorder)
        recorder.flush()


def _after_fork_in_child() -> None:
    """A forked child (a worker of a DataLoader) must not write into its parent's tape."""
    global current
    if current is not None:
        current.failed = "this process was forked from the one that records"
        current._lock = threading.RLock()  # another thread of the parent may have held the old one
    current = None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
