"""Columns of a tape: what many of its rows say, without making a record of each. For those who follow a program that runs, or
take in a tape of a million nodes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from .blocks import Words, gather

if TYPE_CHECKING:
    from .reader import Tape

GRAD_MODE = 1 << 8  # in the first word of an op

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class OpColumns:
    """Forward ops in the order of the tape, all columns of one length. ``call`` and ``node``: 0 for none; ``stack``: a number of
    ``Tape.stack``; ``before``: how many events had been written."""

    id: Words
    call: Words
    node: Words
    stack: Words
    before: Words
    grad_mode: Flags

    def __len__(self) -> int:
        return len(self.id)


@dataclass(frozen=True, slots=True)
class NodeColumns:
    """Backward nodes in the order of the tape, all columns of one length. ``op`` and ``variable``: 0 for none."""

    id: Words
    op: Words
    variable: Words

    def __len__(self) -> int:
        return len(self.id)


@dataclass(frozen=True, slots=True)
class TensorColumns:
    """Tensors in the order of the tape, all columns of one length. ``role``: a ``schema.Role``; ``meta``: a place in ``Tape.metas``;
    ``base``: 0 for none; ``name``: a number of ``Tape.text``, 0 for none."""

    id: Words
    role: Words
    meta: Words
    storage: Words
    base: Words
    name: Words

    def __len__(self) -> int:
        return len(self.id)


@dataclass(frozen=True, slots=True)
class ValueColumns:
    """Values that rows mention, all columns of one length. ``owner``: the place of the row among those asked for; ``slot``: the place
    of the value in it. Where a row mentions none there is no entry."""

    owner: Words
    slot: Words
    tensor: Words
    version: Words

    def __len__(self) -> int:
        return len(self.owner)


def ops(tape: Tape, first: int, stop: int | None = None) -> OpColumns:
    """The forward ops from number ``first`` on."""
    places = tape.ops.order(first, stop)
    rows = tape.rows[places]
    before = np.searchsorted(tape.event_rows, places)
    return OpColumns(rows[:, 1], rows[:, 3], rows[:, 4], rows[:, 5], before, rows[:, 0] & GRAD_MODE != 0)


def nodes(tape: Tape) -> NodeColumns:
    """All backward nodes."""
    rows = tape.rows[tape.nodes.order(0)]
    return NodeColumns(rows[:, 1], rows[:, 4], rows[:, 5])


def tensors(tape: Tape) -> TensorColumns:
    """All tensors."""
    rows = tape.rows[tape.tensors.order(0)]
    return TensorColumns(rows[:, 1], rows[:, 0] >> 8 & 0xFF, *(rows[:, word] for word in (2, 3, 4, 5)))


def values_of_ops(tape: Tape, first: int, stop: int | None = None, *, inputs: bool = True) -> tuple[ValueColumns, ValueColumns]:
    """The inputs and the outputs of the forward ops from number ``first`` on. Without ``inputs`` those are left empty."""
    places = tape.ops.order(first, stop)
    taken, made = _Collected(), _Collected()
    for chosen, rows, pool in _by_block(tape, places):
        start = rows[:, 7]
        ins, outs = pool[start + 2], pool[start + 3]
        if inputs:
            taken.add(chosen, pool, start + 4, ins)
        made.add(chosen, pool, start + 4 + 2 * ins, outs)
    return taken.columns(), made.columns()


def gradients(tape: Tape, events: Words) -> ValueColumns:
    """The gradients that stand in NodeEnter and NodeExit events, given by their numbers."""
    places = tape.event_rows[events]
    rows = tape.rows[places]
    lone = rows[:, 4] == 1
    found = _Collected()
    here = np.flatnonzero(lone & (rows[:, 6] != 0))
    found.put(here, np.zeros(len(here), np.int64), rows[here, 6], rows[here, 7])
    many = np.flatnonzero(~lone & (rows[:, 4] > 0))
    for chosen, several, pool in _by_block(tape, places[many]):
        found.add(many[chosen], pool, several[:, 5], several[:, 4])
    return found.columns()


def targets(tape: Tape, nodes: Words, slots: Words) -> Words:
    """The node to which each node passes what stands in the slot of what it passed on; 0 for none."""
    found = np.zeros(len(nodes), np.int64)
    for chosen, several, pool in _by_block(tape, tape.nodes.rows.at(nodes)):
        start, slot = several[:, 7], slots[chosen]
        there = slot < pool[start + 1]
        at = start[there] + 3 + pool[start[there]] + 2 * slot[there]
        found[chosen[there]] = pool[at]
    return found


class _Collected:
    """Values of rows of several blocks, put together."""

    def __init__(self) -> None:
        self._parts: list[tuple[Words, Words, Words, Words]] = []

    def add(self, owners: Words, pool: Words, starts: Words, counts: Words) -> None:
        """``counts`` pairs of tensor and version from each start on."""
        pairs = gather(pool, starts, 2 * counts)
        slots = np.arange(int(counts.sum())) - np.repeat(np.cumsum(counts) - counts, counts)
        known = np.flatnonzero(pairs[::2])
        self.put(np.repeat(owners, counts)[known], slots[known], pairs[::2][known], pairs[1::2][known])

    def put(self, owners: Words, slots: Words, tensors: Words, versions: Words) -> None:
        self._parts.append((owners, slots, tensors, versions))

    def columns(self) -> ValueColumns:
        """All of them, by owner and slot."""
        none = np.zeros(0, np.int64)
        if not self._parts:
            return ValueColumns(none, none, none, none)
        owner, slot, tensor, version = (np.concatenate(column) for column in zip(*self._parts, strict=True))
        order = np.argsort(owner, kind="stable")
        return ValueColumns(owner[order], slot[order], tensor[order], version[order])


def _by_block(tape: Tape, places: Words) -> Iterator[tuple[Words, Words, Words]]:
    """Rows by the block in which they stand: their places among those asked for, they themselves, the pool they point into."""
    if not len(places):
        return
    blocks = np.searchsorted(tape.block_starts, places, side="right") - 1
    rows = tape.rows
    for block in np.unique(blocks).tolist():
        chosen = np.flatnonzero(blocks == block)
        yield chosen, rows[places[chosen]], tape.pool(block)
