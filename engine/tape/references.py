"""Looks whether a block of a tape file only mentions what the tape has, before anybody relies on it.

It is the reader's share of invariant I1: whoever follows a number in a tape that was opened finds something there.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from .unwire import Block, WireError, gather
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
    RUN,
    TENSOR,
    Words,
)

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


class References:
    """What a tape has so far, by kind of noun; ``check`` looks at the next block."""

    def __init__(self, known: Mapping[int, dict[int, int]]) -> None:
        self._known = known
        self._new: dict[int, set[int]] = {}

    def check(self, block: Block) -> None:
        """Raises WireError where the block, already found well-formed, mentions what is neither known nor in it."""
        codes = block.rows[:, 0] & 0xFF
        kinds = set(np.unique(codes).tolist())
        self._new = {code: set(block.rows[codes == code, 1].tolist()) for code in NOUN_CODES & kinds}
        for code in kinds:
            rows = block.rows[codes == code]
            for place, noun in _COLUMNS.get(code, ()):
                self._need(noun, rows[:, place])
            if code >= EVENT:
                self._need(RUN, rows[:, 1])
            self._pool(code, rows, block.pool)

    def _pool(self, code: int, rows: Words, pool: Words) -> None:
        """What rows of one kind mention in the pool."""
        if code == OP:
            starts = rows[:, 7]
            vals = 2 * (pool[starts + 2] + pool[starts + 3])
            self._need(TENSOR, gather(pool, starts + 4, vals)[::2])
            self._need(NODE, gather(pool, starts + 4 + vals, 2 * pool[starts + 3])[::2])
        elif code == NODE:
            starts = rows[:, 7]
            slots, edges, saved = pool[starts], 2 * pool[starts + 1], 3 * pool[starts + 2]
            self._need(NODE, gather(pool, starts + 3 + slots, edges)[::2])
            self._need(TENSOR, gather(pool, starts + 3 + slots + edges, saved)[1::3])
        elif code == RUN:
            starts = rows[:, 2]
            roots, seeds, ranges = 2 * pool[starts], 2 * pool[starts + 1], 2 * pool[starts + 2]
            self._need(NODE, gather(pool, starts + 3, roots)[::2])
            self._need(TENSOR, gather(pool, starts + 3 + roots, seeds)[::2])
            flat = gather(pool, starts + 3 + roots + seeds, ranges).tolist()
            for first, length in zip(flat[::2], flat[1::2], strict=True):
                if length > len(self._known[NODE]) + len(self._new.get(NODE, ())):
                    raise WireError(f"a run needs {length} nodes, more than are on the tape")
                self._need(NODE, np.arange(first, first + length))
        elif code in (NODE_ENTER, NODE_EXIT):
            many = rows[:, 4] != 1
            self._need(TENSOR, gather(pool, rows[many, 5], 2 * rows[many, 4])[::2])
            self._need(TENSOR, rows[~many, 6])
        elif code == HOOK_CALLED:
            self._need(TENSOR, gather(pool, rows[:, 5], 2 * (rows[:, 6] + rows[:, 7]))[::2])
        elif code == EDITED:
            self._need(TENSOR, gather(pool, rows[:, 5], np.full(len(rows), 4))[::2])

    def _need(self, noun: int, ids: Words) -> None:
        missing = set(ids.tolist())
        missing.discard(0)
        missing = missing.difference(self._known[noun]).difference(self._new.get(noun, ()))
        if missing:
            raise WireError(f"{_NAMES[noun]} {min(missing)} is mentioned, but is not on the tape")
