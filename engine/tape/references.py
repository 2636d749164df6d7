"""Looks whether a block of a tape file only mentions what the tape has, before anybody relies on it.

It is the reader's share of invariant I1: whoever follows a number in a tape that was opened finds something there.
"""

from __future__ import annotations

import numpy as np

from .blocks import Block, WireError, Words, gather
from .growing import Growing
from .wire import (
    BUMPED,
    CALL,
    CALL_BEGIN,
    CALL_END,
    EDITED,
    EVENT,
    FREED,
    GRAD_ADDED,
    GRAD_STORED,
    HOOK,
    HOOK_CALLED,
    NODE,
    NODE_ENTER,
    NODE_EXIT,
    NODE_READY,
    NOUN_CODES,
    OP,
    PAYLOAD,
    REWOUND,
    RUN,
    RUN_BEGIN,
    RUN_END,
    TENSOR,
)

NEVER = np.iinfo(np.int64).max  # the row of what is not on the tape
NEEDED, NEEDED_A_ROW = 10_000_000, 100  # nodes that all passes together may need: so many, and so many more for each row of the tape
DEEPEST = 1000  # calls of modules, and passes, that may be inside of each other

_NAMES = {TENSOR: "tensor", CALL: "call", OP: "op", NODE: "node", HOOK: "hook", RUN: "run"}

# Where a row mentions an id: row kind to pairs of the word's place and the kind of noun. 0 is none.
_COLUMNS: dict[int, tuple[tuple[int, int], ...]] = {
    TENSOR: ((4, TENSOR),),
    CALL: ((4, CALL),),
    OP: ((3, CALL), (4, NODE)),
    NODE: ((5, TENSOR), (6, NODE)),  # the op that made it follows it
    HOOK: ((4, NODE), (6, TENSOR)),
    RUN: ((3, RUN), (4, NODE)),
    PAYLOAD: ((1, TENSOR),),
    GRAD_ADDED: ((3, NODE), (4, NODE), (6, TENSOR)),
    NODE_READY: ((3, NODE),),
    NODE_ENTER: ((3, NODE),),
    NODE_EXIT: ((3, NODE),),
    HOOK_CALLED: ((3, HOOK), (4, NODE)),
    GRAD_STORED: ((3, TENSOR), (4, TENSOR), (6, TENSOR)),
    FREED: ((3, NODE),),
    BUMPED: ((3, TENSOR), (6, OP)),
    EDITED: ((3, NODE),),
    CALL_BEGIN: ((3, CALL),),
    CALL_END: ((3, CALL),),
}


# Which of those an event cannot be without.
_NEEDED: dict[int, tuple[int, ...]] = {
    RUN_BEGIN: (1,), RUN_END: (1,), GRAD_ADDED: (1, 4), NODE_READY: (1, 3), NODE_ENTER: (1, 3), NODE_EXIT: (1, 3), HOOK_CALLED: (3,),
    GRAD_STORED: (3,), FREED: (3,), BUMPED: (3,), EDITED: (3,), CALL_BEGIN: (3,), CALL_END: (3,), PAYLOAD: (1,),
}  # fmt: skip
_PARENTS = {CALL: 4, RUN: 3}  # which word names what is around it


class Known:
    """The ids of one kind of noun, sorted, and the row that introduced each."""

    def __init__(self) -> None:
        self._ids: Growing[int] = Growing(np.int64)
        self._rows: Growing[int] = Growing(np.int64)
        self._latest = -1  # the last row

    def __len__(self) -> int:
        return self._ids.length

    def extend(self, ids: Words, rows: Words) -> None:
        """Add ids and the rows that introduced them."""
        if not len(ids):
            return
        known = self._ids.filled
        self._latest = max(self._latest, int(rows.max()))
        if (ids[1:] < ids[:-1]).any() or (len(known) and ids[0] < known[-1]):  # the second recording of a process; threads
            ids, rows = np.concatenate([known, ids]), np.concatenate([self._rows.filled, rows])
            order = np.argsort(ids, kind="stable")
            ids, rows = ids[order], rows[order]
            self._ids.length = self._rows.length = 0
        self._ids.extend(ids)
        self._rows.extend(rows)

    @property
    def twice(self) -> int:
        """An id that is there twice; 0 where none is."""
        known = self._ids.filled
        again = known[1:][known[1:] == known[:-1]]
        return int(again[0]) if len(again) else 0

    def count(self, first: int, length: int, before: int) -> int:
        """How many of the ids from ``first`` on were introduced before a row. Ids are there once."""
        known = self._ids.filled
        start, stop = np.searchsorted(known, (first, first + length)).tolist()
        rows = self._rows.filled[start:stop]
        if stop - start == 0 or before > self._latest:
            return int(stop - start)
        return int(np.count_nonzero(rows < before))

    def rows(self, ids: Words) -> Words:
        """The row that introduced each id; NEVER where none did."""
        known = self._ids.filled
        found = np.full(len(ids), NEVER)
        if len(known):
            places = np.minimum(np.searchsorted(known, ids), len(known) - 1)
            np.copyto(found, self._rows.filled[places], where=known[places] == ids)
        return found


def _lengths(runs: Words, pool: Words) -> int:
    """How many nodes passes need, all together."""
    starts = runs[:, 2]
    ranges = pool[starts + 2]
    return int(gather(pool, starts + 3 + 2 * (pool[starts] + pool[starts + 1]), 2 * ranges)[1::2].sum())


class References:
    """What a tape has so far, by kind of noun; ``check`` looks at the next block, ``keep`` adds what it introduced."""

    def __init__(self) -> None:
        self._known = {code: Known() for code in NOUN_CODES}
        self._new = {code: Known() for code in NOUN_CODES}
        self._depths: dict[int, dict[int, int]] = {code: {} for code in _PARENTS}  # of what is inside of another
        self._needed = 0  # nodes, by all passes together
        self._rewinds: dict[int, list[tuple[int, int]]] = {}  # by thread: to which event, and at which; those that stand

    def check(self, block: Block, first: int, events: int) -> None:
        """Raises WireError where a row of the block, already found well-formed, mentions what was not introduced before it.
        ``first`` is the number of the block's first row on the tape, ``events`` that of its first event."""
        codes = block.rows[:, 0] & 0xFF
        chosen = {code: np.flatnonzero(codes == code) for code in np.unique(codes).tolist()}
        self._new = {code: Known() for code in NOUN_CODES}
        for code in NOUN_CODES & chosen.keys():
            ids = block.rows[chosen[code], 1]
            self._new[code].extend(ids, chosen[code] + first)
            again = ids[self._known[code].rows(ids) != NEVER]
            twice = int(again[0]) if len(again) else self._new[code].twice
            if twice:
                raise WireError(f"{_NAMES[code]} {twice} is introduced twice")
        for code, places in chosen.items():
            rows, at = block.rows[places], places + first
            for word, noun in _COLUMNS.get(code, ()):
                self._need(noun, rows[:, word], at)
            for word in _NEEDED.get(code, ()):
                if not rows[:, word].all():
                    raise WireError("an event says of nothing that it happened to it")
            if code >= EVENT:
                self._need(RUN, rows[:, 1], at)
            self._pool(code, rows, at, block.pool)
        depths = {code: self._deep(code, block.rows[chosen[code]]) for code in _PARENTS if code in chosen}
        rewinds = self._back(block, codes, events) if REWOUND in chosen else None
        needed = self._needed + (_lengths(block.rows[chosen[RUN]], block.pool) if RUN in chosen else 0)
        if needed > NEEDED + NEEDED_A_ROW * (first + len(codes)):
            raise WireError(f"the passes need {needed} nodes, many times what the tape has")
        # all of it is right
        for code, found in depths.items():
            self._depths[code].update(found)
        self._needed = needed
        self._rewinds = rewinds if rewinds is not None else self._rewinds

    def _deep(self, code: int, rows: Words) -> dict[int, int]:
        """How many others are around each of these, where any are."""
        known, found = self._depths[code], dict[int, int]()
        inside = rows[rows[:, _PARENTS[code]] != 0]
        for id, parent in zip(inside[:, 1].tolist(), inside[:, _PARENTS[code]].tolist(), strict=True):
            depth = found[id] = (found.get(parent) or known.get(parent, 0)) + 1
            if depth > DEEPEST:
                raise WireError(f"{_NAMES[code]} {id} is inside of more than {DEEPEST} others")
        return found

    def _back(self, block: Block, codes: Words, events: int) -> dict[int, list[tuple[int, int]]]:
        """The steps back that stand behind the block. Each leads to what stands: to go back to what was undone is what nobody does, and
        would undo the undoing of the undoing."""
        stand = {thread: list(known) for thread, known in self._rewinds.items()}
        numbers = events - 1 + np.cumsum(codes >= EVENT)
        for place in np.flatnonzero(codes == REWOUND).tolist():
            at, to, thread = int(numbers[place]), int(block.rows[place, 3]), int(block.rows[place, 0] >> 8)
            known = stand.setdefault(thread, [])
            while known and known[-1][0] >= to:
                known.pop()  # it is undone as well
            if not -1 <= to < at or (known and known[-1][1] > to):
                raise WireError(f"event {at} goes back to event {to}, which does not stand")
            known.append((to, at))
        return stand

    def keep(self, block: Block, first: int) -> None:
        """The block that was looked at is on the tape."""
        codes = block.rows[:, 0] & 0xFF
        for code in NOUN_CODES:
            places = np.flatnonzero(codes == code)
            self._known[code].extend(block.rows[places, 1], places + first)

    def check_tensors(self, ids: Words, at: Words) -> None:
        """Raises WireError where a tensor was not introduced before the row ``at``, in the tape or the block looked at."""
        self._need(TENSOR, ids, at)

    def _pool(self, code: int, rows: Words, at: Words, pool: Words) -> None:
        """What rows of one kind mention in the pool."""

        def need(noun: int, starts: Words, counts: Words, width: int, place: int = 0) -> None:
            """``counts`` groups of ``width`` words from each start on, of which that at ``place`` is an id."""
            self._need(noun, gather(pool, starts, width * counts)[place::width], np.repeat(at, counts))

        if code == OP:
            starts = rows[:, 7]
            ins, outs = pool[starts + 2], pool[starts + 3]
            need(TENSOR, starts + 4, ins + outs, 2)
            need(NODE, starts + 4 + 2 * (ins + outs), outs, 2)
        elif code == NODE:
            starts = rows[:, 7]
            slots, edges, saved = pool[starts], pool[starts + 1], pool[starts + 2]
            need(NODE, starts + 3 + slots, edges, 2)
            need(TENSOR, starts + 3 + slots + 2 * edges, saved, 3, 1)
        elif code == RUN:
            starts = rows[:, 2]
            roots, seeds, ranges = pool[starts], pool[starts + 1], pool[starts + 2]
            need(NODE, starts + 3, roots, 2)
            need(TENSOR, starts + 3 + 2 * roots, seeds, 2)
            flat = gather(pool, starts + 3 + 2 * (roots + seeds), 2 * ranges).tolist()
            for first, length, row in zip(flat[::2], flat[1::2], np.repeat(at, ranges).tolist(), strict=True):
                if self._known[NODE].count(first, length, row) + self._new[NODE].count(first, length, row) < length:
                    raise WireError(f"a run needs {length} nodes from {first} on, which are not all on the tape")
        elif code in (NODE_ENTER, NODE_EXIT):
            many = rows[:, 4] != 1
            self._need(TENSOR, rows[~many, 6], at[~many])
            at = at[many]
            need(TENSOR, rows[many, 5], rows[many, 4], 2)
        elif code == HOOK_CALLED:
            need(TENSOR, rows[:, 5], rows[:, 6] + rows[:, 7], 2)
        elif code == EDITED:
            need(TENSOR, rows[:, 5], np.full(len(rows), 2), 2)

    def _need(self, noun: int, ids: Words, at: Words) -> None:
        """Whether each id is 0 or was introduced before the row that mentions it."""
        missing = (ids != 0) & (self._new[noun].rows(ids) >= at)
        if missing.any():
            missing[missing] = self._known[noun].rows(ids[missing]) >= at[missing]
            if missing.any():
                raise WireError(f"{_NAMES[noun]} {int(ids[missing].min())} is mentioned, but is not on the tape")
