"""Writes the steps of a pass that runs the engine's own rules: two calls a node, with the rows that ``Recorder`` would write in six.

``Recorder.steps`` makes one where every step may be written so. What each call does is what ``node_enter``, ``node_exit``,
``grad_added`` and ``grad_stored`` do; nodes that run code of the user's go through those.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from .protocols import NodeLike, TensorLike
from .schema import Role
from .wire import FREED, GRAD_ADDED, GRAD_STORED, INDEX_BITS, NODE_ENTER, NODE_EXIT, NODE_READY
from .writing import LATENCY

SOON = 1_000_000  # nanoseconds that the row of a node which runs a small rule of the engine's own may wait
SMALL = 1 << 20  # elements of the gradient of a small one

_now = time.perf_counter_ns
_GRADIENT = int(Role.GRADIENT)

# What became of a gradient: the node and slot that it went to, the number of the edge, the gradient, whether it was the last that
# the node waited for.
Sent = tuple[NodeLike, int, int, "TensorLike | None", bool]


class Steps:
    """The steps of ``run`` in the thread that makes this one, for a Recorder."""

    __slots__ = ("_capture", "_encoder", "_head", "_limit", "_lock", "_nouns", "_recorder", "_run", "_runs", "_sink", "_thread")

    def __init__(self, recorder: Any, run: int) -> None:
        self._recorder = recorder
        self._run, self._runs = run, recorder._runs
        self._lock, self._sink = recorder._lock, recorder.sink
        self._encoder, self._nouns, self._capture = recorder._encoder, recorder._nouns, recorder._capture
        self._limit = recorder._limit
        self._thread = recorder._this_thread()
        self._head = self._thread.head

    def enter(self, node: NodeLike, grad: TensorLike) -> None:
        """A node with one slot, at which ``grad`` arrived, is about to run."""
        with self._lock:
            recorder, run = self._recorder, self._run
            if recorder.failed or run not in self._runs:
                return
            try:
                nouns, encoder = self._nouns, self._encoder
                number = node.id
                if number not in nouns.nodes:
                    number = nouns.meet_node(node, 0, self._thread.node)
                known, version = grad._id, 0
                if grad._cell is not None or nouns.versions.get(known) != 0:
                    known, version = nouns.value(grad, _GRADIENT)
                now = _now()
                draft = encoder.draft
                draft.rows.extend((NODE_ENTER | self._head, run, now - recorder._began, number, 1, 0, known, version))
                encoder.events += 1
                draft.committed = length = len(draft.rows)
                if length >= self._limit or self._capture.full or (now - recorder._pushed > LATENCY and self._capture.waits):
                    recorder._push(now)
                if self._limit and (now - recorder._flushed > SOON or grad._data.size >= SMALL):
                    self._sink.flush()
                    recorder._flushed = now
            except BaseException as error:
                recorder._broken(error)

    def passed(self, node: NodeLike, grads: Sequence[TensorLike | None], freed: bool, sent: Sequence[Sent]) -> None:
        """The node that was entered last gave ``grads``, one an edge, and forgot what it kept where ``freed`` says so."""
        with self._lock:
            recorder, run = self._recorder, self._run
            if recorder.failed or run not in self._runs:
                return
            try:
                nouns, encoder = self._nouns, self._encoder
                versions = nouns.versions
                rows: list[int] = []
                words: list[int] = []
                for grad in grads:
                    if grad is None:
                        words += (0, 0)
                    elif grad._cell is not None:
                        words += nouns.value(grad, _GRADIENT)
                    else:
                        known = grad._id
                        if known == 0:
                            known = nouns.fresh(grad, _GRADIENT)
                        elif known not in versions:
                            nouns.meet(grad, _GRADIENT)
                        words += (known, 0)
                number, head, now, draft = node.id, self._head, _now() - recorder._began, encoder.draft
                if len(words) == 2:
                    rows += (NODE_EXIT | head, run, now, number, 1, 0, words[0], words[1])
                else:
                    rows += (NODE_EXIT | head, run, now, number, len(words) >> 1, len(draft.pool), 0, 0)
                    draft.pool += words
                events = 1
                if freed:
                    rows += (FREED | head, run, now, number, 0, 0, 0, 0)
                    events = 2
                for target, slot, index, _, ready in sent:
                    place = target.id
                    if place not in nouns.nodes:
                        place = nouns.meet_node(target, 0, self._thread.node)
                    rows += (GRAD_ADDED | head, run, now, number, place, slot | index << INDEX_BITS, words[2 * index], words[2 * index + 1])
                    events += 1
                    if ready:
                        rows += (NODE_READY | head, run, now, place, 0, 0, 0, 0)
                        events += 1
                draft.rows.extend(rows)
                encoder.events += events
                draft.committed = length = len(draft.rows)
                if length >= self._limit or self._capture.full:
                    recorder._push(_now())
            except BaseException as error:
                recorder._broken(error)

    def keep(self, tensor: TensorLike) -> None:
        """Keep a value that is about to be changed."""
        self._recorder.val(tensor)

    def stored(self, node: NodeLike, leaf: TensorLike, previous: TensorLike | None, stored: TensorLike, like: TensorLike) -> None:
        """The node that was entered last wrote the ``.grad`` of a leaf: anew, with the elements of ``like``, or in place, where
        ``previous`` is ``stored``."""
        with self._lock:
            recorder, run = self._recorder, self._run
            if recorder.failed or run not in self._runs:
                return
            try:
                nouns, encoder = self._nouns, self._encoder
                owner = nouns.value(leaf, None)[0]
                if previous is None:
                    before = (0, 0)
                    known, version = nouns.meet(stored, _GRADIENT, like._id if like._cell is None else like._cell.id)
                else:
                    known, version = nouns.value(stored, _GRADIENT)
                    before = (known, nouns.before(version, stored))
                number, head, now, draft = node.id, self._head, _now() - recorder._began, encoder.draft
                exit = (NODE_EXIT | head, run, now, number, 0, len(draft.pool), 0, 0)
                draft.rows.extend((GRAD_STORED | head, run, now, owner, *before, known, version, *exit))
                recorder.got_gradient(leaf)
                encoder.events += 2
                draft.committed = length = len(draft.rows)
                if length >= self._limit or self._capture.full:
                    recorder._push(_now())
            except BaseException as error:
                recorder._broken(error)
