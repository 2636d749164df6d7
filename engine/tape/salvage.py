"""What can still be told behind a place where records of a tape are lost.

A record behind it is kept where all that it mentions was kept: what builds on what was lost goes with it. A pass that was running
there ends there, by an error that says so; one that began there is left out as a whole, since nobody could tell its sums. Calls of
modules whose end is lost end where the next one shows that they had. Names, stacks and parameters have no identity: where they
are lost, that is written in their place.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Set
from dataclasses import replace
from typing import TypeVar

import numpy as np

from .blocks import Block, WireError
from .chain import EMPTY, Chain
from .reader import Tape
from .schema import (
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
    Meta,
    Node,
    NodeEnter,
    NodeExit,
    NodeReady,
    Note,
    Op,
    Payload,
    Record,
    Rewound,
    Run,
    RunBegin,
    RunEnd,
    Slot,
    Source,
    Tensor,
    Val,
)
from .unwire import Checks, Decoder
from .wire import CALL_BEGIN, CALL_END, META, NODE_ENTER, NODE_EXIT, PARAMS, REWOUND, RUN_BEGIN, RUN_END, STACK, TEXT

LOST = "(lost)"
CUT_SHORT = "the rest of this pass was on a damaged part of the recording"
_ANY = 1 << 62  # entries that a table may have had
_LOST_META = Meta(LOST, (), "")
_BRACKETS = (RUN_BEGIN, RUN_END, NODE_ENTER, NODE_EXIT, CALL_BEGIN, CALL_END, REWOUND)
Bracket = tuple[str, int]
T = TypeVar("T")


class LooseDecoder(Decoder):
    """Goes on where another decoder ended, although entries of its tables are missing: ``names_lost`` of them so far."""

    def __init__(self, before: Decoder, most: int) -> None:
        super().__init__()
        for mine, others in zip(self._tables, before._tables, strict=True):
            mine[:] = others
        self._most = most  # entries of a table
        self.names_lost = 0

    def add(self, block: Block) -> None:
        """Take in the tables of a block. Raises WireError where its rows cannot be right, whatever was lost."""
        codes = block.rows[:, 0] & 0xFF
        checks = Checks(block, codes, (_ANY,) * len(self._tables))
        checks.tables()
        checks.run()
        chosen = np.flatnonzero(codes <= PARAMS)
        for row, end in zip(block.rows[chosen].tolist(), block.ends[chosen].tolist(), strict=True):
            self._loose_row(row, block, end)

    def _loose_row(self, row: list[int], block: Block, end: int) -> None:
        code, number = row[:2]
        if not TEXT <= code <= PARAMS or number > self._most:
            raise WireError("a table has more entries than the file has room for")
        length = self.lengths()[code - TEXT]
        if number < length:
            return  # it is known already
        self._fill(code, number - length)
        try:
            self._table_row(row, block, end)
        except WireError:
            self._fill(code, 1)
            return
        if code == META and self.metas[-1].dtype == LOST:
            self.metas[-1] = _LOST_META

    def _fill(self, code: int, count: int) -> None:
        if code == TEXT:
            self.texts.extend([LOST] * count)
            self.names_lost += count
        elif code == META:
            self.metas.extend([_LOST_META] * count)
        elif code == STACK:
            self.stacks.extend([()] * count)
        else:
            self.params.extend([()] * count)

    def read(self, row: list[int], block: Block) -> Record | None:
        """The record of a row; None where what it mentions by number is lost."""
        try:
            return self.record(row, block, -1)
        except (IndexError, ValueError):  # a name or a shape that no later row tells of
            return None


class Sieve:
    """Takes the records behind the sound part of a tape in their order and gives those that can be told.

    A first one over all of them finds ``bad``, the passes that cannot be told, and ``ops``, those that are kept; a second one, which
    is given both, gives what is written."""

    def __init__(self, tape: Tape, bad: Set[int] = frozenset(), ops: Set[int] | None = None) -> None:
        tables = ((Tensor, tape.tensors), (Call, tape.calls), (Op, tape.ops), (Node, tape.nodes), (Hook, tape.hooks), (Run, tape.runs))
        self.known: dict[type, set[int]] = {kind: set(table) for kind, table in tables}
        self.calls: dict[int, int | None] = {id: call.parent for id, call in tape.calls.items()}
        self.bad = set(bad)
        self._ops = ops
        self.left = Counter[str]()  # records left out, by what they are
        self.cut: list[int] = []  # passes that end at a gap
        self.time = tape.events[-1].time if len(tape.events) else 0.0  # of the last event
        self._open = {thread: list(chain) for thread, chain in _open_brackets(tape).items()}
        self._runs: set[int] = set()  # those that are told and not ended
        self._before: set[Bracket] = set()  # those that were open at a gap: their ends may be lost

    def gap(self) -> list[Record]:
        """Records are lost here: what is written in their place."""
        ends: list[Record] = []
        for thread, stack in self._open.items():
            while (place := _last_run(stack)) is not None:
                run = stack[place][1]
                del stack[place:]
                ends.append(RunEnd(0, run, thread, self.time, CUT_SHORT))
                self.cut.append(run)
            self._before.update(stack)
        self._runs.clear()
        return ends

    def end(self) -> list[Record]:
        """Nothing comes any more, and the recording was ended: the calls whose ends are lost."""
        return [CallEnd(0, None, thread, self.time, call) for thread, stack in self._open.items() for _, call in reversed(stack)]

    def take(self, record: Record | None) -> list[Record]:
        """What is written for a record; nothing where it is left out. Events have no number yet."""
        if record is None:
            return self._leave("other record")
        if isinstance(record, Event):
            return self._event(record)
        if isinstance(record, (Source, Note)):
            lost = LOST in ((record.file, record.text) if isinstance(record, Source) else (record.kind, record.text))
            return self._leave("note") if lost else [record]
        if _has_lost_shape(record) or not self._knows(record):
            return self._leave("value" if isinstance(record, Payload) else type(record).__name__.lower())
        if isinstance(record, (Tensor, Call, Op, Node, Hook, Run)):
            if record.id in self.known[type(record)]:
                return self._leave("other record")  # told already
            self.known[type(record)].add(record.id)
            if isinstance(record, Call):
                self.calls[record.id] = record.parent
            if isinstance(record, Node) and self._ops is not None and record.op is not None and record.op not in self._ops:
                record = replace(record, op=None)
        return [record]

    def _knows(self, record: Record) -> bool:
        return all(id in self.known[kind] for kind, id in mentioned(record))

    def _leave(self, what: str) -> list[Record]:
        self.left[what] += 1
        return []

    def _event(self, event: Event) -> list[Record]:
        stack = self._open.setdefault(event.thread, [])
        run = event.run
        if run is not None and (run in self.bad or (run not in self._runs and not isinstance(event, RunBegin))):
            return self._leave("event")
        if not self._knows(event) or isinstance(event, Rewound):  # where it goes back to has another number now
            if run is not None:
                self.bad.add(run)
            return self._leave("event")
        before: list[Record] = []
        if isinstance(event, RunBegin) and run is not None:
            self._runs.add(run)
            stack.append(("run", run))
        elif isinstance(event, NodeEnter):
            stack.append(("node", event.node))
        elif isinstance(event, CallBegin):
            parent = self.calls.get(event.call)
            while stack and stack[-1] in self._before and stack[-1] != ("call", parent):
                before.append(CallEnd(0, None, event.thread, event.time, stack.pop()[1]))
            stack.append(("call", event.call))
        elif isinstance(event, (NodeExit, CallEnd, RunEnd)):
            ended = _bracket_of(event)
            if ended not in stack:
                return self._leave("event")
            while (inner := stack.pop()) != ended:
                if inner[0] == "call":
                    before.append(CallEnd(0, None, event.thread, event.time, inner[1]))
            if isinstance(event, RunEnd) and run is not None:
                self._runs.discard(run)
        self.time = event.time
        return [*before, event]


def _last_run(stack: list[Bracket]) -> int | None:
    return next((place for place in range(len(stack) - 1, -1, -1) if stack[place][0] == "run"), None)


def _bracket_of(event: NodeExit | CallEnd | RunEnd) -> Bracket:
    if isinstance(event, NodeExit):
        return "node", event.node
    return ("call", event.call) if isinstance(event, CallEnd) else ("run", event.run or 0)


def _has_lost_shape(record: Record) -> bool:
    if isinstance(record, Tensor):
        return record.meta.dtype == LOST
    if isinstance(record, Node):
        return any(meta is not None and meta.dtype == LOST for meta in record.ins)
    return isinstance(record, Payload) and record.dtype == LOST


def _open_brackets(tape: Tape) -> dict[int, Chain[Bracket]]:
    """What is open on each thread at the end of a tape, outermost first."""
    now: dict[int, Chain[Bracket]] = {}
    history: dict[int, list[tuple[int, Chain[Bracket]]]] = {}
    words = tape.events.words
    for i in np.flatnonzero(np.isin(words[:, 0] & 0xFF, _BRACKETS)).tolist():
        head, run, _, a = words[i, :4].tolist()
        code, thread = head & 0xFF, head >> 8
        chain = now.get(thread, EMPTY)
        past = history.setdefault(thread, [])
        if code == REWOUND:
            while past and past[-1][0] > a:
                past.pop()
            chain = past[-1][1] if past else EMPTY
        elif code in (RUN_BEGIN, NODE_ENTER, CALL_BEGIN):
            chain = chain.longer(("run", run) if code == RUN_BEGIN else ("node", a) if code == NODE_ENTER else ("call", a))
        else:
            ended = ("run", run) if code == RUN_END else ("node", a) if code == NODE_EXIT else ("call", a)
            around = chain.before(ended)
            chain = around if around is not None else chain
        now[thread] = chain
        past.append((i, chain))
    return now


def mentioned(record: Record) -> Iterator[tuple[type, int]]:
    """The kinds and ids of all that a record mentions but itself."""
    if isinstance(record, Tensor):
        yield from _ids(Tensor, record.base)
    elif isinstance(record, Call):
        yield from _ids(Call, record.parent)
    elif isinstance(record, Op):
        yield from _values((*record.ins, *record.outs))
        yield from _slots(record.grads)
        yield from (*_ids(Call, record.call), *_ids(Node, record.node))
    elif isinstance(record, Node):
        yield from _values(saved.val for saved in record.saved)
        yield from _slots(record.next)
        yield from (*_ids(Tensor, record.variable), *_ids(Node, record.made_by))
    elif isinstance(record, Hook):
        yield from (*_ids(Node, record.node), *_ids(Tensor, record.tensor))
    elif isinstance(record, Run):
        yield from _values(record.seeds)
        yield from _slots(record.roots)
        yield from (*_ids(Run, record.parent), *_ids(Node, record.node), *_ids(Node, *record.needed))
    elif isinstance(record, Payload):
        yield from _values((record.val,))
    elif isinstance(record, Event):
        yield from _ids(Run, record.run)
        yield from _of_event(record)


def _of_event(event: Event) -> Iterator[tuple[type, int]]:
    if isinstance(event, GradAdded):
        yield from _slots((event.src, event.dst))
        yield from _values((event.val,))
    elif isinstance(event, (NodeEnter, NodeExit)):
        yield from _ids(Node, event.node)
        yield from _values(event.grads)
    elif isinstance(event, (NodeReady, Freed)):
        yield from _ids(Node, event.node)
    elif isinstance(event, HookCalled):
        yield from (*_ids(Hook, event.hook), *_ids(Node, event.node))
        yield from _values((*event.before, *event.after))
    elif isinstance(event, GradStored):
        yield from _ids(Tensor, event.tensor)
        yield from _values((event.prev, event.val))
    elif isinstance(event, Bumped):
        yield from (*_ids(Tensor, event.tensor), *_ids(Op, event.by))
    elif isinstance(event, Edited):
        yield from _slots((event.dst,))
        yield from _values((event.old, event.new))
    elif isinstance(event, (CallBegin, CallEnd)):
        yield from _ids(Call, event.call)


def _ids(kind: type, *ids: int | None) -> Iterator[tuple[type, int]]:
    return ((kind, id) for id in ids if id is not None)


def _values(values: Iterable[Val | None]) -> Iterator[tuple[type, int]]:
    return ((Tensor, val.tensor) for val in values if val is not None)


def _slots(slots: Iterable[Slot | None]) -> Iterator[tuple[type, int]]:
    return ((Node, slot.node) for slot in slots if slot is not None)
