"""The ranks of one job side by side, each from its own tape: what each brought to every parameter in each step, which ranks agree,
and where one first stands out.

A step is a backward pass that accumulates into ``.grad``. A *lane* is a column of the table: a rank, or, where one tape alone is
looked at, the first, second, ... pass of each step (a script that plays several ranks, or accumulates over micro-batches).
Everything is read piece by piece, so that a job can be followed while it is recorded.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np

from .lanes import Life, Pass, Reader, tapes_of
from .reader import Tape
from .schema import Stats

__all__ = ["Cell", "Difference", "Job", "Kind", "Lane", "Life", "Measure", "Row", "tapes_of"]

LOUD = 10.0  # times the median of the others: a norm that stands out


class Measure(Enum):
    """Which gradient is compared."""

    OWN = "own"  # what the rank's own pass brought
    GIVEN = "given"  # what .grad held in the end: after an all-reduce, as the optimizer was given it


class Kind(Enum):
    """How a rank stands out."""

    POISONED = "poisoned"  # NaN or infinite where others are finite
    EVERYWHERE = "everywhere"  # NaN or infinite in all of them at once
    MISSING = "missing"  # no gradient where others have one
    SHAPE = "shape"  # of another size
    APART = "apart"  # other values, where ranks agreed until then or agree in the other parameters
    ENDED = "ended"  # it stopped, the others went on


@dataclass(frozen=True, slots=True)
class Cell:
    """What a lane brought to a parameter. ``norm`` is NaN where nothing is known; ``bad`` counts elements that are NaN or infinite.
    ``group`` is equal in one row for lanes with equal values, as far as statistics tell."""

    norm: float
    bad: int
    count: int
    event: int
    node: int
    group: int
    known: bool

    @property
    def is_finite(self) -> bool:
        """Whether it is known, and known to hold neither NaN nor infinities."""
        return self.known and not self.bad


@dataclass(frozen=True, slots=True)
class Row:
    """A parameter in one step. A cell is None where that lane brought nothing."""

    name: str
    cells: tuple[Cell | None, ...]

    @property
    def spread(self) -> float | None:
        """The largest norm over the smallest; infinite where one is not finite or 0 beside others, None where fewer than two are known."""
        norms = [math.inf if cell.bad else cell.norm for cell in self.cells if cell is not None and cell.known]
        if len(norms) < 2:
            return None
        least, most = min(norms), max(norms)
        if not math.isfinite(most):
            return math.inf
        return most / least if least else (1.0 if not most else math.inf)

    @property
    def groups(self) -> tuple[tuple[int, ...], ...]:
        """The lanes that brought equal values, together."""
        found: dict[int, list[int]] = {}
        for lane, cell in enumerate(self.cells):
            if cell is not None and cell.known:
                found.setdefault(cell.group, []).append(lane)
        return tuple(tuple(group) for group in found.values())

    @property
    def loud(self) -> tuple[int, ...]:
        """The lanes whose norm lies far from the median of the others'."""
        norms = {lane: cell.norm for lane, cell in enumerate(self.cells) if cell is not None and cell.is_finite}
        found = []
        for lane, norm in norms.items():
            rest = float(np.median([other for place, other in norms.items() if place != lane] or [norm]))
            if len(norms) > 2 and (norm > LOUD * rest or norm * LOUD < rest):
                found.append(lane)
        return tuple(found)


@dataclass(frozen=True, slots=True)
class Difference:
    """Where lanes first stand out: ``lanes`` are their places in the table. ``name`` is "" where a whole lane is meant."""

    kind: Kind
    step: int
    name: str
    lanes: tuple[int, ...]
    text: str
    event: int = -1
    node: int = 0


@dataclass(slots=True)
class Lane:
    """A column: ``number`` is the rank's; of one tape's passes their place in a step, from 0 on."""

    number: int
    reader: Reader
    passes: list[Pass]


class Job:
    """Lanes side by side. ``read`` as often as one likes; ``difference`` is the first that was found so far."""

    def __init__(self, paths: Sequence[str]) -> None:
        """``paths``: the tape of each rank, or one tape alone, whose passes are the lanes then.

        Raises TapeError, OSError: as Tape.open."""
        self._numbers: dict[str, int] = {}
        self.readers: list[Reader] = []
        try:
            for path in paths:
                self.readers.append(Reader(path, self._numbers))
        except BaseException:
            self.close()
            raise
        self.alone = len(self.readers) == 1
        self.lanes = [] if self.alone else [Lane(i, reader, reader.passes) for i, reader in enumerate(self.readers)]
        self.difference: Difference | None = None
        self.averaged: bool | None = None  # whether .grad is the same in all lanes after a step; None: not known yet
        self._looked = 0  # steps in which differences were looked for
        self._sorted = 0  # passes of one tape that have a lane
        self._alike: set[tuple[int, int]] | None = None  # pairs of lanes that brought the same in all steps so far

    def close(self) -> None:
        """Close the files; what was read stays."""
        for reader in self.readers:
            reader.close()

    @property
    def names(self) -> tuple[str, ...]:
        """All parameters, in the order in which they were met."""
        return tuple(self._numbers)

    @property
    def steps(self) -> int:
        """How many steps some lane has done."""
        return max((len(lane.passes) for lane in self.lanes), default=0)

    @property
    def common(self) -> int:
        """How many steps all lanes have done."""
        return min((len(lane.passes) for lane in self.lanes), default=0)

    def read(self, more: Callable[[], bool] = lambda: True) -> bool:
        """Take in what the tapes got since, and look for differences. False where ``more`` said stop and something is left."""
        done = True
        for reader in self.readers:
            done = reader.read(more) and done
        if self.alone:
            self._sort()
        elif done:
            self._number()
        return self._look(more) and done

    def _number(self) -> None:
        """The ranks' own numbers, once their tapes say them, and the lanes in their order."""
        for lane in self.lanes:
            rank = lane.reader.begin.get("rank")
            if isinstance(rank, list) and rank and isinstance(rank[0], int):
                lane.number = rank[0]
        if self._looked == 0:
            self.lanes.sort(key=lambda lane: lane.number)

    def _sort(self) -> None:
        """Passes of one tape: one that finds a ``.grad`` already there belongs to the step of the one before."""
        reader = self.readers[0]
        for one in reader.passes[self._sorted :]:
            fresh = not len(one.shares) or _is_first(reader.tape, int(one.shares[0, 1]))
            place = 0 if fresh or not self.lanes else next(i for i in range(len(self.lanes) + 1) if self._has_room(i))
            if place == 0:
                self._fill_up()
            if place == len(self.lanes):
                missed = max(self.steps - 1, 0)
                self.lanes.append(Lane(place, reader, [Pass(0, np.zeros((0, 7), np.int64))] * missed))
            self.lanes[place].passes.append(one)
        self._sorted = len(reader.passes)

    def _has_room(self, place: int) -> bool:
        """Whether a lane has nothing yet in the step that is being filled."""
        return place == len(self.lanes) or len(self.lanes[place].passes) < len(self.lanes[0].passes)

    def _fill_up(self) -> None:
        """A step is over: a lane that had no pass in it gets an empty one, so that steps stay side by side."""
        for lane in self.lanes[1:]:
            while len(lane.passes) < len(self.lanes[0].passes):
                lane.passes.append(Pass(0, np.zeros((0, 7), np.int64)))

    # ------------------------------------------------------------------------------------------------ the table

    def rows(self, step: int, measure: Measure = Measure.OWN) -> list[Row]:
        """The table of a step, parameters as ``names``; those that nobody brought anything to are left out.

        Raises IndexError where no lane has come to that step."""
        if not 0 <= step < self.steps:
            raise IndexError(f"there are {self.steps} steps, no step {step}")
        cells: dict[int, dict[int, Cell]] = {}
        for place, lane in enumerate(self.lanes):
            if step >= len(lane.passes):
                continue
            for number, event, node, *vals in lane.passes[step].shares.tolist():
                stats = lane.reader.given(vals[2], vals[3]) if measure is Measure.GIVEN else lane.reader.stats(vals[0], vals[1])
                cells.setdefault(number, {})[place] = _cell(stats, event, node)
        names = self.names
        return [
            Row(names[number], _grouped([found.get(place) for place in range(len(self.lanes))])) for number, found in sorted(cells.items())
        ]

    def norm(self, lane: int, step: int, name: str = "") -> float:
        """|grad| of a lane in a step that it has done, over all parameters or of one; infinite where it holds NaN or infinities, NaN where
        nothing is known."""
        number = self._numbers.get(name, -1)
        reader = self.lanes[lane].reader
        total, known = 0.0, False
        for share in self.lanes[lane].passes[step].shares.tolist():
            stats = reader.stats(share[3], share[4]) if not name or share[0] == number else None
            if stats is not None:
                known = True
                total += math.inf if stats.nans or stats.posinfs or stats.neginfs else stats.norm * stats.norm
        return math.sqrt(total) if known else math.nan

    def norms(self, lane: int, name: str = "") -> list[float]:
        """``norm`` of a lane in each of its steps."""
        return [self.norm(lane, step, name) for step in range(len(self.lanes[lane].passes))]

    # ------------------------------------------------------------------------------------------------ what differs

    @property
    def twins(self) -> list[tuple[int, ...]]:
        """Lanes that brought the same gradients, other than 0, in every step: they seem to have read the same data."""
        groups: list[set[int]] = []
        for pair in sorted(self._alike or ()):
            home = next((group for group in groups if group & set(pair)), None)
            if home is None:
                groups.append(set(pair))
            else:
                home.update(pair)
        return [tuple(sorted(group)) for group in groups]

    def called(self, lane: int) -> str:
        """A lane in words."""
        number = self.lanes[lane].number
        return f"pass {number + 1}" if self.alone else f"rank {number}"

    def listed(self, lanes: Iterable[int]) -> str:
        """Several lanes in words."""
        numbers = [self.lanes[lane].number + self.alone for lane in lanes]
        word = "pass" if self.alone else "rank"
        if len(numbers) == 1:
            return f"{word} {numbers[0]}"
        words = f"{word}es" if self.alone else f"{word}s"
        return f"{words} {', '.join(map(str, numbers[:-1]))} and {numbers[-1]}"

    def _look(self, more: Callable[[], bool]) -> bool:
        """Look for the first difference in the steps that are done."""
        if len(self.lanes) < 2:
            return True
        while self._looked < self.steps and self._is_done(self._looked):
            if not more():
                return False
            found = self._differs(self._looked)
            self._looked += 1
            if self.difference is None:
                self.difference = found
        if self.difference is None and not self.alone:
            self.difference = self._lost()
        return True

    def _lost(self) -> Difference | None:
        """Lanes whose process was lost, or raised where others did not."""
        for life in (Life.LOST, Life.DAMAGED, Life.RAISED, Life.STOPPED):
            lanes = [place for place, lane in enumerate(self.lanes) if lane.reader.life is life]
            if lanes and (len(lanes) < len(self.lanes) or life is not Life.RAISED):
                return self._silent(lanes, len(self.lanes[lanes[0]].passes))
        return None

    def _silent(self, lanes: Sequence[int], step: int) -> Difference:
        """Lanes that came to no further step. One that is lost takes others down with it: the first that wrote nothing more is meant."""
        order = [Life.LOST, Life.DAMAGED, Life.RAISED, Life.STOPPED, Life.ENDED, Life.RUNS]
        readers = {place: self.lanes[place].reader for place in lanes}
        first = min(lanes, key=lambda place: (order.index(readers[place].life), len(self.lanes[place].passes), readers[place].written))
        text = f"{self.called(first)} did not come to step {step}: {readers[first].sentence}"
        later = [place for place in lanes if place != first]
        if later:
            text += f"; {self.listed(later)} ended after it"
        return Difference(Kind.ENDED, step, "", (first,), text)

    def _is_done(self, step: int) -> bool:
        """Whether nothing more will come for a step; of one tape, the step that is being filled may still get passes."""
        if self.alone:
            return step < self.steps - 1 or self.readers[0].life is not Life.RUNS
        return all(len(lane.passes) > step or lane.reader.life is not Life.RUNS for lane in self.lanes)

    def _differs(self, step: int) -> Difference | None:
        gone = tuple(place for place, lane in enumerate(self.lanes) if len(lane.passes) <= step)
        if gone and not self.alone:
            return self._silent(gone, step)
        rows = self.rows(step)
        found = [one for row in rows if (one := self._of_row(step, row)) is not None]
        self._note_twins(rows)
        if not self.alone:
            found += self._apart(step)
        order = list(Kind)
        return min(found, key=lambda one: (order.index(one.kind) if one.kind is Kind.APART else 0, one.event), default=None)

    def _of_row(self, step: int, row: Row) -> Difference | None:
        cells = row.cells
        bad = tuple(place for place, cell in enumerate(cells) if cell is not None and cell.bad)
        fine = tuple(place for place, cell in enumerate(cells) if cell is not None and cell.is_finite)
        none = tuple(place for place, cell in enumerate(cells) if cell is None)
        some = tuple(place for place, cell in enumerate(cells) if cell is not None)
        if bad:
            first = cells[bad[0]]
            assert first is not None
            kind = Kind.POISONED if fine else Kind.EVERYWHERE
            text = f"{self.listed(bad)}, step {step}, {row.name}: NaN or infinite in {first.bad} of {first.count} elements"
            text += f"; finite in {self.listed(fine)}" if fine else ", in all at once"
            return self._at(kind, step, row, bad, text)
        if self.alone:  # passes of one program may well bring gradients to different parameters
            return None
        if none and some:
            odd = none if len(none) <= len(some) else some
            text = f"{self.listed(none)}, step {step}, {row.name}: no gradient, where {self.listed(some)} brought one"
            return self._at(Kind.MISSING, step, row, odd, text)
        sizes = [cell.count for cell in cells if cell is not None and cell.known]
        if len(set(sizes)) > 1:
            usual = max(set(sizes), key=sizes.count)
            odd = tuple(place for place, cell in enumerate(cells) if cell is not None and cell.known and cell.count != usual)
            text = f"{self.listed(odd)}, step {step}, {row.name}: {_size_of(cells[odd[0]])} elements, where others have {usual}"
            return self._at(Kind.SHAPE, step, row, odd, text)
        return None

    def _apart(self, step: int) -> list[Difference]:
        """Parameters whose ``.grad`` differs after the step in a job that makes it the same in all ranks."""
        rows = [row for row in self.rows(step, Measure.GIVEN) if all(cell is not None and cell.is_finite for cell in row.cells)]
        same = [row for row in rows if len(row.groups) == 1]
        if self.averaged is None and rows:
            self.averaged = 2 * len(same) >= len(rows)
        found = []
        for row in rows if self.averaged else ():
            if len(row.groups) > 1:
                usual = max(row.groups, key=len)
                odd = tuple(sorted(place for group in row.groups if group != usual for place in group))
                text = f"{self.listed(odd)}, step {step}, {row.name}: .grad is another than in {self.listed(usual)} after the step"
                found.append(self._at(Kind.APART, step, row, odd, text))
        return found

    @staticmethod
    def _at(kind: Kind, step: int, row: Row, lanes: tuple[int, ...], text: str) -> Difference:
        cell = next((cell for cell in (*(row.cells[place] for place in lanes), *row.cells) if cell is not None), None)
        return Difference(kind, step, row.name, lanes, text, cell.event if cell is not None else -1, cell.node if cell is not None else 0)

    def _note_twins(self, rows: Sequence[Row]) -> None:
        alike: set[tuple[int, int]] | None = None
        for row in rows:
            if any(cell is None or not cell.is_finite for cell in row.cells) or not any(cell.norm for cell in row.cells if cell):
                continue
            pairs = {(a, b) for group in row.groups for a in group for b in group if a < b}
            alike = pairs if alike is None else alike & pairs
        if alike is not None:
            self._alike = alike if self._alike is None else self._alike & alike


def _cell(stats: Stats | None, event: int, node: int) -> Cell:
    if stats is None:
        return Cell(math.nan, 0, 0, event, node, -1, False)
    return Cell(stats.norm, stats.nans + stats.posinfs + stats.neginfs, stats.count, event, node, hash(_figures(stats)), True)


def _figures(stats: Stats) -> tuple[str, ...]:
    """What equal values have in common: equal figures of 8 kinds, NaN equal to NaN."""
    return tuple(map(repr, (stats.count, stats.norm, stats.low, stats.high, stats.mean, stats.zeros, stats.nans, stats.posinfs)))


def _grouped(cells: Sequence[Cell | None]) -> tuple[Cell | None, ...]:
    """Cells with their groups numbered from 0 on."""
    numbers: dict[int, int] = {}
    result: list[Cell | None] = []
    for cell in cells:
        if cell is None or not cell.known:
            result.append(cell)
            continue
        group = numbers.setdefault(cell.group, len(numbers))
        result.append(Cell(cell.norm, cell.bad, cell.count, cell.event, cell.node, group, True))
    return tuple(result)


def _size_of(cell: Cell | None) -> int:
    return cell.count if cell is not None else 0


def _is_first(tape: Tape, event: int) -> bool:
    """Whether a ``.grad`` was None, or 0, before this event stored it."""
    stored: Any = tape.events[event]
    if stored.prev is None:
        return True
    before = tape.stats.get(stored.prev)
    return before is not None and before.norm == 0
