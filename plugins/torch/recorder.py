"""The recorder of a program that runs on PyTorch: the rows of ops, and what else must know PyTorch's tensors and nodes."""

from __future__ import annotations

import itertools
import json
import threading
import time
from collections.abc import Iterable, Sequence
from typing import Any

from gradstep.engine.debug.recording import PausableRecorder
from gradstep.engine.tape.introduce import Introducer
from gradstep.engine.tape.keeping import Keeper
from gradstep.engine.tape.schema import Frame, NodeKind, Role
from gradstep.engine.tape.wire import BUMPED, FREED, GRAD_ADDED, GRAD_STORED, INDEX_BITS, NODE_ENTER, NODE_EXIT, NODE_READY, OP

from .introducer import TorchIntroducer, mark_of
from .keeper import LateKeeper

_now, _ident = time.perf_counter_ns, threading.get_ident
_GRADIENT = int(Role.GRADIENT)
_ALIASING = frozenset(("detach", "detach_", "alias", "view_as"))  # results that share memory without being views
LATENCY = 30_000_000  # nanoseconds that rows and values may wait for others
SOON = 10_000_000  # nanoseconds that the row of a node of PyTorch's own may wait; the pulse names the node also after a crash
_RISKY = (NodeKind.CUSTOM, NodeKind.OPAQUE)

_op_ids = itertools.count(1)

# Where a gradient went: number of the node, slot, number of the edge, whether it was the last that the node waited for.
Sent = tuple[int, int, int, bool]
# What an op was given or gave: the tensor, its number and its version on the tape.
Given = list[tuple[Any, int, int]]


class TorchRecorder(PausableRecorder):
    """Takes PyTorch's own tensors and nodes."""

    _nouns: TorchIntroducer

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

    def given(self, tensors: Sequence[Any]) -> Given:
        """What an op is about to work on, as it is before that."""
        nouns, found = self._nouns, []
        tensors_known, versions = nouns.tensors, nouns.versions
        for tensor in tensors:
            known = tensors_known.get(id(tensor))
            if known is None or known() is not tensor or versions.get(known.number) != (0 if tensor.is_inference() else tensor._version):
                break
            found.append((tensor, known.number, versions[known.number]))
        else:
            return found
        found = []
        with self._guard as thread:
            if thread:
                role = _GRADIENT if thread.run else None
                for tensor in tensors:
                    number, version = self._nouns.value(tensor, role)
                    found.append((tensor, number, version))
        return found

    def ran(
        self, name: str, given: Given, outs: Sequence[Any], names: tuple[str, ...], params: tuple[object, ...], started: int,
        grad_mode: bool, since: int, changed: bool = False,
    ) -> int:  # fmt: skip
        """An op ran on what ``given`` gave and made ``outs``; ``since``: the first sequence number that its nodes may have; ``changed``:
        some of what was given is another version now. Its number, 0 where nothing is recorded."""
        number = 0
        with self._lock:
            if self.failed:
                return 0
            try:
                now = _now()
                thread = self._threads.get(_ident()) or self._thread()
                nouns, encoder = self._nouns, self._encoder
                role = _GRADIENT if thread.run else None
                flat: list[int] = []
                for _, known, version in given:
                    flat += (known, version)
                if name in _ALIASING and given:
                    nouns.alias = nouns.storage_of(given[0][0])
                nodes: list[Any] = []
                slots: list[int] = []
                for out in outs:
                    flat += nouns.value(out, role)
                    try:
                        node = out.grad_fn
                    except RuntimeError:  # a view made without grad, whose base was changed since: PyTorch does not say
                        node = None
                    if node is None:
                        slots += (0, 0)
                    else:
                        nodes.append(node)
                        slots += (mark_of(node).number, out.output_nr)
                nouns.alias = 0
                number = next(_op_ids)
                if nodes:
                    nouns.meet_nodes(nodes, number, thread.node, since, outs)
                stack = nouns.stacks.number(1, thread.base)
                keys = nouns.params_id(names, params) if params else 0
                text = encoder.texts.get(name) or encoder.text_id(name)
                draft = encoder.draft
                start = len(draft.pool)
                draft.pool += (now - self._began, now - started, len(given), len(outs), *flat, *slots)
                head = OP | grad_mode << 8 | thread.index << 16
                draft.rows.extend((head, number, text, thread.call, thread.node, stack, keys, start))
                thread.op = number
                if changed:
                    for tensor, known, version in given:
                        self._bump(tensor, known, version, number, thread)
                draft.committed = length = len(draft.rows)
                if length >= self._limit or now - self._pushed > LATENCY or self._capture.full:
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
                words = self._nouns.values(grads)
                now = _now()
                self._encoder.draft.rows.extend((NODE_ENTER | thread.head, run, now - self._began, number, *words))
                self._encoder.events += 1
                thread.nodes.append((run, number, thread.call))
                thread.node, thread.run, thread.call = number, run, 0
                self._commit()
            except BaseException as error:
                self._broken(error)
                return
        if self._careful or now - self._pushed > LATENCY:
            self.flush()
            self._flushed = now
        elif now - self._flushed > SOON or node.kind in _RISKY:
            self.about_to_run()
            self._flushed = now

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
                number, head, now, draft = node.id, thread.head, _now() - self._began, encoder.draft
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
                if thread.nodes and thread.nodes[-1][0] == run and thread.nodes[-1][1] == number:
                    self._leave_node(thread)
                self._commit()
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

    def stored(self, run: int, leaf: Any, before: tuple[int, int], grad: Any) -> None:
        """``.grad`` of a leaf was written; ``before``: number and version of what stood there."""
        with self._guard as thread:
            if thread and run in self._runs:
                owner = self._nouns.value(leaf, None)[0]
                self._event(GRAD_STORED, run, thread, (owner, *before, *self._nouns.value(grad, _GRADIENT)))
                self.got_gradient(leaf)

    def value_of(self, tensor: Any) -> tuple[int, int]:
        """Number and version of a gradient as it is now, kept where it was not yet."""
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
