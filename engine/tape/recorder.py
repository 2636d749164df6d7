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
from types import FrameType
from typing import Any

from .capture import Capture, Level
from .introduce import Introducer
from .protocols import NodeLike, TensorLike
from .schema import Frame, Note, Role
from .sinks import BlockSink, BlocksToRecords, ListSink, Sink
from .stacks import is_kept, is_library, is_own
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

__all__ = ["Level", "ListSink", "Recorder", "current", "install", "recording", "uninstall"]

LATENCY = 10_000_000  # nanoseconds that a row may wait while others come

# Unique in the process, as the ids of tensors and nodes.
_op_ids, _call_ids, _run_ids = itertools.count(1), itertools.count(1), itertools.count(1)


class _Thread:
    """Where a thread is: its module call, its node, and the brackets around them."""

    __slots__ = ("call", "head", "index", "node", "nodes", "op", "run", "runs", "touched")

    def __init__(self, index: int) -> None:
        self.index = index
        self.head = index << 8  # of events
        self.call = 0
        self.op = 0  # the last
        self.touched: list[int] = []  # its tensors and their versions
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
        self._nouns = Introducer(self._encoder, self._capture)
        self._runs: dict[int, int] = {}  # open runs and their thread's index
        self._calls: dict[int, int] = {}  # open calls and the call around each
        self._threads: dict[int, _Thread] = {}
        self._bumps: list[tuple[int, int, int, int]] = []  # while runs are open: event, storage, version in the engine and on the tape

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
                number, nouns, encoder = next(_op_ids), self._nouns, self._encoder
                versions, renamed = nouns.versions, nouns.renamed
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
                        flat += (nouns.value(tensor, role)[0], version - 1)  # changed in place
                        continue
                    known = tensor._id
                    if versions.get(known) != version or renamed:
                        known, version = nouns.meet(tensor, role)
                    flat += (known, version)
                slots: list[int] = []
                metas: list[int] | None = []
                fresh: list[tuple[Any, int]] = []
                target = 0 if node is None else node.id or nouns.number(node)
                for tensor in outputs:
                    if tensor._id:
                        metas = None
                        flat += nouns.value(tensor, role)
                    else:
                        flat += nouns.meet(tensor, role)
                        fresh.append((tensor._data, tensor._id))
                        if metas is not None:
                            metas.append(nouns.last_meta)
                    if target and tensor.requires_grad:
                        slots += (target, len(slots) // 2)
                    else:
                        metas = None
                        slots += (0, 0)
                if node is not None and target not in nouns.nodes:
                    # new outputs that all take gradients: the node's slots are theirs
                    nouns.meet_node(node, number, thread.node, metas, fresh)
                stack = nouns.stack(1)
                keys = nouns.params_id(params) if params else 0
                text = encoder.texts.get(name) or encoder.text_id(name)
                draft = encoder.draft
                pool = draft.pool
                start = len(pool)
                pool += (now - self._began, now - int(started * 1e9), len(inputs), len(outputs), *flat, *slots)
                head = OP | grad_mode << 8 | thread.index << 16
                draft.rows.extend((head, number, text, thread.call, thread.node, stack, keys, start))
                thread.op = number
                thread.touched = flat
                draft.committed = length = len(draft.rows)
                if length >= self._limit or now - self._pushed > LATENCY or self._capture.full:
                    self._push(now)
            except BaseException as error:
                self._broken(error)

    def left(self, name: str, tensor: TensorLike, made: TensorLike | None) -> None:
        """A user's line took the numbers of a tensor out of the graph: into ``made``, or into Python. The engine's own do not count."""
        if not is_own(sys._getframe(3).f_code.co_filename):
            self.op(name, (tensor,), () if made is None else (made,), None, {}, self.clock())

    def asked_for_grad(self, tensor: TensorLike) -> None:
        """``.grad`` of a tensor that has none and keeps none, not being a leaf, was asked for."""
        frame = self.here()
        if frame is not None and tensor._id:
            self.note("grad of non-leaf", json.dumps({"tensor": tensor._id, **frame._asdict()}))

    def optimizer(self, kind: str, params: Iterable[TensorLike], made_at: Frame | None) -> None:
        """An optimizer is at work on these parameters."""
        for tensor in (params := list(params)):
            self.val(tensor)
        facts = {"type": kind, "tensors": [tensor._id for tensor in params]}
        self.note("optimizer", json.dumps(facts | (made_at._asdict() if made_at is not None else {})))

    def here(self) -> Frame | None:
        """The user's line that runs, without those of installed packages."""
        frame: FrameType | None = sys._getframe(1)
        while frame is not None and (not is_kept(frame.f_code.co_filename) or is_library(frame.f_code.co_filename)):
            frame = frame.f_back
        return None if frame is None else Frame(frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_qualname)

    def mutated(self, tensor: TensorLike, old: int, new: int) -> None:
        """A tensor was changed in place: by the last op, if that had to do with it."""
        with self._guard as thread:
            if thread:
                known, version = self._nouns.value(tensor, Role.GRADIENT if thread.run else None)
                before = self._nouns.before(version, tensor) if new - old == 1 else old
                if self._runs:
                    self._bumps.append((self.position, tensor._storage.id, new, version))
                self._event(BUMPED, 0, thread, (known, before, version, thread.op if known in thread.touched[::2] else 0, 0))
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
                self._nouns.value(tensor, Role.GRADIENT if thread.run else None)

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
                    flat += (self._nouns.node(root, thread.node), index)
                for seed in seeds:
                    flat += self._nouns.value(seed, Role.GRADIENT)
                ranges: list[int] = []
                for wanted in sorted([self._nouns.node(node, thread.node) for node in needed]):
                    if ranges and wanted == ranges[-2] + ranges[-1]:
                        ranges[-1] += 1
                    else:
                        ranges += (wanted, 1)
                stack = self._nouns.stack(1)
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
                nouns, (node, index) = self._nouns, target
                known, version = nouns.value(grad, Role.GRADIENT)
                number = node.id if node.id in nouns.nodes else nouns.meet_node(node, 0, thread.node)
                sender = 0
                if source is not None:
                    sender = nouns.node(source[0], thread.node)
                    index |= source[1] << INDEX_BITS
                self._committed(GRAD_ADDED, run, thread, (sender, number, index, known, version))
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
                number = self._nouns.node(node, thread.node)
                self._event(NODE_ENTER, run, thread, (number, *self._nouns.values(grads)))
                thread.nodes.append((run, number, thread.call))
                thread.node, thread.run, thread.call = number, run, 0
                self._encoder.draft.committed = len(self._encoder.draft.rows)
                now = time.perf_counter_ns()
                if self._limit == 0 or (self._capture.waits and now - self._pushed > LATENCY):
                    self._push(now)
                if self._limit:
                    self.sink.flush()
            except BaseException as error:
                self._broken(error)

    def node_exit(self, run: int, node: NodeLike, grads: Sequence[TensorLike | None]) -> None:
        """A node passed gradients on, one an edge."""
        with self._lock:
            if self.failed or run not in self._runs:
                return
            try:
                thread = self._threads.get(threading.get_ident()) or self._thread()
                number = self._nouns.node(node, thread.node)
                self._event(NODE_EXIT, run, thread, (number, *self._nouns.values(grads)))
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
                around = 0 if node is None else self._nouns.node(node, thread.node)
                hook = self._nouns.hook(kind, key, function, around, index, tensor)
                role = Role.GRADIENT if run else None
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
                    known, version = self._nouns.value(grad, Role.GRADIENT)
                    before = (known, self._nouns.before(version, grad))
                else:
                    before = self._nouns.value(previous, Role.GRADIENT)
                self._event(GRAD_STORED, run, thread, (leaf, *before, *self._nouns.value(grad, Role.GRADIENT)))

    def edited(self, run: int, node: NodeLike, index: int, old: TensorLike | None, new: TensorLike | None) -> None:
        """The debugger replaced a gradient that waits at a slot."""
        with self._guard as thread:
            if thread and run in self._runs:
                number = self._nouns.node(node, thread.node)
                flat = (*self._nouns.value(old, Role.GRADIENT), *self._nouns.value(new, Role.GRADIENT))
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
                self._nouns.source(file)

    def flush(self) -> None:
        """Everything recorded so far, values and statistics too, is handed to the system. Called before every pause."""
        with self._lock:
            if not self.failed:
                try:
                    self._push(time.perf_counter_ns())
                    self.sink.flush()
                except BaseException as error:
                    self._broken(error)

    def about_to_call(self) -> None:
        """The user's code is about to run in the middle of a walk and may end the process: all rows go to the system."""
        with self._lock:
            if not self.failed and self._limit:
                try:
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

    # ------------------------------------------------------------------------------------------------------ writing

    def _about(self, code: int, run: int, node: NodeLike) -> None:
        with self._lock:
            if self.failed or (run and run not in self._runs):
                return
            try:
                thread = self._threads.get(threading.get_ident()) or self._thread()
                number = node.id if node.id in self._nouns.nodes else self._nouns.meet_node(node, 0, thread.node)
                self._committed(code, run, thread, (number, 0, 0, 0, 0))
            except BaseException as error:
                self._broken(error)

    def _event(self, code: int, run: int, thread: _Thread, words: tuple[int, ...]) -> None:
        encoder = self._encoder
        encoder.draft.rows.extend((code | thread.head, run, time.perf_counter_ns() - self._began, *words))
        encoder.events += 1

    def _committed(self, code: int, run: int, thread: _Thread, words: tuple[int, ...]) -> None:
        """An event, and commit: for those of which there are many."""
        encoder = self._encoder
        draft = encoder.draft
        draft.rows.extend((code | thread.head, run, time.perf_counter_ns() - self._began, *words))
        encoder.events += 1
        draft.committed = length = len(draft.rows)
        if length >= self._limit or self._capture.full:
            self._push(time.perf_counter_ns())

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
        self._nouns.forget(gone)
        for code, number in gone:
            if code == RUN:
                self._runs.pop(number, None)
            elif code == CALL:
                self._calls.pop(number, None)
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
