"""The invariants that every tape must pass.

I1  an id is introduced before a record mentions it
I2  ids are not reused, and a value never changes: data written twice are equal
I3  on a thread, runs, nodes and calls nest like parentheses; a run that ends in an error unwinds what is open in it
I4  a node of a run is entered at most once, after it was ready; it is ready exactly when a gradient (or an undefined one)
    came along each edge from a needed node, and from each root
I5  as many gradients as slots enter a node, as many as edges leave it, in the slot's dtype and shape
I6  a gradient travels along an edge: from ``Node.next`` to where that says; a seed goes to a root
I7  what enters a slot is the sum of what arrived, in the order of arrival, unless a hook or the debugger changed it; what
    is stored in ``.grad`` is what stood there plus what entered
I8  a node that is entered after it was freed does not exit
I9  versions only grow
I10 sequence numbers fall along edges, but to accumulate and opaque nodes

A walk that was stepped back (Rewound) is judged by what holds after it: what was undone may happen again.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from .chain import EMPTY, Chain
from .journal import Journal
from .schema import (
    ASIDE,
    Bumped,
    Call,
    CallBegin,
    CallEnd,
    Edited,
    Event,
    Freed,
    GradAdded,
    GradStored,
    Hook,
    HookCalled,
    HookKind,
    Node,
    NodeEnter,
    NodeExit,
    NodeKind,
    NodeReady,
    Op,
    Payload,
    Record,
    Rewound,
    Run,
    RunBegin,
    RunEnd,
    Slot,
    Stats,
    Tensor,
    Val,
)

if TYPE_CHECKING:
    from .reader import Tape

MOST = 100  # violations told


def check(tape: Tape) -> list[str]:
    """What is wrong with a tape: a sentence for each violation, at most MOST; none if the tape is sound."""
    checker = _Checker(tape)
    for record in tape.records(payloads=False):
        checker.take(record)
        if len(checker.wrong) >= MOST:
            return [*checker.wrong, f"and more: the check stopped after {MOST}"]
    checker.end()
    return checker.wrong


class _Checker:
    def __init__(self, tape: Tape) -> None:
        self.tape = tape
        self.wrong: list[str] = []
        self.known: dict[type, set[int]] = {kind: set() for kind in (Tensor, Call, Op, Node, Hook, Run)}
        self.nodes: dict[int, Node] = {}
        self.runs: dict[int, Run] = {}
        self.metas: dict[int, tuple[str, tuple[int, ...]]] = {}
        self.storages: dict[int, int] = {}
        self.payloads: set[Val] = set()
        self.awaited: dict[tuple[int, int], int] = {}  # run and node: how many gradients it waits for
        self.versions: dict[int, int] = {}  # by storage
        # what a step back restores
        self.journal = Journal(sys.maxsize)
        self.arrived: dict[tuple[int, int], int] = {}
        self.sums: dict[tuple[int, Slot], Chain[Val | None]] = {}
        self.ready: dict[tuple[int, int], bool] = {}
        self.entered: dict[tuple[int, int], tuple[Val | None, ...]] = {}
        self.freed: dict[int, bool] = {}
        self.late: dict[tuple[int, int], bool] = {}  # entered after it was freed
        self.changed: dict[tuple[int, Slot], bool] = {}  # by a hook or the debugger
        self.open: dict[int, Chain[tuple[str, int]]] = {}  # by thread: brackets

    # ----------------------------------------------------------------------------------------------------- helpers

    def say(self, text: str) -> None:
        self.wrong.append(text)

    def need(self, kind: type, id: int | None, what: str) -> bool:
        if id is None or id in self.known[kind]:
            return id is not None
        self.say(f"I1 {what} mentions {kind.__name__.lower()} {id}, which was not introduced before")
        return False

    def need_values(self, values: Iterable[Val | None], what: str) -> None:
        for val in values:
            if val is not None:
                self.need(Tensor, val.tensor, what)

    def push(self, thread: int, bracket: tuple[str, int]) -> None:
        self.journal.set(self.open, thread, self.open.get(thread, EMPTY).longer(bracket))

    def pop(self, thread: int, bracket: tuple[str, int], what: str) -> None:
        stack = self.open.get(thread, EMPTY)
        if stack and stack[-1] == bracket:
            self.journal.set(self.open, thread, stack.shorter)
            return
        self.say(f"I3 {what} does not nest: open is {_bracket(stack[-1]) if stack else 'nothing'}")
        around = stack.before(bracket)
        if around is not None:
            self.journal.set(self.open, thread, around)

    # ------------------------------------------------------------------------------------------------------- nouns

    def take(self, record: Record) -> None:
        if isinstance(record, Event):
            self.event(record)
            return
        if isinstance(record, (Tensor, Call, Op, Node, Hook, Run)):
            if record.id in self.known[type(record)]:
                self.say(f"I2 {type(record).__name__.lower()} {record.id} is introduced twice")
            getattr(self, type(record).__name__.lower())(record)
            self.known[type(record)].add(record.id)
        elif isinstance(record, Payload):
            self.payload(record)
        elif isinstance(record, Stats):
            self.need(Tensor, record.val.tensor, "statistics")

    def tensor(self, tensor: Tensor) -> None:
        self.need(Tensor, tensor.base, f"tensor {tensor.id}")
        self.metas[tensor.id] = tensor.meta[:2]
        self.storages[tensor.id] = tensor.storage

    def call(self, call: Call) -> None:
        self.need(Call, call.parent, f"call {call.id}")

    def op(self, op: Op) -> None:
        what = f"op {op.id} ({op.name})"
        self.need_values(op.ins, what)
        self.need_values(op.outs, what)
        self.need(Call, op.call, what)
        self.need(Node, op.node, what)
        for slot in op.grads:
            if slot is not None and self.need(Node, slot.node, what) and slot.index >= len(self.nodes[slot.node].ins):
                self.say(
                    f"I5 {what} expects a gradient at slot {slot.index} of node {slot.node}, which has {len(self.nodes[slot.node].ins)}"
                )

    def node(self, node: Node) -> None:
        what = f"node {node.id} ({node.name})"
        self.nodes[node.id] = node
        self.need(Tensor, node.variable, what)
        self.need(Node, node.made_by, what)
        self.need_values((saved.val for saved in node.saved), what)
        for slot in node.next:
            if slot is None or not self.need(Node, slot.node, what):
                continue
            target = self.nodes[slot.node]
            if slot.index >= len(target.ins):
                self.say(f"I5 {what} leads to slot {slot.index} of node {slot.node}, which has {len(target.ins)}")
            if NodeKind.OPAQUE not in (node.kind, target.kind) and target.kind != NodeKind.ACCUMULATE and target.sequence >= node.sequence:
                self.say(f"I10 {what} has sequence number {node.sequence} and leads to node {slot.node} with {target.sequence}")

    def hook(self, hook: Hook) -> None:
        self.need(Node, hook.node, f"hook {hook.id}")
        self.need(Tensor, hook.tensor, f"hook {hook.id}")

    def run(self, run: Run) -> None:
        what = f"run {run.id}"
        self.runs[run.id] = run
        self.need(Run, run.parent, what)
        self.need(Node, run.node, what)
        self.need_values(run.seeds, what)
        if len(run.seeds) != len(run.roots):
            self.say(f"I5 {what} has {len(run.roots)} roots and {len(run.seeds)} seeds")
        for root in run.roots:
            if self.need(Node, root.node, what):
                self.awaited[run.id, root.node] = self.awaited.get((run.id, root.node), 0) + 1
        for id in run.needed:
            if self.need(Node, id, what):
                for slot in self.nodes[id].next:
                    if slot is not None:
                        self.awaited[run.id, slot.node] = self.awaited.get((run.id, slot.node), 0) + 1

    def payload(self, payload: Payload) -> None:
        val = payload.val
        if not self.need(Tensor, val.tensor, "a value"):
            return
        if payload.shape != self.metas[val.tensor][1]:
            self.say(f"I5 the value of tensor {val.tensor} has shape {list(payload.shape)}, the tensor {list(self.metas[val.tensor][1])}")
        if val in self.payloads and not self.tape.same_payloads(val):
            self.say(f"I2 the value of tensor {val.tensor} at version {val.version} was written twice with different data")
        self.payloads.add(val)

    # ------------------------------------------------------------------------------------------------------ events

    def event(self, event: Event) -> None:
        self.journal.begin(event.i, event.thread)
        what = f"event {event.i} ({type(event).__name__})"
        if event.run is not None and not self.need(Run, event.run, what):
            return
        run = event.run or 0
        if isinstance(event, GradAdded):
            self.added(event, run, what)
        elif isinstance(event, NodeReady):
            self.became_ready(event, run, what)
        elif isinstance(event, NodeEnter):
            self.enter(event, run, what)
        elif isinstance(event, NodeExit):
            self.exit(event, run, what)
        elif isinstance(event, HookCalled):
            self.hooked(event, run, what)
        elif isinstance(event, Edited):
            if self.need(Node, event.dst.node, what):
                self.need_values((event.old, event.new), what)
                self.journal.set(self.changed, (run, event.dst), True)
                self.journal.set(self.sums, (run, event.dst), EMPTY.longer(event.new))
        elif isinstance(event, GradStored):
            self.stored(event, run, what)
        elif isinstance(event, Freed):
            if self.need(Node, event.node, what):
                self.journal.set(self.freed, event.node, True)
        elif isinstance(event, Bumped):
            self.bumped(event, what)
        elif isinstance(event, RunBegin):
            self.push(event.thread, ("run", run))
        elif isinstance(event, RunEnd):
            self.run_end(event, run, what)
        elif isinstance(event, CallBegin):
            if self.need(Call, event.call, what):
                self.push(event.thread, ("call", event.call))
        elif isinstance(event, CallEnd):
            if self.need(Call, event.call, what):
                self.pop(event.thread, ("call", event.call), what)
        elif isinstance(event, Rewound):
            if not -1 <= event.to < event.i:
                self.say(f"I3 {what} goes back to event {event.to}")
            else:
                self.journal.undo_within(event.to, event.thread)

    def added(self, event: GradAdded, run: int, what: str) -> None:
        if not self.need(Node, event.dst.node, what):
            return
        self.need_values((event.val,), what)
        if event.src is None:
            if event.dst not in self.runs[run].roots:
                self.say(f"I6 {what}: a seed arrives at node {event.dst.node}, which is no root of run {run}")
        elif self.need(Node, event.src.node, what):
            edges = self.nodes[event.src.node].next
            edge = edges[event.src.index] if event.src.index < len(edges) else None
            if edge != event.dst:
                self.say(f"I6 {what}: edge {event.src.index} of node {event.src.node} leads to {edge}, the gradient went to {event.dst}")
        key = run, event.dst.node
        self.journal.set(self.arrived, key, self.arrived.get(key, 0) + 1)
        self.journal.set(self.sums, (run, event.dst), self.sums.get((run, event.dst), EMPTY).longer(event.val))

    def became_ready(self, event: NodeReady, run: int, what: str) -> None:
        if not self.need(Node, event.node, what):
            return
        key = run, event.node
        if self.arrived.get(key, 0) != self.awaited.get(key, 0):
            self.say(f"I4 {what}: node {event.node} got {self.arrived.get(key, 0)} gradients of {self.awaited.get(key, 0)}")
        self.journal.set(self.ready, key, True)

    def enter(self, event: NodeEnter, run: int, what: str) -> None:
        if not self.need(Node, event.node, what):
            return
        self.need_values(event.grads, what)
        node, key = self.nodes[event.node], (run, event.node)
        if key in self.entered:
            self.say(f"I4 {what}: node {event.node} is entered twice in run {run}")
        if key not in self.ready:
            self.say(f"I4 {what}: node {event.node} is entered before it was ready")
        if event.node not in self.runs[run].needed:
            self.say(f"I4 {what}: node {event.node} is entered, but run {run} does not need it")
        if event.node in self.freed:
            self.journal.set(self.late, key, True)
        self.journal.set(self.entered, key, event.grads)
        self.push(event.thread, ("node", event.node))
        if len(event.grads) != len(node.ins):
            self.say(f"I5 {what}: {len(event.grads)} gradients enter node {event.node}, which has {len(node.ins)} slots")
            return
        for index, (val, meta) in enumerate(zip(event.grads, node.ins, strict=True)):
            if val is not None and meta is not None and self.metas.get(val.tensor, meta[:2]) != meta[:2]:
                found = self.metas[val.tensor]
                self.say(f"I5 {what}: slot {index} of node {event.node} takes {_meta(meta[:2])}, {_meta(found)} entered")
            if (run, Slot(event.node, index)) not in self.changed:
                self.conserve(event, run, index, val, what)

    def conserve(self, event: NodeEnter, run: int, index: int, val: Val | None, what: str) -> None:
        parts = [part for part in self.sums.get((run, Slot(event.node, index)), ()) if part is not None]
        if val is not None and any(part.tensor == val.tensor and part.version < val.version for part in parts):
            return  # who else was given this very tensor has changed it in place
        if not parts or val is None:
            if parts or val is not None:
                said = "entered, but none arrived" if val is not None else "arrived, but none entered"
                self.say(f"I7 {what}: slot {index} of node {event.node}: a gradient {said}")
            return
        if parts == [val]:
            return
        total = self.total(parts)
        value = self.tape.value(val)
        if total is not None and value is not None and not _same(total, value):
            self.say(f"I7 {what}: what entered slot {index} of node {event.node} is not the sum of the {len(parts)} gradients that arrived")

    def total(self, parts: Iterable[Val]) -> npt.NDArray[Any] | None:
        """The sum of values in order; None where one was not kept."""
        total: npt.NDArray[Any] | None = None
        for part in parts:
            value = self.tape.value(part)
            if value is None:
                return None
            with np.errstate(all="ignore"):
                total = value if total is None else total + value
        return total

    def exit(self, event: NodeExit, run: int, what: str) -> None:
        if not self.need(Node, event.node, what):
            return
        self.need_values(event.grads, what)
        if (run, event.node) in self.late:
            self.say(f"I8 {what}: node {event.node} exits, though it was freed before it was entered")
        self.pop(event.thread, ("node", event.node), what)
        if len(event.grads) != len(self.nodes[event.node].next):
            self.say(f"I5 {what}: {len(event.grads)} gradients leave node {event.node}, which has {len(self.nodes[event.node].next)} edges")

    def hooked(self, event: HookCalled, run: int, what: str) -> None:
        self.need_values((*event.before, *event.after), what)
        if not self.need(Hook, event.hook, what) or event.node is None or not self.need(Node, event.node, what):
            return
        if self.tape.hooks[event.hook].kind in ASIDE:
            return
        if event.before != event.after or any(val is not None and val.version for val in event.before):  # replaced, or changed in place
            hook = self.tape.hooks[event.hook]
            if hook.kind is HookKind.POST_ACCUMULATE:  # what it changed is what is stored, not what arrives
                return
            one = hook.kind in (HookKind.TENSOR, HookKind.RETAIN)
            for index in (hook.index or 0,) if one else range(len(self.nodes[event.node].ins)):
                self.journal.set(self.changed, (run, Slot(event.node, index)), True)

    def stored(self, event: GradStored, run: int, what: str) -> None:
        self.need(Tensor, event.tensor, what)
        self.need_values((event.prev, event.val), what)
        stack = self.open.get(event.thread, ())
        if event.val is None or not stack or stack[-1][0] != "node":
            return
        node = self.nodes.get(stack[-1][1])
        if node is None or node.variable != event.tensor:
            return
        parts = [event.prev, *self.entered.get((run, node.id), ())]
        total, value = self.total(part for part in parts if part is not None), self.tape.value(event.val)
        if total is not None and value is not None and not _same(total, value):
            self.say(f"I7 {what}: .grad of tensor {event.tensor} is not what stood there plus what entered node {node.id}")

    def bumped(self, event: Bumped, what: str) -> None:
        self.need(Op, event.by, what)
        if not self.need(Tensor, event.tensor, what):
            return
        storage = self.storages[event.tensor]
        if event.new <= event.old or event.new <= self.versions.get(storage, -1):
            self.say(f"I9 {what}: tensor {event.tensor} goes from version {event.old} to {event.new} of storage {storage}")
        self.versions[storage] = event.new

    def run_end(self, event: RunEnd, run: int, what: str) -> None:
        around = self.open.get(event.thread, EMPTY).before(("run", run))
        if event.error and around is not None:
            self.journal.set(self.open, event.thread, around)
        else:
            self.pop(event.thread, ("run", run), what)

    def end(self) -> None:
        """What may not be open at the end of a complete tape."""
        if self.tape.complete:
            for thread, stack in self.open.items():
                if stack:
                    self.say(f"I3 thread {thread} ends inside {_bracket(stack[-1])}")


def _bracket(bracket: tuple[str, int]) -> str:
    return f"{bracket[0]} {bracket[1]}"


def _meta(meta: tuple[str, tuple[int, ...]]) -> str:
    return f"{meta[0]}{list(meta[1])}"


def _same(left: npt.NDArray[Any], right: npt.NDArray[Any]) -> bool:
    if left.shape != right.shape:
        return False
    return bool(np.array_equal(left, right, equal_nan=left.dtype.kind in "fc"))
