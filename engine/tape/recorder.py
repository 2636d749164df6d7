"""The recorder: the engine's only outlet. It turns what happens into rows of the tape, and changes nothing.

The engine asks ``if recorder.current is not None`` at each outlet and calls one method here. The recorder sees tensors and
nodes through the Protocols below and keeps none of them alive. A method never raises into the user's script: where the
sink fails, recording stops, says so once, and the script goes on. A signal that lands inside (KeyboardInterrupt) passes
through, and what was half written is taken back.
"""

from __future__ import annotations

import itertools
import json
import os
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from .describe import with_number
from .keeping import Level
from .passing import SMALL, SOON, Steps
from .protocols import NodeLike, TensorLike
from .schema import Frame, HookKind, NodeKind, Role
from .sinks import ListSink
from .stacks import Base, is_own, own_line
from .wire import (
    BUMPED,
    CALL,
    CALL_BEGIN,
    CALL_END,
    EDITED,
    FREED,
    GRAD_ADDED,
    GRAD_STORED,
    HOOK_CALLED,
    INDEX_BITS,
    NODE_ENTER,
    NODE_EXIT,
    NODE_READY,
    OP,
    REWOUND,
    RUN,
    RUN_BEGIN,
    RUN_END,
)
from .writing import LATENCY, Writing

__all__ = ["Level", "ListSink", "Recorder", "current", "install", "recording", "uninstall"]

_now, _ident = time.perf_counter_ns, threading.get_ident
_GRADIENT, _ACTIVATION = int(Role.GRADIENT), int(Role.ACTIVATION)
_SAVING = (HookKind.PACK, HookKind.UNPACK)  # what they are given and give is no gradient
_RISKY = (NodeKind.CUSTOM, NodeKind.OPAQUE)  # nodes that run code which is not the engine's

# Unique in the process, as the ids of tensors and nodes.
_op_ids, _call_ids, _run_ids = itertools.count(1), itertools.count(1), itertools.count(1)


class Recorder(Writing):
    """Writes a tape: what happens in the engine, in the order in which it happens."""

    # ------------------------------------------------------------------------------------------------- the forward

    def clock(self) -> float:
        """Seconds on the clock of ``started``."""
        return time.perf_counter() - self._lost

    def lose(self, seconds: float) -> None:
        """So long the engine was busy with itself (it compiled a kernel): no op took it, and, where one thread alone is recorded, the
        tape's clock stood still."""
        with self._lock:
            self._lost += seconds
            if len(self._threads) <= 1:  # those of the other threads went on
                self._began += int(seconds * 1e9)

    def op(
        self, name: str, inputs: Sequence[TensorLike | None], outputs: Sequence[TensorLike], node: NodeLike | None,
        params: Mapping[str, object] | tuple[object, ...], started: float, grad_mode: bool = True, names: tuple[str, ...] = (),
    ) -> None:  # fmt: skip
        """An op ran. Called after an in-place op raised its output's version and before ``mutated``. ``params``: what is no
        tensor, by name, or values whose ``names`` follow."""
        with self._lock:
            if self.failed:
                return
            try:
                now = _now()
                thread = self._threads.get(_ident()) or self._thread()
                nouns, encoder = self._nouns, self._encoder
                versions, renamed = nouns.versions, nouns.renamed
                role = _GRADIENT if thread.run else None
                flat: list[int] = []
                for tensor in inputs:
                    try:
                        known, cell = tensor._id, tensor._cell  # type: ignore[union-attr]
                    except AttributeError:  # a number, None
                        if tensor is not None:
                            params, names = with_number(params, names, len(flat) // 2, tensor)
                        flat += (0, 0)
                        continue
                    version = 0
                    if cell is not None:
                        version = cell.version
                        if version and any(tensor is out for out in outputs):
                            flat += (nouns.value(tensor, role)[0], version - 1)  # changed in place
                            continue
                    if versions.get(known) != version or renamed:
                        assert tensor is not None
                        known, version = nouns.meet(tensor, role)
                    flat += (known, version)
                slots: list[int] = []
                metas: list[int] | None = []
                fresh: list[tuple[Any, int]] = []
                target = 0 if node is None else node.id or nouns.number(node)
                for tensor in outputs:
                    gets = target and tensor.requires_grad
                    if tensor._id:
                        metas = None
                        flat += nouns.value(tensor, role)
                    elif tensor._cell is None and (gets or role is not None):
                        flat += (nouns.fresh(tensor, _ACTIVATION if role is None else role), 0)
                        fresh.append((tensor._data, tensor._id))
                        if metas is not None:
                            metas.append(nouns.last_meta)
                    else:
                        flat += nouns.meet(tensor, role if role is not None or not gets else _ACTIVATION)
                        fresh.append((tensor._data, tensor._id))
                        if metas is not None:
                            metas.append(nouns.last_meta)
                    if gets:
                        slots += (target, len(slots) // 2)
                    else:
                        metas = None
                        slots += (0, 0)
                number = next(_op_ids)
                if node is not None and target not in nouns.nodes:
                    # new outputs that all take gradients: the node's slots are theirs
                    nouns.own_node(node, number, thread.node, metas, fresh)
                stack = nouns.stacks.number(1, thread.base)
                keys = 0
                if params:
                    if isinstance(params, tuple):
                        keys = nouns.params_id(names, params)
                    else:
                        keys = nouns.params_id(tuple(params), tuple(params.values()))
                text = encoder.texts.get(name) or encoder.text_id(name)
                draft = encoder.draft
                pool = draft.pool
                start = len(pool)
                took = now - int((started + self._lost) * 1e9)
                pool += (now - self._began, took if took > 0 else 0, len(inputs), len(outputs), *flat, *slots)
                head = OP | grad_mode << 8 | thread.index << 16
                draft.rows.extend((head, number, text, thread.call, thread.node, stack, keys, start))
                thread.op = number
                thread.touched = flat
                draft.committed = length = len(draft.rows)
                if length >= self._limit or now - self._pushed > LATENCY or self._capture.full:
                    self._push(now)
                    if self._ring is not None:
                        self.turn_over(at_any_cost=True)
            except BaseException as error:
                self._broken(error)

    def left(self, name: str, tensor: TensorLike, made: TensorLike | None) -> None:
        """A user's line took the numbers of a tensor out of the graph: into ``made``, or into Python. The engine's own do not count."""
        if not is_own(sys._getframe(3).f_code.co_filename):
            self.op(name, (tensor,), () if made is None else (made,), None, {}, self.clock())
            if name == "data" and made is not None:
                self._nouns.same_memory(tensor, made)

    def asked_for_grad(self, tensor: TensorLike, retains: bool = False) -> None:
        """``.grad`` of a tensor that is no leaf and has none was asked for. ``retains``: it would keep what comes now."""
        frame = self.here()
        if frame is not None and tensor._id:
            self.note(
                "grad of non-leaf", json.dumps({"tensor": tensor._id, "retains": retains, "position": self.position, **frame._asdict()})
            )

    def optimizer(self, kind: str, params: Iterable[TensorLike], made_at: Frame | None) -> None:
        """An optimizer is at work on these parameters."""
        for tensor in (params := list(params)):
            self.val(tensor)
        facts = {"type": kind, "tensors": [tensor._id for tensor in params]}
        self.note("optimizer", json.dumps(facts | (made_at._asdict() if made_at is not None else {})))

    def here(self) -> Frame | None:
        """The user's line that runs, without those of installed packages."""
        return own_line(sys._getframe(1))

    def mutated(self, tensor: TensorLike, old: int, new: int, like: int = 0) -> None:
        """A tensor was changed in place: by the last op, if that had to do with it. ``like``: the id of a new tensor with the same
        elements."""
        with self._guard as thread:
            if thread:
                met = tensor._id in self._nouns.versions
                known, version = self._nouns.meet(tensor, _GRADIENT if thread.run else None, like)
                before = self._nouns.before(version, tensor) if new - old == 1 else old
                if self._runs:
                    cell = tensor._cell
                    self._bumps.append((self.position, known if cell is None else cell.id, new, version))
                by = thread.op if known in thread.touched[::2] else 0
                self._event(BUMPED, 0, thread, (known, before, version, by, 0))
                if not by and met and not thread.run:  # out=, torch.nn.init: no op has the line
                    frame = self.here()
                    if frame is not None and self._changed_at.get(known) != frame:  # of a loop, once
                        self._changed_at[known] = frame
                        self._note("changed", json.dumps({"tensor": known, "version": version, **frame._asdict()}))
                self._nouns.changed_unseen(tensor)
                thread.touched = []  # the next change is another's

    def made(self, node: NodeLike, like: NodeLike | None = None) -> None:
        """A node that stands for the last op beside the op's own (the history of a base), or for the one that ``like`` does."""
        with self._guard as thread:
            if thread:
                op = thread.op if like is None else self._nouns.tied.get(like.id, 0)
                self._nouns.tie(node, op, thread.node)

    def val(self, tensor: TensorLike) -> None:
        """Keep a value that is about to be changed."""
        with self._guard as thread:
            if thread:
                self._nouns.value(tensor, _GRADIENT if thread.run else None)

    def enter_call(self, path: str, type: str) -> int:
        """A module's forward is entered. Returns the number for ``leave_call``; 0 where nothing is recorded."""
        number = 0
        if self._ring is not None and not self._calls:
            self.turn_over()
        with self._guard as thread:
            if thread:
                number = next(_call_ids)
                encoder = self._encoder
                words = (CALL, number, encoder.text_id(path), encoder.text_id(type), thread.call, 0, 0, 0)
                encoder.draft.rows.extend(words)
                self._event(CALL_BEGIN, 0, thread, (number, 0, 0, 0, 0))
                self._calls[number] = thread.call, thread.base
                thread.call = number
                thread.base = Base(sys._getframe(1), thread.base)
        return number

    def leave_call(self, call: int) -> None:
        """The forward of ``enter_call`` was left. Calls inside it that nobody left end with it."""
        with self._guard as thread:
            if thread and call in self._calls:
                inner = thread.call
                while inner and inner != call and inner in self._calls:
                    self._event(CALL_END, 0, thread, (inner, 0, 0, 0, 0))
                    inner = self._calls.pop(inner)[0]
                self._event(CALL_END, 0, thread, (call, 0, 0, 0, 0))
                thread.call, thread.base = self._calls.pop(call)

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
                    flat += (self._nouns.node(root, thread.node), index)
                for seed in seeds:
                    flat += self._nouns.value(seed, _GRADIENT)
                ranges: list[int] = []
                for wanted in sorted([self._nouns.node(node, thread.node) for node in needed]):
                    if ranges and wanted == ranges[-2] + ranges[-1]:
                        ranges[-1] += 1
                    else:
                        ranges += (wanted, 1)
                stack = self._nouns.stacks.number(1, thread.base)
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

    def grad_added(
        self, run: int, source: tuple[NodeLike, int] | None, target: tuple[NodeLike, int], grad: TensorLike | None, ready: bool = False
    ) -> None:  # fmt: skip
        """A gradient reached a slot; ``source`` None is the seed. ``ready``: it was the last that the node waited for."""
        with self._lock:
            if self.failed or run not in self._runs:
                return
            try:
                thread = self._threads.get(_ident()) or self._thread()
                nouns, (node, index) = self._nouns, target
                known, version = nouns.value(grad, _GRADIENT)
                number = node.id if node.id in nouns.nodes else nouns.meet_node(node, 0, thread.node)
                sender = 0
                if source is not None:
                    sender = source[0].id
                    if sender not in nouns.nodes:
                        sender = nouns.meet_node(source[0], 0, thread.node)
                    index |= source[1] << INDEX_BITS
                encoder, head, now = self._encoder, thread.head, _now() - self._began
                draft = encoder.draft
                if ready:
                    arrived = (GRAD_ADDED | head, run, now, sender, number, index, known, version)
                    draft.rows.extend((*arrived, NODE_READY | head, run, now, number, 0, 0, 0, 0))
                    encoder.events += 2
                else:
                    draft.rows.extend((GRAD_ADDED | head, run, now, sender, number, index, known, version))
                    encoder.events += 1
                draft.committed = length = len(draft.rows)
                if length >= self._limit or self._capture.full:
                    self._push(_now())
            except BaseException as error:
                self._broken(error)

    def steps(self, run: int) -> Steps | None:
        """Who writes the steps of a run whose nodes run nothing but rules of the engine's; None where each has to be told by itself."""
        return None if self.failed or run not in self._runs else Steps(self, run)

    def node_ready(self, run: int, node: NodeLike) -> None:
        """All that a node waits for has arrived."""
        self._about(NODE_READY, run, node)

    def freed(self, run: int, node: NodeLike) -> None:
        """What a node had saved is gone. ``run`` 0: outside of any run."""
        self._about(FREED, run, node)

    def node_enter(self, run: int, node: NodeLike, grads: Sequence[TensorLike | None]) -> None:
        """A node is about to run. What was recorded is handed to the system first, so that a crash names the node; not yet
        where something was a moment ago and this is a small rule of the engine's own."""
        with self._lock:
            if self.failed or run not in self._runs:
                return
            try:
                thread = self._threads.get(_ident()) or self._thread()
                nouns, encoder = self._nouns, self._encoder
                number = node.id
                if number not in nouns.nodes:
                    number = nouns.meet_node(node, 0, thread.node)
                if len(grads) == 1:
                    grad = grads[0]
                    known, version = (0, 0) if grad is None else nouns.value(grad, _GRADIENT)
                    words = (1, 0, known, version)
                    small = grad is None or grad._data.size < SMALL
                else:
                    words, small = nouns.values(grads), False
                now = _now()
                draft = encoder.draft
                draft.rows.extend((NODE_ENTER | thread.head, run, now - self._began, number, *words))
                encoder.events += 1
                thread.nodes.append((run, number, thread.call))
                thread.node, thread.run, thread.call = number, run, 0
                draft.committed = length = len(draft.rows)
                if length >= self._limit or self._capture.full or (self._capture.waits and now - self._pushed > LATENCY):
                    self._push(now)
                if self._limit and (now - self._flushed > SOON or not small or node.kind in _RISKY):
                    self.sink.flush()
                    self._flushed = now
            except BaseException as error:
                self._broken(error)

    def node_exit(self, run: int, node: NodeLike, grads: Sequence[TensorLike | None], freed: bool = False) -> None:
        """A node passed gradients on, one an edge. ``freed``: and then forgot what it had saved."""
        with self._lock:
            if self.failed or run not in self._runs:
                return
            try:
                thread = self._threads.get(_ident()) or self._thread()
                nouns, encoder = self._nouns, self._encoder
                number = node.id
                if number not in nouns.nodes:
                    number = nouns.meet_node(node, 0, thread.node)
                words = nouns.values(grads)
                head, now, draft = thread.head, _now() - self._began, encoder.draft
                if freed:
                    draft.rows.extend((NODE_EXIT | head, run, now, number, *words, FREED | head, run, now, number, 0, 0, 0, 0))
                    encoder.events += 2
                else:
                    draft.rows.extend((NODE_EXIT | head, run, now, number, *words))
                    encoder.events += 1
                if thread.nodes and thread.nodes[-1][:2] == (run, number):
                    self._leave_node(thread)
                draft.committed = length = len(draft.rows)
                if length >= self._limit or self._capture.full:
                    self._push(_now())
            except BaseException as error:
                self._broken(error)

    def hook_called(
        self, run: int | None, kind: int, key: int, function: Callable[..., object], before: Sequence[TensorLike | None],
        after: Sequence[TensorLike | None], *, node: NodeLike | None = None, index: int | None = None, tensor: TensorLike | None = None,
    ) -> None:  # fmt: skip
        """A hook ran (``after`` empty: it raised). ``key`` is its handle's number."""
        with self._guard as thread:
            if thread:
                around = 0 if node is None else self._nouns.node(node, thread.node)
                hook = self._nouns.hook(kind, key, function, 0 if kind == HookKind.PACK else around, index, tensor)
                role = _GRADIENT if run and kind not in _SAVING else None
                flat: list[int] = []
                for value in (*before, *after):
                    flat += self._nouns.value(value, role)
                pool = self._encoder.draft.pool
                start = len(pool)
                pool.extend(flat)
                self._event(HOOK_CALLED, run or 0, thread, (hook, around, start, len(before), len(after)))

    def grad_stored(self, run: int, tensor: TensorLike, previous: TensorLike | None, grad: TensorLike | None) -> None:
        """``.grad`` of a leaf was written; called afterwards. ``previous`` may be ``grad`` itself (added in place)."""
        with self._guard as thread:
            if thread and run in self._runs:
                leaf = self._nouns.value(tensor, None)[0]
                before: tuple[int, int]
                if previous is not None and previous is grad:
                    known, version = self._nouns.value(grad, _GRADIENT)
                    before = (known, self._nouns.before(version, grad))
                else:
                    before = self._nouns.value(previous, _GRADIENT)
                self._event(GRAD_STORED, run, thread, (leaf, *before, *self._nouns.value(grad, _GRADIENT)))
                self.got_gradient(tensor)

    def got_gradient(self, leaf: TensorLike) -> None:
        """The ``.grad`` of a leaf was written, by whichever way; for recorders that want to know."""

    def edited(self, run: int, node: NodeLike, index: int, old: TensorLike | None, new: TensorLike | None) -> None:
        """The debugger replaced a gradient that waits at a slot."""
        with self._guard as thread:
            if thread and run in self._runs:
                number = self._nouns.node(node, thread.node)
                flat = (*self._nouns.value(old, _GRADIENT), *self._nouns.value(new, _GRADIENT))
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
                    self._nouns.taken_back(storage, engine, tape)

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
        try:
            self.after_run(run)
        except Exception as error:
            with self._lock:
                self._broken(error)
        self.turn_over()

    def after_run(self, run: int) -> None:
        """A pass is over; for recorders that want to know."""

    # ---------------------------------------------------------------------------------------------- the recording

    def source(self, file: str) -> None:
        """Keep the text of a source file, once."""
        with self._guard as thread:
            if thread:
                self._nouns.source(file)

    def entered(self, call: int, path: str, type: str) -> None:
        """A module's forward was entered by ``enter_call``; for recorders of a debugger."""

    def applied(self, function: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
        """A Function of the user's was applied; for recorders that try its rule."""

    def hook_from_here(self, key: int) -> None:
        """The user's line that runs asked for a hook which is a function of the engine's own (``retain_grad``, ``save_on_cpu``)."""
        with self._guard as thread:
            if thread:
                self._nouns.asked_for_hook(key, self.here())

    def about_to_call(
        self, function: Callable[..., object], values: Sequence[TensorLike | None] = (), node: NodeLike | None = None,
        kind: HookKind = HookKind.TENSOR,
    ) -> bool:  # fmt: skip
        """The user's code is about to run in the middle of a walk and may end the process: all rows go to the system.

        ``values`` are what the hook ``function`` will be given. False: it is switched off and must not be called."""
        with self._lock:
            if not self.failed and self._limit:
                try:
                    self.sink.flush()
                except BaseException as error:
                    self._broken(error)
        return True

    def _about(self, code: int, run: int, node: NodeLike) -> None:
        with self._lock:
            if self.failed or (run and run not in self._runs):
                return
            try:
                thread = self._threads.get(_ident()) or self._thread()
                number = node.id if node.id in self._nouns.nodes else self._nouns.meet_node(node, 0, thread.node)
                self._committed(code, run, thread, (number, 0, 0, 0, 0))
            except BaseException as error:
                self._broken(error)

    def ended(self) -> None:
        """See ``Writing``."""
        uninstall(self)


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
