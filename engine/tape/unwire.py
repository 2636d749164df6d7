"""Rows of words back to records. Blocks come from strangers' files: ``Decoder`` looks at every number that points
somewhere before it is used, and refuses a block as a whole."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .blocks import Block, WireError, Words, gather
from .ranges import Ranges, pairs
from .schema import (
    ACCUMULATE_SEQUENCE,
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
    HookKind,
    Meta,
    Node,
    NodeEnter,
    NodeExit,
    NodeKind,
    NodeReady,
    Note,
    Op,
    Payload,
    Record,
    Rewound,
    Role,
    Run,
    RunBegin,
    RunEnd,
    Saved,
    Slot,
    Source,
    Tensor,
    Val,
)
from .wire import (
    BUMPED,
    CALL,
    CALL_BEGIN,
    CALL_END,
    DIMENSIONS_CAP,
    EDITED,
    EVENT,
    EVENT_CODES,
    FREED,
    GRAD_ADDED,
    GRAD_STORED,
    HOOK,
    HOOK_CALLED,
    INDEX_BITS,
    INDEX_CAP,
    META,
    NODE,
    NODE_ENTER,
    NODE_EXIT,
    NODE_READY,
    NOTE,
    NOUN_CODES,
    OP,
    PARAMS,
    PAYLOAD,
    REWOUND,
    RUN,
    RUN_END,
    SOURCE,
    STACK,
    TENSOR,
    TEXT,
    TEXT_CAP,
)

_KNOWN = np.zeros(256, np.bool_)  # codes of rows that there are
_KNOWN[[*range(TEXT, NOTE + 1), *EVENT_CODES.values()]] = True
_PIECE = 4096  # rows that are lists at once
NAME_CAP = 4096  # letters of a name in a reader that shows it: to paint a megabyte of them takes longer than anybody waits


class Decoder:
    """Reads blocks in the order in which they were written. ``add`` looks at a whole block and then holds its tables;
    ``record`` makes the dataclass of one row."""

    def __init__(self, written: Callable[[str], str] | None = None) -> None:
        self._written = written  # how a string is to be read
        self.texts: list[str] = [""]
        self.names = self.texts if written is None else [""]  # the same where they are names, for a reader that shows them: cut
        self.metas: list[Meta] = [Meta("", (), "")]
        self.stacks: list[tuple[Frame, ...]] = [()]
        self.params: list[tuple[tuple[str, str], ...]] = [()]
        self._tables: tuple[list[Any], ...] = (self.texts, self.metas, self.stacks, self.params)  # in the order of their codes

    def add(self, block: Block) -> None:
        """Take in the tables of a block, after a look at every word that points somewhere. Raises WireError, and then has
        taken in nothing."""
        codes = block.rows[:, 0] & 0xFF
        if not _KNOWN[codes].all():
            raise WireError(f"a row of unknown kind {int(codes[~_KNOWN[codes]][0])}")
        before = self.lengths()
        checks = Checks(block, codes, before)
        checks.tables()
        chosen = np.flatnonzero(codes <= PARAMS)
        try:
            for start in range(0, len(chosen), _PIECE):
                piece = chosen[start : start + _PIECE]
                for row, end in zip(block.rows[piece].tolist(), block.ends[piece].tolist(), strict=True):
                    self._table_row(row, block, end)
            checks.run()
        except WireError:
            self.cut(before)
            raise

    def lengths(self) -> tuple[int, ...]:
        """How much is in each table."""
        return tuple(map(len, self._tables))

    def cut(self, lengths: tuple[int, ...]) -> None:
        """Forget what was added since the tables had these lengths."""
        for table, length in zip(self._tables, lengths, strict=True):
            del table[length:]
        del self.names[lengths[0] :]

    def _table_row(self, row: list[int], block: Block, end: int) -> None:
        code, number, a, b, c, d = row[:6]
        table: list[Any] = self._tables[code - TEXT]
        if number != len(table):
            raise WireError(f"entry {number} of a table comes where {len(table)} is due")
        if code == TEXT:
            if b > TEXT_CAP:
                raise WireError(f"a string has {b} bytes")
            text = block.text[a : a + b].decode("utf-8", "replace")
            if self._written is not None:
                text = self._written(text)
                self.names.append(text if len(text) <= NAME_CAP else f"{text[:NAME_CAP]}…")
            table.append(text)
        elif code == META:
            if d > DIMENSIONS_CAP:
                raise WireError(f"a shape has {d} dimensions")
            shape = _words(block.pool, c, d, end)
            if min(shape, default=0) < 0:
                raise WireError("a shape has a negative size")
            table.append(Meta(self._text(a), tuple(shape), self._text(b)))
        elif code == STACK:
            flat = _words(block.pool, a, b * 3, end)
            table.append(tuple(Frame(self._text(flat[j]), flat[j + 1], self._text(flat[j + 2])) for j in range(0, len(flat), 3)))
        else:
            flat = _words(block.pool, a, b * 2, end)
            table.append(tuple((self._text(flat[j]), self._text(flat[j + 1])) for j in range(0, len(flat), 2)))

    def _text(self, number: int) -> str:
        if not 0 <= number < len(self.texts):
            raise WireError(f"string {number} is mentioned before it is written")
        return self.names[number]

    def record(self, row: Sequence[int], block: Block, event: int, data: bytes = b"") -> Record:
        """The record of one row. ``event`` is the place of an event among the events, ``data`` that of a Payload."""
        code = row[0] & 0xFF
        if code >= EVENT:
            return self.event_record(row, block, event)
        return self.noun_record(row, block, data)

    def noun_record(self, row: Sequence[int], block: Block, data: bytes) -> Record:
        head, number, a, b, c, d, e, f = row
        code, flags, pool = head & 0xFF, head >> 8 & 0xFF, block.pool
        if code == TENSOR:
            return Tensor(number, self.metas[a], b, c or None, Role(flags), self.names[d])
        if code == OP:
            time, duration, ins, outs = pool[f : f + 4].tolist()
            flat = pool[f + 4 : f + 4 + 2 * (ins + 2 * outs)].tolist()
            vals = _values(flat[: 2 * (ins + outs)])
            grads = _slots(flat[2 * (ins + outs) :])
            done = tuple(val for val in vals[ins:] if val is not None)
            return Op(
                number, self.names[a], vals[:ins], done, grads, self.stacks[d], b or None, c or None,
                self.params[e], bool(flags & 1), head >> 16, time / 1e9, duration / 1e9,
            )  # fmt: skip
        if code == NODE:
            ins, edges, saved = pool[f : f + 3].tolist()
            flat = pool[f + 3 : f + 3 + ins + 2 * edges + 3 * saved].tolist()
            metas = tuple(self.metas[meta] if meta else None for meta in flat[:ins])
            rest = flat[ins + 2 * edges :]
            keeps = tuple(
                Saved(self.names[rest[j]], Val(rest[j + 1], rest[j + 2]) if rest[j + 1] else None) for j in range(0, len(rest), 3)
            )
            sequence = ACCUMULATE_SEQUENCE if b == -1 else b
            nexts = _slots(flat[ins : ins + 2 * edges])
            return Node(number, NodeKind(flags), self.names[a], sequence, metas, nexts, c or None, keeps, d or None, e or None)
        if code == CALL:
            return Call(number, self.names[a], self.names[b], c or None)
        if code == HOOK:
            at = None
            if b >= 0:
                file, line, function = pool[b : b + 3].tolist()
                at = Frame(self.names[file], line, self.names[function])
            return Hook(number, HookKind(flags), self.names[a], at, c or None, None if d < 0 else d, e or None)
        if code == RUN:
            roots, seeds, ranges = pool[a : a + 3].tolist()
            flat = pool[a + 3 : a + 3 + 2 * (roots + seeds + ranges)].tolist()
            runs = flat[2 * (roots + seeds) :]
            return Run(
                number, tuple(Slot(*pair) for pair in _two(flat[: 2 * roots])), _values(flat[2 * roots : 2 * (roots + seeds)]),
                Ranges(pairs(runs)), bool(flags & 1), bool(flags & 2), bool(flags & 4), self.stacks[d], b or None, c or None, head >> 16,
            )  # fmt: skip
        if code == PAYLOAD:
            meta = self.metas[b]
            return Payload(Val(number, a), meta.dtype, meta.shape, data, self.metas[f].shape)
        if code == SOURCE:
            return Source(self.names[a], self.texts[b])
        return Note(self.names[a], self.texts[b], c / 1e9)

    def event_record(self, row: Sequence[int], block: Block, i: int) -> Event:
        head, number, nanoseconds, a, b, c, d, e = row
        code, run, thread, time = head & 0xFF, number or None, head >> 8, nanoseconds / 1e9
        if code == GRAD_ADDED:
            source = Slot(a, c >> INDEX_BITS) if a else None
            return GradAdded(i, run, thread, time, source, Slot(b, c & INDEX_CAP - 1), Val(d, e) if d else None)
        if code == NODE_READY:
            return NodeReady(i, run, thread, time, a)
        if code in (NODE_ENTER, NODE_EXIT):
            grads = (Val(d, e) if d else None,) if b == 1 else _values(block.pool[c : c + 2 * b].tolist())
            return (NodeEnter if code == NODE_ENTER else NodeExit)(i, run, thread, time, a, grads)
        if code == FREED:
            return Freed(i, run, thread, time, a)
        if code == GRAD_STORED:
            return GradStored(i, run, thread, time, a, Val(b, c) if b else None, Val(d, e) if d else None)
        if code == HOOK_CALLED:
            values = _values(block.pool[c : c + 2 * (d + e)].tolist())
            return HookCalled(i, run, thread, time, a, b or None, values[:d], values[d:])
        if code == BUMPED:
            return Bumped(i, run, thread, time, a, b, c, d or None)
        if code == EDITED:
            old, new = _values(block.pool[c : c + 4].tolist())
            return Edited(i, run, thread, time, Slot(a, b), old, new)
        if code == REWOUND:
            return Rewound(i, run, thread, time, a)
        if code in (CALL_BEGIN, CALL_END):
            return (CallBegin if code == CALL_BEGIN else CallEnd)(i, run, thread, time, a)
        if code == RUN_END:
            return RunEnd(i, run, thread, time, self.names[a])
        return RunBegin(i, run, thread, time)


def _two(flat: Sequence[int]) -> zip[tuple[int, int]]:
    return zip(flat[::2], flat[1::2], strict=True)


def _values(flat: Sequence[int]) -> tuple[Val | None, ...]:
    return tuple([Val(tensor, version) if tensor else None for tensor, version in _two(flat)])


def _slots(flat: Sequence[int]) -> tuple[Slot | None, ...]:
    return tuple([Slot(node, index) if node else None for node, index in _two(flat)])


def _words(pool: Words, start: int, count: int, end: int) -> list[int]:
    if start < 0 or count < 0 or start + count > end:
        raise WireError("a row points outside the pool of its block")
    words: list[int] = pool[start : start + count].tolist()
    return words


class Checks:
    """Looks at the words of a block that point somewhere, a column at a time. A row may mention what stands before it."""

    def __init__(self, block: Block, codes: Words, before: tuple[int, ...]) -> None:
        self.rows, self.pool, self.codes, self.ends = block.rows, block.pool, codes, block.ends
        self.filled = [length + np.cumsum(codes == TEXT + place) for place, length in enumerate(before)]
        self.claimed = np.zeros(len(codes), np.int64)  # words of the pool, by row

    def tables(self) -> None:
        """Before any string, shape or list is made: how much the rows of tables ask for."""
        for code, word, width in ((META, 5, 1), (STACK, 3, 3), (PARAMS, 3, 2)):
            chosen = np.flatnonzero(self.codes == code)
            rows = self.rows[chosen]
            start = rows[:, 4 if code == META else 2]
            self.inside(rows[:, word], 0, 1 << 31, "a count")
            self.fits(start, width * rows[:, word], chosen)
        self.claims()

    def claims(self) -> None:
        """No word of a pool may belong to two rows, or a few bytes could say that they are any number of lists."""
        if not len(self.ends):
            return
        last = np.flatnonzero(np.diff(self.ends, append=-1))  # of each block
        pools = np.diff(self.ends[last], prepend=0)
        if (np.diff(np.cumsum(self.claimed)[last], prepend=0) > pools).any():
            raise WireError("several rows point to the same words of a pool")

    def run(self) -> None:
        for code in np.unique(self.codes).tolist():
            chosen = np.flatnonzero(self.codes == code)
            rows = self.rows[chosen]
            texts, metas, stacks, params = (table[chosen] for table in self.filled)
            flags, a, b, c = rows[:, 0] >> 8 & 0xFF, rows[:, 2], rows[:, 3], rows[:, 4]
            if code in NOUN_CODES:
                self.inside(rows[:, 1], 1, 1 << 62, "an id")
            if code == TENSOR:
                self.inside(flags, 0, len(Role), "a role")
                self.inside(a, 1, metas, "a shape")
                self.inside(rows[:, 5], 0, texts, "a name")
            elif code == CALL:
                self.inside(a, 0, texts, "a path")
                self.inside(b, 0, texts, "a type")
            elif code == OP:
                self.inside(a, 0, texts, "a name")
                self.inside(rows[:, 5], 0, stacks, "a stack")
                self.inside(rows[:, 6], 0, params, "parameters")
                ins, outs = self.counts(rows[:, 7], 2, 2, chosen)
                self.fits(rows[:, 7], 4 + 2 * (ins + 2 * outs), chosen)
            elif code == NODE:
                self.inside(flags, 0, len(NodeKind), "a kind of node")
                self.inside(a, 0, texts, "a name")
                ins, edges, saved = self.counts(rows[:, 7], 0, 3, chosen)
                self.fits(rows[:, 7], 3 + ins + 2 * edges + 3 * saved, chosen)
                self.inside(gather(self.pool, rows[:, 7] + 3, ins), 0, np.repeat(metas, ins), "a shape")
                names = gather(self.pool, rows[:, 7] + 3 + ins + 2 * edges, 3 * saved)[::3]
                self.inside(names, 0, np.repeat(texts, saved), "a saved name")
            elif code == HOOK:
                self.inside(flags, 0, len(HookKind), "a kind of hook")
                self.inside(a, 0, texts, "a function")
                known = b >= 0
                places = b[known]
                self.fits(places, np.full(len(places), 3), chosen[known])
                self.inside(self.pool[places], 0, texts[known], "a file")
                self.inside(self.pool[places + 2], 0, texts[known], "a function")
            elif code == RUN:
                self.inside(rows[:, 5], 0, stacks, "a stack")
                roots, seeds, ranges = self.counts(a, 0, 3, chosen)
                self.fits(a, 3 + 2 * (roots + seeds + ranges), chosen)
                self.ascending(gather(self.pool, a + 3 + 2 * (roots + seeds), 2 * ranges), np.repeat(chosen, ranges))
            elif code == PAYLOAD:
                self.inside(b, 1, metas, "a shape")
                self.inside(rows[:, 5], 0, 1 << 40, "an offset")
                self.inside(rows[:, 6], 0, 1 << 40, "a length")
                self.inside(rows[:, 7], 0, metas, "a layout")
            elif code in (SOURCE, NOTE):
                self.inside(a, 0, texts, "a name")
                self.inside(b, 0, texts, "a text")
            elif code == HOOK_CALLED:
                self.inside(rows[:, 6], 0, 1 << 31, "a count")
                self.inside(rows[:, 7], 0, 1 << 31, "a count")
                self.fits(rows[:, 5], 2 * (rows[:, 6] + rows[:, 7]), chosen)
            elif code in (NODE_ENTER, NODE_EXIT):
                self.inside(c, 0, 1 << 31, "a count")
                many = c != 1
                self.fits(rows[many, 5], 2 * c[many], chosen[many])
            elif code == EDITED:
                self.fits(rows[:, 5], np.full(len(rows), 4), chosen)
            elif code == RUN_END:
                self.inside(b, 0, texts, "an error")
        self.claims()

    def inside(self, words: Words, low: int, high: int | Words, what: str) -> None:
        if len(words) and (int(words.min()) < low or (words >= high).any()):
            raise WireError(f"a row mentions {what} that is not there")

    def fits(self, starts: Words, counts: Words, chosen: Words) -> None:
        """The words from each start on are the row's own. The starts are in the pool of their block: ``joined`` looked at them."""
        if not len(starts):
            return
        if int(counts.min()) < 0 or (counts > self.ends[chosen] - starts).any():
            raise WireError("a row points outside the pool of its block")
        self.claimed[chosen] += counts
        if int(counts.sum()) > len(self.pool):  # before anybody gathers them
            raise WireError("several rows point to the same words of a pool")

    def counts(self, starts: Words, skip: int, number: int, chosen: Words) -> list[Words]:
        """The ``number`` counts that stand in the pool ``skip`` words behind each start."""
        if (skip + number > self.ends[chosen] - starts).any():
            raise WireError("a row points outside the pool of its block")
        counts = [self.pool[starts + skip + place] for place in range(number)]
        for words in counts:
            self.inside(words, 0, 1 << 31, "a count")
        return counts

    def ascending(self, flat: Words, owners: Words) -> None:
        """Ranges of numbers, first and length, of which those of one owner do not touch."""
        firsts, lengths = flat[::2], flat[1::2]
        self.inside(firsts, 1, 1 << 62, "a node")
        self.inside(lengths, 1, 1 << 31, "a range of nodes")
        same = owners[1:] == owners[:-1]
        if (same & (firsts[1:] <= firsts[:-1] + lengths[:-1] - 1)).any():
            raise WireError("the nodes that a run needs are not in their order")
