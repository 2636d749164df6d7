"""The recorder of a program that runs on PyTorch: the rows of ops, and what else must know PyTorch's tensors and nodes."""

from __future__ import annotations

import itertools
import json
import sys
import threading
import time
from collections.abc import Iterable, Sequence
from typing import Any
from weakref import ref

from gradstep.engine.debug.recording import PausableRecorder
from gradstep.engine.tape.brackets import Thread
from gradstep.engine.tape.introduce import Introducer
from gradstep.engine.tape.keeping import Keeper
from gradstep.engine.tape.schema import Frame, Role
from gradstep.engine.tape.stacks import Base
from gradstep.engine.tape.wire import (
    BUMPED,
    CALL,
    CALL_BEGIN,
    CALL_END,
    FREED,
    GRAD_ADDED,
    GRAD_STORED,
    INDEX_BITS,
    NODE_ENTER,
    NODE_EXIT,
    NODE_READY,
    OP,
)

from .introducer import TorchIntroducer
from .keeper import LateKeeper
from .looks import TorchLooks
from .marks import MARK

_now, _ident = time.perf_counter_ns, threading.get_ident
_GRADIENT, _ACTIVATION = int(Role.GRADIENT), int(Role.ACTIVATION)
_ALIASING = frozenset(("detach", "detach_", "alias", "view_as"))  # results that share memory without being views
KERNELS = 256  # ops and nodes whose kernels share a note: a reader takes no tape of notes without end
LATENCY = 8_000_000  # nanoseconds that rows and values may wait for others, where none of the debugger's threads hands them over
SOON = 9_000_000  # nanoseconds that the row of a node of PyTorch's own may wait; the pulse names the node also after a crash

_op_ids, _call_ids = itertools.count(1), itertools.count(1)

# Where a gradient went: number of the node, slot, number of the edge, whether it was the last that the node waited for.
Sent = tuple[int, int, int, bool]


class TorchRecorder(PausableRecorder):
    """Takes PyTorch's own tensors and nodes."""

    _nouns: TorchIntroducer

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._kernels: list[dict[str, Any]] = []  # not yet on the tape
        super().__init__(*args, **kwargs)
        self.looks = TorchLooks(self._nouns.known)

    def keeper(self, budget: int) -> Keeper:
        """See Recorder."""
        return LateKeeper(self.sink, self.level, budget, self._dropped)

    def introducer(self) -> Introducer:
        """See Recorder."""
        nouns = TorchIntroducer(self._encoder, self._capture)
        if hasattr(self, "_nouns"):  # of the tape before in a ring
            nouns.names = self._nouns.names
        return nouns

    @property
    def nouns(self) -> TorchIntroducer:
        """What the tape knows of tensors and nodes."""
        return self._nouns

    # --------------------------------------------------------------------------------------------- the forward

    def given(self, tensors: Sequence[Any]) -> list[int] | None:
        """Number and version of each tensor that an op is about to work on, as it is before that; None where ``introduced`` has to look
        closer."""
        known = self._nouns.tensors
        found: list[int] = []
        try:
            for tensor in tensors:
                entry = known.get(id(tensor))
                if entry is None or entry[0]() is not tensor or tensor._version != entry[2]:
                    return None
                found += entry[1:3]
        except RuntimeError:  # it was made in inference mode and has no version
            return None
        return found

    def introduced(self, tensors: Sequence[Any]) -> list[int]:
        """As ``given``; puts on the tape what is not there."""
        found: list[int] = []
        with self._guard as thread:
            if thread:
                role = _GRADIENT if thread.run else None
                for tensor in tensors:
                    found += self._nouns.value(tensor, role)
        return found

    def ran(
        self, name: str, given: Sequence[Any], known: Sequence[int], outs: Sequence[Any], call: Any, started: int, grad_mode: bool,
        since: int, changed: bool = False, number_at: int = -1,
    ) -> int:  # fmt: skip
        """An op ran on the tensors ``given``, of which ``known`` has number and version before, and made ``outs``. ``since``: the first
        sequence number that its nodes may have; ``changed``: some of what was given is another version now; ``call``: function,
        arguments, named arguments and how it takes numbers, None where all of them are tensors; ``number_at``: the place among the operands
        at which a number stands. The op's number, 0 where nothing is recorded."""
        with self._lock:
            if self.failed:
                return 0
            try:
                now = _now()
                thread = self._threads.get(_ident()) or self._thread()
                nouns, encoder = self._nouns, self._encoder
                role = _GRADIENT if thread.run else None
                if name in _ALIASING and given:
                    nouns.alias = nouns.storage_of(given[0])
                number = next(_op_ids)
                nodes: list[Any] = []
                made: list[int] = []
                for out in outs:
                    try:
                        node = out.grad_fn
                    except RuntimeError:  # a view made without a graph, whose base was changed since: whoever uses it is told
                        node = None
                    nodes.append(node)
                    made += nouns.value(out, role if node is None else role or _ACTIVATION)
                nouns.alias = 0
                slots: list[int] = []
                for node, out in zip(nodes, outs):  # noqa: B905  # Python 3.9 has no strict
                    if node is None:
                        slots += (0, 0)
                        continue
                    mark = node.metadata.get(MARK)
                    if mark is None or mark.number not in nouns.nodes:
                        mark = nouns.op_node(node, number, thread.node, since, outs, made, () if changed else given, known)
                        self._born.append(ref(mark))
                    slots += (mark.number, out.output_nr)
                numbers = [*known]
                if number_at >= 0:
                    numbers[2 * number_at : 2 * number_at] = (0, 0)
                stack = nouns.stacks.number(3, thread.base)  # outside of what calls this for a function of PyTorch's
                params = nouns.params_of(*call) if call is not None else 0
                text = encoder.texts.get(name) or encoder.text_id(name)
                draft = encoder.draft
                start = len(draft.pool)
                draft.pool += (now - self._began, now - started, len(numbers) >> 1, len(outs), *numbers, *made, *slots)
                head = OP | grad_mode << 8 | thread.index << 16
                draft.rows.extend((head, number, text, thread.call, thread.node, stack, params, start))
                thread.op = number
                if changed:
                    for place, tensor in enumerate(given):
                        self._bump(tensor, known[2 * place], known[2 * place + 1], number, thread)
                draft.committed = length = len(draft.rows)
                if length >= self._limit or now - self._pushed > LATENCY or (self.level and self._capture.full):
                    self._push(now)
            except BaseException as error:
                self._broken(error)
                return 0
        if self._careful:
            self.flush()
        reasons = self._reasons
        if reasons.pause or reasons.frames or reasons.points.any:
            self._control.after_op(name, outs, number, self._paths.get(thread.call, ""))
        return number

    def enter_call(self, path: str, type: str) -> int:
        """See Recorder."""
        number = 0
        with self._lock:
            if self.failed:
                return 0
            try:
                thread = self._threads.get(_ident()) or self._thread()
                encoder = self._encoder
                texts, draft = encoder.texts, encoder.draft
                place = texts.get(path) if path else 0
                if place is None:
                    place = encoder.text_id(path)
                kind = texts.get(type) or encoder.text_id(type)
                number = next(_call_ids)
                begin = (CALL_BEGIN | thread.head, 0, _now() - self._began, number, 0, 0, 0, 0)
                draft.rows.extend((CALL, number, place, kind, thread.call, 0, 0, 0, *begin))
                encoder.events += 1
                self._calls[number] = thread.call, thread.base
                thread.call = number
                thread.base = Base(sys._getframe(1), thread.base)
                draft.committed = len(draft.rows)
            except BaseException as error:
                self._broken(error)
        return number

    def entered(self, call: int, path: str, type: str) -> None:
        """See Recorder."""
        self._paths[call] = path
        if self._reasons.points.modules:
            self._control.at_module(path, type)

    def leave_call(self, call: int) -> None:
        """See Recorder."""
        with self._lock:
            thread = self._threads.get(_ident())
            if self.failed or thread is None or thread.call != call or call not in self._calls:
                super().leave_call(call)  # calls inside it were not left
                return
            try:
                encoder = self._encoder
                draft = encoder.draft
                draft.rows.extend((CALL_END | thread.head, 0, _now() - self._began, call, 0, 0, 0, 0))
                encoder.events += 1
                thread.call, thread.base = self._calls.pop(call)
                self._paths.pop(call, None)
                draft.committed = length = len(draft.rows)
                if length >= self._limit:
                    self._push(_now())
            except BaseException as error:
                self._broken(error)

    def cannot_see(self, what: str, why: str) -> None:
        """Say once that something cannot be looked into."""
        with self._guard as thread:
            if thread:
                self._nouns.cannot_see(what, why)

    def kernels(self, found: list[Any], op: int = 0, node: int = 0, run: int = 0) -> None:
        """The operators that an op, or a node of a run, ran inside: name, what came out, nanoseconds."""
        with self._guard as thread:
            if thread:
                self._kernels.append({"op": op, "node": node, "run": run, "kernels": found})
                if len(self._kernels) >= KERNELS:
                    self._tell_kernels()

    def _tell_kernels(self) -> None:
        kernels, self._kernels = self._kernels, []
        self._note("kernels", json.dumps(kernels))

    def _hand_over(self, now: int) -> None:
        """See Writing."""
        draft = self._encoder.draft
        if self._kernels and len(draft.rows) == draft.committed:  # not in the middle of something
            self._tell_kernels()
            self._encoder.commit()
        super()._hand_over(now)

    def _bump(self, tensor: Any, known: int, before: int, op: int, thread: Any) -> None:
        """Tell of a change in place."""
        try:
            version = int(tensor._version)
        except RuntimeError:
            return
        if version > before:
            storage = self._nouns.storage_of(tensor)
            if version > self._nouns.tops.get(storage, -1):  # ``data`` counts for itself
                self._nouns.tops[storage] = version
                self._nouns.meet(tensor, None)
                self._event(BUMPED, 0, thread, (known, before, version, op, 0))

    def asked_for_grad(self, tensor: Any, retains: bool = False) -> None:
        """See Recorder."""
        frame, number = self.here(), self._nouns.known(tensor)
        if frame is not None and number:
            self.note("grad of non-leaf", json.dumps({"tensor": number, "retains": retains, "position": self.position, **frame._asdict()}))

    def optimizer(self, kind: str, params: Iterable[Any], made_at: Frame | None) -> None:
        """See Recorder."""
        with self._guard as thread:
            if thread:
                numbers = [self._nouns.value(tensor, None)[0] for tensor in params]
                self._note("optimizer", json.dumps({"type": kind, "tensors": numbers, **(made_at._asdict() if made_at else {})}))

    # -------------------------------------------------------------------------------------------- the backward

    def met(self, nodes: Iterable[Any], since: int) -> None:
        """The nodes that the node which runs now has made (create_graph)."""
        with self._guard as thread:
            if thread:
                self._nouns.meet_nodes(nodes, 0, thread.node, since)

    def node_enter(self, run: int, node: Any, grads: Any) -> None:
        """See Recorder."""
        with self._lock:
            if self.failed or run not in self._runs:
                return
            try:
                thread = self._threads.get(_ident()) or self._thread()
                number: int = node.id
                nouns, encoder = self._nouns, self._encoder
                draft, now = encoder.draft, _now()
                if len(grads) == 1:
                    known, version = nouns.value(grads[0], _GRADIENT)
                    draft.rows.extend((NODE_ENTER | thread.head, run, now - self._began, number, 1, 0, known, version))
                else:
                    draft.rows.extend((NODE_ENTER | thread.head, run, now - self._began, number, *nouns.values(grads)))
                encoder.events += 1
                thread.nodes.append((run, number, thread.call))
                thread.node, thread.run, thread.call = number, run, 0
                draft.committed = len(draft.rows)
            except BaseException as error:
                self._broken(error)
                return
        if self._careful or now - self._handed > SOON:
            self.flush()
        elif node.known.risky:
            self.about_to_run()

    def passed(self, run: int, node: Any, outs: Any, freed: bool, sent: Iterable[Sent]) -> None:
        """A node passed gradients on, one an edge; where they went."""
        with self._lock:
            if self.failed or run not in self._runs:
                return
            try:
                thread = self._threads.get(_ident()) or self._thread()
                nouns, encoder = self._nouns, self._encoder
                words: list[int] = []
                for out in outs:
                    words += nouns.value(out, _GRADIENT)
                clock = _now()
                number, head, now, draft = node.id, thread.head, clock - self._began, encoder.draft
                rows: list[int]
                if len(words) == 2:
                    rows = [NODE_EXIT | head, run, now, number, 1, 0, *words]
                else:
                    rows = [NODE_EXIT | head, run, now, number, len(words) >> 1, len(draft.pool), 0, 0]
                    draft.pool += words
                if freed:
                    rows += (FREED | head, run, now, number, 0, 0, 0, 0)
                for target, slot, index, ready in sent:
                    place = 2 * index
                    rows += (GRAD_ADDED | head, run, now, number, target, slot | index << INDEX_BITS, words[place], words[place + 1])
                    if ready:
                        rows += (NODE_READY | head, run, now, target, 0, 0, 0, 0)
                draft.rows.extend(rows)
                encoder.events += len(rows) >> 3
                self._left(thread, run, number, clock)
            except BaseException as error:
                self._broken(error)
                return
        if self._reasons.points.values:
            self._control.after_node(run, node, outs)

    def about_to_run(self) -> None:
        """Rows go to the system, so that a crash names the node; values and statistics may wait."""
        with self._guard as thread:
            if thread and self._limit:
                self.sink.flush()

    def _left(self, thread: Thread, run: int, number: int, now: int) -> None:
        """The rows of what a node did are there: commit them."""
        nodes = thread.nodes
        if nodes and nodes[-1][0] == run and nodes[-1][1] == number:
            self._leave_node(thread)
        self._commit(now)

    def _commit(self, now: int = 0) -> None:
        """See Writing; ``now`` where the caller has just asked the clock."""
        draft = self._encoder.draft
        draft.committed = length = len(draft.rows)
        now = now or _now()
        if length >= self._limit or now - self._pushed > LATENCY or (self.level and self._capture.full):
            self._push(now)

    def stored(self, run: int, leaf: Any, before: tuple[int, int], grad: Any, shared: bool = False, node: Any = None) -> None:
        """``.grad`` of a leaf was written; ``before``: number and version of what stood there. ``shared``: passes in other threads may have
        written it since. ``node``: that of the leaf, which has run now."""
        with self._lock:
            if self.failed or run not in self._runs:
                return
            try:
                thread = self._threads.get(_ident()) or self._thread()
                nouns, encoder = self._nouns, self._encoder
                owner = nouns.value(leaf, None)[0]
                known, version = nouns.value(grad, _GRADIENT)
                if shared and version > 0 and (before[0] != known or before[1] < version - 1):
                    before = known, version - 1
                draft, clock, head = encoder.draft, _now(), thread.head
                now = clock - self._began
                row = (GRAD_STORED | head, run, now, owner, *before, known, version)
                if owner not in self._leaves:
                    self.got_gradient(leaf)
                if node is None:
                    draft.rows.extend(row)
                    encoder.events += 1
                    self._commit()
                else:
                    draft.rows.extend((*row, NODE_EXIT | head, run, now, node.id, 0, len(draft.pool), 0, 0))
                    encoder.events += 2
                    self._left(thread, run, node.id, clock)
            except BaseException as error:
                self._broken(error)
                return
        if node is not None and self._reasons.points.values:
            self._control.after_node(run, node, ())

    def value_of(self, tensor: Any) -> tuple[int, int]:
        """Number and version of a gradient as it is now, kept where it was not yet."""
        if tensor is None:
            return 0, 0
        found = (0, 0)
        with self._guard as thread:
            if thread:
                found = self._nouns.value(tensor, _GRADIENT)
        return found

    def got_gradient(self, leaf: Any) -> None:
        """See CensusRecorder."""
        number = self._nouns.known(leaf)
        if number and number not in self._leaves:
            self._leaves.add(number)
            self._untold = True
            if any(kind.__name__ == "Parameter" for kind in type(leaf).__mro__):
                self._parameters.append(number)
