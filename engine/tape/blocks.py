"""Blocks of rows as they stand in a file, put together: many small ones are read as if they were one.

A script that walks backwards leaves a block a node (rows are handed to the system before a node runs), so a reader that
did anything block by block would take as long as the script. Here all of them become one table, one pool and one text;
what a row points to is moved along, and where the pool of its own block ends is remembered.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .wire import (
    BLOCK_HEAD,
    EDITED,
    HOOK,
    HOOK_CALLED,
    META,
    NODE,
    NODE_ENTER,
    NODE_EXIT,
    OP,
    PARAMS,
    RUN,
    STACK,
    TEXT,
    WORDS,
)

Words = npt.NDArray[np.int64]

# Which word of a row is a place in the pool, by kind of row; -1: none.
_POOL_WORD = np.full(256, -1)
for _code, _word in {
    META: 4, STACK: 2, PARAMS: 2, OP: 7, NODE: 7, HOOK: 3, RUN: 2, NODE_ENTER: 5, NODE_EXIT: 5, HOOK_CALLED: 5, EDITED: 5,
}.items():  # fmt: skip
    _POOL_WORD[_code] = _word


class WireError(ValueError):
    """A block that no encoder writes."""


@dataclass(frozen=True, slots=True)
class Block:
    """Rows in the order in which the records were written, with what they point into."""

    rows: Words  # (n, 8)
    pool: Words
    text: bytes | bytearray
    ends: Words  # for each row where the words of the pool end that it may point to

    def behind(self, row: int) -> Block:
        """The rows from ``row`` on."""
        return Block(self.rows[row:], self.pool, self.text, self.ends[row:])

    def of(self, chosen: Words | npt.NDArray[np.bool_]) -> Block:
        """Some of the rows."""
        return Block(self.rows[chosen], self.pool, self.text, self.ends[chosen])

    def __len__(self) -> int:
        return len(self.rows)


def joined(bodies: Sequence[bytes | bytearray]) -> Block:
    """The blocks with these bodies as one block. Raises WireError where the sizes of one do not fit, or a row points outside
    the pool or the text of its own block."""
    heads, rows, pools, texts = [], [], [], []
    for whole in bodies:
        body = memoryview(whole)  # a piece of it is no copy
        if len(body) < BLOCK_HEAD.size:
            raise WireError("a block of rows is shorter than its head")
        head = count, words, letters = BLOCK_HEAD.unpack_from(body)
        size = len(body) - BLOCK_HEAD.size
        if min(head) < 0 or (count * WORDS + words) * 8 + letters != size:
            raise WireError(f"a block of rows says {count} rows, {words} words and {letters} bytes, but holds {size} bytes")
        pool = BLOCK_HEAD.size + count * WORDS * 8
        text = pool + words * 8
        heads.append(head)
        rows.append(body[BLOCK_HEAD.size : pool])
        pools.append(body[pool:text])
        texts.append(body[text:])
    sizes = np.array(heads, np.int64).reshape(-1, 3)
    table = np.frombuffer(bytearray().join(rows), "<i8").reshape(-1, WORDS)
    block = Block(table, np.frombuffer(b"".join(pools), "<i8"), b"".join(texts), np.repeat(np.cumsum(sizes[:, 1]), sizes[:, 0]))
    _move(block, sizes)
    return block


def rows_in(body: bytes | bytearray) -> int:
    """How many rows a body says that it has."""
    rows: int = BLOCK_HEAD.unpack_from(body)[0]
    return rows


def _move(block: Block, sizes: npt.NDArray[np.int64]) -> None:
    """Let the rows of each block point to its part of the common pool and the common text."""
    rows = block.rows
    codes = rows[:, 0] & 0xFF
    words = _POOL_WORD[codes]
    pointing = words >= 0
    pointing &= ~(((codes == NODE_ENTER) | (codes == NODE_EXIT)) & (rows[:, 4] == 1))  # one value stands in the row
    pointing &= ~((codes == HOOK) & (rows[:, 3] < 0))
    counts = sizes[:, 0]
    _shift(rows, np.flatnonzero(pointing), words[pointing], np.repeat(sizes[:, 1], counts), block.ends, "the pool")
    written = np.flatnonzero(codes == TEXT)
    lengths = np.repeat(sizes[:, 2], counts)
    if (rows[written, 3] < 0).any() or (rows[written, 3] > lengths[written] - rows[written, 2]).any():
        raise WireError("a string lies outside its block")
    _shift(rows, written, np.full(len(written), 2), lengths, np.repeat(np.cumsum(sizes[:, 2]), counts), "the text")
    starts = rows[written, 2]
    if (starts[1:] < starts[:-1] + rows[written[:-1], 3]).any():  # or a megabyte could be a million strings of a megabyte
        raise WireError("two strings lie in the same bytes")


def _shift(rows: Words, chosen: Words, words: Words, lengths: Words, ends: Words, what: str) -> None:
    """Move ``words`` of the chosen rows, places in a part of so many words that ends there."""
    places, lengths = rows[chosen, words], lengths[chosen]
    if (places < 0).any() or (places > lengths).any():
        raise WireError(f"a row points outside {what} of its block")
    rows[chosen, words] = places + (ends[chosen] - lengths)


def gather(pool: Words, starts: Words, counts: Words) -> Words:
    """The words of all slices ``starts : starts + counts`` of a pool, one after the other."""
    ends = np.cumsum(counts)
    total = int(ends[-1]) if len(ends) else 0
    words: Words = pool[np.arange(total) + np.repeat(starts - (ends - counts), counts)]
    return words
