"""How records become rows of eight 64-bit words.

A block is a run of rows, a pool of words for what has no fixed length, and a text area. Every record but ``Stats`` is
one row, so that a reader finds records by number and kind without looking into them, and decodes only what is asked for.
What repeats (strings, shapes with dtypes, stacks, parameters) is written once, as a row of its own, and mentioned by its
number. ``Encoder`` builds blocks; ``unwire`` reads them.
"""

from __future__ import annotations

import struct
import sys
from array import array
from collections.abc import Sequence, Set
from typing import Any

from .schema import (
    ACCUMULATE_SEQUENCE,
    EVENTS,
    Bumped,
    Call,
    CallBegin,
    CallEnd,
    Edited,
    Event,
    Frame,
    Freed,
    GradAdded,
    GradStored,
    Hook,
    HookCalled,
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
    RunEnd,
    Slot,
    Source,
    Stats,
    Tensor,
    Val,
)

WORDS = 8  # in a row
BLOCK_HEAD = struct.Struct("<qqq")  # rows, words of the pool, bytes of text

# What a row is: the low eight bits of its first word.
TEXT, META, STACK, PARAMS, TENSOR, CALL, OP, NODE, HOOK, RUN, PAYLOAD, SOURCE, NOTE = range(1, 14)
EVENT = 32  # events are EVENT + their place in EVENTS
EVENT_CODES = {kind: EVENT + place for place, kind in enumerate(EVENTS)}
(RUN_BEGIN, GRAD_ADDED, NODE_READY, HOOK_CALLED, NODE_ENTER, GRAD_STORED, NODE_EXIT,
 FREED, BUMPED, EDITED, REWOUND, CALL_BEGIN, CALL_END, RUN_END) = range(EVENT, EVENT + len(EVENTS))  # fmt: skip
NOUN_CODES = {TENSOR, CALL, OP, NODE, HOOK, RUN}  # those with an id in the second word

# A row of statistics: tensor, version, count, norm, low, high, mean, zeros, nans, posinfs, neginfs, sampled.
STATS_ROW = struct.Struct("<qqqddddqqqqq")

TEXT_CAP = 1 << 20  # bytes of one string
DIMENSIONS_CAP = 64
INDEX_BITS = 20  # of a slot's index, where two share a word
INDEX_CAP = 1 << INDEX_BITS


class Draft:
    """The block under construction. Numbered, so that a writer which is interrupted between queueing a block and
    dropping it knows that it has it already."""

    __slots__ = ("committed", "events", "number", "pool", "rows", "text")

    def __init__(self, number: int, events: int) -> None:
        self.number = number
        self.events = events  # on the tape before it
        self.rows: list[int] = []
        self.pool: list[int] = []
        self.text = bytearray()
        self.committed = 0  # words of ``rows`` that no rollback takes back


class Encoder:
    """Builds blocks in ``draft``; ``take`` hands out its committed rows, ``drop`` begins the next.

    A record's row is appended by one call (which no signal can interrupt halfway), after all that it points to. Whoever
    is interrupted between rows calls ``rollback``, and all rows since the last ``commit`` are forgotten.
    """

    def __init__(self) -> None:
        self.draft = Draft(0, 0)
        self.events = 0  # written so far
        self.texts: dict[str, int] = {"": 0}
        self.metas: dict[tuple[str, tuple[int, ...], str], int] = {}
        self.stacks: dict[Any, int] = {(): 0}
        self.params: dict[Any, int] = {(): 0}
        self._next = {TEXT: 1, META: 1, STACK: 1, PARAMS: 1}

    @classmethod
    def behind(cls, lengths: Sequence[int], events: int) -> Encoder:
        """One that goes on where another's blocks end: behind so many entries of each table (``Decoder.lengths``) and so many events."""
        encoder = cls()
        encoder.draft, encoder.events = Draft(0, events), events
        encoder._next = {table: lengths[i] for i, table in enumerate((TEXT, META, STACK, PARAMS))}
        return encoder

    def commit(self) -> None:
        self.draft.committed = len(self.draft.rows)

    def begin_tables_anew(self, most: int) -> None:
        """What repeats is written again after this, where a table has more than ``most`` entries. No row may be uncommitted."""
        if len(self.texts) > most:
            self.texts.clear()
            self.texts[""] = 0
        if len(self.metas) > most:
            self.metas.clear()
        for table in (self.stacks, self.params):
            if len(table) > most:
                table.clear()
                table[()] = 0

    def rollback(self) -> list[tuple[int, int]]:
        """Forget the rows since the last commit. Returns what they introduced: pairs of code and id."""
        draft = self.draft
        lost = draft.rows[draft.committed :]
        del draft.rows[draft.committed :]
        gone = [(lost[start] & 0xFF, lost[start + 1]) for start in range(0, len(lost), WORDS)]
        self.events = draft.events + _events_in(draft.rows)
        tables: tuple[tuple[int, dict[Any, int]], ...] = (
            (TEXT, self.texts), (META, self.metas), (STACK, self.stacks), (PARAMS, self.params),
        )  # fmt: skip
        for code, table in tables:
            numbers = {number for kind, number in gone if kind == code}
            if numbers:
                self._next[code] = min(numbers)
            for key in [key for key, number in table.items() if number in numbers] if numbers else ():
                del table[key]
        return gone

    def take(self) -> tuple[bytes, int]:
        """The committed rows as the body of a block, and the number of their words."""
        draft = self.draft
        words = draft.committed
        rows, pool = array("q", draft.rows if len(draft.rows) == words else draft.rows[:words]), array("q", draft.pool)
        if sys.byteorder == "big":
            rows.byteswap()
            pool.byteswap()
        return b"".join((BLOCK_HEAD.pack(words // WORDS, len(pool), len(draft.text)), rows, pool, draft.text)), words

    def drop(self, words: int) -> None:
        """Begin the next block: the first ``words`` words of rows are in safe hands. Rows that are not committed stay, and
        so does all that they may point to."""
        old = self.draft
        if len(old.rows) > words:
            draft = Draft(old.number + 1, old.events + _events_in(old.rows[:words]))
            draft.rows, draft.pool, draft.text = old.rows[words:], old.pool, old.text
        else:
            draft = Draft(old.number + 1, self.events)
        self.draft = draft

    # ------------------------------------------------------------------------------------------------ what repeats

    def add_text(self, text: str) -> int:
        """A string that is not looked up again (a source file)."""
        data = text.encode("utf-8", "surrogatepass")[:TEXT_CAP]
        draft, number = self.draft, self._next[TEXT]
        start = len(draft.text)
        draft.text += data
        draft.rows.extend((TEXT, number, start, len(data), 0, 0, 0, 0))
        self._next[TEXT] = number + 1
        return number

    def text_id(self, text: str) -> int:
        number = self.texts.get(text)
        if number is None:
            number = self.add_text(text)
            self.texts[text] = number
        return number

    def meta_id(self, dtype: str, shape: tuple[int, ...], device: str) -> int:
        key = (dtype, shape, device)
        number = self.metas.get(key)
        if number is None:
            dtype_id, device_id = self.text_id(dtype), self.text_id(device)
            draft, number = self.draft, self._next[META]
            start = len(draft.pool)
            draft.pool.extend(shape)
            draft.rows.extend((META, number, dtype_id, device_id, start, len(shape), 0, 0))
            self._next[META] = number + 1
            self.metas[key] = number
        return number

    def layout_id(self, strides: tuple[int, ...]) -> int:
        """The number of an order in memory, in the table of shapes; 0 for C order."""
        return self.meta_id("strides", strides, "") if strides else 0

    def stack_id(self, key: Any, frames: Sequence[Frame]) -> int:
        """The number of a stack. ``key`` is what the caller knows it by (cheaper to make than its frames)."""
        number = self.stacks.get(key)
        if number is None:
            flat: list[int] = []
            for frame in frames:
                flat += (self.text_id(frame.file), frame.line, self.text_id(frame.function))
            number = self._list(STACK, flat, len(frames))
            self.stacks[key] = number
        return number

    def params_id(self, key: Any, params: Sequence[tuple[str, str]]) -> int:
        number = self.params.get(key)
        if number is None:
            flat: list[int] = []
            for name, text in params:
                flat += (self.text_id(name), self.text_id(text))
            number = self._list(PARAMS, flat, len(params))
            self.params[key] = number
        return number

    def _list(self, code: int, flat: list[int], count: int) -> int:
        draft, number = self.draft, self._next[code]
        start = len(draft.pool)
        draft.pool.extend(flat)
        draft.rows.extend((code, number, start, count, 0, 0, 0, 0))
        self._next[code] = number + 1
        return number

    # ----------------------------------------------------------------------------------------------------- records

    def record(self, record: Record, blob: tuple[int, int] = (0, 0)) -> None:
        """Append one record of any kind but Stats. ``blob`` is the place of a Payload's data: frame and offset.

        Raises ValueError where an Event's ``i`` is not its place among the events, or an id is below 1."""
        if isinstance(record, Event):
            self._event(record)
        else:
            self._noun(record, blob)

    def _noun(self, record: Record, blob: tuple[int, int]) -> None:
        text, pool, rows = self.text_id, self.draft.pool, self.draft.rows
        if isinstance(record, (Tensor, Call, Op, Node, Hook, Run)) and record.id < 1:
            raise ValueError(f"{type(record).__name__} has id {record.id}: ids begin at 1")
        if isinstance(record, Tensor):
            meta = self.meta_id(*record.meta)
            name = text(record.name)
            rows.extend((TENSOR | record.role << 8, record.id, meta, record.storage, record.base or 0, name, 0, 0))
        elif isinstance(record, Call):
            rows.extend((CALL, record.id, text(record.path), text(record.type), record.parent or 0, 0, 0, 0))
        elif isinstance(record, Op):
            stack, params = self.stack_id(record.stack, record.stack), self.params_id(record.params, record.params)
            if len(record.grads) != len(record.outs):
                raise ValueError(f"Op {record.id} has {len(record.outs)} outs and {len(record.grads)} grads: they are parallel")
            start = len(pool)
            pool.extend((_ns(record.time), _ns(record.duration), len(record.ins), len(record.outs)))
            pool.extend(_pairs(record.ins) + _pairs(record.outs) + _pairs(record.grads))
            head = OP | bool(record.grad_mode) << 8 | record.thread << 16
            rows.extend((head, record.id, text(record.name), record.call or 0, record.node or 0, stack, params, start))
        elif isinstance(record, Node):
            metas = [0 if meta is None else self.meta_id(*meta) for meta in record.ins]
            saved: list[int] = []
            for item in record.saved:
                saved += (text(item.name), *(item.val or (0, 0)))
            start = len(pool)
            pool.extend((len(metas), len(record.next), len(record.saved)))
            pool.extend(metas + _pairs(record.next) + saved)
            sequence = -1 if record.sequence == ACCUMULATE_SEQUENCE else record.sequence
            head = NODE | record.kind << 8
            name = text(record.name)
            rows.extend((head, record.id, name, sequence, record.op or 0, record.variable or 0, record.made_by or 0, start))
        elif isinstance(record, Hook):
            start = -1
            if record.at is not None:
                at = (text(record.at.file), record.at.line, text(record.at.function))
                start = len(pool)
                pool.extend(at)
            index = -1 if record.index is None else record.index
            head = HOOK | record.kind << 8
            rows.extend((head, record.id, text(record.function), start, record.node or 0, index, record.tensor or 0, 0))
        elif isinstance(record, Run):
            stack = self.stack_id(record.stack, record.stack)
            ranges = _ranges(record.needed)
            start = len(pool)
            pool.extend((len(record.roots), len(record.seeds), len(ranges) // 2))
            pool.extend(_pairs(record.roots) + _pairs(record.seeds) + ranges)
            flags = record.keep_graph | record.create_graph << 1 | record.accumulate << 2
            head = RUN | flags << 8 | record.thread << 16
            rows.extend((head, record.id, start, record.parent or 0, record.node or 0, stack, 0, 0))
        elif isinstance(record, Payload):
            self.payload(record, blob, len(record.data))
        elif isinstance(record, Source):
            body = self.add_text(record.text)
            rows.extend((SOURCE, 0, text(record.file), body, 0, 0, 0, 0))
        elif isinstance(record, Note):
            rows.extend((NOTE, 0, text(record.kind), self.add_text(record.text), _ns(record.time), 0, 0, 0))
        else:
            raise TypeError(f"a {type(record).__name__} is no row")

    def payload(self, record: Payload, blob: tuple[int, int], length: int) -> None:
        """Append the row of a value whose data, of ``length`` bytes, lie there; those of the record are not looked at."""
        meta = self.meta_id(record.dtype, record.shape, "")
        self.draft.rows.extend((PAYLOAD, *record.val, meta, *blob, length, self.layout_id(record.strides)))

    def _event(self, record: Event) -> None:
        if record.i != self.events:
            raise ValueError(f"{type(record).__name__} says that it is event {record.i}, but it is written as event {self.events}")
        words: tuple[int, ...]
        if isinstance(record, GradAdded):
            source = record.src or Slot(0, 0)
            words = (source.node, record.dst.node, _join(source.index, record.dst.index), *(record.val or (0, 0)))
        elif isinstance(record, HookCalled):
            start = len(self.draft.pool)
            self.draft.pool.extend(_pairs(record.before) + _pairs(record.after))
            words = (record.hook, record.node or 0, start, len(record.before), len(record.after))
        elif isinstance(record, (NodeEnter, NodeExit)):
            words = (record.node, *self.values(record.grads))
        elif isinstance(record, GradStored):
            words = (record.tensor, *(record.prev or (0, 0)), *(record.val or (0, 0)))
        elif isinstance(record, Bumped):
            words = (record.tensor, record.old, record.new, record.by or 0, 0)
        elif isinstance(record, Edited):
            start = len(self.draft.pool)
            self.draft.pool.extend((*(record.old or (0, 0)), *(record.new or (0, 0))))
            words = (*record.dst, start, 0, 0)
        elif isinstance(record, (NodeReady, Freed)):
            words = (record.node, 0, 0, 0, 0)
        elif isinstance(record, Rewound):
            words = (record.to, 0, 0, 0, 0)
        elif isinstance(record, (CallBegin, CallEnd)):
            words = (record.call, 0, 0, 0, 0)
        elif isinstance(record, RunEnd):
            words = (self.text_id(record.error), 0, 0, 0, 0)
        else:
            words = (0, 0, 0, 0, 0)
        self.event(EVENT_CODES[type(record)], record.run or 0, record.thread, _ns(record.time), words)

    def event(self, code: int, run: int, thread: int, time: int, words: Sequence[int]) -> None:
        """Append the row of an event: its head and five words of its own."""
        self.draft.rows.extend((code | thread << 8, run, time, *words))
        self.events += 1

    def values(self, values: Sequence[Val | None]) -> tuple[int, int, int, int]:
        """A tuple of values as the last four words of a row: their number, then the one value or the pool."""
        if len(values) == 1:
            return 1, 0, *(values[0] or (0, 0))
        start = len(self.draft.pool)
        self.draft.pool.extend(_pairs(values))
        return len(values), start, 0, 0


def _events_in(rows: Sequence[int]) -> int:
    return sum(word & 0xFF >= EVENT for word in rows[::WORDS])


def _pairs(items: Sequence[tuple[int, int] | None]) -> list[int]:
    flat: list[int] = []
    for item in items:
        flat += item or (0, 0)
    return flat


def _ranges(numbers: Set[int]) -> list[int]:
    """Sorted numbers as runs: first, length, first, length, ... The nodes of a graph are nearly always one run."""
    flat: list[int] = []
    last = None
    for number in sorted(numbers):
        if last is not None and number == last + 1:
            flat[-1] += 1
        else:
            flat += (number, 1)
        last = number
    return flat


def _ns(seconds: float) -> int:
    return round(seconds * 1e9)


def _join(left: int, right: int) -> int:
    if not (0 <= left < INDEX_CAP and 0 <= right < INDEX_CAP):
        raise ValueError(f"a slot's index is {max(left, right)}: at most {INDEX_CAP - 1} is kept")
    return left << INDEX_BITS | right


def stats_row(stats: Stats) -> tuple[Any, ...]:
    """The words of STATS_ROW."""
    return (
        *stats.val, stats.count, stats.norm, stats.low, stats.high, stats.mean,
        stats.zeros, stats.nans, stats.posinfs, stats.neginfs, stats.sampled,
    )  # fmt: skip


def stats_record(row: tuple[Any, ...]) -> Stats:
    """The record of one row of statistics, given as the words of STATS_ROW."""
    tensor, version, count, norm, low, high, mean, zeros, nans, posinfs, neginfs, sampled = row
    return Stats(Val(tensor, version), count, norm, low, high, mean, zeros, nans, posinfs, neginfs, bool(sampled))
