"""The rows of a history in columns: fifty bytes each. A row is an object only for as long as somebody looks at it."""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from enum import IntEnum
from typing import overload
from weakref import WeakValueDictionary


class RowKind(IntEnum):
    """What a row stands for; ``Row.key`` is the id of that noun."""

    FORWARD = 0  # key: the group's number
    CALL = 1  # key: call id
    OP = 2  # key: op id
    BACKWARD = 3  # key: run id
    STEP = 4  # key: node id
    HOOK = 5  # key: hook id
    STORED = 6  # key: tensor id
    EDITED = 7  # key: node id


_KINDS = tuple(RowKind)
_NONE = array("i")  # most rows have no children


class Row:
    """One row. Whoever holds one has the same object as all others who do. ``uid`` is its number in the table, from 1 on."""

    __slots__ = ("__weakref__", "_table", "uid")

    def __init__(self, table: RowTable, uid: int) -> None:
        self._table = table
        self.uid = uid

    @property
    def kind(self) -> RowKind:
        return _KINDS[self._table.kinds[self.uid]]

    @property
    def key(self) -> int:
        return self._table.keys[self.uid]

    @property
    def first(self) -> int:
        """The event with which it began; -1: before the first."""
        return self._table.first[self.uid]

    @property
    def last(self) -> int:
        """The event with which it ended; -1: it is not over."""
        return self._table.last[self.uid]

    @property
    def parent(self) -> Row | None:
        return self._table.row(self._table.parents[self.uid])

    @property
    def place(self) -> int:
        """Its number among its siblings."""
        return self._table.places[self.uid]

    @property
    def children(self) -> Rows:
        return Rows(self._table, self._table.below(self.uid))

    @property
    def undone(self) -> int:
        """The event that undid it, 0 for none."""
        return self._table.undone.get(self.uid, 0)

    @property
    def gone(self) -> bool:
        """Whether it was undone and the walk has gone another way since."""
        return self.uid in self._table.gone

    @property
    def steps(self) -> RunSteps | None:
        """Of a BACKWARD row."""
        return self._table.steps.get(self.uid)

    def is_past(self, position: int) -> bool:
        """Whether it has happened at event ``position`` and was not undone by then."""
        return self._table.is_past(self.uid, position)

    @property
    def run(self) -> int:
        """The run that the row belongs to, 0 for forward rows."""
        table, uid = self._table, self.uid
        while uid:
            if table.kinds[uid] == RowKind.BACKWARD:
                return table.keys[uid]
            uid = table.parents[uid]
        return 0


class Rows(Sequence[Row]):
    """Some rows by their numbers, each made when it is asked for."""

    __slots__ = ("_table", "uids")

    def __init__(self, table: RowTable, uids: array[int]) -> None:
        self._table = table
        self.uids = uids

    def __len__(self) -> int:
        return len(self.uids)

    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice) -> list[Row]: ...
    def __getitem__(self, index: int | slice) -> Row | list[Row]:
        if isinstance(index, slice):
            return [self._table.made(uid) for uid in self.uids[index]]
        return self._table.made(self.uids[index])

    def __iter__(self) -> Iterator[Row]:
        return map(self._table.made, self.uids)

    def __reversed__(self) -> Iterator[Row]:
        return map(self._table.made, reversed(self.uids))


class RowTable:
    """All rows that there ever were, by number; 0 is none, and the parent of those at the top."""

    def __init__(self) -> None:
        self.kinds = array("B", [0])
        self.keys = array("q", [0])
        self.first = array("q", [0])
        self.last = array("q", [-1])
        self.parents = array("i", [0])
        self.places = array("i", [0])
        self.undone: dict[int, int] = {}
        self.gone: set[int] = set()
        self.steps: dict[int, RunSteps] = {}
        self._below: dict[int, array[int]] = {0: array("i")}
        self._made: WeakValueDictionary[int, Row] = WeakValueDictionary()

    def add(self, kind: RowKind, key: int, first: int, parent: int) -> int:
        """A row behind its siblings; its number."""
        siblings = self._below.get(parent)
        if siblings is None:
            siblings = self._below[parent] = array("i")
        uid = len(self.kinds)
        self.kinds.append(kind)
        self.keys.append(key)
        self.first.append(first)
        self.last.append(-1)
        self.parents.append(parent)
        self.places.append(len(siblings))
        siblings.append(uid)
        return uid

    def below(self, uid: int) -> array[int]:
        """The children of a row that stand; of 0 the top level."""
        return self._below.get(uid, _NONE)

    def cut(self, uid: int, kept: int) -> list[int]:
        """Take all children but the first ``kept`` out of the tree, with all below them: which these are."""
        cut = self.below(uid)[kept:].tolist()
        del self.below(uid)[kept:]
        for child in cut:
            cut.extend(self.below(child))
        self.gone.update(cut)
        return cut

    def row(self, uid: int) -> Row | None:
        """The row with that number, None for 0."""
        return self.made(uid) if uid else None

    def made(self, uid: int) -> Row:
        """The row with that number, which is not 0."""
        made = self._made.get(uid)
        if made is None:
            made = self._made[uid] = Row(self, uid)
        return made

    def is_past(self, uid: int, position: int) -> bool:
        """Whether a row has happened at event ``position`` and was not undone by then."""
        while uid:
            if self.first[uid] > position or 0 < self.undone.get(uid, 0) <= position:
                return False
            uid = self.parents[uid]
        return True

    def root(self, uid: int) -> int:
        """The row at the top under which one stands."""
        while self.parents[uid]:
            uid = self.parents[uid]
        return uid

    def standing(self) -> Iterator[Row]:
        """All rows that are in the tree, in the order in which they came; those that come meanwhile are not among them."""
        return (self.made(uid) for uid in range(1, len(self.kinds)) if uid not in self.gone)


class RunSteps:
    """The steps of one run in columns, for the timeline: parallel to the STEP rows of its BACKWARD row."""

    __slots__ = ("_table", "bad", "enters", "families", "nodes", "norms", "run", "told", "uids")

    def __init__(self, run: int, table: RowTable) -> None:
        self.run = run
        self._table = table
        self.uids = array("i")
        self.nodes = array("q")
        self.enters = array("q")  # the NodeEnter event, or what came first
        self.norms = array("d")  # 2-norm of all that arrived, NaN where unknown
        self.families = array("B")  # places in CATEGORIES
        self.bad = array("B")  # 1 where a NaN or an infinity arrived
        self.told = array("i")  # those under which hooks or stores stand

    @property
    def rows(self) -> Rows:
        return Rows(self._table, self.uids)

    @property
    def telling(self) -> Rows:
        """The steps that have hooks or stores."""
        return Rows(self._table, self.told)

    def tell(self, uid: int) -> None:
        """A step has a hook or a store; ``telling`` stays in the order of the steps."""
        place = bisect_left(self.told, uid)
        if self.told[place : place + 1] != array("i", [uid]):
            self.told.insert(place, uid)

    def add(self, uid: int, family: int) -> None:
        """Append a step of which nothing is known yet but that it began."""
        self.uids.append(uid)
        self.nodes.append(self._table.keys[uid])
        self.enters.append(self._table.first[uid])
        self.norms.append(math.nan)
        self.families.append(family)
        self.bad.append(0)

    def place_of(self, uid: int) -> int:
        """The place of a STEP row in the columns, -1 where it stands no longer."""
        place = min(self._table.places[uid], len(self.uids) - 1)  # other rows may stand between the steps, so it is not after that
        while place >= 0 and self.uids[place] != uid:
            place -= 1
        return place

    def undone(self) -> list[int]:
        """The event that undid each step, 0 for none."""
        undone = self._table.undone
        return [undone.get(uid, 0) for uid in self.uids]

    def cut(self) -> None:
        """Forget the steps at the end that are in the tree no longer."""
        gone, length = self._table.gone, len(self.uids)
        while self.told and self.told[-1] in gone:
            self.told.pop()
        while length and self.uids[length - 1] in gone:
            length -= 1
        del self.uids[length:], self.nodes[length:], self.enters[length:], self.norms[length:], self.families[length:], self.bad[length:]
